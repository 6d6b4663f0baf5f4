//! Computes the project's own vectors of keys, links, hello, bundles and boxes as JSON, from
//! fixed inputs.

#[path = "record.rs"]
mod record;

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, KemKey, SeatKey};
use folkmoot_seal::{
    Bundle, DoorSecret, EpochSecret, InviteLink, InviteSeed, KemSecret, Master, PairSecret,
    PairingLink, Proof, Recipient, Role, ShelfLink, Transcript, backlink,
    boxes::{BoxKey, SealedBox},
    vault::{self, Cost, NodeKey},
};
use serde_json::{Value, json};

/// All vectors. What a value is made of stands beside it or in the file's `inputs`.
pub(crate) fn values() -> Value {
    json!({
        "format": "folkmoot-seal-1",
        "spec": "1",
        "inputs": "master 01x32; genesis salt 55x16; cid 11x32; epoch secrets new 09x32, old 08x32; \
                   invite seed 07x20, invite id 77x32; device keys from seeds 02x32 and 03x32; kem \
                   secrets 20x32 and 21x32; hello as in section 10.3; the record of section 10.3, in the data box and, to show the \
                   key, in a control box; see crates/seal/tests/own",
        "master": master(),
        "hello": hello(),
        "links": links(),
        "bundle": bundle(),
        "back_links": back_links(),
        "boxes": boxes(),
        "vault": vault_file(),
    })
}

fn cid() -> CollectiveId {
    CollectiveId::from_bytes([0x11; 32])
}

fn public(seed: u8) -> [u8; 32] {
    SigningKey::from_bytes(&[seed; 32])
        .verifying_key()
        .to_bytes()
}

fn new() -> EpochSecret {
    EpochSecret::from_bytes([9; 32])
}

fn old() -> EpochSecret {
    EpochSecret::from_bytes([8; 32])
}

fn master() -> Value {
    let master = Master::from_bytes([1; 32]);
    json!({
        "words": *master.words(),
        "founder_seat": hex::encode(master.founder_seat(&[0x55; 16]).verifying_key().as_bytes()),
        "seat": hex::encode(master.seat(&cid()).verifying_key().as_bytes()),
    })
}

fn hello() -> Value {
    let invite = InviteSeed::from_bytes([7; 20]);
    let seat = SeatKey::from_bytes(public(1));
    let transcript = Transcript::new(&[0xa0; 32], &[0xb0; 32], &[0xc0; 38], &[0xd0; 38]).unwrap();
    let meeting = [
        ("epoch", new().presence()),
        (
            "invite_door",
            DoorSecret::invite(&cid(), &invite.public()).presence(),
        ),
        (
            "recovery_door",
            DoorSecret::recovery(&cid(), &seat).presence(),
        ),
        ("pairing", PairSecret::from_bytes([0x10; 16]).presence()),
    ];
    let device = SigningKey::from_bytes(&[2; 32]);
    let proof = Proof::device(&device, seat, Role::Initiator, &cid(), &transcript).encode();
    let door = Proof::door(&invite.signing_key(), Role::Initiator, &cid(), &transcript).encode();
    let root = SigningKey::from_bytes(&[1; 32]);
    let root = Proof::root(&root, Role::Responder, &cid(), &transcript).encode();
    let session = new().presence().session(&transcript);
    json!({
        "tags": meeting.map(|(name, presence)| json!({
            "x": name,
            "initiator": hex::encode(presence.tag(Role::Initiator, &transcript)),
            "responder": hex::encode(presence.tag(Role::Responder, &transcript)),
        })),
        "device_proof": hex::encode(&proof),
        "door_proof": hex::encode(door),
        "root_proof": hex::encode(root),
        "sealed_device_proof": hex::encode(session.seal_proof(Role::Initiator, &proof)),
        "salted_44": hex::encode(session.sync_salt().salted(&[0x44; 32])),
    })
}

fn links() -> Value {
    let addresses = vec![hex::decode("047f0000010610e1").unwrap()];
    let invite = InviteLink {
        cid: cid(),
        invite: GrantId::from_bytes([0x77; 32]),
        seed: InviteSeed::from_bytes([7; 20]),
        made_ms: 1_800_000_000_000,
        addresses: addresses.clone(),
    };
    let pairing = PairingLink {
        dev: DeviceKey::from_bytes(public(2)),
        kem: KemKey::from_bytes([0x88; 32]),
        secret: PairSecret::from_bytes([0x10; 16]),
        addresses: Vec::new(),
    };
    let shelf = ShelfLink {
        shelf: public(4),
        addresses,
    };
    json!({
        "invite": *invite.to_text(),
        "pairing": *pairing.to_text(),
        "shelf": *shelf.to_text(),
    })
}

fn bundle() -> Value {
    let kems = [0x20, 0x21].map(|n| KemSecret::from_bytes([n; 32]));
    let recipients = [2, 3].map(public).map(DeviceKey::from_bytes);
    let recipients: Vec<_> = recipients
        .iter()
        .zip(&kems)
        .map(|(dev, kem)| Recipient {
            dev: *dev,
            kem: kem.public(),
        })
        .collect();
    // The bytes of a bundle hang on the maker's randomness: others open it, none must make it.
    let sealing = Bundle::seal(&new(), &cid(), &recipients, &[0x30; 32]).unwrap();
    json!({
        "kem_public": kems.each_ref().map(|kem| kem.public().to_string()),
        "bytes": hex::encode(sealing.bundle.encode()),
        "hash": sealing.bundle.hash().to_string(),
    })
}

fn back_links() -> Value {
    let control = backlink::link_control(&new(), &old());
    let secret = backlink::link_secret(&new(), &old());
    json!({
        "old_key_id": old().id().to_string(),
        "control": hex::encode(control.wrap),
        "secret": hex::encode(secret.wrap),
    })
}

fn boxes() -> Value {
    let (control, data) = (new().control_key(), new().data_key());
    let record = record::record();
    [
        ("control", BoxKey::Control(&control)),
        ("data", BoxKey::Data(&data)),
    ]
    .map(|(name, key)| {
        let sealed = SealedBox::seal(key, new().id(), &record);
        json!({
            "class": name,
            "record": hex::encode(&record),
            "box": hex::encode(sealed.encode()),
            "box_id": hex::encode(sealed.id()),
        })
    })
    .into()
}

fn vault_file() -> Value {
    let cost = Cost {
        memory_kib: 64,
        passes: 2,
        lanes: 4,
    };
    let key = NodeKey::from_bytes([0x42; 32]);
    let file = vault::lock(b"open sesame", &key, cost, &[1; 16], &[2; 24]).unwrap();
    json!({
        "passphrase": "open sesame",
        "node_key": hex::encode(key.expose()),
        "file": hex::encode(file),
        "value": hex::encode(key.seal_value("epochs", b"k1", b"secret", &[9; 24])),
    })
}
