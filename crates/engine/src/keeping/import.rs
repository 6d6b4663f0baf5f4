//! Importing many records: as one durable group a call, each text once.

use std::{collections::BTreeSet, ops::ControlFlow};

use folkmoot_api::{ApiError, ErrorCode, ImportItem, Imported, Note, Refused, Reply};
use folkmoot_record::{CollectiveId, Kind, SeatKey, Verified, content::Content};
use folkmoot_store::{Entry, Logged};

use crate::{
    clock::random,
    core::Core,
    errors::{failed, store_failed, usage},
    keeping::notes::to_writing,
};

/// Most items of one call: a second of work at the slowest.
const MOST_ITEMS: usize = 1_000;
/// Collectives whose fingerprints of content stay in memory; 16 bytes a record.
const MOST_REMEMBERED: usize = 4;

/// How long fingerprints are kept after the last call of an import, in milliseconds.
const IDLE: u64 = 600_000;

/// What one collective holds of this person, by content.
#[derive(Debug, Default)]
pub(crate) struct Known {
    prints: BTreeSet<[u8; 16]>,
    used_at: u64,
}

impl Core {
    /// Stores the items that are not there yet. Each item stands or falls by itself.
    pub(crate) fn import(
        &mut self,
        collective: Option<&str>,
        items: Vec<ImportItem>,
        device: Option<&str>,
        dry_run: bool,
    ) -> Result<Reply, ApiError> {
        if items.len() > MOST_ITEMS {
            return Err(usage(format!("at most {MOST_ITEMS} items a call")));
        }
        let cid = self.place_or_home(collective)?;
        if !dry_run {
            self.tidy_heads(cid)?;
        }
        let mut known = self.fingerprints(cid)?;
        let outcome = self.import_new(cid, items, device, dry_run, &mut known);
        // After a failed one nobody knows which of them were stored.
        if outcome.is_ok() {
            if self.imported.len() >= MOST_REMEMBERED {
                self.imported.pop_first();
            }
            known.used_at = self.clock.mono();
            self.imported.insert(cid, known);
        }
        outcome.map(Reply::Imported)
    }

    fn import_new(
        &mut self,
        cid: CollectiveId,
        items: Vec<ImportItem>,
        device: Option<&str>,
        dry_run: bool,
        known: &mut Known,
    ) -> Result<Imported, ApiError> {
        let now_ms = self.clock.wall();
        let mut report = Imported::default();
        let mut entries = Vec::with_capacity(items.len());
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let pen = collective.pen(device)?;
        let mut tried = BTreeSet::new();
        for item in items {
            let source = item.source;
            let refuse = |report: &mut Imported, why: String| {
                report.refused.push(Refused {
                    source: source.clone(),
                    why,
                });
            };
            let salt = random().map_err(|e| failed(e.to_string()))?;
            let writing = match to_writing(&item.note, salt) {
                Ok(writing) => writing,
                Err(error) => {
                    refuse(&mut report, error.message);
                    continue;
                }
            };
            let print = fingerprint(writing.kind, &item.note);
            if known.prints.contains(&print) || !tried.insert(print) {
                report.skipped += 1;
                continue;
            }
            if dry_run {
                report.added += 1;
                continue;
            }
            match collective.sign_content_as(&self.store, now_ms, writing, &pen) {
                Ok(record) => {
                    known.prints.insert(print);
                    entries.push(Entry::Record(record, now_ms));
                    report.added += 1;
                }
                // What a limited device may not write, another item may be.
                Err(error) if pen.agent.is_some() && error.code == ErrorCode::Denied => {
                    refuse(&mut report, error.message);
                }
                // The person may not write here: that holds for all items alike.
                Err(error) => {
                    collective.forget_tip();
                    return Err(error);
                }
            }
        }
        if !entries.is_empty() {
            self.publish(cid, entries)?;
        }
        Ok(report)
    }

    /// What this person has already written into a collective, by content. Read once from the
    /// log when an import begins: it is as true as the log itself.
    fn fingerprints(&mut self, cid: CollectiveId) -> Result<Known, ApiError> {
        if let Some(known) = self.imported.remove(&cid) {
            return Ok(known);
        }
        let Some(seat) = self
            .collectives
            .get(&cid)
            .map(|collective| collective.secrets.seat)
        else {
            return Ok(Known::default());
        };
        let mut known = Known::default();
        self.store
            .records_since(folkmoot_store::LogCursor::default(), &mut |logged, _| {
                if let Logged::Record(record, _) = logged {
                    known.prints.extend(own_fingerprint(&record, cid, seat));
                }
                ControlFlow::Continue(())
            })
            .map_err(store_failed)?;
        Ok(known)
    }

    /// A single note was written: an import that goes on knows it.
    pub(crate) fn know(&mut self, cid: CollectiveId, record: &Verified) {
        if let Some(known) = self.imported.get_mut(&cid) {
            known
                .prints
                .extend(own_fingerprint(record, cid, record.header().seat));
        }
    }

    /// Gives back the memory of imports that ended a while ago.
    pub(crate) fn forget_idle_imports(&mut self) {
        let mono = self.clock.mono();
        self.imported
            .retain(|_, known| mono.saturating_sub(known.used_at) < IDLE);
    }
}

fn own_fingerprint(record: &Verified, cid: CollectiveId, seat: SeatKey) -> Option<[u8; 16]> {
    let header = record.header();
    if header.cid != Some(cid) || header.seat != seat {
        return None;
    }
    let content = Content::decode(header.kind, record.body()?).ok()?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let note = Note {
        kind: String::new(),
        collective: None,
        device: None,
        title: owned(content.title()),
        text: owned(content.text()),
        url: owned(content.url()),
        media: owned(content.media()),
        due: None,
        every: None,
        assignees: Vec::new(),
        time_zone: None,
        tags: header
            .tags
            .iter()
            .map(|tag| tag.as_str().to_owned())
            .collect(),
    };
    Some(fingerprint(header.kind, &note))
}

/// Names content by what the person sees of it.
fn fingerprint(kind: Kind, note: &Note) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(&kind.0.to_be_bytes());
    for text in [&note.title, &note.text, &note.url, &note.media] {
        part(text.as_deref().unwrap_or_default().as_bytes());
    }
    let tags: BTreeSet<&str> = note
        .tags
        .iter()
        .map(|tag| tag.trim().trim_start_matches('#'))
        .collect();
    for tag in tags {
        part(tag.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}
