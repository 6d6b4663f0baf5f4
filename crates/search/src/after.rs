//! Pages of a list: what comes behind a place, whatever stands before it.

use folkmoot_library::{ResolvedQuery, Sort};
use folkmoot_record::{Hlc, RecordId};
use tantivy::{
    Order,
    collector::{TopDocs, sort_key::SortByStaticFastValue},
};

use crate::{
    Hit, Hits, Snapshot,
    schema::{HLC, ID, id_parts},
    translate,
};

/// Records of one clock value that are looked at at once: two of one device have two values.
const TIES: usize = 16;

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
    let searcher = &published.searcher;
    let total = committed.count(searcher)? as u64 + items.len() as u64;
    let later = translate::later(committed, behind.hlc, query.sort, published.hlc);
    let order = match query.sort {
        Sort::Oldest => Order::Asc,
        Sort::Newest | Sort::Relevance => Order::Desc,
    };
    let [id, ..] = ID;
    let by = |column| (SortByStaticFastValue::<u64>::for_field(column), order);
    let mut found: Vec<(u64, RecordId)> = Vec::new();
    let mut wanted = limit.saturating_add(TIES);
    loop {
        let top = TopDocs::with_limit(wanted.max(1)).order_by((by(HLC), by(id)));
        let top = searcher.search(&later, &top)?;
        let all = top.len() < wanted;
        found.clear();
        found.extend(top.into_iter().filter_map(|(_, at)| {
            let columns = published.columns.get(at.segment_ord as usize)?;
            let (hlc, id) = (columns.hlc(at.doc_id), columns.id(at.doc_id));
            let [first, ..] = id_parts(&id);
            behind
                .is_before(query.sort, hlc, first)
                .then_some((hlc, id))
        }));
        if all || found.len() >= limit {
            break;
        }
        wanted = wanted.saturating_mul(2);
    }
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
