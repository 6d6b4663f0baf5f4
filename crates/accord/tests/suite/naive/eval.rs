//! Charter and Eval (sections 4.8 and 4.7).

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use folkmoot_record::{
    GrantId, Kind, RecordId,
    control::{Charter, CharterDelta, Control, Effect, Proposal},
};

use super::{
    Naive, Set,
    devices::Add,
    grants::{Authority, Grants, Origin, may},
    revocations::{Readmission, Revocation},
};

/// What Eval(T) says.
#[derive(Debug)]
pub(crate) struct Eval {
    pub(super) t: Rc<Set>,
    /// Decided proposals with the longest ballot list over their decisions.
    pub(super) decided: BTreeMap<RecordId, usize>,
    pub(super) charter: Option<Charter>,
    pub(super) grants: Grants,
    pub(super) r: Vec<Revocation>,
    pub(super) m: Vec<Readmission>,
    pub(super) adds: Vec<Add>,
    pub(super) h: BTreeMap<RecordId, bool>,
    pub(super) live: BTreeMap<GrantId, bool>,
    pub(super) selected: BTreeMap<GrantId, Vec<RecordId>>,
}

impl Eval {
    /// H(o), which must be decided by now (P6).
    pub(super) fn h(&self, o: &RecordId) -> bool {
        match self.h.get(o) {
            Some(h) => *h,
            None => panic!("P6: {o} is looked up before its stratum is decided"),
        }
    }

    /// active(v) := H(v) for a revoke op, else true.
    pub(super) fn active(&self, v: &Revocation) -> bool {
        !matches!(v.authority, Authority::Cap(_)) || self.h(&v.op)
    }

    /// issued(g) := true for a founder | P ∈ decided for an effect | H(op(g)) else.
    fn issued(&self, gid: &GrantId) -> bool {
        let g = &self.grants[gid];
        match g.origin {
            Origin::Founder => true,
            Origin::Effect => self.decided.contains_key(&g.op),
            Origin::Record => self.h(&g.op),
        }
    }
}

impl Naive {
    /// Eval(T).
    pub(super) fn eval(&self, t: &Rc<Set>) -> Rc<Eval> {
        if let Some(known) = self.evals.borrow().get(t) {
            return known.clone();
        }
        let eval = Rc::new(self.evaluate(t));
        self.evals.borrow_mut().insert(t.clone(), eval.clone());
        eval
    }

    fn evaluate(&self, t: &Rc<Set>) -> Eval {
        // Step 1.
        let mut eval = Eval {
            t: t.clone(),
            decided: self.decided(t),
            charter: None,
            grants: self.grants(t),
            r: Vec::new(),
            m: Vec::new(),
            adds: Vec::new(),
            h: BTreeMap::new(),
            live: BTreeMap::new(),
            selected: BTreeMap::new(),
        };
        eval.charter = self.charter(t, &eval.decided);
        self.revocations(&mut eval);
        self.adds(&mut eval);
        let mut strata: BTreeMap<(u32, u32), Vec<RecordId>> = BTreeMap::new();
        for invite in eval.grants.values().filter(|g| g.invite.is_some()) {
            strata.entry(invite.sigma()).or_default();
        }
        for id in t.iter() {
            let header = self.get(id).header();
            match (header.kind, header.cap) {
                (Kind::BALLOT, _) => {}
                (
                    Kind::GENESIS | Kind::DEVICE | Kind::RESIGN | Kind::PROPOSAL | Kind::DECISION,
                    _,
                ) => {
                    eval.h.insert(*id, true);
                }
                (_, Some(cap)) => {
                    let sigma = eval.grants[&cap].sigma();
                    strata.entry(sigma).or_default().push(*id);
                }
                (_, None) => {} // Step 4.
            }
        }
        // Step 2: for s in ascending σ.
        for (s, records) in strata {
            let honoured: Vec<(RecordId, bool)> = records
                .iter()
                .map(|o| (*o, self.honoured(&eval, o)))
                .collect();
            // A join stands decided only once the uses of its invite are counted.
            let (joins, others): (Vec<_>, Vec<_>) = honoured
                .into_iter()
                .partition(|(o, _)| self.get(o).header().kind == Kind::JOIN);
            eval.h.extend(others);
            self.select(&mut eval, s, joins);
        }
        // Step 3: live(g) := issued(g) ∧ no active v ∈ R has hits(v, g).
        for gid in eval.grants.keys() {
            let live = eval.issued(gid)
                && !eval
                    .r
                    .iter()
                    .any(|v| self.hits(&eval, v, *gid) && eval.active(v));
            eval.live.insert(*gid, live);
        }
        // Step 4: merge, kem and forknote without cap.
        let uncapped: Vec<RecordId> = t
            .iter()
            .filter(|id| !eval.h.contains_key(*id) && self.get(id).header().kind != Kind::BALLOT)
            .copied()
            .collect();
        let judged: Vec<(RecordId, bool)> = uncapped
            .into_iter()
            .map(|o| (o, self.honoured_without_cap(&eval, &o)))
            .collect();
        eval.h.extend(judged);
        eval
    }

    /// H(o) of step 2.
    fn honoured(&self, eval: &Eval, o: &RecordId) -> bool {
        let record = self.get(o);
        let cap = record.header().cap.unwrap();
        eval.issued(&cap)
            && eval.r.iter().all(|v| {
                let itself = v.op == *o && !v.effect;
                itself || !self.hits(eval, v, cap) || !eval.active(v) || self.kept(eval, v, record)
            })
            && self.device_holds(eval, o, |authority| may(&eval.grants, authority, cap))
    }

    /// For each invite i with σ(i) = s: J := its joins with H, in the order (not witnessed, hlc,
    /// id); skip a seat already taken, select the first max_uses.
    fn select(&self, eval: &mut Eval, s: (u32, u32), joins: Vec<(RecordId, bool)>) {
        // witnessed(j) :⇔ j ∈ Past(x) for some lane-0 x with H(x), cap(x) ≠ null, σ(cap(x)) < σ(i).
        let witnessed = |j: &RecordId| {
            eval.t.iter().any(|x| {
                let header = self.get(x).header();
                !header.kind.is_content()
                    && header.cap.is_some_and(|cap| eval.grants[&cap].sigma() < s)
                    && self.past(x).contains(j)
                    && eval.h(x)
            })
        };
        let mut selected: BTreeMap<GrantId, Vec<RecordId>> = BTreeMap::new();
        for (gid, invite) in eval.grants.iter().filter(|(_, g)| g.sigma() == s) {
            let Some(body) = &invite.invite else { continue };
            let mut j: Vec<RecordId> = joins
                .iter()
                .filter(|(o, h)| *h && self.get(o).header().cap == Some(*gid))
                .map(|(o, _)| *o)
                .collect();
            j.sort_by_key(|o| (!witnessed(o), self.get(o).header().hlc, *o));
            let mut taken = BTreeSet::new();
            let chosen = selected.entry(*gid).or_default();
            for o in j {
                if (chosen.len() as u64) < body.max_uses && taken.insert(self.get(&o).header().seat)
                {
                    chosen.push(o);
                }
            }
        }
        for (o, _) in joins {
            let cap = self.get(&o).header().cap.unwrap();
            let chosen = selected.get(&cap).is_some_and(|list| list.contains(&o));
            eval.h.insert(o, chosen);
        }
        eval.selected.extend(selected);
    }

    /// H(o) of step 4.
    fn honoured_without_cap(&self, eval: &Eval, o: &RecordId) -> bool {
        let record = self.get(o);
        let seat = record.header().seat;
        let live: Vec<GrantId> = eval
            .grants
            .iter()
            .filter(|(gid, g)| g.to == seat && g.invite.is_none() && eval.live[*gid])
            .map(|(gid, _)| *gid)
            .collect();
        self.device_holds(eval, o, |authority| {
            live.iter().all(|g| may(&eval.grants, authority, *g))
        }) && eval.r.iter().all(|v| {
            v.what != super::revocations::What::Resign(seat)
                || self.past(o).contains(&v.op)
                || self.kept(eval, v, record)
        })
    }

    /// P is decided in T iff T holds P and a decision for it.
    fn decided(&self, t: &Set) -> BTreeMap<RecordId, usize> {
        let mut decided: BTreeMap<RecordId, usize> = BTreeMap::new();
        for id in t {
            if let Some(Control::Decision(body)) = self.get(id).control()
                && t.contains(&body.proposal)
            {
                let most = decided.entry(body.proposal).or_default();
                *most = (*most).max(body.ballots.len());
            }
        }
        decided
    }

    pub(super) fn proposal(&self, p: &RecordId) -> Option<&Proposal> {
        match self.held.get(p)?.control() {
            Some(Control::Proposal(body)) => Some(body),
            _ => None,
        }
    }

    /// CHARTER(S) (section 4.8).
    fn charter(&self, t: &Set, decided: &BTreeMap<RecordId, usize>) -> Option<Charter> {
        let mut charter = t.iter().find_map(|id| match self.get(id).control() {
            Some(Control::Genesis(body)) => Some(body.charter.clone()),
            _ => None,
        })?;
        // Field by field: what each decided class-3 proposal gives it, the last effect counting.
        let mut fields: BTreeMap<Field, BTreeMap<RecordId, CharterDelta>> = BTreeMap::new();
        for p in decided.keys() {
            let Some(body) = self.proposal(p).filter(|body| body.class == 3) else {
                continue;
            };
            for effect in &body.effects {
                let Effect::Charter(delta) = effect else {
                    continue;
                };
                for (field, part) in parts(delta) {
                    fields.entry(field).or_default().insert(*p, part);
                }
            }
        }
        for given in fields.into_values() {
            // Drop each P' for which a decision of P' lies in Past(P) of another of them.
            let replaced = |of: &RecordId| {
                given.keys().any(|p| {
                    p != of
                        && self.past(p).iter().any(|d| {
                            matches!(self.get(d).control(),
                                Some(Control::Decision(body)) if body.proposal == *of)
                        })
                })
            };
            // Of the rest the one with most yes, then the smallest id.
            let best = given
                .keys()
                .filter(|p| !replaced(p))
                .min_by_key(|p| (usize::MAX - decided[*p], **p));
            if let Some(p) = best {
                apply(&mut charter, &given[p]);
            }
        }
        Some(charter)
    }
}

/// One per role id, one per rule class, keys 2, 3, 4, 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Role(u16),
    Rule(u8),
    Key(u8),
}

fn parts(delta: &CharterDelta) -> Vec<(Field, CharterDelta)> {
    let mut parts = Vec::new();
    for role in delta.roles.iter().flatten() {
        let part = CharterDelta {
            roles: Some(vec![role.clone()]),
            ..CharterDelta::default()
        };
        parts.push((Field::Role(role.id), part));
    }
    for rule in delta.rules.iter().flatten() {
        let part = CharterDelta {
            rules: Some(vec![rule.clone()]),
            ..CharterDelta::default()
        };
        parts.push((Field::Rule(rule.class), part));
    }
    if delta.quotas.is_some() {
        let part = CharterDelta {
            quotas: delta.quotas,
            ..CharterDelta::default()
        };
        parts.push((Field::Key(2), part));
    }
    if delta.history.is_some() {
        let part = CharterDelta {
            history: delta.history,
            ..CharterDelta::default()
        };
        parts.push((Field::Key(3), part));
    }
    if delta.agreement.is_some() {
        let part = CharterDelta {
            agreement: delta.agreement,
            ..CharterDelta::default()
        };
        parts.push((Field::Key(4), part));
    }
    parts
}

fn apply(charter: &mut Charter, part: &CharterDelta) {
    for role in part.roles.iter().flatten() {
        charter.roles.retain(|old| old.id != role.id);
        charter.roles.push(role.clone());
        charter.roles.sort_by_key(|role| role.id);
    }
    for rule in part.rules.iter().flatten() {
        charter.rules.retain(|old| old.class != rule.class);
        charter.rules.push(rule.clone());
        charter.rules.sort_by_key(|rule| rule.class);
    }
    if let Some((content, control)) = part.quotas {
        (charter.content_per_day, charter.control_per_day) = (content, control);
    }
    if let Some(history) = part.history {
        charter.history = history;
    }
    if part.agreement.is_some() {
        charter.agreement = part.agreement;
    }
}
