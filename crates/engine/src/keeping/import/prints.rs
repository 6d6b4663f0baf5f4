//! Fingerprints of content: whether a text is there already.

use std::collections::BTreeSet;

use folkmoot_library::foreign;
use folkmoot_record::{
    Kind, RecordId, Ref, Rel, Tag, Verified,
    content::{Content, Value},
};

/// A fingerprint: enough that nobody makes two alike.
pub(super) type Print = [u8; 16];

/// Those of one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prints {
    /// Of what the person sees: title, text, address, tags.
    pub(super) seen: Print,
    /// Of all that an import says.
    pub(super) whole: Print,
    /// Of all that a page says and a record can say: every key, tag and pointer.
    pub(super) says: Print,
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
        let whole = hasher.print();
        Self {
            seen,
            whole,
            says: whole,
        }
    }

    /// With the keys that an item says beside those that every item says.
    pub(super) fn also(self, content: &Content, said: &[u8]) -> Self {
        if said.is_empty() {
            return self;
        }
        let mut plain = Content::new([0; 16]);
        plain.map.clone_from(&content.map);
        plain.map.retain(|key, _| said.contains(key));
        let mut hasher = Hasher::default();
        hasher.part(&self.whole);
        hasher.part(said);
        hasher.part(&plain.encode());
        let whole = hasher.print();
        Self {
            whole,
            says: whole,
            ..self
        }
    }

    /// Of all that a page says.
    pub(super) fn exact(kind: Kind, content: &Content, tags: &[Tag], refs: &BTreeSet<Ref>) -> Self {
        let mut prints = Self::of(kind, content, tags);
        let mut hasher = Hasher::default();
        hasher.part(&prints.seen);
        let mut plain = Content::new([0; 16]);
        plain.map.clone_from(&content.map);
        // Where it was found is not what it says; a text that is absent reads as an empty one.
        plain.map.remove(&foreign::SOURCE);
        if content.text() == Some("") {
            plain.map.remove(&0);
        }
        hasher.part(&plain.encode());
        for one in refs {
            hasher.part(&[one.rel.0]);
            hasher.part(one.id.as_bytes());
        }
        prints.says = hasher.print();
        prints
    }

    /// Makes the print of all that an import says that of a page with this id and version.
    pub(super) fn name(&mut self, id: Option<&RecordId>, version: Option<&RecordId>) {
        let mut hasher = Hasher::default();
        hasher.part(&self.says);
        for named in [id, version] {
            hasher.part(named.map_or(&[], |id| id.as_bytes() as &[u8]));
        }
        self.whole = hasher.print();
    }

    /// Whether a record says exactly this, to the last key.
    pub(super) fn is_said_by(&self, record: &Verified) -> bool {
        Self::exact_of(record).is_some_and(|prints| prints.says == self.says)
    }

    /// Those of a page that says what a record says, whose body is held and fits.
    pub(super) fn exact_of(record: &Verified) -> Option<Self> {
        let header = record.header();
        let content = Content::decode(header.kind, record.body()?).ok()?;
        let others = header.refs.iter();
        let refs = others.filter(|r| r.rel != Rel::SUPERSEDES && r.rel != Rel::DOCUMENT);
        let refs = refs.copied().collect();
        Some(Self::exact(header.kind, &content, &header.tags, &refs))
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
