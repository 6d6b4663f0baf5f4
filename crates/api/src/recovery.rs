//! The recovery card, the words, and coming back by them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ApiError, JoinStage};

/// A recovery card: a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardView {
    /// The card as it is printed.
    pub card: String,
    /// The same in one line, for a QR code.
    pub line: String,
    /// The 24 words.
    pub words: String,
    /// What it names.
    pub collectives: Vec<CardCollective>,
    /// What the card lacks, if anything: a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// A collective on a card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardCollective {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The personal home?
    pub home: bool,
    /// The salt of its genesis, in hexadecimal, where this person founded it.
    pub salt: Option<String>,
    /// Addresses of nodes that may answer, where a running node can write them as text.
    pub addresses: Vec<String>,
    /// Its link on the card.
    pub link: String,
}

/// One word of the phrase, to show that it was written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WordAt {
    /// Its place, from 1 to 24.
    pub place: u8,
    /// The word.
    pub word: String,
}

/// How a person comes back to one collective.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecoveryView {
    /// Id of the collective.
    pub collective: String,
    /// Its name, once known.
    pub name: Option<String>,
    /// The personal home?
    pub home: bool,
    /// Stages done, in order.
    pub done: Vec<JoinStage>,
    /// Records held so far.
    pub records: u64,
    /// Lost devices that were retired.
    pub retired: u64,
    /// Everything is back.
    pub finished: bool,
    /// Lost devices that still count as this person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retiring: Option<Retiring>,
    /// What is in the way; the node goes on trying.
    pub trouble: Option<ApiError>,
}

/// Lost devices that are retired once enough is known of what they wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retiring {
    /// How many.
    pub devices: u64,
    /// How many more members' nodes have to hold the same records.
    pub missing: u64,
    /// When they are retired at the latest, where every known address was tried by then.
    pub latest: Timestamp,
    /// Claimed time of the newest record of them that is here.
    pub newest: Option<Timestamp>,
}
