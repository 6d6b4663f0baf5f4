//! Pages that an export wrote: all that they say is taken, and nothing that they may not say.

use std::collections::BTreeSet;

use folkmoot_api::ApiError;
use folkmoot_library::{foreign, page};
use folkmoot_record::{
    CollectiveId, Kind, RecordId, Ref, Rel, SeatKey, Tag, Verified,
    content::{Content, Value},
    limits,
};
use folkmoot_store::Vault;

use super::{
    MOST_URL, Ready, Source,
    drafts::{DAY, must_be_day},
    origins::{Came, Head, Origin, pointer, record},
    prints::{Print, Prints},
};
use crate::{
    clock::random,
    copies::pages::KINDS,
    errors::{failed, usage},
    exchange::holdings::read,
    keeping::{
        author::Writing,
        notes::{few, fits, to_body},
    },
};

/// Most bytes of a page: every field of a body, each byte written in as many as JSON may need.
const MOST_FILE: usize = 1 << 20;
/// Pointers of a page: two have room beside them, which make its next version one.
const MOST_REFS: usize = limits::REFS - 2;

/// What only a page says.
#[derive(Debug)]
pub(super) struct Exact {
    /// Its head, as the next export writes it.
    pub(super) head: Option<Head>,
    /// Its pointers, to the records that it names.
    pub(super) refs: BTreeSet<Ref>,
}

/// Checks a page, which anybody may have written, and makes a record of it.
pub(super) fn ready(file: &str, source: Option<Source>) -> Result<Ready, ApiError> {
    if file.len() > MOST_FILE {
        return Err(usage(format!(
            "the page has {} bytes; at most {MOST_FILE} fit",
            file.len()
        )));
    }
    let page = page::read(file).ok_or_else(|| usage("this is no page as an export writes it"))?;
    let kind = Kind::from_name(&page.kind).filter(|kind| KINDS.contains(kind));
    let kind = kind.ok_or_else(|| {
        let name: String = page.kind.chars().take(64).collect();
        usage(format!("records of kind {name:?} do not stand in a file"))
    })?;
    let salt = random().map_err(|e| failed(e.to_string()))?;
    let mut content = Content::new(salt);
    content.map.clone_from(&page.fields);
    let is_named = |key: &u8| matches!(*key, 0..=4 | foreign::SOURCE);
    if let Some(key) = content.map.keys().find(|key| is_named(key)) {
        return Err(usage(format!("its fields may not name the key {key}")));
    }
    let link_without_text = kind == Kind::LINK && page.text.is_empty();
    let text = Some(&page.text).filter(|_| !link_without_text);
    let texts = [
        (0, "text", text, limits::TEXT),
        (1, "media type", page.media.as_ref(), 128),
        (2, "title", page.title.as_ref(), limits::TITLE),
        (3, "URL", page.url.as_ref(), MOST_URL),
        (4, "language", page.language.as_ref(), 64),
    ];
    for (key, name, text, most) in texts {
        if let Some(text) = text {
            fits(name, text, most)?;
            content.map.insert(key, Value::Text(text.clone()));
        }
    }
    let mut tags = Vec::with_capacity(page.tags.len().min(limits::TAGS));
    for text in &page.tags {
        let short = || text.chars().take(limits::TAG).collect::<String>();
        let tag = Tag::new(text).ok_or_else(|| usage(format!("{:?} is no tag", short())))?;
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    few(&tags)?;
    let mut refs = BTreeSet::new();
    for text in &page.refs {
        let made = pointer(text).filter(|r| r.rel != Rel::SUPERSEDES && r.rel != Rel::DOCUMENT);
        refs.insert(made.ok_or_else(|| usage("one of its refs is no pointer of a document"))?);
    }
    if refs.len() > MOST_REFS {
        let many = refs.len();
        return Err(usage(format!("{many} refs; at most {MOST_REFS} fit")));
    }
    let prints = Prints::of(kind, &content, &tags);
    if let Some((source, _)) = &source {
        content.map.insert(foreign::SOURCE, source.value());
    }
    let body = to_body(&content)?;
    if Content::decode(kind, &body).is_err() {
        return Err(usage(format!("what it says does not fit a {}", page.kind)));
    }
    if let Some(day) = content.text_at(DAY).filter(|_| kind == Kind::DAILY) {
        must_be_day(day)?;
    }
    Ok(Ready {
        writing: Writing {
            kind,
            tags,
            refs: Vec::new(),
            body,
        },
        content,
        prints,
        source,
        said: Vec::new(),
        id: page.id.as_deref().and_then(record),
        base: page.version.as_deref().and_then(record),
        exact: Some(Exact {
            head: Head::of(&page),
            refs,
        }),
        again: false,
    })
}

impl Ready {
    /// Turns the pointers of a page to the records here that were read from what they name. What is
    /// not here stays as it is written.
    pub(super) fn point(
        &mut self,
        store: &Vault,
        (cid, seat): (&CollectiveId, &SeatKey),
        written: &std::collections::BTreeMap<RecordId, RecordId>,
    ) -> Result<(), ApiError> {
        let Some(exact) = &self.exact else {
            return Ok(());
        };
        let mut refs = BTreeSet::new();
        for one in &exact.refs {
            let here = match written.get(&one.id) {
                Some(document) => Some(*document),
                None if read(store, &one.id).is_some() => None,
                None => Came::read(store, cid, seat, &one.id)?.map(|came| came.document),
            };
            refs.insert(Ref {
                rel: one.rel,
                id: here.unwrap_or(one.id),
            });
        }
        let tags = &self.writing.tags;
        self.prints = Prints::exact(self.writing.kind, &self.content, tags, &refs);
        self.prints.name(self.id.as_ref(), self.base.as_ref());
        self.writing.refs = refs.into_iter().collect();
        Ok(())
    }

    /// Whether a record says exactly this.
    pub(super) fn is_said_by(&self, record: &Verified) -> bool {
        match &self.exact {
            Some(_) => self.prints.is_said_by(record),
            None => Prints::of_record(record)
                .is_some_and(|(prints, content)| prints.also(&content, &self.said) == self.prints),
        }
    }

    /// The print of an item of this id and version that says what a record says.
    pub(super) fn print_of(&self, record: &Verified) -> Option<Print> {
        let Some(_) = &self.exact else {
            let (prints, content) = Prints::of_record(record)?;
            return Some(prints.also(&content, &self.said).whole);
        };
        let mut prints = Prints::exact_of(record)?;
        prints.name(self.id.as_ref(), self.base.as_ref());
        Some(prints.whole)
    }

    /// Whether a record says this, whatever either points to.
    pub(super) fn is_text_of(&self, record: &Verified) -> bool {
        let none = BTreeSet::new();
        let Writing { kind, tags, .. } = &self.writing;
        let says = |kind: Kind, content: &Content, tags: &[Tag]| {
            Prints::exact(kind, content, tags, &none).says
        };
        let header = record.header();
        let content = record.body().map(|body| Content::decode(header.kind, body));
        matches!(content, Some(Ok(content))
            if says(header.kind, &content, &header.tags) == says(*kind, &self.content, tags))
    }

    /// What is remembered of the page beside the version that was made of it.
    pub(super) fn origin(&mut self) -> Option<(RecordId, Origin)> {
        let id = self.id?;
        let head = self.exact.as_mut().and_then(|exact| exact.head.take());
        let from = self.base.filter(|_| head.is_none());
        let origin = Origin {
            id: id.to_string(),
            head,
            from: from.map(|version| version.to_string()),
        };
        Some((id, origin))
    }
}
