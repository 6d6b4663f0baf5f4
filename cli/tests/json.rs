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

fn moot(home: &Path, line: &str, last: &str) -> Output {
    // The lines are ours: blanks stand between words, an underscore for a blank inside one.
    let words = line.split(' ').map(|word| match word {
        "LAST" => last.to_owned(),
        word => word.replace('_', " "),
    });
    Command::new(env!("CARGO_BIN_EXE_moot"))
        .args(words)
        .arg("--json")
        .env("MOOT_HOME", home)
        .current_dir(home.parent().unwrap())
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

/// What is asked, in order, of one home; `LAST` stands for the short id of the answer before.
const ASKED: &[&str] = &[
    "id --name Ana",
    "id",
    "id --phrase",
    "id --card",
    "note Turn_the_heap --title Compost -t garden",
    "link https://example.org --title Page",
    "show Compost",
    "edit Compost Turn_it_weekly",
    "show Compost",
    "history Compost",
    "merge Compost",
    "rename Compost Heap",
    "comment Heap Well_said",
    "react Heap +1",
    "find weekly",
    "find weekly --count",
    "find weekly --explain",
    "list --limit 1",
    "list --by month",
    "list --by author",
    "tags",
    "related Heap",
    "search save late tag:garden",
    "search list",
    "search drop late",
    "task add Mend_the_gate --due 2099-01-01 --every month --for me",
    "task list",
    "task due Mend_the_gate 2099-02-01",
    "task for Mend_the_gate nobody",
    "task done Mend_the_gate",
    "task list --all",
    "today 2099-03-01 Swifts",
    "today 2099-03-01 --print",
    "watch --after start --no-wait",
    "import notes --dry-run",
    "import notes",
    "export tag:garden --to out --dry-run",
    "export tag:garden --to out",
    "export --bundle all.moot",
    "verify all.moot",
    "backup copy",
    "backup drill copy",
    "verify copy",
    "symbol define mound What_rots --alias pile",
    "symbol list",
    "symbol show pile",
    "symbol alias pile stack",
    "symbol define soil What_bears",
    "symbol relate pile --broader soil",
    "symbol retire pile",
    "symbol adopt pile",
    "find pile",
    "collective new garden",
    "collective list",
    "collective show garden",
    "collective members garden",
    "members garden",
    "charter show garden",
    "contracts",
    "invite garden",
    "invite list",
    "invite close LAST --in garden --yes",
    "device add robin --in garden",
    "device list",
    "device drop robin --yes",
    "propose opinion Shall_we? --in garden",
    "vote LAST yes",
    "proposals",
    "why Ana",
    "status",
    "status --seen",
    "config",
    "config get port",
    "config set lan off",
    "hide Heap",
    "undo",
    "purge Heap --yes",
    "retract Page",
    "trash",
    "restore Page",
    "undo --dry-run",
    "trash --empty --yes",
    "leave garden --yes",
];
/// What fails, and says so on standard error.
const REFUSED: &[&str] = &[
    "show nothing",
    "find tagg:x",
    "note --in nowhere x",
    "peers",
    "sync",
    "join KEY",
    "recover",
    "grant nobody --role reader",
    "revoke nobody",
    "readmit nobody",
    "show",
];

/// The short id in the first line of an answer.
fn short_of(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text.lines().next()?).ok()?;
    let id = value.get("short").or_else(|| value.get("id"))?;
    Some(id.as_str()?.to_owned())
}

#[test]
fn the_shapes_are_as_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::create_dir(folder.path().join("notes")).unwrap();
    fs::write(
        folder.path().join("notes/frost.md"),
        "# Frost\n\nIt comes early.\n",
    )
    .unwrap();
    let mut whole = String::new();
    let mut last = String::new();
    for line in ASKED {
        let output = moot(&home, line, &last);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{line}: {told}");
        let text = String::from_utf8(output.stdout).unwrap();
        last = short_of(&text).unwrap_or(last);
        whole.push_str(&format!("$ moot {line} --json\n{}\n", shapes(&text)));
    }
    for line in REFUSED {
        let output = moot(&home, line, &last);
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
