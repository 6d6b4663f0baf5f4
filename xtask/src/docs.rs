//! `cargo xtask docs`: the API documentation.

use anyhow::Result;

use crate::shell;

/// Builds the documentation of all crates; a warning is an error.
///
/// # Errors
/// A link in a comment leads nowhere, or the build fails.
pub(crate) fn run() -> Result<()> {
    shell::run(
        shell::cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"),
    )
}
