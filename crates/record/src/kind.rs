//! Kinds and lanes (sections 2.1 and 3).

use crate::limits;

/// What a record is; the number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u16);

/// Which log a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Lane 0: who may do what. Every node holds it whole.
    Control,
    /// Lane 1: what people write.
    Content,
    /// Ballots stand in no log.
    Ballot,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        impl Kind {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// The word for this kind, where the protocol has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }

            /// The kind of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self($number)),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Founding record of a collective.
    GENESIS = 0x00, "genesis";
    /// A grant not yet taken up.
    INVITE = 0x01, "invite";
    /// Redeems an invite.
    JOIN = 0x02, "join";
    /// Adds and drops devices of a seat.
    DEVICE = 0x03, "device";
    /// Gives a seat rights.
    GRANT = 0x04, "grant";
    /// Takes rights away.
    REVOKE = 0x05, "revoke";
    /// Honours records that a revocation had cut.
    READMIT = 0x06, "readmit";
    /// A seat leaves.
    RESIGN = 0x08, "resign";
    /// Puts something to the vote.
    PROPOSAL = 0x10, "proposal";
    /// One vote.
    BALLOT = 0x11, "ballot";
    /// A certificate of enough votes.
    DECISION = 0x12, "decision";
    /// A new epoch of keys.
    EPOCH = 0x20, "epoch";
    /// A device's new KEM key.
    KEM = 0x21, "kem";
    /// Points at a fork.
    FORKNOTE = 0x30, "forknote";
    /// Joins many heads into one.
    MERGE = 0x31, "merge";
    /// A note.
    NOTE = 0x100, "note";
    /// A link with its URL.
    LINK = 0x101, "link";
    /// One or more attachments.
    FILES = 0x102, "files";
    /// A comment on another record.
    COMMENT = 0x103, "comment";
    /// A reaction to another record.
    REACTION = 0x104, "reaction";
    /// A task.
    TASK = 0x105, "task";
    /// A page of a day.
    DAILY = 0x106, "daily";
    /// A word that the collective shares.
    SYMBOL = 0x107, "symbol";
    /// Something done together again and again.
    RITUAL = 0x108, "ritual";
    /// One occurrence of a ritual, or a one-off meeting.
    GATHERING = 0x109, "gathering";
    /// Who came to a gathering.
    ATTENDANCE = 0x10A, "attendance";
    /// A program that acts for a person.
    AGENT = 0x10B, "agent";
    /// What an agent did.
    AGENT_RUN = 0x10C, "agent-run";
    /// Stands behind a record or a person.
    ENDORSEMENT = 0x10D, "endorsement";
    /// Reports a record to the moderators.
    REPORT = 0x10E, "report";
    /// The author takes a record back.
    RETRACT = 0x110, "retract";
    /// A moderator hides a record.
    HIDE = 0x111, "hide";
    /// Undoes hiding.
    UNHIDE = 0x112, "unhide";
    /// Erases a record's body for good.
    PURGE = 0x113, "purge";
    /// How a member wants to be shown.
    PROFILE = 0x120, "profile";
    /// How the collective describes itself.
    COLLECTIVE = 0x121, "collective";
    /// What is shared from here to another collective.
    SHARE_RULE = 0x122, "share-rule";
    /// An agreement with another collective.
    TREATY = 0x123, "treaty";
    /// What is published to everyone.
    SHELF = 0x124, "shelf";
    /// Records or people that a member does not want to see.
    MUTE_LIST = 0x125, "mute-list";
}

impl Kind {
    /// The lane of this kind (section 2.1).
    pub const fn lane(self) -> Lane {
        match self.0 {
            0x11 => Lane::Ballot,
            0..0x100 => Lane::Control,
            _ => Lane::Content,
        }
    }

    /// Whether this is content, what people write.
    pub const fn is_content(self) -> bool {
        self.0 >= 0x100
    }

    /// Whether this build has a schema for this control kind or ballot.
    pub(crate) const fn is_known_control(self) -> bool {
        self.0 < 0x100 && self.name().is_some()
    }

    /// Whether later versions may define this control kind: stored, not judged (section 2.6).
    pub const fn is_parked(self) -> bool {
        matches!(self.0, 0x40..=0xFF)
    }
}

/// Most bytes of a body of this kind (section 2.2).
pub(crate) const fn body_limit(kind: Kind) -> usize {
    match kind {
        Kind::REVOKE | Kind::PROPOSAL | Kind::DECISION => limits::LONG_BODY,
        _ => limits::BODY,
    }
}
