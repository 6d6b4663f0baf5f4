//! Proofs of the control plane: the scenarios of an independent evaluator in every run mode of
//! section 10.2, and properties over random collectives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "all of this is tests, helpers included"
)]

mod collective;
mod corners;
mod dice;
mod local;
mod measure;
mod naive;
mod oracle;
mod ours;
mod properties;
mod reasons;
mod scenarios;
mod turns;
