//! The run modes of section 10.2: as one batch, in three seeded shuffles one by one, and as two
//! halves merged.

use std::collections::BTreeSet;

use folkmoot_record::{Lane, RecordId, Signed};
use serde_json::Value;

use crate::{NO_CLOCK, Replica, Scenario, outcome};

/// Maps that a scenario may give in part.
const PARTIAL: [&str; 5] = ["revocations", "electorates", "decisions", "epochs", "docs"];

/// What is said of a scenario in each mode.
pub fn modes(scenario: &Scenario) -> Vec<(String, Value)> {
    let records = within_heads(scenario);
    let mut said = Vec::new();
    let mut batch = replica(scenario);
    batch.insert_all(&records);
    said.push(("one batch".to_owned(), outcome(&mut batch)));
    for seed in 1..=3 {
        let mut shuffled = records.clone();
        shuffle(&mut shuffled, seed);
        let mut one_by_one = replica(scenario);
        for wire in &shuffled {
            one_by_one.insert(wire);
        }
        said.push((format!("shuffle {seed}"), outcome(&mut one_by_one)));
    }
    let (first, second) = records.split_at(records.len() / 2);
    let (mut left, mut right) = (replica(scenario), replica(scenario));
    left.insert_all(first);
    right.insert_all(second);
    // Each takes what the other was given, void records too: they are refused again.
    left.insert_all(second);
    right.insert_all(first);
    said.push(("first half, then second".to_owned(), outcome(&mut left)));
    said.push(("second half, then first".to_owned(), outcome(&mut right)));
    said
}

/// The first mode in which something else is said than expected, with every difference.
pub fn disagreement(scenario: &Scenario) -> Option<(String, Vec<String>)> {
    modes(scenario).into_iter().find_map(|(mode, said)| {
        let found = differences(&scenario.expect, &said);
        (!found.is_empty()).then_some((mode, found))
    })
}

/// A replica with the clock and the first sights of a scenario.
pub fn replica(scenario: &Scenario) -> Replica {
    Replica::new(
        scenario.cid,
        scenario.clock_ms.unwrap_or(NO_CLOCK),
        scenario.held_since.clone().unwrap_or_default(),
    )
}

/// With `heads`, S is cut to them, their Past, and ballots and content whose Past lies inside.
pub fn within_heads(scenario: &Scenario) -> Vec<Vec<u8>> {
    let Some(heads) = &scenario.heads else {
        return scenario.records.clone();
    };
    let mut all = replica(scenario);
    all.insert_all(&scenario.records);
    let inside: BTreeSet<RecordId> = heads
        .iter()
        .flat_map(|head| all.accord.past(head))
        .map(|record| record.id())
        .collect();
    let lies_inside = |wire: &&Vec<u8>| {
        Signed::parse(wire).is_ok_and(|signed| {
            let header = signed.header();
            inside.contains(&signed.id())
                || (header.kind.lane() != Lane::Control
                    && header.auth.iter().all(|id| inside.contains(id)))
        })
    };
    let records = scenario.records.iter();
    records.filter(lies_inside).cloned().collect()
}

/// Fisher-Yates with a small generator: the order depends on the seed alone.
fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for at in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        list.swap(at, (state % (at as u64 + 1)) as usize);
    }
}

/// Where what was said differs from what is expected.
pub fn differences(expected: &Value, said: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, expected) in expected.as_object().into_iter().flatten() {
        let said = &said[key];
        if let (Some(wanted), Some(map)) = (expected.as_object(), said.as_object()) {
            for (id, value) in wanted {
                if map.get(id) != Some(value) {
                    let other = map.get(id).unwrap_or(&Value::Null);
                    found.push(format!("{key} {id}: expected {value}, got {other}"));
                }
            }
            if !PARTIAL.contains(&key.as_str()) {
                for (id, value) in map.iter().filter(|(id, _)| !wanted.contains_key(*id)) {
                    found.push(format!("{key} {id}: expected nothing, got {value}"));
                }
            }
        } else if let (Some(wanted), Some(list)) = (expected.as_array(), said.as_array()) {
            for id in wanted.iter().filter(|id| !list.contains(id)) {
                found.push(format!("{key}: expected {id}, which is not there"));
            }
            for id in list.iter().filter(|id| !wanted.contains(id)) {
                found.push(format!("{key}: {id} is there, which was not expected"));
            }
        } else if expected != said {
            found.push(format!("{key}: expected {expected}, got {said}"));
        }
    }
    found
}
