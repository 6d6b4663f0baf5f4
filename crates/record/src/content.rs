//! Bodies of content records (section 3.4).

use std::collections::BTreeMap;

mod schema;
mod shape;

use crate::fc::value::{read_map, write_map};
use crate::fc::{Decoder, Encoder};
use crate::{BlobRoot, Kind};

pub use crate::fc::Value;

/// An attachment (common key 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Media type.
    pub media: String,
    /// Size in bytes, at most 2^36.
    pub size: u64,
    /// Hash of the ciphertext.
    pub root: BlobRoot,
    /// Key of the ciphertext.
    pub key: [u8; 32],
}

impl Attachment {
    /// The entry of key 9 that says so.
    pub fn to_value(&self) -> Value {
        Value::Array(vec![
            Value::Text(self.name.clone()),
            Value::Text(self.media.clone()),
            Value::Uint(self.size),
            Value::Bytes(self.root.to_bytes().to_vec()),
            Value::Bytes(self.key.to_vec()),
        ])
    }
}

/// A content body: 16 random bytes, then a map. Unknown keys are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Keeps the body hash from confirming guesses.
    pub salt: [u8; 16],
    /// The map.
    pub map: BTreeMap<u8, Value>,
}

/// A held body that does not fit its kind: stored and passed on, not shown (section 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body does not fit its kind")]
pub struct Unrenderable;

impl Content {
    /// Starts a body with fresh salt from the caller.
    pub fn new(salt: [u8; 16]) -> Self {
        Self {
            salt,
            map: BTreeMap::new(),
        }
    }

    /// Sets a key; builder style.
    #[must_use]
    pub fn with(mut self, key: u8, value: Value) -> Self {
        self.map.insert(key, value);
        self
    }

    /// Parses a held body and checks it against the schema of its kind.
    ///
    /// # Errors
    /// [`Unrenderable`].
    pub fn decode(kind: Kind, body: &[u8]) -> Result<Self, Unrenderable> {
        let (salt, map) = body.split_first_chunk().ok_or(Unrenderable)?;
        let mut decoder = Decoder::new(map).map_err(|_| Unrenderable)?;
        let map = read_map(&mut decoder).map_err(|_| Unrenderable)?;
        if schema::fits(kind, &map) {
            Ok(Self { salt: *salt, map })
        } else {
            Err(Unrenderable)
        }
    }

    /// The canonical body bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.raw(&self.salt);
        write_map(&self.map, &mut out);
        out.finish()
    }

    /// Key 0 as text.
    pub fn text(&self) -> Option<&str> {
        self.text_at(0)
    }

    /// Key 1, the media type.
    pub fn media(&self) -> Option<&str> {
        self.text_at(1)
    }

    /// Key 2, the title.
    pub fn title(&self) -> Option<&str> {
        self.text_at(2)
    }

    /// Key 3, the URL.
    pub fn url(&self) -> Option<&str> {
        self.text_at(3)
    }

    /// Key 4, the language.
    pub fn language(&self) -> Option<&str> {
        self.text_at(4)
    }

    /// The attachments of key 9.
    pub fn attachments(&self) -> Vec<Attachment> {
        match self.map.get(&9) {
            Some(Value::Array(items)) => items.iter().filter_map(shape::attachment).collect(),
            _ => Vec::new(),
        }
    }

    /// Adds an attachment to key 9; builder style.
    #[must_use]
    pub fn with_attachment(mut self, file: &Attachment) -> Self {
        let entry = file.to_value();
        match self.map.get_mut(&9) {
            Some(Value::Array(items)) => items.push(entry),
            _ => {
                self.map.insert(9, Value::Array(vec![entry]));
            }
        }
        self
    }

    /// The text at a key.
    pub fn text_at(&self, key: u8) -> Option<&str> {
        match self.map.get(&key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number at a key.
    pub fn uint_at(&self, key: u8) -> Option<u64> {
        match self.map.get(&key) {
            Some(Value::Uint(number)) => Some(*number),
            _ => None,
        }
    }
}
