//! Places for strangers: whoever has not proven to be a member's device holds few of the
//! connections that a node has, and few of one network.
//!
//! The newest of them stay. A member needs a second to prove itself, and then counts no more; a
//! stranger who holds a connection for nothing makes room for the next one.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::Ipv6Addr,
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId,
    core::{Endpoint, transport::PortUse},
    multiaddr::Protocol,
    swarm::{
        CloseConnection, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler,
        THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
    },
};

use crate::limits::{MAX_KNOWN, MAX_PENDING_OF_ONE, MAX_STRANGERS, MAX_STRANGERS_OF_ONE};

/// The network that an address belongs to: what one household has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    V4([u8; 4]),
    /// The first 56 bits.
    V6([u8; 7]),
    /// Through a relay, or of a kind not known.
    Other,
}

impl Origin {
    fn of(addr: &Multiaddr) -> Self {
        match addr.iter().next() {
            Some(Protocol::Ip4(ip)) => Self::V4(ip.octets()),
            Some(Protocol::Ip6(ip)) => Self::of_v6(ip),
            _ => Self::Other,
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        if let Some(ip) = ip.to_ipv4_mapped() {
            return Self::V4(ip.octets());
        }
        let [a, b, c, d, e, f, g, ..] = ip.octets();
        Self::V6([a, b, c, d, e, f, g])
    }
}

/// A connection that came in.
#[derive(Debug)]
struct Place {
    from: Origin,
    /// `None` while the handshake lasts.
    peer: Option<PeerId>,
    /// A number that grows.
    since: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Behaviour {
    places: BTreeMap<ConnectionId, Place>,
    /// Peers that proved themselves and are connected, or stand at an open door.
    proven: BTreeSet<PeerId>,
    /// Peers that did so since the start: they come in as if they had.
    known: BTreeSet<PeerId>,
    closing: VecDeque<(PeerId, ConnectionId)>,
    next: u64,
}

impl Behaviour {
    /// The peer proved itself, or does not count as a member's any more.
    pub(crate) fn prove(&mut self, peer: PeerId, proven: bool) {
        if !proven {
            self.proven.remove(&peer);
            return;
        }
        self.proven.insert(peer);
        if self.known.len() < MAX_KNOWN {
            self.known.insert(peer);
        }
    }

    fn is_stranger(&self, place: &Place) -> bool {
        place
            .peer
            .is_some_and(|peer| !self.proven.contains(&peer) && !self.known.contains(&peer))
    }

    /// Strangers by network, oldest first.
    fn strangers(&self) -> BTreeMap<Origin, Vec<(u64, ConnectionId)>> {
        let mut of: BTreeMap<Origin, Vec<(u64, ConnectionId)>> = BTreeMap::new();
        for (id, place) in &self.places {
            if self.is_stranger(place) {
                of.entry(place.from).or_default().push((place.since, *id));
            }
        }
        of.values_mut().for_each(|all| all.sort_unstable());
        of
    }

    /// Makes room where a stranger has come in.
    fn make_room(&mut self) {
        let of = self.strangers();
        let total: usize = of.values().map(Vec::len).sum();
        let crowded = of.values().max_by_key(|all| all.len());
        let Some(all) = crowded else { return };
        if (total > MAX_STRANGERS || all.len() > MAX_STRANGERS_OF_ONE)
            && let Some((_, id)) = all.first()
            && let Some(place) = self.places.remove(id)
            && let Some(peer) = place.peer
        {
            self.closing.push_back((peer, *id));
        }
    }

    fn pending_of(&self, from: Origin) -> usize {
        let pending = |place: &&Place| place.peer.is_none() && place.from == from;
        self.places.values().filter(pending).count()
    }
}

/// Too many connections of one network are being set up.
#[derive(Debug, thiserror::Error)]
#[error("too many connections of one network are being set up")]
struct Crowded;

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = std::convert::Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let from = Origin::of(remote);
        if self.pending_of(from) >= MAX_PENDING_OF_ONE {
            return Err(ConnectionDenied::new(Crowded));
        }
        let since = self.next;
        self.next += 1;
        let peer = None;
        self.places.insert(id, Place { from, peer, since });
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        _local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let since = self.next;
        self.next += 1;
        self.places.insert(
            id,
            Place {
                from: Origin::of(remote),
                peer: Some(peer),
                since,
            },
        );
        self.make_room();
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _id: ConnectionId,
        _peer: PeerId,
        _addr: &Multiaddr,
        _role: Endpoint,
        _port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(closed) => {
                self.places.remove(&closed.connection_id);
                if closed.remaining_established == 0 {
                    self.proven.remove(&closed.peer_id);
                }
            }
            FromSwarm::ListenFailure(failure) => {
                self.places.remove(&failure.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _peer: PeerId,
        _id: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(
        &mut self,
        _cx: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        // Something to close comes with a connection, and the swarm polls after that.
        match self.closing.pop_front() {
            Some((peer_id, id)) => Poll::Ready(ToSwarm::CloseConnection {
                peer_id,
                connection: CloseConnection::One(id),
            }),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn come(places: &mut Behaviour, n: usize, from: &str) -> (ConnectionId, PeerId) {
        let (id, peer) = (ConnectionId::new_unchecked(n), PeerId::random());
        let here: Multiaddr = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        let from: Multiaddr = from.parse().unwrap();
        places
            .handle_pending_inbound_connection(id, &here, &from)
            .unwrap();
        places
            .handle_established_inbound_connection(id, peer, &here, &from)
            .unwrap();
        (id, peer)
    }

    #[test]
    fn strangers_of_one_network_make_room_for_each_other() {
        let mut places = Behaviour::default();
        let (_, member) = come(&mut places, 0, "/ip4/192.0.2.7/tcp/1");
        places.prove(member, true);
        let (other, _) = come(&mut places, 1, "/ip6/2001:db8::1/tcp/1");
        let (first, _) = come(&mut places, 2, "/ip4/192.0.2.7/tcp/9");
        for n in 0..MAX_STRANGERS_OF_ONE {
            come(&mut places, 3 + n, "/ip4/192.0.2.7/tcp/2");
        }
        // The oldest stranger of the crowd goes: neither the member nor somebody from elsewhere.
        let closed: Vec<ConnectionId> = places.closing.iter().map(|(_, id)| *id).collect();
        assert_eq!(closed, [first]);
        assert!(places.places.contains_key(&other));
        assert_eq!(places.places.len(), 2 + MAX_STRANGERS_OF_ONE);
    }

    #[test]
    fn strangers_of_many_networks_leave_places_to_members() {
        let mut places = Behaviour::default();
        for n in 0..3 * MAX_STRANGERS {
            let (high, low) = (n / 200, n % 200);
            come(&mut places, n, &format!("/ip4/198.51.{high}.{low}/tcp/1"));
        }
        assert_eq!(places.places.len(), MAX_STRANGERS);
        assert_eq!(places.closing.len(), 2 * MAX_STRANGERS);
        // One who proved itself before comes in beside them, and is not closed.
        let known = PeerId::random();
        places.prove(known, true);
        places.prove(known, false);
        let place = Place {
            from: Origin::Other,
            peer: Some(known),
            since: 0,
        };
        assert!(!places.is_stranger(&place));
    }

    #[test]
    fn handshakes_of_one_network_are_bounded() {
        let mut places = Behaviour::default();
        let here: Multiaddr = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
        let begin = |places: &mut Behaviour, n: usize, from: &str| {
            let from: Multiaddr = from.parse().unwrap();
            places
                .handle_pending_inbound_connection(ConnectionId::new_unchecked(n), &here, &from)
                .is_ok()
        };
        for n in 0..MAX_PENDING_OF_ONE {
            // Sixteen addresses of one household.
            let from = format!("/ip6/2001:db8:0:1{:02x}::1/tcp/1", n % 16);
            assert!(begin(&mut places, n, &from));
        }
        assert!(!begin(&mut places, 900, "/ip6/2001:db8:0:1ff::9/tcp/1"));
        assert!(begin(&mut places, 901, "/ip6/2001:db8:0:2ff::9/tcp/1"));
    }
}
