//! Proofs of the record crate: our vectors, published vectors, properties, and the fuzz
//! targets over a seeded corpus.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is tests, helpers included"
)]

mod appendix_a;
mod contents;
mod corpus;
mod fixed;
mod hammer;
mod properties;
mod published;
mod schemas;
mod seeds;
mod strategies;
mod targets;
mod vectors;
