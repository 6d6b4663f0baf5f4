//! Bundles of epoch keys: found by hash, and dropped where they are not wanted any more.

use folkmoot_record::{BundleHash, EpochId};
use folkmoot_store::{Bundle, Entry};

use crate::{keeps::everywhere, records::cid};

#[test]
fn bundles_are_kept_by_collective_and_found_by_hash() {
    let (first, second) = (EpochId::from_bytes([1; 32]), EpochId::from_bytes([2; 32]));
    let bundle = |cid, key_id, bytes: &[u8]| Entry::Bundle {
        cid,
        key_id,
        bytes: bytes.to_vec(),
    };
    everywhere(
        |vault| {
            let group = [
                bundle(cid(1), second, b"two"),
                bundle(cid(1), first, b"one"),
                bundle(cid(1), first, b"supplement"),
                bundle(cid(2), first, b"elsewhere"),
                bundle(cid(1), first, b"one"),
            ];
            vault.commit(&group).unwrap();
            let end = vault.cursor();
            vault.commit(&group).unwrap();
            assert_eq!(vault.cursor(), end);
        },
        |vault| {
            let hash = |bytes| BundleHash::from_bytes(folkmoot_record::hash::plain(bytes));
            let expected = Bundle {
                cid: cid(1),
                key_id: second,
                hash: hash(b"two"),
                bytes: b"two".to_vec(),
            };
            assert_eq!(vault.bundle(&hash(b"two")).unwrap(), Some(expected.clone()));
            assert_eq!(vault.bundle(&hash(b"none")).unwrap(), None);
            let all = vault.bundles(&cid(1)).unwrap();
            assert_eq!(all.len(), 3);
            assert!(all[..2].iter().all(|bundle| bundle.key_id == first));
            assert_eq!(all[2], expected);
            assert_eq!(vault.bundles(&cid(2)).unwrap().len(), 1);
            assert_eq!(vault.bundles(&cid(3)).unwrap(), []);
        },
    );
}

#[test]
fn a_dropped_bundle_is_not_held_and_may_come_again() {
    let key_id = EpochId::from_bytes([1; 32]);
    let bundle = |bytes: &[u8]| Entry::Bundle {
        cid: cid(1),
        key_id,
        bytes: bytes.to_vec(),
    };
    let hash = |bytes: &[u8]| BundleHash::from_bytes(folkmoot_record::hash::plain(bytes));
    let drop = |bytes: &[u8]| Entry::DropBundle { hash: hash(bytes) };
    everywhere(
        |vault| {
            vault.commit(&[bundle(b"one"), bundle(b"two")]).unwrap();
            vault.commit(&[drop(b"one")]).unwrap();
            let end = vault.cursor();
            vault.commit(&[drop(b"one"), drop(b"none")]).unwrap();
            assert_eq!(vault.cursor(), end, "what is not held leaves no trace");
            // Also within one group, and again after it was dropped.
            let group = [
                bundle(b"three"),
                drop(b"three"),
                drop(b"two"),
                bundle(b"two"),
            ];
            vault.commit(&group).unwrap();
        },
        |vault| {
            assert_eq!(
                vault.bundle_hashes(&cid(1), &key_id).unwrap(),
                [hash(b"two")]
            );
            assert_eq!(vault.bundle(&hash(b"one")).unwrap(), None);
            assert_eq!(vault.bundle(&hash(b"two")).unwrap().unwrap().bytes, b"two");
        },
    );
}
