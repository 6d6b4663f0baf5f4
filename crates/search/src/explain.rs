//! Why a hit stands where it does: the points of each word, by the same scorers that rank.

use std::collections::BTreeMap;

use folkmoot_library::{
    Item, ResolvedQuery, Searchable, Sort, Statistics, Text, counting, points, recency,
};
use folkmoot_record::RecordId;
use tantivy::{
    DocAddress, DocSet, Term,
    collector::DocSetCollector,
    query::{EnableScoring, TermQuery},
    schema::IndexRecordOption,
};

use crate::{Snapshot, schema::fact, tail::live, translate};

/// Why a hit stands where it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// What each word or phrase that counts adds, in the order of the query.
    pub words: Vec<(Text, f32)>,
    /// By how much their sum is multiplied: more for what is new.
    pub newness: f32,
    /// The product: [`Hit::score`](crate::Hit::score).
    pub score: f32,
}

impl Snapshot {
    /// Why these hits of a query stand where they do; empty where it is not ordered by words.
    ///
    /// # Errors
    /// [`SearchError::Damaged`](crate::SearchError::Damaged).
    pub fn explain(
        &self,
        query: &ResolvedQuery,
        hits: &[Item],
    ) -> Result<Vec<Why>, crate::SearchError> {
        if query.sort != Sort::Relevance || query.texts().is_empty() {
            return Ok(Vec::new());
        }
        self.damage.guarded(|| {
            let known = self.statistics(query)?;
            let waiting: BTreeMap<RecordId, &Searchable> = live(&self.batches)
                .0
                .into_iter()
                .map(|item| (item.item().id, item))
                .collect();
            hits.iter()
                .map(|item| {
                    let words = match waiting.get(&item.id) {
                        Some(waiting) => in_memory(query, waiting, &known),
                        None => self.committed_points(query, item)?,
                    };
                    let newness = recency(item.ms(), query.now_ms);
                    let sum: f32 = words.iter().map(|(_, points)| points).sum();
                    Ok(Why {
                        words,
                        newness,
                        score: sum * newness,
                    })
                })
                .collect()
        })
    }

    fn committed_points(
        &self,
        query: &ResolvedQuery,
        item: &Item,
    ) -> tantivy::Result<Vec<(Text, f32)>> {
        let published = &*self.published;
        let id = published.fields.fact(&fact::id(&item.id));
        let Some(at) = self.place(id)? else {
            return Ok(Vec::new());
        };
        let searcher = &published.searcher;
        let reader = searcher.segment_reader(at.segment_ord);
        let item = Searchable::new(item.clone());
        counting(query, &item)
            .into_iter()
            .map(|text| {
                let alone = translate::text(text, published);
                let weight = alone.weight(EnableScoring::enabled_from_searcher(searcher))?;
                let mut scorer = weight.scorer(reader, 1.0)?;
                let there = scorer.doc() == at.doc_id
                    || (scorer.doc() < at.doc_id && scorer.seek(at.doc_id) == at.doc_id);
                Ok((text.clone(), if there { scorer.score() } else { 0.0 }))
            })
            .collect()
    }

    fn place(&self, id: Term) -> tantivy::Result<Option<DocAddress>> {
        let query = TermQuery::new(id, IndexRecordOption::Basic);
        let found = self.published.searcher.search(&query, &DocSetCollector)?;
        Ok(found.into_iter().max())
    }
}

fn in_memory(query: &ResolvedQuery, item: &Searchable, known: &Statistics) -> Vec<(Text, f32)> {
    counting(query, item)
        .into_iter()
        .map(|text| (text.clone(), points(text, item, known)))
        .collect()
}
