//! Splitting a text into words, the same for index, query and evaluator.

use std::ops::Range;

use crate::fold::{Class, class, each_folded};

/// Most bytes of one word; the rest of a longer one is left out, in texts and queries alike.
/// Longer runs are data, not words; an id of 64 digits still fits.
pub const MAX_TOKEN: usize = 128;

/// The words of a text, folded, each with the place where it stands in the text.
///
/// Letters and digits make words; every character of Han, kana, Hangul, Thai, Lao, Khmer and
/// Burmese, and every emoji, is a word of its own, so that a search finds any part of a text
/// that has no spaces. A cursor and not an iterator, since the word is lent from one buffer.
#[derive(Debug, Clone)]
pub struct Words<'t> {
    text: &'t str,
    at: usize,
    word: String,
    range: Range<usize>,
    run: Vec<(char, usize, usize)>,
    run_at: usize,
}

impl<'t> Words<'t> {
    /// Starts before the first word.
    pub const fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            word: String::new(),
            range: 0..0,
            run: Vec::new(),
            run_at: 0,
        }
    }

    /// Goes to the next word; false at the end.
    pub fn advance(&mut self) -> bool {
        loop {
            if self.next_of_run() {
                return true;
            }
            let bytes = self.text.as_bytes();
            let gap = bytes[self.at..].iter().take_while(|b| is_gap(**b)).count();
            let start = self.at + gap;
            let length = bytes[start..].iter().take_while(|b| !is_gap(**b)).count();
            let end = start + length;
            if length == 0 {
                self.at = start;
                return false;
            }
            self.at = end;
            // Both ends lie beside ASCII bytes or the ends of the text, so on boundaries.
            let run = &self.text[start..end];
            if run.is_ascii() {
                self.word.clear();
                self.word.push_str(&run[..length.min(MAX_TOKEN)]);
                self.word.make_ascii_lowercase();
                self.range = start..end;
                return true;
            }
            self.run.clear();
            self.run_at = 0;
            let kept = &mut self.run;
            each_folded(run, |c, from, to| kept.push((c, start + from, start + to)));
        }
    }

    /// The word, folded.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// Where the word stands in the text, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    fn next_of_run(&mut self) -> bool {
        self.word.clear();
        while let Some(&(c, start, end)) = self.run.get(self.run_at) {
            match class(c) {
                Class::Gap if self.word.is_empty() => {}
                Class::Alone if self.word.is_empty() => {
                    self.word.push(c);
                    self.range = start..end;
                    self.run_at += 1;
                    return true;
                }
                Class::Gap | Class::Alone => return true,
                Class::Letter => {
                    if self.word.is_empty() {
                        self.range = start..end;
                    }
                    if self.word.len() + c.len_utf8() <= MAX_TOKEN {
                        self.word.push(c);
                    }
                    self.range.end = end;
                }
            }
            self.run_at += 1;
        }
        !self.word.is_empty()
    }
}

/// Bytes that stand between words; what is not ASCII is looked at more closely.
const fn is_gap(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

/// Whether a word is one character that makes a word by itself.
pub(crate) fn is_alone(word: &str) -> bool {
    word.chars().next_back().map(class) == Some(Class::Alone)
}

/// All words of a text.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut cursor = Words::new(text);
    let mut words = Vec::new();
    while cursor.advance() {
        words.push(cursor.word().to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_split_and_folded() {
        for (text, expected) in [
            ("Hello, moot!", vec!["hello", "moot"]),
            (
                "全文検索 with tantivy",
                vec!["全", "文", "検", "索", "with", "tantivy"],
            ),
            ("abc検索def", vec!["abc", "検", "索", "def"]),
            ("don't / snake_case", vec!["don", "t", "snake", "case"]),
            ("naïve—Straße", vec!["naive", "strasse"]),
            ("🌱 sown", vec!["🌱", "sown"]),
            ("👍🏽", vec!["👍", "🏽"]),
            ("…", vec![]),
            ("", vec![]),
            ("ไทย", vec!["ไ", "ท", "ย"]),
            ("한글", vec!["한", "글"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn long_words_are_cut() {
        let long = "é".repeat(200);
        assert_eq!(words(&long), ["e".repeat(MAX_TOKEN)]);
        assert_eq!(words(&"a".repeat(200)), ["a".repeat(MAX_TOKEN)]);
    }

    proptest! {
        /// Words are stable: split again they are themselves. Ranges ascend and lie in the text.
        #[test]
        fn words_of_words_are_the_same(text in any::<String>()) {
            let first = words(&text);
            prop_assert_eq!(words(&first.join(" ")), first);
            let mut cursor = Words::new(&text);
            let mut last = 0;
            while cursor.advance() {
                let range = cursor.range();
                prop_assert!(text.get(range.clone()).is_some());
                prop_assert!(range.start >= last || range.end > last);
                prop_assert!(cursor.word().len() <= MAX_TOKEN && !cursor.word().is_empty());
                last = range.start;
            }
        }

        /// A part of a text in a script without spaces is found in it as a run of words.
        #[test]
        fn parts_of_unspaced_text_are_runs(text in "[\u{4E00}-\u{4E20}\u{3041}-\u{3060}]{1,12}", from in 0usize..12, len in 1usize..4) {
            let chars: Vec<char> = text.chars().collect();
            let from = from % chars.len();
            let part: String = chars[from..(from + len).min(chars.len())].iter().collect();
            let (whole, part) = (words(&text), words(&part));
            prop_assert!(whole.windows(part.len()).any(|w| w == part));
        }
    }
}
