//! A collective of 10,000 control records: a founder who invites 4,000 people one by one, each of
//! whom joins, and removes every second. And what some of them write on top.

use anyhow::{Context, Result};
use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Hlc, InviteKey, KemKey, Kind, Place, RecordId, Ref,
    Rel, SeatKey, Verified,
    control::{
        Actions, Ballot, Charter, Choice, Control, Founder, Genesis, Grant, Invite, Join, Limits,
        Proposal, Revoke, Role, Rule, Target,
    },
    grant_id_of_founder, signature,
};

const PEOPLE: u64 = 4_000;
const START_MS: u64 = 1_700_000_000_000;

/// One who joined.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) seat: SeatKey,
    pub(crate) dev: SigningKey,
    /// The grant written under.
    pub(crate) cap: GrantId,
    pub(crate) join: RecordId,
    /// What of the others is known, and the next place in the own log.
    pub(crate) knows: Vec<RecordId>,
    pub(crate) place: Place,
}

fn limits(role: u16, rank: u8) -> Limits {
    Limits {
        role,
        rank,
        mask: Actions::ALL,
        kinds: None,
        tags: None,
        nbf: None,
        exp: None,
        depth_left: 3,
    }
}

/// The records, and who can write more.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) cid: CollectiveId,
    root: SigningKey,
    dev: SigningKey,
    ms: u64,
    place: Place,
    pub(crate) records: Vec<Verified>,
    pub(crate) members: Vec<Member>,
}

fn key(n: u64) -> SigningKey {
    let mut bytes = [3; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    SigningKey::from_bytes(&bytes)
}

fn seat(key: &SigningKey) -> SeatKey {
    SeatKey::from_bytes(key.verifying_key().to_bytes())
}

fn device(key: &SigningKey) -> DeviceKey {
    DeviceKey::from_bytes(key.verifying_key().to_bytes())
}

fn clock(ms: u64) -> Result<Hlc> {
    Hlc::from_raw(ms << 16).context("a time out of range")
}

fn charter() -> Charter {
    let role = |id, name: &str, rank, actions, may_grant| Role {
        id,
        name: name.to_owned(),
        rank,
        actions: Actions(actions),
        may_grant,
    };
    let rule = |class, min_rank, wit_rank| Rule {
        class,
        min_rank,
        wit_rank,
        tenure_ms: 0,
        active_ms: 0,
        y_num: 1,
        y_den: 2,
        min_yes: 1,
        flags: 0,
    };
    Charter {
        roles: vec![
            role(2, "writer", 20, 0x383, 0),
            role(5, "steward", 100, 0x1FFF, 100),
        ],
        rules: vec![rule(0, 20, 0), rule(1, 20, 100)],
        content_per_day: 2_000,
        control_per_day: 256,
        history: 1,
        agreement: None,
        features: None,
    }
}

impl History {
    /// All of it.
    pub(crate) fn new() -> Result<Self> {
        let mut history = Self::founded()?;
        let own = history.own();
        let mut heads: Vec<RecordId> = Vec::new();
        for n in 0..PEOPLE {
            let door = key(10_000 + n);
            let body = Control::Invite(Invite {
                key: InviteKey::from_bytes(door.verifying_key().to_bytes()),
                limits: limits(2, 20),
                max_uses: 1,
                label: None,
                open_from: None,
                open_until: None,
            });
            let invite = history.founder(Kind::INVITE, own, std::mem::take(&mut heads), &body)?;
            let join = history.join(n, invite, &door)?;
            heads = vec![join];
            if n % 2 == 1 {
                let out = removal(seat(&key(100_000 + n)));
                history.founder(Kind::REVOKE, own, std::mem::take(&mut heads), &out)?;
            }
        }
        Ok(history)
    }

    fn founded() -> Result<Self> {
        let (root, dev) = (key(1), key(2));
        let kem = KemKey::from_bytes([9; 32]);
        let genesis = Genesis {
            salt: [1; 16],
            name: "Measure".to_owned(),
            charter: charter(),
            founders: vec![Founder {
                seat: seat(&root),
                role: 5,
                dev: device(&dev),
                kem,
            }],
            inherits: None,
            founder_sig: Genesis::sign_founder(&root, &[1; 16], device(&dev), kem),
        };
        let draft = Draft {
            cid: None,
            seat: seat(&root),
            place: Place { seq: 0, prev: None },
            hlc: clock(START_MS)?,
            kind: Kind::GENESIS,
            cap: None,
            auth: Vec::new(),
            refs: Vec::new(),
            tags: Vec::new(),
            body: Control::Genesis(genesis).encode(),
        };
        let record = draft.sign(&dev).context("genesis")?;
        Ok(Self {
            cid: record.id().into(),
            root,
            dev,
            ms: START_MS,
            place: Place {
                seq: 1,
                prev: Some(record.id()),
            },
            records: vec![record],
            members: Vec::new(),
        })
    }

    /// The founder's grant.
    pub(crate) fn own(&self) -> GrantId {
        grant_id_of_founder(self.cid, 0)
    }

    /// One more record of the founder.
    pub(crate) fn founder(
        &mut self,
        kind: Kind,
        cap: GrantId,
        auth: Vec<RecordId>,
        body: &Control,
    ) -> Result<RecordId> {
        self.ms += 1;
        let draft = Draft {
            cid: Some(self.cid),
            seat: seat(&self.root),
            place: self.place,
            hlc: clock(self.ms)?,
            kind,
            cap: Some(cap),
            auth,
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        };
        let record = draft.sign(&self.dev).context("a record of the founder")?;
        let id = record.id();
        self.place = Place {
            seq: self.place.seq + 1,
            prev: Some(id),
        };
        self.records.push(record);
        Ok(id)
    }

    fn join(&mut self, n: u64, invite: RecordId, door: &SigningKey) -> Result<RecordId> {
        let (root, dev) = (key(100_000 + n), key(200_000 + n));
        let (who, device, kem) = (seat(&root), device(&dev), KemKey::from_bytes([9; 32]));
        let data: [&[u8]; 5] = [
            self.cid.as_ref(),
            invite.as_ref(),
            who.as_ref(),
            device.as_ref(),
            kem.as_ref(),
        ];
        let body = Join {
            seat: who,
            dev: device,
            kem,
            redeem_sig: signature::sign(door, "folkmoot/1 redeem", &data),
            seat_sig: Join::sign_seat(&root, self.cid, device, kem),
            old_dev: None,
        };
        self.ms += 1;
        let draft = Draft {
            cid: Some(self.cid),
            seat: who,
            place: Place { seq: 0, prev: None },
            hlc: clock(self.ms)?,
            kind: Kind::JOIN,
            cap: Some(invite.into()),
            auth: vec![invite],
            refs: Vec::new(),
            tags: Vec::new(),
            body: Control::Join(body).encode(),
        };
        let record = draft.sign(&dev).context("a join")?;
        let join = record.id();
        self.records.push(record);
        self.members.push(Member {
            seat: who,
            dev,
            cap: join.into(),
            join,
            knows: vec![join],
            place: Place {
                seq: 1,
                prev: Some(join),
            },
        });
        Ok(join)
    }

    /// Somebody becomes a steward, and knows no more than that.
    pub(crate) fn promote(&mut self, mut member: Member) -> Result<Member> {
        let body = Control::Grant(Grant {
            to: member.seat,
            limits: limits(5, 100),
        });
        let grant = self.founder(Kind::GRANT, self.own(), vec![member.join], &body)?;
        member.cap = grant.into();
        member.knows = vec![grant];
        Ok(member)
    }

    /// The next control record of a member, a moment later than all before, resting on what they
    /// know and on some more.
    pub(crate) fn write(
        &mut self,
        member: &mut Member,
        kind: Kind,
        more: &[RecordId],
        body: &Control,
    ) -> Result<Verified> {
        self.ms += 1;
        let mut auth: Vec<RecordId> = member.knows.iter().chain(more).copied().collect();
        auth.sort_unstable();
        auth.dedup();
        let draft = Draft {
            cid: Some(self.cid),
            seat: member.seat,
            place: member.place,
            hlc: clock(self.ms)?,
            kind,
            cap: Some(member.cap),
            auth,
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        };
        let record = draft.sign(&member.dev).context("a record of a member")?;
        member.place = Place {
            seq: member.place.seq + 1,
            prev: Some(record.id()),
        };
        Ok(record)
    }

    /// A note of a member.
    pub(crate) fn note(&mut self, member: &Member, auth: Vec<RecordId>) -> Result<Verified> {
        self.ms += 1;
        let draft = Draft {
            cid: Some(self.cid),
            seat: member.seat,
            place: Place { seq: 0, prev: None },
            hlc: clock(self.ms)?,
            kind: Kind::NOTE,
            cap: Some(member.cap),
            auth,
            refs: Vec::new(),
            tags: Vec::new(),
            body: vec![0; 20],
        };
        draft.sign(&member.dev).context("a note")
    }

    /// A yes on a proposal.
    pub(crate) fn ballot(&mut self, member: &Member, proposal: RecordId) -> Result<Verified> {
        self.ms += 1;
        let body = Control::Ballot(Ballot {
            choice: Choice::Yes,
            reason: None,
        });
        let draft = Draft {
            cid: Some(self.cid),
            seat: member.seat,
            place: Place { seq: 0, prev: None },
            hlc: clock(self.ms)?,
            kind: Kind::BALLOT,
            cap: None,
            auth: vec![proposal],
            refs: vec![Ref {
                rel: Rel::ABOUT,
                id: proposal,
            }],
            tags: Vec::new(),
            body: body.encode(),
        };
        draft.sign(&member.dev).context("a vote")
    }

    /// A vote, whose electorate has to be worked out where it stands.
    pub(crate) fn proposal(&self, class: u8) -> Control {
        Control::Proposal(Proposal {
            class,
            title: "Shall we?".to_owned(),
            effects: Vec::new(),
            closes_ms: self.ms + 1_000_000,
            text: None,
        })
    }
}

/// The removal of a member.
pub(crate) fn removal(seat: SeatKey) -> Control {
    Control::Revoke(Revoke {
        target: Target::Seat(seat),
        subtree: false,
        back: false,
        cut: Vec::new(),
        keep: Vec::new(),
        reason: None,
    })
}
