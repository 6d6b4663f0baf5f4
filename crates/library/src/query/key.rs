//! The keys of the language and the words that their values know.

use folkmoot_record::Kind;

use super::{Sort, error::nearest};
use crate::{Flag, item::is_findable};

/// A key of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Tag,
    Kind,
    Author,
    In,
    Since,
    Until,
    Before,
    After,
    /// `newer_than:`, as mail programs have it: `m` is a month.
    NewerThan,
    /// `older_than:`, the same.
    OlderThan,
    Created,
    Has,
    Is,
    Links,
    To,
    Due,
    For,
    Saved,
    Sort,
}

/// Every spelling; the first of a key is its name.
const KEYS: &[(&str, Key)] = &[
    ("tag", Key::Tag),
    ("kind", Key::Kind),
    ("author", Key::Author),
    ("in", Key::In),
    ("since", Key::Since),
    ("until", Key::Until),
    ("before", Key::Before),
    ("after", Key::After),
    ("newer_than", Key::NewerThan),
    ("older_than", Key::OlderThan),
    ("created", Key::Created),
    ("has", Key::Has),
    ("is", Key::Is),
    ("links", Key::Links),
    ("to", Key::To),
    ("due", Key::Due),
    ("for", Key::For),
    ("saved", Key::Saved),
    ("sort", Key::Sort),
    ("from", Key::Author),
    ("by", Key::Author),
    ("date", Key::Created),
    ("type", Key::Kind),
    ("label", Key::Tag),
];

impl Key {
    pub(super) fn parse(word: &str) -> Option<Self> {
        KEYS.iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
            .map(|(_, key)| *key)
    }

    pub(super) fn name(self) -> &'static str {
        KEYS.iter()
            .find(|(_, key)| *key == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether its value is a date.
    pub(super) const fn is_date(self) -> bool {
        matches!(
            self,
            Self::Since
                | Self::Until
                | Self::Before
                | Self::After
                | Self::NewerThan
                | Self::OlderThan
                | Self::Created
                | Self::Due
        )
    }

    /// The key most like the word.
    pub(super) fn suggest(word: &str) -> Option<String> {
        nearest(word, KEYS.iter().map(|(name, _)| name))
    }
}

/// The names of all keys of the language, each once.
pub fn key_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for (_, key) in KEYS {
        let name = key.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The words that a key takes, for whoever is typing one; none where they are of no fixed number.
pub fn key_values(name: &str) -> Vec<&'static str> {
    match Key::parse(name) {
        Some(Key::Has) => each_once(HAS),
        Some(Key::Is) => {
            let mut words = each_once(IS);
            words.push(OVERDUE);
            words
        }
        Some(Key::Sort) => each_once(SORTS),
        Some(Key::Kind) => findable_names(),
        _ => Vec::new(),
    }
}

/// The first spelling of each.
fn each_once<T: Copy + PartialEq>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    let first = |word: &T| table.iter().find(|(_, other)| other == word);
    table
        .iter()
        .filter_map(|(_, word)| first(word).map(|(name, _)| *name))
        .fold(Vec::new(), |mut names, name| {
            if !names.contains(&name) {
                names.push(name);
            }
            names
        })
}

/// What `is:` says of a task that should be done by now.
const OVERDUE: &str = "overdue";

const HAS: &[(&str, Flag)] = &[
    ("attachment", Flag::Attachment),
    ("attachments", Flag::Attachment),
    ("file", Flag::Attachment),
    ("files", Flag::Attachment),
    ("link", Flag::Link),
    ("links", Flag::Link),
    ("url", Flag::Url),
    ("title", Flag::Title),
    ("tag", Flag::Tag),
    ("tags", Flag::Tag),
    ("text", Flag::Text),
    ("due", Flag::Due),
];

const IS: &[(&str, Flag)] = &[
    ("reply", Flag::Reply),
    ("edited", Flag::Edited),
    ("todo", Flag::Todo),
    ("doing", Flag::Doing),
    ("done", Flag::Done),
    ("dropped", Flag::Dropped),
    ("unmerged", Flag::Unmerged),
    ("open", Flag::Open),
    ("recurring", Flag::Recurring),
];

const SORTS: &[(&str, Sort)] = &[
    ("relevance", Sort::Relevance),
    ("newest", Sort::Newest),
    ("oldest", Sort::Oldest),
    ("created", Sort::Newest),
    ("updated", Sort::Newest),
    ("date", Sort::Newest),
];

/// A word that a key does not know: what it knows, and what is most like it.
pub(super) struct Unknown {
    pub(super) known: String,
    pub(super) suggestion: Option<String>,
}

fn look_up<T: Copy>(table: &[(&str, T)], word: &str) -> Result<T, Unknown> {
    table
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            unknown(
                word,
                &table.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            )
        })
}

fn unknown(word: &str, known: &[&str]) -> Unknown {
    Unknown {
        suggestion: nearest(word, known),
        known: known.join(", "),
    }
}

pub(super) fn has(word: &str) -> Result<Flag, Unknown> {
    look_up(HAS, word)
}

/// What `is:` asks for: a fact, or one that is judged by now.
#[derive(Clone, Copy)]
pub(super) enum Is {
    Flag(Flag),
    Overdue,
}

pub(super) fn is(word: &str) -> Result<Is, Unknown> {
    let mut table: Vec<(&str, Is)> = IS
        .iter()
        .map(|(name, flag)| (*name, Is::Flag(*flag)))
        .collect();
    table.push((OVERDUE, Is::Overdue));
    look_up(&table, word)
}

pub(super) fn sort(word: &str) -> Result<Sort, Unknown> {
    look_up(SORTS, word)
}

/// A kind by its name, or by its number for kinds of applications (`0x1234`).
pub(super) fn kind(word: &str) -> Result<Kind, Unknown> {
    let number = match word.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    };
    let named = || Kind::from_name(&word.to_ascii_lowercase());
    match number.map(Kind).or_else(named) {
        Some(kind) if is_findable(kind) => Ok(kind),
        _ => Err(unknown(word, &findable_names())),
    }
}

fn findable_names() -> Vec<&'static str> {
    (Kind::NOTE.0..=Kind::MUTE_LIST.0)
        .map(Kind)
        .filter(|kind| is_findable(*kind))
        .filter_map(Kind::name)
        .collect()
}
