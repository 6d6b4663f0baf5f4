//! Bundles and back-links: each recipient opens, nobody else does.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, DeviceKey, KemKey};
use folkmoot_seal::{
    Bundle, BundleError, EpochSecret, KemSecret, LinkClass, OpenError, Recipient, backlink,
    bundle::{ENTRY_BYTES, MAX_ENTRIES},
};
use proptest::prelude::*;

struct Device {
    dev: DeviceKey,
    kem: KemSecret,
}

impl Device {
    fn new(number: u8) -> Self {
        let dev = SigningKey::from_bytes(&[number; 32]).verifying_key();
        Self {
            dev: DeviceKey::from_bytes(dev.to_bytes()),
            kem: KemSecret::from_bytes([number ^ 0xff; 32]),
        }
    }

    fn recipient(&self) -> Recipient {
        Recipient {
            dev: self.dev,
            kem: self.kem.public(),
        }
    }
}

fn cid() -> CollectiveId {
    CollectiveId::from_bytes([0x11; 32])
}

fn seal(secret: &EpochSecret, devices: &[Device], seed: [u8; 32]) -> Bundle {
    let recipients: Vec<_> = devices.iter().map(Device::recipient).collect();
    let sealing = Bundle::seal(secret, &cid(), &recipients, &seed).unwrap();
    assert!(sealing.skipped.is_empty());
    sealing.bundle
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_recipient_opens_and_nobody_else(
        secret in any::<[u8; 32]>(), seed in any::<[u8; 32]>(), count in 1_u8..8,
    ) {
        let secret = EpochSecret::from_bytes(secret);
        let devices: Vec<_> = (1..=count).map(Device::new).collect();
        let sent = seal(&secret, &devices, seed).encode();
        let bundle = Bundle::decode(&sent).unwrap();
        prop_assert_eq!(bundle.len(), usize::from(count));
        prop_assert_eq!(bundle.key_id(), secret.id());
        for device in &devices {
            prop_assert_eq!(bundle.open(&cid(), &device.dev, &device.kem), Ok(secret.clone()));
        }
        let stranger = Device::new(200);
        prop_assert_eq!(
            bundle.open(&cid(), &stranger.dev, &stranger.kem),
            Err(OpenError::NotForUs)
        );
        // The seal is bound to the device and to the collective.
        let other = CollectiveId::from_bytes([0x12; 32]);
        prop_assert_eq!(
            bundle.open(&cid(), &stranger.dev, &devices[0].kem),
            Err(OpenError::Unopenable)
        );
        prop_assert_eq!(
            bundle.open(&other, &devices[0].dev, &devices[0].kem),
            Err(OpenError::Unopenable)
        );
    }

    #[test]
    fn a_changed_byte_is_refused(
        place in any::<prop::sample::Index>(), flip in 1_u8..=255,
    ) {
        let secret = EpochSecret::from_bytes([9; 32]);
        let devices = [Device::new(1)];
        let mut bytes = seal(&secret, &devices, [4; 32]).encode();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(bundle) = Bundle::decode(&bytes) {
            prop_assert!(bundle.open(&cid(), &devices[0].dev, &devices[0].kem).is_err());
        }
    }

    #[test]
    fn decoding_garbage_never_gives_a_bundle_that_encodes_otherwise(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        if let Ok(bundle) = Bundle::decode(&bytes) {
            prop_assert_eq!(bundle.encode(), bytes);
        }
    }
}

#[test]
fn a_dishonest_seal_of_another_secret_is_noticed() {
    // A maker who seals the secret of one epoch under the name of another.
    let device = [Device::new(1)];
    let (named, inside) = (
        EpochSecret::from_bytes([1; 32]),
        EpochSecret::from_bytes([2; 32]),
    );
    let mut bytes = seal(&inside, &device, [3; 32]).encode();
    let name = named.id();
    let at = bytes
        .windows(32)
        .position(|w| w == inside.id().as_bytes())
        .unwrap();
    bytes[at..at + 32].copy_from_slice(name.as_bytes());
    let bundle = Bundle::decode(&bytes).unwrap();
    assert_eq!(bundle.key_id(), name);
    assert_eq!(
        bundle.open(&cid(), &device[0].dev, &device[0].kem),
        Err(OpenError::NotForUs)
    );
}

#[test]
fn a_bad_key_of_one_member_does_not_stop_the_others() {
    let good = Device::new(1);
    let bad = Recipient {
        dev: Device::new(2).dev,
        kem: KemKey::from_bytes([0; 32]),
    };
    let secret = EpochSecret::from_bytes([9; 32]);
    let sealing = Bundle::seal(&secret, &cid(), &[bad, good.recipient()], &[7; 32]).unwrap();
    assert_eq!(sealing.skipped, [bad.dev]);
    assert_eq!(
        sealing.bundle.open(&cid(), &good.dev, &good.kem),
        Ok(secret)
    );
}

#[test]
fn sizes_and_bounds() {
    let secret = EpochSecret::from_bytes([9; 32]);
    let sizes: Vec<_> = (0..3)
        .map(|n| {
            let devices: Vec<_> = (1..=n).map(Device::new).collect();
            seal(&secret, &devices, [1; 32]).encode().len()
        })
        .collect();
    assert_eq!(sizes[1] - sizes[0], ENTRY_BYTES);
    assert_eq!(sizes[2] - sizes[1], ENTRY_BYTES);
    let too_many = vec![Device::new(1).recipient(); MAX_ENTRIES + 1];
    assert_eq!(
        Bundle::seal(&secret, &cid(), &too_many, &[1; 32]),
        Err(BundleError::TooLarge)
    );
    assert_eq!(
        Bundle::decode(&vec![0; (1 << 20) + 1]),
        Err(BundleError::TooLarge)
    );
}

#[test]
fn entries_must_ascend_strictly() {
    let devices = [Device::new(1), Device::new(2)];
    let bytes = seal(&EpochSecret::from_bytes([9; 32]), &devices, [1; 32]).encode();
    let (head, entries) = bytes.split_at(bytes.len() - 2 * ENTRY_BYTES);
    let (first, second) = entries.split_at(ENTRY_BYTES);
    for wrong in [[head, second, first], [head, first, first]] {
        assert_eq!(Bundle::decode(&wrong.concat()), Err(BundleError::Malformed));
    }
    assert!(Bundle::decode(&bytes).is_ok());
    assert_eq!(
        Bundle::decode(&[&bytes[..], &[0]].concat()),
        Err(BundleError::Malformed)
    );
}

#[test]
fn the_same_seed_for_two_epochs_shares_no_ephemeral_key() {
    let devices = [Device::new(1)];
    let one = seal(&EpochSecret::from_bytes([1; 32]), &devices, [5; 32]).encode();
    let two = seal(&EpochSecret::from_bytes([2; 32]), &devices, [5; 32]).encode();
    // The entry ends with enc (34 bytes with its head) and ct (50 bytes with its head).
    let enc = |bytes: &[u8]| bytes[bytes.len() - 82..bytes.len() - 50].to_vec();
    assert_ne!(enc(&one), enc(&two));
}

#[test]
fn back_links_open_downwards_only() {
    let (old, new) = (
        EpochSecret::from_bytes([1; 32]),
        EpochSecret::from_bytes([2; 32]),
    );
    let control = backlink::link_control(&new, &old);
    let secret = backlink::link_secret(&new, &old);
    assert_eq!(
        (control.class, secret.class),
        (LinkClass::Control.byte(), LinkClass::Secret.byte())
    );
    assert_eq!(
        backlink::follow_control(&new.control_key(), &new.id(), &control),
        Some(old.control_key())
    );
    assert_eq!(backlink::follow_secret(&new, &secret), Some(old.clone()));

    // Not with the older secret, not for another epoch, not across classes.
    assert_eq!(backlink::follow_secret(&old, &secret), None);
    assert_eq!(
        backlink::follow_control(&old.control_key(), &new.id(), &control),
        None
    );
    assert_eq!(
        backlink::follow_control(&new.control_key(), &old.id(), &control),
        None
    );
    assert_eq!(backlink::follow_secret(&new, &control), None);
    let mut relabelled = control.clone();
    relabelled.class = 1;
    assert_eq!(backlink::follow_secret(&new, &relabelled), None);
    let mut renamed = secret.clone();
    renamed.key_id = new.id();
    assert_eq!(backlink::follow_secret(&new, &renamed), None);
}
