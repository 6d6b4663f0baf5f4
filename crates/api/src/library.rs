//! Writing, reading and finding records.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Explained;

/// Writes a content record.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// Name of the kind: `note`, `link`, `task`, ...; `note` if empty.
    pub kind: String,
    /// Name or id prefix of the collective; the personal home if absent.
    pub collective: Option<String>,
    /// Title, at most 256 bytes.
    pub title: Option<String>,
    /// Text, at most 32,768 bytes.
    pub text: Option<String>,
    /// URL, for links.
    pub url: Option<String>,
    /// Media type of the text.
    pub media: Option<String>,
    /// Of a task, when it is due: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`.
    pub due: Option<String>,
    /// Of a task, when it comes again: a rule in the grammar of section 8.5 of the protocol. Without
    /// `due` the first day that it names is meant.
    pub every: Option<String>,
    /// Of a task, who is to do it: names, or first digits of seats.
    pub assignees: Vec<String>,
    /// IANA time zone that tells which day it is; UTC if absent.
    pub time_zone: Option<String>,
    /// Tags, each 1 to 64 bytes, at most 16.
    pub tags: Vec<String>,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// A record was stored durably.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    /// Its id.
    pub id: String,
    /// The shortest prefix, of at least four digits, that is unique here.
    pub short: String,
    /// Name of the collective.
    pub collective: String,
    /// The tags as stored.
    pub tags: Vec<String>,
}

/// Asks for one record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Show {
    /// Id, unique id prefix, or exact title.
    pub id: String,
}

/// How results are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// As the query says; else best first where it has words, newest first otherwise.
    #[default]
    Auto,
    /// Newest first.
    Newest,
    /// Oldest first.
    Oldest,
    /// Best first.
    Relevance,
}

/// A search.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Find {
    /// In the query language of the guide.
    pub query: String,
    /// At most 1,000; 20 if 0.
    pub limit: u32,
    /// How many to skip.
    pub offset: u32,
    /// Order.
    pub sort: Sort,
    /// IANA time zone for dates in words; UTC if absent.
    pub time_zone: Option<String>,
    /// Whether to tell how the query was understood and why each hit stands where it does.
    pub explain: bool,
    /// Whether shared words do not widen it.
    pub exact: bool,
}

/// A list, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct List {
    /// A query that narrows it; all if empty.
    pub query: String,
    /// Only this collective.
    pub collective: Option<String>,
    /// At most 1,000; 20 if 0.
    pub limit: u32,
    /// The `next` of the page before. It costs the same however far in the list it is.
    pub cursor: Option<String>,
    /// Without a cursor: how many to skip.
    pub offset: u32,
    /// IANA time zone for dates in words.
    pub time_zone: Option<String>,
    /// Whether shared words do not widen it.
    pub exact: bool,
}

/// One record in a list of results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemView {
    /// Record id; of a document with versions that of its first record, which names it.
    pub id: String,
    /// Shortest unique prefix here, at least four digits.
    pub short: String,
    /// Name of the kind, or its number.
    pub kind: String,
    /// Title, or the first line of the text, or the URL.
    pub title: String,
    /// A piece of the text around the first hit; empty if there is no more than the title.
    pub snippet: String,
    /// Byte ranges of hits in `snippet`.
    pub marks: Vec<(usize, usize)>,
    /// Tags.
    pub tags: Vec<String>,
    /// Shown name of the author.
    pub author: String,
    /// Seat of the author.
    pub seat: String,
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// Claimed time of writing.
    pub written: Timestamp,
    /// URL, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a document that was edited: the record of the version that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How many other current versions stand beside it, not merged yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub beside: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Results.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Found {
    /// How many there are in all.
    pub total: u64,
    /// This page.
    pub items: Vec<ItemView>,
    /// Cursor of the next page of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Where nothing was found: queries like this one that find something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
    /// How the query was understood, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Box<Explained>>,
    /// What shared words added to the words of the query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub widened: Vec<crate::WidenedWord>,
    /// Whether they would have added more than is looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub widened_cut: bool,
    /// True while the index is being rebuilt: results may be incomplete.
    #[serde(default)]
    pub partial: bool,
}

/// One record, whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowView {
    /// Head data.
    pub item: ItemView,
    /// The whole text.
    pub text: Option<String>,
    /// Media type.
    pub media: Option<String>,
    /// When this node received it.
    pub received: Timestamp,
    /// Device that signed.
    pub device: String,
    /// Place in the device's log.
    pub seq: u32,
    /// Wire size in bytes.
    pub size: u64,
    /// `admitted`, `shadowed`, `quarantined`, `parked`.
    pub standing: String,
    /// Pointers: relation name or number, and id.
    pub refs: Vec<(String, String)>,
    /// Of a document that was edited: its versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<crate::DocumentView>>,
    /// Of a task: how far it is, and when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<crate::TaskView>,
    /// The newest documents that link to it by its title or id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_from: Vec<crate::LinkedView>,
    /// How many more there are.
    #[serde(default)]
    pub linked_more: u64,
    /// Other names by which links find it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Of what was imported: when it was written first, as its source said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_written: Option<String>,
    /// Of what was imported: lines of YAML that its source had beside what is a field here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<String>,
    /// Titles in double brackets of its text that no document here has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<String>,
    /// Of a shared word: what it says of others, and they of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Box<crate::SymbolView>>,
    /// The shared words that its `:words:` mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<crate::WordView>,
    /// How people react to it, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<crate::ReactionView>,
    /// The comments on it, each below what it answers: at most 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<crate::CommentView>,
    /// Whether there are more comments.
    #[serde(default)]
    pub comments_more: bool,
    /// Whether links to it and comments on it may be missing, because the index is still being built.
    #[serde(default)]
    pub partial: bool,
    /// Of what was taken back, purged or hidden: by whom, when and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fate: Option<Box<crate::FateView>>,
    /// The others from whose words it was written anew, after it had been taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words_of: Vec<String>,
    /// Of a proposal: how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Box<crate::ProposalView>>,
}
