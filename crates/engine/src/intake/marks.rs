//! Many marks at once: a revocation over a million records marks each of them.
//!
//! Marks follow from the control records, so they need not be stored with them. A batch with many
//! goes to the store in several groups; a fact in the first one says that more is to come, and goes
//! with the last. Where it is met later, everything is judged again.

use std::collections::BTreeSet;

use folkmoot_accord::Rejudge;
use folkmoot_record::{CollectiveId, RecordId};
use folkmoot_store::{Entry, StoreError};

use crate::{
    core::Core, intake::receive::Taken, keeping::facts, membership::collective::Collective,
};

/// Marks stored as one group: about 600 kB, far below the most that a group may have, and written
/// in some milliseconds.
const MARKS_A_GROUP: usize = 10_000;

/// The fact that marks of a collective are still to be written.
pub(crate) fn unjudged_key(cid: &CollectiveId) -> Vec<u8> {
    [b"judge/" as &[u8], cid.as_bytes()].concat()
}

/// The groups in which a batch is stored, in order. Whatever is no mark goes with the first one,
/// and so does the mark of a record that comes with the batch.
fn groups(cid: &CollectiveId, entries: &[Entry]) -> Vec<Vec<Entry>> {
    let new: BTreeSet<RecordId> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Record(record, _) => Some(record.id()),
            _ => None,
        })
        .collect();
    let (later, mut first): (Vec<Entry>, Vec<Entry>) = entries
        .iter()
        .cloned()
        .partition(|entry| matches!(entry, Entry::Mark { id, .. } if !new.contains(id)));
    let fact = |value: Option<Vec<u8>>| Entry::Local {
        key: unjudged_key(cid),
        value,
    };
    first.push(fact(Some(vec![1])));
    let mut groups = vec![first];
    groups.extend(later.chunks(MARKS_A_GROUP).map(<[Entry]>::to_vec));
    if let Some(last) = groups.last_mut() {
        last.push(fact(None));
    }
    groups
}

/// Whether a batch is one group.
fn is_small(entries: &[Entry]) -> bool {
    let is_mark = |entry: &&Entry| matches!(entry, Entry::Mark { .. });
    entries.iter().filter(is_mark).count() <= MARKS_A_GROUP
}

impl Core {
    /// Stores a batch of one collective.
    ///
    /// # Errors
    /// Nothing of it is stored then, and memory may be ahead of the disk.
    pub(crate) fn store_batch(
        &mut self,
        cid: CollectiveId,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        let facts = facts::facts(entries);
        let whole;
        let entries = match facts.is_empty() {
            true => entries,
            false => {
                whole = [entries, &facts].concat();
                &whole
            }
        };
        if is_small(entries) {
            return self.store.commit(entries);
        }
        for (at, group) in groups(&cid, entries).iter().enumerate() {
            match self.store.commit(group) {
                Ok(()) => {}
                Err(error) if at == 0 => return Err(error),
                Err(error) => {
                    // Whatever matters is stored; what is missing follows from it.
                    self.warn(format!(
                        "not every record that changed its standing could be marked: {error}; it is tried again"
                    ));
                    if let Some(collective) = self.collectives.get_mut(&cid) {
                        collective.unjudged = true;
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    /// Goes on where writing marks broke off.
    pub(crate) fn judge_what_is_left(&mut self) {
        let unjudged = self.collectives.values().filter(|c| c.unjudged);
        let cids: Vec<CollectiveId> = unjudged.map(Collective::cid).collect();
        for cid in cids {
            // Memory may have marks that the disk has not: they are read again first.
            self.reload(cid);
            if self.collectives.get(&cid).is_none_or(|c| !c.unjudged) {
                continue;
            }
            let taken = Taken {
                entries: vec![Entry::Local {
                    key: unjudged_key(&cid),
                    value: None,
                }],
                rejudge: vec![Rejudge::Everything],
                ..Taken::default()
            };
            if self.settle(cid, taken).is_ok()
                && let Some(collective) = self.collectives.get_mut(&cid)
            {
                let left = self.store.local(&unjudged_key(&cid));
                collective.unjudged = !matches!(left, Ok(None));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(n: u32) -> Entry {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Entry::Mark {
            id: RecordId::from_bytes(id),
            mark: 1,
        }
    }

    fn facts(group: &[Entry]) -> Vec<bool> {
        let of = |entry: &Entry| match entry {
            Entry::Local { value, .. } => Some(value.is_some()),
            _ => None,
        };
        group.iter().filter_map(of).collect()
    }

    #[test]
    fn many_marks_are_stored_in_several_groups() {
        let cid = CollectiveId::from_bytes([7; 32]);
        let most = u32::try_from(MARKS_A_GROUP).unwrap();
        let marks: Vec<Entry> = (0..2 * most + 1).map(mark).collect();
        assert!(is_small(&marks[..MARKS_A_GROUP]) && !is_small(&marks));
        let many = groups(&cid, &marks);
        let sizes: Vec<usize> = many.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, MARKS_A_GROUP, MARKS_A_GROUP, 2]);
        let told: Vec<Vec<bool>> = many.iter().map(|group| facts(group)).collect();
        assert_eq!(told, [vec![true], vec![], vec![], vec![false]]);
        let marked: BTreeSet<RecordId> = many
            .iter()
            .flatten()
            .filter_map(|entry| match entry {
                Entry::Mark { id, .. } => Some(*id),
                _ => None,
            })
            .collect();
        assert_eq!(marked.len(), 2 * MARKS_A_GROUP + 1);
    }
}
