//! Shared words: terms that a collective defined.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a shared word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SymbolStatus {
    /// In use: searches are widened by it.
    Adopted,
    /// Suggested: it can be linked to.
    Proposed,
    /// No longer in use.
    Retired,
}

/// Asks for shared words, by term.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SymbolList {
    /// Name or id prefix; all if absent.
    pub collective: Option<String>,
    /// Only those that stand so; all but the retired ones if absent.
    pub status: Option<SymbolStatus>,
}

/// Asks for one shared word.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SymbolShow {
    /// Term, other name, id or unique id prefix.
    pub symbol: String,
    /// Name or id prefix of its collective, where several know the word.
    pub collective: Option<String>,
}

/// Defines a shared word.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SymbolDefine {
    /// The term, 1 to 256 bytes.
    pub term: String,
    /// What it means.
    pub definition: String,
    /// Name or id prefix of the collective; the personal home if absent, where it is adopted at once.
    pub collective: Option<String>,
    /// Other names, at most 32.
    pub aliases: Vec<String>,
    /// Terms or ids of shared words of the same collective that are broader.
    pub broader: Vec<String>,
    /// The same of related ones.
    pub related: Vec<String>,
    /// The same of those that mean the same.
    pub same_as: Vec<String>,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// Changes a shared word; its text is changed as that of any document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SymbolChange {
    /// Term, other name, id or unique id prefix.
    pub symbol: String,
    /// Name or id prefix of its collective, where several know the word.
    pub collective: Option<String>,
    /// How it stands from now on.
    pub status: Option<SymbolStatus>,
    /// Other names to add, or to take away.
    pub aliases: Vec<String>,
    /// Broader words to add, or to take away.
    pub broader: Vec<String>,
    /// Related words to add, or to take away.
    pub related: Vec<String>,
    /// Words that mean the same to add, or to take away.
    pub same_as: Vec<String>,
    /// Whether names and words are taken away instead.
    pub remove: bool,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// A shared word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolView {
    /// Id of the document.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Id of the version that is told.
    pub version: String,
    /// The term.
    pub term: String,
    /// What it means.
    pub definition: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// How it stands.
    pub status: SymbolStatus,
    /// Shown name of who wrote the version.
    pub author: String,
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// Claimed time of writing of the version.
    pub written: Timestamp,
    /// What it says is broader.
    pub broader: Vec<SymbolLink>,
    /// What says that this word is broader; computed.
    pub narrower: Vec<SymbolLink>,
    /// What it says is related.
    pub related: Vec<SymbolLink>,
    /// What means the same, whichever of the two says so.
    pub same_as: Vec<SymbolLink>,
}

/// A shared word as another names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolLink {
    /// Id of the document, or as it was written where it is not held.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Its term; empty where it is not held.
    pub term: String,
}

/// A `:word:` of a text, and the shared word that it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordView {
    /// As it stands between the colons.
    pub written: String,
    /// Id of the shared word.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Its term.
    pub term: String,
    /// The first line of its definition.
    pub definition: String,
    /// Name of its collective.
    pub collective: String,
}

/// What shared words added to one word of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidenedWord {
    /// The word or words of the query.
    pub word: String,
    /// What was looked for beside it.
    pub added: Vec<String>,
    /// Name of the collective in whose records alone it was looked for; absent for the person's own
    /// words, which hold everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collective: Option<String>,
}
