//! `bench-library`: how fast a person finds their own notes, side by side with what they would use
//! instead: tantivy by itself, SQLite's FTS5, ripgrep, notmuch. The same notes and the same queries.
//!
//! Prints tables in Markdown. `FOLKMOOT_BENCH_NOTES` (100,000) says how many notes;
//! `FOLKMOOT_BENCH_FULL=1` runs with 100,000 and then with 1,000,000. Each engine builds and answers in
//! a process of its own, so that its memory is its own.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool that talks to a terminal"
)]

mod asks;
mod bare;
mod compare;
mod corpus;
mod engine;
mod inside;
mod node;
mod ours;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tools;

use std::time::Instant;

use anyhow::{Context, Result};
use folkmoot_tests::bench::{
    machine, number,
    table::{Table, Times, ms, whole},
};

/// The allocator of `moot`, for all that is written in Rust.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Notes where nothing else is said.
const NOTES: usize = 100_000;
/// Both sizes of a full run.
const FULL: [usize; 2] = [NOTES, 1_000_000];
/// Said first by this program to itself.
const CHILD: &str = "--part";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some((CHILD, rest)) = args
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        return engine::child(rest);
    }
    let full = number("FOLKMOOT_BENCH_FULL", 0)? > 0;
    let sizes = match full {
        true => FULL.to_vec(),
        false => vec![number("FOLKMOOT_BENCH_NOTES", NOTES)?.max(1_000)],
    };
    let scratch = tempfile::tempdir().context("no temporary folder")?;
    println!("{}\n", machine::describe(scratch.path()));
    drop(scratch);
    for notes in sizes {
        let begun = Instant::now();
        run(notes)?;
        println!(
            "This part took {:.0} s; {}.\n",
            begun.elapsed().as_secs_f64(),
            machine::load()
        );
    }
    Ok(())
}

fn run(notes: usize) -> Result<()> {
    let scratch = tempfile::tempdir().context("no temporary folder")?;
    let folder = scratch.path();
    println!(
        "### {} notes (seed {}; queries: seed {}, {} of each class)\n",
        whole(notes as f64),
        corpus::SEED,
        asks::SEED,
        asks::ASKS
    );
    step("notes");
    let file = folder.join("notes.tsv");
    corpus::write(&file, notes)?;
    let asked = asks::draw();
    let asked_file = folder.join("asked.json");
    asks::save(&asked_file, &asked)?;

    let mut table = Table::default();
    let goal = if notes <= NOTES { "median 10 ms" } else { "" };
    step("import by `moot`");
    let mut home = node::import(&mut table, &file, notes, folder)?;
    step("inside the node");
    let (inside, moved, pages) = node::inside(&mut table, &home, &asked, folder)?;
    step("whole processes");
    node::processes(&mut table, &mut home, &moved, &pages, goal)?;
    node::writes(&mut table, &home)?;
    step("building the index again");
    node::rebuild(&mut table, &mut home, notes)?;
    drop(home);
    let side = compare::measure(&file, &asked_file, notes, folder, &asked, inside)?;
    println!("{side}");
    println!("{table}");
    Ok(())
}

/// Says what goes on, beside the table.
fn step(what: &str) {
    eprintln!("· {what} …");
}

/// Median and p99.
fn spread(times: &Times) -> String {
    format!(
        "median {}, p99 {}",
        ms(times.median()),
        ms(times.percentile(99))
    )
}
