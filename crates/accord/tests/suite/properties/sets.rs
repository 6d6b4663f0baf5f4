//! Properties of sets: P1, P2, P5, P6, P18, P19.

use std::collections::BTreeMap;

use folkmoot_accord::{NoContent, Standing};
use folkmoot_record::{Lane, RecordId};
use proptest::prelude::*;

use super::{control, fresh, honoured, now, same, standings};
use crate::{
    collective::{World, history},
    dice::{Dice, config, shuffled},
    naive::Naive,
};
use folkmoot_vectors::{NO_CLOCK, Replica, outcome};

proptest! {
    #![proptest_config(config(40))]

    /// P1: after every insertion the running evaluation equals one from nothing, and in the end
    /// every order says the same; giving something twice changes nothing.
    #[test]
    fn p1_order_and_duplicates_change_nothing((founders, acts) in history(70), seed in any::<u64>()) {
        let world = World::play(founders, &acts);
        let all = control(&world);
        let order = shuffled(all.clone(), seed);
        let mut accord = fresh(&world);
        for (n, record) in order.iter().enumerate() {
            accord.insert(record.clone(), now());
            for again in [record, &order[n / 2]] {
                let repeated = accord.insert(again.clone(), now());
                prop_assert!(repeated.changed.is_empty());
            }
            let (state, kept) = accord.evaluate_afresh();
            prop_assert!(same(state, accord.state().clone()), "after {} of {}", n, order.len());
            prop_assert_eq!(kept, honoured(&accord));
        }
        prop_assert_eq!(standings(&accord, &all), standings(&world.accord, &all));
        prop_assert!(same(world.accord.state().clone(), accord.state().clone()));
    }

    /// P2: what was once found void or valid stays so, whatever comes, and on every node.
    #[test]
    fn p2_validity_never_changes((founders, acts) in history(70), seed in any::<u64>()) {
        let world = World::play(founders, &acts);
        let mut accord = fresh(&world);
        let mut judged: BTreeMap<RecordId, Result<(), _>> = BTreeMap::new();
        for record in shuffled(control(&world), seed) {
            accord.insert(record, now());
            for other in control(&world) {
                let verdict = match accord.standing(&other.id()) {
                    Some(Standing::Void(reason)) => Err(reason),
                    Some(Standing::Admitted { .. }) => Ok(()),
                    _ => continue,
                };
                let first = judged.entry(other.id()).or_insert(verdict);
                prop_assert_eq!(*first, verdict, "{}", other.id());
            }
        }
    }

    /// P5: union commutes, is associative and idempotent.
    #[test]
    fn p5_union_is_a_merge((founders, acts) in history(70), split in any::<u64>()) {
        let world = World::play(founders, &acts);
        let all = control(&world);
        let mut dice = Dice::new(split);
        let mut parts = [Vec::new(), Vec::new(), Vec::new()];
        for record in shuffled(all.clone(), split) {
            let first = dice.below(3);
            parts[first].push((record.clone(), now()));
            if dice.below(3) == 0 {
                parts[dice.below(3)].push((record, now()));
            }
        }
        let [a, b, c] = parts;
        let union = |sets: &[&Vec<_>]| {
            let mut accord = fresh(&world);
            for set in sets {
                accord.insert_all((*set).clone());
            }
            accord
        };
        let mut left = union(&[&a, &b, &c]);
        let bc = [b.clone(), c.clone()].concat();
        for other in [union(&[&bc, &a]), union(&[&c, &b, &a]), union(&[&a, &a, &bc, &b])] {
            prop_assert_eq!(standings(&left, &all), standings(&other, &all));
            prop_assert!(same(left.state().clone(), other.state().clone()));
        }
        prop_assert!(left.insert_all(a).is_empty());
        prop_assert_eq!(standings(&left, &all), standings(&world.accord, &all));
    }

    /// P6: going up the strata, every look-up is of a decided one. The oracle panics where one is
    /// not; here it evaluates what random parts of a collective hold.
    #[test]
    fn p6_every_look_up_is_of_a_decided_stratum((founders, acts) in history(60), seed in any::<u64>()) {
        let world = World::play(founders, &acts);
        let mut naive = Naive::new(world.cid, NO_CLOCK, None);
        for record in shuffled(world.records.clone(), seed) {
            naive.take(record);
            naive.now();
        }
    }

    /// P18: no content record changes anything of lane 0, held, judged, forked or misdated as it
    /// may be.
    #[test]
    fn p18_content_changes_no_authority((founders, acts) in history(70), seed in any::<u64>()) {
        let world = World::play(founders, &acts);
        let mut with = Replica::new(world.cid, NO_CLOCK, BTreeMap::new());
        let mut without = fresh(&world);
        for record in shuffled(world.records.clone(), seed) {
            with.take(&record);
            with.judge();
            if record.header().kind.lane() == Lane::Content {
                let header = record.header();
                let before = with.accord.state().clone();
                with.accord.judge(header, record.id(), NO_CLOCK, &NoContent);
                prop_assert!(same(before, with.accord.state().clone()));
            } else {
                without.insert(record, now());
            }
        }
        let all = control(&world);
        prop_assert_eq!(standings(&with.accord, &all), standings(&without, &all));
        prop_assert!(same(with.accord.state().clone(), without.state().clone()));
    }

    /// P19: with or without content bodies, every verdict is the same.
    #[test]
    fn p19_bodies_change_no_verdict((founders, acts) in history(70), seed in any::<u64>()) {
        let world = World::play(founders, &acts);
        let mut dice = Dice::new(seed);
        let mut whole = Replica::new(world.cid, NO_CLOCK, BTreeMap::new());
        let mut bare = Replica::new(world.cid, NO_CLOCK, BTreeMap::new());
        for record in &world.records {
            whole.insert(record.wire());
            if record.header().kind.is_content() && dice.below(4) > 0 {
                bare.insert(record.without_body().wire());
            } else {
                bare.insert(record.wire());
            }
        }
        prop_assert_eq!(outcome(&mut whole), outcome(&mut bare));
    }
}
