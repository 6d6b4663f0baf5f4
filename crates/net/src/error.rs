//! Why the network could not be started or changed.

use libp2p::Multiaddr;

/// Why the network could not be started or changed.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Another program listens on the port.
    #[error(
        "port {port} is in use ({addr}): stop the other program, or choose another port \
         (0 takes any free one)"
    )]
    PortInUse {
        /// The port.
        port: u16,
        /// The address asked for.
        addr: Multiaddr,
    },
    /// None of the addresses could be listened on.
    #[error("cannot listen on {addr}: {reason}")]
    Listen {
        /// The first address asked for.
        addr: Multiaddr,
        /// What the system said.
        reason: String,
    },
    /// The transports could not be set up.
    #[error("the network could not be set up: {0}")]
    Setup(String),
    /// mDNS could not be turned on.
    #[error("peers on the local network cannot be looked for: {0}")]
    Lan(String),
    /// The text is no address.
    #[error("{text:?} is no address: {reason} (an address looks like /ip4/192.0.2.7/tcp/4001)")]
    BadAddr {
        /// The text.
        text: String,
        /// Why not.
        reason: String,
    },
    /// The text is no peer id.
    #[error("{text:?} is no peer id: {reason}")]
    BadPeer {
        /// The text.
        text: String,
        /// Why not.
        reason: String,
    },
    /// The network has been stopped.
    #[error("the network has been stopped")]
    Stopped,
}
