//! `cargo xtask bench [name]`: benchmarks are binaries `bench-<name>` of the test crate, which
//! print tables and name the machine.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell;

const PREFIX: &str = "bench-";

/// Runs one benchmark with its arguments, or all, on a release build.
///
/// # Errors
/// The benchmark is unknown, does not build, or fails.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let known = known()?;
    let Some((name, rest)) = args.split_first() else {
        if known.is_empty() {
            bail!("there is no benchmark yet: tests/src/bin holds none");
        }
        for name in &known {
            one(name, &[])?;
        }
        return Ok(());
    };
    if !known.contains(name) {
        bail!("no benchmark `{name}`; there are: {}", known.join(", "));
    }
    one(name, rest)
}

fn one(name: &str, rest: &[String]) -> Result<()> {
    // The benchmarks start the real program, which has to be a release build too.
    shell::run(&mut shell::cargo(&["build", "--release", "-p", "moot"]))?;
    let binary = format!("{PREFIX}{name}");
    let mut command = shell::cargo(&["run", "--release", "-p", "folkmoot-tests", "--bin"]);
    command.arg(&binary).arg("--").args(rest);
    shell::run(&mut command)
}

/// The names of all benchmarks, in order.
fn known() -> Result<Vec<String>> {
    let folder = shell::root().join("tests/src/bin");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).context("tests/src/bin cannot be read")? {
        let file = entry?.file_name();
        let name = file.to_string_lossy();
        let name = name.strip_suffix(".rs").unwrap_or(&name);
        names.extend(name.strip_prefix(PREFIX).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
