//! Daily pages.

use serde::{Deserialize, Serialize};

use crate::{ItemView, TaskItem};

/// Asks for this person's page of a day, and for what the day brings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Day {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Name or id prefix of the collective; the personal home if absent.
    pub collective: Option<String>,
    /// IANA time zone that tells when the day begins; UTC if absent.
    pub time_zone: Option<String>,
}

/// Writes into this person's page of a day; it is begun where there is none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DayWrite {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Name or id prefix of the collective; the personal home if absent.
    pub collective: Option<String>,
    /// The whole text, or, where `append` is set, what is put below the one that is there.
    pub text: String,
    /// Whether the text that is there stays.
    pub append: bool,
    /// Ids of the versions that the whole text stands for, as [`DayView::pages`] gave them; those
    /// that are shown if empty.
    pub base: Vec<String>,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// A day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DayView {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Name of the collective.
    pub collective: String,
    /// The page: the texts of `pages`, one below the other.
    pub text: String,
    /// What it is put together from, the oldest first: several where two devices began a page
    /// without knowing of each other. The next writing makes them one.
    pub pages: Vec<PageView>,
    /// Today, what is due up to now; of another day, what was or is due on it.
    pub tasks: Vec<TaskItem>,
    /// How many more there are of these.
    #[serde(default)]
    pub tasks_more: u64,
    /// What others wrote in collectives on that day, the newest.
    pub arrived: Vec<ItemView>,
    /// How many more there are of these.
    pub arrived_more: u64,
    /// True while the index is being rebuilt: all of this may be incomplete.
    #[serde(default)]
    pub partial: bool,
}

/// A part of a day's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageView {
    /// Id of the document.
    pub id: String,
    /// Its shortest unique prefix here.
    pub short: String,
    /// Id of the version that is shown.
    pub version: String,
}
