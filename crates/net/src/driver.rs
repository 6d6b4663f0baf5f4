//! The task that owns the swarm.

use std::collections::{BTreeSet, VecDeque};

use folkmoot_sync::{Addr, Input, Output};
use futures::StreamExt;
use libp2p::{PeerId, Swarm, core::ConnectedPoint, mdns, ping, swarm::SwarmEvent};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    NetError,
    addr::{addr_of, path_of, peer_id_of, peer_of, with_peer, without_peer},
    awaited::Awaited,
    behaviour::{Behaviour, BehaviourEvent},
    delivery::Item,
    dial::Dials,
    limits::{BACKLOG, STOP_TIMEOUT},
    streams,
    table::Table,
};

/// To the driver.
#[derive(Debug)]
pub(crate) enum Command {
    /// Carry these out in order.
    Act(Vec<Output>),
    /// Turn mDNS on or off.
    Lan(bool, oneshot::Sender<Result<(), NetError>>),
    /// End; answered when everything has ended.
    Stop(oneshot::Sender<()>),
}

/// See the module.
pub(crate) struct Driver {
    pub(crate) swarm: Swarm<Behaviour>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) items: mpsc::Sender<Item>,
    /// The delivery's task.
    pub(crate) delivery: JoinHandle<()>,
    pub(crate) listening: watch::Sender<Vec<Addr>>,
    pub(crate) table: Table,
    pub(crate) dials: Dials,
    /// Items that found the delivery's queue full.
    pub(crate) backlog: VecDeque<Item>,
    /// Listeners that have not named all their addresses yet.
    pub(crate) awaited: Awaited,
    /// Told once all listeners have, or time is up: what is missing, in sentences.
    pub(crate) ready: Option<oneshot::Sender<Vec<String>>>,
    /// Peers found by mDNS that are being dialled.
    pub(crate) lan_dials: BTreeSet<PeerId>,
}

impl Driver {
    /// Runs until stopped, or until nobody holds a handle.
    pub(crate) async fn run(mut self) {
        let items = self.items.clone();
        let answer = loop {
            self.tell_ready();
            let due = match self.ready {
                Some(_) => self.awaited.due(),
                // Nobody waits.
                None => Instant::now(),
            };
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Act(outputs)) => {
                        outputs.into_iter().for_each(|output| self.act(output));
                    }
                    Some(Command::Lan(on, answer)) => {
                        let _asker_gone = answer.send(self.set_lan(on));
                    }
                    Some(Command::Stop(answer)) => break Some(answer),
                    None => break None,
                },
                // A full backlog means a slow engine: the peers wait.
                event = self.swarm.select_next_some(), if self.backlog.len() < BACKLOG => {
                    self.swarm_event(event);
                }
                room = items.reserve(), if !self.backlog.is_empty() => match room {
                    Ok(room) => if let Some(item) = self.backlog.pop_front() { room.send(item) },
                    // The engine is gone.
                    Err(_) => break None,
                },
                () = self.table.reap() => {}
                () = sleep_until(due), if self.ready.is_some() => {}
            }
        };
        self.end().await;
        if let Some(answer) = answer {
            let _asker_gone = answer.send(());
        }
    }

    /// Closes what is open, so that peers need not find out by themselves.
    async fn end(mut self) {
        self.table.stop().await;
        // It may be waiting for an engine that no longer listens.
        self.delivery.abort();
        let _cancelled = (&mut self.delivery).await;
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            let _gone = self.swarm.disconnect_peer_id(peer);
        }
        let closed = async {
            while self.swarm.connected_peers().next().is_some() {
                self.swarm.select_next_some().await;
            }
        };
        let _late = timeout(STOP_TIMEOUT, closed).await;
    }

    fn deliver(&mut self, item: Item) {
        self.backlog.push_back(item);
    }

    fn tell(&mut self, input: Input) {
        self.deliver(Item::Input(input));
    }

    fn tell_ready(&mut self) {
        if self.ready.is_some()
            && self.awaited.due() <= Instant::now()
            && let Some(ready) = self.ready.take()
        {
            let _asker_gone = ready.send(self.awaited.missing());
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Dial { peer, addrs } => {
                if let Some(answer) = self.dials.start(&mut self.swarm, peer, addrs) {
                    self.tell(answer);
                }
            }
            Output::Hangup { peer } => {
                if let Some(id) = peer_id_of(&peer) {
                    let _not_connected = self.swarm.disconnect_peer_id(id);
                }
            }
            Output::Gate { peer, open } => {
                if let Some(id) = peer_id_of(&peer) {
                    self.swarm.behaviour_mut().streams.gate(id, open);
                    self.swarm.behaviour_mut().places.prove(id, open);
                    if !open {
                        self.table.shut(id);
                    }
                }
            }
            Output::Open { peer, protocol } => match peer_id_of(&peer) {
                Some(id) => self.swarm.behaviour_mut().streams.open(id, protocol),
                None => {
                    let error = "not a peer id".to_owned();
                    self.tell(Input::OpenFailed {
                        peer,
                        protocol,
                        error,
                    });
                }
            },
            Output::Send { stream, bytes } => self.table.send(stream, bytes),
            Output::Read { stream, frames } => self.table.grant(stream, frames),
            Output::Widen { stream } => {
                // Who stands at an open door showed a link, or a seat's root.
                if let Some(peer) = self.table.peer(stream) {
                    self.swarm.behaviour_mut().places.prove(peer, true);
                }
                self.table.widen(stream);
            }
            Output::Close { stream } => self.table.close(stream),
            // The engine's part.
            Output::Deliver { .. } | Output::Event(_) => {}
        }
    }

    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Streams(event)) => self.stream_event(event),
            SwarmEvent::Behaviour(BehaviourEvent::Mdns(mdns::Event::Discovered(found))) => {
                self.found(found);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping)) => self.pinged(&ping),
            SwarmEvent::ConnectionEstablished {
                connection_id,
                peer_id,
                ..
            } => {
                self.lan_dials.remove(&peer_id);
                self.dials.reached(connection_id);
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                peer_id,
                error,
            } => {
                if let Some(id) = peer_id {
                    self.lan_dials.remove(&id);
                }
                if let Some(answer) = self.dials.failed(connection_id, &error) {
                    self.tell(answer);
                }
            }
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } => {
                self.awaited.named(listener_id, &address);
                self.publish();
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                ..
            } => {
                tracing::warn!(?reason, "a listener closed");
                self.awaited.closed(listener_id);
                self.publish();
            }
            SwarmEvent::ExpiredListenAddr { .. } => self.publish(),
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error, "a listener reported an error");
            }
            other => tracing::trace!(event = ?other, "swarm"),
        }
    }

    fn stream_event(&mut self, event: streams::Event) {
        match event {
            streams::Event::Connected { peer, endpoint } => {
                let (addr, dialled) = match endpoint {
                    ConnectedPoint::Dialer { address, .. } => (address, true),
                    ConnectedPoint::Listener { send_back_addr, .. } => (send_back_addr, false),
                };
                self.tell(Input::Connected {
                    peer: peer_of(peer),
                    path: path_of(&addr),
                    addr: addr_of(&without_peer(addr)),
                    dialled,
                });
            }
            streams::Event::Disconnected { peer } => {
                let streams = self.table.drop_peer(peer);
                self.deliver(Item::Gone {
                    peer: peer_of(peer),
                    streams,
                });
            }
            streams::Event::Opened {
                peer,
                protocol,
                stream,
            } => {
                let start = self.table.add(peer, protocol, stream, None);
                self.deliver(Item::Start(start));
            }
            streams::Event::Accepted { peer, accepted } => {
                let (protocol, stream, place) =
                    (accepted.protocol, accepted.stream, accepted.place);
                let start = self.table.add(peer, protocol, stream, Some(place));
                self.deliver(Item::Start(start));
            }
            streams::Event::OpenFailed {
                peer,
                protocol,
                error,
            } => self.tell(Input::OpenFailed {
                peer: peer_of(peer),
                protocol,
                error,
            }),
        }
    }

    /// A peer that vanished without a word would stay connected while a stream is open.
    fn pinged(&mut self, ping: &ping::Event) {
        match &ping.result {
            Ok(_) | Err(ping::Failure::Unsupported) => {}
            Err(error) => {
                tracing::debug!(%error, "closing a connection that does not answer");
                self.swarm.close_connection(ping.connection);
            }
        }
    }

    fn publish(&mut self) {
        let own = *self.swarm.local_peer_id();
        let now = self
            .swarm
            .listeners()
            .map(|addr| addr_of(&with_peer(addr.clone(), own)))
            .collect();
        self.listening.send_replace(now);
    }
}
