//! FC as a tree, for bodies whose keys are open.

use super::{Decoder, Encoder, FcError};
use std::collections::BTreeMap;

/// Any value of the canonical encoding, section 1.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Unsigned integer; below 2^53 in every body.
    Uint(u64),
    /// Byte string.
    Bytes(Vec<u8>),
    /// Text; without U+0000 in every body.
    Text(String),
    /// Array.
    Array(Vec<Value>),
    /// Map with keys 0 to 255.
    Map(BTreeMap<u8, Value>),
    /// false or true.
    Bool(bool),
    /// null.
    Null,
}

impl Value {
    /// Reads exactly one item.
    ///
    /// # Errors
    /// As [`super::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FcError> {
        Decoder::new(bytes)?.value()
    }

    /// The canonical bytes. More than [`super::DEPTH`] arrays and maps within one another
    /// are written, but no reader takes them.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        self.write(&mut out);
        out.finish()
    }

    /// Writes the value.
    pub fn write(&self, out: &mut Encoder) {
        match self {
            Self::Uint(number) => out.uint(*number),
            Self::Bytes(bytes) => out.bytes(bytes),
            Self::Text(text) => out.text(text),
            Self::Array(items) => {
                out.array(items.len());
                for item in items {
                    item.write(out);
                }
                out
            }
            Self::Map(map) => {
                write_map(map, out);
                out
            }
            Self::Bool(value) => out.bool(*value),
            Self::Null => out.null(),
        };
    }

    /// The scan before bounds the depth of this recursion.
    pub(super) fn read(decoder: &mut Decoder<'_>) -> Result<Self, FcError> {
        match decoder.next_byte().ok_or(FcError::Type)? >> 5 {
            0 => decoder.uint64().map(Self::Uint),
            2 => decoder.bytes().map(|bytes| Self::Bytes(bytes.to_vec())),
            3 => decoder.any_text().map(|text| Self::Text(text.to_owned())),
            4 => decoder.list(0..=u64::MAX, Self::read).map(Self::Array),
            5 => read_map(decoder).map(Self::Map),
            _ if decoder.take_null() => Ok(Self::Null),
            _ => decoder.bool().map(Self::Bool),
        }
    }
}

pub(crate) fn write_map(map: &BTreeMap<u8, Value>, out: &mut Encoder) {
    out.map(map.len());
    for (key, value) in map {
        value.write(out.key(*key));
    }
}

pub(crate) fn read_map(decoder: &mut Decoder<'_>) -> Result<BTreeMap<u8, Value>, FcError> {
    let mut keys = decoder.map()?;
    let mut map = BTreeMap::new();
    while let Some(key) = keys.next(decoder)? {
        map.insert(key, Value::read(decoder)?);
    }
    Ok(map)
}
