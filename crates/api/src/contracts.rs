//! Contracts: who may do what, where, until when, and how it ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Limits of a right (section 4.4). What is absent or empty limits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LimitArgs {
    /// Only content all of whose tags are these or below these; at most 16.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Only content of these kinds, by name.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// In force from.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// In force until, this moment not included.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// How many times it may be handed on, 0 to 31; absent: as far as the giver's own right goes.
    #[serde(default)]
    pub depth: Option<u8>,
}

/// Gives a member a right.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GrantNew {
    /// `@name`, or the first digits of the seat.
    pub who: String,
    /// Name of a role.
    pub role: String,
    /// Name or id prefix; absent: the one collective in which this person is found.
    #[serde(default)]
    pub collective: Option<String>,
    /// Where and when it holds.
    #[serde(default)]
    pub limits: LimitArgs,
}

/// Takes a right, a device or a membership away, or closes an invite.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RevokeArgs {
    /// A person, a device, a contract or an invite: `@name`, or first digits.
    pub what: String,
    /// Name or id prefix; absent: the one collective in which it is found.
    #[serde(default)]
    pub collective: Option<String>,
    /// Why; every member can read it. At most 32,768 bytes.
    #[serde(default)]
    pub reason: Option<String>,
    /// Also all rights that descend from the contract.
    #[serde(default)]
    pub subtree: bool,
    /// Content that claims to be written then or later is cut away as well.
    #[serde(default)]
    pub back: Option<Timestamp>,
    /// Records that stay honoured in any case, with what lies before them in their logs.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Closes an invite and nothing else: what is named has to be one.
    #[serde(default)]
    pub invite_only: bool,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Honours records again that a revocation cut away.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReadmitArgs {
    /// A person, a revocation, or a record that was cut away: `@name`, or first digits.
    pub what: String,
    /// Name or id prefix; absent: the one collective in which it is found.
    #[serde(default)]
    pub collective: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Which contracts are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ContractsArgs {
    /// Name or id prefix; absent: all collectives.
    #[serde(default)]
    pub collective: Option<String>,
    /// Only those that this person gave.
    #[serde(default)]
    pub given: bool,
    /// Only those that this person holds.
    #[serde(default)]
    pub held: bool,
    /// Also those that ended.
    #[serde(default)]
    pub ended: bool,
}

/// Which invites are asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct InvitesArgs {
    /// Name or id prefix; absent: all collectives.
    #[serde(default)]
    pub collective: Option<String>,
    /// Also those that are closed, used up or past their time.
    #[serde(default)]
    pub all: bool,
}

/// A person in one collective.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PersonView {
    /// Shown name, or the first digits of the seat.
    pub name: String,
    /// Seat key.
    pub seat: String,
    /// This person?
    pub me: bool,
}

/// Limits of a right, as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LimitsView {
    /// Only these tags and what lies below them; empty: any.
    pub tags: Vec<String>,
    /// Only these kinds, by name or number; empty: any.
    pub kinds: Vec<String>,
    /// In force from.
    pub from: Option<Timestamp>,
    /// In force until.
    pub until: Option<Timestamp>,
    /// How many times it may be handed on.
    pub depth: u8,
}

/// How a contract came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractOrigin {
    /// Written into the founding record.
    Founding,
    /// By a grant.
    Grant,
    /// By joining with an invite.
    Join,
    /// By a vote.
    Vote,
    /// It is an invite: whoever uses it gets the right.
    Invite,
}

/// Whether a contract holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractState {
    /// It holds.
    InForce,
    /// Its time has not come.
    NotYet,
    /// Its time is over.
    Expired,
    /// Of an invite: all uses are taken.
    UsedUp,
    /// It was taken back, or never came into force.
    Ended,
}

/// One contract: a right that somebody gave somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContractView {
    /// Its id.
    pub id: String,
    /// The same, as short as it can be typed here.
    pub short: String,
    /// Name of the collective.
    pub collective: String,
    /// Its id.
    pub collective_id: String,
    /// How it came about.
    pub origin: ContractOrigin,
    /// Whose it is; none of an invite.
    pub holder: Option<PersonView>,
    /// Who gave it; none of what the founding record or a vote gave.
    pub giver: Option<PersonView>,
    /// The contract under which it was given.
    pub under: Option<String>,
    /// Name of its role.
    pub role: String,
    /// Its rank.
    pub rank: u8,
    /// What it allows, in words.
    pub actions: Vec<String>,
    /// Where and when.
    pub limits: LimitsView,
    /// When it was made, by its claimed time.
    pub made: Timestamp,
    /// Whether it holds now.
    pub state: ContractState,
    /// Of an invite: uses left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u64>,
    /// The command by which this person ends it; none where they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// All of it in one sentence.
    pub sentence: String,
    /// What limits its use, where something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// A record in a list of what is lost or comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchedRecord {
    /// Its id.
    pub id: String,
    /// The same, as short as it can be typed here.
    pub short: String,
    /// Who wrote it.
    pub author: String,
    /// Its title, first line or kind.
    pub title: String,
}

/// What became of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysChange {
    /// Nobody who could read lost that right: the keys stay.
    Unchanged,
    /// New keys were made (in a dry run: would be made), which the removed do not get.
    Renewed,
    /// New keys are due, and this person may not make them.
    Due,
}

/// What a revocation did, or would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevocationView {
    /// Id of the revocation; none in a dry run.
    pub id: Option<String>,
    /// Name of the collective.
    pub collective: String,
    /// Its id.
    pub collective_id: String,
    /// What is taken away, in words.
    pub what: String,
    /// Id or key of that.
    pub target: String,
    /// Contracts that end, invites among them.
    pub ends: Vec<ContractView>,
    /// People who are no members any more.
    pub leaves: Vec<PersonView>,
    /// People whom the removed had let in, directly or not, and who stay.
    pub stays: Vec<PersonView>,
    /// Content of the people concerned that stays honoured.
    pub kept: u64,
    /// Content that is cut away.
    pub lost: u64,
    /// Control records that are cut away.
    pub lost_control: u64,
    /// The first of what is cut away.
    pub lost_records: Vec<TouchedRecord>,
    /// Places in the cut.
    pub cut: u64,
    /// Places that did not fit into the record (section 2.2): what only they kept is lost.
    pub left_out: u64,
    /// What becomes of the keys.
    pub keys: KeysChange,
    /// Other members besides those concerned.
    pub others: u64,
    /// Of these: whose nodes compared with this one in the last hour.
    pub compared: u64,
    /// Invites that stay open, of which the removed could know a key.
    pub open_invites: Vec<String>,
    /// Sentences on what to think of.
    pub cautions: Vec<String>,
}

/// What a readmission did, or would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadmissionView {
    /// Ids of the records made; empty in a dry run.
    pub ids: Vec<String>,
    /// Name of the collective.
    pub collective: String,
    /// Its id.
    pub collective_id: String,
    /// The revocations that are softened.
    pub revocations: Vec<String>,
    /// Content that is honoured again.
    pub restored: u64,
    /// Control records that are honoured again.
    pub restored_control: u64,
    /// The first of them.
    pub records: Vec<TouchedRecord>,
    /// Records of the same people that stay cut away.
    pub still_cut: u64,
    /// Sentences on what to think of.
    pub cautions: Vec<String>,
}
