//! Invite doors: any member welcomes, and whoever is turned away hears why.

use folkmoot_record::{CollectiveId, Kind, RecordId, Verified};
use folkmoot_sync::{Addr, Ask, Event, Input, JoinStep, Peer, SharedView, Standing, limits};

use crate::{
    people::Person,
    world::{World, addr, peer},
};

const SEED: [u8; 20] = [0x42; 20];

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
fn a_friend_joins_and_receives_everything() {
    (0..20).for_each(friend_joins);
}

fn friend_joins(seed: u64) {
    let mut world = World::new(seed, 2);
    let cid = world.found();
    for n in 0..50 {
        world.note(0, cid, &format!("before {n}"));
    }
    let invite = world.invite(0, cid, SEED, 1);
    world.join(1, cid, SEED, invite, &[0]);
    assert!(world.run_until(10_000, |w| w.all_equal(&[0, 1], cid)));
    assert!(matches!(
        world.steps(1)[..],
        [
            JoinStep::Reached,
            JoinStep::DoorOpen,
            JoinStep::Served,
            JoinStep::Welcomed { .. }
        ]
    ));
    // What is written now goes both ways at once.
    world.note(0, cid, "from the founder");
    world.note(1, cid, "from the joiner");
    world.run(500);
    assert!(world.all_equal(&[0, 1], cid));
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn any_member_welcomes_while_the_inviter_is_away() {
    (0..20).for_each(inviter_away);
}

fn inviter_away(seed: u64) {
    let mut world = World::new(seed, 3);
    let cid = world.found();
    world.admit(&[1], cid);
    let invite = world.invite(0, cid, SEED, 2);
    world.note(0, cid, "written before the founder left");
    world.reach(0, 1);
    assert!(world.run_until(10_000, |w| w.all_equal(&[0, 1], cid)));
    world.stop(0);
    world.join(2, cid, SEED, invite, &[1]);
    assert!(world.run_until(10_000, |w| w.all_equal(&[1, 2], cid)));
    // The founder comes back and meets the new member only: both are told to each other.
    world.off.clear();
    world.cut.insert((0, 1));
    world.reach(0, 2);
    world.note(2, cid, "hello from the new one");
    assert!(
        world.run_until(60_000, |w| w.all_equal(&[0, 2], cid)),
        "{:?}",
        world.nodes[0].events
    );
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn two_admitted_by_different_members_meet() {
    (0..20).for_each(admitted_apart);
}

fn admitted_apart(seed: u64) {
    let mut world = World::new(seed, 4);
    let cid = world.found();
    world.admit(&[1], cid);
    let invite = world.invite(0, cid, SEED, 5);
    world.reach(0, 1);
    assert!(world.run_until(10_000, |w| w.all_equal(&[0, 1], cid)));
    world.part(0, 1);
    world.join(2, cid, SEED, invite, &[0]);
    world.join(3, cid, SEED, invite, &[1]);
    assert!(world.run_until(10_000, |w| w.all_equal(&[0, 2], cid)
        && w.all_equal(&[1, 3], cid)));
    world.stop(0);
    world.stop(1);
    world.note(2, cid, "two");
    world.note(3, cid, "three");
    world.reach(2, 3);
    assert!(world.run_until(60_000, |w| w.all_equal(&[2, 3], cid)));
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn used_up_and_closed_invites_are_refused_with_the_reason() {
    let mut world = World::new(14, 4);
    let cid = world.found();
    let once = world.invite(0, cid, SEED, 1);
    world.join(1, cid, SEED, once, &[0]);
    assert!(world.run_until(10_000, |w| w.all_equal(&[0, 1], cid)));
    world.join(2, cid, SEED, once, &[0]);
    world.run(5_000);
    let (why, retry) = failure(&world, 2).expect("a reason");
    assert!(why.contains("all uses") && !retry, "{why}");

    let other = [0x43; 20];
    let closed = world.invite(0, cid, other, 9);
    world.nodes[0]
        .home
        .clubs
        .get_mut(&cid)
        .unwrap()
        .closed
        .insert(closed);
    world.join(3, cid, other, closed, &[0]);
    world.run(5_000);
    let (why, retry) = failure(&world, 3).expect("a reason");
    assert!(why.contains("closed") && !retry, "{why}");
    // Nobody is charged for it, and no record was served.
    assert!(world.misdeeds().is_empty());
    assert!(world.set(3, cid).is_empty());
}

#[test]
fn an_unknown_invite_gets_silence_and_the_joiner_a_sentence() {
    let mut world = World::new(15, 2);
    let cid = world.found();
    let invite = world.invite(0, cid, SEED, 1);
    world.tap = Some(Vec::new());
    world.join(1, cid, [0x99; 20], invite, &[0]);
    world.run(10_000);
    let (why, retry) = failure(&world, 1).expect("a reason");
    assert!(
        why.contains("does not know this invitation") && retry,
        "{why}"
    );
    assert!(world.set(1, cid).is_empty());
    // The host said nothing beyond nonce and tags.
    let said: Vec<usize> = world
        .tap
        .unwrap()
        .iter()
        .filter(|(from, ..)| *from == 0)
        .map(|f| f.3.len())
        .collect();
    assert!(said.iter().all(|len| *len < 200), "{said:?}");
}

#[test]
fn nobody_at_the_address_is_said_and_tried_again() {
    let mut world = World::new(16, 2);
    let cid = world.found();
    let invite = world.invite(0, cid, SEED, 1);
    world.off.insert(0);
    world.join(1, cid, SEED, invite, &[0]);
    world.run(5_000);
    let (why, retry) = failure(&world, 1).expect("a reason");
    assert!(why.contains("nobody could be reached") && retry, "{why}");
    world.off.clear();
    assert!(world.run_until(60_000, |w| w.all_equal(&[0, 1], cid)));
}

#[test]
fn a_welcome_cut_short_is_taken_up_again() {
    for cut_after in (10..300).step_by(15) {
        let mut world = World::new(17, 2);
        world.latency = 10;
        let cid = world.found();
        let invite = world.invite(0, cid, SEED, 1);
        world.join(1, cid, SEED, invite, &[0]);
        world.run(cut_after);
        world.break_line(0, 1);
        // Even a join that was stored without its welcome arriving is the same join again.
        assert!(
            world.run_until(120_000, |w| w.all_equal(&[0, 1], cid)),
            "cut after {cut_after}: {:?}",
            world.nodes[1].events
        );
    }
}

/// A collective whose newest invite rests on some thousand records.
fn large(world: &mut World) -> (CollectiveId, RecordId) {
    let cid = world.found();
    for n in 0..2_000u32 {
        let mut seed = [0x17; 20];
        seed[..4].copy_from_slice(&n.to_be_bytes());
        let old = world.invite(0, cid, seed, 1);
        // A hello has no room for so many live doors.
        let club = world.nodes[0].home.clubs.get_mut(&cid).unwrap();
        club.closed.insert(old);
    }
    let invite = world.invite(0, cid, SEED, 1);
    (cid, invite)
}

#[test]
fn a_slow_line_may_take_its_time_to_serve() {
    let mut world = World::new(22, 2);
    let (cid, invite) = large(&mut world);
    // A frame takes half a minute, and there are several.
    world.rate = Some(4_000);
    world.join(1, cid, SEED, invite, &[0]);
    let start = world.now;
    let welcomed = |w: &World| {
        let mut steps = w.steps(1).into_iter();
        steps.any(|step| matches!(step, JoinStep::Welcomed { .. }))
    };
    assert!(world.run_until(1_200_000, welcomed), "{:?}", world.steps(1));
    assert!(world.now > start + limits::DOOR_MS, "a slow line");
    assert_eq!(failure(&world, 1), None);
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
    world.rate = None;
    assert!(world.run_until(60_000, |w| w.all_equal(&[0, 1], cid)));
}

#[test]
fn a_slow_machine_may_take_its_time_to_judge() {
    let mut world = World::new(23, 2);
    let (cid, invite) = large(&mut world);
    // Longer in all than a step of a door.
    world.judging = 35;
    world.join(1, cid, SEED, invite, &[0]);
    assert!(world.run_until(600_000, |w| w.all_equal(&[0, 1], cid)));
    assert_eq!(failure(&world, 1), None);
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn a_joiner_that_says_nothing_more_is_shut_out() {
    let mut world = World::new(24, 2);
    let cid = world.found();
    let invite = world.invite(0, cid, SEED, 1);
    world.nodes[1].mute = true;
    world.join(1, cid, SEED, invite, &[0]);
    world.run(50_000);
    assert!(world.misdeeds().is_empty());
    world.run(60_000);
    let charged = |event: &&Event| matches!(event, Event::Misbehaved { what, .. } if what.contains("nothing"));
    assert!(world.nodes[0].events.iter().any(|event| charged(&event)));
}

#[test]
fn joining_over_a_connection_that_is_up_already() {
    // Tags stand at random places, so either match may come first: several seeds.
    for seed in 60..80 {
        join_a_second_collective(seed);
    }
}

/// Another collective of the same founder.
fn found_another(world: &mut World) -> CollectiveId {
    let mut person = Person::new(77);
    let genesis = person.found(world.wall());
    let cid = genesis.id().into();
    let club = world.nodes[0].home.clubs.entry(cid).or_default();
    club.me = Some(person);
    club.member = true;
    club.insert(genesis);
    club.add_secret(&folkmoot_seal::EpochSecret::from_bytes([0x77; 32]));
    cid
}

fn join_a_second_collective(seed: u64) {
    let mut world = World::new(seed, 2);
    let first = world.found();
    world.admit(&[1], first);
    world.reach(0, 1);
    assert!(world.run_until(10_000, |w| w.last_equal(0, 1) == Some(true)));
    let cid = found_another(&mut world);
    let invite = world.invite(0, cid, SEED, 1);
    world.run(30_000);
    world.join(1, cid, SEED, invite, &[0]);
    let done = world.run_until(30_000, |w| w.all_equal(&[0, 1], cid));
    assert!(done, "seed {seed}: {:?}", world.nodes[1].events);
    world.note(0, first, "the first one goes on");
    world.run(1_000);
    assert!(world.all_equal(&[0, 1], first));
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn an_inviter_who_is_connected_from_his_side_is_not_dialled() {
    let mut world = World::new(81, 2);
    let first = world.found();
    world.admit(&[1], first);
    world.reach(0, 1);
    assert!(world.run_until(10_000, |w| w.last_equal(0, 1) == Some(true)));
    let cid = found_another(&mut world);
    let invite = world.invite(0, cid, SEED, 1);
    world.run(30_000);
    assert_eq!(world.dials.get(&1), None);
    // The link names him by his peer id, as links do.
    let at = named(0);
    world.join_at(1, cid, SEED, invite, vec![at]);
    let done = world.run_until(30_000, |w| w.all_equal(&[0, 1], cid));
    assert!(done, "{:?}", world.nodes[1].events);
    assert_eq!(world.dials.get(&1), None, "he was connected all the time");
    assert!(world.steps(1).contains(&&JoinStep::Reached));
}

#[test]
fn a_connected_node_that_does_not_know_the_invite_is_told_of() {
    let mut world = World::new(82, 2);
    let first = world.found();
    world.admit(&[1], first);
    world.reach(0, 1);
    assert!(world.run_until(10_000, |w| w.last_equal(0, 1) == Some(true)));
    world.run(30_000);
    let (cid, invite) = (
        CollectiveId::from_bytes([9; 32]),
        RecordId::from_bytes([8; 32]),
    );
    world.join_at(1, cid, SEED, invite, vec![named(0)]);
    let told = world.run_until(60_000, |w| failure(w, 1).is_some());
    assert!(told, "{:?}", world.nodes[1].events);
    let (why, retry) = failure(&world, 1).unwrap();
    assert!(why.contains("invitation") && retry, "{why}");
    assert_eq!(world.dials.get(&1), None);
}

/// The address of a node with its peer id at the end.
fn named(node: usize) -> Addr {
    let (mut bytes, id) = (addr(node).0, peer(node).0);
    bytes.extend([0xa5, 0x03, u8::try_from(id.len()).unwrap()]);
    bytes.extend(id);
    Addr(bytes)
}

#[test]
fn a_cancelled_join_stops() {
    let mut world = World::new(19, 2);
    let cid = world.found();
    let invite = world.invite(0, cid, SEED, 1);
    world.off.insert(0);
    world.join(1, cid, SEED, invite, &[0]);
    world.run(3_000);
    world.ask(1, Ask::CancelJoin { cid });
    world.off.clear();
    let dials = world.dials[&1];
    world.run(600_000);
    assert_eq!(world.dials[&1], dials);
    assert!(world.nodes[1].machine.peers().is_empty());
}

/// Node 1 joined by a link. Node 2 holds the link too, and that join: as `person` it asks at the
/// door with it. Hands back the world and the note that was written meanwhile.
fn replayed(uses: u64, person: u32, removed: bool) -> (World, CollectiveId, RecordId, Verified) {
    let mut world = World::new(21, 3);
    let cid = world.found();
    let invite = world.invite(0, cid, SEED, uses);
    world.join(1, cid, SEED, invite, &[0]);
    assert!(world.run_until(10_000, |w| w.all_equal(&[0, 1], cid)));
    let club = &world.nodes[0].home.clubs[&cid];
    let mut records = club.records.values();
    let join = records.find(|record| record.header().kind == Kind::JOIN);
    let join = join.unwrap().clone();
    world.stop(1);
    if removed {
        let club = world.nodes[0].home.clubs.get_mut(&cid).unwrap();
        club.removed.insert(join.header().dev);
        world.input(0, Input::Changed { cid });
    }
    let club = world.nodes[2].home.clubs.entry(cid).or_default();
    club.me = Some(Person::new(person));
    world.show_join(2, &join, SEED, 0);
    world.run(5_000);
    let note = world.note(0, cid, "not for whoever shows a join");
    world.run(120_000);
    let welcomed = |step: &&JoinStep| matches!(step, JoinStep::Welcomed { .. });
    assert!(world.steps(2).iter().any(welcomed), "the door was passed");
    (world, cid, note, join)
}

/// The shares of node 0 with node 2.
fn shared(world: &World) -> Vec<SharedView> {
    let mut views = world.nodes[0].machine.peers().into_iter();
    let view = views.find(|view| view.peer == Some(peer(2)));
    view.map(|view| view.shared).unwrap_or_default()
}

#[test]
fn anothers_join_lets_nobody_in() {
    // At a live door, and at one whose only use is taken.
    for uses in [9, 1] {
        let (world, cid, note, join) = replayed(uses, 2, false);
        for share in shared(&world) {
            assert_ne!(share.dev, join.header().dev, "{uses} uses");
            assert_eq!(share.standing, Standing::Unknown, "{uses} uses");
        }
        assert!(!world.set(2, cid).contains(note.as_bytes()), "{uses} uses");
    }
}

#[test]
fn the_join_of_somebody_who_left_lets_nobody_in() {
    // It is the device's own join, so it can prove itself; it is not to be served all the same.
    for uses in [9, 1] {
        let (world, cid, note, _) = replayed(uses, 1, true);
        assert!(shared(&world).is_empty(), "{uses} uses");
        assert!(!world.set(2, cid).contains(note.as_bytes()), "{uses} uses");
    }
}

#[test]
fn leaving_forgets_the_collective_at_once() {
    let mut world = World::new(20, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    world.reach(0, 1);
    assert!(world.run_until(10_000, |w| w.last_equal(0, 1) == Some(true)));
    let club = world.nodes[1].home.clubs.get_mut(&cid).unwrap();
    club.member = false;
    club.secrets.clear();
    world.ask(1, Ask::Leave { cid });
    world.note(0, cid, "not for leavers");
    world.run(120_000);
    assert!(!world.all_equal(&[0, 1], cid));
    let proven = |event: &&Event| matches!(event, Event::Proven { peer: of, .. } if *of == peer(0));
    assert_eq!(world.nodes[1].events.iter().filter(proven).count(), 1);
    let _: (Peer, _) = (peer(0), addr(0));
}
