//! Opening a vault: what is asked, what is reported.

use std::fmt;

use folkmoot_record::RecordId;
use folkmoot_seal::StoreKey;

use crate::LogCursor;

/// Sizes that may be chosen at opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Page cache of the projection in bytes. sled takes several times as much memory while writing:
    /// 8 MiB make about 50 MiB of the process at 100,000 records, 16 MiB about 60.
    pub cache_bytes: u64,
    /// A segment that has reached this length is closed and the next one begun. At most 1 GiB.
    pub segment_bytes: u64,
    /// The projection is copied into a new folder by [`crate::Vault::compact`] when it takes more
    /// bytes than this, and more than three times what it holds.
    pub projection_spare_bytes: u64,
    /// What holds the projection.
    pub engine: Engine,
    /// Seals the log and the local facts; a store that lies in the open is sealed at opening. `None`
    /// leaves them in the open, and refuses a sealed store.
    pub key: Option<StoreKey>,
}

/// Engines of the projection. They are interchangeable: the log is the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// sled, on the disk.
    Sled,
    /// A map in memory, rebuilt from the log at every opening.
    Memory,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 8 << 20,
            segment_bytes: 64 << 20,
            projection_spare_bytes: 256 << 20,
            engine: Engine::Sled,
            key: None,
        }
    }
}

/// How far a long step has come, in bytes of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The log is read from where the projection stopped.
    Replaying {
        /// Bytes read.
        done: u64,
        /// Bytes to read in all.
        total: u64,
    },
    /// The log lay in the open and is sealed.
    Sealing {
        /// Bytes read.
        done: u64,
        /// Bytes to read in all.
        total: u64,
    },
    /// The projection is rebuilt from the whole log.
    Rebuilding {
        /// Bytes read.
        done: u64,
        /// Bytes to read in all.
        total: u64,
    },
}

/// What opening found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Entries read from the log because the projection did not have them yet.
    pub replayed: u64,
    /// The end of the log that was cut: a group whose writing was interrupted, never acknowledged.
    pub torn_tail_cut: Option<TornTail>,
    /// Damage in the middle of the log found while reading it. Not all of the log is read at every
    /// opening: see [`crate::Vault::scrub`].
    pub damaged: Vec<Damage>,
    /// The projection was missing, broken, foreign or of another schema and was built anew; why.
    pub rebuilt_projection: Option<String>,
    /// The log lay in the open and was sealed. Entries stand at other places now, none before its old
    /// one: a cursor kept from before shows some entries again and misses none.
    pub sealed: bool,
    /// The log lies in the open still, and why: the disk has too little room for writing it anew, or gave
    /// an error. The next opening tries again.
    pub left_open: Option<String>,
}

/// An unfinished end of the log. The bytes are kept in the folder `quarantine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// Where the log ends now.
    pub at: LogCursor,
    /// How many bytes were cut.
    pub bytes: u64,
    /// Whole records among them.
    pub ids: Vec<RecordId>,
}

/// Entries of the log that cannot be read any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where the damage begins.
    pub at: LogCursor,
    /// Its length in bytes; 0 where the whole segment is missing.
    pub bytes: u64,
    /// What it is.
    pub kind: DamageKind,
    /// Records known to be lost by it, to be fetched from peers again.
    pub ids: Vec<RecordId>,
}

/// Kinds of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageKind {
    /// Bytes of one or more entries do not match their checksums.
    Checksum,
    /// The head of a segment is damaged; its entries were read all the same.
    SegmentHead,
    /// A segment is missing.
    MissingSegment,
    /// The log ends before what was once stored.
    Truncated,
    /// An entry passes its checksum but does not parse.
    Content,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DamageKind::Checksum => "checksum mismatch",
            DamageKind::SegmentHead => "segment head damaged",
            DamageKind::MissingSegment => "segment missing",
            DamageKind::Truncated => "log cut short",
            DamageKind::Content => "entry does not parse",
        };
        write!(f, "{what} at {}, {} bytes", self.at, self.bytes)
    }
}
