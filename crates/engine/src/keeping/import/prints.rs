//! Fingerprints of content: whether a text is there already.

use std::collections::BTreeSet;

use folkmoot_library::foreign;
use folkmoot_record::{
    Kind, Tag, Verified,
    content::{Content, Value},
};

/// A fingerprint: enough that nobody makes two alike.
pub(super) type Print = [u8; 16];

/// The two of one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prints {
    /// Of what the person sees: title, text, address, tags.
    pub(super) seen: Print,
    /// Of all that an import says.
    pub(super) whole: Print,
}

impl Prints {
    pub(super) fn of(kind: Kind, content: &Content, tags: &[Tag]) -> Self {
        let tags: BTreeSet<&str> = tags.iter().map(Tag::as_str).collect();
        let mut hasher = Hasher::default();
        hasher.part(&kind.0.to_be_bytes());
        for text in [
            content.title(),
            content.text(),
            content.url(),
            content.media(),
        ] {
            hasher.part(text.unwrap_or_default().as_bytes());
        }
        for tag in tags {
            hasher.part(tag.as_bytes());
        }
        let seen = hasher.print();
        for key in [foreign::PROPERTIES, foreign::WRITTEN] {
            hasher.part(content.text_at(key).unwrap_or_default().as_bytes());
        }
        for alias in foreign::aliases(content) {
            hasher.part(alias.as_bytes());
        }
        Self {
            seen,
            whole: hasher.print(),
        }
    }

    /// Of a record whose body is held and fits.
    pub(super) fn of_record(record: &Verified) -> Option<(Self, Content)> {
        let header = record.header();
        let content = Content::decode(header.kind, record.body()?).ok()?;
        Some((Self::of(header.kind, &content, &header.tags), content))
    }
}

/// The source that a body names.
pub(super) fn source_bytes(content: &Content) -> Option<[u8; 24]> {
    match content.map.get(&foreign::SOURCE) {
        Some(Value::Bytes(bytes)) => bytes.as_slice().try_into().ok(),
        _ => None,
    }
}

#[derive(Default)]
struct Hasher(blake3::Hasher);

impl Hasher {
    fn part(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn print(&self) -> Print {
        let mut short = [0; 16];
        short.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        short
    }
}
