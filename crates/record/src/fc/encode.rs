//! Writing FC.

use std::convert::Infallible;

/// Writes FC into one growing buffer. Maps are the caller's to keep in ascending order of
/// keys, and announced counts the caller's to keep.
#[derive(Debug)]
pub struct Encoder {
    inner: minicbor::Encoder<Vec<u8>>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Writing into a vector cannot fail, which the error type says as well.
fn sure<T>(written: &Result<T, minicbor::encode::Error<Infallible>>) {
    debug_assert!(written.is_ok());
}

impl Encoder {
    /// Starts with an empty buffer.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// Starts with room for that many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            inner: minicbor::Encoder::new(Vec::with_capacity(bytes)),
        }
    }

    /// Opens an array of that many items.
    pub fn array(&mut self, count: usize) -> &mut Self {
        sure(&self.inner.array(count as u64));
        self
    }

    /// Opens a map of that many pairs: a [`Encoder::key`], then a value.
    pub fn map(&mut self, count: usize) -> &mut Self {
        sure(&self.inner.map(count as u64));
        self
    }

    /// A map key.
    pub fn key(&mut self, key: u8) -> &mut Self {
        self.uint(u64::from(key))
    }

    /// An unsigned integer.
    pub fn uint(&mut self, number: impl Into<u64>) -> &mut Self {
        sure(&self.inner.u64(number.into()));
        self
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        sure(&self.inner.bytes(bytes.as_ref()));
        self
    }

    /// A byte string, or null.
    pub fn bytes_or_null(&mut self, bytes: Option<impl AsRef<[u8]>>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    /// A text string.
    pub fn text(&mut self, text: &str) -> &mut Self {
        sure(&self.inner.str(text));
        self
    }

    /// null.
    pub fn null(&mut self) -> &mut Self {
        sure(&self.inner.null());
        self
    }

    /// false or true.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        sure(&self.inner.bool(value));
        self
    }

    /// An item that is already encoded, taken as it is.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        self.inner.writer_mut().extend_from_slice(item);
        self
    }

    /// How many bytes were written so far.
    pub fn len(&self) -> usize {
        self.inner.writer().len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes written.
    pub fn finish(self) -> Vec<u8> {
        self.inner.into_writer()
    }
}
