//! Documents: editing, versions, merging.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Writes a new version of a document. What is not given stays as it was.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// Id, unique id prefix or exact title of the document.
    pub id: String,
    /// Id of the version that was edited; the one that is shown if absent. Versions that came
    /// since then stand beside the new one.
    pub base: Option<String>,
    /// The new text.
    pub text: Option<String>,
    /// The new title; an empty one takes it away.
    pub title: Option<String>,
    /// The new URL.
    pub url: Option<String>,
    /// Tags to add.
    pub tags: Vec<String>,
    /// Tags to take away.
    pub untag: Vec<String>,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// A version was stored durably, or nothing was to be changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edited {
    /// Id of the document.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Id of the new version; of the one that was edited if nothing changed.
    pub version: String,
    /// Name of the collective.
    pub collective: String,
    /// Whether a version was written.
    pub changed: bool,
    /// Current versions beside the new one, which it does not replace.
    pub beside: Vec<VersionView>,
    /// Of a task: how far it is, and when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<crate::TaskView>,
}

/// Asks for the versions of a document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// Id, unique id prefix or exact title.
    pub id: String,
    /// At most 200; 20 if 0.
    pub limit: u32,
    /// How many to skip, from the newest on.
    pub offset: u32,
}

/// A document with its versions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryView {
    /// Id of the document.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Name of the kind.
    pub kind: String,
    /// Name of the collective.
    pub collective: String,
    /// Ids of the current versions; the first of them is shown.
    pub current: Vec<String>,
    /// How many versions there are in all.
    pub total: u64,
    /// Those asked for, the newest first.
    pub versions: Vec<VersionView>,
    /// Versions that those replace, where they are not among them: for comparing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<VersionView>,
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionView {
    /// Record id.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Shown name of who wrote it.
    pub author: String,
    /// Their seat.
    pub seat: String,
    /// Claimed time of writing.
    pub written: Timestamp,
    /// Whether no other version replaces it.
    pub current: bool,
    /// Ids of the versions that it replaces, as far as they are held; none of the first.
    pub replaces: Vec<String>,
    /// Whether its content can be shown.
    pub readable: bool,
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The whole text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Of a task: how far it was, and when it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<crate::TaskView>,
}

/// Brings the current versions of a document together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MergeArgs {
    /// Id, unique id prefix or exact title.
    pub id: String,
    /// Ids of the versions to be replaced; all current ones if empty. Others stay beside.
    pub versions: Vec<String>,
    /// The text decided on; line by line from the versions if absent.
    pub text: Option<String>,
    /// The title decided on.
    pub title: Option<String>,
    /// Id or unique prefix of the version whose content is taken as a whole.
    pub take: Option<String>,
    /// Name or key prefix of a limited device of this person that signs it.
    pub device: Option<String>,
}

/// What became of a merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Merged {
    /// Id of the document.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// The version that was written; absent where something has to be decided first, or where
    /// there was nothing to merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The text with marks around what has to be decided; nothing was written then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<String>,
    /// How many places have to be decided.
    pub conflicts: u32,
    /// Sentences on what was chosen beside the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The versions that are, or were, brought together.
    pub versions: Vec<VersionView>,
}

/// What is told of the document to which a shown record belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentView {
    /// Id of the version that is shown.
    pub version: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// How many versions there are.
    pub versions: u64,
    /// Whether no other version replaces the one that is shown.
    pub current: bool,
    /// Shown name of who began the document.
    pub author: String,
    /// When it was begun.
    pub begun: Timestamp,
    /// Current versions beside the one that is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<VersionView>,
}

/// A document that links to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedView {
    /// Its id.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Its title or first line.
    pub title: String,
    /// Name of its collective.
    pub collective: String,
}

/// Gives a document another title, and changes the links to it by the old one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rename {
    /// Id, unique id prefix or exact title.
    pub id: String,
    /// The new title.
    pub title: String,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// What a renaming changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Renamed {
    /// Id of the document.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Name of its collective.
    pub collective: String,
    /// The title that it had, or its first line.
    pub old: String,
    /// The title that it has now.
    pub title: String,
    /// Id of its version now.
    pub version: String,
    /// Documents whose links were changed.
    pub relinked: Vec<LinkedView>,
    /// Documents whose links still say the old title: this person may not change them, or the new
    /// title cannot stand in a link.
    pub left: Vec<LinkedView>,
    /// The new title has a sign that cannot stand in a link, so all links to the old one stay.
    #[serde(default)]
    pub unlinkable: bool,
    /// Other documents that have the old title: links to it mean them now, so none was changed.
    pub namesakes: u64,
}
