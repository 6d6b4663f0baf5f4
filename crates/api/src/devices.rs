//! The person's own devices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Asks for the own devices.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceList {
    /// Name or id prefix of a collective; all if absent.
    pub collective: Option<String>,
    /// Also dropped ones.
    pub all: bool,
}

/// Makes a limited device whose key lies in this home.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceAdd {
    /// The name it has here, 1 to 64 bytes; nobody else sees it.
    pub name: String,
    /// Name or id prefix of the collective; the personal home if absent.
    pub collective: Option<String>,
    /// Only with these tags, and what lies below them; all if empty.
    pub tags: Vec<String>,
    /// Only these kinds; all if empty.
    pub kinds: Vec<String>,
    /// Until then, at most 400 days ahead; a year if absent.
    pub until: Option<Timestamp>,
    /// What it may do beside reading: `write`, `edit`, `hide`, `propose`, `purge`, `publish`;
    /// `write` if empty.
    pub can: Vec<String>,
}

/// Takes a device back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceDrop {
    /// Its name here, or a unique prefix of its key.
    pub id: String,
    /// Name or id prefix of the collective, where the name alone does not tell.
    pub collective: Option<String>,
}

/// A device of this person in one collective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnDevice {
    /// Name of the collective.
    pub collective: String,
    /// Its id.
    pub collective_id: String,
    /// The device's key.
    pub key: String,
    /// The name it has here, if it is a limited one made here.
    pub name: Option<String>,
    /// The device of this home?
    pub this: bool,
    /// Whether this home has its key.
    pub signs_here: bool,
    /// `full`, `limited` or `dropped`.
    pub standing: String,
    /// Of a limited one: what it may do, in words.
    pub actions: Vec<String>,
    /// Kinds it is limited to; empty: all.
    pub kinds: Vec<String>,
    /// Tags it is limited to; empty: all.
    pub tags: Vec<String>,
    /// Until when it may act.
    pub until: Option<Timestamp>,
    /// When it was added, by the claimed time.
    pub added: Timestamp,
    /// `founding`, `joining`, `recovery key`, or the key of the device that added it.
    pub added_by: String,
    /// Connected to this node now?
    pub connected: bool,
}
