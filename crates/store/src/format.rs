//! The file `FORMAT`: the version of the store's format and the key of its checksums.
//!
//! The key is no secret from whoever can read the folder. It keeps bytes that came from others from
//! looking like entries of this log.

use std::{fs, io, path::Path};

use crate::{
    StoreError,
    files::{io_error, write_whole},
    log::Seal,
};

/// The format written and the greatest that is read.
pub(crate) const FORMAT: u32 = 1;
const FILE: &str = "FORMAT";

/// What opening found.
pub(crate) enum Found {
    /// A store of this format.
    Store(Seal),
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
            Some((format, _)) if format > FORMAT => Err(newer(format)),
            Some((_, key)) => Ok(Found::Store(Seal::new(key))),
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

pub(crate) const fn newer(found: u32) -> StoreError {
    StoreError::NewerFormat {
        found,
        known: FORMAT,
    }
}

/// Writes the file.
pub(crate) fn write(root: &Path, seal: &Seal) -> Result<(), StoreError> {
    let mut text = format!("folkmoot store {FORMAT}\nkey ");
    text.extend(seal.key().iter().map(|byte| format!("{byte:02x}")));
    text.push('\n');
    let check = check(&text);
    text.push_str(&check);
    write_whole(&root.join(FILE), text.as_bytes())
}

/// The last line: a checksum of all before it. Later formats keep the first line and this one.
fn check(text: &str) -> String {
    format!("check {}\n", &blake3::hash(text.as_bytes()).to_hex()[..16])
}

/// Version and key; `None` where the checksum is wrong. The key of a later format is not read.
fn parse(text: &str) -> Option<(u32, [u8; 32])> {
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
    if format > FORMAT {
        return Some((format, [0; 32]));
    }
    Some((format, parse_key(lines.next()?)?))
}

fn parse_key(line: &str) -> Option<[u8; 32]> {
    let digits = line.strip_prefix("key ")?.as_bytes();
    let digits: &[u8; 64] = digits.try_into().ok()?;
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(key)
}
