//! Writing records as this person: place, time, cap, heads, signature.

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Need, Seen, Standing};
use folkmoot_api::{ApiError, ErrorCode};
use folkmoot_record::{
    DeviceKey, Draft, GrantId, Hlc, Kind, Place, RecordId, Ref, Tag, Verified,
    control::{Actions, Control},
    limits,
};
use folkmoot_store::{Entry, Vault};

use crate::{
    collective::Collective,
    errors::{denied, failed, store_failed},
};

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

/// Who signs a control record, and in which log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signer<'a> {
    /// This device.
    Device,
    /// The seat's root.
    Root(&'a SigningKey),
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
        let (seat, dev, cid) = (self.secrets.seat, self.secrets.dev(), self.cid());
        let tip = match self.own_tip {
            Some(tip) => Some(tip),
            None => store
                .tip(&cid, &dev)
                .map_err(store_failed)?
                .map(|tip| OwnTip {
                    place: Place {
                        seq: tip.seq,
                        prev: Some(tip.id),
                    },
                    hlc: tip.hlc,
                }),
        };
        let auth = self.accord.heads();
        let hlc = Hlc::next(now_ms, self.hlcs(&auth).chain(tip.map(|tip| tip.hlc)));
        let need = Need {
            action: Actions::WRITE,
            kind: writing.kind,
            tags: &writing.tags,
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
        .sign(&self.secrets.device)
        .map_err(|reason| {
            failed(format!(
                "the record would be refused by everyone ({reason})"
            ))
        })?;
        self.own_tip = Some(OwnTip {
            place: Place {
                seq: place.seq,
                prev: Some(record.id()),
            },
            hlc,
        });
        Ok(record)
    }

    pub(crate) fn forget_tip(&mut self) {
        self.own_tip = None;
    }

    /// Signs a control record under a grant that allows `action`, evaluates it, and returns the
    /// entries that make it durable: itself, and before it a merge where heads are too many.
    pub(crate) fn sign_control(
        &mut self,
        now_ms: u64,
        action: Option<Actions>,
        signer: Signer<'_>,
        kind: Kind,
        body: &Control,
    ) -> Result<(Vec<Entry>, Verified), ApiError> {
        let mut entries = self.merge_heads(now_ms)?;
        let record = self.control_draft(now_ms, action, signer, kind, body)?;
        self.take_own(&record, now_ms)?;
        entries.push(Entry::Record(record.clone(), now_ms));
        Ok((entries, record))
    }

    /// Joins heads until they fit into `auth`.
    pub(crate) fn merge_heads(&mut self, now_ms: u64) -> Result<Vec<Entry>, ApiError> {
        let mut entries = Vec::new();
        while self.accord.heads().len() > limits::AUTH {
            let merge =
                self.control_draft(now_ms, None, Signer::Device, Kind::MERGE, &Control::Merge)?;
            self.take_own(&merge, now_ms)?;
            entries.push(Entry::Record(merge, now_ms));
        }
        Ok(entries)
    }

    fn control_draft(
        &self,
        now_ms: u64,
        action: Option<Actions>,
        signer: Signer<'_>,
        kind: Kind,
        body: &Control,
    ) -> Result<Verified, ApiError> {
        let seat = self.secrets.seat;
        let (dev, key) = match signer {
            Signer::Device => (self.secrets.dev(), &self.secrets.device),
            Signer::Root(root) => (DeviceKey::from(seat), root),
        };
        let mut auth = self.accord.heads();
        auth.truncate(limits::AUTH);
        let place = self.accord.next_place(&seat, &dev);
        let hlc = Hlc::next(
            now_ms,
            self.hlcs(&auth).chain(self.hlcs(place.prev.as_slice())),
        );
        let cap: Option<GrantId> = action
            .map(|action| {
                let need = Need {
                    action,
                    kind,
                    tags: &[],
                    at_ms: hlc.ms(),
                };
                self.accord.grant_for(&seat, &dev, &need)
            })
            .transpose()
            .map_err(|refusal| denied(&self.name(), refusal))?;
        Draft {
            cid: Some(self.cid()),
            seat,
            place,
            hlc,
            kind,
            cap,
            auth,
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
    fn take_own(&mut self, record: &Verified, now_ms: u64) -> Result<(), ApiError> {
        match self
            .accord
            .insert(record.clone(), Seen::now(now_ms))
            .standing
        {
            Standing::Admitted { honoured: true } => Ok(()),
            Standing::Void(reason) => Err(ApiError::new(
                ErrorCode::Denied,
                format!("{} would refuse it: {}", self.name(), reason.sentence()),
            )),
            other => Err(failed(format!("the record would not stand: {other:?}"))),
        }
    }

    fn hlcs<'a>(&'a self, ids: &'a [RecordId]) -> impl Iterator<Item = Hlc> + 'a {
        ids.iter()
            .filter_map(|id| self.accord.record(id))
            .map(|record| record.header().hlc)
    }
}

fn log_full() -> ApiError {
    failed("this device's log is full: add a new device".to_owned())
}
