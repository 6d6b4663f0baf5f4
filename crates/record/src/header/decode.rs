//! Reading a header with the reasons of section 2.5.

use super::{Header, Ref, Rel, Tag};
use crate::fc::{Decoder, FcError};
use crate::{BodyHash, CollectiveId, DeviceKey, GrantId, Hlc, Kind, Reason, RecordId, SeatKey};
use crate::{kind, limits};

/// A header has 15 elements (section 2.1).
const ARITY: u64 = 15;

/// A breach of bounds does not stop the reading, since a wrong type further on, and a wrong
/// version, come first in the order of reasons; a wrong type stops it.
#[derive(Default)]
struct Breaches {
    version: bool,
    range: bool,
}

impl Breaches {
    /// Notes a breach of bounds and goes on with a filler.
    fn bounds<T>(&mut self, read: Result<T, FcError>, filler: T) -> Result<T, Reason> {
        match read {
            Err(FcError::Range) => {
                self.range = true;
                Ok(filler)
            }
            read => read.map_err(|_| Reason::FcType),
        }
    }

    fn id(&mut self, decoder: &mut Decoder<'_>) -> Result<[u8; 32], Reason> {
        let read = decoder.bytes_of();
        self.bounds(read, [0; 32])
    }

    fn id_or_null(&mut self, decoder: &mut Decoder<'_>) -> Result<Option<[u8; 32]>, Reason> {
        let read = decoder.bytes_or_null();
        self.bounds(read, None)
    }

    fn count(&mut self, decoder: &mut Decoder<'_>, most: usize) -> Result<usize, Reason> {
        let count = decoder.array().map_err(|_| Reason::FcType)?;
        // Headers are at most 4 KiB and scanned, so that a count is never more than that.
        let count = usize::try_from(count).map_err(|_| Reason::HeaderRange)?;
        self.range |= count > most;
        Ok(count)
    }
}

impl Header {
    /// Parses `h`, which must have passed [`crate::fc::check`], up to `header-shape`.
    pub(crate) fn decode(h: &[u8]) -> Result<Self, Reason> {
        let mut decoder = Decoder::scanned(h);
        if decoder.array().map_err(|_| Reason::FcType)? != ARITY {
            return Err(Reason::HeaderArity);
        }
        let mut breaches = Breaches::default();
        let header = Self::fields(&mut decoder, &mut breaches)?;
        if breaches.version {
            Err(Reason::Version)
        } else if breaches.range {
            Err(Reason::HeaderRange)
        } else if !header.is_ordered() {
            Err(Reason::HeaderOrder)
        } else if !header.has_shape_of_kind() {
            Err(Reason::HeaderShape)
        } else {
            Ok(header)
        }
    }

    fn fields(d: &mut Decoder<'_>, breaches: &mut Breaches) -> Result<Self, Reason> {
        breaches.version = d.uint64().map_err(|_| Reason::FcType)? != 1;
        let cid = breaches.id_or_null(d)?.map(CollectiveId::from_bytes);
        let seat = SeatKey::from_bytes(breaches.id(d)?);
        let dev = DeviceKey::from_bytes(breaches.id(d)?);
        let seq = breaches.bounds(d.narrow(0..=u32::MAX), 0)?;
        let prev = breaches.id_or_null(d)?.map(RecordId::from_bytes);
        let hlc = d.uint64().map_err(|_| Reason::FcType)?;
        let hlc = breaches.bounds(Hlc::from_raw(hlc).ok_or(FcError::Range), Hlc::default())?;
        let kind = breaches.bounds(d.narrow(0..=u16::MAX), 0).map(Kind)?;
        let cap = breaches.id_or_null(d)?.map(GrantId::from_bytes);
        let auth = (0..breaches.count(d, limits::AUTH)?)
            .map(|_| breaches.id(d).map(RecordId::from_bytes))
            .collect::<Result<_, _>>()?;
        let refs = (0..breaches.count(d, limits::REFS)?)
            .map(|_| reference(d, breaches))
            .collect::<Result<_, _>>()?;
        let tags = (0..breaches.count(d, limits::TAGS)?)
            .map(|_| tag(d, breaches))
            .collect::<Result<_, _>>()?;
        let most = kind::body_limit(kind) as u64;
        let blen = breaches.bounds(d.uint_within(0..=most), 0)?;
        let bhash = BodyHash::from_bytes(breaches.id(d)?);
        breaches.range |= !d.take_null();
        Ok(Self {
            cid,
            seat,
            dev,
            seq,
            prev,
            hlc,
            kind,
            cap,
            auth,
            refs,
            tags,
            blen,
            bhash,
        })
    }

    /// Lists ascend without repeats (section 2.1).
    fn is_ordered(&self) -> bool {
        self.auth.is_sorted_by(|a, b| a < b)
            && self.refs.is_sorted_by(|a, b| a < b)
            && self.tags.is_sorted_by(|a, b| a < b)
    }
}

fn reference(d: &mut Decoder<'_>, breaches: &mut Breaches) -> Result<Ref, Reason> {
    let count = d.array().map_err(|_| Reason::FcType)?;
    breaches.range |= count != 2;
    let mut reference = Ref {
        rel: Rel(0),
        id: RecordId::from_bytes([0; 32]),
    };
    if count >= 1 {
        reference.rel = breaches.bounds(d.narrow(1..=u8::MAX), 1).map(Rel)?;
    }
    if count >= 2 {
        reference.id = RecordId::from_bytes(breaches.id(d)?);
    }
    for _ in 2..count {
        d.skip().map_err(|_| Reason::FcType)?;
    }
    Ok(reference)
}

fn tag(d: &mut Decoder<'_>, breaches: &mut Breaches) -> Result<Tag, Reason> {
    let text = d.any_text().map_err(|_| Reason::FcType)?;
    let tag = Tag::new(text);
    breaches.range |= tag.is_none();
    Ok(tag.unwrap_or_else(Tag::filler))
}
