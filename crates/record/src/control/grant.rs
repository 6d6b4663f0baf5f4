//! Limits, grants, invites and joins (section 3.2).

use super::{Actions, RoleId};
use crate::{DeviceKey, InviteKey, KemKey, Kind, SeatKey, Tag};

/// A closed range of content kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindRange {
    /// First kind, 0x100 or more.
    pub lo: Kind,
    /// Last kind.
    pub hi: Kind,
}

/// The limits of a grant: `lim`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Key 1.
    pub role: RoleId,
    /// Key 2: 1 to 250.
    pub rank: u8,
    /// Key 3.
    pub mask: Actions,
    /// Key 4: absent means all.
    pub kinds: Option<Vec<KindRange>>,
    /// Key 5: absent means all.
    pub tags: Option<Vec<Tag>>,
    /// Key 6: not before, in ms.
    pub nbf: Option<u64>,
    /// Key 7: expires, in ms.
    pub exp: Option<u64>,
    /// Key 8: 0 to 31.
    pub depth_left: u8,
}

/// Body of a grant, and effect 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who gets it.
    pub to: SeatKey,
    /// What they get.
    pub limits: Limits,
}

/// Body of an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Key 0: made from the seed in the link.
    pub key: InviteKey,
    /// Limits of the resulting grant.
    pub limits: Limits,
    /// Key 9: 1 to 10,000.
    pub max_uses: u64,
    /// Key 10: at most 128 bytes.
    pub label: Option<String>,
    /// Key 11, in ms.
    pub open_from: Option<u64>,
    /// Key 12, in ms.
    pub open_until: Option<u64>,
}

/// Body of a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The new seat.
    pub seat: SeatKey,
    /// Its first device.
    pub dev: DeviceKey,
    /// KEM key of that device.
    pub kem: KemKey,
    /// By the invite key; judged with the invite.
    pub redeem_sig: [u8; 64],
    /// By the joining seat's root.
    pub seat_sig: [u8; 64],
    /// Key 5, in inherit joins only; parked in this build.
    pub old_dev: Option<DeviceKey>,
}
