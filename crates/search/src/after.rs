//! Pages of a list: what comes behind a place, whatever stands before it.

use folkmoot_library::{ResolvedQuery, Sort};
use folkmoot_record::{Hlc, RecordId};

use crate::{Hit, Hits, Snapshot, by_time, schema::id_parts};

/// A place in a list by time: behind the record with this clock and this beginning of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// The raw clock of the record.
    pub hlc: u64,
    /// The first eight bytes of its id.
    pub id: u64,
}

impl Behind {
    /// Behind this record.
    pub fn of(hlc: Hlc, id: &RecordId) -> Self {
        let [first, ..] = id_parts(id);
        Self {
            hlc: hlc.raw(),
            id: first,
        }
    }

    /// Whether a record comes later in the list.
    fn is_before(self, sort: Sort, hlc: u64, id: u64) -> bool {
        match sort {
            Sort::Oldest => (hlc, id) > (self.hlc, self.id),
            Sort::Newest | Sort::Relevance => (hlc, id) < (self.hlc, self.id),
        }
    }
}

/// The first `limit` hits behind a place, by time as the query sorts. The cost does not grow with what
/// stands before the place.
pub(crate) fn page(
    snapshot: &Snapshot,
    query: &ResolvedQuery,
    behind: Behind,
    limit: usize,
) -> tantivy::Result<Hits> {
    let (committed, items) = snapshot.split(query);
    let published = &*snapshot.published;
    let count = committed.count(&published.searcher)?;
    let total = count as u64 + items.len() as u64;
    let sort = query.sort;
    let mut found = by_time::first(published, &*committed, sort, Some(behind), limit, count)?;
    found.extend(items.into_iter().filter_map(|item| {
        let (hlc, id) = (item.item().hlc.raw(), item.item().id);
        let [first, ..] = id_parts(&id);
        behind
            .is_before(query.sort, hlc, first)
            .then_some((hlc, id))
    }));
    found.sort_unstable();
    if query.sort != Sort::Oldest {
        found.reverse();
    }
    found.truncate(limit);
    let hits = found.into_iter().map(|(_, id)| Hit { id, score: 0.0 });
    Ok(Hits {
        total,
        hits: hits.collect(),
    })
}
