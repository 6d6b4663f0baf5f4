//! Positions in the log.

use std::fmt;

/// A position in the log: where an entry begins. Erasing and compacting do not move entries, so a
/// cursor stays good for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogCursor {
    /// Number of the segment, from 0.
    pub segment: u32,
    /// Offset in the segment in bytes.
    pub offset: u32,
}

impl LogCursor {
    /// Eight bytes, big-endian: they sort as cursors do.
    pub const fn to_bytes(self) -> [u8; 8] {
        ((self.segment as u64) << 32 | self.offset as u64).to_be_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        let raw = u64::from_be_bytes(bytes);
        Self {
            segment: (raw >> 32) as u32,
            offset: raw as u32,
        }
    }
}

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {} offset {}", self.segment, self.offset)
    }
}
