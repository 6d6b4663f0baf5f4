//! Daily pages: one a person, collective and day (section 8.5).
//!
//! Two devices may begin the page of a day without knowing of each other. Then there are two
//! documents, shown one below the other, until the next version makes them one.

use std::collections::BTreeSet;

use folkmoot_api::{
    ApiError, Day, DayView, DayWrite, ItemView, PageView, Reply, TaskItem, Tasks, TasksView,
};
use folkmoot_library::{
    Date, Expr, Interval, ResolvedQuery, Side, Sort, Test, Text, item, merge_texts,
};
use folkmoot_record::{
    CollectiveId, Hlc, Kind, RecordId, Rel, SeatKey, Verified,
    content::{Content, Value},
    limits,
};
use folkmoot_search::Page;
use folkmoot_store::Entry;
use jiff::ToSpan;

use crate::{
    clock::random,
    core::Core,
    errors::{failed, store_unread, usage},
    exchange::holdings::read,
    finding::understand::time_zone,
    keeping::{
        author::Writing,
        documents::Document,
        edit::{Says, unreadable},
        notes::{fits, to_body},
    },
    membership::collective::Collective,
};

/// Keys of a page's body (section 3.4).
const TEXT: u8 = 0;
const DATE: u8 = 16;
/// Facts about the pages that were begun here: `day/`, the collective, the date; its value is the page.
const PAGE: &[u8] = b"day/";
/// Mentions of a day that are looked at at once, for its pages among them.
const AT_ONCE: usize = 64;
/// What others wrote that is told; the rest is a number.
const MOST_ARRIVED: usize = 10;
/// Tasks told with a day.
const MOST_TASKS: u32 = 50;

/// A page, or a part of one.
struct Part {
    document: Document,
    begun: (Hlc, RecordId),
    shown: RecordId,
    text: String,
}

impl Core {
    /// A day: its page, what is due, what came.
    pub(crate) fn day(&mut self, ask: &Day) -> Result<Reply, ApiError> {
        let date = to_date(&ask.date)?;
        let cid = self.place_or_home(ask.collective.as_deref())?;
        let parts = self.parts(cid, date)?;
        let pages = parts.iter().map(|part| PageView {
            id: part.document.id.to_string(),
            short: self.short_id(&part.document.id),
            version: part.shown.to_string(),
        });
        let pages = pages.collect();
        let (arrived, arrived_more) = self.arrived(ask, date)?;
        let (tasks, tasks_more) = self.due_on(ask, date)?;
        Ok(Reply::Day(Box::new(DayView {
            date: date.to_string(),
            collective: self.name_of(&cid),
            text: joined(&parts),
            pages,
            tasks,
            tasks_more,
            arrived,
            arrived_more,
            partial: self.library.partial(),
        })))
    }

    /// Writes the page of a day, or below it.
    pub(crate) fn write_day(&mut self, ask: &DayWrite) -> Result<Reply, ApiError> {
        let date = to_date(&ask.date)?;
        let cid = self.place_or_home(ask.collective.as_deref())?;
        if ask.append && ask.text.trim().is_empty() {
            return Err(usage("there is nothing to write"));
        }
        let parts = self.parts(cid, date)?;
        // A page that was empty when it was opened does not replace what was written since.
        let begun = ask.base.is_empty() && !parts.is_empty();
        let is_based = |part: &Part| ask.base.contains(&part.shown.to_string());
        let is_known = parts.iter().filter(|part| is_based(part)).count() == ask.base.len();
        let text = match joined(&parts) {
            before if ask.append && !before.is_empty() => {
                format!("{}\n{}", before.trim_end(), ask.text)
            }
            _ if ask.append || (is_known && !begun) => ask.text.clone(),
            // Lines that came while the page was open in an editor.
            now => self.with_both(&parts, &ask.base, &ask.text, &now)?,
        };
        let device = ask.device.as_deref();
        let takes_in = |part: &&Part| ask.base.is_empty() || !is_known || is_based(part);
        let based: Vec<&Part> = parts.iter().filter(takes_in).collect();
        let Some(first) = based.first() else {
            let id = self.begin_day(cid, date, &text, device)?;
            return self.edited(cid, &id, id, true);
        };
        let before = Says::of(&first.document, &first.shown)
            .ok_or_else(|| unreadable(&first.document.id.to_string()))?;
        let mut after = before.clone();
        after.set_text(&text)?;
        if after == before && based.len() == 1 {
            return self.edited(cid, &first.document.id, first.shown, false);
        }
        let replaces: BTreeSet<RecordId> = based.iter().map(|part| part.shown).collect();
        let version = self.write_version(cid, &first.document, &replaces, after, device)?;
        self.edited(cid, &first.document.id, version, true)
    }

    /// What was written on a page and what came to it meanwhile, both held against the versions that
    /// the page had when it was opened.
    ///
    /// # Errors
    /// Where both changed the same lines.
    fn with_both(
        &self,
        parts: &[Part],
        base: &[String],
        mine: &str,
        now: &str,
    ) -> Result<String, ApiError> {
        let anew = || {
            usage("the same lines of the page were written anew meanwhile")
                .hint("open it again: `moot today`")
        };
        let mut before = Vec::with_capacity(base.len());
        for version in base {
            let id: RecordId = version.parse().map_err(|_| anew())?;
            let part = parts
                .iter()
                .find(|part| part.document.records.contains_key(&id));
            let says = part.and_then(|part| Says::of(&part.document, &id));
            let text = says.and_then(|says| says.content.text().map(str::to_owned));
            before.push(text.ok_or_else(anew)?);
        }
        let before = together(before.iter().map(String::as_str));
        let side = |text| Side { text, label: "" };
        let merge = merge_texts(&before, side(mine), side(now));
        (merge.conflicts == 0)
            .then_some(merge.text)
            .ok_or_else(anew)
    }

    fn begin_day(
        &mut self,
        cid: CollectiveId,
        date: Date,
        text: &str,
        device: Option<&str>,
    ) -> Result<RecordId, ApiError> {
        fits("text", text, limits::TEXT)?;
        let content = Content::new(random().map_err(|e| failed(e.to_string()))?)
            .with(TEXT, Value::Text(text.to_owned()))
            .with(DATE, Value::Text(date.to_string()));
        let writing = Writing {
            kind: Kind::DAILY,
            tags: Vec::new(),
            refs: Vec::new(),
            body: to_body(&content)?,
        };
        let id = self.write_record(cid, writing, device)?.id();
        let fact = Entry::Local {
            key: day_key(&cid, date),
            value: Some(id.to_bytes().to_vec()),
        };
        if let Err(error) = self.store.commit(&[fact]) {
            // The index finds the page, too.
            tracing::warn!(%error, "the page of a day is not remembered");
        }
        Ok(id)
    }

    /// The page of a day that was begun here last. It is known also while the index is being built.
    fn begun_here(&self, cid: &CollectiveId, date: Date) -> Result<Option<RecordId>, ApiError> {
        let fact = self
            .store
            .local(&day_key(cid, date))
            .map_err(store_unread)?;
        let id = fact.and_then(|id| <[u8; 32]>::try_from(id).ok());
        Ok(id.map(RecordId::from_bytes))
    }

    /// The parts of this person's page of a day, the first begun first, without those that a
    /// version of another part has taken in.
    fn parts(&mut self, cid: CollectiveId, date: Date) -> Result<Vec<Part>, ApiError> {
        let seat = self.collective_mut(&cid)?.secrets.seat;
        let words = Text::phrase(&date.to_string());
        let tests = [
            Some(Test::Kind(Kind::DAILY)),
            Some(Test::Seats(BTreeSet::from([seat]))),
            Some(Test::Places(BTreeSet::from([cid]))),
            words.map(Test::Text),
        ];
        self.catch_up_somewhat();
        let query = ResolvedQuery {
            expr: Expr::And(tests.into_iter().flatten().map(Expr::Is).collect()),
            sort: Sort::Oldest,
            now_ms: self.clock.wall(),
        };
        let mut parts: Vec<Part> = Vec::new();
        let mut offset = 0;
        // Other days may name this one often: all that do are looked through.
        loop {
            let page = Page {
                limit: AT_ONCE,
                offset,
            };
            let (found, total) = self.searched(&query, page)?;
            for record in found {
                parts.extend(self.part(&record, date, seat)?);
            }
            offset += AT_ONCE;
            if offset as u64 >= total {
                break;
            }
        }
        if self.library.partial()
            && let Some(page) = self.begun_here(&cid, date)?
            && parts.iter().all(|part| part.document.id != page)
            && let Some(first) = read(&self.store, &page)
            && let Some((_, document)) = self.document_of(&first)?
        {
            for record in document.current() {
                parts.extend(self.part(record, date, seat)?);
            }
        }
        parts.sort_by_key(|part| part.begun);
        let taken: BTreeSet<(RecordId, RecordId)> = parts
            .iter()
            .flat_map(|part| {
                let records = part.document.records.values();
                let refs = records.flat_map(|record| &record.header().refs);
                let replaced = refs.filter(|r| r.rel == Rel::SUPERSEDES);
                replaced.map(|r| (r.id, part.document.id))
            })
            .collect();
        let least = RecordId::from_bytes([0; 32]);
        let mut at = 0;
        parts.retain(|part| {
            at += 1;
            let by = taken.range((part.shown, least)..);
            let mut by = by.take_while(|(id, _)| *id == part.shown);
            at == 1 || by.all(|(_, document)| *document == part.document.id)
        });
        Ok(parts)
    }

    /// A record as a part of this person's page of a day; `None` where it only names the day.
    fn part(
        &mut self,
        record: &Verified,
        date: Date,
        seat: SeatKey,
    ) -> Result<Option<Part>, ApiError> {
        let content = record
            .body()
            .and_then(|body| Content::decode(Kind::DAILY, body).ok());
        let is_of = Value::Text(date.to_string());
        let Some(content) = content.filter(|content| content.map.get(&DATE) == Some(&is_of)) else {
            return Ok(None);
        };
        let document = self.document_of(record)?.map(|(_, document)| document);
        Ok(document.and_then(|document| {
            let first = document.first().filter(|first| first.seat == seat)?;
            Some(Part {
                begun: (first.hlc, document.id),
                shown: record.id(),
                text: content.text().unwrap_or_default().to_owned(),
                document,
            })
        }))
    }

    /// Records that pass all of these, as they are shown, and how many there are in all.
    pub(crate) fn among(
        &mut self,
        tests: impl Iterator<Item = Test>,
        sort: Sort,
        most: usize,
    ) -> Result<(Vec<Verified>, u64), ApiError> {
        self.catch_up_alone();
        let query = ResolvedQuery {
            expr: Expr::And(tests.map(Expr::Is).collect()),
            sort,
            now_ms: self.clock.wall(),
        };
        self.searched(&query, Page::first(most))
    }

    fn searched(
        &self,
        query: &ResolvedQuery,
        page: Page,
    ) -> Result<(Vec<Verified>, u64), ApiError> {
        let hits = self
            .library
            .search(query, page)
            .map_err(|error| failed(error.to_string()))?;
        let records = hits
            .hits
            .iter()
            .filter_map(|hit| read(&self.store, &hit.id));
        Ok((records.collect(), hits.total))
    }

    /// Today's tasks are those that are due; those of another day, the ones of that day.
    fn due_on(&mut self, ask: &Day, date: Date) -> Result<(Vec<TaskItem>, u64), ApiError> {
        let today = self.now_in(ask.time_zone.as_deref())?.date() == date;
        let tasks = Tasks {
            query: match today {
                true => format!("due:..{date}"),
                false => format!("due:{date}"),
            },
            collective: ask.collective.clone(),
            all: !today,
            limit: MOST_TASKS,
            time_zone: ask.time_zone.clone(),
        };
        let view: TasksView = self.tasks(&tasks)?.try_into()?;
        let more = view.total.saturating_sub(view.items.len() as u64);
        Ok((view.items, more))
    }

    /// What others wrote on a day.
    fn arrived(&mut self, ask: &Day, date: Date) -> Result<(Vec<ItemView>, u64), ApiError> {
        let zone = time_zone(ask.time_zone.as_deref())?;
        let start = |date: Date| {
            let start = date.to_zoned(zone.clone()).ok()?.timestamp();
            // Nothing was written here before 1970.
            Some(u64::try_from(start.as_millisecond()).unwrap_or(0))
        };
        let end = date.checked_add(1.day()).ok().and_then(start);
        let interval = Interval {
            from: start(date).unwrap_or(0),
            to: end.unwrap_or(u64::MAX),
        };
        let places = match ask.collective.as_deref() {
            Some(name) => BTreeSet::from([self.resolve(name)?]),
            None => self.member_of().map(Collective::cid).collect(),
        };
        let own = self.collectives.values();
        let own = own.map(|collective| collective.secrets.seat).collect();
        self.catch_up_alone();
        let query = ResolvedQuery {
            expr: Expr::And(vec![
                Expr::Is(Test::Created(interval)),
                Expr::Is(Test::Places(places)),
                Expr::Not(Box::new(Expr::Is(Test::Seats(own)))),
            ]),
            sort: Sort::Newest,
            now_ms: self.clock.wall(),
        };
        let (records, total) = self.searched(&query, Page::first(MOST_ARRIVED))?;
        let items = records.iter().filter_map(item);
        let items: Vec<ItemView> = items.map(|item| self.item_view(&item, None)).collect();
        let more = total.saturating_sub(items.len() as u64);
        Ok((items, more))
    }
}

fn joined(parts: &[Part]) -> String {
    together(parts.iter().map(|part| part.text.as_str()))
}

/// Texts one below the other.
fn together<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let texts: Vec<&str> = texts
        .map(str::trim_end)
        .filter(|text| !text.is_empty())
        .collect();
    texts.join("\n\n")
}

fn day_key(cid: &CollectiveId, date: Date) -> Vec<u8> {
    [PAGE, cid.as_bytes(), date.to_string().as_bytes()].concat()
}

pub(super) fn to_date(text: &str) -> Result<Date, ApiError> {
    text.parse::<Date>()
        .ok()
        .filter(|date| date.to_string() == text)
        .ok_or_else(|| usage(format!("{text:?} is no day")).hint("a day is written 2026-12-01"))
}
