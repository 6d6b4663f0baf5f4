//! What each engine must do, and the process of its own in which it does it.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use folkmoot_tests::bench::process::{on_disk, peak};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    asks::{self, Ask, Class},
    bare::Bare,
    inside::Inside,
    ours::Ours,
};

/// Hits wanted of each query, beside the number of all.
pub(crate) const HITS: usize = 20;
/// The longest that one class of queries may take; then fewer are asked, and the table says so.
const CLASS: Duration = Duration::from_secs(8);
/// Queries that are asked all the same.
const LEAST: usize = 20;
/// Queries before the clock runs.
const WARM: usize = 20;

/// An index that can be asked.
pub(crate) trait Engine: Sized {
    /// Opens what was built.
    fn open(folder: &Path) -> Result<Self>;
    /// How many fit; the best 20 are found too.
    fn ask(&mut self, ask: &Ask) -> Result<u64>;
}

/// What building an index took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Built {
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
    pub(crate) peak: u64,
}

/// What asking took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answers {
    /// Until the index was open, and from there until the first answer, milliseconds.
    pub(crate) open_ms: f64,
    pub(crate) first_ms: f64,
    pub(crate) peak: u64,
    pub(crate) classes: BTreeMap<Class, Timed>,
}

/// One class of queries.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Timed {
    pub(crate) nanos: Vec<u64>,
    pub(crate) totals: Vec<u64>,
}

/// The names by which this program calls itself.
pub(crate) const OURS: &str = "ours";
pub(crate) const BARE: &str = "bare";
pub(crate) const SQLITE: &str = "sqlite";
pub(crate) const INSIDE: &str = "inside";

/// The part of a process that this program started.
pub(crate) fn child(args: &[String]) -> Result<()> {
    let [verb, engine, folder, rest] = args else {
        bail!("this is not how the benchmark calls itself: {args:?}");
    };
    let (folder, rest) = (Path::new(folder), Path::new(rest));
    match (verb.as_str(), engine.as_str()) {
        ("build", OURS) => build(folder, || crate::ours::build(folder, rest)),
        ("build", BARE) => build(folder, || crate::bare::build(folder, rest)),
        ("ask", OURS) => answer::<Ours>(folder, rest),
        ("ask", BARE) => answer::<Bare>(folder, rest),
        ("ask", INSIDE) => answer::<Inside>(folder, rest),
        ("pages", INSIDE) => print(&crate::inside::pages(folder)?),
        #[cfg(feature = "sqlite")]
        ("build", SQLITE) => build(folder, || crate::sqlite::build(folder, rest)),
        #[cfg(feature = "sqlite")]
        ("ask", SQLITE) => answer::<crate::sqlite::Sqlite>(folder, rest),
        _ => bail!("no such part: {verb} {engine}"),
    }
}

/// Calls this program again for one part, and gives what it tells.
pub(crate) fn part<T: DeserializeOwned>(
    verb: &str,
    engine: &str,
    folder: &Path,
    rest: &Path,
) -> Result<T> {
    let output = Command::new(std::env::current_exe()?)
        .arg(crate::CHILD)
        .args([verb, engine])
        .args([folder, rest])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{verb} {engine} failed");
    serde_json::from_slice(&output.stdout).with_context(|| format!("{verb} {engine} told nothing"))
}

fn print<T: Serialize>(told: &T) -> Result<()> {
    println!("{}", serde_json::to_string(told)?);
    Ok(())
}

fn build(folder: &Path, build: impl FnOnce() -> Result<Duration>) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let seconds = build()?.as_secs_f64();
    print(&Built {
        seconds,
        bytes: on_disk(folder)?,
        peak: peak(std::process::id())?,
    })
}

fn answer<E: Engine>(folder: &Path, rest: &Path) -> Result<()> {
    let asked = asks::load(rest)?;
    let begun = Instant::now();
    let mut engine = E::open(folder)?;
    let open_ms = begun.elapsed().as_secs_f64() * 1e3;
    let begun = Instant::now();
    if let Some(ask) = asked.iter().flat_map(|(_, asks)| asks).next() {
        engine.ask(ask)?;
    }
    let first_ms = begun.elapsed().as_secs_f64() * 1e3;
    let mut classes = BTreeMap::new();
    for (class, asks) in &asked {
        for ask in asks.iter().take(WARM) {
            engine.ask(ask)?;
        }
        let mut timed = Timed::default();
        let class_begun = Instant::now();
        for ask in asks {
            if class_begun.elapsed() > CLASS && timed.nanos.len() >= LEAST {
                break;
            }
            let begun = Instant::now();
            let total = engine.ask(ask)?;
            timed.nanos.push(u64::try_from(begun.elapsed().as_nanos())?);
            timed.totals.push(total);
        }
        classes.insert(*class, timed);
    }
    print(&Answers {
        open_ms,
        first_ms,
        peak: peak(std::process::id())?,
        classes,
    })
}
