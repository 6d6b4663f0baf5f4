//! Properties of section 10.5 over random collectives.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::{Accord, NoContent, Policy, Seen, Standing, State};
use folkmoot_record::{
    GrantId, Kind, Lane, RecordId, SeatKey, Verified,
    control::{Control, Target},
};
use proptest::prelude::*;

use crate::{
    collective::{World, is_void},
    dice::Dice,
    replica::NO_CLOCK,
};

fn world(seed: u64, steps: usize) -> World {
    let mut world = World::found(seed, 1 + (seed % 3) as usize);
    for _ in 0..steps {
        world.step();
    }
    world
}

fn control(world: &World) -> Vec<Verified> {
    let lane_0 = |r: &&Verified| r.header().kind.lane() != Lane::Content;
    world.records.iter().filter(lane_0).cloned().collect()
}

fn shuffled(mut records: Vec<Verified>, seed: u64) -> Vec<Verified> {
    let mut dice = Dice::new(seed);
    for at in (1..records.len()).rev() {
        records.swap(at, dice.below(at + 1));
    }
    records
}

fn fresh(world: &World) -> Accord {
    Accord::with_policy(world.cid, Policy::VECTORS)
}

fn standings(accord: &Accord, records: &[Verified]) -> BTreeMap<RecordId, Standing> {
    records
        .iter()
        .filter_map(|r| Some((r.id(), accord.standing(&r.id())?)))
        .collect()
}

fn honoured(accord: &Accord) -> BTreeSet<RecordId> {
    accord
        .records()
        .filter(|r| r.header().kind.lane() == Lane::Control)
        .map(Verified::id)
        .filter(|id| accord.standing(id).is_some_and(|s| s.is_honoured()))
        .collect()
}

/// The same picture, however the lists in it are ordered.
fn same(mut a: State, mut b: State) -> bool {
    for state in [&mut a, &mut b] {
        for seat in state.seats.values_mut() {
            seat.grants.sort_unstable();
        }
        for invite in state.invites.values_mut() {
            invite.selected.sort_unstable();
        }
        for proposal in state.proposals.values_mut() {
            proposal.decisions.sort_unstable();
        }
    }
    a == b
}

fn live(state: &State) -> BTreeMap<GrantId, (bool, u8, SeatKey)> {
    let grants = state.grants.iter();
    grants
        .map(|(gid, g)| (*gid, (g.live, g.limits.rank, g.to)))
        .collect()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(40))]

    /// P1, P2, P18: after every insertion the running evaluation equals one from nothing; nothing
    /// that was judged changes its verdict; and judging content in between changes nothing.
    #[test]
    fn incremental_equals_batch(seed in any::<u64>(), steps in 20_usize..90) {
        let world = world(seed, steps);
        let order = shuffled(world.records.clone(), seed ^ 1);
        let mut accord = fresh(&world);
        let mut void = BTreeSet::new();
        let mut valid = BTreeSet::new();
        for (n, record) in order.iter().enumerate() {
            if record.header().kind.lane() == Lane::Content {
                let _ = accord.judge(record.header(), record.id(), NO_CLOCK, &NoContent);
                continue;
            }
            let mut touched = vec![record.id()];
            let inserted = accord.insert(record.clone(), Seen::now(NO_CLOCK));
            touched.extend(inserted.changed.iter().map(|(id, _)| *id));
            // Again, and something older again: nothing happens.
            let earlier = &order[n / 2];
            for again in [record, earlier] {
                if again.header().kind.lane() != Lane::Content {
                    let repeated = accord.insert(again.clone(), Seen::now(NO_CLOCK));
                    prop_assert!(repeated.changed.is_empty());
                }
            }
            for id in touched {
                match accord.standing(&id) {
                    Some(standing) if is_void(&standing) => {
                        prop_assert!(!valid.contains(&id));
                        void.insert(id);
                    }
                    Some(standing) if standing.is_admitted() => {
                        prop_assert!(!void.contains(&id));
                        valid.insert(id);
                    }
                    _ => {}
                }
            }
            let (state, kept) = accord.evaluate_afresh();
            prop_assert!(same(state, accord.state().clone()), "after {} of {}", n, order.len());
            prop_assert_eq!(kept, honoured(&accord));
        }
        let all = control(&world);
        prop_assert_eq!(standings(&accord, &all), standings(&world.accord, &all));
        let state = world.accord.state().clone();
        prop_assert!(same(state, accord.state().clone()));
    }

    /// P5: two replicas that take what the other has stand alike, in either direction, twice.
    #[test]
    fn union_is_a_merge(seed in any::<u64>(), steps in 20_usize..90, split in any::<u64>()) {
        let world = world(seed, steps);
        let all = control(&world);
        let mut dice = Dice::new(split);
        let (mut left, mut right) = (fresh(&world), fresh(&world));
        let now = Seen::now(NO_CLOCK);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for record in shuffled(all.clone(), split) {
            match dice.below(3) {
                0 => first.push((record, now)),
                1 => second.push((record, now)),
                _ => {
                    first.push((record.clone(), now));
                    second.push((record, now));
                }
            }
        }
        left.insert_all(first.clone());
        right.insert_all(second.clone());
        left.insert_all(second.clone());
        right.insert_all(first.clone());
        prop_assert_eq!(standings(&left, &all), standings(&right, &all));
        prop_assert!(same(left.state().clone(), right.state().clone()));
        prop_assert!(left.insert_all(first).is_empty());
        prop_assert_eq!(standings(&left, &all), standings(&world.accord, &all));
    }

    /// P4 and P7: what is done under a rank leaves everything above that rank as it was, and a
    /// revocation revives nothing that it hits.
    #[test]
    fn weaker_acts_leave_the_stronger_alone(seed in any::<u64>(), steps in 20_usize..120) {
        let world = world(seed, steps);
        let mut accord = fresh(&world);
        for record in control(&world) {
            let before = live(accord.state());
            let header = record.header().clone();
            let inserted = accord.insert(record.clone(), Seen::now(NO_CLOCK));
            let orphan = matches!(inserted.standing, Standing::Orphan { .. });
            prop_assert!(!orphan);
            let after = live(accord.state());
            let rank = header.cap.and_then(|cap| {
                let state = accord.state();
                let own = state.grants.get(&cap).map(|g| g.limits.rank);
                own.or_else(|| state.invites.get(&cap).map(|i| i.limits.rank))
            });
            if let (Some(rank), true) = (rank, header.kind != Kind::GENESIS) {
                for (gid, (was, of, to)) in &before {
                    if *of > rank && *to != header.seat {
                        prop_assert_eq!(*was, after[gid].0, "{} by rank {}", gid, rank);
                    }
                }
            }
            if let Some(Control::Revoke(body)) = record.control()
                && inserted.standing.is_honoured()
                && let Target::Grant(gid) = body.target
                && let Some((now, _, _)) = after.get(&gid)
            {
                prop_assert!(!now, "a grant that was just revoked lives");
            }
        }
    }
}

/// Histories in which a record without cap changed with the live grants of its seat, and the
/// running evaluation once missed it.
#[test]
fn records_without_cap_follow_the_grants_of_their_seat() {
    for (seed, steps) in [
        (15_810_034_498_293_935_798, 74),
        (13_907_507_170_841_136_474, 187),
    ] {
        let world = world(seed, steps);
        let (_, kept) = world.accord.evaluate_afresh();
        assert_eq!(kept, honoured(&world.accord));
    }
}

/// The generator reaches what the properties are about: without this they could hold emptily.
#[test]
fn random_collectives_are_busy() {
    let mut kinds: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let (mut void, mut shadowed) = (0, 0);
    for seed in 0..40 {
        let world = world(seed, 120);
        for record in control(&world) {
            let standing = world.accord.standing(&record.id()).unwrap();
            let count = kinds.entry(record.header().kind).or_default();
            count.0 += 1;
            match standing {
                Standing::Void(_) => void += 1,
                Standing::Admitted { honoured: false } => shadowed += 1,
                _ => count.1 += 1,
            }
        }
    }
    eprintln!("made and honoured by kind: {kinds:?}; void {void}, shadowed {shadowed}");
    for kind in [
        Kind::INVITE,
        Kind::JOIN,
        Kind::DEVICE,
        Kind::GRANT,
        Kind::REVOKE,
        Kind::READMIT,
        Kind::RESIGN,
        Kind::PROPOSAL,
        Kind::BALLOT,
        Kind::DECISION,
        Kind::EPOCH,
        Kind::KEM,
    ] {
        assert!(kinds.get(&kind).is_some_and(|(_, n)| *n >= 10), "{kind:?}");
    }
    assert!(void > 100 && shadowed > 40);
}
