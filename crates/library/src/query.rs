//! The query language: one syntax tree for find, lists, watches and saved searches.

mod date;
mod describe;
mod error;
mod key;
mod parse;
mod resolve;
mod saved;
mod signs;
mod value;
mod values;
mod widen;

use std::{collections::BTreeSet, ops::Range};

use folkmoot_record::{CollectiveId, Kind, RecordId, SeatKey};

use crate::{Due, DueSpan, Flag, How, Lexicon, Link, Zoned, words::words};

pub(crate) use date::month;
pub use describe::{Line, spelled};
pub use error::{Problem, QueryError};
pub use key::{key_names, key_values};
pub use resolve::{Names, NoNames};
pub use saved::Searches;
pub use widen::{Widened, Widening};

/// Bounds of a query.
pub mod limits {
    /// Most bytes of a query: a page of typing.
    pub const BYTES: usize = 4_096;
    /// Most words, phrases and filters together: each costs a look at the index.
    pub const LEAVES: usize = 256;
    /// Most parentheses and minus signs inside each other: the parser and the evaluators recurse.
    pub const DEPTH: usize = 32;
}

/// A tree of conditions over leaves of one type: [`Leaf`] as parsed, [`Test`] with names resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr<L> {
    /// Everything.
    All,
    /// All of them hold.
    And(Vec<Self>),
    /// At least one holds.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// One condition.
    Is(L),
}

/// One condition as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// Needs nothing else to be judged.
    Test(Test),
    /// A word outside quotes: shared words may widen it.
    Word(Text),
    /// What shared words add to it.
    Shared(Shared),
    /// `author:name`.
    Author(Name),
    /// `for:name`.
    For(Name),
    /// `in:name`.
    In(Name),
    /// `links:target`.
    Links(Name),
    /// `to:record`.
    To(Name),
    /// `saved:name`: a saved search, until [`Query::expand`] puts it in its place.
    Saved(Name),
}

/// A text that shared words add to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// What is looked for.
    pub text: Text,
    /// How it goes with the term.
    pub how: How,
    /// The term that the query names.
    pub of: String,
}

/// A name in a query, with its place for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As written, without `@`.
    pub text: String,
    /// Where it stands in the query, in bytes.
    pub span: Range<usize>,
}

/// One condition that can be judged of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Holds these words in this order, without others between, in one section.
    Text(Text),
    /// Has this tag, folded, or one below it.
    Tag(String),
    /// Has a tag whose folded text begins so.
    TagPrefix(String),
    /// Is of this kind.
    Kind(Kind),
    /// Was written by one of them.
    Seats(BTreeSet<SeatKey>),
    /// Stands in one of them.
    Places(BTreeSet<CollectiveId>),
    /// Was written then.
    Created(Interval),
    /// Has or is this.
    Flag(Flag),
    /// Points at one of them.
    Links(BTreeSet<Link>),
    /// Answers one of them.
    Answers(BTreeSet<RecordId>),
    /// Has this title or other name, folded.
    Called(String),
    /// Is due then.
    Due(DueSpan),
    /// Is an open task that was due before this.
    Overdue(Due),
    /// Is to be done by one of them.
    Assigned(BTreeSet<SeatKey>),
}

/// Words to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Folded words; at least one; exactly one if `prefix`.
    pub words: Vec<String>,
    /// Whether the word is only the beginning of one.
    pub prefix: bool,
    /// Whether shared words added it: it counts [`ADDED_WEIGHT`] in the ranking, and is found alike.
    pub added: bool,
}

/// What a text that shared words added counts beside one that the person wrote: what they wrote comes
/// first where both fit equally well.
pub const ADDED_WEIGHT: f32 = 0.5;

impl Text {
    /// The words of a text as a phrase; `None` if there are none.
    pub fn phrase(text: &str) -> Option<Self> {
        let words = words(text);
        (!words.is_empty()).then_some(Self {
            words,
            prefix: false,
            added: false,
        })
    }
}

/// A span of time: milliseconds since 1970, `from` included, `to` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// 0 for no beginning.
    pub from: u64,
    /// `u64::MAX` for no end.
    pub to: u64,
}

impl Interval {
    /// Whether the moment lies in it.
    pub const fn holds(&self, ms: u64) -> bool {
        self.from <= ms && ms < self.to
    }
}

/// In what order hits come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The best match first, newer ones favoured.
    Relevance,
    /// Greatest (hlc, id) first.
    Newest,
    /// Smallest (hlc, id) first.
    Oldest,
}

/// A word, phrase or tag of a query that stands under no negation, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// [`Test::Text`] or [`Test::Tag`].
    pub test: Test,
    /// Where it stands in the query, in bytes; of a tag without its key.
    pub span: Range<usize>,
}

/// A parsed query, names not yet resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The tree.
    pub expr: Expr<Leaf>,
    /// As asked for by `sort:`; otherwise relevance if it asks for words, newest if not.
    pub sort: Sort,
    /// The order that `sort:` asks for.
    pub asked: Option<Sort>,
    /// Words and tags with their places, so that others can be offered instead.
    pub written: Vec<Written>,
    /// The moment of parsing in milliseconds since 1970; ranking favours what is new by then.
    pub now_ms: u64,
}

/// A query ready to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedQuery {
    /// The tree.
    pub expr: Expr<Test>,
    /// The order.
    pub sort: Sort,
    /// As in [`Query::now_ms`].
    pub now_ms: u64,
}

impl Query {
    /// Reads a query. Dates in words are taken from `now` and its time zone. An empty query
    /// asks for everything.
    ///
    /// # Errors
    /// [`QueryError`] with the place of the mistake and, where there is one, what was perhaps meant.
    pub fn parse(source: &str, now: &Zoned) -> Result<Self, QueryError> {
        parse::query(source, now)
    }

    /// The same query with one more condition that must hold.
    #[must_use]
    pub fn within(mut self, place: Leaf) -> Self {
        self.expr = match self.expr {
            Expr::All => Expr::Is(place),
            expr => Expr::And(vec![expr, Expr::Is(place)]),
        };
        self
    }

    /// The same query, its words outside quotes and negations widened by shared words.
    #[must_use]
    pub fn widened(&self, lexicon: &Lexicon) -> Widened {
        widen::query(self, lexicon)
    }

    /// Puts keys in the place of names.
    ///
    /// # Errors
    /// [`QueryError`] for a name that nobody has, with names like it.
    pub fn resolve(&self, names: &dyn Names) -> Result<ResolvedQuery, QueryError> {
        Ok(ResolvedQuery {
            expr: resolve::expr(&self.expr, names)?,
            sort: self.sort,
            now_ms: self.now_ms,
        })
    }
}

impl ResolvedQuery {
    /// A query for everything, newest first.
    pub const fn all(now_ms: u64) -> Self {
        Self {
            expr: Expr::All,
            sort: Sort::Newest,
            now_ms,
        }
    }

    /// The words asked for, those under a negation left out.
    pub fn texts(&self) -> Vec<&Text> {
        let mut texts = Vec::new();
        self.expr.asked(&mut |test| {
            if let Test::Text(text) = test {
                texts.push(text);
            }
        });
        texts
    }
}

impl<L> Expr<L> {
    /// Visits the leaves that stand under no negation.
    pub fn asked<'e>(&'e self, visit: &mut impl FnMut(&'e L)) {
        match self {
            Self::All | Self::Not(_) => {}
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.asked(visit);
                }
            }
            Self::Is(leaf) => visit(leaf),
        }
    }
}
