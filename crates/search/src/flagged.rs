//! Which of some records have a flag, without reading any of them.

use std::collections::BTreeSet;

use folkmoot_library::{Expr, Flag, Test};
use folkmoot_record::RecordId;
use tantivy::query::{BooleanQuery, Occur};

use crate::{
    Snapshot,
    facets::Matching,
    schema::fact,
    tail::live,
    translate::{self, any_fact},
};

pub(crate) fn among(
    snapshot: &Snapshot,
    ids: &[RecordId],
    flag: Flag,
) -> tantivy::Result<BTreeSet<RecordId>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (items, removed) = live(&snapshot.batches);
    let published = &*snapshot.published;
    let flagged = Expr::Is(Test::Flag(flag));
    let flagged = translate::query(&flagged, &removed, &published.fields, published.hlc);
    let these = any_fact(&published.fields, ids.iter().map(fact::id));
    let both = BooleanQuery::new(vec![(Occur::Must, these), (Occur::Must, flagged)]);
    let mut found = BTreeSet::new();
    for bits in published.searcher.search(&both, &Matching)? {
        if let Some(columns) = published.columns.get(bits.segment as usize) {
            bits.each(|doc| {
                found.insert(columns.id(doc));
            });
        }
    }
    let asked: BTreeSet<&RecordId> = ids.iter().collect();
    let waiting = items.into_iter().map(folkmoot_library::Searchable::item);
    found.extend(
        waiting
            .filter(|item| item.flags.has(flag) && asked.contains(&item.id))
            .map(|item| item.id),
    );
    Ok(found)
}
