//! Where imported documents came from: local facts, by the name of the source.
//!
//! The document itself names its source by a hash under the home's id, so that the person's other
//! devices know it again and nobody else learns a path. The fact beside it says what was read last.

use folkmoot_api::{ApiError, ImportSource, ImportSources, ImportSourcesView, Reply};
use folkmoot_record::{CollectiveId, RecordId, SeatKey, content::Value};
use folkmoot_store::{Entry, Vault};

use super::prints::Print;
use crate::{
    core::Core,
    errors::{failed, store_failed, store_unread},
};

/// Facts about sources: `from/`, the collective, the seat, the source.
const SOURCES: &[u8] = b"from/";
/// Sources of one answer; each has a path.
const MOST_TOLD: usize = 5_000;

/// Names a source: 8 bytes for all that came from one place, 16 for its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SourceId([u8; 24]);

impl SourceId {
    pub(super) fn of(home: &CollectiveId, vault: &str, path: &str) -> Self {
        let mut id = [0; 24];
        id[..8].copy_from_slice(&Self::vault(home, vault));
        let mut hasher = blake3::Hasher::new_keyed(home.as_bytes());
        hasher.update(&(vault.len() as u64).to_be_bytes());
        hasher.update(vault.as_bytes());
        hasher.update(path.as_bytes());
        id[8..].copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }

    fn vault(home: &CollectiveId, vault: &str) -> [u8; 8] {
        let mut short = [0; 8];
        let hash = blake3::keyed_hash(home.as_bytes(), vault.as_bytes());
        short.copy_from_slice(&hash.as_bytes()[..8]);
        short
    }

    /// As a body names it.
    pub(super) fn value(&self) -> Value {
        Value::Bytes(self.0.to_vec())
    }

    pub(super) const fn bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// Whether two come from one place.
    pub(super) fn is_beside(&self, other: &[u8; 24]) -> bool {
        self.0[..8] == other[..8]
    }
}

/// What is remembered of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) document: RecordId,
    /// The version that was read from it last.
    pub(super) version: RecordId,
    /// What it said then.
    pub(super) print: Print,
    /// Its name.
    pub(super) path: String,
}

impl Fact {
    pub(super) fn read(
        store: &Vault,
        cid: &CollectiveId,
        seat: &SeatKey,
        source: &SourceId,
    ) -> Result<Option<Self>, ApiError> {
        let value = store.local(&[&prefix(cid, seat)[..], &source.0].concat());
        let value = value.map_err(store_unread)?;
        let read = value.map(|value| Self::parse(&value).ok_or_else(unreadable));
        read.transpose()
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (document, rest) = value.split_first_chunk::<32>()?;
        let (version, rest) = rest.split_first_chunk::<32>()?;
        let (print, path) = rest.split_first_chunk::<16>()?;
        Some(Self {
            document: RecordId::from_bytes(*document),
            version: RecordId::from_bytes(*version),
            print: *print,
            path: String::from_utf8(path.to_vec()).ok()?,
        })
    }

    /// What keeps it, in one group with the record.
    pub(super) fn entry(&self, cid: &CollectiveId, seat: &SeatKey, source: &SourceId) -> Entry {
        let value = [
            self.document.as_bytes() as &[u8],
            self.version.as_bytes(),
            &self.print,
            self.path.as_bytes(),
        ];
        Entry::Local {
            key: [&prefix(cid, seat)[..], &source.0].concat(),
            value: Some(value.concat()),
        }
    }
}

fn unreadable() -> ApiError {
    failed(
        "what is remembered of an imported file cannot be read: a newer moot wrote it, or it is damaged"
            .to_owned(),
    )
    .hint("use the newest moot on this home; `moot status` tells of damage")
}

fn prefix(cid: &CollectiveId, seat: &SeatKey) -> Vec<u8> {
    [SOURCES, cid.as_bytes(), seat.as_bytes()].concat()
}

impl Core {
    /// What was imported from one place, page by page.
    pub(crate) fn import_sources(&mut self, ask: &ImportSources) -> Result<Reply, ApiError> {
        let cid = self.place_or_home(ask.collective.as_deref())?;
        let home = self.place_or_home(None)?;
        let seat = self
            .collectives
            .get(&cid)
            .map(|collective| collective.secrets.seat)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let start = [
            &prefix(&cid, &seat)[..],
            &SourceId::vault(&home, &ask.vault),
        ]
        .concat();
        let facts = self.store.scan_local(&start).map_err(store_failed)?;
        let after = ask.after.clone().unwrap_or_default();
        let digits = |key: &[u8]| -> String {
            key.iter()
                .skip(start.len())
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        let mut view = ImportSourcesView::default();
        for (key, value) in facts {
            let at = digits(&key);
            if at <= after {
                continue;
            }
            if view.items.len() == MOST_TOLD {
                break;
            }
            view.next = Some(at);
            view.items
                .extend(Fact::parse(&value).map(|fact| ImportSource {
                    path: fact.path,
                    document: fact.document.to_string(),
                }));
        }
        view.next = view.next.filter(|_| view.items.len() == MOST_TOLD);
        Ok(Reply::ImportSources(view))
    }
}
