//! What a search gives.

use folkmoot_library::TimeZone;
use folkmoot_record::RecordId;

/// Which part of the hits is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Most hits to give.
    pub limit: usize,
    /// Hits to leave out before the first.
    pub offset: usize,
}

impl Page {
    /// The first `limit` hits.
    pub const fn first(limit: usize) -> Self {
        Self { limit, offset: 0 }
    }
}

/// One hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The record.
    pub id: RecordId,
    /// How well it fits; 0 where the query asks for no words or for an order of time.
    pub score: f32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    /// Number of all that fit.
    pub total: u64,
    /// The page asked for.
    pub hits: Vec<Hit>,
}

/// By what to count.
#[derive(Debug, Clone)]
pub enum FacetBy {
    /// By folded tag; `a/b` counts for `a` too. Most frequent first.
    Tag,
    /// By kind. Most frequent first.
    Kind,
    /// By month in this time zone. Newest first.
    Month(TimeZone),
    /// By the author's seat. Most frequent first.
    Author,
    /// By collective. Most frequent first.
    Collective,
}

/// One value with its count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The tag, the name of the kind (or its number), the month as `2026-03`, or the key.
    pub value: String,
    /// Number of items.
    pub count: u64,
}
