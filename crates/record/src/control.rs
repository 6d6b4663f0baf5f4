//! Bodies of control records and ballots, one struct a kind (section 3.2).
//!
//! Lists that the protocol wants ascending and unique are kept so by whoever
//! builds them; the decoder refuses others.

mod body;
mod charter;
mod decode;
mod device;
mod encode;
mod grant;
mod inner_signature;
mod revoke;
mod vote;

pub use body::{Control, Epoch, EpochLink, ForkNote, Founder, Genesis, Inheritance, Kem};
pub use charter::{Actions, Charter, CharterDelta, Role, RoleId, Rule};
pub use device::{DeviceAdd, DeviceBody, DeviceDrop, DeviceLimits};
pub use grant::{Grant, Invite, Join, KindRange, Limits};
pub use revoke::{Cut, Readmit, Resign, Revoke, Target};
pub use vote::{Ballot, Choice, Decision, Effect, Proposal};

pub(crate) use decode::{kinds, tags};
pub(crate) use inner_signature::check as check_inner_signature;
