//! P14: reconcile and push give equal sets under partitions, losses and reorderings.

use folkmoot_sync::{Ask, Config};

use crate::world::World;

#[test]
fn two_members_become_equal_and_both_know_it() {
    let mut world = World::new(1, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    for n in 0..300 {
        world.note(n % 2, cid, &format!("note {n}"));
    }
    world.reach(0, 1);
    assert!(world.run_until(20_000, |w| w.all_equal(&[0, 1], cid)));
    world.run(2_000);
    assert_eq!(world.last_equal(0, 1), Some(true));
    assert_eq!(world.last_equal(1, 0), Some(true));
    assert_eq!(world.set(0, cid).len(), 304);
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn any_partitions_and_losses_end_in_equal_sets() {
    for seed in 0..25 {
        let nodes = 3 + (seed as usize % 4);
        // Pushing every second time: reconciliation alone must do as well.
        let config = Config {
            push: seed % 2 == 0,
            ..Config::default()
        };
        let mut world = World::with_config(seed, nodes, &config);
        world.latency = 1 + seed * 7 % 120;
        let cid = world.found();
        let others: Vec<usize> = (1..nodes).collect();
        world.admit(&others, cid);
        for a in 0..nodes {
            world.reach(a, (a + 1) % nodes);
        }
        for round in 0..30 {
            let (a, b) = (
                world.random(nodes as u64) as usize,
                world.random(nodes as u64) as usize,
            );
            match world.random(5) {
                0 if a != b => world.part(a, b),
                1 => world.cut.clear(),
                2 if a != b => world.break_line(a, b),
                _ => {
                    for n in 0..world.random(40) {
                        world.note(a, cid, &format!("{round} {n}"));
                    }
                }
            }
            let pause = world.random(4_000);
            world.run(pause);
        }
        world.cut.clear();
        for a in 0..nodes {
            world.reach(a, (a + 1) % nodes);
        }
        let all: Vec<usize> = (0..nodes).collect();
        assert!(
            world.run_until(900_000, |w| w.all_equal(&all, cid)),
            "seed {seed}: sizes {:?}",
            all.iter()
                .map(|n| world.set(*n, cid).len())
                .collect::<Vec<_>>()
        );
        assert!(
            world.misdeeds().is_empty(),
            "seed {seed}: {:?}",
            world.misdeeds()
        );
    }
}

#[test]
fn a_fresh_member_receives_much_with_bounded_rounds() {
    // More than one run can tell: 24 rounds of about 1,860 ids.
    let mut world = World::new(9, 2);
    world.latency = 2;
    let cid = world.found();
    world.admit(&[1], cid);
    for n in 0..60_000 {
        world.note(0, cid, &format!("note {n}"));
    }
    world.reach(1, 0);
    assert!(world.run_until(600_000, |w| w.last_equal(1, 0) == Some(true)));
    assert!(world.all_equal(&[0, 1], cid));
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}

#[test]
fn few_differences_in_many_items_cost_little() {
    let mut world = World::new(3, 2);
    world.latency = 5;
    let cid = world.found();
    world.admit(&[1], cid);
    for n in 0..20_000 {
        world.note(0, cid, &format!("note {n}"));
    }
    world.reach(1, 0);
    assert!(world.run_until(600_000, |w| w.last_equal(1, 0) == Some(true)));
    world.part(0, 1);
    world.run(10);
    for n in 0..100 {
        world.note(0, cid, &format!("left {n} {}", "x".repeat(250)));
        world.note(1, cid, &format!("right {n} {}", "x".repeat(250)));
    }
    world.cut.clear();
    let before = world.carried;
    world.reach(1, 0);
    assert!(world.run_until(100_000, |w| w.all_equal(&[0, 1], cid)));
    let cost = world.carried - before;
    assert!(cost < 150_000, "{cost} bytes");
}

#[test]
fn an_idle_pair_says_little() {
    let mut world = World::new(4, 2);
    let cid = world.found();
    world.admit(&[1], cid);
    for n in 0..2_000 {
        world.note(0, cid, &format!("note {n}"));
    }
    world.reach(0, 1);
    assert!(world.run_until(60_000, |w| w.last_equal(0, 1) == Some(true)));
    world.run(2_000);
    let before = world.carried;
    world.run(3_600_000);
    let cost = world.carried - before;
    assert!(cost > 0, "the slow beat compares");
    assert!(cost < 40_000, "{cost} bytes an hour");
    assert_eq!(world.last_equal(1, 0), Some(true));
}

#[test]
fn asking_syncs_at_once() {
    let config = Config {
        push: false,
        ..Config::default()
    };
    let mut world = World::with_config(5, 2, &config);
    let cid = world.found();
    world.admit(&[1], cid);
    world.reach(0, 1);
    assert!(world.run_until(60_000, |w| w.last_equal(0, 1) == Some(true)));
    world.note(0, cid, "written without a push");
    world.run(1_000);
    assert!(!world.all_equal(&[0, 1], cid));
    world.ask(1, Ask::SyncNow { cid: None });
    assert!(world.run_until(1_000, |w| w.all_equal(&[0, 1], cid)));
    // Again at once, from both sides together.
    world.note(0, cid, "another one");
    world.ask(0, Ask::SyncNow { cid: Some(cid) });
    world.ask(1, Ask::SyncNow { cid: Some(cid) });
    assert!(world.run_until(2_000, |w| w.all_equal(&[0, 1], cid)));
    world.run(2_000);
    assert_eq!(world.last_equal(0, 1), Some(true));
    assert_eq!(world.last_equal(1, 0), Some(true));
    assert!(world.misdeeds().is_empty(), "{:?}", world.misdeeds());
}
