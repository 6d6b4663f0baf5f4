//! Whether an item is new, there already, or a document whose source has changed.

use std::collections::BTreeSet;

use folkmoot_api::ApiError;
use folkmoot_record::{RecordId, Rel, SeatKey, Verified};
use folkmoot_store::Vault;

use super::{
    Ready,
    known::Known,
    origins::{Came, Origin},
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

/// Looks, in this order, at the source that is remembered where it says what it said, the id that the
/// item gives, the page of that id that was read before, the source that a record names, and the
/// content. A page that names an id is known by that alone: another one may say the same.
pub(super) fn of(
    collective: &mut Collective,
    store: &Vault,
    known: &Known,
    ready: &Ready,
) -> Result<Standing, ApiError> {
    let seat = collective.secrets.seat;
    let cid = collective.cid();
    let fact = match &ready.source {
        Some((source, _)) => Fact::read(store, &cid, &seat, source).map_err(store_failed)?,
        None => None,
    };
    // What was taken back here stays so until its source changes.
    if fact
        .as_ref()
        .is_some_and(|fact| fact.print == ready.prints.whole)
    {
        return Ok(Standing::There(None));
    }
    if let Some(id) = ready.id {
        if let Some(document) = own_document(collective, store, &id, &seat)? {
            let read = fact.as_ref().map(|fact| fact.version);
            let base = ready.base.filter(|id| document.records.contains_key(id));
            let is_known = base.is_some();
            // What was read from the file last, where that came after the version that it names.
            let base = match (base, read) {
                (Some(base), Some(read)) if comes_after(&document, &read, &base) => Some(read),
                (base, _) => base,
            };
            return Ok(against(document, base, is_known, ready));
        }
        if let Some(came) = Came::read(store, &cid, &seat, &id).map_err(store_failed)? {
            return match own_document(collective, store, &came.document, &seat)? {
                Some(document) => {
                    let base = read_from(&document, store, &came.version, ready.base)?;
                    let is_known = base.is_some();
                    let base = base.or(Some(came.version));
                    Ok(against(document, base, is_known, ready))
                }
                None if came.print == ready.prints.whole => Ok(Standing::There(None)),
                None => Ok(Standing::New),
            };
        }
    }
    if ready.exact.is_some() && ready.id.is_some() {
        return Ok(Standing::New);
    }
    let Some((source, path)) = &ready.source else {
        return Ok(match known.with_content(&ready.prints.seen) {
            Some(_) => Standing::There(None),
            None => Standing::New,
        });
    };
    if let Some(fact) = fact {
        // What was taken back here, and is written anew in its source, is new.
        return Ok(
            match own_document(collective, store, &fact.document, &seat)? {
                Some(document) => changed(document, Some(fact.version)).unwrap_or(Standing::New),
                None => Standing::New,
            },
        );
    }
    if let Some(id) = known.of_source(source.bytes())
        && let Some(document) = own_document(collective, store, &id, &seat)?
    {
        return Ok(against(document, None, true, ready));
    }
    let Some(record) = newest(store, known, ready)? else {
        return Ok(Standing::New);
    };
    let Some((prints, content)) = Prints::of_record(&record) else {
        return Ok(Standing::There(None));
    };
    // The same text in two files of one folder is one document, and belongs to the first.
    if source_bytes(&content).is_some_and(|other| source.is_beside(&other)) {
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
            path: path.clone(),
        })));
    }
    let document = own_document(collective, store, &id, &seat)?;
    let document = document.filter(|d| d.versions.current().contains(&record.id()));
    Ok(document
        .and_then(|document| changed(document, Some(record.id())))
        .unwrap_or(Standing::There(None)))
}

/// The version of a document that was read from that version of a page; the one read last, if it is
/// one of several.
fn read_from(
    document: &Document,
    store: &Vault,
    last: &RecordId,
    version: Option<RecordId>,
) -> Result<Option<RecordId>, ApiError> {
    let Some(version) = version else {
        return Ok(None);
    };
    let named = version.to_string();
    for id in std::iter::once(last).chain(document.records.keys()) {
        let origin = Origin::read(store, id).map_err(store_failed)?;
        let head = origin.and_then(|origin| origin.head);
        if head.is_some_and(|head| head.version == named) {
            return Ok(Some(*id));
        }
    }
    // One that was written here after the page was read, and exported again.
    Ok(Some(version).filter(|id| document.records.contains_key(id)))
}

/// Whether one version of a document replaces another, itself or through those between.
fn comes_after(document: &Document, later: &RecordId, earlier: &RecordId) -> bool {
    let mut open = vec![*later];
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        let Some(record) = document.records.get(&next).filter(|_| seen.insert(next)) else {
            continue;
        };
        let refs = record.header().refs.iter();
        for replaced in refs.filter(|r| r.rel == Rel::SUPERSEDES) {
            if replaced.id == *earlier {
                return true;
            }
            open.push(replaced.id);
        }
    }
    false
}

/// How an item stands to a document of which it is a copy. `is_known` says whether the version that
/// it names is one of those here.
fn against(document: Document, base: Option<RecordId>, is_known: bool, ready: &Ready) -> Standing {
    let says = |record: &Verified| match &ready.exact {
        Some(_) => ready.prints.is_said_by(record),
        None => Prints::of_record(record).is_some_and(|(prints, _)| prints == ready.prints),
    };
    // A page of a version that is not known here may say again what an older one said.
    let only_current = ready.exact.is_some() && !is_known;
    let same = document.records.iter().find(|(id, record)| {
        (!only_current || document.versions.current().contains(*id))
            && document.content(id).is_some()
            && says(record)
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
