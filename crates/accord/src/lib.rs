//! The control plane: who may do what in a collective, as a pure function of a set of records.
//!
//! [`Accord`] takes verified lane-0 records and ballots of one collective in any order and says
//! for each where it stands, what the collective looks like ([`State`]), and whether a content
//! record may stand. There is no clock, no IO, no randomness and no hash-ordered map: the same set
//! gives the same verdicts. Source: `docs/protocol/authority.md` (sections 2 to 6 and 8 of the
//! protocol).

mod accord;
pub mod content;
pub mod standing;
pub mod state;

pub use accord::{Accord, Denied, Inserted, MemberDevice, Need, Reader, Rejudge, Seen, Way};
pub use content::{ContentLog, ContentPlace};
pub use standing::{ContentStanding, ParkReason, Standing, VoidReason};
pub use state::State;
