//! The projection may be lost, broken, foreign or grown: the log brings it back.

use std::{fs, path::Path};

use folkmoot_record::Verified;
use folkmoot_store::{Direction, Entry, Held, Options, Progress, Vault};

use crate::records::{SMALL, cid, note, open, open_clean};

fn fill(dir: &Path) -> Vec<Verified> {
    let notes: Vec<_> = (0..60).map(|seq| note(1, 1, seq, "projected")).collect();
    let mut vault = open_clean(dir);
    for group in notes.chunks(7) {
        let mut entries: Vec<_> = group
            .iter()
            .map(|note| Entry::Record(note.clone(), 1))
            .collect();
        entries.push(Entry::Local {
            key: b"last".to_vec(),
            value: Some(group[0].id().as_bytes().to_vec()),
        });
        vault.commit(&entries).unwrap();
    }
    vault.close().unwrap();
    notes
}

fn check(vault: &Vault, notes: &[Verified]) {
    for note in notes {
        assert_eq!(vault.get(&note.id()).unwrap().unwrap().wire, note.wire());
    }
    let ids = vault
        .scan(&cid(1), 0, u64::MAX, Direction::Forward, None, 999)
        .unwrap();
    assert_eq!(ids.len(), notes.len());
    assert_eq!(vault.counts(&cid(1)).content, notes.len() as u64);
    assert_eq!(
        vault.local(b"last").unwrap().unwrap(),
        notes[56].id().as_bytes()
    );
}

fn current(dir: &Path) -> String {
    fs::read_to_string(dir.join("CURRENT"))
        .unwrap()
        .trim()
        .to_owned()
}

/// Spoils the projection, opens, and expects a rebuild that says why.
fn spoiled(spoil: impl Fn(&Path), why: &str) {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    spoil(dir.path());
    let mut last = None;
    let (vault, report) =
        Vault::open(dir.path(), SMALL, &mut |progress| last = Some(progress)).unwrap();
    let said = report.rebuilt_projection.expect("a rebuild");
    assert!(said.contains(why), "{said}");
    assert!(report.replayed >= 60);
    assert_eq!((report.damaged.len(), report.torn_tail_cut), (0, None));
    assert!(
        matches!(last, Some(Progress::Rebuilding { done, total }) if done <= total && total > 0)
    );
    check(&vault, &notes);
    drop(vault);
    check(&open_clean(dir.path()), &notes);
    let folders = fs::read_dir(dir.path()).unwrap().filter(|item| {
        item.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("sled-")
    });
    assert_eq!(folders.count(), 1, "the old folder is gone");
}

#[test]
fn a_missing_folder() {
    spoiled(
        |dir| fs::remove_dir_all(dir.join(current(dir))).unwrap(),
        "missing",
    );
}

#[test]
fn a_missing_or_broken_current_file() {
    spoiled(
        |dir| fs::remove_file(dir.join("CURRENT")).unwrap(),
        "there is none",
    );
    spoiled(
        |dir| fs::write(dir.join("CURRENT"), "../../elsewhere").unwrap(),
        "CURRENT is broken",
    );
    spoiled(
        |dir| fs::write(dir.join("CURRENT"), [0xff, 0xfe]).unwrap(),
        "CURRENT is broken",
    );
}

#[test]
fn garbage_in_the_folder() {
    for file in ["db", "conf"] {
        spoiled(
            |dir| {
                let path = dir.join(current(dir)).join(file);
                let len = fs::metadata(&path).unwrap().len() as usize;
                let garbage: Vec<u8> = (0..len).map(|at| (at * 7 + at / 251) as u8 | 1).collect();
                fs::write(path, garbage).unwrap();
            },
            "",
        );
    }
}

#[test]
fn a_projection_of_another_store() {
    let other = tempfile::tempdir().unwrap();
    fill(other.path());
    spoiled(
        |dir| {
            let own = dir.join(current(dir));
            fs::remove_dir_all(&own).unwrap();
            fs::rename(other.path().join(current(other.path())), own).unwrap();
        },
        "another schema or store",
    );
}

#[test]
fn a_projection_cut_anywhere_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    let keep = |name: &str| fs::read(dir.path().join(name)).unwrap();
    let whole = keep(&format!("{}/db", current(dir.path())));
    let step = (whole.len() / 23).max(1);
    for len in (0..whole.len()).step_by(step) {
        fs::write(
            dir.path().join(current(dir.path())).join("db"),
            &whole[..len],
        )
        .unwrap();
        let (vault, _) = open(dir.path());
        check(&vault, &notes);
        drop(vault);
        check(&open_clean(dir.path()), &notes);
    }
}

#[test]
fn a_grown_projection_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    let options = Options {
        projection_spare_bytes: 1,
        ..SMALL
    };
    let (mut vault, _) = Vault::open(dir.path(), options, &mut |_| {}).unwrap();
    let before = current(dir.path());
    let done = vault.compact().unwrap();
    assert!(done.projection && done.segments == 0);
    assert_ne!(current(dir.path()), before);
    assert!(!dir.path().join(before).exists());
    check(&vault, &notes);
    vault
        .commit(&[Entry::Record(note(2, 1, 0, "after"), 0)])
        .unwrap();
    vault.close().unwrap();
    let vault = open_clean(dir.path());
    check(&vault, &notes);
    assert_eq!(vault.counts(&cid(2)).content, 1);
}

#[test]
fn erased_bodies_leave_the_disk_and_nothing_moves() {
    let dir = tempfile::tempdir().unwrap();
    let secret = "THE SECRET";
    let notes: Vec<_> = (0..12)
        .map(|seq| note(1, 1, seq, &format!("{secret} {}", "x".repeat(900))))
        .collect();
    let mut vault = open_clean(dir.path());
    for note in &notes[..11] {
        vault.commit(&[Entry::Record(note.clone(), 1)]).unwrap();
    }
    vault
        .commit(&[Entry::Record(notes[11].without_body(), 1)])
        .unwrap();
    vault
        .commit(&[Entry::Record(notes[11].clone(), 1)])
        .unwrap();
    let erased = [0, 1, 5, 10, 11];
    for at in erased {
        vault
            .commit(&[Entry::Erase { id: notes[at].id() }])
            .unwrap();
    }
    let found = || -> usize {
        fs::read_dir(dir.path().join("log"))
            .unwrap()
            .map(|item| fs::read(item.unwrap().path()).unwrap())
            .map(|bytes| {
                bytes
                    .windows(secret.len())
                    .filter(|window| window == &secret.as_bytes())
                    .count()
            })
            .sum()
    };
    assert_eq!(found(), 12);
    let end = vault.cursor();
    let mut rewritten = 0;
    loop {
        let done = vault.compact().unwrap();
        if done.segments == 0 {
            break;
        }
        rewritten += done.segments;
    }
    assert!(rewritten > 1, "they lie in several segments");
    assert_eq!(found(), 12 - erased.len());
    assert_eq!(vault.cursor(), end);
    let check = |vault: &Vault| {
        for (at, note) in notes.iter().enumerate() {
            let stored = vault.get(&note.id()).unwrap().unwrap();
            if erased.contains(&at) {
                assert_eq!(stored.wire, note.without_body().wire());
                assert_eq!(vault.held(&note.id()).unwrap(), Held::Erased);
            } else {
                assert_eq!(stored.wire, note.wire());
            }
        }
    };
    check(&vault);
    // The segment that is being written was rewritten too; writing goes on behind it.
    vault
        .commit(&[Entry::Record(note(1, 1, 20, "after"), 1)])
        .unwrap();
    let bytes = vault.counts(&cid(1)).bytes;
    drop(vault);
    check(&open_clean(dir.path()));
    fs::remove_file(dir.path().join("CURRENT")).unwrap();
    let (mut vault, report) = open(dir.path());
    assert_eq!((report.damaged.len(), report.torn_tail_cut), (0, None));
    check(&vault);
    assert_eq!(vault.counts(&cid(1)).bytes, bytes);
    assert_eq!(
        vault.scrub(Default::default(), u64::MAX).unwrap(),
        (None, Vec::new())
    );
    while vault.compact().unwrap().segments > 0 {}
    check(&vault);
}
