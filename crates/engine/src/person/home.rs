//! The home folder and its files.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Most bytes read of a key file: the largest holds the secrets of one collective.
const MOST_KEY_FILE: u64 = 1 << 20;

/// How the name of a key file ends while it is written.
const UNFINISHED: &str = ".new";

/// Where everything of one person on this machine lies.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
}

/// Why the home folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// Others could read secrets.
    #[error("others on this machine can read {path}")]
    Open { path: PathBuf },
    /// A file lies in the index's place.
    #[error("{path} is no folder, and the search index has to lie there")]
    IndexPlace { path: PathBuf },
    /// The disk said no.
    #[error("{action} {path}: {source}")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl Home {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// Makes the folders that are missing, for this person alone, and refuses key folders that
    /// others can read.
    pub(crate) fn prepare(&self) -> Result<(), HomeError> {
        make_folder(&self.root)?;
        make_folder(&self.keys())?;
        // Ids, times and lengths lie there: nobody else may look, also where the home folder is open.
        make_folder(&self.store())?;
        make_folder(&self.index()).map_err(|error| self.about_index(error))?;
        private(&self.keys())
    }

    /// Something that is no folder lies where the index is to be. It is not ours to remove.
    fn about_index(&self, error: HomeError) -> HomeError {
        let path = self.index();
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_dir() => HomeError::IndexPlace { path },
            _ => error,
        }
    }

    /// Reads a key file; `None` where it does not exist.
    pub(crate) fn read_key(&self, name: &str) -> Result<Option<Vec<u8>>, HomeError> {
        let path = self.keys().join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed("open", &path, source)),
        };
        private(&path)?;
        let mut bytes = Vec::new();
        file.take(MOST_KEY_FILE)
            .read_to_end(&mut bytes)
            .map_err(|source| failed("read", &path, source))?;
        Ok(Some(bytes))
    }

    /// Writes a key file so that after a power cut either the old or the new one is there.
    pub(crate) fn write_key(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let folder = self.keys();
        let path = folder.join(name);
        let temporary = folder.join(format!("{name}{UNFINISHED}"));
        let written = (|| {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            File::open(&folder)?.sync_all()
        })();
        written.map_err(|source| {
            // It may hold a key in the open; if it stays, the next start removes it.
            if let Err(error) = self.remove_unfinished() {
                tracing::warn!(%error, "an unfinished key file stays behind");
            }
            failed("write", &path, source)
        })
    }

    /// Removes key files whose writing broke off. The caller is the only one who writes there.
    pub(crate) fn remove_unfinished(&self) -> Result<(), HomeError> {
        for name in self.key_names(UNFINISHED)? {
            self.remove_key(&name)?;
        }
        Ok(())
    }

    /// Removes a key file; one that is not there is no fault.
    pub(crate) fn remove_key(&self, name: &str) -> Result<(), HomeError> {
        let path = self.keys().join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &path, error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Names of the key files that end in `suffix`.
    pub(crate) fn key_names(&self, suffix: &str) -> Result<Vec<String>, HomeError> {
        let folder = self.keys();
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|source| failed("read", &folder, source))? {
            let entry = entry.map_err(|source| failed("read", &folder, source))?;
            if let Some(name) = entry.file_name().to_str()
                && name.ends_with(suffix)
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

fn make_folder(path: &Path) -> Result<(), HomeError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| failed("make", path, source))
}

/// Refuses what the group or others may read or write.
fn private(path: &Path) -> Result<(), HomeError> {
    let meta = fs::metadata(path).map_err(|source| failed("look at", path, source))?;
    if meta.permissions().mode() & 0o077 == 0 && meta.uid() == rustix::process::geteuid().as_raw() {
        Ok(())
    } else {
        Err(HomeError::Open {
            path: path.to_owned(),
        })
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> HomeError {
    HomeError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_files_are_private_and_refused_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"));
        home.prepare().unwrap();
        home.write_key("master", b"secret").unwrap();
        let path = home.keys().join("master");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(home.read_key("master").unwrap().unwrap(), b"secret");
        assert!(home.read_key("other").unwrap().is_none());

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            home.read_key("master"),
            Err(HomeError::Open { .. })
        ));
        fs::set_permissions(home.keys(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(home.prepare(), Err(HomeError::Open { .. })));
    }
}
