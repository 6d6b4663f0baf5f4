//! Epoch secrets, sealed bundles, hello proofs, links, key sealing at rest and the
//! recovery phrase (protocol sections 1.1, 1.5, 6, 7.4 and 7.5).
//!
//! Pure: no IO and no clock. Every function that needs randomness takes it as an
//! argument; the caller draws it from the operating system, fresh for each call.
//! Secrets are wiped when dropped, compared in constant time, and their `Debug`
//! shows the type only.

pub mod backlink;
pub mod boxes;
pub mod bundle;
pub mod card;
pub mod disk;
pub mod epoch;
pub mod hello;
pub mod invite;
pub mod link;
pub mod master;
pub mod presence;
pub mod vault;

mod aead;
mod kdf;
mod secret;

pub use backlink::LinkClass;
pub use boxes::{BoxClass, BoxError};
pub use bundle::{Bundle, BundleError, KemSecret, OpenError, Recipient, Sealing};
pub use card::{Card, CardError};
pub use disk::StoreKey;
pub use epoch::{ControlKey, DataKey, EpochSecret};
pub use hello::{Proof, ProofError};
pub use invite::InviteSeed;
pub use link::{CardLink, InviteLink, Link, LinkError, PairingLink, ShelfLink};
pub use master::{Master, WordsError};
pub use presence::{DoorSecret, PairSecret, PresenceKey, Role, SessionKey, SyncSalt, Transcript};
pub use vault::{Cost, NodeKey, VaultError};
