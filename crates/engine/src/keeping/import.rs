//! Importing many records: as one durable group a call, each text once.

mod exact;
mod known;
pub(crate) mod origins;
mod prints;
mod route;
mod sources;
mod standing;

use std::{
    collections::{BTreeMap, BTreeSet},
    iter::Peekable,
    vec,
};

use folkmoot_api::{ApiError, ErrorCode, ImportItem, Imported, Refused, Reply};
use folkmoot_library::{foreign, page};
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

use exact::Exact;
pub(crate) use known::Known;
use origins::Came;
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
/// Keys of a task that a page names: its state, when it is due, when it comes again (section 3.4).
const OF_TASKS: [u8; 3] = [16, 17, 20];
/// Key of the language of a text (section 3.4), and most bytes of one.
const LANGUAGE: (u8, usize) = (4, 64);
/// Most bytes of a URL (section 12.3).
const MOST_URL: usize = 4_096;

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
    /// Keys that it says beside those that every item says.
    said: Vec<u8>,
    /// The document that it is a copy of, and the version.
    id: Option<RecordId>,
    base: Option<RecordId>,
    /// What only a page says that an export wrote.
    exact: Option<Exact>,
    /// Whether it was given, and counted, before.
    again: bool,
}

/// An item with the name of its source, or why it cannot be written.
type Given = (String, Result<Ready, ApiError>);

/// What one call does.
#[derive(Default)]
struct Work {
    report: Imported,
    entries: Vec<Entry>,
    /// Contents of this call that are not stored yet.
    tried: BTreeSet<Print>,
    /// Sources of this call.
    met: BTreeSet<SourceId>,
    /// Documents that were written and are not stored yet, by the ids of their pages.
    written: BTreeMap<RecordId, RecordId>,
    /// What pages said that were met, where nothing is stored.
    planned: BTreeMap<RecordId, Print>,
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
        let key = self.place_or_home(None)?;
        let given = items.into_iter().map(|item| {
            let source = terms.vault.as_deref().zip(item.path.clone());
            let source = source.map(|(vault, path)| (SourceId::of(&key, vault, &path), path));
            let ready = match &item.page {
                Some(page) => exact::ready(page, source).map(|ready| Ready {
                    again: item.again,
                    ..ready
                }),
                None => ready(&item, source),
            };
            (item.source, ready)
        });
        let mut report = Imported::default();
        let given = given.collect();
        let routed = self.routed(cid, collective.is_some(), given, &mut report)?;
        for (cid, given) in routed {
            let done = self.import_into(cid, given, terms)?;
            report.added += done.added;
            report.changed += done.changed;
            report.beside += done.beside;
            report.skipped += done.skipped;
            report.refused.extend(done.refused);
        }
        Ok(Reply::Imported(report))
    }

    fn import_into(
        &mut self,
        cid: CollectiveId,
        given: Vec<Given>,
        terms: &Terms,
    ) -> Result<Imported, ApiError> {
        if !terms.dry_run {
            self.tidy_heads(cid)?;
        }
        let mut known = self.known_content(cid)?;
        let mut work = Work::default();
        let mut given = given.into_iter().peekable();
        let outcome = loop {
            let done = self.import_run(cid, &mut given, terms, &mut known, &mut work);
            if done.is_err() || given.peek().is_none() {
                break done;
            }
        };
        // After a failed one nobody knows which of them were stored.
        outcome?;
        if self.imported.len() >= MOST_REMEMBERED {
            self.imported.pop_first();
        }
        known.used_at = self.clock.mono();
        self.imported.insert(cid, known);
        Ok(work.report)
    }

    /// Takes items up to the first whose id was met already: what that one changes must be stored
    /// before, and so it does not matter where a call ends.
    fn import_run(
        &mut self,
        cid: CollectiveId,
        given: &mut Peekable<vec::IntoIter<Given>>,
        terms: &Terms,
        known: &mut Known,
        work: &mut Work,
    ) -> Result<(), ApiError> {
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let pen = collective.pen(terms.device.as_deref())?;
        let mut ids = BTreeSet::new();
        let mut is_first = true;
        while let Some((name, ready)) = given.next_if(|(_, ready)| {
            let id = ready.as_ref().ok().and_then(|ready| ready.id);
            let is_new = id.is_none_or(|id| ids.insert(id));
            std::mem::take(&mut is_first) || is_new
        }) {
            let again = ready.as_ref().is_ok_and(|ready| ready.again);
            if again && terms.dry_run {
                continue;
            }
            let counted = again.then(|| work.report.clone());
            let done = ready.map_err(Stop::Item).and_then(|ready| {
                work.item(
                    collective,
                    store,
                    known,
                    ready,
                    now_ms,
                    (&pen, terms.dry_run),
                )
            });
            if let Some(counted) = counted {
                work.report = counted;
            }
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
        work.written.clear();
        let entries = std::mem::take(&mut work.entries);
        if !entries.is_empty() {
            self.publish(cid, entries)?;
        }
        Ok(())
    }
}

impl Work {
    fn item(
        &mut self,
        collective: &mut Collective,
        store: &Vault,
        known: &mut Known,
        mut ready: Ready,
        now_ms: u64,
        (pen, dry_run): (&Pen, bool),
    ) -> Result<(), Stop> {
        // A page with an id is itself, whatever else says the same, and wherever it stands.
        let by_content = ready.exact.is_none() || ready.id.is_none();
        if let Some((source, path)) = &ready.source
            && !self.met.insert(*source)
            && by_content
        {
            let why = format!("{path} stands twice in what is imported");
            return Err(Stop::Item(usage(why)));
        }
        let place = (collective.cid(), collective.secrets.seat);
        ready
            .point(store, (&place.0, &place.1), &self.written)
            .map_err(Stop::All)?;
        let standing = standing::of(collective, store, known, &ready).map_err(Stop::All)?;
        if dry_run
            && let Some(id) = ready.id
            && let Some(before) = self.planned.insert(id, ready.prints.whole)
        {
            // It would be there by now.
            match before == ready.prints.whole {
                true => self.report.skipped += 1,
                false => self.report.changed += 1,
            }
            return Ok(());
        }
        let is_again = matches!(standing, Standing::New)
            && !self.tried.insert(ready.prints.seen)
            && by_content;
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
                let writing = ready.writing.clone();
                let record = sign(
                    collective,
                    store,
                    now_ms,
                    writing,
                    pen,
                    ready.exact.is_some(),
                )?;
                let id = record.id();
                self.keep(collective, known, record, now_ms, ready, id);
                self.report.added += 1;
            }
            Standing::Changed(change) => {
                let beside = change.is_beside();
                let document = change.document.id;
                let writing = version(*change, &ready).map_err(Stop::Item)?;
                let record = sign(
                    collective,
                    store,
                    now_ms,
                    writing,
                    pen,
                    ready.exact.is_some(),
                )?;
                self.keep(collective, known, record, now_ms, ready, document);
                self.report.changed += 1;
                self.report.beside += u64::from(beside);
            }
        }
        Ok(())
    }

    /// The record, and what is remembered of where it came from.
    fn keep(
        &mut self,
        collective: &Collective,
        known: &mut Known,
        record: Verified,
        now_ms: u64,
        mut ready: Ready,
        document: RecordId,
    ) {
        let version = record.id();
        let (cid, seat) = (collective.cid(), collective.secrets.seat);
        known.insert(ready.prints.seen, &version);
        self.entries.push(Entry::Record(record, now_ms));
        let print = ready.prints.whole;
        // A document of this home is known by its own id.
        if let Some((id, origin)) = ready.origin().filter(|(id, _)| *id != document) {
            self.written.insert(id, document);
            let came = Came {
                document,
                version,
                print,
            };
            self.entries.push(came.entry(&cid, &seat, &id));
            self.entries.extend(origin.entry(&version));
        }
        if let Some((source, path)) = ready.source {
            let fact = Fact {
                document,
                version,
                print,
                path,
            };
            self.entries.push(fact.entry(&cid, &seat, &source));
        }
    }
}

fn sign(
    collective: &mut Collective,
    store: &Vault,
    now_ms: u64,
    writing: Writing,
    pen: &Pen,
    is_page: bool,
) -> Result<Verified, Stop> {
    collective
        .sign_content_as(store, now_ms, writing, pen)
        .map_err(|error| {
            let differs = pen.agent.is_some() || is_page;
            match differs && error.code == ErrorCode::Denied {
                // What a limited device may not write, or a kind that its person may not, another
                // item may be.
                true => Stop::Item(error),
                // The person may not write here: that holds for all items alike.
                false => Stop::All(error),
            }
        })
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
    let mut said = Vec::new();
    if let Some(language) = &item.language {
        fits("language", language, LANGUAGE.1)?;
        content
            .map
            .insert(LANGUAGE.0, Value::Text(language.clone()));
        said.push(LANGUAGE.0);
    }
    if let Some(state) = &item.state {
        let number = page::STATES.iter().position(|name| name == state);
        match number.filter(|_| writing.kind == Kind::TASK) {
            Some(number) => drop(content.map.insert(16, Value::Uint(number as u64))),
            None => {
                return Err(usage(format!(
                    "{state:?} is no state of a task: they are {}",
                    page::STATES.join(", ")
                )));
            }
        }
        // A page that names the state of a task names all that it names of it.
        said.extend(OF_TASKS);
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
        said,
        id: item.id.as_deref().and_then(|id| id.parse().ok()),
        base: item.base.as_deref().and_then(|id| id.parse().ok()),
        exact: None,
        again: false,
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
fn version(change: Change, ready: &Ready) -> Result<Writing, ApiError> {
    let Change {
        document,
        base,
        says,
        ..
    } = change;
    let kind = document.first().map_or(Kind::NOTE, |first| first.kind);
    let of_another = || {
        let name = kind.name().unwrap_or("record");
        usage(format!(
            "it was a {name} when it was imported, and cannot be made one of another kind"
        ))
    };
    let Says {
        mut content, refs, ..
    } = says;
    let from = |key: &u8| {
        let is_exact = ready.exact.is_some();
        *key != foreign::SOURCE && (is_exact || SAID.contains(key) || ready.said.contains(key))
    };
    content.map.retain(|key, _| !from(key));
    for (key, value) in &ready.content.map {
        if from(key) || *key == foreign::SOURCE {
            content.map.insert(*key, value.clone());
        }
    }
    content.salt = ready.content.salt;
    let body = to_body(&content)?;
    let Writing {
        kind: said,
        tags,
        refs: pointed,
        ..
    } = ready.writing.clone();
    if Content::decode(kind, &body).is_err() || (ready.exact.is_some() && said != kind) {
        return Err(of_another());
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
    match ready.exact {
        Some(_) => pointers.extend(pointed),
        None => pointers.extend(refs),
    }
    Ok(Writing {
        kind,
        tags,
        refs: pointers,
        body,
    })
}
