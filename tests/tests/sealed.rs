//! What a person writes can be read nowhere on the disk, and a home of an earlier version is sealed
//! whatever interrupts it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Duration,
};

use folkmoot_tests::{
    home::Home,
    meet::refused,
    sayings::{ndjson, sayings},
    vault::lay_open,
};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path),
            }
        }
    }
    found
}

/// Files of a folder in which a text stands, whatever its case.
fn showing(folder: &Path, text: &str) -> Vec<PathBuf> {
    let text = text.as_bytes();
    let shows = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        let mut windows = bytes.windows(text.len());
        windows.any(|window| window.eq_ignore_ascii_case(text))
    };
    files(folder).into_iter().filter(shows).collect()
}

fn beside(home: &Home, name: &str) -> PathBuf {
    home.folder().with_file_name(name)
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A word in each text of a person: single words are what an index holds.
const WORDS: [&str; 12] = [
    "quincetree",
    "plumtree",
    "mulberrytree",
    "pagoda-lane",
    "hazelwood",
    "rowanberry",
    "sorbapple",
    "medlarfruit",
    "damsonjam",
    "cherryplum",
    "bullacewine",
    "sloethorn",
];

fn write_everything(home: &Home) {
    let [
        note,
        edited,
        title,
        tag,
        file,
        site,
        comment,
        task,
        saved,
        name,
        person,
        daily,
    ] = WORDS;
    home.ok(&["id", "--name", person]);
    home.ok(&["collective", "new", name]);
    let id = home.note(
        name,
        &format!("the heron sleeps under the {note} and #{tag}"),
    );
    home.ok(&[
        "edit",
        &id,
        "--title",
        title,
        &format!("it woke at the {edited}"),
    ]);
    home.ok(&["comment", &id, comment]);
    home.ok(&[
        "link",
        &format!("https://example.org/{site}"),
        "--title",
        "a place",
    ]);
    home.ok(&["task", "add", task]);
    home.ok(&["today", daily]);
    home.ok(&["search", "save", saved, note]);
    let folder = beside(home, &format!("{file}-folder"));
    fs::create_dir(&folder).unwrap();
    for n in 0..40 {
        let text = format!("# {file} {n}\n\nlong text about {note} {n}\n");
        fs::write(folder.join(format!("{file}-{n}.md")), text).unwrap();
    }
    home.ok(&["import", str(&folder)]);
}

#[test]
fn nothing_that_a_person_writes_can_be_read_on_the_disk() {
    let mut home = Home::new("ana");
    write_everything(&home);
    let backup = beside(&home, "backup");
    home.ok(&["backup", str(&backup)]);
    let look = |home: &Home, when: &str| {
        for folder in [home.folder(), &backup] {
            for word in WORDS {
                let shown = showing(folder, word);
                assert!(shown.is_empty(), "{when}, {word}: {shown:?}");
            }
        }
    };
    look(&home, "without a node");
    home.up();
    home.note("home", "beside a node: quincetree");
    home.ok(&["backup", str(&backup)]);
    look(&home, "while a node runs");
    home.kill();
    look(&home, "after a kill");
    assert_eq!(home.count("quincetree"), 41);
    look(&home, "opened again");
}

#[test]
fn a_home_of_an_earlier_version_is_sealed_whatever_interrupts_it() {
    let home = Home::new("ana");
    let file = beside(&home, "texts.ndjson");
    fs::write(&file, ndjson(&sayings(2_000))).unwrap();
    home.ok(&["import", str(&file)]);
    home.note("home", "the last one: quincetree");
    let found = home.count("tag:saying");
    lay_open(home.folder());
    let old = home.folder().join("index/files");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("meta.json"), "an old index: quincetree").unwrap();
    assert!(showing(home.folder(), "quincetree").len() > 1);
    // Killed again and again while it is sealed: at once, and each time a little later. That every single moment
    // is met is the business of the store's own suite.
    let store = home.folder().join("store");
    for round in 0..12_u64 {
        let mut child = home
            .command(&["status"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let is_sealing = || store.join("log.sealed").exists() || store.join("log.open").exists();
        while !is_sealing() && child.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(round * round));
        // It may have ended by itself.
        drop(child.kill());
        child.wait().unwrap();
    }
    let said = home.run(&["status"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(home.count("tag:saying"), found);
    assert_eq!(home.count("quincetree"), 1);
    let shown = showing(home.folder(), "quincetree");
    assert!(shown.is_empty(), "{shown:?}");
    assert_eq!(home.ok(&["status"])["warnings"].to_string(), "[]");
}

#[test]
fn somebody_elses_keys_do_not_open_the_records_and_the_words_do() {
    let ana = Home::new("ana");
    ana.note("home", "mine alone: quincetree");
    let words = beside(&ana, "words");
    fs::write(&words, ana.run(&["id", "--phrase"]).out).unwrap();
    let ben = Home::new("ben");
    ben.note("home", "another home");
    let theirs = beside(&ben, "theirs");
    fs::write(&theirs, ben.run(&["id", "--phrase"]).out).unwrap();
    // Ben's keys beside Ana's records.
    let keys = ana.folder().join("keys");
    let kept = beside(&ana, "kept");
    fs::rename(&keys, &kept).unwrap();
    let up = ana.run(&["up", "--listen", "/ip4/127.0.0.1/tcp/0"]);
    refused(&up, 1, &["their keys are gone", "moot recover"]);
    fs::remove_dir_all(&keys).unwrap();
    fs::create_dir(&keys).unwrap();
    for file in files(&ben.folder().join("keys")) {
        fs::copy(&file, keys.join(file.file_name().unwrap())).unwrap();
    }
    fs::set_permissions(&keys, fs::metadata(&kept).unwrap().permissions()).unwrap();
    refused(
        &ana.run(&["list"]),
        1,
        &["sealed for another person", "moot recover"],
    );
    // Without keys: other words open nothing, the right ones everything.
    fs::remove_dir_all(&keys).unwrap();
    let other = ana.run(&["recover", str(&theirs)]);
    refused(&other, 1, &["sealed for another person"]);
    let said = ana.run(&["recover", str(&words)]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(ana.count("quincetree"), 1);
}

/// Other words than those of a log in the open must not seal it.
#[test]
fn the_words_of_somebody_else_seal_nothing_that_lies_open() {
    let ana = Home::new("ana");
    ana.note("home", "mine alone: quincetree");
    let words = beside(&ana, "words");
    fs::write(&words, ana.run(&["id", "--phrase"]).out).unwrap();
    let ben = Home::new("ben");
    ben.note("home", "another home");
    let theirs = beside(&ben, "theirs");
    fs::write(&theirs, ben.run(&["id", "--phrase"]).out).unwrap();
    lay_open(ana.folder());
    // With keys and without.
    assert_eq!(ana.run(&["recover", str(&theirs)]).code, 1);
    assert!(!showing(&ana.folder().join("store"), "quincetree").is_empty());
    fs::remove_dir_all(ana.folder().join("keys")).unwrap();
    let said = ana.run(&["recover", str(&words)]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(ana.count("quincetree"), 1);
    assert_eq!(showing(ana.folder(), "quincetree"), [] as [PathBuf; 0]);
}
