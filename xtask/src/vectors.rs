//! `cargo xtask vectors`: test vectors, run and written.
//!
//! The runner is `crates/vectors`. What we publish besides is printed by an example of the crate
//! that owns the bytes; a test of that crate compares the file with fresh values, and `write`
//! writes it anew, after a change that was meant.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Package, example, file.
const OWN: [(&str, &str, &str); 1] = [("folkmoot-seal", "seal-vectors", "tests/vectors/seal.json")];

/// Runs the vectors of a folder, or ours; `write` writes our own anew, `check` says whether they
/// differ.
///
/// # Errors
/// A vector differs, an example fails, or a file cannot be read or written.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match args {
        [only] if only == "check" => own(true),
        [only] if only == "write" => own(false),
        _ => {
            let ours = shell::root().join("tests/vectors");
            let given = args.iter().any(|arg| !arg.starts_with('-'));
            let mut command = shell::cargo(&["run", "--quiet", "-p", "folkmoot-vectors", "--"]);
            if !given {
                command.arg(ours);
            }
            // A folder is meant from where the person stands.
            let stands = std::env::current_dir().context("where we are")?;
            for arg in args {
                if arg.starts_with('-') {
                    command.arg(arg);
                } else {
                    command.arg(stands.join(arg));
                }
            }
            let status = command.status().context("the runner cannot be started")?;
            if !status.success() {
                bail!("the vectors do not all agree");
            }
            Ok(())
        }
    }
}

fn own(check: bool) -> Result<()> {
    for (package, example, file) in OWN {
        let output = shell::cargo(&["run", "--quiet", "-p", package, "--example", example])
            .stderr(std::process::Stdio::inherit())
            .output()
            .with_context(|| format!("example {example} cannot be started"))?;
        if !output.status.success() {
            bail!("example {example} failed");
        }
        let path = shell::root().join(file);
        let same = fs::read(&path).is_ok_and(|kept| kept == output.stdout);
        match (same, check) {
            (true, _) => println!("{file}: unchanged"),
            (false, true) => bail!("{file} differs from what {package} computes"),
            (false, false) => {
                fs::write(&path, &output.stdout).with_context(|| format!("writing {file}"))?;
                println!("{file}: written");
            }
        }
    }
    Ok(())
}
