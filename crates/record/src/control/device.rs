//! Adding and dropping devices (section 3.2).

use super::{Actions, Cut, KindRange};
use crate::{DeviceKey, KemKey, RecordId, Tag};

/// Body of a device record; at least one list is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceBody {
    /// Key 0: strictly by device, at most 16.
    pub adds: Vec<DeviceAdd>,
    /// Key 1: strictly by device, at most 16.
    pub drops: Vec<DeviceDrop>,
}

/// One device added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAdd {
    /// Its key.
    pub dev: DeviceKey,
    /// Its KEM key; `None`: it reads through its host.
    pub kem: Option<KemKey>,
    /// `None`: a full device.
    pub limits: Option<DeviceLimits>,
}

/// One device dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceDrop {
    /// Its key.
    pub dev: DeviceKey,
    /// What of it is still honoured.
    pub cut: Vec<Cut>,
}

/// What a limited device may do: `dlim`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLimits {
    /// Key 0.
    pub mask: Actions,
    /// Key 1.
    pub kinds: Option<Vec<KindRange>>,
    /// Key 2.
    pub tags: Option<Vec<Tag>>,
    /// Key 3, in ms.
    pub nbf: Option<u64>,
    /// Key 4, in ms.
    pub exp: u64,
    /// Key 5: the agent version allowed.
    pub agent: Option<RecordId>,
}
