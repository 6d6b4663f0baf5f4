//! P13: who does not hold a secret learns and proves nothing.

use folkmoot_record::fc::{Decoder, Encoder};
use folkmoot_record::{DeviceKey, SeatKey};
use folkmoot_seal::{EpochSecret, Proof, Role, SessionKey, Transcript};
use folkmoot_sync::{Event, Input, Path, Protocol, StreamId, limits};

use crate::world::{World, addr, peer};

fn nonce(number: u8, byte: u8) -> Vec<u8> {
    let mut e = Encoder::new();
    e.array(2).uint(number).bytes([byte; 32]);
    e.finish()
}

/// A peer that is not a machine: the test speaks for it.
struct Raw {
    world: World,
    stream: StreamId,
}

impl Raw {
    /// Node 0 has a collective and accepts a hello of a peer that the test plays.
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed, 1);
        world.found();
        world.input(
            0,
            Input::Connected {
                peer: peer(9),
                addr: addr(9),
                path: Path::Direct,
                dialled: false,
            },
        );
        let stream = StreamId(u64::MAX);
        world.input(
            0,
            Input::StreamAccepted {
                peer: peer(9),
                protocol: Protocol::Hello,
                stream,
            },
        );
        Self { world, stream }
    }

    /// Sends a frame to the node and takes what it answers.
    fn say(&mut self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let stream = self.stream;
        self.world.outbox = Some(Vec::new());
        self.world.input(0, Input::Frame { stream, bytes });
        self.world.outbox.take().unwrap()
    }
}

#[test]
fn strangers_send_small_and_plain_frames_only() {
    // A nonce in a compressed frame, as members may send from a door on.
    let mut raw = Raw::new(70);
    let packed = zstd::bulk::compress(&nonce(1, 7), 3).unwrap();
    let mut e = Encoder::new();
    e.array(2).uint(9u8).bytes(packed);
    assert!(raw.say(e.finish()).is_empty(), "it is not unpacked");
    assert_eq!(raw.world.misdeeds().len(), 1);
    // What cannot be part of a hello is not read, whatever it is: here records, as at a door.
    let mut raw = Raw::new(71);
    let mut e = Encoder::new();
    e.array(2).uint(6u8).array(1).array(2);
    e.bytes(vec![0; limits::HELLO_FRAME]).null();
    assert!(raw.say(e.finish()).is_empty());
    let large = |event: &&Event| matches!(event, Event::Misbehaved { what, .. } if what.contains("too large"));
    assert_eq!(raw.world.misdeeds().iter().filter(|e| large(e)).count(), 1);
    // The largest that is: 256 tags.
    let mut raw = Raw::new(72);
    assert_eq!(raw.say(nonce(1, 7)).len(), 1);
    let mut e = Encoder::new();
    e.array(2).uint(3u8).array(limits::TAGS);
    for n in 0..limits::TAGS {
        e.bytes([n as u8; 16]);
    }
    let said = raw.say(e.finish());
    assert_eq!(said.len(), 1, "its own tags");
    assert!(raw.world.misdeeds().is_empty());
}

#[test]
fn a_hello_of_many_tags_is_not_compressed() {
    let mut world = World::new(73, 2);
    let cid = world.found();
    for n in 0..200u8 {
        world.invite(0, cid, [n; 20], 1);
    }
    world.admit(&[1], cid);
    world.tap = Some(Vec::new());
    world.reach(1, 0);
    assert!(world.run_until(20_000, |w| w.last_equal(0, 1) == Some(true)));
    let frames = world.tap.take().unwrap();
    let mut hellos = frames.iter().filter(|frame| frame.2 == Protocol::Hello);
    assert!(hellos.clone().any(|frame| frame.3.len() > 4_000));
    assert!(hellos.all(|frame| frame.3[..2] != [0x82, 0x09]));
}

fn tags_of(frame: &[u8]) -> Vec<[u8; 16]> {
    let mut d = Decoder::new(frame).unwrap();
    d.array_of(2).unwrap();
    d.uint_within(3..=3).unwrap();
    d.list(0..=256, Decoder::bytes_of).unwrap()
}

fn tags(list: &[[u8; 16]]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.array(2).uint(3u8).array(list.len());
    list.iter().fold(&mut e, |e, tag| e.bytes(tag));
    e.finish()
}

#[test]
fn a_stranger_sees_random_tags_and_nothing_else() {
    let mut seen = Vec::new();
    for seed in 0..8 {
        let mut raw = Raw::new(seed);
        let answer = raw.say(nonce(1, 0xA0));
        assert_eq!(answer.len(), 1);
        let answer = raw.say(tags(&[[7; 16]; 8]));
        assert_eq!(answer.len(), 1, "tags, and no word about any of them");
        let theirs = tags_of(&answer[0]);
        assert_eq!(theirs.len(), 8);
        seen.extend(theirs);
        let misdeeds = raw.world.misdeeds();
        assert!(
            misdeeds.is_empty(),
            "not to know a secret is no misdeed: {misdeeds:?}"
        );
    }
    // No tag comes twice, and ones and zeros are about as many.
    let ones: u32 = seen.iter().flatten().map(|byte| byte.count_ones()).sum();
    let bits = seen.len() as u32 * 128;
    assert!(
        (bits * 46 / 100..bits * 54 / 100).contains(&ones),
        "{ones} of {bits}"
    );
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 64);
}

#[test]
fn mirrored_tags_do_not_match() {
    let mut raw = Raw::new(1);
    raw.say(nonce(1, 0xA0));
    // What the node would send can be seen in a first hello; sending it back must not match.
    let answer = raw.say(tags(&[[7; 16]; 8]));
    let theirs = tags_of(&answer[0]);
    let mut again = Raw::new(1);
    again.say(nonce(1, 0xA0));
    let answer = again.say(tags(&theirs));
    assert_eq!(
        answer.len(),
        1,
        "the role byte differs: no proof, no \"you first\""
    );
    assert_eq!(tags_of(&answer[0]), theirs, "the very same hello");
}

/// Two members greet each other; hands back the frames of that hello.
fn overheard(seed: u64) -> (World, Vec<Vec<u8>>) {
    let mut world = World::new(seed, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    world.tap = Some(Vec::new());
    world.reach(1, 0);
    assert!(world.run_until(5_000, |w| w.last_equal(0, 1).is_some()));
    let frames = world.tap.take().unwrap();
    let said = frames
        .into_iter()
        .filter(|f| f.0 == 1 && f.2 == Protocol::Hello);
    let said = said.map(|f| f.3).collect();
    (world, said)
}

#[test]
fn a_replayed_hello_proves_nothing() {
    let (mut world, said) = overheard(2);
    world.stop(1);
    world.run(100);
    world.off.clear();
    // The same peer id, the same nonce, the same tags and proof: the node's own nonce is new.
    let proven = |w: &World| {
        let events = w.nodes[0].events.iter();
        events.filter(|e| matches!(e, Event::Proven { .. })).count()
    };
    let before = proven(&world);
    world.input(
        0,
        Input::Connected {
            peer: peer(1),
            addr: addr(1),
            path: Path::Direct,
            dialled: false,
        },
    );
    let stream = StreamId(u64::MAX);
    world.input(
        0,
        Input::StreamAccepted {
            peer: peer(1),
            protocol: Protocol::Hello,
            stream,
        },
    );
    for bytes in said {
        world.input(0, Input::Frame { stream, bytes });
    }
    assert_eq!(proven(&world), before);
}

#[test]
fn a_relayed_hello_proves_nothing() {
    // Node 2 stands between two members and passes on every frame under its own peer id.
    let mut world = World::new(3, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    let streams = [StreamId(u64::MAX - 1), StreamId(u64::MAX)];
    for node in [0, 1] {
        world.input(
            node,
            Input::Connected {
                peer: peer(7),
                addr: addr(7),
                path: Path::Direct,
                dialled: node == 0,
            },
        );
    }
    world.outbox = Some(Vec::new());
    world.input(
        1,
        Input::StreamAccepted {
            peer: peer(7),
            protocol: Protocol::Hello,
            stream: streams[1],
        },
    );
    world.input(
        0,
        Input::StreamOpened {
            peer: peer(7),
            protocol: Protocol::Hello,
            stream: streams[0],
        },
    );
    let mut passed = 0;
    for turn in 0..6 {
        let to = (turn + 1) % 2;
        for bytes in world.outbox.replace(Vec::new()).unwrap() {
            passed += 1;
            let stream = streams[to];
            world.input(to, Input::Frame { stream, bytes });
        }
    }
    assert_eq!(passed, 4, "two nonces and two lists of tags, then silence");
    let events = world.nodes.iter().flat_map(|node| &node.events);
    assert_eq!(
        events.filter(|e| matches!(e, Event::Proven { .. })).count(),
        0
    );
}

#[test]
fn the_number_of_tags_is_a_power_of_two() {
    for invites in [0, 7, 8, 40, 255, 300] {
        let mut world = World::new(4, 2);
        let cid = world.found();
        for n in 0..invites {
            let mut seed = [0; 20];
            seed[..4].copy_from_slice(&u32::to_be_bytes(n));
            world.invite(0, cid, seed, 1);
        }
        world.tap = Some(Vec::new());
        world.reach(0, 1);
        world.run(3_000);
        let frames = world.tap.take().unwrap();
        let of = frames
            .iter()
            .find(|f| f.0 == 0 && f.3[1] == 3)
            .expect("tags were sent");
        let count = tags_of(&of.3).len();
        let most = (invites as usize + 1).min(256);
        assert_eq!(count, most.next_power_of_two().max(8), "{invites} invites");
    }
}

/// A peer that stole the epoch secret of the tests, but has no device in the collective: it is
/// told the tags and one proof of the node.
struct Thief {
    raw: Raw,
    transcript: Transcript,
    session: SessionKey,
    /// Place of the node's tag in the node's list.
    index: u8,
    answer: Vec<Vec<u8>>,
}

/// Place of the thief's tag in its own list.
const PLACE: u8 = 3;

fn thief(seed: u64) -> Thief {
    let mut raw = Raw::new(seed);
    let answer = raw.say(nonce(1, 0xA0));
    let mut d = Decoder::new(&answer[0]).unwrap();
    d.array_of(2).unwrap();
    d.uint_within(2..=2).unwrap();
    let nonce_r: [u8; 32] = d.bytes_of().unwrap();
    let transcript = Transcript::new(&[0xA0; 32], &nonce_r, &peer(9).0, &peer(0).0).unwrap();
    let presence = EpochSecret::from_bytes([0x5e; 32]).presence();
    let mut list = [[7; 16]; 8];
    list[usize::from(PLACE)] = presence.tag(Role::Initiator, &transcript);
    let answer = raw.say(tags(&list));
    let own = presence.tag(Role::Responder, &transcript);
    let index = tags_of(&answer[0])
        .iter()
        .position(|tag| *tag == own)
        .unwrap();
    Thief {
        session: presence.session(&transcript),
        index: index as u8,
        raw,
        transcript,
        answer,
    }
}

impl Thief {
    fn prove(&mut self, sealed: Vec<u8>) -> Vec<Vec<u8>> {
        let mut e = Encoder::new();
        e.array(3).uint(4u8).uint(self.index).bytes(sealed);
        self.raw.say(e.finish())
    }

    fn score(&self) -> u32 {
        self.raw.world.nodes[0].machine.peers()[0].score
    }
}

#[test]
fn whoever_holds_the_current_epoch_speaks_first() {
    let thief = thief(5);
    let (world, proof) = (&thief.raw.world, &thief.answer[1]);
    let mut d = Decoder::new(proof).unwrap();
    d.array_of(3).unwrap();
    assert_eq!(
        (d.uint().unwrap(), d.uint().unwrap()),
        (4, u64::from(PLACE))
    );
    let sealed = thief
        .session
        .open_proof(Role::Responder, d.bytes().unwrap())
        .unwrap();
    let proof = Proof::decode(&sealed).unwrap();
    let (cid, club) = world.nodes[0].home.clubs.first_key_value().unwrap();
    assert!(proof.verify(Role::Responder, cid, &thief.transcript));
    // In the other role it is worth nothing.
    assert!(!proof.verify(Role::Initiator, cid, &thief.transcript));
    let me = club.me.as_ref().unwrap();
    assert!(matches!(proof, Proof::Device { seat, dev, .. } if seat == me.seat && dev == me.dev()));
}

#[test]
fn wrong_and_mirrored_proofs_are_charged() {
    let mut broken = thief(6);
    assert!(broken.prove(vec![0; 154]).is_empty());
    assert_eq!(broken.score(), 50);
    let mut mirror = thief(7);
    let mut d = Decoder::new(&mirror.answer[1]).unwrap();
    d.array_of(3).unwrap();
    d.uint().unwrap();
    d.uint().unwrap();
    let sealed = d.bytes().unwrap().to_vec();
    assert!(mirror.prove(sealed).is_empty());
    assert_eq!(mirror.score(), 50);
    // A signature for another hello, sealed well.
    let mut other = thief(8);
    let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let cid = *other.raw.world.nodes[0].home.clubs.keys().next().unwrap();
    let old = Transcript::new(&[1; 32], &[2; 32], &peer(9).0, &peer(0).0).unwrap();
    let seat = SeatKey::from_bytes([8; 32]);
    let proof = Proof::device(&key, seat, Role::Initiator, &cid, &old);
    let sealed = other.session.seal_proof(Role::Initiator, &proof.encode());
    assert!(other.prove(sealed).is_empty());
    assert_eq!(other.score(), 50);
}

#[test]
fn a_device_that_nobody_knows_is_served_nothing() {
    let mut thief = thief(9);
    let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let cid = *thief.raw.world.nodes[0].home.clubs.keys().next().unwrap();
    thief.raw.world.note(0, cid, "for members");
    let seat = SeatKey::from_bytes([8; 32]);
    let proof = Proof::device(&key, seat, Role::Initiator, &cid, &thief.transcript);
    let sealed = thief.session.seal_proof(Role::Initiator, &proof.encode());
    assert!(thief.prove(sealed).is_empty());
    assert_eq!(thief.score(), 0, "to be unknown is no misdeed");
    let dev = DeviceKey::from_bytes(key.verifying_key().to_bytes());
    let views = thief.raw.world.nodes[0].machine.peers();
    assert_eq!(
        (views[0].shared[0].dev, views[0].shared[0].equal),
        (dev, false)
    );
    let world = &mut thief.raw.world;
    world.outbox = Some(Vec::new());
    let most = (1u64 << 53) - 1;
    for (n, scope) in [0u8, 2].into_iter().enumerate() {
        let stream = StreamId(100 + n as u64);
        let protocol = Protocol::Sync;
        world.input(
            0,
            Input::StreamAccepted {
                peer: peer(9),
                protocol,
                stream,
            },
        );
        let mut e = Encoder::new();
        e.array(5)
            .uint(1u8)
            .uint(thief.index)
            .uint(scope)
            .uint(0u8)
            .uint(most);
        world.input(
            0,
            Input::Frame {
                stream,
                bytes: e.finish(),
            },
        );
        let mut e = Encoder::new();
        // The peer claims to have nothing at all.
        e.array(2).uint(2u8).bytes([0x61, 0, 0, 2, 0]);
        world.input(
            0,
            Input::Frame {
                stream,
                bytes: e.finish(),
            },
        );
    }
    // Control: an answer as of an empty set. Content: none.
    let answers = world.outbox.replace(Vec::new()).unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(hex::encode(&answers[0]), "8202456100000200");
    // Nor is anything pushed to it.
    world.note(0, cid, "for members, too");
    assert!(world.outbox.take().unwrap().is_empty());
}
