//! Sealing a store that was written in the open: the log is written anew under the key, beside the old
//! one, and takes its place.
//!
//! | beside `log` | when |
//! |---|---|
//! | `log.sealed` | while it is written; begun anew after an interruption |
//! | `FORMAT.sealed` | from the moment at which the new log is whole until it takes the place of `FORMAT` |
//! | `log.open` | the old log, until the new one stands in its place and `FORMAT` says so |
//!
//! From the first renaming on nothing is written any more: a full disk cannot stop it half way. Whatever is
//! interrupted, the next opening goes on. Nothing can promise that a disk forgets the old bytes at once.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

use folkmoot_record::RecordId;
use folkmoot_seal::StoreKey;

use crate::{
    Damage, DamageKind, LogCursor, StoreError,
    cipher::{COUNT, Cipher},
    files::{io_error, make_dir, size_of, sync_dir},
    format,
    log::{self, Layout, SEGMENT_HEAD, Seal, Step, Walk, slot},
    payload,
    replay::readable_id,
};

const LOG: &str = "log";
const NEW: &str = "log.sealed";
const OLD: &str = "log.open";
const TAILS: &str = "quarantine";
/// Longest entry that keeps the place of damage.
const FILLER: usize = 1 << 20;
/// Zeros that are left out of the file: a hole takes no room. A page of the disk.
const HOLE: usize = 4_096;
/// Room asked for beyond what is written: the disk is used by others too.
const AIR: u64 = 16 << 20;

/// Bytes of free space with which sealing is begun: the log once more, grown by half where its entries are
/// short, and a projection like the one there is.
pub(crate) fn room(root: &Path, plain: &Layout) -> Result<u64, StoreError> {
    let mut log = 0;
    for segment in plain.list()? {
        log += plain.len(segment)?;
    }
    let rest = size_of(root)?.saturating_sub(size_of(&root.join(LOG))?);
    Ok(log + log / 2 + rest + AIR)
}

/// Writes the log of `plain` anew for `sealed`, which has checksums of its own, and puts it in the old
/// one's place. Gives what was damaged and could not be carried over, with the ids that can be read there.
/// The ordinary opening came before: it cut what was never acknowledged.
pub(crate) fn seal(
    root: &Path,
    plain: &Layout,
    sealed: &Layout,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Damage>, StoreError> {
    let begun = begin(root, plain, sealed, progress)
        .and_then(|damaged| rename(root, LOG, OLD).map(|()| damaged));
    let damaged = match begun {
        Ok(damaged) => damaged,
        Err(error) => {
            if !is_under_way(root)
                && let Err(error) = clear(root)
            {
                tracing::warn!(%error, "what was written of a sealed log takes room still");
            }
            return Err(error);
        }
    };
    rename(root, NEW, LOG)?;
    finish(root, sealed)?;
    Ok(damaged)
}

/// All that has to be written.
fn begin(
    root: &Path,
    plain: &Layout,
    sealed: &Layout,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Damage>, StoreError> {
    let dir = root.join(NEW);
    make_dir(&dir)?;
    let damaged = write_anew(&dir, plain, sealed, progress)?;
    sync_dir(&dir)?;
    // Makes the name of the new folder durable too.
    format::write_aside(root, &sealed.seal, check_of(sealed).as_ref())?;
    Ok(damaged)
}

/// Removes what an attempt wrote that ended before the first renaming: its room is needed.
pub(crate) fn clear(root: &Path) -> Result<(), StoreError> {
    remove(&root.join(NEW))?;
    format::drop_aside(root)
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
    root.join(OLD).exists() && (root.join(LOG).exists() || root.join(NEW).exists())
}

/// Whether the old log is all there is: it comes back at the next opening.
pub(crate) fn comes_back(root: &Path) -> bool {
    root.join(OLD).exists() && !is_under_way(root)
}

/// Ends a sealing that was interrupted after the new log was whole. Returns whether there was one.
pub(crate) fn go_on(root: &Path, cipher: &Cipher) -> Result<bool, StoreError> {
    let (dir, old) = (root.join(LOG), root.join(OLD));
    if comes_back(root) {
        // The new log is gone, whatever took it. The old one is whole.
        rename(root, OLD, LOG)?;
    }
    if !is_under_way(root) {
        return Ok(false);
    }
    if cipher.key().is_none() {
        return Err(StoreError::Sealed);
    }
    if !dir.exists() {
        rename(root, NEW, LOG)?;
    }
    let Some((format::SEALED, key)) = log::recover(&dir)? else {
        // Somebody put another log in its place: neither is ours to remove.
        return Err(StoreError::NotAStore {
            path: old,
            what: "a log in the open lies there and one that is not sealed in the folder log: move away the one that is not yours",
        });
    };
    let layout = Layout::new(dir, Seal::new(key), cipher.clone());
    if !opens(&layout)? {
        return Err(StoreError::WrongKey);
    }
    finish(root, &layout)?;
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
    format::take_aside(root, &sealed.seal, check_of(sealed).as_ref())?;
    // What was cut from the end of the old log lies there in the open; it was never acknowledged.
    remove(&root.join(TAILS))?;
    remove(&root.join(OLD))
}

fn check_of(sealed: &Layout) -> Option<[u8; 8]> {
    sealed.cipher.key().map(StoreKey::check)
}

/// Writes one segment anew; gives the damage that it met.
fn copy(from: &Layout, to: &Layout, segment: u32) -> Result<Vec<Damage>, StoreError> {
    let mut damaged = Vec::new();
    let mut anew = Anew::begin(to, segment)?;
    let mut walk = Walk::new(from, LogCursor { segment, offset: 0 })?;
    loop {
        let (at, bytes, kind, id) = match walk.step()? {
            Step::Entry { kind, payload, .. } => {
                let mut payload = payload.to_vec();
                if payload::is_stripped(kind) {
                    // Room to say how much of it is sealed.
                    payload.extend([0; COUNT]);
                }
                anew.push(kind, payload)?;
                continue;
            }
            Step::Damage {
                at, bytes, payload, ..
            } => {
                // What follows must not come to stand before its old place.
                let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
                while left > 0 {
                    let len = left.min(FILLER);
                    anew.push(payload::STRIPPED_BODY, vec![0; len.max(COUNT)])?;
                    left -= len;
                }
                let id = payload.and_then(readable_id);
                (at, bytes, DamageKind::Checksum, id)
            }
            Step::BadHead => {
                let at = LogCursor { segment, offset: 0 };
                (at, SEGMENT_HEAD as u64, DamageKind::SegmentHead, None)
            }
            Step::End { rest: 0, .. } => break,
            // Of the last segment such an end was cut. This one was whole once.
            Step::End { at, rest } => {
                damaged.push(damage(at, rest, DamageKind::Checksum, None));
                break;
            }
        };
        damaged.push(damage(at, bytes, kind, id));
    }
    anew.end()?;
    Ok(damaged)
}

fn damage(at: LogCursor, bytes: u64, kind: DamageKind, id: Option<RecordId>) -> Damage {
    Damage {
        at,
        bytes,
        kind,
        ids: id.into_iter().collect(),
    }
}

/// A segment that is written anew.
struct Anew<'a> {
    to: &'a Layout,
    path: PathBuf,
    file: BufWriter<File>,
    /// Where the next entry comes to stand.
    at: LogCursor,
}

impl<'a> Anew<'a> {
    fn begin(to: &'a Layout, segment: u32) -> Result<Self, StoreError> {
        let path = to.path(segment);
        let make = || -> io::Result<BufWriter<File>> {
            let mut file = BufWriter::new(File::create(&path)?);
            file.write_all(&to.head(segment))?;
            Ok(file)
        };
        let file = make().map_err(io_error("write", &path))?;
        let at = LogCursor {
            segment,
            offset: SEGMENT_HEAD as u32,
        };
        Ok(Self { to, path, file, at })
    }

    /// Each entry is a group of its own: what ended the old one may be damaged.
    fn push(&mut self, kind: u8, payload: Vec<u8>) -> Result<(), StoreError> {
        let at = self.at;
        // Room was made for what the sealing of a stripped one takes.
        let Some(payload) = self.to.cipher.seal(at, kind, payload)? else {
            return Ok(());
        };
        let mut entry = self.to.seal.head(at, kind, true, &payload).to_vec();
        entry.extend_from_slice(&payload);
        entry.resize(slot(payload.len()), 0);
        let zeros = entry.iter().rev().take_while(|byte| **byte == 0).count();
        let (bytes, hole) = match zeros < HOLE {
            true => (&entry[..], 0),
            false => (&entry[..entry.len() - zeros], zeros),
        };
        self.file
            .write_all(bytes)
            .and_then(|()| match i64::try_from(hole) {
                Ok(hole) if hole > 0 => self.file.seek_relative(hole),
                _ => Ok(()),
            })
            .map_err(io_error("write", &self.path))?;
        let grown = u32::try_from(entry.len()).unwrap_or(u32::MAX);
        self.at.offset = at.offset.saturating_add(grown);
        Ok(())
    }

    fn end(self) -> Result<(), StoreError> {
        let end = || -> io::Result<()> {
            let file = self
                .file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?;
            // It may end with a hole.
            file.set_len(self.at.offset.into())?;
            file.sync_all()
        };
        end().map_err(io_error("write", &self.path))
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
