//! The transports: TCP with Noise and yamux, QUIC, DNS, circuits through relays (section 7.1).

use libp2p::{Swarm, SwarmBuilder, dns, identity::Keypair, noise, tcp, yamux};

use crate::{
    Config, NetError,
    behaviour::Behaviour,
    limits::{IDLE_TIMEOUT, MAX_INBOUND_GATED, MAX_MUXED_STREAMS},
};

// The builder's phases have types that cannot be named, so the two ways through it share its
// beginning and end by macro.
macro_rules! sockets {
    ($key:expr) => {
        SwarmBuilder::with_existing_identity($key)
            .with_tokio()
            .with_tcp(
                tcp::Config::default().nodelay(true),
                noise::Config::new,
                muxer,
            )
            .map_err(setup)?
            .with_quic_config(|mut quic| {
                quic.max_concurrent_stream_limit = MAX_MUXED_STREAMS;
                quic
            })
    };
}

macro_rules! finish {
    ($builder:expr, $config:expr) => {
        $builder
            .with_relay_client(noise::Config::new, muxer)
            .map_err(setup)?
            .with_behaviour(|key, relay| Behaviour::new(key, relay, $config.max_memory))
            .map_err(setup)?
            .with_swarm_config(|swarm| {
                swarm
                    .with_idle_connection_timeout(IDLE_TIMEOUT)
                    .with_max_negotiating_inbound_streams(MAX_INBOUND_GATED)
                    .with_smart_dial()
            })
            .build()
    };
}

pub(crate) fn build(config: &Config) -> Result<Swarm<Behaviour>, NetError> {
    // One process, one provider; that another part of it was first is as good.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let key = Keypair::ed25519_from_bytes(config.transport_key).map_err(setup)?;
    match sockets!(key.clone()).with_dns() {
        Ok(builder) => Ok(finish!(builder, config)),
        Err(error) => {
            // Without /etc/resolv.conf names are not found, but numbers work.
            tracing::warn!(%error, "the system names no DNS server; only numeric addresses work");
            let none = dns::ResolverConfig::default();
            let options = dns::ResolverOpts::default();
            let builder = sockets!(key).with_dns_config(none, options);
            Ok(finish!(builder, config))
        }
    }
}

fn muxer() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(MAX_MUXED_STREAMS as usize);
    config
}

fn setup(error: impl std::fmt::Display) -> NetError {
    NetError::Setup(error.to_string())
}
