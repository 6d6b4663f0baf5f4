//! Revocations: seen, hits, kept (section 4.5).

use folkmoot_record::{
    DeviceKey, GrantId, Lane, RecordId, RevocationId, SeatKey, Verified,
    control::{Control, Cut, Effect, Revoke, Target},
    effect_id,
};

use super::{
    Naive, Set,
    eval::Eval,
    grants::{Authority, may},
};

/// A revocation: of R(T).
#[derive(Debug, Clone)]
pub(super) struct Revocation {
    /// vid; drops and resigns have none.
    pub(super) vid: Option<RevocationId>,
    /// The record, or P.
    pub(super) op: RecordId,
    pub(super) what: What,
    pub(super) authority: Authority,
    /// It is an effect of a decided proposal.
    pub(super) effect: bool,
    pub(super) back: bool,
    pub(super) cut: Vec<Cut>,
    pub(super) keep: Vec<RecordId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Grant(GrantId, bool),
    Seat(SeatKey),
    Device(DeviceKey),
    Resign(SeatKey),
    /// A drop of a device of that seat, and the key that signed it.
    Drop(SeatKey, DeviceKey, DeviceKey),
}

/// A readmit op, or a readmit effect of a decided proposal.
#[derive(Debug, Clone)]
pub(super) struct Readmission {
    pub(super) vid: RevocationId,
    /// The record; `None` for an effect, which counts always.
    pub(super) record: Option<RecordId>,
    pub(super) cut: Vec<Cut>,
    pub(super) keep: Vec<RecordId>,
}

fn revoked(body: &Revoke) -> What {
    match body.target {
        Target::Grant(gid) => What::Grant(gid, body.subtree),
        Target::Seat(seat) => What::Seat(seat),
        Target::Device(dev) => What::Device(dev),
    }
}

impl Naive {
    /// R(T) and M: revoke ops, revoke effects of decided proposals, drops, resigns; readmissions.
    pub(super) fn revocations(&self, eval: &mut Eval) {
        for id in eval.t.clone().iter() {
            let o = self.get(id);
            let header = o.header();
            match o.control() {
                Some(Control::Revoke(body)) => eval.r.push(Revocation {
                    vid: Some((*id).into()),
                    op: *id,
                    what: revoked(body),
                    authority: Authority::Cap(header.cap.unwrap()),
                    effect: false,
                    back: false,
                    cut: body.cut.clone(),
                    keep: body.keep.clone(),
                }),
                Some(Control::Resign(body)) => eval.r.push(Revocation {
                    vid: None,
                    op: *id,
                    what: What::Resign(header.seat),
                    authority: Authority::Root(header.seat),
                    effect: false,
                    back: false,
                    cut: body.cut.clone(),
                    keep: Vec::new(),
                }),
                Some(Control::Device(body)) => {
                    for drop in &body.drops {
                        eval.r.push(Revocation {
                            vid: None,
                            op: *id,
                            what: What::Drop(header.seat, drop.dev, header.dev),
                            authority: Authority::Root(header.seat),
                            effect: false,
                            back: false,
                            cut: drop.cut.clone(),
                            keep: Vec::new(),
                        });
                    }
                }
                Some(Control::Readmit(body)) => eval.m.push(Readmission {
                    vid: body.vid,
                    record: Some(*id),
                    cut: body.cut.clone(),
                    keep: body.keep.clone(),
                }),
                Some(Control::Proposal(body)) if eval.decided.contains_key(id) => {
                    for (k, effect) in (0..).zip(&body.effects) {
                        match effect {
                            Effect::Revoke(revoke) => eval.r.push(Revocation {
                                vid: Some(effect_id(*id, k)),
                                op: *id,
                                what: revoked(revoke),
                                authority: Authority::Decision(body.class),
                                effect: true,
                                back: revoke.back,
                                cut: revoke.cut.clone(),
                                keep: revoke.keep.clone(),
                            }),
                            Effect::Readmit(readmit) => eval.m.push(Readmission {
                                vid: readmit.vid,
                                record: None,
                                cut: readmit.cut.clone(),
                                keep: readmit.keep.clone(),
                            }),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// seen(v, g): v ∈ Past(op(g)); for an effect of P: a decision of P ∈ Past(op(g)).
    fn seen(&self, v: &Revocation, op: &RecordId) -> bool {
        let past = self.past(op);
        if v.effect {
            past.iter().any(|id| {
                matches!(self.get(id).control(), Some(Control::Decision(d)) if d.proposal == v.op)
            })
        } else {
            past.contains(&v.op)
        }
    }

    /// hits(v, g).
    pub(super) fn hits(&self, eval: &Eval, v: &Revocation, gid: GrantId) -> bool {
        let g = &eval.grants[&gid];
        let aimed = match v.what {
            What::Grant(target, subtree) => {
                target == gid || (subtree && g.lineage.contains(&target))
            }
            What::Seat(seat) | What::Resign(seat) => g.to == seat,
            What::Device(_) | What::Drop(..) => false,
        };
        if may(&eval.grants, v.authority, gid) && !self.seen(v, &g.op) && aimed {
            return true;
        }
        // And hits(v, i) for an invite i if hits(v, cap(i)).
        g.invite.is_some() && g.cap.is_some_and(|cap| self.hits(eval, v, cap))
    }

    /// kept(v, o).
    pub(super) fn kept(&self, eval: &Eval, v: &Revocation, o: &Verified) -> bool {
        let lane_0 = o.header().kind.lane() == Lane::Control;
        let id = o.id();
        let below = |cuts: &[Cut]| cuts.iter().any(|cut| self.below(&eval.t, cut, o));
        if lane_0 && !v.back && self.past(&v.op).contains(&id) {
            return true;
        }
        if (lane_0 && v.keep.contains(&id)) || below(&v.cut) {
            return true;
        }
        eval.m.iter().any(|m| {
            Some(m.vid) == v.vid
                && ((lane_0 && m.keep.contains(&id)) || below(&m.cut))
                && m.record.is_none_or(|record| eval.h(&record))
        })
    }

    /// *At or below* an entry, for o of that device and lane.
    fn below(&self, t: &Set, cut: &Cut, o: &Verified) -> bool {
        let header = o.header();
        let lane = u8::from(header.kind.lane() == Lane::Content);
        if (header.dev, lane) != (cut.dev, cut.lane) {
            return false;
        }
        // o is id, or on the walk from id along prev, while records of T of the same log follow.
        let mut at = cut.id;
        let mut lowest = None;
        loop {
            if at == o.id() {
                return true;
            }
            let Some(record) = self.held.get(&at).filter(|_| t.contains(&at)) else {
                // Lane 1, until headers arrive: by seq.
                return lane == 1
                    && match lowest {
                        None => header.seq <= cut.seq,
                        Some(lowest) => header.seq < lowest,
                    };
            };
            let there = record.header();
            let same = there.seat == header.seat
                && there.dev == header.dev
                && there.kind.lane() == header.kind.lane();
            if !same {
                return false;
            }
            lowest = Some(there.seq);
            let Some(prev) = there.prev else {
                return false;
            };
            at = prev;
        }
    }
}

impl Naive {
    /// For the properties: every revocation but o itself, whether it hits the grant, and whether it
    /// keeps o.
    pub(crate) fn hitters(
        &self,
        eval: &Eval,
        gid: GrantId,
        o: &RecordId,
    ) -> Vec<(Option<RevocationId>, bool, bool)> {
        let others = eval.r.iter().filter(|v| v.op != *o || v.effect);
        others
            .map(|v| {
                let hits = self.hits(eval, v, gid);
                (v.vid, hits, hits && self.kept(eval, v, self.get(o)))
            })
            .collect()
    }

    /// hits(v, g), by the id of v.
    pub(crate) fn hit_by(&self, eval: &Eval, vid: &RevocationId, gid: GrantId) -> bool {
        let mut all = eval.r.iter();
        all.any(|v| v.vid == Some(*vid) && self.hits(eval, v, gid))
    }
}
