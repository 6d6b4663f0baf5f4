//! Folding of characters: what readers take for the same letter becomes the same letter.
//!
//! Compatibility forms are unfolded (NFKC), letters become lower case, accents fall away, `ß`
//! becomes `ss`. Index and query go through the same functions, so they cannot disagree.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What a folded character is to the splitting into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Part of a word.
    Letter,
    /// A word of its own: scripts that put no spaces between words, and emoji.
    Alone,
    /// Between words.
    Gap,
}

/// Folds a whole text: characters as in [`Words`](crate::Words), each run of white space one
/// space, none at the ends. For tags, titles and names, which are compared as wholes.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut space = false;
    each_folded(text, |c, _, _| {
        if c.is_whitespace() {
            space = !folded.is_empty();
        } else {
            if std::mem::take(&mut space) {
                folded.push(' ');
            }
            folded.push(c);
        }
    });
    folded
}

/// Gives each folded character with the byte range of the characters that it stands for.
pub(crate) fn each_folded(text: &str, mut give: impl FnMut(char, usize, usize)) {
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let mut end = start + first.len_utf8();
        // A character and the marks after it are composed together.
        while let Some((at, next)) = rest.next_if(|(_, c)| joins(*c)) {
            end = at + next.len_utf8();
        }
        let single = end == start + first.len_utf8();
        if single && first.is_ascii() {
            give(first.to_ascii_lowercase(), start, end);
        } else if single && stays(first) {
            give(first, start, end);
        } else {
            text[start..end]
                .nfkd()
                .flat_map(char::to_lowercase)
                .scan(' ', |before, c| {
                    let kept = (!is_dropped(c) || makes_another(*before, c)).then_some(c);
                    *before = c;
                    Some(kept)
                })
                .flatten()
                .nfc()
                .for_each(|c| match letters(c) {
                    Some(plain) => plain.chars().for_each(|c| give(c, start, end)),
                    None => give(c, start, end),
                });
        }
    }
}

/// Whether the character may join the one before it: marks, and the second parts of Hangul.
fn joins(c: char) -> bool {
    !c.is_ascii() && (is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11FF}'))
}

/// Frequent characters that folding leaves alone; it saves them the long way.
fn stays(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{AC00}'..='\u{D7A3}')
}

/// Marks that readers leave out when they search: accents, Hebrew points, Arabic vowel signs,
/// and characters that are not seen. Marks that make another letter (kana, Indic, Thai) stay.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}'
        | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        | '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
        | '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Whether a mark that is left out elsewhere makes another letter of the one before it: `й` is no `и`,
/// and `ў` no `у`, as `ё` is an `е`.
const fn makes_another(letter: char, mark: char) -> bool {
    matches!((letter, mark), ('и' | 'у', '\u{0306}'))
}

/// Letters that normalisation leaves whole though readers type them otherwise.
fn letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'þ' => "th",
        'ς' => "σ",
        // Persian and Arabic keyboards write the same two letters with other characters, and an `ي` at the
        // end of a word is often written without its dots.
        'ی' | 'ى' => "ي",
        'ک' => "ك",
        _ => return None,
    })
}

/// The class of a folded character.
pub(crate) fn class(c: char) -> Class {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() {
            Class::Letter
        } else {
            Class::Gap
        };
    }
    if is_alone(c) {
        Class::Alone
    } else if c.is_alphanumeric() || is_combining_mark(c) {
        Class::Letter
    } else {
        Class::Gap
    }
}

/// Han, kana, bopomofo, Hangul, Thai, Lao, Khmer, Burmese; emoji.
fn is_alone(c: char) -> bool {
    matches!(c,
        '\u{2E80}'..='\u{2FDF}' | '\u{3005}' | '\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303B}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}'
        | '\u{3041}'..='\u{3096}' | '\u{3099}' | '\u{309A}' | '\u{309D}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{1AFF0}'..='\u{1B16F}'
        | '\u{3105}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}'
        | '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' | '\u{A960}'..='\u{A97C}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{D7B0}'..='\u{D7FB}'
        | '\u{0E01}'..='\u{0E3A}' | '\u{0E40}'..='\u{0E4E}' | '\u{0E50}'..='\u{0E59}'
        | '\u{0E81}'..='\u{0EDF}'
        | '\u{1780}'..='\u{17D3}' | '\u{17D7}' | '\u{17DC}' | '\u{17DD}' | '\u{17E0}'..='\u{17E9}'
        | '\u{1000}'..='\u{1049}' | '\u{1050}'..='\u{109F}' | '\u{A9E0}'..='\u{A9FE}' | '\u{AA60}'..='\u{AA7F}'
        | '\u{2600}'..='\u{27BF}' | '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F300}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_readers_take_for_the_same_fold_to_the_same() {
        for (left, right) in [
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("Café", "cafe\u{301}"),
            ("café", "CAFE"),
            ("İstanbul", "istanbul"),
            ("ﬁn", "fin"),
            ("ＡＢＣ", "abc"),
            ("ﾊﾝｶｸ", "ハンカク"),
            ("Łódź", "lodz"),
            ("ΟΔΟΣ", "οδος"),
            ("한글", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"),
            ("ёлка", "ЕЛКА"),
            ("И\u{306}од", "йод"),
            ("зи\u{301}мний", "зимний"),
            ("کتابی", "كتابي"),
            ("على", "علي"),
            ("  two \t words ", "TWO words"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} and {right}");
        }
    }

    #[test]
    fn marks_that_make_another_letter_stay() {
        assert_ne!(fold("か"), fold("が"));
        assert_eq!(fold("か\u{3099}"), "が");
        assert_ne!(fold("कि"), fold("क"));
        assert_ne!(fold("мой"), fold("мои"));
        assert_ne!(fold("ўсё"), fold("усе"));
    }
}
