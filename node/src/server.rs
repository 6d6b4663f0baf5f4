//! The local API: `/v1` on a Unix socket that only this person can reach.

mod events;
mod listener;
mod routes;

pub(crate) use events::Listeners;
pub(crate) use listener::{OwnerOnly, Socket};
pub(crate) use routes::{App, done, refusal, router};
