//! Copies of a home: bundles, backups, and bringing them back.

pub(crate) mod backup;
pub(crate) mod bring;
pub(crate) mod check;
pub(crate) mod collectives;
pub(crate) mod drill;
pub(crate) mod folder;
pub(crate) mod frame;
pub(crate) mod item;
pub(crate) mod keys;
pub(crate) mod log;
pub(crate) mod made;
pub(crate) mod marker;
pub(crate) mod pages;
pub(crate) mod part;
pub(crate) mod reader;
pub(crate) mod state;
pub(crate) mod writer;

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a copy cannot be made, checked or brought back.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file or folder is no copy of ours.
    #[error("{path} is no bundle: {what}")]
    NotOurs {
        /// What was looked at.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
    /// A later version wrote it.
    #[error(
        "{path} was made by a newer moot: it has format {found}, and this one knows format {known}"
    )]
    Newer {
        /// What was looked at.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format known here.
        known: u32,
    },
    /// The secret does not open the keys.
    #[error("{0} does not open the keys of this copy")]
    WrongSecret(&'static str),
    /// Nothing was given that could open the keys.
    #[error("the keys of this copy are sealed")]
    SecretNeeded,
    /// What it holds is not what was written.
    #[error("the copy is not whole: {0}")]
    Damaged(String),
    /// What was written just now is not good, and was not put in its place.
    #[error("nothing was kept: what was written does not read back as it should: {0}")]
    Unfit(String),
    /// The disk, or the place for it.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Opening or filling the home.
    #[error(transparent)]
    Home(#[from] crate::OpenError),
}

impl CopyError {
    pub(crate) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl Fn(io::Error) -> CopyError + 'a {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

impl From<folkmoot_store::StoreError> for CopyError {
    fn from(error: folkmoot_store::StoreError) -> Self {
        Self::Home(error.into())
    }
}
