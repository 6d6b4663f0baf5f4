//! The libp2p driver: turns the sync machine's outputs into swarm actions, and what happens on
//! the network into the machine's inputs (sections 7.1 to 7.3 of the protocol).
//!
//! libp2p lives in this crate only. One tokio task owns the swarm; each stream has a task of its
//! own, which reads and writes frames. [`start`] takes a bounded channel of
//! [`Input`](folkmoot_sync::Input)s: while it is full, streams are not read and the swarm is not
//! polled, so a slow engine slows the peers and costs no memory. Outputs come in by
//! [`Handle::act`] and are always taken at once, so the two directions cannot block each other.

mod addr;
mod awaited;
mod behaviour;
mod config;
mod delivery;
mod dial;
mod driver;
mod error;
mod frames;
mod handle;
mod handler;
mod lan;
mod listen;
mod peers;
mod places;
mod streams;
mod swarm;
mod table;
mod task;
#[cfg(test)]
mod tests;
mod upgrade;

pub use addr::{addr_of, is_private, multiaddr_of, parse_addr, parse_peer, show_addr, show_peer};
pub use config::{Config, default_listen, limits};
pub use error::NetError;
pub use handle::{Handle, Started, start};
pub use libp2p::Multiaddr;
