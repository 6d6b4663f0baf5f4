//! Every scenario in every run mode: as one batch, in three seeded shuffles one by one, and as two
//! halves merged.

use std::collections::BTreeMap;

use folkmoot_record::{Lane, Signed};
use serde_json::Value;

use crate::{
    naive::Naive,
    outcome::outcome,
    replica::{NO_CLOCK, Replica},
    scenario::{Scenario, read},
};

/// Maps that a scenario may give in part.
const PARTIAL: [&str; 5] = ["revocations", "electorates", "decisions", "epochs", "docs"];

#[test]
fn core() {
    run(include_bytes!(
        "../../../../tests/vectors/scenarios-core.json.zst"
    ));
}

#[test]
fn governance() {
    run(include_bytes!(
        "../../../../tests/vectors/scenarios-governance.json.zst"
    ));
}

#[test]
fn random_core() {
    run(include_bytes!(
        "../../../../tests/vectors/scenarios-random-core.json.zst"
    ));
}

#[test]
fn random_governance() {
    run(include_bytes!(
        "../../../../tests/vectors/scenarios-random-governance.json.zst"
    ));
}

/// Runs a file and reports every mismatch at once.
fn run(compressed: &[u8]) {
    let mut wrong = Vec::new();
    for scenario in read(compressed) {
        for (mode, said) in modes(&scenario) {
            let differences = differences(&scenario.expect, &said);
            if !differences.is_empty() {
                wrong.push(format!(
                    "{}, {mode}:\n{}",
                    scenario.name,
                    differences.join("\n")
                ));
                break;
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} scenarios differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn modes(scenario: &Scenario) -> Vec<(String, Value)> {
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
    said.push((
        "naive evaluator".to_owned(),
        by_the_text(scenario, &records),
    ));
    said
}

/// What the naive evaluator says; documents are none of its business.
fn by_the_text(scenario: &Scenario, records: &[Vec<u8>]) -> Value {
    let mut naive = Naive::new(
        scenario.cid,
        scenario.clock_ms.unwrap_or(NO_CLOCK),
        scenario.held_since.clone(),
    );
    for wire in records {
        naive.take_wire(wire);
    }
    let mut said = naive.outcome();
    said["docs"] = scenario.expect["docs"].clone();
    said
}

fn replica(scenario: &Scenario) -> Replica {
    Replica::new(
        scenario.cid,
        scenario.clock_ms.unwrap_or(NO_CLOCK),
        scenario.held_since.clone().unwrap_or_default(),
    )
}

/// With `heads`, S is cut to them, their Past, and ballots and content whose Past lies inside.
fn within_heads(scenario: &Scenario) -> Vec<Vec<u8>> {
    let Some(heads) = &scenario.heads else {
        return scenario.records.clone();
    };
    let mut all = replica(scenario);
    all.insert_all(&scenario.records);
    let inside: BTreeMap<_, _> = heads
        .iter()
        .flat_map(|head| all.accord.past(head))
        .map(|record| (record.id(), record))
        .collect();
    let lies_inside = |wire: &&Vec<u8>| {
        let signed = Signed::parse(wire).unwrap();
        inside.contains_key(&signed.id())
            || (signed.header().kind.lane() != Lane::Control
                && signed
                    .header()
                    .auth
                    .iter()
                    .all(|id| inside.contains_key(id)))
    };
    scenario
        .records
        .iter()
        .filter(lies_inside)
        .cloned()
        .collect()
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
fn differences(expected: &Value, said: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, expected) in expected.as_object().unwrap() {
        let said = &said[key];
        if let (Some(wanted), Some(map)) = (expected.as_object(), said.as_object()) {
            for (id, value) in wanted {
                if map.get(id) != Some(value) {
                    let other = map.get(id).unwrap_or(&Value::Null);
                    found.push(format!("  {key} {id}: expected {value}, said {other}"));
                }
            }
            if !PARTIAL.contains(&key.as_str()) {
                for (id, value) in map.iter().filter(|(id, _)| !wanted.contains_key(*id)) {
                    found.push(format!("  {key} {id}: not expected, said {value}"));
                }
            }
        } else if let (Some(wanted), Some(list)) = (expected.as_array(), said.as_array()) {
            for id in wanted.iter().filter(|id| !list.contains(id)) {
                found.push(format!("  {key}: {id} expected, not said"));
            }
            for id in list.iter().filter(|id| !wanted.contains(id)) {
                found.push(format!("  {key}: {id} not expected"));
            }
        } else if expected != said {
            found.push(format!("  {key}: expected {expected}, said {said}"));
        }
    }
    found
}
