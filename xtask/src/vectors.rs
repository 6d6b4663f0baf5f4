//! `cargo xtask vectors`: the project's own test vectors.
//!
//! Each is printed by an example of the crate that owns the bytes. A test of that crate
//! compares the file with fresh values; this command writes the file anew, after a change that
//! was meant.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Package, example, file.
const OWN: [(&str, &str, &str); 1] = [("folkmoot-seal", "seal-vectors", "tests/vectors/seal.json")];

/// Writes all files, or with `check` says whether they differ.
///
/// # Errors
/// An example fails, a file cannot be written, or with `check` a file differs.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let check = match args {
        [] => false,
        [only] if only == "check" => true,
        _ => bail!("only `check` is understood here"),
    };
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
