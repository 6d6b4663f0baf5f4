//! The facade: one object that the engine owns.

use crate::{Holdings, Input, Output, Peer, PeerView};

/// The time of one input. The machine never reads a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, milliseconds since 1970: for windows and for people.
    pub wall: u64,
    /// Monotonic milliseconds from any start: for deadlines.
    pub mono: u64,
}

/// What differs between nodes and tests.
#[derive(Debug, Clone)]
pub struct Config {
    /// Mean time between reconciliations with an idle peer, in milliseconds.
    pub beat_ms: u64,
    /// Whether new records are pushed at once; reconciliation finds them all the same.
    pub push: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            beat_ms: 5 * 60 * 1_000,
            push: true,
        }
    }
}

/// The peer protocol of one node (sections 7.3 to 7.7) as a function of its inputs.
#[derive(Debug)]
pub struct Machine {
    own: Peer,
    config: Config,
    seed: [u8; 32],
}

impl Machine {
    /// A machine without peers. `seed` is 32 fresh random bytes: nonces, padding, shuffles and
    /// jitter come from it, so it must never be used twice.
    pub fn new(own: Peer, config: Config, seed: [u8; 32]) -> Self {
        Self { own, config, seed }
    }

    /// Takes one input and hands back what is to be done, in order, before the next input.
    pub fn handle(&mut self, now: Now, input: Input, held: &dyn Holdings) -> Vec<Output> {
        let _ = (now, input, held, &self.own, &self.config, &self.seed);
        Vec::new()
    }

    /// When [`Input::Tick`] is due at the latest, monotonic milliseconds; `None` while nothing
    /// waits for time to pass.
    pub fn deadline(&self) -> Option<u64> {
        None
    }

    /// All peers and addresses known, for people.
    pub fn peers(&self) -> Vec<PeerView> {
        Vec::new()
    }
}
