//! The values after a key.

use winnow::{
    Parser,
    combinator::{opt, preceded},
    error::ErrMode,
    stream::Location,
    token::{any, one_of, take_while},
};

use super::{
    Problem, QueryError, date,
    key::Key,
    parse::{Input, Parsed, fail},
    signs::{at_open, closing, is_escaped, is_value, take},
    value::Value,
};

/// The values after a key, with `|` between them; none if there is nothing.
pub(super) fn values(input: &mut Input<'_>, key: Key) -> Parsed<Vec<Value>> {
    let mut values = Vec::new();
    loop {
        let at = input.current_token_start();
        let text = match opt(quoted).parse_next(input)? {
            Some(text) => whole(input, at, text)?,
            None => bare(input, key)?,
        };
        let span = at..input.current_token_start();
        if span.is_empty() {
            if at_open(input) {
                return fail(Problem::Grouped(key.name()), at..at);
            }
            if values.is_empty() && !input.starts_with('|') {
                return Ok(values);
            }
            return fail(Problem::NoValue(key.name()), span);
        }
        values.push(Value { text, span });
        if !take(input, "|") {
            return Ok(values);
        }
    }
}

/// Refuses a text in quotes that text follows at once: it would be read as something else.
fn whole(input: &mut Input<'_>, start: usize, text: String) -> Parsed<String> {
    let goes_on =
        |input: &Input<'_>| input.starts_with(|c: char| is_value(c) || closing(c).is_some());
    if !goes_on(input) {
        return Ok(text);
    }
    let mut all = text;
    while goes_on(input) {
        match opt(quoted).parse_next(input)? {
            Some(text) => all.push_str(&text),
            None => {
                let more: &str = take_while(1.., is_value).parse_next(input)?;
                all.push_str(more);
            }
        }
    }
    let error = QueryError::new(Problem::Joined, start..input.current_token_start());
    Err(ErrMode::Cut(error.or(Some(in_quotes(&all)))))
}

/// A text as it stands in quotes.
pub(super) fn in_quotes(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        if is_escaped(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// The words of the query right behind this place that may belong to a date, and where they end. A text
/// in quotes is none, nor is a condition.
pub(super) fn behind_date(input: &Input<'_>) -> Vec<(String, usize)> {
    /// A date has no more words behind its first one.
    const MOST: usize = 4;
    let mut input = input.clone();
    let mut words = Vec::new();
    let mut open = false;
    while words.len() < MOST {
        let next = preceded(
            take_while(1.., char::is_whitespace),
            take_while(1.., is_value),
        );
        let next: Parsed<Option<&str>> = opt(next).parse_next(&mut input);
        let Ok(Some(word)) = next else { break };
        // What comes behind the dots ends the range, whatever it is.
        if !open && !date::is_part(word) {
            break;
        }
        open = word.ends_with("..");
        words.push((word.to_owned(), input.current_token_start()));
    }
    words
}

/// A value without quotes. Dates of several words (`last monday`, `3 days ago`) are taken whole:
/// their first word alone would be none.
fn bare(input: &mut Input<'_>, key: Key) -> Parsed<String> {
    let word = |input: &mut Input<'_>| -> Parsed<String> {
        take_while(0.., is_value)
            .map(str::to_owned)
            .parse_next(input)
    };
    let mut text = word(input)?;
    if !key.is_date() {
        return Ok(text);
    }
    if date::takes_another(tail(&text)) {
        follow(input, &mut text, |_| true)?;
    } else if date::is_count(tail(&text)) {
        follow(input, &mut text, date::is_unit)?;
    }
    if date::is_length(tail(&text)) {
        follow(input, &mut text, |word| word.eq_ignore_ascii_case("ago"))?;
    }
    Ok(text)
}

/// The last date of a range or comparison, as far as it stands there.
fn tail(text: &str) -> &str {
    let last = text.rsplit("..").next().unwrap_or(text);
    last.trim_start_matches(['<', '>', '='])
}

/// Adds the next word if it goes with the text.
fn follow(input: &mut Input<'_>, text: &mut String, goes: fn(&str) -> bool) -> Parsed<()> {
    let next = preceded(
        take_while(1.., char::is_whitespace),
        take_while(1.., is_value).verify(move |word: &str| goes(word)),
    );
    if let Some(word) = opt(next).parse_next(input)? {
        text.push(' ');
        text.push_str(word);
    }
    Ok(())
}

/// A text in quotes; a backslash takes a quote or a backslash as it is, and is one before all else.
pub(super) fn quoted(input: &mut Input<'_>) -> Parsed<String> {
    let at = input.current_token_start();
    let open = one_of(|c: char| closing(c).is_some()).parse_next(input)?;
    let closing = closing(open).unwrap_or_default();
    let mut text = String::new();
    loop {
        match opt(any).parse_next(input)? {
            None => return fail(Problem::OpenQuote, at..at + open.len_utf8()),
            Some('\\') => match opt(one_of(is_escaped)).parse_next(input)? {
                Some(c) => text.push(c),
                None => text.push('\\'),
            },
            Some(c) if closing.contains(&c) => return Ok(text),
            Some(c) => text.push(c),
        }
    }
}
