//! Reading what `moot import` is given: folders of texts, and NDJSON.

mod batch;
mod folder;
mod front_matter;
mod ndjson;

use folkmoot_client::api::ImportItem;

pub(crate) use batch::{Batch, gather};
pub(crate) use folder::{Listing, list, read_text};
pub(crate) use ndjson::read as read_ndjson;

/// One thing that was read, or why it cannot be taken.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are items, and few are held at once"
)]
pub(crate) enum Piece {
    /// A record to import.
    Item(ImportItem),
    /// Something that is not one.
    Refused {
        /// A path or a line.
        source: String,
        /// Why.
        why: String,
    },
}
