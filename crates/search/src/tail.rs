//! What was added or removed and is not committed yet.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use folkmoot_library::{Item, Searchable};
use folkmoot_record::RecordId;

/// Bytes that an item takes beside its texts, about.
const ITEM_BYTES: usize = 512;

/// One call of the owner, shared by the tail and the writer.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Counts up from 1.
    pub(crate) seq: u64,
    pub(crate) change: Change,
    /// About how many bytes it takes.
    pub(crate) bytes: usize,
}

#[derive(Debug)]
pub(crate) enum Change {
    Add(Vec<Searchable>),
    Remove(Vec<RecordId>),
}

impl Batch {
    pub(crate) fn new(seq: u64, change: Change) -> Self {
        let bytes = match &change {
            Change::Add(items) => items.iter().map(|item| bytes(item.item())).sum(),
            Change::Remove(ids) => ids.len() * ITEM_BYTES,
        };
        Self { seq, change, bytes }
    }

    pub(crate) const fn len(&self) -> usize {
        match &self.change {
            Change::Add(items) => items.len(),
            Change::Remove(ids) => ids.len(),
        }
    }
}

/// Twice the texts: the evaluator keeps their words too.
fn bytes(item: &Item) -> usize {
    ITEM_BYTES
        + 2 * item
            .sections()
            .map(|section| section.text.len())
            .sum::<usize>()
}

/// The batches in their order, with their size.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tail {
    batches: VecDeque<Arc<Batch>>,
    pub(crate) len: usize,
    pub(crate) bytes: usize,
}

impl Tail {
    pub(crate) fn push(&mut self, batch: Arc<Batch>) {
        self.len += batch.len();
        self.bytes += batch.bytes;
        self.batches.push_back(batch);
    }

    /// Drops what is committed.
    pub(crate) fn drop_until(&mut self, seq: u64) {
        while let Some(first) = self.batches.front()
            && first.seq <= seq
        {
            self.len -= first.len();
            self.bytes -= first.bytes;
            self.batches.pop_front();
        }
    }

    /// What of it is not in an index that was committed at `seq`.
    pub(crate) fn since(&self, seq: u64) -> Vec<Arc<Batch>> {
        let after = self.batches.partition_point(|batch| batch.seq <= seq);
        self.batches.range(after..).cloned().collect()
    }
}

/// The items of some batches that were not removed later, and all ids that were removed.
pub(crate) fn live(batches: &[Arc<Batch>]) -> (Vec<&Searchable>, BTreeSet<RecordId>) {
    let mut removed: BTreeMap<RecordId, u64> = BTreeMap::new();
    for batch in batches {
        if let Change::Remove(ids) = &batch.change {
            removed.extend(ids.iter().map(|id| (*id, batch.seq)));
        }
    }
    let mut items = Vec::new();
    for batch in batches {
        if let Change::Add(added) = &batch.change {
            items.extend(added.iter().filter(|item| {
                removed
                    .get(&item.item().id)
                    .is_none_or(|at| *at < batch.seq)
            }));
        }
    }
    (items, removed.into_keys().collect())
}
