//! One record for each verdict, signed with the keys of a moderator, as only a changed program would.

use ed25519_dalek::SigningKey;
use folkmoot_accord::{ParkReason, VoidReason};
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, EpochId, GrantId, Hlc, Kind, Lane, Place, RecordId, Ref, Rel,
    SeatKey, Verified,
    content::Content,
    control::{
        Actions, Ballot, CharterDelta, Choice, Control, Decision, DeviceAdd, DeviceBody, Effect,
        Epoch, Grant, Join, Limits, Proposal, Resign, Revoke, Target,
    },
    fc::Value,
    hash,
};
use folkmoot_seal::{InviteLink, KemSecret};

use crate::traitor::Keys;

/// An hour in ms.
const HOUR: u64 = 3_600_000;

/// What the founder gave by commands, and what is aimed at.
pub(crate) struct Given {
    /// Of the moderator: reads only; writes with the tag garden; writes from tomorrow on.
    pub(crate) reader: GrantId,
    pub(crate) garden: GrantId,
    pub(crate) later: GrantId,
    /// The reader's own grant, and their seat.
    pub(crate) of_rea: GrantId,
    pub(crate) rea: SeatKey,
    /// The founder's grant.
    pub(crate) founder: GrantId,
    /// An open invite with an end, and one that was closed.
    pub(crate) open: InviteLink,
    pub(crate) closed: InviteLink,
    /// An opinion that is open, on which the founder said no.
    pub(crate) proposal: RecordId,
}

/// Signs what is bad in exactly one way.
pub(crate) struct Forge<'a> {
    keys: &'a Keys,
    given: &'a Given,
    heads: Vec<RecordId>,
    place: Place,
    hlc: Hlc,
    made: u8,
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn seat_of(key: &SigningKey) -> SeatKey {
    SeatKey::from_bytes(key.verifying_key().to_bytes())
}

fn limits(role: u16, rank: u8, depth_left: u8) -> Limits {
    Limits {
        role,
        rank,
        mask: Actions::ALL,
        kinds: None,
        tags: None,
        nbf: None,
        exp: None,
        depth_left,
    }
}

impl<'a> Forge<'a> {
    pub(crate) fn new(keys: &'a Keys, given: &'a Given) -> Self {
        let control = keys.control.iter();
        let control: Vec<&Verified> = control
            .filter(|record| record.header().kind != Kind::BALLOT)
            .collect();
        let cited = |id: &RecordId| {
            let mut all = control.iter().map(|record| record.header());
            all.any(|header| header.auth.contains(id) || header.prev == Some(*id))
        };
        let heads = control.iter().map(|record| record.id());
        let dev = DeviceKey::from_bytes(keys.device.verifying_key().to_bytes());
        let own = control.iter().filter(|record| record.header().dev == dev);
        let last = own.max_by_key(|record| record.header().seq).unwrap();
        let newest = control.iter().map(|record| record.header().hlc).max();
        Self {
            keys,
            given,
            heads: heads.filter(|id| !cited(id)).collect(),
            place: Place {
                seq: last.header().seq + 1,
                prev: Some(last.id()),
            },
            hlc: newest.unwrap(),
            made: 0,
        }
    }

    fn own(&self) -> GrantId {
        GrantId::from(self.keys.join().id())
    }

    /// Everything in order: what is to be wrong is changed by the caller.
    fn draft(&mut self, kind: Kind, cap: Option<GrantId>, body: Vec<u8>) -> Draft {
        self.hlc = Hlc::next(self.hlc.ms(), [self.hlc]);
        self.made += 1;
        Draft {
            cid: Some(self.keys.cid),
            seat: self.keys.seat,
            place: match kind.lane() {
                Lane::Control => self.place,
                Lane::Content | Lane::Ballot => Place { seq: 0, prev: None },
            },
            hlc: self.hlc,
            kind,
            cap,
            auth: self.heads.clone(),
            refs: Vec::new(),
            tags: Vec::new(),
            body,
        }
    }

    fn sign(&self, draft: Draft) -> Verified {
        draft.sign(&self.keys.device).unwrap()
    }

    fn control(&mut self, kind: Kind, cap: Option<GrantId>, body: &Control) -> Verified {
        let draft = self.draft(kind, cap, body.encode());
        self.sign(draft)
    }

    fn text(&self) -> Vec<u8> {
        Content::new([self.made; 16])
            .with(0, Value::Text(format!("forged {}", self.made)))
            .encode()
    }

    fn note(&mut self, cap: GrantId) -> Draft {
        let body = self.text();
        self.draft(Kind::NOTE, Some(cap), body)
    }

    fn merge(&mut self) -> Draft {
        self.draft(Kind::MERGE, Some(self.own()), Control::Merge.encode())
    }

    fn proposal(&mut self, class: u8, effect: Effect) -> Verified {
        let body = Proposal {
            class,
            title: "Forged".to_owned(),
            effects: vec![effect],
            closes_ms: self.hlc.ms() + HOUR,
            text: None,
        };
        self.control(Kind::PROPOSAL, Some(self.own()), &Control::Proposal(body))
    }

    fn revoke(&mut self, target: Target) -> Verified {
        let body = Revoke {
            target,
            subtree: false,
            back: false,
            cut: Vec::new(),
            keep: Vec::new(),
            reason: None,
        };
        self.control(Kind::REVOKE, Some(self.own()), &Control::Revoke(body))
    }

    /// Somebody new redeems an invite: with the right signature or not, at this time, by an old
    /// device or none.
    fn join(&mut self, link: &InviteLink, right: bool, ahead_ms: u64, old: bool) -> Verified {
        self.made += 1;
        let (root, device) = (key(100 + self.made), key(200 - self.made));
        let (cid, seat) = (self.keys.cid, seat_of(&root));
        let dev = DeviceKey::from_bytes(device.verifying_key().to_bytes());
        let kem = KemSecret::from_bytes([self.made; 32]).public();
        let redeem_sig = if right {
            link.seed.redeem(&cid, &link.invite, &seat, &dev, &kem)
        } else {
            [7; 64]
        };
        let body = Control::Join(Join {
            seat,
            dev,
            kem,
            redeem_sig,
            seat_sig: Join::sign_seat(&root, cid, dev, kem),
            old_dev: old.then_some(dev),
        });
        Draft {
            cid: Some(cid),
            seat,
            place: Place { seq: 0, prev: None },
            hlc: Hlc::next(self.hlc.ms() + ahead_ms, [self.hlc]),
            kind: Kind::JOIN,
            cap: Some(link.invite),
            auth: vec![if old {
                RecordId::from(cid)
            } else {
                RecordId::from(link.invite)
            }],
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        }
        .sign(&device)
        .unwrap()
    }

    fn ballot(&mut self, at_ms: u64) -> Verified {
        let body = Control::Ballot(Ballot {
            choice: Choice::Yes,
            reason: None,
        });
        let mut draft = self.draft(Kind::BALLOT, None, body.encode());
        draft.auth = vec![self.given.proposal];
        draft.refs = vec![Ref {
            rel: Rel::ABOUT,
            id: self.given.proposal,
        }];
        draft.hlc = Hlc::next(at_ms, []);
        self.sign(draft)
    }

    /// Records that are void for this reason: the last one is; others are what it rests on.
    pub(crate) fn void(&mut self, reason: VoidReason) -> Vec<Verified> {
        let own = self.own();
        let one = match reason {
            VoidReason::PastVoid => {
                let mut bad = self.merge();
                bad.place.seq += 30;
                let bad = self.sign(bad);
                let mut draft = self.merge();
                draft.auth.push(bad.id());
                return vec![bad, self.sign(draft)];
            }
            VoidReason::Prev => {
                let mut draft = self.merge();
                draft.place.seq += 7;
                self.sign(draft)
            }
            VoidReason::Hlc => {
                let mut draft = self.merge();
                draft.hlc = Hlc::next(self.hlc.ms() - HOUR, []);
                self.sign(draft)
            }
            VoidReason::CapNotLive => {
                let nothing = GrantId::from_bytes(hash::plain(b"no such grant"));
                let draft = self.note(nothing);
                self.sign(draft)
            }
            VoidReason::CapWrongSeat => {
                let draft = self.note(self.given.of_rea);
                self.sign(draft)
            }
            VoidReason::CapWindow => {
                let draft = self.note(self.given.later);
                self.sign(draft)
            }
            VoidReason::Device => self.note(own).sign(&key(77)).unwrap(),
            VoidReason::DeviceLimit => self.note(own).sign(&self.keys.agents[0]).unwrap(),
            VoidReason::Action => {
                let draft = self.note(self.given.reader);
                self.sign(draft)
            }
            VoidReason::KindOrTag => {
                let draft = self.note(self.given.garden);
                self.sign(draft)
            }
            VoidReason::Covers => {
                let body = Grant {
                    to: self.given.rea,
                    limits: limits(2, 20, 31),
                };
                self.control(Kind::GRANT, Some(own), &Control::Grant(body))
            }
            VoidReason::Rank => {
                let body = Grant {
                    to: self.given.rea,
                    limits: limits(4, 60, 0),
                };
                self.control(Kind::GRANT, Some(own), &Control::Grant(body))
            }
            VoidReason::May => self.revoke(Target::Grant(self.given.founder)),
            VoidReason::TargetUnknown => self.revoke(Target::Seat(seat_of(&key(66)))),
            VoidReason::InviteWindow => {
                let link = self.given.open.clone();
                self.join(&link, true, 100 * 24 * HOUR, false)
            }
            VoidReason::Seat => {
                let root = key(55);
                let body = Control::Resign(Resign {
                    cut: Vec::new(),
                    withdraw: false,
                });
                let mut draft = self.draft(Kind::RESIGN, None, body.encode());
                draft.seat = seat_of(&root);
                draft.place = Place { seq: 0, prev: None };
                draft.sign(&root).unwrap()
            }
            VoidReason::BodySig => {
                let link = self.given.open.clone();
                self.join(&link, false, 0, false)
            }
            VoidReason::Electorate => {
                let proposal = self.given.proposal;
                let held = self.keys.control.iter().find(|r| r.id() == proposal);
                let Some(Control::Proposal(body)) = held.unwrap().control() else {
                    unreachable!("it is a proposal");
                };
                self.ballot(body.closes_ms + 1)
            }
            VoidReason::Certificate => {
                let proposal = self.given.proposal;
                let mut ballots = self.keys.control.iter();
                let no = ballots.find(|record| record.header().auth == [proposal]);
                let body = Control::Decision(Decision {
                    proposal,
                    ballots: vec![no.unwrap().id()],
                });
                self.control(Kind::DECISION, None, &body)
            }
            VoidReason::Class => {
                let grant = Effect::Grant(Grant {
                    to: self.given.rea,
                    limits: limits(2, 20, 0),
                });
                self.proposal(0, grant)
            }
            VoidReason::Root => {
                let body = Control::Device(DeviceBody {
                    adds: vec![DeviceAdd {
                        dev: DeviceKey::from_bytes(key(44).verifying_key().to_bytes()),
                        kem: None,
                        limits: None,
                    }],
                    drops: Vec::new(),
                });
                self.control(Kind::DEVICE, None, &body)
            }
            VoidReason::Gen => {
                let body = Control::Epoch(Epoch {
                    generation: 9,
                    key_id: EpochId::from_bytes([1; 32]),
                    bundle_hash: folkmoot_record::BundleHash::from_bytes([2; 32]),
                    links: Vec::new(),
                });
                self.control(Kind::EPOCH, Some(own), &body)
            }
        };
        vec![one]
    }

    /// Records that are set aside for this reason: the last one is. `None`: by no record alone.
    pub(crate) fn parked(&mut self, reason: ParkReason) -> Option<Vec<Verified>> {
        let one = match reason {
            ParkReason::Kind => {
                let draft = self.draft(Kind(0x50), None, vec![0xa0]);
                self.sign(draft)
            }
            ParkReason::Feature => {
                let delta = CharterDelta {
                    features: Some(vec![9]),
                    ..CharterDelta::default()
                };
                self.proposal(3, Effect::Charter(delta))
            }
            ParkReason::Fork => {
                let link = self.given.open.clone();
                self.join(&link, true, 0, true)
            }
            ParkReason::Past => {
                let below = self.parked(ParkReason::Kind)?;
                let mut draft = self.merge();
                draft.auth.push(below[0].id());
                return Some([below, vec![self.sign(draft)]].concat());
            }
            // History that has been settled for 45 days: see the suite of the fence.
            ParkReason::FenceF1 | ParkReason::FenceF2 => return None,
            // Many records, which take long to judge: see the turns in the suite of the evaluation.
            ParkReason::Cpu => return None,
            ParkReason::Sibling => {
                let all = (0..17).map(|_| {
                    let draft = self.merge();
                    self.sign(draft)
                });
                return Some(all.collect());
            }
            ParkReason::JoinFlood => {
                let link = self.given.closed.clone();
                self.join(&link, true, 0, false)
            }
        };
        Some(vec![one])
    }

    /// A note dated tomorrow.
    pub(crate) fn early(&mut self) -> Verified {
        let mut draft = self.note(self.own());
        draft.hlc = Hlc::next(self.hlc.ms() + 24 * HOUR, [self.hlc]);
        self.sign(draft)
    }

    /// A note that rests on a control record that nobody has, which is given too.
    pub(crate) fn orphan(&mut self) -> (Verified, RecordId) {
        let missing = RecordId::from_bytes(hash::plain(b"hidden"));
        let mut draft = self.note(self.own());
        draft.auth = vec![missing];
        (self.sign(draft), missing)
    }

    /// A note whose body is none.
    pub(crate) fn unreadable(&mut self) -> Verified {
        let mut draft = self.note(self.own());
        draft.body = Content::new([3; 16]).with(0, Value::Uint(7)).encode();
        self.sign(draft)
    }

    /// Two notes of one log, the second of which stands far from the first that it names.
    pub(crate) fn misfiled(&mut self) -> Vec<Verified> {
        let first = self.note(self.own());
        let first = self.sign(first);
        let mut draft = self.note(self.own());
        draft.place = Place {
            seq: 5,
            prev: Some(first.id()),
        };
        vec![first, self.sign(draft)]
    }

    /// So many honest notes, one after the other.
    pub(crate) fn many(&mut self, count: usize) -> Vec<Verified> {
        let mut place = Place { seq: 0, prev: None };
        let mut all = Vec::new();
        for _ in 0..count {
            let mut draft = self.note(self.own());
            draft.place = place;
            let record = self.sign(draft);
            place = Place {
                seq: place.seq + 1,
                prev: Some(record.id()),
            };
            all.push(record);
        }
        all
    }

    pub(crate) fn cid(&self) -> CollectiveId {
        self.keys.cid
    }
}
