//! Reading the texts of a folder: a plain one, an Obsidian vault, a Logseq graph.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use folkmoot_client::api::{ImportItem, Note};
use folkmoot_library::{
    page,
    reading::{
        Draft,
        dailies::Dailies,
        head,
        logseq::{self, Journals},
        markdown,
        names::{Named, Names},
        prose::Hash,
    },
};

use super::{
    Each, Later, Notes, Piece,
    listing::{Listing, Stamp},
};

/// Largest file that is read; a record's text is far smaller, and the report says so.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Who wrote the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Obsidian,
    Logseq,
}

/// A text as it was read.
enum Read {
    /// As an export wrote it: all of the file.
    Page(String),
    Draft(Box<Draft>),
}

/// A folder with what is in it.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    style: Style,
    journals: Journals,
    /// Of an Obsidian vault.
    dailies: Dailies,
    /// What the folder says of itself and could not be read.
    warnings: Vec<String>,
    pub listing: Listing,
    /// What each file called itself when it was read last.
    named: BTreeMap<String, (Stamp, Named)>,
}

impl Folder {
    /// # Errors
    /// Where the folder cannot be read.
    pub(crate) fn open(root: &Path, style: Style) -> std::io::Result<Self> {
        let mut folder = Self {
            root: root.to_owned(),
            style,
            journals: Journals::default(),
            dailies: Dailies::default(),
            warnings: Vec::new(),
            listing: Listing::default(),
            named: BTreeMap::new(),
        };
        if style == Style::Logseq {
            let journals = folder.settings("logseq/config.edn", |config| {
                Ok(Journals::of_config(config))
            });
            folder.journals = journals.unwrap_or_default();
        }
        if style == Style::Obsidian {
            let said = folder.settings(".obsidian/daily-notes.json", dailies);
            folder.dailies = said.unwrap_or_default();
        }
        folder.listing = folder.list()?;
        Ok(folder)
    }

    /// Reads what the folder says of itself; where it says nothing the usual holds, and where that cannot
    /// be read too, which is told.
    fn settings<T>(
        &mut self,
        path: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.root.join(path).exists() {
            return None;
        }
        match self.text(path).and_then(|text| read(&text)) {
            Ok(said) => Some(said),
            Err(why) => {
                self.warnings.push(format!(
                    "{path} cannot be read, and the usual is taken for daily pages: {why}"
                ));
                None
            }
        }
    }

    /// One file alone.
    pub(crate) fn of_file(path: &Path, stamp: Stamp) -> Self {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        Self {
            root: path.parent().unwrap_or(path).to_owned(),
            style: Style::Plain,
            journals: Journals::default(),
            dailies: Dailies::default(),
            warnings: Vec::new(),
            listing: Listing {
                texts: name.map(|name| (name, stamp)).into_iter().collect(),
                ..Listing::default()
            },
            named: BTreeMap::new(),
        }
    }

    /// Looks again: what the folder holds now.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub(crate) fn list(&self) -> std::io::Result<Listing> {
        let mut listing = Listing::of(&self.root)?;
        if self.style == Style::Logseq {
            // What Logseq keeps for itself is no page.
            let is_page =
                |path: &String| path.starts_with("pages/") || path.starts_with("journals/");
            let (texts, others) = listing
                .texts
                .into_iter()
                .partition(|(path, _)| is_page(path));
            listing.texts = texts;
            listing.others.extend(BTreeMap::into_keys(others));
            listing.others.retain(|path| !path.starts_with("logseq/"));
        }
        Ok(listing)
    }

    /// Reads all texts, or those whose stamp is not as it was in `since`. Returns what is to be told.
    pub(crate) fn read(
        &mut self,
        since: Option<&BTreeMap<String, Stamp>>,
        each: &mut Each<'_>,
    ) -> Notes {
        let mut notes = Notes {
            warnings: self.warnings.clone(),
            ..Notes::default()
        };
        for (path, why) in &self.listing.refused {
            let refused = Piece::Refused {
                source: path.clone(),
                why: why.clone(),
            };
            if !each(refused, 0) {
                return notes;
            }
        }
        let is_same = self.survey();
        let all = self
            .named
            .values()
            .map(|(_, named)| named.clone())
            .collect();
        let names = Names::new(all, &self.listing.others);
        let mut later = Later::default();
        for (path, stamp) in &self.listing.texts {
            // Where a name changed, a link of any file may mean another one.
            let is_old = is_same && since.is_some_and(|since| since.get(path) == Some(stamp));
            if is_old {
                continue;
            }
            let piece = match self.one(path, &names) {
                Ok(Some(Read::Page(file))) => Piece::Item(Box::new(ImportItem {
                    source: path.clone(),
                    path: Some(path.clone()),
                    page: Some(file),
                    ..ImportItem::default()
                })),
                Ok(Some(Read::Draft(draft))) => {
                    notes.take(path, &draft.met);
                    Piece::Item(Box::new(item(path, *draft)))
                }
                Ok(None) => {
                    notes.blank += 1;
                    continue;
                }
                Err(why) => Piece::Refused {
                    source: path.clone(),
                    why,
                },
            };
            let Some(piece) = later.keep(piece) else {
                continue;
            };
            if !each(piece, 1) {
                return notes;
            }
        }
        for piece in later.take() {
            if !each(piece, 1) {
                break;
            }
        }
        notes
    }

    /// Learns what the files call themselves; true where nothing is called otherwise than before.
    fn survey(&mut self) -> bool {
        let before = std::mem::take(&mut self.named);
        let mut is_same = before.len() == self.listing.texts.len();
        for (path, stamp) in &self.listing.texts {
            let old = before.get(path);
            let named = match old.filter(|(then, _)| then == stamp) {
                Some((_, named)) => named.clone(),
                None => self.name(path),
            };
            is_same &= old.is_some_and(|(_, old)| *old == named);
            self.named.insert(path.clone(), (*stamp, named));
        }
        is_same
    }

    /// A file that cannot be read has the name of its path; reading it says what is wrong.
    fn name(&self, path: &str) -> Named {
        let mut start = Vec::new();
        if let Ok(file) = File::open(self.root.join(path)) {
            let most = head::MOST_BYTES as u64 + 16;
            drop(file.take(most).read_to_end(&mut start));
        }
        let start = String::from_utf8_lossy(&start);
        match self.style {
            Style::Logseq => logseq::survey(path, &start, &self.journals),
            Style::Plain | Style::Obsidian => markdown::survey(path, &start)
                .or_else(|_| markdown::survey(path, ""))
                .unwrap_or_default(),
        }
    }

    fn one(&self, path: &str, names: &Names) -> Result<Option<Read>, String> {
        let text = self.text(path)?;
        if page::is_ours(&text) {
            return Ok(Some(Read::Page(text)));
        }
        self.draft(path, &text, names)
            .map(|draft| draft.map(|draft| Read::Draft(Box::new(draft))))
    }

    fn draft(&self, path: &str, text: &str, names: &Names) -> Result<Option<Draft>, String> {
        let markdown = |hash| markdown::read(path, text, names, hash).map_err(|e| e.to_string());
        match self.style {
            Style::Plain => markdown(Hash::Plain).map(Some),
            Style::Obsidian => {
                markdown(Hash::Word).map(|draft| Some(self.dailies.page(path, draft)))
            }
            Style::Logseq if logseq::is_blank(text) => Ok(None),
            Style::Logseq => Ok(Some(logseq::read(path, text, names, &self.journals))),
        }
    }

    fn text(&self, path: &str) -> Result<String, String> {
        let path = self.root.join(path);
        let mut bytes = Vec::new();
        // Not by the size it tells: a device or a pipe tells none.
        File::open(&path)
            .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|e| e.to_string())?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(format!("the file is larger than {MAX_FILE_BYTES} bytes"));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..at).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            format!("line {line}: it is no UTF-8 text")
        })
    }
}

/// What a vault says of its daily notes.
fn dailies(config: &str) -> Result<Dailies, String> {
    let config: serde_json::Value =
        serde_json::from_str(config).map_err(|error| error.to_string())?;
    let said = |key: &str| match config.get(key) {
        None | Some(serde_json::Value::Null) => Ok(""),
        Some(value) => value.as_str().ok_or(format!("its {key} is no text")),
    };
    Ok(Dailies::new(said("folder")?, said("format")?))
}

/// The item of a draft whose source has this name.
pub(super) fn item(path: &str, draft: Draft) -> ImportItem {
    let of_moot = |key: &str| draft.moot.get(key).cloned();
    let of_task = |key: &str| of_moot(key).filter(|_| of_moot("kind").as_deref() == Some("task"));
    ImportItem {
        source: path.to_owned(),
        path: Some(path.to_owned()),
        written: draft.written,
        id: of_moot("id"),
        base: of_moot("version"),
        day: draft.day.map(|day| day.to_string()),
        note: Note {
            kind: of_moot("kind").unwrap_or_default(),
            title: draft.title,
            text: Some(draft.text),
            url: draft.url,
            media: of_moot("media"),
            due: of_task("due"),
            every: of_task("repeat"),
            tags: draft.tags,
            ..Note::default()
        },
        state: of_task("state"),
        language: of_moot("language"),
        aliases: draft.aliases,
        properties: Some(draft.properties).filter(|lines| !lines.is_empty()),
        page: None,
        again: false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_taken_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::write(root.join("latin.txt"), b"a\ngr\xf6sse").unwrap();
        fs::write(root.join("big.md"), vec![b'x'; (1 << 20) + 1]).unwrap();
        fs::write(root.join("head.md"), b"---\na: [\nmoot:\n---\nx").unwrap();
        fs::write(root.join("blank.md"), b" \n").unwrap();
        let mut refused = BTreeMap::new();
        let mut taken = Vec::new();
        let mut folder = Folder::open(root, Style::Plain).unwrap();
        folder.read(None, &mut |piece, _| {
            match piece {
                Piece::Refused { source, why } => drop(refused.insert(source, why)),
                Piece::Item(item) => taken.push(item),
            }
            true
        });
        assert!(refused["latin.txt"].contains("line 2") && refused["latin.txt"].contains("UTF-8"));
        assert!(refused["big.md"].contains("larger"));
        assert!(refused["head.md"].contains("YAML"));
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].note.title.as_deref(), Some("blank"));
    }

    #[test]
    fn daily_notes_of_a_vault_are_pages_of_their_days() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join(".obsidian")).unwrap();
        fs::create_dir_all(root.join("Days")).unwrap();
        fs::write(root.join("Days/01.05.2026.md"), "swifts").unwrap();
        fs::write(root.join("2026-05-02.md"), "no page").unwrap();
        let days = |root: &Path| {
            let mut days = Vec::new();
            let mut folder = Folder::open(root, Style::Obsidian).unwrap();
            folder.read(None, &mut |piece, _| {
                if let Piece::Item(item) = piece {
                    days.push(item.day);
                }
                true
            });
            days
        };
        let day = |text: &str| Some(text.to_owned());
        assert_eq!(days(root), [day("2026-05-02"), None]);
        let config = r#"{"folder": "Days", "format": "DD.MM.YYYY", "autorun": true}"#;
        fs::write(root.join(".obsidian/daily-notes.json"), config).unwrap();
        assert_eq!(days(root), [None, day("2026-05-01")]);
        for broken in ["{\"folder\": ", "{\"folder\": 5}"] {
            fs::write(root.join(".obsidian/daily-notes.json"), broken).unwrap();
            let mut folder = Folder::open(root, Style::Obsidian).unwrap();
            let notes = folder.read(None, &mut |_, _| true);
            assert!(notes.warnings[0].contains("daily-notes.json"), "{notes:?}");
        }
    }

    #[test]
    fn only_what_changed_is_read_again_unless_names_did() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::write(root.join("a.md"), "[[b]]").unwrap();
        fs::write(root.join("b.md"), "x").unwrap();
        let mut folder = Folder::open(root, Style::Obsidian).unwrap();
        let paths = |folder: &mut Folder, since: Option<&BTreeMap<String, Stamp>>| {
            let mut paths = Vec::new();
            folder.read(since, &mut |piece, _| {
                if let Piece::Item(item) = piece {
                    paths.push(item.source);
                }
                true
            });
            paths
        };
        assert_eq!(paths(&mut folder, None), ["a.md", "b.md"]);
        let since = folder.listing.texts.clone();
        assert_eq!(paths(&mut folder, Some(&since)), [""; 0]);
        fs::write(root.join("a.md"), "longer [[b]]").unwrap();
        folder.listing = folder.list().unwrap();
        assert_eq!(paths(&mut folder, Some(&since)), ["a.md"]);
        let since = folder.listing.texts.clone();
        fs::write(root.join("c.md"), "new").unwrap();
        folder.listing = folder.list().unwrap();
        assert_eq!(paths(&mut folder, Some(&since)), ["a.md", "b.md", "c.md"]);
    }
}
