//! The readers of the log for the fuzzers and their tests. No part of the API.

use std::{fs::OpenOptions, os::unix::fs::FileExt, path::Path};

use crate::{
    LogCursor, StoreError,
    cipher::Cipher,
    files::io_error,
    log::{Layout, Seal, Step, Walk},
    payload::Item,
};

/// One step of a walk through a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// An intact entry.
    Entry {
        /// Offset of its head.
        at: u32,
        /// Its type.
        kind: u8,
        /// Whether it ends a group.
        last: bool,
        /// What it holds.
        payload: Vec<u8>,
    },
    /// Bytes that are no intact entry, with more behind them.
    Damage {
        /// Where they begin.
        at: u32,
        /// How many.
        bytes: u64,
    },
    /// The segment's head is damaged.
    BadHead,
    /// Nothing intact follows.
    End {
        /// Where the good part ends.
        at: u32,
        /// Bytes behind it.
        rest: u64,
    },
}

/// Reads a payload of a type and writes it as an entry that was never stripped: type and bytes.
pub fn payload(kind: u8, bytes: &[u8]) -> Option<(u8, Vec<u8>)> {
    let item = Item::read(kind, bytes)?;
    let mut out = Vec::new();
    item.write(&mut out);
    Some((item.kind(), out))
}

/// Segment 0 of a store with this key, as written: entries as type, mark of the last and payload.
pub fn segment(key: [u8; 32], entries: &[(u8, bool, &[u8])]) -> Vec<u8> {
    let layout = Layout::new(Default::default(), Seal::new(key), Cipher::default());
    let mut out = layout.head(0).to_vec();
    for (kind, last, payload) in entries {
        let at = LogCursor {
            segment: 0,
            // Segments of tests are small.
            offset: u32::try_from(out.len()).unwrap_or(u32::MAX),
        };
        out.extend_from_slice(&layout.seal.head(at, *kind, *last, payload));
        out.extend_from_slice(payload);
        out.resize(out.len().next_multiple_of(8), 0);
    }
    out
}

/// Writes the bytes to `folder` as segment 0 of a store with this key and walks through it.
///
/// # Errors
/// [`StoreError`] of the disk.
pub fn walk(folder: &Path, key: [u8; 32], bytes: &[u8]) -> Result<Vec<Seen>, StoreError> {
    let layout = Layout::new(folder.to_owned(), Seal::new(key), Cipher::default());
    let path = layout.path(0);
    // In place: some file systems flush a file that is cut to nothing and written anew.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .and_then(|file| {
            file.set_len(bytes.len() as u64)?;
            file.write_all_at(bytes, 0)
        })
        .map_err(io_error("write", &path))?;
    let mut walk = Walk::new(&layout, LogCursor::default())?;
    let mut seen = Vec::new();
    loop {
        let step = match walk.step()? {
            Step::Entry {
                at,
                kind,
                last,
                payload,
            } => Seen::Entry {
                at: at.offset,
                kind,
                last,
                payload: payload.to_vec(),
            },
            Step::Damage { at, bytes, .. } => Seen::Damage {
                at: at.offset,
                bytes,
            },
            Step::BadHead => Seen::BadHead,
            Step::End { at, rest } => {
                let at = at.offset;
                seen.push(Seen::End { at, rest });
                return Ok(seen);
            }
        };
        seen.push(step);
    }
}
