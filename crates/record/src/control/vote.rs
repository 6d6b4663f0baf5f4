//! Proposals, ballots, decisions (sections 3.2 and 5).

use super::{CharterDelta, Grant, Readmit, Revoke};
use crate::{CollectiveId, RecordId};

/// Body of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Key 0: 0 to 4.
    pub class: u8,
    /// Key 1.
    pub title: String,
    /// Key 2: at most 32.
    pub effects: Vec<Effect>,
    /// Key 3.
    pub closes_ms: u64,
    /// Key 4.
    pub text: Option<String>,
}

/// What a decided proposal does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// 0
    Grant(Grant),
    /// 1
    Revoke(Revoke),
    /// 2
    Charter(CharterDelta),
    /// 3: names a fork; display only.
    Fork(CollectiveId),
    /// 4
    Readmit(Readmit),
}

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// 0
    No,
    /// 1
    Yes,
    /// 2
    Abstain,
}

/// Body of a ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// Key 0.
    pub choice: Choice,
    /// Key 1.
    pub reason: Option<String>,
}

/// Body of a decision: a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The proposal.
    pub proposal: RecordId,
    /// Its yes ballots; ascending, unique, 1 to 15,000.
    pub ballots: Vec<RecordId>,
}
