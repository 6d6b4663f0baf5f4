//! Grants, may, covers (sections 4.2 to 4.4).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{
    GrantId, Kind, RecordId, SeatKey, Tag,
    control::{Actions, Control, Effect, Invite, KindRange, Limits},
    grant_id_of_effect, grant_id_of_founder,
};

use super::{Naive, Set};

/// Absent ends of windows (section 4.4).
pub(super) const NEVER: u64 = 1 << 53;

/// (gid, to, rank, depth, lineage, limits), and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) to: SeatKey,
    pub(super) limits: Limits,
    pub(super) depth: u32,
    pub(super) lineage: BTreeSet<GrantId>,
    /// op(g): genesis, the grant, invite or join record, or P.
    pub(super) op: RecordId,
    pub(super) origin: Origin,
    /// The cap it was made under.
    pub(super) cap: Option<GrantId>,
    /// The body, if it is an invite.
    pub(super) invite: Option<Invite>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Founder,
    Record,
    Effect,
}

impl Grant {
    /// σ(g): smaller is stronger.
    pub(super) fn sigma(&self) -> (u32, u32) {
        (255 - u32::from(self.limits.rank), self.depth)
    }
}

/// By what right something is done (section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority {
    Decision(u8),
    Root(SeatKey),
    Cap(GrantId),
}

/// All grants made in a set.
pub(super) type Grants = BTreeMap<GrantId, Grant>;

/// may(a, g) (section 4.3).
pub(super) fn may(grants: &Grants, a: Authority, gid: GrantId) -> bool {
    let g = &grants[&gid];
    match a {
        Authority::Decision(2 | 4) => true,
        Authority::Decision(1) => g.limits.rank < 100,
        Authority::Decision(_) => false,
        Authority::Root(x) => g.to == x,
        Authority::Cap(a) => {
            let rank = grants[&a].limits.rank;
            rank > g.limits.rank || (rank == g.limits.rank && g.lineage.contains(&a))
        }
    }
}

/// covers(p, c) (section 4.4); for an invite with its `open_until`.
pub(super) fn covers(p: &Limits, c: &Limits, open_until: Option<Option<u64>>) -> bool {
    let p_exp = p.exp.unwrap_or(NEVER);
    c.mask.0 & !p.mask.0 == 0
        && c.rank <= p.rank
        && c.depth_left < p.depth_left
        && match (&p.kinds, &c.kinds) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(p), Some(c)) => c
                .iter()
                .all(|range| p.iter().any(|of| of.lo <= range.lo && range.hi <= of.hi)),
        }
        && match (&p.tags, &c.tags) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(p), Some(c)) => c.iter().all(|tag| p.iter().any(|of| extends(tag, of))),
        }
        && c.nbf.unwrap_or(0) >= p.nbf.unwrap_or(0)
        && c.exp.unwrap_or(NEVER) <= p_exp
        && open_until.is_none_or(|until| until.unwrap_or(NEVER) <= p_exp)
}

/// t extends p iff t = p or t starts with p "/" (section 3.2).
fn extends(t: &Tag, p: &Tag) -> bool {
    t == p || t.as_str().starts_with(&format!("{}/", p.as_str()))
}

/// Whether limits of kinds and tags let a content record through (section 4.4).
pub(super) fn allows(
    kinds: Option<&[KindRange]>,
    tags: Option<&[Tag]>,
    kind: Kind,
    carried: &[Tag],
) -> bool {
    kinds.is_none_or(|ranges| ranges.iter().any(|r| r.lo <= kind && kind <= r.hi))
        && tags.is_none_or(|allowed| {
            !carried.is_empty()
                && carried
                    .iter()
                    .all(|tag| allowed.iter().any(|of| extends(tag, of)))
        })
}

impl Naive {
    /// The table of section 4.2, for the records of T.
    pub(super) fn grants(&self, t: &Set) -> Grants {
        let mut grants = Grants::new();
        for (id, o) in self.causally(t) {
            let cap = o.header().cap;
            match o.control() {
                Some(Control::Genesis(body)) => {
                    for (k, founder) in (0..).zip(&body.founders) {
                        let role = body.charter.roles.iter().find(|r| r.id == founder.role);
                        let grant = Grant {
                            to: founder.seat,
                            limits: Limits {
                                role: founder.role,
                                rank: role.unwrap().rank,
                                mask: Actions(u32::MAX),
                                kinds: None,
                                tags: None,
                                nbf: None,
                                exp: None,
                                depth_left: 31,
                            },
                            depth: 0,
                            lineage: BTreeSet::new(),
                            op: id,
                            origin: Origin::Founder,
                            cap: None,
                            invite: None,
                        };
                        grants.insert(grant_id_of_founder(self.cid, k), grant);
                    }
                }
                Some(Control::Grant(body)) => {
                    let grant = child(&grants, id, cap, body.to, body.limits.clone(), None);
                    grants.insert(id.into(), grant);
                }
                Some(Control::Invite(body)) => {
                    let to = grants[&cap.unwrap()].to;
                    let limits = body.limits.clone();
                    let grant = child(&grants, id, cap, to, limits, Some(body.clone()));
                    grants.insert(id.into(), grant);
                }
                Some(Control::Join(body)) => {
                    let limits = grants[&cap.unwrap()].limits.clone();
                    let grant = child(&grants, id, cap, body.seat, limits, None);
                    grants.insert(id.into(), grant);
                }
                Some(Control::Proposal(body)) => {
                    for (k, effect) in (0..).zip(&body.effects) {
                        if let Effect::Grant(body) = effect {
                            let grant = Grant {
                                to: body.to,
                                limits: body.limits.clone(),
                                depth: 1,
                                lineage: BTreeSet::new(),
                                op: id,
                                origin: Origin::Effect,
                                cap: None,
                                invite: None,
                            };
                            grants.insert(grant_id_of_effect(id, k), grant);
                        }
                    }
                }
                _ => {}
            }
        }
        grants
    }
}

/// depth(p) + 1 and lineage(p) ∪ {p}.
fn child(
    grants: &Grants,
    op: RecordId,
    cap: Option<GrantId>,
    to: SeatKey,
    limits: Limits,
    invite: Option<Invite>,
) -> Grant {
    let p = cap.unwrap();
    let parent = &grants[&p];
    let mut lineage = parent.lineage.clone();
    lineage.insert(p);
    Grant {
        to,
        limits,
        depth: parent.depth + 1,
        lineage,
        op,
        origin: Origin::Record,
        cap,
        invite,
    }
}
