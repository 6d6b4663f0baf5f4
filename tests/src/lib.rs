//! Suites across crates: real processes, vectors, crashes, documents run as tests.

pub mod place;

pub mod bench;
pub mod damage;
pub mod home;
pub mod meet;
pub mod sayings;
pub mod vault;
