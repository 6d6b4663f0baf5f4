//! Forgetting what waits for records that did not come, and ids of void records: both are bounded.

use folkmoot_record::RecordId;

use crate::{
    graph::{Direct, direct},
    intake::Intake,
};

/// Most orphans kept in all, oldest out first. Who hears peers keeps far fewer, in shares
/// ([`crate::Accord::forget_orphan`]); this bounds what everybody else does.
const ORPHANS: usize = 65_536;

/// Most ids of void records remembered, so that they are not fetched and judged again.
const VOIDS: usize = 65_536;

impl Intake {
    /// Forgets an orphan, as if it had never come; false where it is none. What waits for it goes
    /// on waiting.
    pub(crate) fn drop_orphan(&mut self, id: &RecordId) -> bool {
        // A decision may be one again when a ballot that it lists was forgotten: its number stays.
        let known = self.held.get(id);
        if !self.is_orphan(id) || known.is_none_or(|held| held.ix.is_some()) {
            return false;
        }
        let Some(held) = self.held.remove(id) else {
            return false;
        };
        self.orphans.remove(&held.arrival);
        let Direct { causes, ballots } = direct(&held.record);
        for on in causes.iter().chain(&ballots) {
            if let Some(waiters) = self.waiting.get_mut(on) {
                waiters.remove(id);
                if waiters.is_empty() {
                    self.waiting.remove(on);
                }
            }
        }
        true
    }

    /// Drops the oldest orphans and the oldest void ids over their bounds.
    pub(crate) fn bound(&mut self) {
        while self.orphans.len() > ORPHANS {
            let Some((_, id)) = self.orphans.pop_first() else {
                break;
            };
            self.drop_orphan(&id);
        }
        if self.void.len() > VOIDS {
            let mut ages: Vec<u64> = self.void.values().map(|(age, _)| *age).collect();
            ages.sort_unstable();
            let middle = ages[ages.len() / 2];
            self.void.retain(|_, (age, _)| *age > middle);
        }
    }
}
