//! `cargo xtask bench [name]`: benchmarks are binaries `bench-<name>` of the test crate, which
//! print tables and name the machine.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::shell;

const PREFIX: &str = "bench-";

/// Builds everything once for release, then runs one benchmark with its arguments, or all.
///
/// # Errors
/// The benchmark is unknown, does not build, or fails.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let known = known()?;
    let (names, rest) = match args.split_first() {
        Some((name, rest)) if known.contains(name) => (std::slice::from_ref(name), rest),
        Some((name, _)) => bail!("no benchmark `{name}`; there are: {}", known.join(", ")),
        None if known.is_empty() => bail!("there is no benchmark yet: tests/src/bin holds none"),
        None => (known.as_slice(), args),
    };
    // The benchmarks start the real program, which lies beside them. The whole workspace is named
    // so that its libraries have the same features as in every other build of it.
    let mut build = shell::cargo(&["build", "--release", "--workspace", "--bins"]);
    if names.iter().any(|name| name == "library") {
        // What stands beside us there, and nothing else needs.
        build.args(["--features", "folkmoot-tests/sqlite"]);
    }
    shell::run(&mut build)?;
    let folder = target()?.join("release");
    for name in names {
        let binary = folder.join(format!("{PREFIX}{name}"));
        shell::run(Command::new(binary).current_dir(shell::root()).args(rest))?;
    }
    Ok(())
}

/// Where builds go, as cargo has it from its settings.
fn target() -> Result<PathBuf> {
    let output = shell::cargo(&["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("cargo cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, rest) = text
        .split_once("\"target_directory\":\"")
        .context("cargo does not say where builds go")?;
    let (folder, _) = rest.split_once('"').unwrap_or((rest, ""));
    Ok(PathBuf::from(folder))
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
