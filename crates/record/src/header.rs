//! The signed header of a record (section 2.1).

mod decode;
mod shape;

use crate::fc::Encoder;
use crate::{BodyHash, CollectiveId, DeviceKey, GrantId, Hlc, Kind, RecordId, SeatKey};

/// How a record relates to another one (section 3.5). Unknown numbers are legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rel(pub u8);

impl Rel {
    /// Replaces that version of a document.
    pub const SUPERSEDES: Self = Self(1);
    /// Replies to it.
    pub const REPLY_TO: Self = Self(2);
    /// Is about it.
    pub const ABOUT: Self = Self(3);
    /// Quotes it.
    pub const QUOTES: Self = Self(4);
    /// Was made from it.
    pub const DERIVED_FROM: Self = Self(5);
    /// Takes in the text of another document.
    pub const MERGES: Self = Self(6);
    /// The document of which this is a version.
    pub const DOCUMENT: Self = Self(7);
    /// Mentions it.
    pub const MENTIONS: Self = Self(8);
    /// Is part of it.
    pub const PART_OF: Self = Self(9);
    /// Is an occurrence of that ritual.
    pub const OCCURRENCE_OF: Self = Self(10);
    /// The broader symbol.
    pub const BROADER: Self = Self(11);
    /// A related symbol.
    pub const RELATED: Self = Self(12);
    /// The same symbol under another name.
    pub const SAME_AS: Self = Self(13);
    /// Endorses it.
    pub const ENDORSES: Self = Self(14);
    /// Made with that agent version.
    pub const MADE_WITH: Self = Self(15);
}

/// A typed pointer to another record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref {
    /// How.
    pub rel: Rel,
    /// To what.
    pub id: RecordId,
}

/// A tag: 1 to 64 bytes of text without U+0000.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// Takes the text as a tag; `None` where it is empty, longer than 64 bytes or holds U+0000.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (1..=64)
            .contains(&text.len())
            .then_some(text)
            .filter(|text| !text.contains('\0'))
            .map(Self)
    }

    /// Stands for a text that is no tag while the rest of a header is read.
    fn filler() -> Self {
        Self(String::new())
    }

    /// The text of the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this tag equals `prefix` or lies below it: `b/c` extends `b` (section 3.2).
    pub fn extends(&self, prefix: &Self) -> bool {
        match self.0.strip_prefix(&prefix.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

/// What is signed (section 2.1). Field order is wire order; version and ext are constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The collective; `None` only in genesis.
    pub cid: Option<CollectiveId>,
    /// The member's root key.
    pub seat: SeatKey,
    /// The key that signs.
    pub dev: DeviceKey,
    /// Place in its log, from 0.
    pub seq: u32,
    /// The record before it in its log; `None` iff `seq` is 0.
    pub prev: Option<RecordId>,
    /// Claimed time.
    pub hlc: Hlc,
    /// What it is.
    pub kind: Kind,
    /// The grant relied on; in a join, the invite.
    pub cap: Option<GrantId>,
    /// Lane-0 heads the author knew; ascending, unique, at most 16.
    pub auth: Vec<RecordId>,
    /// Pointers; ascending, unique, at most 32.
    pub refs: Vec<Ref>,
    /// Tags; ascending, unique, at most 16.
    pub tags: Vec<Tag>,
    /// Length of the body in bytes.
    pub blen: u64,
    /// Plain BLAKE3 of the body.
    pub bhash: BodyHash,
}

impl Header {
    /// Claimed time in milliseconds since 1970.
    pub const fn ms(&self) -> u64 {
        self.hlc.ms()
    }

    /// The signed bytes `h`: 15 elements.
    pub fn encode(&self) -> Vec<u8> {
        // Fixed fields take about 260 bytes, an id 34 to 37, a tag at most 66.
        let room = 264 + 34 * self.auth.len() + 37 * self.refs.len() + 66 * self.tags.len();
        let mut out = Encoder::with_capacity(room);
        out.array(15).uint(1_u8).bytes_or_null(self.cid);
        out.bytes(self.seat).bytes(self.dev).uint(self.seq);
        out.bytes_or_null(self.prev).uint(self.hlc.raw());
        out.uint(self.kind.0).bytes_or_null(self.cap);
        out.array(self.auth.len());
        for id in &self.auth {
            out.bytes(id);
        }
        out.array(self.refs.len());
        for Ref { rel, id } in &self.refs {
            out.array(2).uint(rel.0).bytes(id);
        }
        out.array(self.tags.len());
        for tag in &self.tags {
            out.text(tag.as_str());
        }
        out.uint(self.blen).bytes(self.bhash).null();
        out.finish()
    }
}
