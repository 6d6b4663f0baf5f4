//! A folder of sealed files, as tantivy asks for them.

use std::{
    fmt,
    io::{self, BufWriter},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use folkmoot_seal::StoreKey;
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, WatchCallback, WatchHandle,
    WritePtr,
    error::{DeleteError, LockError, OpenReadError, OpenWriteError},
};

use super::{
    cache::Cache,
    file::{SealedFile, SealedWriter},
};

/// Table of the small files that are written whole.
const WHOLE: &str = "index";

/// See the module.
#[derive(Clone)]
pub(crate) struct SealedFolder {
    inner: MmapDirectory,
    key: StoreKey,
    cache: Arc<Mutex<Cache>>,
    next: Arc<AtomicU64>,
}

impl SealedFolder {
    pub(crate) fn new(inner: MmapDirectory, key: StoreKey) -> Self {
        Self {
            inner,
            key,
            cache: Arc::default(),
            next: Arc::default(),
        }
    }
}

impl SealedFolder {
    /// Opens every block of a file: its seals are its checksums. Not every file of a segment is there always.
    pub(crate) fn is_damaged(&self, path: &Path) -> bool {
        match self.file(path) {
            Ok(file) => file.check().is_err(),
            Err(OpenReadError::FileDoesNotExist(_)) => false,
            Err(_) => true,
        }
    }

    fn file(&self, path: &Path) -> Result<SealedFile, OpenReadError> {
        let inner = self.inner.open_read(path)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let cache = Arc::clone(&self.cache);
        SealedFile::open(inner, self.key.clone(), name(path), number, cache)
            .map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))
    }
}

impl Directory for SealedFolder {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.file(path)?))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let failed = |error| OpenWriteError::wrap_io_error(error, path.to_owned());
        let salt = random().map_err(failed)?;
        let inner = self.inner.open_write(path)?;
        let writer =
            SealedWriter::new(inner, self.key.clone(), name(path), salt).map_err(failed)?;
        Ok(BufWriter::new(Box::new(writer)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let sealed = self.inner.atomic_read(path)?;
        match self.key.open_value(WHOLE, &name(path), &sealed) {
            Ok(mut bytes) => Ok(std::mem::take(&mut *bytes)),
            Err(error) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, error);
                Err(OpenReadError::wrap_io_error(error, path.to_owned()))
            }
        }
    }

    fn atomic_write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let sealed = self.key.seal_value(WHOLE, &name(path), bytes, &random()?);
        self.inner.atomic_write(path, &sealed)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

/// A file opens under its own name only.
fn name(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

impl fmt::Debug for SealedFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SealedFolder").field(&self.inner).finish()
    }
}
