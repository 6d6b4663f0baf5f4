//! What Eval says about a set of records (section 4.7, step 5), in plain maps.

use std::{collections::BTreeMap, sync::Arc};

use folkmoot_record::{
    CharterHash, DeviceKey, EpochId, GrantId, InviteKey, KemKey, RecordId, RevocationId, SeatKey,
    control::{Charter, DeviceLimits, Limits, Target},
};

/// Eval(S) of the admitted records. Expiry never enters it: callers compare the windows of the
/// grants with the time they judge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The charter in force; `None` before the genesis is held.
    pub charter: Option<Arc<Charter>>,
    /// Its hash.
    pub charter_hash: Option<CharterHash>,
    /// The name that the genesis gave.
    pub name: String,
    /// Every seat with at least one grant ever (invites apart).
    pub seats: BTreeMap<SeatKey, SeatState>,
    /// Every grant, invites apart.
    pub grants: BTreeMap<GrantId, GrantState>,
    /// Every invite.
    pub invites: BTreeMap<GrantId, InviteState>,
    /// Every revocation: revoke records and revoke effects of decided proposals. Drops and
    /// resignations have no id and are not listed.
    pub revocations: BTreeMap<RevocationId, RevocationState>,
    /// Every epoch record, honoured or not.
    pub epochs: BTreeMap<RecordId, EpochState>,
    /// Every proposal.
    pub proposals: BTreeMap<RecordId, ProposalState>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeatState {
    /// It has a live grant and a certified full device.
    pub live: bool,
    /// Its greatest live rank, or 0.
    pub rank: u8,
    /// Every device ever added.
    pub devices: BTreeMap<DeviceKey, DeviceState>,
    /// Every grant ever given to it, invites apart.
    pub grants: Vec<GrantId>,
    /// An admitted resignation withdraws all its content.
    pub withdrawn: bool,
}

/// What a device of a seat may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceState {
    /// Certified, and as good as its person.
    Full {
        /// Its current KEM key (section 6.2).
        kem: Option<KemKey>,
    },
    /// Certified; a record passes if one entry of `limits` allows all of it.
    Limited {
        /// Its current KEM key (section 6.2).
        kem: Option<KemKey>,
        /// What its standing additions allow.
        limits: Vec<DeviceLimits>,
    },
    /// Taken back: not certified any more.
    Dropped,
}

impl DeviceState {
    /// The KEM key, if it is certified and reads by itself.
    pub const fn kem(&self) -> Option<KemKey> {
        match self {
            Self::Full { kem } | Self::Limited { kem, .. } => *kem,
            Self::Dropped => None,
        }
    }

    /// Whether it is certified.
    pub const fn is_certified(&self) -> bool {
        !matches!(self, Self::Dropped)
    }

    /// Whether it is certified and full.
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

/// How a grant came about (section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Listed in the genesis.
    Founder,
    /// By a grant record.
    Grant,
    /// By joining under that invite.
    Join(GrantId),
    /// By that proposal.
    Decision(RecordId),
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantState {
    /// Issued, and hit by no active revocation.
    pub live: bool,
    /// Whose it is.
    pub to: SeatKey,
    /// Its limits, role and rank.
    pub limits: Arc<Limits>,
    /// Distance from a founder's or an effect's grant.
    pub depth: u8,
    /// The grants and invites it descends from, strongest first.
    pub lineage: Vec<GrantId>,
    /// How it came about.
    pub origin: Origin,
}

/// One invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteState {
    /// Issued, and hit by no active revocation.
    pub live: bool,
    /// Who made it.
    pub issuer: SeatKey,
    /// Under which grant.
    pub cap: GrantId,
    /// The public key whose seed is in the link.
    pub key: InviteKey,
    /// Its label.
    pub label: Option<String>,
    /// The limits of the grant that a join gets.
    pub limits: Arc<Limits>,
    /// How often it may be used.
    pub max_uses: u64,
    /// `max_uses` less the joins selected; also told of dead invites.
    pub uses_left: u64,
    /// Open from, in ms; absent: 0.
    pub open_from: Option<u64>,
    /// Open until, in ms (excluded); absent: for ever.
    pub open_until: Option<u64>,
    /// The joins that count.
    pub selected: Vec<RecordId>,
}

impl InviteState {
    /// Whether a join at `at_ms` could count: live, open, and a use left.
    pub fn welcomes(&self, at_ms: u64) -> bool {
        self.live
            && self.uses_left > 0
            && self.open_from.unwrap_or(0) <= at_ms
            && self.open_until.is_none_or(|until| at_ms < until)
    }
}

/// One revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationState {
    /// Whether it takes effect.
    pub active: bool,
    /// What it aims at.
    pub target: Target,
    /// Who wrote it: the author of the record or of the proposal.
    pub by: SeatKey,
    /// The record: a revoke record, or the proposal.
    pub record: RecordId,
    /// Why, if said.
    pub reason: Option<String>,
}

/// One epoch record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochState {
    /// Whether its record counts.
    pub honoured: bool,
    /// 1 for the first.
    pub generation: u64,
    /// The public id of its secret.
    pub key_id: EpochId,
    /// When it was made, in claimed ms.
    pub ms: u64,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalState {
    /// Who put it.
    pub by: SeatKey,
    /// 0 to 4 (section 5.2).
    pub class: u8,
    /// Its title.
    pub title: String,
    /// Last moment to vote, in ms.
    pub closes_ms: u64,
    /// The admitted decisions that carry it, with the number of votes they list.
    pub decisions: Vec<(RecordId, usize)>,
}
