//! A running node: home folder, settings, local API, network, start and stop.
//!
//! The node wires three things that do not know each other: the engine (one thread that owns the
//! state), the network driver, and the local API on a Unix socket. [`run`] brings them up, and
//! down again in the opposite order.

pub mod config;
mod home;
mod locked;
mod run;
mod server;
mod wire;

pub use home::{HOME_VARIABLE, Home, HomeError};
pub use run::{Options, Ready, RunError, Told, open_patiently, run, run_until};
