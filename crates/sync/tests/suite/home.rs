//! What a node of the tests holds: real records in maps, with a plain notion of membership
//! (founders, and joins up to an invite's uses).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{
    BundleHash, CollectiveId, DeviceKey, Hlc, InviteKey, Kind, Lane, RecordId, SeatKey, Signed,
    Verified,
    control::Control,
    fc::{Decoder, Encoder},
    hash,
};
use folkmoot_seal::{DoorSecret, EpochSecret, Proof, Role, Transcript};
use folkmoot_sync::{
    Absent, Delivered, DoorOffer, DoorStatus, EpochOffer, Held, Holdings, Item, Presence,
    RecoveryOffer, Scope, Stamp, Standing, Welcome,
};

use crate::people::Person;

/// One collective on one node.
#[derive(Debug, Default)]
pub(crate) struct Club {
    pub(crate) me: Option<Person>,
    pub(crate) member: bool,
    pub(crate) records: BTreeMap<RecordId, Verified>,
    pub(crate) secrets: Vec<EpochSecret>,
    pub(crate) bundles: BTreeMap<[u8; 32], Vec<u8>>,
    pub(crate) orphans: BTreeMap<RecordId, Verified>,
    pub(crate) removed: BTreeSet<DeviceKey>,
    /// Records that are held and not honoured at present.
    pub(crate) shelved: BTreeSet<RecordId>,
    pub(crate) closed: BTreeSet<RecordId>,
    /// Bodies that are held back from this node, to be wanted.
    pub(crate) headers_only: bool,
    order: BTreeSet<(u8, Hlc, RecordId)>,
}

impl Club {
    pub(crate) fn insert(&mut self, record: Verified) {
        let scope = u8::from(record.header().kind.lane() == Lane::Content);
        self.order.insert((scope, record.header().hlc, record.id()));
        self.records.insert(record.id(), record);
    }

    /// As damage does it.
    pub(crate) fn lose(&mut self, id: &RecordId) {
        self.records.remove(id);
        self.order.retain(|(_, _, listed)| listed != id);
    }

    /// Seats and devices, by the records held.
    fn members(&self) -> BTreeSet<(SeatKey, DeviceKey)> {
        let mut members = BTreeSet::new();
        let mut uses: BTreeMap<RecordId, u64> = BTreeMap::new();
        for (_, _, id) in &self.order {
            match self.records[id].control() {
                Some(Control::Genesis(genesis)) => {
                    members.extend(genesis.founders.iter().map(|f| (f.seat, f.dev)));
                }
                Some(Control::Join(join)) => {
                    let invite = self.records[id].header().cap.map(RecordId::from);
                    let Some((invite, most)) = invite.and_then(|id| Some((id, self.uses(&id)?)))
                    else {
                        continue;
                    };
                    let used = uses.entry(invite).or_default();
                    if *used < most {
                        *used += 1;
                        members.insert((join.seat, join.dev));
                    }
                }
                Some(Control::Device(body)) => {
                    let seat = self.records[id].header().seat;
                    members.extend(body.adds.iter().map(|add| (seat, add.dev)));
                }
                _ => {}
            }
        }
        members
    }

    /// The device that a record brings.
    fn brought(record: &Verified) -> DeviceKey {
        match record.control() {
            Some(Control::Device(body)) => body.adds[0].dev,
            _ => record.header().dev,
        }
    }

    fn uses(&self, invite: &RecordId) -> Option<u64> {
        match self.records.get(invite)?.control()? {
            Control::Invite(invite) => Some(invite.max_uses),
            _ => None,
        }
    }

    fn joins_of(&self, invite: &RecordId) -> u64 {
        let of = |r: &&Verified| {
            r.header().kind == Kind::JOIN && r.header().cap.map(RecordId::from) == Some(*invite)
        };
        self.records.values().filter(of).count() as u64
    }

    fn invites(&self) -> Vec<(RecordId, InviteKey, DoorStatus)> {
        let mut invites = Vec::new();
        for record in self.records.values() {
            if let Some(Control::Invite(body)) = record.control() {
                let status = if self.closed.contains(&record.id()) {
                    DoorStatus::Closed
                } else if self.joins_of(&record.id()) >= body.max_uses {
                    DoorStatus::UsedUp
                } else {
                    DoorStatus::Live
                };
                invites.push((record.id(), body.key, status));
            }
        }
        // Live ones first, newest first: a hello has no room for thousands.
        invites.sort_by_key(|(id, _, status)| {
            let made = self.records[id].header().hlc;
            (*status != DoorStatus::Live, std::cmp::Reverse(made))
        });
        invites
    }

    fn causes(record: &Verified) -> Vec<RecordId> {
        let header = record.header();
        let mut causes = header.auth.clone();
        if header.kind.lane() == Lane::Control {
            causes.extend(header.prev);
        }
        causes
    }

    pub(crate) fn missing(&self, record: &Verified) -> Vec<RecordId> {
        let mut causes = Self::causes(record);
        causes.retain(|id| !self.records.contains_key(id));
        causes
    }

    fn closure(&self, root: &RecordId) -> Vec<RecordId> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![*root];
        while let Some(id) = todo.pop() {
            let Some(record) = self.records.get(&id) else {
                continue;
            };
            if seen.insert((record.header().hlc, id)) {
                todo.extend(Self::causes(record));
            }
        }
        seen.into_iter().map(|(_, id)| id).collect()
    }

    /// Everything that is reconciled, for comparing two homes.
    pub(crate) fn set(&self) -> BTreeSet<[u8; 32]> {
        let records = self.records.keys().map(|id| id.to_bytes());
        records.chain(self.bundles.keys().copied()).collect()
    }

    pub(crate) fn heads(&self) -> Vec<RecordId> {
        let control = |r: &&Verified| r.header().kind.lane() == Lane::Control;
        let cited: BTreeSet<RecordId> = self
            .records
            .values()
            .filter(control)
            .flat_map(Self::causes)
            .collect();
        let ids = self.records.values().filter(control).map(Verified::id);
        ids.filter(|id| !cited.contains(id)).collect()
    }

    /// A bundle of the tests shows its secret to everyone.
    pub(crate) fn add_secret(&mut self, secret: &EpochSecret) -> Vec<u8> {
        let mut e = Encoder::new();
        e.array(2).uint(1u8).bytes(secret.expose());
        let bundle = e.finish();
        self.take_bundle(&bundle);
        bundle
    }

    fn take_bundle(&mut self, bytes: &[u8]) -> Option<()> {
        let mut d = Decoder::new(bytes).ok()?;
        d.array_of(2).ok()?;
        d.uint_within(1..=1).ok()?;
        let secret = EpochSecret::from_bytes(d.bytes_of().ok()?);
        if !self.secrets.contains(&secret) {
            self.secrets.push(secret);
        }
        self.bundles.insert(hash::plain(bytes), bytes.to_vec());
        Some(())
    }
}

/// What one node holds.
#[derive(Debug, Default)]
pub(crate) struct Home {
    pub(crate) clubs: BTreeMap<CollectiveId, Club>,
    /// Whether recovery doors are answered.
    pub(crate) helps: bool,
}

/// What a delivery changed.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) verdicts: Vec<Delivered>,
    pub(crate) stored: Vec<RecordId>,
    pub(crate) changed: bool,
}

impl Home {
    /// Judges and stores a batch, and the orphans that it completes.
    pub(crate) fn take(&mut self, cid: CollectiveId, items: &[Item]) -> Taken {
        let club = self.clubs.entry(cid).or_default();
        let mut taken = Taken::default();
        for item in items {
            let verdict = match item {
                Item::Bundle(bytes) => {
                    let known = club.bundles.contains_key(&hash::plain(bytes));
                    match club.take_bundle(bytes) {
                        None => Delivered::Refused,
                        Some(()) if known => Delivered::Known,
                        Some(()) => {
                            taken.changed = true;
                            Delivered::Stored
                        }
                    }
                }
                Item::Record(wire) => Self::take_record(club, cid, wire, &mut taken),
            };
            taken.verdicts.push(verdict);
        }
        taken
    }

    fn take_record(
        club: &mut Club,
        cid: CollectiveId,
        wire: &[u8],
        taken: &mut Taken,
    ) -> Delivered {
        let Ok(record) = Signed::parse(wire).and_then(Signed::verify) else {
            return Delivered::Refused;
        };
        let of = record.header().cid.unwrap_or_else(|| record.id().into());
        if of != cid {
            return Delivered::Refused;
        }
        let better = |old: &Verified| old.body().is_none() && record.body().is_some();
        if club
            .records
            .get(&record.id())
            .is_some_and(|old| !better(old))
        {
            return Delivered::Known;
        }
        if !club.missing(&record).is_empty() {
            club.orphans.insert(record.id(), record);
            return Delivered::Orphan;
        }
        Self::store(club, record, taken);
        loop {
            let ready = club
                .orphans
                .values()
                .find(|orphan| club.missing(orphan).is_empty())
                .map(Verified::id);
            let Some(orphan) = ready.and_then(|id| club.orphans.remove(&id)) else {
                break;
            };
            Self::store(club, orphan, taken);
        }
        Delivered::Stored
    }

    fn store(club: &mut Club, record: Verified, taken: &mut Taken) {
        taken.stored.push(record.id());
        taken.changed |= !record.header().kind.is_content();
        let first = !club.records.contains_key(&record.id());
        let drop_body = club.headers_only && first && record.header().kind.is_content();
        club.insert(if drop_body {
            record.without_body()
        } else {
            record
        });
    }
}

impl Holdings for Home {
    fn collectives(&self) -> Vec<CollectiveId> {
        let members = self.clubs.iter().filter(|(_, club)| club.member);
        members.map(|(cid, _)| *cid).collect()
    }

    fn epochs(&self, cid: &CollectiveId) -> Vec<EpochOffer> {
        let secrets = &self.clubs[cid].secrets;
        let newest = secrets.len();
        let offers = secrets.iter().enumerate().rev();
        offers
            .map(|(gen_no, secret)| EpochOffer {
                gen_no: gen_no as u64,
                key_id: secret.id(),
                presence: secret.presence(),
                current: gen_no + 1 == newest,
            })
            .collect()
    }

    fn doors(&self, cid: &CollectiveId) -> Vec<DoorOffer> {
        let invites = self.clubs[cid].invites().into_iter();
        invites
            .map(|(invite, key, status)| DoorOffer {
                invite,
                key,
                door: DoorSecret::invite(cid, &key),
                status,
            })
            .collect()
    }

    fn recovery_doors(&self, start: u64, most: usize) -> Vec<RecoveryOffer> {
        let mut all = Vec::new();
        for (cid, club) in self
            .clubs
            .iter()
            .filter(|(_, club)| club.member && self.helps)
        {
            let mut seats: Vec<SeatKey> = Vec::new();
            for (seat, dev) in club.members() {
                if !seats.contains(&seat) && !club.removed.contains(&dev) {
                    seats.push(seat);
                }
            }
            all.extend(seats.into_iter().map(|seat| RecoveryOffer {
                cid: *cid,
                seat,
                door: DoorSecret::recovery(cid, &seat),
            }));
        }
        let at = (start % all.len().max(1) as u64) as usize;
        all.rotate_left(at);
        all.truncate(most);
        all
    }

    fn prove(&self, cid: &CollectiveId, role: Role, transcript: &Transcript) -> Option<Proof> {
        let me = self.clubs.get(cid)?.me.as_ref()?;
        Some(Proof::device(&me.device, me.seat, role, cid, transcript))
    }

    fn standing(&self, cid: &CollectiveId, seat: &SeatKey, dev: &DeviceKey) -> Standing {
        let club = &self.clubs[cid];
        if club.removed.contains(dev) {
            Standing::Refused
        } else if club.members().contains(&(*seat, *dev)) {
            Standing::Member
        } else {
            Standing::Unknown
        }
    }

    fn credentials(&self, cid: &CollectiveId) -> Vec<RecordId> {
        let club = &self.clubs[cid];
        let Some(me) = &club.me else {
            return Vec::new();
        };
        let mut own = club.records.values();
        let own = own.find(|r| {
            Club::brought(r) == me.dev() && (r.header().seq == 0 || r.header().kind == Kind::DEVICE)
        });
        own.map(|record| club.closure(&record.id()))
            .unwrap_or_default()
    }

    fn served_to_joiner(&self, cid: &CollectiveId, invite: &RecordId) -> Vec<RecordId> {
        self.clubs[cid].closure(invite)
    }

    fn welcome(&self, cid: &CollectiveId, join: &RecordId) -> Option<Welcome> {
        let club = &self.clubs[cid];
        let record = club.records.get(join)?;
        let brought = (record.header().seat, Club::brought(record));
        let honoured = !club.shelved.contains(join) && club.members().contains(&brought);
        honoured.then(|| Welcome {
            heads: club.heads(),
            bundles: club.bundles.values().cloned().collect(),
        })
    }

    fn items(&self, cid: &CollectiveId, scope: Scope) -> Vec<Stamp> {
        let club = &self.clubs[cid];
        if scope == Scope::Bundles {
            let bundles = club.bundles.keys();
            return bundles
                .map(|id| Stamp {
                    hlc: Hlc::default(),
                    id: *id,
                })
                .collect();
        }
        let lane = u8::from(scope == Scope::Content);
        let order = club.order.iter().filter(|(of, ..)| *of == lane);
        order
            .map(|(_, hlc, id)| Stamp {
                hlc: *hlc,
                id: id.to_bytes(),
            })
            .collect()
    }

    fn stamp(&self, cid: &CollectiveId, id: &RecordId) -> Option<(Scope, Hlc)> {
        let header = self.clubs.get(cid)?.records.get(id)?.header();
        let scope = if header.kind.is_content() {
            Scope::Content
        } else {
            Scope::Control
        };
        Some((scope, header.hlc))
    }

    fn record(&self, cid: &CollectiveId, id: &RecordId) -> Option<Held> {
        let record = self.clubs.get(cid)?.records.get(id)?;
        Some(Held {
            wire: record.wire().to_vec(),
            absent: record.body().is_none().then_some(Absent::NotHeld),
        })
    }

    fn bundle(&self, cid: &CollectiveId, id: &BundleHash) -> Option<Vec<u8>> {
        self.clubs.get(cid)?.bundles.get(id.as_bytes()).cloned()
    }

    fn presence(&self, cid: &CollectiveId, id: &RecordId) -> Presence {
        match self.clubs.get(cid).and_then(|club| club.records.get(id)) {
            None => Presence::Absent,
            Some(record) if record.body().is_none() => Presence::HeaderOnly,
            Some(_) => Presence::Whole,
        }
    }

    fn wanted(&self, cid: &CollectiveId) -> Vec<RecordId> {
        let club = &self.clubs[cid];
        let orphans = club
            .orphans
            .values()
            .flat_map(|orphan| club.missing(orphan));
        let bodies = club
            .records
            .values()
            .filter(|record| record.body().is_none());
        let wanted: BTreeSet<RecordId> = orphans.chain(bodies.map(Verified::id)).collect();
        wanted.into_iter().collect()
    }
}
