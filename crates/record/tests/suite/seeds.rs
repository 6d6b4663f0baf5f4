//! The fuzz targets over the vectors and fixed mutations of them, so that they do not rot.

use crate::corpus::{Case, corpus};
use crate::targets;
use folkmoot_record::Signed;

/// Mutations of each seed.
const ROUNDS: usize = 40;

/// The same numbers in every run.
struct Numbers(blake3::OutputReader);

impl Numbers {
    fn new() -> Self {
        Self(blake3::Hasher::new().finalize_xof())
    }

    fn below(&mut self, bound: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % bound
    }
}

/// Changes, cuts, inserts or doubles bytes, as a fuzzer does.
fn mutate(input: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = numbers.below(bytes.len());
        match numbers.below(5) {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[at] = numbers.below(256) as u8,
            2 => bytes.truncate(at),
            3 => bytes.insert(at, numbers.below(256) as u8),
            _ => {
                let part = bytes[at..bytes.len().min(at + 9)].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// Runs a target over each seed and its mutations.
fn hammer(seeds: &[Vec<u8>], target: fn(&[u8])) {
    assert!(seeds.len() > 30, "{} seeds", seeds.len());
    let mut numbers = Numbers::new();
    for seed in seeds {
        target(seed);
        for _ in 0..ROUNDS {
            target(&mutate(seed, &mut numbers));
        }
    }
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
