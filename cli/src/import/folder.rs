//! A folder of Markdown and text files.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use folkmoot_client::api::ImportItem;

use super::{Piece, front_matter};

/// Largest file that is read; a record's text is far smaller, and the report says so.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Deepest folder that is looked into.
const MAX_DEPTH: usize = 64;

/// Endings of files that are imported.
const ENDINGS: [&str; 4] = ["md", "markdown", "txt", "text"];

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Files to import, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// Files of other kinds.
    pub others: u64,
}

/// Lists a folder and the folders in it, or the one file. Names that begin with a dot and symbolic
/// links are passed over: a link could lead out of the folder, or round in a circle.
///
/// # Errors
/// Where a folder cannot be read.
pub(crate) fn list(path: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    if fs::metadata(path)?.is_file() {
        listing.files.push(path.to_owned());
    } else {
        walk(path, 0, &mut listing)?;
        listing.files.sort();
    }
    Ok(listing)
}

fn walk(folder: &Path, depth: usize, listing: &mut Listing) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && depth < MAX_DEPTH {
            walk(&path, depth + 1, listing)?;
        } else if kind.is_file() {
            let ending = path
                .extension()
                .and_then(OsStr::to_str)
                .map(str::to_ascii_lowercase);
            if ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) {
                listing.files.push(path);
            } else {
                listing.others += 1;
            }
        }
    }
    Ok(())
}

/// Reads one file; `root` is what its path is shown relative to.
pub(crate) fn read_text(path: &Path, root: &Path) -> Piece {
    let shown = path
        .strip_prefix(root)
        .ok()
        .filter(|p| !p.as_os_str().is_empty());
    let source = shown.unwrap_or(path).display().to_string();
    match read(path, &source) {
        Ok(item) => Piece::Item(item),
        Err(why) => Piece::Refused { source, why },
    }
}

fn read(path: &Path, source: &str) -> Result<ImportItem, String> {
    let size = fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("the file is larger than {MAX_FILE_BYTES} bytes"));
    }
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
    if text.trim().is_empty() {
        return Err("the file is empty".to_owned());
    }
    let name = path.file_stem().map(|n| n.to_string_lossy().into_owned());
    let (note, written) = front_matter::note(&text, name.as_deref().unwrap_or_default())?;
    Ok(ImportItem {
        source: source.to_owned(),
        note,
        written,
    })
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
        let listing = list(root).unwrap();
        let names: Vec<_> = listing
            .files
            .iter()
            .map(|f| f.strip_prefix(root).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.TXT", "b/two.md"]);
        assert_eq!(listing.others, 1);
        assert_eq!(list(&root.join("photo.jpg")).unwrap().files.len(), 1);
        assert!(list(&root.join("missing")).is_err());
    }

    #[test]
    fn a_file_that_cannot_be_taken_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let why = |name: &str, bytes: &[u8]| {
            let path = root.join(name);
            fs::write(&path, bytes).unwrap();
            match read_text(&path, root) {
                Piece::Refused { source, why } => {
                    assert_eq!(source, name);
                    why
                }
                Piece::Item(item) => panic!("{name} was taken: {item:?}"),
            }
        };
        assert!(why("latin.txt", b"gr\xf6sse").contains("UTF-8"));
        assert!(why("blank.md", b" \n").contains("empty"));
        assert!(why("big.md", &vec![b'x'; (1 << 20) + 1]).contains("larger"));
        assert!(why("head.md", b"---\na: [\n---\nx").contains("YAML"));
    }
}
