//! Dials under way: one answer for each request, whatever number of attempts it takes.

use std::collections::BTreeMap;

use folkmoot_sync::{Addr, Input, Peer};
use libp2p::{
    Multiaddr, PeerId, Swarm,
    swarm::{
        ConnectionId, DialError,
        dial_opts::{DialOpts, PeerCondition},
    },
};

use crate::{
    addr::{multiaddr_of, named_peer, peer_id_of, peer_of},
    behaviour::Behaviour,
    limits::MAX_DIAL_ADDRS,
    listen::reason,
};

/// One request of the machine.
#[derive(Debug)]
struct Group {
    peer: Option<Peer>,
    addrs: Vec<Addr>,
    /// Attempts under way.
    open: usize,
    reached: bool,
    errors: Vec<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Dials {
    groups: BTreeMap<u64, Group>,
    attempts: BTreeMap<ConnectionId, u64>,
    next: u64,
}

impl Dials {
    /// Starts a dial. Where the peer is named, in words or in all addresses, it is one attempt
    /// over all of them, QUIC first; else one attempt for each address. Nothing is reported for a
    /// peer that is connected or being dialled: that connection speaks for itself.
    pub(crate) fn start(
        &mut self,
        swarm: &mut Swarm<Behaviour>,
        peer: Option<Peer>,
        addrs: Vec<Addr>,
    ) -> Option<Input> {
        let mut known = Vec::new();
        for addr in addrs.iter().filter_map(multiaddr_of) {
            if known.len() < MAX_DIAL_ADDRS && !known.contains(&addr) {
                known.push(addr);
            }
        }
        let target = match &peer {
            Some(peer) => match peer_id_of(peer) {
                Some(id) => Some(id),
                None => known.drain(..).next().and(None),
            },
            None => common_peer(&known),
        };
        if target == Some(*swarm.local_peer_id()) {
            let error = "the address is this node's own".to_owned();
            return Some(failed(peer, addrs, error));
        }
        let options = match target {
            Some(id) if !known.is_empty() => vec![to_peer(id, known)],
            Some(_) => Vec::new(),
            None => known.into_iter().map(to_addr).collect(),
        };
        let group = Group {
            peer,
            addrs,
            open: options.len(),
            reached: false,
            errors: Vec::new(),
        };
        if options.is_empty() {
            let error = "there is no usable address".to_owned();
            return Some(failed(group.peer, group.addrs, error));
        }
        let number = self.next;
        self.next += 1;
        self.groups.insert(number, group);
        let mut answer = None;
        for options in options {
            let attempt = options.connection_id();
            self.attempts.insert(attempt, number);
            if let Err(error) = swarm.dial(options) {
                answer = self.failed(attempt, &error).or(answer);
            }
        }
        answer
    }

    /// The attempt became a connection.
    pub(crate) fn reached(&mut self, attempt: ConnectionId) {
        if let Some(number) = self.attempts.remove(&attempt) {
            self.settle(number, |group| group.reached = true);
        }
    }

    /// The attempt failed; the answer, if it was the last one of its group and none succeeded.
    pub(crate) fn failed(&mut self, attempt: ConnectionId, error: &DialError) -> Option<Input> {
        let number = self.attempts.remove(&attempt)?;
        self.settle(number, |group| match error {
            DialError::DialPeerConditionFalse(_) => group.reached = true,
            error => group.errors.push(describe(error)),
        })
    }

    fn settle(&mut self, number: u64, change: impl FnOnce(&mut Group)) -> Option<Input> {
        let group = self.groups.get_mut(&number)?;
        change(group);
        group.open -= 1;
        if group.open > 0 {
            return None;
        }
        let group = self.groups.remove(&number)?;
        if group.reached {
            return None;
        }
        Some(failed(group.peer, group.addrs, group.errors.join("; ")))
    }
}

fn failed(peer: Option<Peer>, addrs: Vec<Addr>, error: String) -> Input {
    Input::DialFailed { peer, addrs, error }
}

/// The peer that all addresses name.
fn common_peer(addrs: &[Multiaddr]) -> Option<PeerId> {
    let first = addrs.first().and_then(named_peer)?;
    addrs
        .iter()
        .all(|addr| named_peer(addr) == Some(first))
        .then_some(first)
}

/// One attempt at a known peer that is not connected; there may be others, and each is answered.
fn to_peer(id: PeerId, addrs: Vec<Multiaddr>) -> DialOpts {
    DialOpts::peer_id(id)
        .condition(PeerCondition::Disconnected)
        .addresses(addrs)
        .build()
}

/// One attempt at a peer that was found nearby and is not connected, whatever other dials are under
/// way. Both find each other at the same moment: were both dials to leave from the ports that they
/// listen on, TCP would make one connection of the two, with two ends that both called.
pub(crate) fn to_found_peer(id: PeerId, addrs: Vec<Multiaddr>) -> DialOpts {
    DialOpts::peer_id(id)
        .condition(PeerCondition::Disconnected)
        .addresses(addrs)
        .allocate_new_port()
        .build()
}

fn to_addr(addr: Multiaddr) -> DialOpts {
    DialOpts::unknown_peer_id().address(addr).build()
}

/// A sentence for people.
fn describe(error: &DialError) -> String {
    match error {
        DialError::LocalPeerId { .. } => "the address is this node's own".to_owned(),
        DialError::NoAddresses => "there is no usable address".to_owned(),
        DialError::DialPeerConditionFalse(_) => "the peer is already connected".to_owned(),
        DialError::Aborted => "the attempt was given up".to_owned(),
        DialError::WrongPeerId { obtained, address } => format!(
            "another node answered at {address}: {}",
            crate::show_peer(&peer_of(*obtained))
        ),
        DialError::Denied { cause } => format!("not allowed now: {cause}"),
        DialError::Transport(tried) => {
            let each = tried
                .iter()
                .map(|(addr, error)| format!("{addr}: {}", reason(error)));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}
