//! P13: who does not hold a secret learns and proves nothing.

use folkmoot_record::fc::{Decoder, Encoder};
use folkmoot_sync::{Event, Input, Path, Protocol, StreamId};

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
