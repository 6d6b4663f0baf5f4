//! Links between documents: what links here, what is not found, and renaming that keeps links.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    ApiError, Command, Edit, Edited, ErrorCode, ImportItem, Imported, Note, Rename, Renamed, Saved,
    Show, ShowView,
};
use folkmoot_engine::Engine;

use hub::{Hub, until};
use one::{ask, open};

fn write(engine: &Engine, title: &str, text: &str) -> Saved {
    let note = Note {
        title: Some(title.to_owned()),
        text: Some(text.to_owned()),
        ..Note::default()
    };
    ask(engine, Command::Note(note)).unwrap()
}

fn show(engine: &Engine, id: &str) -> ShowView {
    ask(engine, Command::Show(Show { id: id.to_owned() })).unwrap()
}

fn rename(engine: &Engine, id: &str, title: &str) -> Result<Renamed, ApiError> {
    let rename = Rename {
        id: id.to_owned(),
        title: title.to_owned(),
        ..Rename::default()
    };
    ask(engine, Command::Rename(rename))
}

/// Titles of what links to a document.
fn linked(engine: &Engine, id: &str) -> Vec<String> {
    let view = show(engine, id);
    assert_eq!(view.linked_more, 0);
    let mut titles: Vec<String> = view.linked_from.into_iter().map(|one| one.title).collect();
    titles.sort();
    titles
}

#[test]
fn what_links_here_and_what_is_not_found_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let bank = write(&engine, "Seed bank", "Basil. See [[Seed bank]] itself.");
    let spring = write(
        &engine,
        "Spring",
        "The [[seed  BANK#herbs|bank]], the [[Nursery]].",
    );
    write(&engine, "Autumn", &format!("Give to {}.", bank.id));
    write(&engine, "Winter", "A seed bank, not linked.");
    assert_eq!(linked(&engine, &bank.id), ["Autumn", "Spring"]);
    assert!(show(&engine, &bank.id).unresolved.is_empty());
    assert_eq!(show(&engine, &spring.id).unresolved, ["Nursery"]);
    assert!(linked(&engine, &spring.id).is_empty());
    write(&engine, "Nursery", "At the corner.");
    assert!(show(&engine, &spring.id).unresolved.is_empty());
    // A version that links no more is not told of, nor one that was replaced.
    let edit = Edit {
        id: spring.id,
        text: Some("The [[Nursery]] alone.".to_owned()),
        ..Edit::default()
    };
    let _edited: Edited = ask(&engine, Command::Edit(edit)).unwrap();
    assert_eq!(linked(&engine, &bank.id), ["Autumn"]);
    engine.stop();
}

#[test]
fn links_follow_a_document_that_is_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let bank = write(&engine, "Seed bank", "Basil.");
    let spring = write(
        &engine,
        "Spring",
        "The [[seed bank#herbs|bank]], [[Nursery]].",
    );
    write(&engine, "Autumn", &format!("Give to {}.", bank.id));
    let renamed = rename(&engine, "Seed bank", "Seed library").unwrap();
    assert_eq!(renamed.old, "Seed bank");
    assert_eq!((renamed.relinked.len(), renamed.left.len()), (1, 0));
    assert_eq!(renamed.relinked[0].id, spring.id);
    assert_eq!(
        show(&engine, &spring.id).text.as_deref(),
        Some("The [[Seed library#herbs|bank]], [[Nursery]].")
    );
    engine.stop();
    let engine = open(&home);
    assert_eq!(linked(&engine, "Seed library"), ["Autumn", "Spring"]);
    // The same title again changes nothing; another way of writing it, the title alone.
    let version = renamed.version;
    assert_eq!(
        rename(&engine, &bank.id, "Seed library").unwrap().version,
        version
    );
    let spelt = rename(&engine, &bank.id, "Seed Library").unwrap();
    assert!(spelt.version != version && spelt.relinked.is_empty());
    assert_eq!(linked(&engine, &bank.id), ["Autumn", "Spring"]);
    // Where two have the title, the links mean the other one now.
    write(&engine, "Nursery", "At the corner.");
    let second = write(&engine, "Nursery", "By the river.");
    let renamed = rename(&engine, &second.id, "River nursery").unwrap();
    assert_eq!((renamed.namesakes, renamed.relinked.len()), (1, 0));
    // What cannot stand in a link is no title for what is linked to.
    let odd = rename(&engine, &bank.id, "Seeds [old]").unwrap_err();
    assert_eq!(odd.code, ErrorCode::Usage);
    assert_eq!(
        rename(&engine, &bank.id, " ").unwrap_err().code,
        ErrorCode::Usage
    );
    engine.stop();
}

#[test]
fn what_others_wrote_is_left_and_told() {
    let hub = Hub::new();
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    let anas = ana.note("see [[Tools]]", &[]).unwrap();
    until("the note comes", || ben.finds("see") == 1);
    let tools = Note {
        collective: Some("commons".to_owned()),
        title: Some("Tools".to_owned()),
        text: Some("Spade.".to_owned()),
        ..Note::default()
    };
    let tools: Saved = ask(&ben.engine, Command::Note(tools)).unwrap();
    let refused = rename(&ben.engine, &anas.id, "Mine").unwrap_err();
    assert_eq!(refused.code, ErrorCode::Denied);
    let renamed = rename(&ben.engine, &tools.id, "Shed").unwrap();
    assert_eq!((renamed.relinked.len(), renamed.left.len()), (0, 1));
    assert_eq!(
        show(&ben.engine, &anas.id).text.as_deref(),
        Some("see [[Tools]]")
    );
    assert_eq!(show(&ben.engine, &anas.id).unresolved, ["Tools"]);
}

#[test]
fn a_new_title_goes_to_no_other_collective() {
    let hub = Hub::new();
    let ana = hub.person("ana");
    ana.found("commons");
    let shared = ana.note("after the [[Budget]]", &[]).unwrap();
    let budget = write(&ana.engine, "Budget", "Beans.");
    let renamed = rename(&ana.engine, &budget.id, "Lay-offs in May").unwrap();
    assert_eq!((renamed.relinked.len(), renamed.left.len()), (0, 1));
    assert_eq!(
        show(&ana.engine, &shared.id).text.as_deref(),
        Some("after the [[Budget]]")
    );
}

fn undo(engine: &Engine) -> Result<folkmoot_api::Undone, ApiError> {
    ask(engine, Command::Undo(folkmoot_api::Undo::default()))
}

#[test]
fn undoing_a_title_brings_its_links_back() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let bank = write(&engine, "Bank", "Basil.");
    // More than are stored in one group.
    let texts: Vec<Saved> = (0..120)
        .map(|n| write(&engine, &format!("Text {n}"), "See [[bank]]."))
        .collect();
    let text = |engine: &Engine, at: usize| show(engine, &texts[at].id).text.unwrap();
    let renamed = rename(&engine, &bank.id, "Library").unwrap();
    assert_eq!((renamed.relinked.len(), renamed.left.len()), (120, 0));
    let edit = Edit {
        id: texts[7].id.clone(),
        text: Some("See the [[Library]] on Monday.".to_owned()),
        device: None,
        ..Edit::default()
    };
    engine.stop();
    let engine = open(&home);
    assert_eq!(text(&engine, 0), "See [[Library]].");
    let undone = undo(&engine).unwrap();
    assert_eq!((undone.also, undone.stays), (120, 0));
    assert_eq!(show(&engine, &bank.id).item.title, "Bank");
    for at in 0..120 {
        assert_eq!(text(&engine, at), "See [[bank]].");
    }
    // What came before is next: the last text, as it was before all of that.
    assert_eq!(undone.next.as_deref(), Some("the note \"Text 119\""));
    // Once more, and one of them is edited since: that one stays.
    rename(&engine, &bank.id, "Library").unwrap();
    let edited: Edited = ask(&engine, Command::Edit(edit)).unwrap();
    assert!(edited.changed);
    let first = undo(&engine).unwrap();
    assert_eq!(first.also, 0, "the edit alone");
    let undone = undo(&engine).unwrap();
    assert_eq!((undone.also, undone.stays), (120, 0), "it was undone first");
    assert_eq!(text(&engine, 7), "See [[bank]].");
    assert_eq!(undo(&engine).unwrap().id, texts[119].id);
    engine.stop();
}

fn error(result: Result<impl std::fmt::Debug, ApiError>) -> ApiError {
    result.unwrap_err()
}

#[test]
fn a_title_is_found_among_many_like_it_and_two_of_it_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let long = "Of the meeting, and what was said there. ".repeat(60);
    let meeting = write(&engine, "Meeting", &long);
    let linking = write(&engine, "Agenda", "See [[Meeting]] and [[!!!]].");
    for n in 0..60 {
        write(&engine, &format!("Meeting note {n}"), "Meeting, meeting.");
    }
    assert_eq!(show(&engine, "meeting").item.id, meeting.id);
    assert_eq!(show(&engine, &linking.id).unresolved, ["!!!"]);
    let loud = write(&engine, "!!!", "Fire.");
    assert_eq!(show(&engine, " !!! ").item.id, loud.id);
    assert!(show(&engine, &linking.id).unresolved.is_empty());
    // Another of the title, however short: nobody guesses which is meant.
    let second = write(&engine, "Meeting", "Short.");
    for id in [&meeting.id, &second.id] {
        assert_eq!(show(&engine, id).item.title, "Meeting");
    }
    let edit = Edit {
        id: "Meeting".to_owned(),
        text: Some("x".to_owned()),
        ..Edit::default()
    };
    let act = folkmoot_api::Act {
        id: "Meeting".to_owned(),
        what: folkmoot_api::ActKind::Retract,
        reason: None,
        device: None,
    };
    for command in [
        Command::Edit(edit),
        Command::Act(act),
        Command::Show(Show {
            id: "Meeting".to_owned(),
        }),
    ] {
        let refused = engine.call(command).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage, "{refused:?}");
    }
    engine.stop();
}

#[test]
fn comments_are_found_by_what_they_answer() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let base = write(&engine, "Base", "Of it all.");
    let comment = folkmoot_api::CommentNew {
        id: base.id,
        text: "Well said.".to_owned(),
        device: None,
    };
    let _: Saved = ask(&engine, Command::Comment(comment)).unwrap();
    for query in ["to:Base", "is:reply"] {
        let find = folkmoot_api::Find {
            query: query.to_owned(),
            ..folkmoot_api::Find::default()
        };
        let found: folkmoot_api::Found = ask(&engine, Command::Find(find)).unwrap();
        assert_eq!(found.total, 1, "{query}");
    }
    engine.stop();
}

#[test]
fn a_new_title_that_another_has_is_refused_and_links_to_itself_follow() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let one = write(&engine, "One", "I am [[One]], not [[Two]], nor `[[One]]`.");
    let two = write(&engine, "Two", "Two.");
    let both = write(&engine, "Both", "[[One]] [[Two]]");
    let refused = error(rename(&engine, "One", "two"));
    assert_eq!(refused.code, ErrorCode::Usage);
    assert!(refused.hint.unwrap().contains("moot rename"));
    assert_eq!(
        show(&engine, &both.id).text.as_deref(),
        Some("[[One]] [[Two]]")
    );
    rename(&engine, "Two", "Second").unwrap();
    rename(&engine, "One", "Two").unwrap();
    assert_eq!(
        show(&engine, &both.id).text.as_deref(),
        Some("[[Two]] [[Second]]")
    );
    assert_eq!(
        show(&engine, &one.id).text.as_deref(),
        Some("I am [[Two]], not [[Second]], nor `[[One]]`.")
    );
    // What cannot stand in a link would break those that are there.
    let odd = rename(&engine, &two.id, "Second | third").unwrap_err();
    assert_eq!(odd.code, ErrorCode::Usage);
    assert!(odd.message.contains("2 texts"), "{odd:?}");
    assert_eq!(
        show(&engine, &both.id).text.as_deref(),
        Some("[[Two]] [[Second]]")
    );
    let alone = write(&engine, "Alone", "Nothing links here.");
    assert!(rename(&engine, &alone.id, "A # b").unwrap().unlinkable);
    engine.stop();
}

/// A comment is no page: no link means it, whatever its first line says.
#[test]
fn a_comment_has_no_title_that_others_might_want() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let base = write(&engine, "Base", "Of it all.");
    let linking = write(&engine, "Linking", "[[Base]] and [[Well said]]");
    for text in ["Well said", "Base"] {
        let comment = folkmoot_api::CommentNew {
            id: base.id.clone(),
            text: text.to_owned(),
            device: None,
        };
        let _: Saved = ask(&engine, Command::Comment(comment)).unwrap();
    }
    assert_eq!(show(&engine, &linking.id).unresolved, ["Well said"]);
    let renamed = rename(&engine, "Base", "Well said").unwrap();
    assert_eq!((renamed.namesakes, renamed.relinked.len()), (0, 1));
    let act = folkmoot_api::Act {
        id: "Well said".to_owned(),
        what: folkmoot_api::ActKind::Retract,
        reason: None,
        device: None,
    };
    let acted: folkmoot_api::Acted = ask(&engine, Command::Act(act)).unwrap();
    assert_eq!(acted.id, base.id);
    engine.stop();
}

/// Where somebody went on from a new title, undoing it is refused as a whole: its links stay what they
/// are, and undoing again goes on before all of it.
#[test]
fn a_title_that_was_changed_since_keeps_its_links() {
    let hub = Hub::new();
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite("moderator").key.unwrap());
    let write = |title: &str, text: &str| -> Saved {
        let note = Note {
            collective: Some("commons".to_owned()),
            title: Some(title.to_owned()),
            text: Some(text.to_owned()),
            ..Note::default()
        };
        ask(&ana.engine, Command::Note(note)).unwrap()
    };
    let bank = write("Bank", "Basil.");
    let texts: Vec<Saved> = (0..3)
        .map(|n| write(&format!("Text {n}"), "See [[Bank]]."))
        .collect();
    let last = write("Last", "Before the title.");
    let renamed = rename(&ana.engine, &bank.id, "Library").unwrap();
    assert_eq!(renamed.relinked.len(), 3);
    until("the new title comes", || {
        let show = Show {
            id: bank.id.clone(),
        };
        let view: Result<ShowView, ApiError> = ask(&ben.engine, Command::Show(show));
        view.is_ok_and(|view| view.item.title == "Library")
    });
    let edit = Edit {
        id: bank.id.clone(),
        title: Some("Archive".to_owned()),
        ..Edit::default()
    };
    let _: Edited = ask(&ben.engine, Command::Edit(edit)).unwrap();
    until("the newest title comes", || {
        show(&ana.engine, &bank.id).item.title == "Archive"
    });
    assert_eq!(error(undo(&ana.engine)).code, ErrorCode::Usage);
    for text in &texts {
        assert_eq!(
            show(&ana.engine, &text.id).text.as_deref(),
            Some("See [[Library]].")
        );
    }
    assert_eq!(undo(&ana.engine).unwrap().id, last.id);
    // The new title still stands in it.
    let refused = error(undo(&ana.engine));
    assert!(refused.message.contains("still stand"), "{refused:?}");
}

/// Which of them a link means cannot be told, so links stay; the title of one can be changed all the same.
#[test]
fn what_a_thousand_are_called_can_be_renamed_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let one = write(&engine, "Minutes", "Of the first meeting.");
    write(&engine, "Spring", "See [[Minutes]].");
    let item = |n| ImportItem {
        source: format!("{n}.md"),
        note: Note {
            title: Some("Minutes".to_owned()),
            text: Some(format!("Of meeting {n}.")),
            ..Note::default()
        },
        ..ImportItem::default()
    };
    let all: Vec<ImportItem> = (0..1_100).map(item).collect();
    for some in all.chunks(550) {
        let import = Command::Import {
            collective: None,
            items: some.to_vec(),
            device: None,
            vault: None,
            dry_run: false,
        };
        let done: Imported = ask(&engine, import).unwrap();
        assert_eq!(done.added, some.len() as u64);
    }
    let renamed = rename(&engine, &one.id, "First minutes").unwrap();
    assert_eq!((renamed.namesakes, renamed.relinked.len()), (1_100, 0));
    assert_eq!(show(&engine, &one.id).item.title, "First minutes");
    engine.stop();
}
