//! Records that were refused: what is remembered of them, so that nobody is asked for them again and
//! whoever asks learns why (section 2.4).

use std::collections::{BTreeMap, VecDeque};

use folkmoot_accord::VoidReason;
use folkmoot_record::{DeviceKey, Header, Kind, Reason, RecordId, SeatKey};

/// Refused records remembered a collective: about a megabyte. The oldest go first.
const MOST: usize = 4_096;

/// Why a record was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It is not valid (section 4.9).
    Void(VoidReason),
    /// It is no record, or its signature is false (section 2.5).
    Malformed(Reason),
}

/// What is known of a refused record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    /// What it claimed to be; only where its signature was good.
    pub(crate) claim: Option<Claim>,
    /// When it was refused, in ms of the own clock.
    pub(crate) at_ms: u64,
}

/// Who signed what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) seat: SeatKey,
    pub(crate) dev: DeviceKey,
    pub(crate) kind: Kind,
    /// Claimed time, in ms.
    pub(crate) ms: u64,
}

impl Claim {
    pub(crate) const fn of(header: &Header) -> Self {
        Self {
            seat: header.seat,
            dev: header.dev,
            kind: header.kind,
            ms: header.ms(),
        }
    }
}

/// The refused records of one collective.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    known: BTreeMap<RecordId, Refusal>,
    /// In the order in which they came.
    order: VecDeque<RecordId>,
}

impl Refusals {
    pub(crate) fn contains(&self, id: &RecordId) -> bool {
        self.known.contains_key(id)
    }

    pub(crate) fn get(&self, id: &RecordId) -> Option<&Refusal> {
        self.known.get(id)
    }

    /// The only one whose id begins so.
    pub(crate) fn named(&self, digits: &str) -> Option<(RecordId, &Refusal)> {
        let mut found = self
            .known
            .iter()
            .filter(|(id, _)| id.to_string().starts_with(digits));
        match (found.next(), found.next()) {
            (Some((id, refusal)), None) => Some((*id, refusal)),
            _ => None,
        }
    }

    /// Remembers one; the first reason stays.
    pub(crate) fn remember(&mut self, id: RecordId, refusal: Refusal) {
        if self.known.contains_key(&id) {
            return;
        }
        self.known.insert(id, refusal);
        self.order.push_back(id);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_first_and_the_first_reason_stays() {
        let id = |n: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
            RecordId::from_bytes(bytes)
        };
        let refusal = |cause| Refusal {
            cause,
            claim: None,
            at_ms: 0,
        };
        let mut refusals = Refusals::default();
        for n in 0..=MOST {
            refusals.remember(id(n), refusal(Cause::Void(VoidReason::Seat)));
        }
        refusals.remember(id(7), refusal(Cause::Void(VoidReason::Prev)));
        assert!(!refusals.contains(&id(0)));
        assert_eq!(
            refusals.get(&id(7)).unwrap().cause,
            Cause::Void(VoidReason::Seat)
        );
        assert_eq!(refusals.known.len(), MOST);
        assert_eq!(refusals.order.len(), MOST);
        assert!(refusals.named("00000000").is_none());
        assert_eq!(refusals.named(&id(7).to_string()).unwrap().0, id(7));
    }
}
