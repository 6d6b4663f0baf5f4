//! Opening, closing, damage, cursors, the tail.
#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

#[path = "lifecycle/sealed.rs"]
mod sealed;

use std::{fs, path::Path};

use folkmoot_library::{Flags, Item, NoNames, Query, ResolvedQuery, Zoned};
use folkmoot_record::{CollectiveId, DeviceKey, Hlc, Kind, RecordId, SeatKey, Tag};
use folkmoot_search::{
    COMMIT_ITEMS, FacetBy, IDLE_MS, Index, LATEST_MS, Opened, Options, Page, SearchError,
};

fn item(n: u32, text: &str, tag: &str) -> Item {
    let mut id = [9; 32];
    id[..4].copy_from_slice(&n.to_be_bytes());
    id[16..20].copy_from_slice(&n.to_be_bytes());
    Item {
        id: RecordId::from_bytes(id),
        document: RecordId::from_bytes(id),
        cid: CollectiveId::from_bytes([1; 32]),
        seat: SeatKey::from_bytes([2; 32]),
        dev: DeviceKey::from_bytes([3; 32]),
        kind: Kind::NOTE,
        hlc: Hlc::from_raw((1_780_000_000_000 + u64::from(n)) << 16).unwrap(),
        tags: vec![Tag::new(tag).unwrap()],
        title: String::new(),
        text: text.to_owned(),
        url: None,
        also: Vec::new(),
        links: Vec::new(),
        answers: None,
        due: None,
        assignees: Vec::new(),
        flags: Flags::default(),
    }
}

fn query(source: &str) -> ResolvedQuery {
    let now: Zoned = "2026-11-23T04:00[UTC]".parse().unwrap();
    Query::parse(source, &now)
        .unwrap()
        .resolve(&NoNames)
        .unwrap()
}

fn count(index: &Index, source: &str) -> u64 {
    index.search(&query(source), Page::first(10)).unwrap().total
}

fn open(folder: &Path) -> (Index, Opened) {
    Index::open(folder, &Options::default()).unwrap()
}

#[test]
fn what_was_committed_comes_back_with_its_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, opened) = open(folder.path());
    assert_eq!(opened, Opened::Fresh);
    index
        .add(
            [item(1, "basil", "herb"), item(2, "mint", "herb")],
            b"\x00\xffA",
        )
        .unwrap();
    assert_eq!(
        (index.cursor(), index.waiting(), count(&index, "mint")),
        (vec![], 2, 1)
    );
    index.close().unwrap();

    let (mut index, opened) = open(folder.path());
    assert_eq!(
        opened,
        Opened::Resumed {
            cursor: b"\x00\xffA".to_vec()
        }
    );
    assert_eq!(
        (
            index.docs(),
            count(&index, "basil"),
            count(&index, "tag:herb -mint")
        ),
        (2, 1, 1)
    );
    // Not committed: it must be fed again, and the cursor says so.
    index.add([item(3, "sage", "herb")], b"B").unwrap();
    assert_eq!(count(&index, "sage"), 1);
    drop(index);
    let (index, opened) = open(folder.path());
    assert_eq!(
        opened,
        Opened::Resumed {
            cursor: b"\x00\xffA".to_vec()
        }
    );
    assert_eq!((index.docs(), count(&index, "sage")), (2, 0));
    assert!(index.size().unwrap() > 0);
}

#[test]
fn a_cursor_alone_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    index.add([], b"7").unwrap();
    assert_eq!(index.maintain(0).unwrap(), None);
    index.close().unwrap();
    let (mut index, opened) = open(folder.path());
    assert_eq!(
        opened,
        Opened::Resumed {
            cursor: b"7".to_vec()
        }
    );
    index.commit().unwrap();
    index.commit().unwrap();
    assert_eq!(index.cursor(), b"7");
}

#[test]
fn no_commit_has_a_cursor_without_what_came_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    let most = u32::try_from(COMMIT_ITEMS - 1).unwrap();
    index
        .add((0..most).map(|n| item(n, "basil", "herb")), b"A")
        .unwrap();
    // The removal alone fills what may wait, so a commit is asked for in this very call.
    let gone = item(0, "", "herb").id;
    index
        .change([gone], [item(most, "sage", "herb")], b"B")
        .unwrap();
    while index.maintain(0).unwrap().is_some() && index.cursor().is_empty() {
        std::thread::yield_now();
    }
    // As by a kill: nothing more is committed.
    drop(index);
    let (index, opened) = open(folder.path());
    assert_eq!(
        opened,
        Opened::Resumed {
            cursor: b"B".to_vec()
        }
    );
    let basil = count(&index, "basil");
    assert_eq!((basil, count(&index, "sage")), (u64::from(most) - 1, 1));
}

#[test]
fn two_cannot_have_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let (index, _) = open(folder.path());
    for rebuild in [false, true] {
        let second = Index::open(folder.path(), &Options { rebuild, key: None });
        assert!(matches!(second, Err(SearchError::InUse(_))));
    }
    drop(index);
    open(folder.path());
}

#[test]
fn damage_is_found_and_the_index_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    let fill = || {
        let (mut index, _) = Index::open(
            folder.path(),
            &Options {
                rebuild: true,
                key: None,
            },
        )
        .unwrap();
        index
            .add((0..50).map(|n| item(n, "basil and mint", "herb")), b"x")
            .unwrap();
        index.commit().unwrap();
        assert_eq!(index.docs(), 50);
        // Dropped without a clean close, as by a crash.
    };
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&files)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.sort();
        names.retain(|path| fs::metadata(path).unwrap().len() > 0);
        names
    };
    fill();
    let all = names().len();
    assert!(all >= 6, "{:?}", names());
    for n in 0..all {
        for how in ["flip", "cut", "remove"] {
            fill();
            let path = names().into_iter().nth(n).unwrap();
            // The list of files to sweep and the locks hold nothing that is read.
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let mut bytes = fs::read(&path).unwrap();
            match how {
                "flip" => {
                    let middle = bytes.len() / 3;
                    bytes[middle] ^= 0x55;
                    fs::write(&path, bytes).unwrap();
                }
                "cut" => fs::write(&path, &bytes[..bytes.len() / 2]).unwrap(),
                _ => fs::remove_file(&path).unwrap(),
            }
            let (mut index, opened) = open(folder.path());
            let lost = match opened {
                Opened::Rebuilt { why } => !why.is_empty(),
                // A flipped sign in the description can leave it readable; then nothing is lost.
                Opened::Resumed { .. } => index.docs() == 50 && count(&index, "mint") == 50,
                Opened::Fresh => false,
            };
            assert!(lost, "{how} {name}");
            index.add([item(99, "thyme", "herb")], b"y").unwrap();
            index.commit().unwrap();
            assert_eq!(count(&index, "thyme"), 1, "{how} {name}");
        }
    }
}

#[test]
fn another_version_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    index.add([item(1, "basil", "herb")], b"x").unwrap();
    index.close().unwrap();
    let meta = folder.path().join("files/meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    let (before, after) = text.split_once("\"payload\": \"").unwrap();
    let (_, cursor) = after.split_once(':').unwrap();
    let other = format!("{before}\"payload\": \"999:{cursor}");
    assert_ne!(text, other);
    fs::write(&meta, other).unwrap();
    let (index, opened) = open(folder.path());
    assert!(matches!(opened, Opened::Rebuilt { why } if why.contains("version")));
    assert_eq!(index.docs(), 0);
}

#[test]
fn maintenance_commits_when_it_is_quiet_and_asks_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    assert_eq!(index.maintain(1_000).unwrap(), None);
    index.add([item(1, "basil", "herb")], b"a").unwrap();
    assert_eq!(index.maintain(1_000).unwrap(), Some(1_000 + IDLE_MS));
    index.add([item(2, "mint", "herb")], b"b").unwrap();
    assert_eq!(index.maintain(1_500).unwrap(), Some(1_500 + IDLE_MS));
    assert_eq!(index.waiting(), 2);
    assert!(index.maintain(1_500 + IDLE_MS).unwrap().is_some());
    index.commit().unwrap();
    assert_eq!((index.waiting(), index.cursor()), (0, b"b".to_vec()));
    assert_eq!(index.maintain(9_000).unwrap(), None);
}

#[test]
fn a_steady_trickle_is_committed_too() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    let mut asked = None;
    for n in 0..100u32 {
        index
            .add([item(n, "drop", "rain")], &n.to_be_bytes())
            .unwrap();
        let now = u64::from(n) * 1_000;
        // Each is younger than the quiet time, so only the oldest can make it due.
        if index.maintain(now).unwrap() == Some(now + IDLE_MS) && now >= LATEST_MS {
            asked = Some(now);
            break;
        }
    }
    assert_eq!(asked, Some(LATEST_MS));
    index.commit().unwrap();
    assert_eq!(
        u64::from(u32::from_be_bytes(index.cursor().try_into().unwrap())),
        LATEST_MS / 1_000
    );
}

#[test]
fn the_tail_is_bounded_and_everything_is_found_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    let many = u32::try_from(6 * COMMIT_ITEMS).unwrap();
    for start in (0..many).step_by(1_000) {
        index
            .add(
                (start..start + 1_000).map(|n| item(n, "leaf", "tree/oak")),
                &start.to_be_bytes(),
            )
            .unwrap();
        assert_eq!(count(&index, "leaf"), u64::from(start) + 1_000);
        assert!(index.waiting() <= folkmoot_search::MOST_WAITING + 1_000);
    }
    index.commit().unwrap();
    assert_eq!((index.docs(), index.waiting()), (u64::from(many), 0));
}

#[test]
fn a_snapshot_stays_as_it_was_and_can_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    index.add([item(1, "basil", "herb")], b"a").unwrap();
    let before = index.snapshot();
    index.remove([item(1, "", "x").id], b"b").unwrap();
    index.add([item(2, "mint", "herb")], b"b").unwrap();
    index.commit().unwrap();
    let ids =
        std::thread::spawn(move || before.search(&query("tag:herb"), Page::first(9)).unwrap())
            .join()
            .unwrap();
    assert_eq!((ids.total, ids.hits[0].id), (1, item(1, "", "x").id));
    let now = index.search(&query("tag:herb"), Page::first(9)).unwrap();
    assert_eq!((now.total, now.hits[0].id), (1, item(2, "", "x").id));
}

#[test]
fn better_matches_come_first_in_index_and_tail_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    let filler = "words of no interest that make a text long ".repeat(5);
    let many = (10..200).map(|n| item(n, &filler, "x"));
    index.add(many, b"a").unwrap();
    let poor = item(1, &format!("{filler} basil"), "x");
    let good = item(2, "basil basil", "x");
    for (committed, fresh) in [(poor.clone(), good.clone()), (good, poor)] {
        index.remove([committed.id, fresh.id], b"b").unwrap();
        index.add([committed], b"b").unwrap();
        index.commit().unwrap();
        index.add([fresh], b"c").unwrap();
        let hits = index.search(&query("basil"), Page::first(9)).unwrap();
        assert_eq!(
            hits.hits.iter().map(|hit| hit.id).collect::<Vec<_>>(),
            [item(2, "", "x").id, item(1, "", "x").id]
        );
    }
}

#[test]
fn facets_and_similar_words() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = open(folder.path());
    index
        .add(
            [
                item(1, "garden gardens", "herb/mint"),
                item(2, "garden", "herb"),
            ],
            b"a",
        )
        .unwrap();
    index.commit().unwrap();
    index.add([item(3, "harden", "Herb")], b"b").unwrap();
    let facets = |source: &str, by: &FacetBy| -> Vec<(String, u64)> {
        let facets = index.facets(&query(source), by, 9).unwrap();
        facets
            .into_iter()
            .map(|facet| (facet.value, facet.count))
            .collect()
    };
    assert_eq!(
        facets("", &FacetBy::Tag),
        [("herb".into(), 3), ("herb/mint".into(), 1)]
    );
    assert_eq!(facets("garden", &FacetBy::Kind), [("note".into(), 2)]);
    assert_eq!(
        facets("", &FacetBy::Month(folkmoot_library::TimeZone::UTC)),
        [("2026-05".into(), 3)]
    );
    assert_eq!(index.snapshot().similar("gaden", 5).unwrap(), ["garden"]);
    assert_eq!(
        index.snapshot().similar("gardenz", 5).unwrap(),
        ["garden", "gardens"]
    );
    assert!(index.snapshot().similar("xyz", 5).unwrap().is_empty());
}

/// Whatever reads a damaged index tells it: the next opening builds it anew, though it was closed in
/// order before.
#[test]
fn damage_that_is_met_while_reading_is_remembered() {
    let options = |rebuild| Options { rebuild, key: None };
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    let mut met = 0;
    let harms = [0x00, 0x5A, 0xA7, 0xFF].map(|byte| [(byte, 0), (byte, 1), (byte, 2)]);
    for (n, (byte, part)) in
        (0..8).flat_map(|n| harms.concat().into_iter().map(move |harm| (n, harm)))
    {
        let (mut index, _) = Index::open(folder.path(), &options(true)).unwrap();
        let text = |n| format!("basil{n} and mint");
        index
            .add((0..300).map(|n| item(n, &text(n), "herb")), b"x")
            .unwrap();
        index.close().unwrap();
        let mut names: Vec<_> = fs::read_dir(&files)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| fs::metadata(path).unwrap().len() > 200)
            .collect();
        // Their names are other ones each time.
        names.sort_by_key(|path| path.extension().map(std::ffi::OsStr::to_owned));
        let Some(path) = names.get(n) else {
            continue;
        };
        // A third, not the end by which a file is known when it is opened.
        let mut bytes = fs::read(path).unwrap();
        let third = bytes.len() / 3;
        let end = ((part + 1) * third).min(bytes.len() - 160);
        bytes[(part * third).min(end)..end].fill(byte);
        fs::write(path, bytes).unwrap();

        let (index, opened) = Index::open(folder.path(), &options(false)).unwrap();
        if matches!(opened, Opened::Rebuilt { .. }) {
            continue;
        }
        let failed = [
            index.facets(&query("mint"), &FacetBy::Tag, 10).is_err(),
            index.snapshot().similar("basil", 3).is_err(),
            index.search(&query("basil*"), Page::first(10)).is_err(),
        ];
        assert_eq!(failed.contains(&true), index.is_damaged(), "{path:?}");
        if index.is_damaged() {
            met += 1;
            index.close().unwrap();
            let (_, opened) = Index::open(folder.path(), &options(false)).unwrap();
            assert!(matches!(opened, Opened::Rebuilt { .. }), "{opened:?}");
        }
    }
    assert!(met > 0);
}
