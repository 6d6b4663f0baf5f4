//! `bench-accord`: how long the control plane takes, in memory, without disk and the signatures of
//! headers, and beside it what the machine itself can do. It prints a table and asserts no time.

#![expect(clippy::print_stdout, reason = "a tool that talks to a terminal")]

mod history;
mod memory;
mod odd;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use folkmoot_accord::{Accord, ContentStanding, NoContent, Policy, Seen, Way};
use folkmoot_record::{Kind, RecordId, Verified, control::Control};

use folkmoot_tests::bench::{
    machine, raw,
    table::{Table, Times},
};

use crate::history::History;

/// A clock after every record.
const NOW_MS: u64 = 1 << 48;
/// Content records that share their heads.
const CONTENT: u32 = 100_000;
/// Further records in a line.
const FURTHER: usize = 200;
/// Cold starts, of which the median is told.
const STARTS: usize = 5;

fn seen(way: Way) -> Seen {
    Seen {
        way,
        ..Seen::now(NOW_MS)
    }
}

fn all(accord: &mut Accord, records: &[Verified], way: Way) -> Duration {
    let records: Vec<_> = records.iter().map(|r| (r.clone(), seen(way))).collect();
    let start = Instant::now();
    accord.insert_all(records);
    start.elapsed()
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(memory::CHILD) {
        let path = arguments
            .next()
            .context("the file of records is not named")?;
        println!("{}", memory::child(Path::new(&path))?);
        return Ok(());
    }
    let scratch = tempfile::tempdir().context("no temporary folder")?;
    println!("{}\n", machine::describe(scratch.path()));
    let mut table = Table::default();
    raw::measure(scratch.path())?.rows(&mut table);
    let mut history = History::new()?;
    let mut accord = cold(&mut table, &history)?;
    further(&mut table, &mut accord, &mut history)?;
    content(&mut table, &mut accord, &mut history)?;
    drop(accord);
    odd::measure(&mut table, &mut history)?;
    println!("{table}");
    println!("{}", machine::load());
    Ok(())
}

/// From nothing to a state.
fn cold(table: &mut Table, history: &History) -> Result<Accord> {
    let count = history.records.len();
    let mut start = |way: Way, what: String, goal: &str| {
        let mut taken = Times::default();
        let mut accord = Accord::with_policy(history.cid, Policy::NODE);
        for _ in 0..STARTS {
            accord = Accord::with_policy(history.cid, Policy::NODE);
            taken.push(all(&mut accord, &history.records, way));
        }
        let beside = format!(
            "slowest of {STARTS}: {:.0?}; {} seats; {:.1} steps a record",
            taken.percentile(100),
            accord.state().seats.len(),
            accord.steps() as f64 / count as f64
        );
        table.row(what, format!("{:.0?}", taken.median()), goal, beside);
        accord
    };
    let what = format!("cold, from {count} verified control records in store");
    let accord = start(Way::Stored, what, "1 s");
    let what = "the same from peers, with redeem signatures".to_owned();
    start(Way::Ordinary, what, "");
    let kib = memory::measure(history.cid, &history.records)?;
    let bytes: usize = history.records.iter().map(|r| r.wire().len()).sum();
    table.row(
        "memory of it, the records included",
        format!("{:.1} MiB", kib as f64 / 1024.0),
        "100 MiB",
        format!(
            "resident, of a process of its own; the records have {:.1} MB",
            bytes as f64 / 1e6
        ),
    );
    Ok(accord)
}

/// One more record, again and again.
fn further(table: &mut Table, accord: &mut Accord, history: &mut History) -> Result<()> {
    let mut taken = Times::default();
    let own = history.own();
    let steps = accord.steps();
    for _ in 0..FURTHER {
        history.founder(Kind::MERGE, own, accord.heads(), &Control::Merge)?;
        let record = history.records.last().context("a record")?.clone();
        let start = Instant::now();
        accord.insert(record, seen(Way::Ordinary));
        taken.push(start.elapsed());
    }
    table.row(
        "one more record in a linear history",
        format!("median {:.1?}", taken.median()),
        "1 ms",
        format!(
            "slowest of {FURTHER}: {:.1?}; {} steps",
            taken.percentile(100),
            (accord.steps() - steps) / FURTHER as u64
        ),
    );
    Ok(())
}

/// Content that shares heads, device and grant.
fn content(table: &mut Table, accord: &mut Accord, history: &mut History) -> Result<()> {
    let member = history.members.first().context("a member")?.clone();
    let note = history.note(&member, accord.heads())?;
    let mut honoured = 0;
    let start = Instant::now();
    for n in 0..CONTENT {
        // Another id each time: nothing is remembered by id.
        let mut id = note.id().to_bytes();
        id[..4].copy_from_slice(&n.to_be_bytes());
        let id = RecordId::from_bytes(id);
        let standing = accord.judge(note.header(), id, NOW_MS, &NoContent);
        honoured += u32::from(standing == ContentStanding::Admitted { honoured: true });
    }
    let one = start.elapsed() / CONTENT;
    anyhow::ensure!(honoured == CONTENT, "{honoured} notes are honoured");
    table.row(
        "one of 100,000 content records that share heads",
        format!("{:.2} µs", one.as_nanos() as f64 / 1e3),
        "10 µs",
        "the signature apart",
    );
    Ok(())
}
