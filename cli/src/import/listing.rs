//! What a folder holds.

use std::{collections::BTreeMap, ffi::OsStr, fs, io, path::Path, time::SystemTime};

use folkmoot_library::reading::names::ENDINGS;

/// Deepest folder that is looked into.
const MAX_DEPTH: usize = 64;
/// Most files that are listed: a listing of so many takes some hundred megabytes.
const MAX_FILES: usize = 1_000_000;

/// By what a change of a file is seen: when it was written, and how long it is.
pub(crate) type Stamp = (Option<SystemTime>, u64);

/// Files by their paths from the folder, with `/`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Texts to import, in the order of their paths.
    pub texts: BTreeMap<String, Stamp>,
    /// Files of other kinds.
    pub others: Vec<String>,
    /// What cannot be looked at, and why.
    pub refused: Vec<(String, String)>,
}

impl Listing {
    /// Lists a folder and the folders in it. Names that begin with a dot are passed over: programs
    /// keep their own things there. A symbolic link could lead out of the folder, or round in a circle:
    /// it is not followed, and told.
    ///
    /// # Errors
    /// Where the folder itself cannot be read.
    pub(crate) fn of(root: &Path) -> io::Result<Self> {
        let mut listing = Self::default();
        let entries = fs::read_dir(root)?;
        listing.walk(entries, "", 0);
        Ok(listing)
    }

    fn walk(&mut self, entries: fs::ReadDir, folder: &str, depth: usize) {
        let mut refuse = |path: String, why: &str| self.refused.push((path, why.to_owned()));
        let mut found = Vec::new();
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    refuse(folder.to_owned(), &error.to_string());
                    continue;
                }
            };
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match name.to_str() {
                Some(name) => found.push((format!("{folder}{name}"), entry)),
                None => refuse(
                    format!("{folder}{}", name.display()),
                    "its name is no UTF-8 text",
                ),
            }
        }
        for (path, entry) in found {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if self.texts.len() + self.others.len() >= MAX_FILES {
                let why = format!("the folder holds more than {MAX_FILES} files");
                self.refused.push((path, why));
                return;
            }
            if kind.is_symlink() {
                self.refused.push((
                    path,
                    "it is a symbolic link, which is not followed".to_owned(),
                ));
            } else if kind.is_dir() {
                match fs::read_dir(entry.path()) {
                    Ok(entries) if depth < MAX_DEPTH => {
                        self.walk(entries, &format!("{path}/"), depth + 1);
                    }
                    Ok(_) => self
                        .refused
                        .push((path, format!("it lies more than {MAX_DEPTH} folders deep"))),
                    Err(error) => self.refused.push((path, error.to_string())),
                }
            } else if kind.is_file() {
                match entry.metadata() {
                    Ok(found) if is_text(&path) => {
                        let stamp = (found.modified().ok(), found.len());
                        self.texts.insert(path, stamp);
                    }
                    Ok(_) => self.others.push(path),
                    Err(error) => self.refused.push((path, error.to_string())),
                }
            }
        }
    }
}

fn is_text(path: &str) -> bool {
    let ending = Path::new(path).extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| ENDINGS.iter().any(|e| ending.eq_ignore_ascii_case(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_in_order_and_only_texts_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("b/.obsidian")).unwrap();
        for file in [
            "b/two.md",
            "a.TXT",
            "b/.obsidian/app.md",
            ".hidden.md",
            "photo.jpg",
        ] {
            fs::write(root.join(file), "text").unwrap();
        }
        std::os::unix::fs::symlink(root, root.join("b/circle")).unwrap();
        let listing = Listing::of(root).unwrap();
        assert_eq!(
            listing.texts.keys().collect::<Vec<_>>(),
            ["a.TXT", "b/two.md"]
        );
        assert_eq!(listing.others, ["photo.jpg"]);
        let [(path, why)] = listing.refused.as_slice() else {
            panic!("{listing:?}");
        };
        assert!(path == "b/circle" && why.contains("symbolic"), "{why}");
        assert_eq!(listing, Listing::of(root).unwrap());
        assert!(Listing::of(&root.join("missing")).is_err());
    }

    #[test]
    fn folders_without_end_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let mut path = dir.path().to_owned();
        for _ in 0..MAX_DEPTH + 2 {
            path.push("d");
        }
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("x.md"), "x").unwrap();
        let listing = Listing::of(dir.path()).unwrap();
        assert!(listing.texts.is_empty());
        assert!(listing.refused[0].1.contains("deep"));
    }
}
