//! Nonces, padding, shuffles and jitter from one seed.

/// A deterministic stream of bytes: the output of BLAKE3 over the seed.
pub(crate) struct Dice(blake3::OutputReader);

impl std::fmt::Debug for Dice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dice(..)")
    }
}

impl Dice {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        // Keyed by the seed; what the stream is for stands in the input.
        let mut hasher = blake3::Hasher::new_keyed(seed);
        hasher.update(b"folkmoot sync machine");
        Self(hasher.finalize_xof())
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    /// A number below `bound`; zero for a bound of zero. The bias of the remainder is below
    /// 2^-40 for every bound used here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes())
            .checked_rem(bound)
            .unwrap_or(0)
    }

    /// A span around `mean`: from three quarters to five quarters of it.
    pub(crate) fn around(&mut self, mean: u64) -> u64 {
        mean - mean / 4 + self.below(mean / 2 + 1)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            // Never above `last`, so it fits.
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}
