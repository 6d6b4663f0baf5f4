//! What goes into the log and what comes out of it.

use folkmoot_record::{
    BundleHash, CollectiveId, EpochId, Reason, RecordId, SeatKey, Signed, Verified,
};

/// One thing to be kept. A group of entries is committed whole or not at all.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A checked record, with its body if held, and when it came, in milliseconds since 1970.
    ///
    /// A record already held is passed over; if it was held without a body and comes with one, the
    /// body is added, unless it was erased.
    Record(Verified, u64),
    /// A body that was fetched later. The record must be held, in the store or earlier in the group.
    Body {
        /// The record.
        id: RecordId,
        /// Its body bytes; must fit `blen` and `bhash`.
        bytes: Vec<u8>,
    },
    /// An epoch bundle (section 6.3). One already held is passed over.
    Bundle {
        /// The collective.
        cid: CollectiveId,
        /// The epoch whose secret is sealed in it.
        key_id: EpochId,
        /// The bundle's bytes.
        bytes: Vec<u8>,
    },
    /// A bundle that is not wanted any more leaves the index; one that is not held is passed over.
    /// Its bytes stay in the log.
    DropBundle {
        /// Plain BLAKE3 of its bytes.
        hash: BundleHash,
    },
    /// A fact of this node alone: the last write of a key wins; `None` removes it.
    Local {
        /// At most [`Entry::LOCAL_KEY`] bytes.
        key: Vec<u8>,
        /// At most [`Entry::LOCAL_VALUE`] bytes.
        value: Option<Vec<u8>>,
    },
    /// Erases the body of a content record for good; the header stays (section 8.2). Readers see it
    /// at once; the bytes leave the disk at the next [`crate::Vault::compact`].
    Erase {
        /// The record.
        id: RecordId,
    },
    /// Sets the caller's one-byte mark of a record; 0 is no mark.
    Mark {
        /// The record.
        id: RecordId,
        /// The mark.
        mark: u8,
    },
}

impl Entry {
    /// Most bytes of a local key: keys stand in sled, which wants them short.
    pub const LOCAL_KEY: usize = 256;
    /// Most bytes of a local value: above about 4 KiB sled may move values to files of their own.
    pub const LOCAL_VALUE: usize = 4_096;
    /// Most bytes of a bundle: 2,000 devices at 94 bytes each (section 6.3), with much room.
    pub const BUNDLE: usize = 1 << 20;
}

/// A record as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The record as on the wire, with the body if it is held and not erased.
    pub wire: Vec<u8>,
    /// When it came, in milliseconds since 1970.
    pub received_ms: u64,
}

impl Stored {
    /// Parses the record. It was checked before it was stored and lies under the log's own checksum,
    /// so its signature is not checked again.
    ///
    /// # Errors
    /// The reason, where the bytes do not parse: a fault of this crate.
    pub fn verified(&self) -> Result<Verified, Reason> {
        Signed::parse(&self.wire)?.trust_stored()
    }
}

/// The first bytes of a seat: enough to leave out nearly everything that others wrote. Two seats may
/// share them, so a record that is read is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Author(pub(crate) [u8; 8]);

impl Author {
    /// Of this seat.
    pub fn of(seat: &SeatKey) -> Self {
        let mut digits = [0; 8];
        digits.copy_from_slice(&seat.as_bytes()[..8]);
        Self(digits)
    }
}

/// A local fact: key and value.
pub type Fact = (Vec<u8>, Vec<u8>);

/// An epoch bundle as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The collective.
    pub cid: CollectiveId,
    /// The epoch.
    pub key_id: EpochId,
    /// Plain BLAKE3 of the bytes.
    pub hash: BundleHash,
    /// The bundle's bytes.
    pub bytes: Vec<u8>,
}

/// One entry of the log, as [`crate::Vault::records_since`] passes it on.
#[derive(Debug, Clone)]
pub enum Logged {
    /// A record; without its body where that is not in this entry or was erased since.
    Record(Verified, u64),
    /// A body came for a record that was held without; the record is given with its body.
    Body(Verified),
    /// The record's body was erased.
    Erase(RecordId),
    /// The record's mark was set.
    Mark(RecordId, u8),
    /// A bundle, a local fact, or something dropped: of no interest to an index of records.
    Other,
}
