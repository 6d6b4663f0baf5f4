//! Comments and reactions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ActKind;

/// Writes a comment on a record: [`Saved`](crate::Saved).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommentNew {
    /// Id, unique id prefix or exact title of what it is about; of a comment, it answers it.
    pub id: String,
    /// The text, at most 32,768 bytes.
    pub text: String,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// Reacts to a record, or takes that back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct React {
    /// Id, unique id prefix or exact title.
    pub id: String,
    /// An emoji or a short word, 1 to 32 bytes.
    pub text: String,
    /// `true` reacts, `false` takes it back, absent does what was not done yet.
    pub on: Option<bool>,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// How a reaction stands now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reacted {
    /// Id of what it is about.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Name of the collective.
    pub collective: String,
    /// The reaction.
    pub text: String,
    /// Whether this person reacts so now.
    pub on: bool,
    /// Whether a record was written.
    pub changed: bool,
    /// How many people react so now.
    pub count: u64,
}

/// People who react alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionView {
    /// The reaction.
    pub text: String,
    /// How many people.
    pub count: u64,
    /// Shown names of the first of them.
    pub by: Vec<String>,
    /// Whether this person is one of them.
    pub mine: bool,
}

/// A comment in its thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// Its id.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// How many comments it stands below: 0 is about the record itself.
    pub depth: u32,
    /// Shown name of the author.
    pub author: String,
    /// Claimed time of writing.
    pub written: Timestamp,
    /// Whether it was edited since.
    pub edited: bool,
    /// The whole text; empty where it is gone.
    pub text: String,
    /// What keeps it from being shown: it stands here for the answers below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<ActKind>,
}
