//! The head of a Markdown file: YAML between two lines of three dashes.
//!
//! `title`, `tags`, `aliases` and `url` are everybody's. What only Folkmoot knows lies below one
//! key, `moot`, so that it collides with nothing. All other keys stay verbatim.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::moment;

/// Largest head that is read: 64 KiB. A record's body holds not much more.
pub const MOST_BYTES: usize = 64 << 10;

/// What a head says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// `title`.
    pub title: Option<String>,
    /// `tags`, `tag` or `keywords`.
    pub tags: Vec<String>,
    /// `aliases` or `alias`.
    pub aliases: Vec<String>,
    /// `url`, `source` or `link`.
    pub url: Option<String>,
    /// `created` or `date`, where it is a time or a day; the key itself stays in `properties`.
    pub written: Option<Timestamp>,
    /// The keys below `moot`; `None` where the file is not one that Folkmoot wrote.
    pub moot: Option<BTreeMap<String, String>>,
    /// The lines of all other keys, as they stand, each with its end of line.
    pub properties: String,
}

/// Why a head cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It is too long.
    #[error("its head is longer than {MOST_BYTES} bytes")]
    Long,
    /// It is no YAML, or no mapping.
    #[error("line {line}: its head is no valid YAML: {why}")]
    Yaml {
        /// The line of the file, from 1.
        line: u64,
        /// What the reader of YAML says.
        why: String,
    },
}

/// The head and the rest, where the text begins with a line `---` and a later line closes it.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("---")?;
    let rest = rest
        .strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix('\n'))?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((rest.get(..at)?, rest.get(at + line.len()..)?));
        }
        at += line.len();
    }
    None
}

/// Reads a head, without the lines of dashes.
///
/// # Errors
/// [`HeadError`].
pub fn read(head: &str) -> Result<Head, HeadError> {
    if head.len() > MOST_BYTES {
        return Err(HeadError::Long);
    }
    let mut out = Head::default();
    if head
        .lines()
        .all(|line| line.trim().is_empty() || line.starts_with('#'))
    {
        head.clone_into(&mut out.properties);
        return Ok(out);
    }
    let whole: BTreeMap<String, IgnoredAny> =
        serde_saphyr::from_str(head).map_err(|error| HeadError::Yaml {
            // The line of dashes stands before.
            line: error.location().map_or(1, |at| at.line() + 1),
            why: first_line(&error.without_snippet().to_string()),
        })?;
    let mut blocks = blocks(head);
    // Where lines do not tell the keys apart, all of it is kept and nothing is guessed.
    if !whole.keys().eq(blocks
        .iter()
        .map(|b| &b.key)
        .collect::<std::collections::BTreeSet<_>>())
    {
        head.clone_into(&mut out.properties);
        return Ok(out);
    }
    out.title = take(&mut blocks, &["title"], one).filter(|t| !t.trim().is_empty());
    out.tags = take(&mut blocks, &["tags", "tag", "keywords"], |b| {
        many(b, words)
    })
    .unwrap_or_default();
    out.aliases = take(&mut blocks, &["aliases", "alias"], |b| many(b, commas)).unwrap_or_default();
    out.url = take(&mut blocks, &["url", "source", "link"], one).filter(|u| !u.trim().is_empty());
    out.moot = take(&mut blocks, &["moot"], scalars);
    out.written = ["created", "date"]
        .iter()
        .filter_map(|key| one(blocks.iter().find(|b| b.key == **key)?))
        .find_map(|text| moment(&text));
    if let Some(text) = out.moot.as_ref().and_then(|moot| moot.get("written")) {
        out.written = moment(text);
    }
    out.properties = blocks.iter().map(|block| block.lines).collect();
    Ok(out)
}

/// A key of the outermost mapping with all its lines.
struct Block<'h> {
    key: String,
    lines: &'h str,
}

/// Cuts a head at the lines that begin a key. What stands before the first key, comments say,
/// belongs to it.
fn blocks(head: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let (mut at, mut begun) = (0, 0);
    for line in head.split_inclusive('\n') {
        if let Some(key) = key(line) {
            if let Some(last) = blocks.last_mut() {
                last.lines = &head[begun..at];
                begun = at;
            }
            blocks.push(Block { key, lines: "" });
        }
        at += line.len();
    }
    if let Some(last) = blocks.last_mut() {
        last.lines = &head[begun..];
    }
    blocks
}

/// The key that a line begins, where it begins one.
fn key(line: &str) -> Option<String> {
    let line = line.trim_end();
    if line.starts_with([
        ' ', '\t', '#', '-', '{', '[', '|', '>', '&', '*', '!', '?', '%', '@',
    ]) {
        return None;
    }
    for quote in ['"', '\''] {
        if let Some(rest) = line.strip_prefix(quote) {
            let (key, after) = rest.split_once(quote)?;
            let plain = !key.contains('\\') && after.trim_start().starts_with(':');
            return plain.then(|| key.to_owned());
        }
    }
    let at = line.find(": ").or_else(|| line.find(":\t"));
    let key = match at {
        Some(at) => &line[..at],
        None => line.strip_suffix(':')?,
    };
    Some(key.trim_end().to_owned())
}

/// Takes out the first of these keys whose value can be read as wanted.
fn take<T>(
    blocks: &mut Vec<Block<'_>>,
    keys: &[&str],
    read: impl Fn(&Block<'_>) -> Option<T>,
) -> Option<T> {
    for key in keys {
        let Some(at) = blocks.iter().position(|block| block.key == *key) else {
            continue;
        };
        if let Some(value) = read(&blocks[at]) {
            blocks.remove(at);
            return Some(value);
        }
    }
    None
}

/// A value of which only a text matters here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Text(String),
    Other(IgnoredAny),
}

/// The texts of a mapping; what else stands in it is for the program that wrote it.
fn scalars(block: &Block<'_>) -> Option<BTreeMap<String, String>> {
    let map: BTreeMap<String, Loose> = typed(block)?;
    let texts = map.into_iter().filter_map(|(key, value)| match value {
        Loose::Text(text) => Some((key, text)),
        Loose::Other(_) => None,
    });
    Some(texts.collect())
}

fn typed<T: DeserializeOwned>(block: &Block<'_>) -> Option<T> {
    let map: BTreeMap<String, T> = serde_saphyr::from_str(block.lines).ok()?;
    map.into_values().next()
}

/// A scalar; nothing at all counts as an empty text.
fn one(block: &Block<'_>) -> Option<String> {
    typed::<Option<String>>(block).map(Option::unwrap_or_default)
}

/// A list of scalars, or one text that is cut into several.
fn many(block: &Block<'_>, cut: fn(&str) -> Vec<String>) -> Option<Vec<String>> {
    typed::<Vec<Option<String>>>(block)
        .map(|list| list.into_iter().flatten().collect())
        .or_else(|| one(block).map(|text| cut(&text)))
}

/// `a, b` or `a b`; a comma allows spaces inside tags.
fn words(text: &str) -> Vec<String> {
    match text.contains(',') {
        true => commas(text),
        false => text.split_whitespace().map(str::to_owned).collect(),
    }
}

fn commas(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim);
    parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_keys_are_read_and_the_others_stay_as_they_stand() {
        let head = read(
            "title: \"Seed: bank\"\n# mine\nrating: 5   # of 5\ntags:\n- garden\n- soil/worms\n\
             alias: Bank, Seeds\nnested:\n  deep: [1, 2]\n  text: |\n    a\n\n    b\nurl: https://e.org\ncreated: 2024-05-01\n",
        )
        .unwrap();
        assert_eq!(head.title.as_deref(), Some("Seed: bank"));
        assert_eq!(head.tags, ["garden", "soil/worms"]);
        assert_eq!(head.aliases, ["Bank", "Seeds"]);
        assert_eq!(head.url.as_deref(), Some("https://e.org"));
        assert_eq!(head.written.unwrap().to_string(), "2024-05-01T00:00:00Z");
        assert_eq!(
            head.properties,
            "rating: 5   # of 5\nnested:\n  deep: [1, 2]\n  text: |\n    a\n\n    b\ncreated: 2024-05-01\n"
        );
        assert_eq!(head.moot, None);
    }

    #[test]
    fn numbers_are_texts_as_they_are_written() {
        let head = read("title: 1.10\ntags: [2024, yes]\n").unwrap();
        assert_eq!(head.title.as_deref(), Some("1.10"));
        assert_eq!(head.tags, ["2024", "yes"]);
    }

    #[test]
    fn tags_may_be_one_text_or_nothing() {
        let tags = |text: &str| read(text).unwrap().tags;
        assert_eq!(tags("tags: a, b c\n"), ["a", "b c"]);
        assert_eq!(tags("tags: a b\n"), ["a", "b"]);
        assert_eq!(tags("tags:\n"), [""; 0]);
        assert_eq!(tags("keywords: [x]\ntags: [y]\n"), ["y"]);
        assert_eq!(
            read("keywords: [x]\ntags: [y]\n").unwrap().properties,
            "keywords: [x]\n"
        );
    }

    #[test]
    fn what_has_another_shape_is_kept_not_refused() {
        let head = read("title: [a]\ntags: {a: b}\nmoot: yes please\n").unwrap();
        assert_eq!(head.title, None);
        assert_eq!(
            head.properties,
            "title: [a]\ntags: {a: b}\nmoot: yes please\n"
        );
        let head = read("{title: a, b: c}\n").unwrap();
        assert_eq!(head.properties, "{title: a, b: c}\n");
    }

    #[test]
    fn what_folkmoot_wrote_lies_below_one_key() {
        let flow = read("moot: {v: 1, id: \"0f\", fields: {a: [1]}, refs: []}\n").unwrap();
        let moot: Vec<_> = flow.moot.unwrap().into_iter().collect();
        assert_eq!(moot, [("id".to_owned(), "0f".to_owned())]);
        let head = read(
            "title: T\nmoot:\n  id: 0f\n  written: 2020-01-02T03:04:05Z\ncreated: 2024-05-01\n",
        )
        .unwrap();
        let moot = head.moot.unwrap();
        assert_eq!(moot["id"], "0f");
        assert_eq!(head.written.unwrap().to_string(), "2020-01-02T03:04:05Z");
        assert_eq!(head.properties, "created: 2024-05-01\n");
    }

    #[test]
    fn a_broken_head_is_said_with_its_line() {
        let Err(HeadError::Yaml { line, .. }) = read("a: 1\nb: [unclosed\n") else {
            panic!("was read");
        };
        assert!((2..=4).contains(&line), "{line}");
        assert!(read("- a\n- b\n").is_err());
        assert!(read("a: 1\na: 2\n").is_err());
        assert_eq!(read(&"a".repeat(MOST_BYTES + 1)), Err(HeadError::Long));
    }

    #[test]
    fn the_head_ends_at_its_line() {
        assert_eq!(split("---\na: b\n---\nx"), Some(("a: b\n", "x")));
        assert_eq!(split("---\r\na: b\r\n---\r\nx"), Some(("a: b\r\n", "x")));
        assert_eq!(split("---\nnever closed"), None);
        assert_eq!(split("--- no\n---\n"), None);
    }

    proptest! {
        /// Nothing panics, and no line is lost: each is read or kept.
        #[test]
        fn any_head_is_read_or_refused(lines in prop::collection::vec(prop::sample::select(vec![
            "title: a", "tags: [a, b]", "- x", "  y: z", "k: |", "  text", "# c", "", "\"q\": 1", "moot:", "  id: a",
            "a b: c", "x", "{a: b}", "url: http://x", "é: ü", "&a b: *a", "alias: q", "date: 2024-01-01",
        ]), 0..9)) {
            let head: String = lines.iter().map(|line| format!("{line}\n")).collect();
            if let Ok(read) = read(&head) {
                for line in read.properties.lines() {
                    prop_assert!(lines.contains(&line));
                }
                let gone = lines.len() - read.properties.lines().count();
                prop_assert!(gone == 0 || read.title.is_some() || !read.tags.is_empty()
                    || read.url.is_some() || !read.aliases.is_empty() || read.moot.is_some());
            }
        }

        #[test]
        fn any_text_is_split_without_loss(text in "[-a:\\n\\r ]{0,60}") {
            if let Some((head, rest)) = split(&text) {
                prop_assert!(text.ends_with(rest) && text.contains(head));
            }
        }
    }
}
