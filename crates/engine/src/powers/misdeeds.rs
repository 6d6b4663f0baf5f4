//! What members' devices did that costs others something: counted, bounded, for the person's eye.
//!
//! None of it changes a verdict. A mistake looks the same as malice here, so it is told in plain words
//! and left to the person.

use std::collections::BTreeMap;

use folkmoot_record::SeatKey;

/// Entries kept a collective; the one that was seen longest ago goes first.
const MOST: usize = 256;

/// What a member did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Misdeed {
    /// More records than the charter lets a device write in a day.
    Flood,
    /// Records dated in the future.
    Time,
    /// Several records for one place of a log, or a log that contradicts itself.
    Fork,
    /// Records that rest on others which nobody hands over.
    Hidden,
    /// Records that take long to judge.
    Work,
    /// Records that are not valid.
    Refused,
    /// Breaches of the peer protocol.
    Protocol,
}

impl Misdeed {
    /// The word in `--json`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Time => "time",
            Self::Fork => "fork",
            Self::Hidden => "hidden",
            Self::Work => "work",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
        }
    }

    /// What happened, for people; `count` goes before it.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Flood => "records above what the charter lets a device write in a day",
            Self::Time => "records dated in the future",
            Self::Fork => "places in a log that hold more than one record, or contradict it",
            Self::Hidden => "records that rest on others which nobody hands over",
            Self::Work => "records that wait because their author's take long to judge",
            Self::Refused => "records that are not valid, refused",
            Self::Protocol => "breaches of the peer protocol",
        }
    }

    /// What it costs this node at most.
    pub(crate) const fn cost(self) -> &'static str {
        match self {
            Self::Flood => "content is stored and shown as the days allow; other records wait",
            Self::Time => "stored, and not shown or counted until their time comes",
            Self::Fork => "stored; of one place at most 16 records count",
            Self::Hidden => "at most 4,096 of a device, or 16 MiB, wait in memory",
            Self::Work => "judged for 50 ms a minute; the others wait for their turn",
            Self::Refused => "nothing of it is stored; the node that brings them is shunned",
            Self::Protocol => "the device is shunned, for ten minutes at first and a day at most",
        }
    }

    /// What it may be, short of malice.
    pub(crate) const fn perhaps(self) -> &'static str {
        match self {
            Self::Flood => "ask whether it is an import",
            Self::Time => "ask whether their clock is right",
            Self::Fork => "ask whether a backup was restored, or a home copied",
            Self::Hidden => "`moot sync`; another member may have the missing ones",
            Self::Work => "ask what their program does; `moot why` with an id tells of one record",
            Self::Refused => "`moot why` with their seat shows what they may do",
            Self::Protocol => "ask for their version of the program",
        }
    }
}

/// How often, and from when to when, in ms of the own clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first_ms: u64,
    pub(crate) last_ms: u64,
}

/// What the members of one collective did.
#[derive(Debug, Default)]
pub(crate) struct Misdeeds(BTreeMap<(SeatKey, Misdeed), Tally>);

impl Misdeeds {
    /// Counts one.
    pub(crate) fn note(&mut self, seat: SeatKey, what: Misdeed, at_ms: u64) {
        let key = (seat, what);
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            let oldest = self.0.iter().min_by_key(|(_, tally)| tally.last_ms);
            if let Some(gone) = oldest.map(|(key, _)| *key) {
                self.0.remove(&gone);
            }
        }
        let tally = self.0.entry(key).or_insert(Tally {
            count: 0,
            first_ms: at_ms,
            last_ms: at_ms,
        });
        tally.count += 1;
        tally.first_ms = tally.first_ms.min(at_ms);
        tally.last_ms = tally.last_ms.max(at_ms);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (SeatKey, Misdeed, Tally)> + '_ {
        self.0
            .iter()
            .map(|((seat, what), tally)| (*seat, *what, *tally))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(n: usize) -> SeatKey {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        SeatKey::from_bytes(bytes)
    }

    #[test]
    fn the_list_is_bounded_and_counts_what_goes_on() {
        let mut misdeeds = Misdeeds::default();
        for n in 0..MOST {
            misdeeds.note(seat(n), Misdeed::Time, n as u64);
        }
        misdeeds.note(seat(0), Misdeed::Time, 1_000);
        misdeeds.note(seat(MOST), Misdeed::Flood, 1_001);
        assert_eq!(misdeeds.0.len(), MOST);
        let (.., first) = misdeeds.all().next().unwrap();
        assert_eq!((first.count, first.first_ms, first.last_ms), (2, 0, 1_000));
        // The one seen longest ago made room.
        assert!(!misdeeds.0.contains_key(&(seat(1), Misdeed::Time)));
    }
}
