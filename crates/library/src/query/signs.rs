//! Signs and words of the grammar, one by one.

use winnow::{
    Parser,
    combinator::{eof, peek},
    token::take_while,
};

use super::parse::{Input, Parsed};

/// Quotes: what opens, what closes. As keyboards and word processors of many languages have them.
const QUOTES: [(char, &[char]); 8] = [
    ('"', &['"']),
    ('“', &['”', '“']),
    ('”', &['”', '“']),
    ('„', &['“', '”']),
    ('«', &['»']),
    ('»', &['«']),
    ('「', &['」']),
    ('『', &['』']),
];

/// What closes a text that this sign opens.
pub(super) fn closing(open: char) -> Option<&'static [char]> {
    QUOTES
        .iter()
        .find(|(sign, _)| *sign == open)
        .map(|(_, closing)| *closing)
}

/// Whether a backslash before it takes it as it is.
pub(super) fn is_escaped(c: char) -> bool {
    c == '\\'
        || QUOTES
            .iter()
            .any(|(open, closing)| *open == c || closing.contains(&c))
}

pub(super) const fn is_open(c: char) -> bool {
    matches!(c, '(' | '（')
}

pub(super) const fn is_close(c: char) -> bool {
    matches!(c, ')' | '）')
}

/// Part of a text without quotes.
pub(super) fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !is_open(c) && !is_close(c) && closing(c).is_none()
}

/// Part of a value without quotes.
pub(super) fn is_value(c: char) -> bool {
    is_bare(c) && c != '|'
}

pub(super) const fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

pub(super) fn space(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., char::is_whitespace)
        .void()
        .parse_next(input)
}

pub(super) fn at_end(input: &mut Input<'_>) -> bool {
    let end: Parsed<_> = peek(eof).parse_next(input);
    end.is_ok()
}

pub(super) fn at_open(input: &Input<'_>) -> bool {
    input.starts_with(is_open)
}

pub(super) fn at_close(input: &Input<'_>) -> bool {
    input.starts_with(is_close)
}

/// Takes a minus right before something: also an en dash, which word processors make of one.
pub(super) fn minus(input: &mut Input<'_>) -> bool {
    ["-", "\u{2212}", "\u{FF0D}", "\u{2013}"]
        .into_iter()
        .any(|sign| {
            let followed = input
                .strip_prefix(sign)
                .is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
            followed && take(input, sign)
        })
}

pub(super) fn peek_keyword(input: &Input<'_>, word: &str) -> bool {
    input.strip_prefix(word).is_some_and(|rest| {
        rest.chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || is_open(c) || is_close(c))
    })
}

/// Takes an upper-case word that stands alone.
pub(super) fn keyword(input: &mut Input<'_>, word: &'static str) -> bool {
    peek_keyword(input, word) && take(input, word)
}

pub(super) fn take(input: &mut Input<'_>, sign: &'static str) -> bool {
    let taken: Parsed<_> = sign.void().parse_next(input);
    taken.is_ok()
}
