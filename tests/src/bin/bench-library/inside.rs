//! The whole engine on a home with all notes, in this process: what a node does for a query from the
//! command to the answer, texts read and snippets made, without sockets and processes.

use std::{path::Path, time::Instant};

use anyhow::{Context, Result, anyhow};
use folkmoot_client::api::{ApiError, Command, CountBy, Counts, CountsView, Find, Found, List};
use folkmoot_engine::{Engine as Node, Options};
use folkmoot_tests::bench::process::peak;
use serde::{Deserialize, Serialize};

use crate::{
    asks::{Ask, in_ours},
    engine::{Engine, HITS},
};

/// Notes on a page.
pub(crate) const PAGE: u32 = 50;
/// Times that each page and each count is asked for.
const TIMES: usize = 50;

pub(crate) struct Inside(Node);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// What lists and counts took.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pages {
    /// What, with the times in nanoseconds.
    pub(crate) rows: Vec<(String, Vec<u64>)>,
    pub(crate) peak: u64,
    /// Numbers of pages, with the cursors behind which they begin.
    pub(crate) cursors: Vec<(usize, String)>,
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn failed(error: ApiError) -> anyhow::Error {
    anyhow!("{}", error.message)
}

impl Engine for Inside {
    fn open(home: &Path) -> Result<Self> {
        let options = Options {
            home: home.to_owned(),
            passphrase: None,
            version: "bench",
            serving: true,
            helps: false,
        };
        let (node, _) = Node::open(&options, &mut |_| {}).map_err(|error| anyhow!("{error}"))?;
        Ok(Self(node))
    }

    fn ask(&mut self, ask: &Ask) -> Result<u64> {
        let find = Find {
            query: in_ours(ask),
            limit: u32::try_from(HITS)?,
            ..Find::default()
        };
        let found: Found = self
            .0
            .call(Command::Find(find))
            .and_then(TryInto::try_into)
            .map_err(failed)?;
        Ok(found.total)
    }
}

impl Inside {
    fn list(&self, offset: usize, cursor: Option<&str>) -> Result<Found> {
        let list = List {
            limit: PAGE,
            offset: u32::try_from(offset)?,
            cursor: cursor.map(str::to_owned),
            ..List::default()
        };
        self.0
            .call(Command::List(list))
            .and_then(TryInto::try_into)
            .map_err(failed)
    }

    fn count(&self, by: CountBy) -> Result<usize> {
        let counts = Counts {
            by,
            ..Counts::default()
        };
        let counts: CountsView = self
            .0
            .call(Command::Counts(counts))
            .and_then(TryInto::try_into)
            .map_err(failed)?;
        Ok(counts.values.len())
    }
}

/// The number of a page far back: the ten-thousandth, or where there are not so many the last but one.
pub(crate) const fn far(notes: usize) -> usize {
    let last = notes / PAGE as usize;
    match last {
        0..=2 => 2,
        3..=10_000 => last - 1,
        _ => 10_000,
    }
}

fn times(mut run: impl FnMut() -> Result<()>) -> Result<Vec<u64>> {
    (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            run()?;
            Ok(u64::try_from(begun.elapsed().as_nanos())?)
        })
        .collect()
}

/// Lists page by page, and counts.
pub(crate) fn pages(home: &Path) -> Result<Pages> {
    let node = Inside::open(home)?;
    let mut pages = Pages::default();
    let first = node.list(0, None)?;
    let notes = usize::try_from(first.total)?;
    let mut row = |what: String, times: Vec<u64>| pages.rows.push((what, times));
    row(
        "first page of 50".to_owned(),
        times(|| node.list(0, None).map(drop))?,
    );
    let mut cursors = Vec::new();
    let mut numbers = vec![100.min(far(notes)), far(notes)];
    numbers.dedup();
    for number in numbers {
        // The page before it tells where it begins.
        let before = node.list((number - 2) * PAGE as usize, None)?;
        let cursor = before.next.context("the list ended")?;
        let by_place = node.list((number - 1) * PAGE as usize, None)?;
        let by_cursor = node.list(0, Some(&cursor))?;
        anyhow::ensure!(by_place.items == by_cursor.items, "two pages {number}");
        row(
            format!("page {number}, by cursor"),
            times(|| node.list(0, Some(&cursor)).map(drop))?,
        );
        cursors.push((number, cursor));
    }
    row(
        format!("page {}, by its number", far(notes)),
        times(|| node.list((far(notes) - 1) * PAGE as usize, None).map(drop))?,
    );
    // A walk: each page by the cursor of the one before it.
    let mut cursor = first.next;
    let walk = times(|| {
        let page = node.list(0, cursor.as_deref())?;
        cursor = page.next.or_else(|| cursor.take());
        Ok(())
    })?;
    row(
        "the 50 pages from the second on, one by one".to_owned(),
        walk,
    );
    row(
        "counts by month".to_owned(),
        times(|| node.count(CountBy::Month).map(drop))?,
    );
    row(
        "counts by tag".to_owned(),
        times(|| node.count(CountBy::Tag).map(drop))?,
    );
    pages.cursors = cursors;
    pages.peak = peak(std::process::id())?;
    Ok(pages)
}
