//! What is too large is refused and costs nothing else.

use folkmoot_record::EpochId;
use folkmoot_store::{Entry, StoreError};

use crate::records::{cid, note, open_clean};

#[test]
fn bounds_hold() {
    let dir = tempfile::tempdir().unwrap();
    let mut vault = open_clean(dir.path());
    let local = |key: usize, value: usize| Entry::Local {
        key: vec![1; key],
        value: Some(vec![2; value]),
    };
    let bundle = |size| Entry::Bundle {
        cid: cid(1),
        key_id: EpochId::from_bytes([1; 32]),
        bytes: vec![3; size],
    };
    for entry in [
        local(Entry::LOCAL_KEY + 1, 1),
        local(1, Entry::LOCAL_VALUE + 1),
        bundle(Entry::BUNDLE + 1),
    ] {
        assert!(matches!(
            vault.commit(&[entry]),
            Err(StoreError::TooLarge { .. })
        ));
    }
    vault
        .commit(&[
            local(Entry::LOCAL_KEY, Entry::LOCAL_VALUE),
            bundle(Entry::BUNDLE),
        ])
        .unwrap();
    vault.close().unwrap();
    let mut vault = open_clean(dir.path());
    assert_eq!(
        vault
            .local(&[1; Entry::LOCAL_KEY])
            .unwrap()
            .map(|value| value.len()),
        Some(Entry::LOCAL_VALUE)
    );
    assert_eq!(
        vault.bundles(&cid(1)).unwrap()[0].bytes.len(),
        Entry::BUNDLE
    );
    // A group that would not fit in memory is refused as a whole.
    let many: Vec<_> = (0..70_u8)
        .map(|n| Entry::Bundle {
            cid: cid(1),
            key_id: EpochId::from_bytes([n; 32]),
            bytes: vec![n + 4; Entry::BUNDLE],
        })
        .collect();
    assert!(matches!(
        vault.commit(&many),
        Err(StoreError::TooLarge {
            what: "a group",
            ..
        })
    ));
    assert_eq!(vault.bundles(&cid(1)).unwrap().len(), 1);
    vault
        .commit(&[Entry::Record(note(1, 1, 0, "goes on"), 0)])
        .unwrap();
}
