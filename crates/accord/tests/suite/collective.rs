//! Random collectives: people who invite, grant, remove, vote and write, some of them dishonestly.
//!
//! Everything follows from one seed. Authors hide heads, fork their logs, backdate, misuse grants of
//! others and cite what is void, each now and then.

mod acts;

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Accord, Policy, Seen, Standing};
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Hlc, KemKey, Kind, Lane, Place, RecordId,
    RevocationId, SeatKey, Tag, Verified,
    control::{
        Actions, Charter, Control, DeviceAdd, DeviceBody, Founder, Genesis, Limits, Role, Rule,
    },
    grant_id_of_founder,
};

use crate::{dice::Dice, replica::NO_CLOCK};

const START_MS: u64 = 1_700_000_000_000;
const DAY_MS: u64 = 86_400_000;

#[derive(Debug, Clone)]
struct Person {
    root: SigningKey,
    devices: Vec<SigningKey>,
}

impl Person {
    fn seat(&self) -> SeatKey {
        SeatKey::from_bytes(self.root.verifying_key().to_bytes())
    }
}

fn device_key(key: &SigningKey) -> DeviceKey {
    DeviceKey::from_bytes(key.verifying_key().to_bytes())
}

fn kem_key(key: &SigningKey) -> KemKey {
    KemKey::from_bytes(key.verifying_key().to_bytes())
}

/// The records of a log that stand: place and id.
type Log = Vec<(u32, RecordId)>;

/// A collective as it grows.
#[derive(Debug)]
pub(crate) struct World {
    dice: Dice,
    pub(crate) cid: CollectiveId,
    people: Vec<Person>,
    founders: usize,
    /// Every record made, in order, void ones too.
    pub(crate) records: Vec<Verified>,
    pub(crate) accord: Accord,
    /// Control records that stand, with their times.
    standing: Vec<(RecordId, Hlc)>,
    grants: Vec<(GrantId, usize)>,
    invites: Vec<(GrantId, SigningKey, usize)>,
    revocations: Vec<RevocationId>,
    proposals: Vec<RecordId>,
    ballots: BTreeMap<RecordId, Vec<RecordId>>,
    content: Vec<(RecordId, DeviceKey, u32)>,
    logs: BTreeMap<(DeviceKey, Lane), Log>,
}

pub(crate) fn charter() -> Charter {
    let role = |id, name: &str, rank, actions, may_grant| Role {
        id,
        name: name.to_owned(),
        rank,
        actions: Actions(actions),
        may_grant,
    };
    let rule = |class, min_rank, wit_rank, y: (u64, u64), min_yes, flags| Rule {
        class,
        min_rank,
        wit_rank,
        tenure_ms: 0,
        active_ms: 90 * DAY_MS,
        y_num: y.0,
        y_den: y.1,
        min_yes,
        flags,
    };
    Charter {
        roles: vec![
            role(1, "reader", 10, 0x001, 0),
            role(2, "writer", 20, 0x383, 0),
            role(3, "host", 21, 0x393, 20),
            role(4, "moderator", 60, 0x3FF, 60),
            role(5, "steward", 100, 0x1FFF, 100),
        ],
        rules: vec![
            rule(0, 20, 0, (1, 4), 1, 0),
            rule(1, 20, 0, (1, 3), 1, 0),
            rule(2, 100, 0, (1, 2), 1, 1),
            rule(3, 20, 0, (1, 3), 1, 0),
        ],
        content_per_day: 2_000,
        control_per_day: 256,
        history: 1,
        agreement: None,
        features: None,
    }
}

const RANKS: [u8; 5] = [10, 20, 21, 60, 100];

impl World {
    /// Founds a collective of `founders` stewards, of whom the first one signs.
    pub(crate) fn found(seed: u64, founders: usize) -> Self {
        let mut dice = Dice::new(seed);
        let mut people: Vec<Person> = (0..founders)
            .map(|_| Person {
                root: dice.key(),
                devices: vec![dice.key()],
            })
            .collect();
        people.sort_by_key(Person::seat);
        let salt = [7; 16];
        let first = &people[0];
        let (dev, kem) = (device_key(&first.devices[0]), kem_key(&first.devices[0]));
        let genesis = Genesis {
            salt,
            name: "Random".to_owned(),
            charter: charter(),
            founders: people
                .iter()
                .map(|person| Founder {
                    seat: person.seat(),
                    role: 5,
                    dev: device_key(&person.devices[0]),
                    kem: kem_key(&person.devices[0]),
                })
                .collect(),
            inherits: None,
            founder_sig: Genesis::sign_founder(&first.root, &salt, dev, kem),
        };
        let draft = Draft {
            cid: None,
            seat: first.seat(),
            place: Place { seq: 0, prev: None },
            hlc: Hlc::from_raw(START_MS << 16).unwrap(),
            kind: Kind::GENESIS,
            cap: None,
            auth: Vec::new(),
            refs: Vec::new(),
            tags: Vec::new(),
            body: Control::Genesis(genesis).encode(),
        };
        let record = draft.sign(&first.devices[0]).unwrap();
        let cid = CollectiveId::from(record.id());
        let mut world = Self {
            dice,
            cid,
            people,
            founders,
            records: Vec::new(),
            accord: Accord::with_policy(cid, Policy::VECTORS),
            standing: Vec::new(),
            grants: (0..founders)
                .map(|k| (grant_id_of_founder(cid, k as u32), k))
                .collect(),
            invites: Vec::new(),
            revocations: Vec::new(),
            proposals: Vec::new(),
            ballots: BTreeMap::new(),
            content: Vec::new(),
            logs: BTreeMap::new(),
        };
        world.take(record);
        for person in 1..founders {
            let add = DeviceAdd {
                dev: device_key(&world.people[person].devices[0]),
                kem: Some(kem_key(&world.people[person].devices[0])),
                limits: None,
            };
            let body = DeviceBody {
                adds: vec![add],
                drops: Vec::new(),
            };
            world.by_root(person, Kind::DEVICE, &Control::Device(body));
        }
        world
    }

    /// Does something at random.
    pub(crate) fn step(&mut self) {
        // Founders act more often: they are the ones who can.
        let who = if self.dice.chance(45) {
            self.dice.below(self.founders)
        } else {
            self.dice.below(self.people.len())
        };
        match self.dice.below(100) {
            0..=15 => self.invite(who),
            16..=33 => self.join(),
            34..=43 => self.grant(who),
            44..=55 => self.revoke(who),
            56..=59 => self.readmit(who),
            60..=67 => self.device(who),
            68..=69 => self.resign(who),
            70..=75 => self.propose(who),
            76..=81 => self.vote(who),
            82..=86 => self.decide(who),
            87..=89 => self.epoch(who),
            90..=91 => self.kem(who),
            92..=93 => self.merge(who),
            _ => self.write(who),
        }
    }

    fn take(&mut self, record: Verified) -> bool {
        let (id, header) = (record.id(), record.header().clone());
        let lane = header.kind.lane();
        let stands = if lane == Lane::Content {
            self.content.push((id, header.dev, header.seq));
            true
        } else {
            let inserted = self.accord.insert(record.clone(), Seen::now(NO_CLOCK));
            inserted.standing.is_admitted()
        };
        if stands {
            if lane == Lane::Control {
                self.standing.push((id, header.hlc));
            }
            let log = self.logs.entry((header.dev, lane)).or_default();
            log.push((header.seq, id));
        }
        self.records.push(record);
        stands
    }

    /// What an author says to know: mostly all heads, at times less, seldom something void.
    fn auth(&mut self) -> Vec<RecordId> {
        if self.dice.chance(2)
            && let Some(record) = self.dice.pick(&self.records)
            && record.header().kind.lane() == Lane::Control
        {
            return vec![record.id()];
        }
        if self.dice.chance(70) {
            let mut heads = self.accord.heads();
            heads.truncate(16);
            return heads;
        }
        let known = 1 + self.dice.below(2);
        (0..known)
            .filter_map(|_| self.dice.pick(&self.standing).map(|(id, _)| id))
            .collect()
    }

    fn after(&mut self, cited: &[RecordId]) -> Hlc {
        let newest = self
            .standing
            .iter()
            .filter(|(id, _)| cited.contains(id))
            .map(|(_, hlc)| *hlc)
            .max()
            .unwrap_or_default();
        let later = self.dice.next() % (2 * DAY_MS / 10);
        Hlc::next(newest.ms().max(START_MS) + later, [newest])
    }

    /// The next place of a device, at times one that is taken.
    fn place(&mut self, dev: DeviceKey, lane: Lane) -> Place {
        let log = self.logs.get(&(dev, lane)).cloned().unwrap_or_default();
        let last = if self.dice.chance(8) {
            self.dice.pick(&log)
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
        let auth = self.auth();
        let tags = if kind.is_content() && self.dice.chance(40) {
            vec![Tag::new("garden").unwrap()]
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
        self.take(record).then_some(id)
    }

    fn by_root(&mut self, who: usize, kind: Kind, body: &Control) {
        let root = self.people[who].root.clone();
        self.sign(who, &root, kind, None, body.encode());
    }

    /// Signs under a grant of one's own, seldom under one of somebody else.
    fn capped(&mut self, who: usize, kind: Kind, body: &Control) -> Option<RecordId> {
        let own: Vec<GrantId> = self
            .grants
            .iter()
            .filter(|(_, owner)| *owner == who)
            .map(|(gid, _)| *gid)
            .collect();
        let cap = if self.dice.chance(3) {
            self.dice.pick(&self.grants).map(|(gid, _)| gid)
        } else {
            self.dice.pick(&own)
        }?;
        let key = self.dice.pick(&self.people[who].devices)?;
        self.sign(who, &key, kind, Some(cap), body.encode())
    }

    fn limits(&mut self) -> Limits {
        let role = 1 + self.dice.below(5);
        Limits {
            role: role as u16,
            rank: RANKS[role - 1],
            mask: Actions::ALL,
            kinds: None,
            tags: None,
            nbf: None,
            exp: self.dice.chance(10).then_some(START_MS + 3 * DAY_MS),
            depth_left: self.dice.below(10) as u8,
        }
    }
}

/// Whether a standing says that the record can never stand.
pub(crate) fn is_void(standing: &Standing) -> bool {
    matches!(standing, Standing::Void(_))
}
