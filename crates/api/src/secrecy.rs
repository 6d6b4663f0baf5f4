//! The passphrase that seals the keys.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// Sets, changes or removes the passphrase.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PassphraseSet {
    /// The one that seals the keys now, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Secret>,
    /// The new one; none: the keys lie in the open from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Secret>,
}

/// Opens a locked node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unlock {
    /// The passphrase of its keys.
    pub passphrase: Secret,
}

/// The `reason` of what a locked node refuses.
pub const LOCKED: &str = "locked";
