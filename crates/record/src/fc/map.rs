//! Reading maps whose keys a schema knows.

use super::{Decoder, FcError};

/// The keys of an open map. Ask for the keys of a schema in ascending order; FC maps are
/// ascending, so one pass finds each of them.
#[derive(Debug)]
#[must_use]
pub struct MapKeys {
    left: u64,
    next: Option<u8>,
}

impl MapKeys {
    pub(super) fn new(pairs: u64) -> Self {
        Self {
            left: pairs,
            next: None,
        }
    }

    /// The next key, whatever it is; `None` at the end. Its value must be read next.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn next(&mut self, decoder: &mut Decoder<'_>) -> Result<Option<u8>, FcError> {
        self.peek(decoder)?;
        Ok(self.next.take())
    }

    /// Whether `key` comes next; if so its value must be read next.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn has(&mut self, decoder: &mut Decoder<'_>, key: u8) -> Result<bool, FcError> {
        self.peek(decoder)?;
        let found = self.next == Some(key);
        if found {
            self.next = None;
        }
        Ok(found)
    }

    /// Wants `key` next; its value must be read next.
    ///
    /// # Errors
    /// [`FcError::Range`] where it is absent.
    pub fn need(&mut self, decoder: &mut Decoder<'_>, key: u8) -> Result<(), FcError> {
        if self.has(decoder, key)? {
            Ok(())
        } else {
            Err(FcError::Range)
        }
    }

    /// Reads the value at `key` where it is present.
    ///
    /// # Errors
    /// See [`Decoder`], or the error of `read`.
    pub fn optional<'a, T>(
        &mut self,
        decoder: &mut Decoder<'a>,
        key: u8,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, FcError>,
    ) -> Result<Option<T>, FcError> {
        if self.has(decoder, key)? {
            read(decoder).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Ends the map.
    ///
    /// # Errors
    /// [`FcError::Range`] where a key is left that nobody asked for.
    pub fn end(self) -> Result<(), FcError> {
        if self.left == 0 && self.next.is_none() {
            Ok(())
        } else {
            Err(FcError::Range)
        }
    }

    fn peek(&mut self, decoder: &mut Decoder<'_>) -> Result<(), FcError> {
        if self.next.is_none() && self.left > 0 {
            self.next = Some(decoder.narrow(0..=u8::MAX)?);
            self.left -= 1;
        }
        Ok(())
    }
}
