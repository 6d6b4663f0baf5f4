//! One node's copy of a collective: control records in an [`Accord`], content beside it.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::{
    Accord, ContentLog, ContentPlace, ContentStanding, Policy, Seen, Standing, misfiled,
};
use folkmoot_record::{CollectiveId, Lane, RecordId, Signed, Verified};

/// Later than any time in a vector, in ms: nothing is quarantined.
pub const NO_CLOCK: u64 = 1 << 48;

/// A node's copy of one collective.
#[derive(Debug)]
pub struct Replica {
    /// Its control plane.
    pub accord: Accord,
    /// The collective.
    pub cid: CollectiveId,
    /// Content that passed the context-free check.
    pub content: BTreeMap<RecordId, Verified>,
    /// Records that failed it, with the reason.
    pub refused: BTreeMap<RecordId, String>,
    /// Every control record given, void ones too.
    pub given: BTreeMap<RecordId, Verified>,
    /// The own clock, in ms; [`NO_CLOCK`] where there is none.
    pub now_ms: u64,
    /// When records were first seen, in ms; others: at `now_ms`.
    pub held_since: BTreeMap<RecordId, u64>,
}

/// The content that may be found below a cut.
struct Log<'a>(&'a BTreeMap<RecordId, Verified>, &'a BTreeSet<RecordId>);

impl ContentLog for Log<'_> {
    fn place(&self, id: &RecordId) -> Option<ContentPlace> {
        let header = self.0.get(id).filter(|_| self.1.contains(id))?.header();
        Some(ContentPlace {
            seat: header.seat,
            dev: header.dev,
            seq: header.seq,
            prev: header.prev,
        })
    }
}

impl Replica {
    /// A copy with no record yet, under the local rules of test vectors.
    pub fn new(cid: CollectiveId, now_ms: u64, held_since: BTreeMap<RecordId, u64>) -> Self {
        Self {
            accord: Accord::with_policy(cid, Policy::VECTORS),
            cid,
            content: BTreeMap::new(),
            refused: BTreeMap::new(),
            given: BTreeMap::new(),
            now_ms,
            held_since,
        }
    }

    /// Checks a record and sorts it; a control record comes back with when it was seen.
    fn sort(&mut self, wire: &[u8]) -> Option<(Verified, Seen)> {
        // What cannot be read has no id to be named by.
        let signed = Signed::parse(wire).ok()?;
        let id = signed.id();
        let record = match signed.verify() {
            Ok(record) => record,
            Err(reason) => {
                self.refused.insert(id, reason.to_string());
                return None;
            }
        };
        if record.header().kind.lane() == Lane::Content {
            if record.header().cid == Some(self.cid) {
                self.content.insert(id, record);
            }
            return None;
        }
        self.given.insert(id, record.clone());
        let first_ms = self.held_since.get(&id).copied().unwrap_or(self.now_ms);
        let seen = Seen {
            first_ms,
            ..Seen::now(self.now_ms)
        };
        Some((record, seen))
    }

    /// Takes a record that passed the context-free check.
    pub fn take(&mut self, record: &Verified) {
        let id = record.id();
        if record.header().kind.lane() == Lane::Content {
            self.content.insert(id, record.clone());
            return;
        }
        self.given.insert(id, record.clone());
        let first_ms = self.held_since.get(&id).copied().unwrap_or(self.now_ms);
        let seen = Seen {
            first_ms,
            ..Seen::now(self.now_ms)
        };
        self.accord.insert(record.clone(), seen);
    }

    /// Takes a record as it is on the wire.
    pub fn insert(&mut self, wire: &[u8]) {
        if let Some((record, seen)) = self.sort(wire) {
            self.accord.insert(record, seen);
        }
    }

    /// Takes many, and works out what they say together once at the end.
    pub fn insert_all<'a>(&mut self, wires: impl IntoIterator<Item = &'a Vec<u8>>) {
        let control: Vec<_> = wires
            .into_iter()
            .filter_map(|wire| self.sort(wire))
            .collect();
        self.accord.insert_all(control);
    }

    /// Judges all content; misfiled records apart.
    pub fn judge(&mut self) -> (BTreeMap<RecordId, ContentStanding>, BTreeSet<RecordId>) {
        let mut valid = BTreeSet::new();
        let mut standings = BTreeMap::new();
        // The second round knows which records may be walked along.
        for _ in 0..2 {
            for (id, record) in &self.content {
                let log = Log(&self.content, &valid);
                let standing = self.accord.judge(record.header(), *id, self.now_ms, &log);
                standings.insert(*id, standing);
            }
            valid = standings
                .iter()
                .filter(|(_, standing)| !matches!(standing, ContentStanding::Void(_)))
                .map(|(id, _)| *id)
                .collect();
        }
        let filed_wrongly = self
            .content
            .iter()
            .filter(|(id, record)| {
                matches!(standings.get(*id), Some(ContentStanding::Admitted { .. }))
                    && record
                        .header()
                        .prev
                        .filter(|prev| valid.contains(prev))
                        .and_then(|prev| self.content.get(&prev))
                        .is_some_and(|prev| misfiled(record.header(), prev.header()))
            })
            .map(|(id, _)| *id)
            .collect();
        (standings, filed_wrongly)
    }

    /// Where every control record stands.
    pub fn standings(&self) -> BTreeMap<RecordId, Standing> {
        self.given
            .keys()
            .filter_map(|id| Some((*id, self.accord.standing(id)?)))
            .collect()
    }
}
