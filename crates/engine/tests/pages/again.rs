//! What an import finds of a page again: taken back, older, elsewhere, edited by hand.

use std::path::Path;

use folkmoot_api::{
    Act, ActKind, CollectiveNew, Command, DayWrite, DeviceAdd, ImportItem, Imported, Note, Restore,
    TrashArgs,
};
use folkmoot_engine::Engine;
use folkmoot_library::page;

use crate::{counts, edit, export, import, import_to, item, names, open, show};

/// A home with one note in Garden, and its file.
fn with_note(folder: &Path, text: &str) -> (Engine, String, String) {
    let a = open(folder);
    let garden = CollectiveNew {
        name: "Garden".to_owned(),
        ..CollectiveNew::default()
    };
    a.call(Command::CollectiveNew(garden)).unwrap();
    let note = Note {
        title: Some("Rota".to_owned()),
        text: Some(text.to_owned()),
        collective: Some("Garden".to_owned()),
        ..Note::default()
    };
    a.call(Command::Note(note)).unwrap();
    let (id, (_, _, file)) = export(&a).into_iter().next().unwrap();
    (a, id, file)
}

fn act(engine: &Engine, what: ActKind, id: &str) {
    let act = Act {
        what,
        id: id.to_owned(),
        reason: None,
        device: None,
    };
    engine.call(Command::Act(act)).unwrap();
}

/// Takes a document back, and writes it anew by the id of this record.
fn restore_anew(engine: &Engine, id: &str) {
    let whole = show(engine, id).item.id;
    act(engine, ActKind::Retract, &whole);
    let restore = Restore {
        id: id.to_owned(),
        device: None,
    };
    engine.call(Command::Restore(restore)).unwrap();
}

fn only_file(engine: &Engine) -> String {
    let files = export(engine);
    assert_eq!(files.len(), 1);
    files.into_values().next().unwrap().2
}

#[test]
fn what_was_taken_back_does_not_come_back_from_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, file) = with_note(&folder.path().join("a"), "Ana waters");
    act(&a, ActKind::Retract, &id);
    for _ in 0..2 {
        assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
        let named = import_to(&a, Some("Garden"), vec![item(0, &file)]);
        assert_eq!(counts(&named), (0, 0, 1, 0));
    }
    assert!(names(&a).is_empty());

    // What its file says anew is new, and goes where all goes; once.
    let changed = file.replace("Ana waters", "Ben waters");
    assert_eq!(counts(&import(&a, [changed.as_str()])), (1, 0, 0, 0));
    assert_eq!(counts(&import(&a, [changed.as_str()])), (0, 0, 1, 0));
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
    assert_eq!(names(&a).len(), 1);
    assert_eq!(show(&a, "Rota").item.collective, "home");

    // In another home as well, where it was imported and taken back.
    let b = open(&folder.path().join("b"));
    assert_eq!(counts(&import(&b, [file.as_str()])), (1, 0, 0, 0));
    act(&b, ActKind::Retract, &names(&b)[0].record);
    let moved = ImportItem {
        path: Some("elsewhere.md".to_owned()),
        ..item(1, &file)
    };
    assert_eq!(counts(&import_to(&b, None, vec![moved])), (0, 0, 1, 0));
    assert!(names(&b).is_empty());
    a.stop();
    b.stop();
}

#[test]
fn what_was_purged_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, file) = with_note(&folder.path().join("a"), "Ana waters");
    act(&a, ActKind::Purge, &id);
    // While its text lies in the trash it is known; after that nobody can tell.
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
    let empty = Command::Trash(TrashArgs { empty: true });
    a.call(empty).unwrap();
    for place in [None, Some("Garden")] {
        let done = import_to(&a, place, vec![item(0, &file)]);
        assert_eq!(counts(&done), (0, 0, 0, 1), "{done:?}");
        assert!(done.refused[0].why.contains("taken back"), "{done:?}");
    }
    assert!(names(&a).is_empty());
    a.stop();
}

#[test]
fn a_file_set_back_by_hand_to_an_earlier_text_is_a_version() {
    let folder = tempfile::tempdir().unwrap();
    let (a, _, _) = with_note(&folder.path().join("a"), "Ana waters");
    edit(&a, "Rota", "Ben waters");
    let file = only_file(&a);
    let back = file.replace("Ben waters", "Ana waters");
    let done = import(&a, [back.as_str()]);
    assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0));
    assert_eq!(counts(&import(&a, [back.as_str()])), (0, 0, 1, 0));
    assert_eq!(page::read(&only_file(&a)).unwrap().text, "Ana waters");
    a.stop();
}

#[test]
fn a_file_set_back_by_hand_after_it_was_read_is_a_version() {
    let folder = tempfile::tempdir().unwrap();
    let (a, _, file) = with_note(&folder.path().join("a"), "Ana waters");
    let b = open(&folder.path().join("b"));
    for home in [&a, &b] {
        import(home, [file.as_str()]);
        // The file of another folder, which nobody has changed, undoes nothing.
        let other = item(1, &file);
        import_to(home, None, vec![other.clone()]);
        for text in [
            "Ben waters",
            "Cleo waters",
            "Ana waters",
            "Ben waters",
            "Ana waters",
        ] {
            let by_hand = file.replace("Ana waters", text);
            let done = import(home, [by_hand.as_str()]);
            assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0), "{text}");
            assert_eq!(counts(&import(home, [by_hand.as_str()])), (0, 0, 1, 0));
            let same = import_to(home, None, vec![other.clone()]);
            assert_eq!(counts(&same), (0, 0, 1, 0), "{text}");
            assert_eq!(page::read(&only_file(home)).unwrap().text, text);
        }
    }
    // What says again what its author wrote has the head of that; nothing else has.
    assert_eq!(only_file(&b), file);
    a.stop();
    b.stop();
}

#[test]
fn a_text_that_was_edited_by_hand_gets_no_head_back_with_its_pointers() {
    let folder = tempfile::tempdir().unwrap();
    let b = open(&folder.path().join("b"));
    let first = crate::made("0a", "Rota", "Ana waters");
    let (id, version) = (first.id.clone(), first.version.clone());
    import(&b, [page::write(&first).as_str()]);
    let mut by_hand = first;
    by_hand.text = "Ben waters".to_owned();
    assert_eq!(
        counts(&import(&b, [page::write(&by_hand).as_str()])),
        (0, 1, 0, 0)
    );
    by_hand.refs = vec![format!("11 {}", "0b".repeat(32))];
    assert_eq!(
        counts(&import(&b, [page::write(&by_hand).as_str()])),
        (0, 1, 0, 0)
    );
    let out = page::read(&only_file(&b)).unwrap();
    assert_eq!((&out.id, out.text.as_str()), (&id, "Ben waters"));
    assert_ne!(out.version, version);
    assert_ne!(out.author.as_deref(), Some("Somebody"));
    b.stop();
}

#[test]
fn a_page_is_read_into_what_was_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, file) = with_note(&folder.path().join("a"), "Ana waters");
    act(&a, ActKind::Retract, &id);
    let restore = Restore { id, device: None };
    a.call(Command::Restore(restore)).unwrap();
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
    for text in ["Ben waters", "Cleo waters"] {
        let changed = file.replace("Ana waters", text);
        assert_eq!(counts(&import(&a, [changed.as_str()])), (0, 1, 0, 0));
        assert_eq!(counts(&import(&a, [changed.as_str()])), (0, 0, 1, 0));
        assert_eq!(page::read(&only_file(&a)).unwrap().text, text);
    }
    assert_eq!(show(&a, "Rota").item.collective, "Garden");
    a.stop();
}

#[test]
fn a_file_set_back_by_hand_after_its_text_was_written_anew_is_a_version() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, _) = with_note(&folder.path().join("a"), "Ana waters");
    edit(&a, "Rota", "Ben waters");
    let file = only_file(&a);
    restore_anew(&a, &id);
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
    let back = file.replace("Ben waters", "Ana waters");
    assert_eq!(counts(&import(&a, [back.as_str()])), (0, 1, 0, 0));
    assert_eq!(counts(&import(&a, [back.as_str()])), (0, 0, 1, 0));
    assert_eq!(page::read(&only_file(&a)).unwrap().text, "Ana waters");
    a.stop();
}

#[test]
fn a_file_says_nothing_new_after_its_old_text_has_left_the_trash() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, file) = with_note(&folder.path().join("a"), "Ana waters");
    restore_anew(&a, &id);
    a.call(Command::Trash(TrashArgs { empty: true })).unwrap();
    edit(&a, "Rota", "Ben waters");
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
    let by_hand = file.replace("Ana waters", "Cleo waters");
    assert_eq!(counts(&import(&a, [by_hand.as_str()])), (0, 1, 0, 0));
    assert_eq!(names(&a).len(), 1);
    a.stop();
}

#[test]
fn a_page_is_read_into_what_was_written_anew_by_one_of_its_versions() {
    let folder = tempfile::tempdir().unwrap();
    let (a, _, _) = with_note(&folder.path().join("a"), "Ana waters");
    edit(&a, "Rota", "Ben waters");
    let file = only_file(&a);
    let shown = show(&a, "Rota").document.unwrap();
    restore_anew(&a, &shown.version);
    let changed = file.replace("Ben waters", "Cleo waters");
    assert_eq!(counts(&import(&a, [changed.as_str()])), (0, 1, 0, 0));
    assert_eq!(names(&a).len(), 1);
    assert_eq!(page::read(&only_file(&a)).unwrap().text, "Cleo waters");
    a.stop();
}

#[test]
fn the_file_of_a_daily_page_is_called_by_its_day() {
    let folder = tempfile::tempdir().unwrap();
    let a = open(&folder.path().join("a"));
    let write = DayWrite {
        date: "2026-05-01".to_owned(),
        text: "- swifts".to_owned(),
        append: true,
        ..DayWrite::default()
    };
    a.call(Command::WriteDay(write)).unwrap();
    assert_eq!(names(&a)[0].title, "2026-05-01");
    let wrong = only_file(&a).replace("2026-05-01", "2026-02-30");
    let b = open(&folder.path().join("b"));
    let done = import(&b, [wrong.as_str()]);
    assert_eq!(counts(&done), (0, 0, 0, 1), "{done:?}");
    assert_eq!(counts(&import(&b, [only_file(&a).as_str()])), (1, 0, 0, 0));
    assert_eq!(export(&b), export(&a));
    a.stop();
    b.stop();
}

#[test]
fn an_older_export_does_not_undo_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let (a, _, january) = with_note(&folder.path().join("a"), "Ana waters");
    let mut page = page::read(&january).unwrap();
    page.text = "Ben waters".to_owned();
    page.version = Some("0a".repeat(32));
    page.updated = Some("2999-06-01T00:00:00Z".to_owned());
    let june = page::write(&page);
    let b = open(&folder.path().join("b"));
    assert_eq!(counts(&import(&b, [june.as_str()])), (1, 0, 0, 0));
    for path in [0, 1] {
        let done = import_to(&b, None, vec![item(path, &january)]);
        assert_eq!(counts(&done), (0, 0, 0, 1), "{done:?}");
        assert!(done.refused[0].why.contains("older"), "{done:?}");
    }
    assert_eq!(only_file(&b), june);
    // A later one is taken.
    page.text = "Cleo waters".to_owned();
    page.version = Some("0b".repeat(32));
    page.updated = Some("2999-07-01T00:00:00Z".to_owned());
    let july = page::write(&page);
    let done = import(&b, [july.as_str()]);
    assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0));
    assert_eq!(only_file(&b), july);
    // So it is where the text was taken back and written anew in between.
    restore_anew(&b, &names(&b)[0].record);
    let done = import_to(&b, None, vec![item(2, &january)]);
    assert_eq!(counts(&done), (0, 0, 0, 1), "{done:?}");
    assert_eq!(counts(&import(&b, [june.as_str()])), (0, 0, 1, 0));
    assert_eq!(page::read(&only_file(&b)).unwrap().text, "Cleo waters");
    a.stop();
    b.stop();
}

#[test]
fn what_was_imported_into_a_collective_is_found_there() {
    let folder = tempfile::tempdir().unwrap();
    let (a, _, file) = with_note(&folder.path().join("a"), "Ana waters");
    let (b, own, _) = with_note(&folder.path().join("b"), "Dan weeds");
    let into = import_to(&b, Some("Garden"), vec![item(0, &file)]);
    assert_eq!(counts(&into), (1, 0, 0, 0));
    assert_eq!(counts(&import(&b, [file.as_str()])), (0, 0, 1, 0));
    edit(&a, "Rota", "Ben waters");
    let next = only_file(&a);
    let done = import(&b, [next.as_str()]);
    assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0));
    assert_eq!(done.elsewhere.get("Garden"), Some(&1));
    let all = names(&b);
    assert_eq!(all.len(), 2);
    assert!(all.iter().any(|name| name.record == own));
    a.stop();
    b.stop();
}

#[test]
fn an_edit_by_hand_has_no_head_of_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, file) = with_note(&folder.path().join("a"), "Ana waters");
    let b = open(&folder.path().join("b"));
    assert_eq!(counts(&import(&b, [file.as_str()])), (1, 0, 0, 0));
    for text in ["Ben waters", "Cleo waters"] {
        let by_hand = file.replace("Ana waters", text);
        let done = import(&b, [by_hand.as_str()]);
        assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0));
        // From another place too.
        let moved = import_to(&b, None, vec![item(1, &by_hand)]);
        assert_eq!(counts(&moved), (0, 0, 1, 0));
        let (out, before) = (only_file(&b), page::read(&file).unwrap());
        let after = page::read(&out).unwrap();
        assert_eq!(after.id.as_deref(), Some(id.as_str()));
        assert_eq!(after.text, text);
        assert_ne!(after.version, before.version);
        assert_eq!(after.collective.as_deref(), Some("home"));
    }
    a.stop();
    b.stop();
}

#[test]
fn the_id_in_a_file_stays_when_what_it_names_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, file) = with_note(&folder.path().join("a"), "Ana waters");
    let copied = import_to(&a, Some("home"), vec![item(0, &file)]);
    assert_eq!(counts(&copied), (1, 0, 0, 0));
    let before = export(&a);
    act(&a, ActKind::Retract, &id);
    let after = export(&a);
    assert_eq!(after.len(), 1);
    assert!(!after.contains_key(&id));
    assert!(after.iter().all(|(id, file)| before.get(id) == Some(file)));
    a.stop();
}

#[test]
fn what_only_a_rearranged_page_says_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let a = open(&folder.path().join("a"));
    let draft = |state: &str, due: &str, language: &str| ImportItem {
        source: "task.md".to_owned(),
        path: Some("task.md".to_owned()),
        note: Note {
            kind: "task".to_owned(),
            title: Some("Water".to_owned()),
            text: Some("the beds".to_owned()),
            due: Some(due.to_owned()),
            ..Note::default()
        },
        state: Some(state.to_owned()),
        language: Some(language.to_owned()),
        ..ImportItem::default()
    };
    let day = |day: &str| ImportItem {
        source: "day.md".to_owned(),
        path: Some("day.md".to_owned()),
        day: Some(day.to_owned()),
        note: Note {
            text: Some("May".to_owned()),
            ..Note::default()
        },
        ..ImportItem::default()
    };
    let first = vec![draft("doing", "2026-12-01", "en"), day("2024-05-01")];
    assert_eq!(counts(&import_to(&a, None, first)), (2, 0, 0, 0));
    for changed in [
        draft("done", "2026-12-01", "en"),
        draft("done", "2026-12-24", "en"),
        draft("done", "2026-12-24", "de"),
        day("2024-05-02"),
    ] {
        let done = import_to(&a, None, vec![changed.clone()]);
        assert_eq!(
            (counts(&done), done.beside),
            ((0, 1, 0, 0), 0),
            "{changed:?}"
        );
        // By its id, from anywhere.
        let id = names(&a)
            .into_iter()
            .find(|name| (name.title == "Water") == (changed.note.kind == "task"));
        let elsewhere = ImportItem {
            path: None,
            id: id.map(|name| name.record),
            ..changed
        };
        assert_eq!(counts(&import_to(&a, None, vec![elsewhere])), (0, 0, 1, 0));
    }
    let task = show(&a, "Water").task.unwrap();
    assert_eq!(task.due.as_deref(), Some("2026-12-24"));
    a.stop();
}

#[test]
fn of_one_id_a_call_takes_so_many() {
    let folder = tempfile::tempdir().unwrap();
    let a = open(&folder.path().join("a"));
    let file = page::write(&crate::made("0a", "One", "first"));
    let items = (0..66).map(|place| item(place, &file)).collect();
    assert_eq!(counts(&import_to(&a, None, items)), (1, 0, 63, 2));
    a.stop();
}

#[test]
fn edits_that_go_to_and_fro_stand_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (a, id, file) = with_note(&folder.path().join("a"), "Ana waters");
    let b = open(&folder.path().join("b"));
    assert_eq!(counts(&import(&a, [file.as_str()])), (0, 0, 1, 0));
    assert_eq!(counts(&import(&b, [file.as_str()])), (1, 0, 0, 0));
    for text in ["Ben waters", "Dan waters", "Eve waters"] {
        edit(&b, "Rota", text);
        let back = only_file(&b);
        let done = import(&a, [back.as_str()]);
        assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0), "{text}");
        let forth = only_file(&a);
        // It says what is there.
        assert_eq!(counts(&import(&b, [forth.as_str()])), (0, 0, 1, 0));
        let cleo = format!("Cleo, not {text}");
        edit(&a, &id, &cleo);
        let done = import(&b, [only_file(&a).as_str()]);
        assert_eq!((counts(&done), done.beside), ((0, 1, 0, 0), 0), "{text}");
        assert_eq!(only_file(&b), only_file(&a));
        // And the first home reads its own.
        assert_eq!(counts(&import(&a, [only_file(&a).as_str()])), (0, 0, 1, 0));
    }
    a.stop();
    b.stop();
}

#[test]
fn what_cannot_be_written_elsewhere_does_not_end_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (a, _, file) = with_note(&folder.path().join("a"), "Ana waters");
    let phone = DeviceAdd {
        name: "phone".to_owned(),
        ..DeviceAdd::default()
    };
    a.call(Command::DeviceAdd(phone)).unwrap();
    // It writes at home, and nowhere else.
    let changed = file.replace("Ana waters", "Ben waters");
    let new = page::write(&crate::made("0a", "One", "first"));
    let import = Command::Import {
        collective: None,
        items: vec![item(0, &changed), item(1, &new)],
        device: Some("phone".to_owned()),
        vault: Some("notes".to_owned()),
        dry_run: false,
    };
    let done: Imported = a.call(import).unwrap().try_into().unwrap();
    assert_eq!(counts(&done), (1, 0, 0, 1), "{done:?}");
    assert_eq!(done.refused[0].source, "0.md");
    assert!(done.elsewhere.is_empty());
    a.stop();
}
