//! What is told of what happened, and that nothing is missed wherever one goes on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    Act, ActKind, ApiError, Command, Edit, ErrorCode, EventView, Events, EventsPage, Note, Reply,
    Saved, What,
};
use folkmoot_engine::Engine;
use proptest::prelude::*;

use hub::Hub;
use one::open;

fn note(engine: &Engine, title: &str, tags: &[&str]) -> Saved {
    let note = Note {
        title: Some(title.to_owned()),
        text: Some(format!("about {title}")),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Note::default()
    };
    engine
        .call(Command::Note(note))
        .unwrap()
        .try_into()
        .unwrap()
}

fn edit(engine: &Engine, id: &str, text: &str) {
    let edit = Edit {
        id: id.to_owned(),
        text: Some(text.to_owned()),
        ..Edit::default()
    };
    engine.call(Command::Edit(edit)).unwrap();
}

fn act(id: &str, what: ActKind) -> Command {
    Command::Act(Act {
        what,
        id: id.to_owned(),
        reason: None,
        device: None,
    })
}

fn ask(engine: &Engine, ask: Events) -> Result<EventsPage, ApiError> {
    engine.call(Command::Events(ask))?.try_into()
}

/// Everything behind a place, in pages of that size.
fn behind(engine: &Engine, query: &str, after: &str, limit: u32) -> Vec<(String, What, String)> {
    let mut told = Vec::new();
    let mut after = after.to_owned();
    loop {
        let page = ask(
            engine,
            Events {
                query: query.to_owned(),
                after: Some(after),
                limit,
                ..Events::default()
            },
        )
        .unwrap();
        for event in page.events {
            assert_eq!(event.v, 1);
            told.push((event.cursor, event.what, event.id));
        }
        if !page.more {
            return told;
        }
        after = page.cursor;
    }
}

fn words(told: &[(String, What, String)]) -> Vec<(What, &str)> {
    told.iter()
        .map(|(_, what, id)| (*what, id.as_str()))
        .collect()
}

#[test]
fn each_thing_that_happens_is_told_to_whom_it_concerns() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let quince = note(&engine, "quince", &["fruit"]).id;
    let rake = note(&engine, "rake", &["tools"]).id;
    edit(&engine, &quince, "it is in flower");
    let untag = Edit {
        id: quince.clone(),
        untag: vec!["fruit".into()],
        ..Edit::default()
    };
    engine.call(Command::Edit(untag)).unwrap();
    engine.call(act(&rake, ActKind::Retract)).unwrap();
    let fruit = behind(&engine, "tag:fruit", "start", 0);
    // As it is now: it has the tag no more, and had it before each of the edits.
    assert_eq!(words(&fruit), [(What::Left, quince.as_str()); 2]);
    assert_eq!(
        words(&behind(&engine, "quince", "start", 0)),
        [
            (What::Stored, quince.as_str()),
            (What::Changed, quince.as_str()),
            (What::Changed, quince.as_str())
        ]
    );
    assert_eq!(
        words(&behind(&engine, "tag:tools", "start", 0)),
        [(What::TakenBack, rake.as_str())]
    );
    assert_eq!(behind(&engine, "medlar", "start", 0), []);
    // What was taken away is not told with what it said.
    let page = ask(
        &engine,
        Events {
            after: Some(fruit[1].0.clone()),
            ..Events::default()
        },
    )
    .unwrap();
    assert_eq!(page.events.len(), 1);
    assert!(page.events[0].item.is_none() && page.events[0].what == What::TakenBack);
    engine.stop();
}

#[test]
fn what_a_moderator_hides_and_shows_is_told() {
    let hub = Hub::new();
    let ana = hub.person("Ana");
    ana.found("commons");
    let saved = ana.note("about slugs", &["garden"]).unwrap();
    let since = |after: Option<String>| -> EventsPage {
        let ask = Events {
            query: "slugs".into(),
            after,
            ..Events::default()
        };
        ana.ask(Command::Events(ask)).try_into().unwrap()
    };
    let told = |page: &EventsPage| -> Vec<(What, bool)> {
        let shape = |event: &EventView| (event.what, event.item.is_some());
        page.events.iter().map(shape).collect()
    };
    let page = since(None);
    assert_eq!(told(&page), []);
    ana.ask(act(&saved.id, ActKind::Hide));
    let hidden = since(Some(page.cursor));
    assert_eq!(told(&hidden), [(What::Hidden, false)]);
    ana.ask(act(&saved.id, ActKind::Unhide));
    let shown = since(Some(hidden.cursor));
    assert_eq!(told(&shown), [(What::Shown, true)]);
    assert_eq!(shown.events[0].id, saved.id);
}

#[test]
fn a_wrong_cursor_is_refused() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (engine, other) = (open(dir.path()), open(other.path()));
    note(&engine, "quince", &[]);
    note(&other, "quince", &[]);
    let cursor = |engine: &Engine| behind(engine, "", "start", 0)[0].0.clone();
    let (own, foreign) = (cursor(&engine), cursor(&other));
    let beyond = format!("{}-7fffffff00000000", own.split_once('-').unwrap().0);
    for wrong in [
        "",
        "7",
        "x-y",
        "start-",
        &own[1..],
        &foreign,
        &beyond,
        &format!("{own}0"),
        &format!("{own}-0"),
        &format!("{own}-000000000000000g"),
        &format!("{own}-"),
        &format!("{own}-0000000000000000-0000000000000000"),
    ] {
        let refused = ask(
            &engine,
            Events {
                after: Some(wrong.to_owned()),
                ..Events::default()
            },
        );
        assert_eq!(refused.unwrap_err().code, ErrorCode::Usage, "{wrong}");
    }
    // What was told last is no more: all that stands behind the place is told.
    let quince = note(&engine, "medlar", &[]).id;
    let told = behind(&engine, "", &format!("{own}-0000000000000000"), 0);
    assert_eq!(words(&told), [(What::Stored, quince.as_str())]);
    let refused = ask(
        &engine,
        Events {
            query: "taag:x".into(),
            ..Events::default()
        },
    );
    assert!(refused.unwrap_err().span.is_some());
    engine.stop();
    other.stop();
}

#[test]
fn a_question_waits_until_something_happens() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    note(&engine, "before", &[]);
    let (sender, answer) = std::sync::mpsc::channel();
    let wait = Events {
        query: "quince".into(),
        wait_ms: 60_000,
        ..Events::default()
    };
    engine.submit(Command::Events(wait), move |reply| {
        sender.send(reply).unwrap();
    });
    note(&engine, "rake", &[]);
    let quince = note(&engine, "quince", &[]).id;
    let Reply::Events(page) = answer.recv().unwrap().unwrap() else {
        panic!("another answer");
    };
    let told: Vec<&str> = page.events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(told, [quince]);
    engine.stop();
}

#[derive(Debug, Clone)]
enum Deed {
    Write(bool),
    Edit(usize),
    Retract(usize),
    Restart,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let one = prop_oneof![
        4 => any::<bool>().prop_map(Deed::Write),
        3 => (0..9usize).prop_map(Deed::Edit),
        2 => (0..9usize).prop_map(Deed::Retract),
        1 => Just(Deed::Restart),
    ];
    prop::collection::vec(one, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever was done, and however often the program ended in between: behind each cursor comes
    /// exactly what came behind it in the whole, in pages of any size.
    #[test]
    fn behind_a_cursor_nothing_is_missed(all in deeds(), limit in 1..4u32) {
        let dir = tempfile::tempdir().unwrap();
        let mut engine = open(dir.path());
        let mut ids: Vec<String> = Vec::new();
        let pick = |ids: &Vec<String>, at: usize| ids.get(at % ids.len().max(1)).cloned();
        for (n, deed) in all.into_iter().enumerate() {
            match deed {
                Deed::Write(tagged) => {
                    let tags: &[&str] = if tagged { &["fruit"] } else { &[] };
                    ids.push(note(&engine, &format!("note {n}"), tags).id);
                }
                Deed::Edit(at) => if let Some(id) = pick(&ids, at) {
                    edit(&engine, &id, &format!("edit {n}"));
                },
                Deed::Retract(at) => if let Some(id) = pick(&ids, at) {
                    engine.call(act(&id, ActKind::Retract)).unwrap();
                    ids.retain(|one| *one != id);
                },
                Deed::Restart => {
                    engine.stop();
                    engine = open(dir.path());
                }
            }
        }
        for query in ["", "tag:fruit", "edit"] {
            let whole = behind(&engine, query, "start", 0);
            prop_assert_eq!(&behind(&engine, query, "start", limit), &whole);
            for (at, (cursor, ..)) in whole.iter().enumerate() {
                let later = &whole[at + 1..];
                prop_assert_eq!(&behind(&engine, query, cursor, limit), later);
            }
        }
        // What is there now was told as it is now.
        let told = behind(&engine, "", "start", 0);
        for id in &ids {
            prop_assert!(told.iter().any(|(_, what, of)| of == id && *what == What::Stored));
        }
        engine.stop();
    }
}
