//! Telling how a query was understood and why its hits stand where they do.

use folkmoot_api::{ApiError, Explained, ExplainedHit, ExplainedLine, ExplainedWord};
use folkmoot_library::{
    Expr, Item, Query, ResolvedQuery, Searchable, Test, Text, TimeZone, Within, spelled,
};
use folkmoot_search::{Page, Why};

use crate::{
    core::Core, errors::failed, finding::understand::bad_query, keeping::documents::document_item,
};

impl Core {
    /// What there is to tell of a query and of the hits that are shown.
    pub(crate) fn explain(
        &self,
        source: &str,
        query: &Query,
        resolved: &ResolvedQuery,
        zone: &TimeZone,
        hits: &[Item],
    ) -> Result<Explained, ApiError> {
        let lines = query
            .in_words(self, zone)
            .map_err(|error| bad_query(&error))?
            .into_iter()
            .map(|line| ExplainedLine {
                depth: u32::try_from(line.depth).unwrap_or(u32::MAX),
                records: line.test.map(|test| self.count(test, resolved)),
                text: line.text,
            })
            .collect();
        let whys = self
            .library
            .explain(resolved, hits)
            .map_err(|error| failed(format!("the order could not be explained: {error}")))?;
        Ok(Explained {
            lines,
            order: query.order_in_words().to_owned(),
            doubts: query.doubts(source),
            hits: hits
                .iter()
                .zip(whys)
                .map(|(item, why)| self.explain_hit(item, why, resolved))
                .collect(),
        })
    }

    /// A document with versions side by side, with the words of all of them, as the index has it.
    pub(crate) fn as_found(&mut self, item: Item) -> Item {
        let collective = self.collectives.get_mut(&item.cid);
        let document = collective.map(|c| c.document(&self.store, &item.document));
        match document {
            Some(Ok(Some(document))) => document_item(&document).unwrap_or(item),
            _ => item,
        }
    }

    fn explain_hit(&self, item: &Item, why: Why, query: &ResolvedQuery) -> ExplainedHit {
        let item = Searchable::new(item.clone());
        let word = |(text, points): (Text, f32)| ExplainedWord {
            word: spelled(&text),
            points,
            places: item
                .places(&text)
                .into_iter()
                .map(|(within, times)| (part(within).to_owned(), times))
                .collect(),
            records: self.count(Test::Text(text), query),
        };
        ExplainedHit {
            score: why.score,
            newness: why.newness,
            words: why.words.into_iter().map(word).collect(),
        }
    }

    /// How many records one condition alone finds.
    pub(crate) fn count(&self, test: Test, query: &ResolvedQuery) -> u64 {
        self.total(&ResolvedQuery {
            expr: Expr::Is(test),
            ..*query
        })
    }

    /// How many records a query finds.
    pub(crate) fn total(&self, query: &ResolvedQuery) -> u64 {
        let none = Page {
            limit: 0,
            offset: 0,
        };
        self.library
            .search(query, none)
            .map_or(0, |found| found.total)
    }
}

const fn part(within: Within) -> &'static str {
    match within {
        Within::Title => "title",
        Within::Text => "text",
        Within::Tag => "tag",
        Within::Address => "address",
        Within::Other => "other",
    }
}
