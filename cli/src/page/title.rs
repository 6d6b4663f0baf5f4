//! The title in the bytes of a page.

use encoding_rs::{Encoding, UTF_8};
use folkmoot_library::reading::entities;

/// Most bytes of a title that a record takes (section 3.4 of the protocol).
const MOST: usize = 256;
/// Bytes at the beginning in which a page says its charset.
const HEAD: usize = 1_024;
/// The title as a person reads it, on one line, cut to what a record takes; `None` where there is
/// none. The charset is that of the server's word, else of the page's own, else UTF-8.
pub(super) fn title(bytes: &[u8], charset: Option<&str>) -> Option<String> {
    let named = charset.and_then(|name| Encoding::for_label(name.as_bytes()));
    let encoding = named.or_else(|| own_charset(bytes)).unwrap_or(UTF_8);
    let (text, ..) = encoding.decode(bytes);
    let inside = element(&text)?;
    let words = entities(inside);
    let words = words.split_whitespace().map(clean);
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    let mut title = words.join(" ");
    if title.len() > MOST {
        let end = (0..=MOST - '…'.len_utf8())
            .rev()
            .find(|at| title.is_char_boundary(*at))?;
        title.truncate(end);
        title.push('…');
    }
    (!title.is_empty()).then_some(title)
}

fn clean(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).collect()
}

/// `<meta charset="…">`, or the same in `content`.
fn own_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let name = after.trim_start_matches(['"', '\'', ' ']);
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:".contains(c)));
    Encoding::for_label(&name.as_bytes()[..end.unwrap_or(name.len())])
}

/// What stands in the first `<title>` that is none of a picture's, outside comments and scripts.
fn element(text: &str) -> Option<&str> {
    // Only ASCII letters change, so places stay the same.
    let lower = text.to_ascii_lowercase();
    let mut at = 0;
    while let Some(open) = lower[at..].find('<').map(|open| at + open) {
        let rest = &lower[open..];
        let skipped = [
            ("<!--", "-->"),
            ("<script", "</script"),
            ("<style", "</style"),
            ("<svg", "</svg"),
        ];
        if let Some((begin, end)) = skipped
            .into_iter()
            .find(|(begin, _)| rest.starts_with(begin))
        {
            at = open + begin.len() + rest[begin.len()..].find(end)? + end.len();
            continue;
        }
        at = open + 1;
        let Some(after) = rest.strip_prefix("<title") else {
            continue;
        };
        if !after.starts_with(|c: char| c == '>' || c.is_ascii_whitespace()) {
            continue;
        }
        let from = open + rest.find('>')? + 1;
        let to = lower[from..].find("</title").map(|to| from + to)?;
        return text.get(from..to);
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(page: &str) -> Option<String> {
        title(page.as_bytes(), None)
    }

    #[test]
    fn titles_are_read_as_a_person_reads_them() {
        for (page, wanted) in [
            ("<html><head><title>Hot compost</title>", "Hot compost"),
            ("<TITLE lang=en>\n  Hot\n compost </TITLE>", "Hot compost"),
            (
                "<title>Salt &amp; pepper &#8211; &#x201c;both&#x201D;</title>",
                "Salt & pepper – “both”",
            ),
            (
                "<title>M&uuml;ller &eacute;t&Eacute; &amp;lt; &nope; AT&T</title>",
                "Müller étÉ &lt; &nope; AT&T",
            ),
            ("<!-- <title>old</title> --><title>new</title>", "new"),
            (
                "<script>'<title>no</title>'</script><title>yes</title>",
                "yes",
            ),
            ("<svg><title>icon</title></svg><title>page</title>", "page"),
            ("<titles>x</titles><title>y</title>", "y"),
            ("<title>one\u{1b}[2Jtwo\u{0}</title>", "one[2Jtwo"),
        ] {
            assert_eq!(read(page).as_deref(), Some(wanted), "{page}");
        }
        for page in [
            "",
            "<title>",
            "<title></title>",
            "<title> &nbsp; </title>",
            "<title>open",
            "no",
            "<!-- <title>x</title>",
        ] {
            assert_eq!(read(page), None, "{page}");
        }
    }

    #[test]
    fn a_page_says_its_charset_unless_the_server_does() {
        let page = b"<meta charset='windows-1252'><title>h\xf6t</title>";
        assert_eq!(title(page, None).as_deref(), Some("höt"));
        let page = b"<meta http-equiv=content-type content='text/html; charset=shift_jis'><title>\x8c\xb4</title>";
        assert_eq!(title(page, None).as_deref(), Some("原"));
        assert_eq!(
            title(
                "<meta charset=latin1><title>ö</title>".as_bytes(),
                Some("utf-8")
            )
            .as_deref(),
            Some("ö")
        );
        assert_eq!(
            title("<meta charset=none><title>ö</title>".as_bytes(), None).as_deref(),
            Some("ö")
        );
    }

    #[test]
    fn a_long_title_is_cut_to_what_a_record_takes() {
        let long = read(&format!("<title>{}</title>", "ö".repeat(400))).unwrap();
        assert!(long.len() <= MOST && long.ends_with('…') && long.len() > MOST - 4);
    }

    proptest! {
        /// Whatever a server sends does no harm.
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(<title>|</title>|&#?x?[0-9a-z]{0,6};?|<!--|-->|<svg|é|.){0,30}") {
            for page in [bytes.as_slice(), text.as_bytes()] {
                if let Some(title) = title(page, None) {
                    prop_assert!(!title.is_empty() && title.len() <= MOST);
                    prop_assert!(!title.chars().any(char::is_control));
                }
            }
        }
    }
}
