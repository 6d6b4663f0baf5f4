//! The fuzz targets over the vectors and fixed mutations of them, so that they do not rot.

use crate::corpus::{Case, corpus};
use crate::hammer;
use crate::targets;
use folkmoot_record::Signed;

/// Runs a target over many seeds.
fn hammer(seeds: &[Vec<u8>], target: fn(&[u8])) {
    assert!(seeds.len() > 30, "{} seeds", seeds.len());
    hammer::hammer(seeds, target);
}

/// Vectors of ordinary size; the few giants would take most of the time.
fn wires() -> Vec<Vec<u8>> {
    let cases = corpus().records;
    cases
        .iter()
        .map(Case::wire)
        .filter(|wire| wire.len() < 2_000)
        .collect()
}

/// Bodies with their kind before them.
fn bodies(content: bool) -> Vec<Vec<u8>> {
    wires()
        .iter()
        .filter_map(|wire| {
            let record = Signed::parse(wire).ok()?.trust_stored().ok()?;
            let kind = record.header().kind;
            (kind.is_content() == content).then_some(())?;
            Some([&kind.0.to_be_bytes(), record.body()?].concat())
        })
        .collect()
}

#[test]
fn fc_target_holds() {
    let mut seeds = wires();
    for body in [bodies(false), bodies(true)].concat() {
        seeds.push(body[2..].to_vec());
    }
    hammer(&seeds, targets::fc);
}

#[test]
fn record_target_holds() {
    hammer(&wires(), targets::record);
}

#[test]
fn control_target_holds() {
    hammer(&bodies(false), targets::control);
}

#[test]
fn content_target_holds() {
    hammer(&bodies(true), targets::content);
}
