//! Reading a segment from some place to its end, past whatever is damaged.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, path::PathBuf};

use crate::{LogCursor, StoreError, files::io_error};

use super::{
    HEAD, Layout, SEGMENT_HEAD,
    frame::{ALIGN, Head},
    slot,
};

/// How much is read from the disk at once. Entries larger than it grow the buffer for a while.
const CHUNK: usize = 256 << 10;

/// Bytes at the end of a payload that tell whether it was ever written: more than the zeros of a
/// small number.
const TAIL: usize = 16;

/// What the system writes at once: a power cut takes whole pages.
const PAGE: u64 = 4_096;

/// What comes next in a segment.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// An intact entry. One that passes its checksum and does not open has type 0 and no payload.
    Entry {
        at: LogCursor,
        kind: u8,
        last: bool,
        payload: &'a [u8],
    },
    /// Bytes that are no intact entry, with more behind them, or an entry whose head is intact and
    /// whose end is the end of the file. The payload is there where the head was intact and nothing
    /// is sealed.
    Damage {
        at: LogCursor,
        bytes: u64,
        last: bool,
        payload: Option<&'a [u8]>,
    },
    /// The segment's head is damaged. What follows is read all the same.
    BadHead,
    /// Nothing intact follows; `rest` bytes up to the end of the file are no whole entry.
    End { at: LogCursor, rest: u64 },
}

/// A walk through one segment. Bytes written behind the length that the file had at the start are
/// not looked at.
pub(crate) struct Walk<'l> {
    layout: &'l Layout,
    segment: u32,
    path: PathBuf,
    file: File,
    len: u64,
    pos: u64,
    buffer: Vec<u8>,
    buffer_at: u64,
    /// The payload of the last entry, opened.
    opened: Vec<u8>,
}

impl<'l> Walk<'l> {
    /// Begins at `from`; offset 0 is the segment's head.
    pub(crate) fn new(layout: &'l Layout, from: LogCursor) -> Result<Self, StoreError> {
        let path = layout.path(from.segment);
        let open = || -> io::Result<(File, u64)> {
            let file = File::open(&path)?;
            let len = file.metadata()?.len();
            Ok((file, len))
        };
        let (file, len) = open().map_err(io_error("open", &path))?;
        Ok(Self {
            layout,
            segment: from.segment,
            path,
            file,
            len,
            // A position from elsewhere may lie anywhere; entries begin at multiples of ALIGN.
            pos: u64::from(from.offset).next_multiple_of(ALIGN as u64),
            buffer: Vec::new(),
            buffer_at: 0,
            opened: Vec::new(),
        })
    }

    /// Does not look behind `end`: what stands there is being written.
    pub(crate) fn until(mut self, end: LogCursor) -> Self {
        if end.segment == self.segment {
            self.len = self.len.min(end.offset.into());
        }
        self
    }

    /// Where the walk stands.
    pub(crate) fn at(&self) -> LogCursor {
        self.cursor(self.pos)
    }

    /// The next step. After [`Step::End`] it stays at the end.
    pub(crate) fn step(&mut self) -> Result<Step<'_>, StoreError> {
        if self.pos < SEGMENT_HEAD as u64 {
            self.fill(0, SEGMENT_HEAD)?;
            let head = self.bytes(0, SEGMENT_HEAD);
            let good = head.is_some_and(|head| self.layout.is_head(self.segment, head));
            self.pos = SEGMENT_HEAD as u64;
            if !good {
                return Ok(Step::BadHead);
            }
        }
        let from = self.pos;
        if let Some((kind, last, len)) = self.entry(from)? {
            self.pos = from + slot(len) as u64;
            let at = self.cursor(from);
            let (kind, payload) = if self.layout.cipher.key().is_some() {
                let bytes = self.bytes(from + HEAD as u64, len).unwrap_or_default();
                let opened = self.layout.cipher.open(at, kind, bytes.to_vec());
                let kind = if opened.is_some() { kind } else { 0 };
                self.opened = opened.unwrap_or_default();
                (kind, &self.opened[..])
            } else {
                let bytes = self.bytes(from + HEAD as u64, len);
                (kind, bytes.unwrap_or_default())
            };
            return Ok(Step::Entry {
                at,
                kind,
                last,
                payload,
            });
        }
        // The head may still say where the next entry begins.
        let own = self.intact_head(from)?;
        let behind = own.map(|head| from + slot(head.len) as u64);
        let next = match behind {
            Some(next) if next < self.len && self.entry(next)?.is_some() => Some(next),
            Some(next) if next == self.len && self.is_written(from, own)? => Some(next),
            _ => self.search(from + ALIGN as u64)?,
        };
        let Some(next) = next else {
            return Ok(Step::End {
                at: self.cursor(from),
                rest: self.len.saturating_sub(from),
            });
        };
        self.pos = next;
        let own = own.filter(|_| behind.is_some_and(|behind| behind <= next));
        if let Some(head) = own {
            self.fill(from, HEAD + head.len)?;
        }
        Ok(Step::Damage {
            at: self.cursor(from),
            bytes: next - from,
            last: own.is_some_and(|head| head.last),
            payload: own
                .filter(|_| self.layout.cipher.key().is_none())
                .and_then(|head| self.bytes(from + HEAD as u64, head.len)),
        })
    }

    /// Whether the end of this payload was ever written. What a power cut took reads as zeros; where
    /// the last bytes are there, the entry was damaged later.
    fn is_written(&mut self, pos: u64, head: Option<Head>) -> Result<bool, StoreError> {
        let len = head.map_or(0, |head| head.len);
        let tail = len.min(TAIL);
        let from = pos + (HEAD + len - tail) as u64;
        self.fill(from, tail)?;
        Ok(self
            .bytes(from, tail)
            .is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0)))
    }

    /// Whether nothing stands behind the walk.
    pub(crate) fn is_at_end(&self) -> bool {
        self.pos >= self.len
    }

    /// Whether a page of this damage was never written: all of it that lies behind the beginning of
    /// its group reads as zeros. Bytes that were there once and went bad look otherwise.
    pub(crate) fn is_unwritten(
        &mut self,
        group: u64,
        damage: Range<u64>,
    ) -> Result<bool, StoreError> {
        for page in damage.start / PAGE..=damage.end.saturating_sub(1) / PAGE {
            let from = (page * PAGE).max(group);
            let to = ((page + 1) * PAGE).min(self.len);
            let len = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
            // A few zeros stand in many an entry.
            if len < TAIL {
                continue;
            }
            self.fill(from, len)?;
            let bytes = self.bytes(from, len);
            if bytes.is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on at the first intact entry at or behind `pos`.
    fn search(&mut self, mut pos: u64) -> Result<Option<u64>, StoreError> {
        while pos + HEAD as u64 <= self.len {
            if self.entry(pos)?.is_some() {
                return Ok(Some(pos));
            }
            pos += ALIGN as u64;
        }
        Ok(None)
    }

    /// Type, mark and payload length of the entry at `pos`, if an intact one stands there whole.
    fn entry(&mut self, pos: u64) -> Result<Option<(u8, bool, usize)>, StoreError> {
        let Some(head) = self.intact_head(pos)? else {
            return Ok(None);
        };
        let at = self.cursor(pos);
        if pos + slot(head.len) as u64 > self.len {
            return Ok(None);
        }
        self.fill(pos, HEAD + head.len)?;
        let intact = self
            .bytes(pos + HEAD as u64, head.len)
            .is_some_and(|payload| self.layout.seal.matches(at, &head, payload));
        Ok(intact.then_some((head.kind, head.last, head.len)))
    }

    fn intact_head(&mut self, pos: u64) -> Result<Option<Head>, StoreError> {
        self.fill(pos, HEAD)?;
        let at = self.cursor(pos);
        let bytes = self.bytes(pos, HEAD);
        Ok(bytes.and_then(|bytes| self.layout.seal.open_head(at, bytes)))
    }

    /// Brings `len` bytes from `pos` into the buffer, as far as the file has them.
    fn fill(&mut self, pos: u64, len: usize) -> Result<(), StoreError> {
        let have = self.buffer_at..self.buffer_at + self.buffer.len() as u64;
        let end = (pos + len as u64).min(self.len);
        if have.start <= pos && end <= have.end {
            return Ok(());
        }
        let want = (end.saturating_sub(pos)).max(CHUNK as u64);
        let want = want.min(self.len.saturating_sub(pos));
        // Bounded by the largest payload or CHUNK, both far below the address space.
        self.buffer.resize(usize::try_from(want).unwrap_or(0), 0);
        self.buffer_at = pos;
        let got =
            read_full(&self.file, &mut self.buffer, pos).map_err(io_error("read", &self.path))?;
        self.buffer.truncate(got);
        if self.buffer.capacity() > 4 * CHUNK && self.buffer.len() <= CHUNK {
            self.buffer.shrink_to(CHUNK);
        }
        Ok(())
    }

    fn bytes(&self, pos: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(pos.checked_sub(self.buffer_at)?).ok()?;
        self.buffer.get(from..from.checked_add(len)?)
    }

    fn cursor(&self, pos: u64) -> LogCursor {
        LogCursor {
            segment: self.segment,
            // Segments stay below 4 GiB: a group below GROUP_MOST begins below 1 GiB.
            offset: u32::try_from(pos).unwrap_or(u32::MAX),
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn read_full(file: &File, buffer: &mut [u8], pos: u64) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read_at(&mut buffer[got..], pos + got as u64) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}
