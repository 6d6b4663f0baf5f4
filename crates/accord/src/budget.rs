//! What evaluating the records of a seat may cost this node (section 4.11, *CPU*).
//!
//! Nothing here reads a clock, so the cost is counted in steps: questions of Eval answered,
//! revocations and cuts looked at, and plain scans by the [`SCAN`]. The same records in the same
//! order cost the same number everywhere.

use std::collections::BTreeMap;

use folkmoot_record::SeatKey;

/// Steps that stand for 50 ms of one core, the share of a minute that a seat may cost.
///
/// `cargo xtask bench accord` measures how long a step takes, on honest records and on the most
/// costly combinations of heads that it knows (`docs/benchmarks.md`).
pub const STEPS_A_MINUTE: u64 = 500_000;

/// Steps that a judgement costs beside the questions it asks: its past is put together and looked
/// up among the sets that are known.
pub(crate) const STEPS_A_RECORD: u64 = 8;

/// Steps that it costs to begin with a set that nobody asked about lately.
pub(crate) const STEPS_A_SET: u64 = 64;

/// Comparisons in a plain scan that take about as long as one step.
pub(crate) const SCAN: usize = 16;

const MINUTE_MS: u64 = 60_000;

/// What each seat owes. A minute takes its share off; what costs more at once is owed for
/// the minutes after, so that over time a seat costs no more than its share.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Steps that a seat may cost in a minute; `None`: nobody is charged.
    limit: Option<u64>,
    /// The person's own seat: never charged.
    spared: Option<SeatKey>,
    minute: u64,
    /// Seats that owe nothing are not listed.
    owed: BTreeMap<SeatKey, u64>,
}

impl Budget {
    pub(crate) const fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            spared: None,
            minute: 0,
            owed: BTreeMap::new(),
        }
    }

    pub(crate) const fn limit(&self) -> Option<u64> {
        self.limit
    }

    pub(crate) fn spare(&mut self, seat: SeatKey) {
        self.spared = Some(seat);
        self.owed.remove(&seat);
    }

    /// Tells the time. A clock that was set back takes nothing off.
    pub(crate) fn at(&mut self, now_ms: u64) {
        let minute = now_ms / MINUTE_MS;
        let paid = minute
            .saturating_sub(self.minute)
            .saturating_mul(self.limit.unwrap_or(0).max(1));
        self.minute = minute;
        if paid > 0 {
            self.owed.retain(|_, owed| {
                *owed = owed.saturating_sub(paid);
                *owed > 0
            });
        }
    }

    pub(crate) fn charge(&mut self, seat: SeatKey, steps: u64) {
        if steps > 0 && self.limit.is_some() && self.spared != Some(seat) {
            let owed = self.owed.entry(seat).or_default();
            *owed = owed.saturating_add(steps);
        }
    }

    /// Whether nothing more of the seat is judged in this minute.
    pub(crate) fn is_spent(&self, seat: &SeatKey) -> bool {
        self.minutes(seat) > 0
    }

    /// How many minutes the seat has to wait until something of it is judged again.
    pub(crate) fn minutes(&self, seat: &SeatKey) -> u64 {
        let owed = self.owed.get(seat).copied().unwrap_or(0);
        self.limit.map_or(0, |limit| owed / limit.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_more_than_a_minute_is_owed_for_the_next_ones() {
        let (seat, own) = (SeatKey::from_bytes([1; 32]), SeatKey::from_bytes([2; 32]));
        let mut budget = Budget::new(Some(STEPS_A_MINUTE));
        budget.spare(own);
        budget.at(7 * MINUTE_MS);
        budget.charge(seat, STEPS_A_MINUTE - 1);
        budget.charge(own, 9 * STEPS_A_MINUTE);
        assert!(!budget.is_spent(&seat) && !budget.is_spent(&own));
        budget.charge(seat, 2 * STEPS_A_MINUTE);
        assert_eq!(budget.minutes(&seat), 2);
        budget.at(8 * MINUTE_MS - 1);
        assert_eq!(budget.minutes(&seat), 2);
        budget.at(8 * MINUTE_MS);
        assert_eq!(budget.minutes(&seat), 1);
        // A clock set back takes nothing off, and does not make anybody wait until it is caught up.
        budget.at(0);
        assert_eq!(budget.minutes(&seat), 1);
        budget.at(MINUTE_MS);
        assert!(!budget.is_spent(&seat));
        budget.at(9 * MINUTE_MS);
        assert!(budget.owed.is_empty());
    }
}
