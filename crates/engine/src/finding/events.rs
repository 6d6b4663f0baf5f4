//! What happened, read from the record log: nothing is kept for whoever listens.
//!
//! An event is told from the log when it is asked for. So a slow listener costs no memory here, one that
//! was away misses nothing, and what was told is durable.

use folkmoot_api::{ApiError, EventView, Events, EventsPage, Reply};
use folkmoot_library::ResolvedQuery;
use folkmoot_record::RecordId;
use folkmoot_store::{LogCursor, Logged};

use crate::{
    core::{Core, ReplyTo},
    errors::{store_unread, usage},
    finding::happened::{Happened, Told},
    wait::{Awaited, Waiting},
};

/// Most events of one answer: about 200 kB.
const MOST_EVENTS: usize = 256;
/// Most entries of the log that one answer reads over: some milliseconds, so that commands are answered
/// in between.
const MOST_ENTRIES: usize = 2_000;
/// Bytes of bodies held while they are judged: a note has at most 64 KiB.
const MOST_BYTES: usize = 1 << 20;
/// The longest wait for something to happen, in milliseconds: a listener is told once a minute how far
/// the log was read, and nothing wakes more often.
const MOST_WAIT: u32 = 60_000;
/// The word for the beginning of the log.
const START: &str = "start";

/// A stretch of the log: each entry that may be told, with the places before and behind it.
#[derive(Default)]
struct Stretch {
    entries: Vec<(LogCursor, Logged, LogCursor)>,
    bytes: usize,
    seen: usize,
}

impl Stretch {
    fn add(&mut self, before: LogCursor, logged: Logged, behind: LogCursor) {
        self.seen += 1;
        let size = match &logged {
            Logged::Record(record, _) | Logged::Body(record)
                if record.header().kind.is_content() =>
            {
                record.wire().len()
            }
            Logged::Mark(..) => 0,
            Logged::Record(..) | Logged::Body(_) | Logged::Erase(_) | Logged::Other => return,
        };
        self.bytes += size;
        self.entries.push((before, logged, behind));
    }

    const fn is_full(&self) -> bool {
        self.seen >= MOST_ENTRIES || self.bytes >= MOST_BYTES
    }
}

impl Core {
    /// Tells what happened, or waits for it.
    pub(crate) fn events(&mut self, ask: Events, reply: ReplyTo) {
        let from = match self.place_of(ask.after.as_deref()) {
            Ok(from) => from,
            Err(error) => return reply(Err(error)),
        };
        let until = self.clock.mono() + u64::from(ask.wait_ms.min(MOST_WAIT));
        let waiting = Waiting {
            what: Awaited::Events { ask, from },
            until,
            reply,
        };
        self.waiting.push(waiting);
        self.answer_waiting();
    }

    /// What happened behind `from`; `None` where that is nothing, with the place to go on from.
    pub(crate) fn events_since(
        &mut self,
        ask: &Events,
        from: &mut LogCursor,
        over: bool,
    ) -> Option<Result<Reply, ApiError>> {
        let ahead = *from < self.store.cursor();
        if !ahead && !over {
            return None;
        }
        let told = self
            .understand(&ask.query, ask.time_zone.as_deref())
            .and_then(|query| self.told(&query, ask, from));
        match told {
            Ok(events) if events.is_empty() && !over && *from >= self.store.cursor() => None,
            Ok(events) => Some(Ok(Reply::Events(Box::new(EventsPage {
                events,
                cursor: self.cursor_text(*from),
                more: *from < self.store.cursor(),
            })))),
            Err(error) => Some(Err(error)),
        }
    }

    /// The events of one stretch of the log; moves `from` behind what was read.
    fn told(
        &mut self,
        query: &ResolvedQuery,
        ask: &Events,
        from: &mut LogCursor,
    ) -> Result<Vec<EventView>, ApiError> {
        let limit = limit(ask.limit);
        let told = ask.after.as_deref().and_then(told_of);
        let mut stretch = Stretch::default();
        let mut before = *from;
        let mut end = self
            .store
            .records_since(*from, &mut |logged, behind| {
                stretch.add(before, logged, behind);
                before = behind;
                match stretch.is_full() {
                    true => std::ops::ControlFlow::Break(()),
                    false => std::ops::ControlFlow::Continue(()),
                }
            })
            .map_err(store_unread)?;
        let mut events = Vec::new();
        let mut stretch_told = Told::default();
        for (before, logged, behind) in stretch.entries {
            if events.len() >= limit {
                end = before;
                break;
            }
            let happened = self
                .happened(logged, query, &mut stretch_told)
                .map_err(store_unread)?;
            let last = happened.len().saturating_sub(1);
            // Whoever stopped in the middle of what one record did goes on there; where that is not to
            // be seen any more, all of it is told again.
            let first = going_on(told.as_ref(), before, happened.iter().map(|one| &one.id));
            for (at, one) in happened.into_iter().enumerate().skip(first) {
                let cursor = match at == last {
                    true => self.cursor_text(behind),
                    false => format!("{}-{}", self.cursor_text(before), digits(&one.id)),
                };
                events.push(self.event_view(&one, query, cursor));
            }
        }
        *from = end;
        Ok(events)
    }

    fn event_view(&self, one: &Happened, query: &ResolvedQuery, cursor: String) -> EventView {
        let collective = self.collectives.get(&one.cid);
        EventView {
            v: 1,
            cursor,
            what: one.what,
            id: one.id.to_string(),
            short: self.short_id(&one.id),
            by: one.by.to_string(),
            collective: collective.map_or_else(
                || one.cid.short(),
                crate::membership::collective::Collective::name,
            ),
            collective_id: one.cid.to_string(),
            item: one
                .item
                .as_ref()
                .map(|item| self.item_view(item, Some(query))),
        }
    }

    /// A place in the log as others keep it: whose log it is, and where.
    fn cursor_text(&self, at: LogCursor) -> String {
        format!("{}-{}", self.log_name(), place_text(at))
    }

    /// Tells this log from others, so that a cursor of another home is refused: four bytes of a hash of
    /// the transport key, which tell nothing of it.
    fn log_name(&self) -> String {
        let hash = blake3::derive_key("folkmoot event cursor", &self.keyring.transport());
        data_encoding::HEXLOWER.encode(hash.get(..4).unwrap_or_default())
    }

    fn place_of(&self, after: Option<&str>) -> Result<LogCursor, ApiError> {
        let end = self.store.cursor();
        let Some(text) = after else {
            return Ok(end);
        };
        if text == START {
            return Ok(LogCursor::default());
        }
        let wrong = |why: &str| {
            usage(format!("{text} is no cursor of this node's events{why}"))
                .hint("take the cursor of an event of this home, or `start` for everything")
        };
        let (log, place) = text.split_once('-').ok_or_else(|| wrong(""))?;
        // Behind it may stand what was told of one record last.
        let place = match place.split_once('-') {
            Some((place, told)) if told.len() == DIGITS && is_hex(told) => place,
            Some(_) => return Err(wrong("")),
            None => place,
        };
        let place = match place.len() {
            16 => u64::from_str_radix(place, 16).map_err(|_| wrong(""))?,
            _ => return Err(wrong("")),
        };
        if log != self.log_name() {
            return Err(wrong(": it is of another home"));
        }
        let place = LogCursor::from_bytes(place.to_be_bytes());
        if place > end {
            return Err(wrong(": the log ends before it"));
        }
        Ok(place)
    }
}

/// A place in the log.
fn place_text(at: LogCursor) -> String {
    format!("{:016x}", u64::from_be_bytes(at.to_bytes()))
}

/// Digits of an id in a cursor: among what one record did they tell each from the others.
const DIGITS: usize = 16;

fn digits(id: &RecordId) -> String {
    let bytes = id.as_bytes();
    data_encoding::HEXLOWER.encode(bytes.get(..DIGITS / 2).unwrap_or(bytes))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The place of a cursor, and what was told last of the record that stands there.
fn told_of(cursor: &str) -> Option<(String, String)> {
    let mut parts = cursor.split('-').skip(1).map(str::to_owned);
    Some((parts.next()?, parts.next()?))
}

/// How many things that the record at a place did were told already.
fn going_on<'i>(
    told: Option<&(String, String)>,
    at: LogCursor,
    mut ids: impl Iterator<Item = &'i RecordId>,
) -> usize {
    let Some((_, last)) = told.filter(|(place, _)| *place == place_text(at)) else {
        return 0;
    };
    ids.position(|id| digits(id) == *last)
        .map_or(0, |found| found + 1)
}

fn limit(asked: u32) -> usize {
    match asked {
        0 => MOST_EVENTS,
        asked => (asked as usize).min(MOST_EVENTS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stops_in_the_middle_of_an_act_goes_on_there() {
        let ids: Vec<RecordId> = (1..4).map(|n| RecordId::from_bytes([n; 32])).collect();
        let at = LogCursor::from_bytes([7; 8]);
        let behind = |id: &RecordId| format!("0a0b0c0d-{}-{}", place_text(at), digits(id));
        for (told, first) in [(0, 1), (1, 2), (2, 3)] {
            let told = told_of(&behind(&ids[told]));
            assert_eq!(going_on(told.as_ref(), at, ids.iter()), first);
        }
        // Another place, or something that this act does no more: all is told.
        let told = told_of(&behind(&ids[1])).unwrap();
        assert_eq!(going_on(Some(&told), LogCursor::default(), ids.iter()), 0);
        assert_eq!(going_on(Some(&told), at, ids[2..].iter()), 0);
        assert_eq!(told_of(&format!("0a0b0c0d-{}", place_text(at))), None);
    }
}
