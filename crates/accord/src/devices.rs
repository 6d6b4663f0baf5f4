//! Additions of devices: what never changes about them (section 4.6).

use std::collections::BTreeMap;

use folkmoot_record::{DeviceKey, KemKey, SeatKey, control::DeviceLimits};

use crate::graph::Ix;

/// Number of an addition.
pub(crate) type Ax = u32;

/// Most full devices of a seat: a person's machines (section 9).
pub(crate) const FULL_DEVICES: usize = 8;
/// Most limited devices of a seat: a person's agents (section 9).
pub(crate) const LIMITED_DEVICES: usize = 16;
/// How long a device may let another one act at most, in ms: 400 days (section 9).
pub(crate) const DEVICE_SIGNED_ADD_MS: u64 = 400 * 86_400_000;

/// A device added to a seat.
#[derive(Debug)]
pub(crate) struct Add {
    /// The genesis, join or device record.
    pub(crate) record: Ix,
    pub(crate) kem: Option<KemKey>,
    /// `None`: full.
    pub(crate) limits: Option<DeviceLimits>,
    pub(crate) signer: Signer,
}

/// Who vouched for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The genesis, a join, or the seat's root.
    Root,
    /// A full device of the same seat.
    Device(DeviceKey),
}

/// Every addition of valid records.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    list: Vec<Add>,
    by_device: BTreeMap<(SeatKey, DeviceKey), Vec<Ax>>,
}

impl Devices {
    /// The addition of a number that this registry gave out.
    pub(crate) fn get(&self, a: Ax) -> &Add {
        &self.list[a as usize]
    }

    /// The additions of one device of one seat.
    pub(crate) fn adds_of(&self, seat: &SeatKey, dev: &DeviceKey) -> &[Ax] {
        self.by_device
            .get(&(*seat, *dev))
            .map_or(&[], Vec::as_slice)
    }

    /// Every device ever added to a seat.
    pub(crate) fn of_seat(&self, seat: &SeatKey) -> impl Iterator<Item = (DeviceKey, &[Ax])> {
        let first = DeviceKey::from_bytes([0; 32]);
        let last = DeviceKey::from_bytes([0xFF; 32]);
        self.by_device
            .range((*seat, first)..=(*seat, last))
            .map(|((_, dev), adds)| (*dev, adds.as_slice()))
    }

    pub(crate) fn push(&mut self, seat: SeatKey, dev: DeviceKey, add: Add) -> Ax {
        let a = Ax::try_from(self.list.len()).unwrap_or(Ax::MAX);
        self.by_device.entry((seat, dev)).or_default().push(a);
        self.list.push(add);
        a
    }
}
