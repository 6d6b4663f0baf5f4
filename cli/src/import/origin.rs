//! Where the pieces come from.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use super::{
    Each, Notes, bookmarks,
    folder::{Folder, Style},
    listing::Stamp,
    ndjson,
};
use crate::error::CliError;

/// The name under which all bookmarks are remembered: each export of a browser is a file of
/// another name.
const BOOKMARKS: &str = "bookmarks";

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A folder of Markdown or text files, or one such file
    Markdown,
    /// An Obsidian vault
    Obsidian,
    /// A Logseq graph of Markdown files
    Logseq,
    /// Bookmarks that a browser exported as HTML
    Bookmarks,
    /// One JSON object a line
    Ndjson,
}

/// An origin.
pub(crate) enum Origin {
    Lines(Box<dyn Read + Send>, Option<u64>),
    Bookmarks(PathBuf, u64),
    Folder(Folder),
    File(Folder),
}

impl Origin {
    /// Opens what is given; where the format is not said it is seen from what is there.
    ///
    /// # Errors
    /// Where it cannot be read, or is not of that format.
    pub(crate) fn open(path: &Path, format: Option<Format>) -> Result<Self, CliError> {
        if path.as_os_str() == "-" {
            return match format {
                None | Some(Format::Ndjson) => Ok(Self::Lines(Box::new(std::io::stdin()), None)),
                Some(_) => Err(CliError::usage("standard input is read as NDJSON only")),
            };
        }
        let failed = |error| CliError::file(path, &error);
        let found = std::fs::metadata(path).map_err(failed)?;
        let format = format.unwrap_or_else(|| seen(path, found.is_dir()));
        let style = match format {
            Format::Obsidian => Style::Obsidian,
            Format::Logseq => Style::Logseq,
            _ => Style::Plain,
        };
        match (format, found.is_dir()) {
            (Format::Markdown | Format::Obsidian | Format::Logseq, true) => {
                Ok(Self::Folder(Folder::open(path, style).map_err(failed)?))
            }
            (Format::Markdown, false) => {
                let stamp = (found.modified().ok(), found.len());
                Ok(Self::File(Folder::of_file(path, stamp)))
            }
            (Format::Bookmarks, false) => Ok(Self::Bookmarks(path.to_owned(), found.len())),
            (Format::Ndjson, false) => {
                let file = File::open(path).map_err(failed)?;
                Ok(Self::Lines(Box::new(file), Some(found.len())))
            }
            (Format::Obsidian | Format::Logseq, false) => Err(CliError::usage(format!(
                "{} is one file; give the folder of the whole vault",
                path.display()
            ))),
            (Format::Bookmarks | Format::Ndjson, true) => Err(CliError::usage(format!(
                "{} is a folder; give the file",
                path.display()
            ))),
        }
    }

    /// The name under which what comes from here is remembered; of a folder its whole path.
    pub(crate) fn vault(&self, path: &Path) -> Option<String> {
        let whole = |path: &Path| {
            let path = std::fs::canonicalize(path).ok()?;
            Some(path.to_string_lossy().into_owned())
        };
        match self {
            Self::Lines(_, None) => Some("-".to_owned()),
            Self::Lines(..) | Self::Folder(_) => whole(path),
            Self::Bookmarks(..) => Some(BOOKMARKS.to_owned()),
            Self::File(_) => {
                let path = std::fs::canonicalize(path).ok()?;
                whole(path.parent()?)
            }
        }
    }

    /// The names of all that is here, where an import takes all of it.
    pub(crate) fn names(&self) -> Option<&BTreeMap<String, Stamp>> {
        match self {
            Self::Folder(folder) => Some(&folder.listing.texts),
            Self::Lines(..) | Self::Bookmarks(..) | Self::File(_) => None,
        }
    }

    /// Looks at a folder again.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(crate) fn look_again(&mut self, path: &Path) -> Result<(), CliError> {
        if let Self::Folder(folder) = self {
            folder.listing = folder
                .list()
                .map_err(|error| CliError::file(path, &error))?;
        }
        Ok(())
    }

    /// Files that are no texts.
    pub(crate) fn others(&self) -> &[String] {
        match self {
            Self::Folder(folder) => &folder.listing.others,
            Self::Lines(..) | Self::Bookmarks(..) | Self::File(_) => &[],
        }
    }

    /// How much there is to read, and the line that shows how far it is.
    pub(crate) fn extent(&self) -> Option<(u64, &'static str)> {
        const FILES: &str = "{bar:30} {pos} of {len} files, {eta} left";
        const BYTES: &str = "{bar:30} {bytes} of {total_bytes}, {eta} left";
        match self {
            Self::Lines(_, bytes) => bytes.map(|bytes| (bytes, BYTES)),
            Self::Bookmarks(_, bytes) => Some((*bytes, BYTES)),
            Self::Folder(folder) | Self::File(folder) => {
                Some((folder.listing.texts.len() as u64, FILES))
            }
        }
    }

    /// Reads it all; of a folder, where `since` is given, what changed since then.
    ///
    /// # Errors
    /// Where reading fails.
    pub(crate) fn read(
        &mut self,
        since: Option<&BTreeMap<String, Stamp>>,
        each: &mut Each<'_>,
    ) -> Result<Notes, CliError> {
        match self {
            Self::Lines(input, _) => ndjson::read(BufReader::with_capacity(1 << 16, input), each)
                .map(|()| Notes::default())
                .map_err(|error| CliError::failed(format!("reading failed: {error}"))),
            Self::Bookmarks(path, _) => bookmarks::read(path, each),
            Self::Folder(folder) | Self::File(folder) => Ok(folder.read(since, each)),
        }
    }
}

/// The format that is to be seen from names.
fn seen(path: &Path, is_folder: bool) -> Format {
    if is_folder {
        return match () {
            () if path.join(".obsidian").is_dir() => Format::Obsidian,
            () if path.join("logseq").is_dir() && path.join("pages").is_dir() => Format::Logseq,
            () => Format::Markdown,
        };
    }
    let ending = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "ndjson" | "jsonl" | "json" => Format::Ndjson,
        "html" | "htm" => Format::Bookmarks,
        _ => Format::Markdown,
    }
}
