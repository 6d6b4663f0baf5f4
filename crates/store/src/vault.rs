//! The vault: the store as the engine sees it.

mod commit;
mod compact;
mod heal;
mod lookup;
mod open;
mod read;

use std::{cell::RefCell, collections::BTreeSet, fmt, path::PathBuf};

use folkmoot_record::{BundleHash, Hlc, RecordId};

use crate::{
    Damage, LogCursor, Options, StoreError,
    files::size_of,
    lock::Lock,
    log::{Layout, Writer},
    state::State,
};

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
///
/// One thread owns it. Reading takes `&self`, and yet it is not `Sync`: what a reader finds damaged is
/// remembered.
pub struct Vault {
    root: PathBuf,
    options: Options,
    layout: Layout,
    writer: Writer,
    state: State,
    /// Records that a reader found damaged: not held, though the index still names them.
    lost: RefCell<BTreeSet<RecordId>>,
    /// The same of bundles.
    lost_bundles: RefCell<BTreeSet<BundleHash>>,
    damage: RefCell<Vec<Damage>>,
    /// Declared last: it is given up when everything else is closed.
    _lock: Lock,
}

impl Vault {
    /// The end of the log: where the next entry will be written.
    pub fn cursor(&self) -> LogCursor {
        self.writer.end()
    }

    /// Bytes of the log up to a position.
    ///
    /// # Errors
    /// The disk's.
    pub fn bytes_until(&self, at: LogCursor) -> Result<u64, StoreError> {
        let mut sum = u64::from(at.offset);
        for segment in 0..at.segment {
            let path = self.layout.path(segment);
            match std::fs::metadata(&path) {
                Ok(data) => sum += data.len(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(crate::files::io_error("look at", &path)(error)),
            }
        }
        Ok(sum)
    }

    /// Damage met while reading since the last call.
    pub fn take_damage(&mut self) -> Vec<Damage> {
        std::mem::take(self.damage.get_mut())
    }

    /// Brings the projection up to the log. Not needed for safety; at idle it makes the next start
    /// after a kill quicker. On a disk that is nearly full it does nothing.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn settle(&mut self) -> Result<(), StoreError> {
        self.mend()?;
        if self.has_room() {
            self.state.index.settle()?;
        }
        Ok(())
    }

    /// Bytes on the disk: log, projection and the rest of the folder.
    ///
    /// # Errors
    /// The disk's.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        size_of(&self.root)
    }

    /// Closes the store so that the next opening has nothing to replay. Dropping it does the same as
    /// well as it can.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn close(mut self) -> Result<(), StoreError> {
        self.settle()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        if let Err(error) = self.settle() {
            tracing::warn!(%error, "the projection was left behind; the next start catches up");
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("root", &self.root)
            .field("end", &self.writer.end())
            .finish_non_exhaustive()
    }
}
