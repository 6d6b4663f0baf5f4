//! Imports with a memory: what changed in its source becomes a new version of the same document.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    Act, ActKind, Command, Edit, Find, Found, ImportItem, ImportSources, ImportSourcesView,
    Imported, ItemView, Note, Reply, Restore, Show, ShowView,
};
use folkmoot_engine::Engine;

use one::open;

fn item(path: &str, title: &str, text: &str) -> ImportItem {
    ImportItem {
        source: path.to_owned(),
        path: Some(path.to_owned()),
        note: Note {
            title: Some(title.to_owned()),
            text: Some(text.to_owned()),
            ..Note::default()
        },
        ..ImportItem::default()
    }
}

/// Added, changed, there already, refused.
fn import(engine: &Engine, vault: Option<&str>, items: &[ImportItem]) -> (u64, u64, u64, usize) {
    let done = imported(engine, vault, items);
    (done.added, done.changed, done.skipped, done.refused.len())
}

fn imported(engine: &Engine, vault: Option<&str>, items: &[ImportItem]) -> Imported {
    let ask = |dry_run| Command::Import {
        collective: None,
        items: items.to_vec(),
        device: None,
        vault: vault.map(str::to_owned),
        dry_run,
    };
    // What would be done is what is done.
    let planned: Imported = engine.call(ask(true)).unwrap().try_into().unwrap();
    let done: Imported = engine.call(ask(false)).unwrap().try_into().unwrap();
    let counts = |done: &Imported| (done.added, done.changed, done.skipped, done.beside);
    assert_eq!(counts(&planned), counts(&done));
    done
}

fn find(engine: &Engine, query: &str) -> Vec<ItemView> {
    let find = Command::Find(Find {
        query: query.to_owned(),
        ..Find::default()
    });
    let found: Found = engine.call(find).unwrap().try_into().unwrap();
    found.items
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

fn sources(engine: &Engine, vault: &str) -> Vec<String> {
    let ask = Command::ImportSources(ImportSources {
        vault: vault.to_owned(),
        ..ImportSources::default()
    });
    let view: ImportSourcesView = engine.call(ask).unwrap().try_into().unwrap();
    let mut paths: Vec<_> = view.items.into_iter().map(|source| source.path).collect();
    paths.sort();
    paths
}

#[test]
fn a_changed_source_is_a_new_version_of_the_same_document() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let first = [
        item("a.md", "Rota", "Ana waters"),
        item("b.md", "Beds", "four"),
    ];
    assert_eq!(import(&engine, Some("v"), &first), (2, 0, 0, 0));
    assert_eq!(import(&engine, Some("v"), &first), (0, 0, 2, 0));
    let id = show(&engine, "Rota").item.id;
    let mut second = first.clone();
    second[0] = item("a.md", "Who waters", "Ben waters");
    assert_eq!(import(&engine, Some("v"), &second), (0, 1, 1, 0));
    engine.stop();
    // The memory is on disk.
    let engine = open(&home);
    assert_eq!(import(&engine, Some("v"), &second), (0, 0, 2, 0));
    let shown = show(&engine, &id);
    assert_eq!(shown.item.title, "Who waters");
    assert_eq!(shown.document.unwrap().versions, 2);
    // Back to what it was is a change as well.
    assert_eq!(import(&engine, Some("v"), &first), (0, 1, 1, 0));
    assert_eq!(show(&engine, &id).document.unwrap().versions, 3);
    assert_eq!(sources(&engine, "v"), ["a.md", "b.md"]);
    assert_eq!(sources(&engine, "w"), [""; 0]);
    engine.stop();
}

#[test]
fn what_was_edited_here_is_not_undone_and_stands_beside_what_changed_there() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let first = [item("a.md", "Rota", "Ana waters")];
    import(&engine, Some("v"), &first);
    let id = show(&engine, "Rota").item.id;
    edit(&engine, &id, "Cleo waters");
    assert_eq!(import(&engine, Some("v"), &first), (0, 0, 1, 0));
    assert_eq!(show(&engine, &id).text.as_deref(), Some("Cleo waters"));
    let second = [item("a.md", "Rota", "Ben waters")];
    let done = imported(&engine, Some("v"), &second);
    assert_eq!((done.changed, done.beside), (1, 1));
    assert_eq!(find(&engine, "is:unmerged").len(), 1);
    assert_eq!(find(&engine, "cleo").len(), 1);
    assert_eq!(find(&engine, "ben").len(), 1);
    assert_eq!(import(&engine, Some("v"), &second), (0, 0, 1, 0));
    engine.stop();
}

#[test]
fn a_folder_that_moved_is_known_by_its_texts() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let mut texts = [
        item("a.md", "Rota", "Ana waters"),
        item("b.md", "Beds", "four"),
    ];
    import(&engine, Some("old"), &texts);
    assert_eq!(import(&engine, Some("new"), &texts), (0, 0, 2, 0));
    texts[0].note.text = Some("Ben waters".to_owned());
    assert_eq!(import(&engine, Some("new"), &texts), (0, 1, 1, 0));
    assert_eq!(find(&engine, "kind:note").len(), 2);
    // What was imported without a memory gets one, and what a note has no field for.
    let note = ImportItem {
        path: None,
        ..item("1", "Medlar", "after the frost")
    };
    assert_eq!(import(&engine, None, &[note]), (1, 0, 0, 0));
    let mut more = item("m.md", "Medlar", "after the frost");
    more.aliases = vec!["Mespilus".to_owned()];
    more.properties = Some("rating: 5\n".to_owned());
    more.written = Some("1965-05-01T00:00:00Z".parse().unwrap());
    assert_eq!(import(&engine, Some("new"), &[more.clone()]), (0, 1, 0, 0));
    assert_eq!(import(&engine, Some("new"), &[more]), (0, 0, 1, 0));
    let shown = show(&engine, "mespilus");
    assert_eq!(shown.aliases, ["Mespilus"]);
    assert_eq!(shown.properties.as_deref(), Some("rating: 5\n"));
    assert_eq!(shown.first_written.as_deref(), Some("1965-05-01T00:00:00Z"));
    engine.stop();
}

#[test]
fn other_names_are_found_and_linked_by() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let mut bank = item("bank.md", "Seed bank", "basil");
    bank.aliases = vec!["The bank".to_owned(), "garden/bank".to_owned()];
    let linking = item(
        "x.md",
        "Spring",
        "See [[the bank|it]], [[Garden/Bank#shelf]], [[Gone]].",
    );
    import(&engine, Some("v"), &[bank, linking]);
    let shown = show(&engine, "The Bank");
    assert_eq!(shown.item.title, "Seed bank");
    assert_eq!(shown.linked_from.len(), 1);
    assert_eq!(show(&engine, "Spring").unresolved, ["Gone"]);
    engine.stop();
}

#[test]
fn days_copies_and_doubles() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let mut day = item("journals/2024_05_01.md", "2024-05-01", "- frost");
    day.day = Some("2024-05-01".to_owned());
    let mut wrong = item("w.md", "w", "w");
    wrong.day = Some("2024-13-01".to_owned());
    // The same text in two files is one document; the same name twice is a mistake.
    let items = [
        day,
        wrong,
        item("a/x.md", "x", "same"),
        item("b/x.md", "x", "same"),
        item("a/x.md", "x", "other"),
    ];
    let done = imported(&engine, Some("v"), &items);
    assert_eq!((done.added, done.skipped, done.refused.len()), (2, 1, 2));
    assert_eq!(find(&engine, "kind:daily").len(), 1);
    let again = imported(&engine, Some("v"), &items[2..4]);
    assert_eq!((again.added, again.changed, again.skipped), (0, 0, 2));
    engine.stop();
}

#[test]
fn what_was_taken_back_here_stays_so_until_its_source_changes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let first = [item("a.md", "Door", "4711")];
    import(&engine, Some("v"), &first);
    let id = show(&engine, "Door").item.id;
    let act = Command::Act(Act {
        what: ActKind::Retract,
        id,
        reason: None,
        device: None,
    });
    assert!(matches!(engine.call(act), Ok(Reply::Acted(_))));
    assert_eq!(import(&engine, Some("v"), &first), (0, 0, 1, 0));
    let second = [item("a.md", "Door", "0815")];
    assert_eq!(import(&engine, Some("v"), &second), (1, 0, 0, 0));
    assert_eq!(import(&engine, Some("v"), &second), (0, 0, 1, 0));
    engine.stop();
}

#[test]
fn what_was_written_anew_is_still_what_its_source_is_read_into() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let first = [item("a.md", "Door", "4711")];
    import(&engine, Some("v"), &first);
    let id = show(&engine, "Door").item.id;
    for text in ["0815", "0816"] {
        let id = show(&engine, "Door").item.id;
        let retract = Command::Act(Act {
            what: ActKind::Retract,
            id: id.clone(),
            reason: None,
            device: None,
        });
        assert!(matches!(engine.call(retract), Ok(Reply::Acted(_))));
        let restore = Command::Restore(Restore { id, device: None });
        assert!(matches!(engine.call(restore), Ok(Reply::Restored(_))));
        let changed = [item("a.md", "Door", text)];
        assert_eq!(import(&engine, Some("v"), &changed), (0, 1, 0, 0));
        assert_eq!(import(&engine, Some("v"), &changed), (0, 0, 1, 0));
        assert_eq!(find(&engine, "kind:note").len(), 1);
        assert_eq!(show(&engine, "Door").text.as_deref(), Some(text));
    }
    assert_ne!(show(&engine, "Door").item.id, id);
    engine.stop();
}

#[test]
fn a_day_that_no_calendar_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let mut day = item("1", "x", "- frost");
    day.day = Some("2026-02-30".to_owned());
    let done = imported(&engine, None, &[day.clone()]);
    assert_eq!((done.added, done.refused.len()), (0, 1));
    assert!(done.refused[0].why.contains("is no day"), "{done:?}");
    day.day = Some("2026-02-28".to_owned());
    assert_eq!(import(&engine, None, &[day]), (1, 0, 0, 0));
    engine.stop();
}
