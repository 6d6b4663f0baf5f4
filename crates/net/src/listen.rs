//! Listening, and saying plainly why it does not work.

use std::{error::Error, io};

use libp2p::{Multiaddr, Swarm, TransportError, core::transport::ListenerId, multiaddr::Protocol};

use crate::{NetError, behaviour::Behaviour};

/// What came of the addresses asked for.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// Those that will name their addresses, and what was asked for.
    pub(crate) ids: Vec<(ListenerId, Multiaddr)>,
    /// Sentences on those that do not work, such as IPv6 where there is none.
    pub(crate) notices: Vec<String>,
}

/// Listens on all addresses. A port in use is an error; an address the machine does not have is
/// a notice, as long as another one works.
pub(crate) fn listen(
    swarm: &mut Swarm<Behaviour>,
    addrs: &[Multiaddr],
) -> Result<Listeners, NetError> {
    for addr in addrs {
        if let Err(error) = try_port(addr)
            && error.kind() == io::ErrorKind::AddrInUse
        {
            return Err(in_use(addr));
        }
    }
    let mut listeners = Listeners::default();
    let mut first = None;
    for addr in addrs {
        match swarm.listen_on(addr.clone()) {
            Ok(id) => listeners.ids.push((id, addr.clone())),
            Err(error) if is_in_use(&error) => return Err(in_use(addr)),
            Err(error) => {
                let reason = reason(&error);
                listeners
                    .notices
                    .push(format!("not listening on {addr}: {reason}"));
                first.get_or_insert((addr, reason));
            }
        }
    }
    match first {
        Some((addr, reason)) if listeners.ids.is_empty() => Err(NetError::Listen {
            addr: addr.clone(),
            reason,
        }),
        _ => Ok(listeners),
    }
}

fn in_use(addr: &Multiaddr) -> NetError {
    let port = addr.iter().find_map(|part| match part {
        Protocol::Tcp(port) | Protocol::Udp(port) => Some(port),
        _ => None,
    });
    NetError::PortInUse {
        port: port.unwrap_or_default(),
        addr: addr.clone(),
    }
}

fn is_in_use(error: &TransportError<io::Error>) -> bool {
    match error {
        TransportError::Other(error) => io_kinds(error, &mut |k| k == io::ErrorKind::AddrInUse),
        TransportError::MultiaddrNotSupported(_) => false,
    }
}

/// Looks at every I/O error within an error: the transports wrap each other's.
fn io_kinds(error: &(dyn Error + 'static), found: &mut impl FnMut(io::ErrorKind) -> bool) -> bool {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        if found(io.kind()) {
            return true;
        }
        // `source` of an I/O error skips the error it wraps.
        if let Some(inner) = io.get_ref()
            && io_kinds(inner, found)
        {
            return true;
        }
    }
    error.source().is_some_and(|inner| io_kinds(inner, found))
}

/// The innermost error, which says what the system said.
pub(crate) fn reason(error: &TransportError<io::Error>) -> String {
    match error {
        TransportError::MultiaddrNotSupported(_) => "this kind of address is not supported".into(),
        TransportError::Other(error) => innermost(error),
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .map(|inner| inner as &(dyn Error + 'static));
    match wrapped.or(error.source()) {
        Some(inner) => innermost(inner),
        None => error.to_string(),
    }
}

/// Whether a plain socket gets the port. libp2p shares its TCP ports with other processes of the
/// same user (`SO_REUSEPORT`), so two nodes on one port would not notice each other.
#[cfg(unix)]
fn try_port(addr: &Multiaddr) -> io::Result<()> {
    use std::net::{IpAddr, SocketAddr};

    use rustix::net::{AddressFamily, SocketType, bind, listen, socket, sockopt};

    let mut parts = addr.iter();
    let ip = match parts.next() {
        Some(Protocol::Ip4(ip)) => IpAddr::V4(ip),
        Some(Protocol::Ip6(ip)) => IpAddr::V6(ip),
        _ => return Ok(()),
    };
    let (port, kind) = match parts.next() {
        Some(Protocol::Tcp(port)) => (port, SocketType::STREAM),
        Some(Protocol::Udp(port)) => (port, SocketType::DGRAM),
        _ => return Ok(()),
    };
    let family = match ip {
        IpAddr::V4(_) => AddressFamily::INET,
        IpAddr::V6(_) => AddressFamily::INET6,
    };
    let probe = socket(family, kind, None)?;
    if ip.is_ipv6() {
        sockopt::set_ipv6_v6only(&probe, true)?;
    }
    if kind == SocketType::STREAM {
        // Connections of an earlier run that still linger do not count.
        sockopt::set_socket_reuseaddr(&probe, true)?;
    }
    bind(&probe, &SocketAddr::new(ip, port))?;
    if kind == SocketType::STREAM {
        listen(&probe, 1)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn try_port(_: &Multiaddr) -> io::Result<()> {
    Ok(())
}
