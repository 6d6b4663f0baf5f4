//! The fixed vectors of section 10.3 that concern this crate, and bytes of our own that must
//! never change.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, KemKey, Kind, SeatKey};
use folkmoot_seal::{
    BoxClass, EpochSecret, InviteSeed, Role, Transcript,
    boxes::{BoxKey, SealedBox, padme},
};

/// The record of section 10.3: 416 bytes.
fn record() -> Vec<u8> {
    let bhash = "a1d822da43e8e18e7c62476a66f006a3925a63d1a2f6d0cb43de21c0d223eeab";
    let header = [
        "8f015820",
        &"11".repeat(32),
        "58208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
        "58208139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394",
        "075820",
        &"44".repeat(32),
        "1b01a3185c500000031901005820",
        &"22".repeat(32),
        "815820",
        &"33".repeat(32),
        "8182025820",
        &"66".repeat(32),
        "816667617264656e182a5820",
        bhash,
        "f6",
    ]
    .concat();
    let sig = "3edff15553f422cab8f4c76cfc6daaa784e84ada0c8f351552328ecb28609e28\
               62358bfb7d42b571a19ea3a17412f079f9ccedab4fd8add15092ef99dae8eb0c";
    let body = "55555555555555555555555555555555\
                a2006b48656c6c6f2c206d6f6f74016a746578742f706c61696e";
    hex::decode(["83", "59012e", &header, "5840", sig, "582a", body].concat()).unwrap()
}

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
    let record = record();
    assert_eq!(record.len(), 416);
    assert_eq!(padme(4 + record.len()), 432);
    let es = epoch();
    let key = es.data_key();
    let sealed = SealedBox::seal(BoxKey::Data(&key), es.id(), &record);
    assert_eq!(BoxClass::of(Kind(0x100)), sealed.class());
    assert_eq!(sealed.encode().len(), 514);
    assert_eq!(*sealed.open(BoxKey::Data(&key)).unwrap(), record);
}
