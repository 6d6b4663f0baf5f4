//! The fixed vectors of section 10.3 that concern this crate, and bytes of our own that must
//! never change.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "own/record.rs"]
mod record;

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, KemKey, Kind, SeatKey};
use folkmoot_seal::{
    BoxClass, EpochSecret, InviteSeed, Role, Transcript,
    boxes::{BoxKey, SealedBox, padme},
};

fn epoch() -> EpochSecret {
    EpochSecret::from_bytes([9; 32])
}

#[test]
fn epoch_keys() {
    let es = epoch();
    assert_eq!(
        es.id().to_string(),
        "21b3cdf06b3c7eb8608983e4034bf318c8ca808aa70cab14ddd65b3d9ae9e4a9"
    );
    assert_eq!(
        hex::encode(es.data_key().expose()),
        "ea81bfd8d37b0a876cfa900d73be3e40b58616689b3502c2235da49496cfaa56"
    );
    assert_eq!(
        hex::encode(es.control_key().expose()),
        "a9d507c5d2126bf5474ad77fc767b4f832d0cf684a252d2a426b64c680c33a43"
    );
    assert_eq!(hex::encode(es.topic()), "b09ab8a2ae4c0b6acbcd2d3ac6861c09");
}

#[test]
fn hello_tags() {
    let transcript = Transcript::new(&[0xa0; 32], &[0xb0; 32], &[0xc0; 38], &[0xd0; 38]).unwrap();
    let presence = epoch().presence();
    assert_eq!(
        hex::encode(presence.tag(Role::Initiator, &transcript)),
        "a02f247792dcbca82ac506cb3657757b"
    );
    assert_eq!(
        hex::encode(presence.tag(Role::Responder, &transcript)),
        "e84d140fb23cb5d331ebb4d7ddabdfe0"
    );
}

#[test]
fn invite_key_and_redemption() {
    let seed = InviteSeed::from_bytes([7; 20]);
    assert_eq!(
        seed.public().to_string(),
        "627bb0992fb3d2f7d75095d9ef1bc2b04fc9e16187fac31ba1c587175e07b18f"
    );
    let public = |seed: [u8; 32]| SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let signature = seed.redeem(
        &CollectiveId::from_bytes([0x11; 32]),
        &GrantId::from_bytes([0x77; 32]),
        &SeatKey::from_bytes(public([1; 32])),
        &DeviceKey::from_bytes(public([2; 32])),
        &KemKey::from_bytes([0x88; 32]),
    );
    assert_eq!(
        hex::encode(signature),
        "2d8b4ec00baeb3bf9ee616c86f7d24d4b1661667987da55bb4465a913296009a\
         f9b4bc24faf1405adc33224e222c147dec70657a5d0c4bd3faf98418110c6d09"
    );
}

#[test]
fn box_sizes() {
    let record = record::record();
    assert_eq!(record.len(), 416);
    assert_eq!(padme(4 + record.len()), 432);
    let es = epoch();
    let key = es.data_key();
    let sealed = SealedBox::seal(BoxKey::Data(&key), es.id(), &record);
    assert_eq!(BoxClass::of(Kind(0x100)), sealed.class());
    assert_eq!(sealed.encode().len(), 514);
    assert_eq!(*sealed.open(BoxKey::Data(&key)).unwrap(), record);
}
