//! Searching: the index, queries and their explanation, what may have been meant, what happened.

pub(crate) mod brake;
pub(crate) mod complete;
pub(crate) mod counts;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod find;
pub(crate) mod happened;
pub(crate) mod index;
pub(crate) mod lexicon;
pub(crate) mod offers;
pub(crate) mod places;
pub(crate) mod related;
pub(crate) mod saved;
pub(crate) mod titles;
pub(crate) mod understand;
#[cfg(test)]
mod while_partial;
