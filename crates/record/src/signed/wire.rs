//! The outer array `[h, sig, body]` (section 2.1) and the sizes of section 2.2.

use crate::fc::{self, Decoder, Encoder, FcError};
use crate::kind::body_limit;
use crate::{Kind, Reason, limits};
use std::ops::Range;

/// Where the three parts stand in the wire bytes. A record is below 2^20 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    h: (u32, u32),
    sig: (u32, u32),
    body: Option<(u32, u32)>,
}

fn range((start, end): (u32, u32)) -> Range<usize> {
    start as usize..end as usize
}

impl Layout {
    pub(super) fn h(&self) -> Range<usize> {
        range(self.h)
    }

    pub(super) fn sig(&self) -> Range<usize> {
        range(self.sig)
    }

    pub(super) fn body(&self) -> Option<Range<usize>> {
        self.body.map(range)
    }
}

/// Checks sizes and encoding of a whole record and finds its parts.
pub(super) fn split(wire: &[u8]) -> Result<Layout, Reason> {
    if wire.len() > limits::RECORD || part_too_large(wire) == Some(true) {
        return Err(Reason::TooLarge);
    }
    // The vectors want the outer item judged whole before `h` is looked at.
    fc::check(wire).map_err(class)?;
    let layout = parts(wire).map_err(class)?;
    fc::check(&wire[layout.h()]).map_err(class)?;
    Ok(layout)
}

/// The outer item is three parts of known types; a count or length that is wrong counts as a
/// wrong type (section 2.5).
fn class(error: FcError) -> Reason {
    match error {
        FcError::Malformed => Reason::FcMalformed,
        FcError::NotCanonical => Reason::FcNotCanonical,
        FcError::Type | FcError::Range => Reason::FcType,
    }
}

fn parts(wire: &[u8]) -> Result<Layout, FcError> {
    let mut decoder = Decoder::scanned(wire);
    decoder.array_of(3)?;
    let h = part(&mut decoder)?;
    let sig = part(&mut decoder)?;
    let body = if decoder.take_null() {
        None
    } else {
        Some(part(&mut decoder)?)
    };
    Ok(Layout { h, sig, body })
}

fn part(decoder: &mut Decoder<'_>) -> Result<(u32, u32), FcError> {
    let len = decoder.bytes()?.len();
    let end = decoder.position();
    // `split` refused anything longer than a record.
    let narrow = |n: usize| u32::try_from(n).map_err(|_| FcError::Range);
    Ok((narrow(end - len)?, narrow(end)?))
}

/// Whether header or body, as far as they are held, are longer than section 2.2 allows;
/// `None` where the bytes cannot be read so far. Looks before anything is scanned.
fn part_too_large(wire: &[u8]) -> Option<bool> {
    let mut decoder = minicbor::Decoder::new(wire);
    decoder.array().ok()?;
    let h = decoder.bytes().ok()?;
    if h.len() > limits::HEADER {
        return Some(true);
    }
    decoder.bytes().ok()?;
    let body = decoder.bytes().ok()?.len();
    // The kind is wanted only where it makes a difference.
    Some(body > limits::BODY && body > peek_kind(h).map_or(limits::LONG_BODY, body_limit))
}

fn peek_kind(h: &[u8]) -> Option<Kind> {
    const BEFORE_KIND: usize = 7;
    let mut decoder = minicbor::Decoder::new(h);
    decoder.array().ok()?;
    for _ in 0..BEFORE_KIND {
        decoder.skip().ok()?;
    }
    decoder.u16().ok().map(Kind)
}

/// Writes the three parts.
pub(super) fn join(h: &[u8], sig: &[u8], body: Option<&[u8]>) -> (Box<[u8]>, Layout) {
    /// Heads of the outer array and of three byte strings.
    const HEADS: usize = 1 + 3 * 5;
    let mut out = Encoder::with_capacity(HEADS + h.len() + sig.len() + body.map_or(1, <[u8]>::len));
    out.array(3).bytes(h);
    let h_end = out.len();
    out.bytes(sig);
    let sig_end = out.len();
    out.bytes_or_null(body);
    let end = out.len();
    let layout = Layout {
        h: ((h_end - h.len()) as u32, h_end as u32),
        sig: ((sig_end - sig.len()) as u32, sig_end as u32),
        body: body.map(|body| ((end - body.len()) as u32, end as u32)),
    };
    (out.finish().into_boxed_slice(), layout)
}
