//! Documents out as pages and in again: what is exported, imported and exported again has the same
//! bytes; nobody's page decides about the documents of others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

use std::{collections::BTreeMap, path::Path};

use folkmoot_api::{
    CollectiveNew, Command, Edit, ImportItem, Imported, Note, PageName, PagesAsk, PagesView, Reply,
    Show, ShowView, SymbolChange, SymbolDefine, SymbolShow, SymbolView,
};
use folkmoot_engine::{Engine, Options};
use folkmoot_library::page::{self, Page, Value};
use proptest::prelude::*;

use deeds::{act, deed};

#[path = "pages/again.rs"]
mod again;
#[path = "pages/deeds.rs"]
mod deeds;

fn open(home: &Path) -> Engine {
    let options = Options {
        home: home.to_owned(),
        passphrase: None,
        version: "test",
        serving: false,
        helps: true,
    };
    Engine::open(&options, &mut |_| {}).unwrap().0
}

fn ask(engine: &Engine, ask: PagesAsk) -> PagesView {
    engine
        .call(Command::Pages(ask))
        .unwrap()
        .try_into()
        .unwrap()
}

fn names(engine: &Engine) -> Vec<PageName> {
    let mut names = Vec::new();
    let mut next = None;
    loop {
        let view = ask(
            engine,
            PagesAsk {
                next,
                ..PagesAsk::default()
            },
        );
        names.extend(view.names);
        next = view.next;
        if next.is_none() {
            return names;
        }
    }
}

/// The files by the ids that they name, each with what its name is made of.
fn export(engine: &Engine) -> BTreeMap<String, (String, String, String)> {
    let names = names(engine);
    let mut files = BTreeMap::new();
    for some in names.chunks(100) {
        let ids = some.iter().map(|name| name.record.clone()).collect();
        let view = ask(
            engine,
            PagesAsk {
                ids,
                ..PagesAsk::default()
            },
        );
        for (name, file) in some.iter().zip(view.files) {
            assert_eq!(name.record, file.record);
            let one = (name.collective.clone(), name.title.clone(), file.file);
            assert!(files.insert(name.id.clone(), one).is_none(), "one id twice");
        }
    }
    files
}

fn item(place: usize, file: &str) -> ImportItem {
    ImportItem {
        source: format!("{place}.md"),
        path: Some(format!("{place}.md")),
        page: Some(file.to_owned()),
        ..ImportItem::default()
    }
}

fn import_to(engine: &Engine, collective: Option<&str>, items: Vec<ImportItem>) -> Imported {
    let import = Command::Import {
        collective: collective.map(str::to_owned),
        items,
        device: None,
        vault: Some("notes".to_owned()),
        dry_run: false,
    };
    engine.call(import).unwrap().try_into().unwrap()
}

fn import<'f>(engine: &Engine, files: impl IntoIterator<Item = &'f str>) -> Imported {
    let items = files.into_iter().enumerate();
    import_to(
        engine,
        None,
        items.map(|(place, file)| item(place, file)).collect(),
    )
}

/// Added, changed, there already, refused.
fn counts(done: &Imported) -> (u64, u64, u64, usize) {
    (done.added, done.changed, done.skipped, done.refused.len())
}

fn show(engine: &Engine, id: &str) -> ShowView {
    let show = Command::Show(Show { id: id.to_owned() });
    engine.call(show).unwrap().try_into().unwrap()
}

fn edit(engine: &Engine, id: &str, text: &str) {
    let edit = Command::Edit(Edit {
        id: id.to_owned(),
        text: Some(text.to_owned()),
        ..Edit::default()
    });
    assert!(matches!(engine.call(edit), Ok(Reply::Edited(_))));
}

fn define(engine: &Engine, ask: SymbolDefine) -> SymbolView {
    engine
        .call(Command::SymbolDefine(ask))
        .unwrap()
        .try_into()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn exported_imported_exported_is_the_same(
        deeds in prop::collection::vec((deed(), any::<bool>()), 1..40),
        turn in any::<usize>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let first = open(&folder.path().join("first"));
        let garden = CollectiveNew { name: "Garden".to_owned(), ..CollectiveNew::default() };
        first.call(Command::CollectiveNew(garden)).unwrap();
        for (deed, in_garden) in deeds {
            act(&first, deed, if in_garden { "Garden" } else { "home" });
        }
        let one = export(&first);
        // In any order.
        let mut files: Vec<&str> = one.values().map(|(_, _, file)| file.as_str()).collect();
        let many = files.len();
        files.rotate_left(turn % many.max(1));
        for file in &files {
            prop_assert!(page::is_ours(file));
        }

        // Where it came from nothing changes.
        prop_assert_eq!(counts(&import(&first, files.clone())), (0, 0, many as u64, 0));
        prop_assert_eq!(&export(&first), &one);

        let second = open(&folder.path().join("second"));
        let done = import(&second, files.clone());
        prop_assert_eq!((done.added, done.refused.len()), (many as u64, 0));
        prop_assert_eq!(&export(&second), &one);
        // What pointed to what came behind it finds it now, and then nothing changes any more.
        let done = import(&second, files.clone());
        prop_assert_eq!((done.added, done.refused.len(), done.beside), (0, 0, 0));
        prop_assert_eq!(&export(&second), &one);
        prop_assert_eq!(counts(&import(&second, files.clone())), (0, 0, many as u64, 0));

        // And so it does once more.
        let third = open(&folder.path().join("third"));
        let two = export(&second);
        let files = two.values().map(|(_, _, file)| file.as_str());
        prop_assert_eq!(import(&third, files).added, many as u64);
        prop_assert_eq!(&export(&third), &one);
        third.stop();
        second.stop();
        // The memory is on disk.
        let second = open(&folder.path().join("second"));
        prop_assert_eq!(&export(&second), &one);
        second.stop();
        first.stop();
    }
}

/// A page as another program may write it.
fn made(id: &str, title: &str, text: &str) -> Page {
    Page {
        id: Some(id.repeat(64 / id.len())),
        version: Some(id.repeat(64 / id.len())),
        kind: "note".to_owned(),
        title: Some(title.to_owned()),
        author: Some("Somebody".to_owned()),
        collective: Some("elsewhere".to_owned()),
        created: Some("2020-01-02T03:04:05Z".to_owned()),
        text: text.to_owned(),
        ..Page::default()
    }
}

#[test]
fn an_edit_here_ends_the_head_of_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (
        open(&folder.path().join("a")),
        open(&folder.path().join("b")),
    );
    let note = Note {
        title: Some("Rota".to_owned()),
        text: Some("Ana waters".to_owned()),
        ..Note::default()
    };
    a.call(Command::Note(note)).unwrap();
    let file = |engine: &Engine| export(engine).into_values().next().unwrap().2;
    let one = file(&a);
    assert_eq!(counts(&import(&b, [one.as_str()])), (1, 0, 0, 0));
    assert_eq!(file(&b), one);

    // What is edited there comes as a version, once and again, and the head with it.
    for text in ["Ben waters", "Cleo waters"] {
        edit(&a, "Rota", text);
        let next = file(&a);
        let done = import(&b, [next.as_str()]);
        assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0));
        assert_eq!(file(&b), next);
        // An older file changes nothing.
        assert_eq!(counts(&import(&b, [one.as_str()])), (0, 0, 1, 0));
    }

    // An edit here has its own head, and the id by which the other home knows it.
    edit(&b, "Rota", "Dan waters");
    let (before, after) = (page::read(&one).unwrap(), page::read(&file(&b)).unwrap());
    assert_eq!(after.id, before.id);
    assert_eq!(after.text, "Dan waters");
    assert!(after.version != before.version && after.created != before.created);
    let done = import(&a, [file(&b).as_str()]);
    assert_eq!(counts(&done), (0, 1, 0, 0));
    assert_eq!(names(&a).len(), 1);
    a.stop();
    b.stop();
}

#[test]
fn a_file_that_was_edited_by_hand_is_a_version() {
    let folder = tempfile::tempdir().unwrap();
    let a = open(&folder.path().join("a"));
    let note = Note {
        kind: "task".to_owned(),
        title: Some("Rota".to_owned()),
        text: Some("Ana waters".to_owned()),
        due: Some("2026-12-01".to_owned()),
        ..Note::default()
    };
    a.call(Command::Note(note)).unwrap();
    let one = export(&a).into_values().next().unwrap().2;
    for text in ["Ben waters", "Cleo waters"] {
        let edited = one.replace("Ana waters", text);
        let done = import(&a, [edited.as_str()]);
        // Each follows the one before, though the head still names the first.
        assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0));
        assert_eq!(counts(&import(&a, [edited.as_str()])), (0, 0, 1, 0));
    }
    let due = one.replace("due: \"2026-12-01\"", "due: \"2026-12-24\"");
    assert_eq!(counts(&import(&a, [due.as_str()])), (0, 1, 0, 0));
    let shown = show(&a, "Rota");
    assert_eq!(shown.task.unwrap().due.as_deref(), Some("2026-12-24"));
    // It is the same document, with a head of its own.
    let head = page::read(&export(&a).into_values().next().unwrap().2).unwrap();
    let first = page::read(&one).unwrap();
    assert_eq!(head.id, first.id);
    assert_ne!(head.version, first.version);
    // A day that is none is said, and nothing panics.
    let none = one.replace("due: \"2026-12-01\"", "due: \"soon\"");
    let done = import(&a, [none.as_str()]);
    assert!(done.refused[0].why.contains("task"), "{done:?}");
    a.stop();
}

#[test]
fn pointers_find_what_was_imported_and_go_out_as_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (
        open(&folder.path().join("a")),
        open(&folder.path().join("b")),
    );
    let word = |term: &str, broader: &[&str]| {
        let ask = SymbolDefine {
            term: term.to_owned(),
            definition: "a word".to_owned(),
            broader: broader.iter().map(|term| (*term).to_owned()).collect(),
            ..SymbolDefine::default()
        };
        define(&a, ask)
    };
    word("tree", &[]);
    word("medlar", &["tree"]);
    // A circle: neither can come behind the other.
    let change = SymbolChange {
        symbol: "tree".to_owned(),
        related: vec!["medlar".to_owned()],
        ..SymbolChange::default()
    };
    a.call(Command::SymbolChange(change)).unwrap();
    let one = export(&a);
    let files: Vec<&str> = one.values().map(|(_, _, file)| file.as_str()).collect();
    assert_eq!(import(&b, files.clone()).added, 2);
    assert_eq!(counts(&import(&b, files.clone())), (0, 1, 1, 0));
    assert_eq!(counts(&import(&b, files)), (0, 0, 2, 0));
    assert_eq!(export(&b), one);
    let shown = |engine: &Engine, symbol: &str| -> SymbolView {
        let ask = SymbolShow {
            symbol: symbol.to_owned(),
            ..SymbolShow::default()
        };
        let shown = Command::SymbolShow(ask);
        engine.call(shown).unwrap().try_into().unwrap()
    };
    for symbol in ["tree", "medlar"] {
        let terms = |words: Vec<folkmoot_api::SymbolLink>| -> Vec<String> {
            words.into_iter().map(|word| word.term).collect()
        };
        let (here, there) = (shown(&b, symbol), shown(&a, symbol));
        assert_eq!(terms(here.broader), terms(there.broader));
        assert_eq!(terms(here.related), terms(there.related));
    }
    // Also from what was written here.
    let ask = SymbolDefine {
        term: "quince".to_owned(),
        definition: "a word".to_owned(),
        broader: vec!["tree".to_owned()],
        ..SymbolDefine::default()
    };
    define(&b, ask);
    let three = export(&b);
    let files = three.values().map(|(_, _, file)| file.as_str());
    assert_eq!(counts(&import(&a, files)), (1, 0, 2, 0));
    assert_eq!(export(&a), three);
    a.stop();
    b.stop();
}

#[test]
fn a_page_of_a_stranger_decides_about_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    let a = open(&folder.path().join("a"));
    let note = Note {
        title: Some("Mine".to_owned()),
        text: Some("my own".to_owned()),
        ..Note::default()
    };
    a.call(Command::Note(note)).unwrap();
    let mine = export(&a);
    let (my_id, my_page) = mine.iter().next().unwrap();

    let refused = |why: &str, change: &dyn Fn(&mut Page)| {
        let mut bad = made("0e", "Bad", "x");
        change(&mut bad);
        let file = page::write(&bad);
        let done = import(&a, [file.as_str()]);
        assert_eq!(counts(&done), (0, 0, 0, 1), "{why}");
        assert!(done.refused[0].why.contains(why), "{:?}", done.refused);
    };
    let id = "0f".repeat(32);
    refused("do not stand in a file", &|page| {
        page.kind = "genesis".to_owned();
    });
    refused("do not stand in a file", &|page| {
        page.kind = "retract".to_owned();
    });
    refused("key 0", &|page| {
        page.fields.insert(0, Value::Text("hidden".to_owned()));
    });
    refused("key 67", &|page| {
        page.fields.insert(67, Value::Bytes(vec![0; 24]));
    });
    refused("pointer", &|page| page.refs = vec![format!("1 {my_id}")]);
    refused("pointer", &|page| page.refs = vec![format!("7 {my_id}")]);
    refused("pointer", &|page| page.refs = vec![format!("3  {id}")]);
    refused("pointer", &|page| page.refs = vec!["300 ../..".to_owned()]);
    refused("refs", &|page| {
        page.refs = (0..31).map(|n| format!("3 {n:064x}")).collect();
    });
    refused("tags", &|page| {
        page.tags = (0..17).map(|n| format!("t{n}")).collect();
    });
    refused("tag", &|page| page.tags = vec!["x".repeat(65)]);
    refused("text", &|page| page.text = "x".repeat(32_769));
    refused("title", &|page| page.title = Some("x".repeat(257)));
    refused("zero", &|page| page.text = "\0".to_owned());
    refused("fit", &|page| page.kind = "task".to_owned());
    refused("bytes", &|page| {
        page.fields.insert(80, Value::Text("x".repeat(65_536)));
    });
    assert_eq!(export(&a), mine);

    // A head that no export writes is read, and not written again.
    let mut odd = made("0a", "../../up", "x");
    odd.created = Some("yesterday".to_owned());
    let mut long = made("0b", "long", "y");
    long.author = Some("x".repeat(1_000));
    for page in [odd, long] {
        let file = page::write(&page);
        assert_eq!(counts(&import(&a, [file.as_str()])), (1, 0, 0, 0));
        let files = export(&a);
        let (_, _, again) = &files[page.id.as_ref().unwrap()];
        let again = page::read(again).unwrap();
        assert_ne!(again.author, page.author);
        assert_eq!(again.collective.as_deref(), Some("home"));
    }

    // A page that calls itself mine is a version of mine, by me: it brings no author and no time.
    let mut theirs = made("0c", "Mine", "not my own");
    theirs.id = Some(my_id.clone());
    let file = page::write(&theirs);
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 1, 0, 0));
    let files = export(&a);
    let (collective, _, again) = &files[my_id];
    let (again, before) = (page::read(again).unwrap(), page::read(&my_page.2).unwrap());
    assert_eq!((collective, again.author), (&my_page.0, before.author));
    assert_eq!(again.created, before.created);
    assert_eq!(names(&a).len(), 3);
    a.stop();
}

#[test]
fn where_a_batch_ends_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let more = || Page {
        version: Some("0c".repeat(32)),
        ..made("0a", "One", "once more")
    };
    let pages = [
        made("0a", "One", "first"),
        made("0b", "Two", "second"),
        more(),
        more(),
        made("0b", "Two", "second"),
    ];
    let files: Vec<String> = pages.iter().map(page::write).collect();
    let mut seen = Vec::new();
    for size in 1..=files.len() {
        let engine = open(&folder.path().join(size.to_string()));
        let mut all = (0, 0, 0, 0);
        for (batch, some) in files.chunks(size).enumerate() {
            let items = some.iter().enumerate();
            let items = items.map(|(at, file)| item(batch * size + at, file));
            let done = counts(&import_to(&engine, None, items.collect()));
            all = (
                all.0 + done.0,
                all.1 + done.1,
                all.2 + done.2,
                all.3 + done.3,
            );
        }
        seen.push((all, export(&engine)));
        engine.stop();
    }
    assert_eq!(seen[0].0, (2, 1, 2, 0));
    assert!(seen.iter().all(|one| *one == seen[0]));
}

#[test]
fn a_copy_in_another_collective_is_a_document_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let a = open(&folder.path().join("a"));
    let garden = CollectiveNew {
        name: "Garden".to_owned(),
        ..CollectiveNew::default()
    };
    a.call(Command::CollectiveNew(garden)).unwrap();
    let note = Note {
        title: Some("Rota".to_owned()),
        text: Some("Ana waters".to_owned()),
        collective: Some("Garden".to_owned()),
        ..Note::default()
    };
    a.call(Command::Note(note)).unwrap();
    let one = export(&a);
    let file = &one.values().next().unwrap().2;
    // Where nothing is said it is found where it lies, and changed there.
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
    let edited = file.replace("Ana waters", "Ben waters");
    assert_eq!(counts(&import(&a, [edited.as_str()])), (0, 1, 0, 0));
    assert_eq!(show(&a, "Rota").item.collective, "Garden");
    // Where a place is said, it is copied there: two documents, and so two files.
    let copied = import_to(&a, Some("home"), vec![item(0, file)]);
    assert_eq!(counts(&copied), (1, 0, 0, 0));
    let copied = import_to(&a, Some("home"), vec![item(0, file)]);
    assert_eq!(counts(&copied), (0, 0, 1, 0));
    assert_eq!(export(&a).len(), 2);
    a.stop();
}
