//! Reading what other programs wrote: Markdown files, vaults, outlines, bookmarks.
//!
//! Texts come in, [`Draft`]s go out; files, folders and progress are the caller's. What a format
//! says and Folkmoot has no field for is kept as it stands, or said.

pub mod bookmarks;
pub mod dailies;
mod days;
mod entities;
pub mod head;
pub mod logseq;
pub mod markdown;
pub mod names;
pub mod prose;

pub use entities::entities;
use jiff::{Timestamp, civil::Date};

/// Most other names of one document that are kept: as many as a symbol may have.
pub const MOST_ALIASES: usize = 64;
/// Most bytes of one of them: those of a title.
pub const ALIAS_BYTES: usize = 256;
/// Tags that a record may have (section 3.2 of the protocol).
pub const MOST_TAGS: usize = 16;
/// Bytes of a tag (section 3.2 of the protocol).
pub const TAG_BYTES: usize = 64;

/// One document as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Title; none: the first line stands in for it.
    pub title: Option<String>,
    /// Text.
    pub text: String,
    /// Address.
    pub url: Option<String>,
    /// Tags without `#`, each once, in the order in which they were met.
    pub tags: Vec<String>,
    /// Other names by which it is linked to.
    pub aliases: Vec<String>,
    /// What the head says beyond that: lines of YAML as they stood.
    pub properties: String,
    /// When it was written first.
    pub written: Option<Timestamp>,
    /// Of a daily page: its day.
    pub day: Option<Date>,
    /// Of a file that Folkmoot wrote: what its head says below `moot`.
    pub moot: std::collections::BTreeMap<String, String>,
    /// What the reader should hear of.
    pub met: Met,
}

/// What was met in a text and stays there as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Met {
    /// Targets of links that lead to no document that was read.
    pub unresolved: Vec<String>,
    /// Files that the text names, by their paths in the folder.
    pub files: Vec<String>,
    /// Tags that have no room in the record, or are too long for a tag.
    pub tags_left: Vec<String>,
    /// References to single blocks of outlines.
    pub blocks: u64,
    /// Why what looks like a head is none, and was kept as text.
    pub head: Option<head::HeadError>,
}

/// Adds tags up to what a record holds; those without room are told in `left`.
pub(crate) fn add_tags(tags: &mut Vec<String>, more: Vec<String>, left: &mut Vec<String>) {
    for tag in more {
        let tag = tag
            .trim()
            .trim_start_matches('#')
            .trim_end_matches('/')
            .to_owned();
        if tag.is_empty() || tags.contains(&tag) || left.contains(&tag) {
            continue;
        }
        match tags.len() < MOST_TAGS && tag.len() <= TAG_BYTES && !tag.contains('\0') {
            true => tags.push(tag),
            false => left.push(tag),
        }
    }
}

/// Adds other names, each once, none that reads as the title does.
pub(crate) fn add_aliases(aliases: &mut Vec<String>, title: Option<&str>, more: Vec<String>) {
    let title = title.map(crate::fold);
    for alias in more {
        let alias = alias.trim();
        let folded = crate::fold(alias);
        let known = Some(&folded) == title.as_ref()
            || aliases.iter().any(|other| crate::fold(other) == folded);
        if !folded.is_empty()
            && !known
            && alias.len() <= ALIAS_BYTES
            && !alias.contains('\0')
            && aliases.len() < MOST_ALIASES
        {
            aliases.push(alias.to_owned());
        }
    }
}

/// A time or a day; a day begins at midnight UTC, so that every machine reads the same.
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse::<Timestamp>().ok().or_else(|| {
        let time: jiff::civil::DateTime = text.parse().ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}
