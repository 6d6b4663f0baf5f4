//! Grants: immutable history (section 4.2), and who stands above whom (section 4.3).

use std::{collections::BTreeMap, sync::Arc};

use folkmoot_record::{
    GrantId, InviteKey, RecordId, SeatKey,
    control::{Invite, Limits},
};

use crate::{graph::Ix, revocations::Vx, state::Origin};

/// Number of a grant.
pub(crate) type Gx = u32;

/// The deepest grant (section 9): bounds every walk along a lineage. It cannot be reached while
/// `depth_left` is at most 31; it stands as a guard.
pub(crate) const DEEPEST: u8 = 64;

/// A grant or an invite.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) gid: GrantId,
    /// Of an invite: `to` of its cap, for `may` and seat targets only.
    pub(crate) to: SeatKey,
    pub(crate) limits: Arc<Limits>,
    pub(crate) depth: u8,
    /// The grants and invites it descends from, strongest first.
    pub(crate) lineage: Vec<Gx>,
    /// op(g): the genesis, the record itself, or the proposal.
    pub(crate) op: Ix,
    pub(crate) make: Make,
    /// Revocations that hit it (section 4.5). The relation never changes; whether one is active
    /// depends on the set.
    pub(crate) hitters: Vec<Vx>,
    /// Grants and invites with this one in their lineage.
    pub(crate) descendants: Vec<Gx>,
    /// Invites made directly under it.
    pub(crate) invites: Vec<Gx>,
}

/// How a grant was made.
#[derive(Debug)]
pub(crate) enum Make {
    Founder,
    Grant,
    Invite(InviteFacts),
    Join { invite: Gx },
    Effect,
}

/// What only an invite has.
#[derive(Debug)]
pub(crate) struct InviteFacts {
    pub(crate) cap: Gx,
    pub(crate) key: InviteKey,
    pub(crate) max_uses: u64,
    pub(crate) label: Option<String>,
    pub(crate) open_from: Option<u64>,
    pub(crate) open_until: Option<u64>,
    /// Every valid join under it, and how often each seat is taken.
    pub(crate) joins: Vec<Ix>,
    pub(crate) seats: BTreeMap<SeatKey, u32>,
}

impl InviteFacts {
    pub(crate) fn new(cap: Gx, body: &Invite) -> Self {
        Self {
            cap,
            key: body.key,
            max_uses: body.max_uses,
            label: body.label.clone(),
            open_from: body.open_from,
            open_until: body.open_until,
            joins: Vec::new(),
            seats: BTreeMap::new(),
        }
    }

    /// Whether its joins could exclude one another: only then their order matters.
    pub(crate) fn contested(&self) -> bool {
        self.joins.len() as u64 > self.max_uses || self.seats.len() < self.joins.len()
    }
}

impl Grant {
    pub(crate) fn rank(&self) -> u8 {
        self.limits.rank
    }

    /// Smaller is stronger.
    pub(crate) fn strength(&self) -> (u8, u8) {
        (255 - self.limits.rank, self.depth)
    }

    pub(crate) fn invite(&self) -> Option<&InviteFacts> {
        match &self.make {
            Make::Invite(facts) => Some(facts),
            _ => None,
        }
    }

    pub(crate) fn is_invite(&self) -> bool {
        matches!(self.make, Make::Invite(_))
    }
}

/// By what authority something is taken away: `auth(v)` of section 4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// A decided proposal of that class.
    Decision(u8),
    /// A seat over itself.
    Root(SeatKey),
    /// A grant.
    Grant(Gx),
}

/// Every grant and invite of valid records.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    list: Vec<Grant>,
    numbers: BTreeMap<GrantId, Gx>,
    by_seat: BTreeMap<SeatKey, Vec<Gx>>,
}

impl Grants {
    pub(crate) fn number(&self, gid: &GrantId) -> Option<Gx> {
        self.numbers.get(gid).copied()
    }

    /// The grant of a number that this registry gave out.
    pub(crate) fn get(&self, g: Gx) -> &Grant {
        &self.list[g as usize]
    }

    pub(crate) fn get_mut(&mut self, g: Gx) -> &mut Grant {
        &mut self.list[g as usize]
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = Gx> + use<> {
        0..Gx::try_from(self.list.len()).unwrap_or(Gx::MAX)
    }

    /// What a seat was given or gave as an invite, in order of number.
    pub(crate) fn of_seat(&self, seat: &SeatKey) -> &[Gx] {
        self.by_seat.get(seat).map_or(&[], Vec::as_slice)
    }

    /// Grants of a seat, invites apart.
    pub(crate) fn held_by(&self, seat: &SeatKey) -> impl Iterator<Item = Gx> + '_ {
        self.of_seat(seat)
            .iter()
            .copied()
            .filter(|g| !self.get(*g).is_invite())
    }

    pub(crate) fn push(&mut self, grant: Grant) -> Gx {
        let g = Gx::try_from(self.list.len()).unwrap_or(Gx::MAX);
        self.numbers.insert(grant.gid, g);
        self.by_seat.entry(grant.to).or_default().push(g);
        for above in grant.lineage.clone() {
            self.get_mut(above).descendants.push(g);
        }
        match grant.make {
            Make::Invite(ref facts) => {
                let cap = facts.cap;
                self.get_mut(cap).invites.push(g);
            }
            Make::Join { invite } => {
                let (op, to) = (grant.op, grant.to);
                if let Make::Invite(facts) = &mut self.get_mut(invite).make {
                    facts.joins.push(op);
                    *facts.seats.entry(to).or_default() += 1;
                }
            }
            Make::Founder | Make::Grant | Make::Effect => {}
        }
        self.list.push(grant);
        g
    }

    /// `lineage(p) ∪ {p}`.
    pub(crate) fn below(&self, p: Gx) -> Vec<Gx> {
        let mut lineage = self.get(p).lineage.clone();
        lineage.push(p);
        lineage
    }

    /// `may(a, g)` (section 4.3).
    pub(crate) fn may(&self, authority: Authority, g: Gx) -> bool {
        let grant = self.get(g);
        match authority {
            Authority::Decision(2 | 4) => true,
            Authority::Decision(1) => grant.rank() < 100,
            Authority::Decision(_) => false,
            Authority::Root(seat) => grant.to == seat,
            Authority::Grant(a) => {
                let above = self.get(a).rank();
                above > grant.rank() || (above == grant.rank() && grant.lineage.contains(&a))
            }
        }
    }

    pub(crate) fn origin(&self, g: Gx, proposal: RecordId) -> Origin {
        match &self.get(g).make {
            Make::Founder => Origin::Founder,
            Make::Grant | Make::Invite(_) => Origin::Grant,
            Make::Join { invite } => Origin::Join(self.get(*invite).gid),
            Make::Effect => Origin::Decision(proposal),
        }
    }
}
