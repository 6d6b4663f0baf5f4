//! Addresses and peers: the machine's bytes, libp2p's types, people's text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use folkmoot_sync::{Addr, Path, Peer};
use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

use crate::NetError;

/// The binary form.
#[must_use]
pub fn addr_of(addr: &Multiaddr) -> Addr {
    Addr(addr.to_vec())
}

/// The typed form, if the bytes are a multiaddr.
#[must_use]
pub fn multiaddr_of(addr: &Addr) -> Option<Multiaddr> {
    Multiaddr::try_from(addr.0.clone()).ok()
}

/// Reads an address such as `/ip4/192.0.2.7/udp/4001/quic-v1`, with or without `/p2p/…`.
///
/// # Errors
/// [`NetError::BadAddr`].
pub fn parse_addr(text: &str) -> Result<Addr, NetError> {
    let has_port = |part| matches!(part, Protocol::Tcp(_) | Protocol::Udp(_));
    let reason = match text.parse::<Multiaddr>() {
        Ok(addr) if addr.iter().any(has_port) => return Ok(addr_of(&addr)),
        Ok(_) => "it names no port".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(NetError::BadAddr {
        text: text.to_owned(),
        reason,
    })
}

/// The address as text; bytes that are none are shown as such.
#[must_use]
pub fn show_addr(addr: &Addr) -> String {
    multiaddr_of(addr).map_or_else(|| format!("{addr:?}"), |a| a.to_string())
}

/// Reads a peer id in base58.
///
/// # Errors
/// [`NetError::BadPeer`].
pub fn parse_peer(text: &str) -> Result<Peer, NetError> {
    match text.parse::<PeerId>() {
        Ok(id) => Ok(peer_of(id)),
        Err(error) => Err(NetError::BadPeer {
            text: text.to_owned(),
            reason: error.to_string(),
        }),
    }
}

/// The peer id in base58; bytes that are none are shown as such.
#[must_use]
pub fn show_peer(peer: &Peer) -> String {
    peer_id_of(peer).map_or_else(|| format!("{peer:?}"), |id| id.to_string())
}

/// The peer as the machine names it.
pub(crate) fn peer_of(id: PeerId) -> Peer {
    Peer(id.to_bytes())
}

/// The peer as libp2p names it, if the bytes are a peer id.
pub(crate) fn peer_id_of(peer: &Peer) -> Option<PeerId> {
    PeerId::from_bytes(&peer.0).ok()
}

/// The peer named by the address's last part.
pub(crate) fn named_peer(addr: &Multiaddr) -> Option<PeerId> {
    match addr.iter().last() {
        Some(Protocol::P2p(id)) => Some(id),
        _ => None,
    }
}

/// The address without the peer at its end: what is remembered for a peer.
pub(crate) fn without_peer(mut addr: Multiaddr) -> Multiaddr {
    if named_peer(&addr).is_some() {
        addr.pop();
    }
    addr
}

/// The address with the peer at its end, once.
pub(crate) fn with_peer(addr: Multiaddr, id: PeerId) -> Multiaddr {
    without_peer(addr).with(Protocol::P2p(id))
}

/// How a connection to this remote address runs.
pub(crate) fn path_of(addr: &Multiaddr) -> Path {
    if addr.iter().any(|p| p == Protocol::P2pCircuit) {
        return Path::Relayed;
    }
    match addr.iter().next() {
        Some(part) => match reach(&part) {
            Some(Reach::Loopback) => Path::Loopback,
            Some(Reach::Private) => Path::Lan,
            Some(Reach::Public) | None => Path::Direct,
        },
        None => Path::Direct,
    }
}

/// Whether the address, or the relay in it, can only be reached from the same machine or the
/// same network: such addresses are not dialled when a stranger on the internet names them.
#[must_use]
pub fn is_private(addr: &Multiaddr) -> bool {
    addr.iter()
        .any(|part| matches!(reach(&part), Some(Reach::Loopback | Reach::Private)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Loopback,
    Private,
    Public,
}

/// How far one part of an address reaches; `None` for parts that name no host.
fn reach(part: &Protocol<'_>) -> Option<Reach> {
    match part {
        Protocol::Ip4(ip) => Some(reach_of_ip(IpAddr::V4(*ip))),
        Protocol::Ip6(ip) => Some(reach_of_ip(IpAddr::V6(*ip))),
        Protocol::Dns(name)
        | Protocol::Dns4(name)
        | Protocol::Dns6(name)
        | Protocol::Dnsaddr(name) => Some(reach_of_name(name)),
        Protocol::Unix(_) | Protocol::Memory(_) => Some(Reach::Loopback),
        _ => None,
    }
}

fn reach_of_name(name: &str) -> Reach {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        Reach::Loopback
    } else if !name.contains('.')
        || [".local", ".lan", ".internal", ".home.arpa"]
            .iter()
            .any(|end| name.ends_with(end))
    {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_of_ip(ip: IpAddr) -> Reach {
    match ip.to_canonical() {
        ip if ip.is_loopback() => Reach::Loopback,
        // Connecting to "any address" reaches the own machine.
        ip if ip.is_unspecified() => Reach::Loopback,
        IpAddr::V4(ip) if private_v4(ip) => Reach::Private,
        IpAddr::V6(ip) if private_v6(ip) => Reach::Private,
        _ => Reach::Public,
    }
}

fn private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    // 100.64.0.0/10 is shared by the customers of one provider (RFC 6598); 0.0.0.0/8 is "this
    // network"; 240.0.0.0/4 is reserved.
    let shared = a == 100 && (64..128).contains(&b);
    ip.is_private()
        || ip.is_link_local()
        || shared
        || a == 0
        || a >= 240
        || ip.is_multicast()
        || ip.is_documentation()
}

fn private_v6(ip: Ipv6Addr) -> bool {
    ip.is_unique_local()
        || ip.is_unicast_link_local()
        || ip.is_multicast()
        || ip.segments()[..2] == [0x2001, 0xdb8]
}
