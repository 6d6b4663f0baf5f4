//! `cargo xtask mutants [name]`: faults put into the evaluator on purpose, one at a time, each with
//! the test that has to notice it.
//!
//! A mutant is a patch of one hunk in `xtask/mutants`, with two lines before it: the rule that it
//! breaks, and the test of `crates/accord` that fails. Everything happens in a copy of the
//! workspace below `target`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use crate::shell;

/// One fault.
#[derive(Debug)]
struct Mutant {
    name: String,
    /// Section and rule that it breaks.
    rule: String,
    /// The test that has to fail.
    test: String,
    /// The file, from the root of the workspace.
    file: PathBuf,
    /// What stands there, and what stands there instead.
    before: String,
    after: String,
}

/// Runs every mutant, or those whose name begins with one of the arguments. With `--all` the whole
/// suite meets each of them, and the tests that fail are told.
///
/// # Errors
/// A mutant survives its test, a patch does not fit any more, or the tests fail without any.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let (flags, names): (Vec<&String>, Vec<&String>) =
        args.iter().partition(|arg| arg.starts_with('-'));
    let every = !flags.is_empty();
    ensure!(
        flags.iter().all(|flag| *flag == "--all"),
        "there is no other flag than --all"
    );
    let mut mutants = all()?;
    mutants.retain(|one| names.is_empty() || names.iter().any(|n| one.name.starts_with(*n)));
    ensure!(!mutants.is_empty(), "there is no such mutant");
    let tree = shell::root().join("target/mutants/tree");
    copy(&tree)?;
    let healthy = suite(&tree, None)?;
    ensure!(healthy.is_empty(), "without any fault: {healthy:?} fails");
    let mut survived = Vec::new();
    println!("| fault | rule | test that fails |\n| --- | --- | --- |");
    for mutant in &mutants {
        let file = tree.join(&mutant.file);
        let text = fs::read_to_string(&file)?;
        fs::write(&file, mutant.apply(&text)?)?;
        let failed = suite(&tree, (!every).then_some(mutant.test.as_str()));
        fs::write(&file, text)?;
        let failed = failed.with_context(|| format!("{} does not build", mutant.name))?;
        let (name, rule) = (&mutant.name, &mutant.rule);
        if failed.contains(&mutant.test) {
            println!("| {name} | {rule} | `{}` |", failed.join("`, `"));
        } else {
            println!(
                "| {name} | {rule} | **survived** `{}` {failed:?} |",
                mutant.test
            );
            survived.push(name.as_str());
        }
    }
    println!(
        "\n{} of {} noticed",
        mutants.len() - survived.len(),
        mutants.len()
    );
    ensure!(survived.is_empty(), "survived: {}", survived.join(", "));
    Ok(())
}

/// All that there are, by name.
fn all() -> Result<Vec<Mutant>> {
    let mut found = Vec::new();
    let folder = shell::root().join("xtask/mutants");
    for entry in fs::read_dir(&folder).context("xtask/mutants cannot be read")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "patch") {
            let mutant = Mutant::read(&path);
            found.push(mutant.with_context(|| format!("{} is no mutant", path.display()))?);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Mutant {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        let name = path.file_stem().context("it has no name")?;
        let line = |start: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(start));
            found
                .map(str::to_owned)
                .with_context(|| format!("`{start}` is missing"))
        };
        let mut mutant = Self {
            name: name.to_string_lossy().into_owned(),
            rule: line("Rule: ")?,
            test: line("Test: ")?,
            file: line("+++ b/")?.into(),
            before: String::new(),
            after: String::new(),
        };
        let hunk = text
            .lines()
            .skip_while(|line| !line.starts_with("@@"))
            .skip(1);
        for line in hunk {
            let (sign, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
            if matches!(sign, " " | "-") {
                mutant.before += &format!("{rest}\n");
            }
            if matches!(sign, " " | "+") {
                mutant.after += &format!("{rest}\n");
            }
        }
        ensure!(mutant.before != mutant.after, "it changes nothing");
        Ok(mutant)
    }

    /// Puts the fault into a file, wherever the lines stand by now.
    fn apply(&self, text: &str) -> Result<String> {
        let places = text.matches(&self.before).count();
        if places != 1 {
            bail!(
                "{}: its lines stand in {places} places of the file",
                self.name
            );
        }
        Ok(text.replacen(&self.before, &self.after, 1))
    }
}

/// Copies the workspace; what did not change stays as it is, so that little is built anew.
fn copy(tree: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(shell::root())
        .output()
        .context("git cannot be started")?;
    for name in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        let (from, to) = (shell::root().join(name), tree.join(name));
        let Ok(bytes) = fs::read(&from) else {
            continue; // Listed, and removed since.
        };
        if fs::read(&to).is_ok_and(|known| known == bytes) {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file without folder")?)?;
        fs::write(&to, bytes)?;
    }
    Ok(())
}

/// Runs one test of the suite of `crates/accord`, or all; gives those that failed.
fn suite(tree: &Path, test: Option<&str>) -> Result<Vec<String>> {
    let cargo = |more: &[&str]| {
        let mut command = shell::cargo(&["test", "-p", "folkmoot-accord", "--test", "suite"]);
        command
            .args(more)
            .current_dir(tree)
            .env("CARGO_TARGET_DIR", tree.with_file_name("target"))
            // Much is built and little is run.
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "none")
            .stderr(Stdio::null());
        command
    };
    let built = cargo(&["--no-run"]).status()?.success();
    ensure!(built, "crates/accord and its suite do not build");
    let mut rest = vec!["--"];
    rest.extend(test.iter().flat_map(|test| ["--exact", *test]));
    let output = cargo(&rest).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let of = |line: &str| {
        let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some((name.to_owned(), verdict.starts_with("FAILED")))
    };
    let verdicts: Vec<(String, bool)> = text.lines().filter_map(of).collect();
    ensure!(!verdicts.is_empty(), "there is no test {test:?}");
    let failed = verdicts.into_iter().filter(|(_, failed)| *failed);
    Ok(failed.map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_still_fits_the_code() {
        let mutants = all().unwrap();
        assert!(mutants.len() >= 15);
        for mutant in mutants {
            let text = fs::read_to_string(shell::root().join(&mutant.file)).unwrap();
            assert_ne!(mutant.apply(&text).unwrap(), text);
        }
    }
}
