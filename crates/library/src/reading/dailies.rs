//! Daily notes of an Obsidian vault: which file is the page of which day.
//!
//! The vault says in which folder they lie and how their names are made of the day, in the letters of
//! Moment.js: `YYYY/MM/YYYY-MM-DD`.

use jiff::civil::Date;

use super::{
    Draft, add_aliases,
    days::{MONTHS, WEEKDAYS},
    names::{last, without_ending},
};

/// The letters of a format that are known, the longer ones first.
const LETTERS: [&str; 10] = [
    "YYYY", "MMMM", "dddd", "MMM", "ddd", "MM", "DD", "Do", "M", "D",
];

/// How a vault calls its daily notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dailies {
    /// Folder from the vault, without slashes at its ends; empty for the vault itself.
    folder: String,
    parts: Vec<Part>,
}

/// A part of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// These letters, by their number in [`LETTERS`].
    Letters(usize),
    /// This sign.
    Sign(char),
}

impl Default for Dailies {
    fn default() -> Self {
        Self::new("", "")
    }
}

impl Dailies {
    /// As the vault says; an empty format is the usual one, `YYYY-MM-DD`.
    pub fn new(folder: &str, format: &str) -> Self {
        let format = match format.trim() {
            "" => "YYYY-MM-DD",
            format => format,
        };
        let mut parts = Vec::new();
        let mut rest = format;
        while let Some(sign) = rest.chars().next() {
            // What stands in brackets is meant as it is.
            if let Some((literal, behind)) = rest
                .strip_prefix('[')
                .and_then(|inner| inner.split_once(']'))
            {
                parts.extend(literal.chars().map(Part::Sign));
                rest = behind;
                continue;
            }
            let known = LETTERS.iter().position(|one| rest.starts_with(one));
            match known {
                Some(at) => {
                    parts.push(Part::Letters(at));
                    rest = &rest[LETTERS[at].len()..];
                }
                None => {
                    parts.push(Part::Sign(sign));
                    rest = &rest[sign.len_utf8()..];
                }
            }
        }
        Self {
            folder: folder.trim().trim_matches('/').to_owned(),
            parts,
        }
    }

    /// The day whose page a file is, by its path from the vault.
    pub fn day(&self, path: &str) -> Option<Date> {
        let path = without_ending(path);
        let name = match self.folder.as_str() {
            "" => path,
            folder => path.strip_prefix(folder)?.strip_prefix('/')?,
        };
        let (mut year, mut month, mut day) = (None, None, None);
        let mut rest = name;
        for part in &self.parts {
            match part {
                Part::Sign(sign) => rest = rest.strip_prefix(*sign)?,
                Part::Letters(at) => match LETTERS[*at] {
                    "YYYY" => year = Some(number(&mut rest, 4, 4)?),
                    "MM" => month = Some(number(&mut rest, 2, 2)?),
                    "M" => month = Some(number(&mut rest, 1, 2)?),
                    "DD" => day = Some(number(&mut rest, 2, 2)?),
                    "D" => day = Some(number(&mut rest, 1, 2)?),
                    "Do" => {
                        day = Some(number(&mut rest, 1, 2)?);
                        rest = ["st", "nd", "rd", "th"]
                            .iter()
                            .find_map(|end| rest.strip_prefix(end))?;
                    }
                    "MMMM" => month = Some(name_of(&mut rest, &MONTHS, usize::MAX)?),
                    "MMM" => month = Some(name_of(&mut rest, &MONTHS, 3)?),
                    "dddd" => {
                        name_of(&mut rest, &WEEKDAYS, usize::MAX)?;
                    }
                    _ => {
                        name_of(&mut rest, &WEEKDAYS, 3)?;
                    }
                },
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let small = |number: i16| i8::try_from(number).ok();
        Date::new(year?, small(month?)?, small(day?)?).ok()
    }

    /// Makes the page of its day of a draft that is one; its file's name stays another name.
    #[must_use]
    pub fn page(&self, path: &str, mut draft: Draft) -> Draft {
        // What Folkmoot wrote says itself what it is.
        let day = self.day(path).filter(|_| draft.moot.is_empty());
        let Some(day) = day else {
            return draft;
        };
        let title = day.to_string();
        let called = draft.title.replace(title.clone());
        let more = called
            .into_iter()
            .chain([last(without_ending(path)).to_owned()]);
        add_aliases(&mut draft.aliases, Some(&title), more.collect());
        draft.day = Some(day);
        draft
    }
}

/// Takes a number of so many digits.
fn number(rest: &mut &str, least: usize, most: usize) -> Option<i16> {
    let digits = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    let (number, behind) = rest.split_at(digits);
    *rest = behind;
    (digits >= least).then(|| number.parse().ok()).flatten()
}

/// Takes one of these names, or the first letters of it; gives its number from 1.
fn name_of(rest: &mut &str, names: &[&str], letters: usize) -> Option<i16> {
    let at = names.iter().position(|name| {
        let name = &name[..name.len().min(letters)];
        rest.get(..name.len())
            .is_some_and(|begins| begins.eq_ignore_ascii_case(name))
    })?;
    *rest = &rest[names[at].len().min(letters)..];
    i16::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_pages_of_the_days_that_they_name() {
        let day = |folder: &str, format: &str, path: &str| {
            Dailies::new(folder, format)
                .day(path)
                .map(|day| day.to_string())
        };
        let found = Some("2026-05-01".to_owned());
        assert_eq!(day("", "", "2026-05-01.md"), found);
        assert_eq!(day("", "", "notes/2026-05-01.md"), None);
        assert_eq!(day("", "", "2026-05-01 x.md"), None);
        assert_eq!(day("", "", "2026-02-30.md"), None);
        assert_eq!(day("/Daily/", "", "Daily/2026-05-01.md"), found);
        assert_eq!(day("Daily", "", "2026-05-01.md"), None);
        assert_eq!(
            day("d", "YYYY/MM/DD.MM.YYYY", "d/2026/05/01.05.2026.md"),
            found
        );
        assert_eq!(
            day("", "dddd, MMMM Do YYYY", "Friday, May 1st 2026.md"),
            found
        );
        assert_eq!(day("", "[Day] D-M-YYYY", "Day 1-5-2026.md"), found);
        assert_eq!(day("", "DD MMM YYYY", "01 may 2026.md"), found);
        assert_eq!(day("", "[x", "[x.md"), None);
        assert_eq!(day("", "YYYY", "é.md"), None);
    }

    #[test]
    fn a_page_keeps_the_name_of_its_file() {
        let dailies = Dailies::new("", "DD.MM.YYYY");
        let draft = Draft {
            title: Some("01.05.2026".to_owned()),
            ..Draft::default()
        };
        let page = dailies.page("01.05.2026.md", draft.clone());
        assert_eq!(page.title.as_deref(), Some("2026-05-01"));
        assert_eq!(page.aliases, ["01.05.2026"]);
        assert_eq!(page.day, dailies.day("01.05.2026.md"));
        assert_eq!(dailies.page("Rota.md", draft.clone()), draft);
    }
}
