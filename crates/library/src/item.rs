//! The view of one record that can be found.

use std::collections::BTreeSet;

use folkmoot_record::{
    CollectiveId, DeviceKey, Hlc, Kind, RecordId, Rel, SeatKey, Tag, Verified,
    content::{Content, Value},
};

use crate::{Due, Link, Part, fold, foreign, links, part, symbols};

/// Most characters of a first line that stands in for a title.
const TITLE_LINE: usize = 120;
/// The key of a task's state (section 3.4 of the protocol).
const TASK_STATE: u8 = 16;
/// The keys of when it is due, of who is to do it, and of when it comes again.
const TASK_DUE: u8 = 17;
const TASK_ASSIGNEES: u8 = 18;
const TASK_RULE: u8 = 20;
/// The key of a daily page's day.
const DAILY_DATE: u8 = 16;

/// A yes-or-no fact about an item, asked by `has:` and `is:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Flag {
    /// Has attachments.
    Attachment,
    /// Its text or URL points somewhere.
    Link,
    /// Has a URL of its own.
    Url,
    /// Has a title of its own, not just a first line.
    Title,
    /// Has a tag.
    Tag,
    /// Has a text.
    Text,
    /// Is an answer to another record.
    Reply,
    /// Replaces an earlier version.
    Edited,
    /// A task not begun.
    Todo,
    /// A task under way.
    Doing,
    /// A task done.
    Done,
    /// A task given up.
    Dropped,
    /// Has versions side by side that nobody has merged yet.
    Unmerged,
    /// A task not begun or under way.
    Open,
    /// A task with a day on which it is due.
    Due,
    /// A task that comes again.
    Recurring,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 16] = [
        Self::Attachment,
        Self::Link,
        Self::Url,
        Self::Title,
        Self::Tag,
        Self::Text,
        Self::Reply,
        Self::Edited,
        Self::Todo,
        Self::Doing,
        Self::Done,
        Self::Dropped,
        Self::Unmerged,
        Self::Open,
        Self::Due,
        Self::Recurring,
    ];
}

/// A set of [`Flag`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u32);

impl Flags {
    /// Adds one.
    #[must_use]
    pub const fn with(self, flag: Flag) -> Self {
        Self(self.0 | 1 << flag as u8)
    }

    /// Adds one if the condition holds.
    #[must_use]
    pub const fn with_if(self, flag: Flag, condition: bool) -> Self {
        if condition { self.with(flag) } else { self }
    }

    /// Whether it is in the set.
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    /// The flags of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |flag| self.has(*flag))
    }
}

/// One content record as search and lists see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The record.
    pub id: RecordId,
    /// The document of which it is a version: the id of the first one.
    pub document: RecordId,
    /// Where it was written.
    pub cid: CollectiveId,
    /// Who wrote it.
    pub seat: SeatKey,
    /// On which device.
    pub dev: DeviceKey,
    /// What it is.
    pub kind: Kind,
    /// When, by the author's claim.
    pub hlc: Hlc,
    /// Tags as written.
    pub tags: Vec<Tag>,
    /// The title, or the first line of the text ([`Flag::Title`] tells which); may be empty.
    pub title: String,
    /// The text.
    pub text: String,
    /// The URL.
    pub url: Option<String>,
    /// Other words to find it by: names of attachments, other names.
    pub also: Vec<String>,
    /// What it points at: ascending, unique, at most 256.
    pub links: Vec<Link>,
    /// The record that it answers.
    pub answers: Option<RecordId>,
    /// Of a task, when it is due.
    pub due: Option<Due>,
    /// Of a task, who is to do it.
    pub assignees: Vec<SeatKey>,
    /// Facts.
    pub flags: Flags,
}

impl Item {
    /// Adds the other current versions of the same document: it is found by their words and links
    /// too, until a version replaces them all.
    #[must_use]
    pub fn beside(mut self, others: &[Self]) -> Self {
        for other in others {
            self.also.extend(other.own_title().map(str::to_owned));
            self.also.push(other.text.clone());
            self.also.extend(other.also.iter().cloned());
            self.links.extend(other.links.iter().cloned());
        }
        self.links = links::bounded(self.links);
        self.flags = self.flags.with_if(Flag::Unmerged, !others.is_empty());
        self
    }

    /// Its title and other names, folded: by each it can be named.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let names = [&self.title].into_iter().chain(&self.also);
        names
            .map(|name| fold(name.trim()))
            .filter(|name| !name.is_empty())
    }

    /// When, in milliseconds since 1970.
    pub const fn ms(&self) -> u64 {
        self.hlc.ms()
    }

    /// The title, if it has one of its own.
    pub fn own_title(&self) -> Option<&str> {
        self.flags.has(Flag::Title).then_some(self.title.as_str())
    }
}

/// The kinds that are read as something of their own. Reactions, votes and the like only say
/// something about another record and are counted with it; unknown kinds of applications count.
pub const fn is_findable(kind: Kind) -> bool {
    kind.is_content()
        && !matches!(
            kind,
            Kind::REACTION
                | Kind::ATTENDANCE
                | Kind::REPORT
                | Kind::RETRACT
                | Kind::HIDE
                | Kind::UNHIDE
                | Kind::PURGE
                | Kind::SHARE_RULE
        )
}

/// The view of a record; `None` for control records, for kinds that are not found by
/// themselves, and where no body is held or the body does not fit its kind (it is stored and
/// passed on, but not shown: section 2.4 of the protocol).
pub fn item(record: &Verified) -> Option<Item> {
    let header = record.header();
    if !is_findable(header.kind) {
        return None;
    }
    let content = Content::decode(header.kind, record.body()?).ok()?;
    let of_rel = |rel| header.refs.iter().find(|r| r.rel == rel).map(|r| r.id);
    let text = content.text().unwrap_or_default().to_owned();
    let own_title = content.title().map(str::trim).filter(|t| !t.is_empty());
    let url = content.url().map(ToOwned::to_owned);
    let attachments = content.attachments();

    let mut found = links::in_text(&text);
    found.extend(url.as_deref().and_then(Link::url));
    // What stands between colons is only perhaps a shared word.
    let pointing = found.iter().any(|link| !matches!(link, Link::Symbol(_)));
    let pointers = header
        .refs
        .iter()
        .filter(|r| r.rel != Rel::SUPERSEDES && r.rel != Rel::DOCUMENT);
    found.extend(pointers.map(|r| Link::Record(r.id)));

    // A comment answers what it is about.
    let answers = of_rel(Rel::REPLY_TO).or_else(|| match header.kind {
        Kind::COMMENT => of_rel(Rel::ABOUT),
        _ => None,
    });
    let mut also: Vec<String> = attachments.iter().map(|a| a.name.clone()).collect();
    also.extend(other_names(header.kind, &content));

    let mut title = own_title.map_or_else(|| first_line(&text), ToOwned::to_owned);
    if header.kind == Kind::DAILY {
        // A page is found, and linked to, by its day.
        let day = text_at(&content, DAILY_DATE).unwrap_or_default();
        if own_title.is_none() {
            day.clone_into(&mut title);
        }
    }
    let (mut due, mut assignees) = (None, Vec::new());
    let mut flags = Flags::default()
        .with_if(Flag::Attachment, !attachments.is_empty())
        .with_if(Flag::Link, pointing)
        .with_if(Flag::Url, url.is_some())
        .with_if(Flag::Title, own_title.is_some())
        .with_if(Flag::Tag, !header.tags.is_empty())
        .with_if(Flag::Text, !text.trim().is_empty())
        .with_if(Flag::Reply, answers.is_some())
        .with_if(Flag::Edited, of_rel(Rel::SUPERSEDES).is_some());
    if header.kind == Kind::TASK {
        flags = match content.uint_at(TASK_STATE) {
            Some(0) => flags.with(Flag::Todo),
            Some(1) => flags.with(Flag::Doing),
            Some(2) => flags.with(Flag::Done),
            Some(3) => flags.with(Flag::Dropped),
            _ => flags,
        };
        let open = flags.has(Flag::Todo) || flags.has(Flag::Doing);
        flags = flags
            .with_if(Flag::Open, open)
            .with_if(Flag::Recurring, content.map.contains_key(&TASK_RULE));
        due = text_at(&content, TASK_DUE).and_then(Due::parse);
        flags = flags.with_if(Flag::Due, due.is_some());
        assignees = seats_at(&content, TASK_ASSIGNEES);
    }

    Some(Item {
        id: record.id(),
        document: match part(header) {
            Part::Version(document) => document,
            Part::Alone | Part::First | Part::Stray => record.id(),
        },
        cid: header.cid?,
        seat: header.seat,
        dev: header.dev,
        kind: header.kind,
        hlc: header.hlc,
        tags: header.tags.clone(),
        title,
        text,
        url,
        also,
        links: links::bounded(found),
        answers,
        due,
        assignees,
        flags,
    })
}

/// Names beside the title by which a link can mean it too.
fn other_names(kind: Kind, content: &Content) -> Vec<String> {
    let mut names = match kind {
        Kind::SYMBOL => symbols::aliases(content),
        _ => Vec::new(),
    };
    names.extend(foreign::aliases(content));
    if kind == Kind::DAILY {
        names.extend(text_at(content, DAILY_DATE).map(str::to_owned));
    }
    names
}

/// The names by which `[[…]]` can mean a record, folded: title or first line, other names, the day of
/// a page. A comment has none, for it only says something of another record; the names of attachments
/// are no names of what they are attached to.
pub fn link_names(record: &Verified) -> BTreeSet<String> {
    let kind = record.header().kind;
    let content = record
        .body()
        .and_then(|body| Content::decode(kind, body).ok());
    let (Some(item), Some(content)) = (item(record), content) else {
        return BTreeSet::new();
    };
    if !can_be_linked(kind) {
        return BTreeSet::new();
    }
    let names = other_names(kind, &content).into_iter().chain([item.title]);
    names
        .map(|name| fold(name.trim()))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether a record of this kind can be meant by `[[…]]`: comments are answers, not pages.
pub const fn can_be_linked(kind: Kind) -> bool {
    !matches!(kind, Kind::COMMENT)
}

fn text_at(content: &Content, key: u8) -> Option<&str> {
    match content.map.get(&key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn seats_at(content: &Content, key: u8) -> Vec<SeatKey> {
    let Some(Value::Array(values)) = content.map.get(&key) else {
        return Vec::new();
    };
    let seat = |value: &Value| match value {
        Value::Bytes(bytes) => bytes.as_slice().try_into().ok().map(SeatKey::from_bytes),
        _ => None,
    };
    values.iter().filter_map(seat).collect()
}

/// The first line with something in it, without Markdown's signs for headings, quotes and
/// lists, cut at [`TITLE_LINE`] characters, between words if it can be.
pub fn first_line(text: &str) -> String {
    let line = text
        .lines()
        .map(|line| {
            line.trim_start_matches(['#', '>', '-', '*', ' ', '\t'])
                .trim()
        })
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    match line.char_indices().nth(TITLE_LINE) {
        None => line.to_owned(),
        Some((end, _)) => {
            let cut = &line[..end];
            let cut = match cut.rfind(char::is_whitespace) {
                Some(space) if space * 2 > end => &cut[..space],
                _ => cut,
            };
            format!("{}…", cut.trim_end())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_stands_in_for_a_title() {
        assert_eq!(first_line("\n\n## Seeds  \nbasil"), "Seeds");
        assert_eq!(first_line(""), "");
        assert_eq!(first_line("- [ ] water"), "[ ] water");
        let long = "word ".repeat(60);
        let line = first_line(&long);
        assert!(line.ends_with("word…") && line.chars().count() <= TITLE_LINE + 1);
        assert_eq!(
            first_line(&"字".repeat(300)).chars().count(),
            TITLE_LINE + 1
        );
    }

    #[test]
    fn flags_are_a_set() {
        let flags = Flags::default()
            .with(Flag::Url)
            .with(Flag::Dropped)
            .with_if(Flag::Todo, false);
        assert!(flags.has(Flag::Url) && flags.has(Flag::Dropped) && !flags.has(Flag::Todo));
        assert_eq!(flags.iter().collect::<Vec<_>>(), [Flag::Url, Flag::Dropped]);
        assert!(
            Flag::ALL
                .iter()
                .enumerate()
                .all(|(n, flag)| n == *flag as usize)
        );
    }
}
