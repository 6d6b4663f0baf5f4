//! Recovery cards that people type. The same function runs over fixed seeds in the tests of `crates/seal`.
#![no_main]

#[allow(dead_code, reason = "each fuzzer runs one target of the file")]
#[path = "../../crates/seal/tests/targets/decoders.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::card(input));
