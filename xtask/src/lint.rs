//! `cargo xtask lint`: all that is judged without running the program.

use anyhow::Result;

use crate::shell;

/// Format, clippy, licences, bans, sources and, where its database can be fetched, advisories.
///
/// # Errors
/// The first check that fails.
pub(crate) fn run() -> Result<()> {
    shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))?;
    shell::run(&mut shell::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    if !shell::answers("cargo", &["deny", "--version"]) {
        eprintln!("cargo-deny is missing: installing it, which takes some minutes.");
        shell::run(&mut shell::cargo(&["install", "cargo-deny", "--locked"]))?;
    }
    shell::run(&mut shell::cargo(&[
        "deny", "check", "licenses", "bans", "sources",
    ]))?;
    advisories()
}

/// The database of advisories lies on GitHub. Without it the check cannot be made; that must
/// not stop work off line, and must not pass unseen.
fn advisories() -> Result<()> {
    let fetched = shell::run(&mut shell::cargo(&["deny", "fetch", "db"]));
    if fetched.is_ok() {
        return shell::run(&mut shell::cargo(&["deny", "check", "advisories"]));
    }
    eprintln!(
        "\n**********************************************************************\n\
         * SKIPPED: security advisories were NOT checked.                     *\n\
         * Their database could not be fetched. With network, run:            *\n\
         *     cargo deny check advisories                                    *\n\
         **********************************************************************"
    );
    Ok(())
}
