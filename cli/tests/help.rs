//! The whole help, held against a file: it is part of what we promise.
//!
//! `UPDATE_GOLDEN=1 cargo test -p moot --test help` writes the file anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/said.rs"]
mod said;

use std::{fs, path::Path};

use said::{moot, subcommands};

fn help(words: &[&str]) -> String {
    moot(&[words, &["--help"]].concat())
}

#[test]
fn the_help_is_as_written_down() {
    let top = help(&[]);
    let mut whole = format!("$ moot --help\n{top}");
    let commands = subcommands(&top);
    assert_eq!(commands.len(), 55, "{commands:?}");
    for command in &commands {
        let text = help(&[command]);
        assert!(text.contains("Examples:"), "{command} has no examples");
        whole.push_str(&format!("\n$ moot {command} --help\n{text}"));
        for verb in subcommands(&text) {
            whole.push_str(&format!(
                "\n$ moot {command} {verb} --help\n{}",
                help(&[command, &verb])
            ));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &whole).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap();
    for (i, (new, old)) in whole.lines().zip(golden.lines()).enumerate() {
        assert_eq!(new, old, "line {} of tests/help.txt", i + 1);
    }
    assert_eq!(whole.len(), golden.len());
}
