//! How long the control plane takes; prints, asserts nothing about time. Run by
//! `cargo test --release -p folkmoot-accord --test suite -- --ignored --nocapture measure`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]

use std::time::Instant;

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Accord, NoContent, Policy, Seen, Way};
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Header, Hlc, InviteKey, KemKey, Kind, Place, RecordId,
    Ref, Rel, SeatKey, Verified,
    control::{
        Actions, Ballot, Choice, Control, Decision, Founder, Genesis, Invite, Join, Limits,
        Proposal, Revoke, Target,
    },
    grant_id_of_founder, signature,
};

use crate::collective::charter;
use folkmoot_vectors::NO_CLOCK;

struct Line {
    cid: CollectiveId,
    root: SigningKey,
    dev: SigningKey,
    ms: u64,
    place: Place,
    records: Vec<Verified>,
}

fn key(n: u64) -> SigningKey {
    let mut bytes = [3; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    SigningKey::from_bytes(&bytes)
}

impl Line {
    fn sign(&mut self, kind: Kind, cap: GrantId, auth: Vec<RecordId>, body: &Control) -> RecordId {
        self.ms += 1;
        let draft = Draft {
            cid: Some(self.cid),
            seat: SeatKey::from_bytes(self.root.verifying_key().to_bytes()),
            place: self.place,
            hlc: Hlc::from_raw(self.ms << 16).unwrap(),
            kind,
            cap: Some(cap),
            auth,
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        };
        let record = draft.sign(&self.dev).unwrap();
        let id = record.id();
        self.place = Place {
            seq: self.place.seq + 1,
            prev: Some(id),
        };
        self.records.push(record);
        id
    }
}

fn start() -> Line {
    let (root, dev) = (key(1), key(2));
    let seat = SeatKey::from_bytes(root.verifying_key().to_bytes());
    let device = DeviceKey::from_bytes(dev.verifying_key().to_bytes());
    let kem = KemKey::from_bytes([9; 32]);
    let genesis = Genesis {
        salt: [1; 16],
        name: "Measure".to_owned(),
        charter: charter(),
        founders: vec![Founder {
            seat,
            role: 5,
            dev: device,
            kem,
        }],
        inherits: None,
        founder_sig: Genesis::sign_founder(&root, &[1; 16], device, kem),
    };
    let ms = 1_700_000_000_000;
    let draft = Draft {
        cid: None,
        seat,
        place: Place { seq: 0, prev: None },
        hlc: Hlc::from_raw(ms << 16).unwrap(),
        kind: Kind::GENESIS,
        cap: None,
        auth: Vec::new(),
        refs: Vec::new(),
        tags: Vec::new(),
        body: Control::Genesis(genesis).encode(),
    };
    let record = draft.sign(&dev).unwrap();
    let cid = CollectiveId::from(record.id());
    Line {
        cid,
        root,
        dev,
        ms,
        place: Place {
            seq: 1,
            prev: Some(record.id()),
        },
        records: vec![record],
    }
}

/// That many invites of a founder, all for one place in the log.
pub(crate) fn line(forks: u64) -> (CollectiveId, Vec<Verified>) {
    let mut line = start();
    let place = line.place;
    for n in 0..forks {
        line.place = place;
        let cap = grant_id_of_founder(line.cid, 0);
        let invite = Control::Invite(invite(&key(n + 50)));
        line.sign(Kind::INVITE, cap, Vec::new(), &invite);
    }
    (line.cid, line.records)
}

/// A founder's proposal, that many yes of his on it, and how to list one of them.
pub(crate) fn many_votes(
    yes: u64,
) -> (
    CollectiveId,
    Vec<Verified>,
    Vec<Verified>,
    impl Fn(&Verified) -> Verified,
) {
    let mut line = start();
    let cap = grant_id_of_founder(line.cid, 0);
    let body = Proposal {
        class: 0,
        title: "Shall we?".to_owned(),
        effects: Vec::new(),
        closes_ms: line.ms + 100_000,
        text: None,
    };
    let proposal = line.sign(Kind::PROPOSAL, cap, Vec::new(), &Control::Proposal(body));
    let (cid, records) = (line.cid, line.records.clone());
    let (place, ms) = (line.place, line.ms);
    let bare = move |kind, at: Place, ms: u64, auth: Vec<RecordId>, refs, body: Control| {
        let draft = Draft {
            cid: Some(line.cid),
            seat: SeatKey::from_bytes(line.root.verifying_key().to_bytes()),
            place: at,
            hlc: Hlc::from_raw(ms << 16).unwrap(),
            kind,
            cap: None,
            auth,
            refs,
            tags: Vec::new(),
            body: body.encode(),
        };
        draft.sign(&line.dev).unwrap()
    };
    let about = Ref {
        rel: Rel::ABOUT,
        id: proposal,
    };
    let nowhere = Place { seq: 0, prev: None };
    let ballots: Vec<Verified> = (1..=yes)
        .map(|n| {
            let vote = Control::Ballot(Ballot {
                choice: Choice::Yes,
                reason: None,
            });
            bare(
                Kind::BALLOT,
                nowhere,
                ms + n,
                vec![proposal],
                vec![about],
                vote,
            )
        })
        .collect();
    let decide = move |ballot: &Verified| {
        let body = Decision {
            proposal,
            ballots: vec![ballot.id()],
        };
        let body = Control::Decision(body);
        bare(
            Kind::DECISION,
            place,
            ms + 50_000,
            Vec::new(),
            Vec::new(),
            body,
        )
    };
    (cid, records, ballots, decide)
}

fn invite(door: &SigningKey) -> Invite {
    Invite {
        key: InviteKey::from_bytes(door.verifying_key().to_bytes()),
        limits: Limits {
            role: 2,
            rank: 20,
            mask: Actions::ALL,
            kinds: None,
            tags: None,
            nbf: None,
            exp: None,
            depth_left: 3,
        },
        max_uses: 1,
        label: None,
        open_from: None,
        open_until: None,
    }
}

/// A founder who invites 4,000 people one by one, each of whom joins, and removes every second.
fn history() -> (Line, GrantId, Vec<(GrantId, SigningKey, RecordId)>) {
    let mut line = start();
    let cid = line.cid;
    let kem = KemKey::from_bytes([9; 32]);
    let own = grant_id_of_founder(cid, 0);
    let mut people = Vec::new();
    let mut joined: Vec<RecordId> = Vec::new();
    for n in 0..4_000_u64 {
        let door = key(10_000 + n);
        let body = invite(&door);
        let invite = line.sign(
            Kind::INVITE,
            own,
            std::mem::take(&mut joined),
            &Control::Invite(body),
        );
        let (root, dev) = (key(100_000 + n), key(200_000 + n));
        let seat = SeatKey::from_bytes(root.verifying_key().to_bytes());
        let device = DeviceKey::from_bytes(dev.verifying_key().to_bytes());
        let body = Join {
            seat,
            dev: device,
            kem,
            redeem_sig: signature::sign(
                &door,
                "folkmoot/1 redeem",
                &[
                    cid.as_ref(),
                    invite.as_ref(),
                    seat.as_ref(),
                    device.as_ref(),
                    kem.as_ref(),
                ],
            ),
            seat_sig: Join::sign_seat(&root, cid, device, kem),
            old_dev: None,
        };
        line.ms += 1;
        let draft = Draft {
            cid: Some(cid),
            seat,
            place: Place { seq: 0, prev: None },
            hlc: Hlc::from_raw(line.ms << 16).unwrap(),
            kind: Kind::JOIN,
            cap: Some(GrantId::from(invite)),
            auth: vec![invite],
            refs: Vec::new(),
            tags: Vec::new(),
            body: Control::Join(body).encode(),
        };
        let join = draft.sign(&dev).unwrap();
        let id = join.id();
        line.records.push(join);
        people.push((GrantId::from(id), dev, id));
        joined = vec![id];
        if n % 2 == 1 {
            let body = Revoke {
                target: Target::Seat(seat),
                subtree: false,
                back: false,
                cut: Vec::new(),
                keep: Vec::new(),
                reason: None,
            };
            line.sign(
                Kind::REVOKE,
                own,
                std::mem::take(&mut joined),
                &Control::Revoke(body),
            );
        }
    }
    (line, own, people)
}

/// The same, for others to go through.
pub(crate) fn linear() -> (CollectiveId, Vec<Verified>) {
    let (line, ..) = history();
    (line.cid, line.records)
}

fn seen(way: Way) -> Seen {
    Seen {
        way,
        ..Seen::now(NO_CLOCK)
    }
}

#[test]
#[ignore = "prints measurements"]
fn measure() {
    let (mut line, own, people) = history();
    let records = line.records.clone();
    for (name, way) in [("stored", Way::Stored), ("from peers", Way::Ordinary)] {
        let mut accord = Accord::with_policy(line.cid, Policy::NODE);
        let start = Instant::now();
        accord.insert_all(records.iter().map(|r| (r.clone(), seen(way))));
        eprintln!(
            "{} records {name}, at once: {:?}",
            records.len(),
            start.elapsed()
        );
    }
    let mut accord = Accord::with_policy(line.cid, Policy::NODE);
    let start = Instant::now();
    for record in &records {
        accord.insert(record.clone(), seen(Way::Stored));
    }
    eprintln!(
        "{} records one by one: {:?}, {} steps",
        records.len(),
        start.elapsed(),
        accord.steps()
    );
    let mut backwards = Accord::with_policy(line.cid, Policy::NODE);
    let start = Instant::now();
    backwards.insert_all(records.iter().rev().map(|r| (r.clone(), seen(Way::Stored))));
    eprintln!("{} records backwards: {:?}", records.len(), start.elapsed());
    assert_eq!(accord.state(), backwards.state());
    let start = Instant::now();
    let (state, _) = accord.evaluate_afresh();
    eprintln!(
        "full evaluation: {:?}, {} seats",
        start.elapsed(),
        state.seats.len()
    );

    let mut taken = Vec::new();
    for _ in 0..100 {
        let heads = accord.heads();
        line.sign(Kind::MERGE, own, heads, &Control::Merge);
        let record = line.records.last().unwrap().clone();
        let start = Instant::now();
        accord.insert(record, seen(Way::Ordinary));
        taken.push(start.elapsed());
    }
    taken.sort_unstable();
    eprintln!(
        "one of 100 further records in a line: median {:?}, slowest {:?}",
        taken[50], taken[99]
    );

    let heads = accord.heads();
    let notes: Vec<(RecordId, Header)> = (0..2_000)
        .map(|n| {
            let record = note(&line, &people[0], n, heads.clone(), &accord);
            (record.id(), record.header().clone())
        })
        .collect();
    let start = Instant::now();
    for (id, header) in &notes {
        accord.judge(header, *id, NO_CLOCK, &NoContent);
    }
    eprintln!(
        "one of 2,000 notes that share heads: {:?}",
        start.elapsed() / 2_000
    );
}

fn note(
    line: &Line,
    (cap, dev, join): &(GrantId, SigningKey, RecordId),
    n: u64,
    auth: Vec<RecordId>,
    accord: &Accord,
) -> Verified {
    let draft = Draft {
        cid: Some(line.cid),
        seat: accord.record(join).unwrap().header().seat,
        place: Place { seq: 0, prev: None },
        hlc: Hlc::from_raw((line.ms + n + 1) << 16).unwrap(),
        kind: Kind::NOTE,
        cap: Some(*cap),
        auth,
        refs: Vec::new(),
        tags: Vec::new(),
        body: vec![0; 20],
    };
    draft.sign(dev).unwrap()
}
