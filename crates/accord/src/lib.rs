//! The control plane: who may do what in a collective, as a pure function of a set of records.
//!
//! [`Accord`] takes verified lane-0 records and ballots of one collective in any order and says
//! for each where it stands, what the collective looks like ([`State`]), and whether a content
//! record may stand. There is no clock, no IO, no randomness and no hash-ordered map: the same set
//! gives the same verdicts. Source: `docs/protocol/authority.md` (sections 2 to 6 and 8 of the
//! protocol).

mod accord;
mod ask;
mod bits;
mod book;
mod budget;
mod charter;
pub mod content;
mod covers;
mod devices;
pub mod documents;
mod epochs;
mod eval;
mod fences;
mod floods;
mod forks;
mod grants;
mod graph;
mod intake;
mod orphans;
mod polls;
mod refresh;
mod replay;
mod revocations;
mod running;
mod settle;
pub mod standing;
pub mod state;
mod turns;
mod validity;
mod views;
mod votes;
mod warrant;
mod why;

pub use accord::{Accord, Denied, Inserted, MemberDevice, Need, Reader, Rejudge, Seen, Way};
pub use budget::STEPS_A_MINUTE;
pub use content::{ContentLog, ContentPlace, NoContent, misfiled};
pub use forks::Fork;
pub use intake::Policy;
pub use polls::{NoVote, Poll};
pub use standing::{ContentStanding, ParkReason, Standing, VoidReason};
pub use state::State;
pub use why::{Addition, Means, Shadow, Taking};
