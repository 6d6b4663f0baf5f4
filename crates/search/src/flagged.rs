//! Which of some records have a flag, without reading any of them.
//!
//! For each page of hits this is asked once, so it goes straight to the lists of the few ids: a query
//! for a set of terms builds an automaton and a set of all items of each segment first.

use std::collections::BTreeSet;

use folkmoot_library::Flag;
use folkmoot_record::RecordId;
use tantivy::{DocId, DocSet, TERMINATED, schema::IndexRecordOption};

use crate::{Snapshot, schema::fact, tail::live};

pub(crate) fn among(
    snapshot: &Snapshot,
    ids: &[RecordId],
    flag: Flag,
) -> tantivy::Result<BTreeSet<RecordId>> {
    let (items, removed) = live(&snapshot.batches);
    let asked: BTreeSet<RecordId> = ids.iter().copied().collect();
    let published = &*snapshot.published;
    let fields = &published.fields;
    let mut found = BTreeSet::new();
    for segment in published.searcher.segment_readers() {
        let facts = segment.inverted_index(fields.facts)?;
        let postings =
            |fact: &[u8]| facts.read_postings(&fields.fact(fact), IndexRecordOption::Basic);
        let Some(mut flagged) = postings(&fact::flag(flag))? else {
            continue;
        };
        let alive = segment.alive_bitset();
        let mut places: Vec<(DocId, RecordId)> = Vec::new();
        for id in asked.difference(&removed) {
            let Some(mut held) = postings(&fact::id(id))? else {
                continue;
            };
            while held.doc() != TERMINATED {
                if alive.is_none_or(|alive| alive.is_alive(held.doc())) {
                    places.push((held.doc(), *id));
                }
                held.advance();
            }
        }
        // Lists are read forwards only.
        places.sort_unstable();
        for (doc, id) in places {
            if flagged.doc() < doc {
                flagged.seek(doc);
            }
            if flagged.doc() == doc {
                found.insert(id);
            }
        }
    }
    let waiting = items.into_iter().map(folkmoot_library::Searchable::item);
    found.extend(
        waiting
            .filter(|item| item.flags.has(flag) && asked.contains(&item.id))
            .map(|item| item.id),
    );
    Ok(found)
}
