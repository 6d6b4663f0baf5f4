//! What can go wrong with the store.

use std::{io, path::PathBuf};

use folkmoot_record::{Reason, RecordId};

use crate::Damage;

/// Failure of an operation of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process, or another vault of this one, owns the store.
    #[error("the store is in use by {}", owner(*pid))]
    InUse {
        /// Its process id, where the lock file names one.
        pid: Option<u32>,
    },
    /// Written by a later version of the program.
    #[error(
        "the store has format {found}, this program knows formats up to {known}; use a newer version"
    )]
    NewerFormat {
        /// The store's.
        found: u32,
        /// The greatest known here.
        known: u32,
    },
    /// The folder holds something that is no store of this program.
    #[error("{path} is not a store: {what}")]
    NotAStore {
        /// The file concerned.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// It is sealed and no key was given.
    #[error("the store is sealed, and no key was given")]
    Sealed,
    /// Another key sealed it.
    #[error("the store was sealed with another key")]
    WrongKey,
    /// The disk is full. Nothing of the group was stored; the store can be read, and written again
    /// when there is room.
    #[error("the disk is full")]
    DiskFull,
    /// The disk has too little room for writing the log anew, sealed. Nothing was written.
    #[error("sealing it takes {megabytes} MB of free space")]
    NoRoom {
        /// How much, in millions of bytes.
        megabytes: u64,
    },
    /// Reading or writing failed.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried, as in "write".
        action: &'static str,
        /// The file concerned.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The bytes of an entry no longer match their checksum. Its record counts as not held from now
    /// on, so that it can be fetched from a peer again.
    #[error("damaged entry: {0}")]
    Damaged(Damage),
    /// The projection failed. What was committed is safe in the log; opening the store again rebuilds
    /// the projection.
    #[error("the projection failed: {0}")]
    Projection(String),
    /// A body, an erasure or a mark names a record that is not held.
    #[error("record {0} is not held")]
    UnknownRecord(RecordId),
    /// A body does not fit its record, or a stored record does not parse.
    #[error("record {id}: {reason}")]
    Refused {
        /// The record.
        id: RecordId,
        /// Why.
        reason: Reason,
    },
    /// Only bodies of content records can be erased.
    #[error("record {0} is no content: its body cannot be erased")]
    NotContent(RecordId),
    /// A part of the group is larger than its named bound.
    #[error("{what} of {size} bytes; the most is {most}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The bound in bytes.
        most: usize,
    },
}

fn owner(pid: Option<u32>) -> String {
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}
