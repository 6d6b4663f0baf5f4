//! Proposals, electorates, ballots, decisions (sections 5.2 to 5.5).

use std::collections::BTreeSet;

use folkmoot_record::{
    GrantId, Lane, RecordId, SeatKey, Verified,
    control::{Choice, Control, Effect, Proposal, Rule, Target},
    effect_id,
};

use super::{
    Naive, Set,
    eval::Eval,
    grants::{NEVER, Origin},
    validity::is_revoke,
};

const DAY_MS: u64 = 86_400_000;
const VOTE: u32 = 1 << 8;

fn fail(faults: &mut BTreeSet<&'static str>, holds: bool, reason: &'static str) {
    if !holds {
        faults.insert(reason);
    }
}

fn rule(e: &Eval, class: u8) -> Option<&Rule> {
    let rules = e.charter.iter().flat_map(|charter| &charter.rules);
    rules.into_iter().find(|rule| rule.class == class)
}

impl Naive {
    /// A rule for its class; closes_ms ≤ t + 30 d; effects as the table of section 5.2.
    pub(super) fn proposes(
        &self,
        past: &Set,
        e: &Eval,
        body: &Proposal,
        t: u64,
        faults: &mut BTreeSet<&'static str>,
    ) {
        let rule = rule(e, body.class);
        fail(faults, rule.is_some(), "class");
        fail(faults, body.closes_ms <= t + 30 * DAY_MS, "class");
        for effect in &body.effects {
            let fits = match effect {
                Effect::Grant(_) | Effect::Revoke(_) | Effect::Readmit(_) => {
                    matches!(body.class, 1 | 2 | 4)
                }
                Effect::Charter(_) | Effect::Fork(_) => body.class == 3,
            };
            fail(faults, fits, "class");
            let roles = || e.charter.iter().flat_map(|charter| &charter.roles);
            match effect {
                Effect::Grant(grant) => {
                    let lim = &grant.limits;
                    fail(faults, body.class != 1 || lim.rank < 100, "class");
                    let role = roles().find(|r| r.id == lim.role);
                    fail(faults, role.is_some_and(|r| r.rank == lim.rank), "rank");
                }
                Effect::Revoke(revoke) => {
                    fail(faults, self.known(e, revoke.target), "target-unknown");
                }
                Effect::Charter(delta) => {
                    // A role that exists keeps its rank (section 4.8).
                    let same = delta
                        .roles
                        .iter()
                        .flatten()
                        .all(|new| roles().all(|old| old.id != new.id || old.rank == new.rank));
                    fail(faults, same, "class");
                }
                Effect::Readmit(readmit) => {
                    let op = past.iter().any(|id| {
                        readmit.vid == (*id).into()
                            && matches!(self.get(id).control(), Some(Control::Revoke(_)))
                    });
                    let of = past.iter().find_map(|p| {
                        let proposal = self.proposal(p)?;
                        (0..)
                            .zip(&proposal.effects)
                            .any(|(k, effect)| is_revoke(effect) && effect_id(*p, k) == readmit.vid)
                            .then_some(proposal.class)
                    });
                    fail(faults, op || of.is_some(), "target-unknown");
                    fail(faults, of.is_none_or(|class| class <= body.class), "may");
                }
                Effect::Fork(_) => {}
            }
        }
        // Flag bit 0: all revoke effects name one seat.
        if rule.is_some_and(|rule| rule.flags & 1 == 1) {
            fail(faults, self.named(e, body).len() <= 1, "class");
        }
    }

    /// The seats that the revoke effects name: a grant counts as its `to`, a dev as the seats that
    /// add it in Past(P).
    fn named(&self, e: &Eval, body: &Proposal) -> BTreeSet<SeatKey> {
        let mut seats = BTreeSet::new();
        for effect in &body.effects {
            let Effect::Revoke(revoke) = effect else {
                continue;
            };
            match revoke.target {
                Target::Grant(gid) => seats.extend(e.grants.get(&gid).map(|g| g.to)),
                Target::Seat(seat) => {
                    seats.insert(seat);
                }
                Target::Device(dev) => {
                    seats.extend(e.adds.iter().filter(|a| a.dev == dev).map(|a| a.seat));
                }
            }
        }
        seats
    }

    /// Electorate(P) (section 5.3), judged in Eval(Past(P)) with t = ms(P).
    pub(crate) fn electorate(&self, p: &RecordId) -> BTreeSet<SeatKey> {
        let e = self.eval(&self.past(p));
        let body = self.proposal(p).unwrap();
        let rule = rule(&e, body.class).unwrap();
        let t = self.get(p).header().ms();
        let left_out = if rule.flags & 1 == 1 {
            self.named(&e, body)
        } else {
            BTreeSet::new()
        };
        let seats: BTreeSet<SeatKey> = e.grants.values().map(|g| g.to).collect();
        seats
            .into_iter()
            .filter(|seat| !left_out.contains(seat) && self.seat_is_live(&e, *seat))
            .filter(|seat| self.votes(&e, rule, *seat, t))
            .collect()
    }

    fn votes(&self, e: &Eval, rule: &Rule, seat: SeatKey, t: u64) -> bool {
        let live = || {
            e.grants
                .iter()
                .filter(|(gid, g)| g.to == seat && g.invite.is_none() && e.live[*gid])
        };
        // A grant g with live_at(g), bit 8 in roles[role].actions ∩ mask, rank(g) ≥ min_rank.
        let entitled = live().any(|(_, g)| {
            g.limits.nbf.unwrap_or(0) <= t
                && t < g.limits.exp.unwrap_or(NEVER)
                && self.actions(e, g.limits.role) & g.limits.mask.0 & VOTE != 0
                && g.limits.rank >= rule.min_rank
        });
        // since(seat): the least since(g) over all its live grants; none ⇒ not in the electorate.
        let since = live().filter_map(|(gid, _)| self.since(e, rule, gid)).min();
        let tenured = since
            .is_some_and(|since| i128::from(since) <= i128::from(t) - i128::from(rule.tenure_ms));
        // With a lane-0 record of the seat in Past(P) of ms ≥ t − active_ms.
        let active = rule.active_ms == 0
            || e.t.iter().any(|id| {
                let header = self.get(id).header();
                header.seat == seat
                    && header.kind.lane() == Lane::Control
                    && i128::from(header.ms()) >= i128::from(t) - i128::from(rule.active_ms)
            });
        entitled && tenured && active
    }

    fn since(&self, e: &Eval, rule: &Rule, gid: &GrantId) -> Option<u64> {
        let g = &e.grants[gid];
        if g.origin != Origin::Record || rule.wit_rank == 0 {
            return Some(self.get(&g.op).header().ms());
        }
        // L = { to(a) : a ∈ lineage(g) }.
        let l: BTreeSet<SeatKey> = g.lineage.iter().map(|a| e.grants[a].to).collect();
        let outsider = e.grants.iter().any(|(other, a)| {
            a.invite.is_none()
                && e.live[other]
                && a.limits.rank >= rule.wit_rank
                && a.to != g.to
                && !l.contains(&a.to)
        });
        e.t.iter()
            .filter(|w| {
                let header = self.get(w).header();
                header.kind.lane() == Lane::Control
                    && header
                        .cap
                        .is_some_and(|cap| e.grants[&cap].limits.rank >= rule.wit_rank && e.h(w))
                    && self.past(w).contains(&g.op)
                    && header.seat != g.to
                    && (!outsider || !l.contains(&header.seat))
            })
            .map(|w| self.get(w).header().ms())
            .min()
    }

    /// P is a proposal (`electorate`); in Eval(Past(P)): device certified, full or a dlim with bit
    /// 8 and window at t; seat ∈ Electorate(P), ms(P) < t ≤ closes_ms.
    pub(super) fn ballot(&self, record: &Verified, faults: &mut BTreeSet<&'static str>) {
        let o = record.header();
        let t = o.ms();
        let p = o.auth[0];
        let Some(body) = self.proposal(&p) else {
            faults.insert("electorate");
            return;
        };
        let e = self.eval(&self.past(&p));
        let device = self.standing(&e, o.seat, o.dev).iter().any(|a| {
            a.dlim
                .as_ref()
                .is_none_or(|d| d.mask.0 & VOTE != 0 && d.nbf.unwrap_or(0) <= t && t < d.exp)
        });
        fail(faults, device, "device");
        let in_time = self.get(&p).header().ms() < t && t <= body.closes_ms;
        let elector = self.electorate(&p).contains(&o.seat);
        fail(faults, elector && in_time, "electorate");
    }

    /// P a proposal in Past(o), and the certificate of section 5.5: ballots for P, each sv, yes, at
    /// most one per seat; y·y_den ≥ E·y_num and y ≥ min_yes.
    pub(super) fn certified(&self, decision: &Verified, past: &Set) -> bool {
        let Some(Control::Decision(body)) = decision.control() else {
            return false;
        };
        let p = body.proposal;
        let Some(proposal) = self.proposal(&p).filter(|_| past.contains(&p)) else {
            return false;
        };
        let mut seats = BTreeSet::new();
        for id in &body.ballots {
            let Some(ballot) = self.held.get(id) else {
                return false;
            };
            let yes =
                matches!(ballot.control(), Some(Control::Ballot(b)) if b.choice == Choice::Yes);
            let counts = yes
                && ballot.header().auth == [p]
                && self.sv(id).is_ok()
                && seats.insert(ballot.header().seat);
            if !counts {
                return false;
            }
        }
        let e = self.eval(&self.past(&p));
        let rule = rule(&e, proposal.class).unwrap();
        let y = body.ballots.len() as u128;
        let size = self.electorate(&p).len() as u128;
        y * u128::from(rule.y_den) >= size * u128::from(rule.y_num) && y >= u128::from(rule.min_yes)
    }
}
