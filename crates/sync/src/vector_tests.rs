//! The fixed vectors of section 10.3 for hello and sync.

use std::collections::BTreeSet;

use folkmoot_record::{BundleHash, CollectiveId, DeviceKey, Hlc, RecordId, SeatKey};
use folkmoot_seal::{EpochSecret, Proof, Role, SessionKey, SyncSalt, Transcript};

use crate::{
    DoorOffer, EpochOffer, Held, Holdings, Presence, Scope, Stamp, Standing, Welcome,
    dice::Dice,
    frame::{Frame, Run},
    reconcile::{Client, Server},
    snapshot::Snapshot,
    tags,
};

/// A node that holds one epoch, and items given by number.
struct Fixed(Vec<Stamp>);

impl Holdings for Fixed {
    fn collectives(&self) -> Vec<CollectiveId> {
        vec![cid()]
    }
    fn epochs(&self, _: &CollectiveId) -> Vec<EpochOffer> {
        let secret = EpochSecret::from_bytes([9; 32]);
        vec![EpochOffer {
            gen_no: 1,
            key_id: secret.id(),
            presence: secret.presence(),
            current: true,
        }]
    }
    fn doors(&self, _: &CollectiveId) -> Vec<DoorOffer> {
        Vec::new()
    }
    fn prove(&self, _: &CollectiveId, _: Role, _: &Transcript) -> Option<Proof> {
        None
    }
    fn standing(&self, _: &CollectiveId, _: &SeatKey, _: &DeviceKey) -> Standing {
        Standing::Unknown
    }
    fn credentials(&self, _: &CollectiveId) -> Vec<RecordId> {
        Vec::new()
    }
    fn served_to_joiner(&self, _: &CollectiveId, _: &RecordId) -> Vec<RecordId> {
        Vec::new()
    }
    fn welcome(&self, _: &CollectiveId, _: &RecordId) -> Option<Welcome> {
        None
    }
    fn items(&self, _: &CollectiveId, scope: Scope) -> Vec<Stamp> {
        match scope {
            Scope::Content => self.0.clone(),
            Scope::Control | Scope::Bundles => Vec::new(),
        }
    }
    fn stamp(&self, _: &CollectiveId, id: &RecordId) -> Option<(Scope, Hlc)> {
        let found = self.0.iter().find(|stamp| stamp.id == *id.as_bytes())?;
        Some((Scope::Content, found.hlc))
    }
    fn record(&self, _: &CollectiveId, _: &RecordId) -> Option<Held> {
        None
    }
    fn bundle(&self, _: &CollectiveId, _: &BundleHash) -> Option<Vec<u8>> {
        None
    }
    fn presence(&self, _: &CollectiveId, _: &RecordId) -> Presence {
        Presence::Absent
    }
    fn wanted(&self, _: &CollectiveId) -> Vec<RecordId> {
        Vec::new()
    }
}

fn cid() -> CollectiveId {
    CollectiveId::from_bytes([0x11; 32])
}

fn salt() -> SyncSalt {
    SessionKey::from_bytes([0xE0; 32]).sync_salt()
}

fn stamps(count: u64) -> Vec<Stamp> {
    (0..count)
        .map(|n| Stamp {
            hlc: Hlc::from_raw((1_000 + n) << 16).unwrap(),
            id: [u8::try_from(n).unwrap(); 32],
        })
        .collect()
}

#[test]
fn the_first_message_of_a_session() {
    let held = Fixed(stamps(3));
    let mut snapshot = Snapshot::new(salt());
    let mut client = Client::new(4, None);
    // Scopes 0 and 1 are empty on both sides; the third run is the content.
    let mut server_side = Snapshot::new(salt());
    let mut server = Server::new(false);
    for scope in [Scope::Control, Scope::Bundles] {
        snapshot.refresh(&cid(), scope, &held);
        server_side.refresh(&cid(), scope, &held);
        let frames = client.begin(&snapshot).unwrap();
        let [Frame::Open { run, .. }, Frame::Reconcile(message)] = &frames[..] else {
            panic!("{frames:?}");
        };
        server.open(*run).unwrap();
        let Frame::Reconcile(answer) = server.reconcile(message, &server_side).unwrap() else {
            panic!("no answer");
        };
        assert!(client.reconcile(&answer, &mut snapshot).unwrap().is_empty());
        assert_eq!(client.finish_giving(), Some(Frame::Done));
        server.done().unwrap();
        assert_eq!(server.settle(), Some(Frame::Done));
        client.done().unwrap();
        assert_eq!(client.settle(), None);
    }
    snapshot.refresh(&cid(), Scope::Content, &held);
    let frames = client.begin(&snapshot).unwrap();
    let run = Run::whole(Scope::Content);
    assert_eq!(frames[0], Frame::Open { index: 4, run });
    let expected = "6100000203fd34a0eb03f8b85de47561fde87b62cbbc67f74647683632e1dd9b247d6b8219f40731d338\
                    e5aa6759e8e4a731f7946b34faef5eafa91a1810fa2931764ab7970501b2ac89f33eb798b06652261164caf41ba323b145abb21b78de6618723ee8";
    assert_eq!(frames[1], Frame::Reconcile(hex::decode(expected).unwrap()));
}

#[test]
fn the_tags_of_the_fixed_hello() {
    let transcript = Transcript::new(&[0xA0; 32], &[0xB0; 32], &[0xC0; 38], &[0xD0; 38]).unwrap();
    let offers = tags::offers(&Fixed(Vec::new()), None, None);
    assert_eq!(offers.len(), 1);
    let mut tables = Vec::new();
    for (role, expected) in [
        (Role::Initiator, "a02f247792dcbca82ac506cb3657757b"),
        (Role::Responder, "e84d140fb23cb5d331ebb4d7ddabdfe0"),
    ] {
        let mut dice = Dice::new(&[role.byte(); 32]);
        let table = tags::lay_out(&offers, role, &transcript, &BTreeSet::new(), &mut dice);
        assert_eq!(table.tags.len(), 8);
        let expected: [u8; 16] = hex::decode(expected).unwrap().try_into().unwrap();
        let places: Vec<usize> = (0..8).filter(|p| table.tags[*p] == expected).collect();
        assert_eq!(places.len(), 1);
        tables.push((table, places[0]));
    }
    // Each side finds the other's, at the place where it stands.
    let (i, r) = (&tables[0], &tables[1]);
    let found = tags::matches(&offers, &i.0, &r.0.tags, Role::Responder, &transcript);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (usize::from(found[0].mine), usize::from(found[0].theirs)),
        (i.1, r.1)
    );
    // Its own list, mirrored, matches nothing.
    assert!(tags::matches(&offers, &i.0, &i.0.tags, Role::Responder, &transcript).is_empty());
}

#[test]
fn places_of_the_hello_before_are_not_used_again() {
    let transcript = Transcript::new(&[1; 32], &[2; 32], &[3; 38], &[4; 38]).unwrap();
    let offers = tags::offers(&Fixed(Vec::new()), None, None);
    let avoid: BTreeSet<u8> = (0..7).collect();
    for seed in 0..20 {
        let mut dice = Dice::new(&[seed; 32]);
        let table = tags::lay_out(&offers, Role::Initiator, &transcript, &avoid, &mut dice);
        let tag = offers[0].presence.tag(Role::Initiator, &transcript);
        let place = table.tags.iter().position(|t| *t == tag).unwrap();
        assert!(!avoid.contains(&u8::try_from(place).unwrap()));
    }
}
