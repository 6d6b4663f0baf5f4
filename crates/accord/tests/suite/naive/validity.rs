//! Static validity (section 4.9): the first failing reason in the order of its list.

use std::{collections::BTreeSet, rc::Rc};

use folkmoot_record::{
    GrantId, Kind, Lane, RecordId, Verified,
    control::{Control, DeviceBody, DeviceLimits, Limits, Target},
    effect_id, signature,
};

use super::{
    Naive,
    eval::Eval,
    grants::{Authority, NEVER, allows, covers, may},
};

/// The reasons in the order in which they are reported.
const ORDER: [&str; 22] = [
    "past-void",
    "prev",
    "hlc",
    "cap-not-live",
    "cap-wrong-seat",
    "cap-window",
    "device",
    "device-limit",
    "action",
    "kind-or-tag",
    "covers",
    "rank",
    "may",
    "target-unknown",
    "invite-window",
    "seat",
    "body-sig",
    "electorate",
    "certificate",
    "class",
    "root",
    "gen",
];

const DAY_MS: u64 = 86_400_000;
/// Bits that a device may not give on: 4, 5, 6, 8, 9.
const WITHHELD: u32 = 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 9;

/// The reasons found to fail.
type Faults = BTreeSet<&'static str>;

fn fail(faults: &mut Faults, holds: bool, reason: &'static str) {
    if !holds {
        faults.insert(reason);
    }
}

impl Naive {
    /// sv(o), of a record whose Past is held and sv.
    pub(super) fn sv(&self, id: &RecordId) -> Result<(), &'static str> {
        if let Some(known) = self.valid.borrow().get(id) {
            return *known;
        }
        let mut faults = Faults::new();
        if self.chain(id, &mut faults) {
            self.authorised(id, &mut faults);
        }
        let first = ORDER.into_iter().find(|reason| faults.contains(reason));
        let verdict = first.map_or(Ok(()), Err);
        self.valid.borrow_mut().insert(*id, verdict);
        verdict
    }

    /// Each auth entry is lane 0; lane 0: prev is the record at seq − 1 of the same log. hlc
    /// exceeds that of every auth, and of prev in lane 0. Says whether Past is one of lane 0.
    fn chain(&self, id: &RecordId, faults: &mut Faults) -> bool {
        let o = self.get(id).header();
        let mut newer_than = Vec::new();
        let mut lane_0 = true;
        for cited in &o.auth {
            let there = self.get(cited).header();
            lane_0 &= there.kind.lane() == Lane::Control;
            newer_than.push(there.hlc);
        }
        fail(faults, lane_0, "prev");
        if o.kind.lane() == Lane::Control
            && let Some(prev) = &o.prev
        {
            let there = self.get(prev).header();
            let follows = there.kind.lane() == Lane::Control
                && there.cid.unwrap_or((*prev).into()) == o.cid.unwrap()
                && (there.seat, there.dev) == (o.seat, o.dev)
                && there.seq + 1 == o.seq;
            fail(faults, follows, "prev");
            newer_than.push(there.hlc);
        }
        fail(faults, newer_than.iter().all(|hlc| o.hlc > *hlc), "hlc");
        lane_0 && !faults.contains("prev")
    }

    fn authorised(&self, id: &RecordId, faults: &mut Faults) {
        let record = self.get(id);
        let o = record.header();
        let t = o.ms();
        let past = self.past(id);
        if let Some(Control::Ballot(_)) = record.control() {
            return self.ballot(record, faults);
        }
        let e = self.eval(&past);
        match record.control() {
            Some(Control::Genesis(_)) => {}
            Some(Control::Invite(body)) => {
                self.common(record, &e, Some(1 << 4), faults);
                let until = Some(body.open_until);
                self.gives(record, &e, &body.limits, until, faults);
            }
            Some(Control::Grant(body)) => {
                self.common(record, &e, Some(1 << 5), faults);
                self.gives(record, &e, &body.limits, None, faults);
            }
            Some(Control::Join(body)) => {
                let cap = o.cap.unwrap();
                let invite = e.grants.get(&cap).and_then(|g| g.invite.as_ref());
                let live = invite.is_some() && e.live[&cap];
                fail(faults, live, "cap-not-live");
                if let Some(invite) = invite {
                    let open = invite.open_from.unwrap_or(0) <= t
                        && t < invite.open_until.unwrap_or(NEVER);
                    fail(faults, open, "invite-window");
                    let data: [&[u8]; 5] = [
                        self.cid.as_ref(),
                        cap.as_ref(),
                        body.seat.as_ref(),
                        body.dev.as_ref(),
                        body.kem.as_ref(),
                    ];
                    let signed = signature::verify(
                        invite.key.as_bytes(),
                        "folkmoot/1 redeem",
                        &data,
                        &body.redeem_sig,
                    );
                    fail(faults, signed, "body-sig");
                }
            }
            Some(Control::Device(body)) => self.device(record, &e, body, faults),
            Some(Control::Resign(_)) => fail(faults, self.has_live_grant(&e, o.seat), "seat"),
            Some(Control::Revoke(body)) => {
                // Bit 4 suffices if type 0 names an invite whose cap is this cap.
                let own_invite = match body.target {
                    Target::Grant(gid) => e
                        .grants
                        .get(&gid)
                        .is_some_and(|g| g.invite.is_some() && g.cap == o.cap),
                    _ => false,
                };
                let bits = if own_invite { 1 << 6 | 1 << 4 } else { 1 << 6 };
                self.common(record, &e, Some(bits), faults);
                fail(faults, self.known(&e, body.target), "target-unknown");
                if let Target::Grant(gid) = body.target
                    && e.grants.contains_key(&gid)
                    && let Some(cap) = self.made(record, &e)
                {
                    fail(faults, may(&e.grants, Authority::Cap(cap), gid), "may");
                }
            }
            Some(Control::Readmit(body)) => {
                self.common(record, &e, Some(1 << 6), faults);
                let v = past.iter().find(|id| body.vid == (**id).into());
                let v = v
                    .map(|id| self.get(id))
                    .filter(|v| v.header().kind == Kind::REVOKE);
                let of_effect = past.iter().any(|p| {
                    self.proposal(p).is_some_and(|proposal| {
                        (0..)
                            .zip(&proposal.effects)
                            .any(|(k, effect)| is_revoke(effect) && effect_id(*p, k) == body.vid)
                    })
                });
                fail(faults, !of_effect, "may");
                fail(faults, v.is_some() || of_effect, "target-unknown");
                if let (Some(v), Some(cap)) = (v, self.made(record, &e)) {
                    let of = v.header();
                    let rank = |gid: GrantId| e.grants[&gid].limits.rank;
                    let entitled =
                        (of.seat, of.cap) == (o.seat, o.cap) || rank(cap) > rank(of.cap.unwrap());
                    fail(faults, entitled, "may");
                }
            }
            Some(Control::Proposal(body)) => {
                self.common(record, &e, Some(1 << 7), faults);
                self.proposes(&past, &e, body, t, faults);
            }
            Some(Control::Decision(_)) => {
                self.full(record, &e, faults);
                fail(faults, self.certified(record, &past), "certificate");
            }
            Some(Control::Epoch(body)) => {
                self.common(record, &e, Some(1 << 9), faults);
                let newest = past.iter().filter_map(|id| match self.get(id).control() {
                    Some(Control::Epoch(body)) => Some(body.generation),
                    _ => None,
                });
                let newest = newest.max().unwrap_or(0);
                fail(faults, body.generation == newest + 1, "gen");
            }
            Some(Control::Kem(_)) => {
                let standing = self.standing(&e, o.seat, o.dev);
                fail(faults, standing.iter().any(|a| a.kem.is_some()), "device");
                fail(faults, self.seat_is_live(&e, o.seat), "seat");
            }
            Some(Control::Merge) if o.cap.is_some() => self.common(record, &e, None, faults),
            Some(Control::Merge | Control::ForkNote(_)) => self.full(record, &e, faults),
            Some(Control::Ballot(_) | Control::Parked) => {}
            // Content.
            None => {
                let bits = match o.kind {
                    Kind::RETRACT => None,
                    Kind::HIDE | Kind::UNHIDE => Some(1 << 3),
                    Kind::PURGE => Some(1 << 10),
                    _ => Some(1 << 1),
                };
                self.common(record, &e, bits, faults);
            }
        }
    }

    /// The cap, if it was made in Past(o).
    fn made(&self, o: &Verified, e: &Eval) -> Option<GrantId> {
        o.header().cap.filter(|cap| e.grants.contains_key(cap))
    }

    /// The common test for every record with cap, joins excepted. `bits`: one of them is wanted;
    /// `None`: any.
    fn common(&self, record: &Verified, e: &Eval, bits: Option<u32>, faults: &mut Faults) {
        let o = record.header();
        let t = o.ms();
        let cap = self.made(record, e);
        fail(faults, cap.is_some_and(|cap| e.live[&cap]), "cap-not-live");
        let standing = self.standing(e, o.seat, o.dev);
        fail(faults, !standing.is_empty(), "device");
        let full = standing.iter().any(|a| a.dlim.is_none());
        let dlims: Vec<&DeviceLimits> = standing.iter().filter_map(|a| a.dlim.as_ref()).collect();
        let wanted = bits.unwrap_or(u32::MAX);
        let in_reach = |d: &DeviceLimits| {
            d.nbf.unwrap_or(0) <= t
                && t < d.exp
                && (!o.kind.is_content()
                    || allows(d.kinds.as_deref(), d.tags.as_deref(), o.kind, &o.tags))
        };
        let lets = |d: &&&DeviceLimits| in_reach(d) && (bits.is_none() || d.mask.0 & wanted != 0);
        if !standing.is_empty() && !full {
            fail(faults, dlims.iter().any(|d| lets(&d)), "device-limit");
        }
        let Some(cap) = cap else { return };
        let g = &e.grants[&cap];
        let mine = g.invite.is_none() && g.to == o.seat;
        fail(faults, mine, "cap-wrong-seat");
        let in_force = g.limits.nbf.unwrap_or(0) <= t && t < g.limits.exp.unwrap_or(NEVER);
        fail(faults, in_force, "cap-window");
        // eff(cap) = roles[role].actions ∩ mask, ∩ dlim.mask if the device is limited.
        let of_role = self.actions(e, g.limits.role) & g.limits.mask.0;
        let acts = if full || standing.is_empty() {
            of_role & wanted != 0
        } else {
            dlims
                .iter()
                .filter(lets)
                .any(|d| of_role & d.mask.0 & wanted != 0)
        };
        fail(faults, acts, "action");
        if o.kind.is_content() {
            let (kinds, tags) = (g.limits.kinds.as_deref(), g.limits.tags.as_deref());
            fail(faults, allows(kinds, tags, o.kind, &o.tags), "kind-or-tag");
        }
    }

    /// roles[role].actions of the charter in E.
    pub(super) fn actions(&self, e: &Eval, role: u16) -> u32 {
        let roles = e.charter.iter().flat_map(|charter| &charter.roles);
        roles
            .filter(|r| r.id == role)
            .map(|r| r.actions.0)
            .next()
            .unwrap_or(0)
    }

    /// Full device test: certified and full, seat live.
    fn full(&self, record: &Verified, e: &Eval, faults: &mut Faults) {
        let o = record.header();
        fail(faults, self.is_full(e, o.seat, o.dev), "device");
        fail(faults, self.seat_is_live(e, o.seat), "seat");
    }

    /// covers(cap, lim); the role exists with equal rank, and rank ≤ may_grant of role(cap).
    fn gives(
        &self,
        record: &Verified,
        e: &Eval,
        lim: &Limits,
        until: Option<Option<u64>>,
        faults: &mut Faults,
    ) {
        let roles = || e.charter.iter().flat_map(|charter| &charter.roles);
        let role = roles().find(|r| r.id == lim.role);
        fail(faults, role.is_some_and(|r| r.rank == lim.rank), "rank");
        if let Some(cap) = self.made(record, e) {
            let p = &e.grants[&cap];
            let covered = covers(&p.limits, lim, until) && p.depth < 64;
            fail(faults, covered, "covers");
            let own = roles().find(|r| r.id == p.limits.role);
            fail(faults, own.is_some_and(|r| lim.rank <= r.may_grant), "rank");
        }
    }

    /// Seat has a live grant. Signer root, or a full device. After it ≤ 8 full, ≤ 16 limited. By a
    /// device also the rules of `root`.
    fn device(&self, record: &Verified, e: &Eval, body: &DeviceBody, faults: &mut Faults) {
        let o = record.header();
        let by_root = o.dev.as_bytes() == o.seat.as_bytes();
        fail(faults, self.has_live_grant(e, o.seat), "seat");
        fail(faults, by_root || self.is_full(e, o.seat, o.dev), "device");
        let mut with = (*e.t).clone();
        with.insert(record.id());
        let after = self.eval(&Rc::new(with));
        let devices: BTreeSet<_> = after
            .adds
            .iter()
            .filter(|a| a.seat == o.seat)
            .map(|a| a.dev)
            .collect();
        let (mut full, mut limited) = (0, 0);
        for dev in devices {
            let standing = self.standing(&after, o.seat, dev);
            if standing.iter().any(|a| a.dlim.is_none()) {
                full += 1;
            } else if !standing.is_empty() {
                limited += 1;
            }
        }
        fail(faults, full <= 8 && limited <= 16, "root");
        if !by_root {
            let tame =
                |d: &DeviceLimits| d.exp <= o.ms() + 400 * DAY_MS && d.mask.0 & WITHHELD == 0;
            let adds = body
                .adds
                .iter()
                .all(|a| a.limits.as_ref().is_some_and(tame));
            let own = |dev| {
                e.adds
                    .iter()
                    .any(|a| a.seat == o.seat && a.dev == dev && a.signer == Some(o.dev))
            };
            let drops = body.drops.iter().all(|drop| own(drop.dev));
            fail(faults, adds && drops, "root");
        }
    }

    /// Type 0: made in Past(o). Type 1: a seat of a founder entry, join, device header or grant.to
    /// there. Type 2: a dev of a founder entry, join, device header or add there.
    pub(super) fn known(&self, e: &Eval, target: Target) -> bool {
        match target {
            Target::Grant(gid) => e.grants.contains_key(&gid),
            Target::Seat(seat) => {
                e.grants
                    .values()
                    .any(|g| g.invite.is_none() && g.to == seat)
                    || e.t.iter().any(|id| {
                        let header = self.get(id).header();
                        header.kind == Kind::DEVICE && header.seat == seat
                    })
            }
            Target::Device(dev) => e.t.iter().any(|id| {
                let record = self.get(id);
                match record.control() {
                    Some(Control::Genesis(body)) => body.founders.iter().any(|f| f.dev == dev),
                    Some(Control::Join(body)) => body.dev == dev,
                    Some(Control::Device(body)) => {
                        record.header().dev == dev || body.adds.iter().any(|a| a.dev == dev)
                    }
                    _ => false,
                }
            }),
        }
    }
}

pub(super) fn is_revoke(effect: &folkmoot_record::control::Effect) -> bool {
    matches!(effect, folkmoot_record::control::Effect::Revoke(_))
}
