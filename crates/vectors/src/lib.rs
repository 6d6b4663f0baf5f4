//! The runner of test vectors (section 10 of the protocol): `records.json` and `scenarios.json`,
//! ours or those of another implementation.
//!
//! A [`Replica`] is one node's copy of a collective; [`outcome`] says about it whatever a scenario
//! can expect; [`modes()`] runs a scenario in every mode.

mod modes;
mod outcome;
mod records;
mod replica;
mod scenario;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use modes::{differences, disagreement, modes, replica, within_heads};
pub use outcome::{outcome, state_hash};
pub use records::{Case, records};
pub use replica::{NO_CLOCK, Replica};
pub use scenario::{Scenario, scenarios};

/// The longest text of a vector file that is read, in bytes: many times ours.
const LONGEST: u64 = 256 << 20;

/// The vector files of a folder, in order: `records*.json` and `scenarios*.json`, plain or `.zst`.
///
/// # Errors
/// The folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("`{}` cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ours = name.starts_with("records") || name.starts_with("scenarios");
        if ours && (name.ends_with(".json") || name.ends_with(".json.zst")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a vector file, unpacked.
///
/// # Errors
/// It cannot be read or unpacked, or is longer than 256 MiB.
pub fn text(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let file = std::fs::File::open(path)
        .with_context(|| format!("`{}` cannot be opened", path.display()))?;
    let mut text = Vec::new();
    let read = if path.extension().is_some_and(|end| end == "zst") {
        let plain = zstd::Decoder::new(file).context("this is not zstd")?;
        plain.take(LONGEST + 1).read_to_end(&mut text)
    } else {
        file.take(LONGEST + 1).read_to_end(&mut text)
    };
    read.with_context(|| format!("`{}` cannot be read", path.display()))?;
    anyhow::ensure!(
        text.len() as u64 <= LONGEST,
        "`{}` is longer than 256 MiB",
        path.display()
    );
    Ok(text)
}
