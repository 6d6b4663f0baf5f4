//! Revocations and readmissions: what never changes about them (section 4.5).
//!
//! Which grants a revocation hits follows from the two and their Pasts alone, so the relation is
//! kept in both directions as records come in. Whether it is active is asked of a set.

use std::collections::BTreeMap;

use folkmoot_record::{
    DeviceKey, RecordId, RevocationId, SeatKey,
    control::{Cut, Target},
};

use crate::{
    grants::{Authority, Grants, Gx},
    graph::{Graph, Ix},
};

/// Number of a revocation.
pub(crate) type Vx = u32;

/// One revocation: of a revoke record, an effect, a drop or a resignation.
#[derive(Debug)]
pub(crate) struct Revocation {
    /// Drops and resignations have none.
    pub(crate) vid: Option<RevocationId>,
    /// The record, or the proposal; Past of it is `anc(v)`.
    pub(crate) op: Ix,
    pub(crate) authority: Authority,
    pub(crate) make: Take,
    pub(crate) subtree: bool,
    pub(crate) back: bool,
    pub(crate) cut: Vec<Cut>,
    /// Ascending.
    pub(crate) keep: Vec<RecordId>,
    pub(crate) reason: Option<String>,
    /// The grants hit.
    pub(crate) hits: Vec<Gx>,
    pub(crate) readmissions: Vec<Readmission>,
}

/// What it takes away, and by what kind of act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// A revoke record: in force iff honoured.
    Record(Target),
    /// A revoke effect of a proposal: in force iff that is decided.
    Effect(Target),
    /// Key 1 of a device record.
    Drop {
        seat: SeatKey,
        dev: DeviceKey,
        /// The device that signed; `None`: the root.
        by: Option<DeviceKey>,
    },
    /// A seat leaves.
    Resign(SeatKey),
}

impl Take {
    /// What it aims at, as section 3.2 counts it.
    pub(crate) const fn target(&self) -> Target {
        match *self {
            Self::Record(target) | Self::Effect(target) => target,
            Self::Drop { dev, .. } => Target::Device(dev),
            Self::Resign(seat) => Target::Seat(seat),
        }
    }
}

/// A readmit record or effect, with the revocation that it softens.
#[derive(Debug)]
pub(crate) struct Readmission {
    pub(crate) op: Ix,
    /// An effect counts iff its proposal is decided, a record iff honoured.
    pub(crate) effect: bool,
    pub(crate) cut: Vec<Cut>,
    pub(crate) keep: Vec<RecordId>,
}

/// Every revocation of valid records.
#[derive(Debug, Default)]
pub(crate) struct Revocations {
    list: Vec<Revocation>,
    numbers: BTreeMap<RevocationId, Vx>,
    by_record: BTreeMap<Ix, Vec<Vx>>,
    by_grant: BTreeMap<Gx, Vec<Vx>>,
    by_seat: BTreeMap<SeatKey, Vec<Vx>>,
    /// Drops, by seat and device.
    drops: BTreeMap<(SeatKey, DeviceKey), Vec<Vx>>,
    /// Revocations of type 2.
    by_device: BTreeMap<DeviceKey, Vec<Vx>>,
}

fn listed<'a, K: Ord>(map: &'a BTreeMap<K, Vec<Vx>>, key: &K) -> &'a [Vx] {
    map.get(key).map_or(&[], Vec::as_slice)
}

impl Revocations {
    pub(crate) fn number(&self, vid: &RevocationId) -> Option<Vx> {
        self.numbers.get(vid).copied()
    }

    /// The revocation of a number that this registry gave out.
    pub(crate) fn get(&self, v: Vx) -> &Revocation {
        &self.list[v as usize]
    }

    /// The revocations that a record makes.
    pub(crate) fn numbers_of(&self, record: Ix) -> &[Vx] {
        listed(&self.by_record, &record)
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = Vx> + use<> {
        0..Vx::try_from(self.list.len()).unwrap_or(Vx::MAX)
    }

    /// Drops of a device of a seat, by root or device.
    pub(crate) fn drops_of(&self, seat: &SeatKey, dev: &DeviceKey) -> &[Vx] {
        listed(&self.drops, &(*seat, *dev))
    }

    /// Revocations of type 2 of a device key.
    pub(crate) fn of_device(&self, dev: &DeviceKey) -> &[Vx] {
        listed(&self.by_device, dev)
    }

    /// Resignations of a seat, and revocations of it.
    pub(crate) fn of_seat(&self, seat: &SeatKey) -> &[Vx] {
        listed(&self.by_seat, seat)
    }

    pub(crate) fn readmit(&mut self, v: Vx, readmission: Readmission) {
        self.list[v as usize].readmissions.push(readmission);
    }

    /// Takes a new revocation and finds what it hits among the grants there are.
    pub(crate) fn push(
        &mut self,
        revocation: Revocation,
        grants: &mut Grants,
        graph: &Graph,
        decisions: &BTreeMap<Ix, Vec<Ix>>,
    ) -> Vx {
        let v = Vx::try_from(self.list.len()).unwrap_or(Vx::MAX);
        if let Some(vid) = revocation.vid {
            self.numbers.insert(vid, v);
        }
        self.by_record.entry(revocation.op).or_default().push(v);
        let mut aimed: Vec<Gx> = Vec::new();
        match revocation.make {
            Take::Drop { seat, dev, .. } => self.drops.entry((seat, dev)).or_default().push(v),
            Take::Resign(seat)
            | Take::Record(Target::Seat(seat))
            | Take::Effect(Target::Seat(seat)) => {
                self.by_seat.entry(seat).or_default().push(v);
                aimed.extend(grants.of_seat(&seat));
            }
            Take::Record(Target::Device(dev)) | Take::Effect(Target::Device(dev)) => {
                self.by_device.entry(dev).or_default().push(v);
            }
            Take::Record(Target::Grant(gid)) | Take::Effect(Target::Grant(gid)) => {
                if let Some(g) = grants.number(&gid) {
                    self.by_grant.entry(g).or_default().push(v);
                    aimed.push(g);
                    if revocation.subtree {
                        aimed.extend(&grants.get(g).descendants);
                    }
                }
            }
        }
        self.list.push(revocation);
        for g in aimed {
            if self.aims(v, g, grants, graph, decisions) {
                self.tie(v, g, grants);
                for invite in grants.get(g).invites.clone() {
                    self.tie(v, invite, grants);
                }
            }
        }
        v
    }

    /// Finds what hits a new grant.
    pub(crate) fn meet(
        &mut self,
        g: Gx,
        grants: &mut Grants,
        graph: &Graph,
        decisions: &BTreeMap<Ix, Vec<Ix>>,
    ) {
        let grant = grants.get(g);
        let mut found: Vec<Vx> = listed(&self.by_grant, &g).to_vec();
        for above in &grant.lineage {
            found.extend(
                listed(&self.by_grant, above)
                    .iter()
                    .filter(|v| self.get(**v).subtree),
            );
        }
        found.extend(listed(&self.by_seat, &grant.to));
        let through_cap = grant
            .invite()
            .map(|invite| grants.get(invite.cap).hitters.clone())
            .unwrap_or_default();
        for v in found {
            if self.aims(v, g, grants, graph, decisions) {
                self.tie(v, g, grants);
            }
        }
        for v in through_cap {
            self.tie(v, g, grants);
        }
    }

    /// `hits(v, g)` save the clause on invites, for a `g` at which `v` aims.
    fn aims(
        &self,
        v: Vx,
        g: Gx,
        grants: &Grants,
        graph: &Graph,
        decisions: &BTreeMap<Ix, Vec<Ix>>,
    ) -> bool {
        let revocation = self.get(v);
        grants.may(revocation.authority, g) && !seen(revocation, grants.get(g).op, graph, decisions)
    }

    fn tie(&mut self, v: Vx, g: Gx, grants: &mut Grants) {
        let hitters = &mut grants.get_mut(g).hitters;
        if !hitters.contains(&v) {
            hitters.push(v);
            self.list[v as usize].hits.push(g);
        }
    }
}

/// `seen(v, g)`: whoever made the grant knew of the revocation.
fn seen(v: &Revocation, op: Ix, graph: &Graph, decisions: &BTreeMap<Ix, Vec<Ix>>) -> bool {
    match v.make {
        Take::Effect(_) => decisions
            .get(&v.op)
            .is_some_and(|list| list.iter().any(|d| graph.follows(op, *d))),
        _ => graph.follows(op, v.op),
    }
}
