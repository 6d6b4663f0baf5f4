//! Where things lie in the workspace.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// The program `moot` of the same profile as the running test: it lies beside the test's own
/// folder. `MOOT_BIN` names another. `None` where it was not built; `cargo xtask test` builds it.
pub fn moot() -> Option<PathBuf> {
    let path = match env::var_os("MOOT_BIN") {
        Some(named) => PathBuf::from(named),
        None => {
            // target/debug/deps/test-123 or target/debug/bench-x
            let test = env::current_exe().ok()?;
            let folder = test.parent()?;
            let folder = if folder.ends_with("deps") {
                folder.parent()?
            } else {
                folder
            };
            folder.join("moot")
        }
    };
    path.is_file().then_some(path)
}

/// Every file of the workspace with this ending, build output apart, in order.
///
/// # Panics
/// If a folder cannot be read.
pub fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root(), ending, &mut found);
    found.sort();
    found
}

#[expect(clippy::panic, reason = "only tests call this, and they end so")]
fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries.map_while(Result::ok) {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Never through links, so never around in a circle.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            if !name.starts_with('.') && name != "target" {
                walk(&path, ending, found);
            }
        } else if kind.is_file() && name.ends_with(ending) {
            found.push(path);
        }
    }
}
