//! Taking back, hiding, purging; the trash; undoing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is done to a document or record of a collective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActKind {
    /// Taken back by its author, for good.
    Retract,
    /// Not shown any more.
    Hide,
    /// Shown again.
    Unhide,
    /// Erased for all, for good.
    Purge,
}

/// Does something to a document, or to one version or record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Act {
    /// What.
    pub what: ActKind,
    /// Id, unique id prefix or exact title. The id of a document's first record, and a title, mean
    /// all its versions; the id of another version means that one alone.
    pub id: String,
    /// Why, for everybody to read.
    #[serde(default)]
    pub reason: Option<String>,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    #[serde(default)]
    pub device: Option<String>,
}

/// What became of an act.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Acted {
    /// What was asked.
    pub what: ActKind,
    /// Id of what it was done to.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Name of its kind.
    pub kind: String,
    /// Name of the collective.
    pub collective: String,
    /// Id of the record that says so; absent where it was so already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Of what was taken back or purged: until when its body stays in the trash here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Why a record is not read as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FateView {
    /// What was done to it.
    pub what: ActKind,
    /// Id of the record that says so.
    pub record: String,
    /// Shown name of who did.
    pub by: String,
    /// When, by their claim.
    pub at: Timestamp,
    /// Why, if they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Asks for the trash of this node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TrashArgs {
    /// Delete everything in it now.
    pub empty: bool,
}

/// What lies in the trash of this node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrashView {
    /// What lies there, the last thrown away first.
    pub items: Vec<Trashed>,
    /// How many bodies were deleted now.
    pub deleted: u64,
}

/// One thing in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trashed {
    /// Its id.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Name of its kind.
    pub kind: String,
    /// Its title or first line, of what this person wrote; the words of others are not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Name of the collective.
    pub collective: String,
    /// Shown name of who wrote it.
    pub author: String,
    /// What was done to it, by whom, when and why.
    pub fate: FateView,
    /// Bodies of it that lie here, one a version.
    pub bodies: u64,
    /// When they are deleted from the disk.
    pub until: Timestamp,
    /// Whether they stay until this person empties the trash, since one author took back very much
    /// on one day.
    pub waits: bool,
}

/// Brings something back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Restore {
    /// Id or unique id prefix of what was taken back or hidden.
    pub id: String,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// What was brought back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restored {
    /// Id of what was asked for.
    pub of: String,
    /// Id under which it is read now; another one where it was written anew.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Name of the collective.
    pub collective: String,
    /// Id of the record that was written.
    pub record: String,
    /// Whether it was written anew, rather than shown again.
    pub anew: bool,
    /// The others whose words it says: they wrote the last version of what was taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words_of: Vec<String>,
}

/// Takes back what this person did last on this device.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Undo {
    /// Only say what it would be.
    pub dry_run: bool,
}

/// What was undone, or would be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undone {
    /// What it was, in words.
    pub what: String,
    /// Id of the record that is undone.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Name of the collective.
    pub collective: String,
    /// When it was written.
    pub written: Timestamp,
    /// Id of the record by which it was undone; absent where it was only told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Texts whose links were changed with a title, and are changed back with it.
    #[serde(default)]
    pub also: u64,
    /// Those of them that were changed since, and stay.
    #[serde(default)]
    pub stays: u64,
    /// What undoing again would undo, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
