//! What people do in a random collective.

use folkmoot_record::{
    BundleHash, DeviceKey, Draft, EpochId, GrantId, InviteKey, Kind, Lane, Place, RecordId, Ref,
    Rel,
    control::{
        Actions, Ballot, CharterDelta, Choice, Control, Cut, Decision, DeviceAdd, DeviceBody,
        DeviceDrop, DeviceLimits, Effect, Epoch, Grant, Invite, Join, Kem, Proposal, Readmit,
        Resign, Revoke, Target,
    },
    effect_id, grant_id_of_effect, signature,
};

use super::{DAY_MS, Log, Person, START_MS, World, charter, device_key, kem_key};

impl World {
    pub(super) fn invite(&mut self, who: usize) {
        let key = self.dice.key();
        let body = Invite {
            key: InviteKey::from_bytes(key.verifying_key().to_bytes()),
            limits: self.limits(),
            max_uses: 1 + self.dice.below(2) as u64,
            label: None,
            open_from: None,
            open_until: None,
        };
        if let Some(id) = self.capped(who, Kind::INVITE, &Control::Invite(body)) {
            self.invites.push((id.into(), key, who));
        }
    }

    pub(super) fn join(&mut self) {
        let Some((invite, key, _)) = self.dice.pick(&self.invites) else {
            return;
        };
        let again = self.dice.chance(15);
        let who = if again {
            self.dice.below(self.people.len())
        } else {
            let person = Person {
                root: self.dice.key(),
                devices: vec![self.dice.key()],
            };
            self.people.push(person);
            self.people.len() - 1
        };
        let person = self.people[who].clone();
        // A join is the first record of its device, so somebody who comes again brings a new one.
        let device = if again {
            self.dice.key()
        } else {
            person.devices[0].clone()
        };
        let (seat, dev, kem) = (person.seat(), device_key(&device), kem_key(&device));
        let cid = self.cid;
        let body = Join {
            seat,
            dev,
            kem,
            redeem_sig: signature::sign(
                &key,
                "folkmoot/1 redeem",
                &[
                    cid.as_ref(),
                    invite.as_ref(),
                    seat.as_ref(),
                    dev.as_ref(),
                    kem.as_ref(),
                ],
            ),
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
        if self.take(record) {
            self.grants.push((id.into(), who));
            if again {
                self.people[who].devices.push(device);
            }
        }
    }

    pub(super) fn grant(&mut self, who: usize) {
        let to = self.dice.below(self.people.len());
        let body = Grant {
            to: self.people[to].seat(),
            limits: self.limits(),
        };
        if let Some(id) = self.capped(who, Kind::GRANT, &Control::Grant(body)) {
            self.grants.push((id.into(), to));
        }
    }

    fn target(&mut self) -> Option<Target> {
        let person = self.dice.below(self.people.len());
        Some(match self.dice.below(5) {
            0 => Target::Seat(self.people[person].seat()),
            1 => Target::Device(device_key(&self.dice.pick(&self.people[person].devices)?)),
            2 => Target::Grant(self.dice.pick(&self.invites)?.0),
            _ => Target::Grant(self.dice.pick(&self.grants)?.0),
        })
    }

    fn cut(&mut self) -> Vec<Cut> {
        let mut cut = Vec::new();
        let logs: Vec<((DeviceKey, Lane), Log)> =
            self.logs.iter().map(|(k, v)| (*k, v.clone())).collect();
        for ((dev, lane), log) in logs {
            if lane != Lane::Ballot
                && self.dice.chance(25)
                && let Some((seq, id)) = self.dice.pick(&log)
            {
                let lane = u8::from(lane == Lane::Content);
                cut.push(Cut { dev, lane, seq, id });
            }
        }
        cut.sort_unstable();
        cut
    }

    fn keep(&mut self) -> Vec<RecordId> {
        let mut keep: Vec<RecordId> = (0..self.dice.below(3))
            .filter_map(|_| self.dice.pick(&self.standing).map(|(id, _)| id))
            .collect();
        keep.sort_unstable();
        keep.dedup();
        keep
    }

    fn taking(&mut self, back: bool) -> Option<Revoke> {
        Some(Revoke {
            target: self.target()?,
            subtree: self.dice.chance(30),
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
        let who = if self.dice.chance(60) {
            self.dice.below(self.founders)
        } else {
            who
        };
        let Some(vid) = self.dice.pick(&self.revocations) else {
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
        let by_root = self.dice.chance(60);
        let mut body = DeviceBody::default();
        if self.dice.chance(70) {
            let key = if self.dice.chance(15) {
                self.dice.pick(&self.people[who].devices).unwrap()
            } else {
                self.dice.key()
            };
            let limits = (!by_root || self.dice.chance(30)).then_some(DeviceLimits {
                mask: Actions(0x3),
                kinds: None,
                tags: None,
                nbf: None,
                exp: START_MS + 100 * DAY_MS,
                agent: None,
            });
            body.adds.push(DeviceAdd {
                dev: device_key(&key),
                kem: Some(kem_key(&key)),
                limits,
            });
            self.people[who].devices.push(key);
        } else if let Some(key) = self.dice.pick(&self.people[who].devices) {
            let dev = device_key(&key);
            let mut cut = self.cut();
            cut.retain(|entry| entry.dev == dev);
            body.drops.push(DeviceDrop { dev, cut });
        }
        if by_root {
            self.by_root(who, Kind::DEVICE, &Control::Device(body));
        } else if let Some(key) = self.dice.pick(&self.people[who].devices) {
            self.sign(
                who,
                &key,
                Kind::DEVICE,
                None,
                Control::Device(body).encode(),
            );
        }
    }

    pub(super) fn resign(&mut self, who: usize) {
        let body = Resign {
            cut: self.cut(),
            withdraw: self.dice.chance(30),
        };
        self.by_root(who, Kind::RESIGN, &Control::Resign(body));
    }

    pub(super) fn propose(&mut self, who: usize) {
        let class = self.dice.below(4) as u8;
        let mut effects = Vec::new();
        let mut given = Vec::new();
        for k in 0..self.dice.below(3) {
            let back = self.dice.chance(30);
            effects.push(match (class, self.dice.below(3)) {
                (3, _) => Effect::Charter(CharterDelta {
                    quotas: Some((self.dice.next() % 9_000, 256)),
                    roles: self.dice.chance(50).then(|| {
                        let mut role = charter().roles[1].clone();
                        role.actions = Actions(0x383 | (self.dice.next() as u32 & 0xF00));
                        vec![role]
                    }),
                    ..CharterDelta::default()
                }),
                (0, _) => return,
                (_, 0) => {
                    let to = self.dice.below(self.people.len());
                    given.push((k as u32, to));
                    Effect::Grant(Grant {
                        to: self.people[to].seat(),
                        limits: self.limits(),
                    })
                }
                (_, 1) if !self.revocations.is_empty() => Effect::Readmit(Readmit {
                    vid: self.dice.pick(&self.revocations).unwrap(),
                    cut: self.cut(),
                    keep: self.keep(),
                }),
                _ => match self.taking(back) {
                    Some(revoke) => Effect::Revoke(revoke),
                    None => return,
                },
            });
        }
        let revoked: Vec<u32> = effects
            .iter()
            .zip(0..)
            .filter(|(effect, _)| matches!(effect, Effect::Revoke(_)))
            .map(|(_, k)| k)
            .collect();
        let body = Proposal {
            class,
            title: "Shall we?".to_owned(),
            effects,
            closes_ms: START_MS + 5 * DAY_MS,
            text: None,
        };
        if let Some(id) = self.capped(who, Kind::PROPOSAL, &Control::Proposal(body)) {
            self.proposals.push(id);
            let gids = given
                .into_iter()
                .map(|(k, to)| (grant_id_of_effect(id, k), to));
            self.grants.extend(gids);
            self.revocations
                .extend(revoked.into_iter().map(|k| effect_id(id, k)));
        }
    }

    pub(super) fn vote(&mut self, who: usize) {
        let Some(proposal) = self.dice.pick(&self.proposals) else {
            return;
        };
        let Some(key) = self.dice.pick(&self.people[who].devices) else {
            return;
        };
        let choice = if self.dice.chance(80) {
            Choice::Yes
        } else {
            Choice::No
        };
        let body = Ballot {
            choice,
            reason: None,
        };
        let draft = Draft {
            cid: Some(self.cid),
            seat: self.people[who].seat(),
            place: Place { seq: 0, prev: None },
            hlc: self.after(&[proposal]),
            kind: Kind::BALLOT,
            cap: None,
            auth: vec![proposal],
            refs: vec![Ref {
                rel: Rel::ABOUT,
                id: proposal,
            }],
            tags: Vec::new(),
            body: Control::Ballot(body).encode(),
        };
        let record = draft.sign(&key).unwrap();
        let id = record.id();
        if self.take(record) && choice == Choice::Yes {
            self.ballots.entry(proposal).or_default().push(id);
        }
    }

    pub(super) fn decide(&mut self, who: usize) {
        let voted: Vec<RecordId> = self.ballots.keys().copied().collect();
        let Some(proposal) = self.dice.pick(&voted) else {
            return;
        };
        let mut ballots = self.ballots[&proposal].clone();
        if self.dice.chance(20) {
            ballots.pop();
        }
        ballots.sort_unstable();
        if ballots.is_empty() {
            return;
        }
        let body = Decision { proposal, ballots };
        if let Some(key) = self.dice.pick(&self.people[who].devices) {
            let body = Control::Decision(body).encode();
            self.sign(who, &key, Kind::DECISION, None, body);
        }
    }

    pub(super) fn epoch(&mut self, who: usize) {
        let generations = self.accord.state().epochs.values().map(|e| e.generation);
        let generation = generations.max().unwrap_or(0) + 1;
        let body = Epoch {
            generation,
            key_id: EpochId::from_bytes([self.dice.next() as u8; 32]),
            bundle_hash: BundleHash::from_bytes([1; 32]),
            links: Vec::new(),
        };
        self.capped(who, Kind::EPOCH, &Control::Epoch(body));
    }

    pub(super) fn kem(&mut self, who: usize) {
        let kem = kem_key(&self.dice.key());
        if let Some(key) = self.dice.pick(&self.people[who].devices) {
            let body = Control::Kem(Kem { kem }).encode();
            self.sign(who, &key, Kind::KEM, None, body);
        }
    }

    pub(super) fn merge(&mut self, who: usize) {
        self.capped(who, Kind::MERGE, &Control::Merge);
    }

    pub(super) fn write(&mut self, who: usize) {
        let own: Vec<GrantId> = self
            .grants
            .iter()
            .filter(|(_, owner)| *owner == who)
            .map(|(gid, _)| *gid)
            .collect();
        let (Some(cap), Some(key)) = (
            self.dice.pick(&own),
            self.dice.pick(&self.people[who].devices),
        ) else {
            return;
        };
        self.sign(who, &key, Kind::NOTE, Some(cap), vec![0; 20]);
    }
}
