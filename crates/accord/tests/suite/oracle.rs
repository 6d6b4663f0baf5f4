//! The evaluator that is used says what the naive one says, after every insertion.

use std::collections::BTreeMap;

use folkmoot_record::{RecordId, Verified, control::Control};
use proptest::prelude::*;
use serde_json::Value;

use crate::{
    collective::{World, history},
    dice::{config, shuffled},
    naive::Naive,
};
use folkmoot_vectors::{NO_CLOCK, Replica, outcome};

/// What both say differently, field by field.
pub(crate) fn disagreement(replica: &mut Replica, naive: &Naive) -> Option<String> {
    differences(outcome(replica), &naive.outcome())
}

/// As [`disagreement`], where fences hold. What rests on a fenced record is parked without being
/// judged; if it was found void before, it stays so. Which of the two is said hangs on the order.
fn disagreement_behind_fences(replica: &mut Replica, naive: &Naive) -> Option<String> {
    let (mut said, mut asked) = (outcome(replica), naive.outcome());
    let mut behind = Vec::new();
    for outcome in [&said, &asked] {
        let parked = outcome["parked"].as_object().unwrap();
        let past = parked.iter().filter(|(_, reason)| *reason == "past");
        behind.extend(past.map(|(id, _)| id.clone()));
    }
    for outcome in [&mut said, &mut asked] {
        for state in ["parked", "void"] {
            let map = outcome[state].as_object_mut().unwrap();
            map.retain(|id, _| !behind.contains(id));
        }
    }
    differences(said, &asked)
}

fn differences(mut said: Value, asked: &Value) -> Option<String> {
    if let Value::Object(map) = &mut said {
        map.remove("docs");
    }
    let mut lines = Vec::new();
    for (key, naive) in asked.as_object().unwrap() {
        let said = &said[key];
        match (said, naive) {
            (Value::Object(said), Value::Object(naive)) => {
                for id in said.keys().chain(naive.keys()) {
                    let (one, other) = (said.get(id), naive.get(id));
                    if one != other {
                        lines.push(format!("{key} {id}: said {one:?}, by the text {other:?}"));
                    }
                }
            }
            _ if said != naive => lines.push(format!("{key}: said {said}, by the text {naive}")),
            _ => {}
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Records in a form that a person can follow.
pub(crate) fn story(records: &[Verified]) -> String {
    let tell = |record: &Verified| {
        let header = record.header();
        let auth: Vec<String> = header
            .auth
            .iter()
            .map(folkmoot_record::RecordId::short)
            .collect();
        format!(
            "{} kind {:#x} seat {} dev {} seq {} prev {:?} ms {} cap {:?} auth {auth:?}",
            record.id(),
            header.kind.0,
            header.seat.short(),
            header.dev.short(),
            header.seq,
            header.prev.map(|id| id.short()),
            header.ms(),
            header.cap.map(|id| id.short()),
        )
    };
    records.iter().map(tell).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(config(48))]

    /// P1, P6 and P8 at once: in any order, with everything given twice, after every insertion:
    /// states with reasons, seats, grants, invites, revocations, electorates, epochs, heads.
    #[test]
    fn the_oracle_agrees_after_every_insertion(
        (founders, acts) in history(48),
        seed in any::<u64>(),
    ) {
        let world = World::play(founders, &acts);
        let order = match seed % 4 {
            0 => world.records.clone(),
            _ => shuffled(world.records.clone(), seed),
        };
        let mut replica = Replica::new(world.cid, NO_CLOCK, BTreeMap::new());
        let mut naive = Naive::new(world.cid, NO_CLOCK, None);
        for (n, record) in order.iter().enumerate() {
            replica.take(record);
            replica.take(&order[n / 2]);
            naive.take(record.clone());
            if let Some(lines) = disagreement(&mut replica, &naive) {
                prop_assert!(
                    false,
                    "after {} of {}\n{lines}\nin this order:\n{}",
                    n + 1, order.len(), story(&order[..=n])
                );
            }
        }
    }

    /// Where records were first seen long before others, fences hold what both say they hold.
    #[test]
    fn the_oracle_agrees_on_fences(
        (founders, acts) in history(48),
        ages in proptest::collection::vec(0..120_u64, 60),
        seed in any::<u64>(),
    ) {
        const DAY_MS: u64 = 86_400_000;
        let world = World::play(founders, &acts);
        // Nobody sees what he could not read yet: a record comes after what it rests on.
        let mut since: BTreeMap<RecordId, u64> = BTreeMap::new();
        for (n, record) in world.records.iter().enumerate() {
            let header = record.header();
            let ballots = match record.control() {
                Some(Control::Decision(body)) => body.ballots.clone(),
                _ => Vec::new(),
            };
            let causes = header.auth.iter().chain(&header.prev).chain(&ballots);
            let after = causes.filter_map(|id| since.get(id)).max().copied();
            let own = NO_CLOCK - ages[n % ages.len()] * DAY_MS;
            since.insert(record.id(), own.max(after.unwrap_or(0)));
        }
        let mut replica = Replica::new(world.cid, NO_CLOCK, since.clone());
        let mut naive = Naive::new(world.cid, NO_CLOCK, Some(since));
        let order = shuffled(world.records.clone(), seed);
        for record in &order {
            replica.take(record);
            naive.take(record.clone());
        }
        if let Some(lines) = disagreement_behind_fences(&mut replica, &naive) {
            prop_assert!(false, "{lines}\n{}", story(&world.records));
        }
    }
}
