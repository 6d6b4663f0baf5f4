//! A document as a Markdown file: a head between two lines of three dashes, and the text, byte for
//! byte.
//!
//! The head is YAML, and a small part of it: first what every program knows (`title`, `tags`,
//! `aliases`, `url`), each on one line, texts in double quotes as JSON writes them; then one line
//! `moot: {…}` with what is ours; then keys of other programs, as they stood. What is read here is what
//! was written here, byte for byte; files that somebody rearranged are read elsewhere.

mod read;
mod value;
mod write;

use std::collections::BTreeMap;

pub use folkmoot_record::fc::Value;
pub use read::{is_ours, read};
pub use value::{from_json, to_json};
pub use write::write;

/// Begins the line of what is ours.
const MARK: &str = "moot: {v: 1";
/// Body key of what other programs wrote into a head: lines of YAML.
pub const PROPERTIES: u8 = 64;
/// Body key of further titles: a list of texts.
pub const ALIASES: u8 = 65;
/// Longest head that is read: 16 tags, a title, and every field of a body at its longest.
pub const HEAD_MOST: usize = 512 << 10;

/// A document as a file shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Id of the document where it was written first: 64 hexadecimal digits.
    pub id: Option<String>,
    /// Id of the version that it shows.
    pub version: Option<String>,
    /// Name of the kind.
    pub kind: String,
    /// Title.
    pub title: Option<String>,
    /// Tags, ascending.
    pub tags: Vec<String>,
    /// Name that the author showed.
    pub author: Option<String>,
    /// Name of the collective.
    pub collective: Option<String>,
    /// When it was written first, RFC 3339.
    pub created: Option<String>,
    /// When it was edited last, RFC 3339.
    pub updated: Option<String>,
    /// URL.
    pub url: Option<String>,
    /// Media type of the text.
    pub media: Option<String>,
    /// Language tag.
    pub language: Option<String>,
    /// Every other key of the body.
    pub fields: BTreeMap<u8, Value>,
    /// Pointers to other records: relation and id.
    pub refs: Vec<String>,
    /// The text.
    pub text: String,
}

/// Fields with a name in the head, by kind: of these a person may want to change one by hand.
const NAMED: [(&str, &str, u8); 4] = [
    ("task", "state", 16),
    ("task", "due", 17),
    ("task", "repeat", 20),
    ("daily", "date", 16),
];

/// States of a task, as key 16 numbers them.
pub const STATES: [&str; 4] = ["todo", "doing", "done", "dropped"];

#[cfg(test)]
mod tests;
