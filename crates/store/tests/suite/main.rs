//! The store from outside: what it keeps, what it survives.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step is a failed test"
)]

mod bounds;
mod bundles;
mod child;
mod crash;
mod damage;
mod full;
#[path = "../../../record/tests/suite/hammer.rs"]
mod hammer;
mod keeps;
mod laid_open;
mod model;
mod owner;
mod projection;
mod records;
mod sealed;
mod seeds;
mod targets;
