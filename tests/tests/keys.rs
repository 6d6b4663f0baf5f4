//! Keys that do not open, that others could read, or that are gone: nothing is guessed, nothing is
//! made anew over the old, and what was there is there again with the right keys.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use folkmoot_tests::{
    home::Home,
    meet::{equal, invite, join, refused, talk},
};

/// Names the file that holds the passphrase.
const VARIABLE: &str = "MOOT_PASSPHRASE_FILE";

/// A file beside the home with these permissions.
fn beside(home: &Home, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = home.folder().with_file_name(name);
    fs::write(&path, text).unwrap();
    set_mode(&path, mode);
    path
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Every file of a folder with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn sealed_keys_open_with_the_right_passphrase_only() {
    let mut home = Home::new("sealed");
    let right = beside(&home, "right", "three quiet herons\n", 0o600);
    let wrong = beside(&home, "wrong", "three quiet herrings\n", 0o600);
    home.set(VARIABLE, &right);
    home.note("home", "before it was closed: quincetree");
    let keys = contents(&home.folder().join("keys"));

    // For a command, and for a node: wrong, none, and files that hold none.
    let open = beside(&home, "open", "three quiet herons\n", 0o644);
    let empty = beside(&home, "empty", "", 0o600);
    let missing = home.folder().with_file_name("missing");
    let cases: [(Option<&Path>, i32, &[&str]); 5] = [
        (Some(&wrong), 4, &["the passphrase is wrong", "next:"]),
        (None, 4, &["passphrase", "MOOT_PASSPHRASE_FILE"]),
        (Some(&open), 4, &["can be read by other users", "chmod 600"]),
        (Some(&empty), 2, &["is empty"]),
        (Some(&missing), 3, &["missing"]),
    ];
    for (file, code, words) in cases {
        match file {
            Some(file) => home.set(VARIABLE, file),
            None => home.unset(VARIABLE),
        }
        for args in [
            &["list"] as &[&str],
            &["note", "never written"],
            &["id", "--phrase"],
            &["up", "--listen", "/ip4/127.0.0.1/tcp/0"],
        ] {
            refused(&home.run(args), code, words);
        }
    }
    assert_eq!(contents(&home.folder().join("keys")), keys);

    // The right one: everything is there. A running node needs it no more.
    home.set(VARIABLE, &right);
    assert_eq!(home.count("quincetree"), 1);
    assert_eq!(home.count("never"), 0);
    home.up();
    home.unset(VARIABLE);
    home.note("home", "while it is open: plumtree");
    assert_eq!(home.stop(), 0);
    home.set(VARIABLE, &right);
    assert_eq!(home.count("quincetree OR plumtree"), 2);
}

#[test]
fn key_files_that_others_can_read_are_refused_until_that_is_mended() {
    let mut ana = Home::new("ana");
    let mut ben = Home::new("ben");
    ana.up();
    ana.ok(&["collective", "new", "commons"]);
    ben.up();
    join(&ben, &invite(&ana, "commons"));
    equal(&[&ana, &ben], "commons");
    ben.note("commons", "before: quincetree");
    assert_eq!(ben.stop(), 0);

    let folder = ben.folder().join("keys");
    let mut opened: Vec<PathBuf> = contents(&folder)
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    opened.push(folder.clone());
    for path in &opened {
        let before = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(before & 0o077, 0, "{}", path.display());
        for more in [0o040, 0o004, 0o020] {
            set_mode(path, before | more);
            let hint = format!("chmod -R go= {}", path.display());
            for args in [
                &["list"] as &[&str],
                &["note", "never written"],
                &["up", "--listen", "/ip4/127.0.0.1/tcp/0"],
            ] {
                refused(&ben.run(args), 1, &["others on this machine", &hint]);
            }
        }
        set_mode(path, before);
    }
    ben.up();
    assert_eq!(ben.count("quincetree"), 1);
    equal(&[&ana, &ben], "commons");
    talk(&ana, &ben, "commons", "afterwards");
}

#[test]
fn lost_or_damaged_keys_never_begin_a_new_person() {
    let mut home = Home::new("keyless");
    home.note("home", "before: quincetree");
    let keys = home.folder().join("keys");
    let whole = contents(&keys);
    for (path, bytes) in &whole {
        let name = path.file_name().unwrap().to_str().unwrap();
        let flipped: Vec<u8> = bytes
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ u8::from(at == bytes.len() / 2))
            .collect();
        let damages = [
            None,
            Some(Vec::new()),
            Some(bytes[..bytes.len() - 1].to_vec()),
            Some(flipped),
        ];
        for damage in damages {
            match &damage {
                Some(damage) => fs::write(path, damage).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
            for args in [
                &["list"] as &[&str],
                &["note", "never written"],
                &["up", "--listen", "/ip4/127.0.0.1/tcp/0"],
            ] {
                let said = home.run(args);
                refused(&said, 1, &["next:", "restore the key folder"]);
                assert!(
                    said.err.contains("damaged or missing") || said.err.contains("are missing"),
                    "{name}: {}",
                    said.err
                );
            }
            // Nothing was made in its place.
            assert_eq!(path.exists(), damage.is_some(), "{name}");
            fs::write(path, bytes).unwrap();
            set_mode(path, 0o600);
            assert_eq!(contents(&keys), whole, "{name}");
        }
    }
    assert_eq!(home.count("quincetree"), 1);
    home.up();
    assert_eq!(home.count("quincetree"), 1);
}

#[test]
fn a_command_with_the_passphrase_of_another_home_seals_nothing() {
    let mut home = Home::new("ana");
    home.ok(&["note", "written in the open"]);
    let other = beside(&home, "passphrase", "of another home\n", 0o600);
    home.set(VARIABLE, &other);
    home.ok(&["status"]);
    home.unset(VARIABLE);
    // Still open: nobody is asked for a passphrase.
    home.ok(&["note", "written again"]);
    // The node's start is what seals.
    home.set(VARIABLE, &other);
    home.up();
    assert_eq!(home.stop(), 0);
    home.unset(VARIABLE);
    refused(&home.run(&["list"]), 4, &["passphrase"]);
}

#[test]
fn a_passphrase_is_set_changed_and_removed_with_a_node_and_without() {
    const NEW: &str = "MOOT_NEW_PASSPHRASE_FILE";
    let mut home = Home::new("changed");
    home.note("home", "before: quincetree");
    let one = beside(&home, "one", "three quiet herons\n", 0o600);
    let two = beside(&home, "two", "five loud herons\n", 0o600);
    assert_eq!(home.ok(&["passphrase"])["sealed"], false);
    refused(
        &home.run(&["passphrase", "change"]),
        2,
        &["no passphrase", "set"],
    );
    refused(
        &home.run(&["lock"]),
        4,
        &["no passphrase", "passphrase set"],
    );
    refused(
        &home.run(&["passphrase", "set"]),
        4,
        &["new passphrase", NEW],
    );
    home.set(NEW, &one);
    assert_eq!(home.ok(&["passphrase", "set"])["sealed"], true);
    refused(&home.run(&["passphrase", "set"]), 4, &["already", "change"]);
    refused(&home.run(&["find", "quincetree"]), 4, &["passphrase"]);

    // Beside a node: the wrong one changes nothing.
    home.set(VARIABLE, &one);
    home.up();
    home.set(NEW, &two);
    home.set(VARIABLE, &two);
    let keys = contents(&home.folder().join("keys"));
    refused(
        &home.run(&["passphrase", "change"]),
        4,
        &["the passphrase is wrong"],
    );
    refused(
        &home.run(&["passphrase", "remove"]),
        4,
        &["the passphrase is wrong"],
    );
    assert_eq!(contents(&home.folder().join("keys")), keys);
    home.set(VARIABLE, &one);
    let said = home.run(&["passphrase", "change"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains(VARIABLE), "{}", said.err);
    home.note("home", "meanwhile: quincetree");
    assert_eq!(home.stop(), 0);
    refused(
        &home.run(&["find", "quincetree"]),
        4,
        &["the passphrase is wrong"],
    );
    home.set(VARIABLE, &two);
    assert_eq!(home.count("quincetree"), 2);
    assert_eq!(home.ok(&["passphrase", "remove"])["sealed"], false);
    home.unset(VARIABLE);
    assert_eq!(home.count("quincetree"), 2);
}

#[test]
fn a_locked_node_answers_nothing_until_it_is_unlocked() {
    let mut home = Home::new("locked");
    let right = beside(&home, "right", "three quiet herons\n", 0o600);
    let wrong = beside(&home, "wrong", "three quiet herrings\n", 0o600);
    home.set(VARIABLE, &right);
    home.note("home", "before: quincetree");
    home.unset(VARIABLE);
    refused(&home.run(&["unlock"]), 5, &["moot up"]);
    assert_eq!(home.ok(&["lock"])["locked"], true);
    home.set(VARIABLE, &right);
    home.up();
    assert_eq!(home.ok(&["unlock"])["locked"], false);
    let pid = home.pid();
    for _ in 0..2 {
        assert_eq!(home.ok(&["lock"])["locked"], true);
        assert_eq!(home.ok(&["lock"])["locked"], true);
        for args in [
            &["find", "quincetree"] as &[&str],
            &["note", "never written"],
            &["status"],
            &["id", "--phrase"],
        ] {
            refused(&home.run(args), 4, &["your node is locked", "moot unlock"]);
        }
        let second = home.run(&["up", "--listen", "/ip4/127.0.0.1/tcp/0"]);
        refused(&second, 4, &["locked", "moot unlock"]);
        home.set(VARIABLE, &wrong);
        refused(&home.run(&["unlock"]), 4, &["the passphrase is wrong"]);
        home.set(VARIABLE, &right);
        assert_eq!(home.ok(&["unlock"])["locked"], false);
        assert_eq!(home.count("quincetree"), 1);
        assert_eq!(home.count("never"), 0);
        assert_eq!(home.ok(&["status"])["pid"], pid.unwrap());
    }
    // It ends in order while it is locked, too.
    assert_eq!(home.ok(&["lock"])["locked"], true);
    assert_eq!(home.stop(), 0);
    assert_eq!(home.count("quincetree"), 1);
}

/// Whoever starts a second node while the first one is being locked meets the first one.
#[test]
fn no_second_node_takes_the_place_of_one_that_is_being_locked() {
    let mut home = Home::new("taken");
    let right = beside(&home, "right", "three quiet herons\n", 0o600);
    home.set(VARIABLE, &right);
    home.up();
    let pid = home.pid();
    for _ in 0..4 {
        let quiet = |args: &[&str]| {
            let mut command = home.command(args);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        };
        let mut locking = quiet(&["lock"]);
        let mut others = Vec::new();
        while locking.try_wait().unwrap().is_none() {
            others.push(quiet(&["up", "--listen", "/ip4/127.0.0.1/tcp/0"]));
            // As many as a person could start, not as many as the machine can.
            std::thread::sleep(Duration::from_millis(30));
        }
        assert!(locking.wait().unwrap().success());
        for mut other in others {
            assert!(is_refused(&mut other));
        }
        refused(&home.run(&["find", "x"]), 4, &["your node is locked"]);
        assert_eq!(home.ok(&["unlock"])["locked"], false);
        assert_eq!(home.ok(&["status"])["pid"], pid.unwrap());
    }
}

/// Whether a program ends by itself and in vain; one that goes on is ended.
fn is_refused(child: &mut Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().unwrap() {
            return !status.success();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(child.kill());
    drop(child.wait());
    false
}
