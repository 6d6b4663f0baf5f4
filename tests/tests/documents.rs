//! README and guide, typed as they stand: a document whose output is not true fails.
//!
//! Blocks marked `console` are run in order, each document with fresh people. A line `$ command`,
//! or `ana$ command` where several people are at work, is typed; the lines up to the next prompt
//! are what must appear ([`words::matches`] says how). Where they show an `error:` the command must
//! fail, else succeed. A block marked with a kind and a file name (`ndjson records.ndjson`) puts
//! that file into the folder of everybody. Lines with `cargo` are held against the documented ones.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#![allow(clippy::expect_used, reason = "helpers of tests fail by panicking")]
#![allow(clippy::panic, reason = "helpers of tests fail by panicking")]

#[path = "documents/person.rs"]
mod person;
#[path = "documents/words.rs"]
mod words;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use folkmoot_tests::place;

use person::Person;
use words::Meanings;

/// The commands of a developer that a document may show.
const CARGO: [&str; 2] = ["cargo run --release -- up", "cargo xtask test"];
/// Commands that only look: what they show may take a moment to come true.
const LOOKS: [&str; 17] = [
    "moot proposals",
    "moot propose --dry-run",
    "moot charter show",
    "moot find",
    "moot list",
    "moot task list",
    "moot watch",
    "moot show",
    "moot history",
    "moot status",
    "moot peers",
    "moot sync",
    "moot collective members",
    "moot contracts",
    "moot invite list",
    "moot members",
    "moot why",
];
/// The longest that a reader has to wait for that on a slow, busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at again.
const AGAIN: Duration = Duration::from_millis(200);

/// What a block asks for.
#[derive(Debug, PartialEq, Eq)]
enum Step<'d> {
    File {
        name: &'d str,
        text: String,
    },
    Type {
        who: &'d str,
        line: &'d str,
        shown: Vec<&'d str>,
        at: usize,
    },
}

/// All steps of a document, in order.
fn steps(document: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(mark) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<_> = lines
            .by_ref()
            .take_while(|(_, line)| *line != "```")
            .collect();
        if mark == "console" {
            steps.extend(typed(&block));
        } else if let Some((_, name)) = mark.split_once(' ') {
            let text = block.iter().map(|(_, line)| format!("{line}\n")).collect();
            steps.push(Step::File { name, text });
        }
    }
    steps
}

fn typed<'d>(block: &[(usize, &'d str)]) -> Vec<Step<'d>> {
    let mut steps = Vec::new();
    for &(at, line) in block {
        match (prompt(line), steps.last_mut()) {
            (Some((who, line)), _) => steps.push(Step::Type {
                who,
                line,
                shown: Vec::new(),
                at: at + 1,
            }),
            (None, Some(Step::Type { shown, .. })) => shown.push(line),
            (None, _) => panic!("line {}: a block begins with a prompt: {line}", at + 1),
        }
    }
    steps
}

/// `ana$ moot up` is typed by ana, `$ moot up` by the only one.
fn prompt(line: &str) -> Option<(&str, &str)> {
    let (who, line) = line.split_once("$ ")?;
    who.bytes()
        .all(|byte| byte.is_ascii_lowercase())
        .then_some((who, line))
}

/// The lines without blank ones at the end.
fn trimmed<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut lines: Vec<_> = lines.map(str::trim_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

/// Types everything in a document; gives how many commands it was.
fn run(path: &Path) -> usize {
    let document = fs::read_to_string(path).unwrap();
    let program = place::moot().expect("moot is built: run `cargo xtask test`");
    let root = tempfile::tempdir().unwrap();
    let mut people: BTreeMap<&str, Person> = BTreeMap::new();
    let mut files: Vec<(&str, String)> = Vec::new();
    let mut meanings = Meanings::new();
    let mut count = 0;
    for step in steps(&document) {
        let (who, line, shown, at) = match step {
            Step::File { name, text } => {
                for person in people.values() {
                    put(person, name, &text);
                }
                files.push((name, text));
                continue;
            }
            Step::Type {
                who,
                line,
                shown,
                at,
            } => (who, line, shown, at),
        };
        let place = format!("{}:{at}: {line}", path.display());
        count += 1;
        let mut line = words::meant(line, &meanings);
        if line.starts_with("cargo ") {
            assert!(CARGO.contains(&line.as_str()), "{place}: not documented");
            // What cargo has built runs; everything else of cargo is another test's matter.
            match line.strip_prefix("cargo run --release -- ") {
                Some(arguments) => line = format!("moot {arguments}"),
                None => continue,
            }
        }
        let person = people.entry(who).or_insert_with(|| {
            let person = Person::new(root.path().join(format!("{who}-home")), &program);
            for (name, text) in &files {
                put(&person, name, text);
            }
            person
        });
        see(person, &line, &shown, &place, &mut meanings);
    }
    count
}

fn put(person: &Person, name: &str, text: &str) {
    let file = person.folder().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// Types a line and looks whether the document is right about it.
fn see(person: &mut Person, line: &str, shown: &[&str], place: &str, meanings: &mut Meanings) {
    let shown = trimmed(shown.iter().copied());
    let fails = shown.iter().any(|line| line.starts_with("error:"));
    let looks = LOOKS.iter().any(|look| line.starts_with(look));
    let begun = Instant::now();
    loop {
        let ended = person.types(line);
        let printed = trimmed(ended.text.lines());
        if ended.well != fails && words::matches(&shown, &printed, meanings) {
            return;
        }
        assert!(
            looks && begun.elapsed() < PATIENCE,
            "{place}\n--- the document shows:\n{}\n--- but {} and printed:\n{}",
            shown.join("\n"),
            if ended.well {
                "it succeeded"
            } else {
                "it failed"
            },
            ended.text
        );
        thread::sleep(AGAIN);
    }
}

#[test]
fn the_readme_is_true() {
    assert!(run(&place::root().join("README.md")) > 10);
}

#[test]
fn the_guide_to_starting_is_true() {
    assert!(run(&place::root().join("docs/guide/start.md")) > 5);
}

#[test]
fn the_guide_to_collectives_is_true() {
    assert!(run(&place::root().join("docs/guide/collectives.md")) > 10);
}

#[test]
fn the_guide_to_documents_is_true() {
    assert!(run(&place::root().join("docs/guide/documents.md")) > 20);
}

#[test]
fn the_guide_to_contracts_is_true() {
    assert!(run(&place::root().join("docs/guide/contracts.md")) > 20);
}

#[test]
fn the_guide_to_governing_is_true() {
    assert!(run(&place::root().join("docs/guide/governing.md")) > 30);
}

#[test]
fn the_guide_to_tasks_is_true() {
    assert!(run(&place::root().join("docs/guide/tasks.md")) > 20);
}

#[test]
fn the_guide_to_queries_is_true() {
    assert!(run(&place::root().join("docs/guide/queries.md")) > 10);
}

#[test]
fn the_guide_to_shared_words_is_true() {
    assert!(run(&place::root().join("docs/guide/symbols.md")) > 10);
}

#[test]
fn the_guide_to_importing_is_true() {
    assert!(run(&place::root().join("docs/guide/import.md")) > 5);
}

#[test]
fn the_guide_for_programs_is_true() {
    assert!(run(&place::root().join("docs/guide/json.md")) > 2);
}

#[test]
fn no_document_of_the_guide_is_left_out() {
    let named = [
        "README.md",
        "start.md",
        "collectives.md",
        "documents.md",
        "tasks.md",
        "contracts.md",
        "governing.md",
        "queries.md",
        "symbols.md",
        "json.md",
        "backup.md",
        "import.md",
    ];
    for entry in fs::read_dir(place::root().join("docs/guide")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            named.iter().any(|known| name == *known),
            "{name:?} has no test"
        );
    }
    assert_eq!(run(&place::root().join("docs/guide/README.md")), 0);
}

#[test]
#[should_panic(expected = "the document shows")]
fn a_document_that_is_not_true_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("false.md");
    fs::write(&path, "```console\n$ moot --version\nmoot 9.9.9\n```\n").unwrap();
    run(&path);
}

#[test]
fn blocks_become_steps() {
    let document = "text $ no\n```console\nana$ moot up\n✓ up\n...\n$ ls\n```\n```json a.json\n{}\n```\n```sh\nx\n```\n";
    assert_eq!(
        steps(document),
        [
            Step::Type {
                who: "ana",
                line: "moot up",
                shown: vec!["✓ up", "..."],
                at: 3
            },
            Step::Type {
                who: "",
                line: "ls",
                shown: vec![],
                at: 6
            },
            Step::File {
                name: "a.json",
                text: "{}\n".into()
            },
        ]
    );
}

#[test]
fn the_guide_to_copies_is_true() {
    assert!(run(&place::root().join("docs/guide/backup.md")) > 10);
}
