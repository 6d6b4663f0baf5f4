//! Epochs, bundles, back-links and boxes together: who reads what after a removal, and what a
//! late joiner reads.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use folkmoot_record::{CollectiveId, DeviceKey};
use folkmoot_seal::{
    Bundle, ControlKey, EpochSecret, KemSecret, OpenError, Recipient, backlink,
    boxes::{BoxKey, SealedBox},
};
use proptest::prelude::*;

fn cid() -> CollectiveId {
    CollectiveId::from_bytes([0x11; 32])
}

struct Device {
    dev: DeviceKey,
    kem: KemSecret,
}

fn device(number: u8) -> Device {
    Device {
        dev: DeviceKey::from_bytes([number; 32]),
        kem: KemSecret::from_bytes([number ^ 0x5a; 32]),
    }
}

/// The epoch's bundle for these devices, as it travels.
fn bundle(secret: &EpochSecret, devices: &[&Device], seed: u8) -> Bundle {
    let recipients: Vec<_> = devices
        .iter()
        .map(|device| Recipient {
            dev: device.dev,
            kem: device.kem.public(),
        })
        .collect();
    let sealing = Bundle::seal(secret, &cid(), &recipients, &[seed; 32]).unwrap();
    Bundle::decode(&sealing.bundle.encode()).unwrap()
}

fn content(secret: &EpochSecret, text: &[u8]) -> SealedBox {
    SealedBox::seal(BoxKey::Data(&secret.data_key()), secret.id(), text)
}

fn control(secret: &EpochSecret, text: &[u8]) -> SealedBox {
    SealedBox::seal(BoxKey::Control(&secret.control_key()), secret.id(), text)
}

/// Everything that `secret` alone opens of `sealed`.
fn opens(secret: &EpochSecret, sealed: &SealedBox) -> bool {
    sealed.open(BoxKey::Data(&secret.data_key())).is_ok()
        || sealed.open(BoxKey::Control(&secret.control_key())).is_ok()
}

fn opens_control(key: &ControlKey, sealed: &SealedBox) -> bool {
    sealed.open(BoxKey::Control(key)).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_removed_device_opens_nothing_made_later(
        first in any::<[u8; 32]>(), second in any::<[u8; 32]>(), text in any::<[u8; 40]>(),
    ) {
        prop_assume!(first != second);
        let (first, second) = (EpochSecret::from_bytes(first), EpochSecret::from_bytes(second));
        let (ana, ben, gone) = (device(1), device(2), device(3));
        let before = bundle(&first, &[&ana, &ben, &gone], 1);
        let had = before.open(&cid(), &gone.dev, &gone.kem).unwrap();
        let after = bundle(&second, &[&ana, &ben], 2);
        let links = [backlink::link_control(&second, &first), backlink::link_secret(&second, &first)];

        for boxed in [content(&second, &text), control(&second, &text)] {
            // Those who stayed read it, each by their own seal.
            for device in [&ana, &ben] {
                let secret = after.open(&cid(), &device.dev, &device.kem).unwrap();
                prop_assert!(opens(&secret, &boxed));
            }
            // The removed device: not by what it had, ...
            prop_assert!(!opens(&had, &boxed));
        }
        // ... not by a seal, even under another's name, and not upwards along a back-link.
        prop_assert_eq!(after.open(&cid(), &gone.dev, &gone.kem), Err(OpenError::NotForUs));
        prop_assert_eq!(after.open(&cid(), &ana.dev, &gone.kem), Err(OpenError::NotForUs));
        for link in &links {
            prop_assert_eq!(backlink::follow_secret(&had, link), None);
            prop_assert_eq!(
                backlink::follow_control(&had.control_key(), &second.id(), link),
                None
            );
        }
        // What it could read before, it still can: delivered data cannot be taken back.
        prop_assert!(opens(&had, &content(&first, &text)));
    }

    #[test]
    fn a_late_joiner_reads_history_only_where_it_is_opened(
        secrets in any::<[[u8; 32]; 3]>(), text in any::<[u8; 40]>(),
    ) {
        let [oldest, older, newest] = secrets.map(EpochSecret::from_bytes);
        prop_assume!(oldest != older && older != newest && oldest != newest);
        let joiner = device(9);
        let held = bundle(&newest, &[&joiner], 3).open(&cid(), &joiner.dev, &joiner.kem).unwrap();

        // Class 0, always there: down the chain, all control and no content.
        let down = backlink::link_control(&newest, &older);
        let key = backlink::follow_control(&held.control_key(), &held.id(), &down).unwrap();
        prop_assert!(opens_control(&key, &control(&older, &text)));
        let further = backlink::link_control(&older, &oldest);
        let key = backlink::follow_control(&key, &older.id(), &further).unwrap();
        prop_assert!(opens_control(&key, &control(&oldest, &text)));
        prop_assert!(!opens_control(&key, &content(&oldest, &text)));
        prop_assert!(!opens(&held, &content(&older, &text)));

        // Class 1, only with history: down the chain, everything.
        let history = backlink::link_secret(&newest, &older);
        let secret = backlink::follow_secret(&held, &history).unwrap();
        prop_assert!(opens(&secret, &content(&older, &text)));
        let further = backlink::link_secret(&older, &oldest);
        let secret = backlink::follow_secret(&secret, &further).unwrap();
        prop_assert!(opens(&secret, &content(&oldest, &text)));
        // The chain does not open without its beginning.
        prop_assert_eq!(backlink::follow_secret(&held, &further), None);
    }
}
