//! Payloads of the log's entries, by type.
//!
//! | type | payload |
//! |---|---|
//! | 1 record | time of receipt u64, wire bytes |
//! | 2 body | record id, body bytes |
//! | 3 bundle | collective, epoch id, bundle bytes |
//! | 4 local | length of the key u16, key, 1 and value, or 0 |
//! | 5 erase | record id |
//! | 6 mark | record id, mark |
//! | 7 stripped record | time of receipt u64, length u32, wire bytes without body, zeros |
//! | 8 stripped body | record id, zeros |
//! | 9 bundle dropped | hash of its bytes |
//!
//! Numbers are little-endian. Types 7 and 8 take the place of 1 and 2 when an erased body leaves the
//! disk; their zeros fill the room that the body had, so that no other entry moves.

use folkmoot_record::{BundleHash, CollectiveId, EpochId, RecordId};

pub(crate) const RECORD: u8 = 1;
pub(crate) const BODY: u8 = 2;
pub(crate) const BUNDLE: u8 = 3;
pub(crate) const LOCAL: u8 = 4;
pub(crate) const ERASE: u8 = 5;
pub(crate) const MARK: u8 = 6;
pub(crate) const STRIPPED_RECORD: u8 = 7;
pub(crate) const STRIPPED_BODY: u8 = 8;
pub(crate) const DROP_BUNDLE: u8 = 9;

/// Whether an entry took the place of another whose body left the disk.
pub(crate) const fn is_stripped(kind: u8) -> bool {
    matches!(kind, STRIPPED_RECORD | STRIPPED_BODY)
}

/// A decoded payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// Types 1 and 7.
    Record {
        received_ms: u64,
        wire: &'a [u8],
    },
    Body {
        id: RecordId,
        bytes: &'a [u8],
    },
    Bundle {
        cid: CollectiveId,
        key_id: EpochId,
        bytes: &'a [u8],
    },
    Local {
        key: &'a [u8],
        value: Option<&'a [u8]>,
    },
    Erase {
        id: RecordId,
    },
    Mark {
        id: RecordId,
        mark: u8,
    },
    DropBundle {
        hash: BundleHash,
    },
    /// Type 8: nothing is left of it.
    Nothing,
}

impl<'a> Item<'a> {
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::Record { .. } => RECORD,
            Self::Body { .. } => BODY,
            Self::Bundle { .. } => BUNDLE,
            Self::Local { .. } => LOCAL,
            Self::Erase { .. } => ERASE,
            Self::Mark { .. } => MARK,
            Self::DropBundle { .. } => DROP_BUNDLE,
            Self::Nothing => STRIPPED_BODY,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Record { received_ms, wire } => {
                out.extend_from_slice(&received_ms.to_le_bytes());
                out.extend_from_slice(wire);
            }
            Self::Body { id, bytes } => {
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(bytes);
            }
            Self::Bundle { cid, key_id, bytes } => {
                out.extend_from_slice(cid.as_bytes());
                out.extend_from_slice(key_id.as_bytes());
                out.extend_from_slice(bytes);
            }
            Self::Local { key, value } => {
                // Keys are bounded far below 64 KiB before they get here.
                let len = u16::try_from(key.len()).unwrap_or(u16::MAX);
                out.extend_from_slice(&len.to_le_bytes());
                out.extend_from_slice(key);
                out.push(u8::from(value.is_some()));
                out.extend_from_slice(value.unwrap_or_default());
            }
            Self::Erase { id } => out.extend_from_slice(id.as_bytes()),
            Self::Mark { id, mark } => {
                out.extend_from_slice(id.as_bytes());
                out.push(*mark);
            }
            Self::DropBundle { hash } => out.extend_from_slice(hash.as_bytes()),
            Self::Nothing => {}
        }
    }

    /// `None` where the payload does not have the shape of its type.
    pub(crate) fn read(kind: u8, payload: &'a [u8]) -> Option<Self> {
        Some(match kind {
            RECORD => {
                let (received_ms, wire) = split_u64(payload)?;
                Self::Record { received_ms, wire }
            }
            STRIPPED_RECORD => {
                let (received_ms, rest) = split_u64(payload)?;
                let (len, rest) = rest.split_first_chunk::<4>()?;
                let wire = rest.get(..u32::from_le_bytes(*len) as usize)?;
                Self::Record { received_ms, wire }
            }
            BODY => {
                let (id, bytes) = split_id(payload)?;
                Self::Body {
                    id: RecordId::from_bytes(id),
                    bytes,
                }
            }
            BUNDLE => {
                let (cid, rest) = split_id(payload)?;
                let (key_id, bytes) = split_id(rest)?;
                Self::Bundle {
                    cid: CollectiveId::from_bytes(cid),
                    key_id: EpochId::from_bytes(key_id),
                    bytes,
                }
            }
            LOCAL => {
                let (len, rest) = payload.split_first_chunk::<2>()?;
                let (key, rest) = rest.split_at_checked(u16::from_le_bytes(*len).into())?;
                let value = match rest.split_first()? {
                    (0, []) => None,
                    (1, value) => Some(value),
                    _ => return None,
                };
                Self::Local { key, value }
            }
            ERASE => {
                let (id, rest) = split_id(payload)?;
                rest.is_empty().then_some(Self::Erase {
                    id: RecordId::from_bytes(id),
                })?
            }
            MARK => {
                let (id, rest) = split_id(payload)?;
                let &[mark] = rest else { return None };
                Self::Mark {
                    id: RecordId::from_bytes(id),
                    mark,
                }
            }
            STRIPPED_BODY => Self::Nothing,
            DROP_BUNDLE => Self::DropBundle {
                hash: BundleHash::from_bytes(payload.try_into().ok()?),
            },
            _ => return None,
        })
    }
}

/// The payload that takes the place of a record's when its body leaves the disk: as long as before.
/// `None` where it would not fit, which a shorter wire always does save within a few bytes.
pub(crate) fn strip_record(received_ms: u64, wire: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(len);
    out.extend_from_slice(&received_ms.to_le_bytes());
    out.extend_from_slice(&u32::try_from(wire.len()).ok()?.to_le_bytes());
    out.extend_from_slice(wire);
    (out.len() <= len).then(|| {
        out.resize(len, 0);
        out
    })
}

/// The payload that takes the place of a body.
pub(crate) fn strip_body(id: &RecordId, len: usize) -> Vec<u8> {
    let mut out = id.as_bytes().to_vec();
    out.resize(len, 0);
    out
}

fn split_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

fn split_id(bytes: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (id, rest) = bytes.split_first_chunk::<32>()?;
    Some((*id, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(item: Item<'_>) {
        let mut bytes = Vec::new();
        item.write(&mut bytes);
        assert_eq!(Item::read(item.kind(), &bytes), Some(item));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id: [u8; 32], other: [u8; 32], bytes: Vec<u8>, key in prop::collection::vec(any::<u8>(), 0..300), number: u64, mark: u8, some: bool) {
            let record = RecordId::from_bytes(id);
            check(Item::Record { received_ms: number, wire: &bytes });
            check(Item::Body { id: record, bytes: &bytes });
            check(Item::Bundle { cid: CollectiveId::from_bytes(id), key_id: EpochId::from_bytes(other), bytes: &bytes });
            check(Item::Local { key: &key, value: some.then_some(&bytes) });
            check(Item::Erase { id: record });
            check(Item::Mark { id: record, mark });
            check(Item::DropBundle { hash: BundleHash::from_bytes(other) });
        }

        #[test]
        fn no_bytes_make_it_panic(kind: u8, bytes: Vec<u8>) {
            let _ = Item::read(kind, &bytes);
        }

        #[test]
        fn a_stripped_record_keeps_its_length(number: u64, wire: Vec<u8>, room in 12_usize..400) {
            let len = wire.len() + room;
            let payload = strip_record(number, &wire, len).unwrap();
            prop_assert_eq!(payload.len(), len);
            prop_assert_eq!(Item::read(STRIPPED_RECORD, &payload), Some(Item::Record { received_ms: number, wire: &wire }));
        }
    }
}
