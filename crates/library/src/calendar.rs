//! Days: when something is due, and when it comes again.

mod day;
mod due;
mod every;
mod rule;

pub(crate) use day::span;
pub use due::{Due, DueSpan, due};
pub use every::every;
pub use rule::{End, Frequency, Nth, Rule};
