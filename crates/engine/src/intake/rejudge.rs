//! Judging stored content anew, and letting in what is due.

use folkmoot_accord::{ContentStanding, Rejudge, Standing};
use folkmoot_record::{RecordId, Verified};
use folkmoot_store::{Entry, Vault};

use crate::{
    intake::{
        receive::{Taken, mark},
        take::HeldContent,
    },
    membership::collective::Collective,
};

impl Collective {
    /// Judges one stored content record anew and changes its mark.
    pub(crate) fn judge_again(
        &mut self,
        store: &Vault,
        record: &Verified,
        now_ms: u64,
        taken: &mut Taken,
    ) {
        let id = record.id();
        let old = self.marked.get(&id).copied().unwrap_or(mark::NONE);
        let standing = self
            .accord
            .judge(record.header(), id, now_ms, &HeldContent(store));
        let void = matches!(standing, ContentStanding::Void(_));
        let new = match standing {
            ContentStanding::Admitted { honoured: true } if old == mark::OVER_QUOTA => old,
            ContentStanding::Admitted { honoured: true } => self.display_mark(store, record),
            ContentStanding::Admitted { honoured: false } => mark::SHADOWED,
            ContentStanding::Quarantined { .. } => mark::QUARANTINED,
            ContentStanding::Parked(_) | ContentStanding::Orphan(_) | ContentStanding::Void(_) => {
                mark::PARKED
            }
        };
        self.set_mark(record, old, new, taken);
        if void {
            // For ever: it waits for nothing.
            self.parked_on.insert(id, Vec::new());
        }
    }

    /// Judges content anew that was parked because of control records which stand otherwise now.
    pub(crate) fn judge_parked(&mut self, store: &Vault, now_ms: u64, taken: &mut Taken) {
        for id in self.not_waiting() {
            // It may have come in this very batch.
            let new = || {
                taken.entries.iter().find_map(|entry| match entry {
                    Entry::Record(record, _) if record.id() == id => Some(record.clone()),
                    _ => None,
                })
            };
            if let Some(record) = crate::exchange::holdings::read(store, &id).or_else(new) {
                self.judge_again(store, &record, now_ms, taken);
            }
        }
    }

    /// Parked content that does not wait any more: as long as something that it rests on is parked, so
    /// is it, and need not be read to know it.
    pub(crate) fn not_waiting(&self) -> Vec<RecordId> {
        let is_parked = |id| matches!(self.accord.standing_at(id), Some(Standing::Parked(_)));
        let parked = self
            .marked
            .iter()
            .filter(|(_, mark)| **mark == mark::PARKED);
        let ready = parked.filter(|(id, _)| match self.parked_on.get(*id) {
            Some(on) => !on.is_empty() && !on.iter().any(is_parked),
            None => true,
        });
        ready.map(|(id, _)| *id).collect()
    }

    fn set_mark(&mut self, record: &Verified, old: u8, new: u8, taken: &mut Taken) {
        if old == new {
            return;
        }
        let id = record.id();
        taken.entries.push(Entry::Mark { id, mark: new });
        if new == mark::NONE {
            self.marked.remove(&id);
            self.parked_on.remove(&id);
            self.note_profile(record, taken);
            taken.shown.push(record.clone());
        } else {
            let acted = self.acts(&id);
            self.remember_mark(record, new);
            // What does not act any more, or does now, changes what it is aimed at.
            if old == mark::NONE || acted != self.acts(&id) {
                taken.unshown.push(id);
            }
        }
    }

    /// Lets in what was quarantined or over quota and is due, and judges what waited for its turn.
    pub(crate) fn fall_due(&mut self, store: &Vault, now_ms: u64, taken: &mut Taken) {
        let (moved, rejudge) = self.accord.tick(now_ms);
        taken.changed |= !moved.is_empty();
        if rejudge != Rejudge::Nothing {
            taken.rejudge.push(rejudge);
        }
        for (id, standing) in moved {
            self.moved(store, id, &standing, now_ms, taken);
        }
        let quarantined: Vec<RecordId> = self
            .marked
            .iter()
            .filter(|(_, mark)| **mark == mark::QUARANTINED)
            .map(|(id, _)| *id)
            .collect();
        for id in quarantined {
            if let Some(record) = crate::exchange::holdings::read(store, &id) {
                self.judge_again(store, &record, now_ms, taken);
            }
        }
        for (dev, mut waiting) in std::mem::take(&mut self.over_quota) {
            while let Some((hlc, id)) = waiting.pop_first() {
                let Some(record) = crate::exchange::holdings::read(store, &id) else {
                    continue;
                };
                if !self.has_room(&record, now_ms) {
                    waiting.insert((hlc, id));
                    break;
                }
                self.count(&record, now_ms);
                let new = self.display_mark(store, &record);
                self.set_mark(&record, mark::OVER_QUOTA, new, taken);
            }
            if !waiting.is_empty() {
                self.over_quota.insert(dev, waiting);
            }
        }
    }
}
