//! Manual pages: one for each command, with what each page must say.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/said.rs"]
mod said;

use std::{collections::BTreeSet, fs};

use said::{moot, subcommands};

#[test]
fn every_command_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    moot(&["man", folder.path().to_str().unwrap()]);
    let mut wanted = BTreeSet::from(["moot.1".to_owned()]);
    for command in subcommands(&moot(&["--help"])) {
        for verb in subcommands(&moot(&[&command, "--help"])) {
            wanted.insert(format!("moot-{command}-{verb}.1"));
        }
        wanted.insert(format!("moot-{command}.1"));
    }
    let mut written = BTreeSet::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        for part in [
            "NAME",
            "SYNOPSIS",
            "FILES",
            "ENVIRONMENT",
            "\"EXIT STATUS\"",
        ] {
            let bare = part.trim_matches('"');
            let there =
                text.contains(&format!(".SH {part}\n")) || text.contains(&format!(".SH {bare}\n"));
            assert!(there, "{:?} has no {part}", entry.path());
        }
        written.insert(entry.file_name().into_string().unwrap());
    }
    assert_eq!(written, wanted);
}
