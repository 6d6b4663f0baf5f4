//! Claimed time (section 1.4): milliseconds since 1970 and a 16-bit counter in one number.

/// Hybrid logical clock value: `unix_ms << 16 | counter`, below 2^63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hlc(u64);

impl Hlc {
    /// Wraps the raw number; `None` at 2^63 and above.
    pub const fn from_raw(raw: u64) -> Option<Self> {
        if raw < 1 << 63 { Some(Self(raw)) } else { None }
    }

    /// The raw number, as on the wire.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn ms(self) -> u64 {
        self.0 >> 16
    }

    /// The counter that orders records of one millisecond.
    pub const fn counter(self) -> u16 {
        (self.0 & 0xFFFF) as u16
    }

    /// The least value not before `now_ms` that follows every one of `seen` (section 1.4).
    pub fn next(now_ms: u64, seen: impl IntoIterator<Item = Self>) -> Self {
        let own = Self(now_ms.min((1 << 47) - 1) << 16);
        match seen.into_iter().max() {
            // The last value of all has no successor; nobody takes a record that far ahead.
            Some(last) if last >= own => Self((last.0 + 1).min((1 << 63) - 1)),
            _ => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hlc;

    #[test]
    fn follows_what_was_seen_and_the_clock() {
        let at = |ms: u64, counter: u64| Hlc::from_raw(ms << 16 | counter).unwrap();
        assert_eq!(Hlc::next(5, []), at(5, 0));
        assert_eq!(Hlc::next(5, [at(4, 9)]), at(5, 0));
        assert_eq!(Hlc::next(5, [at(5, 0)]), at(5, 1));
        assert_eq!(Hlc::next(5, [at(7, 3), at(6, 9)]), at(7, 4));
        // The counter runs over into the milliseconds.
        assert_eq!(Hlc::next(5, [at(5, 0xFFFF)]), at(6, 0));
        let last = Hlc::from_raw((1 << 63) - 1).unwrap();
        assert_eq!(Hlc::next(5, [last]), last);
        assert_eq!(Hlc::from_raw(1 << 63), None);
        assert_eq!((at(7, 3).ms(), at(7, 3).counter()), (7, 3));
    }
}
