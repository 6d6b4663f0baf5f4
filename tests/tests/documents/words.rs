//! Comparing what a document shows with what was printed, word by word.
//!
//! What differs from run to run is matched by kind: ids, times and sizes. A document uses ids that
//! look real; the first place that shows one says which id it stands for from then on.

use std::collections::BTreeMap;

/// Words of a document and what they stand for in this run.
pub(crate) type Meanings = BTreeMap<String, String>;

/// Whether `printed` is what the document shows; learns what its ids stand for.
///
/// A line `...` stands for any number of lines, `[..]` for any words of a line or any part of a
/// word, and a word that ends in `…` for any word that begins so. Blanks count as one.
pub(crate) fn matches(shown: &[&str], printed: &[&str], meanings: &mut Meanings) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return printed.is_empty();
    };
    if *first == "..." {
        return (0..=printed.len()).any(|skip| {
            let mut attempt = meanings.clone();
            let fits = matches(rest, &printed[skip..], &mut attempt);
            if fits {
                *meanings = attempt;
            }
            fits
        });
    }
    let Some((line, later)) = printed.split_first() else {
        return false;
    };
    let mut attempt = meanings.clone();
    let fits =
        same_line(&words(first), &words(line), &mut attempt) && matches(rest, later, &mut attempt);
    if fits {
        *meanings = attempt;
    }
    fits
}

/// A command with the ids of this run in the place of those of the document.
pub(crate) fn meant(command: &str, meanings: &Meanings) -> String {
    command
        .split(' ')
        .map(|word| meanings.get(word).map_or(word, String::as_str))
        .collect::<Vec<_>>()
        .join(" ")
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn same_line(shown: &[&str], printed: &[&str], meanings: &mut Meanings) -> bool {
    let Some((&first, rest)) = shown.split_first() else {
        return printed.is_empty();
    };
    if first == "[..]" {
        return (0..=printed.len()).any(|skip| {
            let mut attempt = meanings.clone();
            let fits = same_line(rest, &printed[skip..], &mut attempt);
            if fits {
                *meanings = attempt;
            }
            fits
        });
    }
    // A time or size takes one word (`now`) or two (`5 min`), and may change between them.
    if let (Some(taken), Some(there)) = (measure(shown), measure(printed))
        && taken.1 == there.1
    {
        return same_line(&shown[taken.0..], &printed[there.0..], meanings);
    }
    match printed.split_first() {
        Some((&word, later)) => {
            same_word(first, word, meanings) && same_line(rest, later, meanings)
        }
        None => false,
    }
}

/// What a line measures at its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Time,
    Size,
}

/// How many words the measure takes, and which it is.
fn measure(words: &[&str]) -> Option<(usize, Measure)> {
    if words.first()?.trim_end_matches(',') == "now" {
        return Some((1, Measure::Time));
    }
    let number = words[0].parse::<f64>().is_ok();
    let unit = words.get(1)?.trim_end_matches([',', ';', '.', ')']);
    match unit {
        "s" | "min" | "h" | "d" | "w" if number => Some((2, Measure::Time)),
        "B" | "kB" | "MB" if number => Some((2, Measure::Size)),
        _ => None,
    }
}

fn same_word(shown: &str, printed: &str, meanings: &mut Meanings) -> bool {
    if shown == printed {
        return true;
    }
    if let Some((start, end)) = shown.split_once("[..]") {
        return printed
            .strip_prefix(start)
            .is_some_and(|rest| rest.ends_with(end));
    }
    let begins_so = shown
        .strip_suffix('…')
        .is_some_and(|start| !start.is_empty() && printed.starts_with(start));
    if begins_so {
        meanings.insert(shown.to_owned(), printed.to_owned());
        return true;
    }
    let (shown, printed) = (bare(shown), bare(printed));
    if !(is_id(shown) && is_hex(printed)) {
        return false;
    }
    match meanings.get(shown) {
        Some(known) => known == printed,
        None => {
            meanings.insert(shown.to_owned(), printed.to_owned());
            true
        }
    }
}

fn bare(word: &str) -> &str {
    word.trim_matches(['(', ')', ',', '.', ';'])
}

fn is_hex(word: &str) -> bool {
    (4..=64).contains(&word.len())
        && word
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// An id in a document has a digit and a letter, so that it is no number and no word.
fn is_id(word: &str) -> bool {
    is_hex(word)
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::{Meanings, matches, meant};

    fn fits(shown: &str, printed: &str) -> bool {
        let shown: Vec<_> = shown.lines().collect();
        let printed: Vec<_> = printed.lines().collect();
        matches(&shown, &printed, &mut Meanings::new())
    }

    #[test]
    fn plain_text_must_be_the_same_but_for_blanks() {
        assert!(fits("one  two\nthree", "one two\nthree"));
        assert!(!fits("one two", "one too"));
        assert!(!fits("one two", "one two three"));
        assert!(!fits("one two three", "one two"));
        assert!(!fits("one", "one\ntwo"));
        assert!(!fits("one\ntwo", "one"));
        assert!(!fits("", "one"));
        assert!(fits("", ""));
    }

    #[test]
    fn dots_stand_for_lines_and_brackets_for_words() {
        assert!(fits("a\n...\nd", "a\nb\nc\nd"));
        assert!(fits("...", ""));
        assert!(fits("a\n...", "a"));
        assert!(!fits("a\n...\nd", "a\nb\nc"));
        assert!(fits("up [..] done", "up 1 2 3 done"));
        assert!(fits("up [..]", "up"));
        assert!(!fits("up [..] done", "up 1 2 3"));
        assert!(fits("in [..]/.local; done", "in /home/ana/.local; done"));
        assert!(!fits("in [..]/.local", "in /home/ana/.cache"));
    }

    #[test]
    fn times_match_times_and_sizes_match_sizes() {
        assert!(fits("Ana · now #a", "Ana · 12 s #a"));
        assert!(fits("up for 8 s", "up for 3 min"));
        assert!(fits("records 904 B, x", "records 1.6 kB, x"));
        assert!(!fits("records 904 B, x", "records 5 s, x"));
        assert!(!fits("Ana · now #a", "Ana · soon #a"));
        assert!(!fits("3 records", "4 records"));
    }

    #[test]
    fn an_id_stands_for_one_id() {
        assert!(fits("1f89 a\n1f89 b", "00aa a\n00aa b"));
        assert!(!fits("1f89 a\n1f89 b", "00aa a\n00ab b"));
        assert!(!fits("1f89 a", "later a"));
        assert!(!fits("beef", "cafe1"), "a word is no id");
        assert!(!fits("2026", "2027"), "a number is no id");
        assert!(fits("seat (4fe946e3)", "seat (00112233)"));
    }

    #[test]
    fn commands_take_the_ids_and_keys_of_this_run() {
        let mut meanings = Meanings::new();
        let shown = ["folkmoot:1:…", "7f3a  title"];
        let printed = ["folkmoot:1:abcdef", "99b0  title"];
        assert!(matches(&shown, &printed, &mut meanings));
        assert_eq!(
            meant("moot join folkmoot:1:…", &meanings),
            "moot join folkmoot:1:abcdef"
        );
        assert_eq!(
            meant("moot show 7f3a --text", &meanings),
            "moot show 99b0 --text"
        );
    }

    #[test]
    fn what_did_not_fit_teaches_nothing() {
        let mut meanings = Meanings::new();
        assert!(!matches(&["7f3a x"], &["99b0 y"], &mut meanings));
        assert!(meanings.is_empty());
    }
}
