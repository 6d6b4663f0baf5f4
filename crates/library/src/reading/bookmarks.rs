//! Bookmarks as browsers write them: the HTML of Netscape's bookmark files.
//!
//! Browsers write it loosely and people mend it by hand: tags are read as they come, nothing has to
//! be closed. A folder becomes a nested tag. An address that stands twice is one bookmark with the
//! tags of both.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Draft, TAG_BYTES, add_aliases, add_tags, entities};

/// Deepest folder that is told apart; what lies deeper counts as lying there.
const MOST_DEPTH: usize = 64;
/// Bytes of a title (section 3.4 of the protocol); a longer one goes on in the text.
const TITLE_BYTES: usize = 256;

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bookmarks {
    /// One of each address, in order, with the line where it stands first.
    pub drafts: Vec<(u64, Draft)>,
    /// Those that are no address: the line and why.
    pub refused: Vec<(u64, String)>,
    /// How many stood twice.
    pub repeated: u64,
}

/// Whether a file begins like one of bookmarks.
pub fn is_one(text: &str) -> bool {
    let start: String = text.chars().take(512).collect();
    start
        .to_ascii_lowercase()
        .contains("netscape-bookmark-file")
}

/// Reads a file.
pub fn read(html: &str) -> Bookmarks {
    let mut reader = Reader::default();
    let mut line = 1;
    let mut rest = html;
    while !rest.is_empty() {
        let (text, tag, length) = next(rest);
        reader.text(text);
        if let Some(tag) = tag {
            let above = rest[..text.len()].matches('\n').count() as u64;
            reader.tag(&tag, line + above);
        }
        line += rest[..length].matches('\n').count() as u64;
        rest = &rest[length..];
    }
    reader.close();
    reader.out
}

/// A tag in pointed brackets: its name in small letters, `/` before it where it closes.
#[derive(Debug, Default)]
struct Tag<'h> {
    name: String,
    attributes: Vec<(String, &'h str)>,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| entities(value).trim().to_owned())
    }
}

/// The text up to the next tag, that tag, and how many bytes both take.
fn next(html: &str) -> (&str, Option<Tag<'_>>, usize) {
    let Some(open) = html.find('<') else {
        return (html, None, html.len());
    };
    let (text, rest) = html.split_at(open);
    if rest.starts_with("<!--") {
        let length = rest.find("-->").map_or(rest.len(), |end| end + 3);
        return (text, None, open + length);
    }
    let name: String = rest[1..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '!'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if name.is_empty() {
        // A bracket in a text.
        return (&html[..=open], None, open + 1);
    }
    let mut tag = Tag {
        name: name.clone(),
        attributes: Vec::new(),
    };
    let mut at = 1 + name.len();
    loop {
        let part = &rest[at..];
        let skipped = part.len()
            - part
                .trim_start_matches(|c: char| c.is_whitespace() || c == '/')
                .len();
        at += skipped;
        let part = &rest[at..];
        match part.chars().next() {
            None | Some('<') => break,
            Some('>') => {
                at += 1;
                break;
            }
            Some(_) => {}
        }
        let end = part
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '<' | '/'))
            .unwrap_or(part.len());
        let (key, after) = part.split_at(end);
        at += end;
        let Some(value) = after.trim_start().strip_prefix('=') else {
            // A sign that begins nothing must not hold up the rest.
            at += if end == 0 {
                part.chars().next().map_or(1, char::len_utf8)
            } else {
                0
            };
            continue;
        };
        let value = value.trim_start();
        at = rest.len() - value.len();
        let (value, length) = value_of(value);
        at += length;
        if tag.attributes.len() < MOST_ATTRIBUTES {
            tag.attributes.push((key.to_ascii_lowercase(), value));
        }
    }
    (text, Some(tag), open + at)
}

/// Attributes of one tag that are looked at.
const MOST_ATTRIBUTES: usize = 64;

/// A value with the bytes it takes. A quote that its line does not close ends before the line's `>`.
fn value_of(text: &str) -> (&str, usize) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            let line = &inner[..inner.find('\n').unwrap_or(inner.len())];
            let closed = line.find(quote);
            let end = closed.or_else(|| line.find('>')).unwrap_or(line.len());
            return (&inner[..end], 1 + end + usize::from(closed.is_some()));
        }
    }
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '>' | '<'))
        .unwrap_or(text.len());
    (&text[..end], end)
}

/// What the text between tags belongs to.
#[derive(Debug, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Nothing,
    /// The name of a folder.
    Folder,
    /// The title of a bookmark.
    Link,
    /// The description of what came last.
    About,
}

#[derive(Debug, Default)]
struct Reader {
    out: Bookmarks,
    by_url: BTreeMap<String, usize>,
    open: Open,
    text: String,
    /// The name of a folder whose list has not begun.
    folder: Option<String>,
    folders: Vec<String>,
    /// Lists that were opened below [`MOST_DEPTH`].
    deeper: usize,
    /// The bookmark that is being read: its line and attributes.
    link: Option<(u64, Draft)>,
    /// The bookmark to which a description belongs.
    last: Option<usize>,
}

impl Reader {
    fn text(&mut self, text: &str) {
        if self.open != Open::Nothing {
            self.text.push_str(text);
        }
    }

    fn tag(&mut self, tag: &Tag<'_>, line: u64) {
        match tag.name.as_str() {
            "h3" | "h1" => {
                self.close();
                if tag.name == "h3" {
                    self.open = Open::Folder;
                    self.last = None;
                }
            }
            "a" => {
                self.close();
                self.open = Open::Link;
                self.link = Some((line, draft(tag)));
            }
            "dd" => {
                self.close();
                self.open = Open::About;
            }
            "dl" => {
                self.close();
                let folder = self.folder.take().unwrap_or_default();
                match self.folders.len() < MOST_DEPTH {
                    true => self.folders.push(folder),
                    false => self.deeper += 1,
                }
            }
            "/dl" => {
                self.close();
                match self.deeper {
                    0 => drop(self.folders.pop()),
                    _ => self.deeper -= 1,
                }
            }
            "dt" | "hr" | "/a" | "/h3" | "/h1" | "/dd" => self.close(),
            "br" => self.text("\n"),
            _ => {}
        }
    }

    /// Ends what the text belongs to.
    fn close(&mut self) {
        let text = entities(std::mem::take(&mut self.text).trim());
        match std::mem::take(&mut self.open) {
            Open::Nothing => {}
            Open::Folder => self.folder = Some(one_line(&text)),
            Open::Link => self.keep(&one_line(&text)),
            Open::About => {
                if let Some((_, draft)) = self.last.and_then(|at| self.out.drafts.get_mut(at)) {
                    append(&mut draft.text, &text);
                }
            }
        }
    }

    fn keep(&mut self, title: &str) {
        self.last = None;
        let Some((line, mut draft)) = self.link.take() else {
            return;
        };
        let url = draft.url.clone().unwrap_or_default();
        if url.is_empty() {
            let why = format!("the bookmark {title:?} has no address");
            self.out.refused.push((line, why));
            return;
        }
        if url.starts_with("place:") {
            let why = format!("{title:?} is a search of the browser, no address");
            self.out.refused.push((line, why));
            return;
        }
        let (short, rest) = fitting(title);
        draft.title = (!short.is_empty()).then_some(short);
        append(&mut draft.text, rest);
        let folders: Vec<String> = self
            .folders
            .iter()
            .filter(|f| !f.is_empty())
            .cloned()
            .collect();
        let (tag, whole) = nested(&folders);
        let tags = std::mem::take(&mut draft.tags);
        add_tags(
            &mut draft.tags,
            tag.into_iter().chain(tags).collect(),
            &mut draft.met.tags_left,
        );
        if !whole {
            draft
                .properties
                .push_str(&format!("folder: {}\n", quoted(&folders.join("/"))));
        }
        match self.by_url.get(&url) {
            None => {
                self.last = Some(self.out.drafts.len());
                self.by_url.insert(url, self.out.drafts.len());
                self.out.drafts.push((line, draft));
            }
            Some(at) => {
                self.out.repeated += 1;
                self.last = Some(*at);
                if let Some((_, first)) = self.out.drafts.get_mut(*at) {
                    join(first, draft);
                }
            }
        }
    }
}

/// The second of two bookmarks of one address goes into the first.
fn join(first: &mut Draft, second: Draft) {
    add_tags(&mut first.tags, second.tags, &mut first.met.tags_left);
    match (&first.title, second.title) {
        (None, title) => first.title = title,
        (Some(known), Some(title)) => {
            add_aliases(&mut first.aliases, Some(&known.clone()), vec![title]);
        }
        (Some(_), None) => {}
    }
    append(&mut first.text, &second.text);
    first.written = match (first.written, second.written) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    if first.properties.is_empty() {
        first.properties = second.properties;
    }
}

fn draft(tag: &Tag<'_>) -> Draft {
    let tags = tag.get("tags").unwrap_or_default();
    let keyword = tag.get("shortcuturl").filter(|text| !text.is_empty());
    Draft {
        url: tag.get("href"),
        tags: tags.split(',').map(|t| t.trim().to_owned()).collect(),
        written: tag.get("add_date").and_then(|text| added(&text)),
        properties: keyword
            .map(|word| format!("keyword: {}\n", quoted(&word)))
            .unwrap_or_default(),
        ..Draft::default()
    }
}

/// Seconds since 1970; some programs write thousandths or millionths.
fn added(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match number {
        ..=0 => None,
        1..=99_999_999_999 => Timestamp::from_second(number).ok(),
        100_000_000_000..=99_999_999_999_999 => Timestamp::from_millisecond(number).ok(),
        _ => Timestamp::from_microsecond(number).ok(),
    }
}

/// The tag of a folder, and whether it holds the whole path.
fn nested(folders: &[String]) -> (Option<String>, bool) {
    let mut tag = String::new();
    for folder in folders {
        let name = folder.replace('/', "-");
        let name = name.trim().trim_start_matches('#');
        if name.is_empty() {
            continue;
        }
        let longer = tag.len() + usize::from(!tag.is_empty()) + name.len();
        if longer > TAG_BYTES {
            return ((!tag.is_empty()).then_some(tag), false);
        }
        if !tag.is_empty() {
            tag.push('/');
        }
        tag.push_str(name);
    }
    ((!tag.is_empty()).then_some(tag), true)
}

/// A title that fits, and the whole one for the text where it had to be cut.
fn fitting(title: &str) -> (String, &str) {
    if title.len() <= TITLE_BYTES {
        return (title.to_owned(), "");
    }
    let end = title.floor_char_boundary(TITLE_BYTES - '…'.len_utf8());
    (format!("{}…", title[..end].trim_end()), title)
}

fn append(text: &mut String, more: &str) {
    let more = more.trim();
    if more.is_empty() || text.contains(more) {
        return;
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of YAML in quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
