//! The note in a home that it is being brought back from a copy: until it is gone, nobody writes there.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{OpenError, copies::CopyError, person::home::Home};

/// Its name in the home folder.
const FILE: &str = "coming-back";
/// Most bytes of it: two lines.
const MOST: u64 = 4_096;

/// The note, held by this process.
#[derive(Debug)]
pub(crate) struct Marker {
    file: File,
    path: PathBuf,
    copy: Option<String>,
}

impl Marker {
    /// Takes the note that is there, or makes one.
    ///
    /// # Errors
    /// Another process at work, or the disk's.
    pub(crate) fn take(home: &Home) -> Result<Self, CopyError> {
        let path = home.root().join(FILE);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(CopyError::io("make", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(failed(
                    "another process is bringing this home back".to_owned(),
                    None,
                ));
            }
            Err(TryLockError::Error(error)) => return Err(CopyError::io("lock", &path)(error)),
        }
        let mut found = String::new();
        (&file)
            .take(MOST)
            .read_to_string(&mut found)
            .map_err(CopyError::io("read", &path))?;
        // Written by one call; a kill before it leaves an empty file.
        let copy = found.lines().next().map(str::to_owned);
        Ok(Self { file, path, copy })
    }

    /// Says which copy it is.
    ///
    /// # Errors
    /// A note of another copy, or the disk's.
    pub(crate) fn name(&mut self, copy: &str) -> Result<(), CopyError> {
        match &self.copy {
            None => self.rename(copy),
            Some(other) if other == copy => Ok(()),
            Some(_) => Err(self.of_another()),
        }
    }

    /// The copy that it names already.
    pub(crate) fn copy(&self) -> Option<&str> {
        self.copy.as_deref()
    }

    /// What whoever goes on with another copy is told.
    pub(crate) fn of_another(&self) -> CopyError {
        let folder = self.path.parent().unwrap_or(&self.path).display();
        failed(
            "this home is half brought back from another copy".to_owned(),
            Some(format!(
                "go on with that one, or begin anew: rm -r {folder}"
            )),
        )
    }

    /// Names another copy: nothing that stays was taken from the one before.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn rename(&mut self, copy: &str) -> Result<(), CopyError> {
        let line = format!("{copy}\n");
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(line.as_bytes()))
            .and_then(|()| self.file.sync_all())
            .and_then(|()| sync_folder(&self.path))
            .map_err(CopyError::io("write", &self.path))?;
        self.copy = Some(copy.to_owned());
        Ok(())
    }

    /// The home is back.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn remove(self) -> Result<(), CopyError> {
        fs::remove_file(&self.path)
            .and_then(|()| sync_folder(&self.path))
            .map_err(CopyError::io("remove", &self.path))
    }
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Whether bringing a home back broke off, or is under way.
pub(crate) fn is_there(home: &Home) -> bool {
    home.root().join(FILE).exists()
}

/// What whoever opens such a home is told.
pub(crate) fn half_back() -> OpenError {
    OpenError::Failed {
        message: "bringing this home back from a copy was not finished".to_owned(),
        hint: Some("run the same `moot restore` again: it goes on".to_owned()),
    }
}

pub(crate) fn failed(message: String, hint: Option<String>) -> CopyError {
    CopyError::Home(OpenError::Failed { message, hint })
}
