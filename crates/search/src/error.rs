//! Errors of the index.

use std::path::PathBuf;

/// Why the index cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process, or this one, has the same index open.
    #[error("the index in {0} is in use")]
    InUse(PathBuf),
    /// The folder cannot be read or written.
    #[error("the index in {folder} cannot be used: {source}")]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Writing failed, by a full disk for instance. What was added since the last commit is
    /// still found; opening the index again goes on from its cursor.
    #[error("the index cannot be written: {0}")]
    Writer(String),
    /// Reading failed: the index is damaged. Opening it again with
    /// [`Options::rebuild`](crate::Options::rebuild) starts it afresh.
    #[error("the index cannot be read: {0}")]
    Damaged(String),
}
