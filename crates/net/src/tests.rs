//! Tests with real sockets on loopback. Waiting is always for something that happens; the
//! time-outs only end a test that has failed.

mod addresses;
mod connect;
mod credit;
mod framing;
mod gates;
mod hostile;
mod life;
mod many;
mod node;
mod places;
mod raw;
mod speed;
