//! Damage of the record log, met while the node runs: what it took is forgotten wherever it is
//! listed, so that peers are asked for it, and what memory still has is written again.

use std::collections::BTreeSet;

use folkmoot_record::{CollectiveId, RecordId};
use folkmoot_store::{Damage, Entry, Held, LogCursor, StoreError};
use folkmoot_sync::Input;

use crate::{core::Core, keeping::documents::Display};

/// Bytes of the log read against their checksums at each upkeep: a few milliseconds.
pub(crate) const SCRUB_SLICE: u64 = 8 << 20;
/// How often the whole log is read, in milliseconds.
const SCRUB_EVERY: u64 = 86_400_000;

/// The sentence under which damage is kept.
pub(crate) fn notice(damage: &Damage) -> String {
    format!("damage in the record log: {damage}; what is lost is fetched from peers")
}

impl Core {
    /// Looks for damage, and deals with what was met since the last call.
    pub(crate) fn meet_damage(&mut self, now_ms: u64) {
        let mut damage = std::mem::take(&mut self.unmended);
        damage.extend(self.scrub(now_ms));
        damage.extend(self.store.take_damage());
        if damage.is_empty() {
            return;
        }
        let named = damage.iter().flat_map(|damage| damage.ids.iter().copied());
        // What came again since it was met is held.
        let mut lost: BTreeSet<RecordId> = named
            .filter(|id| matches!(self.store.held(id), Ok(Held::No)))
            .collect();
        match self.write_again(&lost) {
            Ok(again) => {
                lost.retain(|id| !again.contains(id));
                self.tell_damage(&damage, &again);
            }
            Err(error) => {
                self.warn(format!(
                    "records that damage took could not be written again: {error}"
                ));
                self.unmended = damage;
            }
        }
        self.mend_facts();
        let lost = Display::plain(&[], &lost.into_iter().collect::<Vec<RecordId>>());
        if let Err(error) = self.library.change(lost, self.store.cursor()) {
            self.warn(format!("the index failed: {error}"));
        }
        let cids: Vec<CollectiveId> = self.collectives.keys().copied().collect();
        for cid in cids {
            if let Some(collective) = self.collectives.get_mut(&cid) {
                collective.forget_what_is_held();
            }
            self.feed(Input::Lost { cid });
        }
    }

    fn tell_damage(&mut self, damage: &[Damage], again: &BTreeSet<RecordId>) {
        for damage in damage {
            let told = format!("damage in the record log: {damage}");
            if !damage.ids.is_empty() && damage.ids.iter().all(|id| again.contains(id)) {
                self.warn(format!(
                    "{told}; what it took was in memory and is written again"
                ));
            } else {
                self.keep_damage(&notice(damage), &damage.ids);
            }
        }
    }

    /// Reads a slice of the log against its checksums: all of it about once a day. Damage is met
    /// here before somebody needs the record, and peers still have it.
    fn scrub(&mut self, now_ms: u64) -> Vec<Damage> {
        let from = match self.scrubbing {
            Some(cursor) => cursor,
            None if now_ms >= self.scrub_next_ms => LogCursor::default(),
            None => return Vec::new(),
        };
        match self.store.scrub(from, SCRUB_SLICE) {
            Ok((next, damage)) => {
                self.scrubbing = next;
                if next.is_none() {
                    self.scrub_next_ms = now_ms.saturating_add(SCRUB_EVERY);
                }
                damage
            }
            Err(error) => {
                self.warn(format!("the record log could not be read through: {error}"));
                Vec::new()
            }
        }
    }

    /// Control records are whole in memory: no peer need have them, and without its first one a
    /// collective does not open again.
    fn write_again(&mut self, lost: &BTreeSet<RecordId>) -> Result<BTreeSet<RecordId>, StoreError> {
        let mut entries = Vec::new();
        let mut again = BTreeSet::new();
        for collective in self.collectives.values() {
            for id in lost {
                if let (Some(record), Some(first_ms)) = (
                    collective.accord.record(id),
                    collective.accord.first_seen(id),
                ) {
                    entries.push(Entry::Record(record.clone(), first_ms));
                    again.insert(*id);
                }
            }
        }
        if !entries.is_empty() {
            self.store.commit(&entries)?;
        }
        Ok(again)
    }
}
