//! The states of a record (section 2.4), by its tests in their order.

use std::collections::BTreeMap;

use folkmoot_record::{
    RecordId, Verified,
    control::{Control, Effect},
};

use super::{Naive, Set, past::listed};

/// The state of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Void(String),
    Orphan(Set),
    Parked(&'static str),
    Quarantined,
    Admitted,
}

/// 10 minutes (section 9).
const AHEAD_MS: u64 = 10 * 60_000;

impl Naive {
    /// The state of every record held.
    pub(crate) fn verdicts(&self) -> BTreeMap<RecordId, Verdict> {
        let mut found = BTreeMap::new();
        for id in self.refused.keys() {
            found.insert(*id, Verdict::Void(self.refused[id].clone()));
        }
        let pasts: BTreeMap<RecordId, Set> = self
            .held
            .iter()
            .map(|(id, o)| (*id, self.closure(o).0))
            .collect();
        // From the smallest Past up, so that each finds its causes sorted.
        let mut order: Vec<&RecordId> = pasts.keys().collect();
        order.sort_by_key(|id| pasts[*id].len());
        for id in order {
            self.sort(id, &pasts, &mut found);
        }
        self.fence(&mut found);
        found
    }

    /// All tests but the fence.
    fn sort(
        &self,
        id: &RecordId,
        pasts: &BTreeMap<RecordId, Set>,
        found: &mut BTreeMap<RecordId, Verdict>,
    ) {
        if found.contains_key(id) {
            return;
        }
        let o = self.get(id);
        let mut ballots = listed(o);
        ballots.retain(|ballot| self.held.contains_key(ballot));
        // A ballot may be for another proposal, and rest on more than the decision does.
        for other in pasts[id].iter().chain(&ballots) {
            if self.held.contains_key(other) {
                self.sort(other, pasts, found);
            }
        }
        let verdict = self.verdict(o, &pasts[id], &ballots, found);
        found.insert(*id, verdict);
    }

    fn verdict(
        &self,
        o: &Verified,
        past: &Set,
        ballots: &[RecordId],
        found: &BTreeMap<RecordId, Verdict>,
    ) -> Verdict {
        let of_past = |wanted: fn(&Verdict) -> bool| past.iter().any(|id| wanted(&found[id]));
        // void: a held record of the held part of Past(o) is void.
        if of_past(|v| matches!(v, Verdict::Void(_))) {
            return Verdict::Void("past-void".to_owned());
        }
        // orphan: not ready.
        let missing = self.missing(o);
        if !missing.is_empty() {
            return Verdict::Orphan(missing);
        }
        // parked: kind, feature or fork, or a record of Past(o) or a listed ballot is parked.
        if let Some(reason) = lacks(o) {
            return Verdict::Parked(reason);
        }
        let parked = |v: &Verdict| matches!(v, Verdict::Parked(_));
        if of_past(|v| matches!(v, Verdict::Parked(_)))
            || ballots.iter().any(|ballot| parked(&found[ballot]))
        {
            return Verdict::Parked("past");
        }
        // void: sv(o) is false.
        if let Err(reason) = self.sv(&o.id()) {
            return Verdict::Void(reason.to_owned());
        }
        // quarantined: ms(o) > own clock + 10 min, or Past(o) has such a record.
        if o.header().ms() > self.now_ms + AHEAD_MS
            || of_past(|v| matches!(v, Verdict::Quarantined))
        {
            return Verdict::Quarantined;
        }
        Verdict::Admitted
    }

    /// S: the admitted set, ballots included.
    pub(crate) fn admitted(&self, verdicts: &BTreeMap<RecordId, Verdict>) -> Set {
        verdicts
            .iter()
            .filter(|(_, verdict)| **verdict == Verdict::Admitted)
            .map(|(id, _)| *id)
            .collect()
    }
}

/// What this build does not implement (section 2.6): kinds 0x40 to 0xFF, features, forks.
fn lacks(o: &Verified) -> Option<&'static str> {
    match o.control()? {
        Control::Parked => Some("kind"),
        Control::Genesis(body) if body.inherits.is_some() => Some("fork"),
        Control::Join(body) if body.old_dev.is_some() => Some("fork"),
        Control::Genesis(body) => body.charter.features.as_ref().map(|_| "feature"),
        Control::Proposal(body) => body
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Charter(delta) if delta.features.is_some()))
            .then_some("feature"),
        _ => None,
    }
}

impl Naive {
    /// Whether the text lets a record into S.
    pub(crate) fn authorises(&self, id: &RecordId) -> bool {
        self.verdicts().get(id) == Some(&Verdict::Admitted)
    }
}
