//! Damaged segments of the log. The same function runs over fixed seeds in the tests of `crates/store`.
#![no_main]

#[allow(dead_code, reason = "each fuzzer runs one target of the file")]
#[path = "../../crates/store/tests/suite/targets.rs"]
mod targets;

use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder for one segment"));

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::segment(FOLDER.path(), input));
