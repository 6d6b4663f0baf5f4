//! A collective written by hand, record by record.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Hlc, InviteKey, KemKey, Kind, Lane, Place, RecordId,
    Ref, Rel, SeatKey, Tag, Verified,
    control::{
        Actions, Ballot, Charter, Choice, Control, Decision, DeviceAdd, DeviceBody, DeviceDrop,
        DeviceLimits, Effect, Founder, Genesis, Grant, Invite, Join, Limits, Proposal, Revoke,
        Target,
    },
    grant_id_of_founder, signature,
};
use folkmoot_vectors::Scenario;
use serde_json::{Value, json};

use crate::{collective::charter, dice::key};

pub(crate) const START_MS: u64 = 1_750_000_000_000;
pub(crate) const DAY_MS: u64 = 86_400_000;

/// Somebody with a root and a first device.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) root: SigningKey,
    pub(crate) dev: SigningKey,
}

impl Person {
    pub(crate) fn new(number: u64) -> Self {
        Self {
            root: key(1_000 + 2 * number),
            dev: key(1_001 + 2 * number),
        }
    }

    pub(crate) fn seat(&self) -> SeatKey {
        SeatKey::from_bytes(self.root.verifying_key().to_bytes())
    }
}

pub(crate) fn device(key: &SigningKey) -> DeviceKey {
    DeviceKey::from_bytes(key.verifying_key().to_bytes())
}

pub(crate) fn kem(key: &SigningKey) -> KemKey {
    KemKey::from_bytes(key.verifying_key().to_bytes())
}

/// What is written, in order; every record knows all lane-0 records before it, unless told
/// otherwise.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) cid: CollectiveId,
    pub(crate) founder: Person,
    pub(crate) records: Vec<Verified>,
    /// The time of the next record.
    pub(crate) ms: u64,
    /// What the next record knows; empty: all heads.
    pub(crate) knows: Vec<RecordId>,
    places: BTreeMap<(DeviceKey, bool), Place>,
    heads: Vec<RecordId>,
    people: u64,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::under(charter())
    }

    /// Founded by one steward under that charter.
    pub(crate) fn under(charter: Charter) -> Self {
        let founder = Person::new(0);
        let salt = [5; 16];
        let genesis = Genesis {
            salt,
            name: "Ours".to_owned(),
            charter,
            founders: vec![Founder {
                seat: founder.seat(),
                role: 5,
                dev: device(&founder.dev),
                kem: kem(&founder.dev),
            }],
            inherits: None,
            founder_sig: Genesis::sign_founder(
                &founder.root,
                &salt,
                device(&founder.dev),
                kem(&founder.dev),
            ),
        };
        let draft = Draft {
            cid: None,
            seat: founder.seat(),
            place: Place { seq: 0, prev: None },
            hlc: Hlc::from_raw(START_MS << 16).unwrap(),
            kind: Kind::GENESIS,
            cap: None,
            auth: Vec::new(),
            refs: Vec::new(),
            tags: Vec::new(),
            body: Control::Genesis(genesis).encode(),
        };
        let record = draft.sign(&founder.dev).unwrap();
        let id = record.id();
        let next = Place {
            seq: 1,
            prev: Some(id),
        };
        Self {
            cid: id.into(),
            places: BTreeMap::from([((device(&founder.dev), true), next)]),
            founder,
            records: vec![record],
            ms: START_MS,
            knows: Vec::new(),
            heads: vec![id],
            people: 0,
        }
    }

    pub(crate) fn founder_cap(&self) -> GrantId {
        grant_id_of_founder(self.cid, 0)
    }

    pub(crate) fn scenario(&self, name: &str) -> Scenario {
        Scenario {
            name: name.to_owned(),
            cid: self.cid,
            clock_ms: None,
            records: self.records.iter().map(|r| r.wire().to_vec()).collect(),
            heads: None,
            held_since: None,
            expect: Value::Null,
        }
    }

    pub(crate) fn keys(&self) -> Value {
        json!({ "founder": self.founder.seat().to_string() })
    }

    /// Signs a record; a second later than the one before.
    pub(crate) fn put(
        &mut self,
        seat: SeatKey,
        dev: &SigningKey,
        kind: Kind,
        cap: Option<GrantId>,
        body: Vec<u8>,
        tags: &[&str],
    ) -> RecordId {
        self.ms += 1_000;
        let lane_0 = kind.lane() == Lane::Control;
        let mut auth = std::mem::take(&mut self.knows);
        if auth.is_empty() {
            auth = self.heads.clone();
        }
        let mut refs = Vec::new();
        let mut place = Place { seq: 0, prev: None };
        if kind == Kind::BALLOT {
            refs.push(Ref {
                rel: Rel::ABOUT,
                id: auth[0],
            });
        } else if kind != Kind::JOIN {
            place = *self.places.entry((device(dev), lane_0)).or_insert(place);
        }
        auth.sort_unstable();
        let draft = Draft {
            cid: Some(self.cid),
            seat,
            place,
            hlc: Hlc::from_raw(self.ms << 16).unwrap(),
            kind,
            cap,
            auth: auth.clone(),
            refs,
            tags: tags.iter().map(|tag| Tag::new(*tag).unwrap()).collect(),
            body,
        };
        let record = draft.sign(dev).unwrap();
        let id = record.id();
        if kind != Kind::BALLOT {
            let next = Place {
                seq: place.seq + 1,
                prev: Some(id),
            };
            self.places.insert((device(dev), lane_0), next);
        }
        self.records.push(record);
        id
    }

    /// Says that a record stands, so that later ones know it; what it knew is no head any more.
    pub(crate) fn stands(&mut self, id: RecordId) -> RecordId {
        let header = self.records.iter().find(|r| r.id() == id).unwrap().header();
        let known: Vec<RecordId> = header.auth.iter().chain(&header.prev).copied().collect();
        self.heads.retain(|head| !known.contains(head));
        self.heads.push(id);
        id
    }

    /// A log goes back to before its last record: what was void or forked leaves its place free.
    pub(crate) fn back(&mut self, dev: &SigningKey, id: RecordId) {
        let header = self.records.iter().find(|r| r.id() == id).unwrap().header();
        let place = Place {
            seq: header.seq,
            prev: header.prev,
        };
        let lane_0 = header.kind.lane() == Lane::Control;
        self.places.insert((device(dev), lane_0), place);
    }

    /// The founder writes under his own grant.
    pub(crate) fn founder(&mut self, kind: Kind, body: &Control) -> RecordId {
        let (seat, dev, cap) = (
            self.founder.seat(),
            self.founder.dev.clone(),
            self.founder_cap(),
        );
        self.put(seat, &dev, kind, Some(cap), body.encode(), &[])
    }

    /// A root writes.
    pub(crate) fn root(&mut self, person: &Person, kind: Kind, body: &Control) -> RecordId {
        self.put(person.seat(), &person.root, kind, None, body.encode(), &[])
    }

    /// Somebody joins by an invite of the founder; all know it. Gives the person and the grant.
    pub(crate) fn member(&mut self, limits: Limits) -> (Person, GrantId) {
        self.people += 1;
        let door = key(5_000 + self.people);
        let invite = self.founder(Kind::INVITE, &Control::Invite(invite(&door, limits, 1)));
        self.stands(invite);
        let person = Person::new(self.people);
        let join = self.join(&person, invite, &door);
        self.stands(join);
        (person, join.into())
    }

    pub(crate) fn join(
        &mut self,
        person: &Person,
        invite: RecordId,
        door: &SigningKey,
    ) -> RecordId {
        let (seat, dev, kem) = (person.seat(), device(&person.dev), kem(&person.dev));
        let data: [&[u8]; 5] = [
            self.cid.as_ref(),
            invite.as_ref(),
            seat.as_ref(),
            dev.as_ref(),
            kem.as_ref(),
        ];
        let body = Join {
            seat,
            dev,
            kem,
            redeem_sig: signature::sign(door, "folkmoot/1 redeem", &data),
            seat_sig: Join::sign_seat(&person.root, self.cid, dev, kem),
            old_dev: None,
        };
        self.knows = vec![invite];
        let body = Control::Join(body).encode();
        self.put(
            seat,
            &person.dev,
            Kind::JOIN,
            Some(invite.into()),
            body,
            &[],
        )
    }

    pub(crate) fn note(
        &mut self,
        seat: SeatKey,
        dev: &SigningKey,
        cap: GrantId,
        tags: &[&str],
    ) -> RecordId {
        self.put(seat, dev, Kind::NOTE, Some(cap), vec![0; 20], tags)
    }

    pub(crate) fn ballot(
        &mut self,
        person: &Person,
        dev: &SigningKey,
        proposal: RecordId,
    ) -> RecordId {
        self.knows = vec![proposal];
        let body = Control::Ballot(Ballot {
            choice: Choice::Yes,
            reason: None,
        });
        self.put(person.seat(), dev, Kind::BALLOT, None, body.encode(), &[])
    }

    pub(crate) fn decide(&mut self, proposal: RecordId, mut ballots: Vec<RecordId>) -> RecordId {
        ballots.sort_unstable();
        let body = Control::Decision(Decision { proposal, ballots });
        let (seat, dev) = (self.founder.seat(), self.founder.dev.clone());
        self.put(seat, &dev, Kind::DECISION, None, body.encode(), &[])
    }

    /// Proposed by the founder, voted for by him alone, and decided; all know it.
    pub(crate) fn pass(&mut self, class: u8, effects: Vec<Effect>) -> RecordId {
        let closes = self.ms + DAY_MS;
        let p = self.founder(Kind::PROPOSAL, &proposal(class, effects, closes));
        self.stands(p);
        let founder = self.founder.clone();
        let ballot = self.ballot(&founder, &founder.dev, p);
        let decision = self.decide(p, vec![ballot]);
        self.stands(decision);
        p
    }
}

pub(crate) fn role(role: u16, rank: u8) -> Limits {
    Limits {
        role,
        rank,
        mask: Actions::ALL,
        kinds: None,
        tags: None,
        nbf: None,
        exp: None,
        depth_left: 5,
    }
}

pub(crate) fn invite(door: &SigningKey, limits: Limits, max_uses: u64) -> Invite {
    Invite {
        key: InviteKey::from_bytes(door.verifying_key().to_bytes()),
        limits,
        max_uses,
        label: None,
        open_from: None,
        open_until: None,
    }
}

pub(crate) fn grant(to: SeatKey, limits: Limits) -> Control {
    Control::Grant(Grant { to, limits })
}

pub(crate) fn dlim(mask: u32, exp: u64) -> DeviceLimits {
    DeviceLimits {
        mask: Actions(mask),
        kinds: None,
        tags: None,
        nbf: None,
        exp,
        agent: None,
    }
}

pub(crate) fn adds(keys: &[(&SigningKey, Option<DeviceLimits>)]) -> Control {
    let mut adds: Vec<DeviceAdd> = keys
        .iter()
        .map(|(key, limits)| DeviceAdd {
            dev: device(key),
            kem: Some(kem(key)),
            limits: limits.clone(),
        })
        .collect();
    adds.sort_by_key(|add| add.dev);
    Control::Device(DeviceBody {
        adds,
        drops: Vec::new(),
    })
}

pub(crate) fn drops(dev: &SigningKey, cut: Vec<folkmoot_record::control::Cut>) -> Control {
    Control::Device(DeviceBody {
        adds: Vec::new(),
        drops: vec![DeviceDrop {
            dev: device(dev),
            cut,
        }],
    })
}

pub(crate) fn revoke(target: Target, subtree: bool) -> Revoke {
    Revoke {
        target,
        subtree,
        back: false,
        cut: Vec::new(),
        keep: Vec::new(),
        reason: None,
    }
}

pub(crate) fn proposal(class: u8, effects: Vec<Effect>, closes_ms: u64) -> Control {
    Control::Proposal(Proposal {
        class,
        title: "Shall we?".to_owned(),
        effects,
        closes_ms,
        text: None,
    })
}
