//! What was taken back and written anew: the old id leads to the new one.

use std::collections::BTreeSet;

use folkmoot_api::ApiError;
use folkmoot_record::{CollectiveId, RecordId, Rel};
use folkmoot_store::{Entry, Vault};

use crate::{core::Core, errors::store_unread, exchange::holdings::read, keeping::erasure::Fate};

/// Facts about what was written anew: `u/n/`, what was taken back; its value is the new record.
const ANEW: &[u8] = b"u/n/";
/// The same of a whole document, where one of its versions was named.
const ANEW_WHOLE: &[u8] = b"u/w/";
/// How often one thing was taken back and written anew, of which the comments are looked for.
const MOST_TIMES: usize = 16;

/// The record as which this one stands: what it was written anew as, and so on; itself where it was
/// not. What was taken back in turn is that which is gone.
pub(super) fn stands_as(store: &Vault, id: &RecordId) -> Result<RecordId, ApiError> {
    let mut at = *id;
    for _ in 0..MOST_TIMES {
        let anew = match fact(store, ANEW, &at)? {
            None => fact(store, ANEW_WHOLE, &at)?,
            anew => anew,
        };
        let Some(anew) = anew else {
            break;
        };
        at = anew;
    }
    Ok(at)
}

/// The record that a fact of this kind names.
fn fact(store: &Vault, kind: &[u8], of: &RecordId) -> Result<Option<RecordId>, ApiError> {
    let key = [kind, of.as_bytes()].concat();
    let anew = store.local(&key).map_err(store_unread)?;
    let anew = anew.and_then(|id| <[u8; 32]>::try_from(id).ok());
    Ok(anew.map(RecordId::from_bytes))
}

/// The facts that `old` was written anew as `new`. Where it is one version of a document, the others
/// stay in the trash; `whole` is that document, where it was gone.
pub(super) fn written(old: &RecordId, new: &RecordId, whole: Option<&RecordId>) -> Vec<Entry> {
    let whole = whole.map(|whole| (ANEW_WHOLE, whole));
    let facts = [(ANEW, old)].into_iter().chain(whole);
    facts
        .map(|(kind, of)| Entry::Local {
            key: [kind, of.as_bytes()].concat(),
            value: Some(new.to_bytes().to_vec()),
        })
        .collect()
}

impl Core {
    /// The record by which this one was written anew, as long as that stands.
    pub(super) fn written_anew(&mut self, old: &RecordId) -> Result<Option<RecordId>, ApiError> {
        let Some(id) = fact(&self.store, ANEW, old)? else {
            return Ok(None);
        };
        let Some(record) = read(&self.store, &id) else {
            return Ok(None);
        };
        let Some(cid) = record.header().cid else {
            return Ok(None);
        };
        let fate = self.fate_of(&cid, &record)?;
        Ok((!matches!(fate, Fate::Erased(_))).then_some(id))
    }

    /// What a record was written anew from, by its author, who had taken that back: what was said of
    /// it was said of the same words.
    pub(super) fn written_before(
        &mut self,
        cid: CollectiveId,
        id: &RecordId,
    ) -> Result<BTreeSet<RecordId>, ApiError> {
        let mut before = BTreeSet::new();
        let mut at = *id;
        while before.len() < MOST_TIMES {
            let Some(record) = read(&self.store, &at) else {
                break;
            };
            let header = record.header();
            let mut from = header.refs.iter().filter(|r| r.rel == Rel::DERIVED_FROM);
            let old = from.find_map(|r| {
                let old = self.document_at(&r.id);
                let first = read(&self.store, &old)?;
                let theirs = first.header();
                let same = (theirs.cid, theirs.seat, theirs.kind)
                    == (header.cid, header.seat, header.kind);
                same.then_some((old, first))
            });
            let Some((old, first)) = old else {
                break;
            };
            if !matches!(self.fate_of(&cid, &first)?, Fate::Erased(_)) || !before.insert(old) {
                break;
            }
            at = old;
        }
        Ok(before)
    }
}
