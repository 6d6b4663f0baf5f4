//! Taking rights away, giving records back, leaving (section 3.2).

use crate::{DeviceKey, GrantId, RecordId, RevocationId, SeatKey};

/// The last place of a log that is still honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cut {
    /// The device.
    pub dev: DeviceKey,
    /// 0 control, 1 content.
    pub lane: u8,
    /// Its place.
    pub seq: u32,
    /// The record there.
    pub id: RecordId,
}

/// What a revocation hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Type 0: a grant or an invite.
    Grant(GrantId),
    /// Type 1: a seat.
    Seat(SeatKey),
    /// Type 2: a device.
    Device(DeviceKey),
}

/// Body of a revocation, and effect 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoke {
    /// Keys 0 and 1.
    pub target: Target,
    /// Flag bit 0: also all that descends from the grant.
    pub subtree: bool,
    /// Flag bit 1, in effects only: cuts below what the author had seen.
    pub back: bool,
    /// Key 3: ascending, unique.
    pub cut: Vec<Cut>,
    /// Key 4: ascending, unique.
    pub keep: Vec<RecordId>,
    /// Key 5.
    pub reason: Option<String>,
}

/// Body of a readmission, and effect 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readmit {
    /// The revocation it softens.
    pub vid: RevocationId,
    /// Key 1.
    pub cut: Vec<Cut>,
    /// Key 2.
    pub keep: Vec<RecordId>,
}

/// Body of a resignation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resign {
    /// Key 0.
    pub cut: Vec<Cut>,
    /// Key 1: also retracts all content of the seat.
    pub withdraw: bool,
}
