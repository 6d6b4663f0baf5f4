//! The state of a record on this node, and why (sections 2.4 and 4.9).

use std::collections::BTreeSet;

use folkmoot_record::RecordId;

/// Where a lane-0 record or a ballot stands. Exactly one holds (section 2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// In the set S that is evaluated.
    Admitted {
        /// Whether it counts (section 4.7); else it is shadowed. Always true for ballots.
        honoured: bool,
    },
    /// Invalid for ever. Not stored, not forwarded.
    Void(VoidReason),
    /// Something it rests on is not held.
    Orphan {
        /// Ids missing. In what an insertion reports: those it rests on directly that are missing or
        /// orphans themselves. In [`crate::Accord::standing`]: every id missing in its whole closure,
        /// listed ballots included.
        missing: BTreeSet<RecordId>,
    },
    /// Stored and passed on, not evaluated.
    Parked(ParkReason),
    /// Dated in the future. Stored, not evaluated until due.
    Quarantined {
        /// The own clock at which it is let in, in ms.
        until_ms: u64,
    },
    /// Of another collective, or content: not taken.
    Ignored,
}

impl Standing {
    /// Whether the record is in S.
    pub const fn is_admitted(&self) -> bool {
        matches!(self, Self::Admitted { .. })
    }

    /// Whether the record waits for others.
    pub const fn is_orphan(&self) -> bool {
        matches!(self, Self::Orphan { .. })
    }

    /// Whether the record is in S and counts.
    pub const fn is_honoured(&self) -> bool {
        matches!(self, Self::Admitted { honoured: true })
    }
}

/// Where a content record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentStanding {
    /// Invalid for ever. Not stored, not forwarded.
    Void(VoidReason),
    /// Some control record that it cites is not held.
    Orphan(BTreeSet<RecordId>),
    /// It cites a parked record.
    Parked(ParkReason),
    /// Dated in the future, or it cites such a record.
    Quarantined {
        /// The own clock at which it is let in, in ms.
        until_ms: u64,
    },
    /// Valid.
    Admitted {
        /// Shown if true; else shadowed: the header is kept, the body is not shown or forwarded.
        honoured: bool,
    },
}

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal, $sentence:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = $sentence] $variant,)*
        }

        impl $name {
            /// Every reason, in the order above.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code used in vectors and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The same for a person: one plain sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// The reason with that code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

reasons! {
    /// Why a record is not statically valid, in the order in which faults are reported (section
    /// 4.9). `past-void` comes first: where something it rests on is void, nothing else has a
    /// meaning (section 12.3).
    VoidReason {
        PastVoid = "past-void", "It rests on a record that is invalid.";
        Prev = "prev", "It does not follow the record before it in its log.";
        Hlc = "hlc", "It claims to be older than what it cites.";
        CapNotLive = "cap-not-live", "The right it relies on did not exist or had ended.";
        CapWrongSeat = "cap-wrong-seat", "The right it relies on belongs to someone else.";
        CapWindow = "cap-window", "The right it relies on was not yet, or no longer, in force.";
        Device = "device", "The device that signed it was not a device of this member.";
        DeviceLimit = "device-limit", "The device that signed it is not allowed to do this.";
        Action = "action", "The member's role does not allow this.";
        KindOrTag = "kind-or-tag", "The right does not extend to this kind of record or this tag.";
        Covers = "covers", "It gives more than its maker has.";
        Rank = "rank", "It gives a role that its maker may not give.";
        May = "may", "Its maker does not stand above what it is aimed at.";
        TargetUnknown = "target-unknown", "It is aimed at something its maker could not know.";
        InviteWindow = "invite-window", "The invite was not open at that time.";
        Seat = "seat", "The member had left, was removed, or never was one.";
        BodySig = "body-sig", "The invite's signature does not fit.";
        Electorate = "electorate", "The voter had no vote in this, or voted outside the time for it.";
        Certificate = "certificate", "The listed votes do not carry the proposal.";
        Class = "class", "The charter does not allow such a proposal.";
        Root = "root", "Only the member's recovery phrase may do this, not a device.";
        Gen = "gen", "It does not follow the newest set of keys it knew.";
    }
}

reasons! {
    /// Why a record is stored but not evaluated (sections 2.6 and 4.11).
    ParkReason {
        Kind = "kind", "A newer version is needed to understand this kind of record.";
        Feature = "feature", "A newer version is needed: the charter asks for a feature not known here.";
        Fork = "fork", "Forks of collectives are not built yet.";
        Past = "past", "It rests on a record that is set aside.";
        FenceF1 = "fence-F1", "A decision that ignores long-settled history: a person has to look.";
        FenceF2 = "fence-F2", "It would undo long-settled history: a person has to look.";
        Sibling = "sibling", "Its device has written too many records for the same place.";
        JoinFlood = "join-flood", "Too many have joined by the same invite.";
        Cpu = "cpu", "Its author's records cost too much work to judge: it waits for its turn.";
    }
}
