//! Importing many records: as one durable group a call, each text once.

mod drafts;
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
use folkmoot_record::{CollectiveId, RecordId, Verified, content::Content};
use folkmoot_store::{Entry, Vault};

use crate::{
    core::Core,
    errors::{failed, usage},
    exchange::holdings::read,
    keeping::author::Writing,
    membership::collective::Collective,
    person::agents::Pen,
};

use exact::Exact;
pub(crate) use known::Known;
use origins::{Came, Origin};
use prints::{Print, Prints};
use sources::{Fact, SourceId};
use standing::{Said, Standing};

/// Most items of one call: a second of work at the slowest.
const MOST_ITEMS: usize = 1_000;
/// Most items of one id in a call: each is a durable group of its own.
const MOST_OF_ONE: usize = 64;
/// Collectives whose fingerprints of content stay in memory; 24 bytes a record.
const MOST_REMEMBERED: usize = 4;
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
    /// Whether its items came here by their ids: each of them stands or falls by itself.
    is_routed: bool,
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
        let to = self.place_or_home(collective)?;
        let key = self.place_or_home(None)?;
        let given = items.into_iter().map(|item| {
            let source = terms.vault.as_deref().zip(item.path.clone());
            let source = source.map(|(vault, path)| (SourceId::of(&key, vault, &path), path));
            let ready = match &item.page {
                Some(page) => exact::ready(page, source).map(|ready| Ready {
                    again: item.again,
                    ..ready
                }),
                None => drafts::ready(&item, source),
            };
            (item.source, ready)
        });
        let mut report = Imported::default();
        let mut given: Vec<Given> = given.collect();
        // Before anything is looked up for them.
        bounded(&mut given);
        let routed = self.routed(to, collective.is_some(), given, &mut report)?;
        for (cid, given) in routed {
            let names = given.iter().map(|(name, ready)| {
                let again = ready.as_ref().is_ok_and(|ready| ready.again);
                (name.clone(), again)
            });
            let names: Vec<(String, bool)> = names.collect();
            let mut done = Imported::default();
            match self.import_into(cid, given, terms, cid != to, &mut done) {
                Ok(()) => {}
                Err((_, error)) if cid == to => return Err(error),
                // Nobody named that collective: the rest does not end with it.
                Err((stored, error)) => {
                    let left = names.into_iter().skip(stored).filter(|(_, again)| !again);
                    done.refused.extend(left.map(|(source, _)| Refused {
                        source,
                        why: error.message.clone(),
                    }));
                }
            }
            let written = done.added + done.changed;
            if cid != to && written > 0 {
                let name = self.collectives.get(&cid).map(Collective::name);
                *report
                    .elsewhere
                    .entry(name.unwrap_or_default())
                    .or_default() += written;
            }
            report.added += done.added;
            report.changed += done.changed;
            report.beside += done.beside;
            report.skipped += done.skipped;
            report.refused.extend(done.refused);
        }
        Ok(Reply::Imported(report))
    }

    /// Imports into one collective, run after run; `done` says what came of those that were stored.
    ///
    /// # Errors
    /// What ended it, with how many items were done before.
    fn import_into(
        &mut self,
        cid: CollectiveId,
        given: Vec<Given>,
        terms: &Terms,
        is_routed: bool,
        done: &mut Imported,
    ) -> Result<(), (usize, ApiError)> {
        let nothing = |error| (0, error);
        if !terms.dry_run {
            self.tidy_heads(cid).map_err(nothing)?;
        }
        let is_whole = match self.imported.contains_key(&cid) {
            true => true,
            false => self.needs_known(cid, &given).map_err(nothing)?,
        };
        let mut known = match is_whole {
            true => self.known_content(cid).map_err(nothing)?,
            false => Known::default(),
        };
        let mut work = Work {
            is_routed,
            ..Work::default()
        };
        let all = given.len();
        let mut given = given.into_iter().peekable();
        while given.peek().is_some() {
            let stored = all - given.len();
            // After a failed one nobody knows which of them were stored, and what is known is read again.
            self.import_run(cid, &mut given, terms, &mut known, &mut work)
                .map_err(|error| (stored, error))?;
            done.clone_from(&work.report);
        }
        if is_whole {
            if self.imported.len() >= MOST_REMEMBERED {
                self.imported.pop_first();
            }
            known.used_at = self.clock.mono();
            self.imported.insert(cid, known);
        }
        Ok(())
    }

    /// Whether some item is looked for by what it says: what is known by its id alone is not.
    fn needs_known(&self, cid: CollectiveId, given: &[Given]) -> Result<bool, ApiError> {
        let Some(collective) = self.collectives.get(&cid) else {
            return Ok(false);
        };
        let seat = collective.secrets.seat;
        for ready in given.iter().filter_map(|(_, ready)| ready.as_ref().ok()) {
            let Some(id) = ready.id.filter(|_| ready.exact.is_some()) else {
                return Ok(true);
            };
            let came = || Came::read(&self.store, &cid, &seat, &id);
            if read(&self.store, &id).is_none() && came()?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
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
                // It was told when it was given first.
                Err(Stop::Item(_)) if again => {}
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
            && !matches!(standing, Standing::Refused(_))
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
            Standing::Refused(why) => return Err(Stop::Item(usage(why))),
            Standing::There(said) => {
                self.report.skipped += 1;
                if let Some(said) = said.filter(|_| !dry_run) {
                    self.there(collective, store, ready, &said)?;
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
                    self.is_routed || ready.exact.is_some(),
                )?;
                let id = record.id();
                self.keep(collective, known, record, now_ms, ready, id);
                self.report.added += 1;
            }
            Standing::Changed(change) => {
                let beside = change.is_beside();
                let document = change.document.id;
                if change.is_edited
                    && let Some(exact) = &mut ready.exact
                {
                    // Whoever wrote the page did not write this.
                    exact.head = None;
                }
                let writing = drafts::version(*change, &ready).map_err(Stop::Item)?;
                let record = sign(
                    collective,
                    store,
                    now_ms,
                    writing,
                    pen,
                    self.is_routed || ready.exact.is_some(),
                )?;
                self.keep(collective, known, record, now_ms, ready, document);
                self.report.changed += 1;
                self.report.beside += u64::from(beside);
            }
        }
        Ok(())
    }

    /// What is remembered of an item that is there.
    fn there(
        &mut self,
        collective: &Collective,
        store: &Vault,
        mut ready: Ready,
        said: &Said,
    ) -> Result<(), Stop> {
        let (document, version) = (said.document, said.version);
        let page = match said.is_read {
            true => {
                let read = |id: &RecordId| Origin::read(store, id).map_err(Stop::All);
                // Its first version has none where another device read the page.
                let is_whole = read(&document)?.is_none();
                let has_head = read(&version)?.is_some_and(|origin| origin.head.is_some());
                if let Some(exact) = ready.exact.as_mut().filter(|_| !is_whole) {
                    exact.head = None;
                }
                let page = ready.origin();
                page.map(|(id, origin)| (id, Some(origin).filter(|_| !has_head)))
            }
            false => None,
        };
        self.remember(collective, ready, (document, version), page);
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
        known.insert(ready.prints.seen, &version);
        self.entries.push(Entry::Record(record, now_ms));
        // A document of this home is known by its own id.
        let page = ready.origin().filter(|(id, _)| *id != document);
        if let Some((id, _)) = &page {
            self.written.insert(*id, document);
        }
        let page = page.map(|(id, origin)| (id, Some(origin)));
        self.remember(collective, ready, (document, version), page);
    }

    /// Facts about where a version of a document came from: by the id of its page, with the head to be
    /// kept beside the version, and by its source.
    fn remember(
        &mut self,
        collective: &Collective,
        ready: Ready,
        (document, version): (RecordId, RecordId),
        page: Option<(RecordId, Option<Origin>)>,
    ) {
        let (cid, seat) = (collective.cid(), collective.secrets.seat);
        let print = ready.prints.whole;
        if let Some((id, origin)) = page {
            let came = Came {
                document,
                version,
                print,
            };
            self.entries.push(came.entry(&cid, &seat, &id));
            let origin = origin.and_then(|origin| origin.entry(&version));
            self.entries.extend(origin);
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

/// Refuses what comes too often under one id: each time what came before is stored first.
fn bounded(given: &mut [Given]) {
    let mut counts: BTreeMap<RecordId, usize> = BTreeMap::new();
    for (_, ready) in given {
        let Some(id) = ready.as_ref().ok().and_then(|ready| ready.id) else {
            continue;
        };
        let count = counts.entry(id).or_default();
        *count += 1;
        if *count > MOST_OF_ONE {
            let why = format!("the same id more than {MOST_OF_ONE} times at once");
            *ready = Err(usage(why));
        }
    }
}
