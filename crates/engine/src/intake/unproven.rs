//! Control records that were stored before they could be judged, because they are parked.
//!
//! What lies in the store counts as valid at the next start, and a join's signature by its invite is
//! not checked again. So of these it is kept that nobody checked it. Those that wait for their turn
//! are given to nobody meanwhile: a node answers for what it brings.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::{Accord, Standing};
use folkmoot_record::{CollectiveId, RecordId, Verified};
use folkmoot_store::{Entry, StoreError, Vault};

use crate::{
    intake::receive::Taken, membership::collective::Collective, powers::misdeeds::Misdeed,
};

/// Local facts under which they stand: `n/`, collective, id.
const TABLE: &[u8] = b"n/";

/// Most records of devices that no seat ever had that are stored unjudged, in one collective: the
/// share of one device of those that wait. The quota counts by device, and anybody makes as many of
/// those as they like.
const MOST_STRANGE: usize = 1_024;
/// Most bytes of them.
const MOST_STRANGE_BYTES: usize = 16 << 20;

/// The records of devices that no seat ever had that were stored unjudged. One that turned out void
/// stays counted, for its bytes lie in the store.
#[derive(Debug, Default)]
pub(crate) struct Strange {
    sizes: BTreeMap<RecordId, usize>,
    bytes: usize,
}

impl Strange {
    /// Whether no more of them may be stored. What waited for a parked record when the room was not
    /// full yet still comes in; that is bounded itself.
    pub(crate) fn is_full(&self) -> bool {
        self.sizes.len() >= MOST_STRANGE || self.bytes >= MOST_STRANGE_BYTES
    }

    fn note(&mut self, id: RecordId, size: usize) {
        if self.sizes.insert(id, size).is_none() {
            self.bytes += size;
        }
    }

    fn forget(&mut self, id: &RecordId) {
        if let Some(size) = self.sizes.remove(id) {
            self.bytes -= size;
        }
    }

    /// What the store holds of them: of `unjudged` those by devices that their seats never had.
    pub(crate) fn read(accord: &Accord, unjudged: &[Verified]) -> Self {
        let mut strange = Self::default();
        for record in unjudged {
            let header = record.header();
            if !accord.is_judged(&record.id()) && !accord.had_device(&header.seat, &header.dev) {
                strange.note(record.id(), record.wire().len());
            }
        }
        strange
    }
}

fn fact(cid: &CollectiveId, id: &RecordId, there: bool) -> Entry {
    Entry::Local {
        key: [TABLE, cid.as_ref(), id.as_ref()].concat(),
        value: there.then(|| vec![1]),
    }
}

/// Those of one collective.
pub(crate) fn load(store: &Vault, cid: &CollectiveId) -> Result<BTreeSet<RecordId>, StoreError> {
    let prefix = [TABLE, cid.as_ref()].concat();
    let facts = store.scan_local(&prefix)?;
    let ids = facts.into_iter().filter_map(|(key, _)| {
        let id = key[prefix.len()..].try_into().ok()?;
        Some(RecordId::from_bytes(id))
    });
    Ok(ids.collect())
}

impl Collective {
    /// A control record is about to be stored: notes if it was not judged.
    pub(crate) fn note_unproven(&mut self, record: &Verified, taken: &mut Taken) {
        let (id, header) = (record.id(), record.header());
        if self.accord.is_judged(&id) || !self.unproven.insert(id) {
            return;
        }
        taken.entries.push(fact(&self.cid(), &id, true));
        if !self.accord.had_device(&header.seat, &header.dev) {
            self.strange.note(id, record.wire().len());
        }
    }

    /// A record that was stored before it was judged may have been judged now. One that is void
    /// stays noted: as long as its bytes lie in the store, they are not to be believed.
    pub(crate) fn note_judged(
        &mut self,
        id: RecordId,
        standing: &Standing,
        now_ms: u64,
        taken: &mut Taken,
    ) {
        let void = matches!(standing, Standing::Void(_));
        if !void && self.accord.is_judged(&id) && self.unproven.remove(&id) {
            self.strange.forget(&id);
            taken.entries.push(fact(&self.cid(), &id, false));
            // Now others may have it.
            taken.stored.push((id, None, None));
        }
        if *standing == Standing::Parked(folkmoot_accord::ParkReason::Cpu)
            && let Some(record) = self.accord.record(&id)
        {
            let seat = record.header().seat;
            self.note_misdeed(seat, Misdeed::Work, now_ms);
        }
    }
}

#[cfg(test)]
mod tests;
