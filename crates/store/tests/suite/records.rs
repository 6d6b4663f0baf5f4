//! Records to store: signed as everyone else's, of a collective that nobody evaluates here.

use std::path::Path;

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Hlc, Kind, Place, RecordId, SeatKey, Verified,
    content::{Content, Value},
    control::Control,
};
use folkmoot_store::{Engine, OpenReport, Options, Vault};

pub(crate) const MS: u64 = 1_760_000_000_000;

pub(crate) fn cid(number: u8) -> CollectiveId {
    CollectiveId::from_bytes([number; 32])
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub(crate) fn dev(number: u8) -> DeviceKey {
    DeviceKey::from_bytes(key(number).verifying_key().to_bytes())
}

fn draft(collective: u8, device: u8, seq: u32, kind: Kind, body: Vec<u8>) -> Verified {
    Draft {
        cid: Some(cid(collective)),
        seat: SeatKey::from_bytes([9; 32]),
        place: Place {
            seq,
            prev: (seq > 0).then(|| RecordId::from_bytes([seq as u8; 32])),
        },
        hlc: Hlc::from_raw((MS + u64::from(seq)) << 16).unwrap(),
        kind,
        cap: Some(GrantId::from_bytes([3; 32])),
        auth: vec![RecordId::from_bytes([4; 32])],
        refs: Vec::new(),
        tags: Vec::new(),
        body,
    }
    .sign(&key(device))
    .unwrap()
}

/// A note; its claimed time is `MS + seq`.
pub(crate) fn note(collective: u8, device: u8, seq: u32, text: &str) -> Verified {
    let body = Content::new([seq as u8; 16]).with(0, Value::Text(text.to_owned()));
    draft(collective, device, seq, Kind::NOTE, body.encode())
}

/// A control record.
pub(crate) fn merge(collective: u8, device: u8, seq: u32) -> Verified {
    draft(
        collective,
        device,
        seq,
        Kind::MERGE,
        Control::Merge.encode(),
    )
}

/// Small segments, so that there are several of them.
pub(crate) const SMALL: Options = Options {
    cache_bytes: 1 << 20,
    segment_bytes: 4_096,
    projection_spare_bytes: 256 << 20,
    engine: Engine::Sled,
    key: None,
};

pub(crate) fn open(dir: &Path) -> (Vault, OpenReport) {
    Vault::open(dir, SMALL, &mut |_| {}).unwrap()
}

/// Opens where nothing should have to be mended.
pub(crate) fn open_clean(dir: &Path) -> Vault {
    let (vault, report) = open(dir);
    assert_eq!(report.torn_tail_cut, None);
    assert_eq!(report.damaged, []);
    assert_eq!(report.rebuilt_projection, None);
    vault
}
