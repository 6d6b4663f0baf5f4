//! The grammar.
//!
//! ```text
//! any    = all (OR all)*
//! all    = one ([AND] one)*
//! one    = ("-" | NOT) one | "(" any ")" | key ":" values | "phrase" | word | word "*"
//! values = value ("|" value)*
//! value  = "text" | text
//! ```

use winnow::{
    ModalResult, Parser,
    combinator::{alt, opt},
    error::{ErrMode, ParserError},
    stream::{LocatingSlice, Location, Stateful},
    token::{any, one_of, take_while},
};

use super::{
    Expr, Leaf, Problem, Query, QueryError, Sort, Test, Text, Written, date,
    key::{self, Key},
    limits,
    signs::{
        at_close, at_end, at_open, closing, is_bare, is_close, is_key, is_open, keyword, minus,
        peek_keyword, space,
    },
    value::{self, Value},
    values::{behind_date, in_quotes, quoted, values},
};
use crate::{Zoned, words::is_alone};

pub(super) type Input<'q> = Stateful<LocatingSlice<&'q str>, State<'q>>;
pub(super) type Parsed<T> = ModalResult<T, QueryError>;
/// A condition, or nothing where the words held no letters or the part says only the order.
type Part = Option<Expr<Leaf>>;

#[derive(Debug, Clone)]
pub(super) struct State<'q> {
    now: &'q Zoned,
    depth: usize,
    leaves: usize,
    negations: usize,
    sort: Option<Sort>,
    written: Vec<Written>,
    /// The first piece of text without letters or digits.
    wordless: Option<std::ops::Range<usize>>,
}

impl<'q> ParserError<Input<'q>> for QueryError {
    type Inner = Self;

    fn from_input(input: &Input<'q>) -> Self {
        let at = input.current_token_start();
        Self::new(Problem::Missing, at..at)
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// A mistake that no other reading mends.
pub(super) fn fail<T>(problem: Problem, span: std::ops::Range<usize>) -> Parsed<T> {
    Err(ErrMode::Cut(QueryError::new(problem, span)))
}

pub(super) fn query(source: &str, now: &Zoned) -> Result<Query, QueryError> {
    if source.len() > limits::BYTES {
        return Err(QueryError::new(Problem::TooLong, 0..source.len()));
    }
    let mut input = Stateful {
        input: LocatingSlice::new(source),
        state: State {
            now,
            depth: 0,
            leaves: 0,
            negations: 0,
            sort: None,
            written: Vec::new(),
            wordless: None,
        },
    };
    let part = whole(&mut input).map_err(|error| match error {
        ErrMode::Backtrack(error) | ErrMode::Cut(error) => error,
        ErrMode::Incomplete(_) => QueryError::new(Problem::Missing, source.len()..source.len()),
    })?;
    let expr = match (part, input.state.wordless) {
        (Some(expr), _) => expr,
        (None, Some(span)) => return Err(QueryError::new(Problem::NoWords, span)),
        (None, None) => Expr::All,
    };
    Ok(Query {
        sort: input.state.sort.unwrap_or_else(|| by_default(&expr)),
        expr,
        asked: input.state.sort,
        written: input.state.written,
        now_ms: date::ms(now.timestamp()),
    })
}

/// The order where none is asked for: the best match first where the query asks for words.
pub(super) fn by_default(expr: &Expr<Leaf>) -> Sort {
    let mut words = false;
    expr.asked(&mut |leaf| words |= matches!(leaf, Leaf::Word(_) | Leaf::Test(Test::Text(_))));
    if words { Sort::Relevance } else { Sort::Newest }
}

fn whole(input: &mut Input<'_>) -> Parsed<Part> {
    space(input)?;
    if at_end(input) {
        return Ok(None);
    }
    let part = any_of(input)?;
    let at = input.current_token_start();
    match opt(any).parse_next(input)? {
        None => Ok(part),
        // Only a parenthesis ends a disjunction before the end.
        Some(sign) => fail(Problem::StrayParenthesis, at..at + sign.len_utf8()),
    }
}

fn any_of(input: &mut Input<'_>) -> Parsed<Part> {
    let mut parts = Vec::from_iter(all_of(input)?);
    loop {
        let at = input.current_token_start();
        if !keyword(input, "OR") {
            return Ok(join(parts, Expr::Or));
        }
        space(input)?;
        if at_end(input) || at_close(input) || peek_keyword(input, "OR") {
            return fail(Problem::Dangling("OR"), at..at + 2);
        }
        parts.extend(all_of(input)?);
    }
}

fn all_of(input: &mut Input<'_>) -> Parsed<Part> {
    let mut parts = Vec::new();
    let mut first = true;
    loop {
        space(input)?;
        let at = input.current_token_start();
        if first && (peek_keyword(input, "OR") || peek_keyword(input, "AND")) {
            let word = if peek_keyword(input, "OR") {
                "OR"
            } else {
                "AND"
            };
            return fail(Problem::Dangling(word), at..at + word.len());
        }
        if at_end(input) || at_close(input) || peek_keyword(input, "OR") {
            return Ok(join(parts, Expr::And));
        }
        if keyword(input, "AND") {
            space(input)?;
            let nothing = at_end(input) || at_close(input);
            if nothing || peek_keyword(input, "OR") || peek_keyword(input, "AND") {
                return fail(Problem::Dangling("AND"), at..at + 3);
            }
        }
        parts.extend(one(input)?);
        first = false;
    }
}

/// One part stays as it is, none is nothing.
fn join(mut parts: Vec<Expr<Leaf>>, many: fn(Vec<Expr<Leaf>>) -> Expr<Leaf>) -> Part {
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(many(parts)),
    }
}

fn one(input: &mut Input<'_>) -> Parsed<Part> {
    let at = input.current_token_start();
    input.state.depth += 1;
    if input.state.depth > limits::DEPTH {
        return fail(Problem::TooDeep, at..at + 1);
    }
    let part = if minus(input) || keyword(input, "NOT") {
        space(input)?;
        if at_end(input) || at_close(input) {
            return fail(Problem::NothingToExclude, at..input.current_token_start());
        }
        input.state.negations += 1;
        let part = one(input)?;
        input.state.negations -= 1;
        part.map(|part| Expr::Not(Box::new(part)))
    } else {
        alt((group, phrase, keyed, word)).parse_next(input)?
    };
    input.state.depth -= 1;
    Ok(part)
}

fn group(input: &mut Input<'_>) -> Parsed<Part> {
    let at = input.current_token_start();
    let open = one_of(is_open).parse_next(input)?;
    let open = at..at + open.len_utf8();
    space(input)?;
    let inside = input.current_token_start();
    if at_end(input) {
        return fail(Problem::OpenParenthesis, open);
    }
    if opt(one_of(is_close)).parse_next(input)?.is_some() {
        // The closing one may be of several bytes.
        let end = input.current_token_start().max(inside);
        return fail(Problem::EmptyParentheses, at..end);
    }
    let part = any_of(input)?;
    match opt(one_of(is_close)).parse_next(input)? {
        Some(_) => Ok(part),
        None => fail(Problem::OpenParenthesis, open),
    }
}

fn phrase(input: &mut Input<'_>) -> Parsed<Part> {
    let at = input.current_token_start();
    let text = quoted(input)?;
    let span = at..input.current_token_start();
    let after: Parsed<&str> = take_while(1.., '*').parse_next(input);
    if after.is_ok() {
        let error = QueryError::new(Problem::Star, at..input.current_token_start());
        return Err(ErrMode::Cut(error.or(Some(in_quotes(&text)))));
    }
    text_part(input, Text::phrase(&text), span, |text| {
        Leaf::Test(Test::Text(text))
    })
}

fn word(input: &mut Input<'_>) -> Parsed<Part> {
    let (text, span) = take_while(1.., is_bare).with_span().parse_next(input)?;
    if at_open(input) {
        // Full-width parentheses take three bytes.
        let sign = input.chars().next().map_or(0, char::len_utf8);
        return fail(Problem::Function, span.start..span.end + sign);
    }
    foreign(input, text, &span)?;
    let (stem, prefix) = match text.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (text, false),
    };
    let phrase = Text::phrase(stem);
    // A star after a word with letters; a lone one is punctuation.
    if stem.contains('*') && phrase.is_some() {
        return fail(Problem::Star, span);
    }
    // A word of one character of a script without spaces is whole: `検索*` is any text with 検索.
    let whole = |phrase: &Text| phrase.words.last().is_some_and(|word| is_alone(word));
    let Some(mut phrase) = phrase.filter(|phrase| prefix && !whole(phrase)) else {
        return text_part(input, Text::phrase(stem), span, Leaf::Word);
    };
    // `well-kn*` is read as two words: the last is the beginning, what comes before a phrase.
    let last = Text {
        words: phrase.words.pop().into_iter().collect(),
        prefix: true,
        added: false,
    };
    let before = (!phrase.words.is_empty()).then_some(phrase);
    let parts: Vec<_> = before
        .into_iter()
        .chain([last])
        .map(|text| Expr::Is(Leaf::Test(Test::Text(text))))
        .collect();
    counted(input, parts.len(), &span)?;
    Ok(join(parts, Expr::And))
}

/// Refuses signs of other languages of queries, which would be passed over.
fn foreign(input: &mut Input<'_>, text: &str, span: &std::ops::Range<usize>) -> Parsed<()> {
    let refused = |problem, end, meant: String| {
        let error = QueryError::new(problem, span.start..end);
        Err(ErrMode::Cut(error.or(Some(meant))))
    };
    let quote = input.starts_with(|c: char| closing(c).is_some());
    match text {
        "|" | "||" => refused(Problem::Foreign(text.to_owned()), span.end, "OR".to_owned()),
        "!" if quote => refused(Problem::Foreign(text.to_owned()), span.end, "-".to_owned()),
        "*" if quote => {
            let phrase = quoted(input)?;
            refused(
                Problem::Star,
                input.current_token_start(),
                in_quotes(&phrase),
            )
        }
        _ => match text.strip_prefix('!') {
            Some(rest) if rest.starts_with(char::is_alphanumeric) => refused(
                Problem::Foreign("!".to_owned()),
                span.end,
                format!("-{rest}"),
            ),
            _ => Ok(()),
        },
    }
}

fn text_part(
    input: &mut Input<'_>,
    text: Option<Text>,
    span: std::ops::Range<usize>,
    leaf: fn(Text) -> Leaf,
) -> Parsed<Part> {
    let Some(text) = text else {
        input.state.wordless.get_or_insert(span);
        return Ok(None);
    };
    counted(input, 1, &span)?;
    note(input, &Test::Text(text.clone()), span);
    Ok(Some(Expr::Is(leaf(text))))
}

/// Remembers where a word or a tag stands, so that another can be offered in its place.
fn note(input: &mut Input<'_>, test: &Test, span: std::ops::Range<usize>) {
    if input.state.negations == 0 && matches!(test, Test::Text(_) | Test::Tag(_)) {
        let test = test.clone();
        input.state.written.push(Written { test, span });
    }
}

/// What stands before the colon of addresses that have no slashes.
const SCHEMES: [&str; 9] = [
    "mailto", "tel", "sms", "geo", "urn", "doi", "isbn", "magnet", "xmpp",
];

fn keyed(input: &mut Input<'_>) -> Parsed<Part> {
    let (name, span) = take_while(1.., is_key).with_span().parse_next(input)?;
    let span = span.start..span.end + one_of([':', '：']).parse_next(input)?.len_utf8();
    if input.starts_with("//") || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // An address or a time: text after all.
        return Err(ErrMode::Backtrack(QueryError::new(Problem::Missing, span)));
    }
    let key = Key::parse(name);
    // `std::vec`, `db8::1`, `Note:`, `mailto:a@b`, `C:\Users`: text too.
    let is_text = input.starts_with([':', '\\'])
        || input.chars().next().is_none_or(char::is_whitespace)
        || SCHEMES.iter().any(|one| one.eq_ignore_ascii_case(name));
    if key.is_none() && is_text {
        return Err(ErrMode::Backtrack(QueryError::new(Problem::Missing, span)));
    }
    let Some(key) = key else {
        let error = QueryError::new(
            Problem::UnknownKey(name.to_ascii_lowercase()),
            span.start..span.start + name.len(),
        );
        return Err(ErrMode::Cut(error.or(Key::suggest(name))));
    };
    let values = values(input, key)?;
    let Some(last) = values.last() else {
        return fail(Problem::NoValue(key.name()), span);
    };
    let end = last.span.end;
    if key == Key::Sort {
        return order(input, &values, span.start..end);
    }
    counted(input, values.len(), &(span.start..end))?;
    let now = input.state.now;
    let mut parts = Vec::with_capacity(values.len());
    for value in &values {
        let leaf = value::leaf(key, value, span.start, now).map_err(|error| {
            // `1st March 2025`: the first word alone is no date.
            let behind = behind_date(input);
            let meant = meant_date(input, key, last, span.start, &behind);
            ErrMode::Cut(meant.filter(|_| value.span == last.span).unwrap_or(error))
        })?;
        if let Leaf::Test(test) = &leaf {
            note(input, test, value.span.clone());
        }
        parts.push(Expr::Is(leaf));
    }
    if key.is_date() {
        clear_date(input, key, last, span.start)?;
    }
    Ok(join(parts, Expr::Or))
}

/// The date that a value and words behind it make together.
fn meant_date(
    input: &Input<'_>,
    key: Key,
    value: &Value,
    start: usize,
    words: &[(String, usize)],
) -> Option<QueryError> {
    if !key.is_date() {
        return None;
    }
    let now = input.state.now;
    let reads = |text: &str| {
        let value = Value {
            text: text.to_owned(),
            span: value.span.clone(),
        };
        value::leaf(key, &value, start, now).is_ok()
    };
    for taken in (1..=words.len()).rev() {
        let mut all = vec![value.text.as_str()];
        all.extend(words[..taken].iter().map(|(word, _)| word.as_str()));
        let spaced = all.join(" ");
        let spaced = spaced.replace(" ..", "..").replace(".. ", "..");
        let digits = date::in_digits(&all.join(" ").split(' ').collect::<Vec<_>>());
        let meant = [digits, Some(spaced), Some(all.concat())]
            .into_iter()
            .flatten()
            .find(|text| reads(text));
        if let Some(text) = meant {
            let error = QueryError::new(Problem::LooseDate, value.span.start..words[taken - 1].1);
            let text = match text.contains(' ') {
                true => in_quotes(&text),
                false => text,
            };
            return Some(error.or(Some(text)));
        }
    }
    None
}

/// Refuses words behind a date that may be a part of it: they would be searched for.
fn clear_date(input: &Input<'_>, key: Key, value: &Value, start: usize) -> Parsed<()> {
    let words = behind_date(input);
    let Some((_, end)) = words.first() else {
        return Ok(());
    };
    if let Some(error) = meant_date(input, key, value, start, &words) {
        return Err(ErrMode::Cut(error));
    }
    let (word, _) = &words[0];
    let begin = end - word.len();
    let error = QueryError::new(Problem::LooseDate, value.span.start..*end);
    let date = input_text(&value.text);
    let gap = " ".repeat(begin.saturating_sub(value.span.end).min(1));
    Err(ErrMode::Cut(
        error.or(Some(format!("{date}{gap}{}", in_quotes(word)))),
    ))
}

/// A value as it can be written.
fn input_text(text: &str) -> String {
    match text.contains(char::is_whitespace) {
        true => in_quotes(text),
        false => text.to_owned(),
    }
}

fn order(input: &mut Input<'_>, values: &[Value], span: std::ops::Range<usize>) -> Parsed<Part> {
    if input.state.negations > 0 {
        return fail(Problem::NothingToExclude, span);
    }
    if input.state.sort.is_some() || values.len() > 1 {
        return fail(Problem::SortedTwice, span);
    }
    for value in values {
        let sort = key::sort(&value.text)
            .map_err(|unknown| ErrMode::Cut(value::unknown(Key::Sort, value, unknown)))?;
        input.state.sort = Some(sort);
    }
    Ok(None)
}

fn counted(input: &mut Input<'_>, leaves: usize, span: &std::ops::Range<usize>) -> Parsed<()> {
    input.state.leaves += leaves;
    if input.state.leaves > limits::LEAVES {
        return fail(Problem::TooMany, span.clone());
    }
    Ok(())
}
