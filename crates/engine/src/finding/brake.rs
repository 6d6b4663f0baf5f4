//! How soon the index is opened again after a fault.

/// How long the second attempt waits after the first, in milliseconds. Where the index is built anew, each
/// further one waits twice as long.
const RETRY: u64 = 30_000;
/// The longest wait: a disk that has room again is noticed within it.
const MOST_RETRY: u64 = 16 * 60_000;

/// The first fault is mended at once. What comes back again and again, on a disk that fails or is full,
/// must not keep the node reading its whole log for nothing; to open what was committed costs little.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brake {
    last: Option<Attempt>,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// When, monotonic milliseconds, and how long the next one waits.
    at: u64,
    wait: u64,
    /// How long the last one waited that read the whole log; 0 where none did lately.
    rebuilt: u64,
}

impl Brake {
    /// When it may be opened again, monotonic milliseconds.
    pub(crate) fn until(&self) -> u64 {
        self.last
            .map_or(0, |last| last.at.saturating_add(last.wait))
    }

    /// It was opened again, and is built anew or goes on from its last commit. After a while without a
    /// fault all counts from the beginning.
    pub(crate) fn tried(&mut self, mono: u64, anew: bool) {
        let lately = mono < self.until().saturating_add(MOST_RETRY);
        let rebuilt = self.last.filter(|_| lately).map_or(0, |last| last.rebuilt);
        let (wait, rebuilt) = if anew {
            let wait = (rebuilt * 2).clamp(RETRY, MOST_RETRY);
            (wait, wait)
        } else {
            (RETRY, rebuilt)
        };
        self.last = Some(Attempt {
            at: mono,
            wait,
            rebuilt,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waits of attempts as soon as each may be, in units of the first.
    fn waits(brake: &mut Brake, anew: &[bool]) -> Vec<u64> {
        let wait = |anew: &bool| {
            let mono = brake.until().max(1_000);
            brake.tried(mono, *anew);
            (brake.until() - mono) / RETRY
        };
        anew.iter().map(wait).collect()
    }

    #[test]
    fn what_is_built_again_and_again_waits_ever_longer_up_to_a_bound() {
        let mut brake = Brake::default();
        assert_eq!(brake.until(), 0, "the first time at once");
        assert_eq!(waits(&mut brake, &[true; 8]), [1, 2, 4, 8, 16, 32, 32, 32]);
        let mono = brake.until() + MOST_RETRY;
        brake.tried(mono, true);
        assert_eq!(brake.until(), mono + RETRY);
    }

    #[test]
    fn what_goes_on_from_its_last_commit_never_waits_long() {
        let mut brake = Brake::default();
        assert_eq!(waits(&mut brake, &[false; 3]), [1, 1, 1]);
        let both = [true, true, false, false, true, false, true];
        assert_eq!(waits(&mut brake, &both), [1, 2, 1, 1, 4, 1, 8]);
    }
}
