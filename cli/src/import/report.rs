//! What an import tells at its end.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use folkmoot_client::api::{ImportSource, Imported, Refused};
use folkmoot_library::reading::Met;
use serde::Serialize;

use super::Stamp;
use crate::{
    commands::Context,
    error::CliError,
    ui::{clean, count, plural},
};

/// Things of one kind that are shown; the rest is counted. `--json` gives them all.
const MAX_SHOWN: usize = 20;
/// Things of one kind that are remembered for `--json`; of what is refused, the rest is counted.
const MAX_KEPT: usize = 10_000;

/// A word in a text, and where it stands.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    source: String,
    text: String,
}

/// What stays in the texts as it is, and what was passed over.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Notes {
    /// Links that lead to nothing in the folder.
    pub unresolved: Vec<Found>,
    /// What looks like a head and is none, kept as text: why.
    pub heads: Vec<Found>,
    /// Files that are no texts and are named in one: they stay where they are.
    pub attachments: BTreeSet<String>,
    /// Tags for which there was no room.
    pub tags_left: Vec<Found>,
    /// References to single blocks, kept as text.
    pub block_references: u64,
    /// Bookmarks of an address that stood there already.
    pub repeated: u64,
    /// Journals in which nothing stands.
    pub blank: u64,
    /// What the folder says of itself and could not be read, in sentences.
    pub warnings: Vec<String>,
}

/// What was told of files, each as it was then.
#[derive(Debug, Default)]
pub(crate) struct Told(BTreeSet<(String, Option<Stamp>, String)>);

impl Notes {
    pub(crate) fn take(&mut self, source: &str, met: &Met) {
        let keep = |list: &mut Vec<Found>, texts: &[String]| {
            for text in texts {
                if list.len() < MAX_KEPT {
                    list.push(Found {
                        source: source.to_owned(),
                        text: text.clone(),
                    });
                }
            }
        };
        keep(&mut self.unresolved, &met.unresolved);
        keep(&mut self.tags_left, &met.tags_left);
        let head: Vec<String> = met.head.iter().map(ToString::to_string).collect();
        keep(&mut self.heads, &head);
        for file in &met.files {
            if self.attachments.len() < MAX_KEPT {
                self.attachments.insert(file.clone());
            }
        }
        self.block_references += met.blocks;
    }
}

/// The report.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    pub done: Imported,
    pub dry_run: bool,
    /// Files that are no texts.
    pub other_files: u64,
    /// Those by the ending of their names.
    pub other_kinds: BTreeMap<String, u64>,
    /// What was imported from here before and is here no longer: its document stays.
    pub gone: Vec<ImportSource>,
    #[serde(flatten)]
    pub notes: Notes,
}

impl Report {
    /// Counts files that are no texts.
    pub(crate) fn pass_over(&mut self, others: &[String]) {
        self.other_files = others.len() as u64;
        for path in others {
            let name = path.rsplit('/').next().unwrap_or(path);
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            let ending = ending.to_lowercase();
            *self.other_kinds.entry(ending).or_default() += 1;
        }
    }

    /// Leaves out what was told before of files that are as they were then.
    pub(crate) fn only_news(&mut self, told: &mut Told, files: &BTreeMap<String, Stamp>) {
        told.0
            .retain(|(path, stamp, _)| files.get(path) == stamp.as_ref());
        let mut is_new = |path: &str, what: String| {
            let stamp = files.get(path).copied();
            told.0.insert((path.to_owned(), stamp, what))
        };
        let refused = &mut self.done.refused;
        refused.retain(|one| is_new(&one.source, format!("refused {}", one.why)));
        self.gone.retain(|one| is_new(&one.path, "gone".to_owned()));
        let notes = &mut self.notes;
        let link = |one: &Found| format!("link {}", one.text);
        let tag = |one: &Found| format!("tag {}", one.text);
        notes
            .unresolved
            .retain(|one| is_new(&one.source, link(one)));
        notes.tags_left.retain(|one| is_new(&one.source, tag(one)));
        let head = |one: &Found| format!("head {}", one.text);
        notes.heads.retain(|one| is_new(&one.source, head(one)));
        notes.warnings.retain(|one| is_new("", one.clone()));
    }

    /// Whether there is anything to tell of.
    pub(crate) fn is_quiet(&self) -> bool {
        self.done.added == 0
            && self.done.changed == 0
            && self.done.refused.is_empty()
            && self.gone.is_empty()
    }

    /// Prints it.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub(crate) fn print(&self, cx: &Context<'_>) -> Result<(), CliError> {
        if cx.ui.json {
            return cx.ui.object(self);
        }
        let mut out = cx.ui.out();
        writeln!(out, "{}", counts(&self.done, self.dry_run))?;
        out.flush()?;
        for (name, many) in &self.done.elsewhere {
            let many = count(*many);
            cx.ui.say(&clean(&format!(
                "{many} of them in {name}: its members see it"
            )));
        }
        self.list(cx, self.notes.warnings.iter().cloned());
        self.list(
            cx,
            self.done
                .refused
                .iter()
                .map(|Refused { source, why }| format!("{source}: {why}")),
        );
        if self.done.refused_more > 0 {
            let many = count(self.done.refused_more);
            cx.ui.warn(&format!(
                "{many} of what was refused are counted and not named, here and in --json"
            ));
        }
        self.list(
            cx,
            self.gone.iter().map(|gone| {
                let short = gone.document.get(..8).unwrap_or(&gone.document);
                format!(
                    "{} is gone; what was imported from it stays: moot show {short}",
                    gone.path
                )
            }),
        );
        self.list(
            cx,
            self.notes
                .unresolved
                .iter()
                .map(|link| format!("{}: [[{}]] leads to nothing here", link.source, link.text)),
        );
        self.list(
            cx,
            self.notes.tags_left.iter().map(|tag| {
                format!(
                    "{}: no room for the tag {}; it stays in its source",
                    tag.source, tag.text
                )
            }),
        );
        self.list(
            cx,
            self.notes
                .heads
                .iter()
                .map(|head| format!("{}: {}; it is kept as text", head.source, head.text)),
        );
        if self.done.beside > 0 {
            let both = plural(self.done.beside, "document was", "documents were");
            cx.ui.warn(&format!(
                "{both} also edited here; both versions stand side by side: moot find is:unmerged"
            ));
        }
        self.passed_over(cx);
        Ok(())
    }

    fn passed_over(&self, cx: &Context<'_>) {
        let say = |n: u64, one: &str, many: &str| {
            if n > 0 {
                cx.ui.say(&plural(n, one, many));
            }
        };
        say(
            self.other_files,
            "file is no text and was passed over",
            "files are no texts and were passed over",
        );
        say(
            self.notes.attachments.len() as u64,
            "of them is named in a text; it stays where it is, and so does its name in the text",
            "of them are named in texts; they stay where they are, and so do their names in the texts",
        );
        say(
            self.other_kinds.get("canvas").copied().unwrap_or(0),
            "of them is a canvas, which is not read",
            "of them are canvases, which are not read",
        );
        say(
            self.notes.block_references,
            "reference to a single block stays as text",
            "references to single blocks stay as text",
        );
        say(
            self.notes.blank,
            "journal in which nothing stands was passed over",
            "journals in which nothing stands were passed over",
        );
        say(
            self.notes.repeated,
            "bookmark stood twice and went to the first of its address",
            "bookmarks stood twice and went to the first of their address",
        );
    }

    fn list(&self, cx: &Context<'_>, lines: impl ExactSizeIterator<Item = String>) {
        let more = lines.len().saturating_sub(MAX_SHOWN);
        for line in lines.take(MAX_SHOWN) {
            cx.ui.warn(&clean(&line));
        }
        if more > 0 {
            cx.ui
                .warn(&format!("and {more} more; --json gives them all"));
        }
    }

    /// # Errors
    /// Where something was refused.
    pub(crate) fn verdict(&self) -> Result<(), CliError> {
        if self.done.refused.is_empty() {
            return Ok(());
        }
        let refused = plural(self.done.refused_count(), "item was", "items were");
        Err(CliError::failed(format!("{refused} refused"))
            .hint("correct them and import again: what is there already is passed over"))
    }
}

/// Adds what was refused, as far as it is remembered.
pub(crate) fn refuse(done: &mut Imported, refused: Vec<Refused>) {
    for one in refused {
        match done.refused.len() < MAX_KEPT {
            true => done.refused.push(one),
            false => done.refused_more += 1,
        }
    }
}

/// What was done, in one line.
pub(crate) fn counts(done: &Imported, dry_run: bool) -> String {
    let verb = if dry_run { "would be added" } else { "added" };
    let changed = match done.changed {
        0 => String::new(),
        n => format!("{} changed, ", count(n)),
    };
    format!(
        "{} {verb}, {changed}{} there already, {} refused",
        count(done.added),
        count(done.skipped),
        count(done.refused_count())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_of_a_file_that_stays_as_it_is() {
        let mut told = Told::default();
        let mut news = |files: &[(&str, u64)]| {
            let files = files.iter();
            let files = files.map(|(path, bytes)| ((*path).to_owned(), (None, *bytes)));
            let mut report = Report::default();
            let found = |source: &str| Found {
                source: source.to_owned(),
                text: "x".to_owned(),
            };
            report.notes.unresolved = vec![found("a.md"), found("b.md")];
            report.notes.warnings = vec!["settings".to_owned()];
            report.done.refused = vec![Refused {
                source: "c.md".to_owned(),
                why: "no".to_owned(),
            }];
            report.only_news(&mut told, &files.collect());
            let notes = &report.notes;
            let links = notes.unresolved.iter().map(|one| one.source.clone());
            let links: Vec<String> = links.collect();
            (links, notes.warnings.len(), report.done.refused.len())
        };
        let both = || vec!["a.md".to_owned(), "b.md".to_owned()];
        assert_eq!(
            news(&[("a.md", 1), ("b.md", 1), ("c.md", 1)]),
            (both(), 1, 1)
        );
        assert_eq!(
            news(&[("a.md", 1), ("b.md", 1), ("c.md", 1)]),
            (vec![], 0, 0)
        );
        let changed = vec!["b.md".to_owned()];
        assert_eq!(
            news(&[("a.md", 1), ("b.md", 2), ("c.md", 2)]),
            (changed, 0, 1)
        );
    }
}
