//! The stream behaviour: gates, opening one stream at a time per peer, first and last connection.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use folkmoot_sync::{Path, Protocol};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use libp2p::{
    Multiaddr, PeerId, Stream,
    core::{ConnectedPoint, Endpoint, transport::PortUse},
    swarm::{
        ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler,
        THandlerInEvent, THandlerOutEvent, ToSwarm,
    },
};
use tokio::time::{Instant, sleep};

use crate::{
    addr::path_of,
    handler::{Failure, FromHandler, Handler, ToHandler},
    limits::{MAX_QUEUED_OPENS, OPEN_RETRIES},
    peers::{PeerState, Request},
    upgrade::{Accepted, Door},
};

/// What happened, in order.
#[derive(Debug)]
pub(crate) enum Event {
    /// The first connection to a peer is up.
    Connected {
        peer: PeerId,
        endpoint: ConnectedPoint,
    },
    /// The last connection to a peer is gone.
    Disconnected { peer: PeerId },
    /// A stream asked for is ready.
    Opened {
        peer: PeerId,
        protocol: Protocol,
        stream: Stream,
    },
    /// A stream asked for could not be opened.
    OpenFailed {
        peer: PeerId,
        protocol: Protocol,
        error: String,
    },
    /// The peer opened a stream.
    Accepted { peer: PeerId, accepted: Accepted },
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Behaviour {
    peers: BTreeMap<PeerId, PeerState>,
    events: VecDeque<ToSwarm<Event, ToHandler>>,
    /// Peers to look at again when a refused request is due.
    alarms: FuturesUnordered<BoxFuture<'static, PeerId>>,
}

impl Behaviour {
    /// Opens a stream when those asked for before are open; answered by one event.
    pub(crate) fn open(&mut self, peer: PeerId, protocol: Protocol) {
        let error = match self.peers.get_mut(&peer) {
            None => "not connected to the peer",
            Some(state) if state.queue.len() >= MAX_QUEUED_OPENS => {
                "too many streams wait to be opened"
            }
            Some(state) => {
                state.queue.push_back(Request {
                    protocol,
                    refused: 0,
                    due: Instant::now(),
                });
                return self.advance(peer);
            }
        };
        self.fail(peer, protocol, error.to_owned());
    }

    /// Opens or closes the gate for a connected peer. It closes by itself with the last
    /// connection: standing is proven anew each time.
    pub(crate) fn gate(&mut self, peer: PeerId, open: bool) {
        let Some(state) = self.peers.get(&peer) else {
            return;
        };
        if state.door.set(open) {
            for (connection, _) in &state.connections {
                self.events.push_back(ToSwarm::NotifyHandler {
                    peer_id: peer,
                    handler: NotifyHandler::One(*connection),
                    event: ToHandler::GateMoved,
                });
            }
        }
    }

    fn door(&mut self, peer: PeerId) -> Arc<Door> {
        Arc::clone(&self.peers.entry(peer).or_insert_with(PeerState::new).door)
    }

    fn fail(&mut self, peer: PeerId, protocol: Protocol, error: String) {
        self.events
            .push_back(ToSwarm::GenerateEvent(Event::OpenFailed {
                peer,
                protocol,
                error,
            }));
    }

    /// Starts the next request that is due, if none is under way.
    fn advance(&mut self, peer: PeerId) {
        let Some(state) = self.peers.get_mut(&peer) else {
            return;
        };
        let now = Instant::now();
        let (None, Some(connection), Some(at)) = (
            &state.flight,
            state.best(),
            state.queue.iter().position(|r| r.due <= now),
        ) else {
            return;
        };
        if let Some(request) = state.queue.remove(at) {
            self.events.push_back(ToSwarm::NotifyHandler {
                peer_id: peer,
                handler: NotifyHandler::One(connection),
                event: ToHandler::Open(request.protocol),
            });
            state.flight = Some((connection, request));
        }
    }

    /// Puts a refused request back, or gives it up.
    fn refused(&mut self, peer: PeerId, mut request: Request, failure: Failure) {
        let delay = OPEN_RETRIES.get(request.refused).copied();
        match (delay, failure.again, self.peers.get_mut(&peer)) {
            (Some(delay), true, Some(state)) => {
                request.refused += 1;
                request.due = Instant::now() + delay;
                // In front, so that requests for one protocol keep their order.
                state.queue.push_front(request);
                self.alarms.push(alarm(peer, delay));
            }
            _ => self.fail(peer, request.protocol, failure.reason),
        }
    }

    fn connection_closed(&mut self, peer: PeerId, connection: ConnectionId, last: bool) {
        let Some(state) = self.peers.get_mut(&peer) else {
            return;
        };
        state.connections.retain(|(id, _)| *id != connection);
        let lost = state.flight.take_if(|(id, _)| *id == connection);
        let failure = Failure {
            again: !last,
            reason: "the connection closed".to_owned(),
        };
        if let Some((_, request)) = lost {
            self.refused(peer, request, failure);
        }
        if last {
            let waiting = self.peers.remove(&peer).map(|state| state.queue);
            for request in waiting.unwrap_or_default() {
                self.fail(peer, request.protocol, "the connection closed".to_owned());
            }
            let gone = Event::Disconnected { peer };
            self.events.push_back(ToSwarm::GenerateEvent(gone));
        } else {
            self.advance(peer);
        }
    }
}

fn alarm(peer: PeerId, delay: Duration) -> BoxFuture<'static, PeerId> {
    sleep(delay).map(move |()| peer).boxed()
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.door(peer)))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.door(peer)))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(up) => {
                let state = self.peers.entry(up.peer_id).or_insert_with(PeerState::new);
                let relayed = path_of(up.endpoint.get_remote_address()) == Path::Relayed;
                state.connections.push((up.connection_id, relayed));
                if up.other_established == 0 {
                    self.events
                        .push_back(ToSwarm::GenerateEvent(Event::Connected {
                            peer: up.peer_id,
                            endpoint: up.endpoint.clone(),
                        }));
                }
            }
            FromSwarm::ConnectionClosed(down) => self.connection_closed(
                down.peer_id,
                down.connection_id,
                down.remaining_established == 0,
            ),
            // A connection refused by another behaviour after its door was made.
            FromSwarm::DialFailure(_) | FromSwarm::ListenFailure(_) => {
                self.peers.retain(|_, state| !state.connections.is_empty());
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        let event = match event {
            FromHandler::Accepted(accepted) => Event::Accepted { peer, accepted },
            FromHandler::Opened(protocol, stream) => {
                self.landed(peer, connection);
                Event::Opened {
                    peer,
                    protocol,
                    stream,
                }
            }
            FromHandler::Failed(failure) => {
                if let Some(request) = self.landed(peer, connection) {
                    self.refused(peer, request, failure);
                }
                return self.advance(peer);
            }
        };
        self.events.push_back(ToSwarm::GenerateEvent(event));
        self.advance(peer);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Event, THandlerInEvent<Self>>> {
        while let Poll::Ready(Some(peer)) = self.alarms.poll_next_unpin(cx) {
            self.advance(peer);
        }
        match self.events.pop_front() {
            Some(event) => Poll::Ready(event),
            None => Poll::Pending,
        }
    }
}

impl Behaviour {
    /// The request that was under way on this connection.
    fn landed(&mut self, peer: PeerId, connection: ConnectionId) -> Option<Request> {
        let state = self.peers.get_mut(&peer)?;
        let flight = state.flight.take_if(|(id, _)| *id == connection);
        flight.map(|(_, request)| request)
    }
}
