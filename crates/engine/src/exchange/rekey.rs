//! New keys after somebody lost the right to read (section 6.3).

use folkmoot_accord::{Accord, Need};
use folkmoot_api::{ApiError, ErrorCode, KeysChange};
use folkmoot_record::{CollectiveId, Kind, RecordId, SeatKey, control::Actions};
use folkmoot_seal::{Bundle, Recipient};
use folkmoot_store::Entry;

use crate::{clock::random, core::Core, membership::collective::Collective};

impl Core {
    /// Makes a new epoch where no epoch is fit for new content any more, since somebody who holds
    /// its secret may not read any longer: "remover first". What fails is told, and left to those
    /// who may; it is tried again later (`govern/duties.rs`).
    pub(crate) fn renew_keys_if_due(&mut self, cid: CollectiveId) -> KeysChange {
        match self.renew_keys(cid) {
            Ok(change) => change,
            Err(error) => {
                if error.code != ErrorCode::Denied {
                    let name = self.collectives.get(&cid).map(Collective::name);
                    self.warn(format!(
                        "no new keys could be made for {}: {error}",
                        name.unwrap_or_default()
                    ));
                }
                KeysChange::Due
            }
        }
    }

    /// The same; what fails is for the caller to tell.
    pub(crate) fn renew_keys(&mut self, cid: CollectiveId) -> Result<KeysChange, ApiError> {
        let now_ms = self.clock.wall();
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return Ok(KeysChange::Unchanged);
        };
        if fit(&mut collective.accord, now_ms) {
            return Ok(KeysChange::Unchanged);
        }
        self.control(cid, |collective, now_ms| {
            let entries = collective.begin_epoch(now_ms)?;
            Ok((entries, ()))
        })?;
        let saved = self
            .collectives
            .get(&cid)
            .map(|collective| (collective.name(), self.keyring.save(&collective.secrets)));
        if let Some((name, Err(error))) = saved {
            // The bundle is stored: it is opened again at the next start.
            self.warn(format!(
                "the new keys of {name} could not be written: {error}"
            ));
        }
        Ok(KeysChange::Renewed)
    }
}

impl Collective {
    /// Whether a right of this person, on this device, allows to renew the keys.
    pub(crate) fn may_renew_keys(&self, now_ms: u64) -> bool {
        let need = Need {
            action: Actions::REKEY,
            kind: Kind::EPOCH,
            tags: &[],
            at_ms: now_ms,
        };
        self.accord
            .grant_for(&self.secrets.seat, &self.secrets.dev(), &need)
            .is_ok()
    }

    /// Seals the newest secret to the devices of a seat that may read now: for who comes to read
    /// without a welcome (section 6.3, supplementary bundles).
    pub(crate) fn seal_to(&self, seat: &SeatKey, now_ms: u64) -> Option<Entry> {
        let readers: Vec<Recipient> = self
            .accord
            .live_readers(now_ms)
            .into_iter()
            .filter(|(reader, _, _)| reader == seat)
            .map(|(_, dev, kem)| Recipient { dev, kem })
            .collect();
        let secret = self.newest_secret()?;
        if readers.is_empty() {
            return None;
        }
        let seed = random().ok()?;
        let sealing = Bundle::seal(secret, &self.cid(), &readers, &seed).ok()?;
        Some(Entry::Bundle {
            cid: self.cid(),
            key_id: secret.id(),
            bytes: sealing.bundle.encode(),
        })
    }

    /// Whether a seat has a device that may read now.
    pub(crate) fn reads(&self, seat: &SeatKey, now_ms: u64) -> bool {
        let readers = self.accord.live_readers(now_ms);
        readers.iter().any(|(reader, _, _)| reader == seat)
    }
}

/// Whether some epoch is usable, or there is none to replace.
pub(crate) fn fit(accord: &mut Accord, at_ms: u64) -> bool {
    let mut epochs: Vec<(u64, RecordId)> = accord
        .state()
        .epochs
        .iter()
        .filter(|(_, epoch)| epoch.honoured)
        .map(|(id, epoch)| (epoch.generation, *id))
        .collect();
    epochs.sort_unstable();
    epochs.is_empty() || epochs.iter().rev().any(|(_, id)| accord.usable(id, at_ms))
}
