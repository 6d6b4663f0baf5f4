//! Queries. The same function runs over fixed seeds in the tests of `crates/library`.
#![no_main]

#[path = "../../crates/library/tests/targets/decoders.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::query(input));
