//! From the syntax tree of the library to queries of tantivy: the second evaluator.

use std::{collections::BTreeSet, ops::Bound};

use folkmoot_library::{ADDED_WEIGHT, DueSpan, Expr, Flag, Interval, Test, Text};
use folkmoot_record::RecordId;
use tantivy::{
    Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, InvertedIndexRangeQuery,
        Occur, PhraseQuery, Query, TermQuery, TermSetQuery,
    },
    schema::IndexRecordOption,
};

use crate::{
    careful::Careful,
    created::Created,
    schema::{Fields, fact, raw_clock},
    writer::Published,
};

/// Terms that are looked up one by one. For more an automaton is built, which costs about as much as
/// looking up so many.
const FEW: usize = 16;

/// The query for an expression, without the items whose ids are given.
pub(crate) fn query(
    expr: &Expr<Test>,
    without: &BTreeSet<RecordId>,
    published: &Published,
) -> Box<dyn Query> {
    let translate = Translate(published);
    let fields = &published.fields;
    let mut clauses = Vec::new();
    translate.conjunct(expr, &mut clauses);
    if !without.is_empty() {
        let gone = any_fact(fields, without.iter().map(fact::id));
        clauses.push((Occur::MustNot, gone));
    }
    conjunction(clauses)
}

/// The query for words alone.
pub(crate) fn text(text: &Text, published: &Published) -> Box<dyn Query> {
    Translate(published).text(text)
}

struct Translate<'p>(&'p Published);

impl Translate<'_> {
    fn expr(&self, expr: &Expr<Test>) -> Box<dyn Query> {
        match expr {
            Expr::Or(parts) => {
                let parts = parts.iter().map(|part| (Occur::Should, self.expr(part)));
                Box::new(BooleanQuery::new(parts.collect()))
            }
            Expr::Is(test) => self.test(test),
            // Among others it must add nothing to the score.
            Expr::All => unranked(Box::new(AllQuery)),
            Expr::And(_) | Expr::Not(_) => {
                let mut clauses = Vec::new();
                self.conjunct(expr, &mut clauses);
                conjunction(clauses)
            }
        }
    }

    /// Adds the clauses of one conjunction; nested ones become part of it.
    fn conjunct(&self, expr: &Expr<Test>, clauses: &mut Vec<(Occur, Box<dyn Query>)>) {
        match expr {
            Expr::All => {}
            Expr::And(parts) => {
                for part in parts {
                    self.conjunct(part, clauses);
                }
            }
            Expr::Not(part) => {
                clauses.push((Occur::MustNot, Box::new(Careful(self.expr(part)))));
            }
            Expr::Or(_) | Expr::Is(_) => clauses.push((Occur::Must, self.expr(expr))),
        }
    }

    fn test(&self, test: &Test) -> Box<dyn Query> {
        match test {
            Test::Text(text) => self.text(text),
            Test::Tag(tag) => self.fact(&fact::tag(tag)),
            Test::TagPrefix(stem) => unranked(beginning(self.0.fields.fact(&fact::tag(stem)))),
            Test::Kind(kind) => self.fact(&fact::kind(*kind)),
            Test::Flag(flag) => self.fact(&fact::flag(*flag)),
            Test::Seats(seats) => any_fact(&self.0.fields, seats.iter().map(fact::seat)),
            Test::Places(places) => any_fact(&self.0.fields, places.iter().map(fact::place)),
            Test::Links(links) => any_fact(&self.0.fields, links.iter().map(fact::link)),
            Test::Answers(records) => any_fact(&self.0.fields, records.iter().map(fact::answers)),
            Test::Called(name) => self.fact(&fact::called(name)),
            Test::Due(span) => self.due(*span),
            Test::Overdue(now) => {
                let before = DueSpan {
                    from: None,
                    to: Some(*now),
                };
                let open = self.fact(&fact::flag(Flag::Open));
                let both = [self.due(before), open].map(|part| (Occur::Must, part));
                Box::new(BooleanQuery::new(both.into()))
            }
            Test::Assigned(seats) => any_fact(&self.0.fields, seats.iter().map(fact::assigned)),
            Test::Created(interval) => unranked(self.created(*interval)),
        }
    }

    fn text(&self, text: &Text) -> Box<dyn Query> {
        let found = self.words(text);
        match text.added {
            true => Box::new(BoostQuery::new(found, ADDED_WEIGHT)),
            false => found,
        }
    }

    fn words(&self, text: &Text) -> Box<dyn Query> {
        let mut terms: Vec<Term> = text.words.iter().map(|w| self.0.fields.word(w)).collect();
        match (terms.pop(), terms.is_empty()) {
            (None, _) => Box::new(EmptyQuery),
            (Some(stem), true) if text.prefix => beginning(stem),
            (Some(word), true) => Box::new(TermQuery::new(word, IndexRecordOption::WithFreqs)),
            (Some(last), false) => {
                terms.push(last);
                Box::new(PhraseQuery::new(terms))
            }
        }
    }

    fn fact(&self, fact: &[u8]) -> Box<dyn Query> {
        let term = self.0.fields.fact(fact);
        unranked(Box::new(TermQuery::new(term, IndexRecordOption::Basic)))
    }

    fn due(&self, span: DueSpan) -> Box<dyn Query> {
        let from = span.from.map_or_else(|| vec![fact::DUE], fact::due);
        let to = span.to.map_or_else(|| vec![fact::DUE + 1], fact::due);
        if from >= to {
            return Box::new(EmptyQuery);
        }
        unranked(Box::new(InvertedIndexRangeQuery::new(
            Bound::Included(self.0.fields.fact(&from)),
            Bound::Excluded(self.0.fields.fact(&to)),
        )))
    }

    fn created(&self, interval: Interval) -> Box<dyn Query> {
        let first = match raw_clock(interval.from) {
            Some(first) if interval.from < interval.to => first,
            // It begins after every clock, or ends before it begins.
            _ => return Box::new(EmptyQuery),
        };
        // It begins before it ends, so its end is not the least clock.
        let last = raw_clock(interval.to).map_or(u64::MAX, |end| end.saturating_sub(1));
        Box::new(Created::new(first, last, self.0))
    }
}

fn conjunction(mut clauses: Vec<(Occur, Box<dyn Query>)>) -> Box<dyn Query> {
    // What only excludes, excludes from everything.
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, unranked(Box::new(AllQuery))));
    }
    match clauses.pop() {
        Some((Occur::Must, only)) if clauses.is_empty() => only,
        Some(last) => {
            clauses.push(last);
            Box::new(BooleanQuery::new(clauses))
        }
        None => Box::new(AllQuery),
    }
}

/// The terms of which an item must have one.
fn any_fact(fields: &Fields, facts: impl Iterator<Item = Vec<u8>>) -> Box<dyn Query> {
    let mut terms: Vec<Term> = facts.map(|fact| fields.fact(&fact)).collect();
    match (terms.pop(), terms.is_empty()) {
        (None, _) => Box::new(EmptyQuery),
        (Some(only), true) => unranked(Box::new(TermQuery::new(only, IndexRecordOption::Basic))),
        (Some(last), false) => {
            terms.push(last);
            unranked(if terms.len() <= FEW {
                let each = terms.into_iter().map(|term| {
                    let query = TermQuery::new(term, IndexRecordOption::Basic);
                    (Occur::Should, Box::new(query) as Box<dyn Query>)
                });
                Box::new(BooleanQuery::new(each.collect()))
            } else {
                Box::new(TermSetQuery::new(terms))
            })
        }
    }
}

/// All terms that begin with this one.
fn beginning(stem: Term) -> Box<dyn Query> {
    let field = stem.field();
    let end = after(stem.serialized_value_bytes()).map(|end| {
        let mut term = stem.clone();
        term.clear_with_type(stem.typ());
        term.append_bytes(&end);
        term
    });
    debug_assert!(end.as_ref().is_none_or(|end| end.field() == field));
    let end = end.map_or(Bound::Unbounded, Bound::Excluded);
    Box::new(InvertedIndexRangeQuery::new(Bound::Included(stem), end))
}

/// The least bytes greater than all that begin with these; `None` if there are none.
pub(crate) fn after(stem: &[u8]) -> Option<Vec<u8>> {
    let last = stem.iter().rposition(|byte| *byte < 0xFF)?;
    let mut end = stem[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// A condition that says nothing about how well an item fits.
fn unranked(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
