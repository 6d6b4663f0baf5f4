//! The pager on a terminal, and Ctrl-C in it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

fn moot(home: &Path, words: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_moot"))
        .args(words)
        .env("MOOT_HOME", home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
}

/// Waits for a word of the pager.
fn until(marks: &Path, word: &str) {
    let said = (0..12_000).any(|_| {
        let said = fs::read_to_string(marks).unwrap_or_default().contains(word);
        if !said {
            thread::sleep(Duration::from_millis(5));
        }
        said
    });
    assert!(said, "the pager never said {word}");
}

/// Runs a command on a terminal of ten rows, types Ctrl-C while its pager runs, and lets the pager
/// end; gives the exit code and what the pager wrote down.
fn interrupted(folder: &Path, line: &str) -> (Option<i32>, String) {
    let (marks, go) = (folder.join("marks"), folder.join("go"));
    for file in [&marks, &go] {
        // There is none the first time.
        let (Ok(()) | Err(_)) = fs::remove_file(file);
    }
    let pager = folder.join("pager");
    let (at, end) = (marks.display(), go.display());
    fs::write(
        &pager,
        format!(
            "#!/bin/sh\ntrap 'echo interrupted >> {at}' INT\ncat > /dev/null\n\
             echo ready >> {at}\nwhile [ ! -e {end} ]; do sleep 0.05; done\necho end >> {at}\n"
        ),
    )
    .unwrap();
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o700)).unwrap();
    let line = format!(
        "stty rows 10 cols 80; exec {} {line}",
        env!("CARGO_BIN_EXE_moot")
    );
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("MOOT_HOME", folder.join("home"))
        .env("MOOT_PAGER", &pager)
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until(&marks, "ready");
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"\x03").unwrap();
    keys.flush().unwrap();
    until(&marks, "interrupted");
    fs::write(&go, "").unwrap();
    let status = child.wait().unwrap();
    drop(keys);
    (status.code(), fs::read_to_string(&marks).unwrap())
}

#[test]
fn ctrl_c_is_the_pagers_business_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    moot(&home, &["id", "--name", "Ana"]);
    for n in 0..12 {
        moot(&home, &["note", &format!("note {n}")]);
    }
    let (code, marks) = interrupted(folder.path(), "list");
    assert_eq!(marks, "ready\ninterrupted\nend\n");
    assert_eq!(code, Some(0), "the command waited for its pager");
}
