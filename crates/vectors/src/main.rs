//! `cargo xtask vectors [DIR] [--state-hash]`: runs the vectors of a folder and says what differs.
//! Exit codes: 0 all agree, 1 something differs or cannot be read, 2 usage.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool that talks to a terminal"
)]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use folkmoot_vectors::{disagreement, files, modes, records, scenarios, text};

const HELP: &str = "\
Runs test vectors: every records*.json and scenarios*.json of a folder, plain or .zst.

  folkmoot-vectors DIR                 run them, and show the first difference of each that fails
  folkmoot-vectors DIR --state-hash    print the name and the state hash of every scenario";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (flags, folders): (Vec<&String>, Vec<&String>) =
        args.iter().partition(|arg| arg.starts_with('-'));
    let hashes = flags.iter().any(|flag| *flag == "--state-hash");
    let [folder] = folders.as_slice() else {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    };
    if flags.len() != usize::from(hashes) {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    }
    let folder = PathBuf::from(folder);
    let outcome = if hashes {
        print_hashes(&folder).map(|()| true)
    } else {
        run(&folder)
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("vectors: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Every case of a file, and the first difference of those that fail.
fn cases(path: &Path) -> Result<Vec<(String, Option<String>)>> {
    let text = text(path)?;
    if name(path).starts_with("records") {
        let cases = records(&text)?;
        return Ok(cases
            .into_iter()
            .map(|case| (case.name.clone(), case.disagreement()))
            .collect());
    }
    let told = scenarios(&text)?.into_iter().map(|scenario| {
        let first = disagreement(&scenario).map(|(mode, found)| match found.as_slice() {
            [only] => format!("{mode}: {only}"),
            [first, rest @ ..] => format!("{mode}: {first} (and {} more)", rest.len()),
            [] => mode,
        });
        (scenario.name, first)
    });
    Ok(told.collect())
}

/// Runs all files; whether all agree.
fn run(folder: &Path) -> Result<bool> {
    let files = files(folder)?;
    anyhow::ensure!(
        !files.is_empty(),
        "`{}` holds no records*.json and no scenarios*.json",
        folder.display()
    );
    let width = files.iter().map(|path| name(path).len()).max().unwrap_or(4);
    println!(
        "{:width$}  {:>6}  {:>6}  {:>6}",
        "file", "cases", "agree", "differ"
    );
    let mut failed = Vec::new();
    for path in &files {
        let cases = cases(path).with_context(|| name(path))?;
        let total = cases.len();
        let wrong: Vec<_> = cases
            .into_iter()
            .filter_map(|(case, first)| Some((case, first?)))
            .collect();
        println!(
            "{:width$}  {total:>6}  {:>6}  {:>6}",
            name(path),
            total - wrong.len(),
            wrong.len()
        );
        failed.extend(
            wrong
                .into_iter()
                .map(|(case, first)| (name(path), case, first)),
        );
    }
    for (file, case, first) in &failed {
        println!("\n{file}: {case}\n  {first}");
    }
    Ok(failed.is_empty())
}

fn print_hashes(folder: &Path) -> Result<()> {
    for path in files(folder)? {
        if name(&path).starts_with("records") {
            continue;
        }
        for scenario in scenarios(&text(&path)?).with_context(|| name(&path))? {
            let said = modes(&scenario);
            let hash = said.first().map(|(_, said)| said["state_hash"].clone());
            let hash = hash.unwrap_or_default();
            println!("{} {}", scenario.name, hash.as_str().unwrap_or_default());
        }
    }
    Ok(())
}
