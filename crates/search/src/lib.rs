//! The disposable full-text and structured index.
//!
//! Records are the truth; what lies here can be thrown away at any time and is built again
//! from the beginning of the store. What was added is found at once: hits of the index are
//! merged with those among the items that are not committed yet (the tail), which the evaluator
//! of `folkmoot-library` judges in memory. One thread of its own writes the index, so that
//! neither searches nor additions wait for a commit.

mod after;
mod best;
mod by_time;
mod careful;
mod created;
mod error;
mod explain;
mod facets;
mod flagged;
mod guard;
mod hits;
mod index;
mod open;
mod related;
mod schema;
mod sealed;
mod similar;
mod snapshot;
mod tail;
mod tokenizer;
mod translate;
mod writer;

pub use after::Behind;
pub use error::SearchError;
pub use explain::Why;
pub use hits::{Facet, FacetBy, Hit, Hits, Page};
pub use index::{
    COMMIT_BYTES, COMMIT_ITEMS, IDLE_MS, Index, LATEST_MS, MOST_WAITING, MOST_WAITING_BYTES,
    Opened, Options,
};
pub use snapshot::Snapshot;
