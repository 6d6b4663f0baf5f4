//! Generators of everything that section 3.2 allows.

mod charters;
mod grants;
mod votes;

use folkmoot_record::control::{
    Control, Cut, Epoch, EpochLink, ForkNote, Founder, Genesis, Inheritance, Kem,
};
use folkmoot_record::fc::{UINT_MAX, Value};
use folkmoot_record::{
    BundleHash, CollectiveId, DeviceKey, EpochId, KemKey, Kind, RecordId, SeatKey, Tag,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

pub(crate) fn bytes32() -> impl Strategy<Value = [u8; 32]> {
    // A few small ones as well, so that equal ids and neighbours occur.
    prop_oneof![any::<[u8; 32]>(), (0..4_u8).prop_map(|b| [b; 32])]
}

pub(crate) fn record_id() -> impl Strategy<Value = RecordId> {
    bytes32().prop_map(RecordId::from_bytes)
}

pub(crate) fn device() -> impl Strategy<Value = DeviceKey> {
    bytes32().prop_map(DeviceKey::from_bytes)
}

pub(crate) fn seat() -> impl Strategy<Value = SeatKey> {
    bytes32().prop_map(SeatKey::from_bytes)
}

pub(crate) fn kem_key() -> impl Strategy<Value = KemKey> {
    bytes32().prop_map(KemKey::from_bytes)
}

/// Numbers at the edges of each encoding, and any below 2^53.
pub(crate) fn uint() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..=UINT_MAX,
        0..30_u64,
        Just(255),
        Just(256),
        Just(65_535),
        Just(65_536),
        Just(0xFFFF_FFFF),
        Just(0x1_0000_0000),
        Just(UINT_MAX),
    ]
}

/// Text of at most `max` bytes without U+0000.
pub(crate) fn text(max: usize) -> impl Strategy<Value = String> {
    "[^\0]{0,40}".prop_map(move |mut text| {
        while text.len() > max {
            text.pop();
        }
        text
    })
}

pub(crate) fn sorted_ids(most: usize) -> impl Strategy<Value = Vec<RecordId>> {
    btree_set(record_id(), 0..=most).prop_map(|set| set.into_iter().collect())
}

pub(crate) fn tag() -> impl Strategy<Value = Tag> {
    "[a-c]{1,2}(/[a-c!~ä]{1,3}){0,2}".prop_map(|text| Tag::new(text).expect("short and plain"))
}

pub(crate) fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let cut = (device(), 0..=1_u8, any::<u32>(), record_id())
        .prop_map(|(dev, lane, seq, id)| Cut { dev, lane, seq, id });
    btree_set(cut, 0..4).prop_map(|set| set.into_iter().collect())
}

fn half<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    vec(any::<u8>(), N).prop_map(|bytes| bytes.try_into().expect("N bytes"))
}

fn epoch() -> impl Strategy<Value = Epoch> {
    let links = btree_map((bytes32(), 0..=1_u8), half::<48>(), 0..=16);
    (1..=UINT_MAX, bytes32(), bytes32(), links).prop_map(|(generation, key, bundle, links)| {
        let link = |((key, class), wrap): (([u8; 32], u8), [u8; 48])| EpochLink {
            key_id: EpochId::from_bytes(key),
            class,
            wrap,
        };
        Epoch {
            generation,
            key_id: EpochId::from_bytes(key),
            bundle_hash: BundleHash::from_bytes(bundle),
            links: links.into_iter().map(link).collect(),
        }
    })
}

fn genesis() -> impl Strategy<Value = Genesis> {
    let founder = (any::<prop::sample::Index>(), device(), kem_key());
    let founders = btree_map(seat(), founder, 1..=5);
    let heads = btree_set(record_id(), 1..=16);
    let inherits = option::of((bytes32(), heads, 0..=250_u8));
    let rest = (half::<16>(), text(128), half::<64>());
    (charters::charter(), founders, inherits, rest).prop_map(
        |(charter, founders, inherits, (salt, name, founder_sig))| Genesis {
            salt,
            name,
            founders: founders
                .into_iter()
                .map(|(seat, (role, dev, kem))| Founder {
                    seat,
                    role: role.get(&charter.roles).id,
                    dev,
                    kem,
                })
                .collect(),
            charter,
            inherits: inherits.map(|(cid, heads, rank)| Inheritance {
                old_cid: CollectiveId::from_bytes(cid),
                heads: heads.into_iter().collect(),
                rank,
            }),
            founder_sig,
        },
    )
}

/// Any control body with the kind it belongs to.
pub(crate) fn control() -> impl Strategy<Value = (Kind, Control)> {
    let new_cid = bytes32().prop_map(CollectiveId::from_bytes);
    prop_oneof![
        genesis().prop_map(|body| (Kind::GENESIS, Control::Genesis(body))),
        grants::invite().prop_map(|body| (Kind::INVITE, Control::Invite(body))),
        grants::join().prop_map(|body| (Kind::JOIN, Control::Join(body))),
        grants::device_body().prop_map(|body| (Kind::DEVICE, Control::Device(body))),
        grants::grant().prop_map(|body| (Kind::GRANT, Control::Grant(body))),
        votes::revoke(false).prop_map(|body| (Kind::REVOKE, Control::Revoke(body))),
        votes::readmit().prop_map(|body| (Kind::READMIT, Control::Readmit(body))),
        votes::resign().prop_map(|body| (Kind::RESIGN, Control::Resign(body))),
        votes::proposal().prop_map(|body| (Kind::PROPOSAL, Control::Proposal(body))),
        votes::ballot().prop_map(|body| (Kind::BALLOT, Control::Ballot(body))),
        votes::decision().prop_map(|body| (Kind::DECISION, Control::Decision(body))),
        epoch().prop_map(|body| (Kind::EPOCH, Control::Epoch(body))),
        kem_key().prop_map(|kem| (Kind::KEM, Control::Kem(Kem { kem }))),
        new_cid.prop_map(|new_cid| (Kind::FORKNOTE, Control::ForkNote(ForkNote { new_cid }))),
        Just((Kind::MERGE, Control::Merge)),
    ]
}

/// Any FC value at most eight deep, with any text and any number.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        uint().prop_map(Value::Uint),
        any::<u64>().prop_map(Value::Uint),
        vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(8, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            btree_map(any::<u8>(), inner, 0..6).prop_map(Value::Map),
        ]
    })
}
