//! The values after a key.

use winnow::{
    Parser,
    combinator::{opt, preceded},
    stream::Location,
    token::{any, one_of, take_while},
};

use super::{
    Problem, date,
    key::Key,
    parse::{Input, Parsed, fail},
    signs::{at_open, closing, is_value, take},
    value::Value,
};

/// The values after a key, with `|` between them; none if there is nothing.
pub(super) fn values(input: &mut Input<'_>, key: Key) -> Parsed<Vec<Value>> {
    let mut values = Vec::new();
    loop {
        let at = input.current_token_start();
        let text = match opt(quoted).parse_next(input)? {
            Some(text) => text,
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

/// A text in quotes; a backslash takes the next sign as it is.
pub(super) fn quoted(input: &mut Input<'_>) -> Parsed<String> {
    let at = input.current_token_start();
    let open = one_of(|c: char| closing(c).is_some()).parse_next(input)?;
    let closing = closing(open).unwrap_or_default();
    let mut text = String::new();
    loop {
        match opt(any).parse_next(input)? {
            None => return fail(Problem::OpenQuote, at..at + open.len_utf8()),
            Some('\\') => text.extend(opt(any).parse_next(input)?),
            Some(c) if closing.contains(&c) => return Ok(text),
            Some(c) => text.push(c),
        }
    }
}
