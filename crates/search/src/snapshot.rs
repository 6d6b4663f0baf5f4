//! Searching.

use folkmoot_library::ResolvedQuery;

use crate::{Facet, FacetBy, Hits, Page, SearchError};

/// What the index held at one moment, tail included. Can be sent to another thread.
#[derive(Debug, Clone)]
pub struct Snapshot {}

impl Snapshot {
    /// What fits the query.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn search(&self, query: &ResolvedQuery, page: Page) -> Result<Hits, SearchError> {
        let _ = (query, page);
        Ok(Hits::default())
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
        let _ = (query, by, limit);
        Ok(Vec::new())
    }

    /// Words of the index most like this one, best first: for a word that finds little.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn similar(&self, word: &str, limit: usize) -> Result<Vec<String>, SearchError> {
        let _ = (word, limit);
        Ok(Vec::new())
    }

    /// Number of items that can be found.
    pub fn docs(&self) -> u64 {
        0
    }
}
