//! How people decide together in a random collective.

use folkmoot_record::{
    Draft, Kind, Place, RecordId, Ref, Rel,
    control::{
        Actions, Ballot, CharterDelta, Choice, Control, Decision, Effect, Grant, Proposal, Readmit,
    },
    effect_id, grant_id_of_effect,
};

use super::super::{DAY_MS, START_MS, World, charter};

impl World {
    fn delta(&mut self) -> CharterDelta {
        let mut role = charter().roles[self.tape.below(5)].clone();
        let mut rule = charter().rules[self.tape.below(5)].clone();
        match self.tape.below(6) {
            0 => CharterDelta {
                quotas: Some((self.tape.below(200) as u64, 256)),
                ..CharterDelta::default()
            },
            1 => CharterDelta {
                history: Some(0),
                ..CharterDelta::default()
            },
            2 => {
                rule.wit_rank = [0, 60, 100][self.tape.below(3)];
                rule.min_rank = [10, 20, 100][self.tape.below(3)];
                rule.flags = self.tape.below(2) as u64;
                CharterDelta {
                    rules: Some(vec![rule]),
                    ..CharterDelta::default()
                }
            }
            3 => {
                role.rank = 99;
                role.may_grant = 0;
                CharterDelta {
                    roles: Some(vec![role]),
                    ..CharterDelta::default()
                }
            }
            _ => {
                role.actions = Actions([0x383, 0x382, 0x3FF, 0][self.tape.below(4)]);
                CharterDelta {
                    roles: Some(vec![role]),
                    ..CharterDelta::default()
                }
            }
        }
    }

    fn effect(&mut self, class: u8) -> Option<Effect> {
        let like = if self.tape.chance(4) {
            5 - class
        } else {
            class
        };
        Some(match (like, self.tape.below(3)) {
            (3, _) => Effect::Charter(self.delta()),
            (_, 0) => {
                let back = self.tape.chance(30);
                Effect::Revoke(self.taking(back)?)
            }
            (_, 1) => {
                let to = self.tape.below(self.people.len());
                Effect::Grant(Grant {
                    to: self.people[to].seat(),
                    limits: self.limits(),
                })
            }
            _ => Effect::Readmit(Readmit {
                vid: self.tape.late(&self.revocations)?,
                cut: self.cut(),
                keep: self.keep(),
            }),
        })
    }

    pub(in super::super) fn propose(&mut self, who: usize) {
        let class = [1, 2, 3, 4, 0][self.tape.below(5)];
        let mut effects = Vec::new();
        if class != 0 {
            for _ in 0..1 + self.tape.below(2) {
                effects.extend(self.effect(class));
            }
        }
        let body = Proposal {
            class,
            title: "Shall we?".to_owned(),
            effects: effects.clone(),
            closes_ms: START_MS + [9, 25, 1, 60][self.tape.below(4)] * DAY_MS,
            text: None,
        };
        let Some(id) = self.capped(who, Kind::PROPOSAL, &Control::Proposal(body)) else {
            return;
        };
        self.proposals.push(id);
        for (k, effect) in (0..).zip(effects) {
            match effect {
                Effect::Grant(grant) => {
                    let to = self.people.iter().position(|p| p.seat() == grant.to);
                    self.grants.push((grant_id_of_effect(id, k), to.unwrap()));
                }
                Effect::Revoke(_) => self.revocations.push(effect_id(id, k)),
                _ => {}
            }
        }
        // Some vote at once: decisions need many things to come together.
        for voter in 0..self.tape.below(4) {
            self.ballot(id, voter % self.people.len());
        }
    }

    pub(in super::super) fn vote(&mut self) {
        let Some(proposal) = self.tape.late(&self.proposals) else {
            return;
        };
        for _ in 0..1 + self.tape.below(3) {
            let voter = self.tape.below(self.people.len());
            self.ballot(proposal, voter);
        }
    }

    fn ballot(&mut self, proposal: RecordId, who: usize) {
        let key = self.device_of(who);
        let choice = if self.tape.chance(15) {
            Choice::No
        } else {
            Choice::Yes
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
        let stands = self.take(record, who);
        // A void or a "no" ballot is listed at times, too.
        if (stands && choice == Choice::Yes) || self.tape.chance(8) {
            self.ballots.entry(proposal).or_default().push(id);
        }
    }

    pub(in super::super) fn decide(&mut self, who: usize) {
        let voted: Vec<RecordId> = self.ballots.keys().copied().collect();
        let voted: Vec<RecordId> = self
            .proposals
            .iter()
            .filter(|p| voted.contains(p))
            .copied()
            .collect();
        let Some(proposal) = self.tape.late(&voted) else {
            return;
        };
        let mut ballots = self.ballots[&proposal].clone();
        if self.tape.chance(15) {
            ballots.pop();
        }
        // Ballots for another proposal count for nothing.
        if self.tape.chance(6)
            && let Some(other) = self.tape.pick(&voted)
        {
            ballots.extend(self.ballots[&other].iter().take(1));
        }
        ballots.sort_unstable();
        ballots.dedup();
        if ballots.is_empty() {
            return;
        }
        let body = Control::Decision(Decision { proposal, ballots }).encode();
        let key = self.device_of(who);
        self.sign(who, &key, Kind::DECISION, None, body);
    }
}
