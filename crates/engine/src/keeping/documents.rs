//! Documents: which records belong together, and which of them is read (section 8.1).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::documents::Rights;
use folkmoot_api::{ApiError, VersionView};
use folkmoot_library::{Item, Part, Version, Versions, part};
use folkmoot_record::{
    CollectiveId, Header, RecordId, Ref, SeatKey, Tag, Verified, content::Content, control::Actions,
};
use folkmoot_store::{StoreError, Vault};

use crate::{
    core::Core,
    errors::store_failed,
    exchange::holdings::read,
    finding::index::findable,
    intake::receive::mark,
    keeping::{
        edit::Says,
        erasure::Fate,
        facts::{candidates, is_untouched},
        tasks::task_view,
    },
    membership::{collective::Collective, invite::moment},
};

/// Most versions that say the same, which one version replaces at once: a record has a few pointers.
const MOST_ALIKE: usize = 8;

/// What tells a version from others.
type Print = (bool, (Vec<u8>, BTreeSet<Tag>, BTreeSet<Ref>));

/// One document with its honoured versions.
#[derive(Debug)]
pub(crate) struct Document {
    /// The id of its first record.
    pub(crate) id: RecordId,
    pub(crate) records: BTreeMap<RecordId, Verified>,
    pub(crate) versions: Versions,
    /// Versions that may be read: their body is held, fits, and was not taken back.
    readable: BTreeSet<RecordId>,
    /// Versions that somebody hid: whoever asks for them by their id reads them.
    hidden: BTreeSet<RecordId>,
}

impl Document {
    /// Whether somebody hid a version.
    pub(crate) fn is_hidden(&self, id: &RecordId) -> bool {
        self.hidden.contains(id)
    }

    /// The header of the first record.
    pub(crate) fn first(&self) -> Option<&Header> {
        self.records.get(&self.id).map(Verified::header)
    }

    /// The current versions that can be shown, the one to show first; of those that say the same the
    /// first one.
    pub(crate) fn current(&self) -> Vec<&Verified> {
        let mut heads = self.heads();
        if heads.len() > 1 {
            let mut seen = BTreeSet::new();
            heads.retain(|record| self.print(record).is_none_or(|print| seen.insert(print)));
        }
        heads
    }

    /// The current versions that can be shown, those that say the same too.
    pub(crate) fn heads(&self) -> Vec<&Verified> {
        self.versions
            .current()
            .iter()
            .filter(|id| self.readable.contains(*id))
            .filter_map(|id| self.records.get(id))
            .collect()
    }

    /// What stands beside a current version, and says something else.
    pub(crate) fn beside(&self, id: &RecordId) -> Vec<&Verified> {
        let own = self.records.get(id).and_then(|record| self.print(record));
        let mut beside = self.current();
        beside.retain(|other| other.id() != *id && (own.is_none() || self.print(other) != own));
        beside
    }

    /// These, and the current versions that say the same as one of them that is current.
    pub(crate) fn with_alike(&self, ids: &BTreeSet<RecordId>) -> BTreeSet<RecordId> {
        let mut all = ids.clone();
        let heads = self.heads();
        if heads.len() > 1 {
            let (ours, others): (Vec<_>, Vec<_>) =
                heads.into_iter().partition(|head| ids.contains(&head.id()));
            let ours: BTreeSet<Print> = ours.iter().filter_map(|one| self.print(one)).collect();
            let alike = others
                .iter()
                .filter(|other| self.print(other).is_some_and(|print| ours.contains(&print)));
            all.extend(alike.map(|other| other.id()).take(MOST_ALIKE));
        }
        all
    }

    /// What tells a version from others: what is hidden is not the same as what is not.
    fn print(&self, record: &Verified) -> Option<Print> {
        Some((self.is_hidden(&record.id()), Says::read(record)?.print()))
    }

    /// The content of a version that can be shown.
    pub(crate) fn content(&self, id: &RecordId) -> Option<Content> {
        let record = self.records.get(id)?;
        if !self.readable.contains(id) {
            return None;
        }
        Content::decode(record.header().kind, record.body()?).ok()
    }
}

impl Collective {
    /// A document by the id of its first record; `None` where that is not held, does not stand, or
    /// begins no document.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(crate) fn document(
        &mut self,
        store: &Vault,
        id: &RecordId,
    ) -> Result<Option<Document>, StoreError> {
        let Some(first) = read(store, id).filter(|first| {
            part(first.header()) == Part::First
                && first.header().cid == Some(self.cid())
                && self.acts(id)
        }) else {
            return Ok(None);
        };
        let mut document = Document {
            id: *id,
            records: BTreeMap::new(),
            versions: Versions::default(),
            readable: BTreeSet::new(),
            hidden: BTreeSet::new(),
        };
        // What its author withdrew is withdrawn with all its versions.
        let withdrawn = self.marked.get(id) == Some(&mark::WITHDRAWN);
        for other in candidates(store, id)? {
            if let Some(record) = read(store, &other)
                && self.acts(&other)
                && self.is_version(&record, &first)
            {
                self.enter(store, record, withdrawn, &mut document)?;
            }
        }
        self.enter(store, first, withdrawn, &mut document)?;
        Ok(Some(document))
    }

    fn enter(
        &mut self,
        store: &Vault,
        record: Verified,
        withdrawn: bool,
        document: &mut Document,
    ) -> Result<(), StoreError> {
        let id = record.id();
        document.versions.insert(Version::of(id, record.header()));
        if !withdrawn && !self.marked.contains_key(&id) && record.body().is_some() {
            match self.fate(store, &id, record.header())? {
                Fate::Open => drop(document.readable.insert(id)),
                Fate::Hidden(_) => {
                    document.readable.insert(id);
                    document.hidden.insert(id);
                }
                Fate::Erased(_) => {}
            }
        }
        document.records.insert(id, record);
        Ok(())
    }

    /// Whether a record is honoured and not misfiled: only then does it act (section 8).
    pub(crate) fn acts(&self, id: &RecordId) -> bool {
        match self.marked.get(id) {
            None | Some(&(mark::UNRENDERABLE | mark::WITHDRAWN)) => true,
            Some(_) => false,
        }
    }

    /// Whether a record is a version of the document that begins with `first`: by the same seat, or
    /// under a right to edit what others wrote that reaches the document.
    pub(crate) fn is_version(&mut self, record: &Verified, first: &Verified) -> bool {
        let accord = &mut self.accord;
        replaces_in(record.header(), &first.id(), first.header(), |header| {
            accord.rights(header)
        })
    }

    /// What the index is to change where this content came or went. `fresh`: it was written here a
    /// moment ago, each piece the first of its document, so nothing can bear on any yet.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(crate) fn display(
        &mut self,
        store: &Vault,
        shown: &[Verified],
        unshown: &[RecordId],
        fresh: bool,
    ) -> Result<Display, StoreError> {
        let mut display = Display::default();
        let mut documents: BTreeSet<RecordId> = BTreeSet::new();
        for id in unshown {
            display.remove.push(*id);
            if let Some(record) = read(store, id) {
                documents.extend(document_of(id, record.header()));
                self.aim(store, record.header(), &mut documents, &mut display)?;
            }
        }
        for record in shown {
            let id = record.id();
            match part(record.header()) {
                Part::Alone => {
                    self.show_alone(store, record, &mut display)?;
                    self.aim(store, record.header(), &mut documents, &mut display)?;
                }
                // Nearly all documents were never edited: they need not be read again.
                Part::First if fresh || is_untouched(store, &id)? => {
                    documents.remove(&id);
                    display.add.extend(findable(record));
                }
                Part::First | Part::Version(_) | Part::Stray => {
                    documents.extend(document_of(&id, record.header()));
                }
            }
        }
        for id in documents {
            display.remove.push(id);
            display.remove.extend(candidates(store, &id)?);
            if let Some(document) = self.document(store, &id)? {
                display.add.extend(document_item(&document));
            }
        }
        // What came with an act that is aimed at it was looked at twice.
        let mut seen = BTreeSet::new();
        display.add.retain(|item| seen.insert(item.id));
        Ok(display)
    }
}

/// The rule of section 8.1; `rights`: what the cap of a record allowed.
fn replaces_in(
    header: &Header,
    document: &RecordId,
    first: &Header,
    rights: impl FnOnce(&Header) -> Option<Rights>,
) -> bool {
    if part(header) != Part::Version(*document)
        || header.kind != first.kind
        || header.cid != first.cid
    {
        return false;
    }
    header.seat == first.seat
        || rights(header)
            .is_some_and(|rights| rights.actions.contains(Actions::EDIT_ANY) && rights.reach(first))
}

/// The document to which a record belongs.
pub(crate) fn document_of(id: &RecordId, header: &Header) -> Option<RecordId> {
    match part(header) {
        Part::First => Some(*id),
        Part::Version(document) => Some(document),
        Part::Alone | Part::Stray => None,
    }
}

/// Whether a record begins a document.
pub(crate) fn is_first(header: &Header) -> bool {
    part(header) == Part::First
}

/// What is found of a document: the current version that is shown, and it is found by the words of
/// those beside it too.
pub(crate) fn document_item(document: &Document) -> Option<Item> {
    let mut items: Vec<Item> = document
        .current()
        .into_iter()
        .filter(|record| !document.hidden.contains(&record.id()))
        .filter_map(findable)
        .collect();
    if items.is_empty() {
        return None;
    }
    let shown = items.remove(0);
    Some(shown.beside(&items))
}

/// What the index is to take out, and then to put in.
#[derive(Debug, Default)]
pub(crate) struct Display {
    pub(crate) remove: Vec<RecordId>,
    pub(crate) add: Vec<Item>,
}

impl Display {
    /// Of a collective that is not open: each record as it stands.
    pub(crate) fn plain(shown: &[Verified], unshown: &[RecordId]) -> Self {
        Self {
            remove: unshown.to_vec(),
            add: shown.iter().filter_map(findable).collect(),
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.remove.extend(other.remove);
        self.add.extend(other.add);
    }
}

impl Core {
    /// The collective and the document that a record belongs to.
    pub(crate) fn document_of(
        &mut self,
        record: &Verified,
    ) -> Result<Option<(CollectiveId, Document)>, ApiError> {
        let header = record.header();
        let (Some(cid), Some(id)) = (header.cid, document_of(&record.id(), header)) else {
            return Ok(None);
        };
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return Ok(None);
        };
        let document = collective
            .document(&self.store, &id)
            .map_err(store_failed)?;
        Ok(document.map(|document| (cid, document)))
    }

    /// How many other versions stand beside the one that is shown. Reads all versions.
    pub(crate) fn count_beside(&mut self, item: &Item) -> u32 {
        let store = &self.store;
        let document = self
            .collectives
            .get_mut(&item.cid)
            .map(|collective| collective.document(store, &item.document));
        match document {
            Some(Ok(Some(document))) => {
                u32::try_from(document.current().len().saturating_sub(1)).unwrap_or(u32::MAX)
            }
            _ => 0,
        }
    }

    /// One version as it is told.
    pub(crate) fn version_view(&self, document: &Document, record: &Verified) -> VersionView {
        let (id, header) = (record.id(), record.header());
        let content = document.content(&id);
        let text = |text: Option<&str>| text.map(str::to_owned);
        VersionView {
            id: id.to_string(),
            short: self.short_id(&id),
            author: self.author_name(document, &header.seat),
            seat: header.seat.to_string(),
            written: moment(header.ms()),
            current: document.versions.current().contains(&id),
            replaces: document
                .versions
                .replaced_by(&id)
                .iter()
                .map(ToString::to_string)
                .collect(),
            readable: content.is_some(),
            title: text(content.as_ref().and_then(Content::title)),
            text: text(content.as_ref().and_then(Content::text)),
            url: text(content.as_ref().and_then(Content::url)),
            tags: header
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            task: content.as_ref().and_then(|content| {
                let collective = header.cid.and_then(|cid| self.collectives.get(&cid));
                task_view(header.kind, content, collective)
            }),
        }
    }

    /// The shown name of whoever has a seat in a document's collective.
    pub(crate) fn author_name(&self, document: &Document, seat: &SeatKey) -> String {
        document
            .first()
            .and_then(|first| self.collectives.get(&first.cid?))
            .map_or_else(|| seat.short(), |collective| collective.member_name(seat))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use folkmoot_accord::documents::{Acting, documents};
    use folkmoot_record::{
        BodyHash, DeviceKey, GrantId, Hlc, Kind, Ref, Rel, Tag, control::Limits,
    };
    use proptest::prelude::*;

    use super::*;

    const MOST: u8 = 9;

    fn id(n: u8) -> RecordId {
        RecordId::from_bytes([n; 32])
    }

    /// Records that point at each other in any way, by authors who may or may not edit, wherever.
    fn records() -> impl Strategy<Value = Vec<(RecordId, Header, Rights)>> {
        let pointer = (prop::sample::select(vec![1, 1, 7, 7, 3]), 0..MOST);
        let one = (
            0u8..3,
            prop::sample::select(vec![Kind::NOTE, Kind::NOTE, Kind::TASK, Kind::REACTION]),
            prop::collection::btree_set(pointer, 0..4),
            any::<bool>(),
            prop::option::of(prop::sample::select(vec!["garden", "tools"])),
            prop::sample::subsequence(vec!["garden", "garden/bed", "tools"], 0..3),
            0u64..4,
        );
        prop::collection::vec(one, 1..usize::from(MOST)).prop_map(|all| {
            all.into_iter()
                .zip(0u8..)
                .map(|((seat, kind, refs, edits, limit, tags, ms), n)| {
                    record(n, seat, kind, &refs, edits, limit, &tags, ms)
                })
                .collect()
        })
    }

    #[expect(clippy::too_many_arguments, reason = "each is drawn by itself")]
    fn record(
        n: u8,
        seat: u8,
        kind: Kind,
        refs: &BTreeSet<(u8, u8)>,
        edits: bool,
        limit: Option<&str>,
        tags: &[&str],
        ms: u64,
    ) -> (RecordId, Header, Rights) {
        let tag = |text: &str| Tag::new(text).unwrap();
        let header = Header {
            cid: Some(CollectiveId::from_bytes([1; 32])),
            seat: SeatKey::from_bytes([seat; 32]),
            dev: DeviceKey::from_bytes([seat; 32]),
            seq: 0,
            prev: None,
            hlc: Hlc::from_raw(ms << 16).unwrap(),
            kind,
            cap: Some(GrantId::from_bytes([1; 32])),
            auth: Vec::new(),
            refs: refs
                .iter()
                .map(|(rel, to)| Ref {
                    rel: Rel(*rel),
                    id: id(*to),
                })
                .collect(),
            tags: tags.iter().map(|text| tag(text)).collect(),
            blen: 0,
            bhash: BodyHash::from_bytes([0; 32]),
        };
        let rights = Rights {
            actions: match edits {
                true => Actions(Actions::WRITE.0 | Actions::EDIT_ANY.0),
                false => Actions::WRITE,
            },
            limits: Arc::new(Limits {
                role: 1,
                rank: 20,
                mask: Actions(u32::MAX),
                kinds: None,
                tags: limit.map(|text| vec![tag(text)]),
                nbf: None,
                exp: None,
                depth_left: 0,
            }),
        };
        (id(n), header, rights)
    }

    proptest! {
        /// One document at a time, as here, gives what the rules give for all at once.
        #[test]
        fn one_document_is_as_in_the_set(all in records()) {
            let acting = all.iter().map(|(id, header, rights)| Acting {
                id: *id,
                header,
                rights: rights.clone(),
            });
            for (document, whole) in documents(acting, &BTreeSet::new()) {
                let (_, first, _) = all.iter().find(|(id, _, _)| *id == document).unwrap();
                prop_assert_eq!(part(first), Part::First);
                let mut versions = Versions::default();
                versions.insert(Version::of(document, first));
                for (id, header, rights) in &all {
                    if replaces_in(header, &document, first, |_| Some(rights.clone())) {
                        versions.insert(Version::of(*id, header));
                    }
                }
                let current: BTreeSet<RecordId> = versions.current().into_iter().collect();
                prop_assert_eq!(current, whole.current);
            }
            let firsts = all.iter().filter(|(_, header, _)| part(header) == Part::First).count();
            let acting = all.iter().map(|(id, header, rights)| Acting { id: *id, header, rights: rights.clone() });
            prop_assert_eq!(documents(acting, &BTreeSet::new()).len(), firsts);
        }
    }
}
