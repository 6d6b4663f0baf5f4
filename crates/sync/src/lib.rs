//! The peer protocol as state machines, without sockets.
