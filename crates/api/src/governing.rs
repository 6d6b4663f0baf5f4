//! Governing by the charter: roles and rules.

use serde::{Deserialize, Serialize};

/// Asks about the charter of a collective.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CharterShow {
    /// Name or id prefix; absent: the only one besides the home.
    pub collective: Option<String>,
}

/// A charter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CharterView {
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// Hash of the charter in force.
    pub hash: String,
    /// Roles, by rank.
    pub roles: Vec<CharterRole>,
    /// Rules, by class.
    pub rules: Vec<CharterRule>,
    /// Content records that a device may add on one day.
    pub content_per_day: u64,
    /// Control records that a device may add on one day.
    pub control_per_day: u64,
    /// Whether who comes later reads what was written before.
    pub open_history: bool,
    /// Ids of the decided proposals that changed it, oldest first.
    pub amended_by: Vec<String>,
    /// Whether one of these is still provisional: decided less than 45 days ago.
    pub provisional: bool,
    /// The charter as text, as `collective new` and `propose charter` take it.
    pub toml: String,
}

/// A role of a charter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CharterRole {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u16,
    /// Its rank.
    pub rank: u8,
    /// What it allows, in words.
    pub actions: Vec<String>,
    /// Names of the roles that a holder may give.
    pub may_give: Vec<String>,
    /// How many live members have it as their strongest.
    pub members: u64,
}

/// How a class of proposals is decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CharterRule {
    /// 0 to 4.
    pub class: u8,
    /// `opinion`, `membership`, `stewardship`, `charter`, `succession`.
    pub name: String,
    /// Who votes and what carries, in a sentence.
    pub sentence: String,
}
