//! Writing records.

use crate::{
    CollectiveId, GrantId, Hlc, Kind, RecordId, Ref, SeatKey, Tag, Verified, control::Control,
};
use ed25519_dalek::SigningKey;

/// Where in its log a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 0 for the first.
    pub seq: u32,
    /// The record before it.
    pub prev: Option<RecordId>,
}

/// A record about to be signed. Lists may be unsorted; signing sorts them and removes repeats.
#[derive(Debug, Clone)]
pub struct Draft {
    /// `None` in a genesis.
    pub cid: Option<CollectiveId>,
    /// The member.
    pub seat: SeatKey,
    /// Place in the log.
    pub place: Place,
    /// Claimed time.
    pub hlc: Hlc,
    /// What it is.
    pub kind: Kind,
    /// The grant relied on.
    pub cap: Option<GrantId>,
    /// Heads known.
    pub auth: Vec<RecordId>,
    /// Pointers.
    pub refs: Vec<Ref>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The body, encoded: [`Control::encode`] or `content::Content::encode`.
    pub body: Vec<u8>,
}

impl Draft {
    /// Signs with the device's key. The result passes the context-free check.
    ///
    /// # Errors
    /// The reason for which the record would be refused by everyone.
    pub fn sign(self, device: &SigningKey) -> Result<Verified, crate::Reason> {
        let _ = device;
        todo!()
    }
}

impl Control {
    /// The canonical body bytes.
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }
}
