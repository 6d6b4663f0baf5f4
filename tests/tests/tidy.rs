//! The house stays readable: what no compiler checks.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use folkmoot_tests::place::{files, root};

/// Most lines of a Rust file: one idea fits.
const LINES: usize = 600;

/// Crates that are functions of their arguments.
const PURE: [&str; 5] = ["record", "accord", "seal", "sync", "library"];

fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

fn rust_files() -> Vec<(String, String)> {
    let found: Vec<_> = files(".rs")
        .iter()
        .map(|path| (relative(path), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(found.len() > 50, "only {} Rust files found", found.len());
    found
}

/// Folders of all packages, from the workspace's root.
fn packages() -> BTreeSet<String> {
    let packages: BTreeSet<_> = files("Cargo.toml")
        .iter()
        .map(|path| relative(path.parent().unwrap()))
        .filter(|folder| !folder.is_empty())
        .collect();
    assert!(packages.contains("crates/record"), "{packages:?}");
    packages
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<_> = rust_files()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .collect();
    assert!(long.is_empty(), "more than {LINES} lines: {long:?}");
}

#[test]
fn no_file_is_called_mod() {
    let found: Vec<_> = files("mod.rs")
        .iter()
        .filter(|path| path.ends_with("mod.rs"))
        .map(|path| relative(path))
        .collect();
    assert!(
        found.is_empty(),
        "name the file after its module: {found:?}"
    );
}

#[test]
fn no_unfinished_work_is_left_in_the_code() {
    // Put together here, so that this file does not find itself.
    let words = [
        ["todo", "!("].concat(),
        ["unimplemented", "!("].concat(),
        ["dbg", "!("].concat(),
        ["FIX", "ME"].concat(),
        ["TO", "DO:"].concat(),
    ];
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_store_swallows_no_error() {
    // Flattening an iterator of results drops the errors without a word.
    let swallows = [
        ".flatten()",
        ".filter_map(Result::ok)",
        ".flat_map(Result::ok)",
    ];
    let mut found = Vec::new();
    let mut seen = 0;
    for (path, text) in rust_files() {
        if !path.starts_with("crates/store/src/") {
            continue;
        }
        seen += 1;
        for (number, line) in text.lines().enumerate() {
            if swallows.iter().any(|word| line.contains(word)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(seen > 0, "the store's files have moved");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    for folder in packages() {
        if folder == "fuzz" {
            // A workspace of its own: fuzzing needs a nightly compiler.
            continue;
        }
        let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
        let squeezed: String = manifest.split_whitespace().collect();
        assert!(
            squeezed.contains("[lints]workspace=true"),
            "{folder}/Cargo.toml has no `[lints] workspace = true`"
        );
    }
}

#[test]
fn the_pure_core_bans_clocks_and_hash_order() {
    for name in PURE {
        let path = root().join("crates").join(name).join("clippy.toml");
        let text = fs::read_to_string(&path).unwrap_or_default();
        for banned in [
            "std::time::SystemTime::now",
            "std::time::Instant::now",
            "std::collections::HashMap",
            "std::collections::HashSet",
            "std::fs::File",
        ] {
            assert!(
                text.contains(&format!("\"{banned}\"")),
                "crates/{name}/clippy.toml does not ban {banned}"
            );
        }
    }
}

/// The words in backticks of a Markdown text, code blocks apart.
fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn the_architecture_names_what_exists_and_all_of_it() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let named = quoted(&text);
    for word in &named {
        let first = word.split('/').next().unwrap_or_default();
        let is_path = word.contains('/')
            && [
                "crates",
                "tests",
                "docs",
                "xtask",
                "node",
                "cli",
                "fuzz",
                "bootstrap",
            ]
            .contains(&first);
        if is_path {
            assert!(root().join(word).exists(), "`{word}` does not exist");
        }
    }
    for folder in packages() {
        assert!(
            named.contains(&folder),
            "`{folder}` is not in ARCHITECTURE.md"
        );
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    let mut checked = 0;
    for path in files(".md") {
        let text = fs::read_to_string(&path).unwrap();
        let folder = path.parent().unwrap();
        for target in prose(&text).split("](").skip(1) {
            let target = target.split(')').next().unwrap_or_default();
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.contains(char::is_whitespace) {
                continue;
            }
            checked += 1;
            if !folder.join(file).exists() {
                broken.push(format!("{}: {target}", relative(&path)));
            }
        }
    }
    assert!(checked > 10, "only {checked} links found");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A document without its blocks and words of code, where an example may link to what is none of ours.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in text.split("```").enumerate() {
        if n % 2 == 0 {
            let words = part.split('`').enumerate();
            out.extend(words.filter(|(n, _)| n % 2 == 0).map(|(_, word)| word));
        }
    }
    out
}

#[test]
fn the_licences_are_there() {
    for (file, word) in [
        ("LICENSE-MIT", "MIT License"),
        ("LICENSE-APACHE", "Apache License"),
    ] {
        let path: PathBuf = root().join(file);
        assert!(fs::read_to_string(&path).unwrap().contains(word), "{file}");
    }
}
