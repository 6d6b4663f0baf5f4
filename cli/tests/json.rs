//! The shapes of `--json`: keys and types of real answers, held against a file.
//!
//! `UPDATE_GOLDEN=1 cargo test --workspace --test json` writes the file anew. A key that goes, or that
//! changes its type, is a new version (`v`); one that comes is not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn moot(home: &Path, line: &str) -> Output {
    // The lines are ours: blanks stand between words, an underscore for a blank inside one.
    let words = line.split(' ').map(|word| word.replace('_', " "));
    Command::new(env!("CARGO_BIN_EXE_moot"))
        .args(words)
        .arg("--json")
        .env("MOOT_HOME", home)
        .env_remove("MOOT_PASSPHRASE_FILE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

/// Each place of a value with its type; what stands in lists is told once.
fn shape(value: &Value, at: &str, into: &mut BTreeMap<String, String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) => {
            for item in items {
                shape(item, &format!("{at}[]"), into);
            }
            "list"
        }
        Value::Object(map) => {
            for (key, value) in map {
                shape(value, &format!("{at}.{key}"), into);
            }
            "object"
        }
    };
    into.entry(at.to_owned()).or_insert_with(|| kind.to_owned());
}

/// The shape of what was printed, line by line; equal lines once.
fn shapes(text: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["v"], 1, "{line}");
        let mut places = BTreeMap::new();
        shape(&value, "", &mut places);
        let told: Vec<String> = places
            .into_iter()
            .filter(|(at, kind)| !(at.is_empty() || kind == "object" || at == ".v"))
            .map(|(at, kind)| format!("  {at}: {kind}"))
            .collect();
        let told = told.join("\n");
        if !all.contains(&told) {
            all.push(told);
        }
    }
    all.join("\n  --\n")
}

/// What is asked, in order, of one home.
const ASKED: [&str; 33] = [
    "id --name Ana",
    "note Turn_the_heap --title Compost -t garden",
    "link https://example.org --title Page",
    "show Compost",
    "edit Compost Turn_it_weekly",
    "show Compost",
    "history Compost",
    "rename Compost Heap",
    "find weekly",
    "find weekly --count",
    "find weekly --explain",
    "list --limit 1",
    "symbol define heap What_rots --alias pile",
    "symbol list",
    "symbol show pile",
    "find pile",
    "collective new garden",
    "collective list",
    "collective show garden",
    "collective members garden",
    "members garden",
    "charter show garden",
    "invite garden",
    "invite list",
    "contracts",
    "propose opinion Shall_we? --in garden",
    "proposals",
    "device list",
    "why Ana",
    "status",
    "retract Page",
    "trash",
    "undo --dry-run",
];
/// What fails, and says so on standard error.
const REFUSED: [&str; 5] = [
    "show nothing",
    "find tagg:x",
    "note --in nowhere x",
    "peers",
    "show",
];

#[test]
fn the_shapes_are_as_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let mut whole = String::new();
    for line in ASKED {
        let output = moot(&home, line);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{line}: {told}");
        let text = String::from_utf8(output.stdout).unwrap();
        whole.push_str(&format!("$ moot {line} --json\n{}\n", shapes(&text)));
    }
    for line in REFUSED {
        let output = moot(&home, line);
        assert!(!output.status.success(), "{line}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("\"error\""), "{line}: {text}");
        whole.push_str(&format!(
            "$ moot {line} --json (fails)\n{}\n",
            shapes(&text)
        ));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/json.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &whole).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap();
    for (i, (new, old)) in whole.lines().zip(golden.lines()).enumerate() {
        assert_eq!(new, old, "line {} of tests/json.txt", i + 1);
    }
    assert_eq!(whole.len(), golden.len());
}
