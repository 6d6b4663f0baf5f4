//! An index that is lost or damaged, while it is used.
#![expect(clippy::unwrap_used, reason = "tests end so")]

use std::{fs, path::Path};

use folkmoot_api::{
    Command, CountBy, Counts, CountsView, Edit, Find, Found, ImportItem, Imported, Note, Saved,
};
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

/// What is written while a node builds its index is found at once, and once, also when the index comes to
/// it, and when the node is started again in between.
#[test]
fn what_is_new_is_found_while_the_index_is_built() {
    const MANY: usize = 2_400;
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home, false);
    fill(&engine, MANY);
    engine.stop();
    fs::remove_dir_all(home.join("index")).unwrap();

    for round in 0..3 {
        let engine = open(&home, true);
        let note = Note {
            text: Some(format!("zebra{round} one")),
            ..Note::default()
        };
        let saved: Saved = engine
            .call(Command::Note(note))
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(find(&engine, &format!("zebra{round}")).total, 1);
        let edit = Edit {
            id: saved.id,
            text: Some(format!("zebra{round} two")),
            ..Edit::default()
        };
        engine.call(Command::Edit(edit)).unwrap();
        assert_eq!(find(&engine, &format!("zebra{round} two")).total, 1);
        assert_eq!(find(&engine, &format!("zebra{round} one")).total, 0);
        engine.stop();
    }

    let engine = open(&home, false);
    for round in 0..3 {
        assert_eq!(find(&engine, &format!("zebra{round}")).total, 1);
        assert_eq!(find(&engine, &format!("zebra{round} one")).total, 0);
    }
    let all = find(&engine, "kind:note");
    assert_eq!((all.total, all.partial), (MANY as u64 + 3, false));
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
    let files = home.join("index").join("files");
    let mut names: Vec<_> = fs::read_dir(&files)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    for name in names {
        let path = files.join(&name);
        // Files have other names after each building.
        let Ok(length) = fs::metadata(&path).map(|data| data.len()) else {
            continue;
        };
        fs::write(&path, vec![0xA7; usize::try_from(length).unwrap()]).unwrap();
        let engine = open(&home, false);
        assert_eq!(find(&engine, "hedges").total, 60, "{name:?}");
        assert_eq!(find(&engine, "tag:hedge").total, 60, "{name:?}");
        assert_eq!(tagged(&engine), 60, "{name:?}");
        engine.stop();
    }
}
