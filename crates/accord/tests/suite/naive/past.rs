//! Past, ready, orphan (section 2.3).

use std::rc::Rc;

use folkmoot_record::{Lane, RecordId, Verified, control::Control};

use super::{Naive, Set};

/// Past(o) is the least set that contains auth(o), and prev(o) if lane(o) = 0, closed under the
/// same step.
fn step(o: &Verified) -> Set {
    let mut ids: Set = o.header().auth.iter().copied().collect();
    if o.header().kind.lane() == Lane::Control {
        ids.extend(o.header().prev);
    }
    ids
}

/// The ballots that a decision lists.
pub(super) fn listed(o: &Verified) -> Vec<RecordId> {
    match o.control() {
        Some(Control::Decision(body)) => body.ballots.clone(),
        _ => Vec::new(),
    }
}

impl Naive {
    /// The ids of Past(o) as far as it is held, and those that are not held.
    pub(super) fn closure(&self, o: &Verified) -> (Set, Set) {
        let (mut there, mut missing) = (Set::new(), Set::new());
        let mut queue = step(o);
        while let Some(id) = queue.pop_first() {
            if let Some(held) = self.held.get(&id) {
                if there.insert(id) {
                    queue.extend(step(held));
                }
            } else if self.refused.contains_key(&id) {
                there.insert(id);
            } else {
                missing.insert(id);
            }
        }
        (there, missing)
    }

    /// What o lacks to be ready: Past(o) held whole, and every decision in Past(o) ∪ {o} with all
    /// its listed ballots held.
    pub(super) fn missing(&self, o: &Verified) -> Set {
        let (there, mut missing) = self.closure(o);
        let decisions = there.iter().filter_map(|id| self.held.get(id));
        for decision in decisions.chain([o]) {
            let lacking = listed(decision)
                .into_iter()
                .filter(|id| !self.held.contains_key(id) && !self.refused.contains_key(id));
            missing.extend(lacking);
        }
        missing
    }

    /// Past(o) of a record that is ready.
    pub(super) fn past(&self, id: &RecordId) -> Rc<Set> {
        if let Some(known) = self.pasts.borrow().get(id) {
            return known.clone();
        }
        let past = Rc::new(self.closure(self.get(id)).0);
        self.pasts.borrow_mut().insert(*id, past.clone());
        past
    }

    /// The records of a set, causes before effects.
    pub(super) fn causally<'a>(&'a self, set: &Set) -> Vec<(RecordId, &'a Verified)> {
        let mut ids: Vec<RecordId> = set.iter().copied().collect();
        ids.sort_by_key(|id| (self.past(id).len(), *id));
        ids.into_iter().map(|id| (id, self.get(&id))).collect()
    }
}
