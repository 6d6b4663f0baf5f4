//! The state of one connected peer: its door, its connections, the streams to be opened.

use std::{collections::VecDeque, sync::Arc};

use folkmoot_sync::Protocol;
use libp2p::swarm::ConnectionId;
use tokio::time::Instant;

use crate::upgrade::Door;

/// A stream to be opened.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) protocol: Protocol,
    /// How often it was refused.
    pub(crate) refused: usize,
    /// Not before this moment.
    pub(crate) due: Instant,
}

/// What is known of a connected peer.
#[derive(Debug)]
pub(crate) struct PeerState {
    pub(crate) door: Arc<Door>,
    /// In the order of their making; whether relayed.
    pub(crate) connections: Vec<(ConnectionId, bool)>,
    pub(crate) queue: VecDeque<Request>,
    /// The one being opened, and on which connection.
    pub(crate) flight: Option<(ConnectionId, Request)>,
}

impl PeerState {
    pub(crate) fn new() -> Self {
        Self {
            door: Arc::new(Door::new()),
            connections: Vec::new(),
            queue: VecDeque::new(),
            flight: None,
        }
    }

    /// The connection to open streams on: a direct one before a relayed one, then the newest. An
    /// older one may belong to a node that died without a word and came back.
    pub(crate) fn best(&self) -> Option<ConnectionId> {
        let direct = self.connections.iter().rev().find(|(_, relayed)| !relayed);
        direct.or(self.connections.last()).map(|(id, _)| *id)
    }
}
