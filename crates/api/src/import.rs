//! Importing many texts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Note;

/// One thing to import.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportItem {
    /// Names its source for the report: a path or a line number.
    pub source: String,
    /// The record. Kind `daily` is one too, with `day`.
    #[serde(flatten)]
    pub note: Note,
    /// When it was written, if known; kept as metadata, never as the signed time.
    pub written: Option<Timestamp>,
    /// Its name in what is imported, where it has one that lasts: a path in a folder, an address among
    /// bookmarks. With the import's `vault` it is remembered: the same name is the same document.
    pub path: Option<String>,
    /// Whole id of the document that it is a copy of; passed over where there is none of this person.
    pub id: Option<String>,
    /// With `id`: the version that was copied; the one that is shown if absent.
    pub base: Option<String>,
    /// Other names by which links find it, at most 64.
    pub aliases: Vec<String>,
    /// Lines of YAML: what the source says beyond that.
    pub properties: Option<String>,
    /// Of a daily page: its day, `2024-05-01`.
    pub day: Option<String>,
    /// Of a task: `todo`, `doing`, `done` or `dropped`.
    pub state: Option<String>,
    /// Language of the text.
    pub language: Option<String>,
    /// A whole page as an export wrote it, head and text: it says all that is said, and of the other
    /// fields only `source` and `path` count.
    pub page: Option<String>,
    /// A page that was given before: others came between to which it points. It is not counted again.
    pub again: bool,
}

/// What was not imported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Its source.
    pub source: String,
    /// Why.
    pub why: String,
}

/// What an import did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Imported {
    /// New records.
    pub added: u64,
    /// New versions of documents that were imported before.
    #[serde(default)]
    pub changed: u64,
    /// Of those: beside a version that was written here meanwhile, and not merged yet.
    #[serde(default)]
    pub beside: u64,
    /// Already there.
    pub skipped: u64,
    /// Of those that were added or changed: how many lie in collectives that nobody named, as the
    /// documents do of which they are copies. By the collective's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub elsewhere: BTreeMap<String, u64>,
    /// Not taken, and why.
    pub refused: Vec<Refused>,
    /// Those that are not named in `refused`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refused_more: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_none(n: &u64) -> bool {
    *n == 0
}

impl Imported {
    /// How many were not taken.
    pub fn refused_count(&self) -> u64 {
        self.refused.len() as u64 + self.refused_more
    }
}

/// Asks what was imported from somewhere.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportSources {
    /// Name or id prefix of the collective; home if absent.
    pub collective: Option<String>,
    /// As given to the import.
    pub vault: String,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// One thing that was imported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportSource {
    /// Its name there.
    pub path: String,
    /// Whole id of its document.
    pub document: String,
}

/// What was imported from somewhere.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportSourcesView {
    /// At most 5,000, in an order of no meaning.
    pub items: Vec<ImportSource>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
