//! Text of others on our terminal, and numbers in words.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One line without anything that could steer the terminal. Records are written by others: escape
/// sequences and marks that turn the direction of writing are replaced.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    filter(text, char::is_control)
}

/// The same for text of several lines: line ends and tabs stay.
pub(crate) fn clean_text(text: &str) -> Cow<'_, str> {
    filter(text, |c| c.is_control() && c != '\n' && c != '\t')
}

fn filter(text: &str, bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    // U+202A to U+202E and U+2066 to U+2069 reorder what follows them.
    let bad = |c: char| bad(c) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' if bad(c) => ' ',
            c if bad(c) => '\u{fffd}',
            c => c,
        })
        .collect::<String>()
        .into()
}

/// A count with thin groups: 12 345.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun.
pub(crate) fn plural(n: u64, one: &str, many: &str) -> String {
    let noun = if n == 1 { one } else { many };
    format!("{} {noun}", count(n))
}

/// A size in bytes.
#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
pub(crate) fn bytes(n: u64) -> String {
    let (mut size, mut unit) = (n as f64, "B");
    for larger in ["kB", "MB", "GB", "TB"] {
        if size < 1000.0 {
            break;
        }
        size /= 1000.0;
        unit = larger;
    }
    if unit == "B" {
        format!("{n} B")
    } else {
        format!("{size:.1} {unit}")
    }
}

/// A line cut to the columns of the terminal; escape sequences of styles count nothing. `None`: as it
/// is.
pub(crate) fn fit(line: &str, width: Option<usize>) -> String {
    let Some(width) = width else {
        return line.to_owned();
    };
    let plain: usize = anstream::adapter::strip_str(line)
        .map(UnicodeWidthStr::width)
        .sum();
    if plain <= width {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    let (mut columns, mut escape, mut full) = (0, false, false);
    for c in line.chars() {
        match (escape, c) {
            (false, '\u{1b}') => {
                escape = true;
                out.push(c);
            }
            (true, _) => {
                escape = !c.is_ascii_alphabetic();
                out.push(c);
            }
            // Wide signs take two columns, marks that join what is before them none.
            (false, _) if !full && columns + c.width().unwrap_or(0) < width => {
                columns += c.width().unwrap_or(0);
                out.push(c);
            }
            (false, _) => full = true,
        }
    }
    out.push('…');
    out
}

/// A word as it is typed in a shell.
pub(crate) fn typed(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/-_.,:=@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", clean(word).replace('\'', "'\\''")),
    }
}

/// The first digits of a long id or key.
pub(crate) fn short_key(key: &str) -> &str {
    key.get(..8).unwrap_or(key)
}

/// Of the addresses listened on those that others can use; where there are none, all.
pub(crate) fn worth_showing(addresses: &[String]) -> Vec<&str> {
    let local = |a: &str| a.starts_with("/ip4/127.") || a.starts_with("/ip6/::1/");
    let all = || addresses.iter().map(String::as_str);
    let far: Vec<&str> = all().filter(|a| !local(a)).collect();
    if far.is_empty() { all().collect() } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_shown_where_there_is_nothing_else() {
        let near = "/ip4/127.0.0.1/tcp/1".to_owned();
        let far = "/ip4/192.0.2.7/tcp/1".to_owned();
        assert_eq!(worth_showing(&[near.clone(), far.clone()]), [far.as_str()]);
        assert_eq!(worth_showing(std::slice::from_ref(&near)), [near.as_str()]);
    }

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(clean("plain größe"), "plain größe");
        assert_eq!(
            clean("a\x1b[2Jb\nc\td\u{202e}e\u{9b}"),
            "a\u{fffd}[2Jb c d\u{fffd}e\u{fffd}"
        );
        assert_eq!(clean_text("a\n\tb\x07"), "a\n\tb\u{fffd}");
    }

    #[test]
    fn a_line_fits_and_its_styles_do_not_count() {
        assert_eq!(fit("short", Some(10)), "short");
        assert_eq!(fit("rather long", None), "rather long");
        assert_eq!(fit("rather long", Some(7)), "rather…");
        assert_eq!(fit("全文検索", Some(8)), "全文検索");
        assert_eq!(fit("全文検索", Some(7)), "全文検…");
        assert_eq!(fit("全文検索", Some(6)), "全文…");
        assert_eq!(
            fit("e\u{301}te\u{301} long", Some(5)),
            "e\u{301}te\u{301} …"
        );
        assert_eq!(
            fit("\u{1b}[1mrather\u{1b}[0m long", Some(7)),
            "\u{1b}[1mrather\u{1b}[0m…"
        );
        assert_eq!(
            fit("\u{1b}[1mrather\u{1b}[0m", Some(6)),
            "\u{1b}[1mrather\u{1b}[0m"
        );
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1234), "1234");
        assert_eq!(count(1_234_567), "1 234 567");
        assert_eq!(plural(1, "record", "records"), "1 record");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500_000), "1.5 MB");
    }
}
