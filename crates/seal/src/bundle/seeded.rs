//! Randomness that was passed in, in the form that HPKE asks for.

use core::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroize;

/// Hands out the keyed BLAKE3 stream of 32 secret bytes.
pub(super) struct Seeded {
    stream: blake3::OutputReader,
}

impl Seeded {
    pub(super) fn new(seed: &[u8; 32]) -> Self {
        Self {
            stream: blake3::Hasher::new_keyed(seed).finalize_xof(),
        }
    }
}

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.stream.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.stream.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        self.stream.fill(to);
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}

impl Drop for Seeded {
    fn drop(&mut self) {
        self.stream.zeroize();
    }
}
