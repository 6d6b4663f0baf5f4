//! What `moot import` is given: where it comes from, how it is walked, and what is told of it.

mod batch;
mod bookmarks;
mod folder;
mod later;
mod listing;
mod ndjson;
mod origin;
mod report;

use folkmoot_client::api::ImportItem;

use later::Later;

pub(crate) use batch::{Batch, gather};
pub(crate) use listing::Stamp;
pub(crate) use origin::{Format, Origin};
pub(crate) use report::{Notes, Report, Told, counts, refuse};

/// One thing that was read, or why it cannot be taken.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A record to import.
    Item(Box<ImportItem>),
    /// Something that is not one.
    Refused {
        /// A path or a line.
        source: String,
        /// Why.
        why: String,
    },
}

/// Takes each piece with how much of the reading it was; false where nobody wants more.
pub(crate) type Each<'a> = dyn FnMut(Piece, u64) -> bool + 'a;
