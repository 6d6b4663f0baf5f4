//! Links and tags in running Markdown, apart from code.
//!
//! Every part looks at each byte a bounded number of times, whatever the text is.

use crate::{
    code::{fence_of, spans},
    is_linkable,
    links::between_brackets,
};

/// What a link means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A document, by the words that stand there.
    Stands,
    /// A document that is called so.
    Called(String),
    /// A file that is no document, by its path.
    File(String),
    /// Nothing that is known.
    Unknown,
}

/// How tags are written in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// Not at all.
    Plain,
    /// `#tag`.
    Word,
    /// `#tag` and `#[[several words]]`.
    Phrase,
}

/// A text after its links were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose {
    /// With links written so that they are found here.
    pub text: String,
    /// Tags, in order, with repeats.
    pub tags: Vec<String>,
    /// Targets that lead nowhere, each once.
    pub unresolved: Vec<String>,
    /// Files that are named, each once.
    pub files: Vec<String>,
    /// References to blocks, `((…))`.
    pub blocks: u64,
}

/// Looks at all links of a text; `resolve` gets the target of each, without part and shown words.
pub fn read(text: &str, hash: Hash, resolve: &dyn Fn(&str) -> Target) -> Prose {
    let mut out = Prose {
        text: String::with_capacity(text.len()),
        ..Prose::default()
    };
    let mut fence: Option<(char, usize)> = None;
    for line in text.split_inclusive('\n') {
        let opens = fence_of(line);
        match (fence, opens) {
            (None, Some((sign, count, _))) => fence = Some((sign, count)),
            (Some((sign, least)), Some((other, count, true)))
                if sign == other && count >= least =>
            {
                fence = None;
            }
            (None, None) => {
                one_line(line, hash, resolve, &mut out);
                continue;
            }
            _ => {}
        }
        out.text.push_str(line);
    }
    out
}

fn one_line(line: &str, hash: Hash, resolve: &dyn Fn(&str) -> Target, out: &mut Prose) {
    let mut code = spans(line).into_iter().peekable();
    let bytes = line.as_bytes();
    let (mut at, mut done) = (0, 0);
    while at < bytes.len() {
        if let Some(range) = code.next_if(|range| range.start <= at) {
            at = at.max(range.end);
            continue;
        }
        let before = line[..at].chars().next_back();
        let rest = &line[at..];
        let found = match bytes[at] {
            b'[' if rest.starts_with("[[") => wiki(rest, resolve, out),
            b'[' => inline(rest, before == Some('!'), resolve, out),
            b'#' if hash != Hash::Plain && before.is_none_or(char::is_whitespace) => {
                tag(rest, hash, out)
            }
            b'(' if rest.starts_with("((") => block(rest, out),
            _ => None,
        };
        match found {
            Some((length, new)) => {
                if let Some(new) = new {
                    out.text.push_str(&line[done..at]);
                    out.text.push_str(&new);
                    done = at + length;
                }
                at += length;
            }
            None => at += 1,
        }
        while at < bytes.len() && !line.is_char_boundary(at) {
            at += 1;
        }
    }
    out.text.push_str(&line[done..]);
}

/// How many bytes were read, and what is to stand there instead.
type Step = Option<(usize, Option<String>)>;

/// `[[target#part|shown]]`.
fn wiki(rest: &str, resolve: &dyn Fn(&str) -> Target, out: &mut Prose) -> Step {
    let inner = between_brackets(&rest[2..]).ok()?;
    let length = inner.len() + 4;
    let cut = inner.find(['|', '#']).unwrap_or(inner.len());
    let (target, tail) = inner.split_at(cut);
    // `\|` keeps a table's columns apart.
    let (target, tail) = match target.strip_suffix('\\') {
        Some(target) if tail.starts_with('|') => (target, &inner[cut - 1..]),
        _ => (target, tail),
    };
    if target.trim().is_empty() {
        return Some((length, None));
    }
    let new = match resolve(target) {
        Target::Called(name) => Some(format!("[[{name}{tail}]]")),
        other => {
            note(other, target, out);
            None
        }
    };
    Some((length, new))
}

/// `[shown](target#part "title")`.
fn inline(rest: &str, is_image: bool, resolve: &dyn Fn(&str) -> Target, out: &mut Prose) -> Step {
    let close = 1 + rest[1..].find(['[', ']', '\n'])?;
    let after = rest[close..].strip_prefix("](")?;
    let shown = &rest[1..close];
    let end = after.find(['[', '\n', ')'])?;
    let (inner, closing) = (&after[..end], &after[end..]);
    if !closing.starts_with(')') {
        return None;
    }
    let length = close + 2 + end + 1;
    let target = match inner.strip_prefix('<') {
        Some(inner) => inner.split_once('>')?.0,
        None => inner.split_whitespace().next().unwrap_or_default(),
    };
    let is_address = target.starts_with("//")
        || target
            .split_once(':')
            .is_some_and(|(scheme, _)| !scheme.contains(['/', '#', '.']));
    if is_address || target.is_empty() || target.starts_with('#') {
        return Some((length, None));
    }
    let (path, part) = match target.split_once('#') {
        Some((path, part)) => (path, Some(unescape(part))),
        None => (target, None),
    };
    let path = unescape(path);
    let name = match resolve(&path) {
        Target::Called(name) if !is_image => Some(name),
        Target::Stands if !is_image && is_linkable(&path) => Some(path.clone()),
        Target::File(path) => {
            note(Target::File(path), "", out);
            None
        }
        // An address without scheme, a folder, or a file that is not there.
        Target::Unknown => {
            note(Target::Unknown, &path, out);
            None
        }
        _ => None,
    };
    let part = part.filter(|part| !part.is_empty());
    let plain = |text: &str| !text.contains(['[', ']', '|', '\n']);
    let new = name
        .filter(|_| plain(shown) && part.as_deref().is_none_or(plain))
        .map(|name| {
            let part = part.map(|part| format!("#{part}")).unwrap_or_default();
            match shown == name && part.is_empty() || shown.is_empty() {
                true => format!("[[{name}{part}]]"),
                false => format!("[[{name}{part}|{shown}]]"),
            }
        });
    Some((length, new))
}

/// `((id of a block))`.
fn block(rest: &str, out: &mut Prose) -> Step {
    let inner = &rest[2..];
    let end = inner.bytes().take(37).position(|b| b == b')')?;
    let is_id = end == 36
        && inner[..end]
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b == b'-')
        && inner[end..].starts_with("))");
    is_id.then(|| {
        out.blocks += 1;
        (end + 4, None)
    })
}

/// `#tag`; one of figures alone is a number.
fn tag(rest: &str, hash: Hash, out: &mut Prose) -> Step {
    if hash == Hash::Phrase && rest.starts_with("#[[") {
        let inner = &rest[3..];
        let inner = &inner[..inner.find(['\n', '[']).unwrap_or(inner.len())];
        let end = inner.find("]]")?;
        out.tags.push(inner[..end].to_owned());
        return Some((3 + end + 2, None));
    }
    let inner = &rest[1..];
    let is_part = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '-' | '/') || !c.is_ascii() && !c.is_whitespace()
    };
    let end = inner.find(|c| !is_part(c)).unwrap_or(inner.len());
    let name = inner[..end].trim_end_matches('/');
    if name.is_empty() || name.chars().all(|c| c.is_ascii_digit() || c == '/') {
        return None;
    }
    out.tags.push(name.to_owned());
    Some((1 + end, None))
}

fn note(target: Target, written: &str, out: &mut Prose) {
    let (list, text) = match target {
        Target::File(path) => (&mut out.files, path),
        Target::Unknown => (&mut out.unresolved, written.trim().to_owned()),
        Target::Stands | Target::Called(_) => return,
    };
    if !list.contains(&text) && list.len() < MOST_MET {
        list.push(text);
    }
}

/// Links of one text that are told of: more are a list of links, as with those that are found.
const MOST_MET: usize = 256;

/// Undoes `%20` and the like; what is no UTF-8 then stays as it is.
pub fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(target: &str) -> Target {
        match target.trim() {
            "a/Rota" | "Rota.md" | "a/Rota.md" => Target::Called("Rota".to_owned()),
            "Rota" => Target::Stands,
            "x.png" | "my x.png" => Target::File("files/x.png".to_owned()),
            _ => Target::Unknown,
        }
    }

    fn text(text: &str) -> String {
        read(text, Hash::Word, &resolve).text
    }

    #[test]
    fn links_are_written_so_that_they_are_found() {
        for (from, to) in [
            (
                "[[a/Rota]] [[a/Rota#Part|the rota]]",
                "[[Rota]] [[Rota#Part|the rota]]",
            ),
            (
                "![[a/Rota#^b1]] [[Rota|x]] [[#here]]",
                "![[Rota#^b1]] [[Rota|x]] [[#here]]",
            ),
            ("| [[a/Rota\\|r]] |", "| [[Rota\\|r]] |"),
            ("see [the rota](a/Rota.md) now", "see [[Rota|the rota]] now"),
            (
                "[Rota](<a/Rota.md>) [x](Rota.md#Two%20words \"t\")",
                "[[Rota]] [[Rota#Two words|x]]",
            ),
            (
                "[a|b](Rota.md) [x](https://e.org/Rota.md)",
                "[a|b](Rota.md) [x](https://e.org/Rota.md)",
            ),
            (
                "`[[a/Rota]]` ``[[a/Rota]] ` `` [[a/Rota]]",
                "`[[a/Rota]]` ``[[a/Rota]] ` `` [[Rota]]",
            ),
            (
                "```\n[[a/Rota]]\n```\n[[a/Rota]]",
                "```\n[[a/Rota]]\n```\n[[Rota]]",
            ),
            (
                "- ```sh\n  [[a/Rota]]\n  ```\n- [[a/Rota]]",
                "- ```sh\n  [[a/Rota]]\n  ```\n- [[Rota]]",
            ),
            ("`` [[a/Rota]] é[[a/Rota]]é", "`` [[Rota]] é[[Rota]]é"),
        ] {
            assert_eq!(text(from), to);
            assert_eq!(text(to), to, "a second time");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_told() {
        let prose = read(
            "![[x.png]] ![p](my%20x.png) [[Nowhere#a]] [[Nowhere]] [q](gone.md) ((6509f1d2-0000-4000-8000-123456789abc)) ((no))",
            Hash::Word,
            &resolve,
        );
        assert_eq!(prose.files, ["files/x.png"]);
        assert_eq!(prose.unresolved, ["Nowhere", "gone.md"]);
        assert_eq!(prose.blocks, 1);
    }

    #[test]
    fn tags_stand_at_the_beginning_of_a_word() {
        let tags = |text, hash| read(text, hash, &resolve).tags;
        let found = tags(
            "#a/b #Äpfel, x#no `#no` #1984 #y1984 # no ## no\n```\n#no\n```\n#🌱 (#no) https://e.org/#no #c/",
            Hash::Word,
        );
        assert_eq!(found, ["a/b", "Äpfel", "y1984", "🌱", "c"]);
        assert_eq!(tags("#[[two words]] #b", Hash::Phrase), ["two words", "b"]);
        assert_eq!(tags("#a", Hash::Plain), [""; 0]);
    }

    #[test]
    fn escapes_are_undone_where_they_are_whole() {
        assert_eq!(unescape("a%20b%2Fc%C3%A4"), "a b/cä");
        assert_eq!(unescape("100% %zz %f"), "100% %zz %f");
        assert_eq!(unescape("%ff"), "%ff");
    }

    proptest! {
        /// Nothing panics; a text without links to be written anew stays as it is, byte by byte.
        #[test]
        fn any_text_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
            "[[", "]]", "[", "]", "(", ")", "](", "|", "#", "`", "``", "```", "~~~", "\n", "\r\n", " ", "a/Rota", "Rota", "x.png",
            "é", "🌱", "%20", "\\", "!", "<", ">", "((", "))", "\t- ",
        ]), 0..24)) {
            let text = pieces.concat();
            for hash in [Hash::Plain, Hash::Word, Hash::Phrase] {
                let unknown = read(&text, hash, &|_| Target::Unknown);
                prop_assert_eq!(&unknown.text, &text);
                let once = read(&text, hash, &resolve);
                let twice = read(&once.text, hash, &resolve);
                prop_assert_eq!(&twice.text, &once.text);
            }
        }
    }

    #[test]
    fn a_text_made_to_be_slow_is_read_in_one_pass() {
        let size = 100_000;
        for piece in ["[", "[[", "[a](", "`", "#[[", "((", "![", "[[x|", "#a/"] {
            let text = piece.repeat(size);
            assert_eq!(read(&text, Hash::Phrase, &|_| Target::Unknown).text, text);
        }
        let runs: String = (1..600).map(|n| "`".repeat(n) + " ").collect();
        assert_eq!(read(&runs, Hash::Word, &|_| Target::Unknown).text, runs);
    }
}
