//! Writing records.

use crate::signed::{self, RECORD};
use crate::{
    BodyHash, CollectiveId, DeviceKey, GrantId, Header, Hlc, Kind, Reason, RecordId, Ref, SeatKey,
    Signed, Tag, Verified, hash, signature,
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
    /// The body, encoded: [`crate::control::Control::encode`] or `content::Content::encode`.
    pub body: Vec<u8>,
}

impl Draft {
    /// Signs with the device's key. The result passes the context-free check.
    ///
    /// # Errors
    /// The reason for which the record would be refused by everyone.
    pub fn sign(self, device: &SigningKey) -> Result<Verified, Reason> {
        let header = Header {
            cid: self.cid,
            seat: self.seat,
            dev: DeviceKey::from_bytes(device.verifying_key().to_bytes()),
            seq: self.place.seq,
            prev: self.place.prev,
            hlc: self.hlc,
            kind: self.kind,
            cap: self.cap,
            auth: sorted(self.auth),
            refs: sorted(self.refs),
            tags: sorted(self.tags),
            blen: self.body.len() as u64,
            bhash: BodyHash::from_bytes(hash::plain(&self.body)),
        };
        let h = header.encode();
        let sig = signature::sign(device, RECORD, &[&h]);
        let wire = signed::join(&h, &sig, &self.body);
        Signed::parse(&wire)?.just_signed()
    }
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort_unstable();
    list.dedup();
    list
}
