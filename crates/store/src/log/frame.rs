//! Heads and checksums of entries.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | length of the payload, little-endian |
//! | 4 | type; the top bit marks the last entry of a group |
//! | 5..8 | checksum of the five bytes before |
//! | 8..16 | checksum of the payload and of the first five bytes |

use crate::LogCursor;

/// Bytes of an entry's head.
pub(crate) const HEAD: usize = 16;
/// Entries begin at multiples of this, so that a search for the next good one is quick.
pub(crate) const ALIGN: usize = 8;
/// Most bytes of a payload: a bundle of 1 MiB is the largest thing kept, with room for its names.
pub(crate) const PAYLOAD_MOST: usize = (1 << 20) + 4_096;
/// Set in the type byte of the last entry of a group.
const LAST: u8 = 0x80;

/// Length of the whole entry on the disk for a payload of `len` bytes.
pub(crate) const fn slot(len: usize) -> usize {
    (HEAD + len).next_multiple_of(ALIGN)
}

/// What an intact head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) len: usize,
    pub(crate) kind: u8,
    pub(crate) last: bool,
    check: [u8; 8],
}

/// Makes and tests checksums with the store's key.
#[derive(Clone)]
pub(crate) struct Seal {
    key: [u8; 32],
}

impl Seal {
    pub(crate) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    pub(crate) const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// A name of the store for its projection: which log it belongs to.
    pub(crate) fn name(&self) -> [u8; 16] {
        let hash = blake3::keyed_hash(&self.key, b"folkmoot store name");
        let mut name = [0; 16];
        name.copy_from_slice(&hash.as_bytes()[..16]);
        name
    }

    /// The head for a payload that stands at `at`.
    pub(crate) fn head(&self, at: LogCursor, kind: u8, last: bool, payload: &[u8]) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        // Payloads are bounded far below 4 GiB before they get here.
        let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        head[..4].copy_from_slice(&len.to_le_bytes());
        head[4] = if last { kind | LAST } else { kind };
        let short = self.hash(at, &head[..5], &[]);
        let long = self.hash(at, &head[..5], payload);
        head[5..8].copy_from_slice(&short[8..11]);
        head[8..].copy_from_slice(&long[..8]);
        head
    }

    /// Reads a head; `None` where its checksum or its length is wrong.
    pub(crate) fn open_head(&self, at: LogCursor, bytes: &[u8]) -> Option<Head> {
        let head: &[u8; HEAD] = bytes.get(..HEAD)?.try_into().ok()?;
        let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        // Tested first: it spares the hash for most wrong places.
        if len > PAYLOAD_MOST || self.hash(at, &head[..5], &[])[8..11] != head[5..8] {
            return None;
        }
        let mut check = [0; 8];
        check.copy_from_slice(&head[8..]);
        Some(Head {
            len,
            kind: head[4] & !LAST,
            last: head[4] & LAST != 0,
            check,
        })
    }

    /// Whether the payload is the one for which the head was made.
    pub(crate) fn matches(&self, at: LogCursor, head: &Head, payload: &[u8]) -> bool {
        let mut first = [0; 5];
        first[..4].copy_from_slice(&u32::try_from(head.len).unwrap_or(u32::MAX).to_le_bytes());
        first[4] = if head.last {
            head.kind | LAST
        } else {
            head.kind
        };
        payload.len() == head.len && self.hash(at, &first, payload)[..8] == head.check
    }

    /// Keyed hash of anything else that stands at a fixed place, a segment's head for one.
    pub(crate) fn hash(&self, at: LogCursor, first: &[u8], rest: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&at.to_bytes()).update(first).update(rest);
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: LogCursor = LogCursor {
        segment: 3,
        offset: 640,
    };

    #[test]
    fn a_flip_of_any_bit_is_seen() {
        let seal = Seal::new([7; 32]);
        let payload = b"what was written".to_vec();
        let head = seal.head(AT, 2, true, &payload);
        let open = seal.open_head(AT, &head).unwrap();
        assert!(open.last && open.kind == 2 && seal.matches(AT, &open, &payload));
        for bit in 0..HEAD * 8 {
            let mut bad = head;
            bad[bit / 8] ^= 1 << (bit % 8);
            let seen = match seal.open_head(AT, &bad) {
                None => true,
                Some(head) => !seal.matches(AT, &head, &payload),
            };
            assert!(seen, "bit {bit} of the head");
        }
        for bit in 0..payload.len() * 8 {
            let mut bad = payload.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!seal.matches(AT, &open, &bad), "bit {bit} of the payload");
        }
    }

    #[test]
    fn an_entry_is_bound_to_its_place_and_its_store() {
        let seal = Seal::new([7; 32]);
        let head = seal.head(AT, 1, false, b"x");
        let elsewhere = LogCursor { offset: 648, ..AT };
        assert!(seal.open_head(elsewhere, &head).is_none());
        assert!(Seal::new([8; 32]).open_head(AT, &head).is_none());
    }
}
