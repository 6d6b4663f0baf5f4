//! Boxes: Padmé, rebuilding byte for byte, and what is refused.

use folkmoot_record::{Kind, limits};
use folkmoot_seal::{
    BoxClass, BoxError, EpochSecret,
    boxes::{BoxKey, MAX_BYTES, SealedBox, padme},
};
use proptest::prelude::*;

/// Padmé by its definition in section 1.5, with floating point, as a second opinion.
fn padme_by_definition(len: usize) -> usize {
    let e = (len as f64).log2().floor() as u32;
    let s = f64::from(e).log2().floor() as u32 + 1;
    let unit = 1_usize << (e - s);
    len.div_ceil(unit) * unit
}

#[test]
fn padme_table() {
    // Worked out by hand from the definition.
    let table = [
        (2, 2),
        (3, 3),
        (4, 4),
        (8, 8),
        (9, 10),
        (15, 16),
        (16, 16),
        (17, 18),
        (33, 36),
        (64, 64),
        (100, 104),
        (129, 144),
        (255, 256),
        (257, 272),
        (420, 432),
        (1_000, 1_024),
        (1_025, 1_088),
        (65_537, 67_584),
        (528_516, 540_672),
    ];
    for (len, padded) in table {
        assert_eq!(padme(len), padded, "padme({len})");
    }
}

#[test]
fn padme_agrees_with_its_definition_and_costs_little() {
    for len in 2..70_000 {
        let padded = padme(len);
        assert_eq!(padded, padme_by_definition(len), "padme({len})");
        assert_eq!(padme(padded), padded, "padded sizes stay");
        assert!((padded - len) * 100 <= len * 12, "padme({len}) = {padded}");
    }
}

#[test]
fn the_largest_record_fits() {
    let es = EpochSecret::from_bytes([1; 32]);
    let key = es.control_key();
    let record = vec![7; limits::RECORD];
    let sealed = SealedBox::seal(BoxKey::Control(&key), es.id(), &record);
    let bytes = sealed.encode();
    assert!(bytes.len() <= MAX_BYTES);
    let back = SealedBox::decode(&bytes).unwrap();
    assert_eq!(*back.open(BoxKey::Control(&key)).unwrap(), record);
}

#[test]
fn the_class_of_a_kind() {
    assert_eq!(BoxClass::of(Kind(0xff)), BoxClass::Control);
    assert_eq!(BoxClass::of(Kind(0x100)), BoxClass::Data);
}

#[test]
fn the_control_key_opens_no_content() {
    let es = EpochSecret::from_bytes([1; 32]);
    let (control, data) = (es.control_key(), es.data_key());
    let sealed = SealedBox::seal(BoxKey::Data(&data), es.id(), b"a record");
    assert_eq!(sealed.open(BoxKey::Control(&control)), Err(BoxError::Class));
    // Nor when the class byte is bent: it is part of the associated data.
    let mut bytes = sealed.encode();
    assert_eq!(bytes[2], 1);
    bytes[2] = 0;
    let bent = SealedBox::decode(&bytes).unwrap();
    assert_eq!(bent.open(BoxKey::Control(&control)), Err(BoxError::Sealed));
}

proptest! {
    #[test]
    fn two_members_build_the_same_box(
        secret in any::<[u8; 32]>(), record in proptest::collection::vec(any::<u8>(), 1..2_000),
    ) {
        let (ours, theirs) = (EpochSecret::from_bytes(secret), EpochSecret::from_bytes(secret));
        let key = theirs.data_key();
        let made = SealedBox::seal(BoxKey::Data(&ours.data_key()), ours.id(), &record);
        let bytes = made.encode();
        let read = SealedBox::decode(&bytes).unwrap();
        let opened = read.open(BoxKey::Data(&key)).unwrap();
        prop_assert_eq!(&*opened, &record);
        let again = SealedBox::seal(BoxKey::Data(&key), theirs.id(), &opened);
        prop_assert_eq!(again.encode(), bytes);
        prop_assert_eq!(again.id(), made.id());
    }

    #[test]
    fn a_changed_byte_is_refused(
        record in proptest::collection::vec(any::<u8>(), 1..300), place in any::<prop::sample::Index>(),
        flip in 1_u8..=255,
    ) {
        let es = EpochSecret::from_bytes([5; 32]);
        let key = es.data_key();
        let mut bytes = SealedBox::seal(BoxKey::Data(&key), es.id(), &record).encode();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(read) = SealedBox::decode(&bytes) {
            prop_assert!(read.open(BoxKey::Data(&key)).is_err());
        }
    }

    #[test]
    fn an_insider_cannot_make_a_second_box_of_one_record(
        record in proptest::collection::vec(any::<u8>(), 1..200), nonce in any::<[u8; 24]>(),
        extra in 1_usize..64, stain in any::<bool>(),
    ) {
        use chacha20poly1305::{KeyInit, XChaCha20Poly1305, aead::{Aead, Payload}};
        // A member holds the key, so can seal anything: another nonce, more zeros, or dirt in
        // the padding. None of it passes for the box of the record.
        let es = EpochSecret::from_bytes([6; 32]);
        let key = es.data_key();
        let mut plain = (record.len() as u32).to_be_bytes().to_vec();
        plain.extend_from_slice(&record);
        plain.resize(padme(4 + record.len()), 0);
        if stain && plain.len() > 4 + record.len() {
            *plain.last_mut().unwrap() = 1;
        } else if !stain {
            plain.extend(vec![0; extra]);
        }
        let aad = [b"folkmoot/1 box\0\x01".as_slice(), es.id().as_bytes()].concat();
        let ct = XChaCha20Poly1305::new(key.expose().into())
            .encrypt(&nonce.into(), Payload { msg: &plain, aad: &aad })
            .unwrap();
        let mut bytes = vec![0x85, 1, 1, 0x58, 32];
        bytes.extend_from_slice(es.id().as_bytes());
        bytes.extend_from_slice(&[0x58, 24]);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&[0x59]);
        bytes.extend_from_slice(&u16::try_from(ct.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&ct);
        match SealedBox::decode(&bytes) {
            Ok(read) => prop_assert_eq!(read.open(BoxKey::Data(&key)), Err(BoxError::NotDeterministic)),
            // Below 256 bytes the length above is not in its shortest form.
            Err(error) => prop_assert!(ct.len() < 256 && error == BoxError::Malformed),
        }
    }
}
