//! Saved searches.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What to do with saved searches; the answer is the list of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchAct {
    /// Only list them.
    List,
    /// Saves a search, in the place of an earlier one of this name.
    Save {
        /// At most 64 bytes; upper and lower case are the same.
        name: String,
        /// In the query language of the guide.
        query: String,
    },
    /// Forgets one.
    Drop {
        /// Its name.
        name: String,
    },
}

/// A saved search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSearch {
    /// As written; `saved:NAME` in a query stands for the search.
    pub name: String,
    /// The query.
    pub query: String,
    /// When it was saved.
    pub saved: Timestamp,
}
