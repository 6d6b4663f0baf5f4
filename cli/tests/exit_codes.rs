//! What scripts rely on: exit codes, and where data and talk go. Nothing here opens a store.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// Runs `moot` on this home, without the variables of whoever runs the tests.
fn moot(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moot"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MOOT_") {
            command.env_remove(name);
        }
    }
    command
        .arg("--home")
        .arg(home)
        .args(words)
        .stdin(Stdio::null());
    command
}

fn run(home: &Path, words: &[&str]) -> Output {
    moot(home, words).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn nonsense_is_2_and_suggests() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["fnd", "x"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("find"), "{}", stderr(&output));
    for words in [
        &["find"][..],
        &["find", "x", "--limit", "0"],
        &["sync", "--wait", "61"],
        &["invite", "c", "--uses", "0"],
        &["invite", "c", "--expires", "soon"],
        &["config", "get", "colour"],
        &["config", "set", "port", "many"],
        &["note", "", "--no-input"],
        &["up", "--log", "a=b=c"],
    ] {
        assert_eq!(code(&run(home.path(), words)), 2, "{words:?}");
    }
}

#[test]
fn a_text_may_begin_with_a_minus_and_a_mistyped_option_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    for words in [
        &["note", "- a line", "-t", "garden"][..],
        &["note", "- [ ] x", "--title", "- a title"],
        &["note", "---", "-tgarden"],
        &["today", "- rain", "--quiet"],
        &[
            "task",
            "add",
            "-5 degrees: cover the figs",
            "--due",
            "friday",
        ],
        &["comment", "- a title", "- so it is"],
        &["edit", "- a title", "- [x] x"],
        &["find", "-tag:garden", "kind:note"],
        &["list", "rain", "-tag:garden", "--limit", "3"],
    ] {
        let output = run(&home, words);
        assert_eq!(code(&output), 0, "{words:?}: {}", stderr(&output));
    }
    let shown = stdout(&run(&home, &["find", "line tag:garden"]));
    assert!(shown.contains("- a line"), "{shown}");
    let day = stdout(&run(&home, &["today", "--print"]));
    assert!(day.contains(" rain") && !day.contains("- rain"), "{day}");
    for (words, meant) in [
        (&["note", "x", "--titel", "y"][..], "--title"),
        (&["note", "--ttile=a b", "x"], "--title"),
        (&["find", "x", "--limti", "5"], "--limit"),
        (&["find", "x", "-limit", "5"], "-l"),
        (&["today", "-print"], "-p"),
    ] {
        let output = run(&home, words);
        assert_eq!(code(&output), 2, "{words:?}");
        assert!(stderr(&output).contains(meant), "{}", stderr(&output));
    }
    // A word that is no day is not written where the page was to be shown.
    for words in [
        &["today", "friday", "--print"],
        &["today", "-1d", "--print"],
    ] {
        let output = run(&home, words);
        assert_eq!(code(&output), 2, "{words:?}");
        assert!(stderr(&output).contains("is no day"), "{}", stderr(&output));
    }
    assert_eq!(stdout(&run(&home, &["today", "--print"])), day);
    // As a variable that is empty by mistake.
    let output = run(&home, &["edit", "- a title", ""]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let output = run(&home, &["find", "x", "--limit", "-5"]);
    assert!(code(&output) == 2 && stderr(&output).contains("'-5'"));
    assert!(!stderr(&output).contains('\0'), "{}", stderr(&output));
}

#[test]
fn what_was_taken_back_is_restored_by_its_title() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    for words in [
        &["note", "x", "--title", "Hot compost"][..],
        &["retract", "hot compost"],
        &["restore", "hot compost"],
        &["show", "Hot compost"],
        &["retract", "Hot compost"],
    ] {
        let output = run(&home, words);
        assert_eq!(code(&output), 0, "{words:?}: {}", stderr(&output));
    }
    // Two lie there now.
    let output = run(&home, &["restore", "Hot compost"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("by its id"), "{}", stderr(&output));
    let output = run(&home, &["restore", "Cold compost"]);
    assert_eq!(code(&output), 3);
    assert!(
        stderr(&output).contains("moot trash"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_is_no_address_is_not_kept_as_a_link() {
    let home = tempfile::tempdir().unwrap();
    for (address, wanted) in [
        ("example.org", 2),
        ("a page", 2),
        ("9:x", 2),
        ("https://example.org", 0),
        ("mailto:ana@example.org", 0),
        ("urn:isbn:0451450523", 0),
    ] {
        let output = run(home.path(), &["link", address]);
        assert_eq!(code(&output), wanted, "{address}: {}", stderr(&output));
    }
}

#[test]
fn what_is_missing_is_3() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["import", "/no/such/folder"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("/no/such/folder"));
}

#[test]
fn a_passphrase_that_others_can_read_is_4() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("passphrase");
    fs::write(&file, "secret\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let output = moot(home.path(), &["id"])
        .env("MOOT_PASSPHRASE_FILE", &file)
        .output()
        .unwrap();
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));
}

#[test]
fn no_node_is_5_with_the_next_step() {
    let home = tempfile::tempdir().unwrap();
    for words in [
        &["join", "KEY"][..],
        &["peers"],
        &["peers", "add", "/ip4/1.2.3.4/tcp/1"],
        &["sync"],
    ] {
        let output = run(home.path(), words);
        assert_eq!(code(&output), 5, "{words:?}");
        assert!(stderr(&output).contains("moot up"), "{}", stderr(&output));
    }
}

#[test]
fn a_socket_left_by_a_killed_node_counts_as_none() {
    let home = tempfile::tempdir().unwrap();
    drop(UnixListener::bind(home.path().join("node.sock")).unwrap());
    assert_eq!(code(&run(home.path(), &["peers"])), 5);
}

#[test]
fn json_errors_are_json() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["sync", "--json"]);
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["v"], 1);
    assert_eq!(error["error"]["code"], "not_running");
    assert_eq!(stdout(&output), "");
}

#[test]
fn settings_are_layered_and_keep_their_comments() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(
        code(&run(
            home.path(),
            &["config", "set", "lan", "on", "--quiet"]
        )),
        0
    );
    assert_eq!(stdout(&run(home.path(), &["config", "get", "lan"])), "on\n");
    let text = fs::read_to_string(home.path().join("config.toml")).unwrap();
    assert!(
        text.contains("# port = 7473") && text.contains("\nlan = \"on\""),
        "{text}"
    );
    let output = moot(home.path(), &["config", "--json"])
        .env("MOOT_PORT", "99")
        .output()
        .unwrap();
    let all: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |key: &str| all.iter().find(|s| s["key"] == key).unwrap().clone();
    assert_eq!(of("port")["value"], 99);
    assert_eq!(of("port")["origin"], "MOOT_PORT");
    assert_eq!(of("lan")["origin"], "config.toml");
    assert_eq!(of("log")["origin"], "default");
}

#[test]
fn a_broken_configuration_shows_the_place() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config.toml"), "port = 1\nprot = 2\n").unwrap();
    let output = run(home.path(), &["up"]);
    assert_eq!(code(&output), 1);
    let told = stderr(&output);
    assert!(told.contains("line 2") && told.contains("prot"), "{told}");
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let mut child = moot(home.path(), &["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn completions_and_version_need_no_home() {
    let output = Command::new(env!("CARGO_BIN_EXE_moot"))
        .args(["completions", "fish"])
        .env_remove("HOME")
        .output()
        .unwrap();
    assert!(output.status.success() && stdout(&output).contains("moot"));
    let output = run(Path::new("/nowhere"), &["--version"]);
    assert_eq!(
        stdout(&output),
        format!("moot {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_mistyped_home_is_3_for_whoever_only_reads_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("hoem");
    for words in [
        &["find", "x"][..],
        &["list"],
        &["show", "abcd"],
        &["status"],
        &["why", "abcd"],
        &["collective", "list"],
    ] {
        let output = run(&home, words);
        assert_eq!(code(&output), 3, "{words:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("there is no home in"), "{words:?}");
        assert!(!home.join("keys").exists(), "{words:?} made a home");
    }
}

#[test]
fn a_setting_that_would_keep_the_node_down_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for words in [
        &["config", "set", "listen", "bananas"][..],
        &["config", "set", "log", "folkmoot=loudest"],
    ] {
        let output = run(home.path(), words);
        assert_eq!(code(&output), 2, "{words:?}: {}", stderr(&output));
        assert!(!home.path().join("config.toml").exists(), "{words:?}");
    }
}

#[test]
fn a_text_from_the_editor_is_kept_where_saving_fails() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    assert_eq!(code(&run(&home, &["note", "first"])), 0);
    // An editor that writes more than a note holds.
    let editor = folder.path().join("editor");
    fs::write(
        &editor,
        "#!/bin/sh\nhead -c 40000 /dev/zero | tr '\\0' a > \"$1\"\n",
    )
    .unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o700)).unwrap();
    let line = format!(
        "{} --home {} note",
        env!("CARGO_BIN_EXE_moot"),
        home.display()
    );
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("VISUAL", &editor)
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = stdout(&output);
    assert_ne!(code(&output), 0, "{said}");
    assert!(said.contains("what you wrote is in"), "{said}");
    let drafts: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("moot-"))
        .collect();
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].metadata().unwrap().len(), 40_000);
}
