//! Damage done to a home's files, as bad disks and crashes do it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The newest segment of a home's record log, and where its last written byte ends: behind it
/// there may be zeros.
///
/// # Panics
/// If the home has none.
#[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
pub fn last_segment(home: &Path) -> (PathBuf, usize) {
    let mut segments: Vec<PathBuf> = fs::read_dir(home.join("store/log"))
        .expect("the log's folder")
        .map_while(Result::ok)
        .map(|entry| entry.path())
        .collect();
    segments.sort();
    let path = segments.pop().expect("a segment");
    let bytes = fs::read(&path).expect("the segment");
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    (path, end)
}

/// Cuts so many bytes off the end of what is written.
///
/// # Panics
/// If the file cannot be changed.
#[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
pub fn tear(home: &Path, bytes: usize) {
    let (path, end) = last_segment(home);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(path)
        .expect("the segment");
    let length = u64::try_from(end.saturating_sub(bytes)).unwrap_or(0);
    file.set_len(length).expect("it can be cut");
}

/// Flips one bit of the byte that lies so far into what is written: 0.0 to 1.0.
///
/// # Panics
/// If the file cannot be changed.
pub fn flip(home: &Path, part: f64) {
    let (path, end) = last_segment(home);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place somewhere in a small file"
    )]
    let at = (end as f64 * part) as usize;
    flip_byte(&path, at);
}

/// Flips one bit of a byte of a file.
///
/// # Panics
/// If the file cannot be changed.
#[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
pub fn flip_byte(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("the file");
    *bytes.get_mut(at).expect("a byte there") ^= 0x10;
    fs::write(path, bytes).expect("it can be written");
}

/// The folders of the store's projection.
///
/// # Panics
/// If there is no store.
#[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
pub fn projections(home: &Path) -> Vec<PathBuf> {
    fs::read_dir(home.join("store"))
        .expect("the store's folder")
        .map_while(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.is_dir() && name.starts_with("sled")
        })
        .collect()
}
