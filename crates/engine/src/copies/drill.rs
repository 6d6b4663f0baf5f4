//! A drill: a backup is brought back into a folder of its own and held against the living home.

use std::path::Path;

use folkmoot_record::{RecordId, Signed};
use folkmoot_store::Vault;
use zeroize::Zeroizing;

use crate::{
    clock::random,
    copies::{
        CopyError,
        bring::{BringBack, from_backup, open_store},
        check::Checked,
        item::Item,
        keys::{Kept, SealedKeys, Unlock},
        part::split,
    },
};

/// Differences that are told one by one; further ones are counted.
const MOST_FAULTS: usize = 100;

/// A drill under way.
pub struct Drill {
    store: Vault,
    kept: Kept,
    words: Zeroizing<String>,
    made_ms: u64,
    report: Drilled,
}

/// What a drill proved.
#[derive(Debug, Default)]
pub struct Drilled {
    /// What was brought back: every signature was checked.
    pub checked: Checked,
    /// Records of the home that came back, byte for byte.
    pub same: u64,
    /// Records and bodies that came since the backup, or were erased since.
    pub since: u64,
    /// Collectives whose keys came back.
    pub collectives: u64,
    /// Epoch secrets that came back.
    pub epochs: u64,
    /// What did not come back though it should have, in words.
    pub faults: Vec<String>,
    /// How many more of these there are.
    pub more_faults: u64,
    /// When the backup was made, in milliseconds since 1970.
    pub made_ms: u64,
    /// What was damaged in the log when it was copied, in words. What the home still has of it is
    /// among the faults where it did not come back.
    pub damaged: Vec<String>,
}

impl std::fmt::Debug for Drill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drill").finish_non_exhaustive()
    }
}

impl Drill {
    /// Brings the newest state of a backup back into `folder`, which is empty.
    ///
    /// # Errors
    /// As [`crate::bring_back`].
    pub fn begin(
        backup: &Path,
        folder: &Path,
        words: &str,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, CopyError> {
        // What an interrupted drill leaves behind opens to nobody: the seal is known to this run alone.
        let seal = random::<32>().map_err(|error| CopyError::Damaged(error.to_string()))?;
        let seal = Zeroizing::new(data_encoding::HEXLOWER.encode(&seal));
        let (back, taken) = from_backup(
            &BringBack {
                copy: backup,
                home: folder,
                unlock: Unlock::Words(words),
                passphrase: Some(seal.as_str()),
                lost: false,
            },
            progress,
        )?;
        let (store, _) = open_store(&folder.join("store"), &taken.kept)?;
        Ok(Self {
            store,
            kept: taken.kept,
            words: Zeroizing::new(words.to_owned()),
            made_ms: taken.made_ms,
            report: Drilled {
                checked: back.checked,
                made_ms: taken.made_ms,
                damaged: taken.damaged,
                ..Drilled::default()
            },
        })
    }

    /// Holds one part of what the living home gives for a bundle against what came back.
    ///
    /// # Errors
    /// A part that cannot be read, or the disk's.
    pub fn compare(&mut self, part: &[u8]) -> Result<(), CopyError> {
        for (kind, payload) in split(part)? {
            match Item::decode(kind, payload) {
                Some(Item::Record {
                    received_ms,
                    wire,
                    erased,
                    ..
                }) => self.record(received_ms, wire, erased)?,
                Some(Item::Keys(bytes)) => self.keys(bytes)?,
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    fn record(&mut self, received_ms: u64, wire: &[u8], erased: bool) -> Result<(), CopyError> {
        let live = Signed::parse(wire).map_err(|reason| CopyError::Damaged(reason.to_string()))?;
        let id: RecordId = live.id();
        match self.store.get(&id)? {
            Some(stored) if stored.wire == wire => self.report.same += 1,
            // The text was erased, or its body came, since then; the signed part is the same record.
            Some(stored) => {
                let has_body = |wire: &[u8]| {
                    Signed::parse(wire)
                        .is_ok_and(|one| one.carried() == folkmoot_record::Carried::Matching)
                };
                if erased || !has_body(wire) || !has_body(&stored.wire) {
                    self.report.since += 1;
                } else {
                    self.fault(format!("record {id} came back as another one"));
                }
            }
            None if received_ms >= self.made_ms => self.report.since += 1,
            None => self.fault(format!("record {id} did not come back")),
        }
        Ok(())
    }

    fn keys(&mut self, bytes: &[u8]) -> Result<(), CopyError> {
        let live = open(bytes, Unlock::Words(&self.words))?;
        if live.card()?.master != self.kept.card()?.master {
            self.fault("the words of the backup are another person's".to_owned());
        }
        for one in &live.collectives {
            let Some(back) = self
                .kept
                .collectives
                .iter()
                .find(|kept| kept.cid == one.cid)
            else {
                // Founded or joined since the backup was made.
                self.report.since += 1;
                continue;
            };
            self.report.collectives += 1;
            for epoch in &one.epochs {
                match back.epochs.contains(epoch) {
                    true => self.report.epochs += 1,
                    false => self.report.since += 1,
                }
            }
        }
        Ok(())
    }

    fn fault(&mut self, what: String) {
        if self.report.faults.len() < MOST_FAULTS {
            self.report.faults.push(what);
        } else {
            self.report.more_faults += 1;
        }
    }

    /// What was proved.
    ///
    /// # Errors
    /// The disk's.
    pub fn end(self) -> Result<Drilled, CopyError> {
        self.store.close()?;
        Ok(self.report)
    }
}

fn open(bytes: &[u8], unlock: Unlock<'_>) -> Result<Kept, CopyError> {
    SealedKeys::read(bytes)
        .ok_or_else(|| CopyError::Damaged("its sealed keys cannot be read".to_owned()))?
        .open(unlock)
}
