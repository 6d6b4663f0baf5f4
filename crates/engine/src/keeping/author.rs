//! Writing records as this person: place, time, cap, heads, signature.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Need, Rejudge, Seen, Standing};
use folkmoot_api::{ApiError, ErrorCode};
use folkmoot_record::{
    CollectiveId, DeviceKey, Draft, GrantId, Hlc, Kind, Place, RecordId, Ref, Tag, Verified,
    control::{Actions, Control},
    fc::{Decoder, Encoder, FcError},
    limits,
};
use folkmoot_store::{Entry, StoreError, Vault};

use crate::{
    errors::{denied, failed, store_failed, void},
    membership::{collective::Collective, parting::STAYS},
    person::{agents::Pen, secrets::Membership},
};

/// How far ahead of the own clock a cited record may be dated, in milliseconds (section 1.4).
const CITED_AHEAD: u64 = 60_000;

/// Last content record of this device that was signed, stored or about to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnTip {
    pub(crate) place: Place,
    pub(crate) hlc: Hlc,
}

/// A content record about to be written.
#[derive(Debug, Clone)]
pub(crate) struct Writing {
    pub(crate) kind: Kind,
    pub(crate) tags: Vec<Tag>,
    pub(crate) refs: Vec<Ref>,
    pub(crate) body: Vec<u8>,
}

/// What the right under which content is written has to allow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand<'a> {
    /// All of these acts.
    pub(crate) action: Actions,
    /// Tags that it has to reach beside the record's own.
    pub(crate) also: &'a [Tag],
}

/// Who signs a control record, and in which log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signer<'a> {
    /// This device.
    Device,
    /// The seat's root.
    Root(&'a SigningKey),
}

/// Where a control record is about to stand.
struct Spot {
    dev: DeviceKey,
    place: Place,
    hlc: Hlc,
    auth: Vec<RecordId>,
}

impl Collective {
    /// Signs a content record that follows everything signed before. Nothing is stored yet; if
    /// storing fails, [`Collective::forget_tip`] makes the next one start from the store again.
    pub(crate) fn sign_content(
        &mut self,
        store: &Vault,
        now_ms: u64,
        writing: Writing,
    ) -> Result<Verified, ApiError> {
        let pen = self.pen(None)?;
        self.sign_content_as(store, now_ms, writing, &pen)
    }

    /// The same with the pen of one of this person's devices, within its limits.
    pub(crate) fn sign_content_as(
        &mut self,
        store: &Vault,
        now_ms: u64,
        writing: Writing,
        pen: &Pen,
    ) -> Result<Verified, ApiError> {
        let demand = Demand {
            action: Actions::WRITE,
            also: &[],
        };
        self.sign_content_with(store, now_ms, writing, pen, &demand)
    }

    /// The same under a right that allows more than to write it.
    pub(crate) fn sign_content_with(
        &mut self,
        store: &Vault,
        now_ms: u64,
        writing: Writing,
        pen: &Pen,
        demand: &Demand<'_>,
    ) -> Result<Verified, ApiError> {
        self.must_be_in()?;
        let (seat, dev, cid) = (self.secrets.seat, pen.dev, self.cid());
        let tip = match self.own_tips.get(&dev) {
            Some(tip) => Some(*tip),
            None => stored_tip(store, &cid, &dev).map_err(store_failed)?,
        };
        let auth = self.cited(now_ms);
        let hlc = Hlc::next(now_ms, self.hlcs(&auth).chain(tip.map(|tip| tip.hlc)));
        self.within_limits(pen, demand.action, writing.kind, &writing.tags, hlc.ms())?;
        let tags: Vec<Tag> = writing.tags.iter().chain(demand.also).cloned().collect();
        let need = Need {
            action: demand.action,
            kind: writing.kind,
            tags: &tags,
            at_ms: hlc.ms(),
        };
        let cap = self
            .accord
            .grant_for(&seat, &dev, &need)
            .map_err(|refusal| denied(&self.name(), refusal))?;
        let place = match tip {
            // `prev` of the tip is its own id: see above and below.
            Some(tip) => Place {
                seq: tip.place.seq.checked_add(1).ok_or_else(log_full)?,
                prev: tip.place.prev,
            },
            None => Place { seq: 0, prev: None },
        };
        let record = Draft {
            cid: Some(cid),
            seat,
            place,
            hlc,
            kind: writing.kind,
            cap: Some(cap),
            auth,
            refs: writing.refs,
            tags: writing.tags,
            body: writing.body,
        }
        .sign(&pen.key)
        .map_err(|reason| {
            failed(format!(
                "the record would be refused by everyone ({reason})"
            ))
        })?;
        let tip = OwnTip {
            place: Place {
                seq: place.seq,
                prev: Some(record.id()),
            },
            hlc,
        };
        self.own_tips.insert(dev, tip);
        Ok(record)
    }

    /// Who left, was removed, or is not in yet, is told so, rather than that a right is missing.
    pub(crate) fn must_be_in(&self) -> Result<(), ApiError> {
        let (told, next) = match self.secrets.membership {
            Membership::Member => {
                // A right that is over by its time is told of by the rule that asks for one.
                return match &self.parted {
                    None => Ok(()),
                    Some(parting) => Err(ApiError::new(
                        ErrorCode::Denied,
                        self.own_parting_words(parting),
                    )
                    .hint(STAYS)),
                };
            }
            Membership::Left => (
                "you are not a member of",
                "ask a member for an invite, then `moot join KEY`",
            ),
            Membership::Joining => (
                "this device is not yet let into",
                "run `moot up`: a member's node lets it in as soon as one can be reached",
            ),
        };
        Err(ApiError::new(ErrorCode::Denied, format!("{told} {}", self.name())).hint(next))
    }

    pub(crate) fn forget_tip(&mut self) {
        self.own_tips.clear();
    }

    /// Signs a control record under a grant that allows `action`, evaluates it, and returns the
    /// entries that make it durable. [`Core::control`](crate::core::Core::control) joins heads
    /// before, and takes it back where it cannot be kept.
    pub(crate) fn sign_control(
        &mut self,
        now_ms: u64,
        action: Option<Actions>,
        signer: Signer<'_>,
        kind: Kind,
        body: &Control,
    ) -> Result<(Vec<Entry>, Verified), ApiError> {
        self.must_be_in()?;
        let record = self.control_draft(now_ms, action, signer, kind, body)?;
        self.take_own(&record, now_ms)?;
        Ok((vec![Entry::Record(record.clone(), now_ms)], record))
    }

    /// The same under one grant that the caller chose.
    pub(crate) fn sign_under(
        &mut self,
        now_ms: u64,
        cap: GrantId,
        kind: Kind,
        body: &Control,
    ) -> Result<(Vec<Entry>, Verified), ApiError> {
        self.must_be_in()?;
        let record = self.draft_under(now_ms, cap, kind, body)?;
        self.take_own(&record, now_ms)?;
        Ok((vec![Entry::Record(record.clone(), now_ms)], record))
    }

    /// A control record as it would be signed now, neither evaluated nor stored: for trying out
    /// what it would do. It must not leave this node.
    pub(crate) fn draft_under(
        &self,
        now_ms: u64,
        cap: GrantId,
        kind: Kind,
        body: &Control,
    ) -> Result<Verified, ApiError> {
        let spot = self.spot(now_ms, &Signer::Device);
        self.draft(spot, Some(cap), &Signer::Device, kind, body)
    }

    /// The claimed time that a control record of this device would have now, in ms.
    pub(crate) fn control_ms(&self, now_ms: u64) -> u64 {
        self.spot(now_ms, &Signer::Device).hlc.ms()
    }

    /// Joins heads until a record can cite them all. Usually there is nothing to do.
    pub(crate) fn merge_heads(&mut self, now_ms: u64) -> Result<Vec<Entry>, ApiError> {
        /// Each merge joins 16 heads into one; so many are more heads than members can make.
        const MOST_MERGES: usize = 64;
        let mut entries = Vec::new();
        while self.citable(now_ms).len() > limits::AUTH && entries.len() < MOST_MERGES {
            let merge =
                self.control_draft(now_ms, None, Signer::Device, Kind::MERGE, &Control::Merge)?;
            self.take_own(&merge, now_ms)?;
            entries.push(Entry::Record(merge, now_ms));
        }
        Ok(entries)
    }

    pub(crate) fn control_draft(
        &self,
        now_ms: u64,
        action: Option<Actions>,
        signer: Signer<'_>,
        kind: Kind,
        body: &Control,
    ) -> Result<Verified, ApiError> {
        let seat = self.secrets.seat;
        let spot = self.spot(now_ms, &signer);
        let cap: Option<GrantId> = action
            .map(|action| {
                let need = Need {
                    action,
                    kind,
                    tags: &[],
                    at_ms: spot.hlc.ms(),
                };
                self.accord.grant_for(&seat, &spot.dev, &need)
            })
            .transpose()
            .map_err(|refusal| denied(&self.name(), refusal))?;
        self.draft(spot, cap, &signer, kind, body)
    }

    /// A record of the root that rests on some of the known records alone: on those that nobody of
    /// them rests on in turn.
    pub(crate) fn root_draft_on(
        &self,
        now_ms: u64,
        known: &BTreeSet<RecordId>,
        root: &SigningKey,
        kind: Kind,
        body: &Control,
    ) -> Result<Verified, ApiError> {
        let signer = Signer::Root(root);
        let mut spot = self.spot(now_ms, &signer);
        let limit = now_ms.saturating_add(CITED_AHEAD);
        let records: Vec<&Verified> = known
            .iter()
            .filter(|id| self.accord.standing(id).is_some_and(|s| s.is_admitted()))
            .filter_map(|id| self.accord.record(id))
            .filter(|record| record.header().ms() <= limit)
            .collect();
        let below: BTreeSet<RecordId> = records
            .iter()
            .flat_map(|record| record.header().auth.iter().chain(&record.header().prev))
            .copied()
            .collect();
        let mut heads: Vec<RecordId> = records.iter().map(|record| record.id()).collect();
        heads.retain(|id| !below.contains(id));
        heads.sort_unstable();
        heads.truncate(limits::AUTH);
        if !heads.is_empty() {
            let later = self
                .hlcs(&heads)
                .chain(self.hlcs(spot.place.prev.as_slice()));
            spot.hlc = Hlc::next(now_ms, later);
            spot.auth = heads;
        }
        self.draft(spot, None, &signer, kind, body)
    }

    /// Where the next control record of a signer stands: its log, heads and time.
    fn spot(&self, now_ms: u64, signer: &Signer<'_>) -> Spot {
        let seat = self.secrets.seat;
        let dev = match signer {
            Signer::Device => self.secrets.dev(),
            Signer::Root(_) => DeviceKey::from(seat),
        };
        let auth = self.cited(now_ms);
        let place = self.accord.next_place(&seat, &dev);
        let hlc = Hlc::next(
            now_ms,
            self.hlcs(&auth).chain(self.hlcs(place.prev.as_slice())),
        );
        Spot {
            dev,
            place,
            hlc,
            auth,
        }
    }

    fn draft(
        &self,
        spot: Spot,
        cap: Option<GrantId>,
        signer: &Signer<'_>,
        kind: Kind,
        body: &Control,
    ) -> Result<Verified, ApiError> {
        let key = match signer {
            Signer::Device => &self.secrets.device,
            Signer::Root(root) => *root,
        };
        Draft {
            cid: Some(self.cid()),
            seat: self.secrets.seat,
            place: spot.place,
            hlc: spot.hlc,
            kind,
            cap,
            auth: spot.auth,
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        }
        .sign(key)
        .map_err(|reason| {
            failed(format!(
                "the record would be refused by everyone ({reason})"
            ))
        })
    }

    /// Evaluates an own record; one that would not stand is an error before it is stored.
    pub(crate) fn take_own(&mut self, record: &Verified, now_ms: u64) -> Result<(), ApiError> {
        self.stale = true;
        let inserted = self.accord.insert(record.clone(), Seen::now(now_ms));
        match inserted.standing {
            Standing::Admitted { honoured: true } => {
                self.stale = false;
                if inserted.rejudge != Rejudge::Nothing {
                    self.rejudge.push(inserted.rejudge);
                }
                Ok(())
            }
            Standing::Void(reason) => Err(void(&self.name(), reason)),
            other => Err(failed(format!("the record would not stand: {other:?}"))),
        }
    }

    /// The heads known, without those dated more than a minute ahead of the own clock (section
    /// 1.4): what they rest on is cited in their place.
    fn citable(&self, now_ms: u64) -> Vec<RecordId> {
        let mut open = self.accord.heads();
        let mut seen: BTreeSet<RecordId> = open.iter().copied().collect();
        let mut auth = BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some(record) = self.accord.record(&id) else {
                continue;
            };
            let header = record.header();
            if header.ms() <= now_ms.saturating_add(CITED_AHEAD) {
                auth.insert(id);
            } else {
                let below = header.auth.iter().chain(&header.prev);
                open.extend(below.filter(|id| seen.insert(**id)));
            }
        }
        auth.into_iter().collect()
    }

    /// As many of them as a record may cite.
    fn cited(&self, now_ms: u64) -> Vec<RecordId> {
        let mut auth = self.citable(now_ms);
        auth.truncate(limits::AUTH);
        auth
    }

    fn hlcs<'a>(&'a self, ids: &'a [RecordId]) -> impl Iterator<Item = Hlc> + 'a {
        ids.iter()
            .filter_map(|id| self.accord.record(id))
            .map(|record| record.header().hlc)
    }
}

/// Local fact: the last place of this device's content log, `o/`, collective, device. It outlives
/// damage to the record itself, so that no place is ever used twice.
fn tip_key(cid: &CollectiveId, dev: &DeviceKey) -> Vec<u8> {
    [b"o/", cid.as_ref() as &[u8], dev.as_ref()].concat()
}

/// The fact to be stored with an own content record, in the same group.
pub(crate) fn tip_fact(record: &Verified, cid: &CollectiveId) -> Entry {
    let header = record.header();
    let mut out = Encoder::new();
    out.array(3)
        .uint(header.seq)
        .bytes(record.id())
        .uint(header.hlc.raw());
    Entry::Local {
        key: tip_key(cid, &header.dev),
        value: Some(out.finish()),
    }
}

/// The last place by the store and by the fact: the greater of the two.
pub(crate) fn stored_tip(
    store: &Vault,
    cid: &CollectiveId,
    dev: &DeviceKey,
) -> Result<Option<OwnTip>, StoreError> {
    let held = store.tip(cid, dev)?.map(|tip| OwnTip {
        place: Place {
            seq: tip.seq,
            prev: Some(tip.id),
        },
        hlc: tip.hlc,
    });
    // A place noted in bytes that cannot be read must not count as none: the next record would take
    // a place that was used, and fork this device's own log.
    let noted = store
        .local(&tip_key(cid, dev))?
        .map(|value| read_tip(&value))
        .transpose()
        .map_err(|error| {
            StoreError::Projection(format!(
                "the last place in the own log is unreadable ({error})"
            ))
        })?;
    Ok(held
        .into_iter()
        .chain(noted)
        .max_by_key(|tip| tip.place.seq))
}

fn read_tip(bytes: &[u8]) -> Result<OwnTip, FcError> {
    let mut d = Decoder::new(bytes)?;
    d.array_of(3)?;
    let seq = u32::try_from(d.uint()?).map_err(|_| FcError::Range)?;
    let id = RecordId::from_bytes(d.bytes_of()?);
    let hlc = Hlc::from_raw(d.uint64()?).ok_or(FcError::Range)?;
    d.end()?;
    Ok(OwnTip {
        place: Place {
            seq,
            prev: Some(id),
        },
        hlc,
    })
}

fn log_full() -> ApiError {
    failed("this device's log is full: add a new device".to_owned())
}
