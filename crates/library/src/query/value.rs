//! Conditions from a key and its value.

use std::ops::Range;

use super::{
    Interval, Leaf, Name, Problem, QueryError, Test,
    date::{self, Period},
    key::{self, Is, Key, Unknown},
};
use crate::{Due, DueSpan, Link, Zoned, calendar, fold};

/// One value with its place in the query, quotes included.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// The condition; `start` is where the key begins.
pub(super) fn leaf(key: Key, value: &Value, start: usize, now: &Zoned) -> Result<Leaf, QueryError> {
    let word = value.text.trim();
    let missing = || QueryError::new(Problem::NoValue(key.name()), value.span.clone());
    if word.is_empty() {
        return Err(missing());
    }
    let refused = |known: Unknown| unknown(key, value, known);
    let name = || Name {
        text: word.trim_start_matches('@').to_owned(),
        span: value.span.clone(),
    };
    let test = match key {
        Key::Author => {
            return Some(name())
                .filter(named)
                .map(Leaf::Author)
                .ok_or_else(missing);
        }
        Key::In => return Some(name()).filter(named).map(Leaf::In).ok_or_else(missing),
        Key::For => {
            return Some(name())
                .filter(named)
                .map(Leaf::For)
                .ok_or_else(missing);
        }
        Key::Saved => {
            return Some(name())
                .filter(named)
                .map(Leaf::Saved)
                .ok_or_else(missing);
        }
        Key::To => return Some(name()).filter(named).map(Leaf::To).ok_or_else(missing),
        Key::Links => {
            Link::parse(word).ok_or_else(missing)?;
            return Ok(Leaf::Links(Name {
                text: word.to_owned(),
                span: value.span.clone(),
            }));
        }
        Key::Tag => {
            let stem = word.trim_start_matches('#');
            if stem == "*" {
                let error = QueryError::new(Problem::Star, start..value.span.end);
                return Err(error.or(Some("has:tag")));
            }
            if stem.trim_end_matches('*').contains('*') {
                return Err(QueryError::new(Problem::Star, value.span.clone()));
            }
            tag(word).ok_or_else(missing)?
        }
        Key::Kind => Test::Kind(key::kind(word).map_err(refused)?),
        Key::Has => Test::Flag(key::has(word).map_err(refused)?),
        Key::Is => match key::is(word).map_err(|known| is_kind(value, start, known))? {
            Is::Flag(flag) => Test::Flag(flag),
            Is::Overdue => Test::Overdue(Due::at(now.datetime())),
        },
        Key::Due => Test::Due(due(value, now)?),
        Key::Created => Test::Created(created(value, start, now)?),
        // The order is no condition; the parser takes it before.
        Key::Sort => return Err(missing()),
        Key::Since | Key::Until | Key::Before | Key::After | Key::NewerThan | Key::OlderThan => {
            let mail = matches!(key, Key::NewerThan | Key::OlderThan);
            let span = period(word, &value.span, now, mail)?.span;
            Test::Created(match key {
                Key::Since | Key::NewerThan => from(span.from),
                Key::After => from(span.to),
                Key::Until => to(span.to),
                _ => to(span.from),
            })
        }
    };
    Ok(Leaf::Test(test))
}

/// `is:task`: the kind was meant.
fn is_kind(value: &Value, start: usize, known: Unknown) -> QueryError {
    let mut error = unknown(Key::Is, value, known);
    let word = value.text.trim();
    if key::kind(word).is_ok() {
        error.span.start = start;
        error.suggestion = Some(format!("kind:{}", word.to_ascii_lowercase()));
    }
    error
}

fn named(name: &Name) -> bool {
    !name.text.is_empty()
}

/// A tag, with or without `#`; a star at the end asks for tags that begin so.
fn tag(word: &str) -> Option<Test> {
    let word = word.trim_start_matches('#');
    match word.strip_suffix('*') {
        Some(stem) => Some(fold(stem))
            .filter(|stem| !stem.is_empty())
            .map(Test::TagPrefix),
        None => Some(fold(word).trim_end_matches('/').to_owned())
            .filter(|tag| !tag.is_empty())
            .map(Test::Tag),
    }
}

/// `created:2026-03`, `created:2026-01..2026-03`, `created:>=2026-01`, `created:<yesterday`.
fn created(value: &Value, start: usize, now: &Zoned) -> Result<Interval, QueryError> {
    let text = value.text.as_str();
    let read = |text: &str| period(text.trim(), &value.span, now, false);
    if let Some((first, last)) = text.split_once("..") {
        let interval = match (first.trim(), last.trim()) {
            ("", "") => return Err(bad_date(text, &value.span)),
            (first, "") => from(read(first)?.span.from),
            ("", last) => to(read(last)?.span.to),
            (first, last) => Interval {
                from: read(first)?.span.from,
                to: read(last)?.span.to,
            },
        };
        if interval.from >= interval.to {
            return Err(QueryError::new(Problem::EmptyRange, value.span.clone()));
        }
        return Ok(interval);
    }
    if let Some((word, rest)) = compared(text) {
        let span = read(rest)?.span;
        return Ok(match word {
            "since" => from(span.from),
            "until" => to(span.to),
            "after" => from(span.to),
            _ => to(span.from),
        });
    }
    let Period { span, is_moment } = read(text)?;
    if is_moment {
        // `created:2w` would be one millisecond: `since:2w` is meant.
        let error = QueryError::new(Problem::BadDate(text.to_owned()), start..value.span.end);
        return Err(error.or(Some(format!("since:{text}"))));
    }
    Ok(span)
}

/// `>=2026-03`: the key that says the same, and what is compared with.
fn compared(text: &str) -> Option<(&'static str, &str)> {
    [
        (">=", "since"),
        ("<=", "until"),
        (">", "after"),
        ("<", "before"),
    ]
    .into_iter()
    .find_map(|(sign, word)| text.strip_prefix(sign).map(|rest| (word, rest)))
}

/// `due:today`, `due:..friday`, `due:2026-03..2026-05`, `due:<=2w`, `due:next-week`.
fn due(value: &Value, now: &Zoned) -> Result<DueSpan, QueryError> {
    let text = value.text.trim().to_ascii_lowercase();
    let read = |word: &str| {
        let (first, end) =
            calendar::span(word, now.date()).ok_or_else(|| bad_date(word, &value.span))?;
        Ok((Some(Due::start(first)), Some(Due::start(end))))
    };
    let (from, to) = match (text.split_once(".."), compared(&text)) {
        (Some((first, last)), _) => match (first.trim(), last.trim()) {
            ("", "") => return Err(bad_date(&text, &value.span)),
            (first, "") => (read(first)?.0, None),
            ("", last) => (None, read(last)?.1),
            (first, last) => (read(first)?.0, read(last)?.1),
        },
        (None, Some(("since", word))) => (read(word)?.0, None),
        (None, Some(("until", word))) => (None, read(word)?.1),
        (None, Some(("after", word))) => (read(word)?.1, None),
        (None, Some((_, word))) => (None, read(word)?.0),
        (None, None) => read(&text)?,
    };
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(QueryError::new(Problem::EmptyRange, value.span.clone()));
    }
    Ok(DueSpan { from, to })
}

fn period(word: &str, span: &Range<usize>, now: &Zoned, mail: bool) -> Result<Period, QueryError> {
    date::period(word, now, mail).ok_or_else(|| bad_date(word, span))
}

fn bad_date(word: &str, span: &Range<usize>) -> QueryError {
    let said = |other: &String| {
        other
            .replace('-', " ")
            .eq_ignore_ascii_case(&word.replace('-', " "))
    };
    let suggestion = date::suggest(word).filter(|other| !said(other));
    QueryError::new(Problem::BadDate(word.to_owned()), span.clone()).or(suggestion)
}

const fn from(ms: u64) -> Interval {
    Interval {
        from: ms,
        to: u64::MAX,
    }
}

const fn to(ms: u64) -> Interval {
    Interval { from: 0, to: ms }
}

pub(super) fn unknown(key: Key, value: &Value, unknown: Unknown) -> QueryError {
    let problem = Problem::UnknownValue {
        key: key.name(),
        value: value.text.clone(),
        known: unknown.known,
    };
    QueryError::new(problem, value.span.clone()).or(unknown.suggestion)
}
