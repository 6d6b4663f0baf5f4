//! Undoing and bringing back where texts stand side by side.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use std::{fs, path::Path};

use folkmoot_api::{
    Act, ActKind, Acted, ApiError, Command, Edit, Edited, ErrorCode, Find, Found, History,
    HistoryView, MergeArgs, Merged, Note, Restore, Restored, Saved, Show, ShowView, TaskSet,
    TaskState, TrashArgs, TrashView, Undo, Undone,
};
use folkmoot_engine::Engine;

use hub::{Home, Hub, equal, until};
use one::{ask, open};

fn write(engine: &Engine, text: &str) -> String {
    let note = Note {
        text: Some(text.to_owned()),
        ..Note::default()
    };
    let saved: Saved = ask(engine, Command::Note(note)).unwrap();
    saved.id
}

fn edit(engine: &Engine, id: &str, text: &str) -> String {
    edit_on(engine, id, text, None)
}

/// An edit of this version, which may not be the newest any more.
fn edit_on(engine: &Engine, id: &str, text: &str, base: Option<&str>) -> String {
    let edit = Edit {
        id: id.to_owned(),
        text: Some(text.to_owned()),
        base: base.map(str::to_owned),
        ..Edit::default()
    };
    let edited: Edited = ask(engine, Command::Edit(edit)).unwrap();
    edited.version
}

fn retract(engine: &Engine, id: &str) {
    let act = Act {
        what: ActKind::Retract,
        id: id.to_owned(),
        reason: None,
        device: None,
    };
    let _: Acted = ask(engine, Command::Act(act)).unwrap();
}

fn restore(engine: &Engine, id: &str) -> Restored {
    let restore = Restore {
        id: id.to_owned(),
        ..Restore::default()
    };
    ask(engine, Command::Restore(restore)).unwrap()
}

fn merge(engine: &Engine, id: &str, take: Option<&str>) -> Merged {
    let merge = MergeArgs {
        id: id.to_owned(),
        take: take.map(str::to_owned),
        ..MergeArgs::default()
    };
    ask(engine, Command::Merge(merge)).unwrap()
}

fn undo(engine: &Engine) -> Result<Undone, ApiError> {
    ask(engine, Command::Undo(Undo::default()))
}

fn show(engine: &Engine, id: &str) -> ShowView {
    ask(engine, Command::Show(Show { id: id.to_owned() })).unwrap()
}

fn find(engine: &Engine, query: &str) -> Vec<String> {
    let find = Find {
        query: query.to_owned(),
        ..Find::default()
    };
    let found: Found = ask(engine, Command::Find(find)).unwrap();
    found.items.into_iter().map(|item| item.id).collect()
}

fn history(engine: &Engine, id: &str) -> HistoryView {
    let history = History {
        id: id.to_owned(),
        ..History::default()
    };
    ask(engine, Command::History(history)).unwrap()
}

/// What is shown, and behind it what stands beside it.
fn texts(engine: &Engine, id: &str) -> Vec<String> {
    let shown = show(engine, id);
    let beside = shown.document.map(|document| document.beside);
    let beside = beside.into_iter().flatten().filter_map(|one| one.text);
    shown.text.into_iter().chain(beside).collect()
}

fn alone() -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    (folder, engine)
}

/// A note with two texts side by side, and the ids of both.
fn side_by_side(engine: &Engine) -> (String, String, String) {
    let rota = write(engine, "rota");
    let mine = edit(engine, &rota, "mine");
    let theirs = edit_on(engine, &rota, "theirs", Some(&rota));
    assert_eq!(texts(engine, &rota), ["theirs", "mine"]);
    (rota, mine, theirs)
}

#[test]
fn what_stood_side_by_side_comes_back_side_by_side() {
    let (_folder, engine) = alone();
    let (rota, ..) = side_by_side(&engine);
    retract(&engine, &rota);
    let back = restore(&engine, &rota);
    assert!(back.anew && back.words_of.is_empty());
    assert_eq!(texts(&engine, &back.id), ["theirs", "mine"]);
    assert_eq!(find(&engine, "is:unmerged"), [back.id.as_str()]);
    // What both come from is known: they can be brought together by it.
    assert_eq!(history(&engine, &back.id).total, 3);
    let first = &history(&engine, &back.id).versions[2];
    assert_eq!(first.text.as_deref(), Some("rota"));
    let left: TrashView = ask(&engine, Command::Trash(TrashArgs { empty: false })).unwrap();
    assert!(left.items.is_empty());
    engine.stop();
}

#[test]
fn undoing_goes_on_in_what_was_written_anew() {
    let (_folder, engine) = alone();
    let older = write(&engine, "older");
    let (rota, ..) = side_by_side(&engine);
    retract(&engine, &rota);
    let undone = undo(&engine).unwrap();
    assert!(undone.what.starts_with("taking back"), "{undone:?}");
    let anew = find(&engine, "is:unmerged").remove(0);
    assert_eq!(texts(&engine, &anew), ["theirs", "mine"]);
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &anew), ["mine"]);
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &anew), ["rota"]);
    let undone = undo(&engine).unwrap();
    assert_eq!(undone.id, anew, "it is taken back before what is older");
    assert_eq!(find(&engine, ""), [older.as_str()]);
    assert_eq!(undo(&engine).unwrap().id, older);
    assert_eq!(undo(&engine).unwrap_err().code, ErrorCode::NotFound);
    engine.stop();
}

#[test]
fn what_was_brought_back_is_undone_before_what_is_older() {
    let (_folder, engine) = alone();
    let older = write(&engine, "older");
    let later = write(&engine, "later");
    edit(&engine, &later, "later still");
    retract(&engine, &later);
    let told = undo(&engine).unwrap();
    assert!(told.next.unwrap().starts_with("the edit of"));
    let anew = find(&engine, "later").remove(0);
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &anew), ["later"]);
    assert_eq!(undo(&engine).unwrap().id, anew);
    assert_eq!(find(&engine, ""), [older.as_str()]);
    engine.stop();
}

#[test]
fn a_version_that_was_brought_back_is_undone_as_the_edit_that_it_was() {
    let (_folder, engine) = alone();
    let rota = write(&engine, "one");
    let second = edit(&engine, &rota, "two");
    retract(&engine, &second);
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &rota), ["two"]);
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &rota), ["one"]);
    assert_eq!(undo(&engine).unwrap().id, rota);
    engine.stop();
}

/// A version that was taken back alone comes back beside what stood beside it.
#[test]
fn a_version_comes_back_into_its_own_place() {
    let (_folder, engine) = alone();
    let (rota, _, theirs) = side_by_side(&engine);
    retract(&engine, &theirs);
    assert_eq!(texts(&engine, &rota), ["mine"]);
    restore(&engine, &theirs);
    assert_eq!(texts(&engine, &rota), ["theirs", "mine"]);
    engine.stop();
}

#[test]
fn an_edit_made_beside_another_gives_way_to_it() {
    let (_folder, engine) = alone();
    let rota = write(&engine, "one");
    edit(&engine, &rota, "two");
    edit_on(&engine, &rota, "oops", Some(&rota));
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &rota), ["two"]);
    assert!(find(&engine, "is:unmerged").is_empty());
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &rota), ["one"]);
    assert_eq!(undo(&engine).unwrap().id, rota);
    engine.stop();
}

/// What stands beside it comes from an older text: the one before stays to be decided on.
#[test]
fn an_edit_of_one_of_two_is_undone_in_its_place() {
    let (_folder, engine) = alone();
    let (rota, mine, _) = side_by_side(&engine);
    edit_on(&engine, &rota, "mine, longer", Some(&mine));
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &rota), ["mine", "theirs"]);
    engine.stop();
}

#[test]
fn undoing_a_merge_lets_both_stand_side_by_side_again() {
    let (_folder, engine) = alone();
    let (rota, mine, _) = side_by_side(&engine);
    merge(&engine, &rota, Some(&mine));
    assert_eq!(texts(&engine, &rota), ["mine"]);
    let undone = undo(&engine).unwrap();
    assert!(undone.what.starts_with("the merge of"), "{undone:?}");
    assert_eq!(texts(&engine, &rota), ["theirs", "mine"]);
    // Each of them is still undone by itself.
    let undone = undo(&engine).unwrap();
    assert!(undone.what.starts_with("the edit of"), "{undone:?}");
    assert_eq!(texts(&engine, &rota), ["mine"]);
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &rota), ["rota"]);
    assert_eq!(undo(&engine).unwrap().id, rota);
    engine.stop();
}

/// What cannot be undone is passed over, and then undoing comes to the first record.
#[test]
fn no_document_is_taken_back_while_an_edit_of_it_stands() {
    let (_folder, engine) = alone();
    let older = write(&engine, "older");
    let rota = write(&engine, "one");
    let second = edit(&engine, &rota, "two");
    edit(&engine, &rota, "three");
    retract(&engine, &second);
    let _: TrashView = ask(&engine, Command::Trash(TrashArgs { empty: true })).unwrap();
    // The text that was taken back is not held any more, and was what the last edit replaced.
    assert_eq!(undo(&engine).unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(undo(&engine).unwrap_err().code, ErrorCode::NotFound);
    let refused = undo(&engine).unwrap_err();
    assert!(refused.message.contains("still stand"), "{refused:?}");
    assert_eq!(texts(&engine, &rota), ["three"]);
    assert_eq!(undo(&engine).unwrap().id, older);
    engine.stop();
}

#[test]
fn undoing_that_an_older_version_was_taken_back_leaves_the_newest_in_front() {
    let (_folder, engine) = alone();
    let rota = write(&engine, "one");
    let second = edit(&engine, &rota, "two");
    edit(&engine, &rota, "three");
    retract(&engine, &second);
    undo(&engine).unwrap();
    assert_eq!(texts(&engine, &rota), ["three"]);
    let versions = history(&engine, &rota).versions;
    assert!(
        versions
            .iter()
            .any(|one| one.text.as_deref() == Some("two"))
    );
    for wanted in ["two", "one"] {
        undo(&engine).unwrap();
        assert_eq!(texts(&engine, &rota), [wanted]);
    }
    assert_eq!(undo(&engine).unwrap().id, rota);
    engine.stop();
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copied(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Undoes, and gives the homes that a sudden end at some moment would have left, each by itself.
fn ended_in_undoing(home: &Path, mut look: impl FnMut(&Engine)) {
    const LOG: &str = "store/log/00000000.seg";
    let before = home.with_extension("before");
    copied(home, &before);
    let engine = open(home);
    undo(&engine).unwrap();
    engine.stop();
    let (older, newer) = (before.join(LOG), home.join(LOG));
    let (older, newer) = (fs::read(older).unwrap(), fs::read(newer).unwrap());
    assert!(older.len() < newer.len());
    for end in (older.len()..newer.len()).step_by(48).chain([newer.len()]) {
        let ended = tempfile::tempdir().unwrap();
        copied(&before, ended.path());
        fs::write(ended.path().join(LOG), &newer[..end]).unwrap();
        let engine = open(ended.path());
        look(&engine);
        engine.stop();
    }
}

/// What a sudden end leaves is all of it or nothing: doing it again doubles nothing.
#[test]
fn what_undoes_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let older = write(&engine, "older");
    let (rota, ..) = side_by_side(&engine);
    retract(&engine, &rota);
    engine.stop();
    let (mut whole, mut none) = (0, 0);
    ended_in_undoing(&home, |engine| {
        let told: Undone = ask(engine, Command::Undo(Undo { dry_run: true })).unwrap();
        match find(engine, "is:unmerged").is_empty() {
            true => {
                none += 1;
                assert!(told.what.starts_with("taking back"), "{told:?}");
                assert_eq!(find(engine, ""), [older.as_str()]);
                restore(engine, &rota);
            }
            false => {
                whole += 1;
                assert!(told.what.starts_with("the edit of"), "{told:?}");
            }
        }
        let again = Restore {
            id: rota.clone(),
            ..Restore::default()
        };
        let again = ask::<Restored>(engine, Command::Restore(again)).unwrap_err();
        assert!(again.message.contains("written anew"), "{again:?}");
        assert_eq!(find(engine, "").len(), 2);
    });
    assert!(whole > 0 && none > 0, "{whole} and {none}");
}

#[test]
fn what_takes_back_is_remembered_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let older = write(&engine, "older");
    let rota = write(&engine, "rota");
    engine.stop();
    ended_in_undoing(&home, |engine| {
        let told: Undone = ask(engine, Command::Undo(Undo { dry_run: true })).unwrap();
        let next = match find(engine, "rota").is_empty() {
            true => &older,
            false => &rota,
        };
        assert_eq!(&told.id, next);
    });
}

fn commons(hub: &Hub, role: &str) -> (Home, Home) {
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite(role).key.unwrap());
    (ana, ben)
}

#[test]
fn whose_words_come_back_is_told_and_the_own_ones_stay_to_be_read() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "writer");
    let saved = ben.note("Bens rota", &[]).unwrap();
    until("the note comes", || ana.finds("rota") == 1);
    let theirs = edit(&ana.engine, &saved.id, "Anas rota");
    until("the edit comes", || ben.finds("anas") == 1);
    retract(&ben.engine, &saved.id);
    let back = restore(&ben.engine, &saved.id);
    assert_eq!(back.words_of, ["ana"]);
    until("it is gone, and comes anew", || {
        ana.finds("rota") == 1 && show(&ana.engine, &saved.id).text.is_none()
    });
    for home in [&ana, &ben] {
        until("all of it came", || {
            show(&home.engine, &back.id).text.as_deref() == Some("Anas rota")
        });
        assert_eq!(show(&home.engine, &back.id).words_of, ["ana"]);
        let versions = history(&home.engine, &back.id).versions;
        assert_eq!(versions[1].text.as_deref(), Some("Bens rota"));
    }
    // Ana still reads what she wrote, and nobody else does.
    let own = show(&ana.engine, &theirs);
    assert_eq!(own.text.as_deref(), Some("Anas rota"));
    assert!(own.fate.is_some_and(|fate| fate.what == ActKind::Retract));
    assert_eq!(show(&ben.engine, &theirs).text, None);
    equal(&[&ana, &ben]);
}

/// What a moderator wrote and undid nothing of still stands when its author undoes.
#[test]
fn what_others_edited_is_not_taken_back_in_passing() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "writer");
    let saved = ben.note("Bens rota", &[]).unwrap();
    until("the note comes", || ana.finds("rota") == 1);
    edit(&ana.engine, &saved.id, "Anas rota");
    until("the edit comes", || ben.finds("anas") == 1);
    let refused = undo(&ben.engine).unwrap_err();
    assert!(refused.message.contains("somebody else"), "{refused:?}");
    assert_eq!(
        show(&ben.engine, &saved.id).text.as_deref(),
        Some("Anas rota")
    );
}

#[test]
fn of_three_the_first_two_that_differ_are_decided_first() {
    let (_folder, engine) = alone();
    let (rota, mine, theirs) = side_by_side(&engine);
    let third = edit_on(&engine, &rota, "third", Some(&rota));
    let tried = merge(&engine, &rota, None);
    let marked = tried.undecided.unwrap();
    assert_eq!(marked.matches("<<<<<<<").count(), 1, "{marked}");
    let of: Vec<&str> = tried.versions.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(of, [third.as_str(), theirs.as_str()]);
    let decided = MergeArgs {
        id: rota.clone(),
        versions: tried.versions.iter().map(|one| one.id.clone()).collect(),
        text: Some("theirs and third".to_owned()),
        ..MergeArgs::default()
    };
    let _: Merged = ask(&engine, Command::Merge(decided)).unwrap();
    assert_eq!(texts(&engine, &rota), ["theirs and third", "mine"]);
    assert_ne!(mine, theirs);
    engine.stop();
}

/// Two who do the same task while they are apart.
#[test]
fn what_says_the_same_does_not_stand_side_by_side() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "moderator");
    let task = Note {
        kind: "task".to_owned(),
        text: Some("water the quinces".to_owned()),
        collective: Some("commons".to_owned()),
        ..Note::default()
    };
    let task: Saved = ask(&ana.engine, Command::Note(task)).unwrap();
    until("the task comes", || ben.finds("quinces") == 1);
    hub.part(&ana, &ben);
    let set = |home: &Home, state: TaskState| {
        let set = TaskSet {
            id: task.id.clone(),
            state: Some(state),
            ..TaskSet::default()
        };
        let _: Edited = ask(&home.engine, Command::SetTask(set)).unwrap();
    };
    set(&ana, TaskState::Done);
    set(&ben, TaskState::Done);
    hub.join(&ana, &ben);
    equal(&[&ana, &ben]);
    for home in [&ana, &ben] {
        until("both versions are there", || {
            history(&home.engine, &task.id).total == 3
        });
        until("they count as one", || home.finds("is:unmerged") == 0);
        let document = show(&home.engine, &task.id).document.unwrap();
        assert!(document.beside.is_empty() && document.current);
        assert!(merge(&home.engine, &task.id, None).version.is_none());
    }
    set(&ana, TaskState::Todo);
    let replaced = history(&ana.engine, &task.id).versions[0].replaces.len();
    assert_eq!(replaced, 2);
    set(&ben, TaskState::Dropped);
}

#[test]
fn what_both_changed_in_a_task_is_said_in_words() {
    let (_folder, engine) = alone();
    let task = Note {
        kind: "task".to_owned(),
        text: Some("water".to_owned()),
        due: Some("2031-05-01".to_owned()),
        ..Note::default()
    };
    let task: Saved = ask(&engine, Command::Note(task)).unwrap();
    let set = |state, due: &str| {
        let set = TaskSet {
            id: task.id.clone(),
            state: Some(state),
            due: Some(due.to_owned()),
            ..TaskSet::default()
        };
        let edited: Edited = ask(&engine, Command::SetTask(set)).unwrap();
        edited.version
    };
    set(TaskState::Done, "2031-05-02");
    // The same task is given up, from the text before.
    edit_on(&engine, &task.id, "water!", Some(&task.id));
    set(TaskState::Dropped, "2031-05-03");
    let merged = merge(&engine, &task.id, None);
    assert!(merged.version.is_some());
    let notes = merged.notes.join("\n");
    assert!(
        notes.contains("state: kept given up, the other said done"),
        "{notes}"
    );
    assert!(notes.contains("due: kept 2031-05-03"), "{notes}");
    let task = show(&engine, &task.id).task.unwrap();
    assert_eq!((task.state, task.done), (TaskState::Dropped, None));
    engine.stop();
}
