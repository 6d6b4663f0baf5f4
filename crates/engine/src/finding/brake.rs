//! How soon the index is opened again after a fault.

/// How long the second attempt waits after the first, in milliseconds; each further one twice as long.
const RETRY: u64 = 30_000;
/// The longest wait: a disk that has room again is noticed within it.
const MOST_RETRY: u64 = 16 * 60_000;

/// The first fault is mended at once. What comes back again and again, on a disk that fails or is full,
/// must not keep the node reading its whole log for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brake {
    /// When it was opened again last, monotonic milliseconds, and how long the next time waits.
    last: Option<(u64, u64)>,
}

impl Brake {
    /// When it may be opened again, monotonic milliseconds.
    pub(crate) fn until(&self) -> u64 {
        self.last.map_or(0, |(at, wait)| at.saturating_add(wait))
    }

    /// It is opened again now. After a while without a fault all counts from the beginning.
    pub(crate) fn tried(&mut self, mono: u64) {
        let wait = match self.last {
            Some((_, wait)) if mono < self.until().saturating_add(MOST_RETRY) => {
                (wait * 2).min(MOST_RETRY)
            }
            _ => RETRY,
        };
        self.last = Some((mono, wait));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_again_and_again_waits_ever_longer_up_to_a_bound() {
        let mut brake = Brake::default();
        assert_eq!(brake.until(), 0, "the first time at once");
        let (mut mono, mut waits) = (1_000, Vec::new());
        for _ in 0..8 {
            brake.tried(mono);
            waits.push((brake.until() - mono) / RETRY);
            mono = brake.until();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32, 32]);
        brake.tried(brake.until() + MOST_RETRY);
        let (at, wait) = brake.last.unwrap();
        assert_eq!((brake.until(), wait), (at + RETRY, RETRY));
    }
}
