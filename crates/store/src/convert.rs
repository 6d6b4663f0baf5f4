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
    LogCursor, StoreError,
    files::{io_error, make_dir, sync_dir},
    format,
    log::{self, Layout, SEGMENT_HEAD, Seal, Step, Walk, slot},
};

const LOG: &str = "log";
const NEW: &str = "log.sealed";
const OLD: &str = "log.open";

/// Writes the log of `plain` anew for `sealed`, which has checksums of its own, and puts it in the old
/// one's place. Damaged entries are not carried over, nor an unfinished group at the end.
pub(crate) fn seal(
    root: &Path,
    plain: &Layout,
    sealed: &Layout,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StoreError> {
    let dir = root.join(NEW);
    remove(&dir)?;
    make_dir(&dir)?;
    let target = Layout::new(dir.clone(), sealed.seal.clone(), sealed.cipher.clone());
    let segments = plain.list()?;
    let mut total = 0;
    for &segment in &segments {
        total += plain.len(segment)?;
    }
    let mut done = 0;
    for &segment in &segments {
        progress(done, total);
        copy(plain, &target, segment)?;
        done += plain.len(segment)?;
    }
    progress(total, total);
    sync_dir(&dir)?;
    rename(root, LOG, OLD)?;
    rename(root, NEW, LOG)?;
    finish(root, sealed)
}

/// Ends a sealing that was interrupted after the new log was whole. Returns whether there was one.
pub(crate) fn go_on(root: &Path, key_check: Option<&[u8; 8]>) -> Result<bool, StoreError> {
    if !root.join(OLD).exists() {
        return Ok(false);
    }
    if !root.join(LOG).exists() {
        rename(root, NEW, LOG)?;
    }
    if let (Some((format::SEALED, key)), Some(check)) = (log::recover(&root.join(LOG))?, key_check)
    {
        format::write(root, &Seal::new(key), Some(check))?;
        remove(&root.join(OLD))?;
    }
    Ok(true)
}

fn finish(root: &Path, sealed: &Layout) -> Result<(), StoreError> {
    let check = sealed.cipher.key().map(folkmoot_seal::StoreKey::check);
    format::write(root, &sealed.seal, check.as_ref())?;
    remove(&root.join(OLD))
}

fn copy(from: &Layout, to: &Layout, segment: u32) -> Result<(), StoreError> {
    let path = to.path(segment);
    let failed = io_error("write", &path);
    let mut file = BufWriter::new(File::create(&path).map_err(&failed)?);
    file.write_all(&to.head(segment)).map_err(&failed)?;
    let mut len = SEGMENT_HEAD;
    let mut group: Vec<u8> = Vec::new();
    let mut walk = Walk::new(from, LogCursor { segment, offset: 0 })?;
    loop {
        match walk.step()? {
            Step::Entry {
                kind,
                last,
                payload,
                ..
            } => {
                let at = LogCursor {
                    segment,
                    offset: u32::try_from(len + group.len()).unwrap_or(u32::MAX),
                };
                let payload = payload.to_vec();
                if let Some(payload) = to.cipher.seal(at, kind, payload)? {
                    let begin = group.len();
                    group.extend_from_slice(&to.seal.head(at, kind, last, &payload));
                    group.extend_from_slice(&payload);
                    group.resize(begin + slot(payload.len()), 0);
                }
                if last {
                    file.write_all(&group).map_err(&failed)?;
                    len += group.len();
                    group.clear();
                }
            }
            Step::Damage { .. } | Step::BadHead => {}
            Step::End { .. } => break,
        }
    }
    let file = file
        .into_inner()
        .map_err(|error| failed(io::Error::from(error.error().kind())))?;
    file.sync_all().map_err(&failed)
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
