//! `cargo xtask man`: the manual pages.

use anyhow::{Result, bail};

use crate::shell;

/// Writes a page for each command, from the program's own help.
///
/// # Errors
/// The program does not build, or a page cannot be written.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let folder = match args {
        [] => "target/man".to_owned(),
        [one] if !one.starts_with('-') => one.clone(),
        _ => bail!("cargo xtask man [DIR]"),
    };
    shell::run(shell::cargo(&["run", "--quiet", "--bin", "moot", "--", "man"]).arg(folder))
}
