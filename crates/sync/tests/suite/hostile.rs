//! Bad peers cost themselves their connection, and others nothing.

use folkmoot_record::fc::{Decoder, Encoder};
use folkmoot_sync::{Event, Input, Path, Protocol, StreamId, limits};

use crate::world::{Overheard, World, addr, peer};

const STREAM: StreamId = StreamId(u64::MAX);

/// Node 0 is connected to a stranger whom the test plays.
fn stranger() -> World {
    let mut world = World::new(50, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    meet(&mut world, 9);
    world
}

fn meet(world: &mut World, other: usize) {
    let connected = Input::Connected {
        peer: peer(other),
        addr: addr(other),
        path: Path::Direct,
        dialled: false,
    };
    world.input(0, connected);
}

fn accept(world: &mut World, other: usize, protocol: Protocol, stream: StreamId) {
    let accepted = Input::StreamAccepted {
        peer: peer(other),
        protocol,
        stream,
    };
    world.input(0, accepted);
}

/// Two proven members; the second one's machine is silenced and the test speaks for it.
fn member() -> (World, folkmoot_record::CollectiveId, u8) {
    let mut world = World::new(51, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    for n in 0..50 {
        world.note(0, cid, &format!("{n}"));
    }
    world.tap = Some(Vec::new());
    world.reach(1, 0);
    assert!(world.run_until(20_000, |w| w.last_equal(0, 1) == Some(true)));
    world.ask(1, folkmoot_sync::Ask::SyncNow { cid: None });
    world.run(2_000);
    let frames = world.tap.take().unwrap();
    let index = index_of(&frames, 1);
    world.nodes[0].events.clear();
    (world, cid, index.expect("an opening was seen"))
}

/// The index under which a node speaks of the collective to node 0: `[1, index, ...]` or
/// `[0, index]`.
fn index_of(frames: &[Overheard], node: usize) -> Option<u8> {
    let opening = frames
        .iter()
        .filter(|(from, to, protocol, _)| (*from, *to) == (node, 0) && *protocol != Protocol::Hello)
        .find_map(|(.., bytes)| {
            let mut d = Decoder::new(bytes).ok()?;
            let len = d.array().ok()?;
            let number = d.uint().ok()?;
            ((number, len) == (0, 2) || (number, len) == (1, 5)).then(|| d.uint().ok())?
        });
    opening.map(|index| index as u8)
}

fn frame(world: &mut World, stream: StreamId, bytes: Vec<u8>) {
    world.input(0, Input::Frame { stream, bytes });
}

fn score(world: &World, other: usize) -> u32 {
    let views = world.nodes[0].machine.peers();
    let view = views.iter().find(|view| view.peer == Some(peer(other)));
    view.map_or(0, |view| view.score)
}

fn connected(world: &World, other: usize) -> bool {
    let views = world.nodes[0].machine.peers();
    views
        .iter()
        .any(|view| view.peer == Some(peer(other)) && view.connected)
}

#[test]
fn garbage_is_charged_and_the_second_time_ends_it() {
    let mut world = stranger();
    for turn in 0..2u64 {
        assert!(connected(&world, 9));
        let stream = StreamId(u64::MAX - turn);
        accept(&mut world, 9, Protocol::Hello, stream);
        frame(&mut world, stream, vec![0xFF; 40]);
    }
    assert!(!connected(&world, 9));
    assert_eq!(world.misdeeds().len(), 2);
    // Back again at once: not taken up.
    meet(&mut world, 9);
    assert!(!connected(&world, 9));
    world.run(limits::BAN_MS.0 + 1_000);
    meet(&mut world, 9);
    assert!(connected(&world, 9));
}

#[test]
fn nothing_at_all_ends_in_a_hang_up_without_a_hello() {
    let mut world = stranger();
    accept(&mut world, 9, Protocol::Hello, STREAM);
    assert!(connected(&world, 9));
    world.run(limits::HELLO_MS + 100);
    assert_eq!(world.misdeeds().len(), 1, "silence on an open stream");
    world.run(10 * limits::HELLO_MS);
    assert!(!connected(&world, 9));
}

#[test]
fn a_stranger_gets_no_gated_stream() {
    let mut world = stranger();
    world.outbox = Some(Vec::new());
    for (n, protocol) in [Protocol::Sync, Protocol::Push].into_iter().enumerate() {
        let stream = StreamId(u64::MAX - n as u64);
        accept(&mut world, 9, protocol, stream);
        let mut e = Encoder::new();
        e.array(2).uint(0u8).uint(0u8);
        frame(&mut world, stream, e.finish());
    }
    assert!(world.outbox.take().unwrap().is_empty());
}

#[test]
fn void_records_end_the_connection_and_change_nothing() {
    let (mut world, cid, index) = member();
    let before = world.set(0, cid);
    accept(&mut world, 1, Protocol::Push, STREAM);
    let mut e = Encoder::new();
    e.array(2).uint(0u8).uint(index);
    frame(&mut world, STREAM, e.finish());
    let forged = world.nodes[0].home.clubs[&cid]
        .records
        .values()
        .next()
        .unwrap()
        .wire()
        .to_vec();
    let mut e = Encoder::new();
    e.array(2).uint(4u8).array(6);
    for n in 0..6u8 {
        let mut wire = forged.clone();
        wire[40] ^= n + 1;
        e.array(2).bytes(wire).null();
    }
    frame(&mut world, STREAM, e.finish());
    world.run(100);
    assert!(!connected(&world, 1));
    assert_eq!(world.set(0, cid), before);
    let of = |e: &&Event| matches!(e, Event::Misbehaved { what, .. } if what.contains("6 records that are void"));
    assert_eq!(world.nodes[0].events.iter().filter(of).count(), 1);
}

/// A bundle as the nodes of the tests read them.
fn bundle(secret: [u8; 32]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.array(2).uint(1u8).bytes(secret);
    e.finish()
}

#[test]
fn bundles_of_an_unknown_device_are_not_taken() {
    // Whoever left keeps the epoch's secret, and proves a device that nobody ever heard of.
    for protocol in [Protocol::Push, Protocol::Sync] {
        let mut world = World::new(52, 3);
        let cid = world.found();
        world.admit(&[1], cid);
        let secret = folkmoot_seal::EpochSecret::from_bytes([0x5e; 32]);
        let club = world.nodes[2].home.clubs.entry(cid).or_default();
        club.me = Some(crate::people::Person::new(2));
        club.member = true;
        club.add_secret(&secret);
        world.tap = Some(Vec::new());
        // The side that was dialled hears the last proof, and opens the push stream.
        world.reach(0, 2);
        world.run(10_000);
        let shared = &world.nodes[0].machine.peers()[0].shared;
        assert_eq!(shared[0].standing, folkmoot_sync::Standing::Unknown);
        let frames = world.tap.take().unwrap();
        let index = index_of(&frames, 2).expect("its push stream was seen");
        let before = world.set(0, cid);
        accept(&mut world, 2, protocol, STREAM);
        let mut e = Encoder::new();
        match protocol {
            Protocol::Push => e.array(2).uint(0u8).uint(index),
            _ => {
                e.array(5).uint(1u8).uint(index).uint(0u8).uint(0u8);
                e.uint((1u64 << 53) - 1)
            }
        };
        frame(&mut world, STREAM, e.finish());
        for n in 0..3u8 {
            let mut e = Encoder::new();
            e.array(2).uint(4u8).array(1).array(2);
            e.bytes(bundle([n; 32])).null();
            frame(&mut world, STREAM, e.finish());
        }
        world.run(1_000);
        assert_eq!(world.set(0, cid), before, "{protocol:?}");
        assert_eq!(score(&world, 2), 20, "{protocol:?}");
        // A member may bring one.
        let (mut world, cid, index) = member();
        accept(&mut world, 1, Protocol::Push, STREAM);
        let mut e = Encoder::new();
        e.array(2).uint(0u8).uint(index);
        frame(&mut world, STREAM, e.finish());
        let before = world.set(0, cid).len();
        let mut e = Encoder::new();
        e.array(2).uint(4u8).array(1).array(2);
        e.bytes(bundle([9; 32])).null();
        frame(&mut world, STREAM, e.finish());
        world.run(100);
        assert_eq!(world.set(0, cid).len(), before + 1);
    }
}

#[test]
fn a_session_that_goes_silent_ends() {
    let (mut world, _, index) = member();
    accept(&mut world, 1, Protocol::Sync, STREAM);
    let mut e = Encoder::new();
    e.array(5)
        .uint(1u8)
        .uint(index)
        .uint(0u8)
        .uint(0u8)
        .uint((1u64 << 53) - 1);
    frame(&mut world, STREAM, e.finish());
    assert!(world.nodes[0].machine.peers()[0].shared[0].in_progress);
    world.run(limits::SYNC_SILENCE_MS + 1_000);
    assert!(!world.nodes[0].machine.peers()[0].shared[0].in_progress);
    assert_eq!(world.misdeeds().len(), 1);
    assert!(connected(&world, 1), "one silence is forgiven");
}

#[test]
fn more_rounds_than_allowed_are_greed() {
    let (mut world, _, index) = member();
    accept(&mut world, 1, Protocol::Sync, STREAM);
    let mut e = Encoder::new();
    e.array(5)
        .uint(1u8)
        .uint(index)
        .uint(2u8)
        .uint(0u8)
        .uint((1u64 << 53) - 1);
    frame(&mut world, STREAM, e.finish());
    // One range up to the end with an empty list of ids.
    let message = [0x61, 0, 0, 2, 0];
    for round in 0..=limits::ROUNDS {
        assert_eq!(score(&world, 1), 0, "round {round}");
        let mut e = Encoder::new();
        e.array(2).uint(2u8).bytes(message);
        frame(&mut world, STREAM, e.finish());
    }
    assert_eq!(score(&world, 1), 20);
}

#[test]
fn too_many_streams_and_hellos_are_turned_away() {
    let mut world = stranger();
    for n in 0..=u64::from(limits::HELLOS_A_MINUTE) {
        let stream = StreamId(u64::MAX - n);
        accept(&mut world, 9, Protocol::Hello, stream);
        let closed = Input::StreamClosed {
            stream,
            error: None,
        };
        world.input(0, closed);
    }
    assert_eq!(world.misdeeds().len(), 1);
    let (mut world, ..) = member();
    world.outbox = Some(Vec::new());
    for n in 0..100 {
        accept(&mut world, 1, Protocol::Push, StreamId(u64::MAX - n));
    }
    world.run(limits::PUSH_OPEN_MS + 100);
    // Those beyond the limit were closed at once; the rest for their silence.
    assert!(world.misdeeds().len() <= limits::STREAMS);
}

#[test]
fn an_index_that_was_never_given_gets_no_answer() {
    let (mut world, _, index) = member();
    world.outbox = Some(Vec::new());
    for wrong in 0..=255u8 {
        if wrong == index {
            continue;
        }
        let stream = StreamId(u64::MAX - u64::from(wrong));
        accept(&mut world, 1, Protocol::Sync, stream);
        let mut e = Encoder::new();
        e.array(5)
            .uint(1u8)
            .uint(wrong)
            .uint(0u8)
            .uint(0u8)
            .uint((1u64 << 53) - 1);
        frame(&mut world, stream, e.finish());
    }
    assert!(world.outbox.take().unwrap().is_empty());
    assert_eq!(score(&world, 1), 0);
}

#[test]
fn random_frames_never_break_a_machine() {
    // Whatever bytes come on whatever stream: no panic, and an honest pair goes on.
    for seed in 0..40u64 {
        let (mut world, cid, index) = member();
        let mut noise = blake3::Hasher::new()
            .update(&seed.to_be_bytes())
            .finalize_xof();
        for n in 0..30u64 {
            let mut draw = [0; 3];
            noise.fill(&mut draw);
            let protocol =
                [Protocol::Hello, Protocol::Sync, Protocol::Push][usize::from(draw[0] % 3)];
            let stream = StreamId(u64::MAX - n);
            accept(&mut world, 1, protocol, stream);
            for _ in 0..draw[1] % 8 {
                let mut shape = [0; 6];
                noise.fill(&mut shape);
                let mut e = Encoder::new();
                let number = shape[0] % 12;
                match shape[1] % 5 {
                    0 => e.array(1).uint(number),
                    1 => e.array(2).uint(number).uint(index),
                    2 => e.array(2).uint(number).bytes(shape),
                    3 => e.array(2).uint(number).array(1).bytes([shape[2]; 32]),
                    _ => e
                        .array(5)
                        .uint(number)
                        .uint(index)
                        .uint(shape[2] % 4)
                        .uint(0u8)
                        .uint((1u64 << 53) - 1),
                };
                frame(&mut world, stream, e.finish());
            }
        }
        world.run(1_000);
        let before = world.set(0, cid).len();
        assert!(before >= 53);
        let due = world.nodes[0].machine.deadline();
        assert!(
            due.is_none_or(|at| at > world.now),
            "seed {seed}: a deadline in the past"
        );
    }
}
