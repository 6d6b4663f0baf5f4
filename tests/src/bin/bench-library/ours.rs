//! The index of `moot` by itself, with all its fields.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use folkmoot_library::{Flag, Flags, Item, NoNames, Query, Zoned};
use folkmoot_record::{CollectiveId, DeviceKey, Hlc, Kind, RecordId, SeatKey, Tag};
use folkmoot_search::{Index, Options, Page};
use folkmoot_tests::bench::texts::Numbers;

use crate::{
    asks::{Ask, in_ours},
    corpus::{self, Note},
    engine::{Engine, HITS},
};

/// Items handed in at once, as the engine does when it catches up.
const SLICE: usize = 2_000;

pub(crate) struct Ours {
    index: Index,
    now: Zoned,
}

/// Builds the index until everything is committed.
pub(crate) fn build(folder: &Path, notes: &Path) -> Result<Duration> {
    let begun = std::time::Instant::now();
    let (mut index, _) = Index::open(folder, &Options::default())?;
    let mut slice = Vec::with_capacity(SLICE);
    corpus::read(notes, |note| {
        slice.push(item(note)?);
        if slice.len() == SLICE {
            index.add(slice.drain(..), &note.number.to_be_bytes())?;
        }
        Ok(())
    })?;
    index.add(slice, b"end")?;
    index.commit()?;
    let time = begun.elapsed();
    index.close()?;
    Ok(time)
}

/// A note as the library sees a record.
fn item(note: &Note<'_>) -> Result<Item> {
    let mut numbers = Numbers::new(u64::from(note.number) + 1);
    let mut id = [0; 32];
    for part in id.chunks_exact_mut(8) {
        part.copy_from_slice(&numbers.next().to_be_bytes());
    }
    let id = RecordId::from_bytes(id);
    let tags = note.tags.iter().map(|tag| Tag::new(*tag));
    Ok(Item {
        id,
        document: id,
        cid: CollectiveId::from_bytes([1; 32]),
        seat: SeatKey::from_bytes([2; 32]),
        dev: DeviceKey::from_bytes([3; 32]),
        kind: Kind::NOTE,
        hlc: Hlc::from_raw(note.ms << 16 | u64::from(note.number) & 0xffff).context("a clock")?,
        tags: tags.collect::<Option<_>>().context("a tag")?,
        title: note.title.to_owned(),
        text: note.text.to_owned(),
        url: None,
        also: Vec::new(),
        links: Vec::new(),
        answers: None,
        due: None,
        assignees: Vec::new(),
        flags: Flags::default()
            .with(Flag::Title)
            .with(Flag::Tag)
            .with(Flag::Text),
    })
}

impl Engine for Ours {
    fn open(folder: &Path) -> Result<Self> {
        let (index, _) = Index::open(folder, &Options::default())?;
        Ok(Self {
            index,
            now: "2026-11-23T12:00[UTC]".parse()?,
        })
    }

    fn ask(&mut self, ask: &Ask) -> Result<u64> {
        let query = Query::parse(&in_ours(ask), &self.now)
            .and_then(|query| query.resolve(&NoNames))
            .map_err(|error| anyhow::anyhow!("{ask:?}: {}", error.problem))?;
        Ok(self.index.search(&query, Page::first(HITS))?.total)
    }
}
