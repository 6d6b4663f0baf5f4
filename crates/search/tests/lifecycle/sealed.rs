//! The same index with its files sealed.

use std::{fs, path::Path};

use folkmoot_seal::StoreKey;
use folkmoot_search::{Index, Opened, Options, Page};

use super::{count, item, query};

fn sealed(folder: &Path, byte: Option<u8>) -> (Index, Opened) {
    let key = byte.map(|byte| StoreKey::from_bytes([byte; 32]));
    let options = Options {
        rebuild: false,
        key,
    };
    Index::open(folder, &options).unwrap()
}

#[test]
fn a_sealed_index_shows_nothing_and_answers_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let open = tempfile::tempdir().unwrap();
    let fill = |folder: &Path, byte| {
        let (mut index, _) = sealed(folder, byte);
        for part in 0..3_u32 {
            let items =
                (0..700).map(|n| item(part * 700 + n, "marjoram and rosemary", "kitchengarden"));
            index.add(items, b"c").unwrap();
            index.commit().unwrap();
        }
        assert_eq!(count(&index, "marjoram"), 2_100);
        index.close().unwrap();
    };
    fill(open.path(), None);
    fill(folder.path(), Some(1));
    let shows = |folder: &Path, text: &[u8]| {
        fs::read_dir(folder.join("files")).unwrap().any(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text)
        })
    };
    // Tantivy packs words so that none stands there whole; names of fields do.
    assert!(shows(open.path(), b"segments"));
    for text in ["segments", "marjoram", "kitchengarden"] {
        assert!(!shows(folder.path(), text.as_bytes()), "{text}");
    }
    let (index, opened) = sealed(folder.path(), Some(1));
    assert!(matches!(opened, Opened::Resumed { .. }));
    for query in [
        "marjoram",
        "tag:kitchengarden",
        "\"marjoram and\"",
        "mar*",
        "basil",
    ] {
        let (plain, _) = sealed(open.path(), None);
        assert_eq!(count(&index, query), count(&plain, query), "{query}");
    }
}

#[test]
fn an_index_of_another_key_or_in_the_open_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    for byte in [None, Some(1), Some(2), None] {
        let (mut index, opened) = sealed(folder.path(), byte);
        assert!(!matches!(opened, Opened::Resumed { .. }), "{byte:?}");
        index.add([item(1, "basil", "herb")], b"c").unwrap();
        index.commit().unwrap();
        index.close().unwrap();
        assert!(matches!(
            sealed(folder.path(), byte).1,
            Opened::Resumed { .. }
        ));
    }
}

#[test]
fn damage_in_a_sealed_index_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let names = || -> Vec<_> {
        fs::read_dir(folder.path().join("files"))
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| fs::metadata(path).unwrap().len() > 0)
            .collect()
    };
    let mut tried = 0;
    loop {
        let (mut index, _) = sealed(folder.path(), Some(1));
        index
            .add((0..50).map(|n| item(n, "basil and mint", "herb")), b"x")
            .unwrap();
        index.commit().unwrap();
        drop(index);
        let mut files = names();
        files.sort();
        let Some(path) = files.get(tried) else {
            break;
        };
        tried += 1;
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, &bytes).unwrap();
        let (index, opened) = sealed(folder.path(), Some(1));
        assert!(!matches!(opened, Opened::Resumed { .. }), "{path:?}");
        drop(index);
    }
    assert!(tried > 4, "{tried}");
}

/// Blocks that opening does not read: the damage shows when a query does, and the index is built anew.
#[test]
fn damage_in_a_sealed_index_that_is_met_while_reading_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let mut met = 0;
    for number in 0.. {
        let options = Options {
            rebuild: true,
            key: Some(StoreKey::from_bytes([1; 32])),
        };
        let (mut index, _) = Index::open(folder.path(), &options).unwrap();
        let text = |n: u32| {
            (0..60)
                .map(|word| format!("basil{n}x{word} "))
                .collect::<String>()
        };
        let items = (0..400).map(|n| item(n, &text(n), "herb"));
        index.add(items, b"x").unwrap();
        index.close().unwrap();
        let mut files: Vec<_> = fs::read_dir(folder.path().join("files"))
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| fs::metadata(path).unwrap().len() > 20_000)
            .collect();
        files.sort_by_key(|path| path.extension().map(std::ffi::OsStr::to_owned));
        let Some(path) = files.get(number) else {
            break;
        };
        let mut bytes = fs::read(path).unwrap();
        let whole = bytes.len();
        bytes[whole / 4] ^= 1;
        fs::write(path, &bytes).unwrap();
        let (index, opened) = sealed(folder.path(), Some(1));
        if matches!(opened, Opened::Rebuilt { .. }) {
            continue;
        }
        let found = index.search(&query("basil*"), Page::first(10));
        assert_eq!(found.is_err(), index.is_damaged(), "{path:?}");
        if index.is_damaged() {
            met += 1;
            index.close().unwrap();
            let (_, opened) = sealed(folder.path(), Some(1));
            assert!(matches!(opened, Opened::Rebuilt { .. }), "{path:?}");
        }
    }
    assert!(met > 0);
}

/// A whole file under the name of another does not open: nobody swaps what was sealed under one key.
#[test]
fn a_file_of_a_sealed_index_opens_under_its_own_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, _) = sealed(folder.path(), Some(1));
    for part in 0..2 {
        let items = (0..50).map(|n| item(part * 50 + n, "basil and mint", "herb"));
        index.add(items, b"x").unwrap();
        index.commit().unwrap();
    }
    index.close().unwrap();
    let mut terms: Vec<_> = fs::read_dir(folder.path().join("files"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|name| name == "term"))
        .collect();
    terms.sort();
    assert!(terms.len() > 1, "{terms:?}");
    fs::copy(&terms[0], &terms[1]).unwrap();
    let (_, opened) = sealed(folder.path(), Some(1));
    assert!(matches!(opened, Opened::Rebuilt { .. }), "{opened:?}");
}
