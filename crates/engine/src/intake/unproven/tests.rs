//! What is stored unjudged: kept, given to nobody, bounded.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Accord, ParkReason, Policy, Seen, Way};
use folkmoot_record::{
    DeviceKey, Draft, GrantId, Hlc, InviteKey, KemKey, Kind, Place, SeatKey, Verified,
    content::Content,
    control::{Actions, Control, Invite, Join, Limits},
    signature,
};
use folkmoot_store::Options;
use folkmoot_sync::{Delivered, Holdings, Scope};

use super::*;
use crate::{
    exchange::holdings::View,
    keeping::author::Signer,
    membership::found::{default_charter, found},
    person::{home::Home, keyring::Keyring},
};

const NOW: u64 = 1_800_000_000_000;
const LATER: u64 = NOW + 1_000 * 60_000;
const FIRST: Place = Place { seq: 0, prev: None };

struct Club {
    _folder: tempfile::TempDir,
    store: Vault,
    collectives: BTreeMap<CollectiveId, Collective>,
    cid: CollectiveId,
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn public(key: &SigningKey) -> [u8; 32] {
    key.verifying_key().to_bytes()
}

fn invite(door: &SigningKey, (role, rank): (u16, u8), depth_left: u8) -> Control {
    Control::Invite(Invite {
        key: InviteKey::from_bytes(public(door)),
        limits: Limits {
            role,
            rank,
            mask: Actions::ALL,
            kinds: None,
            tags: None,
            nbf: None,
            exp: None,
            depth_left,
        },
        max_uses: 1,
        label: None,
        open_from: None,
        open_until: None,
    })
}

/// Where nobody else may cost more than a step a minute.
fn club() -> Club {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(folder.path().join("home"));
    home.prepare().unwrap();
    let (keyring, _) = Keyring::open(&home, None).unwrap();
    let (mut collective, entries) =
        found(&keyring, "commons", default_charter(), false, NOW).unwrap();
    collective.first_sync = false;
    let cid = collective.cid();
    let policy = Policy {
        steps_a_minute: Some(1),
        ..Policy::NODE
    };
    let mut accord = Accord::with_policy(cid, policy);
    accord.spare(collective.secrets.seat);
    let stored = Seen {
        way: Way::Stored,
        ..Seen::now(NOW)
    };
    for record in collective.accord.records() {
        accord.insert(record.clone(), stored);
    }
    collective.accord = accord;
    let path = folder.path().join("store");
    let (mut store, _) = Vault::open(&path, Options::default(), &mut |_| {}).unwrap();
    store.commit(&entries).unwrap();
    Club {
        _folder: folder,
        store,
        collectives: [(cid, collective)].into(),
        cid,
    }
}

impl Club {
    fn collective(&mut self) -> &mut Collective {
        self.collectives.get_mut(&self.cid).unwrap()
    }

    fn standing(&mut self, id: &RecordId) -> Option<Standing> {
        self.collective().accord.standing(id)
    }

    fn deliver(&mut self, record: &Verified, now_ms: u64) -> Delivered {
        let mut taken = Taken::default();
        let collective = self.collectives.get_mut(&self.cid).unwrap();
        let verdict = collective.take(&self.store, record.clone(), None, now_ms, &mut taken);
        self.store.commit(&taken.entries).unwrap();
        verdict
    }

    fn take(&mut self, record: &Verified) -> Standing {
        assert_eq!(self.deliver(record, NOW), Delivered::Stored);
        self.standing(&record.id()).unwrap()
    }

    fn write(
        &self,
        (root, dev): (&SigningKey, &SigningKey),
        place: Place,
        (kind, cap): (Kind, GrantId),
        auth: &Verified,
        body: Vec<u8>,
    ) -> Verified {
        Draft {
            cid: Some(self.cid),
            seat: SeatKey::from_bytes(public(root)),
            place,
            hlc: Hlc::next(auth.header().hlc.ms() + 1, [auth.header().hlc]),
            kind,
            cap: Some(cap),
            auth: vec![auth.id()],
            refs: Vec::new(),
            tags: Vec::new(),
            body,
        }
        .sign(dev)
        .unwrap()
    }

    /// Somebody joins by an invite, or by what they made up.
    fn join(&self, n: u8, invite: &Verified, door: &SigningKey) -> Verified {
        self.join_as((&key(n), &key(n + 1)), invite, door)
    }

    /// An invite of the founder, taken in.
    fn open_door(&mut self) -> Verified {
        let body = invite(&key(50), (4, 60), 9);
        let (may, at_ms) = (Some(Actions::INVITE), NOW + 5);
        let record = self
            .collective()
            .control_draft(at_ms, may, Signer::Device, Kind::INVITE, &body)
            .unwrap();
        assert!(self.take(&record).is_honoured());
        record
    }

    fn join_as(
        &self,
        (root, dev): (&SigningKey, &SigningKey),
        invite: &Verified,
        door: &SigningKey,
    ) -> Verified {
        let (seat, device) = (public(root), public(dev));
        let (kem, id) = ([9; 32], invite.id());
        let data: [&[u8]; 5] = [self.cid.as_ref(), id.as_bytes(), &seat, &device, &kem];
        let (device, kem) = (DeviceKey::from_bytes(device), KemKey::from_bytes(kem));
        let body = Control::Join(Join {
            seat: SeatKey::from_bytes(seat),
            dev: device,
            kem,
            redeem_sig: signature::sign(door, "folkmoot/1 redeem", &data),
            seat_sig: Join::sign_seat(root, self.cid, device, kem),
            old_dev: None,
        });
        let by = (Kind::JOIN, invite.id().into());
        self.write((root, dev), FIRST, by, invite, body.encode())
    }

    /// Whether anybody is given a record, and told of it.
    fn is_given(&self, id: &RecordId) -> bool {
        let view = View {
            store: &self.store,
            collectives: &self.collectives,
            now_ms: NOW,
            helps: false,
        };
        let items = view.items(&self.cid, Scope::Control);
        let listed = items.iter().any(|stamp| stamp.id == id.to_bytes());
        assert_eq!(view.stamp(&self.cid, id).is_some(), listed);
        assert_eq!(view.record(&self.cid, id).is_some(), listed);
        listed
    }
}

/// A member who costs too much, and makes an invite; and somebody who has no key to it.
fn story() -> (Club, Verified, Verified) {
    let mut club = club();
    let door = key(50);
    let founder = club.collective();
    let may = Some(Actions::INVITE);
    let first = founder
        .control_draft(
            NOW + 1,
            may,
            Signer::Device,
            Kind::INVITE,
            &invite(&door, (4, 60), 9),
        )
        .unwrap();
    assert!(club.take(&first).is_honoured());
    let join = club.join(60, &first, &door);
    assert!(club.take(&join).is_honoured());
    // The member does not know this one: what comes next is judged in a set that nobody has.
    let body = invite(&key(53), (2, 20), 3);
    let aside = club
        .collective()
        .control_draft(NOW + 10, may, Signer::Device, Kind::INVITE, &body)
        .unwrap();
    assert!(club.take(&aside).is_honoured());
    let (member, cap) = ((&key(60), &key(61)), join.id().into());
    let next = |seq, before: &Verified| Place {
        seq,
        prev: Some(before.id()),
    };
    let merge = (Kind::MERGE, cap);
    let dear = club.write(
        member,
        next(1, &join),
        merge,
        &join,
        Control::Merge.encode(),
    );
    assert!(club.take(&dear).is_honoured());
    let body = invite(&key(51), (2, 20), 3);
    let by = (Kind::INVITE, cap);
    let waits = club.write(member, next(2, &dear), by, &dear, body.encode());
    assert_eq!(club.take(&waits), Standing::Parked(ParkReason::Cpu));
    let forged = club.join(70, &waits, &key(52));
    assert_eq!(club.take(&forged), Standing::Parked(ParkReason::Past));
    (club, waits, forged)
}

#[test]
fn what_was_not_judged_is_kept_and_given_to_nobody_until_it_is() {
    let (mut club, waits, forged) = story();
    for record in [&waits, &forged] {
        assert!(club.store.contains(&record.id()).unwrap());
        assert!(!club.is_given(&record.id()));
    }
    let seat = waits.header().seat;
    assert!(club.collective().accord.minutes_to_wait(&seat) > 0);
    let mut taken = Taken::default();
    let collective = club.collectives.get_mut(&club.cid).unwrap();
    collective.fall_due(&club.store, LATER, &mut taken);
    club.store.commit(&taken.entries).unwrap();
    assert!(club.standing(&waits.id()).unwrap().is_honoured());
    assert!(club.is_given(&waits.id()));
    let told: Vec<RecordId> = taken.stored.iter().map(|(id, ..)| *id).collect();
    assert_eq!(told, [waits.id()]);
    // Nobody who has no key to an invite comes in, whatever lies in the store.
    assert!(matches!(
        club.standing(&forged.id()),
        Some(Standing::Void(_))
    ));
    assert!(!club.is_given(&forged.id()));
    let left = load(&club.store, &club.cid).unwrap();
    assert_eq!(left, BTreeSet::from([forged.id()]));
}

#[test]
fn what_was_not_judged_is_judged_after_a_restart() {
    let (mut club, waits, forged) = story();
    let collective = club.collectives.get_mut(&club.cid).unwrap();
    collective.load(&club.store, LATER, None).unwrap();
    assert!(club.standing(&waits.id()).unwrap().is_honoured());
    assert!(matches!(
        club.standing(&forged.id()),
        Some(Standing::Void(_))
    ));
    assert!(club.is_given(&waits.id()) && !club.is_given(&forged.id()));
}

#[test]
fn content_waits_in_memory_for_what_waits_for_its_turn() {
    let (mut club, waits, forged) = story();
    let text = Content::new([0; 16]).encode();
    let cap = waits.header().cap.unwrap();
    let member = (&key(60), &key(61));
    let honest = club.write(member, FIRST, (Kind::NOTE, cap), &waits, text.clone());
    let (stranger, cap) = ((&key(70), &key(71)), forged.id().into());
    let void = club.write(stranger, FIRST, (Kind::NOTE, cap), &forged, text);
    for record in [&honest, &void] {
        assert_eq!(club.deliver(record, NOW), Delivered::Orphan);
        assert!(!club.store.contains(&record.id()).unwrap());
    }
    let mut taken = Taken::default();
    let collective = club.collectives.get_mut(&club.cid).unwrap();
    collective.release_orphans(&club.store, NOW, &mut taken);
    assert!(taken.stored.is_empty() && collective.orphans.len() == 2);
    collective.fall_due(&club.store, LATER, &mut taken);
    collective.release_orphans(&club.store, LATER, &mut taken);
    assert!(collective.orphans.is_empty());
    club.store.commit(&taken.entries).unwrap();
    assert!(club.store.contains(&honest.id()).unwrap());
    assert!(!club.store.contains(&void.id()).unwrap());
}

#[test]
fn nobody_fills_the_store_in_the_name_of_others() {
    let (mut club, waits, _) = story();
    let cap = waits.header().cap.unwrap();
    let (stranger, body) = ((&key(60), &key(99)), Control::Merge.encode());
    let spent = club.write(stranger, FIRST, (Kind::MERGE, cap), &waits, body);
    let (nobody, unknown) = ((&key(80), &key(81)), (Kind(0x50), cap));
    let strange = club.write(nobody, FIRST, unknown, &waits, vec![0xa0]);
    for record in [&spent, &strange] {
        assert_eq!(club.deliver(record, NOW), Delivered::Delayed);
        assert!(!club.store.contains(&record.id()).unwrap());
    }
    let (member, next) = (
        (&key(60), &key(61)),
        Place {
            seq: 3,
            prev: Some(waits.id()),
        },
    );
    let strange = club.write(member, next, unknown, &waits, vec![0xa0]);
    assert_eq!(club.take(&strange), Standing::Parked(ParkReason::Kind));
}

#[test]
fn a_member_answers_for_the_own_devices_alone() {
    let (mut club, waits, _) = story();
    let accord = &mut club.collective().accord;
    // Judged, and paid off.
    accord.tick(LATER);
    accord.tick(2 * LATER);
    let (cap, body) = (waits.header().cap.unwrap(), || Control::Merge.encode());
    let stranger = (&key(60), &key(99));
    let forged = club.write(stranger, FIRST, (Kind::MERGE, cap), &waits, body());
    assert_eq!(club.deliver(&forged, 2 * LATER), Delivered::Refused);
    let refused = |club: &mut Club| {
        let mut all = club.collective().misdeeds.all();
        all.find(|(_, what, _)| *what == Misdeed::Refused)
            .map_or(0, |(_, _, tally)| tally.count)
    };
    assert_eq!(refused(&mut club), 0);
    let (member, next) = (
        (&key(60), &key(61)),
        Place {
            seq: 3,
            prev: Some(waits.id()),
        },
    );
    let by = (Kind::MERGE, waits.id().into());
    let void = club.write(member, next, by, &waits, body());
    assert_eq!(club.deliver(&void, 2 * LATER), Delivered::Refused);
    assert_eq!(refused(&mut club), 1);
}

/// What a fresh seat with a fresh device joins by, each another one.
fn crowd(club: &Club, n: u32, invite: &Verified) -> Verified {
    let mut seed = [0xC0; 32];
    seed[..4].copy_from_slice(&n.to_be_bytes());
    let root = SigningKey::from_bytes(&seed);
    seed[31] = 1;
    let dev = SigningKey::from_bytes(&seed);
    club.join_as((&root, &dev), invite, &key(52))
}

#[test]
fn a_crowd_that_rests_on_what_waits_finds_one_room_and_no_more() {
    let (mut club, waits, _) = story();
    let mut stored = 1;
    for n in 0..1_100 {
        let record = crowd(&club, n, &waits);
        match club.deliver(&record, NOW) {
            Delivered::Stored => stored += 1,
            verdict => assert_eq!(verdict, Delivered::Delayed),
        }
    }
    assert_eq!(stored, MOST_STRANGE);
    let held = club.collective().accord.records().count();
    // What would be stored as soon as its causes are here is not let in by waiting either.
    let first = crowd(&club, 2_000, &waits);
    let (root, dev) = (key(81), key(82));
    let above = club.write(
        (&root, &dev),
        FIRST,
        (Kind::MERGE, waits.id().into()),
        &first,
        Control::Merge.encode(),
    );
    assert_eq!(club.deliver(&above, NOW), Delivered::Delayed);
    assert_eq!(club.deliver(&first, NOW), Delivered::Delayed);
    assert_eq!(club.collective().accord.records().count(), held);
    // Whoever has an invite that stands comes in, and what the members write does too.
    let (root, dev) = (key(90), key(91));
    let door = club.open_door();
    let honest = club.join_as((&root, &dev), &door, &key(50));
    assert!(club.take(&honest).is_honoured());
    // The room is as full after a restart, and when it is known that all of it is void.
    let collective = club.collectives.get_mut(&club.cid).unwrap();
    collective.load(&club.store, NOW, None).unwrap();
    let more = crowd(&club, 3_000, &waits);
    assert_ne!(club.deliver(&more, NOW), Delivered::Stored);
    let collective = club.collectives.get_mut(&club.cid).unwrap();
    assert!(collective.strange.is_full());
    let mut taken = Taken::default();
    collective.fall_due(&club.store, LATER, &mut taken);
    assert!(club.standing(&waits.id()).unwrap().is_honoured());
    assert!(club.collective().strange.is_full());
}

#[test]
fn the_root_of_a_seat_that_nobody_has_answers_for_nothing() {
    let (mut club, waits, _) = story();
    let cap = waits.header().cap.unwrap();
    let root = key(83);
    let strange = club.write((&root, &root), FIRST, (Kind(0x50), cap), &waits, vec![0xa0]);
    assert_eq!(club.deliver(&strange, NOW), Delivered::Delayed);
    assert!(!club.store.contains(&strange.id()).unwrap());
}

#[test]
fn content_that_rests_on_a_parked_join_is_shown_when_that_is_let_in() {
    let mut club = club();
    let door = club.open_door();
    // One that counts, seventeen that do not and that nobody has cited yet; the next one is parked.
    let joins: Vec<Verified> = (0..19_u8)
        .map(|n| club.join_as((&key(100 + 2 * n), &key(101 + 2 * n)), &door, &key(50)))
        .collect();
    let (last, others) = joins.split_last().unwrap();
    for join in others {
        assert!(club.take(join).is_admitted());
    }
    assert_eq!(club.take(last), Standing::Parked(ParkReason::JoinFlood));
    let body = Content::new([0; 16]).encode();
    let (member, cap) = ((&key(136), &key(137)), last.id().into());
    let note = club.write(member, FIRST, (Kind::NOTE, cap), last, body);
    assert_eq!(club.deliver(&note, NOW), Delivered::Stored);
    let mark = |club: &mut Club| club.collective().marked.get(&note.id()).copied();
    assert_eq!(mark(&mut club), Some(crate::intake::receive::mark::PARKED));
    assert_eq!(club.collective().not_waiting(), Vec::new());
    // The founder cites it.
    let cites = {
        let collective = club.collective();
        let tip = collective
            .control_draft(
                NOW + 20,
                Some(Actions::INVITE),
                Signer::Device,
                Kind::MERGE,
                &Control::Merge,
            )
            .unwrap();
        let header = tip.header().clone();
        Draft {
            cid: header.cid,
            seat: header.seat,
            place: Place {
                seq: header.seq,
                prev: header.prev,
            },
            hlc: Hlc::next(NOW + 30, [header.hlc, last.header().hlc]),
            kind: Kind::MERGE,
            cap: header.cap,
            auth: vec![last.id()],
            refs: Vec::new(),
            tags: Vec::new(),
            body: Control::Merge.encode(),
        }
        .sign(&collective.secrets.device)
        .unwrap()
    };
    let mut taken = Taken::default();
    let collective = club.collectives.get_mut(&club.cid).unwrap();
    let verdict = collective.take(&club.store, cites, None, NOW + 40, &mut taken);
    assert_eq!(verdict, Delivered::Stored);
    assert!(taken.released);
    assert_eq!(collective.not_waiting(), vec![note.id()]);
    collective.judge_parked(&club.store, NOW + 40, &mut taken);
    assert_ne!(mark(&mut club), Some(crate::intake::receive::mark::PARKED));
}
