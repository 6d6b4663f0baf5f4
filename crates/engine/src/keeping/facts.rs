//! Facts stored with records that bear on others, so that these find them.
//!
//! A version names its document, an act what it is aimed at. So that a document finds its versions and
//! acts, a local fact is stored with each: the record pointed at, the relation, the pointing record.

use std::ops::ControlFlow;

use folkmoot_api::ApiError;
use folkmoot_library::has_versions;
use folkmoot_record::{Kind, RecordId, Rel, Verified};
use folkmoot_store::{Entry, Logged, StoreError, Vault};

use crate::{
    core::Core,
    errors::{failed, store_failed},
    finding::saved,
    keeping::{
        erasure::{aim_value, is_act, purge_facts},
        trash,
    },
};

/// Facts about pointers: `k/`, the record pointed at, one byte of relation, the pointing record.
const POINTERS: &[u8] = b"k/";
/// Facts about reactions: `g/`, what they are about, the reaction. They change nothing of how that
/// is read, so they stand apart from the pointers that do.
const REACTIONS: &[u8] = b"g/";
/// Facts about comments: `c/`, what they answer, the comment. Below one that was taken back they are
/// found by these alone.
const COMMENTS: &[u8] = b"c/";
/// Facts written in one group where they are made again.
const FACTS_A_GROUP: usize = 4_096;

/// The facts that are stored with these entries.
pub(crate) fn facts(entries: &[Entry]) -> Vec<Entry> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Record(record, received_ms) => Some((record, *received_ms)),
            _ => None,
        })
        .flat_map(|(record, received_ms)| facts_of(record, received_ms))
        .map(|(key, value)| Entry::Local {
            key,
            value: Some(value),
        })
        .collect()
}

/// The facts that a record makes: key and value.
fn facts_of(record: &Verified, received_ms: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let bare = |key: Vec<u8>| (key, Vec::new());
    let mut facts = pointers(record);
    facts.extend(purge_facts(record).into_iter().map(bare));
    facts.extend(reaction(record).into_iter().map(bare));
    facts.extend(comment(record).into_iter().map(bare));
    facts.extend(saved::fact(record).map(bare));
    facts.extend(trash::facts(record, received_ms).into_iter().map(bare));
    facts
}

/// The pointers by which others are found from the record pointed at.
fn pointers(record: &Verified) -> Vec<(Vec<u8>, Vec<u8>)> {
    let header = record.header();
    let (rel, value) = match header.kind {
        kind if has_versions(kind) => (Rel::DOCUMENT, Vec::new()),
        kind if is_act(kind) => (Rel::ABOUT, aim_value(header)),
        _ => return Vec::new(),
    };
    let aimed = header.refs.iter().filter(|r| r.rel == rel);
    aimed
        .map(|r| {
            let key = [pointing(&r.id, rel), record.id().to_bytes().to_vec()].concat();
            (key, value.clone())
        })
        .collect()
}

fn reaction(record: &Verified) -> Option<Vec<u8>> {
    let header = record.header();
    let mut about = header.refs.iter().filter(|r| r.rel == Rel::ABOUT);
    let about = about.next().filter(|_| header.kind == Kind::REACTION)?;
    Some([REACTIONS, about.id.as_bytes(), record.id().as_bytes()].concat())
}

/// The first record of a comment; a version of one stays where that stands.
fn comment(record: &Verified) -> Option<Vec<u8>> {
    let header = record.header();
    let of_rel = |rel| header.refs.iter().find(|r| r.rel == rel);
    if header.kind != Kind::COMMENT || of_rel(Rel::DOCUMENT).is_some() {
        return None;
    }
    let answered = of_rel(Rel::REPLY_TO).or_else(|| of_rel(Rel::ABOUT))?;
    Some([COMMENTS, answered.id.as_bytes(), record.id().as_bytes()].concat())
}

/// The comments that answer a record, whoever wrote them.
pub(crate) fn comments_to(store: &Vault, at: &RecordId) -> Result<Vec<RecordId>, StoreError> {
    named_by(store, COMMENTS, at)
}

/// The reactions to a record, whoever wrote them.
pub(crate) fn reactions_to(store: &Vault, at: &RecordId) -> Result<Vec<RecordId>, StoreError> {
    named_by(store, REACTIONS, at)
}

fn named_by(store: &Vault, table: &[u8], at: &RecordId) -> Result<Vec<RecordId>, StoreError> {
    let prefix = [table, at.as_bytes()].concat();
    let facts = store.scan_local(&prefix)?;
    let ids = facts.into_iter().filter_map(|(key, _)| {
        let id: [u8; 32] = key.get(prefix.len()..)?.try_into().ok()?;
        Some(RecordId::from_bytes(id))
    });
    Ok(ids.collect())
}

fn pointing(at: &RecordId, rel: Rel) -> Vec<u8> {
    [POINTERS, at.as_bytes(), &[rel.0]].concat()
}

/// The records that point at this one so, whoever wrote them, with what their facts say.
pub(crate) fn facts_at(
    store: &Vault,
    at: &RecordId,
    rel: Rel,
) -> Result<Vec<(RecordId, Vec<u8>)>, StoreError> {
    let prefix = pointing(at, rel);
    let facts = store.scan_local(&prefix)?;
    let ids = facts.into_iter().filter_map(|(key, value)| {
        let id: [u8; 32] = key.get(prefix.len()..)?.try_into().ok()?;
        Some((RecordId::from_bytes(id), value))
    });
    Ok(ids.collect())
}

/// Whether nothing bears on a record: no version of it, no act.
pub(crate) fn is_untouched(store: &Vault, id: &RecordId) -> Result<bool, StoreError> {
    let prefix = [POINTERS, id.as_bytes()].concat();
    Ok(store.scan_local(&prefix)?.is_empty())
}

/// The records that name this one as their document, whoever wrote them.
pub(crate) fn candidates(store: &Vault, document: &RecordId) -> Result<Vec<RecordId>, StoreError> {
    let facts = facts_at(store, document, Rel::DOCUMENT)?;
    Ok(facts.into_iter().map(|(id, _)| id).collect())
}

impl Core {
    /// Makes the facts again that damage of the log took: without them versions would stand alone.
    pub(crate) fn mend_facts(&mut self) {
        if let Err(error) = self.try_to_mend_facts() {
            self.warn(format!(
                "which versions belong to which document could not be read again: {error}"
            ));
        }
    }

    fn try_to_mend_facts(&mut self) -> Result<(), ApiError> {
        let mut missing = Vec::new();
        let mut fault = None;
        let start = folkmoot_store::LogCursor::default();
        self.store
            .records_since(start, &mut |logged, _| {
                if let Logged::Record(record, received_ms) = logged {
                    for (key, value) in facts_of(&record, received_ms) {
                        match self.store.local(&key) {
                            Ok(Some(_)) => {}
                            Ok(None) => missing.push((key, value)),
                            Err(error) => {
                                fault = Some(error);
                                return ControlFlow::Break(());
                            }
                        }
                    }
                }
                ControlFlow::Continue(())
            })
            .map_err(store_failed)?;
        if let Some(error) = fault {
            return Err(failed(error.to_string()));
        }
        for facts in missing.chunks(FACTS_A_GROUP) {
            let entries: Vec<Entry> = facts
                .iter()
                .map(|(key, value)| Entry::Local {
                    key: key.clone(),
                    value: Some(value.clone()),
                })
                .collect();
            self.store.commit(&entries).map_err(store_failed)?;
        }
        Ok(())
    }
}
