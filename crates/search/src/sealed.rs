//! The folder of the index, sealed under the store's key: a layer between tantivy and its files.

mod cache;
mod file;
mod folder;

pub(crate) use folder::SealedFolder;
