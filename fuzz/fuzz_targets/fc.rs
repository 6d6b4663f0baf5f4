//! The canonical encoding. The same function runs over fixed seeds in the tests of `crates/record`.
#![no_main]

#[allow(dead_code, reason = "each fuzzer runs one target of the file")]
#[path = "../../crates/record/tests/suite/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::fc(input));
