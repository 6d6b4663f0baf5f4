//! The home folder: everything of one person on one machine.

use std::{
    ffi::OsString,
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

/// Environment variable that names the home folder.
pub const HOME_VARIABLE: &str = "MOOT_HOME";

/// Where the home folder is; it need not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
}

/// No place for a home.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The person has no home directory, and none was named.
    #[error("there is no home directory to put Folkmoot's folder in")]
    Nowhere,
    /// The folder's path cannot be made absolute.
    #[error("the folder {folder} cannot be used: {error}")]
    Unusable {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Home {
    /// Finds the folder: the flag, else the value of `MOOT_HOME`, else `$XDG_DATA_HOME/folkmoot`.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn locate(flag: Option<PathBuf>, variable: Option<OsString>) -> Result<Self, HomeError> {
        let named = flag.or_else(|| variable.filter(|v| !v.is_empty()).map(PathBuf::from));
        let folder = match named {
            Some(folder) => folder,
            None => etcetera::choose_base_strategy()
                .map_err(|_| HomeError::Nowhere)?
                .data_dir()
                .join("folkmoot"),
        };
        // A link to the folder and the folder are one home.
        match folder
            .canonicalize()
            .or_else(|_| std::path::absolute(&folder))
        {
            Ok(folder) => Ok(Self { folder }),
            Err(error) => Err(HomeError::Unusable { folder, error }),
        }
    }

    /// The folder's absolute path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// Makes the folder, mode 0700, if it is missing.
    ///
    /// # Errors
    /// As the file system says.
    pub fn make(&self) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_the_variable() {
        let home = Home::locate(Some("/a".into()), Some("/b".into())).unwrap();
        assert_eq!(home.folder(), Path::new("/a"));
        let home = Home::locate(None, Some("/b".into())).unwrap();
        assert_eq!(home.folder(), Path::new("/b"));
    }

    #[test]
    fn an_empty_variable_counts_as_none_and_relative_paths_become_absolute() {
        let home = Home::locate(None, Some("".into())).unwrap();
        assert!(home.folder().ends_with("folkmoot"), "{home:?}");
        let home = Home::locate(Some("some/where".into()), None).unwrap();
        assert!(home.folder().is_absolute());
    }

    #[test]
    fn a_link_and_its_target_are_one_home() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(
            Home::locate(Some(real), None).unwrap(),
            Home::locate(Some(link), None).unwrap()
        );
    }
}
