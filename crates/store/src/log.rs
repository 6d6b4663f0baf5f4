//! The append-only log: segments of framed entries.
//!
//! A segment is a head of 64 bytes and entries one behind the other, each a head of 16 bytes, a
//! payload, and zeros up to a multiple of 8. The checksums are keyed with a random key of the store
//! and cover the position, so that bytes which somebody put into a record can never pass for an entry
//! while the log is searched for the next good one behind damage.

mod frame;
mod reader;
mod segment;
mod walk;
mod writer;

pub(crate) use frame::{HEAD, PAYLOAD_MOST, Seal, slot};
pub(crate) use reader::{Fault, Reader};
pub(crate) use segment::{Layout, SEGMENT_HEAD, holds_entries, list, recover};
pub(crate) use walk::{Step, Walk};
pub(crate) use writer::{Group, Writer};
