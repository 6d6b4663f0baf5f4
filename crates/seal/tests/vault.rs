//! The vault file and sealed values.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use folkmoot_seal::{
    Cost, NodeKey, VaultError,
    vault::{self, MAX_LANES, MAX_MEMORY_KIB, MAX_PASSES},
};
use proptest::prelude::*;

/// The least that Argon2 allows for four lanes, so that the tests are quick.
const QUICK: Cost = Cost {
    memory_kib: 32,
    passes: 1,
    lanes: 4,
};

fn node_key() -> NodeKey {
    NodeKey::from_bytes([0x42; 32])
}

fn file(cost: Cost) -> Vec<u8> {
    vault::lock(b"open sesame", &node_key(), cost, &[1; 16], &[2; 24]).unwrap()
}

#[test]
fn the_standard_cost_opens_and_a_wrong_passphrase_says_so() {
    let file = file(Cost::STANDARD);
    // [1, salt, m, t, p, nonce, ct]
    let head = format!("870150{}1a000100000304", "01".repeat(16));
    assert!(hex::encode(&file).starts_with(&head));
    assert_eq!(vault::unlock(b"open sesame", &file), Ok(node_key()));
    assert_eq!(
        vault::unlock(b"open sesam", &file),
        Err(VaultError::WrongPassphrase)
    );
}

#[test]
fn an_empty_passphrase_is_a_passphrase() {
    let file = vault::lock(b"", &node_key(), QUICK, &[1; 16], &[2; 24]).unwrap();
    assert_eq!(vault::unlock(b"", &file), Ok(node_key()));
    assert_eq!(vault::unlock(b" ", &file), Err(VaultError::WrongPassphrase));
}

#[test]
fn damage_and_versions_are_told_apart() {
    let good = file(QUICK);
    for end in 0..good.len() {
        assert_eq!(
            vault::unlock(b"open sesame", &good[..end]),
            Err(VaultError::Damaged),
            "cut at {end}"
        );
    }
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(
        vault::unlock(b"open sesame", &longer),
        Err(VaultError::Damaged)
    );
    let mut later = good.clone();
    later[1] = 2;
    assert_eq!(
        vault::unlock(b"open sesame", &later),
        Err(VaultError::Format(2))
    );
    assert_eq!(
        vault::unlock(b"open sesame", &[0; 4_096]),
        Err(VaultError::Damaged)
    );
}

#[test]
fn a_file_cannot_exhaust_the_machine() {
    let over = [
        Cost {
            memory_kib: MAX_MEMORY_KIB + 1,
            ..QUICK
        },
        Cost {
            passes: MAX_PASSES + 1,
            ..QUICK
        },
        Cost {
            lanes: MAX_LANES + 1,
            memory_kib: 1_024,
            ..QUICK
        },
        // Outside what Argon2 defines.
        Cost {
            memory_kib: 31,
            ..QUICK
        },
        Cost { passes: 0, ..QUICK },
        Cost { lanes: 0, ..QUICK },
    ];
    for cost in over {
        assert_eq!(
            vault::lock(b"x", &node_key(), cost, &[1; 16], &[2; 24]),
            Err(VaultError::Cost),
            "{cost:?}"
        );
    }
}

#[test]
fn another_salt_or_nonce_gives_another_file() {
    let one = file(QUICK);
    let two = vault::lock(b"open sesame", &node_key(), QUICK, &[3; 16], &[2; 24]).unwrap();
    let three = vault::lock(b"open sesame", &node_key(), QUICK, &[1; 16], &[4; 24]).unwrap();
    assert!(one != two && one != three && two != three);
}

#[test]
fn a_value_opens_at_its_place_only() {
    let key = node_key();
    let sealed = key.seal_value("epochs", b"k1", b"secret", &[9; 24]);
    assert_eq!(sealed.len(), 6 + 40);
    assert_eq!(
        key.open_value("epochs", b"k1", &sealed).unwrap().as_slice(),
        b"secret"
    );
    for (table, place) in [
        ("epochs", b"k2".as_slice()),
        ("devices", b"k1"),
        ("epoch", b"sk1"),
    ] {
        assert_eq!(
            key.open_value(table, place, &sealed),
            Err(VaultError::Value)
        );
    }
    let other = NodeKey::from_bytes([0x43; 32]);
    assert_eq!(
        other.open_value("epochs", b"k1", &sealed),
        Err(VaultError::Value)
    );
    assert_eq!(
        key.open_value("epochs", b"k1", &sealed[..20]),
        Err(VaultError::Value)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_byte_never_opens(place in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let mut bytes = file(QUICK);
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        // A flipped cost may ask for a gigabyte: that is refused or tried, but not here.
        prop_assume!(!(19..25).contains(&place));
        prop_assert!(vault::unlock(b"open sesame", &bytes).is_err());
    }

    #[test]
    fn values_round_trip_and_hold(
        value in proptest::collection::vec(any::<u8>(), 0..400), key in any::<[u8; 8]>(),
        nonce in any::<[u8; 24]>(), place in any::<prop::sample::Index>(), flip in 1_u8..=255,
    ) {
        let node = node_key();
        let mut sealed = node.seal_value("t", &key, &value, &nonce);
        prop_assert_eq!(&*node.open_value("t", &key, &sealed).unwrap(), &value);
        let place = place.index(sealed.len());
        sealed[place] ^= flip;
        prop_assert_eq!(node.open_value("t", &key, &sealed), Err(VaultError::Value));
    }
}
