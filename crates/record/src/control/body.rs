//! The body of any control record.

use super::{
    Ballot, Charter, Decision, DeviceBody, Grant, Invite, Join, Proposal, Readmit, Resign, Revoke,
};
use crate::{BundleHash, CollectiveId, DeviceKey, EpochId, KemKey, RecordId, SeatKey};

/// The parsed body of a control record or ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// 0x00
    Genesis(Genesis),
    /// 0x01
    Invite(Invite),
    /// 0x02
    Join(Join),
    /// 0x03
    Device(DeviceBody),
    /// 0x04
    Grant(Grant),
    /// 0x05
    Revoke(Revoke),
    /// 0x06
    Readmit(Readmit),
    /// 0x08
    Resign(Resign),
    /// 0x10
    Proposal(Proposal),
    /// 0x11
    Ballot(Ballot),
    /// 0x12
    Decision(Decision),
    /// 0x20
    Epoch(Epoch),
    /// 0x21
    Kem(Kem),
    /// 0x30
    ForkNote(ForkNote),
    /// 0x31
    Merge,
    /// A kind of 0x40 to 0xFF, which this build does not know.
    Parked,
}

/// Body of a genesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    /// Key 0: random; makes founder seats and the collective id unique.
    pub salt: [u8; 16],
    /// Key 1: at most 128 bytes.
    pub name: String,
    /// Key 2.
    pub charter: Charter,
    /// Key 3: 1 to 32, strictly by seat.
    pub founders: Vec<Founder>,
    /// Key 4: from what it forked; parked in this build.
    pub inherits: Option<Inheritance>,
    /// Key 6: by the root of the signing founder over salt, dev and kem.
    pub founder_sig: [u8; 64],
}

/// One founder of a genesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founder {
    /// Root key.
    pub seat: SeatKey,
    /// Number of a role in the charter.
    pub role: u16,
    /// First device.
    pub dev: DeviceKey,
    /// KEM key of the first device.
    pub kem: KemKey,
}

/// Genesis key 4 (section 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inheritance {
    /// The collective forked from.
    pub old_cid: CollectiveId,
    /// Its heads at the fork.
    pub heads: Vec<RecordId>,
    /// The highest rank that may be taken over, 0 to 250.
    pub rank: u8,
}

/// Body of an epoch (section 6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// 1 for the first.
    pub generation: u64,
    /// Public id of the secret.
    pub key_id: EpochId,
    /// Hash of the maker's bundle.
    pub bundle_hash: BundleHash,
    /// Back-links; strictly by (key id, class), at most 16.
    pub links: Vec<EpochLink>,
}

/// An older secret wrapped under a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochLink {
    /// The older epoch.
    pub key_id: EpochId,
    /// 0: control key; 1: epoch secret.
    pub class: u8,
    /// The wrapped key.
    pub wrap: [u8; 48],
}

/// Body of a kem record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kem {
    /// The new key.
    pub kem: KemKey,
}

/// Body of a forknote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkNote {
    /// The fork.
    pub new_cid: CollectiveId,
}
