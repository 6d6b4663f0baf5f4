//! Numbers for tests: a small generator, and a tape of choices that shrinks.

use ed25519_dalek::SigningKey;
use proptest::test_runner::Config;

/// A small generator of numbers (xorshift): one seed, one order.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// The list in another order.
pub(crate) fn shuffled<T>(mut list: Vec<T>, seed: u64) -> Vec<T> {
    let mut dice = Dice::new(seed);
    for at in (1..list.len()).rev() {
        list.swap(at, dice.below(at + 1));
    }
    list
}

/// The choices of one act, one byte each. At its end it says 0, and 0 is always the plain, honest
/// choice: so a shrunk act is a plain one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape {
    bytes: Vec<u8>,
    at: usize,
}

impl Tape {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            at: 0,
        }
    }

    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound.max(1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        u64::from(255 - self.byte()) * 100 < percent * 255
    }

    pub(crate) fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.below(list.len())].clone())
    }

    /// As [`Tape::pick`], the newest first: what was just made is what is mostly meant.
    pub(crate) fn late<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[list.len() - 1 - self.below(list.len())].clone())
    }
}

/// The key of that number.
pub(crate) fn key(number: u64) -> SigningKey {
    let mut bytes = [11; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    SigningKey::from_bytes(&bytes)
}

/// That many cases; the environment may ask for more (`PROPTEST_CASES`), for a long run.
pub(crate) fn config(cases: u32) -> Config {
    let mut config = Config {
        max_shrink_iters: 4_096,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config
}
