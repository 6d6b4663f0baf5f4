//! Who may open a store, and which.

use std::{fs, process::Command};

use folkmoot_store::{Entry, StoreError, Vault};

use crate::records::{SMALL, note, open, open_clean};

#[test]
fn the_second_opener_is_told_who_the_first_is() {
    let dir = tempfile::tempdir().unwrap();
    let vault = open_clean(dir.path());
    let refused = Vault::open(dir.path(), SMALL, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { pid: Some(pid) } if pid == std::process::id()));
    assert_eq!(
        refused.to_string(),
        format!("the store is in use by process {}", std::process::id())
    );
    drop(vault);
    open_clean(dir.path());
}

#[test]
fn a_stale_lock_heals_itself() {
    let dir = tempfile::tempdir().unwrap();
    drop(open_clean(dir.path()));
    // A process that is gone, and bytes that are no number.
    let mut gone = Command::new("true").spawn().unwrap();
    let pid = gone.id();
    gone.wait().unwrap();
    for content in [pid.to_string(), "no number".to_owned()] {
        fs::write(dir.path().join("lock"), content).unwrap();
        drop(open_clean(dir.path()));
    }
    assert_eq!(
        fs::read_to_string(dir.path().join("lock")).unwrap().trim(),
        std::process::id().to_string()
    );
}

/// The file FORMAT with another version number and a checksum that fits.
fn format_file(version: u32) -> String {
    let text = format!("folkmoot store {version}\nkey {}\n", "07".repeat(32));
    format!(
        "{text}check {}\n",
        &blake3::hash(text.as_bytes()).to_hex()[..16]
    )
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut vault = open_clean(dir.path());
    vault
        .commit(&[Entry::Record(note(1, 1, 0, "kept"), 0)])
        .unwrap();
    drop(vault);
    let own = fs::read(dir.path().join("FORMAT")).unwrap();
    fs::write(dir.path().join("FORMAT"), format_file(3)).unwrap();
    let log = fs::read(dir.path().join("log/00000000.seg")).unwrap();
    let refused = Vault::open(dir.path(), SMALL, &mut |_| {}).unwrap_err();
    assert!(matches!(
        refused,
        StoreError::NewerFormat { found: 3, known: 2 }
    ));
    assert!(refused.to_string().contains("use a newer version"));
    assert_eq!(fs::read(dir.path().join("log/00000000.seg")).unwrap(), log);
    fs::write(dir.path().join("FORMAT"), own).unwrap();
    assert!(
        open_clean(dir.path())
            .contains(&note(1, 1, 0, "kept").id())
            .unwrap()
    );
}

#[test]
fn a_lost_or_damaged_format_file_is_found_again_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut vault = open_clean(dir.path());
    vault
        .commit(&[Entry::Record(note(1, 1, 0, "kept"), 0)])
        .unwrap();
    drop(vault);
    let path = dir.path().join("FORMAT");
    let own = fs::read(&path).unwrap();
    for at in 0..=own.len() {
        match own.get(at) {
            Some(byte) => {
                let mut bad = own.clone();
                bad[at] = byte ^ 1;
                fs::write(&path, bad).unwrap();
            }
            None => fs::remove_file(&path).unwrap(),
        }
        assert!(
            open_clean(dir.path())
                .contains(&note(1, 1, 0, "kept").id())
                .unwrap(),
            "byte {at}"
        );
        assert_eq!(fs::read(&path).unwrap(), own);
    }
}

#[test]
fn what_is_no_store_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("FORMAT"), "something else").unwrap();
    let refused = Vault::open(dir.path(), SMALL, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, StoreError::NotAStore { .. }));
    assert_eq!(
        fs::read(dir.path().join("FORMAT")).unwrap(),
        b"something else"
    );
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(
        Vault::open(&file, SMALL, &mut |_| {}),
        Err(StoreError::Io { .. })
    ));
}

#[test]
fn leftovers_of_an_interrupted_start_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    // The segment was made and its head not yet written.
    fs::write(dir.path().join("log/00000000.seg"), b"folk").unwrap();
    let (mut vault, report) = open(dir.path());
    assert_eq!(
        (report.torn_tail_cut, report.damaged.len()),
        (None, 0),
        "nothing was in it yet"
    );
    vault
        .commit(&[Entry::Record(note(1, 1, 0, "first"), 0)])
        .unwrap();
    drop(vault);
    assert_eq!(
        open_clean(dir.path())
            .counts(&crate::records::cid(1))
            .content,
        1
    );
}
