//! Records that were refused: what is remembered of them, so that nobody is asked for them again and
//! whoever asks learns why, also after a restart (section 2.4).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use folkmoot_accord::VoidReason;
use folkmoot_record::{
    CollectiveId, DeviceKey, Header, Kind, Reason, RecordId, SeatKey,
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_store::{Entry, StoreError, Vault};

/// Refused records remembered a collective while the node runs: about a megabyte. The oldest go first.
const MOST: usize = 4_096;
/// Of these so many are kept on disk, the newest: about 60 kB.
const MOST_KEPT: usize = 256;
/// Of these so many of what one device brought, or a flood would push out all others; and so much is
/// written for one batch at most.
const MOST_KEPT_OF_ONE: usize = 32;
/// Claims kept of records that wait for others: they may turn out to be void.
const MOST_WAITING: usize = 4_096;
/// Local facts under which refusals stand: `void/`, collective, record.
const TABLE: &[u8] = b"void/";

/// Why a record was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It is not valid (section 4.9).
    Void(VoidReason),
    /// It is no record, or its signature is false (section 2.5).
    Malformed(Reason),
}

impl Cause {
    /// The code in `--json` and on disk.
    fn code(self) -> String {
        match self {
            Self::Void(reason) => reason.as_str().to_owned(),
            Self::Malformed(reason) => reason.to_string(),
        }
    }
}

/// What is known of a refused record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    /// What it claimed to be; only where its signature was good.
    pub(crate) claim: Option<Claim>,
    /// When it was refused, in ms of the own clock.
    pub(crate) at_ms: u64,
    /// The device that brought it, where that is known.
    pub(crate) by: Option<DeviceKey>,
}

/// Who signed what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// What is on disk.
    kept: BTreeSet<RecordId>,
    /// What an earlier run refused. It is told, but judged anew if it comes again: that run may have
    /// been of a program with a fault, and what is told must not become a verdict.
    recalled: BTreeSet<RecordId>,
    /// Whether something came since it was written.
    changed: bool,
    /// What is claimed by records that wait for others.
    waiting: BTreeMap<RecordId, Claim>,
}

impl Refusals {
    /// Whether this run refused it.
    pub(crate) fn contains(&self, id: &RecordId) -> bool {
        self.known.contains_key(id) && !self.recalled.contains(id)
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Refusal> {
        self.known.values()
    }

    /// Remembers one; the first reason of this run stays.
    pub(crate) fn remember(&mut self, id: RecordId, refusal: Refusal) {
        if self.recalled.contains(&id) {
            self.forget(&id);
            self.kept.remove(&id);
        }
        if self.known.contains_key(&id) {
            return;
        }
        self.known.insert(id, refusal);
        self.order.push_back(id);
        self.changed = true;
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
            self.recalled.remove(&oldest);
        }
    }

    /// Forgets one that an earlier run refused, and this one did not.
    pub(crate) fn forget(&mut self, id: &RecordId) {
        if self.recalled.remove(id) {
            self.known.remove(id);
            self.order.retain(|known| known != id);
            self.changed = true;
        }
    }

    /// What [`Self::unsaved`] gave did not reach the disk: all of it is written with the next.
    pub(crate) fn not_saved(&mut self) {
        self.kept.clear();
        self.changed = true;
    }

    /// Notes what a record claims that waits for others.
    pub(crate) fn waits(&mut self, id: RecordId, claim: Claim) {
        self.waiting.insert(id, claim);
        if self.waiting.len() > MOST_WAITING {
            self.waiting.pop_first();
        }
    }

    /// What a record claimed that waits no longer.
    pub(crate) fn waited(&mut self, id: &RecordId) -> Option<Claim> {
        self.waiting.remove(id)
    }

    /// What has to be written so that the disk has the newest ones, and no more.
    pub(crate) fn unsaved(&mut self, cid: &CollectiveId) -> Vec<Entry> {
        if !std::mem::take(&mut self.changed) {
            return Vec::new();
        }
        let mut of_one: BTreeMap<Option<DeviceKey>, usize> = BTreeMap::new();
        let mut wanted = BTreeSet::new();
        for id in self.order.iter().rev() {
            let Some(refusal) = self.known.get(id) else {
                continue;
            };
            let count = of_one.entry(refusal.by).or_default();
            if wanted.len() < MOST_KEPT && *count < MOST_KEPT_OF_ONE {
                *count += 1;
                wanted.insert(*id);
            }
        }
        let gone = self.kept.difference(&wanted).map(|id| Entry::Local {
            key: key(cid, id),
            value: None,
        });
        let new = wanted.difference(&self.kept).filter_map(|id| {
            Some(Entry::Local {
                key: key(cid, id),
                value: Some(encode(self.known.get(id)?)),
            })
        });
        let entries = gone.chain(new).collect();
        self.kept = wanted;
        entries
    }

    /// What earlier runs refused.
    pub(crate) fn load(store: &Vault, cid: &CollectiveId) -> Result<Self, StoreError> {
        let prefix = [TABLE, cid.as_ref() as &[u8]].concat();
        let mut found: Vec<(u64, RecordId, Refusal)> = Vec::new();
        for (key, value) in store.scan_local(&prefix)? {
            let id = key[prefix.len()..].try_into().map(RecordId::from_bytes);
            if let (Ok(id), Ok(refusal)) = (id, decode(&value)) {
                found.push((refusal.at_ms, id, refusal));
            }
        }
        found.sort_unstable_by_key(|(at_ms, id, _)| (*at_ms, *id));
        let mut refusals = Self::default();
        for (_, id, refusal) in found {
            refusals.kept.insert(id);
            refusals.remember(id, refusal);
        }
        refusals.recalled.clone_from(&refusals.kept);
        refusals.changed = false;
        Ok(refusals)
    }
}

fn key(cid: &CollectiveId, id: &RecordId) -> Vec<u8> {
    [TABLE, cid.as_ref() as &[u8], id.as_ref()].concat()
}

fn encode(refusal: &Refusal) -> Vec<u8> {
    let mut out = Encoder::new();
    out.array(4)
        .text(&refusal.cause.code())
        .uint(refusal.at_ms)
        .bytes_or_null(refusal.by);
    match &refusal.claim {
        None => out.null(),
        Some(claim) => out
            .array(4)
            .bytes(claim.seat)
            .bytes(claim.dev)
            .uint(claim.kind.0)
            .uint(claim.ms),
    };
    out.finish()
}

fn decode(bytes: &[u8]) -> Result<Refusal, FcError> {
    /// Longer than any code.
    const MOST_CODE: usize = 32;
    let mut d = Decoder::new(bytes)?;
    d.array_of(4)?;
    let cause = cause(d.text(MOST_CODE)?).ok_or(FcError::Range)?;
    let at_ms = d.uint64()?;
    let by = d.bytes_or_null::<32>()?.map(DeviceKey::from_bytes);
    let claim = if d.take_null() {
        None
    } else {
        d.array_of(4)?;
        Some(Claim {
            seat: SeatKey::from_bytes(d.bytes_of()?),
            dev: DeviceKey::from_bytes(d.bytes_of()?),
            kind: Kind(u16::try_from(d.uint64()?).map_err(|_| FcError::Range)?),
            ms: d.uint64()?,
        })
    };
    d.end()?;
    Ok(Refusal {
        cause,
        claim,
        at_ms,
        by,
    })
}

/// The cause with that code. `body-sig` is both: a void one has a claim that was checked, and only an
/// invite's signature is judged so late, so the void one is meant.
fn cause(code: &str) -> Option<Cause> {
    if let Some(reason) = VoidReason::from_code(code) {
        return Some(Cause::Void(reason));
    }
    use Reason as R;
    let all = [
        R::TooLarge,
        R::FcMalformed,
        R::FcNotCanonical,
        R::FcType,
        R::HeaderArity,
        R::Version,
        R::HeaderRange,
        R::HeaderOrder,
        R::HeaderShape,
        R::KeyNoncanonical,
        R::KeySmallOrder,
        R::SigNoncanonical,
        R::SigMismatch,
        R::BodyMissing,
        R::BodyMismatch,
        R::BodyFc,
        R::BodySchema,
        R::KindUnknown,
    ];
    let found = all.into_iter().find(|reason| reason.to_string() == code);
    found.map(Cause::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> RecordId {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        RecordId::from_bytes(bytes)
    }

    fn refusal(cause: Cause, by: u8) -> Refusal {
        Refusal {
            cause,
            claim: None,
            at_ms: 0,
            by: Some(DeviceKey::from_bytes([by; 32])),
        }
    }

    #[test]
    fn the_oldest_are_forgotten_first_and_the_first_reason_stays() {
        let mut refusals = Refusals::default();
        for n in 0..=MOST {
            refusals.remember(id(n), refusal(Cause::Void(VoidReason::Seat), 1));
        }
        refusals.remember(id(7), refusal(Cause::Void(VoidReason::Prev), 1));
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

    #[test]
    fn a_flood_of_one_device_writes_little_and_pushes_out_nobody_elses() {
        let cid = CollectiveId::from_bytes([3; 32]);
        let mut refusals = Refusals::default();
        refusals.remember(id(0), refusal(Cause::Void(VoidReason::Rank), 1));
        assert_eq!(refusals.unsaved(&cid).len(), 1);
        assert!(refusals.unsaved(&cid).is_empty());
        for n in 1..1_000 {
            refusals.remember(id(n), refusal(Cause::Void(VoidReason::Seat), 2));
        }
        assert_eq!(refusals.unsaved(&cid).len(), MOST_KEPT_OF_ONE);
        assert!(refusals.kept.contains(&id(0)) && refusals.kept.contains(&id(999)));
        // One more of it takes the place of its oldest.
        refusals.remember(id(1_000), refusal(Cause::Void(VoidReason::Seat), 2));
        let entries = refusals.unsaved(&cid);
        assert_eq!(entries.len(), 2);
        assert_eq!(refusals.kept.len(), MOST_KEPT_OF_ONE + 1);
        // However many devices there are.
        for n in 0..2_000_usize {
            let by = u8::try_from(n % 200).unwrap();
            refusals.remember(id(10_000 + n), refusal(Cause::Void(VoidReason::Gen), by));
        }
        assert!(refusals.unsaved(&cid).len() <= 2 * MOST_KEPT);
        assert_eq!(refusals.kept.len(), MOST_KEPT);
    }

    #[test]
    fn what_an_earlier_run_refused_is_told_and_judged_anew() {
        let cid = CollectiveId::from_bytes([3; 32]);
        let mut refusals = Refusals::default();
        for n in 0..3 {
            refusals.remember(id(n), refusal(Cause::Void(VoidReason::Seat), 1));
        }
        assert_eq!(refusals.unsaved(&cid).len(), 3);
        refusals.recalled.clone_from(&refusals.kept);
        assert!(!refusals.contains(&id(0)) && refusals.get(&id(0)).is_some());
        // Refused again, for another reason; taken; and never seen again.
        refusals.remember(id(0), refusal(Cause::Void(VoidReason::Prev), 1));
        refusals.forget(&id(1));
        let cause = refusals.get(&id(0)).unwrap().cause;
        assert_eq!(cause, Cause::Void(VoidReason::Prev));
        assert!(refusals.contains(&id(0)) && refusals.get(&id(1)).is_none());
        // The one is written over the old one, the other goes.
        assert_eq!(refusals.unsaved(&cid).len(), 2);
        // A disk that was full is made good with the next batch.
        refusals.not_saved();
        assert_eq!(refusals.unsaved(&cid).len(), 2);
        // What this run refused stays refused.
        refusals.forget(&id(0));
        assert!(refusals.contains(&id(0)));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for reason in VoidReason::ALL {
            let one = Refusal {
                claim: Some(Claim {
                    seat: SeatKey::from_bytes([1; 32]),
                    dev: DeviceKey::from_bytes([2; 32]),
                    kind: Kind::GRANT,
                    ms: 1_700_000_000_000,
                }),
                ..refusal(Cause::Void(*reason), 9)
            };
            assert_eq!(decode(&encode(&one)).unwrap(), one);
        }
        let one = Refusal {
            by: None,
            ..refusal(Cause::Malformed(Reason::SigMismatch), 1)
        };
        assert_eq!(decode(&encode(&one)).unwrap(), one);
        assert!(decode(b"\x80").is_err());
    }
}
