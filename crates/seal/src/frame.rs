//! Reading the few fixed FC shapes of this crate.
//!
//! Every shape is read field by field and then encoded again: a difference, or a byte
//! left over, means that the input was not canonical (section 1.3).

use core::convert::Infallible;

use minicbor::{Decoder, Encoder};

/// The bytes are not the expected shape in canonical encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShapeError {
    /// The bytes end inside the shape.
    Short,
    /// Anything else.
    Wrong,
}

impl From<minicbor::decode::Error> for ShapeError {
    fn from(error: minicbor::decode::Error) -> Self {
        if error.is_end_of_input() {
            Self::Short
        } else {
            Self::Wrong
        }
    }
}

/// Reads the head of an array and hands back its length.
pub(crate) fn array(d: &mut Decoder<'_>) -> Result<u64, ShapeError> {
    d.array()?.ok_or(ShapeError::Wrong)
}

/// Reads the head of an array of exactly `len` items.
pub(crate) fn array_of(d: &mut Decoder<'_>, len: u64) -> Result<(), ShapeError> {
    if array(d)? == len {
        Ok(())
    } else {
        Err(ShapeError::Wrong)
    }
}

/// Reads a byte string of exactly `N` bytes.
pub(crate) fn bytes<const N: usize>(d: &mut Decoder<'_>) -> Result<[u8; N], ShapeError> {
    d.bytes()?.try_into().map_err(|_| ShapeError::Wrong)
}

/// Writes the same shapes.
pub(crate) struct Writer(Encoder<Vec<u8>>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    pub(crate) fn array(&mut self, len: usize) -> &mut Self {
        written(self.0.array(len as u64).map(drop));
        self
    }

    pub(crate) fn uint(&mut self, value: u64) -> &mut Self {
        written(self.0.u64(value).map(drop));
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        written(self.0.bytes(bytes).map(drop));
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }
}

/// Writing to a vector cannot fail, and no trait of ours runs during encoding.
fn written(result: Result<(), minicbor::encode::Error<Infallible>>) {
    if let Err(error) = result {
        unreachable!("writing to a vector failed: {error}");
    }
}
