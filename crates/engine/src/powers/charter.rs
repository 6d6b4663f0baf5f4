//! Charters as people read and write them: a TOML text, three good ones to begin with, and words.

mod preset;
mod read;
mod text;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use preset::preset;
pub(crate) use read::read;
pub(crate) use words::{class_name, duration, one_of, rule_sentence};
pub(crate) use write::write;

use folkmoot_record::control::Actions;

/// The words for actions in a charter, with their bits (section 4.2).
pub(crate) const ACTIONS: [(Actions, &str); 13] = [
    (Actions::READ, "read"),
    (Actions::WRITE, "write"),
    (Actions::EDIT_ANY, "edit-any"),
    (Actions::HIDE, "hide"),
    (Actions::INVITE, "invite"),
    (Actions::GRANT, "grant"),
    (Actions::REVOKE, "revoke"),
    (Actions::PROPOSE, "propose"),
    (Actions::VOTE, "vote"),
    (Actions::REKEY, "rekey"),
    (Actions::PURGE, "purge"),
    (Actions::VIEW, "view"),
    (Actions::PUBLISH, "publish"),
];

/// The names of the classes of proposals, by class (section 5.2).
pub(crate) const CLASSES: [&str; 5] = [
    "opinion",
    "membership",
    "stewardship",
    "charter",
    "succession",
];
