//! Sealing a store that lay in the open, where its log is damaged, its disk fails or is full, or somebody
//! else had a hand in it: nothing is lost that an ordinary opening keeps, and what is lost is told.

use std::{
    collections::BTreeSet,
    fs,
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use folkmoot_record::{RecordId, Verified};
use folkmoot_store::{
    Damage, Direction, Engine, Entry, Lies, LogCursor, OpenReport, Options, StoreError, StoreLock,
    Vault,
};

use crate::{
    child::Running,
    crash::library,
    records::{SMALL, cid, note},
    sealed::{PHRASE, contents, copy, files, key, naming},
};

/// Small segments, and a projection in memory: the whole log is read.
pub(crate) const IN_MEMORY: Options = Options {
    segment_bytes: 1_200,
    engine: Engine::Memory,
    ..SMALL
};
/// The same with a projection that knows what stood in the log.
const ON_DISK: Options = Options {
    segment_bytes: 1_200,
    ..SMALL
};

fn open(
    dir: &Path,
    options: &Options,
    byte: Option<u8>,
) -> Result<(Vault, OpenReport), StoreError> {
    let options = Options {
        key: byte.and_then(key),
        ..options.clone()
    };
    Vault::open(dir, options, &mut |_| {})
}

/// Notes in groups of three, over several segments.
fn fill(dir: &Path) -> Vec<Verified> {
    let notes: Vec<_> = (0..15).map(|seq| note(1, 1, seq, PHRASE)).collect();
    let (mut vault, _) = open(dir, &ON_DISK, None).unwrap();
    for group in notes.chunks(3) {
        let entries = group.iter().map(|note| Entry::Record(note.clone(), 1));
        vault.commit(&entries.collect::<Vec<_>>()).unwrap();
    }
    vault.close().unwrap();
    assert!(segment(dir, 2).exists());
    notes
}

fn segment(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("log/{number:08}.seg"))
}

fn held(vault: &Vault) -> BTreeSet<RecordId> {
    vault
        .scan(&cid(1), 0, u64::MAX, Direction::Forward, None, 99)
        .unwrap()
        .into_iter()
        .map(|(_, id)| id)
        .filter(|id| matches!(vault.get(id), Ok(Some(_))))
        .collect()
}

/// Where damage is and what it is.
fn told(damaged: &[Damage]) -> Vec<String> {
    damaged.iter().map(ToString::to_string).collect()
}

/// Wherever a bit flips or the log ends, sealing keeps what the ordinary opening keeps and tells the same.
#[test]
fn sealing_a_damaged_log_loses_what_opening_it_loses_and_nothing_else() {
    let plain = tempfile::tempdir().unwrap();
    let notes = fill(plain.path());
    let all: BTreeSet<_> = notes.iter().map(Verified::id).collect();
    let last = log_segments(plain.path()).len() as u32 - 1;
    let mut hit = 0;
    for number in [0, 1, last] {
        let whole = fs::read(segment(plain.path(), number)).unwrap();
        let flips = (64..whole.len()).step_by(61).map(|at| (at, true));
        let cuts = (64..whole.len()).step_by(211).map(|at| (at, false));
        for (at, flip) in flips.chain(cuts) {
            let mut bytes = whole.clone();
            match flip {
                true => bytes[at] ^= 4,
                false => bytes.truncate(at),
            }
            let (left, sealed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            for dir in [left.path(), sealed.path()] {
                copy(&plain.path().join("log"), &dir.join("log"));
                fs::copy(plain.path().join("FORMAT"), dir.join("FORMAT")).unwrap();
                fs::write(segment(dir, number), &bytes).unwrap();
            }
            let (before, first) = open(left.path(), &IN_MEMORY, None).unwrap();
            let (after, second) = open(sealed.path(), &IN_MEMORY, Some(1)).unwrap();
            let what = format!("segment {number}, byte {at}, flipped {flip}");
            assert!(second.sealed && second.left_open.is_none(), "{what}");
            assert_eq!(held(&before), held(&after), "{what}");
            assert_eq!(told(&first.damaged), told(&second.damaged), "{what}");
            assert_eq!(
                first.torn_tail_cut.is_some(),
                second.torn_tail_cut.is_some(),
                "{what}"
            );
            let lost = all.len() - held(&after).len();
            let is_told = !second.damaged.is_empty() || second.torn_tail_cut.is_some();
            assert!(!flip || lost == 0 || is_told, "{what}");
            hit += lost;
        }
    }
    assert!(hit > 30, "{hit}");
}

fn log_segments(dir: &Path) -> Vec<PathBuf> {
    files(&dir.join("log"))
}

/// The end of a closed segment: what stands before it in its group is kept, what it took is named.
#[test]
fn a_damaged_end_of_a_closed_segment_costs_itself() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    let path = segment(dir.path(), 0);
    let mut bytes = fs::read(&path).unwrap();
    let (vault, _) = open(dir.path(), &ON_DISK, None).unwrap();
    let mut ends = Vec::new();
    let passed = vault.records_since(LogCursor::default(), &mut |_, at| {
        ends.extend((at.segment == 0).then_some(at.offset as usize));
        ControlFlow::Continue(())
    });
    passed.unwrap();
    drop(vault);
    let last = ends.len() - 1;
    // The head of the last entry in it.
    bytes[ends[last - 1]] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
    assert!(report.sealed);
    assert_eq!(report.damaged.len(), 1, "{report:?}");
    assert_eq!(report.damaged[0].ids, [notes[last].id()]);
    let held = held(&vault);
    for (index, note) in notes.iter().enumerate() {
        assert_eq!(held.contains(&note.id()), index != last, "{index}");
    }
}

/// What the projection knows of a log that was cut short is told when it is sealed, too.
#[test]
fn a_log_that_was_cut_short_is_sealed_and_names_what_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    let last = log_segments(dir.path()).len() as u32 - 1;
    fs::remove_file(segment(dir.path(), last)).unwrap();
    let (vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
    assert!(report.sealed);
    let held = held(&vault);
    let gone: BTreeSet<_> = notes.iter().map(Verified::id).collect();
    let gone: BTreeSet<_> = gone.difference(&held).copied().collect();
    assert!(!gone.is_empty());
    let named: BTreeSet<_> = report
        .damaged
        .iter()
        .flat_map(|one| one.ids.clone())
        .collect();
    assert_eq!(named, gone, "{report:?}");
}

/// A segment that cannot be read keeps the log in the open, and nobody from what can be read.
#[test]
fn a_disk_that_fails_leaves_the_log_open_and_readable() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    let (path, aside) = (segment(dir.path(), 0), dir.path().join("aside"));
    fs::rename(&path, &aside).unwrap();
    // Reading a folder is an error of the system, whoever asks.
    fs::create_dir(&path).unwrap();
    let format = fs::read(dir.path().join("FORMAT")).unwrap();
    for _ in 0..2 {
        let (mut vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
        let why = report.left_open.unwrap();
        assert!(why.contains("00000000.seg"), "{why}");
        assert!(!report.sealed);
        let last = notes.last().unwrap().id();
        assert!(vault.get(&last).unwrap().is_some());
        let fact = Entry::Local {
            key: b"fact".to_vec(),
            value: Some(b"in the open".to_vec()),
        };
        vault.commit(&[fact]).unwrap();
        drop(vault);
        assert!(!dir.path().join("log.sealed").exists());
        assert!(!dir.path().join("FORMAT.sealed").exists());
        assert_eq!(fs::read(dir.path().join("FORMAT")).unwrap(), format);
        let lies = StoreLock::take(dir.path()).unwrap().lies().unwrap();
        assert_eq!(lies, Lies::Open);
    }
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    let (vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
    assert!(report.sealed && report.left_open.is_none());
    assert_eq!(held(&vault).len(), notes.len());
    let fact = vault.local(b"fact").unwrap();
    assert_eq!(fact.as_deref(), Some(&b"in the open"[..]));
    drop(vault);
    assert_eq!(naming(dir.path(), PHRASE.as_bytes()), [] as [PathBuf; 0]);
}

/// With too little room nothing is begun: each command would fill the disk anew.
#[test]
fn a_disk_with_too_little_room_leaves_the_log_open() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    let path = segment(dir.path(), 0);
    let len = fs::metadata(&path).unwrap().len();
    let disk = rustix::fs::statvfs(dir.path()).unwrap();
    let grow = |to: u64| {
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(to).unwrap();
    };
    // A hole as large as what is free, and what a kill left.
    grow(disk.f_bavail * disk.f_frsize);
    fs::create_dir(dir.path().join("log.sealed")).unwrap();
    fs::write(dir.path().join("log.sealed/00000000.seg"), "a part").unwrap();
    let (vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
    let why = report.left_open.unwrap();
    assert!(why.contains("of free space"), "{why}");
    assert_eq!(held(&vault).len(), notes.len());
    drop(vault);
    assert!(!dir.path().join("log.sealed").exists());
    grow(len);
    let (vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
    assert!(report.sealed && report.left_open.is_none());
    assert_eq!(held(&vault).len(), notes.len());
}

/// Ended before any single change that sealing makes on the disk, by a kill or by a power cut: the next opening
/// goes on, and all is there.
#[test]
fn sealing_may_be_ended_before_any_change_of_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    // The model compares paths as the system names them.
    let work = dir.path().canonicalize().unwrap();
    let Some(library) = library(&work) else {
        return;
    };
    let plain = work.join("plain");
    fs::create_dir(&plain).unwrap();
    let notes = fill(&plain);
    let mut met = BTreeSet::new();
    for step in 1.. {
        let (killed, cut) = (work.join("killed"), work.join("cut"));
        for dir in [&killed, &cut] {
            copy(&plain, dir);
        }
        let env = [
            ("LD_PRELOAD", library.clone()),
            ("PL_SRC", killed.clone()),
            ("PL_DST", cut.clone()),
            ("PL_STOP", step.to_string().into()),
        ];
        let mut child = Running::start("child::seals_until_it_is_ended", &killed, &env);
        let is_done = child.next("done").is_some();
        drop(child);
        for dir in [&killed, &cut] {
            let names = ["log", "log.sealed", "FORMAT.sealed", "log.open"];
            let there: Vec<_> = names
                .iter()
                .filter(|name| dir.join(name).exists())
                .collect();
            met.insert(format!("{there:?}"));
            let (vault, report) = open(dir, &IN_MEMORY, Some(1)).unwrap();
            assert_eq!(report.damaged, [], "step {step}");
            assert_eq!(report.left_open, None, "step {step}");
            assert_eq!(held(&vault).len(), notes.len(), "step {step}");
            drop(vault);
            let shown = naming(dir, PHRASE.as_bytes());
            assert!(shown.is_empty(), "step {step}: {shown:?}");
            for name in &names[1..] {
                assert!(!dir.join(name).exists(), "step {step}: {name}");
            }
            fs::remove_dir_all(dir).unwrap();
        }
        if is_done {
            break;
        }
    }
    for there in [
        r#"["log"]"#,
        r#"["log", "log.sealed"]"#,
        r#"["log", "log.sealed", "FORMAT.sealed"]"#,
        r#"["log.sealed", "FORMAT.sealed", "log.open"]"#,
        r#"["log", "FORMAT.sealed", "log.open"]"#,
        r#"["log", "log.open"]"#,
    ] {
        assert!(met.contains(there), "{there} of {met:?}");
    }
}

/// Where the new log is gone before it took its place, the old one comes back.
#[test]
fn the_old_log_comes_back_where_the_new_one_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    fs::rename(dir.path().join("log"), dir.path().join("log.open")).unwrap();
    let lies = StoreLock::take(dir.path()).unwrap().lies().unwrap();
    assert_eq!(lies, Lies::Open);
    let (vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
    assert!(report.sealed && report.damaged.is_empty(), "{report:?}");
    assert_eq!(held(&vault).len(), notes.len());
}

/// A log in the open beside the one that was set aside was put there by somebody: neither is touched.
#[test]
fn two_logs_in_the_open_are_left_to_whoever_put_them_there() {
    let dir = tempfile::tempdir().unwrap();
    let notes = fill(dir.path());
    copy(&dir.path().join("log"), &dir.path().join("log.open"));
    let before = contents(dir.path());
    match open(dir.path(), &ON_DISK, Some(1)) {
        Err(StoreError::NotAStore { path, .. }) => assert!(path.ends_with("log.open")),
        other => panic!("{other:?}"),
    }
    assert_eq!(contents(dir.path()), before);
    fs::remove_dir_all(dir.path().join("log.open")).unwrap();
    let (vault, report) = open(dir.path(), &ON_DISK, Some(1)).unwrap();
    assert!(report.sealed);
    assert_eq!(held(&vault).len(), notes.len());
}

/// What is left of an erased entry takes no room in the sealed log either.
#[test]
fn holes_stay_holes() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = open(dir.path(), &SMALL, None).unwrap();
    let long = PHRASE.repeat(2_000);
    let notes: Vec<_> = (0..8).map(|seq| note(1, 1, seq, &long)).collect();
    for note in &notes {
        vault.commit(&[Entry::Record(note.clone(), 1)]).unwrap();
    }
    for note in &notes {
        vault.commit(&[Entry::Erase { id: note.id() }]).unwrap();
    }
    while vault.compact().unwrap().segments > 0 {}
    vault.close().unwrap();
    drop(open(dir.path(), &SMALL, Some(1)).unwrap());
    let (mut len, mut blocks) = (0, 0);
    for path in log_segments(dir.path()) {
        let found = fs::metadata(path).unwrap();
        len += found.len();
        blocks += found.blocks() * 512;
    }
    assert!(len > 8 * 44_000, "{len}");
    assert!(blocks < len / 2, "{blocks} of {len}");
}
