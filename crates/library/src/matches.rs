//! The evaluator in memory.
//!
//! It must say the same as the index does: a property test in `folkmoot-search` holds the two
//! together. Text is split into sections (title, text, each tag, URL, other words); a phrase
//! never runs from one into the next.

use std::sync::OnceLock;

use crate::{Expr, Flag, Item, Link, ResolvedQuery, Test, Text, Words, fold};

/// How often a word of a title counts in ranking.
const TITLE_WEIGHT: u32 = 3;
/// How often a word of a tag counts in ranking.
const TAG_WEIGHT: u32 = 2;

/// The parts of an item in which words are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// The title of its own.
    Title,
    /// The text.
    Text,
    /// A tag.
    Tag,
    /// The URL.
    Address,
    /// Names of attachments, other names of a symbol.
    Other,
}

/// A part of an item in which words are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'i> {
    /// Which part.
    pub within: Within,
    /// The text of it.
    pub text: &'i str,
    /// How often each word counts in ranking.
    pub weight: u32,
}

impl Item {
    /// The parts in which words are found.
    pub fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        let section = |within, weight| {
            move |text| Section {
                within,
                text,
                weight,
            }
        };
        self.own_title()
            .into_iter()
            .map(section(Within::Title, TITLE_WEIGHT))
            .chain([Section {
                within: Within::Text,
                text: self.text.as_str(),
                weight: 1,
            }])
            .chain(
                self.tags
                    .iter()
                    .map(folkmoot_record::Tag::as_str)
                    .map(section(Within::Tag, TAG_WEIGHT)),
            )
            .chain(
                self.url
                    .as_deref()
                    .into_iter()
                    .map(section(Within::Address, 1)),
            )
            .chain(
                self.also
                    .iter()
                    .map(String::as_str)
                    .map(section(Within::Other, 1)),
            )
    }
}

/// A folded tag and every tag above it: `a/b` gives `a` and `a/b`.
pub fn tag_paths(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .match_indices('/')
        .map(|(at, _)| &folded[..at])
        .chain([folded])
        .filter(|path| !path.is_empty())
}

/// An item with its words split; the splitting is done when first needed.
#[derive(Debug)]
pub struct Searchable {
    item: Item,
    split: OnceLock<Split>,
}

#[derive(Debug, Default)]
struct Split {
    /// All words, one after the other.
    text: String,
    /// Where each word ends in `text`.
    ends: Vec<u32>,
    /// A number made of each word: most words are told apart without looking at them.
    marks: Vec<u32>,
    /// Number of words up to the end of each section, and the section's weight.
    sections: Vec<(u32, u32)>,
    /// Folded tags.
    tags: Vec<String>,
    /// Folded titles and other names.
    names: Vec<String>,
}

impl Searchable {
    /// Takes an item.
    pub const fn new(item: Item) -> Self {
        Self {
            item,
            split: OnceLock::new(),
        }
    }

    /// The item.
    pub const fn item(&self) -> &Item {
        &self.item
    }

    /// Its words in their order, folded.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let split = self.split();
        (0..split.ends.len()).map(|at| split.word(at))
    }

    /// Its tags, folded.
    pub fn tags(&self) -> &[String] {
        &self.split().tags
    }

    /// Whether the item is asked for.
    pub fn matches(&self, query: &ResolvedQuery) -> bool {
        self.holds(&query.expr)
    }

    /// Words as the ranking counts them: with their weights.
    pub(crate) fn length(&self) -> u32 {
        let mut before = 0;
        self.split().sections.iter().fold(0, |sum, (end, weight)| {
            let words = end - before;
            before = *end;
            sum + words * weight
        })
    }

    /// How often the text is found, with the weights of the sections.
    pub(crate) fn frequency(&self, text: &Text) -> u32 {
        let split = self.split();
        let mut sum = 0;
        split.find(text, |section| {
            sum += split.sections[section].1;
            true
        });
        sum
    }

    /// In which parts the text is found, and how often in each.
    pub fn places(&self, text: &Text) -> Vec<(Within, u32)> {
        let split = self.split();
        let parts: Vec<Within> = self.item.sections().map(|section| section.within).collect();
        let mut places: Vec<(Within, u32)> = Vec::new();
        split.find(text, |section| {
            // Tags stand one after the other, so do other words.
            match places.last_mut() {
                Some((within, times)) if *within == parts[section] => *times += 1,
                _ => places.push((parts[section], 1)),
            }
            true
        });
        places
    }

    /// Adds the words of the query that count for the item: those of conditions that hold, none
    /// under a negation. Says whether all of it holds.
    pub(crate) fn counting<'q>(&self, expr: &'q Expr<Test>, texts: &mut Vec<&'q Text>) -> bool {
        let before = texts.len();
        let holds = match expr {
            Expr::All => true,
            Expr::And(parts) => parts.iter().all(|part| self.counting(part, texts)),
            Expr::Or(parts) => {
                let mut any = false;
                for part in parts {
                    any |= self.counting(part, texts);
                }
                any
            }
            Expr::Not(part) => !self.holds(part),
            Expr::Is(test) => {
                if let Test::Text(text) = test {
                    texts.push(text);
                }
                self.passes(test)
            }
        };
        if !holds {
            texts.truncate(before);
        }
        holds
    }

    fn holds(&self, expr: &Expr<Test>) -> bool {
        match expr {
            Expr::All => true,
            Expr::And(parts) => parts.iter().all(|part| self.holds(part)),
            Expr::Or(parts) => parts.iter().any(|part| self.holds(part)),
            Expr::Not(part) => !self.holds(part),
            Expr::Is(test) => self.passes(test),
        }
    }

    fn passes(&self, test: &Test) -> bool {
        let item = &self.item;
        match test {
            Test::Text(text) => {
                let mut found = false;
                self.split().find(text, |_| {
                    found = true;
                    false
                });
                found
            }
            Test::Tag(tag) => self.split().tags.iter().any(|own| {
                own.strip_prefix(tag.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }),
            Test::TagPrefix(stem) => self.split().tags.iter().any(|own| own.starts_with(stem)),
            Test::Kind(kind) => item.kind == *kind,
            Test::Seats(seats) => seats.contains(&item.seat),
            Test::Places(places) => places.contains(&item.cid),
            Test::Created(interval) => interval.holds(item.ms()),
            Test::Flag(flag) => item.flags.has(*flag),
            Test::Due(span) => item.due.is_some_and(|due| span.holds(due)),
            Test::Overdue(now) => {
                item.flags.has(Flag::Open) && item.due.is_some_and(|due| due < *now)
            }
            Test::Assigned(seats) => item.assignees.iter().any(|seat| seats.contains(seat)),
            Test::Answers(records) => item.answers.is_some_and(|id| records.contains(&id)),
            Test::Called(name) => self.split().names.contains(name),
            Test::Links(links) => item.links.iter().any(|link: &Link| links.contains(link)),
        }
    }

    fn split(&self) -> &Split {
        self.split.get_or_init(|| Split::of(&self.item))
    }
}

impl Split {
    fn of(item: &Item) -> Self {
        let mut split = Self {
            text: String::with_capacity(item.text.len()),
            tags: item.tags.iter().map(|tag| fold(tag.as_str())).collect(),
            names: item.names().collect(),
            ..Self::default()
        };
        for section in item.sections() {
            let mut words = Words::new(section.text);
            while words.advance() {
                split.text.push_str(words.word());
                split.ends.push(number(split.text.len()));
                split.marks.push(mark(words.word()));
            }
            split
                .sections
                .push((number(split.ends.len()), section.weight));
        }
        split
    }

    fn word(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[at] as usize]
    }

    /// Gives the number of the section of each place where the words stand in a row; stops when
    /// told `false`.
    fn find(&self, text: &Text, mut found: impl FnMut(usize) -> bool) {
        let Some(first) = text.words.first() else {
            return;
        };
        let sought = mark(first);
        let mut start = 0;
        for (section, &(end, _)) in self.sections.iter().enumerate() {
            let end = end as usize;
            let last = (end + 1).saturating_sub(text.words.len()).max(start);
            for at in start..last {
                let here = if text.prefix {
                    self.word(at).starts_with(first)
                } else {
                    self.marks[at] == sought
                        && text
                            .words
                            .iter()
                            .zip(at..)
                            .all(|(word, at)| self.word(at) == word)
                };
                if here && !found(section) {
                    return;
                }
            }
            start = end;
        }
    }
}

/// The FNV-1a sum of a word: quick, and the same in every run.
fn mark(word: &str) -> u32 {
    word.bytes().fold(0x811C_9DC5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Sizes of one item, far below 2^32 bytes (a body has at most 65,536).
fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Whether the item is asked for. For many queries of one item keep a [`Searchable`].
pub fn matches(query: &ResolvedQuery, item: &Item) -> bool {
    Searchable::new(item.clone()).matches(query)
}
