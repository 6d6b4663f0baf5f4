//! What the sync machine sees of this node.

use std::collections::BTreeMap;

use folkmoot_accord::{MemberDevice, state::InviteState};
use folkmoot_record::{
    BundleHash, CollectiveId, DeviceKey, GrantId, Hlc, RecordId, SeatKey, Signed, Verified,
    control::Control, hash,
};
use folkmoot_seal::{Bundle, DoorSecret, Proof, Recipient, Role, Transcript};
use folkmoot_store::{self as store, StoreError, Vault};
use folkmoot_sync::{
    Absent, DoorOffer, DoorStatus, EpochOffer, Held, Holdings, Presence, RecoveryOffer, Scope,
    Stamp, Standing, Welcome,
};

use crate::{
    intake::receive::mark, membership::collective::Collective, person::secrets::Membership,
};

/// A read-only view for the length of one input.
pub(crate) struct View<'a> {
    pub(crate) store: &'a Vault,
    pub(crate) collectives: &'a BTreeMap<CollectiveId, Collective>,
    pub(crate) now_ms: u64,
    /// Whether recovery doors are answered.
    pub(crate) helps: bool,
}

impl View<'_> {
    fn collective(&self, cid: &CollectiveId) -> Option<&Collective> {
        self.collectives.get(cid)
    }
}

impl Holdings for View<'_> {
    fn collectives(&self) -> Vec<CollectiveId> {
        self.collectives
            .values()
            .filter(|collective| collective.secrets.membership != Membership::Joining)
            .map(Collective::cid)
            .collect()
    }

    fn epochs(&self, cid: &CollectiveId) -> Vec<EpochOffer> {
        self.collective(cid)
            .map(|collective| collective.offers.clone())
            .unwrap_or_default()
    }

    fn doors(&self, cid: &CollectiveId) -> Vec<DoorOffer> {
        let Some(collective) = self.collective(cid) else {
            return Vec::new();
        };
        if collective.is_home() || collective.secrets.membership != Membership::Member {
            return Vec::new();
        }
        // Without a secret to hand on, a joiner could not come back in by a hello.
        if collective.newest_secret().is_none() {
            return Vec::new();
        }
        let mut doors: Vec<(bool, u64, DoorOffer)> = collective
            .accord
            .state()
            .invites
            .iter()
            .map(|(gid, invite)| {
                let status = door_status(invite, self.now_ms);
                let made = made_ms(collective, gid);
                let offer = DoorOffer {
                    invite: RecordId::from(*gid),
                    key: invite.key,
                    door: DoorSecret::invite(cid, &invite.key),
                    status,
                };
                (status == DoorStatus::Live, made, offer)
            })
            .collect();
        doors.sort_by_key(|(live, made, _)| std::cmp::Reverse((*live, *made)));
        doors.into_iter().map(|(_, _, offer)| offer).collect()
    }

    fn recovery_doors(&self, start: u64, most: usize) -> Vec<RecoveryOffer> {
        if !self.helps {
            return Vec::new();
        }
        // A home answers too: its only seat is this person's, on another machine.
        let seats: Vec<(CollectiveId, SeatKey)> = self
            .collectives
            .values()
            .filter(|collective| collective.secrets.membership == Membership::Member)
            .flat_map(|collective| {
                let seats = collective.accord.state().seats.iter();
                let live = seats.filter(|(_, seat)| seat.live);
                live.map(|(seat, _)| (collective.cid(), *seat))
            })
            .collect();
        let place = start.checked_rem(seats.len() as u64).unwrap_or(0);
        let place = usize::try_from(place).unwrap_or(0);
        seats
            .iter()
            .cycle()
            .skip(place)
            .take(most.min(seats.len()))
            .map(|(cid, seat)| RecoveryOffer {
                cid: *cid,
                seat: *seat,
                door: DoorSecret::recovery(cid, seat),
            })
            .collect()
    }

    fn prove(&self, cid: &CollectiveId, role: Role, transcript: &Transcript) -> Option<Proof> {
        let secrets = &self.collective(cid)?.secrets;
        Some(Proof::device(
            &secrets.device,
            secrets.seat,
            role,
            cid,
            transcript,
        ))
    }

    fn standing(&self, cid: &CollectiveId, seat: &SeatKey, dev: &DeviceKey) -> Standing {
        let Some(collective) = self.collective(cid) else {
            return Standing::Refused;
        };
        match collective.accord.member_device(seat, dev, self.now_ms) {
            MemberDevice::Unknown => Standing::Unknown,
            MemberDevice::Certified { live: true, .. } => Standing::Member,
            MemberDevice::Certified { live: false, .. } | MemberDevice::Removed => {
                Standing::Refused
            }
        }
    }

    fn credentials(&self, cid: &CollectiveId) -> Vec<RecordId> {
        let Some(collective) = self.collective(cid) else {
            return Vec::new();
        };
        let dev = collective.secrets.dev();
        // The record that adds this device: a join signed by it, or the device record naming it.
        let adding = collective
            .accord
            .records()
            .find(|record| adds(record, &dev));
        adding
            .map(|record| ids(&collective.accord.past(&record.id())))
            .unwrap_or_default()
    }

    fn served_to_joiner(&self, cid: &CollectiveId, invite: &RecordId) -> Vec<RecordId> {
        self.collective(cid)
            .map(|collective| ids(&collective.accord.past(invite)))
            .unwrap_or_default()
    }

    fn welcome(&self, cid: &CollectiveId, join: &RecordId) -> Option<Welcome> {
        let collective = self.collective(cid)?;
        let record = collective.accord.record(join)?;
        if !collective.accord.standing(join)?.is_honoured() {
            return None;
        }
        let (dev, kem) = match record.control()? {
            Control::Join(body) => (body.dev, body.kem),
            Control::Device(body) => {
                let add = body.adds.first()?;
                (add.dev, add.kem?)
            }
            _ => return None,
        };
        // A join stays honoured when its seat left or its device was dropped.
        if self.standing(cid, &record.header().seat, &dev) != Standing::Member {
            return None;
        }
        let bundles = collective
            .newest_secret()
            .and_then(|secret| {
                // The seed need not be random: it is secret, and fresh for every joiner.
                let seed = hash::keyed(secret.expose(), join.as_bytes());
                let recipient = Recipient { dev, kem };
                Bundle::seal(secret, cid, &[recipient], &seed).ok()
            })
            .map(|sealing| vec![sealing.bundle.encode()])
            .unwrap_or_default();
        Some(Welcome {
            heads: collective.accord.heads(),
            bundles,
        })
    }

    fn items(&self, cid: &CollectiveId, scope: Scope) -> Vec<Stamp> {
        let Some(collective) = self.collective(cid) else {
            return Vec::new();
        };
        match scope {
            Scope::Control => {
                let mut stamps: Vec<Stamp> = collective
                    .accord
                    .reconciled()
                    .map(|record| Stamp {
                        hlc: record.header().hlc,
                        id: record.id().to_bytes(),
                    })
                    .collect();
                stamps.sort();
                stamps
            }
            Scope::Bundles => or_log(collective.reconciled_bundles(self.store))
                .into_iter()
                .map(|hash| Stamp {
                    hlc: Hlc::default(),
                    id: hash.to_bytes(),
                })
                .collect(),
            Scope::Content => or_log(collective.content_stamps(self.store)),
        }
    }

    fn stamp(&self, cid: &CollectiveId, id: &RecordId) -> Option<(Scope, Hlc)> {
        let collective = self.collective(cid)?;
        if collective.accord.awaits_turn(id) {
            return None;
        }
        if let Some(record) = collective.accord.record(id) {
            return Some((Scope::Control, record.header().hlc));
        }
        let record = read(self.store, id)?;
        // A control record that the accord does not hold is void.
        let given = record.header().cid == Some(*cid) && record.header().kind.is_content();
        given.then(|| (Scope::Content, record.header().hlc))
    }

    fn record(&self, cid: &CollectiveId, id: &RecordId) -> Option<Held> {
        let accord = &self.collective(cid)?.accord;
        if accord.awaits_turn(id) {
            return None;
        }
        if let Some(record) = accord.record(id) {
            return Some(Held {
                wire: record.wire().to_vec(),
                absent: None,
            });
        }
        let stored = or_log(self.store.get(id))?;
        // An id is no right: a member of one collective is given nothing of another.
        let signed = Signed::parse(&stored.wire).ok()?;
        if signed.header().cid != Some(*cid) {
            return None;
        }
        // A control record that the accord does not hold is void: what was stored unjudged may be.
        if !signed.header().kind.is_content() {
            return None;
        }
        // The header is kept and passed on, the body is not (sections 2.4 and 8.2).
        let collective = self.collective(cid)?;
        let erased = collective.is_erased(self.store, id, signed.header());
        let absent = match collective.marked.get(id) {
            Some(&mark::SHADOWED) => Some(Absent::NotHeld),
            _ => or_log(erased.map(Some))?.then_some(Absent::Erased),
        };
        if absent.is_some() {
            return Some(Held {
                wire: signed.trust_stored().ok()?.without_body().wire().to_vec(),
                absent,
            });
        }
        let absent = match or_log(self.store.held(id).map(Some))? {
            store::Held::Whole => None,
            store::Held::Erased => Some(Absent::Erased),
            store::Held::Header | store::Held::No => Some(Absent::NotHeld),
        };
        Some(Held {
            wire: stored.wire,
            absent,
        })
    }

    fn bundle(&self, cid: &CollectiveId, id: &BundleHash) -> Option<Vec<u8>> {
        or_log(self.store.bundle(id))
            .filter(|bundle| bundle.cid == *cid)
            .map(|bundle| bundle.bytes)
    }

    fn presence(&self, cid: &CollectiveId, id: &RecordId) -> Presence {
        let Some(collective) = self.collective(cid) else {
            return Presence::Absent;
        };
        if collective.accord.record(id).is_some() || collective.orphans.contains_key(id) {
            return Presence::Whole;
        }
        if collective.void.contains(id) {
            return Presence::Void;
        }
        match self.store.held(id) {
            Ok(store::Held::Whole | store::Held::Erased) => Presence::Whole,
            Ok(store::Held::Header) => Presence::HeaderOnly,
            Ok(store::Held::No) | Err(_) => Presence::Absent,
        }
    }

    fn wanted(&self, cid: &CollectiveId) -> Vec<RecordId> {
        let Some(collective) = self.collective(cid) else {
            return Vec::new();
        };
        let missing = collective.accord.missing();
        // Control first: content may wait for it.
        let bodies = collective
            .bodiless
            .iter()
            .filter(|id| !collective.marked.contains_key(*id))
            .filter(|id| {
                // What was taken back is not asked for again.
                read(self.store, id).is_none_or(|record| {
                    let erased = collective.is_erased(self.store, id, record.header());
                    !or_log(erased)
                })
            });
        missing.iter().chain(bodies).copied().collect()
    }
}

/// Whether an invite may be redeemed now.
pub(crate) fn door_status(invite: &InviteState, now_ms: u64) -> DoorStatus {
    if !invite.live {
        DoorStatus::Closed
    } else if invite.open_until.is_some_and(|until| now_ms >= until) {
        DoorStatus::Expired
    } else if invite.uses_left == 0 {
        DoorStatus::UsedUp
    } else if invite.open_from.is_some_and(|from| now_ms < from) {
        DoorStatus::NotYet
    } else {
        DoorStatus::Live
    }
}

fn made_ms(collective: &Collective, gid: &GrantId) -> u64 {
    collective
        .accord
        .record(&RecordId::from(*gid))
        .map_or(0, |record| record.header().ms())
}

fn adds(record: &Verified, dev: &DeviceKey) -> bool {
    match record.control() {
        Some(Control::Genesis(genesis)) => genesis.founders.iter().any(|f| f.dev == *dev),
        Some(Control::Join(join)) => join.dev == *dev,
        Some(Control::Device(device)) => device.adds.iter().any(|add| add.dev == *dev),
        _ => false,
    }
}

fn ids(records: &[Verified]) -> Vec<RecordId> {
    records.iter().map(Verified::id).collect()
}

/// A content record by id.
pub(crate) fn read(store: &Vault, id: &RecordId) -> Option<Verified> {
    or_log(store.get(id))?.verified().ok()
}

/// A peer is told nothing of faults of the own disk: they are logged, and the record counts as
/// not held.
fn or_log<T: Default>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| {
        tracing::warn!(%error, "reading the store failed");
        T::default()
    })
}
