//! What happens to records: the event stream of the local API.
//!
//! Delivery is at least once. Each event names a place in the node's own record log; asked for what
//! came after that place, the node tells everything since, also after it was killed and started again.
//! What an event shows is how things stand when it is read: of a document that was edited twice since,
//! both events show the newest version.

use serde::{Deserialize, Serialize};

use crate::ItemView;

/// Asks for what happened after a place in the log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Events {
    /// Only what this query asks for, in the query language of the guide; everything if empty.
    pub query: String,
    /// Behind this place: the cursor of an event or of a page. `start` is the beginning of the log;
    /// without it, what comes from now on.
    pub after: Option<String>,
    /// At most 256; 256 if 0.
    pub limit: u32,
    /// Where nothing has happened yet, how long to wait for it, in milliseconds; at most 60,000.
    pub wait_ms: u32,
    /// IANA time zone for dates in words; UTC if absent.
    pub time_zone: Option<String>,
}

/// What happened, in the order of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventsPage {
    /// The events; none where the wait was over.
    pub events: Vec<EventView>,
    /// The place up to which the log was read: the next page is behind it.
    pub cursor: String,
    /// Whether there is more already.
    pub more: bool,
}

/// What happened to something that is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A record was stored and is shown.
    Stored,
    /// A document has a new current version, or lost one.
    Changed,
    /// A document was edited, and the query does not ask for it any more.
    Left,
    /// Somebody with the right to keeps it from being found.
    Hidden,
    /// It is shown again.
    Shown,
    /// Its author took it back, or it was purged.
    TakenBack,
    /// It does not count any more, or waits: `moot why` tells.
    HeldBack,
}

/// One event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventView {
    /// Version of this shape: 1.
    pub v: u8,
    /// Asked for what is after this cursor, the node goes on behind this event.
    pub cursor: String,
    /// What happened.
    pub what: What,
    /// To which record; of a document with versions, its first record.
    pub id: String,
    /// The shortest prefix of it that is unique here.
    pub short: String,
    /// The record that did it: the version, the act, or the record itself.
    pub by: String,
    /// Name of the collective.
    pub collective: String,
    /// Id of the collective.
    pub collective_id: String,
    /// As it is shown now; absent where it is not shown any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemView>,
}
