//! Whether an item is new, there already, or a document whose source has changed.

use std::collections::BTreeSet;

use folkmoot_api::ApiError;
use folkmoot_record::{RecordId, Rel, Verified};
use folkmoot_store::Vault;

use super::{
    Ready,
    known::Known,
    origins::{Came, Head, Origin},
    prints::{Prints, source_bytes},
    sources::Fact,
};
use crate::{
    errors::store_failed,
    exchange::holdings::read,
    keeping::{
        anew::stands_as,
        documents::{Document, document_of},
        edit::Says,
    },
    membership::collective::Collective,
};

/// Why an item is not taken: nobody can tell whether it says something new.
pub(super) const GONE: &str = "it was taken back here and its text is gone from this home; without its id it is a new document";
/// Why an item is not taken: it would undo a later one.
const OLDER: &str = "an older version of this page than the one that was read before";

/// How an item stands to what is here.
pub(super) enum Standing {
    New,
    /// It is there; what says it, where that is to be remembered.
    There(Option<Said>),
    Changed(Box<Change>),
    Refused(&'static str),
}

/// A version that says what an item says.
pub(super) struct Said {
    pub(super) document: RecordId,
    pub(super) version: RecordId,
    /// Whether it is remembered as what a page of this id was read into last.
    pub(super) is_read: bool,
}

/// A document to which its source gives a new version.
pub(super) struct Change {
    pub(super) document: Document,
    /// The version that the new one replaces: what was read from the source before.
    pub(super) base: RecordId,
    /// What that says.
    pub(super) says: Says,
    /// Whether the version that the item names is known here and says something else: somebody has
    /// changed the page since an export wrote it.
    pub(super) is_edited: bool,
}

impl Change {
    /// Whether the new version will stand beside one that was written here meanwhile.
    pub(super) fn is_beside(&self) -> bool {
        !self.document.versions.current().contains(&self.base)
    }
}

/// How a document stands to an item of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It can be read.
    Open,
    /// It was taken back, and said the same.
    Said,
    /// It was taken back, and said something else.
    Differs,
    /// It was taken back, and nobody can tell any more what it said.
    Gone,
}

impl State {
    pub(super) fn of(document: &Document, ready: &Ready) -> Self {
        let mut records = document.records.values();
        if !document.current().is_empty() {
            Self::Open
        } else if records.clone().any(|record| ready.is_said_by(record)) {
            Self::Said
        } else if records.all(|record| record.body().is_some()) {
            Self::Differs
        } else {
            Self::Gone
        }
    }
}

/// The versions of a document that count where they say what an item says.
enum Among {
    Any,
    Current,
    /// Those of a line of versions.
    From(Line),
}

/// What an item may stand in.
struct Line {
    /// The versions that it names.
    named: BTreeSet<RecordId>,
    /// Those of them that are what its version said, and not a file that was edited since.
    as_written: BTreeSet<RecordId>,
    /// What was read last.
    base: RecordId,
    /// What was read from its source last, where that named the same version: the source was edited
    /// since it was written, and what it says now it says after that.
    edited: Option<RecordId>,
}

impl Line {
    fn holds(&self, document: &Document, id: &RecordId) -> bool {
        let is_undone = |edited: &RecordId| comes_after(document, edited, id);
        !self.edited.as_ref().is_some_and(is_undone)
            && (self.named.contains(id)
                || *id == self.base
                || comes_after(document, id, &self.base))
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
        Some((source, _)) => Fact::read(store, &cid, &seat, source)?,
        None => None,
    };
    // What was taken back here stays so until its source changes.
    if fact
        .as_ref()
        .is_some_and(|fact| fact.print == ready.prints.whole)
    {
        return Ok(Standing::There(None));
    }
    if let Some(id) = ready.id
        && let Some(standing) = of_id(collective, store, ready, &id, fact.as_ref())?
    {
        return Ok(standing);
    }
    if ready.exact.is_some() && ready.id.is_some() {
        return brought(collective, store, known, ready);
    }
    let Some((source, _)) = &ready.source else {
        return Ok(match known.with_content(&ready.prints.seen) {
            Some(_) => Standing::There(None),
            None => Standing::New,
        });
    };
    if let Some(fact) = fact {
        let document = stands_as(store, &fact.document)?;
        let Some(document) = open_document(collective, store, &document)? else {
            // What was taken back here, and is written anew in its source, is new.
            return Ok(Standing::New);
        };
        // Another release may have made the print.
        let read = document.records.get(&fact.version);
        let is_same = document.content(&fact.version).is_some()
            && read.is_some_and(|record| ready.is_said_by(record));
        return Ok(match is_same {
            true => there(&document, fact.version),
            false => changed(document, Some(fact.version), false).unwrap_or(Standing::New),
        });
    }
    if let Some(id) = known.of_source(source.bytes())
        && let Some(document) = open_document(collective, store, &id)?
    {
        return Ok(against(document, None, &Among::Any, ready));
    }
    let Some(record) = newest(store, known, ready)? else {
        return Ok(Standing::New);
    };
    let Some((_, content)) = Prints::of_record(&record) else {
        return Ok(Standing::There(None));
    };
    // The same text in two files of one folder is one document, and belongs to the first.
    if source_bytes(&content).is_some_and(|other| source.is_beside(&other)) {
        return Ok(Standing::There(None));
    }
    let Some(id) = document_of(&record.id(), record.header()) else {
        return Ok(Standing::There(None));
    };
    if ready.is_said_by(&record) {
        return Ok(Standing::There(Some(Said {
            document: id,
            version: record.id(),
            is_read: false,
        })));
    }
    let document = open_document(collective, store, &id)?;
    let document = document.filter(|d| d.versions.current().contains(&record.id()));
    Ok(document
        .and_then(|document| changed(document, Some(record.id()), false))
        .unwrap_or(Standing::There(None)))
}

/// How an item stands to the document of its id, and to the one that a page of this id was read into;
/// `None` where neither is here, or both were taken back and it says something else.
fn of_id(
    collective: &mut Collective,
    store: &Vault,
    ready: &Ready,
    id: &RecordId,
    fact: Option<&Fact>,
) -> Result<Option<Standing>, ApiError> {
    let mut is_gone = false;
    let own = stands_as(store, id)?;
    let is_anew = own != *id && fact.is_none_or(|fact| fact.document != own);
    if is_anew
        && let Some(before) = own_document(collective, store, id)?
        && is_as_before(&before, ready, fact)
    {
        // What was written anew points to what it was before, which no file says.
        return Ok(Some(Standing::There(None)));
    }
    if let Some(document) = own_document(collective, store, &own)? {
        let first = document.records.get(&document.id);
        match State::of(&document, ready) {
            // What it was before is not held any more.
            State::Open if is_anew && first.is_some_and(|first| ready.is_text_of(first)) => {
                return Ok(Some(Standing::There(None)));
            }
            State::Open => return Ok(Some(of_own(document, ready, fact))),
            State::Said => return Ok(Some(Standing::There(None))),
            State::Gone => is_gone = true,
            State::Differs => {}
        }
    }
    let (cid, seat) = (collective.cid(), collective.secrets.seat);
    if let Some(came) = Came::read(store, &cid, &seat, id)? {
        let document = stands_as(store, &came.document)?;
        if document != came.document {
            if came.print == ready.prints.whole {
                return Ok(Some(Standing::There(None)));
            }
            // What was read into it before it was written anew still tells which page is older.
            if let Some(before) = own_document(collective, store, &came.document)?
                && is_older(&before, store, ready)?
            {
                return Ok(Some(match State::of(&before, ready) {
                    State::Said => Standing::There(None),
                    _ => Standing::Refused(OLDER),
                }));
            }
        }
        let document = own_document(collective, store, &document)?;
        let state = document.as_ref().map(|one| State::of(one, ready));
        match (state, document) {
            (Some(State::Open), Some(document)) => {
                return of_copy(document, store, ready, &came, fact).map(Some);
            }
            (Some(State::Said), _) => return Ok(Some(Standing::There(None))),
            _ if came.print == ready.prints.whole => return Ok(Some(Standing::There(None))),
            (Some(State::Differs), Some(document)) if is_older(&document, store, ready)? => {
                return Ok(Some(Standing::Refused(OLDER)));
            }
            (Some(State::Gone), _) => is_gone = true,
            _ => {}
        }
    }
    Ok(is_gone.then_some(Standing::Refused(GONE)))
}

/// Whether an item says what a document that was taken back said where its file was read last, or
/// written; of any of its versions where nobody knows that one.
fn is_as_before(before: &Document, ready: &Ready, fact: Option<&Fact>) -> bool {
    let read = fact.filter(|fact| fact.document == before.id);
    let last = read.map(|fact| fact.version).or(ready.base);
    let last = last.and_then(|id| before.records.get(&id));
    match last.filter(|record| record.body().is_some()) {
        Some(record) => ready.is_said_by(record),
        None => State::of(before, ready) == State::Said,
    }
}

/// How an item stands to a document of this home.
fn of_own(document: Document, ready: &Ready, fact: Option<&Fact>) -> Standing {
    let held = |id: &RecordId| document.records.contains_key(id);
    let named = ready.base.filter(held);
    // What was read from the file last, where that came after the version that it names, or where
    // that is one of another home.
    let read = fact.map(|fact| fact.version).filter(held);
    let base = match (named, read) {
        (Some(named), Some(read)) if !comes_after(&document, &read, &named) => Some(named),
        (named, read) => read.or(named),
    };
    let among = match (named, base) {
        (Some(named), Some(base)) => Among::From(Line {
            named: BTreeSet::from([named]),
            as_written: BTreeSet::from([named]),
            base,
            edited: read_as_named(&document, ready, fact),
        }),
        _ => Among::Current,
    };
    against(document, base, &among, ready)
}

/// The version that was read from the source of an item last, where the source named the version then
/// that it names now.
fn read_as_named(document: &Document, ready: &Ready, fact: Option<&Fact>) -> Option<RecordId> {
    let fact = fact?;
    let record = document.records.get(&fact.version)?;
    (ready.print_of(record) == Some(fact.print)).then_some(fact.version)
}

/// How a page stands to the document that it was read into before.
fn of_copy(
    document: Document,
    store: &Vault,
    ready: &Ready,
    came: &Came,
    fact: Option<&Fact>,
) -> Result<Standing, ApiError> {
    let (named, as_written) = read_from(&document, store, ready.base)?;
    let mut ends = named
        .iter()
        .filter(|id| !named.iter().any(|later| comes_after(&document, later, id)));
    // The one that was read last, if it is one of several.
    let base = match named.contains(&came.version) {
        true => Some(came.version),
        false => ends.next().copied(),
    };
    let is_older = base.is_none() && is_older(&document, store, ready)?;
    let among = match base {
        Some(base) => Among::From(Line {
            named,
            as_written,
            base,
            edited: read_as_named(&document, ready, fact),
        }),
        None => Among::Current,
    };
    let is_news = base.is_none();
    Ok(
        match against(document, base.or(Some(came.version)), &among, ready) {
            Standing::Changed(_) if is_older => Standing::Refused(OLDER),
            Standing::There(Some(said)) => Standing::There(Some(Said {
                is_read: is_news && said.version != came.version,
                ..said
            })),
            standing => standing,
        },
    )
}

/// A page that this home has not read: another device of this person may have, from the same source.
fn brought(
    collective: &mut Collective,
    store: &Vault,
    known: &Known,
    ready: &Ready,
) -> Result<Standing, ApiError> {
    let Some((source, _)) = &ready.source else {
        return Ok(Standing::New);
    };
    let Some(id) = known.of_source(source.bytes()) else {
        return Ok(Standing::New);
    };
    // What this home read is known by its id: then this is another page of the same name.
    if Origin::read(store, &id)?.is_some() {
        return Ok(Standing::New);
    }
    let document = open_document(collective, store, &id)?;
    let said = document.and_then(|document| {
        let mut versions = document.records.iter();
        let same = versions
            .find(|(id, record)| document.content(id).is_some() && ready.is_said_by(record));
        same.map(|(version, _)| Said {
            document: document.id,
            version: *version,
            is_read: true,
        })
    });
    Ok(said.map_or(Standing::New, |said| Standing::There(Some(said))))
}

/// The versions of a document that were read from that version of a page, and those of them that are
/// what it said.
fn read_from(
    document: &Document,
    store: &Vault,
    version: Option<RecordId>,
) -> Result<(BTreeSet<RecordId>, BTreeSet<RecordId>), ApiError> {
    let (mut found, mut as_written) = (BTreeSet::new(), BTreeSet::new());
    let Some(version) = version else {
        return Ok((found, as_written));
    };
    let named = version.to_string();
    for id in document.records.keys() {
        let origin = Origin::read(store, id)?;
        let origin = origin.filter(|origin| origin.is_of(&named));
        // Or it was written here after the page was read, and exported again.
        if *id == version || origin.as_ref().is_some_and(|origin| origin.head.is_some()) {
            as_written.insert(*id);
        }
        if *id == version || origin.is_some() {
            found.insert(*id);
        }
    }
    Ok((found, as_written))
}

/// Whether a page was written before one that was read already.
fn is_older(document: &Document, store: &Vault, ready: &Ready) -> Result<bool, ApiError> {
    let head = ready.exact.as_ref().and_then(|exact| exact.head.as_ref());
    let Some(time) = head.and_then(Head::time) else {
        return Ok(false);
    };
    for id in document.records.keys() {
        let origin = Origin::read(store, id)?;
        let read = origin.and_then(|origin| origin.head?.time());
        if read.is_some_and(|read| time < read) {
            return Ok(true);
        }
    }
    Ok(false)
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

/// How an item stands to a document of which it is a copy.
fn against(document: Document, base: Option<RecordId>, among: &Among, ready: &Ready) -> Standing {
    let counts = |id: &RecordId| match among {
        Among::Any => true,
        Among::Current => document.versions.current().contains(id),
        Among::From(line) => line.holds(&document, id),
    };
    let same = document.records.iter().find(|(id, record)| {
        document.content(id).is_some() && ready.is_said_by(record) && counts(id)
    });
    if let Some((version, _)) = same {
        return there(&document, *version);
    }
    // One that says the same and points elsewhere was changed by nobody.
    let is_edited = match among {
        Among::From(line) => !line
            .as_written
            .iter()
            .filter_map(|id| document.records.get(id))
            .any(|record| ready.is_text_of(record)),
        Among::Any | Among::Current => false,
    };
    changed(document, base, is_edited).unwrap_or(Standing::New)
}

const fn there(document: &Document, version: RecordId) -> Standing {
    Standing::There(Some(Said {
        document: document.id,
        version,
        is_read: false,
    }))
}

/// `None` where no version of the document can be read any more.
fn changed(document: Document, base: Option<RecordId>, is_edited: bool) -> Option<Standing> {
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
        is_edited,
    })))
}

/// A document that this person began.
fn own_document(
    collective: &mut Collective,
    store: &Vault,
    id: &RecordId,
) -> Result<Option<Document>, ApiError> {
    let seat = collective.secrets.seat;
    let document = collective.document(store, id).map_err(store_failed)?;
    Ok(document.filter(|document| document.first().is_some_and(|first| first.seat == seat)))
}

/// A document that this person began and that can be read.
fn open_document(
    collective: &mut Collective,
    store: &Vault,
    id: &RecordId,
) -> Result<Option<Document>, ApiError> {
    let document = own_document(collective, store, id)?;
    Ok(document.filter(|document| !document.current().is_empty()))
}

/// The record that was written last with this content.
fn newest(store: &Vault, known: &Known, ready: &Ready) -> Result<Option<Verified>, ApiError> {
    let Some(digits) = known.with_content(&ready.prints.seen) else {
        return Ok(None);
    };
    let ids = store.matching(&digits, 1).map_err(store_failed)?;
    Ok(ids.first().and_then(|id| read(store, id)))
}
