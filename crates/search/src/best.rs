//! The best hits by the score that they are shown with: how well they fit, times how new they are.
//!
//! What is fetched by the first alone lacks newer hits that fit a little worse, and pages of such
//! lists have holes and repeats. So hits are kept by the final score, and what cannot reach the kept
//! ones even with the whole gain of the new is passed over.

use std::cmp::Ordering;

use folkmoot_library::{Expr, MOST_RECENCY, ResolvedQuery, Text, with_recency};
use folkmoot_record::{Hlc, RecordId};
use tantivy::{
    DocId, Score,
    query::{EnableScoring, Query},
};

use crate::writer::Published;

/// Hits kept beyond those wanted before the worse are thrown away.
const ROOM: usize = 1_024;

/// A hit with what it is ordered by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    /// With the gain of what is new.
    pub(crate) score: f32,
    pub(crate) hlc: u64,
    pub(crate) id: RecordId,
}

impl Ranked {
    /// Best first; the newer of two that fit as well.
    pub(crate) fn better(&self, other: &Self) -> Ordering {
        let newest = (other.hlc, other.id).cmp(&(self.hlc, self.id));
        other.score.total_cmp(&self.score).then(newest)
    }
}

/// A committed hit. Its id is read only when it matters.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    score: f32,
    hlc: u64,
    segment: usize,
    doc: DocId,
}

impl Candidate {
    fn id(&self, published: &Published) -> Option<RecordId> {
        let columns = published.columns.get(self.segment)?;
        Some(columns.id(self.doc))
    }

    /// As [`Ranked::better`].
    fn better(&self, other: &Self, published: &Published) -> Ordering {
        let by_id = || other.id(published).cmp(&self.id(published));
        other
            .score
            .total_cmp(&self.score)
            .then(other.hlc.cmp(&self.hlc))
            .then_with(by_id)
    }
}

/// The best hits so far.
struct Best<'p> {
    published: &'p Published,
    wanted: usize,
    found: Vec<Candidate>,
    /// The last of them, once there are as many as are wanted.
    last: Option<Candidate>,
}

impl Best<'_> {
    /// What a bare score must be above to be worth a look.
    fn threshold(&self) -> Score {
        // One step below, since a rounded quotient may be too great.
        self.last.map_or(Score::MIN, |last| {
            (last.score / MOST_RECENCY).next_down().next_down()
        })
    }

    fn offer(&mut self, hit: Candidate) {
        let worse = |last: Candidate| hit.better(&last, self.published).is_ge();
        if self.last.is_some_and(worse) {
            return;
        }
        self.found.push(hit);
        if self.found.len() >= self.wanted.saturating_mul(2).saturating_add(ROOM) {
            self.cut();
        }
    }

    /// Throws away what is not among the best.
    fn cut(&mut self) {
        if self.wanted == 0 || self.found.len() < self.wanted {
            return;
        }
        let published = self.published;
        let (_, last, _) = self
            .found
            .select_nth_unstable_by(self.wanted - 1, |a, b| a.better(b, published));
        self.last = Some(*last);
        self.found.truncate(self.wanted);
    }
}

/// The best `wanted` committed hits in no order, and how many there are.
pub(crate) fn first(
    published: &Published,
    committed: &dyn Query,
    query: &ResolvedQuery,
    wanted: usize,
) -> tantivy::Result<(Vec<Ranked>, usize)> {
    let searcher = &published.searcher;
    let mut best = Best {
        published,
        wanted,
        found: Vec::new(),
        last: None,
    };
    let ranked = |segment: usize, doc: DocId, score: Score, best: &mut Best<'_>| {
        if score <= best.threshold() {
            return;
        }
        if let Some(columns) = published.columns.get(segment) {
            let hlc = columns.hlc(doc);
            let ms = Hlc::from_raw(hlc).map_or(0, Hlc::ms);
            let score = with_recency(score, ms, query.now_ms);
            best.offer(Candidate {
                score,
                hlc,
                segment,
                doc,
            });
        }
    };
    let weight = committed.weight(EnableScoring::enabled_from_searcher(searcher))?;
    let mut count = 0;
    let apart = can_skip(query);
    for (segment, reader) in searcher.segment_readers().iter().enumerate() {
        let alive = reader.alive_bitset();
        let is_alive = |doc| alive.is_none_or(|alive| alive.is_alive(doc));
        if apart {
            let threshold = best.threshold();
            weight.for_each_pruning(threshold, reader, &mut |doc, score| {
                if is_alive(doc) {
                    ranked(segment, doc, score, &mut best);
                }
                best.threshold()
            })?;
        } else {
            weight.for_each(reader, &mut |doc, score| {
                if is_alive(doc) {
                    count += 1;
                    ranked(segment, doc, score, &mut best);
                }
            })?;
        }
    }
    best.cut();
    if apart {
        // The best are found without looking at all, and counting whole words is cheap.
        count = committed.count(searcher)?;
    }
    let found = best.found.into_iter().filter_map(|hit| {
        let Candidate { score, hlc, .. } = hit;
        let id = hit.id(published)?;
        Some(Ranked { score, hlc, id })
    });
    Ok((found.collect(), count))
}

/// Whether what cannot be among the best may be passed over unseen. Of three words or more of which
/// one is enough the sum depends on the way by its last digit: then all are looked at, so that every
/// page has the same scores.
fn can_skip(query: &ResolvedQuery) -> bool {
    let texts = query.texts();
    let whole_words = |text: &&Text| text.words.len() == 1 && !text.prefix;
    texts.iter().all(whole_words) && (texts.len() <= 2 || !matches!(query.expr, Expr::Or(_)))
}
