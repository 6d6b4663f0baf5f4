//! Frames of hellos and doors. The same function runs over fixed seeds in the tests of `crates/sync`.
#![no_main]

#[allow(dead_code, reason = "each fuzzer runs one target of the file")]
#[path = "../../crates/sync/tests/suite/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::hello_frame(input));
