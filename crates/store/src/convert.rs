//! Sealing a store that was written in the open: the log is written anew under the key, beside the old
//! one, and takes its place.
//!
//! | folder | when |
//! |---|---|
//! | `log.sealed` | while it is written; begun anew after an interruption |
//! | `log.open` | the old log, from the moment at which the new one is whole until `FORMAT` says so |
//!
//! Whatever is interrupted, the next opening goes on. Nothing can promise that a disk forgets the old
//! bytes at once.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{
    Damage, DamageKind, LogCursor, StoreError,
    cipher::{COUNT, Cipher},
    files::{io_error, make_dir, sync_dir},
    format,
    log::{self, Layout, SEGMENT_HEAD, Seal, Step, Walk, slot},
    payload,
};

const LOG: &str = "log";
const NEW: &str = "log.sealed";
const OLD: &str = "log.open";
const TAILS: &str = "quarantine";
/// Longest entry that keeps the place of damage.
const FILLER: usize = 1 << 20;

/// Writes the log of `plain` anew for `sealed`, which has checksums of its own, and puts it in the old
/// one's place. Gives what was damaged and could not be carried over, without the ids that its projection
/// knew: it goes with the old log. An unfinished group at the end is left out.
pub(crate) fn seal(
    root: &Path,
    plain: &Layout,
    sealed: &Layout,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Damage>, StoreError> {
    let dir = root.join(NEW);
    remove(&dir)?;
    make_dir(&dir)?;
    let damaged = match write_anew(&dir, plain, sealed, progress) {
        Ok(damaged) => damaged,
        Err(error) => {
            // The room is needed.
            remove(&dir)?;
            return Err(error);
        }
    };
    sync_dir(&dir)?;
    rename(root, LOG, OLD)?;
    rename(root, NEW, LOG)?;
    finish(root, sealed)?;
    Ok(damaged)
}

fn write_anew(
    dir: &Path,
    plain: &Layout,
    sealed: &Layout,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Damage>, StoreError> {
    let target = Layout::new(dir.to_owned(), sealed.seal.clone(), sealed.cipher.clone());
    let segments = plain.list()?;
    let mut total = 0;
    for &segment in &segments {
        total += plain.len(segment)?;
    }
    let mut done = 0;
    let mut damaged = Vec::new();
    for &segment in &segments {
        progress(done, total);
        damaged.extend(copy(plain, &target, segment)?);
        done += plain.len(segment)?;
    }
    progress(total, total);
    Ok(damaged)
}

/// Whether a sealing was interrupted after the new log was whole.
pub(crate) fn is_under_way(root: &Path) -> bool {
    root.join(OLD).exists()
}

/// Ends a sealing that was interrupted after the new log was whole. Returns whether there was one.
pub(crate) fn go_on(root: &Path, cipher: &Cipher) -> Result<bool, StoreError> {
    if !is_under_way(root) {
        return Ok(false);
    }
    if cipher.key().is_none() {
        return Err(StoreError::Sealed);
    }
    if !root.join(LOG).exists() {
        rename(root, NEW, LOG)?;
    }
    let dir = root.join(LOG);
    if let Some((format::SEALED, key)) = log::recover(&dir)? {
        let layout = Layout::new(dir, Seal::new(key), cipher.clone());
        if !opens(&layout)? {
            return Err(StoreError::WrongKey);
        }
        finish(root, &layout)?;
    }
    Ok(true)
}

/// Whether the first intact entry of a log opens.
pub(crate) fn opens(layout: &Layout) -> Result<bool, StoreError> {
    for segment in layout.list()? {
        let mut walk = Walk::new(layout, LogCursor { segment, offset: 0 })?;
        loop {
            match walk.step()? {
                Step::Entry { kind, .. } => return Ok(kind != 0),
                Step::End { .. } => break,
                Step::Damage { .. } | Step::BadHead => {}
            }
        }
    }
    Ok(true)
}

fn finish(root: &Path, sealed: &Layout) -> Result<(), StoreError> {
    let check = sealed.cipher.key().map(folkmoot_seal::StoreKey::check);
    format::write(root, &sealed.seal, check.as_ref())?;
    // What was cut from the end of the old log lies there in the open; it was never acknowledged.
    remove(&root.join(TAILS))?;
    remove(&root.join(OLD))
}

/// Writes one segment anew; gives the damage that it met.
fn copy(from: &Layout, to: &Layout, segment: u32) -> Result<Vec<Damage>, StoreError> {
    let path = to.path(segment);
    let failed = io_error("write", &path);
    let mut damaged = Vec::new();
    let mut anew = Anew {
        to,
        file: BufWriter::new(File::create(&path).map_err(&failed)?),
        at: LogCursor {
            segment,
            offset: SEGMENT_HEAD as u32,
        },
        group: Vec::new(),
    };
    anew.file.write_all(&to.head(segment)).map_err(&failed)?;
    let mut walk = Walk::new(from, LogCursor { segment, offset: 0 })?;
    loop {
        let (damage, ends) = match walk.step()? {
            Step::Entry {
                kind,
                last,
                payload,
                ..
            } => {
                let mut payload = payload.to_vec();
                if payload::is_stripped(kind) {
                    // Room to say how much of it is sealed.
                    payload.extend([0; COUNT]);
                }
                anew.push(kind, payload)?;
                (None, last)
            }
            Step::Damage {
                at, bytes, last, ..
            } => {
                // What follows must not come to stand before its old place.
                let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
                while left > 0 {
                    let len = left.min(FILLER);
                    anew.push(payload::STRIPPED_BODY, vec![0; len.max(COUNT)])?;
                    left -= len;
                }
                (Some((at, bytes, DamageKind::Checksum)), last)
            }
            Step::BadHead => {
                let at = LogCursor { segment, offset: 0 };
                (
                    Some((at, SEGMENT_HEAD as u64, DamageKind::SegmentHead)),
                    false,
                )
            }
            // What is left in the group was never acknowledged.
            Step::End { .. } => break,
        };
        damaged.extend(damage.map(|(at, bytes, kind)| Damage {
            at,
            bytes,
            kind,
            ids: Vec::new(),
        }));
        if ends {
            anew.file.write_all(&anew.group).map_err(&failed)?;
            anew.group.clear();
        }
    }
    let file = anew
        .file
        .into_inner()
        .map_err(|error| failed(io::Error::from(error.error().kind())))?;
    file.sync_all().map_err(&failed)?;
    Ok(damaged)
}

/// A segment that is written anew.
struct Anew<'a> {
    to: &'a Layout,
    file: BufWriter<File>,
    /// Where the next entry comes to stand.
    at: LogCursor,
    /// Entries of a group whose end was not met yet.
    group: Vec<u8>,
}

impl Anew<'_> {
    /// Each entry is a group of its own: what ended the old one may be damaged.
    fn push(&mut self, kind: u8, payload: Vec<u8>) -> Result<(), StoreError> {
        let at = self.at;
        let Some(payload) = self.to.cipher.seal(at, kind, payload)? else {
            return Ok(());
        };
        let begin = self.group.len();
        let head = self.to.seal.head(at, kind, true, &payload);
        self.group.extend_from_slice(&head);
        self.group.extend_from_slice(&payload);
        self.group.resize(begin + slot(payload.len()), 0);
        let grown = u32::try_from(self.group.len() - begin).unwrap_or(u32::MAX);
        self.at.offset = at.offset.saturating_add(grown);
        Ok(())
    }
}

fn rename(root: &Path, from: &str, to: &str) -> Result<(), StoreError> {
    let from = root.join(from);
    fs::rename(&from, root.join(to)).map_err(io_error("rename", &from))?;
    sync_dir(root)
}

fn remove(dir: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", dir)(error))
        }
        _ => Ok(()),
    }
}
