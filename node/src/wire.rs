//! Network and engine, wired: what happens goes up, what is wanted goes down.

use std::{io, thread::JoinHandle};

use folkmoot_api::{ApiError, ErrorCode};
use folkmoot_engine::{AddressText, Engine, Network};
use folkmoot_net::{
    Config, Handle, NetError, Started, default_listen, is_private, multiaddr_of, parse_addr,
    parse_peer, show_addr, show_peer,
};
use folkmoot_sync::{Addr, Input, Output, Peer};
use tokio::sync::mpsc;

use crate::{
    Home,
    config::{DEFAULT_PORT, Layer, Origin, Settings},
    run::{RunError, Told},
};

/// Inputs that wait for the engine. Each may hold a frame of 1 MiB, so this bounds memory; the
/// network stops reading while it is full.
const INPUT_QUEUE: usize = 32;

/// Ports tried from the default on before any free one is taken: several homes on one machine
/// then keep the same ports from start to start, and their friends keep valid addresses.
const DEFAULT_PORTS: std::ops::Range<u16> = DEFAULT_PORT..DEFAULT_PORT + 10;

/// A running network, attached to the engine.
pub(crate) struct Wire {
    handle: Handle,
    pump: JoinHandle<()>,
}

impl Wire {
    /// Starts listening and attaches the network to the engine.
    pub(crate) async fn start(
        engine: &Engine,
        transport_key: [u8; 32],
        settings: &Settings,
        tell: &mut impl FnMut(Told),
    ) -> Result<Self, RunError> {
        let (inputs, received) = mpsc::channel(INPUT_QUEUE);
        let (handle, started) = listen(transport_key, settings, &inputs, tell).await?;
        drop(inputs);
        for notice in started.notices {
            // Of the addresses that nobody asked for, some do not exist on every machine.
            if settings.listen.origin == Origin::Default && !settings.lan.value {
                tracing::info!("{notice}");
            } else {
                tell(Told::Notice(notice));
            }
        }
        for missing in started.missing {
            tell(Told::Notice(missing));
        }
        let driver = handle.clone();
        engine.attach(Network {
            peer: started.peer,
            listening: best_first(started.listening),
            text: AddressText {
                parse: parse_with_peer,
                print: show_addr,
                print_peer: show_peer,
            },
            act: Box::new(move |outputs: Vec<Output>| {
                if !driver.act(outputs) {
                    tracing::debug!("the network has stopped; outputs are dropped");
                }
            }),
        });
        follow_addresses(&handle, engine.clone());
        let pump = pump(received, engine.clone())?;
        Ok(Self { handle, pump })
    }

    /// The addresses listened on, as text with the peer id.
    pub(crate) fn listening(&self) -> Vec<String> {
        let addresses = self.handle.listening().borrow().clone();
        best_first(addresses).iter().map(show_addr).collect()
    }

    /// What carries out changed settings while the node runs.
    pub(crate) fn reload(&self, home: &Home, settings: &Settings) -> Reload {
        Reload {
            home: home.clone(),
            lan_flag: settings.lan.origin == Origin::Flag,
            handle: self.handle.clone(),
        }
    }

    /// Closes all connections and waits until the engine has heard everything.
    pub(crate) async fn stop(self) {
        self.handle.stop().await;
        let pump = self.pump;
        if tokio::task::spawn_blocking(move || pump.join())
            .await
            .is_err()
        {
            tracing::warn!("the network's thread ended by a fault");
        }
    }
}

/// Carries out changed settings.
#[derive(Clone)]
pub(crate) struct Reload {
    home: Home,
    /// Whether the command line decided on `lan`; then the file does not.
    lan_flag: bool,
    handle: Handle,
}

impl Reload {
    /// Reads the settings again; the answer says what took effect.
    pub(crate) async fn run(&self) -> Result<String, ApiError> {
        let settings = Settings::load(&self.home, Layer::default())
            .map_err(|e| ApiError::new(ErrorCode::Usage, e.to_string()))?;
        if self.lan_flag {
            return Ok("the node keeps to its flags until its next start".into());
        }
        let on = settings.lan.value;
        self.handle
            .set_lan(on)
            .await
            .map_err(|e| ApiError::new(ErrorCode::Failed, e.to_string()))?;
        let lan = if on {
            "the node looks for members on the local network"
        } else {
            "the node does not look for members on the local network"
        };
        Ok(format!(
            "{lan}; port, addresses and log take effect at its next start"
        ))
    }
}

/// Starts the driver; takes another port where the default one is taken.
async fn listen(
    transport_key: [u8; 32],
    settings: &Settings,
    inputs: &mpsc::Sender<Input>,
    tell: &mut impl FnMut(Told),
) -> Result<(Handle, Started), NetError> {
    let start = |listen| {
        let config = Config {
            transport_key,
            listen,
            lan: settings.lan.value,
            max_memory: None,
        };
        folkmoot_net::start(config, inputs.clone())
    };
    if !settings.listen.value.is_empty() {
        let mut addrs = Vec::new();
        for text in &settings.listen.value {
            addrs.extend(multiaddr_of(&parse_addr(text)?));
        }
        return start(addrs).await;
    }
    if settings.port.origin != Origin::Default {
        return start(default_listen(settings.port.value)).await;
    }
    for port in DEFAULT_PORTS.chain([0]) {
        match start(default_listen(port)).await {
            Err(NetError::PortInUse { .. }) => {}
            Ok(started) if port != DEFAULT_PORT => {
                tell(Told::Notice(match port {
                    0 => format!("port {DEFAULT_PORT} is in use; took any free port"),
                    _ => format!("port {DEFAULT_PORT} is in use; took {port} in its place"),
                }));
                return Ok(started);
            }
            result => return result,
        }
    }
    start(default_listen(0)).await
}

/// Addresses that reach farther come first, loopback last: an invite carries only some. Link-local
/// ones are left out, since they mean nothing without the name of an interface.
fn best_first(mut addresses: Vec<Addr>) -> Vec<Addr> {
    addresses.retain(|addr| !show_addr(addr).starts_with("/ip6/fe80:"));
    addresses.sort_by_cached_key(|addr| {
        let text = show_addr(addr);
        let loopback = text.starts_with("/ip4/127.") || text.starts_with("/ip6/::1/");
        let private = multiaddr_of(addr).is_none_or(|a| is_private(&a));
        (loopback, private, !text.contains("/quic-v1"), text)
    });
    addresses
}

/// Reads an address; its last part may name the peer.
fn parse_with_peer(text: &str) -> Result<(Option<Peer>, Addr), String> {
    let addr = parse_addr(text).map_err(|e| e.to_string())?;
    let peer = match text.rsplit_once("/p2p/") {
        Some((_, id)) if !id.contains('/') => Some(parse_peer(id).map_err(|e| e.to_string())?),
        _ => None,
    };
    Ok((peer, addr))
}

/// Tells the engine when the machine gets or loses an address.
fn follow_addresses(handle: &Handle, engine: Engine) {
    let mut listening = handle.listening();
    tokio::spawn(async move {
        while listening.changed().await.is_ok() {
            let addresses = best_first(listening.borrow_and_update().clone());
            let engine = engine.clone();
            let told = tokio::task::spawn_blocking(move || engine.listening(addresses));
            if told.await.is_err() {
                break;
            }
        }
    });
}

/// A thread that hands inputs to the engine. It blocks while the engine is behind; then the channel
/// fills, and the network reads no more.
fn pump(mut inputs: mpsc::Receiver<Input>, engine: Engine) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("inputs".into())
        .spawn(move || {
            while let Some(input) = inputs.blocking_recv() {
                if !engine.input(input) {
                    break;
                }
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

    #[test]
    fn addresses_that_reach_farther_come_first() {
        let sorted = [
            "/ip4/198.18.0.1/udp/1/quic-v1",
            "/ip4/8.8.8.8/tcp/1",
            "/ip4/192.168.1.2/tcp/1",
            "/ip6/::1/tcp/1",
        ];
        let mut addresses: Vec<Addr> = sorted.iter().map(|a| parse_addr(a).unwrap()).collect();
        addresses.reverse();
        let shown: Vec<String> = best_first(addresses).iter().map(show_addr).collect();
        assert_eq!(shown, sorted);
    }

    #[test]
    fn an_address_may_name_its_peer() {
        let (peer, _) = parse_with_peer(&format!("/ip4/192.0.2.7/tcp/1/p2p/{PEER}")).unwrap();
        assert_eq!(show_peer(&peer.unwrap()), PEER);
        assert!(parse_with_peer("/ip4/192.0.2.7/tcp/1").unwrap().0.is_none());
        assert!(parse_with_peer("192.0.2.7:1").is_err());
    }
}
