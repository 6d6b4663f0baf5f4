//! The first hits by time, without looking at all of them.
//!
//! Items come into the index about in the order of their times. So each stretch of a segment has a
//! short span of them, and a list looks at the stretches that can hold what it wants.

use std::sync::OnceLock;

use folkmoot_library::Sort;
use folkmoot_record::RecordId;
use tantivy::{
    DocId, DocSet, TERMINATED,
    query::{EnableScoring, Query},
};

use crate::{
    Behind,
    writer::{Columns, Published},
};

/// Items of a stretch: few enough that a page looks at little, enough that the spans of a million
/// items have 16 kB.
pub(crate) const STRETCH: u32 = 1_024;
/// Hits kept beyond those wanted before the worse are thrown away.
const ROOM: usize = 1_024;

/// The least and the greatest clock in each stretch of a segment; made when first asked for.
#[derive(Debug, Default)]
pub(crate) struct Spans(OnceLock<Vec<(u64, u64)>>);

impl Spans {
    pub(crate) fn of(&self, columns: &Columns) -> &[(u64, u64)] {
        self.0.get_or_init(|| {
            let docs = columns.docs();
            (0..docs)
                .step_by(STRETCH as usize)
                .map(|begin| {
                    let clocks = begin..docs.min(begin.saturating_add(STRETCH));
                    clocks.fold((u64::MAX, 0), |(least, most), doc| {
                        let clock = columns.hlc(doc);
                        (least.min(clock), most.max(clock))
                    })
                })
                .collect()
        })
    }
}

/// A stretch that may hold what is wanted. Clocks are turned over where the newest come first, so
/// that the least is the first of the list.
struct Stretch {
    first: u64,
    segment: usize,
    begin: DocId,
}

/// Clock and beginning of the id, turned over where the newest come first.
type Key = (u64, u64);

/// The first hits so far.
struct Best {
    wanted: usize,
    /// Only what comes later in the list.
    behind: Option<Key>,
    found: Vec<(Key, usize, DocId)>,
    /// The last of them, once there are as many as are wanted.
    last: Option<Key>,
}

impl Best {
    fn offer(&mut self, clock: u64, id: impl FnOnce() -> u64, segment: usize, doc: DocId) {
        if self.last.is_some_and(|(last, _)| clock > last)
            || self.behind.is_some_and(|(begin, _)| clock < begin)
        {
            return;
        }
        let key = (clock, id());
        if self.last.is_some_and(|last| key >= last)
            || self.behind.is_some_and(|begin| key <= begin)
        {
            return;
        }
        self.found.push((key, segment, doc));
        if self.found.len() >= self.wanted.saturating_mul(2).saturating_add(ROOM) {
            self.cut();
        }
    }

    /// Throws away what is not among the first.
    fn cut(&mut self) {
        if self.wanted == 0 || self.found.len() < self.wanted {
            return;
        }
        let (_, last, _) = self.found.select_nth_unstable(self.wanted - 1);
        self.last = Some(last.0);
        self.found.truncate(self.wanted);
    }
}

/// The first `wanted` hits by time as the query sorts, behind a place if one is given: clock and id.
/// `total` is how many fit, wherever they stand.
pub(crate) fn first(
    published: &Published,
    query: &dyn Query,
    sort: Sort,
    behind: Option<Behind>,
    wanted: usize,
    total: usize,
) -> tantivy::Result<Vec<(u64, RecordId)>> {
    let turn = match sort {
        Sort::Oldest => 0,
        Sort::Newest | Sort::Relevance => u64::MAX,
    };
    let behind = behind.map(|place| (place.hlc ^ turn, place.id ^ turn));
    let mut best = Best {
        wanted,
        behind,
        found: Vec::new(),
        last: None,
    };
    if wanted == 0 || total == 0 {
        return Ok(Vec::new());
    }
    let mut stretches = Vec::new();
    for (segment, columns) in published.columns.iter().enumerate() {
        for (begin, (least, most)) in (0..)
            .step_by(STRETCH as usize)
            .zip(columns.spans.of(columns))
        {
            let (first, last) = match turn {
                0 => (*least, *most),
                _ => (most ^ turn, least ^ turn),
            };
            if behind.is_none_or(|(clock, _)| last >= clock) {
                stretches.push(Stretch {
                    first,
                    segment,
                    begin,
                });
            }
        }
    }
    stretches.sort_unstable_by_key(|stretch| stretch.first);

    let searcher = &published.searcher;
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    // Twice the items that hold so many hits where these are spread evenly. Each further round looks
    // at more, since each asks the query anew from the beginning of the segment.
    let docs = usize::try_from(searcher.num_docs()).unwrap_or(usize::MAX);
    let items = wanted.saturating_mul(2).saturating_mul(docs) / total;
    let mut round = items.div_ceil(STRETCH as usize).max(1);
    let mut left = stretches.as_mut_slice();
    while let Some(next) = left.first() {
        if best.last.is_some_and(|(last, _)| next.first > last) {
            break;
        }
        let (now, later) = left.split_at_mut(round.min(left.len()));
        now.sort_unstable_by_key(|stretch| (stretch.segment, stretch.begin));
        for of_segment in now.chunk_by(|a, b| a.segment == b.segment) {
            let Some(segment) = of_segment.first().map(|stretch| stretch.segment) else {
                continue;
            };
            let Some(columns) = published.columns.get(segment) else {
                continue;
            };
            let reader = &searcher.segment_readers()[segment];
            let alive = reader.alive_bitset();
            let mut hits = weight.scorer(reader, 1.0)?;
            for stretch in of_segment {
                let end = stretch.begin.saturating_add(STRETCH).min(TERMINATED);
                let mut doc = hits.doc();
                if doc < stretch.begin {
                    doc = hits.seek(stretch.begin);
                }
                while doc < end {
                    if alive.is_none_or(|alive| alive.is_alive(doc)) {
                        let clock = columns.hlc(doc) ^ turn;
                        best.offer(clock, || columns.id0(doc) ^ turn, segment, doc);
                    }
                    doc = hits.advance();
                }
            }
        }
        best.cut();
        left = later;
        round = round.saturating_mul(4);
    }
    best.found.sort_unstable();
    let hits = best.found.into_iter().filter_map(|(key, segment, doc)| {
        let columns = published.columns.get(segment)?;
        Some((key.0 ^ turn, columns.id(doc)))
    });
    Ok(hits.collect())
}
