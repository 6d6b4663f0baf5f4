//! Characters that HTML writes by name or number: `&amp;`, `&#39;`, `&#x27;`, `&ouml;`.

use unicode_normalization::char::compose;

/// Characters by name that stand in titles.
const NAMED: [(&str, char); 22] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("middot", '·'),
    ("bull", '•'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("szlig", 'ß'),
    ("euro", '€'),
];
/// Letters by name: the letter and what follows it.
const ACCENTS: [(&str, char); 7] = [
    ("uml", '\u{308}'),
    ("acute", '\u{301}'),
    ("grave", '\u{300}'),
    ("circ", '\u{302}'),
    ("tilde", '\u{303}'),
    ("ring", '\u{30a}'),
    ("cedil", '\u{327}'),
];
/// Most bytes of a name with its semicolon: a text of nothing but `&` is read in one pass.
const LONGEST: usize = 32;

/// Characters by name or number as themselves; what is none of these stays as it stands.
pub fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.bytes().take(LONGEST).position(|b| b == b';');
        let named = end.and_then(|at| Some((after.get(..at)?, after.get(at + 1..)?)));
        match named.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((character, after)) => {
                out.push(character);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?).filter(|c| *c != '\0');
    }
    if let Some((_, known)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*known);
    }
    let letter = name.chars().next().filter(char::is_ascii_alphabetic)?;
    let (_, accent) = ACCENTS.iter().find(|(known, _)| *known == &name[1..])?;
    compose(letter, *accent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_numbers_become_characters() {
        for (text, wanted) in [
            (
                "Salt &amp; pepper &#8211; &#x201c;both&#X201D;",
                "Salt & pepper – “both”",
            ),
            (
                "M&uuml;ller &eacute;t&Eacute; gar&ccedil;on",
                "Müller étÉ garçon",
            ),
            (
                "&amp;lt; &nope; AT&T & &; &#; &#x; &#0; &#xd800;",
                "&lt; &nope; AT&T & &; &#; &#x; &#0; &#xd800;",
            ),
            ("&yuml;&xuml;", "ÿẍ"),
            ("&quml;", "&quml;"),
        ] {
            assert_eq!(entities(text), wanted);
        }
    }

    proptest! {
        /// A text without `&` stays as it is, and nothing is lost before or after one.
        #[test]
        fn other_text_stays(before in "[^&]{0,20}", after in "[^&;]{0,20}") {
            prop_assert_eq!(entities(&before), before.clone());
            prop_assert_eq!(entities(&format!("{before}&lt;{after}")), format!("{before}<{after}"));
        }
    }
}
