//! Widening a query by shared words: the words that it says stay, others are looked for beside them.

use std::collections::BTreeMap;

use folkmoot_record::CollectiveId;

use super::{Expr, Leaf, Query, Shared, Test, Text, describe::spelled};
use crate::{Added, Lexicon, MOST_ADDED};

/// Most words of a query that are read as one term.
const TERM_WORDS: usize = 8;

/// A query with what shared words added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widened {
    /// The query; the same as before where nothing was added.
    pub query: Query,
    /// What was added, in the order of the query.
    pub by: Vec<Widening>,
    /// Whether there would have been more than [`MOST_ADDED`] texts, or than were walked over.
    pub cut: bool,
}

/// What one word of a query was widened by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widening {
    /// The word or words of the query, folded.
    pub word: String,
    /// What is looked for beside it.
    pub added: Vec<Added>,
}

pub(super) fn query(query: &Query, lexicon: &Lexicon) -> Widened {
    let mut widened = Widened {
        query: query.clone(),
        by: Vec::new(),
        cut: false,
    };
    if !lexicon.is_empty() {
        let mut widen = Widen {
            lexicon,
            left: MOST_ADDED,
            by: Vec::new(),
            cut: false,
        };
        widened.query.expr = widen.expr(&query.expr);
        widened.by = widen.by;
        widened.cut = widen.cut;
    }
    widened
}

struct Widen<'l> {
    lexicon: &'l Lexicon,
    left: usize,
    by: Vec<Widening>,
    cut: bool,
}

impl Widen<'_> {
    fn expr(&mut self, expr: &Expr<Leaf>) -> Expr<Leaf> {
        match expr {
            Expr::Or(parts) => Expr::Or(parts.iter().map(|part| self.expr(part)).collect()),
            Expr::And(parts) => {
                let mut all = self.all_of(parts);
                match all.len() {
                    1 => all.remove(0),
                    _ => Expr::And(all),
                }
            }
            Expr::Is(Leaf::Word(text)) => {
                let added = self.added(&[text]);
                beside(expr.clone(), added)
            }
            // Whoever excludes a word excludes what they wrote.
            Expr::Not(_) | Expr::All | Expr::Is(_) => expr.clone(),
        }
    }

    /// Words that stand next to each other may be one term; the longest counts.
    fn all_of(&mut self, parts: &[Expr<Leaf>]) -> Vec<Expr<Leaf>> {
        let mut all = Vec::with_capacity(parts.len());
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            let run: Vec<&Text> = parts[at..]
                .iter()
                .map_while(|part| match part {
                    Expr::Is(Leaf::Word(text)) => Some(text),
                    _ => None,
                })
                .take(TERM_WORDS)
                .collect();
            let term = (2..=run.len()).rev().find_map(|length| {
                let added = self.added(&run[..length]);
                (!added.is_empty()).then_some((length, added))
            });
            match term {
                Some((length, added)) => {
                    let said = parts[at..at + length].to_vec();
                    all.push(beside(Expr::And(said), added));
                    at += length;
                }
                None => {
                    all.push(self.expr(part));
                    at += 1;
                }
            }
        }
        all
    }

    fn added(&mut self, texts: &[&Text]) -> Vec<Added> {
        let words: Vec<String> = texts.iter().flat_map(|text| text.words.clone()).collect();
        let (added, cut) = self.lexicon.added(&words.join(" "), self.left);
        self.cut |= cut;
        self.left -= added.len();
        if !added.is_empty() {
            let said = Text {
                words,
                prefix: false,
                added: false,
            };
            self.by.push(Widening {
                word: spelled(&said),
                added: added.clone(),
            });
        }
        added
    }
}

/// What was said, or one of the added texts in the collective whose word it is.
fn beside(said: Expr<Leaf>, added: Vec<Added>) -> Expr<Leaf> {
    if added.is_empty() {
        return said;
    }
    let mut places: BTreeMap<Option<CollectiveId>, Vec<Expr<Leaf>>> = BTreeMap::new();
    for one in added {
        let shared = Expr::Is(Leaf::Shared(Shared {
            text: Text {
                added: true,
                ..one.text
            },
            how: one.how,
            of: one.of,
        }));
        places.entry(one.place).or_default().push(shared);
    }
    let mut any = vec![said];
    for (place, mut texts) in places {
        let Some(place) = place else {
            any.append(&mut texts);
            continue;
        };
        let within = Expr::Is(Leaf::Test(Test::Places([place].into())));
        let texts = match texts.len() {
            1 => texts.remove(0),
            _ => Expr::Or(texts),
        };
        any.push(Expr::And(vec![within, texts]));
    }
    Expr::Or(any)
}

#[cfg(test)]
mod tests {
    use folkmoot_record::RecordId;

    use super::*;
    use crate::{NoNames, Status, Symbol, Zoned};

    fn symbol(n: u8, term: &str, aliases: &[&str]) -> Symbol {
        Symbol {
            id: RecordId::from_bytes([n; 32]),
            document: RecordId::from_bytes([n; 32]),
            cid: CollectiveId::from_bytes([n; 32]),
            term: term.to_owned(),
            aliases: aliases.iter().map(|name| (*name).to_owned()).collect(),
            status: Status::Adopted,
            broader: Vec::new(),
            related: Vec::new(),
            same_as: Vec::new(),
        }
    }

    fn told(source: &str) -> Vec<String> {
        let now: Zoned = "2026-11-23T10:30:00[UTC]".parse().unwrap();
        let lexicon = Lexicon::new(
            [
                symbol(1, "Hot compost", &["thermal"]),
                symbol(2, "compost", &["humus", "black gold"]),
            ],
            Some(CollectiveId::from_bytes([1; 32])),
        );
        let query = Query::parse(source, &now).unwrap();
        let widened = query.widened(&lexicon);
        assert_eq!(widened.by.is_empty(), widened.query == query);
        let lines = widened.query.in_words(&NoNames, now.time_zone()).unwrap();
        lines
            .iter()
            .map(|line| format!("{}{}", "  ".repeat(line.depth), line.text))
            .collect()
    }

    #[test]
    fn words_outside_quotes_are_widened() {
        assert_eq!(
            told("compost"),
            [
                "one of these or more:",
                "  the word `compost`",
                "  all of these:",
                "    in one collective",
                "    one of these or more:",
                "      the word `humus`, another name of `compost`, counts half",
                "      the words `black gold`, next to each other, another name of `compost`, counts half",
            ]
        );
        assert_eq!(
            told("hot compost tag:x"),
            [
                "all of these:",
                "  one of these or more:",
                "    all of these:",
                "      the word `hot`",
                "      the word `compost`",
                "    the word `thermal`, another name of `Hot compost`, counts half",
                "  the tag `x` or one below it",
            ]
        );
        assert_eq!(
            told("hot-compost")[1],
            "  the words `hot compost`, next to each other"
        );
    }

    #[test]
    fn quotes_beginnings_and_negations_are_as_written() {
        for source in [
            "\"compost\"",
            "compos*",
            "-compost",
            "NOT (hot compost)",
            "tag:compost",
        ] {
            assert!(!told(source).concat().contains("another name"), "{source}");
        }
    }
}
