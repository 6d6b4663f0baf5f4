//! Penalties of members' devices: a peer id is free, so whoever comes back under another one is
//! known by the device that it proves.

use std::collections::BTreeMap;

use folkmoot_record::DeviceKey;

use crate::{
    fault::Fault,
    limits,
    score::{Score, Verdict},
};

/// Devices that were charged, by their key.
#[derive(Debug, Default)]
pub(crate) struct Devices(BTreeMap<DeviceKey, Score>);

impl Devices {
    /// Charges a fault to a device that was proven on the connection.
    pub(crate) fn charge(&mut self, now: u64, dev: DeviceKey, fault: &Fault) -> Verdict {
        if self.0.len() >= limits::DEVICES && !self.0.contains_key(&dev) {
            self.0.retain(|_, score| !score.is_clean(now));
        }
        if self.0.len() >= limits::DEVICES && !self.0.contains_key(&dev) {
            // The one that is let in again soonest makes room.
            let soonest = self.0.iter().min_by_key(|(_, score)| score.shunned(now));
            if let Some(gone) = soonest.map(|(dev, _)| *dev) {
                self.0.remove(&gone);
            }
        }
        self.0.entry(dev).or_default().charge(now, fault)
    }

    /// Until when a device is shunned, if it is.
    pub(crate) fn shunned(&self, now: u64, dev: &DeviceKey) -> Option<u64> {
        self.0.get(dev).and_then(|score| score.shunned(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dev(n: usize) -> DeviceKey {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        DeviceKey::from_bytes(bytes)
    }

    #[test]
    fn a_full_table_forgets_what_was_forgiven_first() {
        let mut devices = Devices::default();
        assert_eq!(devices.charge(0, dev(0), &Fault::Unbidden), Verdict::Ban);
        for n in 1..limits::DEVICES {
            devices.charge(0, dev(n), &Fault::Silent("push"));
        }
        // A new one, while the faults still count: the banned one stays.
        devices.charge(1, dev(limits::DEVICES), &Fault::Proof);
        assert_eq!(devices.0.len(), limits::DEVICES);
        assert!(devices.shunned(1, &dev(0)).is_some());
        // When they are forgiven all make room, the banned one excepted.
        let later = limits::FORGIVE_MS * 20;
        devices.charge(later, dev(limits::DEVICES + 1), &Fault::Proof);
        assert!(devices.0.len() < 8);
        assert!(devices.shunned(later, &dev(0)).is_some());
    }
}
