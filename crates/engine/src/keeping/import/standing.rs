//! Whether an item is new, there already, or a document whose source has changed.

use folkmoot_api::{ApiError, ImportItem};
use folkmoot_record::{RecordId, SeatKey, Verified};
use folkmoot_store::Vault;

use super::{
    Ready,
    known::Known,
    prints::{Prints, source_bytes},
    sources::Fact,
};
use crate::{
    errors::store_failed,
    exchange::holdings::read,
    keeping::{
        documents::{Document, document_of},
        edit::Says,
    },
    membership::collective::Collective,
};

/// How an item stands to what is here.
pub(super) enum Standing {
    New,
    /// It is there; what is to be remembered of its source, where that is new.
    There(Option<Fact>),
    Changed(Box<Change>),
}

/// A document to which its source gives a new version.
pub(super) struct Change {
    pub(super) document: Document,
    /// The version that the new one replaces: what was read from the source before.
    pub(super) base: RecordId,
    /// What that says.
    pub(super) says: Says,
}

impl Change {
    /// Whether the new version will stand beside one that was written here meanwhile.
    pub(super) fn is_beside(&self) -> bool {
        !self.document.versions.current().contains(&self.base)
    }
}

/// Looks, in this order, at the id that the item gives, the source that is remembered, the source
/// that a record names, and the content.
pub(super) fn of(
    collective: &mut Collective,
    store: &Vault,
    known: &Known,
    item: &ImportItem,
    ready: &Ready,
) -> Result<Standing, ApiError> {
    let seat = collective.secrets.seat;
    let cid = collective.cid();
    let path = |path: &(_, String)| path.1.clone();
    if let Some(id) = item
        .id
        .as_deref()
        .and_then(|id| id.parse::<RecordId>().ok())
        && let Some(document) = own_document(collective, store, &id, &seat)?
    {
        let base = item.base.as_deref().and_then(|id| id.parse().ok());
        return Ok(against(document, base, ready));
    }
    let Some(source) = &ready.source else {
        return Ok(match known.with_content(&ready.prints.seen) {
            Some(_) => Standing::There(None),
            None => Standing::New,
        });
    };
    if let Some(fact) = Fact::read(store, &cid, &seat, &source.0).map_err(store_failed)? {
        if fact.print == ready.prints.whole {
            return Ok(Standing::There(None));
        }
        // What was taken back here, and is written anew in its source, is new.
        return Ok(
            match own_document(collective, store, &fact.document, &seat)? {
                Some(document) => changed(document, Some(fact.version)).unwrap_or(Standing::New),
                None => Standing::New,
            },
        );
    }
    if let Some(id) = known.of_source(source.0.bytes())
        && let Some(document) = own_document(collective, store, &id, &seat)?
    {
        return Ok(against(document, None, ready));
    }
    let Some(record) = newest(store, known, ready)? else {
        return Ok(Standing::New);
    };
    let Some((prints, content)) = Prints::of_record(&record) else {
        return Ok(Standing::There(None));
    };
    // The same text in two files of one folder is one document, and belongs to the first.
    if source_bytes(&content).is_some_and(|other| source.0.is_beside(&other)) {
        return Ok(Standing::There(None));
    }
    let Some(id) = document_of(&record.id(), record.header()) else {
        return Ok(Standing::There(None));
    };
    if prints.whole == ready.prints.whole {
        return Ok(Standing::There(Some(Fact {
            document: id,
            version: record.id(),
            print: prints.whole,
            path: path(source),
        })));
    }
    let document = own_document(collective, store, &id, &seat)?;
    let document = document.filter(|d| d.versions.current().contains(&record.id()));
    Ok(document
        .and_then(|document| changed(document, Some(record.id())))
        .unwrap_or(Standing::There(None)))
}

/// How an item stands to a document of which it is a copy.
fn against(document: Document, base: Option<RecordId>, ready: &Ready) -> Standing {
    let same = document.records.iter().find(|(id, record)| {
        document.content(id).is_some()
            && Prints::of_record(record).is_some_and(|(prints, _)| prints == ready.prints)
    });
    if let Some((version, _)) = same {
        return Standing::There(ready.source.as_ref().map(|(_, path)| Fact {
            document: document.id,
            version: *version,
            print: ready.prints.whole,
            path: path.clone(),
        }));
    }
    changed(document, base).unwrap_or(Standing::New)
}

/// `None` where no version of the document can be read any more.
fn changed(document: Document, base: Option<RecordId>) -> Option<Standing> {
    let shown = document.current().first().map(|record| record.id())?;
    let is_there = |id: &RecordId| document.content(id).is_some();
    // Where nobody knows what was read before, an edit made here is not undone: the new version stands
    // beside it.
    let edited = document.records.len() > 1;
    let begun = Some(document.id).filter(|id| edited && is_there(id));
    let base = base.filter(is_there).or(begun).unwrap_or(shown);
    let says = Says::of(&document, &base)?;
    Some(Standing::Changed(Box::new(Change {
        document,
        base,
        says,
    })))
}

/// A document that this person began and that can be read.
fn own_document(
    collective: &mut Collective,
    store: &Vault,
    id: &RecordId,
    seat: &SeatKey,
) -> Result<Option<Document>, ApiError> {
    let document = collective.document(store, id).map_err(store_failed)?;
    Ok(document.filter(|document| {
        document.first().is_some_and(|first| first.seat == *seat) && !document.current().is_empty()
    }))
}

/// The record that was written last with this content.
fn newest(store: &Vault, known: &Known, ready: &Ready) -> Result<Option<Verified>, ApiError> {
    let Some(digits) = known.with_content(&ready.prints.seen) else {
        return Ok(None);
    };
    let ids = store.matching(&digits, 1).map_err(store_failed)?;
    Ok(ids.first().and_then(|id| read(store, id)))
}
