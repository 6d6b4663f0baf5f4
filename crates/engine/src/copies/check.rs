//! Checking a bundle without a node and without a home: frames, signatures, control planes, keys.

use std::{collections::BTreeSet, ops::ControlFlow, path::Path};

use blake3::Hasher;
use folkmoot_record::{EpochId, RecordId, SeatKey, Signed, Verified};
use folkmoot_seal::Bundle;
use folkmoot_store::{LogCursor, Logged, Vault};

use crate::{
    clock::Clock,
    copies::{
        CopyError,
        collectives::{CheckedCollective, Collectives},
        frame::HEAD,
        item::Item,
        keys::{Kept, SealedKeys, Unlock},
        part::held,
        reader::{Frames, Step},
    },
};

/// Faults that are told one by one; further ones are counted.
const MOST_FAULTS: usize = 100;

/// What checking a copy found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Intact frames.
    pub frames: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Records whose signatures hold.
    pub records: u64,
    /// The collectives.
    pub collectives: Vec<CheckedCollective>,
    /// What is wrong, where, in words.
    pub faults: Vec<String>,
    /// How many more faults there are.
    pub more_faults: u64,
    /// What is known of the keys.
    pub keys: KeysChecked,
}

impl Checked {
    /// Whether everything in it is as it was written.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    pub(crate) fn fault(&mut self, what: String) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(what);
        } else {
            self.more_faults += 1;
        }
    }
}

/// What is known of a copy's keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeysChecked {
    /// There are none.
    #[default]
    Missing,
    /// They were not opened.
    Sealed {
        /// Whether a passphrase opens them, beside the 24 words.
        by_passphrase: bool,
    },
    /// They were opened, and fit the records.
    Opened {
        /// Collectives that they name.
        collectives: u64,
        /// Epoch secrets among them.
        epochs: u64,
    },
}

/// Checks a bundle. `unlock` opens its keys, where it is given; `progress` hears how many bytes
/// were read.
///
/// # Errors
/// What is no bundle, the wrong secret, or the disk's. Damage and forgeries are no errors:
/// [`Checked::faults`].
pub fn check_bundle(
    path: &Path,
    unlock: Option<Unlock<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<Checked, CopyError> {
    check(path, unlock, progress).map(|(checked, _)| checked)
}

/// Whether a file begins as a bundle does, of this format or of a later one.
pub fn is_bundle(path: &Path) -> bool {
    path.is_file() && matches!(Frames::open(path), Ok(_) | Err(CopyError::Newer { .. }))
}

/// Whether a passphrase opens the keys of a bundle, beside the words; `None` where it holds no keys.
///
/// # Errors
/// What is no bundle, or the disk's.
pub fn keys_of_bundle(path: &Path) -> Result<Option<bool>, CopyError> {
    let mut frames = Frames::open(path)?;
    loop {
        match frames.step()? {
            Step::Frame { kind, .. } => {
                if let Some(Item::Keys(bytes)) = Item::decode(kind, frames.payload()) {
                    return Ok(SealedKeys::read(bytes).map(|keys| keys.has_passphrase()));
                }
            }
            Step::Damage { .. } => {}
            Step::GaveUp { .. } | Step::End => return Ok(None),
        }
    }
}

pub(crate) fn check(
    path: &Path,
    unlock: Option<Unlock<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<(Checked, Option<Kept>), CopyError> {
    read_through(path, Depth::Whole, unlock, progress)
}

/// Reads a bundle that was written just now. Its records were checked when they were stored and stood
/// under the checksums of the log since, so their signatures are not checked once more.
///
/// # Errors
/// [`CopyError::Unfit`], or the disk's.
pub(crate) fn read_back(path: &Path) -> Result<(), CopyError> {
    let (checked, _) = read_through(path, Depth::AsWritten, None, &mut |_| {})?;
    match checked.faults.into_iter().next() {
        Some(fault) => Err(CopyError::Unfit(fault)),
        None => Ok(()),
    }
}

/// How much is checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Frames, signatures, and what the control planes come to.
    #[default]
    Whole,
    /// Whether it is what was to be written.
    AsWritten,
}

fn read_through(
    path: &Path,
    depth: Depth,
    unlock: Option<Unlock<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<(Checked, Option<Kept>), CopyError> {
    let mut frames = Frames::open(path)?;
    let mut run = Run {
        depth,
        ..Run::default()
    };
    let mut kept = None;
    loop {
        let step = frames.step()?;
        progress(frames.position());
        match step {
            Step::Damage { at, bytes } => run.checked.fault(format!(
                "{bytes} bytes from byte {at} on are damaged (behind frame {})",
                run.next.saturating_sub(1)
            )),
            Step::Frame {
                at,
                kind,
                number,
                check,
            } => {
                run.number(number, at);
                match Item::decode(kind, frames.payload()) {
                    Some(Item::Keys(bytes)) => kept = run.keys(bytes, unlock)?.or(kept),
                    Some(item) => run.item(&item, number),
                    None => run.checked.fault(format!(
                        "frame {number} at byte {at} is of a type or shape that a bundle does not have"
                    )),
                }
                // The last frame seals all before it.
                run.chain.update(&check);
                run.checked.bytes = at + (HEAD + frames.payload().len()) as u64;
            }
            Step::GaveUp { at } => {
                run.gave_up(at);
                break;
            }
            Step::End => break,
        }
    }
    run.checked.bytes = frames.position();
    run.finish(kept.as_ref());
    Ok((run.checked, kept))
}

#[derive(Default)]
struct Run {
    depth: Depth,
    checked: Checked,
    collectives: Collectives,
    chain: Hasher,
    /// Number that the next frame should have.
    next: u64,
    ended: bool,
    /// Records by number of bytes that did not verify.
    refused: u64,
}

impl Run {
    /// The rest is not read: nothing more can be said of it, not even that its end is missing.
    fn gave_up(&mut self, at: u64) {
        self.ended = true;
        self.checked.fault(format!(
            "from byte {at} on it is full of false beginnings of frames, which no accident makes; it was not read further"
        ));
    }

    fn number(&mut self, number: u32, at: u64) {
        let number = u64::from(number);
        if self.ended {
            self.checked
                .fault(format!("there is more behind the end, at byte {at}"));
        }
        if number > self.next {
            let lost = number - self.next;
            self.checked.fault(format!(
                "{lost} frames from number {} on are lost",
                self.next
            ));
        } else if number < self.next {
            self.checked.fault(format!(
                "frame {number} at byte {at} stands in a wrong place"
            ));
        }
        if number == 0 && self.next > 0 {
            return;
        }
        self.next = number + 1;
        self.checked.frames += 1;
    }

    fn item(&mut self, item: &Item<'_>, number: u32) {
        match item {
            Item::Contents(counted) if number == 0 => {
                for one in counted {
                    self.collectives.expect(*one);
                }
            }
            Item::Contents(_) => self.checked.fault(format!(
                "frame {number} lists what the bundle holds a second time"
            )),
            Item::Record {
                erased,
                received_ms,
                wire,
                ..
            } => match verified(wire, self.depth) {
                Ok(record) => {
                    self.checked.records += 1;
                    self.collectives.take(&record, *received_ms, *erased);
                }
                Err((id, why)) => {
                    self.refused += 1;
                    let id = id.map_or_else(|| "a record".to_owned(), |id| format!("record {id}"));
                    self.checked
                        .fault(format!("frame {number}: {id} is not good: {why}"));
                }
            },
            Item::Sealed { cid, key_id, bytes } => {
                let fits = Bundle::decode(bytes).is_ok_and(|bundle| bundle.key_id() == *key_id);
                if fits {
                    self.collectives.sealed(*cid);
                } else {
                    self.checked
                        .fault(format!("frame {number}: sealed epoch keys cannot be read"));
                }
            }
            Item::Fact { .. } | Item::Keys(_) => {}
            Item::End {
                frames,
                records,
                chain,
            } => {
                self.ended = true;
                let chained = self.chain.finalize() == blake3::Hash::from_bytes(*chain);
                let all = *frames == u64::from(number)
                    && *records == self.checked.records + self.refused
                    && chained;
                // Where something was found before, this says nothing new.
                if !all && self.checked.is_whole() {
                    self.checked.fault(
                        "its end does not fit what stands before it: frames were taken out or exchanged"
                            .to_owned(),
                    );
                }
            }
        }
    }

    fn keys(
        &mut self,
        bytes: &[u8],
        unlock: Option<Unlock<'_>>,
    ) -> Result<Option<Kept>, CopyError> {
        let Some(keys) = SealedKeys::read(bytes) else {
            self.checked
                .fault("the sealed keys do not have their shape".to_owned());
            return Ok(None);
        };
        self.checked.keys = KeysChecked::Sealed {
            by_passphrase: keys.has_passphrase(),
        };
        let Some(unlock) = unlock else {
            return Ok(None);
        };
        match keys.open(unlock) {
            Ok(kept) => Ok(Some(kept)),
            Err(CopyError::Damaged(what)) => {
                self.checked.fault(what);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn finish(&mut self, kept: Option<&Kept>) {
        if !self.ended {
            self.checked.fault(format!(
                "it is cut short: its end is missing behind frame {}",
                self.next.saturating_sub(1)
            ));
        }
        match self.depth {
            Depth::Whole => self.collectives.finish(Clock::start().wall()),
            Depth::AsWritten => self.collectives.count(),
        }
        if let Some(kept) = kept {
            self.fit(kept);
        }
        let views = self.collectives.0.values().map(|one| one.view.clone());
        let mut views: Vec<CheckedCollective> = views.collect();
        views.sort_by(|a, b| (!a.home, &a.name, &a.id).cmp(&(!b.home, &b.name, &b.id)));
        let short: Vec<String> = views
            .iter()
            .filter(|view| view.fewer > 0)
            .map(|view| {
                format!(
                    "{}: {} records fewer than its list of contents says",
                    view.name, view.fewer
                )
            })
            .collect();
        if self.checked.is_whole() {
            for what in short {
                self.checked.fault(what);
            }
        }
        self.checked.collectives = views;
    }

    /// Holds opened keys against the records: seats are the words', epoch secrets are of epochs.
    fn fit(&mut self, kept: &Kept) {
        let card = match kept.card() {
            Ok(card) => card,
            Err(error) => return self.checked.fault(error.to_string()),
        };
        let mut epochs = 0;
        for one in &kept.collectives {
            epochs += one.epochs.len() as u64;
            let Some(reading) = self.collectives.0.get_mut(&one.cid) else {
                continue;
            };
            reading.view.home = one.home;
            let name = reading.view.name.clone();
            let salt = card
                .collectives
                .iter()
                .find(|link| link.cid == one.cid)
                .map(|link| link.salt);
            let roots = [
                Some(card.master.seat(&one.cid)),
                salt.flatten().map(|salt| card.master.founder_seat(&salt)),
            ];
            let ours: BTreeSet<SeatKey> = roots
                .into_iter()
                .flatten()
                .map(|root| SeatKey::from_bytes(root.verifying_key().to_bytes()))
                .collect();
            if salt.is_some() && !ours.contains(&one.seat) {
                self.checked
                    .fault(format!("{name}: its seat is not one of these words"));
            }
            let known: BTreeSet<EpochId> = reading
                .accord
                .state()
                .epochs
                .values()
                .map(|e| e.key_id)
                .collect();
            let strange = one
                .epochs
                .iter()
                .filter(|es| !known.contains(&es.id()))
                .count();
            if strange > 0 && reading.view.missing == 0 && self.checked.is_whole() {
                reading.view.missing += strange as u64;
            }
        }
        self.checked.keys = KeysChecked::Opened {
            collectives: kept.collectives.len() as u64,
            epochs,
        };
    }
}

/// A record whose signatures hold and whose body, if there is one, is its own.
fn verified(wire: &[u8], depth: Depth) -> Result<Verified, (Option<RecordId>, String)> {
    let signed = Signed::parse(wire).map_err(|reason| (None, reason.to_string()))?;
    let id = signed.id();
    if signed.carried() == folkmoot_record::Carried::Mismatched {
        return Err((Some(id), "its body is another one".to_owned()));
    }
    let judged = match depth {
        Depth::Whole => signed.verify(),
        Depth::AsWritten => signed.trust_stored(),
    };
    judged.map_err(|reason| (Some(id), reason.to_string()))
}

/// Checks every record of a store as those of a bundle are checked.
///
/// # Errors
/// The disk's.
pub(crate) fn check_store(store: &Vault, kept: &Kept) -> Result<Checked, CopyError> {
    let mut run = Run {
        ended: true,
        ..Run::default()
    };
    let mut failed = None;
    store.records_since(LogCursor::default(), &mut |logged, _| {
        if let Logged::Record(record, received_ms) = logged {
            match held(store, &record, received_ms) {
                Ok(one) => run.item(&one.item(), 0),
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    match failed {
        Some(error) => Err(error.into()),
        None => {
            run.finish(Some(kept));
            Ok(run.checked)
        }
    }
}
