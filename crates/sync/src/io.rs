//! Everything the world does to the machine, and everything the machine wants done.
//!
//! The swarm's driver and the simulator speak these two enums and nothing else. Every call of
//! `handle` returns its outputs, to be carried out in order before the next input.

use folkmoot_record::{CollectiveId, RecordId};

/// A libp2p peer id as bytes (a multihash of at most 64 bytes).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(pub Vec<u8>);

/// A multiaddr in its binary form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr(pub Vec<u8>);

/// A stream, numbered by the driver; never used twice in one run of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// A batch of records handed to the engine; answered by [`Input::Judged`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The stream protocols of section 7.3 that this build speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// `/folkmoot/hello/1`, open to strangers.
    Hello,
    /// `/folkmoot/sync/1`, proven peers only.
    Sync,
    /// `/folkmoot/push/1`, proven peers only.
    Push,
}

/// How a connection reaches the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// Same machine.
    Loopback,
    /// Same local network.
    Lan,
    /// Directly over the internet.
    Direct,
    /// Through a relay.
    Relayed,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The first connection to a peer is up.
    Connected {
        /// Who.
        peer: Peer,
        /// The remote address.
        addr: Addr,
        /// Over what.
        path: Path,
        /// Whether this node dialled.
        dialled: bool,
    },
    /// The last connection to a peer is gone; all its streams are closed too.
    Disconnected {
        /// Who.
        peer: Peer,
    },
    /// A dial came to nothing.
    DialFailed {
        /// Who, where it was known.
        peer: Option<Peer>,
        /// The addresses tried.
        addrs: Vec<Addr>,
        /// A sentence for people.
        error: String,
    },
    /// A stream asked for by [`Output::Open`] is ready: the other side sent its ready byte.
    StreamOpened {
        /// Who.
        peer: Peer,
        /// For what.
        protocol: Protocol,
        /// Its number.
        stream: StreamId,
    },
    /// A stream asked for by [`Output::Open`] could not be opened.
    OpenFailed {
        /// Who.
        peer: Peer,
        /// For what.
        protocol: Protocol,
        /// A sentence for people.
        error: String,
    },
    /// The peer opened a stream; the driver has sent the ready byte.
    StreamAccepted {
        /// Who.
        peer: Peer,
        /// For what.
        protocol: Protocol,
        /// Its number.
        stream: StreamId,
    },
    /// One whole frame, its length prefix taken off; at most 1 MiB.
    Frame {
        /// On which stream.
        stream: StreamId,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// The peer announced a frame longer than any may be; the end of the stream follows.
    TooLong {
        /// On which stream.
        stream: StreamId,
    },
    /// Bytes of [`Output::Send`] left for the socket; gives the send window back.
    Written {
        /// On which stream.
        stream: StreamId,
        /// Frame bytes written.
        bytes: usize,
    },
    /// A stream ended, by either side, by a fault or by a time-out.
    StreamClosed {
        /// Which.
        stream: StreamId,
        /// What went wrong, if anything.
        error: Option<String>,
    },
    /// The engine is done with a batch of [`Output::Deliver`].
    Judged {
        /// Which batch.
        ticket: Ticket,
        /// One verdict for each record and bundle, in order.
        verdicts: Vec<Delivered>,
    },
    /// Records became durable here: written by this person, or received. They are pushed on.
    Stored {
        /// In which collective.
        cid: CollectiveId,
        /// The records, and the peer that brought each, if one did.
        records: Vec<(RecordId, Option<Peer>)>,
    },
    /// Members, keys or doors of a collective changed: standings and offers are looked at anew.
    Changed {
        /// Which collective.
        cid: CollectiveId,
    },
    /// Damage took records or bundles that were held: nobody may be told that they are, and peers
    /// are asked for them.
    Lost {
        /// Of which collective.
        cid: CollectiveId,
    },
    /// The person asks for something.
    Ask(Ask),
    /// Time passed: the deadline was reached.
    Tick,
}

/// What the person, through the engine, asks of the machine.
#[derive(Debug)]
pub enum Ask {
    /// Keep trying to reach a peer at these addresses (typed, from a link, or remembered).
    Reach {
        /// Who, where known.
        peer: Option<Peer>,
        /// Where.
        addrs: Vec<Addr>,
    },
    /// Knock at an invite's door. Progress comes as [`Event::Joining`].
    Join {
        /// The collective.
        cid: CollectiveId,
        /// The door secret of the invite.
        door: [u8; 32],
        /// Seed of the invite key, to prove the link.
        invite_seed: [u8; 32],
        /// The join record of an earlier try: a welcome that was lost is asked for with it.
        record: Option<Vec<u8>>,
        /// Addresses in the link.
        addrs: Vec<Addr>,
    },
    /// Ask at the recovery door of the own seat. Progress comes as [`Event::Joining`].
    Recover {
        /// The collective.
        cid: CollectiveId,
        /// The root of the seat.
        root: Box<ed25519_dalek::SigningKey>,
        /// Addresses on the card.
        addrs: Vec<Addr>,
    },
    /// The engine made the join record after it was served the invite and its past, or the device
    /// record after it was served the control records.
    SubmitJoin {
        /// The collective.
        cid: CollectiveId,
        /// At a recovery door: what the device record rests on and the host did not serve, wire
        /// bytes, causes first; at most [`crate::limits::HANDED`] less one are sent.
        before: Vec<Vec<u8>>,
        /// The join or device record, wire bytes.
        record: Vec<u8>,
    },
    /// Stop knocking.
    CancelJoin {
        /// The collective.
        cid: CollectiveId,
    },
    /// Reconcile now with every proven peer, of one collective or of all.
    SyncNow {
        /// Which.
        cid: Option<CollectiveId>,
    },
    /// A collective was left: forget sessions and peers of it.
    Leave {
        /// Which.
        cid: CollectiveId,
    },
}

/// What the engine made of one delivered record or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// New and stored (admitted, shadowed, quarantined or parked).
    Stored,
    /// Already held.
    Known,
    /// Waits for ancestors.
    Orphan,
    /// Void or malformed: the sender pays.
    Refused,
    /// Over a quota or no space: not the sender's fault alone; asked for later.
    Delayed,
}

/// What the machine wants.
#[must_use]
#[derive(Debug)]
pub enum Output {
    // To the driver.
    /// Dial; the addresses belong to one peer.
    Dial {
        /// Who, where known.
        peer: Option<Peer>,
        /// Where.
        addrs: Vec<Addr>,
    },
    /// Close every connection to the peer.
    Hangup {
        /// Who.
        peer: Peer,
    },
    /// Let the peer use the gated protocols (sync, push), or not.
    Gate {
        /// Who.
        peer: Peer,
        /// Open or closed.
        open: bool,
    },
    /// Open a stream; answered by `StreamOpened` or `OpenFailed`.
    Open {
        /// Who.
        peer: Peer,
        /// For what.
        protocol: Protocol,
    },
    /// Write one frame; the driver adds the length prefix.
    Send {
        /// On which stream.
        stream: StreamId,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// The frame was digested: the driver may read `frames` more from this stream.
    Read {
        /// On which stream.
        stream: StreamId,
        /// How many.
        frames: u32,
    },
    /// A door opened on a hello stream: the driver may read frames of up to
    /// [`crate::limits::FRAME`] bytes from it, and [`crate::limits::READ_AHEAD`] of them. Before
    /// that it reads one of [`crate::limits::HELLO_FRAME`] at a time, since strangers send them.
    Widen {
        /// Which stream.
        stream: StreamId,
    },
    /// Close a stream after what was sent.
    Close {
        /// Which.
        stream: StreamId,
    },

    // To the engine.
    /// Check, judge and store these; answer with [`Input::Judged`].
    Deliver {
        /// Names the batch.
        ticket: Ticket,
        /// For which collective.
        cid: CollectiveId,
        /// From whom.
        peer: Peer,
        /// What.
        items: Vec<Item>,
    },
    /// Something to tell.
    Event(Event),
}

/// One thing received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Wire bytes of a record; body null where the sender does not hold it or it was erased.
    Record(Vec<u8>),
    /// An epoch bundle.
    Bundle(Vec<u8>),
}

/// What is worth telling the person or the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A peer proved that it is a member's device; remember where it was reached.
    Proven {
        /// Who.
        peer: Peer,
        /// Of what.
        cid: CollectiveId,
        /// The member.
        seat: folkmoot_record::SeatKey,
        /// The device.
        dev: folkmoot_record::DeviceKey,
        /// Where it was dialled, if this node dialled.
        addr: Option<Addr>,
    },
    /// A join proceeds.
    Joining {
        /// Of what.
        cid: CollectiveId,
        /// How far.
        step: JoinStep,
    },
    /// A reconciliation with a peer ended.
    Synced {
        /// With whom.
        peer: Peer,
        /// Of what.
        cid: CollectiveId,
        /// Whether both sides then held the same set.
        equal: bool,
        /// Records received and sent.
        received: u64,
        /// Records sent.
        sent: u64,
    },
    /// A peer that is a member's node, or was, did not take this device as a member's.
    Unserved {
        /// Who.
        peer: Peer,
        /// Of what.
        cid: CollectiveId,
    },
    /// A peer misbehaved.
    Misbehaved {
        /// Who.
        peer: Peer,
        /// The members for whom it stood on this connection.
        members: Vec<(CollectiveId, folkmoot_record::SeatKey)>,
        /// How.
        what: String,
    },
}

/// The steps of joining, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinStep {
    /// A node answered at one of the addresses.
    Reached,
    /// It knows the invite or the seat, and proved that it is a member's device.
    DoorOpen,
    /// The invite and its past, or all control records, were delivered: the engine makes the join
    /// or device record now.
    Served,
    /// At a recovery door: the node judged the record shown, and would not have it. Another one is
    /// shown next time. What it means to the person follows as [`JoinStep::Failed`].
    NotTaken,
    /// The join was accepted; heads to reach and bundles were delivered.
    Welcomed {
        /// The heads of the welcomer's control set.
        heads: Vec<RecordId>,
    },
    /// It failed.
    Failed {
        /// At which step and why: a sentence for people, with the next action.
        why: String,
        /// Whether trying again may help (nobody reached) or not (used up, closed).
        retry: bool,
    },
}

macro_rules! debug_hex {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let tail = self.0.len().saturating_sub(6);
                write!(f, concat!(stringify!($name), "({})"), data_encoding::HEXLOWER.encode(&self.0[tail..]))
            }
        }
    )*};
}
debug_hex!(Peer, Addr);
