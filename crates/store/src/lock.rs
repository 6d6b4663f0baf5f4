//! One owner: a lock that the system frees when its holder ends, however it ends.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use crate::{OpenReport, Options, Progress, StoreError, Vault, files::io_error, format};

/// The folder of a store, owned by this process and not opened yet: its key may be made meanwhile.
#[derive(Debug)]
pub struct StoreLock {
    root: PathBuf,
    lock: Lock,
}

/// How the log of a store lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// It holds nothing: any key may seal it.
    Empty,
    /// In the open.
    Open,
    /// Sealed by some key.
    Sealed,
}

impl StoreLock {
    /// Takes the folder, which is made if it is missing.
    ///
    /// # Errors
    /// [`StoreError::InUse`], or the disk's.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(io_error("make", dir))?;
        let lock = Lock::take(dir)?;
        let root = dir.to_owned();
        Ok(Self { root, lock })
    }

    /// What lies in the folder.
    ///
    /// # Errors
    /// [`StoreError::NewerFormat`], [`StoreError::NotAStore`], or the disk's.
    pub fn lies(&self) -> Result<Lies, StoreError> {
        format::lies(&self.root)
    }

    /// Opens or makes the store.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open(
        self,
        options: Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Vault, OpenReport), StoreError> {
        Vault::open_locked(&self.root, self.lock, options, progress)
    }
}

/// Held while it lives.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough: a process that another thread forks this moment shares the lock
    /// until it runs its own program, and whoever opens the store meanwhile would find it in use.
    fn drop(&mut self) {
        if let Err(error) = flock(&self.0, FlockOperation::Unlock) {
            tracing::warn!(%error, "the lock of the store is freed a moment later");
        }
    }
}

impl Lock {
    /// Takes the lock and writes this process's id into the file.
    pub(crate) fn take(root: &Path) -> Result<Self, StoreError> {
        let path = root.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io_error("open", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // Only for the message; the owner may be writing it this moment.
                let pid = match file.read_to_string(&mut text) {
                    Ok(_) => text.trim().parse().ok(),
                    Err(_) => None,
                };
                return Err(StoreError::InUse { pid });
            }
            Err(error) => return Err(io_error("lock", &path)(error.into())),
        }
        let mut write = || {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        // A full disk must not keep a store from being read: the lock holds without the number.
        if let Err(error) = write() {
            tracing::warn!(%error, "the lock file does not name its owner");
        }
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_forked_process_shares_does_not_outlive_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(matches!(
            Lock::take(folder.path()),
            Err(StoreError::InUse { pid: Some(_) })
        ));
        // As between fork and exec.
        let shared = lock.0.try_clone().unwrap();
        drop(lock);
        drop(Lock::take(folder.path()).unwrap());
        drop(shared);
    }
}
