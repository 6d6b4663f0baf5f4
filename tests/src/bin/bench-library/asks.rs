//! What is asked: many different queries, drawn from a seed, the same for all engines.

use anyhow::Result;
use folkmoot_tests::bench::texts::{Numbers, Texts};
use serde::{Deserialize, Serialize};

use crate::corpus::{DAY, FIRST_MS, SPAN};

/// Seed of the queries; printed with the results.
pub(crate) const SEED: u64 = 2_026;
/// Queries of each class.
pub(crate) const ASKS: usize = 210;
/// Words that query languages take for their own.
const OPERATORS: [&str; 5] = ["and", "or", "not", "in", "to"];
/// Days of a window of time.
const WINDOW: u64 = 30;

/// One query, in no engine's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// All of these words; one or two.
    Words(Vec<String>),
    /// These words one after the other.
    Phrase(Vec<String>),
    /// A word that begins so.
    Prefix(String),
    /// Any of these words.
    Any(Vec<String>),
    /// With this tag, from then until before then, the newest first.
    Tagged(String, u64, u64),
    /// With this tag: not timed, only counted.
    Tag(String),
}

/// Classes of queries, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Class {
    Word,
    TwoWords,
    Phrase,
    Prefix,
    BroadOr,
    TagAndTime,
    /// Only counted.
    Tag,
}

impl Class {
    pub(crate) const ALL: [Self; 7] = [
        Self::Word,
        Self::TwoWords,
        Self::Phrase,
        Self::Prefix,
        Self::BroadOr,
        Self::TagAndTime,
        Self::Tag,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Word => "one word",
            Self::TwoWords => "two words",
            Self::Phrase => "phrase",
            Self::Prefix => "prefix",
            Self::BroadOr => "broad OR",
            Self::TagAndTime => "tag + time",
            Self::Tag => "tag",
        }
    }
}

/// A class with its queries.
pub(crate) type Asked = (Class, Vec<Ask>);

/// Draws all classes.
pub(crate) fn draw() -> Vec<Asked> {
    let mut draw = Draw {
        texts: Texts::new(SEED),
        numbers: Numbers::new(SEED),
    };
    Class::ALL
        .into_iter()
        .map(|class| (class, (0..ASKS).map(|at| draw.ask(class, at)).collect()))
        .collect()
}

struct Draw {
    texts: Texts,
    numbers: Numbers,
}

impl Draw {
    /// The words of a class by rank: frequent (1 to 100), middle (to 2,000), rare (to 20,000).
    fn of_rank(&mut self, kind: usize) -> String {
        let (from, to) = [(0, 100), (100, 2_000), (2_000, 20_000)][kind % 3];
        loop {
            let rank = from + self.numbers.below(to - from);
            let word = self.texts.ranked(rank).to_lowercase();
            if !OPERATORS.contains(&word.as_str()) {
                return word;
            }
        }
    }

    fn different(&mut self, kinds: &[usize]) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for kind in kinds {
            loop {
                let word = self.of_rank(*kind);
                if !words.contains(&word) {
                    words.push(word);
                    break;
                }
            }
        }
        words
    }

    fn ask(&mut self, class: Class, at: usize) -> Ask {
        match class {
            Class::Word => Ask::Words(self.different(&[at])),
            Class::TwoWords => {
                let kinds = [[0, 1], [1, 2], [0, 0], [1, 1], [0, 2]][at % 5];
                Ask::Words(self.different(&kinds))
            }
            Class::Phrase => Ask::Phrase(self.phrase(2 + at % 2)),
            Class::Prefix => {
                // Three or four letters of a word that is neither the commonest nor the rarest.
                let word = loop {
                    let word = self.of_rank(1);
                    if word.len() >= 5 {
                        break word;
                    }
                };
                Ask::Prefix(word.chars().take(3 + at % 2).collect())
            }
            Class::BroadOr => Ask::Any(self.different(&[0, 0, 1])),
            Class::TagAndTime => {
                let days = SPAN / DAY - WINDOW;
                let from = FIRST_MS + DAY * (self.numbers.next() % days);
                Ask::Tagged(self.texts.tag(), from, from + WINDOW * DAY)
            }
            Class::Tag => Ask::Tag(self.texts.tag()),
        }
    }

    /// Words that follow each other in a text made like the notes' own, within one sentence.
    fn phrase(&mut self, words: usize) -> Vec<String> {
        loop {
            let text = self.texts.text();
            let all: Vec<&str> = text.split(' ').collect();
            let from = self.numbers.below(all.len().saturating_sub(words).max(1));
            let piece: Vec<String> = all
                .iter()
                .skip(from)
                .take(words)
                .map(|word| word.to_lowercase())
                .collect();
            if piece.len() == words && !piece.iter().any(|word| word.contains('.')) {
                return piece;
            }
        }
    }
}

/// The same queries, their times moved from the notes' three years to this span.
pub(crate) fn within(asked: &[Asked], first: u64, last: u64) -> Vec<Asked> {
    let moved = |ms: u64| {
        let part = ms.saturating_sub(FIRST_MS) as f64 / SPAN as f64;
        first + (part * last.saturating_sub(first) as f64) as u64
    };
    asked
        .iter()
        .map(|(class, asks)| {
            let asks = asks.iter().map(|ask| match ask {
                Ask::Tagged(tag, from, to) => Ask::Tagged(tag.clone(), moved(*from), moved(*to)),
                other => other.clone(),
            });
            (*class, asks.collect())
        })
        .collect()
}

/// A query in the language of `moot`.
pub(crate) fn in_ours(ask: &Ask) -> String {
    let moment = crate::corpus::moment;
    match ask {
        Ask::Words(words) => words.join(" "),
        Ask::Phrase(words) => format!("\"{}\"", words.join(" ")),
        Ask::Prefix(stem) => format!("{stem}*"),
        Ask::Any(words) => words.join(" OR "),
        Ask::Tagged(tag, from, to) => {
            format!("tag:{tag} since:{} before:{}", moment(*from), moment(*to))
        }
        Ask::Tag(tag) => format!("tag:{tag}"),
    }
}

/// Reads what [`save`] wrote.
pub(crate) fn load(path: &std::path::Path) -> Result<Vec<Asked>> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// Writes them for a process of its own.
pub(crate) fn save(path: &std::path::Path, asked: &[Asked]) -> Result<()> {
    Ok(std::fs::write(path, serde_json::to_vec(asked)?)?)
}
