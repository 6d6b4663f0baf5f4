//! Comments stand below what they are about; reactions count people.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    Act, ActKind, Acted, ApiError, Command, CommentNew, Edit, Edited, ErrorCode, Note, React,
    Reacted, Saved, Show, ShowView, TrashArgs, TrashView, Undo, Undone,
};
use folkmoot_engine::Engine;

use hub::{Hub, equal, until};
use one::ask;

fn show(engine: &Engine, id: &str) -> Result<ShowView, ApiError> {
    ask(engine, Command::Show(Show { id: id.to_owned() }))
}

fn comment(engine: &Engine, id: &str, text: &str) -> Result<Saved, ApiError> {
    let new = CommentNew {
        id: id.to_owned(),
        text: text.to_owned(),
        device: None,
    };
    ask(engine, Command::Comment(new))
}

fn react(engine: &Engine, id: &str, text: &str, on: Option<bool>) -> Result<Reacted, ApiError> {
    let react = React {
        id: id.to_owned(),
        text: text.to_owned(),
        on,
        device: None,
    };
    ask(engine, Command::React(react))
}

/// Depth and text of each comment, as it is shown.
fn thread(engine: &Engine, id: &str) -> Vec<(u32, String)> {
    let comments = show(engine, id).unwrap().comments;
    let told = comments.into_iter();
    told.map(|comment| (comment.depth, comment.text)).collect()
}

fn retract(engine: &Engine, id: &str) {
    let act = Act {
        id: id.to_owned(),
        what: ActKind::Retract,
        reason: None,
        device: None,
    };
    let _: Acted = ask(engine, Command::Act(act)).unwrap();
}

#[test]
fn what_is_said_of_a_note_stands_below_it() {
    let hub = Hub::new();
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    let note = Note {
        collective: Some("commons".to_owned()),
        title: Some("Rota".to_owned()),
        text: Some("Monday: Ana".to_owned()),
        ..Note::default()
    };
    let note: Saved = ask(&ana.engine, Command::Note(note)).unwrap();
    until("the note comes", || show(&ben.engine, &note.id).is_ok());
    let friday = comment(&ben.engine, "Rota", "I can take Friday").unwrap();
    equal(&[&ana, &ben]);
    let thanks = comment(&ana.engine, &friday.id, "Thank you").unwrap();
    equal(&[&ana, &ben]);
    let told = |depth, text: &str| (depth, text.to_owned());
    for home in [&ana, &ben] {
        let both = [told(0, "I can take Friday"), told(1, "Thank you")];
        assert_eq!(thread(&home.engine, &note.id), both);
        assert_eq!(thread(&home.engine, &friday.id), [told(0, "Thank you")]);
        // It is no link among others.
        assert!(show(&home.engine, &note.id).unwrap().linked_from.is_empty());
    }
    // An edit of the note, or of a comment, keeps them where they are.
    let edit = |engine: &Engine, id: &str, text: &str| {
        let edit = Edit {
            id: id.to_owned(),
            text: Some(text.to_owned()),
            ..Edit::default()
        };
        let _: Edited = ask(engine, Command::Edit(edit)).unwrap();
    };
    edit(&ana.engine, &note.id, "Monday: Ana. Friday: Ben");
    edit(&ben.engine, &friday.id, "I can take Friday, and Saturday");
    equal(&[&ana, &ben]);
    let shown = show(&ana.engine, &note.id).unwrap();
    let first = &shown.comments[0];
    assert_eq!(first.text, "I can take Friday, and Saturday");
    assert!(first.edited && !shown.comments[1].edited);
    assert_eq!(shown.comments[1].id, thanks.id);
    // What is taken back is not shown, nor what answers it.
    retract(&ana.engine, &thanks.id);
    assert_eq!(thread(&ana.engine, &note.id).len(), 1);
    retract(&ana.engine, &note.id);
    assert!(thread(&ana.engine, &note.id).is_empty());
    let refused = comment(&ana.engine, &note.id, "too late").unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    assert_eq!(
        comment(&ana.engine, &friday.id, " ").unwrap_err().code,
        ErrorCode::Usage
    );
}

#[test]
fn each_person_counts_once_for_each_sign() {
    let hub = Hub::new();
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    let note = Note {
        collective: Some("commons".to_owned()),
        text: Some("The quince is in flower".to_owned()),
        ..Note::default()
    };
    let note: Saved = ask(&ana.engine, Command::Note(note)).unwrap();
    until("the note comes", || show(&ben.engine, &note.id).is_ok());
    let id = note.id.as_str();
    let first = react(&ana.engine, id, "👍", None).unwrap();
    assert!(first.on && first.changed && first.count == 1);
    let again = react(&ana.engine, id, "👍", Some(true)).unwrap();
    assert!(again.on && !again.changed && again.count == 1);
    react(&ana.engine, id, "🌱", None).unwrap();
    equal(&[&ana, &ben]);
    assert_eq!(react(&ben.engine, id, "👍", None).unwrap().count, 2);
    equal(&[&ana, &ben]);
    for home in [&ana, &ben] {
        let reactions = show(&home.engine, id).unwrap().reactions;
        let told: Vec<(&str, u64)> = reactions
            .iter()
            .map(|r| (r.text.as_str(), r.count))
            .collect();
        assert_eq!(told, [("👍", 2), ("🌱", 1)]);
        let mut names = reactions[0].by.clone();
        names.sort();
        assert_eq!(names, ["ana", "ben"]);
    }
    // The same again takes it back; so does undoing.
    let back = react(&ben.engine, id, "👍", None).unwrap();
    assert!(!back.on && back.changed && back.count == 1);
    assert!(!react(&ben.engine, id, "👍", Some(false)).unwrap().changed);
    let trash: TrashView = ask(&ben.engine, Command::Trash(TrashArgs::default())).unwrap();
    assert!(
        trash.items.is_empty(),
        "a reaction is no text to be brought back"
    );
    let _: Undone = ask(&ana.engine, Command::Undo(Undo::default())).unwrap();
    equal(&[&ana, &ben]);
    for home in [&ana, &ben] {
        let reactions = show(&home.engine, id).unwrap().reactions;
        let told: Vec<(&str, u64)> = reactions
            .iter()
            .map(|r| (r.text.as_str(), r.count))
            .collect();
        assert_eq!(told, [("👍", 1)]);
    }
    // Given again after it was taken back, it counts again.
    assert_eq!(react(&ben.engine, id, "👍", None).unwrap().count, 2);
    for wrong in ["", "far too long to be a reaction of anybody", "a\nb"] {
        let refused = react(&ana.engine, id, wrong, None).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage, "{wrong}");
    }
}

#[test]
fn answers_stay_below_a_comment_that_is_gone() {
    let hub = Hub::new();
    let ana = hub.person("ana");
    ana.found("commons");
    let note = ana.note("The rota of May", &[]).unwrap();
    let friday = comment(&ana.engine, &note.id, "I can take Friday").unwrap();
    let thanks = comment(&ana.engine, &friday.id, "Thank you").unwrap();
    let deep = comment(&ana.engine, &thanks.id, "Gladly").unwrap();
    let told = |depth, text: &str| (depth, text.to_owned());
    until("all of it is found", || {
        thread(&ana.engine, &note.id).len() == 3
    });
    retract(&ana.engine, &friday.id);
    let left = [told(0, ""), told(1, "Thank you"), told(2, "Gladly")];
    assert_eq!(thread(&ana.engine, &note.id), left);
    let comments = show(&ana.engine, &note.id).unwrap().comments;
    assert_eq!(comments[0].gone, Some(ActKind::Retract));
    assert_eq!((&comments[0].id, comments[1].gone), (&friday.id, None));
    // Hidden it is the same, and of what has no answers nothing is told.
    let hide = Act {
        id: thanks.id,
        what: ActKind::Hide,
        reason: None,
        device: None,
    };
    let _: Acted = ask(&ana.engine, Command::Act(hide)).unwrap();
    let left = [told(0, ""), told(1, ""), told(2, "Gladly")];
    assert_eq!(thread(&ana.engine, &note.id), left);
    let comments = show(&ana.engine, &note.id).unwrap().comments;
    assert_eq!(comments[1].gone, Some(ActKind::Hide));
    retract(&ana.engine, &deep.id);
    assert!(thread(&ana.engine, &note.id).is_empty());
}

/// What was taken back takes no place of what stands, however much it is.
#[test]
fn many_comments_that_are_gone_hide_none_that_stands() {
    const GONE: usize = 210;
    let folder = tempfile::tempdir().unwrap();
    let engine = one::open(&folder.path().join("home"));
    let note = Note {
        text: Some("The rota of May".to_owned()),
        ..Note::default()
    };
    let note: Saved = ask(&engine, Command::Note(note)).unwrap();
    for n in 0..GONE {
        let said = comment(&engine, &note.id, &format!("Slip {n}")).unwrap();
        retract(&engine, &said.id);
    }
    let stands = comment(&engine, &note.id, "I can take Friday").unwrap();
    comment(&engine, &stands.id, "Thank you").unwrap();
    let told = [
        (0, "I can take Friday".to_owned()),
        (1, "Thank you".to_owned()),
    ];
    assert_eq!(thread(&engine, &note.id), told);
    engine.stop();
}
