//! `bench-node`: what a node does with many records, measured on the real program with real
//! processes, files and sockets, and beside it what the machine itself can do.
//!
//! Prints one table in Markdown. `FOLKMOOT_BENCH_NOTES` (100,000) and `FOLKMOOT_BENCH_IDLE_S` (60)
//! make it smaller.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool that talks to a terminal"
)]

mod answer;
mod forward;
mod live;
mod store;
mod sync;

use anyhow::{Context, Result};
use folkmoot_tests::{
    bench::{
        machine, number,
        raw::{self, Raw},
        table::Table,
        texts,
    },
    home::Home,
};

/// Notes where nothing else is said.
const NOTES: usize = 100_000;
/// Seconds of idling where nothing else is said.
const IDLE_S: u64 = 60;

/// What is measured with, and where the results go.
pub(crate) struct Bench {
    pub(crate) notes: usize,
    pub(crate) raw: Raw,
    pub(crate) table: Table,
    /// Drives the client of the local API.
    pub(crate) runtime: tokio::runtime::Runtime,
}

fn main() -> Result<()> {
    let notes = number("FOLKMOOT_BENCH_NOTES", NOTES)?;
    let idle_s = number("FOLKMOOT_BENCH_IDLE_S", IDLE_S)?;
    let scratch = tempfile::tempdir().context("no temporary folder")?;
    println!("{}\n", machine::describe(scratch.path()));
    step("raw limits of the machine");
    let raw = raw::measure(scratch.path())?;
    let mut bench = Bench {
        notes,
        table: Table::default(),
        raw,
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
    };
    bench.raw.rows(&mut bench.table);

    let file = scratch.path().join("notes.ndjson");
    texts::write(&file, notes, 1)?;
    step("import through a running node");
    store::through_node(&mut bench, &file)?;
    step("import in process");
    let mut a = Home::new("a");
    let key = store::in_process(&mut bench, &mut a, &file)?;
    step("a fresh member receives everything");
    a.up();
    let mut b = Home::new("b");
    let mut between = sync::bulk(&mut bench, &a, &mut b, &key)?;
    step("written on one, readable on the other");
    live::measure(&mut bench, &a, &b)?;
    step("the command line");
    answer::command_line(&mut bench, &a)?;
    step("idling");
    answer::idle(&mut bench, &a, &b, idle_s)?;
    step("100 differing records each way");
    sync::difference(&mut bench, scratch.path(), &mut a, &mut b, &mut between)?;
    a.stop();
    b.stop();

    println!("{}", bench.table);
    println!("{}", machine::load());
    Ok(())
}

/// Says what goes on, beside the table.
fn step(what: &str) {
    eprintln!("· {what} …");
}
