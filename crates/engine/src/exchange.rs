//! What the sync machine sees and is told: holdings, bundles, peers, new keys.

pub(crate) mod bundles;
pub(crate) mod holdings;
pub(crate) mod peers;
pub(crate) mod rekey;
