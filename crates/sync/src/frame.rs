//! Frames of `/folkmoot/sync/1` and `/folkmoot/push/1` (sections 7.6 and 7.7).

use folkmoot_record::{
    RecordId,
    fc::{Decoder, Encoder, FcError, UINT_MAX},
};

use crate::{Absent, Held, Scope, fault::Fault, limits, squeeze};

/// A part of one collective's items: claimed times `from <= ms < to` in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) scope: Scope,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Run {
    /// The whole of a scope.
    pub(crate) const fn whole(scope: Scope) -> Self {
        Self {
            scope,
            from: 0,
            to: UINT_MAX,
        }
    }
}

/// One frame, `[9]` taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// `[0, index]`: names the collective of a push stream.
    PushOpen { index: u8 },
    /// `[1, index, scope, from, to]`.
    Open { index: u8, run: Run },
    /// `[2, bstr]`.
    Reconcile(Vec<u8>),
    /// `[3, [*b32]]`: salted ids.
    Want(Vec<[u8; 32]>),
    /// `[4, [*[bstr, reason]]]`.
    Items(Vec<Held>),
    /// `[5]`.
    Done,
    /// `[6, [*256 b32]]`: record ids.
    WantRecords(Vec<RecordId>),
    /// `[7, [*256 b32]]`: record ids.
    Have(Vec<RecordId>),
}

impl Frame {
    /// The name of the frame, for faults.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::PushOpen { .. } => "an opening of a push",
            Self::Open { .. } => "an opening of a session",
            Self::Reconcile(_) => "a reconciliation message",
            Self::Want(_) => "wanted items",
            Self::Items(_) => "items",
            Self::Done => "an end of a session",
            Self::WantRecords(_) => "wanted records",
            Self::Have(_) => "an announcement",
        }
    }

    /// The bytes of the frame, not compressed.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut e = Encoder::new();
        match self {
            Self::PushOpen { index } => e.array(2).uint(0u8).uint(*index),
            Self::Open { index, run } => e
                .array(5)
                .uint(1u8)
                .uint(*index)
                .uint(run.scope.number())
                .uint(run.from)
                .uint(run.to),
            Self::Reconcile(message) => e.array(2).uint(2u8).bytes(message),
            Self::Want(ids) => {
                e.array(2).uint(3u8).array(ids.len());
                ids.iter().fold(&mut e, |e, id| e.bytes(id))
            }
            Self::Items(items) => write_items(&mut e, 4, items),
            Self::Done => e.array(1).uint(5u8),
            Self::WantRecords(ids) => write_ids(&mut e, 6, ids),
            Self::Have(ids) => write_ids(&mut e, 7, ids),
        };
        e.finish()
    }

    /// Reads a frame, compressed or not.
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
        let len = d.array_within(1..=5)?;
        let frame = match (d.uint()?, len) {
            (0, 2) => Self::PushOpen {
                index: d.narrow(0..=u8::MAX)?,
            },
            (1, 5) => {
                let index = d.narrow(0..=u8::MAX)?;
                let scope = Scope::from_number(d.uint()?).ok_or(FcError::Range)?;
                let (from, to) = (d.uint()?, d.uint()?);
                let run = Run { scope, from, to };
                if from > to || (scope != Scope::Content && run != Run::whole(scope)) {
                    return Err(Fault::Malformed("an opening with a wrong window"));
                }
                Self::Open { index, run }
            }
            (2, 2) => {
                let message = d.bytes()?;
                if message.len() as u64 > limits::RECONCILE {
                    return Err(Fault::TooLarge("a reconciliation message"));
                }
                Self::Reconcile(message.to_vec())
            }
            (3, 2) => Self::Want(d.list(0..=limits::WANT_IDS, Decoder::bytes_of)?),
            (4, 2) => Self::Items(read_items(&mut d)?),
            (5, 1) => Self::Done,
            (6, 2) => Self::WantRecords(read_ids(&mut d, limits::RECORD_IDS)?),
            (7, 2) => Self::Have(read_ids(&mut d, limits::RECORD_IDS)?),
            _ => return Err(Fault::Malformed("a frame of an unknown number or length")),
        };
        d.end()?;
        Ok(frame)
    }
}

/// `[number, [*[bstr, reason]]]`.
pub(crate) fn write_items<'e>(e: &'e mut Encoder, number: u8, items: &[Held]) -> &'e mut Encoder {
    e.array(2).uint(number).array(items.len());
    for item in items {
        e.array(2).bytes(&item.wire);
        match item.absent {
            None => e.null(),
            Some(Absent::NotHeld) => e.uint(0u8),
            Some(Absent::Erased) => e.uint(1u8),
        };
    }
    e
}

pub(crate) fn read_items(d: &mut Decoder<'_>) -> Result<Vec<Held>, FcError> {
    d.list(0..=limits::ITEMS, |d| {
        d.array_of(2)?;
        let wire = d.bytes()?.to_vec();
        let absent = if d.take_null() {
            None
        } else {
            Some(match d.uint_within(0..=1)? {
                0 => Absent::NotHeld,
                _ => Absent::Erased,
            })
        };
        Ok(Held { wire, absent })
    })
}

fn write_ids<'e>(e: &'e mut Encoder, number: u8, ids: &[RecordId]) -> &'e mut Encoder {
    e.array(2).uint(number).array(ids.len());
    ids.iter().fold(e, |e, id| e.bytes(id.as_bytes()))
}

pub(crate) fn read_ids(d: &mut Decoder<'_>, most: u64) -> Result<Vec<RecordId>, FcError> {
    d.list(0..=most, |d| d.bytes_of().map(RecordId::from_bytes))
}
