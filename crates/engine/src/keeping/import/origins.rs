//! Where imported pages came from: local facts beside the records, never in their bodies, so that no
//! other member decides how a file of this person's export is headed or called.
//!
//! Two facts: of a version, the head of the page that it was read from; of a page's id, the document
//! here. Only an import of this home writes them.

use folkmoot_api::ApiError;
use folkmoot_library::page::Page;
use folkmoot_record::{CollectiveId, RecordId, Ref, Rel, SeatKey, limits};
use folkmoot_store::{Entry, Vault};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::prints::Print;
use crate::errors::{failed, store_unread};

/// Facts about versions: `page/v/`, the record.
const HEADS: &[u8] = b"page/v/";
/// Facts about ids of pages: `page/d/`, the collective, the seat, the id that the page names.
const DOCUMENTS: &[u8] = b"page/d/";
/// Most bytes of a name in a head, as many as a title.
const MOST_NAME: usize = limits::TITLE;

/// What is remembered of the page that a version was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The id that the page names: that of the document where it was written first.
    pub(crate) id: String,
    /// The rest of its head, where the version is exactly what the page said.
    pub(crate) head: Option<Head>,
    /// Without a head: the version that the page named, which was changed since it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
}

/// A head as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) version: String,
    pub(crate) author: Option<String>,
    pub(crate) collective: Option<String>,
    pub(crate) created: String,
    pub(crate) updated: Option<String>,
    pub(crate) refs: Vec<String>,
}

impl Head {
    /// When the version was written that it heads.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.updated.as_ref().unwrap_or(&self.created).parse().ok()
    }

    /// The head of a page, where all of it can be one that an export wrote; what a stranger made up
    /// is read, and not written again.
    pub(super) fn of(page: &Page) -> Option<Self> {
        let is_name = |name: &Option<String>| {
            let name = name.as_deref().unwrap_or_default();
            name.len() <= MOST_NAME && !name.chars().any(char::is_control)
        };
        let is_time = |text: &str| {
            let time = text.parse::<Timestamp>();
            time.is_ok_and(|time| time.to_string() == text)
        };
        let version = page.version.clone().filter(|id| record(id).is_some())?;
        let created = page.created.clone().filter(|text| is_time(text))?;
        if !page.updated.as_deref().is_none_or(is_time)
            || !is_name(&page.author)
            || !is_name(&page.collective)
        {
            return None;
        }
        Some(Self {
            version,
            author: page.author.clone(),
            collective: page.collective.clone(),
            created,
            updated: page.updated.clone(),
            refs: page.refs.clone(),
        })
    }
}

impl Origin {
    /// Whether a version was read from a page of this one.
    pub(super) fn is_of(&self, version: &str) -> bool {
        let named = self.head.as_ref().map(|head| &head.version);
        named.or(self.from.as_ref()).is_some_and(|of| of == version)
    }

    /// What is remembered of a version.
    ///
    /// # Errors
    /// The store's, or a fact that cannot be read: what came from elsewhere would count as written here.
    pub(crate) fn read(store: &Vault, version: &RecordId) -> Result<Option<Self>, ApiError> {
        let value = store.local(&[HEADS, version.as_bytes()].concat());
        let value = value.map_err(store_unread)?;
        let read = value.map(|value| serde_json::from_slice(&value));
        read.transpose().map_err(|_| unreadable(version))
    }

    /// What keeps it, in one group with the record.
    pub(super) fn entry(&self, version: &RecordId) -> Option<Entry> {
        Some(Entry::Local {
            key: [HEADS, version.as_bytes()].concat(),
            value: Some(serde_json::to_vec(self).ok()?),
        })
    }
}

/// The document here that a page of some id was read into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) document: RecordId,
    /// Its version that was read last.
    pub(super) version: RecordId,
    /// What the page said when it was read last.
    pub(super) print: Print,
}

impl Came {
    pub(crate) fn read(
        store: &Vault,
        cid: &CollectiveId,
        seat: &SeatKey,
        id: &RecordId,
    ) -> Result<Option<Self>, ApiError> {
        let value = store.local(&key(cid, seat, id)).map_err(store_unread)?;
        let read = value.map(|value| Self::parse(&value).ok_or_else(|| unreadable(id)));
        read.transpose()
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (document, rest) = value.split_first_chunk::<32>()?;
        let (version, rest) = rest.split_first_chunk::<32>()?;
        Some(Self {
            document: RecordId::from_bytes(*document),
            version: RecordId::from_bytes(*version),
            print: rest.try_into().ok()?,
        })
    }

    pub(super) fn entry(&self, cid: &CollectiveId, seat: &SeatKey, id: &RecordId) -> Entry {
        let value = [
            self.document.as_bytes() as &[u8],
            self.version.as_bytes(),
            &self.print,
        ];
        Entry::Local {
            key: key(cid, seat, id),
            value: Some(value.concat()),
        }
    }
}

fn unreadable(id: &RecordId) -> ApiError {
    failed(format!(
        "what is remembered of the import of {} cannot be read: a newer moot wrote it, or it is damaged",
        id.short()
    ))
    .hint("use the newest moot on this home; `moot status` tells of damage")
}

fn key(cid: &CollectiveId, seat: &SeatKey, id: &RecordId) -> Vec<u8> {
    [DOCUMENTS, cid.as_bytes(), seat.as_bytes(), id.as_bytes()].concat()
}

/// The id of a record, written as it is written here.
pub(super) fn record(text: &str) -> Option<RecordId> {
    let id: RecordId = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

/// A pointer as a page writes it: the number of its relation and an id.
pub(super) fn pointer(text: &str) -> Option<Ref> {
    let (rel, id) = text.split_once(' ')?;
    let rel = rel.parse::<u8>().ok()?;
    let made = Ref {
        rel: Rel(rel),
        id: record(id)?,
    };
    (format!("{} {}", made.rel.0, made.id) == text).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_cannot_be_read_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let options = folkmoot_store::Options::default();
        let (mut store, _) = Vault::open(dir.path(), options, &mut |_| {}).unwrap();
        let (cid, seat) = (
            CollectiveId::from_bytes([1; 32]),
            SeatKey::from_bytes([2; 32]),
        );
        let id = RecordId::from_bytes([3; 32]);
        assert_eq!(Origin::read(&store, &id).unwrap(), None);
        assert_eq!(Came::read(&store, &cid, &seat, &id).unwrap(), None);
        let value = || Some(b"{".to_vec());
        let fact = |key| Entry::Local {
            key,
            value: value(),
        };
        let head = [HEADS, id.as_bytes()].concat();
        store
            .commit(&[fact(head), fact(key(&cid, &seat, &id))])
            .unwrap();
        assert!(Origin::read(&store, &id).is_err());
        assert!(Came::read(&store, &cid, &seat, &id).is_err());
    }
}
