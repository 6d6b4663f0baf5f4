//! Documents with versions: one person alone, and several who edit at the same time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    ApiError, Command, Edit, Edited, ErrorCode, Find, Found, History, HistoryView, ItemView, List,
    MergeArgs, Merged, Note, Reply, Saved, Show, ShowView,
};
use folkmoot_engine::Engine;

use hub::{Home, Hub, equal, until};
use one::open;

fn write(engine: &Engine, title: &str, text: &str, tags: &[&str]) -> Saved {
    let note = Note {
        title: Some(title.to_owned()),
        text: Some(text.to_owned()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Note::default()
    };
    engine
        .call(Command::Note(note))
        .unwrap()
        .try_into()
        .unwrap()
}

fn edit(engine: &Engine, ask: Edit) -> Result<Edited, ApiError> {
    engine.call(Command::Edit(ask))?.try_into()
}

fn text(id: &str, text: &str) -> Edit {
    Edit {
        id: id.to_owned(),
        text: Some(text.to_owned()),
        ..Edit::default()
    }
}

fn on(base: &str, ask: Edit) -> Edit {
    Edit {
        base: Some(base.to_owned()),
        ..ask
    }
}

fn show(engine: &Engine, id: &str) -> ShowView {
    let show = Command::Show(Show { id: id.to_owned() });
    engine.call(show).unwrap().try_into().unwrap()
}

fn history(engine: &Engine, id: &str) -> HistoryView {
    let ask = Command::History(History {
        id: id.to_owned(),
        ..History::default()
    });
    engine.call(ask).unwrap().try_into().unwrap()
}

fn find(engine: &Engine, query: &str) -> Vec<ItemView> {
    let find = Command::Find(Find {
        query: query.to_owned(),
        ..Find::default()
    });
    let found: Found = engine.call(find).unwrap().try_into().unwrap();
    assert_eq!(found.total, found.items.len() as u64);
    found.items
}

fn merge(engine: &Engine, ask: MergeArgs) -> Result<Merged, ApiError> {
    engine.call(Command::Merge(ask))?.try_into()
}

fn whole(id: &str) -> MergeArgs {
    MergeArgs {
        id: id.to_owned(),
        ..MergeArgs::default()
    }
}

#[test]
fn the_current_version_is_what_is_found_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let rota = write(&engine, "Rota", "Ana waters on Monday.", &["garden"]);
    write(&engine, "Medlar", "Pick late.", &[]);
    let edited = edit(&engine, text(&rota.short, "Ana waters on Friday.")).unwrap();
    assert!(edited.changed && edited.beside.is_empty());
    assert_eq!(edited.id, rota.id);
    assert_ne!(edited.version, rota.id);

    let looks = |engine: &Engine| {
        assert_eq!(find(engine, "monday").len(), 0);
        let found = find(engine, "friday");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].id, rota.id, "a document keeps its name");
        assert_eq!(found[0].version.as_ref(), Some(&edited.version));
        assert_eq!(find(engine, "tag:garden is:edited").len(), 1);
        let listed: Found = engine
            .call(Command::List(List::default()))
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(listed.total, 2, "one line a document");
        assert_eq!(listed.items[0].id, rota.id, "the newest version first");
        for name in [
            rota.id.as_str(),
            rota.short.as_str(),
            "Rota",
            &edited.version,
        ] {
            let shown = show(engine, name);
            assert_eq!(shown.text.as_deref(), Some("Ana waters on Friday."));
            assert_eq!(shown.item.id, rota.id);
            let document = shown.document.unwrap();
            assert_eq!((document.versions, document.current), (2, true));
            assert!(document.beside.is_empty());
        }
    };
    looks(&engine);
    let history = history(&engine, "Rota");
    assert_eq!((history.total, history.current.len()), (2, 1));
    assert_eq!(history.versions[0].id, edited.version);
    assert_eq!(
        history.versions[0].replaces.as_slice(),
        std::slice::from_ref(&rota.id)
    );
    assert_eq!(
        history.versions[1].text.as_deref(),
        Some("Ana waters on Monday.")
    );
    engine.stop();

    // As before after a start, and where the index is built anew from the log.
    let engine = open(&home);
    looks(&engine);
    engine.stop();
    std::fs::remove_dir_all(home.join("index")).unwrap();
    let engine = open(&home);
    looks(&engine);
    engine.stop();
}

#[test]
fn what_is_not_given_stays_and_what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let rota = write(&engine, "Rota", "Ana waters.", &["garden", "old"]);
    let ask = Edit {
        id: rota.id.clone(),
        title: Some("Watering".to_owned()),
        tags: vec!["#water".to_owned()],
        untag: vec!["old".to_owned()],
        ..Edit::default()
    };
    edit(&engine, ask.clone()).unwrap();
    let shown = show(&engine, &rota.id);
    assert_eq!(shown.item.title, "Watering");
    assert_eq!(shown.text.as_deref(), Some("Ana waters."));
    assert_eq!(shown.item.tags, ["garden", "water"]);
    assert!(!edit(&engine, ask).unwrap().changed, "nothing to change");
    assert_eq!(history(&engine, &rota.id).total, 2);

    let code = |ask: Edit| edit(&engine, ask).unwrap_err().code;
    assert_eq!(code(text(&rota.id, &"x".repeat(40_000))), ErrorCode::Usage);
    assert_eq!(code(text("No such title", "x")), ErrorCode::NotFound);
    let other = write(&engine, "Other", "x", &[]);
    assert_eq!(
        code(on(&other.id, text(&rota.id, "x"))),
        ErrorCode::NotFound,
        "a version of another document"
    );
    let link = Note {
        kind: "link".to_owned(),
        url: Some("https://example.org".to_owned()),
        ..Note::default()
    };
    let link: Saved = engine
        .call(Command::Note(link))
        .unwrap()
        .try_into()
        .unwrap();
    let bare = Edit {
        id: link.id,
        url: Some(String::new()),
        ..Edit::default()
    };
    assert_eq!(code(bare), ErrorCode::Usage, "a link without a URL");
    assert_eq!(history(&engine, &rota.id).total, 2);
    engine.stop();
}

#[test]
fn edits_of_the_same_version_stand_side_by_side_until_they_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let rota = write(&engine, "Rota", "Monday: Ana\n\nFriday: Ben", &[]);
    let one = edit(&engine, text(&rota.id, "Monday: Cleo\n\nFriday: Ben")).unwrap();
    let other = text(&rota.id, "Monday: Ana\n\nFriday: Ben and Dora");
    let other = edit(&engine, on(&rota.id, other)).unwrap();
    assert_eq!(other.beside.len(), 1);
    assert_eq!(other.beside[0].id, one.version);

    let shown = show(&engine, &rota.id);
    let document = shown.document.unwrap();
    assert_eq!(document.version, other.version, "the later one is shown");
    assert_eq!(document.beside[0].id, one.version);
    // It is one document, found by the words of both.
    for word in ["cleo", "dora", "is:unmerged"] {
        let found = find(&engine, word);
        assert_eq!((found.len(), found[0].beside), (1, 1), "{word}");
    }
    engine.stop();
    let engine = open(&home);
    let merged = merge(&engine, whole(&rota.id)).unwrap();
    let version = merged.version.unwrap();
    assert_eq!(merged.conflicts, 0);
    let shown = show(&engine, &rota.id);
    assert_eq!(
        shown.text.as_deref(),
        Some("Monday: Cleo\n\nFriday: Ben and Dora")
    );
    assert_eq!(find(&engine, "is:unmerged").len(), 0);
    let history = history(&engine, &rota.id);
    assert_eq!((history.total, history.current), (4, vec![version]));
    assert_eq!(history.versions[0].replaces.len(), 2);
    // There is nothing left to merge.
    let again = merge(&engine, whole(&rota.id)).unwrap();
    assert!(again.version.is_none() && again.undecided.is_none());
    engine.stop();
}

#[test]
fn what_cannot_be_merged_by_itself_is_decided_by_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let rota = write(&engine, "Rota", "Monday: Ana", &["a", "b"]);
    let one = Edit {
        title: Some("Watering".to_owned()),
        untag: vec!["a".to_owned()],
        ..text(&rota.id, "Monday: Ben")
    };
    let one = edit(&engine, one).unwrap();
    let other = Edit {
        tags: vec!["c".to_owned()],
        ..on(&rota.id, text(&rota.id, "Monday: Cleo"))
    };
    edit(&engine, other).unwrap();
    let tried = merge(&engine, whole(&rota.id)).unwrap();
    assert!(tried.version.is_none());
    assert_eq!((tried.conflicts, tried.versions.len()), (1, 2));
    let marked = tried.undecided.unwrap();
    assert!(marked.contains("Monday: Ben") && marked.contains("Monday: Cleo"));
    assert_eq!(history(&engine, &rota.id).total, 3, "nothing was written");

    // A third one that the person has not seen stays beside what they decide.
    let third = edit(&engine, on(&rota.id, text(&rota.id, "Monday: Dora"))).unwrap();
    let decided = MergeArgs {
        versions: tried.versions.iter().map(|v| v.id.clone()).collect(),
        text: Some("Monday: Ben and Cleo".to_owned()),
        ..whole(&rota.id)
    };
    let merged = merge(&engine, decided).unwrap();
    let shown = show(&engine, &merged.version.unwrap());
    assert_eq!(shown.item.title, "Watering", "only one side changed it");
    assert_eq!(shown.item.tags, ["b", "c"]);
    assert_eq!(shown.text.as_deref(), Some("Monday: Ben and Cleo"));
    assert_eq!(history(&engine, &rota.id).current.len(), 2);
    let taken = MergeArgs {
        take: Some(third.version),
        ..whole(&rota.id)
    };
    assert!(merge(&engine, taken).unwrap().version.is_some());
    let shown = show(&engine, &rota.id);
    assert_eq!(shown.text.as_deref(), Some("Monday: Dora"));
    assert_eq!(history(&engine, &rota.id).current.len(), 1);
    assert_ne!(one.version, rota.id);
    engine.stop();
}

fn commons(hub: &Hub, role: &str) -> (Home, Home) {
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite(role).key.unwrap());
    (ana, ben)
}

fn texts(home: &Home, id: &str) -> (Option<String>, Vec<String>) {
    let shown = show(&home.engine, id);
    let beside = shown.document.map(|document| document.beside);
    let beside = beside.into_iter().flatten().filter_map(|v| v.text);
    (shown.text, beside.collect())
}

#[test]
fn two_who_edit_apart_see_both_versions_and_then_the_same_merged_one() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "moderator");
    let saved = ana.note("Monday: Ana\n\nFriday: Ben", &["garden"]).unwrap();
    until("the note comes", || ben.finds("friday") == 1);
    hub.part(&ana, &ben);
    edit(&ana.engine, text(&saved.id, "Monday: Cleo\n\nFriday: Ben")).unwrap();
    let bens = text(&saved.id, "Monday: Ana\n\nFriday: Dora");
    edit(&ben.engine, bens).unwrap();
    assert!(texts(&ana, &saved.id).1.is_empty());
    hub.join(&ana, &ben);
    equal(&[&ana, &ben]);
    until("both see both", || {
        texts(&ana, &saved.id).1.len() == 1 && texts(&ben, &saved.id).1.len() == 1
    });
    assert_eq!(texts(&ana, &saved.id), texts(&ben, &saved.id));
    for home in [&ana, &ben] {
        assert_eq!((home.finds("cleo"), home.finds("dora")), (1, 1));
        assert_eq!(home.finds("friday"), 1, "one document");
    }
    let merged = merge(&ben.engine, whole(&saved.id)).unwrap();
    assert!(merged.version.is_some());
    let wanted = (Some("Monday: Cleo\n\nFriday: Dora".to_owned()), Vec::new());
    until("both see the merged one", || {
        texts(&ana, &saved.id) == wanted && texts(&ben, &saved.id) == wanted
    });
}

#[test]
fn whoever_may_write_may_not_edit_what_others_wrote() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "writer");
    let saved = ana.note("Monday: Ana", &[]).unwrap();
    until("the note comes", || ben.finds("monday") == 1);
    let refused = edit(&ben.engine, text(&saved.id, "Monday: Ben")).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Denied, "{refused:?}");
    assert!(refused.message.contains("ana wrote this"), "{refused:?}");
    // His own, which was refused, left no gap in his log.
    let own = ben.note("Tuesday: Ben", &[]).unwrap();
    edit(&ben.engine, text(&own.id, "Tuesday: Cleo")).unwrap();
    until("the edit comes", || ana.finds("tuesday cleo") == 1);
    assert_eq!(ana.finds("tuesday"), 1);
    assert_eq!(history(&ana.engine, &own.id).total, 2);
    let Reply::Show(shown) = ana.ask(Command::Show(Show { id: own.id })) else {
        panic!("no record shown")
    };
    assert_eq!(shown.text.as_deref(), Some("Tuesday: Cleo"));
}
