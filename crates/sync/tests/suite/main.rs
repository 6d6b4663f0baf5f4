//! Many machines in one deterministic world: time-ordered events, latency, losses, partitions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod convergence;
mod doors;
#[path = "../../../record/tests/suite/hammer.rs"]
mod hammer;
mod hellos;
mod home;
mod hostile;
mod live;
mod people;
mod recovery;
mod seeds;
mod stage;
mod targets;
mod world;
