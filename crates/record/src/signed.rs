//! Records from outside and records that were checked.

mod wire;

use crate::control::{self, Control};
use crate::{Header, Lane, Reason, RecordId, hash, signature};
use std::fmt;
use std::sync::Arc;
use wire::Layout;

/// Context of a record id (section 1.1).
const RECORD_ID: &str = "folkmoot/1 record id";
/// Prefix of what a device signs (section 1.2).
pub(crate) const RECORD: &str = "folkmoot/1 record";

/// A record that was parsed but not verified: bytes from outside.
#[derive(Clone)]
pub struct Signed {
    inner: Arc<Inner>,
}

/// A record that passed the whole context-free check of section 2.5. Cheap to clone.
#[derive(Clone)]
pub struct Verified {
    inner: Arc<Inner>,
}

/// What the body bytes that came with a record are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// None came.
    Absent,
    /// They have the length and hash that the header names.
    Matching,
    /// They are something else; to be asked of another peer.
    Mismatched,
}

struct Inner {
    id: RecordId,
    header: Header,
    wire: Box<[u8]>,
    layout: Layout,
    control: Option<Control>,
}

impl Inner {
    fn h(&self) -> &[u8] {
        &self.wire[self.layout.h()]
    }

    fn sig(&self) -> &[u8] {
        &self.wire[self.layout.sig()]
    }

    fn body(&self) -> Option<&[u8]> {
        self.layout.body().map(|range| &self.wire[range])
    }

    fn carried(&self) -> Carried {
        match self.body() {
            None => Carried::Absent,
            Some(body) if matches(&self.header, body) => Carried::Matching,
            Some(_) => Carried::Mismatched,
        }
    }

    /// The same record with another body, or none.
    fn rebuilt(&self, body: Option<&[u8]>) -> Self {
        let (wire, layout) = wire::join(self.h(), self.sig(), body);
        Self {
            id: self.id,
            header: self.header.clone(),
            wire,
            layout,
            control: None,
        }
    }
}

impl fmt::Debug for Inner {
    /// Ids alone: what people wrote does not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .field("kind", &self.header.kind)
            .field("dev", &self.header.dev)
            .field("seq", &self.header.seq)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signed").field(&self.inner).finish()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verified").field(&self.inner).finish()
    }
}

fn matches(header: &Header, body: &[u8]) -> bool {
    body.len() as u64 == header.blen && hash::plain(body) == header.bhash.to_bytes()
}

/// The wire bytes of a record with its body.
pub(crate) fn join(h: &[u8], sig: &[u8], body: &[u8]) -> Box<[u8]> {
    wire::join(h, sig, Some(body)).0
}

/// Whether signatures are checked or known to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signatures {
    Check,
    /// The record's own; those inside a body are still checked.
    OwnHolds,
    AllHold,
}

impl Signed {
    /// Parses wire bytes: sizes, encoding, header and its shape. No signature is checked yet.
    ///
    /// # Errors
    /// The first failing reason from `too-large` to `header-shape`.
    pub fn parse(wire: &[u8]) -> Result<Self, Reason> {
        let layout = wire::split(wire)?;
        let h = &wire[layout.h()];
        let header = Header::decode(h)?;
        let id = hash::derive(RECORD_ID, &[h, &wire[layout.sig()]]);
        Ok(Self {
            inner: Arc::new(Inner {
                id: RecordId::from_bytes(id),
                header,
                wire: wire.into(),
                layout,
                control: None,
            }),
        })
    }

    /// The id that this record has if its signature holds.
    pub fn id(&self) -> RecordId {
        self.inner.id
    }

    /// The header, not yet to be believed.
    pub fn header(&self) -> &Header {
        &self.inner.header
    }

    /// What the body that came along is worth; hashes it.
    pub fn carried(&self) -> Carried {
        self.inner.carried()
    }

    /// Checks key, signature and body (the rest of section 2.5). A content body that does not
    /// match its header is left out of the result; [`Signed::carried`] tells.
    ///
    /// # Errors
    /// The first failing reason from `key-noncanonical` on.
    pub fn verify(self) -> Result<Verified, Reason> {
        self.judge(Signatures::Check)
    }

    /// Takes bytes that this node verified before and kept under its own checksum; only the
    /// signature check is left out (section 9: verified flags are persisted).
    ///
    /// # Errors
    /// The first failing reason other than one of signatures.
    pub fn trust_stored(self) -> Result<Verified, Reason> {
        self.judge(Signatures::AllHold)
    }

    /// Takes a record that was signed just now, with the key that its header names.
    pub(crate) fn just_signed(self) -> Result<Verified, Reason> {
        self.judge(Signatures::OwnHolds)
    }

    fn judge(self, signatures: Signatures) -> Result<Verified, Reason> {
        let inner = &self.inner;
        let header = &inner.header;
        if signatures == Signatures::Check {
            let key = header.dev.as_bytes();
            signature::check(key, RECORD, &[inner.h()], inner.sig())?;
        }
        let carried = inner.carried();
        if header.kind.lane() == Lane::Content {
            let inner = match carried {
                Carried::Absent | Carried::Matching => self.inner,
                Carried::Mismatched => Arc::new(inner.rebuilt(None)),
            };
            return Ok(Verified { inner });
        }
        let (Some(body), Carried::Matching) = (inner.body(), carried) else {
            return Err(match carried {
                Carried::Absent => Reason::BodyMissing,
                _ => Reason::BodyMismatch,
            });
        };
        let control = Control::decode_for(header, body)?;
        if signatures != Signatures::AllHold {
            control::check_inner_signature(header, &control)?;
        }
        let mut inner = self.inner;
        match Arc::get_mut(&mut inner) {
            Some(inner) => inner.control = Some(control),
            // Someone else holds a clone of this `Signed`.
            None => {
                let mut copy = inner.rebuilt(inner.body());
                copy.control = Some(control);
                inner = Arc::new(copy);
            }
        }
        Ok(Verified { inner })
    }
}

impl Verified {
    /// The record id.
    pub fn id(&self) -> RecordId {
        self.inner.id
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.inner.header
    }

    /// The whole record as on the wire, with the body if it is held.
    pub fn wire(&self) -> &[u8] {
        &self.inner.wire
    }

    /// The signed header bytes `h`.
    pub fn header_bytes(&self) -> &[u8] {
        self.inner.h()
    }

    /// The signature over `h`.
    pub fn signature(&self) -> &[u8] {
        self.inner.sig()
    }

    /// The body bytes, if held; they match length and hash of the header.
    pub fn body(&self) -> Option<&[u8]> {
        self.inner.body()
    }

    /// The parsed body of a control record or ballot; `None` for content.
    pub fn control(&self) -> Option<&Control> {
        self.inner.control.as_ref()
    }

    /// The same record without its body. Bodies of control records and ballots are never
    /// dropped (section 2.2): such a record comes back as it is.
    #[must_use]
    pub fn without_body(&self) -> Self {
        if self.control().is_some() || self.body().is_none() {
            return self.clone();
        }
        Self {
            inner: Arc::new(self.inner.rebuilt(None)),
        }
    }

    /// The same record with a body that was fetched later.
    ///
    /// # Errors
    /// `body-mismatch` where length or hash differ.
    pub fn with_body(&self, body: &[u8]) -> Result<Self, Reason> {
        if !matches(self.header(), body) {
            return Err(Reason::BodyMismatch);
        }
        if self.body().is_some() {
            return Ok(self.clone());
        }
        Ok(Self {
            inner: Arc::new(self.inner.rebuilt(Some(body))),
        })
    }
}
