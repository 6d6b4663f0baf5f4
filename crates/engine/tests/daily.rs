//! Daily pages: begun, gone on with, and made one where there are two.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    Act, ActKind, Acted, ApiError, Command, Day, DayView, DayWrite, Edited, ErrorCode, Note,
    Restore, Restored, Saved, Show, ShowView, TaskSet, TaskState, Undo, Undone,
};
use folkmoot_engine::Engine;

use hub::{Hub, until};
use one::{ask, open};

const DATE: &str = "2026-04-29";

fn day(engine: &Engine, date: &str) -> DayView {
    let day = Day {
        date: date.to_owned(),
        ..Day::default()
    };
    ask(engine, Command::Day(day)).unwrap()
}

fn append(engine: &Engine, text: &str) -> Edited {
    let write = DayWrite {
        date: DATE.to_owned(),
        text: text.to_owned(),
        append: true,
        ..DayWrite::default()
    };
    ask(engine, Command::WriteDay(write)).unwrap()
}

#[test]
fn a_page_is_begun_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let none = day(&engine, DATE);
    assert!(none.text.is_empty() && none.pages.is_empty());
    let first = append(&engine, "- swifts");
    let second = append(&engine, "- rain");
    assert_eq!(first.id, second.id, "one page a day");
    assert_eq!(day(&engine, DATE).text, "- swifts\n- rain");
    assert!(day(&engine, "2026-04-30").pages.is_empty());
    // It is found, shown and linked to by its day.
    let show = Command::Show(Show {
        id: DATE.to_owned(),
    });
    let shown: ShowView = ask(&engine, show).unwrap();
    assert_eq!(
        (shown.item.id, shown.item.title),
        (first.id.clone(), DATE.to_owned())
    );
    // The whole text stands for the versions that were seen.
    let view = day(&engine, DATE);
    let write = |text: &str| {
        let write = DayWrite {
            date: DATE.to_owned(),
            text: text.to_owned(),
            base: vec![view.pages[0].version.clone()],
            ..DayWrite::default()
        };
        ask::<Edited>(&engine, Command::WriteDay(write))
    };
    assert!(write("- swifts, many").unwrap().changed);
    assert!(!write("- swifts, many").unwrap().changed);
    let refused = write("- no swifts").unwrap_err();
    assert_eq!(
        refused.code,
        ErrorCode::Usage,
        "it was written anew meanwhile"
    );
    assert_eq!(day(&engine, DATE).text, "- swifts, many");
    engine.stop();
    let engine = open(&home);
    assert_eq!(day(&engine, DATE).text, "- swifts, many");
    let wrong = Day {
        date: "tomorrow".to_owned(),
        ..Day::default()
    };
    let wrong: Result<DayView, ApiError> = ask(&engine, Command::Day(wrong));
    assert_eq!(wrong.unwrap_err().code, ErrorCode::Usage);
    engine.stop();
}

/// Lines that came while the page was open in an editor stay, and so does what was written there.
#[test]
fn lines_that_come_while_a_page_is_edited_stay() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for line in ["- swifts", "- rain", "- wind"] {
        append(&engine, line);
    }
    let base = vec![day(&engine, DATE).pages[0].version.clone()];
    append(&engine, "- moon");
    let write = DayWrite {
        date: DATE.to_owned(),
        text: "- many swifts\n- rain\n- wind".to_owned(),
        base,
        ..DayWrite::default()
    };
    let edited: Edited = ask(&engine, Command::WriteDay(write)).unwrap();
    assert!(edited.changed);
    let view = day(&engine, DATE);
    assert_eq!(view.text, "- many swifts\n- rain\n- wind\n- moon");
    assert_eq!(view.pages.len(), 1);
    engine.stop();
}

#[test]
fn a_page_is_found_however_many_others_name_its_day() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for n in 0..70 {
        let date: folkmoot_library::Date = "2025-01-01".parse().unwrap();
        let date = (0..n).fold(date, |date, _| date.tomorrow().unwrap());
        let write = DayWrite {
            date: date.to_string(),
            text: format!("- until {DATE}"),
            append: true,
            ..DayWrite::default()
        };
        let _: Edited = ask(&engine, Command::WriteDay(write)).unwrap();
    }
    let first = append(&engine, "- swifts");
    let second = append(&engine, "- rain");
    assert_eq!(first.id, second.id, "one page a day");
    assert_eq!(day(&engine, DATE).text, "- swifts\n- rain");
    engine.stop();
}

#[test]
fn tasks_of_a_day_that_are_not_told_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for n in 0..53 {
        let note = Note {
            kind: "task".to_owned(),
            text: Some(format!("task {n}")),
            due: Some(DATE.to_owned()),
            ..Note::default()
        };
        let _: Saved = ask(&engine, Command::Note(note)).unwrap();
    }
    let view = day(&engine, DATE);
    assert_eq!((view.tasks.len(), view.tasks_more), (50, 3));
    engine.stop();
}

#[test]
fn a_page_that_was_empty_when_it_was_opened_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    assert!(day(&engine, DATE).pages.is_empty());
    append(&engine, "- call Ben");
    let write = DayWrite {
        date: DATE.to_owned(),
        text: "- swifts".to_owned(),
        ..DayWrite::default()
    };
    let refused: Result<Edited, ApiError> = ask(&engine, Command::WriteDay(write));
    assert_eq!(refused.unwrap_err().code, ErrorCode::Usage);
    assert_eq!(day(&engine, DATE).text, "- call Ben");
    engine.stop();
}

#[test]
fn lines_are_undone_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for line in ["- swifts", "- rain", "- sun"] {
        append(&engine, line);
    }
    for left in ["- swifts\n- rain", "- swifts", ""] {
        let undo = Command::Undo(Undo { dry_run: false });
        let _undone: Undone = ask(&engine, undo).unwrap();
        assert_eq!(day(&engine, DATE).text, left);
    }
    // What is written after an undoing is not undone with it.
    append(&engine, "- moon");
    append(&engine, "- stars");
    let undo = || Command::Undo(Undo { dry_run: false });
    let _undone: Undone = ask(&engine, undo()).unwrap();
    append(&engine, "- dew");
    let _undone: Undone = ask(&engine, undo()).unwrap();
    assert_eq!(day(&engine, DATE).text, "- moon");
    engine.stop();
}

#[test]
fn two_pages_of_a_day_are_joined_and_the_next_line_makes_them_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    // What was taken back and is written anew is another document, as that of another device is.
    let early = append(&engine, "- early");
    let retract = Act {
        id: early.id.clone(),
        what: ActKind::Retract,
        reason: None,
        device: None,
    };
    let _: Acted = ask(&engine, Command::Act(retract)).unwrap();
    assert!(day(&engine, DATE).text.is_empty());
    let late = append(&engine, "- late");
    assert_ne!(late.id, early.id);
    let restore = Restore {
        id: early.id,
        device: None,
    };
    let _: Restored = ask(&engine, Command::Restore(restore)).unwrap();
    let two = day(&engine, DATE);
    assert_eq!(
        (two.text.as_str(), two.pages.len()),
        ("- late\n\n- early", 2)
    );
    let one = append(&engine, "- and so on");
    assert_eq!(one.id, late.id, "the one begun first is gone on with");
    let view = day(&engine, DATE);
    assert_eq!(
        (view.text.as_str(), view.pages.len()),
        ("- late\n\n- early\n- and so on", 1)
    );
    append(&engine, "- more");
    let view = day(&engine, DATE);
    assert_eq!(
        (view.text.as_str(), view.pages.len()),
        ("- late\n\n- early\n- and so on\n- more", 1)
    );
    engine.stop();
}

#[test]
fn a_day_tells_what_is_due_and_what_others_wrote() {
    let hub = Hub::new();
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    for (text, due) in [("seeds", "2020-01-31"), ("gate", "2099-05-01")] {
        let note = Note {
            kind: "task".to_owned(),
            text: Some(text.to_owned()),
            due: Some(due.to_owned()),
            ..Note::default()
        };
        let _: Saved = ask(&ana.engine, Command::Note(note)).unwrap();
    }
    let tasks = |date: &str| -> Vec<String> {
        let tasks = day(&ana.engine, date).tasks;
        tasks.into_iter().map(|task| task.item.title).collect()
    };
    // Over midnight it is another day by now, but none on which this was not due.
    let until_today = || {
        let today = folkmoot_library::Timestamp::now();
        let today = today.to_zoned(folkmoot_library::TimeZone::UTC).date();
        tasks(&today.to_string())
    };
    until("what was due until today is told", || {
        until_today() == ["seeds"]
    });
    assert_eq!(tasks("2099-05-01"), ["gate"]);
    let done = TaskSet {
        id: "seeds".to_owned(),
        state: Some(TaskState::Done),
        ..TaskSet::default()
    };
    let _: Edited = ask(&ana.engine, Command::SetTask(done)).unwrap();
    until("what is done is not told", || until_today().is_empty());
    assert_eq!(
        tasks("2020-01-31"),
        ["seeds"],
        "what was due on a day is told of it"
    );
    let note = Note {
        collective: Some("commons".to_owned()),
        text: Some("the well is dry".to_owned()),
        ..Note::default()
    };
    let saved: Saved = ask(&ben.engine, Command::Note(note)).unwrap();
    let show = || {
        Command::Show(Show {
            id: saved.id.clone(),
        })
    };
    until("the note comes", || {
        ask::<ShowView>(&ana.engine, show()).is_ok()
    });
    let shown: ShowView = ask(&ana.engine, show()).unwrap();
    let written = shown.item.written.to_zoned(folkmoot_library::TimeZone::UTC);
    let that_day = written.date().to_string();
    let arrived = |engine: &Engine| -> Vec<String> {
        let arrived = day(engine, &that_day).arrived;
        arrived.into_iter().map(|item| item.id).collect()
    };
    assert!(arrived(&ana.engine).contains(&saved.id));
    assert!(
        !arrived(&ben.engine).contains(&saved.id),
        "one's own is no news"
    );
}

#[test]
fn a_page_is_called_by_its_day_alone() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let page = append(&engine, "- swifts");
    let edit = folkmoot_api::Edit {
        id: DATE.to_owned(),
        title: Some("Foo".to_owned()),
        ..folkmoot_api::Edit::default()
    };
    let rename = folkmoot_api::Rename {
        id: page.id.clone(),
        title: "Foo".to_owned(),
        ..folkmoot_api::Rename::default()
    };
    for command in [Command::Edit(edit), Command::Rename(rename)] {
        let refused = engine.call(command).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage);
        assert!(refused.message.contains("by its day"), "{refused:?}");
    }
    assert_eq!(day(&engine, DATE).text, "- swifts");
    // A note of that title is another thing: nobody guesses which is meant.
    let show = |id: &str| -> Result<ShowView, ApiError> {
        ask(&engine, Command::Show(Show { id: id.to_owned() }))
    };
    assert_eq!(show(DATE).unwrap().item.id, page.id);
    let note = Note {
        title: Some(DATE.to_owned()),
        text: Some("of that day".to_owned()),
        ..Note::default()
    };
    let _: Saved = ask(&engine, Command::Note(note)).unwrap();
    assert_eq!(show(DATE).unwrap_err().code, ErrorCode::Usage);
    engine.stop();
}
