//! Live push, bodies on demand, dropped members, and what people are shown.

use folkmoot_record::RecordId;
use folkmoot_sync::{Config, Event, Input, Protocol, Standing};

use crate::world::{World, peer};

fn pair(seed: u64) -> (World, folkmoot_record::CollectiveId) {
    let mut world = World::new(seed, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    world.reach(0, 1);
    assert!(world.run_until(20_000, |w| w.last_equal(0, 1) == Some(true)));
    world.run(1_000);
    (world, cid)
}

#[test]
fn a_new_record_leaves_with_the_input_that_stored_it() {
    let (mut world, cid) = pair(31);
    world.tap = Some(Vec::new());
    world.note(0, cid, "now");
    let sent = world.tap.take().unwrap();
    assert_eq!(sent.len(), 1, "one frame, at once");
    assert_eq!((sent[0].0, sent[0].2), (0, Protocol::Push));
    world.tap = Some(Vec::new());
    world.run(1_000);
    assert!(world.all_equal(&[0, 1], cid));
    // It does not come back.
    assert!(world.tap.take().unwrap().is_empty());
}

#[test]
fn records_travel_on_from_peer_to_peer_once() {
    let mut world = World::new(32, 4);
    let cid = world.found();
    world.admit(&[1, 2, 3], cid);
    for (a, b) in [(0, 1), (1, 2), (2, 3)] {
        world.reach(a, b);
    }
    assert!(world.run_until(30_000, |w| {
        [(0, 1), (1, 2), (2, 3)]
            .iter()
            .all(|(a, b)| w.last_equal(*a, *b) == Some(true))
    }));
    world.run(1_000);
    world.tap = Some(Vec::new());
    world.note(0, cid, "along the line");
    world.run(1_000);
    assert!(world.all_equal(&[0, 1, 2, 3], cid));
    let hops: Vec<(usize, usize)> = world
        .tap
        .take()
        .unwrap()
        .iter()
        .map(|f| (f.0, f.1))
        .collect();
    assert_eq!(hops, [(0, 1), (1, 2), (2, 3)]);
}

#[test]
fn what_damage_took_is_asked_for_though_the_session_was_equal() {
    let (mut world, cid) = pair(36);
    let id = world.note(0, cid, "to be lost");
    world.note(0, cid, "to be kept");
    world.run(1_000);
    assert!(world.all_equal(&[0, 1], cid));
    let club = world.nodes[1].home.clubs.get_mut(&cid).unwrap();
    club.lose(&id);
    world.input(1, Input::Lost { cid });
    assert!(world.run_until(5_000, |w| w.all_equal(&[0, 1], cid)));
    assert!(world.nodes[1].home.clubs[&cid].records.contains_key(&id));
}

#[test]
fn large_bodies_are_announced_and_fetched() {
    let (mut world, cid) = pair(33);
    world.tap = Some(Vec::new());
    world.note(0, cid, &noise(30_000));
    let announced = world.tap.take().unwrap();
    assert!(
        announced.iter().all(|frame| frame.3.len() < 100),
        "only its id"
    );
    world.run(2_000);
    assert!(world.all_equal(&[0, 1], cid));
}

#[test]
fn bodies_that_are_lacking_are_asked_of_those_who_hold_them() {
    let mut world = World::new(34, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    world.nodes[1]
        .home
        .clubs
        .get_mut(&cid)
        .unwrap()
        .headers_only = true;
    let ids: Vec<RecordId> = (0..20)
        .map(|n| world.note(0, cid, &format!("{n}")))
        .collect();
    world.reach(1, 0);
    let whole = |w: &World| {
        let club = &w.nodes[1].home.clubs[&cid];
        ids.iter()
            .all(|id| club.records.get(id).is_some_and(|r| r.body().is_some()))
    };
    assert!(world.run_until(30_000, whole));
}

#[test]
fn a_flood_above_the_queue_is_left_to_reconciliation() {
    let mut world = World::new(35, 2);
    world.latency = 1;
    let cid = world.found();
    world.admit(&[1], cid);
    world.reach(0, 1);
    assert!(world.run_until(20_000, |w| w.last_equal(0, 1) == Some(true)));
    world.run(1_000);
    let now = world.wall();
    let club = world.nodes[0].home.clubs.get_mut(&cid).unwrap();
    let mut ids = Vec::new();
    for n in 0..9_000 {
        let note = club.me.as_mut().unwrap().note(cid, now, &format!("{n}"));
        ids.push(note.id());
        club.insert(note);
    }
    world.stored(0, cid, ids);
    assert!(
        world.run_until(20_000, |w| w.all_equal(&[0, 1], cid)),
        "{}",
        world.set(1, cid).len()
    );
    world.run(5_000);
    assert_eq!(world.last_equal(0, 1), Some(true));
}

#[test]
fn a_removed_member_is_served_nothing_more_and_not_punished() {
    let (mut world, cid) = pair(36);
    let dev = world.nodes[1].home.clubs[&cid].me.as_ref().unwrap().dev();
    let club = world.nodes[0].home.clubs.get_mut(&cid).unwrap();
    club.removed.insert(dev);
    world.stored(0, cid, Vec::new());
    world.note(0, cid, "not for the removed");
    world.reach(1, 0);
    world.run(120_000);
    assert!(!world.all_equal(&[0, 1], cid));
    let view = world.nodes[0].machine.peers();
    assert!(
        view.iter()
            .all(|peer| peer.score == 0 && peer.shared.is_empty()),
        "{view:?}"
    );
    // Whoever is refused learns that much, though not why: the protocol says nothing to them.
    let refused = |event: &Event| matches!(event, Event::Unserved { peer: of, cid: at } if *of == peer(0) && *at == cid);
    assert!(world.run_until(600_000, |w| w.nodes[1].events.iter().any(refused)));
    let anybody = |event: &Event| matches!(event, Event::Unserved { .. });
    assert!(!world.nodes[0].events.iter().any(anybody));
}

#[test]
fn people_see_who_is_there_and_whether_both_hold_the_same() {
    let (world, cid) = pair(37);
    let views = world.nodes[0].machine.peers();
    assert_eq!(views.len(), 1);
    let view = &views[0];
    assert_eq!(view.peer, Some(peer(1)));
    assert!(view.connected && view.dialled && view.last_error.is_none());
    let shared = &view.shared[0];
    assert_eq!(
        (shared.cid, shared.standing, shared.equal),
        (cid, Standing::Member, true)
    );
    assert!(shared.equal_at.is_some() && !shared.in_progress);
    let other = &world.nodes[1].machine.peers()[0];
    assert!(other.connected && !other.dialled && other.shared[0].equal);
}

#[test]
fn a_lost_peer_is_dialled_again_with_growing_pauses() {
    let mut world = World::with_config(38, 2, &Config::default());
    let cid = world.found();
    world.admit(&[1], cid);
    world.reach(0, 1);
    assert!(world.run_until(20_000, |w| w.last_equal(0, 1) == Some(true)));
    world.stop(1);
    let before = world.dials[&0];
    world.run(3_600_000);
    let tries = world.dials[&0] - before;
    assert!((10..30).contains(&tries), "{tries} dials in an hour");
    world.off.clear();
    world.note(0, cid, "while it was away");
    assert!(world.run_until(800_000, |w| w.all_equal(&[0, 1], cid)));
    let proven = |event: &&Event| matches!(event, Event::Proven { .. });
    assert_eq!(world.nodes[0].events.iter().filter(proven).count(), 2);
}

#[test]
fn both_dial_at_the_same_time() {
    for seed in 40..60 {
        let mut world = World::new(seed, 2);
        let cid = world.found();
        world.admit(&[1], cid);
        world.note(0, cid, "zero");
        world.note(1, cid, "one");
        world.reach(0, 1);
        world.reach(1, 0);
        assert!(
            world.run_until(20_000, |w| w.all_equal(&[0, 1], cid)),
            "seed {seed}"
        );
        assert!(
            world.misdeeds().is_empty(),
            "seed {seed}: {:?}",
            world.misdeeds()
        );
    }
}

/// Text that does not compress.
fn noise(len: usize) -> String {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
        .iter()
        .map(|byte| char::from(b'a' + byte % 26))
        .collect()
}
