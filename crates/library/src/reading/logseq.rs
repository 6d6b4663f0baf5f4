//! Pages and journals of a Logseq graph.
//!
//! An outline is a Markdown list and stays one: markers such as `TODO`, properties `key:: value` and
//! references `((…))` stay in the text. What Folkmoot has a field for is read as well.

use jiff::civil::Date;

use super::{
    Draft, Met, add_aliases, add_tags,
    days::{MONTHS, WEEKDAYS},
    names::{Named, Names, last, without_ending},
    prose::{self, Hash, Target},
};

/// How the graph calls its journals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journals {
    /// As `:journal/page-title-format` says: `MMM do, yyyy`.
    format: String,
}

impl Default for Journals {
    fn default() -> Self {
        Self {
            format: "MMM do, yyyy".to_owned(),
        }
    }
}

impl Journals {
    /// What `logseq/config.edn` says.
    pub fn of_config(config: &str) -> Self {
        let key = ":journal/page-title-format";
        let said = config
            .lines()
            .map(|line| line.split(';').next().unwrap_or_default())
            .find_map(|line| {
                let rest = line.split_once(key)?.1.trim_start().strip_prefix('"')?;
                Some(rest.split_once('"')?.0.to_owned())
            });
        said.filter(|format| !format.is_empty())
            .map_or_else(Self::default, |format| Self { format })
    }

    /// The title of a day's page, by which links call it.
    pub fn title(&self, day: Date) -> String {
        let mut out = String::new();
        let mut rest = self.format.as_str();
        while let Some(first) = rest.chars().next() {
            if first == '\'' {
                let (quoted, after) = rest[1..].split_once('\'').unwrap_or((&rest[1..], ""));
                out.push_str(quoted);
                rest = after;
                continue;
            }
            let run = rest.chars().take_while(|c| *c == first).count() * first.len_utf8();
            let ordinal = first == 'd' && run == 1 && rest[1..].starts_with('o');
            match (first, run) {
                ('y', 2) => out.push_str(&format!("{:02}", day.year().rem_euclid(100))),
                ('y', _) => out.push_str(&format!("{:04}", day.year())),
                ('M', 1) => out.push_str(&day.month().to_string()),
                ('M', 2) => out.push_str(&format!("{:02}", day.month())),
                ('M', 3) => out.extend(month(day).chars().take(3)),
                ('M', _) => out.push_str(month(day)),
                ('d', _) if ordinal => out.push_str(&with_ending(day.day())),
                ('d', 1) => out.push_str(&day.day().to_string()),
                ('d', _) => out.push_str(&format!("{:02}", day.day())),
                ('E', 1..=3) => out.extend(weekday(day).chars().take(3)),
                ('E', _) => out.push_str(weekday(day)),
                _ => out.push_str(&rest[..run]),
            }
            rest = &rest[run + usize::from(ordinal)..];
        }
        out
    }
}

fn month(day: Date) -> &'static str {
    let at = usize::from(day.month().unsigned_abs()).wrapping_sub(1);
    MONTHS.get(at).copied().unwrap_or_default()
}

fn weekday(day: Date) -> &'static str {
    let at = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
    WEEKDAYS.get(at).copied().unwrap_or_default()
}

fn with_ending(day: i8) -> String {
    let ending = match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

/// The day of a journal's file: `journals/2024_05_01.md`, also with `-` or nothing between.
pub fn day(path: &str) -> Option<Date> {
    let name = without_ending(path.strip_prefix("journals/")?);
    let digits: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    let is_day = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let small = |range| i8::try_from(part(range)?).ok();
    is_day
        .then(|| Date::new(part(0..4)?, small(4..6)?, small(6..8)?).ok())
        .flatten()
}

/// What a page calls itself.
pub fn survey(path: &str, text: &str, journals: &Journals) -> Named {
    let page = page(text);
    let (title, more) = titles(path, &page, journals);
    Named {
        path: without_ending(path).to_owned(),
        title,
        aliases: page.aliases.into_iter().chain(more).collect(),
    }
}

/// Reads a page or a journal.
pub fn read(path: &str, text: &str, names: &Names, journals: &Journals) -> Draft {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let page = page(text);
    let (title, more) = titles(path, &page, journals);
    let from = without_ending(path);
    let body = text.trim_matches(['\n', '\r']).trim_end();
    let prose = prose::read(body, Hash::Phrase, &|target| {
        // Pages are called by their titles, files by their paths from the page's.
        match target.starts_with("../") || target.starts_with("./") {
            true => names.titled(from, target),
            false => names.by_title(target),
        }
    });
    let mut draft = Draft {
        day: day(path),
        text: prose.text,
        met: Met {
            unresolved: prose.unresolved,
            files: prose.files,
            blocks: prose.blocks,
            tags_left: Vec::new(),
            head: None,
        },
        ..Draft::default()
    };
    add_tags(&mut draft.tags, page.tags, &mut draft.met.tags_left);
    add_tags(&mut draft.tags, prose.tags, &mut draft.met.tags_left);
    add_aliases(&mut draft.aliases, Some(&title), page.aliases);
    add_aliases(&mut draft.aliases, Some(&title), more);
    draft.title = Some(title);
    draft
}

/// Whether a journal says nothing: Logseq makes one with a bare bullet each day.
pub fn is_blank(text: &str) -> bool {
    text.lines()
        .all(|line| matches!(line.trim(), "" | "-" | "*" | "\u{feff}"))
}

/// The title of a page, and other names that are not in its text.
fn titles(path: &str, page: &Page, journals: &Journals) -> (String, Vec<String>) {
    if let Some(day) = day(path) {
        let called = journals.title(day);
        return (
            day.to_string(),
            vec![called, page.title.clone().unwrap_or_default()],
        );
    }
    let name = last(without_ending(path)).replace("___", "/");
    let name = prose::unescape(&name);
    (page.title.clone().unwrap_or(name), Vec::new())
}

/// What the properties of a page say.
#[derive(Debug, Default)]
struct Page {
    title: Option<String>,
    tags: Vec<String>,
    aliases: Vec<String>,
}

/// The properties stand before everything else, as lines or in the first bullet.
fn page(text: &str) -> Page {
    let mut page = Page::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for line in text.lines().skip_while(|line| line.trim().is_empty()) {
        let line = line.trim_start_matches(['-', ' ', '\t']);
        let Some((key, value)) = line.split_once("::") else {
            break;
        };
        if key.is_empty() || key.contains(char::is_whitespace) {
            break;
        }
        let value = value.trim();
        match key.to_ascii_lowercase().as_str() {
            "title" if !value.is_empty() => page.title = Some(value.to_owned()),
            "tags" => page.tags.extend(list(value)),
            "alias" | "aliases" => page.aliases.extend(list(value)),
            _ => {}
        }
    }
    page
}

/// `a, [[b, c]], #d`.
fn list(value: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return out;
        }
        let bare = rest.strip_prefix('#').unwrap_or(rest);
        let part = match bare
            .strip_prefix("[[")
            .and_then(|inner| inner.split_once("]]"))
        {
            Some((part, after)) => {
                rest = after;
                part
            }
            None => {
                let (part, after) = rest.split_once(',').unwrap_or((rest, ""));
                rest = after;
                part.trim().trim_start_matches('#')
            }
        };
        if !part.trim().is_empty() {
            out.push(part.trim().to_owned());
        }
    }
}

impl Names {
    /// The same for a path that is to be called by its title.
    fn titled(&self, from: &str, target: &str) -> Target {
        match self.resolve(from, target) {
            Target::File(path) => Target::File(path),
            Target::Unknown => Target::Unknown,
            Target::Stands | Target::Called(_) => self
                .title_of(from, target)
                .map_or(Target::Stands, Target::Called),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn journals_are_called_as_the_graph_says() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        let default = Journals::default();
        assert_eq!(default.title(date("2024-05-01")), "May 1st, 2024");
        assert_eq!(default.title(date("2024-11-12")), "Nov 12th, 2024");
        assert_eq!(default.title(date("2024-11-22")), "Nov 22nd, 2024");
        let config = "{;; :journal/page-title-format \"no\"\n :journal/page-title-format \"EEEE, dd.MM.yyyy 'at' E\" ; x\n}";
        let said = Journals::of_config(config);
        assert_eq!(
            said.title(date("2024-05-01")),
            "Wednesday, 01.05.2024 at Wed"
        );
        assert_eq!(Journals::of_config("{}"), default);
        for (path, wanted) in [
            ("journals/2024_05_01.md", Some("2024-05-01")),
            ("journals/2024-05-01.md", Some("2024-05-01")),
            ("journals/2024_13_01.md", None),
            ("pages/2024_05_01.md", None),
            ("journals/notes.md", None),
        ] {
            assert_eq!(day(path), wanted.map(date), "{path}");
        }
    }

    #[test]
    fn a_graph_is_read_with_pages_journals_and_names() {
        let journals = Journals::default();
        let files = [
            (
                "pages/Garden___Compost.md",
                "title:: Hot compost\nalias:: Muck, [[The heap, hot]]\ntags:: garden, #[[soil life]]\n\n- TODO turn it [[May 1st, 2024]] #worms ![p](../assets/p.png)\n  id:: 6509f1d2-0000-4000-8000-123456789abc\n\t- see ((6509f1d2-0000-4000-8000-123456789abc)) and [rota](../pages/Rota.md)\n",
            ),
            ("pages/Rota.md", "- Ana [[muck]] [[Gone]]"),
            ("journals/2024_05_01.md", "- frost"),
            ("pages/What%3F.md", "- x"),
        ];
        let named = files
            .iter()
            .map(|(path, text)| survey(path, text, &journals))
            .collect();
        let names = Names::new(named, &["assets/p.png".to_owned()]);
        let drafts: Vec<Draft> = files
            .iter()
            .map(|(path, text)| read(path, text, &names, &journals))
            .collect();
        let compost = &drafts[0];
        assert_eq!(compost.title.as_deref(), Some("Hot compost"));
        assert_eq!(compost.tags, ["garden", "soil life", "worms"]);
        assert_eq!(compost.aliases, ["Muck", "The heap, hot"]);
        assert!(
            compost.text.starts_with("title:: Hot compost\n")
                && compost.text.ends_with("[[Rota|rota]]")
        );
        assert_eq!(
            (compost.met.blocks, compost.met.files.as_slice()),
            (1, &["assets/p.png".to_owned()][..])
        );
        assert!(compost.met.unresolved.is_empty(), "{:?}", compost.met);
        assert_eq!(drafts[1].met.unresolved, ["Gone"]);
        assert_eq!(drafts[2].title.as_deref(), Some("2024-05-01"));
        assert_eq!(drafts[2].aliases, ["May 1st, 2024"]);
        assert_eq!(drafts[2].day.unwrap().to_string(), "2024-05-01");
        assert_eq!(drafts[3].title.as_deref(), Some("What?"));
        assert!(is_blank("-\n\n") && is_blank("") && !is_blank("- a"));
    }

    proptest! {
        /// Nothing panics, and nothing is lost but space around the text.
        #[test]
        fn any_page_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
            "title:: ", "alias:: ", "tags::", "[[", "]]", "#", ",", "::", "- ", "\n", "a", "é", "((", "))", " ", "'", "do",
        ]), 0..20), format in "[yMdEo' .,é]{0,12}") {
            let text = pieces.concat();
            let journals = Journals { format };
            let named = survey("pages/x.md", &text, &journals);
            let names = Names::new(vec![named], &[]);
            let draft = read("pages/x.md", &text, &names, &journals);
            prop_assert_eq!(draft.text.trim(), text.trim());
            prop_assert!(!journals.title(Date::constant(2024, 5, 1)).contains('\0'));
        }
    }
}
