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
    damage::flip,
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
    let before = files(&to.join("states")).len();
    for (device, is_told) in [(&other, true), (&home, true), (&home, false)] {
        let done = device.ok(&["backup", str(&to), "--keep", "1"]);
        let told = done["warnings"].to_string().contains("another device");
        assert_eq!(told, is_told, "{done}");
        let kept = if is_told {
            done["states"].as_u64()
        } else {
            None
        };
        // Nothing of the other device is removed.
        assert!(kept.is_none_or(|kept| kept > before as u64), "{done}");
    }
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
fn damage_of_the_log_is_told_and_older_states_stay() {
    let home = Home::new("ana");
    import(&home, 0, 300);
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    flip(home.folder(), 0.6);
    let said = home.run(&["backup", str(&to), "--keep", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("1 record is lost here"), "{}", said.err);
    assert_eq!(files(&to.join("states")).len(), 2);
    // It brings everything back that is there.
    assert_eq!(home.ok(&["verify", str(&to)])["good"], true);
    let proved = home.ok(&["backup", "drill", str(&to)]);
    assert_eq!(proved["good"], true, "{proved}");
    assert_eq!(proved["same"], proved["records"]);
    assert_eq!(proved["damaged"].as_array().map(Vec::len), Some(1));
    home.ok(&["status", "--seen"]);
    home.ok(&["backup", str(&to), "--keep", "1"]);
    assert_eq!(files(&to.join("states")).len(), 1);
}

#[test]
fn a_drill_meets_damage_that_both_sides_would_pass_over() {
    let home = Home::new("ana");
    import(&home, 0, 300);
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    flip(home.folder(), 0.6);
    let said = home.run(&["backup", "drill", str(&to)]);
    assert!(said.err.contains("1 record is lost here"), "{}", said.err);
}

#[test]
fn what_went_bad_in_the_folder_is_written_anew() {
    let home = Home::new("ana");
    import(&home, 0, 300);
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    for piece in files(&to.join("pieces")) {
        let mut bytes = fs::read(&piece).unwrap();
        bytes[0] ^= 1;
        fs::write(&piece, bytes).unwrap();
    }
    assert_eq!(home.run(&["verify", str(&to)]).code, 1);
    let again = home.ok(&["backup", str(&to)]);
    assert_eq!(home.ok(&["verify", str(&to)])["good"], true);
    assert!(again["mended"].as_u64() >= Some(1), "{again}");
    assert_eq!(again["broken"], 0);
    assert_eq!(again["states"], 2);
    assert_eq!(home.ok(&["backup", "drill", str(&to)])["good"], true);
}

#[test]
fn nobody_reads_a_backup_that_is_being_made() {
    let home = Home::new("ana");
    import(&home, 0, 300);
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    let words = words(&home);
    let other = Home::new("other");
    let lock = fs::File::open(to.join("lock")).unwrap();
    lock.try_lock().unwrap();
    for said in [
        other.run(&["verify", str(&to)]),
        home.run(&["backup", "drill", str(&to)]),
        other.run(&["restore", str(&to), "--words", str(&words)]),
    ] {
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.err.contains("being made"), "{}", said.err);
    }
    assert!(!other.folder().join("store").exists());
    lock.unlock().unwrap();
    // Any number may read it, and no run removes anything meanwhile.
    lock.try_lock_shared().unwrap();
    other.ok(&["verify", str(&to)]);
    let said = home.run(&["backup", str(&to)]);
    assert_eq!(said.code, 1, "{}", said.err);
    lock.unlock().unwrap();
    home.ok(&["backup", str(&to)]);
    // A copy of the folder without its lock can be read, also where nothing can be written.
    fs::remove_file(to.join("lock")).unwrap();
    other.ok(&["restore", str(&to), "--words", str(&words)]);
}

#[test]
fn a_strangers_folder_is_read_without_waiting_and_without_escapes() {
    let home = Home::new("ana");
    home.note("home", "mine");
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    let evil = beside(&home, "b\u{1b}]0;owned\u{7}");
    fs::rename(&to, &evil).unwrap();
    let said = home.run(&["verify", str(&evil), "--color", "always"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!said.out.contains("\u{1b}]") && !said.out.contains('\u{7}'));
    let bundle = beside(&home, "a\u{1b}]0;owned\u{7}");
    for args in [
        ["backup", str(&evil)].as_slice(),
        &["export", "--bundle", str(&bundle)],
    ] {
        let said = home.run(&[args, &["--color", "always"]].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(!said.err.contains("\u{1b}]") && !said.err.contains('\u{7}'));
    }
    // A pipe in the place of a piece, or of a state.
    for folder in ["pieces", "states"] {
        let file = files(&evil.join(folder)).remove(0);
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let made = Command::new("mkfifo").arg(&file).status().unwrap();
        assert!(made.success());
        assert_eq!(home.run(&["verify", str(&evil)]).code, 1);
        fs::remove_file(&file).unwrap();
        fs::write(&file, bytes).unwrap();
    }
    assert_eq!(home.run(&["verify", str(&evil)]).code, 0);
}

#[test]
fn a_newest_state_without_its_pieces_gives_way_to_the_one_before() {
    let home = Home::new("ana");
    import(&home, 0, 300);
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    let old = files(&to.join("pieces"));
    import(&home, 300, 600);
    home.ok(&["backup", str(&to)]);
    for piece in files(&to.join("pieces")) {
        if !old.contains(&piece) {
            fs::remove_file(piece).unwrap();
        }
    }
    let words = words(&home);
    let other = Home::new("other");
    let said = other.run(&["restore", str(&to), "--words", str(&words)]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("is not whole (piece"), "{}", said.err);
    assert_eq!(other.count("tag:saying"), 300);
    // Programs are told as well, and a drill does not pass.
    let again = Home::new("again");
    let back = again.ok(&["restore", str(&to), "--words", str(&words)]);
    let fault = back["faults"][0].as_str().unwrap_or_default();
    assert!(fault.contains("is not whole (piece"), "{back}");
    let said = home.run(&["backup", "drill", str(&to), "--json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let drill: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(drill["good"], false);
    let fault = drill["faults"][0].as_str().unwrap_or_default();
    assert!(fault.contains("is not whole (piece"), "{drill}");
    // Where none is left, no half home stays.
    for piece in files(&to.join("pieces")) {
        fs::remove_file(piece).unwrap();
    }
    let third = Home::new("third");
    let said = third.run(&["restore", str(&to), "--words", str(&words)]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("missing"), "{}", said.err);
    third.note("home", "a new home may be begun");
}

#[test]
fn a_backup_is_made_where_something_of_the_folder_went_bad() {
    let home = Home::new("ana");
    import(&home, 0, 300);
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    import(&home, 300, 600);
    home.ok(&["backup", str(&to)]);
    let words = words(&home);
    // The mark: read all the same, and written anew by whoever owns what lies there.
    let mark = to.join("folkmoot-backup");
    let whole = fs::read(&mark).unwrap();
    let mut flipped = whole.clone();
    flipped[3] ^= 4;
    for broken in [flipped.as_slice(), &whole[..whole.len() / 2], &[0xff; 9]] {
        fs::write(&mark, broken).unwrap();
        assert_eq!(home.run(&["verify", str(&to)]).code, 1);
        let other = Home::new("other");
        let back = other.ok(&["restore", str(&to), "--words", str(&words)]);
        assert!(back["faults"].to_string().contains("folkmoot-backup"));
        let stranger = Home::new("stranger");
        stranger.note("home", "mine");
        let said = stranger.run(&["backup", str(&to)]);
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.err.contains("nothing beside it shows"), "{}", said.err);
        let done = home.ok(&["backup", str(&to)]);
        let warned = done["warnings"].to_string();
        assert!(warned.contains("written anew"), "{done}");
        assert_eq!(fs::read(&mark).unwrap(), whole);
        assert_eq!(home.ok(&["verify", str(&to)])["good"], true);
    }
    // Without its mark it is read, and taken by its own home alone.
    fs::remove_file(&mark).unwrap();
    let other = Home::new("other");
    other.ok(&["restore", str(&to), "--words", str(&words)]);
    let stranger = Home::new("stranger");
    stranger.note("home", "mine");
    let said = stranger.run(&["backup", str(&to)]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("another home"), "{}", said.err);
    home.ok(&["backup", str(&to)]);
    assert_eq!(fs::read(&mark).unwrap(), whole);
    // An old state: one that is damaged, and one that cannot be read at all.
    let states = files(&to.join("states"));
    fs::write(&states[0], "x").unwrap();
    fs::remove_file(&states[1]).unwrap();
    fs::create_dir(&states[1]).unwrap();
    let done = home.ok(&["backup", str(&to)]);
    assert_eq!(done["warnings"].as_array().map(Vec::len), Some(2), "{done}");
    assert_eq!(home.ok(&["backup", "drill", str(&to)])["good"], true);
    // What cannot be removed in its turn takes room and keeps no run from its end.
    let done = home.ok(&["backup", str(&to), "--keep", "1"]);
    let warned = done["warnings"].to_string();
    assert!(warned.contains("cannot be removed"), "{done}");
    fs::remove_dir(&states[1]).unwrap();
    // A piece that is gone and written anew is counted; those of the states that went go first.
    home.ok(&["backup", str(&to)]);
    let piece = files(&to.join("pieces")).remove(0);
    fs::remove_file(&piece).unwrap();
    let done = home.ok(&["backup", str(&to)]);
    assert_eq!((&done["mended"], &done["broken"]), (&1.into(), &0.into()));
    // What another program leaves there is in nobody's way.
    fs::write(to.join("pieces/.Index"), "x").unwrap();
    assert_eq!(
        home.ok(&["backup", str(&to)])["warnings"],
        serde_json::json!([])
    );
    assert_eq!(home.ok(&["verify", str(&to)])["good"], true);
}

#[test]
fn a_backup_of_a_later_format_is_called_one() {
    let home = Home::new("ana");
    home.note("home", "mine");
    let to = beside(&home, "backup");
    home.ok(&["backup", str(&to)]);
    let mark = to.join("folkmoot-backup");
    let text = fs::read_to_string(&mark).unwrap();
    fs::write(&mark, text.replace("backup 1", "backup 2")).unwrap();
    let words = words(&home);
    let other = Home::new("other");
    for said in [
        home.run(&["backup", str(&to)]),
        home.run(&["backup", "drill", str(&to)]),
        other.run(&["verify", str(&to)]),
        other.run(&["restore", str(&to), "--words", str(&words)]),
    ] {
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.err.contains("newer moot"), "{}", said.err);
    }
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
