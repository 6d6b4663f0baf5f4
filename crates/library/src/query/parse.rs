//! The grammar.
//!
//! ```text
//! any    = all (OR all)*
//! all    = one ([AND] one)*
//! one    = ("-" | NOT) one | "(" any ")" | key ":" value | "phrase" | word | word "*"
//! value  = "text" | text ("|" text)*
//! ```

use winnow::{
    ModalResult, Parser,
    combinator::{alt, eof, opt, peek},
    error::{ErrMode, ParserError},
    stream::{LocatingSlice, Location, Stateful},
    token::{any, one_of, take_while},
};

use super::{
    Expr, Leaf, Problem, Query, QueryError, Sort, Test, Text, date,
    key::{self, Key},
    limits,
    value::{self, Value},
};
use crate::Zoned;

type Input<'q> = Stateful<LocatingSlice<&'q str>, State<'q>>;
type Parsed<T> = ModalResult<T, QueryError>;
/// A condition, or nothing where the words held no letters or the part says only the order.
type Part = Option<Expr<Leaf>>;

#[derive(Debug, Clone)]
pub(super) struct State<'q> {
    now: &'q Zoned,
    depth: usize,
    leaves: usize,
    negations: usize,
    sort: Option<Sort>,
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
fn fail<T>(problem: Problem, span: std::ops::Range<usize>) -> Parsed<T> {
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
    let mut words = false;
    expr.asked(&mut |leaf| words |= matches!(leaf, Leaf::Test(Test::Text(_))));
    let by_default = if words { Sort::Relevance } else { Sort::Newest };
    Ok(Query {
        expr,
        sort: input.state.sort.unwrap_or(by_default),
        now_ms: date::ms(now.timestamp()),
    })
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
        Some(_) => fail(Problem::StrayParenthesis, at..at + 1),
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
    '('.parse_next(input)?;
    space(input)?;
    if at_close(input) {
        return fail(
            Problem::EmptyParentheses,
            at..input.current_token_start() + 1,
        );
    }
    if at_end(input) {
        return fail(Problem::OpenParenthesis, at..at + 1);
    }
    let part = any_of(input)?;
    match opt(')').parse_next(input)? {
        Some(_) => Ok(part),
        None => fail(Problem::OpenParenthesis, at..at + 1),
    }
}

fn phrase(input: &mut Input<'_>) -> Parsed<Part> {
    let at = input.current_token_start();
    let text = quoted(input)?;
    let span = at..input.current_token_start();
    text_part(input, Text::phrase(&text), span)
}

fn word(input: &mut Input<'_>) -> Parsed<Part> {
    let (text, span) = take_while(1.., is_bare).with_span().parse_next(input)?;
    if peek(opt('(')).parse_next(input)?.is_some() {
        return fail(Problem::Function, span.start..span.end + 1);
    }
    let (stem, prefix) = match text.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (text, false),
    };
    let phrase = Text::phrase(stem);
    // A star after a word with letters; a lone one is punctuation.
    if stem.contains('*') && phrase.is_some() {
        return fail(Problem::Star, span);
    }
    let Some(mut phrase) = phrase.filter(|_| prefix) else {
        return text_part(input, Text::phrase(stem), span);
    };
    // `well-kn*` is read as two words: the last is the beginning, what comes before a phrase.
    let last = Text {
        words: phrase.words.pop().into_iter().collect(),
        prefix: true,
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

fn text_part(
    input: &mut Input<'_>,
    text: Option<Text>,
    span: std::ops::Range<usize>,
) -> Parsed<Part> {
    let Some(text) = text else {
        input.state.wordless.get_or_insert(span);
        return Ok(None);
    };
    counted(input, 1, &span)?;
    Ok(Some(Expr::Is(Leaf::Test(Test::Text(text)))))
}

fn keyed(input: &mut Input<'_>) -> Parsed<Part> {
    let (name, span) = (take_while(1.., is_key), ':')
        .map(|(name, _): (&str, char)| name)
        .with_span()
        .parse_next(input)?;
    if input.starts_with("//") || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // An address or a time: text after all.
        return Err(ErrMode::Backtrack(QueryError::new(Problem::Missing, span)));
    }
    let Some(key) = Key::parse(name) else {
        let error = QueryError::new(
            Problem::UnknownKey(name.to_ascii_lowercase()),
            span.start..span.end - 1,
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
    let parts = values
        .iter()
        .map(|value| value::leaf(key, value, span.start, now).map(Expr::Is))
        .collect::<Result<Vec<_>, _>>()
        .map_err(ErrMode::Cut)?;
    Ok(join(parts, Expr::Or))
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

/// The values after a key: one in quotes, or bare ones with `|` between them.
fn values(input: &mut Input<'_>, key: Key) -> Parsed<Vec<Value>> {
    let at = input.current_token_start();
    if let Some(text) = opt(quoted).parse_next(input)? {
        let span = at..input.current_token_start();
        return Ok(vec![Value { text, span }]);
    }
    let text = take_while(0.., is_bare).parse_next(input)?;
    if key.is_date() && date::takes_another(text) {
        // `since:last monday`
        let second = opt((take_while(1.., ' '), take_while(1.., is_bare))).parse_next(input)?;
        if let Some((_, second)) = second {
            let span = at..input.current_token_start();
            let text = format!("{text} {second}");
            return Ok(vec![Value { text, span }]);
        }
    }
    let mut start = at;
    let mut values = Vec::new();
    if text.is_empty() {
        return Ok(values);
    }
    for part in text.split('|') {
        let span = start..start + part.len();
        start = span.end + 1;
        if part.is_empty() {
            return fail(Problem::NoValue(key.name()), span);
        }
        values.push(Value {
            text: part.to_owned(),
            span,
        });
    }
    Ok(values)
}

/// A text in quotes; a backslash takes the next sign as it is.
fn quoted(input: &mut Input<'_>) -> Parsed<String> {
    let at = input.current_token_start();
    let open = one_of(['"', '“', '”']).parse_next(input)?;
    let mut text = String::new();
    loop {
        match opt(any).parse_next(input)? {
            None => return fail(Problem::OpenQuote, at..at + open.len_utf8()),
            Some('\\') => text.extend(opt(any).parse_next(input)?),
            Some('"') if open == '"' => return Ok(text),
            Some('“' | '”') if open != '"' => return Ok(text),
            Some(c) => text.push(c),
        }
    }
}

fn counted(input: &mut Input<'_>, leaves: usize, span: &std::ops::Range<usize>) -> Parsed<()> {
    input.state.leaves += leaves;
    if input.state.leaves > limits::LEAVES {
        return fail(Problem::TooMany, span.clone());
    }
    Ok(())
}

fn space(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., char::is_whitespace)
        .void()
        .parse_next(input)
}

fn at_end(input: &mut Input<'_>) -> bool {
    let end: Parsed<_> = peek(eof).parse_next(input);
    end.is_ok()
}

fn at_close(input: &mut Input<'_>) -> bool {
    input.starts_with(')')
}

/// Takes a minus right before something.
fn minus(input: &mut Input<'_>) -> bool {
    let followed = input
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
    followed && take(input, "-")
}

fn peek_keyword(input: &Input<'_>, word: &str) -> bool {
    input.strip_prefix(word).is_some_and(|rest| {
        rest.chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || c == '(' || c == ')')
    })
}

/// Takes an upper-case word that stands alone.
fn keyword(input: &mut Input<'_>, word: &'static str) -> bool {
    peek_keyword(input, word) && take(input, word)
}

fn take(input: &mut Input<'_>, sign: &'static str) -> bool {
    let taken: Parsed<_> = sign.void().parse_next(input);
    taken.is_ok()
}

fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | '“' | '”')
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
