//! Backups into a folder: only what is new, beside a node, killed, damaged, and proved to come back.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use folkmoot_tests::{
    home::Home,
    sayings::{ndjson, sayings},
};

fn beside(home: &Home, name: &str) -> PathBuf {
    home.folder().with_file_name(name)
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn import(home: &Home, from: usize, to: usize) {
    let file = beside(home, "texts.ndjson");
    fs::write(&file, ndjson(&sayings(to)[from..])).unwrap();
    home.ok(&["import", str(&file)]);
}

fn words(home: &Home) -> PathBuf {
    let path = beside(home, "words");
    let said = home.run(&["id", "--phrase"]);
    assert_eq!(said.code, 0, "{}", said.err);
    fs::write(&path, said.out).unwrap();
    path
}

/// Every file of a folder's tree.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_backup_takes_only_what_is_new_and_comes_back() {
    let mut home = Home::new("ana");
    home.ok(&["collective", "new", "garden"]);
    home.note("garden", "first: quincetree");
    import(&home, 0, 4_000);
    let to = beside(&home, "backup");
    let first = home.ok(&["backup", str(&to)]);
    assert_eq!(first["kept"], 0);
    // Beside a node that writes.
    home.up();
    home.note("garden", "second: quincetree");
    let second = home.ok(&["backup", str(&to)]);
    assert!(second["kept"].as_u64() > Some(1 << 20), "{second}");
    assert!(
        second["written"].as_u64() <= Some((2 << 20) + 256),
        "{second}"
    );
    assert_eq!(second["states"], 2);
    let proved = home.ok(&["backup", "drill"]);
    assert_eq!(proved["good"], true);
    assert_eq!(proved["since"], 0, "{proved}");
    assert_eq!(proved["same"], proved["records"]);
    assert_eq!(proved["collectives"], 2);
    let third = home.note("garden", "third: quincetree");
    let proved = home.ok(&["backup", "drill", str(&to)]);
    assert_eq!(proved["good"], true);
    assert_eq!(proved["since"], 1);
    let status = home.ok(&["status"]);
    assert_eq!(status["copy"]["place"], str(&to));
    assert_eq!(home.ok(&["verify", str(&to)])["good"], true);
    // Two states stay, and what only older ones needed goes.
    home.ok(&["backup", str(&to), "--keep", "2"]);
    assert_eq!(home.ok(&["backup", str(&to), "--keep", "2"])["states"], 2);
    assert_eq!(home.ok(&["verify", str(&to)])["good"], true);

    let words = words(&home);
    let other = Home::new("other");
    let back = other.ok(&["restore", str(&to), "--words", str(&words)]);
    assert_eq!(back["collectives"][0]["outcome"], "whole");
    assert_eq!(other.count("quincetree"), 3);
    other.ok(&["show", &third]);
    assert_ne!(other.ok(&["id"])["device"], home.ok(&["id"])["device"]);
    other.note("garden", "it writes");

    // Neither another home's backup nor a folder of something else is written into.
    other.ok(&["backup", str(&to)]);
    let stranger = Home::new("stranger");
    stranger.note("home", "mine");
    assert_eq!(stranger.run(&["backup", str(&to)]).code, 1);
    let full = beside(&home, "full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "x").unwrap();
    assert_eq!(home.run(&["backup", str(&full)]).code, 1);
    assert_eq!(stranger.run(&["backup", "drill"]).code, 2);
}

#[test]
fn killed_at_any_moment_the_last_good_state_stays() {
    let home = Home::new("ana");
    import(&home, 0, 3_000);
    let to = beside(&home, "backup");
    let begun = Instant::now();
    home.ok(&["backup", str(&to)]);
    let whole = begun.elapsed();
    for round in 1..=6_u32 {
        import(
            &home,
            3_000 + 200 * round as usize,
            3_200 + 200 * round as usize,
        );
        let mut child = home
            .command(&["backup", str(&to)])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(whole * round / 7);
        drop(child.kill());
        drop(child.wait());
        assert_eq!(home.ok(&["verify", str(&to)])["good"], true);
        assert_eq!(home.ok(&["backup", "drill", str(&to)])["good"], true);
    }
    home.ok(&["backup", str(&to)]);
    let proved = home.ok(&["backup", "drill", str(&to)]);
    assert_eq!(
        (&proved["good"], &proved["since"]),
        (&true.into(), &0.into())
    );
    // Nothing of broken runs is left over.
    assert!(
        files(&to.join("pieces"))
            .iter()
            .all(|file| file.extension().is_none())
    );
}

#[test]
fn damage_to_a_backup_is_noticed() {
    let home = Home::new("ana");
    import(&home, 0, 300);
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    let words = words(&home);
    for (number, file) in files(&to).into_iter().enumerate() {
        if file.ends_with("lock") || file.ends_with("folkmoot-backup") {
            continue;
        }
        let whole = fs::read(&file).unwrap();
        let mut flipped = whole.clone();
        let at = whole.len() * (number + 1) / 7 % whole.len();
        flipped[at] ^= 1 << (number % 8);
        for broken in [flipped.as_slice(), &whole[..whole.len() - 1]] {
            fs::write(&file, broken).unwrap();
            assert_eq!(
                home.run(&["verify", str(&to)]).code,
                1,
                "{}",
                file.display()
            );
            assert_ne!(home.run(&["backup", "drill", str(&to)]).code, 0);
            let other = Home::new("other");
            assert_eq!(
                other
                    .run(&["restore", str(&to), "--words", str(&words)])
                    .code,
                1
            );
        }
        fs::remove_file(&file).unwrap();
        assert_eq!(
            home.run(&["verify", str(&to)]).code,
            1,
            "{}",
            file.display()
        );
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(home.ok(&["verify", str(&to)])["good"], true);
}

#[test]
fn a_full_disk_leaves_the_state_before() {
    let namespace = ["--user", "--map-root-user", "--mount"];
    let probe = Command::new("unshare")
        .args(namespace)
        .args(["mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("SKIPPED: this system lets nobody mount a small disk in a namespace");
        return;
    }
    let home = Home::new("ana");
    import(&home, 0, 2_000);
    let disk = beside(&home, "disk");
    fs::create_dir(&disk).unwrap();
    let to = disk.join("backup");
    let moot = folkmoot_tests::place::moot().unwrap();
    let script = format!(
        "mount -t tmpfs -o size=6m none {disk} || exit 69
         {moot} backup {to} --quiet || exit 70
         head -c 5500000 /dev/zero > {disk}/ballast
         {moot} import {more} --quiet
         {moot} backup {to} && exit 71
         {moot} verify {to} || exit 72
         {moot} backup drill {to} || exit 73
         rm {disk}/ballast
         {moot} backup {to} || exit 74
         {moot} backup drill {to} || exit 75",
        disk = disk.display(),
        to = to.display(),
        moot = moot.display(),
        more = beside(&home, "more.ndjson").display(),
    );
    fs::write(
        beside(&home, "more.ndjson"),
        ndjson(&sayings(4_000)[2_000..]),
    )
    .unwrap();
    let ended = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", &script])
        .env("MOOT_HOME", home.folder())
        .output()
        .unwrap();
    let code = ended.status.code().unwrap_or(-1);
    assert_eq!(
        code,
        0,
        "{}\n{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}
