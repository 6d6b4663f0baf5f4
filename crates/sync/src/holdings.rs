//! What the machine may ask about the records, keys and standings of this node.
//!
//! The engine implements this over its store and the state of each collective. All answers are
//! of one moment: nothing changes while [`crate::Machine::handle`] runs.

use folkmoot_record::{BundleHash, CollectiveId, DeviceKey, Hlc, InviteKey, RecordId, SeatKey};
use folkmoot_seal::{DoorSecret, PresenceKey, Proof, Role, Transcript};

/// An epoch whose secret this node holds, offered in a hello (section 7.4).
#[derive(Debug, Clone)]
pub struct EpochOffer {
    /// Generation; with `key_id` the order of epochs.
    pub gen_no: u64,
    /// Public id of the epoch.
    pub key_id: folkmoot_record::EpochId,
    /// Presence key made from the epoch's secret.
    pub presence: PresenceKey,
    /// Whether it is honoured and lies in no other honoured epoch's past: then this node proves
    /// itself first.
    pub current: bool,
}

/// Whether an invite's door is open, judged now by the holder's clock and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorStatus {
    /// It may be redeemed.
    Live,
    /// Revoked, or its maker lost the right to it.
    Closed,
    /// All uses are taken.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
}

/// An invite at whose door this node answers.
///
/// Dead invites are listed too, newest first after the live ones, so that the holder of the link
/// hears why it is refused; only the holder of the link hears it.
#[derive(Debug, Clone)]
pub struct DoorOffer {
    /// The invite record.
    pub invite: RecordId,
    /// Its public key; the joiner proves that it holds the link.
    pub key: InviteKey,
    /// Its door secret.
    pub door: DoorSecret,
    /// Whether it is open.
    pub status: DoorStatus,
}

/// A member for whom this node answers a recovery door (section 7.4).
#[derive(Debug, Clone)]
pub struct RecoveryOffer {
    /// The collective.
    pub cid: CollectiveId,
    /// The member's seat; whoever asks proves that it holds the seat's root.
    pub seat: SeatKey,
    /// The door secret of the two.
    pub door: DoorSecret,
}

/// What this node knows of a device that proved its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A certified device of a live seat: served.
    Member,
    /// Never heard of: may push its credentials, is served nothing (section 7.4).
    Unknown,
    /// Heard of, and not to be served: dropped, removed or left.
    Refused,
}

/// The sets that are reconciled apart (section 7.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// 0: every control record and ballot held in any state but void.
    Control,
    /// 1: bundles of the last 8 epochs.
    Bundles,
    /// 2: headers of content.
    Content,
}

impl Scope {
    /// All, in the order in which they are reconciled.
    pub const ALL: [Self; 3] = [Self::Control, Self::Bundles, Self::Content];

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::Control => 0,
            Self::Bundles => 1,
            Self::Content => 2,
        }
    }

    /// The scope of a number on the wire.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Control),
            1 => Some(Self::Bundles),
            2 => Some(Self::Content),
            _ => None,
        }
    }
}

/// One item of a reconciled set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Claimed time; zero for bundles. Causes come before effects in this order.
    pub hlc: Hlc,
    /// Record id, or bundle id (`B3` of the bundle).
    pub id: [u8; 32],
}

/// Why a record is given without its body (section 7.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Absent {
    /// The body is not held here: ask another peer.
    NotHeld,
    /// The body was erased: nobody should ask again.
    Erased,
}

/// A record as it is given to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The whole record on the wire, its body null where `absent` says so.
    pub wire: Vec<u8>,
    /// Why the body is null; `None` with a body.
    pub absent: Option<Absent>,
}

/// How much of a record is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// All of it, or its body was erased here: nothing is wanted.
    Whole,
    /// The header only; the body would be welcome.
    HeaderOnly,
    /// Nothing.
    Absent,
    /// Known to be void: never wanted.
    Void,
}

/// What a joiner is handed at the end (frame `[8]` of section 7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Heads of the control set.
    pub heads: Vec<RecordId>,
    /// Bundles with the newest epoch secret sealed to the joiner's device.
    pub bundles: Vec<Vec<u8>>,
}

/// A read-only view of what this node holds.
pub trait Holdings {
    /// Every collective of which this node is a member, ascending. One that is being joined is
    /// listed from the moment that the join was accepted.
    fn collectives(&self) -> Vec<CollectiveId>;

    /// The newest epochs of a collective whose secret is held, newest first by generation and
    /// key id; the machine uses the first [`crate::limits::EPOCHS_OFFERED`].
    fn epochs(&self, cid: &CollectiveId) -> Vec<EpochOffer>;

    /// Invites whose doors this node answers: live ones first, newest first. A person's home
    /// answers none.
    fn doors(&self, cid: &CollectiveId) -> Vec<DoorOffer>;

    /// Recovery doors this node answers: of every live seat of its collectives, at most `most`,
    /// counted on from the place `start` in a circle, so that all have their turn where there
    /// are more. None where the node is set not to help.
    fn recovery_doors(&self, start: u64, most: usize) -> Vec<RecoveryOffer> {
        let _ = (start, most);
        Vec::new()
    }

    /// Proves this node's device in a collective for one hello: [`Proof::device`] with the
    /// device key. `None` where this node has no device there.
    fn prove(&self, cid: &CollectiveId, role: Role, transcript: &Transcript) -> Option<Proof>;

    /// What is known of a device that proved its key, by the own evaluation.
    fn standing(&self, cid: &CollectiveId, seat: &SeatKey, dev: &DeviceKey) -> Standing;

    /// Everything another member needs to know this node's device: the record that adds it, its
    /// past and the ballots listed there, causes first.
    fn credentials(&self, cid: &CollectiveId) -> Vec<RecordId>;

    /// What a joiner is served: genesis, the past of the invite, the ballots listed there, and
    /// the invite itself, causes first.
    fn served_to_joiner(&self, cid: &CollectiveId, invite: &RecordId) -> Vec<RecordId>;

    /// The welcome for a join that this node stored, or for the device record of a person who came
    /// in by a recovery door. `None` if it does not stand, since all uses of the invite were taken
    /// or it was cut, and if its device is not, or no longer, a certified device of a live seat.
    fn welcome(&self, cid: &CollectiveId, join: &RecordId) -> Option<Welcome>;

    /// All items of a scope in ascending order of (hlc, id). Called once at the start of a
    /// session; later additions come by [`crate::Input::Stored`] and [`Holdings::stamp`].
    fn items(&self, cid: &CollectiveId, scope: Scope) -> Vec<Stamp>;

    /// The place of one record; `None` if it is not held (any more), or is no item of a scope.
    fn stamp(&self, cid: &CollectiveId, id: &RecordId) -> Option<(Scope, Hlc)>;

    /// A record to give away; `None` if it is not held, or not verified.
    fn record(&self, cid: &CollectiveId, id: &RecordId) -> Option<Held>;

    /// A bundle to give away.
    fn bundle(&self, cid: &CollectiveId, id: &BundleHash) -> Option<Vec<u8>>;

    /// How much of a record is held.
    fn presence(&self, cid: &CollectiveId, id: &RecordId) -> Presence;

    /// Records that orphans wait for and bodies that are wanted, most urgent first; the machine
    /// asks every proven peer for the first [`crate::limits::WANTED`] of them.
    fn wanted(&self, cid: &CollectiveId) -> Vec<RecordId>;
}
