//! Frames of `/folkmoot/hello/1`: the hello itself, and an invite's door after it (section 7.4).

use folkmoot_record::{
    RecordId,
    fc::{Decoder, Encoder},
};
use folkmoot_seal::presence::Tag;

use crate::{
    Held,
    fault::Fault,
    frame::{read_ids, read_items, write_items},
    limits, squeeze,
};

/// Why a host turns a joiner away, after the joiner proved that it holds the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The invite was closed.
    Closed,
    /// All its uses are taken.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// The join record does not stand.
    BadJoin,
    /// The host cannot answer now.
    Later,
}

impl Refusal {
    const ALL: [Self; 6] = [
        Self::Closed,
        Self::UsedUp,
        Self::Expired,
        Self::NotYet,
        Self::BadJoin,
        Self::Later,
    ];

    /// Whether the invite will never be redeemed again.
    pub(crate) const fn is_dead(self) -> bool {
        matches!(self, Self::Closed | Self::UsedUp | Self::Expired)
    }

    const fn number(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::UsedUp => 1,
            Self::Expired => 2,
            Self::NotYet => 3,
            Self::BadJoin => 4,
            Self::Later => 5,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HelloFrame {
    /// `[1, nI]`.
    Initiate([u8; 32]),
    /// `[2, nR]`.
    Respond([u8; 32]),
    /// `[3, [*256 tag]]`.
    Tags(Vec<Tag>),
    /// `[4, index, sealed]`.
    Proof { index: u8, sealed: Vec<u8> },
    /// `[5, index]`.
    YouFirst { index: u8 },
    /// `[6, [*[record, reason]]]`: records at the door, either way.
    Served(Vec<Held>),
    /// `[7]`: all was served, the join may come.
    YourTurn,
    /// `[8, [*head], [*bundle]]`.
    Welcome {
        heads: Vec<RecordId>,
        bundles: Vec<Vec<u8>>,
    },
    /// `[10, reason]`.
    Refused(Refusal),
}

impl HelloFrame {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Initiate(_) | Self::Respond(_) => "a nonce",
            Self::Tags(_) => "tags",
            Self::Proof { .. } => "a proof",
            Self::YouFirst { .. } => "a request to prove first",
            Self::Served(_) => "records at the door",
            Self::YourTurn => "the end of what is served",
            Self::Welcome { .. } => "a welcome",
            Self::Refused(_) => "a refusal",
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut e = Encoder::new();
        match self {
            Self::Initiate(nonce) => e.array(2).uint(1u8).bytes(nonce),
            Self::Respond(nonce) => e.array(2).uint(2u8).bytes(nonce),
            Self::Tags(tags) => {
                e.array(2).uint(3u8).array(tags.len());
                tags.iter().fold(&mut e, |e, tag| e.bytes(tag))
            }
            Self::Proof { index, sealed } => e.array(3).uint(4u8).uint(*index).bytes(sealed),
            Self::YouFirst { index } => e.array(2).uint(5u8).uint(*index),
            Self::Served(items) => write_items(&mut e, 6, items),
            Self::YourTurn => e.array(1).uint(7u8),
            Self::Welcome { heads, bundles } => {
                e.array(3).uint(8u8).array(heads.len());
                heads.iter().fold(&mut e, |e, id| e.bytes(id.as_bytes()));
                e.array(bundles.len());
                bundles.iter().fold(&mut e, |e, bundle| e.bytes(bundle))
            }
            Self::Refused(reason) => e.array(2).uint(10u8).uint(reason.number()),
        };
        e.finish()
    }

    /// Reads a frame of the hello itself, which anybody may send: it is small and not compressed.
    pub(crate) fn decode_first(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > limits::HELLO_FRAME {
            return Err(Fault::TooLarge("a frame of a hello"));
        }
        Self::decode_plain(bytes)
    }

    /// Reads a frame at a door.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > limits::FRAME {
            return Err(Fault::TooLarge("a frame"));
        }
        match squeeze::unsqueeze(bytes)? {
            Some(inner) => Self::decode_plain(&inner),
            None => Self::decode_plain(bytes),
        }
    }

    fn decode_plain(bytes: &[u8]) -> Result<Self, Fault> {
        let mut d = Decoder::new(bytes)?;
        let len = d.array_within(1..=3)?;
        let frame = match (d.uint()?, len) {
            (1, 2) => Self::Initiate(d.bytes_of()?),
            (2, 2) => Self::Respond(d.bytes_of()?),
            (3, 2) => Self::Tags(d.list(0..=limits::TAGS as u64, Decoder::bytes_of)?),
            (4, 3) => {
                let index = d.narrow(0..=u8::MAX)?;
                let sealed = d.bytes()?;
                if sealed.len() > limits::PROOF {
                    return Err(Fault::TooLarge("a proof"));
                }
                Self::Proof {
                    index,
                    sealed: sealed.to_vec(),
                }
            }
            (5, 2) => Self::YouFirst {
                index: d.narrow(0..=u8::MAX)?,
            },
            (6, 2) => Self::Served(read_items(&mut d)?),
            (7, 1) => Self::YourTurn,
            (8, 3) => Self::Welcome {
                heads: read_ids(&mut d, limits::WELCOME)?,
                bundles: d.list(0..=limits::WELCOME, |d| d.bytes().map(<[u8]>::to_vec))?,
            },
            (10, 2) => {
                let number = d.uint()?;
                // A reason that a later version adds still means: not now.
                let reason = Refusal::ALL
                    .into_iter()
                    .find(|reason| u64::from(reason.number()) == number)
                    .unwrap_or(Refusal::Later);
                Self::Refused(reason)
            }
            _ => return Err(Fault::Malformed("a frame of an unknown number or length")),
        };
        d.end()?;
        Ok(frame)
    }
}
