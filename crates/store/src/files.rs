//! Small steps on files, with errors that name the file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use crate::StoreError;

/// Wraps an error of the system; a full disk gets its own name.
pub(crate) fn io_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> StoreError + 'a {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::DiskFull,
        _ => StoreError::Io {
            action,
            path: path.to_owned(),
            source,
        },
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(io_error("sync", dir))
}

/// Makes a folder unless it is there.
pub(crate) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(io_error("make", dir)),
    }
}

/// Writes a small file so that after a crash the old or the new one stands there, whole.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let new = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(io_error("write", &new))?;
    replace(&new, path)
}

/// Puts a finished file in another's place, durably.
pub(crate) fn replace(new: &Path, path: &Path) -> Result<(), StoreError> {
    fs::rename(new, path).map_err(io_error("rename", new))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Bytes of free space where a folder lies; `None` where the system does not tell.
pub(crate) fn free(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes that the files in a folder take up on the disk (holes not counted), one level deep and the
/// folders in it.
pub(crate) fn size_of(dir: &Path) -> Result<u64, StoreError> {
    use std::os::unix::fs::MetadataExt;
    let mut total = 0;
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for item in fs::read_dir(&dir).map_err(io_error("list", &dir))? {
            let item = item.map_err(io_error("list", &dir))?;
            match item.metadata() {
                Ok(meta) if meta.is_dir() => open.push(item.path()),
                Ok(meta) => total += meta.blocks() * 512,
                // The projection's own thread may remove a file between the two calls.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error("read", &item.path())(error)),
            }
        }
    }
    Ok(total)
}
