//! What the fuzzers run, one function a decoder. Each panics where a promise is broken, and
//! holds for any input at all.

use data_encoding::BASE32_NOPAD;
use folkmoot_record::{CollectiveId, DeviceKey, EpochId, hash};
use folkmoot_seal::{
    Bundle, BundleError, Card, EpochSecret, KemSecret, Link, Proof,
    boxes::{self, BoxKey, SealedBox},
    bundle, link, vault,
};

/// A device that opens what it gets.
pub(crate) fn device() -> (CollectiveId, DeviceKey, KemSecret) {
    (
        CollectiveId::from_bytes([1; 32]),
        DeviceKey::from_bytes([2; 32]),
        KemSecret::from_bytes([3; 32]),
    )
}

/// The secret of the one epoch that the fuzzer knows of.
pub(crate) fn epoch() -> EpochSecret {
    EpochSecret::from_bytes([4; 32])
}

/// A bundle is what it was read from, and gives nothing but the secret of its epoch.
pub(crate) fn bundle(input: &[u8]) {
    match Bundle::decode(input) {
        Ok(bundle) => {
            assert_eq!(bundle.encode(), input);
            assert!(bundle.len() <= bundle::MAX_ENTRIES);
            assert_eq!(bundle.hash().to_bytes(), hash::plain(input));
            let (cid, dev, kem) = device();
            if let Ok(secret) = bundle.open(&cid, &dev, &kem) {
                assert_eq!(secret.id(), bundle.key_id());
            }
        }
        Err(error) => assert_eq!(
            error == BundleError::TooLarge,
            input.len() > bundle::MAX_BYTES
        ),
    }
}

/// A proof is what it was read from.
pub(crate) fn proof(input: &[u8]) {
    if let Ok(proof) = Proof::decode(input) {
        assert_eq!(proof.encode(), input);
    }
}

/// A box is what it was read from; one that opens is the one that its record makes; and any
/// bytes can be boxed.
pub(crate) fn sealed_box(input: &[u8]) {
    let (control, data) = (epoch().control_key(), epoch().data_key());
    let keys = [BoxKey::Control(&control), BoxKey::Data(&data)];
    if let Ok(sealed) = SealedBox::decode(input) {
        assert_eq!(sealed.encode(), input);
        assert!(input.len() <= boxes::MAX_BYTES);
        for key in keys {
            if let Ok(record) = sealed.open(key) {
                assert_eq!(SealedBox::seal(key, sealed.key_id(), &record), sealed);
            }
        }
    }
    let sealed = SealedBox::seal(keys[0], EpochId::from_bytes([5; 32]), input);
    assert_eq!(SealedBox::decode(&sealed.encode()), Ok(sealed.clone()));
    assert_eq!(**sealed.open(keys[0]).expect("it was sealed so"), *input);
}

/// A link is what it was read from, blanks and case apart. The input is tried as the text and
/// as the bytes inside one of each kind, with the checksum that no fuzzer finds.
pub(crate) fn link(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        read_link(text);
    }
    let inside = [input, &hash::plain(input)[..4]].concat();
    let inside = BASE32_NOPAD.encode(&inside).to_lowercase();
    for kind in ["1", "p1", "s1"] {
        let text = format!("folkmoot:{kind}:{inside}");
        if let Some(again) = read_link(&text) {
            assert_eq!(again, text);
        }
    }
}

fn read_link(text: &str) -> Option<String> {
    let read = Link::parse(text).ok()?;
    let again = read.to_text();
    assert!(again.len() <= link::MAX_CHARS);
    assert_eq!(Link::parse(&again).as_ref(), Ok(&read));
    assert_eq!(Link::parse(&again.to_uppercase()), Ok(read));
    let letters = |text: &str| -> String {
        let kept = text.chars().filter(char::is_ascii_graphic);
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    assert_eq!(letters(text), *again);
    Some(again.to_string())
}

/// A vault file is what it was read from.
pub(crate) fn vault(input: &[u8]) {
    if let Ok(again) = vault::rewrite(input) {
        assert_eq!(again, input);
        assert!(input.len() <= vault::MAX_BYTES);
    }
}

/// A card that is read is printed so that it is read again, and in the short form too.
pub(crate) fn card(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(card) = Card::parse(&text) {
        assert_eq!(Card::parse(&card.to_text(&[], &[])).as_ref(), Ok(&card));
        assert_eq!(Card::parse(&card.to_line()).as_ref(), Ok(&card));
    }
}
