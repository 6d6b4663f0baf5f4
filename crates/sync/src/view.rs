//! What people are shown of the peers.

use folkmoot_record::{CollectiveId, DeviceKey, SeatKey};

use crate::{Addr, Path, Peer, Standing};

/// One peer, or one address that no peer answered at yet.
#[derive(Debug, Clone)]
pub struct PeerView {
    /// Who; `None` while nobody answered at the addresses.
    pub peer: Option<Peer>,
    /// Where it is dialled, and where it was seen.
    pub addrs: Vec<Addr>,
    /// Whether a connection is up.
    pub connected: bool,
    /// Over what, while connected.
    pub path: Option<Path>,
    /// Whether this node dialled the present connection.
    pub dialled: bool,
    /// What was proven on this connection.
    pub shared: Vec<SharedView>,
    /// Penalty points: 0 is clean, [`crate::limits::BAN_SCORE`] closes the connection.
    pub score: u32,
    /// Why the last dial, hello or session failed.
    pub last_error: Option<String>,
    /// When it is dialled next, monotonic milliseconds.
    pub next_dial: Option<u64>,
}

/// A collective shared with a peer.
#[derive(Debug, Clone)]
pub struct SharedView {
    /// Which.
    pub cid: CollectiveId,
    /// The member at the other end.
    pub seat: SeatKey,
    /// The device.
    pub dev: DeviceKey,
    /// What that device is to this node.
    pub standing: Standing,
    /// Whether it is given what this node holds: a member, or the host that welcomed this node.
    pub served: bool,
    /// When both sides last held the same set, wall clock milliseconds.
    pub equal_at: Option<u64>,
    /// When a reconciliation last ended, wall clock milliseconds.
    pub synced_at: Option<u64>,
    /// Whether the last reconciliation ended with equal sets.
    pub equal: bool,
    /// Whether one is under way.
    pub in_progress: bool,
}
