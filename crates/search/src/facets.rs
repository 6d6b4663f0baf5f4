//! Counting hits by tag, kind, month, author or collective.

use std::collections::BTreeMap;

use folkmoot_library::{ResolvedQuery, Searchable, TimeZone, Timestamp, fold, tag_paths};
use folkmoot_record::{CollectiveId, Hlc, Kind, SeatKey};
use tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    schema::IndexRecordOption,
};

use crate::{Facet, FacetBy, Snapshot, schema::fact, translate::after, writer::Published};

pub(crate) fn count(
    snapshot: &Snapshot,
    query: &ResolvedQuery,
    by: &FacetBy,
    limit: usize,
) -> tantivy::Result<Vec<Facet>> {
    let (committed, items) = snapshot.split(query);
    let published = &*snapshot.published;
    let found = published.searcher.search(&committed, &Matching)?;
    let mut facets = match by {
        FacetBy::Tag => tags(published, &found, &items)?,
        FacetBy::Kind => kinds(published, &found, &items)?,
        FacetBy::Author => keys(published, &found, &items, fact::SEAT, |key| {
            Some(SeatKey::from_bytes(key.try_into().ok()?).to_string())
        })?,
        FacetBy::Collective => keys(published, &found, &items, fact::PLACE, |key| {
            Some(CollectiveId::from_bytes(key.try_into().ok()?).to_string())
        })?,
        FacetBy::Month(zone) => return Ok(months(published, &found, &items, zone, limit)),
    };
    facets.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    facets.truncate(limit);
    Ok(facets)
}

fn tags(
    published: &Published,
    found: &[Bits],
    items: &[&Searchable],
) -> tantivy::Result<Vec<Facet>> {
    let mut counts = facts(published, found, fact::TAG)?;
    for item in items {
        let folded: Vec<String> = item.item().tags.iter().map(|t| fold(t.as_str())).collect();
        let mut paths: Vec<&str> = folded.iter().flat_map(|tag| tag_paths(tag)).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            *counts.entry(path.as_bytes().to_vec()).or_default() += 1;
        }
    }
    Ok(named(counts, |tag| String::from_utf8(tag).ok()))
}

fn kinds(
    published: &Published,
    found: &[Bits],
    items: &[&Searchable],
) -> tantivy::Result<Vec<Facet>> {
    let mut counts = facts(published, found, fact::KIND)?;
    for item in items {
        let kind = item.item().kind.0.to_be_bytes().to_vec();
        *counts.entry(kind).or_default() += 1;
    }
    Ok(named(counts, |kind| {
        let kind = Kind(u16::from_be_bytes(kind.try_into().ok()?));
        Some(
            kind.name()
                .map_or_else(|| format!("{:#x}", kind.0), ToOwned::to_owned),
        )
    }))
}

/// Counts by a key that each item has once.
fn keys(
    published: &Published,
    found: &[Bits],
    items: &[&Searchable],
    letter: u8,
    name: impl Fn(Vec<u8>) -> Option<String>,
) -> tantivy::Result<Vec<Facet>> {
    let mut counts = facts(published, found, letter)?;
    for item in items {
        let key: &[u8] = match letter {
            fact::SEAT => item.item().seat.as_ref(),
            _ => item.item().cid.as_ref(),
        };
        *counts.entry(key.to_vec()).or_default() += 1;
    }
    Ok(named(counts, name))
}

fn named(counts: BTreeMap<Vec<u8>, u64>, name: impl Fn(Vec<u8>) -> Option<String>) -> Vec<Facet> {
    counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .filter_map(|(value, count)| {
            let value = name(value)?;
            Some(Facet { value, count })
        })
        .collect()
}

/// For each fact of a letter the number of items found that have it.
fn facts(
    published: &Published,
    found: &[Bits],
    letter: u8,
) -> tantivy::Result<BTreeMap<Vec<u8>, u64>> {
    let mut counts: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for bits in found {
        let reader = published.searcher.segment_reader(bits.segment);
        let index = reader.inverted_index(published.fields.facts)?;
        let mut range = index.terms().range().ge([letter]);
        if let Some(end) = after(&[letter]) {
            range = range.lt(end);
        }
        let mut terms = range.into_stream()?;
        while terms.advance() {
            let mut postings =
                index.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            let mut here = 0;
            while !postings.docs().is_empty() {
                here += postings.docs().iter().filter(|doc| bits.has(**doc)).count() as u64;
                postings.advance();
            }
            if here > 0 {
                *counts.entry(terms.key()[1..].to_vec()).or_default() += here;
            }
        }
    }
    Ok(counts)
}

fn months(
    published: &Published,
    found: &[Bits],
    items: &[&Searchable],
    zone: &TimeZone,
    limit: usize,
) -> Vec<Facet> {
    let mut months = Months::new(zone);
    for bits in found {
        if let Some(columns) = published.columns.get(bits.segment as usize) {
            bits.each(|doc| {
                months.add(Hlc::from_raw(columns.hlc(doc)).map_or(0, Hlc::ms));
            });
        }
    }
    for item in items {
        months.add(item.item().ms());
    }
    months.end_run();
    let newest_first = months.counts.into_values().rev();
    newest_first
        .map(|month| Facet {
            value: month.name,
            count: month.count,
        })
        .take(limit)
        .collect()
}

/// Months by their first millisecond. The calendar is asked once for each month, not for each
/// item.
struct Months<'z> {
    zone: &'z TimeZone,
    counts: BTreeMap<i64, Month>,
    /// Items come about in the order of their times, so most are of the month of the one before:
    /// from its first millisecond to before its end, and how many of it are not in `counts` yet.
    last: (i64, i64),
    run: u64,
}

struct Month {
    /// The first millisecond after it.
    end: i64,
    name: String,
    count: u64,
}

impl<'z> Months<'z> {
    const fn new(zone: &'z TimeZone) -> Self {
        Self {
            zone,
            counts: BTreeMap::new(),
            last: (0, 0),
            run: 0,
        }
    }

    fn add(&mut self, ms: u64) {
        let ms = i64::try_from(ms).unwrap_or(i64::MAX);
        if (self.last.0..self.last.1).contains(&ms) {
            self.run += 1;
            return;
        }
        self.end_run();
        if let Some((start, month)) = self.counts.range_mut(..=ms).next_back()
            && ms < month.end
        {
            month.count += 1;
            self.last = (*start, month.end);
            return;
        }
        // A claimed time beyond the calendar falls into no month.
        if let Some((start, month)) = self.month(ms) {
            self.last = (start, month.end);
            self.counts.insert(start, month);
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if let Some(month) = self.counts.get_mut(&self.last.0) {
            month.count += run;
        }
    }

    fn month(&self, ms: i64) -> Option<(i64, Month)> {
        let moment = Timestamp::from_millisecond(ms).ok()?;
        let date = moment.to_zoned(self.zone.clone()).date();
        let first = date.first_of_month();
        let next = date.last_of_month().tomorrow().ok()?;
        let start = |date: folkmoot_library::Date| {
            let midnight = date.to_zoned(self.zone.clone()).ok()?;
            Some(midnight.timestamp().as_millisecond())
        };
        let month = Month {
            end: start(next)?,
            name: first.strftime("%Y-%m").to_string(),
            count: 1,
        };
        Some((start(first)?, month))
    }
}

/// Gathers which items fit, segment by segment.
pub(crate) struct Matching;

/// The items of one segment that fit, one bit each.
pub(crate) struct Bits {
    pub(crate) segment: SegmentOrdinal,
    words: Vec<u64>,
}

impl Bits {
    fn has(&self, doc: DocId) -> bool {
        self.words
            .get((doc / 64) as usize)
            .is_some_and(|word| word >> (doc % 64) & 1 == 1)
    }

    pub(crate) fn each(&self, mut give: impl FnMut(DocId)) {
        for (base, word) in (0..).step_by(64).zip(&self.words) {
            let mut left = *word;
            while left != 0 {
                give(base + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }
}

impl Collector for Matching {
    type Fruit = Vec<Bits>;
    type Child = Bits;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<Bits> {
        let words = vec![0; reader.max_doc().div_ceil(64) as usize];
        Ok(Bits { segment, words })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, bits: Vec<Bits>) -> tantivy::Result<Vec<Bits>> {
        Ok(bits)
    }
}

impl SegmentCollector for Bits {
    type Fruit = Self;

    fn collect(&mut self, doc: DocId, _: Score) {
        if let Some(word) = self.words.get_mut((doc / 64) as usize) {
            *word |= 1 << (doc % 64);
        }
    }

    fn harvest(self) -> Self {
        self
    }
}
