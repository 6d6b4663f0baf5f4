//! Canonical bytes, ids, keys, signed and verified records, kinds and their bodies.
//!
//! The ground of Folkmoot: no IO, no clock, no randomness, no async. What comes
//! from outside is [`Signed`]; only [`Signed::verify`] makes a [`Verified`].
//! Source: `docs/protocol/records.md` (sections 1 to 3 of the protocol).

pub mod content;
pub mod control;
pub mod fc;
pub mod hash;
pub mod limits;
pub mod signature;

mod derived;
mod draft;
mod header;
mod id;
mod kind;
mod reason;
mod signed;
mod time;

pub use derived::{effect_id, grant_id_of_effect, grant_id_of_founder};
pub use draft::{Draft, Place};
pub use header::{Header, Ref, Rel, Tag};
pub use id::{
    BlobRoot, BodyHash, BundleHash, CharterHash, CollectiveId, DeviceKey, EpochId, GrantId,
    InviteKey, KemKey, ParseIdError, RecordId, RevocationId, SeatKey,
};
pub use kind::{Kind, Lane};
pub use reason::Reason;
pub use signed::{Carried, Signed, Verified};
pub use time::Hlc;
