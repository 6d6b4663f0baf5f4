//! Tasks: written, due, done, and decided by the last one to say so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    ApiError, Command, Edited, ErrorCode, History, HistoryView, Note, Saved, Show, ShowView,
    TaskSet, TaskState, Tasks, TasksView,
};
use folkmoot_engine::Engine;
use folkmoot_library::{Date, TimeZone};
use jiff::civil::Weekday;

use hub::{Hub, equal, until};
use one::{ask, open};

fn add(engine: &Engine, text: &str, due: Option<&str>) -> Result<Saved, ApiError> {
    let note = Note {
        kind: "task".to_owned(),
        text: Some(text.to_owned()),
        due: due.map(str::to_owned),
        ..Note::default()
    };
    ask(engine, Command::Note(note))
}

fn state(engine: &Engine, id: &str, state: TaskState) -> Result<Edited, ApiError> {
    let set = TaskSet {
        id: id.to_owned(),
        state: Some(state),
        ..TaskSet::default()
    };
    ask(engine, Command::SetTask(set))
}

fn due(engine: &Engine, id: &str, due: &str) -> Result<Edited, ApiError> {
    let set = TaskSet {
        id: id.to_owned(),
        due: Some(due.to_owned()),
        ..TaskSet::default()
    };
    ask(engine, Command::SetTask(set))
}

fn titles(engine: &Engine, tasks: Tasks) -> Vec<String> {
    let view: TasksView = ask(engine, Command::Tasks(tasks)).unwrap();
    assert_eq!(view.total, view.items.len() as u64);
    view.items.into_iter().map(|one| one.item.title).collect()
}

fn everything() -> Tasks {
    Tasks {
        all: true,
        ..Tasks::default()
    }
}

#[test]
fn tasks_are_listed_by_when_they_are_due_until_they_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let gate = add(&engine, "gate", Some("2099-05-01")).unwrap();
    let seeds = add(&engine, "seeds", Some("2020-01-31")).unwrap();
    let spade = add(&engine, "spade", None).unwrap();
    add(&engine, "water", Some("2099-05-01T08:30")).unwrap();
    let all = Tasks::default;
    assert_eq!(titles(&engine, all()), ["seeds", "water", "gate", "spade"]);
    assert!(state(&engine, &seeds.id, TaskState::Done).unwrap().changed);
    assert!(!state(&engine, &seeds.id, TaskState::Done).unwrap().changed);
    state(&engine, "spade", TaskState::Doing).unwrap();
    due(&engine, &spade.id, "2099-04-01").unwrap();
    due(&engine, &gate.id, "").unwrap();
    assert_eq!(titles(&engine, all()), ["spade", "water", "gate"]);
    assert_eq!(titles(&engine, everything()).len(), 4);
    let narrowed = Tasks {
        query: "spade OR seeds".to_owned(),
        ..Tasks::default()
    };
    assert_eq!(titles(&engine, narrowed), ["spade"]);
    let shown: ShowView = ask(
        &engine,
        Command::Show(Show {
            id: seeds.id.clone(),
        }),
    )
    .unwrap();
    let task = shown.task.unwrap();
    assert_eq!(
        (task.state, task.due.as_deref()),
        (TaskState::Done, Some("2020-01-31"))
    );
    // What was said when stays in its history.
    let history = Command::History(History {
        id: spade.id.clone(),
        ..History::default()
    });
    let history: HistoryView = ask(&engine, history).unwrap();
    let told = |at: usize| history.versions[at].task.clone().unwrap();
    assert_eq!(history.total, 3);
    assert_eq!(told(0).due.as_deref(), Some("2099-04-01"));
    assert_eq!((told(1).state, told(1).due), (TaskState::Doing, None));
    assert_eq!(told(2).state, TaskState::Todo);
    engine.stop();
    let engine = open(&home);
    assert_eq!(titles(&engine, all()), ["spade", "water", "gate"]);
    state(&engine, &seeds.id, TaskState::Todo).unwrap();
    assert_eq!(titles(&engine, all()), ["seeds", "spade", "water", "gate"]);
    engine.stop();
}

#[test]
fn a_task_that_comes_again_is_due_again_when_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let note = Note {
        kind: "task".to_owned(),
        text: Some("water".to_owned()),
        due: Some("2099-01-31T08:30".to_owned()),
        every: Some("FREQ=MONTHLY;COUNT=2".to_owned()),
        assignees: vec!["me".to_owned()],
        ..Note::default()
    };
    let water: Saved = ask(&engine, Command::Note(note)).unwrap();
    let done = state(&engine, &water.id, TaskState::Done).unwrap();
    let task = done.task.unwrap();
    // A month without a 31st is passed over.
    assert_eq!(
        (task.state, task.due.as_deref()),
        (TaskState::Todo, Some("2099-03-31T08:30"))
    );
    assert_eq!(task.every.as_deref(), Some("FREQ=MONTHLY;COUNT=1"));
    assert_eq!((task.assignees.len(), task.done), (1, None));
    assert_eq!(titles(&engine, Tasks::default()), ["water"]);
    // What was done stays in its history, and undoing goes back to it.
    let history = || -> HistoryView {
        let history = Command::History(History {
            id: water.id.clone(),
            ..History::default()
        });
        ask(&engine, history).unwrap()
    };
    let states: Vec<TaskState> = history()
        .versions
        .iter()
        .map(|version| version.task.as_ref().unwrap().state)
        .collect();
    assert_eq!(states, [TaskState::Todo, TaskState::Done, TaskState::Todo]);
    let was = history().versions[1].task.clone().unwrap();
    assert_eq!(was.due.as_deref(), Some("2099-01-31T08:30"));
    assert!(was.done.is_some());
    // The last time it is done it stays so.
    let done = state(&engine, &water.id, TaskState::Done)
        .unwrap()
        .task
        .unwrap();
    assert_eq!(
        (done.state, done.due.as_deref()),
        (TaskState::Done, Some("2099-03-31T08:30"))
    );
    assert!(titles(&engine, Tasks::default()).is_empty());
    assert!(!state(&engine, &water.id, TaskState::Done).unwrap().changed);
    let _: folkmoot_api::Undone =
        ask(&engine, Command::Undo(folkmoot_api::Undo::default())).unwrap();
    assert_eq!(titles(&engine, Tasks::default()), ["water"]);
    engine.stop();
}

#[test]
fn what_was_missed_is_passed_over_and_a_rule_needs_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let every = |id: &str, rule: &str| -> Result<Edited, ApiError> {
        let set = TaskSet {
            id: id.to_owned(),
            every: Some(rule.to_owned()),
            ..TaskSet::default()
        };
        ask(&engine, Command::SetTask(set))
    };
    let bins = add(&engine, "bins", Some("2020-01-06")).unwrap();
    assert_eq!(
        every(&bins.id, "weekly").unwrap_err().code,
        ErrorCode::Usage
    );
    every(&bins.id, "FREQ=WEEKLY").unwrap();
    let next = state(&engine, &bins.id, TaskState::Done)
        .unwrap()
        .task
        .unwrap();
    let next: Date = next.due.unwrap().parse().unwrap();
    let today = folkmoot_library::Timestamp::now()
        .to_zoned(TimeZone::UTC)
        .date();
    assert!(next > today.yesterday().unwrap(), "{next} is long gone");
    assert!((next - today).get_days() <= 7 && next.weekday() == Weekday::Monday);
    assert_eq!(
        due(&engine, &bins.id, "").unwrap_err().code,
        ErrorCode::Usage
    );
    let once = every(&bins.id, "").unwrap().task.unwrap();
    assert_eq!(once.every, None);
    // Without a day it is due on the first that the rule names.
    let beds = add(&engine, "beds", None).unwrap();
    let beds = every(&beds.id, "FREQ=DAILY").unwrap().task.unwrap();
    let first: Date = beds.due.unwrap().parse().unwrap();
    assert!((first - today).get_days().abs() <= 1);
    engine.stop();
}

#[test]
fn tasks_are_found_by_when_they_are_due_and_whose_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for (text, due) in [
        ("late", Some("2020-01-31T10:00")),
        ("far", Some("2099-05-01")),
        ("some day", None),
    ] {
        add(&engine, text, due).unwrap();
    }
    let found = |query: &str| {
        let tasks = Tasks {
            query: query.to_owned(),
            ..Tasks::default()
        };
        titles(&engine, tasks)
    };
    assert_eq!(found("is:overdue"), ["late"]);
    assert_eq!(found("due:2099-05"), ["far"]);
    assert_eq!(found("due:..yesterday"), ["late"]);
    assert_eq!(found("has:due"), ["late", "far"]);
    assert_eq!(found("-has:due"), ["some day"]);
    assert!(found("for:me").is_empty());
    let set = TaskSet {
        id: "far".to_owned(),
        assignees: Some(vec!["me".to_owned()]),
        ..TaskSet::default()
    };
    let _: Edited = ask(&engine, Command::SetTask(set)).unwrap();
    assert_eq!(found("for:me"), ["far"]);
    state(&engine, "late", TaskState::Done).unwrap();
    assert!(found("is:overdue").is_empty());
    engine.stop();
}

#[test]
fn what_is_no_date_or_no_task_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for text in [
        "soon",
        "2026-13-01",
        "2026-02-31",
        "2026-01-01T25:00",
        "01-01-2026",
    ] {
        let refused = add(&engine, "gate", Some(text)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage, "{text}");
    }
    let gate = add(&engine, "gate", None).unwrap();
    assert_eq!(
        due(&engine, &gate.id, "soon").unwrap_err().code,
        ErrorCode::Usage
    );
    let note = Note {
        text: Some("no task".to_owned()),
        ..Note::default()
    };
    let note: Saved = ask(&engine, Command::Note(note)).unwrap();
    let refused = state(&engine, &note.id, TaskState::Done).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    let dated = Note {
        text: Some("a note".to_owned()),
        due: Some("2026-01-01".to_owned()),
        ..Note::default()
    };
    let refused: Result<Saved, ApiError> = ask(&engine, Command::Note(dated));
    assert_eq!(
        refused.unwrap_err().code,
        ErrorCode::Usage,
        "a note is not due"
    );
    assert_eq!(titles(&engine, everything()), ["gate"]);
    engine.stop();
}

#[test]
fn members_see_what_was_done_and_who_may_not_edit_may_not_say_so() {
    let hub = Hub::new();
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    let note = Note {
        kind: "task".to_owned(),
        collective: Some("commons".to_owned()),
        text: Some("mend the gate".to_owned()),
        ..Note::default()
    };
    let gate: Saved = ask(&ben.engine, Command::Note(note)).unwrap();
    until("the task comes", || {
        titles(&ana.engine, Tasks::default()).len() == 1
    });
    // The founder may edit what others wrote; a writer may not.
    state(&ana.engine, &gate.id, TaskState::Doing).unwrap();
    equal(&[&ana, &ben]);
    state(&ben.engine, &gate.id, TaskState::Done).unwrap();
    equal(&[&ana, &ben]);
    for home in [&ana, &ben] {
        assert!(titles(&home.engine, Tasks::default()).is_empty());
        assert_eq!(titles(&home.engine, everything()), ["mend the gate"]);
    }
    let note = Note {
        kind: "task".to_owned(),
        collective: Some("commons".to_owned()),
        text: Some("feed the hens".to_owned()),
        ..Note::default()
    };
    let hens: Saved = ask(&ana.engine, Command::Note(note)).unwrap();
    until("the task comes", || {
        titles(&ben.engine, Tasks::default()).len() == 1
    });
    let refused = state(&ben.engine, &hens.id, TaskState::Done).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Denied);
}
