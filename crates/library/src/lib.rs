//! The knowledge model: documents, tags, links and the query language.
//!
//! A record of content becomes an [`Item`], the view of it that can be found. A query is
//! [parsed](Query::parse) once to one syntax tree; [`Query::resolve`] puts keys in the place of
//! names. The tree has two evaluators that agree: the one here, over items in memory, and that
//! of the index in `folkmoot-search`.
//!
//! This crate is pure: no clock, no randomness, no IO, no async. Now, and the time zone, come in
//! as one [`Zoned`].

mod calendar;
mod changes;
mod code;
mod fold;
pub mod foreign;
mod item;
mod links;
mod matches;
mod merge;
pub mod page;
mod query;
pub mod reading;
mod score;
mod snippet;
mod symbols;
mod versions;
mod words;

pub use calendar::{Due, DueSpan, End, Frequency, Nth, Rule, due, every};
pub use changes::{Change, changes};
pub use fold::fold;
pub use item::{Flag, Flags, Item, can_be_linked, first_line, is_findable, item, link_names};
pub use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
pub use links::{Link, is_linkable, link_titles, relinked, symbol_words};
pub use matches::{Searchable, Section, Within, matches, tag_paths};
pub use merge::{MARKS, Merge, Side, merge_sets, merge_texts, merge_values, undecided};
pub use query::{
    ADDED_WEIGHT, Expr, Interval, Leaf, Line, Name, Names, NoNames, Problem, Query, QueryError,
    ResolvedQuery, Searches, Shared, Sort, Test, Text, Widened, Widening, Written, key_names,
    key_values, limits, spelled,
};
pub use score::{MOST_RECENCY, Statistics, counting, points, recency, score, with_recency};
pub use snippet::{Snippet, snippet};
pub use symbols::{
    ALIASES, Added, How, Lexicon, MOST_ADDED, MOST_ALIASES, MOST_SYMBOLS, STATUS, Status, Symbol,
    aliases, term_key,
};
pub use versions::{Part, Version, Versions, has_versions, part};
pub use words::{MAX_TOKEN, Words};
