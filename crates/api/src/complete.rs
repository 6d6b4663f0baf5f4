//! Words for completion in a shell.

use serde::{Deserialize, Serialize};

/// What is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Completes {
    /// Titles of documents, or the first digits of an id.
    Titles,
    /// Tags.
    Tags,
    /// Names of collectives.
    Collectives,
    /// Names of members.
    People,
    /// Terms of shared words.
    Words,
    /// Names of saved searches.
    Searches,
}

/// Asks what may be meant. It is answered from what is at hand: no index is built, nothing is waited
/// for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Complete {
    /// What.
    pub what: Completes,
    /// What was typed of it.
    pub begins: String,
    /// At most 200; 50 if 0.
    #[serde(default)]
    pub limit: u32,
}

/// One thing that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// As it is typed.
    pub value: String,
    /// A few words beside it; may be empty.
    pub about: String,
}
