//! The trash: bodies that were taken back or purged stay on the disk for a while (section 8.3).
//!
//! Each erasure leaves a fact under the day on which it came, and goes when its day is long past.

use std::collections::BTreeMap;

use folkmoot_api::{ApiError, Reply, TrashArgs, TrashView, Trashed};
use folkmoot_library::{Part, fold, item, part};
use folkmoot_record::{Kind, RecordId, SeatKey, Verified};
use folkmoot_store::{Entry, Held, StoreError, Vault};

use crate::{
    core::Core,
    errors::{store_failed, store_unread, usage},
    exchange::holdings::read,
    keeping::{documents::Document, erasure::targets, facts::candidates},
    membership::{collective::Collective, invite::moment},
};

/// Facts about erasures: `e/`, the day, whose act, the act, what it is aimed at.
const QUEUE: &[u8] = b"e/";
/// A day in milliseconds.
const DAY: u64 = 86_400_000;
/// Days until a body is deleted: 30 (section 8.3), and the rest of the day on which it came.
const DAYS: u64 = 31;
/// Erasures of one seat on one day that need no consent (section 8.3).
const MOST_A_DAY: usize = 50;
/// How often the trash is looked through, in milliseconds: its unit is the day.
const EVERY: u64 = 6 * 3_600_000;
/// Entries written in one group.
const A_GROUP: usize = 4_096;

/// When the trash is looked through next.
#[derive(Debug, Default)]
pub(crate) struct Bin {
    /// Monotonic milliseconds.
    next: u64,
    /// Erased bodies are still to be taken off the disk, a segment at a time.
    rewriting: bool,
}

/// One erasure that waits for its day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Queued {
    key: Vec<u8>,
    day: u64,
    seat: SeatKey,
    act: RecordId,
    target: RecordId,
}

impl Queued {
    fn read(key: &[u8]) -> Option<Self> {
        let rest = key.strip_prefix(QUEUE)?;
        let (day, rest) = rest.split_at_checked(4)?;
        let (seat, rest) = rest.split_at_checked(32)?;
        let (act, target) = rest.split_at_checked(32)?;
        let bytes = |part: &[u8]| <[u8; 32]>::try_from(part).ok();
        Some(Self {
            key: key.to_vec(),
            day: u64::from(u32::from_be_bytes(day.try_into().ok()?)),
            seat: SeatKey::from_bytes(bytes(seat)?),
            act: RecordId::from_bytes(bytes(act)?),
            target: RecordId::from_bytes(bytes(target)?),
        })
    }
}

/// The keys of the facts that an erasure leaves. It counts from when it came or was written,
/// whichever is later: a clock that was wrong for a while must not empty the trash.
pub(crate) fn facts(record: &Verified, received_ms: u64) -> Vec<Vec<u8>> {
    let header = record.header();
    if !matches!(header.kind, Kind::RETRACT | Kind::PURGE) {
        return Vec::new();
    }
    let day = u32::try_from(received_ms.max(header.ms()) / DAY).unwrap_or(u32::MAX);
    targets(header)
        .map(|target| {
            [
                QUEUE,
                &day.to_be_bytes(),
                header.seat.as_ref(),
                record.id().as_bytes(),
                target.as_bytes(),
            ]
            .concat()
        })
        .collect()
}

/// Until when the body stays that an act erased which came at that time, in ms.
pub(crate) fn stays_until(received_ms: u64) -> u64 {
    (received_ms / DAY + DAYS) * DAY
}

/// The erasures whose day is past, without those of seats that erased very much on one day.
fn due(queue: &[Queued], today: u64) -> Vec<&Queued> {
    let busy = busy(queue);
    queue
        .iter()
        .filter(|queued| queued.day.saturating_add(DAYS) <= today)
        .filter(|queued| !is_busy(&busy, queued))
        .collect()
}

/// Erasures by day and seat.
fn busy(queue: &[Queued]) -> BTreeMap<(u64, SeatKey), usize> {
    let mut counts = BTreeMap::new();
    for queued in queue {
        *counts.entry((queued.day, queued.seat)).or_default() += 1;
    }
    counts
}

fn is_busy(busy: &BTreeMap<(u64, SeatKey), usize>, queued: &Queued) -> bool {
    busy.get(&(queued.day, queued.seat))
        .is_some_and(|count| *count > MOST_A_DAY)
}

impl Collective {
    /// The records whose bodies lie here and that an act took: what it is aimed at, and its
    /// versions. `None` where the act does not count now, or what it is aimed at is not held.
    fn bodies(
        &mut self,
        store: &Vault,
        act: &RecordId,
        target: &RecordId,
    ) -> Result<Option<Vec<RecordId>>, StoreError> {
        let Some(first) = read(store, target).filter(|_| self.acts(act)) else {
            return Ok(None);
        };
        let mut ids = vec![*target];
        if part(first.header()) == Part::First {
            for id in candidates(store, target)? {
                if read(store, &id).is_some_and(|record| self.is_version(&record, &first)) {
                    ids.push(id);
                }
            }
        }
        let mut bodies = Vec::new();
        for id in ids {
            if store.held(&id)? == Held::Whole
                && let Some(record) = read(store, &id)
                && self.erased_by(store, &id, record.header())?.is_some()
            {
                bodies.push(id);
            }
        }
        Ok(Some(bodies))
    }
}

impl Core {
    fn queue(&self) -> Result<Vec<Queued>, StoreError> {
        let facts = self.store.scan_local(QUEUE)?;
        Ok(facts
            .iter()
            .filter_map(|(key, _)| Queued::read(key))
            .collect())
    }

    fn bodies(&mut self, queued: &Queued) -> Result<Option<Vec<RecordId>>, StoreError> {
        let cid = read(&self.store, &queued.act).and_then(|act| act.header().cid);
        let collective = cid.and_then(|cid| self.collectives.get_mut(&cid));
        match collective {
            Some(collective) => collective.bodies(&self.store, &queued.act, &queued.target),
            None => Ok(None),
        }
    }

    /// Deletes what has been in the trash for long enough.
    pub(crate) fn empty_what_is_due(&mut self, now_ms: u64) {
        if self.bin.rewriting {
            match self.store.compact() {
                Ok(done) => self.bin.rewriting = done.segments > 0,
                Err(error) => {
                    self.bin.rewriting = false;
                    self.warn(format!(
                        "erased bodies could not be taken off the disk: {error}; they are not shown"
                    ));
                }
            }
        }
        let mono = self.clock.mono();
        if mono < self.bin.next {
            return;
        }
        self.bin.next = mono + EVERY;
        let deleted = self.queue().and_then(|queue| {
            let due: Vec<Queued> = due(&queue, now_ms / DAY).into_iter().cloned().collect();
            self.delete(&due)
        });
        if let Err(error) = deleted {
            self.warn(format!("the trash could not be emptied: {error}"));
        }
    }

    /// Erases the bodies of these, and forgets that they waited.
    fn delete(&mut self, all: &[Queued]) -> Result<u64, StoreError> {
        let mut entries = Vec::new();
        let mut erased = std::collections::BTreeSet::new();
        for queued in all {
            let Some(bodies) = self.bodies(queued)? else {
                continue;
            };
            for id in bodies {
                if erased.insert(id) {
                    entries.push(Entry::Erase { id });
                }
            }
            entries.push(Entry::Local {
                key: queued.key.clone(),
                value: None,
            });
        }
        for group in entries.chunks(A_GROUP) {
            self.store.commit(group)?;
        }
        self.bin.rewriting |= !erased.is_empty();
        Ok(erased.len() as u64)
    }

    /// The id of what lies in the trash under a title; `None` where nothing does.
    pub(crate) fn discarded(&mut self, title: &str) -> Option<Result<String, ApiError>> {
        let wanted = fold(title.trim());
        let listed = self.trash(&TrashArgs { empty: false });
        let view = match listed.and_then(TrashView::try_from) {
            Ok(view) => view,
            Err(error) => return Some(Err(error)),
        };
        let called = |one: &Trashed| {
            one.title
                .as_deref()
                .is_some_and(|t| fold(t.trim()) == wanted)
        };
        let mut found = view.items.into_iter().filter(called);
        let first = found.next()?;
        let others: Vec<String> = found.map(|one| one.short).collect();
        if others.is_empty() {
            return Some(Ok(first.id));
        }
        let several = others.len() + 1;
        Some(Err(usage(format!(
            "{several} records in the trash have the title {title}"
        ))
        .hint(format!(
            "say which by its id: {}, {}",
            first.short,
            others.join(", ")
        ))))
    }

    /// Shows the trash, or empties it.
    pub(crate) fn trash(&mut self, ask: &TrashArgs) -> Result<Reply, ApiError> {
        let queue = self.queue().map_err(store_unread)?;
        if ask.empty {
            let deleted = self.delete(&queue).map_err(store_failed)?;
            while self.bin.rewriting {
                self.bin.rewriting = self.store.compact().map_err(store_failed)?.segments > 0;
            }
            return Ok(Reply::Trash(TrashView {
                items: Vec::new(),
                deleted,
            }));
        }
        let busy = busy(&queue);
        let mut items = Vec::new();
        for queued in &queue {
            if let Some(trashed) = self.trashed(queued, is_busy(&busy, queued))? {
                items.push(trashed);
            }
        }
        items.sort_by_key(|trashed| std::cmp::Reverse((trashed.fate.at, trashed.id.clone())));
        Ok(Reply::Trash(TrashView { items, deleted: 0 }))
    }

    fn trashed(&mut self, queued: &Queued, waits: bool) -> Result<Option<Trashed>, ApiError> {
        let bodies = self.bodies(queued).map_err(store_unread)?;
        let (Some(bodies), Some(record)) = (bodies, read(&self.store, &queued.target)) else {
            return Ok(None);
        };
        if bodies.is_empty() {
            return Ok(None);
        }
        if self.written_anew(&queued.target)?.is_some() {
            return Ok(None);
        }
        let header = record.header();
        // Nothing is lost with a reaction: whoever misses it gives it again.
        if header.kind == Kind::REACTION {
            return Ok(None);
        }
        let Some(collective) = header.cid.and_then(|cid| self.collectives.get_mut(&cid)) else {
            return Ok(None);
        };
        let document = collective
            .document(&self.store, &queued.target)
            .map_err(store_unread)?;
        let own = header.seat == collective.secrets.seat;
        let said = document
            .as_ref()
            .and_then(|document| last_said(document, |_| false))
            .unwrap_or(&record);
        let title = item(said).filter(|_| own).map(|item| item.title);
        let (author, name) = (collective.member_name(&header.seat), collective.name());
        Ok(Some(Trashed {
            id: queued.target.to_string(),
            short: self.short_id(&queued.target),
            kind: header.kind.name().unwrap_or("record").to_owned(),
            title,
            collective: name,
            author,
            fate: self.fate_view(&queued.act)?,
            bodies: bodies.len() as u64,
            until: moment(queued.day.saturating_add(DAYS).saturating_mul(DAY)),
            waits,
        }))
    }
}

/// The version that a document would show if it had not been taken back. `fell`: what was taken
/// back by itself before.
pub(crate) fn last_said(
    document: &Document,
    fell: impl Fn(&Verified) -> bool,
) -> Option<&Verified> {
    let newest = document.versions.newest_first();
    let current = document.versions.current();
    current
        .iter()
        .chain(newest.iter().map(|version| &version.id))
        .filter_map(|id| document.records.get(id))
        .find(|record| record.body().is_some() && !fell(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(day: u32, seat: u8, act: u8) -> Queued {
        let key = [
            QUEUE,
            &day.to_be_bytes(),
            &[seat; 32],
            &[act; 32],
            &[act; 32],
        ]
        .concat();
        Queued::read(&key).unwrap()
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let one = queued(20_000, 3, 7);
        assert_eq!((one.day, one.act), (20_000, RecordId::from_bytes([7; 32])));
        assert_eq!(one.seat, SeatKey::from_bytes([3; 32]));
        assert_eq!(Queued::read(b"e/short"), None);
        assert_eq!(Queued::read(&[one.key, vec![0]].concat()), None);
    }

    #[test]
    fn what_is_old_enough_goes_and_what_one_seat_erased_in_masses_waits() {
        let mut queue: Vec<Queued> = (0..50).map(|act| queued(100, 1, act)).collect();
        queue.push(queued(100, 2, 60));
        queue.push(queued(101, 1, 61));
        assert_eq!(due(&queue, 130).len(), 0);
        assert_eq!(due(&queue, 131).len(), 51);
        assert_eq!(due(&queue, 132).len(), 52);
        // The 51st of a day makes all of that day wait.
        queue.push(queued(100, 1, 62));
        let left = due(&queue, 132);
        assert_eq!(left.len(), 2);
        assert!(left.iter().all(|queued| queued.act.to_bytes()[0] >= 60));
    }

    #[test]
    fn a_body_stays_for_thirty_days_at_least() {
        for came in [20_000 * DAY, 20_001 * DAY - 1] {
            assert_eq!(stays_until(came), 20_031 * DAY);
            assert!(stays_until(came) - came >= 30 * DAY);
        }
    }
}
