//! Real texts for tests: the sayings of Debian's package `fortunes`.

use std::{fs, path::Path};

use serde_json::json;

/// Where the package puts them.
const FOLDER: &str = "/usr/share/games/fortunes";

/// One saying: the name of its collection and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// File it stands in; used as tag.
    pub collection: String,
    /// The text.
    pub text: String,
}

/// Different sayings, at most `most` of them, always the same ones in the same order.
///
/// # Panics
/// If the package is not installed.
#[expect(clippy::panic, reason = "only tests call this, and they end so")]
pub fn sayings(most: usize) -> Vec<Saying> {
    let mut files: Vec<_> = fs::read_dir(FOLDER)
        .unwrap_or_else(|e| panic!("{FOLDER}: {e}: install Debian's package `fortunes`"))
        .map_while(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_none())
        .collect();
    files.sort();
    let mut found = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for file in files {
        for text in read(&file) {
            if found.len() < most && seen.insert(text.clone()) {
                let collection = file
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                found.push(Saying { collection, text });
            }
        }
    }
    found
}

fn read(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&bytes)
        .split("\n%\n")
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty() && text.len() < 8_000)
        .collect()
}

/// The sayings as NDJSON for `moot import`.
pub fn ndjson(sayings: &[Saying]) -> String {
    sayings
        .iter()
        .map(|saying| {
            let record = json!({"text": saying.text, "tags": ["saying", saying.collection]});
            format!("{record}\n")
        })
        .collect()
}
