//! Random collectives: people who invite, grant, remove, vote and write, many of them dishonestly.
//!
//! A history is a list of small acts, each with a tape of choices, so that a failing one shrinks to
//! few and plain acts. Authors know only part of what there is (all; all up to some moment; what
//! their own camp wrote; one record), fork their logs, date as they like, use rights of others, sign
//! with devices of others, and cite what is void.

mod acts;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Accord, Policy, Seen};
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Hlc, Kind, Lane, Place, RecordId, RevocationId, Tag,
    Verified,
};
use proptest::prelude::*;

use crate::dice::{Tape, key};
use folkmoot_vectors::NO_CLOCK;
pub(crate) use people::charter;
use people::{DAY_MS, Person, START_MS, device_key, genesis};

/// One thing that somebody does.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    kind: Doing,
    who: u8,
    tape: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Write,
    Invite,
    Join,
    Crowd,
    Grant,
    Revoke,
    Readmit,
    Device,
    Resign,
    Propose,
    Vote,
    Decide,
    Epoch,
    Kem,
    Merge,
    Fork,
}

/// Any act.
pub(crate) fn act() -> impl Strategy<Value = Act> {
    let kind = prop_oneof![
        6 => Just(Doing::Write),
        14 => Just(Doing::Invite),
        15 => Just(Doing::Join),
        2 => Just(Doing::Crowd),
        11 => Just(Doing::Grant),
        13 => Just(Doing::Revoke),
        5 => Just(Doing::Readmit),
        9 => Just(Doing::Device),
        2 => Just(Doing::Resign),
        7 => Just(Doing::Propose),
        7 => Just(Doing::Vote),
        7 => Just(Doing::Decide),
        3 => Just(Doing::Epoch),
        2 => Just(Doing::Kem),
        3 => Just(Doing::Merge),
        1 => Just(Doing::Fork),
    ];
    let tape = proptest::collection::vec(any::<u8>(), 0..28);
    (kind, any::<u8>(), tape).prop_map(|(kind, who, tape)| Act { kind, who, tape })
}

/// A history: how many founders, and what is done.
pub(crate) fn history(most: usize) -> impl Strategy<Value = (usize, Vec<Act>)> {
    (1..=3_usize, proptest::collection::vec(act(), 1..most))
}

/// The records of a log that stand: place and id.
type Log = Vec<(u32, RecordId)>;

/// A control record that stands.
#[derive(Debug, Clone)]
struct Stood {
    id: RecordId,
    hlc: Hlc,
    causes: Vec<RecordId>,
    camp: usize,
}

/// A collective as it grows.
#[derive(Debug)]
pub(crate) struct World {
    tape: Tape,
    keys: u64,
    pub(crate) cid: CollectiveId,
    people: Vec<Person>,
    founders: usize,
    /// Every record made, in order, void ones too.
    pub(crate) records: Vec<Verified>,
    /// All of them in the order in which they were made.
    pub(crate) accord: Accord,
    standing: Vec<Stood>,
    grants: Vec<(GrantId, usize)>,
    invites: Vec<(GrantId, SigningKey, usize)>,
    revocations: Vec<RevocationId>,
    proposals: Vec<RecordId>,
    ballots: BTreeMap<RecordId, Vec<RecordId>>,
    content: Vec<RecordId>,
    logs: BTreeMap<(DeviceKey, Lane), Log>,
}

impl World {
    /// A collective founded by that many stewards, and what is done in it.
    pub(crate) fn play(founders: usize, acts: &[Act]) -> Self {
        let mut world = Self::found(founders);
        for act in acts {
            world.step(act);
        }
        world
    }

    fn found(founders: usize) -> Self {
        let mut keys = 0;
        let mut people: Vec<Person> = (0..founders)
            .map(|_| {
                keys += 2;
                Person {
                    root: key(keys - 1),
                    devices: vec![key(keys)],
                }
            })
            .collect();
        people.sort_by_key(Person::seat);
        let record = genesis(&people);
        let cid = CollectiveId::from(record.id());
        let mut world = Self {
            tape: Tape::default(),
            keys,
            cid,
            people,
            founders,
            records: Vec::new(),
            accord: Accord::with_policy(cid, Policy::VECTORS),
            standing: Vec::new(),
            grants: (0..founders)
                .map(|k| (folkmoot_record::grant_id_of_founder(cid, k as u32), k))
                .collect(),
            invites: Vec::new(),
            revocations: Vec::new(),
            proposals: Vec::new(),
            ballots: BTreeMap::new(),
            content: Vec::new(),
            logs: BTreeMap::new(),
        };
        world.take(record, 0);
        for person in 1..founders {
            world.certify(person);
        }
        world
    }

    fn step(&mut self, act: &Act) {
        self.tape = Tape::new(&act.tape);
        // Founders act more often: they are the ones who can.
        let who = if act.who < 110 {
            usize::from(act.who) % self.founders
        } else {
            usize::from(act.who) % self.people.len()
        };
        match act.kind {
            Doing::Write => self.write(who),
            Doing::Invite => self.invite(who),
            Doing::Join => self.join(),
            // Sybils through one inviter.
            Doing::Crowd => (0..4).for_each(|_| self.join()),
            Doing::Grant => self.grant(who),
            Doing::Revoke => self.revoke(who),
            Doing::Readmit => self.readmit(who),
            Doing::Device => self.device(who),
            Doing::Resign => self.resign(who),
            Doing::Propose => self.propose(who),
            Doing::Vote => self.vote(),
            Doing::Decide => self.decide(who),
            Doing::Epoch => self.epoch(who),
            Doing::Kem => self.kem(who),
            Doing::Merge => self.merge(who),
            Doing::Fork => self.fork(who),
        }
    }

    fn fresh_key(&mut self) -> SigningKey {
        self.keys += 1;
        key(self.keys)
    }

    fn take(&mut self, record: Verified, who: usize) -> bool {
        let (id, header) = (record.id(), record.header().clone());
        let lane = header.kind.lane();
        let stands = if lane == Lane::Content {
            self.content.push(id);
            true
        } else {
            let inserted = self.accord.insert(record.clone(), Seen::now(NO_CLOCK));
            inserted.standing.is_admitted()
        };
        if stands {
            if lane == Lane::Control {
                let mut causes = header.auth.clone();
                causes.extend(header.prev);
                self.standing.push(Stood {
                    id,
                    hlc: header.hlc,
                    causes,
                    camp: who % 2,
                });
            }
            let log = self.logs.entry((header.dev, lane)).or_default();
            log.push((header.seq, id));
        }
        self.records.push(record);
        stands
    }

    /// What an author says to know.
    fn auth(&mut self, who: usize) -> Vec<RecordId> {
        let mut heads = match self.tape.below(100) {
            // Everything.
            0..=54 => self.accord.heads(),
            // Everything up to some moment.
            55..=69 => {
                let until = 1 + self.tape.below(self.standing.len());
                self.heads_of(|n, _| n < until)
            }
            // What the own camp wrote since the two parted.
            70..=85 => {
                let until = 1 + self.tape.below(self.standing.len());
                self.heads_of(|n, stood| n < until || stood.camp == who % 2)
            }
            // One or two records.
            86..=96 => {
                let known = 1 + self.tape.below(2);
                (0..known)
                    .filter_map(|_| self.tape.late(&self.standing).map(|stood| stood.id))
                    .collect()
            }
            // Something that may be void, or a ballot.
            _ => {
                let records = self.records.clone();
                let any = self.tape.late(&records);
                any.filter(|record| record.header().kind.lane() != Lane::Content)
                    .map(|record| record.id())
                    .into_iter()
                    .collect()
            }
        };
        heads.sort_unstable();
        heads.dedup();
        heads.truncate(16);
        heads
    }

    /// The heads of those that an author knows.
    fn heads_of(&self, knows: impl Fn(usize, &Stood) -> bool) -> Vec<RecordId> {
        let known: Vec<&Stood> = self
            .standing
            .iter()
            .enumerate()
            .filter(|(n, stood)| knows(*n, stood))
            .map(|(_, stood)| stood)
            .collect();
        let cited: BTreeSet<RecordId> = known.iter().flat_map(|s| s.causes.clone()).collect();
        let ids = known.iter().map(|stood| stood.id);
        ids.filter(|id| !cited.contains(id)).collect()
    }

    /// A claimed time: just after what is cited, or up to some days later.
    fn after(&mut self, cited: &[RecordId]) -> Hlc {
        let newest = self
            .standing
            .iter()
            .filter(|stood| cited.contains(&stood.id))
            .map(|stood| stood.hlc)
            .max()
            .unwrap_or_default();
        let later = match self.tape.below(8) {
            0..=3 => 1,
            n => (n as u64 - 3) * DAY_MS / 3,
        };
        if self.tape.chance(2) {
            return newest; // Not after it: void.
        }
        Hlc::next(newest.ms().max(START_MS) + later, [newest])
    }

    /// The next place of a device, at times one that is taken.
    fn place(&mut self, dev: DeviceKey, lane: Lane) -> Place {
        let log = self.logs.get(&(dev, lane)).cloned().unwrap_or_default();
        let last = if self.tape.chance(10) {
            self.tape.late(&log)
        } else {
            log.last().copied()
        };
        match last {
            Some((seq, id)) => Place {
                seq: seq + 1,
                prev: Some(id),
            },
            None => Place { seq: 0, prev: None },
        }
    }

    fn sign(
        &mut self,
        who: usize,
        key: &SigningKey,
        kind: Kind,
        cap: Option<GrantId>,
        body: Vec<u8>,
    ) -> Option<RecordId> {
        let auth = self.auth(who);
        let tags = if kind.is_content() && self.tape.chance(40) {
            vec![Tag::new("garden/bees").unwrap()]
        } else {
            Vec::new()
        };
        let place = self.place(device_key(key), kind.lane());
        let mut cited = auth.clone();
        cited.extend(place.prev.filter(|_| !kind.is_content()));
        let draft = Draft {
            cid: Some(self.cid),
            seat: self.people[who].seat(),
            place,
            hlc: self.after(&cited),
            kind,
            cap,
            auth,
            refs: Vec::new(),
            tags,
            body,
        };
        let record = draft.sign(key).ok()?;
        let id = record.id();
        self.take(record, who).then_some(id)
    }
}

impl World {
    /// For every device that wrote under a grant: a merge in the place of the last such record,
    /// under the same grant and knowing no more.
    pub(crate) fn siblings(&self) -> Vec<Verified> {
        let mut found = Vec::new();
        for record in &self.records {
            let header = record.header();
            let stands = self
                .accord
                .standing(&record.id())
                .is_some_and(|s| s.is_admitted());
            if header.kind.lane() != Lane::Control
                || header.cap.is_none()
                || header.kind == Kind::JOIN
                || header.auth.is_empty()
                || !stands
            {
                continue;
            }
            let devices = self.people.iter().flat_map(|person| &person.devices);
            let Some(key) = devices.into_iter().find(|k| device_key(k) == header.dev) else {
                continue;
            };
            let draft = Draft {
                cid: header.cid,
                seat: header.seat,
                place: Place {
                    seq: header.seq,
                    prev: header.prev,
                },
                hlc: header.hlc,
                kind: Kind::MERGE,
                cap: header.cap,
                auth: header.auth.clone(),
                refs: Vec::new(),
                tags: Vec::new(),
                body: folkmoot_record::control::Control::Merge.encode(),
            };
            if let Ok(sibling) = draft.sign(key)
                && sibling.id() != record.id()
            {
                found.push(sibling);
            }
        }
        found
    }
}
