//! Searching: hits of the index and of the tail in one list.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use folkmoot_library::{
    Flag, Item, ResolvedQuery, Searchable, Sort, Statistics, score, with_recency,
};
use folkmoot_record::RecordId;
use tantivy::query::{Bm25StatisticsProvider, Query};

use crate::{
    Behind, Facet, FacetBy, Hit, Hits, Page, SearchError, after,
    best::{self, Ranked},
    by_time, facets, flagged,
    guard::Damage,
    related, similar,
    tail::{Batch, live},
    translate,
    writer::Published,
};

/// What the index held at one moment, tail included. Can be sent to another thread.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(crate) batches: Vec<Arc<Batch>>,
    pub(crate) published: Arc<Published>,
    pub(crate) damage: Damage,
}

impl Snapshot {
    pub(crate) const fn new(
        batches: Vec<Arc<Batch>>,
        published: Arc<Published>,
        damage: Damage,
    ) -> Self {
        Self {
            batches,
            published,
            damage,
        }
    }

    /// What fits the query.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn search(&self, query: &ResolvedQuery, page: Page) -> Result<Hits, SearchError> {
        self.damage.guarded(|| self.find(query, page))
    }

    /// Counts what fits the query by tag, kind or month; at most `limit` values.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn facets(
        &self,
        query: &ResolvedQuery,
        by: &FacetBy,
        limit: usize,
    ) -> Result<Vec<Facet>, SearchError> {
        self.damage
            .guarded(|| facets::count(self, query, by, limit))
    }

    /// What fits the query behind a place of a list, by time as the query sorts; the first `limit`.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn behind(
        &self,
        query: &ResolvedQuery,
        place: Behind,
        limit: usize,
    ) -> Result<Hits, SearchError> {
        self.damage
            .guarded(|| after::page(self, query, place, limit))
    }

    /// Which of these records have the flag, as the index knows them.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn flagged(&self, ids: &[RecordId], flag: Flag) -> Result<BTreeSet<RecordId>, SearchError> {
        self.damage.guarded(|| flagged::among(self, ids, flag))
    }

    /// The words by which an item is told from others, the most telling first.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn telling(&self, item: &Item, most: usize) -> Result<Vec<String>, SearchError> {
        self.damage.guarded(|| related::telling(self, item, most))
    }

    /// Words of the index most like this one, best first: for a word that finds little.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn similar(&self, word: &str, limit: usize) -> Result<Vec<String>, SearchError> {
        self.damage.guarded(|| similar::words(self, word, limit))
    }

    /// Tags most like this one, best first: for a tag that nobody has.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn similar_tags(&self, tag: &str, limit: usize) -> Result<Vec<String>, SearchError> {
        self.damage.guarded(|| similar::tags(self, tag, limit))
    }

    /// Tags that begin so, folded, in their order: for whoever is typing one. A tag that only
    /// removed items had may be among them.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn tags_beginning(&self, stem: &str, limit: usize) -> Result<Vec<String>, SearchError> {
        self.damage
            .guarded(|| similar::tags_beginning(self, stem, limit))
    }

    /// Number of items that can be found.
    pub fn docs(&self) -> u64 {
        let all = ResolvedQuery::all(0);
        let none = Page {
            limit: 0,
            offset: 0,
        };
        self.search(&all, none).map_or(0, |hits| hits.total)
    }

    /// The query for the committed part, and the items of the tail that fit.
    pub(crate) fn split(&self, query: &ResolvedQuery) -> (Box<dyn Query>, Vec<&Searchable>) {
        let (mut items, removed) = live(&self.batches);
        items.retain(|item| item.matches(query));
        (self.committed(query, &removed), items)
    }

    fn committed(&self, query: &ResolvedQuery, without: &BTreeSet<RecordId>) -> Box<dyn Query> {
        translate::query(&query.expr, without, &self.published)
    }

    fn find(&self, query: &ResolvedQuery, page: Page) -> tantivy::Result<Hits> {
        let (committed, items) = self.split(query);
        let searcher = &self.published.searcher;
        let by_words = query.sort == Sort::Relevance && !query.texts().is_empty();
        // More than there are need not be made room for.
        let there = usize::try_from(searcher.num_docs()).unwrap_or(usize::MAX);
        let wanted = page.offset.saturating_add(page.limit).min(there);

        let (mut ranked, count) = if page.limit == 0 || wanted == 0 {
            (Vec::new(), committed.count(searcher)?)
        } else if by_words {
            best::first(&self.published, &*committed, query, wanted)?
        } else {
            let count = committed.count(searcher)?;
            let published = &self.published;
            let first = by_time::first(published, &*committed, query.sort, None, wanted, count)?;
            let ranked = first.into_iter().map(|(hlc, id)| Ranked {
                score: 0.0,
                hlc,
                id,
            });
            (ranked.collect(), count)
        };
        let known = if by_words && !items.is_empty() {
            self.statistics(query)?
        } else {
            Statistics::default()
        };
        let total = count as u64 + items.len() as u64;
        ranked.extend(items.into_iter().map(|item| {
            let hlc = item.item().hlc;
            let score = match by_words {
                true => with_recency(score(query, item, &known), hlc.ms(), query.now_ms),
                false => 0.0,
            };
            Ranked {
                score,
                hlc: hlc.raw(),
                id: item.item().id,
            }
        }));
        ranked.sort_by(|a, b| order(query.sort, a, b));
        let hits = ranked.into_iter().skip(page.offset).take(page.limit);
        Ok(Hits {
            total,
            hits: hits
                .map(|Ranked { score, id, .. }| Hit { id, score })
                .collect(),
        })
    }

    /// What the ranking of the tail must know of the index.
    pub(crate) fn statistics(&self, query: &ResolvedQuery) -> tantivy::Result<Statistics> {
        let Published {
            searcher, fields, ..
        } = &*self.published;
        let documents = searcher.total_num_docs()?;
        let words = searcher.total_num_tokens(fields.words)?;
        let mut known = Statistics {
            documents,
            average_length: words as f32 / documents.max(1) as f32,
            ..Statistics::default()
        };
        for word in query.texts().into_iter().flat_map(|text| &text.words) {
            let found = searcher.doc_freq(&fields.word(word))?;
            known.frequency.insert(word.clone(), found);
        }
        Ok(known)
    }
}

fn order(sort: Sort, a: &Ranked, b: &Ranked) -> Ordering {
    let newest = (b.hlc, b.id).cmp(&(a.hlc, a.id));
    match sort {
        Sort::Relevance => a.better(b),
        Sort::Newest => newest,
        Sort::Oldest => newest.reverse(),
    }
}
