//! Suites across crates: real processes, vectors, crashes, documents run as tests.

pub mod place;

pub mod home;
pub mod sayings;
