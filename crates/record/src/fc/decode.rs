//! Reading FC with the types and bounds that a schema wants.

use super::{FcError, MapKeys, UINT_MAX, Value, check};
use std::ops::RangeInclusive;

/// A cursor over one FC item. Every read gives [`FcError::Type`] where the next item has
/// another type, and [`FcError::Range`] where it breaks the bounds asked for.
#[derive(Debug, Clone)]
pub struct Decoder<'a> {
    inner: minicbor::Decoder<'a>,
}

impl<'a> Decoder<'a> {
    /// Scans the whole of `bytes`, which must be one FC item, and stands before it.
    ///
    /// # Errors
    /// As [`check`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, FcError> {
        check(bytes)?;
        Ok(Self::scanned(bytes))
    }

    /// For bytes that [`check`] has passed already.
    pub(crate) fn scanned(bytes: &'a [u8]) -> Self {
        Self {
            inner: minicbor::Decoder::new(bytes),
        }
    }

    /// Where the cursor stands, in bytes from the start.
    pub fn position(&self) -> usize {
        self.inner.position()
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`FcError::Range`] where something is left.
    pub fn end(&self) -> Result<(), FcError> {
        if self.position() == self.inner.input().len() {
            Ok(())
        } else {
            Err(FcError::Range)
        }
    }

    /// Opens an array and gives its count.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn array(&mut self) -> Result<u64, FcError> {
        self.inner.array().ok().flatten().ok_or(FcError::Type)
    }

    /// Opens an array whose count lies within `counts`.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn array_within(&mut self, counts: RangeInclusive<u64>) -> Result<u64, FcError> {
        within(self.array()?, &counts)
    }

    /// Opens an array of exactly `count` items.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn array_of(&mut self, count: u64) -> Result<(), FcError> {
        self.array_within(count..=count).map(|_| ())
    }

    /// Reads an array whose count lies within `counts`, item by item.
    ///
    /// # Errors
    /// See [`Decoder`], or the first error of `item`.
    pub fn list<T>(
        &mut self,
        counts: RangeInclusive<u64>,
        mut item: impl FnMut(&mut Self) -> Result<T, FcError>,
    ) -> Result<Vec<T>, FcError> {
        let count = self.array_within(counts)?;
        (0..count).map(|_| item(self)).collect()
    }

    /// As [`Decoder::list`], and each item is greater than the one before.
    ///
    /// # Errors
    /// See [`Decoder`], or the first error of `item`.
    pub fn ascending<T: Ord>(
        &mut self,
        counts: RangeInclusive<u64>,
        item: impl FnMut(&mut Self) -> Result<T, FcError>,
    ) -> Result<Vec<T>, FcError> {
        let list = self.list(counts, item)?;
        if list.is_sorted_by(|a, b| a < b) {
            Ok(list)
        } else {
            Err(FcError::Range)
        }
    }

    /// Opens a map; read its pairs through the [`MapKeys`].
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn map(&mut self) -> Result<MapKeys, FcError> {
        let left = self.inner.map().ok().flatten().ok_or(FcError::Type)?;
        Ok(MapKeys::new(left))
    }

    /// Reads an unsigned integer of any size.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn uint64(&mut self) -> Result<u64, FcError> {
        self.inner.u64().map_err(|_| FcError::Type)
    }

    /// Reads an unsigned integer below 2^53.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn uint(&mut self) -> Result<u64, FcError> {
        self.uint_within(0..=UINT_MAX)
    }

    /// Reads an unsigned integer within `bounds`.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn uint_within(&mut self, bounds: RangeInclusive<u64>) -> Result<u64, FcError> {
        within(self.uint64()?, &bounds)
    }

    /// Reads an unsigned integer within `bounds` into a narrower type.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn narrow<T: TryFrom<u64> + Into<u64> + Copy>(
        &mut self,
        bounds: RangeInclusive<T>,
    ) -> Result<T, FcError> {
        let number = self.uint_within((*bounds.start()).into()..=(*bounds.end()).into())?;
        T::try_from(number).map_err(|_| FcError::Range)
    }

    /// Reads a byte string of any length.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn bytes(&mut self) -> Result<&'a [u8], FcError> {
        self.inner.bytes().map_err(|_| FcError::Type)
    }

    /// Reads a byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn bytes_of<const N: usize>(&mut self) -> Result<[u8; N], FcError> {
        self.bytes()?.try_into().map_err(|_| FcError::Range)
    }

    /// Reads a byte string of exactly `N` bytes, or null.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn bytes_or_null<const N: usize>(&mut self) -> Result<Option<[u8; N]>, FcError> {
        if self.take_null() {
            Ok(None)
        } else {
            self.bytes_of().map(Some)
        }
    }

    /// Reads a text of any length and content.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn any_text(&mut self) -> Result<&'a str, FcError> {
        self.inner.str().map_err(|_| FcError::Type)
    }

    /// Reads a text of at most `max` bytes without U+0000.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn text(&mut self, max: usize) -> Result<&'a str, FcError> {
        let text = self.any_text()?;
        if text.len() <= max && !text.contains('\0') {
            Ok(text)
        } else {
            Err(FcError::Range)
        }
    }

    /// Reads false or true.
    ///
    /// # Errors
    /// See [`Decoder`].
    pub fn bool(&mut self) -> Result<bool, FcError> {
        self.inner.bool().map_err(|_| FcError::Type)
    }

    /// Passes over a null, if one comes next.
    pub fn take_null(&mut self) -> bool {
        let null = self.next_byte() == Some(0xf6);
        if null {
            self.inner.set_position(self.position() + 1);
        }
        null
    }

    /// Passes over the next item and gives its bytes.
    ///
    /// # Errors
    /// [`FcError::Type`] where nothing is left.
    pub fn skip(&mut self) -> Result<&'a [u8], FcError> {
        let start = self.position();
        self.inner.skip().map_err(|_| FcError::Type)?;
        Ok(&self.inner.input()[start..self.position()])
    }

    /// Reads whatever comes next as a tree.
    ///
    /// # Errors
    /// [`FcError::Type`] where nothing is left.
    pub fn value(&mut self) -> Result<Value, FcError> {
        Value::read(self)
    }

    pub(super) fn next_byte(&self) -> Option<u8> {
        self.inner.input().get(self.position()).copied()
    }
}

fn within(number: u64, bounds: &RangeInclusive<u64>) -> Result<u64, FcError> {
    if bounds.contains(&number) {
        Ok(number)
    } else {
        Err(FcError::Range)
    }
}
