//! Why a search found what it found.

use serde::{Deserialize, Serialize};

/// How a query was understood, and why its hits stand where they do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explained {
    /// The query in words, one line for each condition.
    pub lines: Vec<ExplainedLine>,
    /// The order of the hits, in words.
    pub order: String,
    /// What may not have been meant.
    pub doubts: Vec<String>,
    /// For each hit of the page, in the same order; empty where it is not ordered by words.
    pub hits: Vec<ExplainedHit>,
}

/// One line of a query in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainedLine {
    /// How deep it stands below the first ones.
    pub depth: u32,
    /// The words.
    pub text: String,
    /// How many records this condition alone finds; absent for a line without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

/// Why one hit stands where it does: the points of its words, times the gain of what is new.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainedHit {
    /// What the hits are ordered by.
    pub score: f32,
    /// From 1.0, for what is old, to 1.5, for what was written now.
    pub newness: f32,
    /// What the words of the query add.
    pub words: Vec<ExplainedWord>,
}

/// What one word or phrase adds to the score of a hit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainedWord {
    /// The word or phrase, folded.
    pub word: String,
    /// Points: more for rare words, for many in a short text, for those in titles (3) and tags (2).
    pub points: f32,
    /// Parts in which it stands (`title`, `text`, `tag`, `address`, `other`), with how often.
    pub places: Vec<(String, u32)>,
    /// How many records have it.
    pub records: u64,
}
