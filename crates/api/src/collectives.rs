//! Collectives, members, invites, joining.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ContractState, LimitArgs, LimitsView, PersonView};

/// Names a collective.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectiveRef {
    /// Name, or unique id prefix.
    pub collective: String,
}

/// Founds a collective.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectiveNew {
    /// Name, at most 128 bytes.
    pub name: String,
    /// Text of its charter. The founder gets the role of the greatest rank.
    pub charter: Option<String>,
    /// A ready charter, where no text is given: `circle`, `group`, `commons`; `circle` if absent.
    pub like: Option<String>,
}

/// A collective in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectiveSummary {
    /// Its id.
    pub id: String,
    /// Its name; with the first digits of the id where another one has the same.
    pub name: String,
    /// The personal home?
    pub home: bool,
    /// Live members.
    pub members: u64,
    /// Content records held.
    pub records: u64,
    /// Control records held.
    pub control: u64,
    /// Bytes of all records.
    pub bytes: u64,
    /// The person's role here.
    pub role: String,
    /// Proven peers connected now.
    pub peers: u64,
    /// `member`, `joining`, `recovering`, `left`, `removed` (by others), `expired`.
    pub state: String,
    /// A sentence where something is amiss: removed by whom and why, or members' nodes that do not
    /// answer this device any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One collective, whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectiveView {
    /// Head data.
    pub summary: CollectiveSummary,
    /// When it was founded.
    pub founded: Timestamp,
    /// The person's seat.
    pub seat: String,
    /// Roles of the charter.
    pub roles: Vec<RoleView>,
    /// Invites that are live.
    pub invites: Vec<InviteView>,
    /// Generation of the newest usable epoch; 0: none.
    pub epoch: u64,
    /// Fingerprint of the set of records held: equal sets, equal text.
    pub fingerprint: String,
}

/// A role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoleView {
    /// Its name.
    pub name: String,
    /// Its rank.
    pub rank: u8,
    /// What it allows, in words.
    pub actions: Vec<String>,
}

/// A member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberView {
    /// Shown name, or the first digits of the seat.
    pub name: String,
    /// Seat key.
    pub seat: String,
    /// This person?
    pub me: bool,
    /// Name of the role of the strongest live grant.
    pub role: String,
    /// Its rank.
    pub rank: u8,
    /// What that role allows them, in words.
    pub rights: Vec<String>,
    /// Still a member?
    pub live: bool,
    /// Seat that admitted them, or proposed it; none for founders.
    pub admitted_by: Option<String>,
    /// `founding`, `invite`, `grant` or `vote`.
    pub admitted_via: String,
    /// Label of the invite, if they came by one that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite_label: Option<String>,
    /// Since when, by the claimed time of the admission.
    pub since: Timestamp,
    /// Their devices.
    pub devices: Vec<DeviceView>,
    /// Content records of theirs, by the newest place held of each of their logs.
    pub records: u64,
    /// When they were last heard; none for this person, and where they never were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heard: Option<Timestamp>,
    /// By what: `connection` (to this node; kept to ten minutes), or `record` (its claimed time).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_by: Option<String>,
    /// How they went, if they are no member any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parted: Option<PartedView>,
}

/// How a member went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartedView {
    /// `left`, `removed` or `expired`.
    pub how: String,
    /// Seat of who removed them, or proposed it.
    pub by: Option<String>,
    /// The name that member shows.
    pub by_name: Option<String>,
    /// Whether the members decided it by vote.
    pub by_vote: bool,
    /// When, by the claimed time.
    pub at: Option<Timestamp>,
    /// Why, if said.
    pub reason: Option<String>,
}

/// Asks for members.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MembersArgs {
    /// Name or id prefix of the collective; the only shared one if absent.
    pub collective: Option<String>,
    /// Also those who left, were removed, or whose right expired.
    pub all: bool,
}

/// Leaves a collective.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Leave {
    /// Name or id prefix of the collective.
    pub collective: String,
    /// Also takes back everything that this person wrote there.
    pub withdraw: bool,
    /// With `withdraw`: copies what they wrote to their home first.
    pub keep_copy: bool,
    /// Only says what would happen.
    pub dry_run: bool,
}

/// What leaving did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Name of the collective.
    pub collective: String,
    /// Records of this person held and shown there.
    pub records: u64,
    /// Whether they are taken back.
    pub withdrawn: bool,
    /// Copies made in the home.
    pub copied: u64,
    /// Members who stay.
    pub others: u64,
    /// Nobody of as great a rank stays: the others need a vote to have one again.
    pub last_of_rank: bool,
    /// False where it was only asked.
    pub done: bool,
}

/// A device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its key.
    pub key: String,
    /// `full` or `limited`.
    pub standing: String,
    /// Connected now?
    pub connected: bool,
    /// What a limited one may do, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<String>,
}

/// Makes an invite.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InviteNew {
    /// Name or id prefix of the collective.
    pub collective: String,
    /// Name of a role; `writer` if empty.
    #[serde(default)]
    pub role: String,
    /// 1 to 10,000.
    pub uses: u64,
    /// How long it is open, in milliseconds; absent: no end.
    pub expires_ms: Option<u64>,
    /// A note to oneself and the members, at most 128 bytes.
    pub label: Option<String>,
    /// Limits of the right that it gives.
    #[serde(default)]
    pub limits: LimitArgs,
}

/// An invite.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InviteView {
    /// Its id.
    pub id: String,
    /// The invite key to hand on: a secret. Only where it was just made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Name of the collective.
    pub collective: String,
    /// Name of the role it gives.
    pub role: String,
    /// Uses left.
    pub uses_left: u64,
    /// Uses in all.
    pub max_uses: u64,
    /// Who made it.
    pub made_by: PersonView,
    /// When, by its claimed time.
    pub made: Timestamp,
    /// Whether somebody can join by it now.
    pub state: ContractState,
    /// Limits of the right that it gives.
    pub limits: LimitsView,
    /// The command by which this person closes it; none where they cannot, or it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Open until.
    pub open_until: Option<Timestamp>,
    /// Its label.
    pub label: Option<String>,
    /// Addresses that the key carries.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// A sentence on what limits its use now, such as no address that others can reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// Starts joining.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinArgs {
    /// The invite key.
    pub key: String,
    /// More addresses of members to try.
    #[serde(default)]
    pub peers: Vec<String>,
}

/// A step on the way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinStage {
    /// The key was read.
    KeyRead,
    /// A member's node was found.
    MemberFound,
    /// It proved that it belongs to the collective, and so did the key.
    MembershipProven,
    /// The join was taken.
    Welcomed,
    /// Records arrived; the first reconciliation is complete.
    Received,
}

/// How a join proceeds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinProgress {
    /// Id of the collective.
    pub collective: String,
    /// Its name, once known.
    pub name: Option<String>,
    /// Stages done, in order.
    pub done: Vec<JoinStage>,
    /// Records received so far.
    pub records: u64,
    /// Complete?
    pub finished: bool,
    /// Why it failed, if it did.
    pub failed: Option<crate::ApiError>,
}
