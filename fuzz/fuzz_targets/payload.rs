//! Payloads of the log: a byte of type, then the payload. The same function runs over fixed seeds in the tests of `crates/store`.
#![no_main]

#[allow(dead_code, reason = "each fuzzer runs one target of the file")]
#[path = "../../crates/store/tests/suite/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::payload(input));
