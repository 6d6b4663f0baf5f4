//! Tasks: what they say beside their text, and changing it (section 8.5).

use std::{cmp::Reverse, collections::BTreeSet};

use folkmoot_api::{
    ApiError, ItemView, Reply, TaskItem, TaskSet, TaskState, TaskView, Tasks, TasksView,
};
use folkmoot_library::{Date, Due, Rule, Sort, Zoned, item};
use folkmoot_record::{
    CollectiveId, Kind, SeatKey, Verified,
    content::{Content, Value},
};
use folkmoot_search::Page;

use crate::{
    core::Core,
    errors::{failed, usage},
    exchange::holdings::read,
    finding::understand::place,
    keeping::edit::{Says, unreadable},
    membership::{collective::Collective, invite::moment},
};

/// Keys of a task's body (section 3.4): state, due, assignees, when it was done in ms, rule.
pub(super) const STATE: u8 = 16;
pub(super) const DUE: u8 = 17;
pub(super) const ASSIGNEES: u8 = 18;
pub(super) const DONE: u8 = 19;
pub(super) const RULE: u8 = 20;
/// Most tasks of one list.
const MOST: usize = 1_000;
/// Most tasks that are read to find the most urgent: those written last.
const MOST_READ: usize = 10_000;
/// Most people to whom a task is given.
const MOST_ASSIGNEES: usize = 32;

const fn number(state: TaskState) -> u64 {
    match state {
        TaskState::Todo => 0,
        TaskState::Doing => 1,
        TaskState::Done => 2,
        TaskState::Dropped => 3,
    }
}

/// How far a task is, for people.
pub(super) const fn state_in_words(state: u64) -> &'static str {
    match state {
        0 => "to be done",
        1 => "under way",
        2 => "done",
        3 => "given up",
        _ => "something that is not known here",
    }
}

fn text_at(content: &Content, key: u8) -> Option<&str> {
    match content.map.get(&key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn assignees_of(content: &Content) -> Vec<SeatKey> {
    let Some(Value::Array(seats)) = content.map.get(&ASSIGNEES) else {
        return Vec::new();
    };
    let seat = |value: &Value| match value {
        Value::Bytes(bytes) => bytes.as_slice().try_into().ok().map(SeatKey::from_bytes),
        _ => None,
    };
    seats.iter().filter_map(seat).collect()
}

/// What a body says as a task; `None` of other kinds.
pub(crate) fn task_view(
    kind: Kind,
    content: &Content,
    collective: Option<&Collective>,
) -> Option<TaskView> {
    if kind != Kind::TASK {
        return None;
    }
    let state = match content.uint_at(STATE) {
        Some(1) => TaskState::Doing,
        Some(2) => TaskState::Done,
        Some(3) => TaskState::Dropped,
        _ => TaskState::Todo,
    };
    let name = |seat: &SeatKey| collective.map_or_else(|| seat.short(), |c| c.member_name(seat));
    Some(TaskView {
        state,
        due: text_at(content, DUE).map(str::to_owned),
        every: text_at(content, RULE).map(str::to_owned),
        assignees: assignees_of(content).iter().map(name).collect(),
        done: content.uint_at(DONE).map(moment),
    })
}

/// Puts the due date into a task's body; an empty one takes it out.
pub(crate) fn set_due(content: &mut Content, due: &str) -> Result<(), ApiError> {
    if due.is_empty() {
        content.map.remove(&DUE);
        return Ok(());
    }
    // A day that no calendar has is not written, though others may have written it.
    if Due::parse(due).is_none_or(|due| due.date().is_none()) {
        return Err(usage(format!("{due:?} is no date"))
            .hint("a task is due on a day, 2026-12-01, or at a time, 2026-12-01T18:30"));
    }
    content.map.insert(DUE, Value::Text(due.to_owned()));
    Ok(())
}

/// Puts the rule into a task's body by which it comes again; an empty one takes it out. A task
/// without a date is due from then on, on the first day from `today` on that the rule names.
pub(crate) fn set_rule(content: &mut Content, rule: &str, today: Date) -> Result<(), ApiError> {
    if rule.is_empty() {
        content.map.remove(&RULE);
        return Ok(());
    }
    let Some(rule) = Rule::parse(rule) else {
        return Err(usage(format!("{rule:?} is no rule for coming again"))
            .hint("such as FREQ=WEEKLY;BYDAY=MO,TH (section 8.5 of the protocol)"));
    };
    content.map.insert(RULE, Value::Text(rule.to_string()));
    content
        .map
        .entry(DUE)
        .or_insert_with(|| Value::Text(Due::on(rule.first(today)).to_string()));
    Ok(())
}

/// Puts those into a task's body who are to do it.
pub(crate) fn set_assignees(
    content: &mut Content,
    seats: &BTreeSet<SeatKey>,
) -> Result<(), ApiError> {
    if seats.len() > MOST_ASSIGNEES {
        let most = format!("a task can be given to at most {MOST_ASSIGNEES} people");
        return Err(usage(most));
    }
    let seats: Vec<Value> = seats
        .iter()
        .map(|seat| Value::Bytes(seat.as_bytes().to_vec()))
        .collect();
    match seats.is_empty() {
        true => drop(content.map.remove(&ASSIGNEES)),
        false => drop(content.map.insert(ASSIGNEES, Value::Array(seats))),
    }
    Ok(())
}

/// The time that follows the one done, where a task comes again: the first after it that is still
/// to come. The rule counts down.
fn following(content: &Content, now: &Zoned) -> Result<Option<(Due, Rule)>, ApiError> {
    let (Some(rule), Some(due)) = (text_at(content, RULE), text_at(content, DUE)) else {
        return Ok(None);
    };
    let unclear = |what: String| {
        usage(what).hint("say it anew: `moot task due ID DATE`, `moot task every ID RULE`")
    };
    let rule = Rule::parse(rule).ok_or_else(|| {
        unclear(format!(
            "when it comes again cannot be understood: {rule:?}"
        ))
    })?;
    let due = Due::parse(due)
        .and_then(|due| Some((due, due.date()?)))
        .ok_or_else(|| unclear(format!("it is due on a day that there is not: {due}")));
    let (due, day) = due?;
    let today = now.date();
    // A time of today that is still to come counts as to come.
    let still = due.minute().is_some() && due.moved(today) > Due::at(now.datetime());
    let after = match still {
        true => today.yesterday().unwrap_or(today),
        false => today,
    };
    let next = rule.next(day, after);
    Ok(next.map(|(day, rule)| (due.moved(day), rule)))
}

impl Core {
    /// Those named who are members of a collective.
    pub(crate) fn assignees(
        &self,
        cid: &CollectiveId,
        names: &[String],
    ) -> Result<BTreeSet<SeatKey>, ApiError> {
        let place = cid.to_string();
        let own = self.collectives.get(cid).map(|c| c.secrets.seat);
        let mut seats = BTreeSet::new();
        for name in names {
            let me = name.trim_start_matches('@').eq_ignore_ascii_case("me");
            seats.insert(match own.filter(|_| me) {
                Some(seat) => seat,
                None => self.person(name, Some(&place))?.1,
            });
        }
        Ok(seats)
    }

    /// What a record says as a task.
    pub(crate) fn task_of(&self, record: &Verified) -> Option<TaskView> {
        let header = record.header();
        let collective = header.cid.and_then(|cid| self.collectives.get(&cid));
        let content = Content::decode(header.kind, record.body()?).ok()?;
        task_view(header.kind, &content, collective)
    }

    /// Writes a version of a task with another state, date, rule or other people; of a task that
    /// comes again and is done, two: the one that is done, and the one that is to be done next.
    pub(crate) fn set_task(&mut self, ask: &TaskSet) -> Result<Reply, ApiError> {
        let (cid, document) = self.document_named(&ask.id)?;
        if document
            .first()
            .is_none_or(|first| first.kind != Kind::TASK)
        {
            return Err(usage(format!("{} is no task", ask.id))
                .hint("`moot task` lists your tasks; `moot task add` writes one"));
        }
        let shown = document.current().first().map(|record| record.id());
        let shown = shown.ok_or_else(|| unreadable(&ask.id))?;
        let before = Says::of(&document, &shown).ok_or_else(|| unreadable(&ask.id))?;
        let now = self.now_in(ask.time_zone.as_deref())?;
        let mut after = before.clone();
        if let Some(due) = &ask.due {
            set_due(&mut after.content, due)?;
            if due.is_empty() && text_at(&after.content, RULE).is_some() {
                return Err(usage("a task that comes again is due on a day")
                    .hint("first: `moot task every ID none`"));
            }
        }
        if let Some(rule) = &ask.every {
            set_rule(&mut after.content, rule, now.date())?;
        }
        if let Some(names) = &ask.assignees {
            let seats = self.assignees(&cid, names)?;
            set_assignees(&mut after.content, &seats)?;
        }
        let mut then = None;
        if let Some(state) = ask.state
            && after.content.uint_at(STATE) != Some(number(state))
        {
            let next = match state {
                TaskState::Done => following(&after.content, &now)?,
                TaskState::Todo | TaskState::Doing | TaskState::Dropped => None,
            };
            then = next.map(|(due, rule)| {
                let mut next = after.clone();
                let map = &mut next.content.map;
                map.insert(STATE, Value::Uint(number(TaskState::Todo)));
                map.remove(&DONE);
                map.insert(DUE, Value::Text(due.to_string()));
                map.insert(RULE, Value::Text(rule.to_string()));
                next
            });
            let map = &mut after.content.map;
            map.insert(STATE, Value::Uint(number(state)));
            match state {
                TaskState::Done => drop(map.insert(DONE, Value::Uint(self.clock.wall()))),
                TaskState::Todo | TaskState::Doing | TaskState::Dropped => {
                    drop(map.remove(&DONE));
                }
            }
        }
        let changed = after != before;
        let mut version = shown;
        if changed {
            let versions = std::iter::once(after).chain(then).collect();
            let replaces = BTreeSet::from([shown]);
            let device = ask.device.as_deref();
            version = self.write_versions(cid, &document, &replaces, versions, device)?;
        }
        self.edited(cid, &document.id, version, changed)
    }

    /// Tasks, the most urgent first.
    pub(crate) fn tasks(&mut self, ask: &Tasks) -> Result<Reply, ApiError> {
        let zone = ask.time_zone.as_deref();
        let mut source = String::from(match ask.all {
            true => "kind:task",
            false => "kind:task is:open",
        });
        if !ask.query.trim().is_empty() {
            // What the person wrote is looked at by itself first, so that a fault is shown in it.
            self.understand(&ask.query, zone)?;
            source = format!("({}) {source}", ask.query);
        }
        let mut query = self.parse(&source, zone)?;
        if let Some(name) = &ask.collective {
            query = query.within(place(self.resolve(name)?));
        }
        let mut query = self.resolved(&query)?;
        query.sort = Sort::Newest;
        self.catch_up_alone();
        let page = Page {
            limit: MOST_READ,
            offset: 0,
        };
        let hits = self
            .library
            .search(&query, page)
            .map_err(|error| failed(error.to_string()))?;
        let mut found = Vec::new();
        for hit in &hits.hits {
            if let Some(record) = read(&self.store, &hit.id)
                && let Some(item) = item(&record)
            {
                found.push((
                    item.due.is_none(),
                    item.due,
                    Reverse(item.hlc),
                    item.id,
                    record,
                ));
            }
        }
        found.sort_by_key(|one| (one.0, one.1, one.2, one.3));
        found.truncate(match ask.limit {
            0 => MOST,
            limit => MOST.min(limit as usize),
        });
        let mut items = Vec::new();
        for (.., record) in &found {
            if let (Some(found), Some(task)) = (item(record), self.task_of(record)) {
                let beside = self.count_beside(&found);
                let item = ItemView {
                    beside,
                    ..self.item_view(&found, None)
                };
                items.push(TaskItem { item, task });
            }
        }
        Ok(Reply::Tasks(TasksView {
            items,
            total: hits.total,
            partial: self.library.partial(),
        }))
    }
}
