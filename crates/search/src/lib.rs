//! The disposable full-text and structured index.
//!
//! Records are the truth; what lies here can be thrown away at any time and is built again
//! from the cursor 0. What was added is found at once: hits of the index are merged with those
//! among the items that are not committed yet (the tail), which the evaluator of
//! `folkmoot-library` judges in memory. One thread of its own writes the index, so that neither
//! searches nor additions wait for a commit.

mod error;
mod hits;
mod index;
mod snapshot;

pub use error::SearchError;
pub use hits::{Facet, FacetBy, Hit, Hits, Page};
pub use index::{Index, Opened, Options};
pub use snapshot::Snapshot;
