//! Saved searches: kept in the home, used by name.
#![expect(clippy::unwrap_used, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    ApiError, Command, ErrorCode, Events, EventsPage, Find, Found, Note, Reply, SavedSearch,
    SearchAct, Undo,
};
use folkmoot_engine::Engine;

use one::open;

fn note(engine: &Engine, title: &str, tags: &[&str]) {
    let note = Note {
        title: Some(title.to_owned()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Note::default()
    };
    engine.call(Command::Note(note)).unwrap();
}

fn searches(engine: &Engine, act: SearchAct) -> Result<Vec<SavedSearch>, ApiError> {
    engine.call(Command::Searches(act))?.try_into()
}

fn save(engine: &Engine, name: &str, query: &str) -> Result<Vec<SavedSearch>, ApiError> {
    let (name, query) = (name.to_owned(), query.to_owned());
    searches(engine, SearchAct::Save { name, query })
}

fn drop_search(engine: &Engine, name: &str) -> Result<Vec<SavedSearch>, ApiError> {
    let name = name.to_owned();
    searches(engine, SearchAct::Drop { name })
}

fn find(engine: &Engine, query: &str) -> Result<Vec<String>, ApiError> {
    let find = Find {
        query: query.to_owned(),
        ..Find::default()
    };
    let found: Found = engine.call(Command::Find(find))?.try_into()?;
    let mut titles: Vec<String> = found.items.into_iter().map(|item| item.title).collect();
    titles.sort();
    Ok(titles)
}

fn names(list: &[SavedSearch]) -> Vec<(&str, &str)> {
    list.iter()
        .map(|one| (one.name.as_str(), one.query.as_str()))
        .collect()
}

#[test]
fn a_search_is_saved_used_replaced_and_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    note(&engine, "medlar", &["fruit"]);
    note(&engine, "quince", &["fruit", "late"]);
    note(&engine, "rake", &["tools"]);
    let list = save(&engine, "Late fruit", " tag:fruit tag:late ").unwrap();
    assert_eq!(names(&list), [("Late fruit", "tag:fruit tag:late")]);
    save(&engine, "rest", "-saved:\"late FRUIT\"").unwrap();
    assert_eq!(find(&engine, "saved:\"late fruit\"").unwrap(), ["quince"]);
    assert_eq!(find(&engine, "saved:rest").unwrap(), ["medlar", "rake"]);
    assert_eq!(
        find(&engine, "saved:rest|\"late fruit\" -rake").unwrap(),
        ["medlar", "quince"]
    );

    // It is no note: nothing finds it, and it is not what one did last.
    assert_eq!(find(&engine, "").unwrap(), ["medlar", "quince", "rake"]);
    let undo = Undo { dry_run: true };
    let Reply::Undone(undone) = engine.call(Command::Undo(undo)).unwrap() else {
        panic!("another answer");
    };
    assert!(format!("{undone:?}").contains("rake"), "{undone:?}");

    // What happens is judged by it too, and it is there after a restart.
    engine.stop();
    let engine = open(folder.path());
    let ask = Events {
        query: "saved:rest".into(),
        after: Some("start".into()),
        ..Events::default()
    };
    let page: EventsPage = engine
        .call(Command::Events(ask))
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(page.events.len(), 2);

    // The newest word of a name counts, in whatever case.
    let list = save(&engine, "REST", "tag:tools").unwrap();
    assert_eq!(
        names(&list),
        [("Late fruit", "tag:fruit tag:late"), ("REST", "tag:tools")]
    );
    assert_eq!(find(&engine, "saved:rest").unwrap(), ["rake"]);
    assert_eq!(names(&drop_search(&engine, "late fruit").unwrap()).len(), 1);
    let refused = find(&engine, "rake saved:\"late fruit\"").unwrap_err();
    assert_eq!(
        (refused.code, refused.span),
        (ErrorCode::Usage, Some((11, 23)))
    );
    let refused = drop_search(&engine, "late fruit").unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
    engine.stop();
}

#[test]
fn what_cannot_be_understood_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    save(&engine, "one", "medlar").unwrap();
    save(&engine, "two", "saved:one OR quince").unwrap();
    // A circle, also through others; a key that there is not; one that nobody saved.
    for (name, query) in [
        ("one", "saved:two"),
        ("one", "x saved:ONE"),
        ("three", "taag:x"),
        ("three", "saved:nothing"),
        ("", "x"),
        ("a|b", "x"),
        ("a\"b", "x"),
        (&"n".repeat(65), "x"),
    ] {
        let refused = save(&engine, name, query).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage, "{name}: {query}");
    }
    let list = searches(&engine, SearchAct::List).unwrap();
    assert_eq!(
        names(&list),
        [("one", "medlar"), ("two", "saved:one OR quince")]
    );
    // What others name stays, also where they name it through another one.
    save(&engine, "three", "-saved:two").unwrap();
    let refused = drop_search(&engine, "ONE").unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    assert!(
        refused.message.ends_with("three, two"),
        "{}",
        refused.message
    );
    save(&engine, "two", "quince").unwrap();
    assert_eq!(drop_search(&engine, "one").unwrap().len(), 2);
    engine.stop();
}
