//! Charters, roles and rules (sections 3.2, 4.8 and 5.1).

/// Number of a role in a charter, 1 to 65535.
pub type RoleId = u16;

/// Action bits of section 4.2. Undefined bits are legal and mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Actions(pub u32);

impl Actions {
    /// Bit 0.
    pub const READ: Self = Self(1);
    /// Bit 1.
    pub const WRITE: Self = Self(1 << 1);
    /// Bit 2.
    pub const EDIT_ANY: Self = Self(1 << 2);
    /// Bit 3.
    pub const HIDE: Self = Self(1 << 3);
    /// Bit 4.
    pub const INVITE: Self = Self(1 << 4);
    /// Bit 5.
    pub const GRANT: Self = Self(1 << 5);
    /// Bit 6.
    pub const REVOKE: Self = Self(1 << 6);
    /// Bit 7.
    pub const PROPOSE: Self = Self(1 << 7);
    /// Bit 8.
    pub const VOTE: Self = Self(1 << 8);
    /// Bit 9.
    pub const REKEY: Self = Self(1 << 9);
    /// Bit 10.
    pub const PURGE: Self = Self(1 << 10);
    /// Bit 11.
    pub const VIEW: Self = Self(1 << 11);
    /// Bit 12.
    pub const PUBLISH: Self = Self(1 << 12);
    /// Every bit.
    pub const ALL: Self = Self(u32::MAX);

    /// Whether every bit of `other` is set here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits set in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether no bit is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its number.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// 1 to 250; never changes.
    pub rank: u8,
    /// What it allows.
    pub actions: Actions,
    /// The highest rank a holder may give, 0 to `rank`.
    pub may_grant: u8,
}

/// How a class of proposals is decided (section 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// 0 to 4.
    pub class: u8,
    /// Least rank that votes.
    pub min_rank: u8,
    /// Least rank of a witness; 0: none needed.
    pub wit_rank: u8,
    /// How long a voter must have been a member.
    pub tenure_ms: u64,
    /// How recently a voter must have acted; 0: not asked.
    pub active_ms: u64,
    /// Share of the electorate that must say yes: numerator.
    pub y_num: u64,
    /// Denominator.
    pub y_den: u64,
    /// Least number of yes.
    pub min_yes: u64,
    /// Bit 0: the target has no vote.
    pub flags: u64,
}

/// A charter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charter {
    /// Key 0: 1 to 64, by id.
    pub roles: Vec<Role>,
    /// Key 1: at most 5, by class.
    pub rules: Vec<Rule>,
    /// Key 2: content records a device and day.
    pub content_per_day: u64,
    /// Key 2: control records a device and day.
    pub control_per_day: u64,
    /// Key 3: whether newcomers read what was written before them (1) or not (0).
    pub history: u8,
    /// Key 4: hash of an agreement.
    pub agreement: Option<[u8; 32]>,
    /// Key 5: features in use, ascending; `None` where the key is absent.
    pub features: Option<Vec<u64>>,
}

/// Effect 2: the fields of a charter that change; at least one is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CharterDelta {
    /// Key 0.
    pub roles: Option<Vec<Role>>,
    /// Key 1.
    pub rules: Option<Vec<Rule>>,
    /// Key 2: content and control records a device and day.
    pub quotas: Option<(u64, u64)>,
    /// Key 3.
    pub history: Option<u8>,
    /// Key 4.
    pub agreement: Option<[u8; 32]>,
    /// Key 5.
    pub features: Option<Vec<u64>>,
}
