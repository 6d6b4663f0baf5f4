//! A peer that negotiates streams properly and then does with them what it likes.

use std::time::Duration;

use folkmoot_sync::{Addr, Peer, Protocol};
use futures::StreamExt;
use libp2p::{
    Stream, StreamProtocol, Swarm, SwarmBuilder, identify, noise,
    swarm::{NetworkBehaviour, SwarmEvent},
    tcp, yamux,
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::{
    addr::{multiaddr_of, peer_id_of, peer_of},
    streams,
};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
struct Behaviour {
    streams: streams::Behaviour,
    identify: identify::Behaviour,
}

pub(super) enum Event {
    Stream(Box<streams::Event>),
    /// The protocols the other side lists.
    Protocols(Vec<StreamProtocol>),
}

pub(super) struct Raw {
    pub(super) peer: Peer,
    asks: mpsc::UnboundedSender<(Peer, Protocol)>,
    events: mpsc::UnboundedReceiver<Event>,
    task: JoinHandle<()>,
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Raw {
    /// Connects to a node that listens on TCP.
    pub(super) async fn connect(to: &Addr) -> Self {
        let mut swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(
                tcp::Config::default(),
                noise::Config::new,
                yamux::Config::default,
            )
            .unwrap()
            .with_behaviour(|key| Behaviour {
                streams: streams::Behaviour::default(),
                identify: identify::Behaviour::new(identify::Config::new(
                    "raw".to_owned(),
                    key.public(),
                )),
            })
            .unwrap()
            .with_swarm_config(|c| c.with_idle_connection_timeout(PATIENCE))
            .build();
        swarm.dial(multiaddr_of(to).unwrap()).unwrap();
        let (asks, asked) = mpsc::unbounded_channel();
        let (sender, events) = mpsc::unbounded_channel();
        let peer = peer_of(*swarm.local_peer_id());
        let task = tokio::spawn(drive(swarm, asked, sender));
        Self {
            peer,
            asks,
            events,
            task,
        }
    }

    async fn until<T>(&mut self, mut take: impl FnMut(Event) -> Option<T>) -> T {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await;
            if let Some(found) = take(event.unwrap().unwrap()) {
                return found;
            }
        }
    }

    pub(super) async fn connected(&mut self) {
        self.until(|event| {
            matches!(event, Event::Stream(e) if matches!(*e, streams::Event::Connected { .. }))
                .then_some(())
        })
        .await;
    }

    pub(super) async fn open(&mut self, peer: &Peer, protocol: Protocol) -> Result<Stream, String> {
        self.asks.send((peer.clone(), protocol)).unwrap();
        self.until(|event| match event {
            Event::Stream(event) => match *event {
                streams::Event::Opened { stream, .. } => Some(Ok(stream)),
                streams::Event::OpenFailed { error, .. } => Some(Err(error)),
                _ => None,
            },
            Event::Protocols(_) => None,
        })
        .await
    }

    /// The next list of protocols that satisfies the condition.
    pub(super) async fn protocols(
        &mut self,
        mut which: impl FnMut(&[String]) -> bool,
    ) -> Vec<String> {
        self.until(|event| match event {
            Event::Protocols(list) => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                which(&list).then_some(list)
            }
            Event::Stream(_) => None,
        })
        .await
    }
}

async fn drive(
    mut swarm: Swarm<Behaviour>,
    mut asks: mpsc::UnboundedReceiver<(Peer, Protocol)>,
    events: mpsc::UnboundedSender<Event>,
) {
    loop {
        tokio::select! {
            ask = asks.recv() => match ask {
                Some((peer, protocol)) => {
                    let peer = peer_id_of(&peer).unwrap();
                    swarm.behaviour_mut().streams.open(peer, protocol);
                }
                None => return,
            },
            event = swarm.select_next_some() => {
                let event = match event {
                    SwarmEvent::Behaviour(BehaviourEvent::Streams(event)) => {
                        Event::Stream(Box::new(event))
                    }
                    SwarmEvent::Behaviour(BehaviourEvent::Identify(
                        identify::Event::Received { info, .. },
                    )) => Event::Protocols(info.protocols),
                    _ => continue,
                };
                if events.send(event).is_err() {
                    return;
                }
            }
        }
    }
}
