//! An index that is damaged, while it is used.
#![expect(clippy::unwrap_used, reason = "tests end so")]

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use folkmoot_api::{Command, CountBy, Counts, CountsView, Find, Found, ImportItem, Imported, Note};
use folkmoot_engine::{Engine, Options};

fn open(home: &Path, serving: bool) -> Engine {
    let options = Options {
        home: home.to_owned(),
        passphrase: None,
        version: "test",
        serving,
        helps: true,
    };
    Engine::open(&options, &mut |_| {}).unwrap().0
}

fn fill(engine: &Engine, many: usize) {
    let items: Vec<ImportItem> = (0..many)
        .map(|n| ImportItem {
            source: format!("{n}.md"),
            note: Note {
                title: Some(format!("Page {n}")),
                text: Some("About hedges.".to_owned()),
                tags: vec!["hedge".to_owned()],
                ..Note::default()
            },
            ..ImportItem::default()
        })
        .collect();
    for some in items.chunks(400) {
        let ask = Command::Import {
            collective: None,
            items: some.to_vec(),
            device: None,
            vault: None,
            dry_run: false,
        };
        let done: Imported = engine.call(ask).unwrap().try_into().unwrap();
        assert_eq!(done.added, some.len() as u64);
    }
}

fn find(engine: &Engine, query: &str) -> Found {
    let find = Find {
        query: query.to_owned(),
        ..Find::default()
    };
    engine
        .call(Command::Find(find))
        .unwrap()
        .try_into()
        .unwrap()
}

fn tagged(engine: &Engine) -> u64 {
    let counts = Counts {
        by: CountBy::Tag,
        ..Counts::default()
    };
    let counts: CountsView = engine
        .call(Command::Counts(counts))
        .unwrap()
        .try_into()
        .unwrap();
    let hedge = counts.values.iter().find(|one| one.value == "hedge");
    hedge.map_or(0, |one| one.count)
}

/// One command builds a damaged index anew itself, whatever part of it it reads.
#[test]
fn a_damaged_index_heals_in_the_command_that_meets_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home, false);
    fill(&engine, 60);
    assert_eq!(tagged(&engine), 60);
    engine.stop();
    // The files have other names after each building, but the same kinds.
    let files = || {
        let entries = fs::read_dir(home.join("index").join("files")).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|path| path.extension().map(OsStr::to_owned));
        files
    };
    let kind = |path: &PathBuf| path.extension().map(OsStr::to_owned);
    let kinds: BTreeSet<_> = files().iter().map(kind).collect();
    for read in ["term", "idx", "pos", "fast"] {
        assert!(kinds.contains(&Some(read.into())), "{kinds:?}");
    }
    for kind_of in kinds {
        let path = files().into_iter().find(|path| kind(path) == kind_of);
        let path = path.unwrap();
        let length = fs::metadata(&path).unwrap().len();
        let harm = vec![0xA7; usize::try_from(length).unwrap()];
        fs::write(&path, &harm).unwrap();
        let engine = open(&home, false);
        for query in ["hedges", "tag:hedge", "\"about hedges\"", "created:2020.."] {
            assert_eq!(find(&engine, query).total, 60, "{query} {path:?}");
        }
        assert_eq!(tagged(&engine), 60, "{path:?}");
        engine.stop();
        // What a question reads is no longer what was harmed.
        let is_read = kind_of.is_some_and(|kind| {
            ["term", "idx", "pos", "fast"]
                .iter()
                .any(|read| kind == *read)
        });
        let left = fs::read(&path).is_ok_and(|bytes| bytes == harm);
        assert!(!(is_read && left), "{path:?}");
    }
}
