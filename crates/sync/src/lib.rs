//! The peer protocol as state machines: hello, door, reconcile, push, want. No sockets, no clock.
//!
//! [`Machine::handle`] takes one [`Input`] and a read-only view of what the node holds
//! ([`Holdings`]), and hands back [`Output`] values. The swarm's driver and the simulator of the
//! tests drive the same object. Source: sections 7.3 to 7.7 of the protocol.

#[doc(hidden)]
pub mod fuzzing;
pub mod limits;

mod book;
mod ctx;
mod devices;
mod dice;
mod door;
mod fault;
mod frame;
mod give;
mod hello;
mod hello_frame;
mod holdings;
mod io;
mod joins;
mod machine;
mod peer;
mod reconcile;
mod score;
mod share;
mod snapshot;
mod squeeze;
mod step;
mod stream;
mod tags;
mod view;

#[cfg(test)]
mod frame_tests;
#[cfg(test)]
mod vector_tests;

pub use holdings::{
    Absent, DoorOffer, DoorStatus, EpochOffer, Held, Holdings, Presence, RecoveryOffer, Scope,
    Stamp, Standing, Welcome,
};
pub use io::{
    Addr, Ask, Delivered, Event, Input, Item, JoinStep, Output, Path, Peer, Protocol, StreamId,
    Ticket,
};
pub use machine::{Config, Machine, Now};
pub use view::{PeerView, SharedView};
