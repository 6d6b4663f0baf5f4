//! The node: identity, status, peers, sync, explanations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::CollectiveSummary;

/// Sets the name shown to others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetName {
    /// At most 64 bytes.
    pub name: String,
}

/// Who this person is here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IdView {
    /// The name shown to others, if set.
    pub name: Option<String>,
    /// Id of the home collective.
    pub home: String,
    /// Seat in the home collective.
    pub seat: String,
    /// This device's key in the home collective.
    pub device: String,
    /// The transport's peer id.
    pub peer_id: String,
    /// The home folder.
    pub folder: String,
    /// `passphrase` or `key file`.
    pub sealed_by: String,
}

/// An address on which the node listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listening {
    /// Multiaddr with the peer id.
    pub address: String,
}

/// The node at a glance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusView {
    /// Who.
    pub id: IdView,
    /// Version of the program.
    pub version: String,
    /// Whether a node answers, or the store was opened in process.
    pub running: bool,
    /// Process id of the node.
    pub pid: u32,
    /// Since when it runs.
    pub since: Timestamp,
    /// Where it listens.
    pub listening: Vec<Listening>,
    /// Collectives.
    pub collectives: Vec<CollectiveSummary>,
    /// Peers.
    pub peers: Vec<PeerView>,
    /// Bytes of the record log.
    pub log_bytes: u64,
    /// Bytes of the projection.
    pub projection_bytes: u64,
    /// Bytes of the index.
    pub index_bytes: u64,
    /// Records not yet in the committed index (they are found all the same).
    pub index_lag: u64,
    /// While the index is being built: how much of the record log it has read, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_built: Option<u8>,
    /// Whether the person ever showed that they have the 24 words.
    #[serde(default)]
    pub words_confirmed: bool,
    /// The last copy made of this home, by `moot bundle` or `moot backup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<crate::CopyView>,
    /// True where it cannot be read whether one was made: a warning tells why.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy_unread: bool,
    /// What needs the person's eye here: damage found, clock off, wide permissions.
    pub warnings: Vec<String>,
    /// Members who cost others something, the newest first; bounded.
    #[serde(default)]
    pub eye: Vec<Eye>,
    /// Votes that are open, by their end; bounded.
    #[serde(default)]
    pub votes: Vec<OpenVote>,
}

/// A proposal on which members vote now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenVote {
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// Record id.
    pub id: String,
    /// Shortest unique prefix here.
    pub short: String,
    /// Title.
    pub title: String,
    /// Last moment to vote.
    pub closes: Timestamp,
    /// Yes so far.
    pub yes: u64,
    /// How many yes carry it.
    pub needed: u64,
    /// This person has a vote on it and said nothing yet.
    pub mine: bool,
}

/// A member who costs others something, by mistake or by will.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Eye {
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// Shown name of the member.
    pub member: String,
    /// Seat.
    pub seat: String,
    /// `flood`, `time`, `fork`, `hidden`, `refused` or `protocol`.
    pub what: String,
    /// The same for people; the count goes before it.
    pub text: String,
    /// How often.
    pub count: u64,
    /// Since when.
    pub since: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// What it costs at most.
    pub cost: String,
    /// What to do.
    pub next: String,
}

/// A peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeerView {
    /// Peer id.
    pub peer_id: String,
    /// Connected now?
    pub connected: bool,
    /// `loopback`, `lan`, `direct`, `relayed`; empty if not connected.
    pub path: String,
    /// Addresses known.
    pub addresses: Vec<String>,
    /// What is shared with it.
    pub collectives: Vec<PeerCollective>,
    /// Last error.
    pub last_error: Option<String>,
    /// When it is dialled again.
    pub next_dial: Option<Timestamp>,
}

/// A collective shared with a peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeerCollective {
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// Shown name of the member behind the peer.
    pub member: String,
    /// Seat.
    pub seat: String,
    /// Whether its device is known here to be a member's. One that is not is given nothing, and is
    /// not waited for.
    pub known: bool,
    /// Whether both held the same set after the last reconciliation; none: not reconciled yet.
    pub equal: Option<bool>,
    /// When they last held the same set.
    pub last_equal: Option<Timestamp>,
    /// What is missing, by reason.
    pub missing: Vec<Difference>,
}

/// Something missing and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Difference {
    /// Record id, where one is known.
    pub id: Option<String>,
    /// A sentence.
    pub why: String,
}

/// Adds a peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeerAdd {
    /// Multiaddr, with or without `/p2p/<peer id>`.
    pub address: String,
}

/// Reconciles now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncArgs {
    /// Only this collective.
    pub collective: Option<String>,
    /// How long to wait for an outcome, in milliseconds; at most 60,000.
    pub wait_ms: u32,
}

/// The outcome.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncView {
    /// Each peer, after the wait.
    pub peers: Vec<PeerView>,
    /// Collectives without any connected member.
    pub alone: Vec<String>,
    /// False where some outcome was still missing when the wait ended.
    pub complete: bool,
}

/// An explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyView {
    /// What was asked about, whole.
    pub id: String,
    /// What it is: `record`, `member`, `device`, `invite`, `right`, `revocation`, `proposal`.
    pub what: String,
    /// Name of its collective.
    pub collective: Option<String>,
    /// One word: of records `admitted`, `shadowed`, `void`, `orphan`, `parked`, `quarantined`,
    /// `misfiled`, `unrenderable`, `over-quota`, `withdrawn`, `missing`; of members, devices,
    /// rights and invites `live` or `ended`, of members also `left` and `removed`; of proposals
    /// `open`, `decided`, `closed`.
    pub standing: String,
    /// The code of the reason, where there is one: those of section 4.9, 2.5 and 4.11.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The verdict in one sentence.
    pub verdict: String,
    /// The chain that led to it, from the founding record on.
    pub steps: Vec<WhyStep>,
    /// What can be done, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyStep {
    /// The record that decides, if any.
    pub id: Option<String>,
    /// A sentence.
    pub text: String,
    /// The section of `docs/protocol` that has the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
}
