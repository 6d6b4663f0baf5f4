//! Every scenario in every run mode: as one batch, in three seeded shuffles one by one, and as two
//! halves merged.

use folkmoot_vectors::{NO_CLOCK, Scenario, differences, modes, scenarios, within_heads};
use serde_json::Value;

use crate::naive::Naive;

/// The scenarios of a compressed file.
pub(crate) fn read(compressed: &[u8]) -> Vec<Scenario> {
    scenarios(&zstd::decode_all(compressed).unwrap()).unwrap()
}

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
        let by_text = ("naive evaluator".to_owned(), by_the_text(&scenario));
        for (mode, said) in modes(&scenario).into_iter().chain([by_text]) {
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

/// What the naive evaluator says; documents are none of its business.
pub(crate) fn by_the_text(scenario: &Scenario) -> Value {
    let mut naive = Naive::new(
        scenario.cid,
        scenario.clock_ms.unwrap_or(NO_CLOCK),
        scenario.held_since.clone(),
    );
    for wire in within_heads(scenario) {
        naive.take_wire(&wire);
    }
    let mut said = naive.outcome();
    said["docs"] = scenario.expect["docs"].clone();
    said
}
