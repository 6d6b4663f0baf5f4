//! What the frames of a bundle hold.

use folkmoot_record::{
    CollectiveId, EpochId,
    fc::{Decoder, Encoder, FcError},
};

pub(crate) const CONTENTS: u8 = 1;
pub(crate) const RECORD: u8 = 2;
pub(crate) const SEALED: u8 = 3;
pub(crate) const FACT: u8 = 4;
pub(crate) const KEYS: u8 = 5;
pub(crate) const END: u8 = 6;

/// Set in a record's flags where its body was erased here and is not to be taken again.
const ERASED: u8 = 1;
/// Most collectives that a bundle names: a person takes part in tens.
pub(crate) const MOST_COLLECTIVES: u64 = 65_536;

/// How much of a collective there was when the bundle was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) cid: CollectiveId,
    pub(crate) control: u64,
    pub(crate) content: u64,
}

/// The payload of a frame, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// The first frame.
    Contents(Vec<Counted>),
    Record {
        erased: bool,
        mark: u8,
        received_ms: u64,
        wire: &'a [u8],
    },
    /// An epoch bundle (section 6.3).
    Sealed {
        cid: CollectiveId,
        key_id: EpochId,
        bytes: &'a [u8],
    },
    /// A fact of the node that wrote it.
    Fact { key: &'a [u8], value: &'a [u8] },
    /// Keys, sealed.
    Keys(&'a [u8]),
    /// The last frame.
    End {
        frames: u64,
        records: u64,
        chain: [u8; 32],
    },
}

impl<'a> Item<'a> {
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::Contents(_) => CONTENTS,
            Self::Record { .. } => RECORD,
            Self::Sealed { .. } => SEALED,
            Self::Fact { .. } => FACT,
            Self::Keys(_) => KEYS,
            Self::End { .. } => END,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Contents(counted) => {
                let mut out = Encoder::new();
                out.array(counted.len());
                for one in counted {
                    out.array(3)
                        .bytes(one.cid)
                        .uint(one.control)
                        .uint(one.content);
                }
                out.finish()
            }
            Self::Record {
                erased,
                mark,
                received_ms,
                wire,
            } => [
                &[u8::from(*erased) * ERASED, *mark] as &[u8],
                &received_ms.to_be_bytes(),
                wire,
            ]
            .concat(),
            Self::Sealed { cid, key_id, bytes } => {
                [cid.as_bytes() as &[u8], key_id.as_bytes(), bytes].concat()
            }
            Self::Fact { key, value } => {
                // Keys of facts are bounded far below 64 KiB by the store.
                let len = u16::try_from(key.len()).unwrap_or(u16::MAX);
                [&len.to_be_bytes() as &[u8], key, value].concat()
            }
            Self::Keys(bytes) => bytes.to_vec(),
            Self::End {
                frames,
                records,
                chain,
            } => {
                let mut out = Encoder::new();
                out.array(3).uint(*frames).uint(*records).bytes(chain);
                out.finish()
            }
        }
    }

    /// `None` where the payload does not have the shape of its type, or the type is unknown.
    pub(crate) fn decode(kind: u8, payload: &'a [u8]) -> Option<Self> {
        Some(match kind {
            CONTENTS => Self::Contents(contents(payload).ok()?),
            RECORD => {
                let (&[flags, mark], rest) = payload.split_first_chunk()?;
                let (received, wire) = rest.split_first_chunk::<8>()?;
                if flags & !ERASED != 0 {
                    return None;
                }
                Self::Record {
                    erased: flags & ERASED != 0,
                    mark,
                    received_ms: u64::from_be_bytes(*received),
                    wire,
                }
            }
            SEALED => {
                let (cid, rest) = payload.split_first_chunk()?;
                let (key_id, bytes) = rest.split_first_chunk()?;
                Self::Sealed {
                    cid: CollectiveId::from_bytes(*cid),
                    key_id: EpochId::from_bytes(*key_id),
                    bytes,
                }
            }
            FACT => {
                let (len, rest) = payload.split_first_chunk::<2>()?;
                let (key, value) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
                Self::Fact { key, value }
            }
            KEYS => Self::Keys(payload),
            END => end(payload).ok()?,
            _ => return None,
        })
    }
}

fn contents(payload: &[u8]) -> Result<Vec<Counted>, FcError> {
    let mut d = Decoder::new(payload)?;
    let counted = d.list(0..=MOST_COLLECTIVES, |d| {
        d.array_of(3)?;
        Ok(Counted {
            cid: CollectiveId::from_bytes(d.bytes_of()?),
            control: d.uint64()?,
            content: d.uint64()?,
        })
    })?;
    d.end()?;
    Ok(counted)
}

fn end(payload: &[u8]) -> Result<Item<'static>, FcError> {
    let mut d = Decoder::new(payload)?;
    d.array_of(3)?;
    let end = Item::End {
        frames: d.uint64()?,
        records: d.uint64()?,
        chain: d.bytes_of()?,
    };
    d.end()?;
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_as_written() {
        let cid = CollectiveId::from_bytes([1; 32]);
        let all = [
            Item::Contents(vec![Counted {
                cid,
                control: 2,
                content: 3,
            }]),
            Item::Record {
                erased: true,
                mark: 4,
                received_ms: 5,
                wire: b"wire",
            },
            Item::Sealed {
                cid,
                key_id: EpochId::from_bytes([2; 32]),
                bytes: b"sealed",
            },
            Item::Fact {
                key: b"key",
                value: b"",
            },
            Item::Keys(b"keys"),
            Item::End {
                frames: 6,
                records: 7,
                chain: [8; 32],
            },
        ];
        for item in all {
            let bytes = item.encode();
            assert_eq!(Item::decode(item.kind(), &bytes), Some(item));
        }
        assert_eq!(Item::decode(RECORD, &[2; 20]), None);
        assert_eq!(Item::decode(99, b""), None);
    }
}
