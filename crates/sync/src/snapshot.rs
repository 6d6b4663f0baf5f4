//! The items of one collective under the salt of one session, as negentropy wants them.

use std::collections::BTreeSet;

use folkmoot_record::{BundleHash, CollectiveId, Hlc, RecordId};
use folkmoot_seal::SyncSalt;
use negentropy::{Bound, Id, Item, NegentropyStorageBase};

use crate::{Holdings, Scope, frame::Run, give::Gift};

/// Up to this many ids are looked up without an index.
const FEW: usize = 512;
/// Up to this many new records are taken in one by one; with more, reading all items anew is
/// cheaper than asking for the place of each.
const FRESH: usize = 1_024;

/// One item under its salted id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) hlc: Hlc,
    pub(crate) salted: [u8; 32],
    pub(crate) id: [u8; 32],
}

impl Entry {
    fn key(&self) -> (u64, &[u8; 32]) {
        (self.hlc.ms(), &self.salted)
    }

    fn item(&self) -> Item {
        Item::with_timestamp_and_id(self.hlc.ms(), Id::from_byte_array(self.salted))
    }
}

/// The items of one scope, ascending by (ms, salted id).
#[derive(Debug, Clone)]
struct Shelf {
    entries: Vec<Entry>,
    /// Places in `entries` ascending by salted id, made when something is looked up.
    by_salted: Vec<u32>,
}

/// All items of a collective as of one moment. It is brought up to date at the start of a run
/// and does not change while the run lasts.
#[derive(Debug)]
pub(crate) struct Snapshot {
    salt: SyncSalt,
    shelves: [Option<Shelf>; 3],
    fresh: BTreeSet<RecordId>,
    /// More came in than `fresh` tells: the next run reads everything anew.
    outdated: bool,
}

impl Snapshot {
    pub(crate) fn new(salt: SyncSalt) -> Self {
        Self {
            salt,
            shelves: [None, None, None],
            fresh: BTreeSet::new(),
            outdated: false,
        }
    }

    /// Whether this was made under that salt.
    pub(crate) fn is_under(&self, salt: &SyncSalt) -> bool {
        self.salt == *salt
    }

    /// Notes that a record was stored; it is taken in by the next [`Snapshot::refresh`].
    pub(crate) fn stored(&mut self, id: RecordId) {
        if self.shelves.iter().all(Option::is_none) {
            return;
        }
        if self.fresh.len() < FRESH {
            self.fresh.insert(id);
        } else {
            self.outdated = true;
        }
    }

    /// Something that it lists may be held no longer; the next [`Snapshot::refresh`] reads all anew.
    pub(crate) fn outdate(&mut self) {
        self.outdated = true;
    }

    /// Brings a scope up to date.
    pub(crate) fn refresh(&mut self, cid: &CollectiveId, scope: Scope, held: &dyn Holdings) {
        if std::mem::take(&mut self.outdated) {
            self.fresh.clear();
            self.shelves = [None, None, None];
        }
        let salt = &self.salt;
        let mut added: [Vec<Entry>; 3] = Default::default();
        for id in std::mem::take(&mut self.fresh) {
            if let Some((scope, hlc)) = held.stamp(cid, &id) {
                added[place(scope)].push(Entry {
                    hlc,
                    salted: salt.salted(id.as_bytes()),
                    id: id.to_bytes(),
                });
            }
        }
        for (shelf, added) in self.shelves.iter_mut().zip(added) {
            if let Some(shelf) = shelf {
                shelf.add(added);
            }
        }
        let shelf = &mut self.shelves[place(scope)];
        // Bundles are few and may go: they are read anew each time.
        if shelf.is_none() || scope == Scope::Bundles {
            let stamps = held.items(cid, scope);
            *shelf = Some(Shelf::new(stamps.iter().map(|stamp| Entry {
                hlc: stamp.hlc,
                salted: salt.salted(&stamp.id),
                id: stamp.id,
            })));
        }
    }

    /// Items held in a run; empty before [`Snapshot::refresh`].
    pub(crate) fn view(&self, run: &Run) -> View<'_> {
        let entries: &[Entry] = self.shelves[place(run.scope)]
            .as_ref()
            .map_or(&[], |shelf| &shelf.entries);
        let from = entries.partition_point(|entry| entry.hlc.ms() < run.from);
        let to = entries.partition_point(|entry| entry.hlc.ms() < run.to);
        View(&entries[from..to.max(from)])
    }

    /// Maps salted ids back, causes first; unknown ones are left out.
    pub(crate) fn find(&mut self, scope: Scope, salted: &[[u8; 32]]) -> Vec<Gift> {
        let Some(shelf) = &mut self.shelves[place(scope)] else {
            return Vec::new();
        };
        let mut found: Vec<(Hlc, [u8; 32])> = shelf
            .find_all(salted)
            .into_iter()
            .map(|entry| (entry.hlc, entry.id))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .map(|(_, id)| match scope {
                Scope::Bundles => Gift::Bundle(BundleHash::from_bytes(id)),
                Scope::Control | Scope::Content => Gift::Record(RecordId::from_bytes(id)),
            })
            .collect()
    }
}

const fn place(scope: Scope) -> usize {
    match scope {
        Scope::Control => 0,
        Scope::Bundles => 1,
        Scope::Content => 2,
    }
}

impl Shelf {
    /// Of items ascending by hlc, so that only those of one millisecond are out of order.
    fn new(items: impl ExactSizeIterator<Item = Entry>) -> Self {
        // Room for what comes in while a session lasts: growing copies everything.
        let mut entries = Vec::with_capacity(items.len() + items.len() / 32 + FEW);
        entries.extend(items);
        for at_once in entries.chunk_by_mut(|a, b| a.hlc.ms() == b.hlc.ms()) {
            at_once.sort_unstable_by_key(|entry| entry.salted);
        }
        if !entries.is_sorted_by(|a, b| a.key() < b.key()) {
            entries.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
            entries.dedup_by(|a, b| a.key() == b.key());
        }
        Self {
            entries,
            by_salted: Vec::new(),
        }
    }

    /// Takes in a few more.
    fn add(&mut self, mut new: Vec<Entry>) {
        let old = &self.entries;
        new.retain(|entry| old.binary_search_by(|e| e.key().cmp(&entry.key())).is_err());
        new.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
        new.dedup_by(|a, b| a.key() == b.key());
        if new.is_empty() {
            return;
        }
        self.by_salted = Vec::new();
        // Merged from the end, in place: what is new is mostly the newest.
        let mut old = self.entries.len();
        self.entries.extend_from_slice(&new);
        for place in (0..self.entries.len()).rev() {
            let Some(next) = new.last() else { return };
            if old > 0 && self.entries[old - 1].key() > next.key() {
                old -= 1;
                self.entries[place] = self.entries[old];
            } else {
                self.entries[place] = *next;
                new.pop();
            }
        }
    }

    /// The entries under these salted ids. A few are found by looking at every entry once, which
    /// is cheaper than sorting all of them by salted id first.
    fn find_all(&mut self, salted: &[[u8; 32]]) -> Vec<Entry> {
        if salted.len() > FEW || !self.by_salted.is_empty() {
            return salted.iter().filter_map(|id| self.find(id)).collect();
        }
        let mut salted = salted.to_vec();
        salted.sort_unstable();
        let entries = self.entries.iter();
        entries
            .filter(|entry| salted.binary_search(&entry.salted).is_ok())
            .copied()
            .collect()
    }

    fn find(&mut self, salted: &[u8; 32]) -> Option<Entry> {
        if self.by_salted.len() != self.entries.len() {
            // More than 2^32 items do not fit into memory.
            self.by_salted = (0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX)).collect();
            let entries = &self.entries;
            self.by_salted
                .sort_unstable_by_key(|place| &entries[*place as usize].salted);
        }
        let at = self
            .by_salted
            .binary_search_by_key(&salted, |place| &self.entries[*place as usize].salted)
            .ok()?;
        self.entries.get(*self.by_salted.get(at)? as usize).copied()
    }
}

/// A run's part of a snapshot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a>(pub(crate) &'a [Entry]);

impl View<'_> {
    /// For a peer that is served nothing.
    pub(crate) const EMPTY: Self = Self(&[]);
}

impl NegentropyStorageBase for View<'_> {
    fn size(&self) -> Result<usize, negentropy::Error> {
        Ok(self.0.len())
    }

    fn get_item(&self, i: usize) -> Result<Option<Item>, negentropy::Error> {
        Ok(self.0.get(i).map(Entry::item))
    }

    fn iterate(
        &self,
        begin: usize,
        end: usize,
        cb: &mut dyn FnMut(Item, usize) -> Result<bool, negentropy::Error>,
    ) -> Result<(), negentropy::Error> {
        let entries = self.0.get(begin..end).ok_or(negentropy::Error::BadRange)?;
        for (entry, place) in entries.iter().zip(begin..) {
            if !cb(entry.item(), place)? {
                break;
            }
        }
        Ok(())
    }

    fn find_lower_bound(&self, first: usize, last: usize, value: &Bound) -> usize {
        // negentropy asks with first <= last <= size; anything else finds nothing.
        let entries = self.0.get(first..last).unwrap_or(&[]);
        first + entries.partition_point(|entry| entry.item() < value.item)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn entry((ms, byte): (u64, u8)) -> Entry {
        Entry {
            hlc: Hlc::next(ms, []),
            salted: [byte; 32],
            id: [byte; 32],
        }
    }

    proptest! {
        /// However items come in, at once or later, a shelf holds each once, in order, and finds it.
        #[test]
        fn shelf_is_a_sorted_set(
            mut first in prop::collection::vec((0u64..40, any::<u8>()), 0..200),
            later in prop::collection::vec(
                prop::collection::vec((0u64..60, any::<u8>()), 0..30), 0..5),
        ) {
            first.sort_unstable_by_key(|(ms, _)| *ms);
            let mut shelf = Shelf::new(first.iter().copied().map(entry));
            let mut model: BTreeMap<(u64, [u8; 32]), Entry> = BTreeMap::new();
            for (ms, byte) in first {
                model.insert((ms, [byte; 32]), entry((ms, byte)));
            }
            for batch in later {
                for (ms, byte) in &batch {
                    model.insert((*ms, [*byte; 32]), entry((*ms, *byte)));
                }
                shelf.add(batch.into_iter().map(entry).collect());
                let held: Vec<Entry> = model.values().copied().collect();
                prop_assert_eq!(&shelf.entries, &held);
                for one in &held {
                    prop_assert_eq!(shelf.find(&one.salted).map(|e| e.salted), Some(one.salted));
                }
            }
            let held: Vec<Entry> = model.values().copied().collect();
            prop_assert_eq!(&shelf.entries, &held);
        }
    }
}
