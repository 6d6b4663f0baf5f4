//! What is wrong with a query, where, and what was perhaps meant.

use std::{fmt, ops::Range};

use unicode_width::UnicodeWidthStr;

/// A query that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// What is wrong.
    pub problem: Problem,
    /// Where, in bytes of the query.
    pub span: Range<usize>,
    /// What may have been meant, to put in the place of the span.
    pub suggestion: Option<String>,
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Longer than [`limits::BYTES`](super::limits::BYTES).
    #[error("the query is longer than {} bytes", super::limits::BYTES)]
    TooLong,
    /// More leaves than [`limits::LEAVES`](super::limits::LEAVES).
    #[error("the query has more than {} conditions", super::limits::LEAVES)]
    TooMany,
    /// Deeper than [`limits::DEPTH`](super::limits::DEPTH).
    #[error("the query is nested deeper than {} levels", super::limits::DEPTH)]
    TooDeep,
    /// A quote that nobody closes.
    #[error("this quote is not closed")]
    OpenQuote,
    /// A parenthesis that nobody closes.
    #[error("this parenthesis is not closed")]
    OpenParenthesis,
    /// A parenthesis that nobody opened.
    #[error("this parenthesis closes nothing")]
    StrayParenthesis,
    /// Parentheses with nothing inside.
    #[error("there is nothing between these parentheses")]
    EmptyParentheses,
    /// `word(`: the form is kept for later.
    #[error(
        "a parenthesis right after a word is kept for later; put a space before it, or quote the text"
    )]
    Function,
    /// `OR` or `AND` without something on both sides.
    #[error("{0} needs a condition on both sides")]
    Dangling(&'static str),
    /// A minus or `NOT` before nothing, or before `sort:`.
    #[error("there is nothing here that could be excluded")]
    NothingToExclude,
    /// Nothing but punctuation.
    #[error("there are no letters or digits to search for")]
    NoWords,
    /// A key that the language does not have.
    #[error("there is no key `{0}:`; put the text in quotes to search for it as it stands")]
    UnknownKey(String),
    /// A key with nothing after the colon.
    #[error("`{0}:` needs a value, right after the colon")]
    NoValue(&'static str),
    /// A parenthesis after a key.
    #[error("`{0}:` takes no parentheses; write several values with `|` between them: {0}:one|two")]
    Grouped(&'static str),
    /// A value that the key does not know.
    #[error("`{key}:` does not know `{value}`; it knows {known}")]
    UnknownValue {
        /// The key.
        key: &'static str,
        /// What was written.
        value: String,
        /// What can be written, in words.
        known: String,
    },
    /// Not a date.
    #[error(
        "`{0}` is not a date; write 2026-03-01, 2026-03, yesterday, last monday, 2w or \"3 days ago\""
    )]
    BadDate(String),
    /// A range whose end lies before its beginning.
    #[error("this range ends before it begins")]
    EmptyRange,
    /// `sort:` for a second time.
    #[error("the order is already given")]
    SortedTwice,
    /// A star that is not at the end of a word.
    #[error("a star goes at the end of one word, as in seed*")]
    Star,
    /// Text right behind a closing quote.
    #[error(
        "this text in quotes goes on behind its closing quote; quote all of it, or put a space between"
    )]
    Joined,
    /// A date, and behind it words that may belong to it.
    #[error("it is not clear whether all of this is the date; quote what belongs together")]
    LooseDate,
    /// A sign that other programs use for a minus or `OR`.
    #[error("`{0}` means nothing here; `-` before a word excludes it, and OR stands between two")]
    Foreign(String),
    /// A name that nobody has.
    #[error("nobody here is called `{0}`")]
    UnknownPerson(String),
    /// An id or title that no record has.
    #[error("no record here has the id or title `{0}`")]
    UnknownRecord(String),
    /// A name that no collective has.
    #[error("there is no collective called `{0}` here")]
    UnknownPlace(String),
    /// Nothing is saved under this name.
    #[error("no search is saved as `{0}`")]
    UnknownSearch(String),
    /// A saved search that names itself, at once or through others.
    #[error("the saved search `{0}` leads back to itself")]
    Circle(String),
    /// A saved search that cannot be read.
    #[error("the saved search `{name}` cannot be read: {why}")]
    BrokenSearch {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// No condition where one was expected.
    #[error("a condition is missing here")]
    Missing,
}

impl QueryError {
    pub(crate) const fn new(problem: Problem, span: Range<usize>) -> Self {
        Self {
            problem,
            span,
            suggestion: None,
        }
    }

    pub(crate) fn or(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// The next step: what may have been meant, or the keys that there are.
    pub fn help(&self) -> Option<String> {
        match (&self.suggestion, &self.problem) {
            (Some(suggestion), _) => Some(format!("did you mean `{suggestion}`?")),
            (None, Problem::UnknownKey(_)) => Some(format!(
                "the keys are {}",
                super::key::key_names().join(", ")
            )),
            (None, Problem::UnknownSearch(_)) => {
                Some("`moot search list` shows what is saved".to_owned())
            }
            _ => None,
        }
    }

    /// Several lines for a terminal: the query, carets under the mistake, the message.
    pub fn render(&self, source: &str) -> String {
        let start = floor(source, self.span.start);
        let end = floor(source, self.span.end).max(start);
        let line = |text: &str| text.replace(char::is_control, " ");
        let before = line(&source[..start]).width();
        let under = line(&source[start..end]).width().max(1);
        format!(
            "  {}\n  {}{}\n{self}",
            line(source),
            " ".repeat(before),
            "^".repeat(under)
        )
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for QueryError {}

/// The nearest boundary of characters at or before the place.
fn floor(source: &str, at: usize) -> usize {
    (0..=at.min(source.len()))
        .rev()
        .find(|at| source.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The candidate most like the word, if one is near: one typing error in short words, more in
/// longer ones.
pub(crate) fn nearest<S: AsRef<str>>(
    word: &str,
    candidates: impl IntoIterator<Item = S>,
) -> Option<String> {
    let word = crate::fold(word);
    let allowed = match word.chars().count() {
        0 | 1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| {
            let folded = crate::fold(candidate.as_ref());
            // A candidate that the word begins counts as one step away.
            let steps = if word.chars().count() >= 2 && folded.starts_with(&word) {
                1
            } else {
                strsim::osa_distance(&word, &folded)
            };
            (steps, candidate)
        })
        .filter(|(steps, _)| *steps <= allowed.max(1) && allowed > 0)
        .min_by_key(|(steps, candidate)| (*steps, candidate.as_ref().to_owned()))
        .map(|(_, candidate)| candidate.as_ref().to_owned())
}
