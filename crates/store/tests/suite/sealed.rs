//! A sealed store: nothing of it can be read from the disk, and one that lay in the open is sealed,
//! whatever interrupts it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use folkmoot_record::Verified;
use folkmoot_seal::StoreKey;
use folkmoot_store::{
    Direction, Entry, Lies, LogCursor, Logged, OpenReport, Options, StoreError, StoreLock, Vault,
};

use crate::records::{SMALL, cid, note};

pub(crate) const PHRASE: &str = "meet at the old bridge";
const FACT: &[u8] = b"a path of somebody's disk";

pub(crate) fn key(byte: u8) -> Option<StoreKey> {
    Some(StoreKey::from_bytes([byte; 32]))
}

fn open(dir: &Path, key: Option<StoreKey>) -> Result<(Vault, OpenReport), StoreError> {
    Vault::open(dir, Options { key, ..SMALL }, &mut |_| {})
}

/// Thirty notes with a fact beside each, some of them erased.
fn fill(dir: &Path, key: Option<StoreKey>) -> Vec<Verified> {
    let notes: Vec<_> = (0..30).map(|seq| note(1, 1, seq, PHRASE)).collect();
    let (mut vault, _) = open(dir, key).unwrap();
    for group in notes.chunks(4) {
        let mut entries = Vec::new();
        for note in group {
            entries.push(Entry::Record(note.clone(), 1));
            entries.push(Entry::Local {
                key: note.id().as_bytes()[..8].to_vec(),
                value: Some(FACT.to_vec()),
            });
        }
        vault.commit(&entries).unwrap();
    }
    vault.commit(&[Entry::Erase { id: notes[3].id() }]).unwrap();
    vault.compact().unwrap();
    vault.close().unwrap();
    notes
}

fn check(vault: &Vault, notes: &[Verified]) {
    let ids = vault
        .scan(&cid(1), 0, u64::MAX, Direction::Forward, None, 99)
        .unwrap();
    assert_eq!(ids.len(), notes.len());
    for (index, note) in notes.iter().enumerate() {
        assert_eq!(is_whole(vault, note), index != 3);
        let fact = vault.local(&note.id().as_bytes()[..8]).unwrap();
        assert_eq!(fact.as_deref(), Some(FACT));
    }
    assert_eq!(vault.scan_local(b"").unwrap().len(), notes.len());
}

fn is_whole(vault: &Vault, note: &Verified) -> bool {
    let stored = vault.get(&note.id()).unwrap().unwrap();
    stored.wire == note.wire()
}

pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for item in fs::read_dir(dir).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// Each file of the folder with its bytes.
pub(crate) fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<_> = files(dir)
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

/// Files of the folder in which a text stands.
pub(crate) fn naming(dir: &Path, text: &[u8]) -> Vec<PathBuf> {
    files(dir)
        .into_iter()
        .filter(|path| {
            let bytes = fs::read(path).unwrap();
            bytes.windows(text.len()).any(|window| window == text)
        })
        .collect()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, target).unwrap();
    }
}

#[test]
fn nothing_of_a_sealed_store_can_be_read_from_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let plain = tempfile::tempdir().unwrap();
    fill(plain.path(), None);
    let notes = fill(dir.path(), key(1));
    for text in [PHRASE.as_bytes(), FACT] {
        assert!(!naming(plain.path(), text).is_empty());
        assert_eq!(naming(dir.path(), text), [] as [PathBuf; 0]);
    }
    let (vault, report) = open(dir.path(), key(1)).unwrap();
    assert!(!report.sealed && report.damaged.is_empty());
    check(&vault, &notes);
    drop(vault);
    // From the log alone, too.
    fs::remove_file(dir.path().join("CURRENT")).unwrap();
    check(&open(dir.path(), key(1)).unwrap().0, &notes);
}

#[test]
fn without_its_key_it_says_so_and_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path(), key(1));
    for lost in [false, true] {
        if lost {
            // Where the file that names the key is lost, the log itself tells.
            fs::remove_file(dir.path().join("FORMAT")).unwrap();
        }
        let before = contents(dir.path());
        assert!(matches!(open(dir.path(), None), Err(StoreError::Sealed)));
        assert!(matches!(
            open(dir.path(), key(2)),
            Err(StoreError::WrongKey)
        ));
        // The lock names whoever holds it last; that is this process both times.
        assert!(before == contents(dir.path()));
    }
    let (vault, report) = open(dir.path(), key(1)).unwrap();
    assert!(report.damaged.is_empty());
    check(&vault, &notes);
}

#[test]
fn a_store_in_the_open_is_sealed_at_opening() {
    for lost in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let notes = fill(dir.path(), None);
        let (vault, _) = open(dir.path(), None).unwrap();
        let mut places = Vec::new();
        vault
            .records_since(LogCursor::default(), &mut |_, at| {
                places.push(at);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        drop(vault);
        if lost {
            fs::remove_file(dir.path().join("FORMAT")).unwrap();
        }
        let (vault, report) = open(dir.path(), key(1)).unwrap();
        assert!(report.sealed && report.damaged.is_empty(), "{report:?}");
        check(&vault, &notes);
        // No entry stands before its old place.
        let mut index = 0;
        vault
            .records_since(LogCursor::default(), &mut |_, at| {
                assert!(at >= places[index], "{at} < {}", places[index]);
                index += 1;
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(index, places.len());
        drop(vault);
        for text in [PHRASE.as_bytes(), FACT] {
            assert_eq!(naming(dir.path(), text), [] as [PathBuf; 0]);
        }
        let (vault, report) = open(dir.path(), key(1)).unwrap();
        assert!(!report.sealed && report.rebuilt_projection.is_none());
        check(&vault, &notes);
        assert!(matches!(
            open(dir.path(), None),
            Err(StoreError::InUse { .. })
        ));
        drop(vault);
        assert!(matches!(open(dir.path(), None), Err(StoreError::Sealed)));
    }
}

/// What damage took is told, what stands behind it keeps its place, and nothing else is lost with it.
#[test]
fn sealing_a_damaged_log_costs_what_the_damage_hit_and_says_so() {
    let notes: Vec<_> = (0..8).map(|seq| note(1, 1, seq, PHRASE)).collect();
    let plain = tempfile::tempdir().unwrap();
    let (mut vault, _) = open(plain.path(), None).unwrap();
    // The last group holds two entries.
    for group in [&notes[..3], &notes[3..6], &notes[6..]] {
        let entries: Vec<_> = group
            .iter()
            .map(|note| Entry::Record(note.clone(), 1))
            .collect();
        vault.commit(&entries).unwrap();
    }
    let mut ends = Vec::new();
    let passed = vault.records_since(LogCursor::default(), &mut |_, at| {
        ends.push(at);
        std::ops::ControlFlow::Continue(())
    });
    passed.unwrap();
    vault.close().unwrap();
    let whole = fs::read(plain.path().join("log/00000000.seg")).unwrap();
    for hit in 0..notes.len() {
        let dir = tempfile::tempdir().unwrap();
        copy(plain.path(), dir.path());
        let mut bytes = whole.clone();
        bytes[ends[hit].offset as usize - 40] ^= 1;
        fs::write(dir.path().join("log/00000000.seg"), bytes).unwrap();
        let (vault, report) = open(dir.path(), key(1)).unwrap();
        assert!(report.sealed);
        assert_eq!(report.damaged.len(), 1, "{hit}: {report:?}");
        for (index, note) in notes.iter().enumerate() {
            let held = vault.get(&note.id()).unwrap().is_some();
            assert_eq!(held, index != hit, "{hit}: {index}");
        }
        for from in [LogCursor::default(), ends[hit]] {
            let mut seen = 0;
            let passed = vault.records_since(from, &mut |logged, _| {
                seen += usize::from(matches!(logged, Logged::Record(..)));
                std::ops::ControlFlow::Continue(())
            });
            passed.unwrap();
            let behind = notes.len() - 1 - if from == ends[hit] { hit } else { 0 };
            assert!(seen >= behind, "{hit}: {seen} of {behind}");
        }
    }
}

#[test]
fn sealing_goes_on_wherever_it_was_interrupted() {
    let plain = tempfile::tempdir().unwrap();
    let notes = fill(plain.path(), None);
    let sealed = tempfile::tempdir().unwrap();
    copy(plain.path(), sealed.path());
    drop(open(sealed.path(), key(1)).unwrap());
    let log = |dir: &Path| dir.join("log");
    let (from, done) = (plain.path(), sealed.path());
    let aside = |dir: &Path| {
        fs::copy(done.join("FORMAT"), dir.join("FORMAT.sealed")).unwrap();
    };
    let states: [&dyn Fn(&Path); 6] = [
        // A part of the new log is written.
        &|dir| {
            copy(from, dir);
            let new = dir.join("log.sealed");
            fs::create_dir(&new).unwrap();
            let part = fs::read(log(done).join("00000000.seg")).unwrap();
            fs::write(new.join("00000000.seg"), &part[..part.len() / 2]).unwrap();
        },
        // All of it is, and what names its key.
        &|dir| {
            copy(from, dir);
            copy(&log(done), &dir.join("log.sealed"));
            aside(dir);
        },
        // The old log has gone aside.
        &|dir| {
            copy(from, dir);
            aside(dir);
            fs::rename(log(dir), dir.join("log.open")).unwrap();
            copy(&log(done), &dir.join("log.sealed"));
        },
        // The new one is in its place.
        &|dir| {
            copy(from, dir);
            aside(dir);
            fs::rename(log(dir), dir.join("log.open")).unwrap();
            copy(&log(done), &log(dir));
        },
        // The same, and what names its key was lost.
        &|dir| {
            copy(from, dir);
            fs::rename(log(dir), dir.join("log.open")).unwrap();
            copy(&log(done), &log(dir));
        },
        // `FORMAT` says so.
        &|dir| {
            copy(done, dir);
            copy(&log(from), &dir.join("log.open"));
        },
    ];
    for (index, make) in states.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path());
        let (vault, report) = open(dir.path(), key(1)).unwrap();
        assert!(report.sealed && report.damaged.is_empty(), "state {index}");
        check(&vault, &notes);
        drop(vault);
        assert_eq!(naming(dir.path(), PHRASE.as_bytes()), [] as [PathBuf; 0]);
        assert!(!dir.path().join("FORMAT.sealed").exists(), "state {index}");
        let (vault, report) = open(dir.path(), key(1)).unwrap();
        assert!(!report.sealed, "state {index}");
        check(&vault, &notes);
    }
}

/// Whoever opens it with another key while it is being sealed finishes nothing.
#[test]
fn another_key_does_not_end_a_sealing() {
    let plain = tempfile::tempdir().unwrap();
    let notes = fill(plain.path(), None);
    let sealed = tempfile::tempdir().unwrap();
    copy(plain.path(), sealed.path());
    drop(open(sealed.path(), key(1)).unwrap());
    let dir = tempfile::tempdir().unwrap();
    copy(plain.path(), dir.path());
    fs::rename(dir.path().join("log"), dir.path().join("log.open")).unwrap();
    copy(&sealed.path().join("log"), &dir.path().join("log.sealed"));
    let lock = StoreLock::take(dir.path()).unwrap();
    assert_eq!(lock.lies().unwrap(), Lies::Sealed);
    drop(lock);
    for (other, wrong) in [(None, false), (key(2), true)] {
        match open(dir.path(), other) {
            Err(StoreError::Sealed) => assert!(!wrong),
            Err(StoreError::WrongKey) => assert!(wrong),
            other => panic!("{other:?}"),
        }
    }
    let (vault, report) = open(dir.path(), key(1)).unwrap();
    assert!(report.sealed && report.damaged.is_empty());
    check(&vault, &notes);
}

/// Words that were tried before anything was written leave no trace.
#[test]
fn a_store_that_holds_nothing_takes_any_key() {
    let dir = tempfile::tempdir().unwrap();
    let lies = |dir: &Path| StoreLock::take(dir).unwrap().lies().unwrap();
    for byte in 1..4 {
        drop(open(dir.path(), key(byte)).unwrap());
        assert_eq!(lies(dir.path()), Lies::Empty);
    }
    let notes = fill(dir.path(), key(7));
    assert_eq!(lies(dir.path()), Lies::Sealed);
    assert!(matches!(
        open(dir.path(), key(1)),
        Err(StoreError::WrongKey)
    ));
    check(&open(dir.path(), key(7)).unwrap().0, &notes);
    let plain = tempfile::tempdir().unwrap();
    fill(plain.path(), None);
    assert_eq!(lies(plain.path()), Lies::Open);
}

#[test]
fn what_was_cut_from_a_log_in_the_open_goes_when_it_is_sealed() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), None);
    let segment = fs::read_dir(dir.path().join("log")).unwrap();
    let mut segments: Vec<PathBuf> = segment.map(|item| item.unwrap().path()).collect();
    segments.sort();
    let path = segments.last().unwrap();
    let bytes = fs::read(path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    fs::write(path, &bytes[..end - 20]).unwrap();
    // The projection would know what stood there.
    fs::remove_file(dir.path().join("CURRENT")).unwrap();
    let (vault, report) = open(dir.path(), None).unwrap();
    assert!(report.torn_tail_cut.is_some());
    drop(vault);
    assert!(!files(&dir.path().join("quarantine")).is_empty());
    drop(open(dir.path(), key(1)).unwrap());
    for text in [PHRASE.as_bytes(), FACT] {
        assert_eq!(naming(dir.path(), text), [] as [PathBuf; 0]);
    }
}

#[test]
fn damage_in_a_sealed_log_costs_what_it_hits() {
    let dir = tempfile::tempdir().unwrap();
    let notes: Vec<_> = (0..30).map(|seq| note(1, 1, seq, PHRASE)).collect();
    let (mut vault, _) = open(dir.path(), key(1)).unwrap();
    for note in &notes {
        vault.commit(&[Entry::Record(note.clone(), 1)]).unwrap();
    }
    vault.close().unwrap();
    let path = dir.path().join("log/00000000.seg");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (mut vault, _) = open(dir.path(), key(1)).unwrap();
    let (_, damaged) = vault.scrub(LogCursor::default(), u64::MAX).unwrap();
    assert_eq!(damaged.len(), 1);
    assert_eq!(damaged[0].ids, [notes[0].id()]);
    assert!(vault.get(&notes[0].id()).unwrap().is_none());
    for note in &notes[1..] {
        assert_eq!(vault.get(&note.id()).unwrap().unwrap().wire, note.wire());
    }
}

#[test]
fn an_erased_body_leaves_room_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = open(dir.path(), key(1)).unwrap();
    let long = PHRASE.repeat(1_400);
    let notes: Vec<_> = (0..8).map(|seq| note(1, 1, seq, &long)).collect();
    for note in &notes {
        vault.commit(&[Entry::Record(note.clone(), 1)]).unwrap();
    }
    let before = vault.size_on_disk().unwrap();
    for note in &notes[..6] {
        vault.commit(&[Entry::Erase { id: note.id() }]).unwrap();
    }
    while vault.compact().unwrap().segments > 0 {}
    let after = vault.size_on_disk().unwrap();
    assert!(after + 100_000 < before, "{before} before, {after} after");
    drop(vault);
    fs::remove_file(dir.path().join("CURRENT")).unwrap();
    let (vault, report) = open(dir.path(), key(1)).unwrap();
    assert!(report.damaged.is_empty());
    for (index, note) in notes.iter().enumerate() {
        assert_eq!(is_whole(&vault, note), index >= 6);
    }
}
