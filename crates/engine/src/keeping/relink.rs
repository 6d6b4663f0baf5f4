//! Changing the links to a document that gets another title.

use std::collections::BTreeSet;

use folkmoot_api::{ApiError, ErrorCode, LinkedView, Renamed};
use folkmoot_library::{Item, has_versions, is_linkable, item, relinked};
use folkmoot_record::{CollectiveId, RecordId, Verified};
use folkmoot_store::Entry;

use crate::{
    core::Core,
    errors::{store_unread, usage},
    exchange::holdings::read,
    keeping::{documents::Document, edit::Says},
};

/// Facts about links that were changed with a title: `u/l/`, the version; its value is the document
/// that got the title. Undoing the title undoes them.
const RELINKED: &[u8] = b"u/l/";
/// Documents whose links one renaming changes: some seconds of the engine's thread.
pub(crate) const MOST_RELINKED: usize = 10_000;
/// Versions stored in one group: one wait for the disk.
const GROUP: usize = 100;

/// A document whose text has the old title in a link.
struct Linked {
    view: LinkedView,
    record: Verified,
    text: String,
}

/// What is changed, and where.
struct Relinking<'a> {
    cid: CollectiveId,
    /// The document that gets the title.
    of: RecordId,
    device: Option<&'a str>,
    /// Signed and not stored yet.
    pending: Vec<Verified>,
}

impl Core {
    /// Only within the collective: the new title is not for the members of others.
    pub(super) fn relink(
        &mut self,
        cid: CollectiveId,
        document: &RecordId,
        was: &Item,
        new: &str,
        device: Option<&str>,
        renamed: &mut Renamed,
    ) -> Result<(), ApiError> {
        let linking = self.linking(document, was, &[], MOST_RELINKED, true)?;
        if linking.total > linking.records.len() as u64 {
            let short = self.short_id(document);
            return Err(usage(format!(
                "{} documents link to it; at most {MOST_RELINKED} are changed at once",
                linking.total
            ))
            .hint(format!(
                "to change the title alone, and leave the links: `moot edit {short} --title ...`"
            )));
        }
        let mut work = Relinking {
            cid,
            of: *document,
            device,
            pending: Vec::new(),
        };
        if !is_linkable(new) {
            let would_break = |id| self.to_relink(id, &was.title, new).is_some();
            let many = linking.records.iter().filter(|id| would_break(id)).count();
            if many > 0 {
                let short = self.short_id(document);
                return Err(usage(format!(
                    "{new:?} cannot stand in a link, which has no `#`, `[`, `]` or `|`, and {many} texts link to it by its title"
                ))
                .hint(format!(
                    "choose another title; to change it alone, so that those links lead nowhere: `moot edit {short} --title ...`"
                )));
            }
        }
        for id in linking.records {
            let Some(linked) = self.to_relink(&id, &was.title, new) else {
                continue;
            };
            match self.relink_one(&mut work, &linked)? {
                true => renamed.relinked.push(linked.view),
                false => renamed.left.push(linked.view),
            }
        }
        self.store_relinked(&mut work)
    }

    /// `None` where none of its links is by that title.
    fn to_relink(&self, id: &RecordId, old: &str, new: &str) -> Option<Linked> {
        let record = read(&self.store, id)?;
        let text = relinked(&item(&record)?.text, old, new)?;
        Some(Linked {
            view: self.linked_view(id)?,
            record,
            text,
        })
    }

    /// Changes the links of one document; false where this person may not.
    fn relink_one(&mut self, work: &mut Relinking<'_>, linked: &Linked) -> Result<bool, ApiError> {
        let header = linked.record.header();
        if header.cid != Some(work.cid) || !has_versions(header.kind) {
            return Ok(false);
        }
        let Some((_, document)) = self.document_of(&linked.record)? else {
            return Ok(false);
        };
        let Some(mut says) = Says::of(&document, &linked.record.id()) else {
            return Ok(false);
        };
        if says.set_text(&linked.text).is_err() {
            // The text is full.
            return Ok(false);
        }
        let own = self
            .collectives
            .get(&work.cid)
            .map(|collective| collective.secrets.seat);
        let is_own = document.first().map(|first| first.seat) == own;
        if !is_own {
            // Where the right is missing, what was signed before it must not go with it.
            self.store_relinked(work)?;
        }
        match self.sign_relinked(work, &document, &linked.record.id(), says) {
            Ok(record) => work.pending.push(record),
            // The words of others: their author has to change them.
            Err(error) if matches!(error.code, ErrorCode::Denied | ErrorCode::Usage) => {
                return Ok(false);
            }
            Err(error) => {
                if let Some(collective) = self.collectives.get_mut(&work.cid) {
                    collective.forget_tip();
                }
                return Err(error);
            }
        }
        if work.pending.len() >= GROUP {
            self.store_relinked(work)?;
        }
        Ok(true)
    }

    fn sign_relinked(
        &mut self,
        work: &Relinking<'_>,
        document: &Document,
        replaces: &RecordId,
        says: Says,
    ) -> Result<Verified, ApiError> {
        if work.pending.is_empty() {
            self.tidy_heads(work.cid)?;
        }
        self.sign_in_place(
            work.cid,
            document,
            &BTreeSet::from([*replaces]),
            says,
            work.device,
        )
    }

    /// Stores what was signed, each with the fact that it goes with the title.
    fn store_relinked(&mut self, work: &mut Relinking<'_>) -> Result<(), ApiError> {
        let records = std::mem::take(&mut work.pending);
        if records.is_empty() {
            return Ok(());
        }
        let now_ms = self.clock.wall();
        let entries = records.iter().flat_map(|record| {
            [
                Entry::Record(record.clone(), now_ms),
                Entry::Local {
                    key: [RELINKED, record.id().as_bytes()].concat(),
                    value: Some(work.of.to_bytes().to_vec()),
                },
            ]
        });
        self.publish(work.cid, entries.collect())?;
        for record in &records {
            self.know(work.cid, record);
        }
        Ok(())
    }

    /// The versions whose links were changed with a title, the last one first. They stand right before
    /// it among the records of its device.
    pub(super) fn relinked_with(&self, title: &Verified) -> Result<Vec<Verified>, ApiError> {
        let of = self.document_at(&title.id());
        let mut with = Vec::new();
        let mut at = title.header().prev;
        while let Some(id) = at.filter(|_| with.len() < MOST_RELINKED) {
            let key = [RELINKED, id.as_bytes()].concat();
            let fact = self.store.local(&key).map_err(store_unread)?;
            let record = read(&self.store, &id)
                .filter(|_| fact.as_deref() == Some(of.as_bytes().as_slice()));
            let Some(record) = record else {
                break;
            };
            at = record.header().prev;
            with.push(record);
        }
        Ok(with)
    }
}
