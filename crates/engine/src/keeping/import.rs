//! Importing many records: as one durable group a call, each text once.

mod known;
mod prints;
mod sources;
mod standing;

use std::collections::BTreeSet;

use folkmoot_api::{ApiError, ErrorCode, ImportItem, Imported, Refused, Reply};
use folkmoot_library::foreign;
use folkmoot_record::{
    CollectiveId, Kind, RecordId, Ref, Rel, Verified,
    content::{Content, Value},
    limits,
};
use folkmoot_store::{Entry, Vault};

use crate::{
    clock::random,
    core::Core,
    errors::{failed, usage},
    keeping::{
        author::Writing,
        edit::Says,
        notes::{fits, to_body, to_writing},
    },
    membership::collective::Collective,
    person::agents::Pen,
};

pub(crate) use known::Known;
use prints::{Print, Prints};
use sources::{Fact, SourceId};
use standing::{Change, Standing};

/// Most items of one call: a second of work at the slowest.
const MOST_ITEMS: usize = 1_000;
/// Collectives whose fingerprints of content stay in memory; 24 bytes a record.
const MOST_REMEMBERED: usize = 4;
/// Most other names of one document, as many as a symbol may have, and most bytes of one.
const MOST_ALIASES: usize = 64;
/// Key of a daily page's day (section 3.4).
const DAY: u8 = 16;

/// How an import is done.
#[derive(Debug)]
pub(crate) struct Terms {
    device: Option<String>,
    vault: Option<String>,
    dry_run: bool,
}

impl Terms {
    pub(crate) const fn of(device: Option<String>, vault: Option<String>, dry_run: bool) -> Self {
        Self {
            device,
            vault,
            dry_run,
        }
    }
}

/// A source with its name in what is imported.
type Source = (SourceId, String);

/// An item that can be written.
struct Ready {
    writing: Writing,
    content: Content,
    prints: Prints,
    source: Option<Source>,
}

/// What one call does.
#[derive(Default)]
struct Work {
    report: Imported,
    entries: Vec<Entry>,
    /// Contents of this call that are not stored yet.
    tried: BTreeSet<Print>,
    /// Sources of this call.
    met: BTreeSet<SourceId>,
}

/// Why an item is not written.
enum Stop {
    /// It alone.
    Item(ApiError),
    /// Nothing more can be.
    All(ApiError),
}

impl Core {
    /// Stores the items that are not there yet. Each item stands or falls by itself.
    pub(crate) fn import(
        &mut self,
        collective: Option<&str>,
        items: Vec<ImportItem>,
        terms: &Terms,
    ) -> Result<Reply, ApiError> {
        if items.len() > MOST_ITEMS {
            return Err(usage(format!("at most {MOST_ITEMS} items a call")));
        }
        let cid = self.place_or_home(collective)?;
        if !terms.dry_run {
            self.tidy_heads(cid)?;
        }
        let mut known = self.known_content(cid)?;
        let outcome = self.import_new(cid, items, terms, &mut known);
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
        terms: &Terms,
        known: &mut Known,
    ) -> Result<Imported, ApiError> {
        let now_ms = self.clock.wall();
        let key = self.place_or_home(None)?;
        let mut work = Work::default();
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let pen = collective.pen(terms.device.as_deref())?;
        for item in items {
            let name = item.source.clone();
            let source = terms.vault.as_deref().zip(item.path.clone());
            let source = source.map(|(vault, path)| (SourceId::of(&key, vault, &path), path));
            let done = ready(&item, source).map_err(Stop::Item).and_then(|ready| {
                work.item(
                    collective,
                    store,
                    known,
                    &item,
                    ready,
                    now_ms,
                    (&pen, terms.dry_run),
                )
            });
            match done {
                Ok(()) => {}
                Err(Stop::Item(error)) => work.report.refused.push(Refused {
                    source: name,
                    why: error.message,
                }),
                Err(Stop::All(error)) => {
                    collective.forget_tip();
                    return Err(error);
                }
            }
        }
        if !work.entries.is_empty() {
            self.publish(cid, work.entries)?;
        }
        Ok(work.report)
    }
}

impl Work {
    #[expect(
        clippy::too_many_arguments,
        reason = "parts of one state, borrowed apart"
    )]
    fn item(
        &mut self,
        collective: &mut Collective,
        store: &Vault,
        known: &mut Known,
        item: &ImportItem,
        ready: Ready,
        now_ms: u64,
        (pen, dry_run): (&Pen, bool),
    ) -> Result<(), Stop> {
        if let Some((source, path)) = &ready.source
            && !self.met.insert(*source)
        {
            let why = format!("{path} stands twice in what is imported");
            return Err(Stop::Item(usage(why)));
        }
        let standing = standing::of(collective, store, known, item, &ready).map_err(Stop::All)?;
        let is_again = matches!(standing, Standing::New) && !self.tried.insert(ready.prints.seen);
        if is_again || matches!(standing, Standing::There(None)) {
            self.report.skipped += 1;
            return Ok(());
        }
        match standing {
            Standing::There(fact) => {
                self.report.skipped += 1;
                if let (Some((source, _)), Some(fact), false) = (&ready.source, fact, dry_run) {
                    let seat = collective.secrets.seat;
                    self.entries
                        .push(fact.entry(&collective.cid(), &seat, source));
                }
            }
            Standing::New if dry_run => self.report.added += 1,
            Standing::Changed(change) if dry_run => {
                self.report.changed += 1;
                self.report.beside += u64::from(change.is_beside());
            }
            Standing::New => {
                let Ready {
                    writing,
                    source,
                    prints,
                    ..
                } = ready;
                let record = sign(collective, store, now_ms, writing, pen)?;
                let id = record.id();
                self.keep(collective, known, record, now_ms, prints, source, id);
                self.report.added += 1;
            }
            Standing::Changed(change) => {
                let beside = change.is_beside();
                let document = change.document.id;
                let (writing, prints, source) = version(*change, ready).map_err(Stop::Item)?;
                let record = sign(collective, store, now_ms, writing, pen)?;
                self.keep(collective, known, record, now_ms, prints, source, document);
                self.report.changed += 1;
                self.report.beside += u64::from(beside);
            }
        }
        Ok(())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "parts of one state, borrowed apart"
    )]
    fn keep(
        &mut self,
        collective: &Collective,
        known: &mut Known,
        record: Verified,
        now_ms: u64,
        prints: Prints,
        source: Option<Source>,
        document: RecordId,
    ) {
        let version = record.id();
        known.insert(prints.seen, &version);
        self.entries.push(Entry::Record(record, now_ms));
        if let Some((source, path)) = source {
            let fact = Fact {
                document,
                version,
                print: prints.whole,
                path,
            };
            let seat = collective.secrets.seat;
            self.entries
                .push(fact.entry(&collective.cid(), &seat, &source));
        }
    }
}

fn sign(
    collective: &mut Collective,
    store: &Vault,
    now_ms: u64,
    writing: Writing,
    pen: &Pen,
) -> Result<Verified, Stop> {
    collective
        .sign_content_as(store, now_ms, writing, pen)
        .map_err(
            |error| match pen.agent.is_some() && error.code == ErrorCode::Denied {
                // What a limited device may not write, another item may be.
                true => Stop::Item(error),
                // The person may not write here: that holds for all items alike.
                false => Stop::All(error),
            },
        )
}

/// Checks an item and makes a body of it.
fn ready(item: &ImportItem, source: Option<Source>) -> Result<Ready, ApiError> {
    let salt = random().map_err(|e| failed(e.to_string()))?;
    let mut writing = match &item.day {
        Some(_) => {
            let mut note = item.note.clone();
            note.kind = "note".to_owned();
            to_writing(&note, salt)?
        }
        None => to_writing(&item.note, salt)?,
    };
    let broken = || failed("the record that was made of it cannot be read".to_owned());
    let mut content = Content::decode(writing.kind, &writing.body).map_err(|_| broken())?;
    if let Some(day) = &item.day {
        writing.kind = Kind::DAILY;
        content.map.insert(DAY, Value::Text(day.clone()));
    }
    if item.aliases.len() > MOST_ALIASES {
        return Err(usage(format!("at most {MOST_ALIASES} other names")));
    }
    if !item.aliases.is_empty() {
        for alias in &item.aliases {
            fits("other name", alias, limits::TITLE)?;
        }
        let aliases = item.aliases.iter().cloned().map(Value::Text).collect();
        content.map.insert(foreign::ALIASES, Value::Array(aliases));
    }
    if let Some(lines) = item.properties.as_ref().filter(|lines| !lines.is_empty()) {
        fits("properties", lines, limits::TEXT)?;
        let lines = Value::Text(lines.clone());
        content.map.insert(foreign::PROPERTIES, lines);
    }
    if let Some(written) = item.written {
        let written = Value::Text(written.to_string());
        content.map.insert(foreign::WRITTEN, written);
    }
    let prints = Prints::of(writing.kind, &content, &writing.tags);
    if let Some((source, _)) = &source {
        content.map.insert(foreign::SOURCE, source.value());
    }
    writing.body = to_body(&content)?;
    if Content::decode(writing.kind, &writing.body).is_err() {
        let day = item.day.as_deref().unwrap_or_default();
        return Err(usage(format!("{day:?} is no day: write it as 2024-05-01")));
    }
    Ok(Ready {
        writing,
        content,
        prints,
        source,
    })
}

/// Keys that an import says, and that a version of it says anew.
const SAID: [u8; 8] = [
    0,
    1,
    2,
    3,
    foreign::PROPERTIES,
    foreign::ALIASES,
    foreign::WRITTEN,
    foreign::SOURCE,
];

/// The new version of a document whose source has changed; what the source cannot say stays.
fn version(change: Change, ready: Ready) -> Result<(Writing, Prints, Option<Source>), ApiError> {
    let Change {
        document,
        base,
        says,
        ..
    } = change;
    let kind = document.first().map_or(Kind::NOTE, |first| first.kind);
    let Says {
        mut content, refs, ..
    } = says;
    for key in SAID {
        match ready.content.map.get(&key) {
            Some(value) => drop(content.map.insert(key, value.clone())),
            None if key == foreign::SOURCE => {}
            None => drop(content.map.remove(&key)),
        }
    }
    content.salt = ready.content.salt;
    let body = to_body(&content)?;
    if Content::decode(kind, &body).is_err() {
        let name = kind.name().unwrap_or("record");
        return Err(usage(format!(
            "it was a {name} when it was imported, and cannot be made one of another kind"
        )));
    }
    let mut pointers = vec![
        Ref {
            rel: Rel::SUPERSEDES,
            id: base,
        },
        Ref {
            rel: Rel::DOCUMENT,
            id: document.id,
        },
    ];
    pointers.extend(refs);
    let writing = Writing {
        kind,
        tags: ready.writing.tags,
        refs: pointers,
        body,
    };
    Ok((writing, ready.prints, ready.source))
}
