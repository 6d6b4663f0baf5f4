//! What the tests need beside Rust: installed where that is possible, else named exactly.

use std::{env, path::Path, process::Command};

use anyhow::{Result, bail};

use crate::shell;

/// Where Debian keeps the texts that the tests import.
const FORTUNES: &str = "/usr/share/games/fortunes";

/// A C compiler, for the TLS library and zstd.
///
/// # Errors
/// None is there; says what to install.
pub(crate) fn c_compiler() -> Result<()> {
    let named = env::var("CC").ok();
    let compiler = named.as_deref().unwrap_or("cc");
    if shell::answers(compiler, &["--version"]) {
        return Ok(());
    }
    bail!(
        "the C compiler `{compiler}` is missing. Install one:\n  \
         Debian, Ubuntu:  sudo apt-get install build-essential\n  \
         Fedora:          sudo dnf install gcc\n  \
         macOS:           xcode-select --install"
    )
}

/// The texts of Debian's package `fortunes`: a thousand real texts for the import tests.
///
/// # Errors
/// They are missing and cannot be installed from here; says the command.
pub(crate) fn fortunes() -> Result<()> {
    if has_fortunes() {
        return Ok(());
    }
    let apt = shell::answers("apt-get", &["--version"]);
    if apt && is_root() {
        eprintln!("The tests import real texts: installing Debian's package `fortunes`.");
        let mut install = Command::new("apt-get");
        install
            .args(["install", "--yes", "--no-install-recommends", "fortunes"])
            .env("DEBIAN_FRONTEND", "noninteractive");
        // A bare machine has no package lists yet.
        if shell::run(&mut install).is_err() {
            shell::run(Command::new("apt-get").arg("update"))?;
            shell::run(&mut install)?;
        }
        if has_fortunes() {
            return Ok(());
        }
    }
    bail!(
        "the tests import the texts in {FORTUNES}, which are missing. Install them:\n  \
         Debian, Ubuntu:  sudo apt-get install --no-install-recommends fortunes\n  \
         elsewhere:       unpack Debian's package fortunes there"
    )
}

fn has_fortunes() -> bool {
    // In the package `fortunes`, and not in the smaller `fortunes-min`.
    Path::new(FORTUNES).join("wisdom").is_file()
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
