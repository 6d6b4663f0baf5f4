//! P10 of section 10.5: decoding undoes encoding, and a changed byte is refused or seen.

use crate::fixed;
use crate::strategies::{bytes32, control, record_id, seat, sorted_ids, tag, text, value};
use ed25519_dalek::SigningKey;
use folkmoot_record::content::{Attachment, Content, Value};
use folkmoot_record::control::{Control, Genesis, Join};
use folkmoot_record::fc::{FcError, check};
use folkmoot_record::{
    BlobRoot, CollectiveId, DeviceKey, Draft, GrantId, Hlc, Kind, Lane, Place, Ref, Rel, SeatKey,
    Signed, Verified, hash,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// A note or other content with any header that its kind allows.
fn content_draft() -> impl Strategy<Value = Draft> {
    let place = (any::<u32>(), bytes32());
    let lists = (
        sorted_ids(15),
        vec((1..=255_u8, record_id()), 0..=32),
        vec(tag(), 0..=16),
    );
    let rest = (bytes32(), seat(), 0..1_u64 << 63, 0x100..=u16::MAX);
    (place, lists, rest, bytes32(), text(200)).prop_map(
        |((seq, prev), (mut auth, refs, tags), (cid, seat, hlc, kind), cap, text)| {
            auth.push(folkmoot_record::RecordId::from_bytes(cap));
            Draft {
                cid: Some(CollectiveId::from_bytes(cid)),
                seat,
                place: Place {
                    seq,
                    prev: (seq > 0).then(|| folkmoot_record::RecordId::from_bytes(prev)),
                },
                hlc: Hlc::from_raw(hlc).expect("below 2^63"),
                kind: Kind(kind),
                cap: Some(GrantId::from_bytes(cap)),
                auth,
                refs: refs
                    .into_iter()
                    .map(|(rel, id)| Ref { rel: Rel(rel), id })
                    .collect(),
                tags,
                body: Content::new([9; 16]).with(0, Value::Text(text)).encode(),
            }
        },
    )
}

/// A draft of that body with the header that its kind wants, and the keys to sign it.
fn control_draft(kind: Kind, mut body: Control, auth: Vec<folkmoot_record::RecordId>) -> Draft {
    let key = key();
    let own = DeviceKey::from_bytes(key.verifying_key().to_bytes());
    let seat = SeatKey::from_bytes(own.to_bytes());
    let cid = CollectiveId::from_bytes([0xcc; 32]);
    let invite = folkmoot_record::RecordId::from_bytes([0xdd; 32]);
    let mut auth = auth;
    auth.push(invite);
    let mut refs = vec![];
    let mut cap = match kind {
        Kind::DEVICE | Kind::RESIGN | Kind::DECISION | Kind::FORKNOTE | Kind::KEM => None,
        _ => Some(invite.into()),
    };
    match &mut body {
        Control::Genesis(genesis) => {
            (auth, cap) = (vec![], None);
            let founder = &mut genesis.founders[0];
            (founder.seat, founder.dev) = (seat, own);
            genesis.founder_sig = Genesis::sign_founder(&key, &genesis.salt, own, founder.kem);
            genesis.founders.sort_by_key(|founder| founder.seat);
        }
        Control::Join(join) => {
            auth = vec![match join.old_dev {
                Some(_) => cid.into(),
                None => invite,
            }];
            (join.seat, join.dev) = (seat, own);
            join.seat_sig = Join::sign_seat(&key, cid, own, join.kem);
        }
        Control::Ballot(_) => {
            (auth, cap) = (vec![invite], None);
            refs = vec![Ref {
                rel: Rel::ABOUT,
                id: invite,
            }];
        }
        _ => {}
    }
    Draft {
        cid: (kind != Kind::GENESIS).then_some(cid),
        seat,
        place: Place { seq: 0, prev: None },
        hlc: Hlc::default(),
        kind,
        cap,
        auth,
        refs,
        tags: vec![],
        body: body.encode(),
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// From the wire and back: same id, header, body.
fn comes_back(record: &Verified) -> Verified {
    let again = Signed::parse(record.wire()).unwrap().verify().unwrap();
    assert_eq!(again.id(), record.id());
    assert_eq!(again.header(), record.header());
    assert_eq!(again.header().encode(), record.header_bytes());
    assert_eq!(again.body(), record.body());
    assert_eq!(again.control(), record.control());
    again
}

/// What a reader makes of a record in which a byte was changed: nothing, another id, or the
/// same record without the changed content body.
fn is_harmless(record: &Verified, changed: &[u8]) -> bool {
    match Signed::parse(changed).and_then(Signed::verify) {
        Err(_) => true,
        Ok(read) if read.id() != record.id() => true,
        Ok(read) => {
            record.header().kind.lane() == Lane::Content
                && read.header() == record.header()
                && read.body().is_none()
        }
    }
}

#[test]
fn any_flipped_bit_of_the_fixed_note_is_harmless() {
    let record = fixed::draft()
        .sign(&SigningKey::from_bytes(&[2; 32]))
        .unwrap();
    for bit in 0..record.wire().len() * 8 {
        let mut changed = record.wire().to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(is_harmless(&record, &changed), "bit {bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn fc_values_come_back(value in value()) {
        let bytes = value.encode();
        prop_assert_eq!(check(&bytes), Ok(()));
        prop_assert_eq!(Value::decode(&bytes), Ok(value));
    }

    /// Acceptance as section 1.3 words it: decode, encode again, compare.
    #[test]
    fn what_is_taken_is_canonical(bytes in vec(any::<u8>(), 0..24)) {
        match Value::decode(&bytes) {
            Ok(value) => prop_assert_eq!(value.encode(), bytes),
            Err(error) => prop_assert_ne!(error, FcError::Range),
        }
    }

    #[test]
    fn control_bodies_come_back((kind, body) in control()) {
        let bytes = body.encode();
        prop_assert_eq!(check(&bytes), Ok(()));
        prop_assert_eq!(Control::decode(kind, &bytes), Ok(body));
    }

    /// A changed body is another body, or none.
    #[test]
    fn changed_control_bodies_are_seen(
        (kind, body) in control(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let mut bytes = body.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Control::decode(kind, &bytes) {
            prop_assert_ne!(&other, &body);
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn control_records_come_back(
        (kind, body) in control(),
        auth in sorted_ids(15),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let record = control_draft(kind, body, auth).sign(&key()).unwrap();
        let again = comes_back(&record);
        prop_assert_eq!(again.wire(), record.wire());
        let mut changed = record.wire().to_vec();
        let at = at.index(changed.len());
        changed[at] ^= flip;
        prop_assert!(is_harmless(&record, &changed), "byte {} ^ {:#x}", at, flip);
    }

    #[test]
    fn content_records_come_back(
        draft in content_draft(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let record = draft.sign(&key()).unwrap();
        comes_back(&record);
        comes_back(&record.without_body());
        let mut changed = record.wire().to_vec();
        let at = at.index(changed.len());
        changed[at] ^= flip;
        prop_assert!(is_harmless(&record, &changed), "byte {} ^ {:#x}", at, flip);
    }

    #[test]
    fn open_content_comes_back(
        salt in any::<[u8; 16]>(),
        keys in btree_map(64..=255_u8, "[^\0]{0,20}".prop_map(Value::Text), 0..6),
        title in text(256),
        kind in 0x8000..=u16::MAX,
    ) {
        let mut content = Content::new(salt).with(2, Value::Text(title));
        content.map.extend(keys);
        prop_assert_eq!(Content::decode(Kind(kind), &content.encode()), Ok(content));
    }

    #[test]
    fn attachments_come_back(
        files in vec((text(40), text(40), 0..=1_u64 << 36, bytes32(), bytes32()), 1..=32),
    ) {
        let files: Vec<_> = files
            .into_iter()
            .map(|(name, media, size, root, key)| Attachment {
                name,
                media,
                size,
                root: BlobRoot::from_bytes(root),
                key,
            })
            .collect();
        let content = files.iter().fold(Content::new([0; 16]), Content::with_attachment);
        let read = Content::decode(Kind::FILES, &content.encode()).unwrap();
        prop_assert_eq!(read.attachments(), files);
    }

    #[test]
    fn ids_are_the_hash_of_header_and_signature(draft in content_draft()) {
        let record = draft.sign(&key()).unwrap();
        let id = hash::derive("folkmoot/1 record id", &[record.header_bytes(), record.signature()]);
        prop_assert_eq!(record.id().to_bytes(), id);
    }
}
