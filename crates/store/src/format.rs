//! The file `FORMAT`: the version of the store's format, the key of its checksums, and which key seals
//! it.
//!
//! The key of the checksums is no secret from whoever can read the folder. It keeps bytes that came
//! from others from looking like entries of this log. Of the key that seals only a check stands here.

use std::{fs, io, path::Path};

use crate::{
    Lies, StoreError, convert,
    files::{io_error, sync_dir, write_whole},
    log::{self, Seal},
};

/// The format of a store that lies in the open.
pub(crate) const OPEN: u32 = 1;
/// The format of a sealed store, and the greatest that is read.
pub(crate) const SEALED: u32 = 2;
const FILE: &str = "FORMAT";
/// The same of a store that is being sealed, until it takes the place of the other.
const ASIDE: &str = "FORMAT.sealed";

/// What opening found.
pub(crate) enum Found {
    /// A store, and the check of the key that seals it.
    Store(Seal, Option<[u8; 8]>),
    /// Nothing yet.
    Nothing,
    /// The file is lost or damaged, with segments whose heads may tell its content.
    Lost,
}

/// Reads the file.
pub(crate) fn read(root: &Path, has_segments: bool) -> Result<Found, StoreError> {
    let path = root.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => match std::str::from_utf8(&bytes).ok().and_then(parse) {
            Some(Parsed::Newer(format)) => Err(newer(format)),
            Some(Parsed::Known(key, check)) => Ok(Found::Store(Seal::new(key), check)),
            None if has_segments => Ok(Found::Lost),
            None => Err(StoreError::NotAStore {
                path,
                what: "its content is not that of a FORMAT file, and there is no log",
            }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound && has_segments => Ok(Found::Lost),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(io_error("read", &path)(error)),
    }
}

/// How the log lies on the disk, by `FORMAT` or else by the heads of its segments.
pub(crate) fn lies(root: &Path) -> Result<Lies, StoreError> {
    let dir = root.join("log");
    if convert::is_under_way(root) {
        return Ok(Lies::Sealed);
    }
    if convert::comes_back(root) {
        return Ok(Lies::Open);
    }
    if !log::holds_entries(&dir)? {
        return Ok(Lies::Empty);
    }
    let is_sealed = match read(root, true)? {
        Found::Store(_, check) => check.is_some(),
        Found::Nothing | Found::Lost => {
            log::recover(&dir)?.is_some_and(|(format, _)| format == SEALED)
        }
    };
    Ok(if is_sealed { Lies::Sealed } else { Lies::Open })
}

pub(crate) const fn newer(found: u32) -> StoreError {
    StoreError::NewerFormat {
        found,
        known: SEALED,
    }
}

/// Writes the file.
pub(crate) fn write(
    root: &Path,
    seal: &Seal,
    key_check: Option<&[u8; 8]>,
) -> Result<(), StoreError> {
    write_whole(&root.join(FILE), text(seal, key_check).as_bytes())
}

/// Writes it beside the one in use.
pub(crate) fn write_aside(
    root: &Path,
    seal: &Seal,
    key_check: Option<&[u8; 8]>,
) -> Result<(), StoreError> {
    write_whole(&root.join(ASIDE), text(seal, key_check).as_bytes())
}

/// Removes what [`write_aside`] wrote.
pub(crate) fn drop_aside(root: &Path) -> Result<(), StoreError> {
    let path = root.join(ASIDE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", &path)(error))
        }
        _ => Ok(()),
    }
}

/// Puts what [`write_aside`] wrote in its place; writes it only where it is in neither.
pub(crate) fn take_aside(
    root: &Path,
    seal: &Seal,
    key_check: Option<&[u8; 8]>,
) -> Result<(), StoreError> {
    let path = root.join(ASIDE);
    match fs::rename(&path, root.join(FILE)) {
        Ok(()) => sync_dir(root),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match read(root, true)? {
            Found::Store(found, Some(_)) if found.key() == seal.key() => Ok(()),
            _ => write(root, seal, key_check),
        },
        Err(error) => Err(io_error("rename", &path)(error)),
    }
}

fn text(seal: &Seal, key_check: Option<&[u8; 8]>) -> String {
    let format = if key_check.is_some() { SEALED } else { OPEN };
    let mut text = format!("folkmoot store {format}\nkey {}\n", digits(seal.key()));
    if let Some(check) = key_check {
        text.push_str(&format!("sealed {}\n", digits(check)));
    }
    let check = check(&text);
    text.push_str(&check);
    text
}

/// The last line: a checksum of all before it. Later formats keep the first line and this one.
fn check(text: &str) -> String {
    format!("check {}\n", &blake3::hash(text.as_bytes()).to_hex()[..16])
}

enum Parsed {
    Known([u8; 32], Option<[u8; 8]>),
    /// The rest of a later format is not read.
    Newer(u32),
}

/// `None` where the checksum is wrong.
fn parse(text: &str) -> Option<Parsed> {
    let body = &text[..text.trim_end().rfind('\n')? + 1];
    if text[body.len()..] != check(body) {
        return None;
    }
    let mut lines = body.lines();
    let format = lines
        .next()?
        .strip_prefix("folkmoot store ")?
        .parse()
        .ok()?;
    if format > SEALED {
        return Some(Parsed::Newer(format));
    }
    let key = from_digits(lines.next()?.strip_prefix("key ")?)?;
    let check = match lines.next() {
        Some(line) => Some(from_digits(line.strip_prefix("sealed ")?)?),
        None => None,
    };
    (check.is_some() == (format == SEALED)).then_some(Parsed::Known(key, check))
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}
