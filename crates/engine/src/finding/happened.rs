//! What one entry of the log did to what is found, for whoever asked for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use folkmoot_api::What;
use folkmoot_library::{Item, Part, ResolvedQuery, Searchable, part};
use folkmoot_record::{CollectiveId, Kind, RecordId, Verified};
use folkmoot_store::{Logged, StoreError, Vault};

use crate::{
    core::Core,
    exchange::holdings::read,
    finding::index::findable,
    intake::receive::mark,
    keeping::{
        documents::{Document, document_item, document_of},
        erasure::{Fate, is_act, targets},
    },
    membership::collective::Collective,
};

/// Bytes of documents kept while a stretch is told: those that are versions of one are told one after
/// the other.
const MOST_KEPT: usize = 4 << 20;

/// What is known of the stretch of the log that is being told.
#[derive(Default)]
pub(crate) struct Told {
    /// Records that came in it and were held back from the beginning: nobody was told of them, so
    /// nobody is told that they are not shown.
    fresh: BTreeSet<RecordId>,
    documents: Documents,
}

/// A document as it stands now, and what is shown of it.
type Standing = (Option<Rc<Document>>, Option<Item>);

/// Documents that were read: nothing changes while a stretch is told, and reading one reads all its
/// versions.
#[derive(Default)]
struct Documents {
    read: BTreeMap<RecordId, Standing>,
    bytes: usize,
}

impl Documents {
    fn get(
        &mut self,
        id: RecordId,
        read: impl FnOnce() -> Result<Option<Document>, StoreError>,
    ) -> Result<Standing, StoreError> {
        if let Some(known) = self.read.get(&id) {
            return Ok(known.clone());
        }
        let document = read()?.map(Rc::new);
        let item = document.as_deref().and_then(document_item);
        let records = document
            .iter()
            .flat_map(|document| document.records.values());
        self.bytes += records.map(|record| record.wire().len()).sum::<usize>();
        if self.bytes > MOST_KEPT {
            *self = Self::default();
        } else {
            self.read.insert(id, (document.clone(), item.clone()));
        }
        Ok((document, item))
    }
}

/// One event before it is written down.
pub(crate) struct Happened {
    pub(crate) what: What,
    /// The record, or the first one of the document.
    pub(crate) id: RecordId,
    /// The record that did it.
    pub(crate) by: RecordId,
    pub(crate) cid: CollectiveId,
    pub(crate) item: Option<Item>,
}

/// What is shown of a record or of its document now.
struct Now {
    /// The record, or the first one of the document.
    id: RecordId,
    item: Option<Item>,
    document: Option<Rc<Document>>,
}

impl Core {
    /// What one entry did, as things stand now.
    pub(crate) fn happened(
        &mut self,
        logged: Logged,
        query: &ResolvedQuery,
        told: &mut Told,
    ) -> Result<Vec<Happened>, StoreError> {
        let (record, marked) = match logged {
            Logged::Record(record, _) | Logged::Body(record) => (record, None),
            Logged::Mark(id, mark) => match read(&self.store, &id) {
                Some(record) => (record, Some(mark)),
                None => return Ok(Vec::new()),
            },
            // A body leaves the disk long after it was taken back, which was told then.
            Logged::Erase(_) | Logged::Other => return Ok(Vec::new()),
        };
        let Some(cid) = record.header().cid else {
            return Ok(Vec::new());
        };
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return Ok(Vec::new());
        };
        let mut teller = Teller {
            store: &self.store,
            collective,
            query,
            documents: &mut told.documents,
        };
        if is_act(record.header().kind) {
            return teller.act(&record, marked.is_some());
        }
        let id = record.id();
        let shown = !teller.collective.marked.contains_key(&id);
        let one = match (marked, shown) {
            (None, false) => {
                told.fresh.insert(id);
                None
            }
            (None | Some(mark::NONE), true) => teller.content(&record)?,
            (Some(mark), false) if mark != mark::NONE && !told.fresh.contains(&id) => {
                teller.held_back(&record, mark)?
            }
            // It changed again since: the later entry tells.
            (Some(_), _) => None,
        };
        Ok(one.into_iter().collect())
    }
}

struct Teller<'a> {
    store: &'a Vault,
    collective: &'a mut Collective,
    query: &'a ResolvedQuery,
    documents: &'a mut Documents,
}

impl Teller<'_> {
    fn tell(&self, what: What, by: &Verified, now: Now) -> Happened {
        Happened {
            what,
            id: now.id,
            by: by.id(),
            cid: self.collective.cid(),
            item: now.item,
        }
    }

    /// A record that is shown came.
    fn content(&mut self, record: &Verified) -> Result<Option<Happened>, StoreError> {
        let now = self.now(record)?;
        let Some(item) = &now.item else {
            return Ok(None);
        };
        let asked = asks(self.query, item);
        let Some(document) = now
            .document
            .as_ref()
            .filter(|document| document.id != record.id())
        else {
            return Ok(asked.then(|| self.tell(What::Stored, record, now)));
        };
        // A version that is not honoured changed nothing.
        if !document.records.contains_key(&record.id()) {
            return Ok(None);
        }
        if asked {
            return Ok(Some(self.tell(What::Changed, record, now)));
        }
        let left = document
            .versions
            .replaced_by(&record.id())
            .iter()
            .filter_map(|id| findable(document.records.get(id)?))
            .any(|item| asks(self.query, &item));
        Ok(left.then(|| self.tell(What::Left, record, now)))
    }

    /// A record is not shown any more, or never was: that is not known here.
    fn held_back(&mut self, record: &Verified, mark: u8) -> Result<Option<Happened>, StoreError> {
        let now = self.now(record)?;
        let what = match mark {
            mark::WITHDRAWN => What::TakenBack,
            _ => What::HeldBack,
        };
        Ok(self.gone(what, record, record, now))
    }

    /// What an act did to each thing that it is aimed at; `judged` where it is the act itself whose
    /// standing changed.
    fn act(&mut self, act: &Verified, judged: bool) -> Result<Vec<Happened>, StoreError> {
        let mut told = Vec::new();
        for target in targets(act.header()) {
            let Some(record) = read(self.store, &target) else {
                continue;
            };
            if record.header().cid != act.header().cid {
                continue;
            }
            let now = self.now(&record)?;
            // Several versions of one document are one happening: a cursor tells them apart by ids.
            if told.iter().any(|one: &Happened| one.id == now.id) {
                continue;
            }
            let fate = self.collective.fate(self.store, &target, record.header())?;
            let what = match fate {
                Fate::Open if act.header().kind == Kind::UNHIDE || judged => What::Shown,
                // It counts for nothing.
                Fate::Open => continue,
                Fate::Hidden(_) => What::Hidden,
                Fate::Erased(_) => What::TakenBack,
            };
            told.extend(match (what, &now.item) {
                (What::Shown, None) => None,
                (What::Shown, Some(item)) => {
                    asks(self.query, item).then(|| self.tell(what, act, now))
                }
                (_, _) => self.gone(what, act, &record, now),
            });
        }
        Ok(told)
    }

    /// A record is not shown any more. Of its document another version may be.
    fn gone(&self, what: What, by: &Verified, record: &Verified, now: Now) -> Option<Happened> {
        let was = |record: &Verified| {
            // Of what is not there any more nobody can say whether it was asked for.
            record.body().is_none() || findable(record).is_some_and(|item| asks(self.query, &item))
        };
        if let Some(item) = &now.item {
            let what = match (asks(self.query, item), was(record)) {
                (true, _) => What::Changed,
                (false, true) => What::Left,
                (false, false) => return None,
            };
            return Some(self.tell(what, by, now));
        }
        let was = match &now.document {
            Some(document) => document.records.values().any(was),
            None => was(record),
        };
        was.then(|| self.tell(what, by, now))
    }

    /// What is shown of a record, or of the document that it belongs to.
    fn now(&mut self, record: &Verified) -> Result<Now, StoreError> {
        let id = record.id();
        if let Some(id) = document_of(&id, record.header()) {
            let (collective, store) = (&mut *self.collective, self.store);
            let read = || collective.document(store, &id);
            let (document, item) = self.documents.get(id, read)?;
            return Ok(Now { id, item, document });
        }
        let shown = part(record.header()) == Part::Alone
            && !self.collective.marked.contains_key(&id)
            && self.collective.fate(self.store, &id, record.header())? == Fate::Open;
        Ok(Now {
            id,
            item: findable(record).filter(|_| shown),
            document: None,
        })
    }
}

fn asks(query: &ResolvedQuery, item: &Item) -> bool {
    Searchable::new(item.clone()).matches(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_once_a_stretch() {
        let mut documents = Documents::default();
        let mut read = 0;
        for id in [1, 2, 1, 1, 2] {
            let id = RecordId::from_bytes([id; 32]);
            let standing = documents.get(id, || {
                read += 1;
                Ok(None)
            });
            assert!(matches!(standing, Ok((None, None))));
        }
        assert_eq!(read, 2);
        // What could not be read is asked for again.
        let id = RecordId::from_bytes([3; 32]);
        for _ in 0..2 {
            let failed = documents.get(id, || Err(StoreError::DiskFull));
            assert!(failed.is_err());
        }
        assert!(documents.read.len() == 2);
    }
}
