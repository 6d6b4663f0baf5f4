//! The peer protocol as state machines: hello, door, reconcile, push, want. No sockets, no clock.

mod io;

pub use io::{
    Addr, Ask, Delivered, Event, Input, Item, JoinStep, Output, Path, Peer, Protocol, StreamId,
    Ticket,
};
