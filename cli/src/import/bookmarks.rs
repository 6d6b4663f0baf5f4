//! A file of bookmarks.

use std::{fs::File, io::Read, path::Path};

use folkmoot_library::reading::bookmarks;

use super::{Each, Notes, Piece, folder};
use crate::error::CliError;

/// Largest file: pictures of pages are kept in it, so a long life of bookmarks has some megabytes.
const MAX_BYTES: u64 = 64 << 20;

/// Reads all bookmarks of a file. The name of each is its address.
///
/// # Errors
/// Where the file cannot be read, or is none of bookmarks.
pub(crate) fn read(path: &Path, each: &mut Each<'_>) -> Result<Notes, CliError> {
    let failed = |error| CliError::file(path, &error);
    let shown = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    let size = bytes.len() as u64;
    if size > MAX_BYTES {
        return Err(CliError::failed(format!(
            "{shown} is larger than {MAX_BYTES} bytes"
        )));
    }
    let html = String::from_utf8(bytes)
        .map_err(|_| CliError::failed(format!("{shown} is no UTF-8 text")))?;
    if !bookmarks::is_one(&html) {
        return Err(CliError::failed(format!("{shown} is no file of bookmarks"))
            .hint("let the browser export its bookmarks as HTML, and import that file"));
    }
    let found = bookmarks::read(&html);
    let mut notes = Notes {
        repeated: found.repeated,
        ..Notes::default()
    };
    for (line, why) in found.refused {
        let source = format!("line {line}");
        if !each(Piece::Refused { source, why }, 0) {
            return Ok(notes);
        }
    }
    let most = found.drafts.len().max(1) as u64;
    for (line, draft) in found.drafts {
        let source = format!("line {line}");
        notes.take(&source, &draft.met);
        let url = draft.url.clone().unwrap_or_default();
        let mut item = folder::item(&url, draft);
        item.source = source;
        item.note.kind = "link".to_owned();
        if !each(Piece::Item(Box::new(item)), size / most) {
            break;
        }
    }
    Ok(notes)
}
