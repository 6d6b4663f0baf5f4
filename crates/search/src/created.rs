//! Items of a span of time, without looking at each.
//!
//! Items come into the index about in the order of their times, and the spans of its stretches are
//! known for lists by time ([`by_time`](crate::by_time)): most stretches lie wholly inside or outside.

use std::sync::Arc;

use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED,
    query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
};

use crate::{
    by_time::STRETCH,
    writer::{Columns, Published},
};

/// What was written from `first` until `last`, raw clocks, both among it.
#[derive(Debug, Clone)]
pub(crate) struct Created {
    first: u64,
    last: u64,
    columns: Arc<[Arc<Columns>]>,
}

impl Created {
    pub(crate) fn new(first: u64, last: u64, published: &Published) -> Self {
        let columns = Arc::clone(&published.columns);
        Self {
            first,
            last,
            columns,
        }
    }
}

impl Query for Created {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(CreatedWeight(self.clone())))
    }
}

struct CreatedWeight(Created);

impl Weight for CreatedWeight {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let Created {
            first,
            last,
            columns,
        } = &self.0;
        let segment = reader.segment_id();
        let of_segment = columns.iter().find(|columns| columns.segment == segment);
        Ok(match of_segment {
            Some(columns) => Box::new(Within::new(*first, *last, Arc::clone(columns))),
            None => Box::new(EmptyScorer),
        })
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("written within the span", 1.0))
    }
}

/// The items of one segment that were written within the span.
struct Within {
    first: u64,
    last: u64,
    columns: Arc<Columns>,
    doc: DocId,
    /// From `doc` up to this one all are within.
    sure: DocId,
    /// Items of the stretches that are not wholly outside.
    most: u32,
}

impl Within {
    fn new(first: u64, last: u64, columns: Arc<Columns>) -> Self {
        let touched = columns.spans.of(&columns).iter();
        let touched = touched.filter(|(least, most)| *least <= last && *most >= first);
        let most = u32::try_from(touched.count()).unwrap_or(u32::MAX);
        let most = most.saturating_mul(STRETCH).min(columns.docs());
        let mut within = Self {
            first,
            last,
            columns,
            doc: 0,
            sure: 0,
            most,
        };
        within.doc = within.from(0);
        within
    }

    /// The first item within from this one on.
    fn from(&mut self, mut doc: DocId) -> DocId {
        let docs = self.columns.docs();
        let spans = self.columns.spans.of(&self.columns);
        while doc < docs {
            if doc < self.sure {
                return doc;
            }
            let stretch = doc / STRETCH;
            let end = docs.min((stretch + 1).saturating_mul(STRETCH));
            match spans.get(stretch as usize) {
                Some((least, most)) if *least >= self.first && *most <= self.last => {
                    self.sure = end;
                    return doc;
                }
                Some((least, most)) if *least <= self.last && *most >= self.first => {
                    if (self.first..=self.last).contains(&self.columns.hlc(doc)) {
                        return doc;
                    }
                    doc += 1;
                }
                _ => doc = end,
            }
        }
        TERMINATED
    }
}

impl DocSet for Within {
    fn advance(&mut self) -> DocId {
        if self.doc != TERMINATED {
            self.doc = self.from(self.doc + 1);
        }
        self.doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            self.doc = self.from(target);
        }
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.most
    }
}

impl Scorer for Within {
    fn score(&mut self) -> Score {
        1.0
    }
}
