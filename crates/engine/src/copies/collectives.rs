//! What a copy holds of each collective, as far as it can be told without a home.

use std::collections::BTreeMap;

use folkmoot_accord::{Accord, Seen, Standing, Way};
use folkmoot_record::{CollectiveId, DeviceKey, Lane, Verified, control::Control};

use crate::copies::item::Counted;

/// Devices whose logs are followed in one collective: those beyond are not asked for gaps.
const MOST_LOGS: usize = 100_000;

/// What was found of one collective.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckedCollective {
    /// Id.
    pub id: String,
    /// The name that its genesis gave; the first digits of the id without one.
    pub name: String,
    /// The personal home; known only where the keys were opened.
    pub home: bool,
    /// Control records and ballots.
    pub control: u64,
    /// Content records.
    pub content: u64,
    /// Sealed epoch keys.
    pub sealed: u64,
    /// Content whose body was erased on purpose.
    pub erased: u64,
    /// Content of which only the header was held.
    pub bodiless: u64,
    /// Control records that the rules refuse: they are kept and count nothing.
    pub void: u64,
    /// Members by the evaluation.
    pub members: u64,
    /// Records fewer than were counted when the copy was begun.
    pub fewer: u64,
    /// Control records that others rest on and that are not in the copy.
    pub missing: u64,
    /// Places in logs of content between those that are there: never held, or not in the copy.
    pub gaps: u64,
}

/// A device's log of content.
#[derive(Default)]
struct Log {
    records: u64,
    next: u64,
}

/// One collective while it is read.
pub(crate) struct Reading {
    pub(crate) view: CheckedCollective,
    counted: Option<Counted>,
    /// The control plane, evaluated at the end: its size is what a node holds in memory too.
    control: Vec<(Verified, u64)>,
    logs: BTreeMap<DeviceKey, Log>,
    pub(crate) accord: Accord,
}

impl Reading {
    fn new(cid: CollectiveId) -> Self {
        Self {
            view: CheckedCollective {
                id: cid.to_string(),
                ..CheckedCollective::default()
            },
            counted: None,
            control: Vec::new(),
            logs: BTreeMap::new(),
            accord: Accord::new(cid),
        }
    }

    fn take(&mut self, record: &Verified, received_ms: u64, erased: bool) {
        let header = record.header();
        if header.kind.lane() != Lane::Content {
            self.view.control += 1;
            self.control.push((record.clone(), received_ms));
            return;
        }
        self.view.content += 1;
        if record.body().is_none() {
            match erased {
                true => self.view.erased += 1,
                false => self.view.bodiless += 1,
            }
        }
        if self.logs.len() < MOST_LOGS || self.logs.contains_key(&header.dev) {
            let log = self.logs.entry(header.dev).or_default();
            log.records += 1;
            log.next = log.next.max(u64::from(header.seq) + 1);
        }
    }

    fn finish(&mut self, now_ms: u64) {
        let seen = |first_ms| Seen {
            now_ms,
            first_ms,
            way: Way::Stored,
        };
        let records = std::mem::take(&mut self.control);
        self.accord.insert_all(
            records
                .into_iter()
                .map(|(record, at)| (record, seen(at)))
                .collect::<Vec<_>>(),
        );
        let void = |record: &&Verified| {
            let standing = self.accord.standing(&record.id());
            matches!(standing, Some(Standing::Void(..)))
        };
        self.view.void = self.accord.records().filter(void).count() as u64;
        let state = self.accord.state();
        self.view.members = state.seats.values().filter(|seat| seat.live).count() as u64;
        self.view.name.clone_from(&state.name);
        self.view.missing = self.accord.missing().len() as u64;
        self.view.gaps = self
            .logs
            .values()
            .map(|log| log.next.saturating_sub(log.records))
            .sum();
        self.count();
    }

    fn count(&mut self) {
        if self.view.name.is_empty() {
            self.view.name = self.view.id.chars().take(8).collect();
        }
        if let Some(counted) = self.counted {
            self.view.fewer = counted.control.saturating_sub(self.view.control)
                + counted.content.saturating_sub(self.view.content);
        }
    }
}

/// All collectives of a copy while it is read.
#[derive(Default)]
pub(crate) struct Collectives(pub(crate) BTreeMap<CollectiveId, Reading>);

impl Collectives {
    pub(crate) fn expect(&mut self, counted: Counted) {
        self.of(counted.cid).counted = Some(counted);
    }

    pub(crate) fn take(&mut self, record: &Verified, received_ms: u64, erased: bool) {
        let header = record.header();
        let cid = match (header.cid, record.control()) {
            (Some(cid), _) => cid,
            // A genesis is its collective's id.
            (None, Some(Control::Genesis(_))) => CollectiveId::from_bytes(record.id().to_bytes()),
            (None, _) => return,
        };
        self.of(cid).take(record, received_ms, erased);
    }

    pub(crate) fn sealed(&mut self, cid: CollectiveId) {
        self.of(cid).view.sealed += 1;
    }

    pub(crate) fn finish(&mut self, now_ms: u64) {
        for reading in self.0.values_mut() {
            reading.finish(now_ms);
        }
    }

    /// Holds what was read against the list of contents, and evaluates nothing.
    pub(crate) fn count(&mut self) {
        self.0.values_mut().for_each(Reading::count);
    }

    fn of(&mut self, cid: CollectiveId) -> &mut Reading {
        self.0.entry(cid).or_insert_with(|| Reading::new(cid))
    }
}
