//! What misbehaviour costs, and how it is forgiven.

use crate::{fault::Fault, limits};

/// Penalty points of one peer, and the time for which it is shunned.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    points: u32,
    at: u64,
    bans: u32,
    until: Option<u64>,
}

/// What follows from a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The stream ends; the peer stays.
    Tolerate,
    /// Every connection ends, and none is taken up for a time.
    Ban,
}

impl Score {
    /// Points left at a time.
    pub(crate) fn points(&self, now: u64) -> u32 {
        let forgiven = now.saturating_sub(self.at) / limits::FORGIVE_MS;
        self.points
            .saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }

    /// Charges a fault.
    pub(crate) fn charge(&mut self, now: u64, fault: &Fault) -> Verdict {
        self.points = self.points(now).saturating_add(fault.points());
        self.at = now;
        if self.points < limits::BAN_SCORE {
            return Verdict::Tolerate;
        }
        let (first, last) = limits::BAN_MS;
        let span = first.saturating_mul(1 << self.bans.min(16)).min(last);
        self.bans += 1;
        self.points = 0;
        self.until = Some(now + span);
        Verdict::Ban
    }

    /// Shuns at least until then: another misdeed of the same device is the reason.
    pub(crate) fn shun(&mut self, until: u64) {
        self.until = self.until.max(Some(until));
    }

    /// Until when the peer is shunned, if it is.
    pub(crate) fn shunned(&self, now: u64) -> Option<u64> {
        self.until.filter(|until| now < *until)
    }

    /// Whether forgetting this peer would forget a misdeed.
    pub(crate) fn is_clean(&self, now: u64) -> bool {
        self.points(now) == 0 && self.shunned(now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_grave_faults_ban_and_time_forgives() {
        let mut score = Score::default();
        assert_eq!(score.charge(0, &Fault::Proof), Verdict::Tolerate);
        assert_eq!(score.points(0), 50);
        assert_eq!(score.points(limits::FORGIVE_MS * 20), 30);
        assert_eq!(score.charge(0, &Fault::Proof), Verdict::Ban);
        assert!(score.shunned(limits::BAN_MS.0 - 1).is_some());
        assert!(score.shunned(limits::BAN_MS.0).is_none());
    }

    #[test]
    fn each_ban_is_twice_as_long_up_to_a_day() {
        let mut score = Score::default();
        let mut now = 0;
        let mut last = 0;
        for _ in 0..20 {
            assert_eq!(score.charge(now, &Fault::Unbidden), Verdict::Ban);
            let span = score.shunned(now).unwrap() - now;
            assert!(span == (last * 2).clamp(limits::BAN_MS.0, limits::BAN_MS.1));
            last = span;
            now += span;
        }
        assert_eq!(last, limits::BAN_MS.1);
    }
}
