//! Recovery doors: a person who lost every device is let in by any member, a stranger by none.

use folkmoot_record::{
    CollectiveId, Verified,
    fc::{Decoder, Encoder},
};
use folkmoot_seal::{DoorSecret, EpochSecret, Proof, Role, SessionKey, Transcript};
use folkmoot_sync::{Ask, Event, Input, JoinStep, Path, Protocol, StreamId, limits};

use crate::{
    people::Person,
    world::{World, addr, peer},
};

/// Node 0 founded, the others joined; the last one lost everything and comes back.
fn lost(seed: u64, nodes: usize) -> (World, CollectiveId, usize) {
    let mut world = World::new(seed, nodes + 1);
    let cid = world.found();
    let members: Vec<usize> = (1..nodes).collect();
    world.admit(&members, cid);
    for n in 0..30 {
        world.note(0, cid, &format!("before the loss {n}"));
    }
    for node in &mut world.nodes {
        node.home.helps = true;
    }
    (world, cid, nodes)
}

fn recover(world: &mut World, node: usize, cid: CollectiveId, person: u32, at: &[usize]) {
    let me = Person::anew(person);
    let root = Box::new(me.root.clone());
    world.nodes[node].home.clubs.entry(cid).or_default().me = Some(me);
    let addrs = at.iter().map(|node| addr(*node)).collect();
    world.ask(node, Ask::Recover { cid, root, addrs });
}

fn failure(world: &World, node: usize) -> Option<(String, bool)> {
    world
        .steps(node)
        .into_iter()
        .rev()
        .find_map(|step| match step {
            JoinStep::Failed { why, retry } => Some((why.clone(), *retry)),
            _ => None,
        })
}

#[test]
fn a_person_who_lost_everything_is_let_in_and_receives_everything() {
    for seed in 0..20 {
        let (mut world, cid, new) = lost(seed, 2);
        recover(&mut world, new, cid, 1, &[0]);
        assert!(
            world.run_until(20_000, |w| w.all_equal(&[0, new], cid)),
            "{:?}",
            world.nodes[new].events
        );
        assert!(matches!(
            world.steps(new)[..],
            [
                JoinStep::Reached,
                JoinStep::DoorOpen,
                JoinStep::Served,
                JoinStep::Welcomed { .. }
            ]
        ));
        world.note(new, cid, "written after the loss");
        world.note(0, cid, "and by the friend");
        world.run(500);
        assert!(world.all_equal(&[0, new], cid));
        assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
    }
}

#[test]
fn the_founder_comes_back_by_a_members_door() {
    let (mut world, cid, new) = lost(30, 2);
    world.stop(0);
    let held: Vec<Verified> = {
        let club = &world.nodes[0].home.clubs[&cid];
        club.records.values().cloned().collect()
    };
    for record in held {
        world.nodes[1]
            .home
            .clubs
            .get_mut(&cid)
            .unwrap()
            .insert(record);
    }
    recover(&mut world, new, cid, 0, &[0, 1]);
    assert!(world.run_until(20_000, |w| w.all_equal(&[1, new], cid)));
}

#[test]
fn a_node_that_is_set_not_to_help_says_nothing() {
    let (mut world, cid, new) = lost(31, 2);
    world.nodes[0].home.helps = false;
    world.tap = Some(Vec::new());
    recover(&mut world, new, cid, 1, &[0]);
    world.run(60_000);
    let (why, retry) = failure(&world, new).expect("a reason");
    assert!(why.contains("set not to help") && retry, "{why}");
    assert!(world.set(new, cid).is_empty());
    let said = world.tap.unwrap();
    let said = said.iter().filter(|(from, ..)| *from == 0);
    assert!(said.map(|frame| frame.3.len()).all(|len| len < 200));
}

/// Shows a record that the friend does not honour, dated so far ahead of the friend's clock.
fn shown(ahead: u64) -> (World, usize) {
    let (mut world, cid, new) = lost(34, 2);
    let at = world.wall() + ahead;
    let mut me = Person::anew(1);
    let club = world.nodes[0].home.clubs.get_mut(&cid).unwrap();
    let record = me.add_device(cid, at, club.heads());
    club.shelved.insert(record.id());
    world.nodes[new].joined = Some(record);
    recover(&mut world, new, cid, 1, &[0]);
    let told = world.run_until(60_000, |w| failure(w, new).is_some());
    assert!(told, "{:?}", world.nodes[new].events);
    (world, new)
}

#[test]
fn a_record_dated_far_ahead_is_not_taken_and_the_clock_is_named() {
    let (world, new) = shown(2 * limits::AHEAD_MS);
    let (why, retry) = failure(&world, new).unwrap();
    assert!(why.contains("clock") && retry, "{why}");
    assert!(world.steps(new).contains(&&JoinStep::NotTaken));
}

#[test]
fn a_record_that_cannot_be_honoured_now_is_shown_again() {
    let (world, new) = shown(0);
    let (why, retry) = failure(&world, new).unwrap();
    assert!(!why.contains("clock") && retry, "{why}");
    assert!(!world.steps(new).contains(&&JoinStep::NotTaken));
}

#[test]
fn somebody_who_was_removed_finds_no_door() {
    let (mut world, cid, new) = lost(32, 2);
    let dev = Person::new(1).dev();
    let club = world.nodes[0].home.clubs.get_mut(&cid).unwrap();
    club.removed.insert(dev);
    recover(&mut world, new, cid, 1, &[0]);
    world.run(60_000);
    assert!(failure(&world, new).is_some());
    assert!(world.set(new, cid).is_empty());
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn a_welcome_cut_short_is_taken_up_again() {
    for cut_after in (10..300).step_by(15) {
        let (mut world, cid, new) = lost(33, 2);
        world.latency = 10;
        recover(&mut world, new, cid, 1, &[0]);
        world.run(cut_after);
        world.break_line(0, new);
        assert!(
            world.run_until(120_000, |w| w.all_equal(&[0, new], cid)),
            "cut after {cut_after}: {:?}",
            world.nodes[new].events
        );
    }
}

#[test]
fn what_the_lost_disk_held_alone_is_handed_over() {
    let (mut world, cid, new) = lost(34, 2);
    // The friend never saw this invite; the disk did, and the device record rests on it.
    let now = world.wall();
    let only = {
        let club = world.nodes[1].home.clubs.get_mut(&cid).unwrap();
        club.me.as_mut().unwrap().invite(cid, now, [5; 20], 1)
    };
    let held: Vec<Verified> = {
        let club = &world.nodes[1].home.clubs[&cid];
        club.records.values().cloned().collect()
    };
    let club = world.nodes[new].home.clubs.entry(cid).or_default();
    for record in held.into_iter().chain([only.clone()]) {
        club.insert(record);
    }
    world.nodes[new].hands = vec![only.wire().to_vec()];
    recover(&mut world, new, cid, 1, &[0]);
    assert!(world.run_until(20_000, |w| w.all_equal(&[0, new], cid)));
    assert!(world.set(0, cid).contains(&only.id().to_bytes()));
}

#[test]
fn more_seats_than_places_have_their_turn() {
    let (mut world, cid, new) = lost(35, 2);
    // So many more members that one hello has room for a quarter of them.
    let seed = [0x21; 20];
    let invite = world.invite(0, cid, seed, 10_000);
    let now = world.wall();
    let club = world.nodes[0].home.clubs.get_mut(&cid).unwrap();
    let invite = club.records[&invite].clone();
    for number in 100..1_100 {
        let join = Person::new(number).join(cid, now, seed, &invite);
        club.insert(join);
    }
    recover(&mut world, new, cid, 1, &[0]);
    assert!(world.run_until(3_600_000, |w| w.all_equal(&[0, new], cid)));
}

#[test]
fn several_collectives_behind_one_door_take_turns() {
    let (mut world, first, new) = lost(36, 2);
    let mut cids = vec![first];
    for number in 0..4_u8 {
        let mut person = Person::new(70 + u32::from(number));
        let genesis = person.found(world.wall());
        let cid = CollectiveId::from(genesis.id());
        let club = world.nodes[0].home.clubs.entry(cid).or_default();
        club.me = Some(person);
        club.member = true;
        club.insert(genesis);
        club.add_secret(&EpochSecret::from_bytes([number; 32]));
        cids.push(cid);
    }
    recover(&mut world, new, first, 1, &[0]);
    for (number, cid) in cids[1..].iter().enumerate() {
        recover(&mut world, new, *cid, 70 + number as u32, &[0]);
    }
    let all = |w: &World| {
        cids.iter()
            .all(|cid| w.nodes[new].home.clubs[cid].member && w.all_equal(&[0, new], *cid))
    };
    assert!(
        world.run_until(60_000, all),
        "{:?}",
        world.nodes[new].events
    );
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

/// A peer that is not a machine: the test speaks for it at the door of node 0.
struct Raw {
    world: World,
    cid: CollectiveId,
    stream: StreamId,
    transcript: Option<Transcript>,
}

const NONCE: [u8; 32] = [0xA0; 32];

impl Raw {
    fn new(seed: u64) -> Self {
        let (world, cid, _) = lost(seed, 2);
        let mut raw = Self {
            world,
            cid,
            stream: StreamId(u64::MAX),
            transcript: None,
        };
        raw.connect(9);
        raw
    }

    fn connect(&mut self, number: usize) {
        self.stream = StreamId(self.stream.0 - 1);
        let connected = Input::Connected {
            peer: peer(number),
            addr: addr(number),
            path: Path::Direct,
            dialled: false,
        };
        self.world.input(0, connected);
        let accepted = Input::StreamAccepted {
            peer: peer(number),
            protocol: Protocol::Hello,
            stream: self.stream,
        };
        self.world.input(0, accepted);
        let mut e = Encoder::new();
        e.array(2).uint(1u8).bytes(NONCE);
        let answer = self.say(e.finish());
        let mut d = Decoder::new(&answer[0]).unwrap();
        d.array_of(2).unwrap();
        d.uint_within(2..=2).unwrap();
        let other: [u8; 32] = d.bytes_of().unwrap();
        self.transcript = Transcript::new(&NONCE, &other, &peer(number).0, &peer(0).0);
    }

    fn say(&mut self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let stream = self.stream;
        self.world.outbox = Some(Vec::new());
        self.world.input(0, Input::Frame { stream, bytes });
        self.world.outbox.take().unwrap()
    }

    /// Offers the tag of this seat's door; gives the session and the place of the node's tag.
    fn knock(&mut self, person: &Person) -> (SessionKey, u8, Vec<Vec<u8>>) {
        let transcript = self.transcript.clone().unwrap();
        let presence = DoorSecret::recovery(&self.cid, &person.seat).presence();
        let mut e = Encoder::new();
        e.array(2).uint(3u8).array(1);
        e.bytes(presence.tag(Role::Initiator, &transcript));
        let mut answers = self.say(e.finish());
        let list = answers.remove(0);
        let mut d = Decoder::new(&list).unwrap();
        d.array_of(2).unwrap();
        d.uint_within(3..=3).unwrap();
        let tags: Vec<[u8; 16]> = d.list(0..=256, Decoder::bytes_of).unwrap();
        assert_eq!(tags.len(), limits::TAGS, "its length counts nobody");
        let own = presence.tag(Role::Responder, &transcript);
        let at = tags.iter().position(|tag| *tag == own).expect("the door");
        (presence.session(&transcript), at as u8, answers)
    }

    fn prove(&mut self, session: &SessionKey, index: u8, proof: &Proof) -> Vec<Vec<u8>> {
        let mut e = Encoder::new();
        e.array(3)
            .uint(4u8)
            .uint(index)
            .bytes(session.seal_proof(Role::Initiator, &proof.encode()));
        self.say(e.finish())
    }

    fn charged(&self) -> bool {
        let wrong = "does not hold";
        self.world.nodes[0]
            .events
            .iter()
            .any(|event| matches!(event, Event::Misbehaved { what, .. } if what.contains(wrong)))
    }
}

#[test]
fn who_knows_the_seat_but_not_its_root_gets_nothing_and_pays() {
    let victim = Person::new(1);
    let thief = Person::new(50);
    for case in 0..5 {
        let mut raw = Raw::new(40 + case);
        let (session, index, answers) = raw.knock(&victim);
        assert_eq!(answers.len(), 1, "\"you first\", and nothing more");
        let t = raw.transcript.clone().unwrap();
        let role = Role::Initiator;
        let proof = match case {
            // Another root, under its own seat and under the victim's.
            0 => Proof::root(&thief.root, role, &raw.cid, &t),
            1 => match Proof::root(&thief.root, role, &raw.cid, &t) {
                Proof::Root { sig, .. } => Proof::Root {
                    seat: victim.seat,
                    sig,
                },
                other => other,
            },
            // The right root for another hello, another collective, or the other side.
            2 => {
                let old = Transcript::new(&NONCE, &[1; 32], &peer(9).0, &peer(0).0).unwrap();
                Proof::root(&victim.root, role, &raw.cid, &old)
            }
            3 => {
                let other = CollectiveId::from_bytes([9; 32]);
                Proof::root(&victim.root, role, &other, &t)
            }
            _ => Proof::root(&victim.root, Role::Responder, &raw.cid, &t),
        };
        let answers = raw.prove(&session, index, &proof);
        assert!(answers.is_empty(), "case {case}: {}", answers.len());
        assert!(
            raw.charged(),
            "case {case}: {:?}",
            raw.world.nodes[0].events
        );
    }
    // A device's proof opens no recovery door: a stolen disk is not the root.
    let mut raw = Raw::new(46);
    let (session, index, _) = raw.knock(&victim);
    let t = raw.transcript.clone().unwrap();
    let proof = Proof::device(&victim.device, victim.seat, Role::Initiator, &raw.cid, &t);
    assert!(raw.prove(&session, index, &proof).is_empty());
    assert!(raw.charged());
}

#[test]
fn a_proof_that_was_overheard_opens_nothing_later() {
    let victim = Person::new(1);
    let mut raw = Raw::new(47);
    let (session, index, _) = raw.knock(&victim);
    let t = raw.transcript.clone().unwrap();
    let proof = Proof::root(&victim.root, Role::Initiator, &raw.cid, &t);
    let served = raw.prove(&session, index, &proof);
    assert!(served.len() >= 2, "the node proves itself and serves");
    assert!(!raw.charged());
    // The same frames once more, by another peer.
    raw.connect(10);
    let (_, index, _) = raw.knock(&victim);
    assert!(raw.prove(&session, index, &proof).is_empty());
    assert!(raw.charged());
}

#[test]
fn only_a_device_record_of_the_root_is_taken_at_the_door() {
    let victim = Person::new(1);
    for case in 0..3 {
        let mut raw = Raw::new(48 + case);
        let (session, index, _) = raw.knock(&victim);
        let t = raw.transcript.clone().unwrap();
        let proof = Proof::root(&victim.root, Role::Initiator, &raw.cid, &t);
        raw.prove(&session, index, &proof);
        let held = raw.world.set(0, raw.cid);
        let now = raw.world.wall();
        let cid = raw.cid;
        let heads = raw.world.nodes[0].home.clubs[&cid].heads();
        let record = match case {
            // Somebody else's root; a note; a device record that comes with a note before it.
            0 => vec![Person::anew(50).add_device(cid, now, heads)],
            1 => {
                let mut other = Person::new(0);
                other.grant = raw.world.nodes[0].home.clubs[&cid]
                    .me
                    .as_ref()
                    .unwrap()
                    .grant;
                other.add_device(cid, now, heads);
                vec![other.note(cid, now, "no")]
            }
            _ => {
                let mut me = Person::anew(1);
                let add = me.add_device(cid, now, heads);
                vec![me.note(cid, now, "no"), add]
            }
        };
        let mut e = Encoder::new();
        e.array(2).uint(6u8).array(record.len());
        for record in &record {
            e.array(2).bytes(record.wire()).null();
        }
        let answers = raw.say(e.finish());
        assert_eq!(answers, [vec![0x82, 0x0a, 0x04]], "case {case}: refused");
        raw.world.run(100);
        assert_eq!(raw.world.set(0, raw.cid), held);
    }
}
