//! What this person has already written into a collective, by content.

use std::{collections::BTreeMap, ops::ControlFlow};

use folkmoot_api::ApiError;
use folkmoot_library::{Part, part};
use folkmoot_record::{CollectiveId, RecordId, SeatKey, Verified};
use folkmoot_store::Logged;

use super::prints::{Print, Prints, source_bytes};
use crate::{core::Core, errors::store_failed};

/// How long it is kept after the last call of an import, in milliseconds.
const IDLE: u64 = 600_000;

/// What one collective holds of this person.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// By what the person sees of it: the first bytes of the record's id.
    prints: BTreeMap<Print, [u8; 8]>,
    /// First records of documents by the source that they name.
    sources: BTreeMap<[u8; 24], RecordId>,
    pub(super) used_at: u64,
}

impl Known {
    pub(super) fn insert(&mut self, seen: Print, id: &RecordId) {
        let mut start = [0; 8];
        start.copy_from_slice(&id.as_bytes()[..8]);
        self.prints.insert(seen, start);
    }

    /// The first digits of the newest record with this content.
    pub(super) fn with_content(&self, seen: &Print) -> Option<String> {
        let start = self.prints.get(seen)?;
        Some(start.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn of_source(&self, source: &[u8; 24]) -> Option<RecordId> {
        self.sources.get(source).copied()
    }

    fn learn(&mut self, record: &Verified, cid: CollectiveId, seat: SeatKey) {
        let header = record.header();
        if header.cid != Some(cid) || header.seat != seat {
            return;
        }
        if let Some((prints, content)) = Prints::of_record(record) {
            self.insert(prints.seen, &record.id());
            if part(header) == Part::First
                && let Some(source) = source_bytes(&content)
            {
                self.sources.insert(source, record.id());
            }
        }
    }
}

impl Core {
    /// Read once from the log when an import begins: it is as true as the log itself.
    pub(super) fn known_content(&mut self, cid: CollectiveId) -> Result<Known, ApiError> {
        if let Some(known) = self.imported.remove(&cid) {
            return Ok(known);
        }
        let mut known = Known::default();
        let Some(collective) = self.collectives.get(&cid) else {
            return Ok(known);
        };
        let seat = collective.secrets.seat;
        self.store
            .records_since(folkmoot_store::LogCursor::default(), &mut |logged, _| {
                if let Logged::Record(record, _) = logged {
                    known.learn(&record, cid, seat);
                }
                ControlFlow::Continue(())
            })
            .map_err(store_failed)?;
        Ok(known)
    }

    /// A single note was written: an import that goes on knows it.
    pub(crate) fn know(&mut self, cid: CollectiveId, record: &Verified) {
        if let Some(known) = self.imported.get_mut(&cid) {
            known.learn(record, cid, record.header().seat);
        }
    }

    /// Gives back the memory of imports that ended a while ago.
    pub(crate) fn forget_idle_imports(&mut self) {
        let mono = self.clock.mono();
        self.imported
            .retain(|_, known| mono.saturating_sub(known.used_at) < IDLE);
    }
}
