//! Records from outside and records that were checked.

use std::sync::Arc;

use crate::{Header, Reason, RecordId, control::Control};

/// A record that was parsed but not verified: bytes from outside.
#[derive(Debug, Clone)]
pub struct Signed {
    inner: Arc<Inner>,
}

/// A record that passed the whole context-free check of section 2.5. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Verified {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    id: RecordId,
    header: Header,
    wire: Vec<u8>,
    control: Option<Control>,
}

impl Signed {
    /// Parses wire bytes: sizes, encoding, header and its shape. No signature is checked yet.
    ///
    /// # Errors
    /// The first failing reason from `too-large` to `header-shape`.
    pub fn parse(wire: &[u8]) -> Result<Self, Reason> {
        let _ = wire;
        todo!()
    }

    /// The id that this record has if its signature holds.
    pub fn id(&self) -> RecordId {
        self.inner.id
    }

    /// The header, not yet to be believed.
    pub fn header(&self) -> &Header {
        &self.inner.header
    }

    /// Checks key, signature and body (the rest of section 2.5).
    ///
    /// # Errors
    /// The first failing reason from `key-noncanonical` on.
    pub fn verify(self) -> Result<Verified, Reason> {
        todo!()
    }

    /// Takes bytes that this node verified before and kept under its own checksum; only the
    /// signature check is left out (section 9: verified flags are persisted).
    ///
    /// # Errors
    /// The first failing reason other than one of signatures.
    pub fn trust_stored(self) -> Result<Verified, Reason> {
        todo!()
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

    /// The body bytes, if held.
    pub fn body(&self) -> Option<&[u8]> {
        todo!()
    }

    /// The parsed body of a control record or ballot; `None` for content.
    pub fn control(&self) -> Option<&Control> {
        self.inner.control.as_ref()
    }

    /// The same record without its body.
    #[must_use]
    pub fn without_body(&self) -> Self {
        todo!()
    }

    /// The same record with a body that was fetched later.
    ///
    /// # Errors
    /// `body-mismatch` where length or hash differ.
    pub fn with_body(&self, body: &[u8]) -> Result<Self, Reason> {
        let _ = body;
        todo!()
    }
}
