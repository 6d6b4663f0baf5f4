//! How much there is of what.

use serde::{Deserialize, Serialize};

/// By what records are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountBy {
    /// By tag; one tagged `a/b` counts for `a` too. The most frequent first.
    #[default]
    Tag,
    /// By kind. The most frequent first.
    Kind,
    /// By month, as `2026-03`. The newest first.
    Month,
    /// By author. The most frequent first.
    Author,
    /// By collective. The most frequent first.
    Collective,
}

/// Asks how many records there are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Of what this query asks for; of everything if empty.
    pub query: String,
    /// Only this collective: name or id prefix.
    pub collective: Option<String>,
    /// By what.
    pub by: CountBy,
    /// At most 10,000 values; 1,000 if 0.
    pub limit: u32,
    /// IANA time zone for months and dates in words; UTC if absent.
    pub time_zone: Option<String>,
    /// Whether shared words do not widen the query.
    pub exact: bool,
}

/// One value and how many records have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountView {
    /// The tag, the name of the kind, the month, or the shown name.
    pub value: String,
    /// Of an author the seat, of a collective its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many records.
    pub count: u64,
}

/// The answer to [`Counts`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CountsView {
    /// The values in their order, the first of them.
    pub values: Vec<CountView>,
    /// How many values there are in all.
    #[serde(default)]
    pub total: u64,
    /// What shared words added to the words of the query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub widened: Vec<crate::WidenedWord>,
    /// Whether they would have added more than is looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub widened_cut: bool,
    /// True while the index is being rebuilt: there may be more.
    #[serde(default)]
    pub partial: bool,
}

/// Asks for what is like a record.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Related {
    /// Id, unique id prefix or exact title.
    pub id: String,
    /// At most 100; 10 if 0.
    pub limit: u32,
}
