//! The fence (section 4.11), for replicas that know when they first saw what.

use std::{collections::BTreeMap, rc::Rc};

use folkmoot_record::{
    Kind, RecordId,
    control::{Control, Effect},
};

use super::{Naive, Set, past::listed, states::Verdict};

/// 45 days (section 9).
const FENCE_MS: u64 = 45 * 86_400_000;

impl Naive {
    fn first_seen(&self, id: &RecordId) -> u64 {
        let since = self.held_since.as_ref().and_then(|map| map.get(id));
        since.copied().unwrap_or(self.now_ms)
    }

    /// Takes what is admitted in fence order (first seen, |Past|, hlc, id), and parks what a fence
    /// holds, with all that cites it.
    pub(super) fn fence(&self, found: &mut BTreeMap<RecordId, Verdict>) {
        if self.held_since.is_none() {
            return;
        }
        let mut due: Vec<RecordId> = self.admitted(found).into_iter().collect();
        due.sort_by_key(|id| {
            let header = self.get(id).header();
            // What rests on something else is judged after it.
            let after = self.past(id).iter().map(|on| self.first_seen(on)).max();
            let seen = self.first_seen(id).max(after.unwrap_or(0));
            (seen, self.past(id).len(), header.hlc, *id)
        });
        let mut s = Set::new();
        let mut old_at: BTreeMap<RecordId, Set> = BTreeMap::new();
        for id in due {
            let o = self.get(&id);
            let parked = |on: &RecordId| matches!(found[on], Verdict::Parked(_));
            if self.past(&id).iter().any(parked) || listed(o).iter().any(parked) {
                found.insert(id, Verdict::Parked("past"));
                continue;
            }
            let now = self.first_seen(&id);
            if let Some(reason) = self.holds(&s, &old_at, &id, now) {
                found.insert(id, Verdict::Parked(reason));
                continue;
            }
            if o.header().kind == Kind::PROPOSAL {
                old_at.insert(id, self.old(&s, now));
            }
            s.insert(id);
        }
        // Parked comes before void and quarantined in the table of section 2.4.
        let judged: Vec<RecordId> = found
            .iter()
            .filter(|(_, v)| matches!(v, Verdict::Void(_) | Verdict::Quarantined))
            .map(|(id, _)| *id)
            .filter(|id| self.held.contains_key(id))
            .collect();
        for id in judged {
            let held = matches!(found[&id], Verdict::Void(ref reason) if reason == "past-void");
            let fenced = self.closure(self.get(&id)).0.iter().any(|on| {
                matches!(
                    found.get(on),
                    Some(Verdict::Parked("fence-F1" | "fence-F2"))
                )
            });
            if !held && fenced {
                found.insert(id, Verdict::Parked("past"));
            }
        }
    }

    /// Records of the named kinds that this node honours, that lie in Past of an admitted record of
    /// another seat, and that it first saw > 45 d ago.
    fn old(&self, s: &Set, now: u64) -> Set {
        let eval = self.eval(&Rc::new(s.clone()));
        s.iter()
            .filter(|o| {
                let header = self.get(o).header();
                matches!(
                    header.kind,
                    Kind::JOIN
                        | Kind::GRANT
                        | Kind::REVOKE
                        | Kind::READMIT
                        | Kind::RESIGN
                        | Kind::DECISION
                ) && eval.h(o)
                    && self.first_seen(o) + FENCE_MS < now
                    && s.iter().any(|x| {
                        let other = self.get(x).header();
                        other.seat != header.seat
                            && !other.kind.is_content()
                            && other.kind != Kind::BALLOT
                            && self.past(x).contains(*o)
                    })
            })
            .copied()
            .collect()
    }

    fn holds(
        &self,
        s: &Set,
        old_at: &BTreeMap<RecordId, Set>,
        id: &RecordId,
        now: u64,
    ) -> Option<&'static str> {
        let o = self.get(id);
        if let Some(Control::Decision(body)) = o.control() {
            let proposal = self.proposal(&body.proposal).unwrap();
            // F1: old ⊆ Past(P) ∪ {P}.
            let mut known = (*self.past(&body.proposal)).clone();
            known.insert(body.proposal);
            if proposal.class >= 1 && !old_at[&body.proposal].is_subset(&known) {
                return Some("fence-F1");
            }
            let back = |effect: &Effect| matches!(effect, Effect::Revoke(revoke) if revoke.back);
            if proposal.effects.iter().any(back) {
                return None;
            }
        }
        // F2: it would un-honour some o ∈ old.
        let held = matches!(
            o.header().kind,
            Kind::REVOKE | Kind::DEVICE | Kind::RESIGN | Kind::JOIN | Kind::DECISION
        );
        let old = if held { self.old(s, now) } else { Set::new() };
        if old.is_empty() {
            return None;
        }
        let mut with = s.clone();
        with.insert(*id);
        let after = self.eval(&Rc::new(with));
        old.iter().any(|o| !after.h(o)).then_some("fence-F2")
    }
}
