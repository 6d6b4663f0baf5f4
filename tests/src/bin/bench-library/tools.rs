//! Programs of others: ripgrep over the texts as files, notmuch over them as letters. Whole processes.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use folkmoot_tests::bench::process::on_disk;

use crate::{
    asks::{Ask, Asked, Class},
    corpus,
    engine::{Built, Timed},
};

/// Notes up to which each has a file of its own, and up to which notmuch is asked.
pub(crate) const ALONE: usize = 100_000;
/// The longest that one class of queries may take; a process takes its time.
const CLASS: Duration = Duration::from_secs(5);
const LEAST: usize = 5;
/// The longest that notmuch may read letters.
const LIMIT: Duration = Duration::from_secs(180);

/// What a program did.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Name and version.
    pub(crate) name: String,
    /// `None` where it builds nothing.
    pub(crate) built: Option<Built>,
    pub(crate) classes: BTreeMap<Class, Timed>,
}

/// Name and version of a program, if it is installed.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?;
    let line = line.split(" (").next().unwrap_or(line);
    Some(line.trim().to_owned())
}

/// Runs a program and gives what it printed. That nothing was found is no error.
fn run(command: &mut Command) -> Result<String> {
    let output: Output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))?;
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn timed(asks: &[Ask], mut ask: impl FnMut(&Ask) -> Result<Option<u64>>) -> Result<Option<Timed>> {
    let mut timed = Timed::default();
    let class_begun = Instant::now();
    for one in asks {
        if class_begun.elapsed() > CLASS && timed.nanos.len() >= LEAST {
            break;
        }
        let begun = Instant::now();
        let Some(total) = ask(one)? else {
            return Ok(None);
        };
        timed.nanos.push(u64::try_from(begun.elapsed().as_nanos())?);
        timed.totals.push(total);
    }
    Ok(Some(timed))
}

/// ripgrep; `None` where it is not installed.
pub(crate) fn ripgrep(
    notes: &Path,
    many: usize,
    scratch: &Path,
    asked: &[Asked],
) -> Result<Option<Tool>> {
    let Some(name) = version("rg") else {
        return Ok(None);
    };
    let alone = many <= ALONE;
    let folder = scratch.join("texts");
    corpus::files(notes, &folder, alone)?;
    let mut classes = BTreeMap::new();
    for (class, asks) in asked {
        let found = timed(asks, |ask| {
            let mut command = Command::new("rg");
            command.args(["--no-config", "--ignore-case", "--no-ignore"]);
            // The files that have it, or in each file the lines that have it.
            command.arg(if alone {
                "--files-with-matches"
            } else {
                "--count"
            });
            match ask {
                Ask::Words(words) if words.len() == 1 => {
                    command
                        .args(["--word-regexp", "--fixed-strings"])
                        .args(words);
                }
                Ask::Phrase(words) => {
                    command.args(["--word-regexp", &words.join("[^a-z]+")]);
                }
                Ask::Prefix(stem) => {
                    command.arg(format!(r"\b{stem}"));
                }
                Ask::Any(words) => {
                    command.args(["--word-regexp", &words.join("|")]);
                }
                Ask::Words(_) | Ask::Tagged(..) | Ask::Tag(_) => return Ok(None),
            }
            let told = run(command.arg(&folder))?;
            let each = told.lines().map(|line| match alone {
                true => 1,
                false => line
                    .rsplit(':')
                    .next()
                    .and_then(|count| count.parse().ok())
                    .unwrap_or(0),
            });
            Ok(Some(each.sum::<u64>()))
        })?;
        classes.extend(found.map(|found| (*class, found)));
    }
    fs::remove_dir_all(&folder)?;
    Ok(Some(Tool {
        name,
        built: None,
        classes,
    }))
}

/// notmuch; `None` where it is not installed.
pub(crate) fn notmuch(notes: &Path, scratch: &Path, asked: &[Asked]) -> Result<Option<Tool>> {
    let Some(name) = version("notmuch") else {
        return Ok(None);
    };
    let folder = scratch.join("letters");
    corpus::maildir(notes, &folder)?;
    let config = scratch.join("notmuch-config");
    fs::write(
        &config,
        format!(
            "[database]\npath={}\n[user]\nname=a\nprimary_email=a@example.org\n[new]\ntags=\n[search]\nexclude_tags=\n[maildir]\nsynchronize_flags=false\n",
            folder.display()
        ),
    )?;
    let notmuch = || {
        let mut command = Command::new("notmuch");
        command.env("NOTMUCH_CONFIG", &config);
        command
    };
    let begun = Instant::now();
    let whole = wait(
        notmuch()
            .arg("new")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    )?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut classes = BTreeMap::new();
    if whole {
        for (class, asks) in asked {
            let found = timed(asks, |ask| {
                let said = match ask {
                    Ask::Words(words) => words.join(" "),
                    Ask::Phrase(words) => format!("\"{}\"", words.join(" ")),
                    Ask::Prefix(stem) => format!("{stem}*"),
                    Ask::Any(words) => words.join(" or "),
                    Ask::Tagged(..) | Ask::Tag(_) => return Ok(None),
                };
                let best = ["search", "--output=messages", "--limit=20"];
                run(notmuch().args(best).arg(&said))?;
                Ok(Some(0))
            })?;
            classes.extend(found.map(|found| (*class, found)));
        }
    }
    let built = Built {
        seconds: if whole { seconds } else { f64::NAN },
        bytes: on_disk(&folder.join(".notmuch"))?,
        peak: 0,
    };
    fs::remove_dir_all(&folder)?;
    Ok(Some(Tool {
        name,
        built: Some(built),
        classes,
    }))
}

/// Waits for a process, within bounds; false where it had to be ended.
fn wait(mut child: Child) -> Result<bool> {
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "notmuch new failed");
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}
