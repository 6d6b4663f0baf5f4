//! What people do in a random collective.

mod voting;

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    BundleHash, CollectiveId, DeviceKey, Draft, EpochId, GrantId, InviteKey, Kind, Lane, Place,
    RecordId, Ref, Rel, Tag,
    control::{
        Actions, Control, Cut, DeviceAdd, DeviceBody, DeviceDrop, DeviceLimits, Epoch, ForkNote,
        Grant, Invite, Join, Kem, KindRange, Limits, Readmit, Resign, Revoke, Target,
    },
    signature,
};

use super::{
    DAY_MS, Log, Person, START_MS, World, device_key,
    people::{RANKS, kem_key},
};

impl World {
    /// A root adds the first device of its person.
    pub(super) fn certify(&mut self, who: usize) {
        let add = DeviceAdd {
            dev: device_key(&self.people[who].devices[0]),
            kem: Some(kem_key(&self.people[who].devices[0])),
            limits: None,
        };
        let body = DeviceBody {
            adds: vec![add],
            drops: Vec::new(),
        };
        self.by_root(who, Kind::DEVICE, &Control::Device(body));
    }

    fn by_root(&mut self, who: usize, kind: Kind, body: &Control) {
        let root = self.people[who].root.clone();
        self.sign(who, &root, kind, None, body.encode());
    }

    /// A device of that person, seldom one of somebody else.
    fn device_of(&mut self, who: usize) -> SigningKey {
        let whose = if self.tape.chance(4) {
            self.tape.below(self.people.len())
        } else {
            who
        };
        let devices = self.people[whose].devices.clone();
        self.tape.pick(&devices).unwrap()
    }

    /// A grant of that person, seldom one of somebody else or an invite.
    fn cap_of(&mut self, who: usize) -> Option<GrantId> {
        if self.tape.chance(4) {
            return self.tape.late(&self.grants).map(|(gid, _)| gid);
        }
        if self.tape.chance(2) {
            return self.tape.late(&self.invites).map(|(gid, _, _)| gid);
        }
        let own = self.grants.iter().filter(|(_, owner)| *owner == who);
        let own: Vec<GrantId> = own.map(|(gid, _)| *gid).collect();
        self.tape.late(&own)
    }

    fn capped(&mut self, who: usize, kind: Kind, body: &Control) -> Option<RecordId> {
        let cap = self.cap_of(who)?;
        let key = self.device_of(who);
        self.sign(who, &key, kind, Some(cap), body.encode())
    }

    fn limits(&mut self) -> Limits {
        let role = [2, 4, 3, 1, 5][self.tape.below(5)];
        let garden = |text: &str| Some(vec![Tag::new(text).unwrap()]);
        Limits {
            role: role as u16,
            rank: if self.tape.chance(2) {
                33
            } else {
                RANKS[role - 1]
            },
            mask: match self.tape.below(8) {
                7 => Actions(0x3),
                6 => Actions(0x3FE),
                _ => Actions::ALL,
            },
            kinds: self.tape.chance(8).then_some(vec![KindRange {
                lo: Kind(0x100),
                hi: Kind(0x110),
            }]),
            tags: match self.tape.below(16) {
                15 => garden("garden"),
                14 => garden("garden/bees"),
                _ => None,
            },
            nbf: self.tape.chance(5).then_some(START_MS + DAY_MS),
            exp: self.tape.chance(10).then_some(START_MS + 3 * DAY_MS),
            depth_left: [9, 8, 7, 3, 1, 0][self.tape.below(6)],
        }
    }

    pub(super) fn invite(&mut self, who: usize) {
        let key = self.fresh_key();
        let body = Invite {
            key: InviteKey::from_bytes(key.verifying_key().to_bytes()),
            limits: self.limits(),
            max_uses: 1 + self.tape.below(3) as u64,
            label: None,
            open_from: self.tape.chance(4).then_some(START_MS + DAY_MS),
            open_until: self.tape.chance(8).then_some(START_MS + 2 * DAY_MS),
        };
        if let Some(id) = self.capped(who, Kind::INVITE, &Control::Invite(body)) {
            self.invites.push((id.into(), key, who));
        }
    }

    pub(super) fn join(&mut self) {
        let Some((invite, key, _)) = self.tape.late(&self.invites) else {
            return;
        };
        let again = self.tape.chance(15);
        let who = if again {
            self.tape.below(self.people.len())
        } else {
            let person = Person {
                root: self.fresh_key(),
                devices: vec![self.fresh_key()],
            };
            self.people.push(person);
            self.people.len() - 1
        };
        let person = self.people[who].clone();
        // A join is the first record of its device, so somebody who comes again brings a new one.
        let device = if again && !self.tape.chance(10) {
            self.fresh_key()
        } else {
            person.devices[0].clone()
        };
        let (seat, dev, kem) = (person.seat(), device_key(&device), kem_key(&device));
        let cid = self.cid;
        let data: [&[u8]; 5] = [
            cid.as_ref(),
            invite.as_ref(),
            seat.as_ref(),
            dev.as_ref(),
            kem.as_ref(),
        ];
        let signs = if self.tape.chance(2) { &device } else { &key };
        let body = Join {
            seat,
            dev,
            kem,
            redeem_sig: signature::sign(signs, "folkmoot/1 redeem", &data),
            seat_sig: Join::sign_seat(&person.root, cid, dev, kem),
            old_dev: None,
        };
        let auth = vec![RecordId::from(invite)];
        let draft = Draft {
            cid: Some(cid),
            seat,
            place: Place { seq: 0, prev: None },
            hlc: self.after(&auth),
            kind: Kind::JOIN,
            cap: Some(invite),
            auth,
            refs: Vec::new(),
            tags: Vec::new(),
            body: Control::Join(body).encode(),
        };
        let record = draft.sign(&device).unwrap();
        let id = record.id();
        if self.take(record, who) {
            self.grants.push((id.into(), who));
            if again {
                self.people[who].devices.push(device);
            }
        }
    }

    pub(super) fn grant(&mut self, who: usize) {
        let to = self.tape.below(self.people.len());
        let body = Grant {
            to: self.people[to].seat(),
            limits: self.limits(),
        };
        if let Some(id) = self.capped(who, Kind::GRANT, &Control::Grant(body)) {
            self.grants.push((id.into(), to));
        }
    }

    fn target(&mut self) -> Option<Target> {
        Some(match self.tape.below(6) {
            0 | 1 => Target::Grant(self.tape.late(&self.grants)?.0),
            2 | 3 => {
                let people = self.people.clone();
                Target::Seat(self.tape.late(&people)?.seat())
            }
            4 => {
                let person = self.tape.below(self.people.len());
                let devices = self.people[person].devices.clone();
                Target::Device(device_key(&self.tape.pick(&devices)?))
            }
            _ => Target::Grant(self.tape.late(&self.invites)?.0),
        })
    }

    /// Cuts of some logs, at any place; now and then one that names a record of another log.
    fn cut(&mut self) -> Vec<Cut> {
        let logs: Vec<((DeviceKey, Lane), Log)> =
            self.logs.iter().map(|(k, v)| (*k, v.clone())).collect();
        let mut cut = Vec::new();
        for _ in 0..self.tape.below(4) {
            let Some(((dev, lane), log)) = self.tape.pick(&logs) else {
                continue;
            };
            if lane == Lane::Ballot {
                continue;
            }
            let lane = u8::from(lane == Lane::Content);
            let Some((seq, id)) = self.tape.late(&log) else {
                continue;
            };
            let seq = if self.tape.chance(10) { seq + 1 } else { seq };
            let id = match self.tape.below(20) {
                19 => RecordId::from_bytes([0xEE; 32]),
                18 => self.tape.late(&self.standing).map_or(id, |s| s.id),
                _ => id,
            };
            cut.push(Cut { dev, lane, seq, id });
        }
        cut.sort_unstable();
        cut.dedup();
        cut
    }

    fn keep(&mut self) -> Vec<RecordId> {
        let mut keep: Vec<RecordId> = (0..self.tape.below(3))
            .filter_map(|_| self.tape.late(&self.standing).map(|stood| stood.id))
            .collect();
        keep.sort_unstable();
        keep.dedup();
        keep
    }

    fn taking(&mut self, back: bool) -> Option<Revoke> {
        Some(Revoke {
            target: self.target()?,
            subtree: self.tape.chance(30),
            back,
            cut: self.cut(),
            keep: self.keep(),
            reason: None,
        })
    }

    pub(super) fn revoke(&mut self, who: usize) {
        if let Some(body) = self.taking(false)
            && let Some(id) = self.capped(who, Kind::REVOKE, &Control::Revoke(body))
        {
            self.revocations.push(id.into());
        }
    }

    pub(super) fn readmit(&mut self, who: usize) {
        let Some(vid) = self.tape.late(&self.revocations) else {
            return;
        };
        let body = Readmit {
            vid,
            cut: self.cut(),
            keep: self.keep(),
        };
        self.capped(who, Kind::READMIT, &Control::Readmit(body));
    }

    pub(super) fn device(&mut self, who: usize) {
        let by_root = !self.tape.chance(45);
        let mut body = DeviceBody::default();
        if self.tape.chance(30) {
            // Own keys mostly, of other people now and then.
            let dev = device_key(&self.device_of(who));
            let mut cut = self.cut();
            cut.retain(|entry| entry.dev == dev);
            body.drops.push(DeviceDrop { dev, cut });
        } else {
            let key = if self.tape.chance(15) {
                self.device_of(who)
            } else {
                self.fresh_key()
            };
            let limits = (!by_root || self.tape.chance(30)).then_some(DeviceLimits {
                mask: Actions([0x3, 0x83, 0x103, 0x1FF][self.tape.below(4)]),
                kinds: None,
                tags: None,
                nbf: None,
                exp: START_MS + [100, 2, 500][self.tape.below(3)] * DAY_MS,
                agent: None,
            });
            body.adds.push(DeviceAdd {
                dev: device_key(&key),
                kem: (!self.tape.chance(10)).then_some(kem_key(&key)),
                limits,
            });
            self.people[who].devices.push(key);
        }
        let body = Control::Device(body);
        if by_root {
            self.by_root(who, Kind::DEVICE, &body);
        } else {
            let key = self.device_of(who);
            self.sign(who, &key, Kind::DEVICE, None, body.encode());
        }
    }

    pub(super) fn resign(&mut self, who: usize) {
        let body = Resign {
            cut: self.cut(),
            withdraw: self.tape.chance(30),
        };
        self.by_root(who, Kind::RESIGN, &Control::Resign(body));
    }

    pub(super) fn epoch(&mut self, who: usize) {
        let generations = self.accord.state().epochs.values().map(|e| e.generation);
        let newest = generations.max().unwrap_or(0);
        let body = Epoch {
            generation: newest + 1 + u64::from(self.tape.chance(5)),
            key_id: EpochId::from_bytes([self.tape.below(256) as u8; 32]),
            bundle_hash: BundleHash::from_bytes([1; 32]),
            links: Vec::new(),
        };
        self.capped(who, Kind::EPOCH, &Control::Epoch(body));
    }

    pub(super) fn kem(&mut self, who: usize) {
        let kem = kem_key(&self.fresh_key());
        let key = self.device_of(who);
        let body = Control::Kem(Kem { kem }).encode();
        self.sign(who, &key, Kind::KEM, None, body);
    }

    /// A merge; without cap where there are heads enough for it.
    pub(super) fn merge(&mut self, who: usize) {
        if self.tape.chance(50) {
            let key = self.device_of(who);
            self.sign(who, &key, Kind::MERGE, None, Control::Merge.encode());
        } else {
            self.capped(who, Kind::MERGE, &Control::Merge);
        }
    }

    pub(super) fn fork(&mut self, who: usize) {
        let key = self.device_of(who);
        let body = ForkNote {
            new_cid: CollectiveId::from_bytes([0x77; 32]),
        };
        let body = Control::ForkNote(body).encode();
        self.sign(who, &key, Kind::FORKNOTE, None, body);
    }

    pub(super) fn write(&mut self, who: usize) {
        let Some(cap) = self.cap_of(who) else { return };
        let key = self.device_of(who);
        let (kind, about) = match (self.tape.below(8), self.tape.late(&self.content)) {
            (5, Some(id)) => (Kind::HIDE, Some(id)),
            (6, Some(id)) => (Kind::PURGE, Some(id)),
            (7, Some(id)) => (Kind::RETRACT, Some(id)),
            _ => (Kind::NOTE, None),
        };
        let refs = about.map(|id| Ref {
            rel: Rel::ABOUT,
            id,
        });
        self.content(who, &key, kind, cap, refs.into_iter().collect());
    }

    fn content(&mut self, who: usize, key: &SigningKey, kind: Kind, cap: GrantId, refs: Vec<Ref>) {
        let auth = self.auth(who);
        if auth.is_empty() {
            return;
        }
        let tags = if self.tape.chance(40) {
            vec![Tag::new("garden/bees").unwrap()]
        } else {
            Vec::new()
        };
        let draft = Draft {
            cid: Some(self.cid),
            seat: self.people[who].seat(),
            place: self.place(device_key(key), Lane::Content),
            hlc: self.after(&auth),
            kind,
            cap: Some(cap),
            auth,
            refs,
            tags,
            body: vec![0; 20],
        };
        if let Ok(record) = draft.sign(key) {
            self.take(record, who);
        }
    }
}
