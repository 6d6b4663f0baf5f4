//! Runs a fuzz target over seeds and fixed mutations of them. Other crates include this file.

/// Fewest mutations of each seed.
const ROUNDS: usize = 40;
/// Fewest mutations of all seeds together.
const LEAST: usize = 3_000;

/// The same numbers in every run: `splitmix64` from a fixed start.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
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
pub(crate) fn hammer(seeds: &[Vec<u8>], target: fn(&[u8])) {
    assert!(!seeds.is_empty());
    let rounds = ROUNDS.max(LEAST / seeds.len());
    let mut numbers = Numbers(0);
    for seed in seeds {
        target(seed);
        for _ in 0..rounds {
            target(&mutate(seed, &mut numbers));
        }
    }
}
