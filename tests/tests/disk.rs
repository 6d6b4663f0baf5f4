//! A full disk: a small file system of its own is filled to the last byte under a living node.
//!
//! The test runs itself again inside a mount namespace, where it may mount. Where the system does
//! not permit that, it says loudly that it was skipped.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#![expect(clippy::print_stderr, reason = "a skipped test must be heard")]

use std::{env, fs, io::Write, path::Path, process::Command, time::Duration};

use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite, join, refused},
    sayings::{ndjson, sayings},
};

/// Set inside the namespace.
const INSIDE: &str = "FOLKMOOT_TEST_MAY_MOUNT";

/// Whether this process may mount; else the named test is run again where it may.
fn may_mount(test: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let namespace = ["--user", "--map-root-user", "--mount"];
    let probe = Command::new("unshare")
        .args(namespace)
        .args(["mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("SKIPPED {test}: this system lets nobody mount a small disk in a namespace");
        return false;
    }
    let status = Command::new("unshare")
        .args(namespace)
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed inside the namespace");
    false
}

/// Mounts a disk of so many mebibytes.
fn small_disk(at: &Path, size: u32) {
    fs::create_dir_all(at).unwrap();
    let options = format!("size={size}m,mode=700");
    let status = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &options, "none"])
        .arg(at)
        .status()
        .unwrap();
    assert!(status.success());
}

/// Fills the disk to the last byte with this file.
fn fill(file: &Path) {
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![0x55; size];
        while file.write_all(&piece).is_ok() {}
    }
}

#[test]
fn a_full_disk_refuses_what_is_new_and_loses_nothing() {
    if !may_mount("a_full_disk_refuses_what_is_new_and_loses_nothing") {
        return;
    }
    let mut home = Home::new("full");
    small_disk(home.folder(), 24);
    let ballast = home.folder().join("ballast");
    let mut peer = Home::new("peer");
    peer.up();
    peer.ok(&["collective", "new", "commons"]);
    home.up();
    join(&home, &invite(&peer, "commons"));
    equal(&[&peer, &home], "commons");

    let mut written: Vec<String> = Vec::new();
    let mut refusals = 0;
    for round in 0..3_u64 {
        for n in 0..5 {
            written.push(home.note("home", &format!("note {round} {n}: quincetree")));
        }
        fill(&ballast);
        // Some may still fit into what the files had taken already; then it is refused.
        for n in 0..60 {
            let words = format!(
                "on the full disk {round} {n}: quincetree {}",
                "x".repeat(3_000)
            );
            let said = home.run(&["note", &words, "--json"]);
            if said.code == 0 {
                written.push(text(&said.json()[0]["id"]));
            } else {
                refused_full(&said.err, said.code);
                refusals += 1;
            }
        }
        assert!(home.alive(), "{}", home.log());
        // Reading works, and what a member writes meanwhile is not lost either.
        for id in &written {
            home.ok(&["show", id]);
        }
        peer.note("commons", &format!("from the peer {round}: plumtree"));
        home.ok(&["status"]);
        fs::remove_file(&ballast).unwrap();
        // There is room again: the same node goes on.
        written.push(home.note("home", &format!("there is room {round}: quincetree")));
        until(EQUAL, "the member's note arrives", || {
            drop(home.run(&["sync"]));
            home.fingerprint("commons") == peer.fingerprint("commons")
        });
        // Searches are live again too, without a new start.
        until(EQUAL, "everything written is found", || {
            home.count("quincetree") == written.len() as u64 && home.count("plumtree") == round + 1
        });
    }
    assert!(refusals > 20, "{refusals}");

    // Killed while the disk is full, and started on the full disk.
    fill(&ballast);
    home.kill();
    let said = home.run(&["find", "quincetree", "--count", "--json"]);
    if said.code == 0 {
        assert_eq!(said.json()[0]["total"], written.len());
    } else {
        refused_full(&said.err, said.code);
    }
    let said = home.run(&["note", &"never written ".repeat(500)]);
    assert_ne!(said.code, 0);
    refused_full(&said.err, said.code);
    fs::remove_file(&ballast).unwrap();
    home.up();
    assert_eq!(home.count("quincetree"), written.len() as u64);
    assert_eq!(home.count("plumtree"), 3);
    for id in &written {
        home.ok(&["show", id]);
    }
    assert_eq!(home.count("never"), 0);
    equal(&[&peer, &home], "commons");
}

/// The words for a full disk, exit code 1.
fn refused_full(err: &str, code: i32) {
    assert_eq!(code, 1, "{err}");
    let lower = err.to_lowercase();
    assert!(
        lower.contains("disk is full") || lower.contains("no space left"),
        "{err}"
    );
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn an_import_that_fills_the_disk_ends_with_a_word_and_can_be_done_again() {
    if !may_mount("an_import_that_fills_the_disk_ends_with_a_word_and_can_be_done_again") {
        return;
    }
    let mut home = Home::new("import");
    small_disk(home.folder(), 96);
    let ballast = home.folder().join("ballast");
    let texts = sayings(3_000);
    let file = home.folder().with_extension("ndjson");
    fs::write(&file, ndjson(&texts)).unwrap();
    let path = file.to_str().unwrap();
    home.up();
    // Leave room for a part of it.
    fill(&ballast);
    let length = fs::metadata(&ballast).unwrap().len();
    let shorter = fs::OpenOptions::new().write(true).open(&ballast).unwrap();
    shorter.set_len(length - (700 << 10)).unwrap();
    // Held open it would go on taking the room after its removal.
    drop(shorter);
    let said = home.run(&["import", path]);
    refused(&said, 1, &["before it failed", "next:"]);
    refused_full(&said.err, said.code);
    assert!(home.alive());
    let there = home.count("tag:saying");
    assert!(there < texts.len() as u64, "{there}");

    fs::remove_file(&ballast).unwrap();
    let again = home.ok(&["import", path]);
    let numbers = ["added", "skipped"].map(|key| again[key].as_u64().unwrap());
    assert_eq!(numbers[0] + numbers[1], texts.len() as u64, "{again}");
    assert!(numbers[1] >= there);
    until(Duration::from_secs(60), "all texts are found", || {
        home.count("tag:saying") == texts.len() as u64
    });
    home.kill();
    assert_eq!(home.count("tag:saying"), texts.len() as u64);
}
