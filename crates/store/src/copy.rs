//! The files that a copy of a store needs: the log up to a position, and what reads it. The projection is
//! built anew from them.

use std::path::{Path, PathBuf};

use crate::{
    LogCursor, StoreError,
    files::io_error,
    log::{self, SEGMENT_HEAD},
};

/// A file of the log, as far as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Its place below the store's folder.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Bytes of it that belong to the copy.
    pub len: u64,
}

/// The files of the store in `dir` that hold everything before `end`. The store may be open, and
/// written to meanwhile: what stands before its end does not change, save that erased bodies go.
///
/// # Errors
/// The disk's.
pub fn log_files(dir: &Path, end: LogCursor) -> Result<Vec<LogFile>, StoreError> {
    let file = |name: String, len: Option<u64>| -> Result<LogFile, StoreError> {
        let path = dir.join(&name);
        let found = std::fs::metadata(&path).map_err(io_error("read", &path))?;
        Ok(LogFile {
            len: len.unwrap_or(found.len()),
            name,
            path,
        })
    };
    let mut files = vec![file("FORMAT".to_owned(), None)?];
    for segment in log::list(&dir.join("log"))? {
        let len = match segment.cmp(&end.segment) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(u64::from(end.offset).max(SEGMENT_HEAD as u64)),
            std::cmp::Ordering::Greater => continue,
        };
        files.push(file(format!("log/{segment:08}.seg"), len)?);
    }
    Ok(files)
}
