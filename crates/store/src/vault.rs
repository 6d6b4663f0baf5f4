//! The vault: the store as the engine sees it.

use std::{fmt, ops::ControlFlow, path::Path};

use folkmoot_record::{BundleHash, CollectiveId, DeviceKey, Hlc, RecordId, Verified};

use crate::{
    Bundle, Damage, Entry, Logged, OpenReport, Options, Progress, StoreError, Stored, TornTail,
};

/// A position in the log: where an entry begins. Erasing and compacting do not move entries, so a
/// cursor stays good for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogCursor {
    /// Number of the segment, from 0.
    pub segment: u32,
    /// Offset in the segment in bytes.
    pub offset: u32,
}

impl LogCursor {
    /// Eight bytes, big-endian: they sort as cursors do.
    pub const fn to_bytes(self) -> [u8; 8] {
        ((self.segment as u64) << 32 | self.offset as u64).to_be_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        let raw = u64::from_be_bytes(bytes);
        Self {
            segment: (raw >> 32) as u32,
            offset: raw as u32,
        }
    }
}

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {} offset {}", self.segment, self.offset)
    }
}

/// Which way to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first.
    Backward,
}

/// Last content record held of a device's lane-1 log: the one with the greatest (seq, hlc, id).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// Its place in the log.
    pub seq: u32,
    /// Its id.
    pub id: RecordId,
    /// Its claimed time.
    pub hlc: Hlc,
}

/// How much of a collective is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Control records and ballots.
    pub control: u64,
    /// Content records.
    pub content: u64,
    /// Their bytes as on the wire, erased bodies left out.
    pub bytes: u64,
}

/// What is held of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing.
    No,
    /// The header, and a body was never held.
    Header,
    /// The whole record.
    Whole,
    /// The header; the body was erased and will not be taken again.
    Erased,
}

/// What [`Vault::compact`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// Segments rewritten without erased bodies and replaced local facts.
    pub segments: u32,
    /// Whether the projection was copied into a new folder.
    pub projection: bool,
}

/// The open store.
pub struct Vault {}

impl Vault {
    /// Opens or makes the store in `dir`, and brings the projection up to the log.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::NewerFormat`], [`StoreError::NotAStore`], or the disk's.
    /// A torn tail, damage and a bad projection are no errors: they are mended and reported.
    pub fn open(
        dir: &Path,
        options: Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport), StoreError> {
        let _ = (dir, options, progress, None::<TornTail>);
        todo!()
    }

    /// Stores the entries in order, all or none. They are durable when it returns: one `fdatasync`
    /// for the group.
    ///
    /// # Errors
    /// Nothing of the group is stored then. [`StoreError::DiskFull`] passes when there is room.
    pub fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let _ = entries;
        todo!()
    }

    /// Whether the record's header is held.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn contains(&self, id: &RecordId) -> Result<bool, StoreError> {
        Ok(self.held(id)? != Held::No)
    }

    /// What is held of the record.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn held(&self, id: &RecordId) -> Result<Held, StoreError> {
        let _ = id;
        todo!()
    }

    /// Reads a record; `None` where it is not held.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]: the record counts as not held from then on.
    pub fn get(&self, id: &RecordId) -> Result<Option<Stored>, StoreError> {
        let _ = id;
        todo!()
    }

    /// The caller's mark of a record; 0 where it has none.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn mark(&self, id: &RecordId) -> Result<u8, StoreError> {
        let _ = id;
        todo!()
    }

    /// All records with a mark other than 0, by id.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn marked(&self) -> Result<Vec<(RecordId, u8)>, StoreError> {
        todo!()
    }

    /// Content records of a collective by (hlc, id), with `from_ms <= ms < to_ms`, in the given
    /// direction, beginning behind `after`, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn scan(
        &self,
        cid: &CollectiveId,
        from_ms: u64,
        to_ms: u64,
        direction: Direction,
        after: Option<(Hlc, RecordId)>,
        limit: usize,
    ) -> Result<Vec<(Hlc, RecordId)>, StoreError> {
        let _ = (cid, from_ms, to_ms, direction, after, limit);
        todo!()
    }

    /// Passes on all control records and ballots of a collective in the order in which they came,
    /// with the time of receipt.
    ///
    /// # Errors
    /// Those of [`Self::get`]. Damaged records are passed over and remembered: [`Self::take_damage`].
    pub fn control(
        &self,
        cid: &CollectiveId,
        f: &mut dyn FnMut(Verified, u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let _ = (cid, f);
        todo!()
    }

    /// Passes on every entry from a position of the log on, each with the cursor behind it, and
    /// returns the cursor behind the last one passed on. Damaged entries are passed over.
    ///
    /// # Errors
    /// The disk's.
    pub fn records_since(
        &self,
        cursor: LogCursor,
        f: &mut dyn FnMut(Logged, LogCursor) -> ControlFlow<()>,
    ) -> Result<LogCursor, StoreError> {
        let _ = (cursor, f);
        todo!()
    }

    /// The end of the log: where the next entry will be written.
    pub fn cursor(&self) -> LogCursor {
        todo!()
    }

    /// Last content record held of a device's lane-1 log.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn tip(&self, cid: &CollectiveId, dev: &DeviceKey) -> Result<Option<Tip>, StoreError> {
        let _ = (cid, dev);
        todo!()
    }

    /// How much is held of a collective. Costs no disk access.
    pub fn counts(&self, cid: &CollectiveId) -> Counts {
        let _ = cid;
        todo!()
    }

    /// The collectives of which records or bundles are held, in the order in which they came.
    pub fn collectives(&self) -> Vec<CollectiveId> {
        todo!()
    }

    /// The bundle with this hash.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub fn bundle(&self, hash: &BundleHash) -> Result<Option<Bundle>, StoreError> {
        let _ = hash;
        todo!()
    }

    /// All bundles of a collective, by epoch and hash.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub fn bundles(&self, cid: &CollectiveId) -> Result<Vec<Bundle>, StoreError> {
        let _ = cid;
        todo!()
    }

    /// A local fact.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn local(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let _ = key;
        todo!()
    }

    /// All local facts whose key begins with `prefix`, by key.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn scan_local(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let _ = prefix;
        todo!()
    }

    /// Reads up to `bytes` of the log from `cursor` on, checking every checksum. Returns where to go
    /// on, `None` at the end. Damaged records count as not held from then on.
    ///
    /// # Errors
    /// The disk's.
    pub fn scrub(
        &mut self,
        cursor: LogCursor,
        bytes: u64,
    ) -> Result<(Option<LogCursor>, Vec<Damage>), StoreError> {
        let _ = (cursor, bytes);
        todo!()
    }

    /// Damage met while reading since the last call.
    pub fn take_damage(&mut self) -> Vec<Damage> {
        todo!()
    }

    /// Brings the projection up to the log. Not needed for safety; at idle it makes the next start
    /// after a kill quicker.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn settle(&mut self) -> Result<(), StoreError> {
        todo!()
    }

    /// Takes erased bodies and replaced local facts off the disk, one segment a call, and copies the
    /// projection into a new folder where it has grown far beyond what it holds. Call it at idle
    /// until it does nothing.
    ///
    /// # Errors
    /// The disk's. The old files stay in use then.
    pub fn compact(&mut self) -> Result<Compacted, StoreError> {
        todo!()
    }

    /// Bytes on the disk: log and projection.
    ///
    /// # Errors
    /// The disk's.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// Closes the store so that the next opening has nothing to replay. Dropping it does the same as
    /// well as it can.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn close(self) -> Result<(), StoreError> {
        todo!()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}
