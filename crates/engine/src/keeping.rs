//! What a person writes and keeps: documents, their versions and links, the trash, imports.

pub(crate) mod acts;
pub(crate) mod anew;
pub(crate) mod answers;
pub(crate) mod author;
#[cfg(test)]
mod broken_off;
pub(crate) mod daily;
pub(crate) mod documents;
pub(crate) mod edit;
pub(crate) mod erasure;
pub(crate) mod facts;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod linked;
pub(crate) mod merge;
pub(crate) mod notes;
pub(crate) mod relink;
pub(crate) mod restore;
pub(crate) mod symbols;
pub(crate) mod tasks;
pub(crate) mod trash;
pub(crate) mod undo;
