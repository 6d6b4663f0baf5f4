//! Tasks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ItemView;

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// Not begun.
    Todo,
    /// Under way.
    Doing,
    /// Done.
    Done,
    /// Given up.
    Dropped,
}

/// What a task says beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskView {
    /// How far it is.
    pub state: TaskState,
    /// When it is due: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`, in the time of whoever reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// When it comes again: a rule in the grammar of section 8.5 of the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// Shown names of those who are to do it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// When it was done, by the claim of who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Timestamp>,
}

/// Changes a task: a new version of it. What is not given stays as it was.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskSet {
    /// Id, unique id prefix or exact title.
    pub id: String,
    /// How far it is now. A task that comes again and is done becomes due again.
    pub state: Option<TaskState>,
    /// When it is due; empty takes it away.
    pub due: Option<String>,
    /// When it comes again, a rule in the grammar of section 8.5; empty takes it away.
    pub every: Option<String>,
    /// Who is to do it: names, or first digits of seats.
    pub assignees: Option<Vec<String>>,
    /// IANA time zone that tells which day it is; UTC if absent.
    pub time_zone: Option<String>,
    /// Name or key prefix of a limited device of this person that signs it; this device if absent.
    pub device: Option<String>,
}

/// Asks for tasks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tasks {
    /// A query that narrows them; all if empty.
    pub query: String,
    /// Only this collective.
    pub collective: Option<String>,
    /// Done and dropped ones too.
    pub all: bool,
    /// At most 1,000, and so many if 0.
    pub limit: u32,
    /// IANA time zone for dates in words.
    pub time_zone: Option<String>,
}

/// Tasks, those due first before others, those without a date last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TasksView {
    /// The first of them.
    pub items: Vec<TaskItem>,
    /// How many there are in all.
    pub total: u64,
    /// True while the index is being rebuilt: there may be more.
    #[serde(default)]
    pub partial: bool,
}

/// One task of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskItem {
    /// As any other record of a list.
    #[serde(flatten)]
    pub item: ItemView,
    /// How far it is, and when it is due.
    pub task: TaskView,
}
