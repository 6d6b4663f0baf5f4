//! What is like a record: what shares the words by which it is told from others.

use folkmoot_api::{ApiError, Related, Reply};
use folkmoot_library::{Expr, ResolvedQuery, Sort, Test, Text, item};
use folkmoot_search::{Hits, Page};

use crate::{core::Core, errors::usage, exchange::holdings::read, finding::find::unsearched};

/// Words of a record by which others are looked for.
const WORDS: usize = 16;
/// Records told where the asker does not say.
const RELATED: u32 = 10;
/// Most that are told.
const MOST_RELATED: u32 = 100;

impl Core {
    pub(crate) fn related(&mut self, ask: &Related) -> Result<Reply, ApiError> {
        self.catch_up_alone();
        let id = self.named_or_titled(&ask.id)?;
        // Of a document the version that is shown.
        let shown = match read(&self.store, &id) {
            Some(record) => match self.document_of(&record)? {
                Some((_, document)) => document.current().first().copied().cloned(),
                None => Some(record),
            },
            None => None,
        };
        let Some(own) = shown.as_ref().and_then(item) else {
            return Err(usage(format!("{} has no words to go by", ask.id))
                .hint("name a note, a link or a task"));
        };
        let words = self.library.telling(&own, WORDS).map_err(unsearched)?;
        let tests = words.into_iter().map(|word| {
            Expr::Is(Test::Text(Text {
                words: vec![word],
                prefix: false,
                added: false,
            }))
        });
        let query = ResolvedQuery {
            expr: Expr::Or(tests.collect()),
            sort: Sort::Relevance,
            now_ms: self.clock.wall(),
        };
        let limit = match ask.limit {
            0 => RELATED,
            asked => asked.min(MOST_RELATED),
        } as usize;
        // The record itself is found too, and is left out.
        let mut hits = match &query.expr {
            Expr::Or(words) if words.is_empty() => Hits::default(),
            _ => self
                .library
                .search(&query, Page::first(limit + 1))
                .map_err(unsearched)?,
        };
        let before = hits.hits.len();
        hits.hits.retain(|hit| hit.id != own.id);
        if hits.hits.len() < before {
            hits.total = hits.total.saturating_sub(1);
        }
        hits.hits.truncate(limit);
        let (found, _) = self.results(&query, &hits)?;
        Ok(Reply::Found(found))
    }
}
