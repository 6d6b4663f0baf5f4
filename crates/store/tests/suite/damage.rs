//! Torn tails and damage in the middle: what is cut, what is reported, what can be read on.

use std::{fs, path::Path};

use folkmoot_record::{RecordId, Verified};
use folkmoot_store::{Damage, DamageKind, Direction, Entry, LogCursor, StoreError, Vault};

use crate::records::{cid, note, open, open_clean};

fn segment(dir: &Path, number: u32) -> std::path::PathBuf {
    dir.join(format!("log/{number:08}.seg"))
}

/// Groups of three notes; the log's positions before each group and at the end.
fn fill(dir: &Path, groups: u32) -> (Vec<Verified>, Vec<LogCursor>) {
    let notes: Vec<_> = (0..groups * 3)
        .map(|seq| note(1, 1, seq, "to be damaged"))
        .collect();
    let mut vault = open_clean(dir);
    let mut ends = vec![vault.cursor()];
    for group in notes.chunks(3) {
        let entries: Vec<_> = group
            .iter()
            .map(|note| Entry::Record(note.clone(), 1))
            .collect();
        vault.commit(&entries).unwrap();
        ends.push(vault.cursor());
    }
    vault.close().unwrap();
    (notes, ends)
}

fn forget_projection(dir: &Path) {
    fs::remove_file(dir.join("CURRENT")).unwrap();
}

fn held(vault: &Vault, notes: &[Verified]) -> Vec<bool> {
    notes
        .iter()
        .map(|note| vault.contains(&note.id()).unwrap())
        .collect()
}

/// A copy of a store to spoil, so that each spoiling begins with the same bytes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

/// Wherever the last write stopped, whole groups before it stay and nothing of it does.
#[test]
fn a_torn_tail_is_cut_at_a_group() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 3);
    forget_projection(dir.path());
    let path = segment(dir.path(), 0);
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.len(), ends[3].offset as usize);
    for len in (ends[1].offset as usize..whole.len()).step_by(5) {
        let work = tempfile::tempdir().unwrap();
        copy(dir.path(), work.path());
        fs::write(segment(work.path(), 0), &whole[..len]).unwrap();
        let (mut vault, report) = open(work.path());
        let groups = ends.iter().filter(|end| end.offset as usize <= len).count() - 1;
        let end = ends[groups];
        assert_eq!(vault.cursor(), end, "{len}");
        assert_eq!(report.damaged, []);
        match report.torn_tail_cut {
            None => assert_eq!(len, end.offset as usize),
            Some(torn) => {
                assert_eq!(
                    (torn.at, torn.bytes),
                    (end, (len - end.offset as usize) as u64)
                );
                assert_eq!(
                    fs::read_dir(work.path().join("quarantine"))
                        .unwrap()
                        .count(),
                    1
                );
            }
        }
        assert_eq!(
            held(&vault, &notes),
            (0..9).map(|at| at < groups * 3).collect::<Vec<_>>()
        );
        // Writing goes on where it was cut, and the next start finds nothing to mend.
        vault.commit(&[Entry::Record(notes[8].clone(), 2)]).unwrap();
        drop(vault);
        assert!(open_clean(work.path()).contains(&notes[8].id()).unwrap());
    }
}

/// What a power cut leaves: the length is there, the bytes are not.
#[test]
fn zeros_at_the_end_are_a_torn_tail() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 3);
    forget_projection(dir.path());
    let whole = fs::read(segment(dir.path(), 0)).unwrap();
    for from in (ends[2].offset as usize..whole.len() - 40).step_by(17) {
        let work = tempfile::tempdir().unwrap();
        copy(dir.path(), work.path());
        let mut bytes = whole.clone();
        bytes[from..].fill(0);
        fs::write(segment(work.path(), 0), bytes).unwrap();
        let (vault, report) = open(work.path());
        assert_eq!((vault.cursor(), report.damaged.len()), (ends[2], 0));
        assert!(report.torn_tail_cut.is_some());
        assert_eq!(
            held(&vault, &notes),
            (0..9).map(|at| at < 6).collect::<Vec<_>>()
        );
    }
}

/// The same in the middle: the first and the last entry of the group are there, and a page between
/// them is not. Nothing of the group was acknowledged, so nothing of it is kept.
#[test]
fn a_missing_page_within_the_last_group_is_a_torn_tail() {
    let dir = tempfile::tempdir().unwrap();
    let notes: Vec<_> = (0..8)
        .map(|seq| note(1, 1, seq, &"not all of it was written ".repeat(100)))
        .collect();
    let mut vault = open_clean(dir.path());
    let mut ends = Vec::new();
    for group in [&notes[..1], &notes[1..]] {
        let entries: Vec<_> = group
            .iter()
            .map(|note| Entry::Record(note.clone(), 1))
            .collect();
        vault.commit(&entries).unwrap();
        ends.push(vault.cursor());
    }
    drop(vault);
    assert_eq!((ends[0].segment, ends[1].segment), (0, 0));
    forget_projection(dir.path());
    let whole = fs::read(segment(dir.path(), 0)).unwrap();
    let begin = ends[0].offset as usize;
    let pages = whole.len().div_ceil(4_096);
    assert!(pages > 4);
    for page in 0..pages {
        let work = tempfile::tempdir().unwrap();
        copy(dir.path(), work.path());
        let mut bytes = whole.clone();
        let range = (page * 4_096).max(begin)..((page + 1) * 4_096).min(whole.len());
        bytes[range].fill(0);
        fs::write(segment(work.path(), 0), bytes).unwrap();
        let (mut vault, report) = open(work.path());
        assert_eq!(report.damaged, [], "page {page}");
        let torn = report.torn_tail_cut.expect("a torn tail");
        assert_eq!((torn.at, vault.cursor()), (ends[0], ends[0]), "page {page}");
        assert_eq!(
            held(&vault, &notes),
            (0..8).map(|at| at < 1).collect::<Vec<_>>()
        );
        // What was damaged later shows other bytes, and the rest of an acknowledged group stays.
        let all: Vec<_> = notes
            .iter()
            .map(|note| Entry::Record(note.clone(), 2))
            .collect();
        vault.commit(&all).unwrap();
        drop(vault);
        assert_eq!(held(&open_clean(work.path()), &notes), [true; 8]);
    }
}

/// A damaged bundle silences no other one, counts as not held, and is taken again.
#[test]
fn a_damaged_bundle_heals() {
    for scrubbed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let bundle = |byte: u8| Entry::Bundle {
            cid: cid(1),
            key_id: folkmoot_record::EpochId::from_bytes([1; 32]),
            bytes: vec![byte; 300],
        };
        let mut vault = open_clean(dir.path());
        vault.commit(&[bundle(0x51), bundle(0x52)]).unwrap();
        let all = vault.bundles(&cid(1)).unwrap();
        assert_eq!(all.len(), 2);
        drop(vault);
        let path = segment(dir.path(), 0);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes
            .windows(100)
            .position(|window| window == [0x51; 100])
            .unwrap();
        bytes[at + 50] ^= 1;
        fs::write(&path, bytes).unwrap();

        let mut vault = open_clean(dir.path());
        if scrubbed {
            let (_, damage) = vault.scrub(LogCursor::default(), u64::MAX).unwrap();
            assert_eq!(damage.len(), 1);
        }
        let left = vault.bundles(&cid(1)).unwrap();
        let bad = all.iter().find(|bundle| bundle.bytes[0] == 0x51).unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].bytes, vec![0x52; 300]);
        assert_eq!(vault.bundle(&bad.hash).unwrap(), None);
        assert_eq!(vault.take_damage().len(), usize::from(!scrubbed));
        vault.commit(&[bundle(0x51)]).unwrap();
        assert_eq!(vault.bundle(&bad.hash).unwrap().as_ref(), Some(bad));
        drop(vault);
        assert_eq!(open_clean(dir.path()).bundles(&cid(1)).unwrap(), all);
    }
}

/// A flipped bit anywhere in a segment: reported, at most one record lost (two where the flip makes a
/// group's end unreadable and the group is the last), later ones read, and healed by storing again.
#[test]
fn a_flip_anywhere_is_reported_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 3);
    let last_group = ends[2].offset as usize;
    let whole = fs::read(segment(dir.path(), 0)).unwrap();
    for at in (0..whole.len()).step_by(3) {
        let work = tempfile::tempdir().unwrap();
        copy(dir.path(), work.path());
        forget_projection(work.path());
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(segment(work.path(), 0), bytes).unwrap();
        let (mut vault, report) = open(work.path());
        let lost: Vec<_> = notes
            .iter()
            .filter(|note| !vault.contains(&note.id()).unwrap())
            .collect();
        assert!(report.rebuilt_projection.is_some());
        if at < 64 {
            assert_eq!(report.damaged[0].kind, DamageKind::SegmentHead);
            assert_eq!((report.damaged.len(), lost.len()), (1, 0));
        } else if let Some(torn) = report.torn_tail_cut {
            assert!(at >= last_group && torn.at == ends[2], "byte {at}");
            assert_eq!(lost.len(), 3);
        } else if lost.is_empty() {
            // Padding between entries belongs to nothing.
            assert_eq!(report.damaged, [], "byte {at}");
        } else {
            assert_eq!((lost.len(), report.damaged.len()), (1, 1), "byte {at}");
            let damage = &report.damaged[0];
            assert_eq!(damage.kind, DamageKind::Checksum);
            assert!(
                u64::from(damage.at.offset) <= at as u64
                    && (at as u64) < u64::from(damage.at.offset) + damage.bytes
            );
        }
        let entries: Vec<_> = lost
            .into_iter()
            .map(|note| Entry::Record(note.clone(), 3))
            .collect();
        vault.commit(&entries).unwrap();
        for note in &notes {
            assert_eq!(vault.get(&note.id()).unwrap().unwrap().wire, note.wire());
        }
        assert_eq!(vault.counts(&cid(1)).content, 9);
    }
}

/// With the projection whole, a start reads nothing of the old log: the reader finds the damage.
#[test]
fn damage_met_while_reading_is_remembered_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 3);
    let path = segment(dir.path(), 0);
    let mut bytes = fs::read(&path).unwrap();
    // The last byte but padding of the second note's body.
    let at = bytes
        .windows(13)
        .enumerate()
        .filter(|(_, window)| window == b"to be damaged")
        .nth(1)
        .unwrap()
        .0;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut vault = open_clean(dir.path());
    let id = notes[1].id();
    let before = vault.counts(&cid(1));
    assert!(vault.contains(&id).unwrap());
    let Err(StoreError::Damaged(damage)) = vault.get(&id) else {
        panic!("damage is an error")
    };
    assert_eq!(damage.ids, [id]);
    assert!(ends[0] < damage.at && damage.at < ends[1]);
    // From now on it counts as not held, so that peers are asked for it.
    assert!(!vault.contains(&id).unwrap());
    assert_eq!(vault.get(&id).unwrap(), None);
    let ids = |vault: &Vault| -> Vec<RecordId> {
        let found = vault
            .scan(&cid(1), 0, u64::MAX, Direction::Forward, None, 99)
            .unwrap();
        found.into_iter().map(|item| item.1).collect()
    };
    assert!(!ids(&vault).contains(&id));
    assert_eq!(vault.take_damage(), [damage]);
    assert_eq!(vault.take_damage(), []);
    vault.commit(&[Entry::Record(notes[0].clone(), 0)]).unwrap();
    assert_eq!(vault.counts(&cid(1)).content, 8);
    vault.commit(&[Entry::Record(notes[1].clone(), 9)]).unwrap();
    let healed = |vault: &Vault| {
        assert_eq!(vault.get(&id).unwrap().unwrap().wire, notes[1].wire());
        assert_eq!(ids(vault).len(), 9);
        assert_eq!(vault.counts(&cid(1)), before);
    };
    healed(&vault);
    drop(vault);
    healed(&open_clean(dir.path()));
    forget_projection(dir.path());
    let (vault, report) = open(dir.path());
    assert_eq!(report.damaged.len(), 1);
    healed(&vault);
}

#[test]
fn scrubbing_finds_every_flip_with_its_record() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 2);
    let whole = fs::read(segment(dir.path(), 0)).unwrap();
    for at in (64..whole.len()).step_by(11) {
        let work = tempfile::tempdir().unwrap();
        copy(dir.path(), work.path());
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(segment(work.path(), 0), bytes).unwrap();
        let mut vault = open_clean(work.path());
        let mut cursor = Some(LogCursor::default());
        let mut found = Vec::new();
        while let Some(from) = cursor {
            // In small steps: each goes on where the last one stopped.
            let (next, damage) = vault.scrub(from, 300).unwrap();
            assert!(next.is_none_or(|next| next > from));
            found.extend(damage);
            cursor = next;
        }
        let lost: Vec<_> = notes
            .iter()
            .map(Verified::id)
            .filter(|id| !vault.contains(id).unwrap())
            .collect();
        let reported: Vec<_> = found.into_iter().flat_map(|damage| damage.ids).collect();
        assert_eq!(reported, lost, "byte {at} of {:?}", ends);
        assert!(lost.len() <= 1);
    }
}

#[test]
fn damage_in_many_places_is_told_with_the_records_of_each() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 6);
    let mut bytes = fs::read(segment(dir.path(), 0)).unwrap();
    // The last record of every second group of the first segment.
    let places: Vec<usize> = (1..6)
        .step_by(2)
        .filter(|at| ends[*at].segment == 0)
        .collect();
    assert!(places.len() > 1);
    for at in &places {
        bytes[ends[*at].offset as usize - 9] ^= 0x10;
    }
    fs::write(segment(dir.path(), 0), bytes).unwrap();
    let mut vault = open_clean(dir.path());
    let (_, damage) = vault.scrub(LogCursor::default(), u64::MAX).unwrap();
    let found: Vec<_> = damage.into_iter().map(|damage| damage.ids).collect();
    let lost: Vec<_> = places
        .iter()
        .map(|at| vec![notes[at * 3 - 1].id()])
        .collect();
    assert_eq!(found, lost);
}

#[test]
fn a_missing_segment_is_reported_once_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 24);
    let last = ends[24].segment;
    assert!(last >= 3);
    fs::remove_file(segment(dir.path(), 1)).unwrap();
    let (mut vault, report) = open(dir.path());
    assert_eq!(report.damaged.len(), 1);
    assert_eq!(report.damaged[0].kind, DamageKind::MissingSegment);
    let mut lost: Vec<_> = notes
        .iter()
        .map(Verified::id)
        .filter(|id| !vault.contains(id).unwrap())
        .collect();
    assert!(!lost.is_empty());
    let mut reported = report.damaged[0].ids.clone();
    lost.sort();
    reported.sort();
    assert_eq!(reported, lost);
    let all: Vec<_> = notes
        .iter()
        .map(|note| Entry::Record(note.clone(), 1))
        .collect();
    vault.commit(&all).unwrap();
    drop(vault);
    let vault = open_clean(dir.path());
    assert_eq!(held(&vault, &notes), [true; 72]);
    assert_eq!(vault.counts(&cid(1)).content, 72);
}

/// Somebody put an old copy of the log back: places that were used are not used again.
#[test]
fn a_log_that_became_shorter_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (notes, ends) = fill(dir.path(), 4);
    let path = segment(dir.path(), ends[4].segment);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    let (mut vault, report) = open(dir.path());
    let truncated = |damage: &Damage| damage.kind == DamageKind::Truncated;
    assert!(report.damaged.iter().any(truncated));
    assert!(report.rebuilt_projection.is_some());
    assert!(vault.cursor() > ends[4]);
    let lost = held(&vault, &notes).iter().filter(|held| !**held).count();
    assert!((1..=3).contains(&lost));
    let all: Vec<_> = notes
        .iter()
        .map(|note| Entry::Record(note.clone(), 1))
        .collect();
    vault.commit(&all).unwrap();
    drop(vault);
    assert_eq!(held(&open_clean(dir.path()), &notes), [true; 12]);
}

/// Bytes that look like an entry inside somebody's record are not taken for one when the log is
/// searched behind damage.
#[test]
fn nobody_can_plant_an_entry() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut theirs = open_clean(other.path());
    let start = theirs.cursor().offset as usize;
    theirs
        .commit(&[Entry::Local {
            key: b"owner".to_vec(),
            value: Some(b"them".to_vec()),
        }])
        .unwrap();
    drop(theirs);
    let planted = fs::read(segment(other.path(), 0)).unwrap()[start..].to_vec();
    let mut vault = open_clean(dir.path());
    // At each alignment, many times over.
    let body: Vec<u8> = (0..64)
        .flat_map(|at| [planted.clone(), vec![0; at % 9]].concat())
        .collect();
    let text = String::from_utf8_lossy(&body).into_owned();
    vault
        .commit(&[Entry::Record(note(1, 1, 0, &text), 0)])
        .unwrap();
    let bundle = Entry::Bundle {
        cid: cid(1),
        key_id: folkmoot_record::EpochId::from_bytes([1; 32]),
        bytes: body,
    };
    vault
        .commit(&[bundle, Entry::Record(note(1, 1, 1, "behind"), 0)])
        .unwrap();
    drop(vault);
    forget_projection(dir.path());
    // Make the heads unreadable so that the search goes through the payloads.
    for number in 0..4 {
        let path = segment(dir.path(), number);
        let Ok(mut bytes) = fs::read(&path) else {
            break;
        };
        bytes[64..80].fill(0xAA);
        fs::write(&path, bytes).unwrap();
    }
    let (vault, _) = open(dir.path());
    assert_eq!(vault.local(b"owner").unwrap(), None);
}
