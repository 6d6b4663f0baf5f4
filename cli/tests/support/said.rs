//! What the program prints, and the commands that its help names.

use std::process::{Command, Stdio};

/// What is printed on a wide terminal by a command that succeeds.
pub(crate) fn moot(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_moot"))
        .args(words)
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The subcommands named in a help text.
pub(crate) fn subcommands(text: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
