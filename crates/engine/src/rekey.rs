//! New keys after somebody lost the right to read (section 6.3).

use folkmoot_accord::Accord;
use folkmoot_api::{ErrorCode, KeysChange};
use folkmoot_record::{CollectiveId, RecordId, SeatKey};
use folkmoot_seal::{Bundle, Recipient};
use folkmoot_store::Entry;

use crate::{clock::random, collective::Collective, core::Core};

impl Core {
    /// Makes a new epoch where no epoch is fit for new content any more, since somebody who holds
    /// its secret may not read any longer: "remover first". What fails is told, and left to those
    /// who may.
    pub(crate) fn renew_keys_if_due(&mut self, cid: CollectiveId) -> KeysChange {
        let now_ms = self.clock.wall();
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return KeysChange::Unchanged;
        };
        if fit(&mut collective.accord, now_ms) {
            return KeysChange::Unchanged;
        }
        let name = collective.name();
        let made = self.control(cid, |collective, now_ms| {
            let entries = collective.begin_epoch(now_ms)?;
            Ok((entries, ()))
        });
        match made {
            Ok(()) => {
                let saved = self
                    .collectives
                    .get(&cid)
                    .map(|collective| self.keyring.save(&collective.secrets));
                if let Some(Err(error)) = saved {
                    // The bundle is stored: it is opened again at the next start.
                    self.warn(format!(
                        "the new keys of {name} could not be written: {error}"
                    ));
                }
                KeysChange::Renewed
            }
            Err(error) => {
                if error.code != ErrorCode::Denied {
                    self.warn(format!("no new keys could be made for {name}: {error}"));
                }
                KeysChange::Due
            }
        }
    }
}

impl Collective {
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
