//! Governing by the charter: roles, rules, proposals, votes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Asks about the charter of a collective.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CharterShow {
    /// Name or id prefix; absent: the only one besides the home.
    pub collective: Option<String>,
}

/// A charter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CharterView {
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// Hash of the charter in force.
    pub hash: String,
    /// Roles, by rank.
    pub roles: Vec<CharterRole>,
    /// Rules, by class.
    pub rules: Vec<CharterRule>,
    /// Content records that a device may add on one day.
    pub content_per_day: u64,
    /// Control records that a device may add on one day.
    pub control_per_day: u64,
    /// Whether who comes later reads what was written before.
    pub open_history: bool,
    /// Ids of the decided proposals that changed it, oldest first.
    pub amended_by: Vec<String>,
    /// Whether one of these is still provisional: decided less than 45 days ago.
    pub provisional: bool,
    /// The charter as text, as `collective new` and `propose charter` take it.
    pub toml: String,
}

/// A role of a charter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CharterRole {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u16,
    /// Its rank.
    pub rank: u8,
    /// What it allows, in words.
    pub actions: Vec<String>,
    /// Names of the roles that a holder may give.
    pub may_give: Vec<String>,
    /// How many live members have it as their strongest.
    pub members: u64,
}

/// How a class of proposals is decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CharterRule {
    /// 0 to 4.
    pub class: u8,
    /// `opinion`, `membership`, `stewardship`, `charter`, `succession`.
    pub name: String,
    /// Who votes and what carries, in a sentence.
    pub sentence: String,
}

/// Puts something to the vote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Propose {
    /// Name or id prefix; absent: the only one besides the home.
    #[serde(default)]
    pub collective: Option<String>,
    /// What.
    pub what: Proposed,
    /// Title, at most 256 bytes; made from `what` if absent.
    #[serde(default)]
    pub title: Option<String>,
    /// Reasons, at most 32,768 bytes.
    #[serde(default)]
    pub text: Option<String>,
    /// How long the vote is open, in ms, at most 30 days; 7 days if absent.
    #[serde(default)]
    pub closes_in_ms: Option<u64>,
    /// Only say what would be proposed, and who would decide.
    #[serde(default)]
    pub dry_run: bool,
}

/// What can be proposed. People are named by name or seat prefix.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposed {
    /// An opinion: nothing follows by itself (class 0).
    Resolution {},
    /// Ends a person's membership; what they wrote until now stays (class 1, 2 or 4).
    Remove {
        /// Who.
        member: String,
    },
    /// Takes back removals of a person: their records count again, and they get a role.
    Restore {
        /// Who.
        member: String,
        /// Name of the role; `writer` if absent.
        role: Option<String>,
    },
    /// Gives a member a role, and takes those above it (class 1, 2 or 4).
    Role {
        /// Who.
        member: String,
        /// Name of the role.
        role: String,
    },
    /// Makes a member steward, in the place of another one if said (class 2 or 4).
    Steward {
        /// Who.
        member: String,
        /// Whose place it is.
        replacing: Option<String>,
    },
    /// Changes the charter to this one (class 3).
    Charter {
        /// Text of the whole new charter.
        toml: String,
    },
}

/// Votes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vote {
    /// Id or unique prefix of the proposal.
    pub proposal: String,
    /// How.
    pub choice: VoteChoice,
    /// Why, for the members to read; at most 32,768 bytes.
    #[serde(default)]
    pub reason: Option<String>,
    /// Vote on a succession though a steward acted lately.
    #[serde(default)]
    pub despite_stewards: bool,
}

/// A vote. Only a yes is counted; no and abstain tell the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoteChoice {
    /// For it. It cannot be taken back.
    Yes,
    /// Against it.
    No,
    /// Neither.
    Abstain,
}

/// Lists proposals.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Proposals {
    /// Name or id prefix; absent: of every collective.
    pub collective: Option<String>,
    /// Also those that are decided or failed.
    pub all: bool,
}

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// The vote is open.
    Open,
    /// Enough voted yes; a node is about to write the decision.
    Carried,
    /// It is decided, and what it says holds.
    Decided,
    /// The vote is over and there were not enough.
    Failed,
    /// It was only asked what would be proposed.
    Draft,
}

/// A proposal and its vote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProposalView {
    /// Record id; empty of a draft.
    pub id: String,
    /// Shortest unique prefix here.
    pub short: String,
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// 0 to 4.
    pub class: u8,
    /// Name of the class.
    pub class_name: String,
    /// Title.
    pub title: String,
    /// Reasons.
    pub text: Option<String>,
    /// What it does once decided, a sentence each.
    pub effects: Vec<String>,
    /// Shown name of who put it.
    pub by: String,
    /// Seat of who put it.
    pub by_seat: String,
    /// When it was put, as claimed.
    pub opened: Timestamp,
    /// Last moment to vote.
    pub closes: Timestamp,
    /// How it stands.
    pub state: ProposalState,
    /// Decided, but less than 45 days ago: late acts can still change who was right.
    pub provisional: bool,
    /// The rule, in a sentence.
    pub rule: String,
    /// How many may vote.
    pub electorate: u64,
    /// How many yes carry it; more than `electorate` where nothing can.
    pub needed: u64,
    /// Yes so far.
    pub yes: u64,
    /// No so far.
    pub no: u64,
    /// Abstained so far.
    pub abstain: u64,
    /// Own vote.
    pub my_vote: Option<VoteChoice>,
    /// Why this person has no vote on it; absent: they have.
    pub no_vote: Option<String>,
    /// Who may vote, and how they did.
    pub voters: Vec<VoterView>,
    /// Id of the decision.
    pub decision: Option<String>,
    /// When it was decided, as claimed.
    pub decided: Option<Timestamp>,
    /// Sentences on what to think of, for whoever proposes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
}

/// Somebody who may vote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VoterView {
    /// Shown name.
    pub name: String,
    /// Seat.
    pub seat: String,
    /// This person?
    pub me: bool,
    /// Their vote, if they cast one.
    pub vote: Option<VoteChoice>,
    /// Their reason.
    pub reason: Option<String>,
}
