//! Members who may read and not write, and one of them whose node is made to send all the same:
//! nothing of it is stored, and the collective goes on.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#[path = "member/eye.rs"]
mod eye;
#[path = "strangers/raw.rs"]
mod raw;
#[path = "member/session.rs"]
mod session;
#[path = "member/traitor.rs"]
mod traitor;

use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    Draft, GrantId, Hlc, InviteKey, Kind, Place, RecordId, SeatKey, Signed, Verified,
    content::Content,
    control::{Control, Invite},
    fc::Value,
    hash,
};
use folkmoot_sync::Scope;
use folkmoot_tests::{
    home::{Home, text, until},
    meet::{equal, invite_as, join, pair, refused, talk},
};
use traitor::{Keys, Offer, Outcome, attack};

/// How long one attack may go on.
const ATTACK: Duration = Duration::from_secs(30);
/// Records of one reader's flood: so many ids are claimed.
const FLOOD: usize = 1_000_000;
/// Records of the flood that are really signed, and handed over for whichever id is asked for: more
/// than one connection ever takes.
const SIGNED: usize = 8_192;
/// Peer ids under which the flooder comes back.
const FACES: u8 = 12;
/// What the flooder gets rid of at most, in all: what one connection lets through before the first
/// batch is judged, and room for a slow judge.
const MOST_TAKEN: usize = 20_000;
/// A node of two people needs far less than this while it is flooded, in KiB.
const MOST_MEMORY: u64 = 400 << 10;

/// Ana founds, Ben writes, Rea may read.
fn three() -> (Home, Home, Home) {
    let (ana, ben) = pair(["ana", "ben"], "commons");
    ana.note("commons", "of ana: quincetree");
    let mut rea = Home::new("rea");
    rea.up();
    join(&rea, &invite_as(&ana, "commons", &["--role", "reader"]));
    equal(&[&ana, &ben, &rea], "commons");
    (ana, ben, rea)
}

#[test]
fn a_reader_is_told_that_writing_is_not_theirs() {
    let (ana, ben, mut rea) = three();
    for _ in 0..2 {
        for args in [
            &["note", "not mine to write", "--in", "commons"] as &[&str],
            &["link", "https://example.org", "--in", "commons"],
            &["invite", "commons"],
        ] {
            refused(&rea.run(args), 4, &["commons", "next:"]);
        }
        // Without a node the same is said.
        if rea.pid().is_some() {
            assert_eq!(rea.stop(), 0);
        }
    }
    rea.up();
    assert_eq!(rea.count("quincetree"), 1);
    assert_eq!(ana.count("mine"), 0);
    rea.note("home", "my own home is mine: plumtree");
    equal(&[&ana, &ben], "commons");
    talk(&ana, &rea, "commons", "heard");
}

/// Where records of the traitor go on from.
struct Pen<'a> {
    keys: &'a Keys,
    cap: GrantId,
    head: RecordId,
    hlc: Hlc,
}

impl<'a> Pen<'a> {
    fn new(keys: &'a Keys) -> Self {
        let join = keys.join();
        let newest = keys.control.iter().max_by_key(|r| r.header().hlc).unwrap();
        Self {
            keys,
            // The grant that the join gave: good for what the role allows.
            cap: GrantId::from(join.id()),
            head: newest.id(),
            hlc: newest.header().hlc,
        }
    }

    /// A note with everything in order but the right to write it.
    fn note(&mut self, seat: SeatKey, device: &SigningKey, place: Place, words: &str) -> Verified {
        self.hlc = Hlc::next(self.hlc.ms(), [self.hlc]);
        Draft {
            cid: Some(self.keys.cid),
            seat,
            place,
            hlc: self.hlc,
            kind: Kind::NOTE,
            cap: Some(self.cap),
            auth: vec![self.head],
            refs: Vec::new(),
            tags: Vec::new(),
            body: Content::new([7; 16])
                .with(0, Value::Text(words.to_owned()))
                .encode(),
        }
        .sign(device)
        .unwrap()
    }

    /// Many of them, one behind the other.
    fn log(&mut self, seat: SeatKey, device: &SigningKey, count: usize) -> Vec<Verified> {
        let mut place = Place { seq: 0, prev: None };
        (0..count)
            .map(|n| {
                let record = self.note(seat, device, place, &format!("intruding {n}"));
                place = Place {
                    seq: place.seq + 1,
                    prev: Some(record.id()),
                };
                record
            })
            .collect()
    }
}

fn offer(record: &Verified, scope: Scope) -> Offer {
    Offer {
        id: record.id(),
        hlc: record.header().hlc,
        scope,
        wire: record.wire().into(),
    }
}

/// The same record with another signature.
fn resigned(record: &Verified, change: impl Fn(&mut [u8])) -> Offer {
    let mut wire = record.wire().to_vec();
    let signature = record.signature().to_vec();
    let at = wire
        .windows(signature.len())
        .position(|window| window == signature)
        .unwrap();
    change(&mut wire[at..at + signature.len()]);
    let (id, hlc) = match Signed::parse(&wire) {
        Ok(signed) => (signed.id(), signed.header().hlc),
        Err(_) => (record.id(), record.header().hlc),
    };
    Offer {
        id,
        hlc,
        scope: Scope::Content,
        wire: wire.into(),
    }
}

#[test]
fn records_that_a_member_may_not_send_are_refused_by_all() {
    let (mut ana, ben, mut rea) = three();
    let keys = keys_of(&mut rea);
    assert!(keys.control.len() > 4);
    let print = ana.fingerprint("commons");
    let address = ana.addresses().first().cloned().unwrap();
    let founder = keys.control[0].header();
    let (founder_seat, own_seat) = (founder.seat, keys.seat);
    let unknown = SigningKey::from_bytes(&[77; 32]);
    let unknown_seat = SeatKey::from_bytes(unknown.verifying_key().to_bytes());
    let first = Place { seq: 0, prev: None };
    let mut pen = Pen::new(&keys);

    let of_strangers = pen.log(unknown_seat, &unknown, 50);
    let in_other_names = pen.log(founder_seat, &keys.device, 50);
    let good = pen.note(own_seat, &keys.device, first, "badly signed: intruding");
    let badly_signed = vec![
        resigned(&good, |signature| signature[40] ^= 1),
        resigned(&good, |signature| signature.fill(0)),
    ];
    // An invite for the whole world, with the rights of the reader's own: a reader may not invite.
    let invite = keys
        .control
        .iter()
        .find_map(|record| match record.control() {
            Some(Control::Invite(invite)) => Some(invite.clone()),
            _ => None,
        })
        .unwrap();
    let taking = Control::Invite(Invite {
        key: InviteKey::from_bytes(unknown.verifying_key().to_bytes()),
        max_uses: 10_000,
        ..invite
    });
    let rights: Vec<Offer> = (0..20)
        .map(|n| {
            pen.hlc = Hlc::next(pen.hlc.ms(), [pen.hlc]);
            let record = Draft {
                cid: Some(keys.cid),
                seat: own_seat,
                place: Place {
                    seq: 1 + n,
                    prev: Some(pen.head),
                },
                hlc: pen.hlc,
                kind: Kind::INVITE,
                cap: Some(pen.cap),
                auth: vec![pen.head],
                refs: Vec::new(),
                tags: Vec::new(),
                body: taking.encode(),
            }
            .sign(&keys.device)
            .unwrap();
            offer(&record, Scope::Control)
        })
        .collect();
    let nonsense: Vec<Offer> = (0..20_u8)
        .map(|n| Offer {
            id: RecordId::from_bytes([n; 32]),
            hlc: pen.hlc,
            scope: Scope::Content,
            wire: vec![n; 300].into(),
        })
        .collect();
    let attacks = [
        ("badly signed", badly_signed),
        (
            "of strangers",
            of_strangers
                .iter()
                .map(|record| offer(record, Scope::Content))
                .collect(),
        ),
        (
            "in another's name",
            in_other_names
                .iter()
                .map(|record| offer(record, Scope::Content))
                .collect(),
        ),
        ("rights taken", rights),
        ("no records at all", nonsense),
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (what, offers) in attacks {
        let many = offers.len();
        let address = address.clone();
        let outcome = runtime.block_on(attack(&keys, keys.transport, &offers, &address, ATTACK));
        eprintln!("{what}: {many} offered, {outcome:?}");
        assert!(outcome.proven, "{what}");
        assert!(outcome.given > 0, "{what}: nothing was handed over");
        assert!(ana.alive(), "{what}: {}", ana.log());
        assert_eq!(ana.fingerprint("commons"), print, "{what}");
        assert_eq!(ana.count("intruding"), 0, "{what}");
        // Whoever did this is shunned for a while; a new start forgets that.
        assert_eq!(ana.stop(), 0);
        ana.up_with(&["--listen", address.split("/p2p/").next().unwrap()]);
    }
    let address = ana.addresses().first().cloned().unwrap();
    ben.ok(&["peers", "add", &address]);
    equal(&[&ana, &ben], "commons");
    talk(&ben, &ana, "commons", "afterwards");
    talk(&ana, &ben, "commons", "andback");
    // The same person with an honest node is still a member.
    rea.up();
    rea.ok(&["peers", "add", &address]);
    equal(&[&ana, &ben, &rea], "commons");
    assert_eq!(rea.count("afterwards"), 1);
}

/// A million claimed ids. Whichever is asked for, a signed record of the reader's comes, which they
/// may not write.
fn flood(keys: &Keys) -> Vec<Offer> {
    let mut pen = Pen::new(keys);
    let signed: Vec<Offer> = pen
        .log(keys.seat, &keys.device, SIGNED)
        .iter()
        .map(|record| offer(record, Scope::Content))
        .collect();
    let made_up = (0..FLOOD - SIGNED).map(|n| Offer {
        id: RecordId::from_bytes(hash::plain(&n.to_be_bytes())),
        ..signed[n % SIGNED].clone()
    });
    signed.iter().cloned().chain(made_up).collect()
}

#[test]
fn a_million_records_that_a_member_may_not_write_cost_a_bounded_amount() {
    let (mut ana, ben, mut rea) = three();
    let keys = keys_of(&mut rea);
    let print = ana.fingerprint("commons");
    let address = ana.addresses().first().cloned().unwrap();
    let (log_before, memory_before) = (ana.log_bytes(), ana.memory());
    let flood = flood(&keys);
    assert_eq!(flood.len(), FLOOD);
    let begun = Instant::now();
    let outcomes = std::thread::scope(|scope| {
        let attacks = scope.spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let mut outcomes: Vec<Outcome> = Vec::new();
            for face in 0..=FACES {
                // Under its own name first, and again; then under others: a peer id is free.
                let transport = match face {
                    0 | 1 => keys.transport,
                    n => [n; 32],
                };
                let attack = attack(&keys, transport, &flood, &address, ATTACK);
                outcomes.push(runtime.block_on(attack));
            }
            outcomes
        });
        // The others go on meanwhile, and are answered.
        let mut notes = 0;
        while !attacks.is_finished() || notes == 0 {
            talk(&ben, &ana, "commons", &format!("during{notes}"));
            notes += 1;
        }
        eprintln!("{notes} notes arrived during the attack");
        attacks.join().unwrap()
    });
    let taken: usize = outcomes.iter().map(|outcome| outcome.given).sum();
    let memory = ana.memory();
    eprintln!(
        "{FLOOD} offered {} times in {:?}: {taken} handed over; memory {memory_before} then {memory} KiB; {outcomes:?}",
        outcomes.len(),
        begun.elapsed()
    );
    assert!(outcomes[0].proven && outcomes[0].dropped && outcomes[0].given > 0);
    assert!(
        outcomes.iter().all(|outcome| outcome.dropped),
        "{outcomes:?}"
    );
    // Once found out it is shut out, whatever it calls itself.
    assert!(taken <= MOST_TAKEN, "{taken}");
    assert!(outcomes[1..].iter().all(|outcome| outcome.given == 0));
    // And it is named, with what it did and what to do.
    eye::named(&ana, "refused", &keys.seat.to_string());
    eye::named(&ana, "protocol", &keys.seat.to_string());
    assert!(ana.alive(), "{}", ana.log());
    assert_eq!(ana.count("intruding"), 0);
    assert!(memory < MOST_MEMORY, "{memory} KiB");
    // The notes of ben, and nothing else.
    equal(&[&ana, &ben], "commons");
    assert_ne!(ana.fingerprint("commons"), print);
    assert!(ana.log_bytes() - log_before < 1 << 20);
}

/// The keys of a home, whose node is stopped.
fn keys_of(home: &mut Home) -> Keys {
    let listed = home.all(&["collective", "list"]);
    let commons = listed.iter().find(|one| one["name"] == "commons").unwrap();
    let cid = text(&commons["id"]);
    assert_eq!(home.stop(), 0);
    Keys::of(home.folder(), &cid)
}

#[test]
fn bad_frames_on_a_proven_session_shut_the_member_out() {
    let (mut ana, ben, mut rea) = three();
    let keys = keys_of(&mut rea);
    let print = ana.fingerprint("commons");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let whole = |body: Vec<u8>| {
        let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        frame.extend(body);
        frame
    };
    let cases = [
        ("a length of 4 GiB", vec![0xff; 4]),
        ("one byte too long", vec![0, 0x10, 0, 1]),
        ("the longest, of nothing", whole(vec![0; 1 << 20])),
        ("no encoding", whole(vec![0xff; 64])),
        ("an empty frame", whole(Vec::new())),
        ("a bomb of zstd", whole(session::bomb())),
    ];
    for protocol in ["/folkmoot/sync/1", "/folkmoot/push/1"] {
        for (what, bytes) in &cases {
            let address = ana.addresses().first().cloned().unwrap();
            runtime.block_on(async {
                // A stranger is not let in at this door.
                let stranger = raw::Stranger::dial(&address).await.unwrap();
                assert!(stranger.open(protocol).await.unwrap().is_none());
                let faults = session::repeat(&keys, &address, protocol, bytes).await;
                eprintln!("{protocol}, {what}: shut out after {faults} streams");
                assert!((1..=4).contains(&faults), "{protocol}, {what}: {faults}");
            });
            assert!(ana.alive(), "{what}: {}", ana.log());
            assert_eq!(ana.fingerprint("commons"), print);
            assert!(ana.memory() < MOST_MEMORY, "{what}");
            // A new start forgets it: the next case begins anew.
            assert_eq!(ana.stop(), 0);
            ana.up_with(&["--listen", address.split("/p2p/").next().unwrap()]);
        }
    }
    let address = ana.addresses().first().cloned().unwrap();
    ben.ok(&["peers", "add", &address]);
    talk(&ben, &ana, "commons", "afterwards");
}

#[test]
fn streams_held_open_on_a_proven_session_are_ended() {
    let (mut ana, ben, mut rea) = three();
    let keys = keys_of(&mut rea);
    let address = ana.addresses().first().cloned().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    std::thread::scope(|scope| {
        let holding = scope.spawn(|| runtime.block_on(session::hold(&keys, &address)));
        let mut notes = 0;
        while !holding.is_finished() || notes == 0 {
            talk(&ben, &ana, "commons", &format!("meanwhile{notes}"));
            notes += 1;
        }
        let (opened, ended) = holding.join().unwrap();
        eprintln!(
            "{opened} streams held, {ended} ended by the other side; {notes} notes meanwhile"
        );
        assert!(opened > 8);
        assert_eq!(opened, ended);
    });
    assert!(ana.alive() && ana.memory() < MOST_MEMORY);
    equal(&[&ana, &ben], "commons");
}

#[test]
fn an_unknown_device_keeps_no_sync_waiting() {
    let (ana, ben, mut rea) = three();
    let mut keys = keys_of(&mut rea);
    // Whoever left keeps the secrets of their epochs; a device is quickly made.
    keys.device = SigningKey::from_bytes(&[5; 32]);
    keys.seat = SeatKey::from_bytes(keys.device.verifying_key().to_bytes());
    let address = ana.addresses().first().cloned().unwrap();
    std::thread::scope(|scope| {
        let attack = scope.spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(attack(&keys, [5; 32], &[], &address, ATTACK))
        });
        let unknown = || {
            let peers = ana.all(&["peers"]);
            let shared = peers
                .iter()
                .flat_map(|peer| peer["collectives"].as_array().unwrap());
            let unknown = shared.filter(|shared| shared["known"] == false);
            unknown.count()
        };
        until(ATTACK, "the unknown device is connected", || unknown() == 1);
        equal(&[&ana, &ben], "commons");
        let synced = ana.ok(&["sync", "commons"]);
        assert_eq!(synced["complete"], true);
        assert_eq!(unknown(), 1, "it was there all the time");
        assert!(attack.join().unwrap().proven);
    });
}
