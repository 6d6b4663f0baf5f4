//! The behaviours of the swarm, in the order in which they may refuse a connection.

use libp2p::{
    PeerId, connection_limits, dcutr, identify,
    identity::Keypair,
    mdns, memory_connection_limits, ping, relay,
    swarm::{NetworkBehaviour, behaviour::toggle::Toggle},
};

use crate::{
    limits::{MAX_ESTABLISHED, MAX_PENDING, MAX_PER_PEER},
    places, streams,
};

/// Told to every peer; the same for all nodes (section 7.1).
const AGENT: &str = "folkmoot/1";

/// All behaviours.
#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
pub(crate) struct Behaviour {
    limits: connection_limits::Behaviour,
    memory: Toggle<memory_connection_limits::Behaviour>,
    pub(crate) places: places::Behaviour,
    pub(crate) streams: streams::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    relay: relay::client::Behaviour,
    dcutr: dcutr::Behaviour,
    pub(crate) mdns: Toggle<mdns::tokio::Behaviour>,
}

impl Behaviour {
    pub(crate) fn new(
        key: &Keypair,
        relay: relay::client::Behaviour,
        max_memory: Option<usize>,
    ) -> Self {
        let limits = connection_limits::ConnectionLimits::default()
            .with_max_pending_incoming(Some(MAX_PENDING))
            .with_max_pending_outgoing(Some(MAX_PENDING))
            .with_max_established(Some(MAX_ESTABLISHED))
            .with_max_established_per_peer(Some(MAX_PER_PEER));
        let identify = identify::Config::new(AGENT.to_owned(), key.public())
            .with_agent_version(AGENT.to_owned())
            .with_hide_listen_addrs(true);
        Self {
            limits: connection_limits::Behaviour::new(limits),
            memory: max_memory
                .map(memory_connection_limits::Behaviour::with_max_bytes)
                .into(),
            places: places::Behaviour::default(),
            streams: streams::Behaviour::default(),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::default(),
            relay,
            dcutr: dcutr::Behaviour::new(key.public().to_peer_id()),
            mdns: None.into(),
        }
    }
}

/// A behaviour that finds peers on the local network.
pub(crate) fn mdns(own: PeerId) -> std::io::Result<mdns::tokio::Behaviour> {
    mdns::tokio::Behaviour::new(mdns::Config::default(), own)
}
