//! Taking back, hiding, purging, the trash and undoing: alone, and among members.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    Act, ActKind, Acted, ApiError, Command, Edit, Edited, ErrorCode, Leave, Note, Restore,
    Restored, Saved, Show, ShowView, TrashArgs, TrashView, Undo, Undone,
};
use folkmoot_engine::Engine;

use hub::{Home, Hub, equal, until};
use one::{ask, open};

fn write(engine: &Engine, text: &str) -> Saved {
    let note = Note {
        text: Some(text.to_owned()),
        tags: vec!["garden".to_owned()],
        ..Note::default()
    };
    ask(engine, Command::Note(note)).unwrap()
}

fn edit(engine: &Engine, id: &str, text: &str) -> Edited {
    let edit = Edit {
        id: id.to_owned(),
        text: Some(text.to_owned()),
        ..Edit::default()
    };
    ask(engine, Command::Edit(edit)).unwrap()
}

fn act(engine: &Engine, what: ActKind, id: &str) -> Result<Acted, ApiError> {
    let act = Act {
        what,
        id: id.to_owned(),
        reason: Some("because".to_owned()),
        device: None,
    };
    ask(engine, Command::Act(act))
}

fn show(engine: &Engine, id: &str) -> ShowView {
    ask(engine, Command::Show(Show { id: id.to_owned() })).unwrap()
}

fn trash(engine: &Engine, empty: bool) -> TrashView {
    ask(engine, Command::Trash(TrashArgs { empty })).unwrap()
}

fn restore(engine: &Engine, id: &str) -> Result<Restored, ApiError> {
    let restore = Restore {
        id: id.to_owned(),
        ..Restore::default()
    };
    ask(engine, Command::Restore(restore))
}

fn undo(engine: &Engine, dry_run: bool) -> Result<Undone, ApiError> {
    ask(engine, Command::Undo(Undo { dry_run }))
}

fn finds(engine: &Engine, query: &str) -> u64 {
    let find = folkmoot_api::Find {
        query: query.to_owned(),
        ..folkmoot_api::Find::default()
    };
    let found: folkmoot_api::Found = ask(engine, Command::Find(find)).unwrap();
    found.total
}

#[test]
fn what_is_taken_back_is_gone_but_for_the_trash() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let rota = write(&engine, "Monday: Ana");
    let kept = write(&engine, "Tuesday: Ana");
    let second = edit(&engine, &rota.id, "Monday: Ben");
    let acted = act(&engine, ActKind::Retract, &rota.id).unwrap();
    assert!(acted.record.is_some() && acted.until.is_some());
    let again = act(&engine, ActKind::Retract, &rota.id).unwrap();
    assert!(again.record.is_none(), "it was taken back already");

    let looks = |engine: &Engine| {
        assert_eq!((finds(engine, "monday"), finds(engine, "tuesday")), (0, 1));
        for id in [&rota.id, &second.version] {
            let shown = show(engine, id);
            assert_eq!((shown.text, shown.item.title.as_str()), (None, "note"));
            let fate = shown.fate.unwrap();
            assert_eq!(fate.what, ActKind::Retract);
            assert_eq!(fate.reason.as_deref(), Some("because"));
        }
        let trash = trash(engine, false).items;
        assert_eq!(trash.len(), 1);
        assert_eq!(trash[0].id, rota.id);
        assert_eq!(trash[0].title.as_deref(), Some("Monday: Ben"));
        assert_eq!((trash[0].bodies, trash[0].waits), (2, false));
    };
    looks(&engine);
    engine.stop();
    // As before after a start, and where the index is built anew from the log.
    let engine = open(&home);
    looks(&engine);
    engine.stop();
    std::fs::remove_dir_all(home.join("index")).unwrap();
    let engine = open(&home);
    looks(&engine);

    // It comes back as something new: for others it stays taken back.
    let back = restore(&engine, &rota.id).unwrap();
    assert!(back.anew && back.id != rota.id);
    assert_eq!(show(&engine, &back.id).text.as_deref(), Some("Monday: Ben"));
    assert_eq!(show(&engine, &back.id).item.tags, ["garden"]);
    assert_eq!(finds(&engine, "monday"), 1);
    looks_empty_after(&engine, &rota.id);
    let code = restore(&engine, &kept.id).unwrap_err().code;
    assert_eq!(code, ErrorCode::Usage, "it was not taken back");
    engine.stop();
    let engine = open(&home);
    assert_eq!(show(&engine, &back.id).text.as_deref(), Some("Monday: Ben"));
    assert!(trash(&engine, false).items.is_empty());
    engine.stop();
}

/// Once the trash was emptied nothing brings it back; and it was written anew already.
fn looks_empty_after(engine: &Engine, id: &str) {
    assert_eq!(trash(engine, true).deleted, 2);
    assert!(trash(engine, false).items.is_empty());
    assert_eq!(trash(engine, true).deleted, 0);
    assert_eq!(restore(engine, id).unwrap_err().code, ErrorCode::Usage);
    assert_eq!(show(engine, id).text, None);
}

#[test]
fn one_version_is_taken_back_alone() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let rota = write(&engine, "Monday: Ana");
    let secret = edit(&engine, &rota.id, "Monday: Ana, door code 1234");
    edit(&engine, &rota.id, "Monday: Ben");
    act(&engine, ActKind::Retract, &secret.version).unwrap();
    assert_eq!(show(&engine, &secret.version).text, None);
    assert_eq!(show(&engine, &rota.id).text.as_deref(), Some("Monday: Ben"));
    assert_eq!((finds(&engine, "monday"), finds(&engine, "1234")), (1, 0));
    let history: folkmoot_api::HistoryView = ask(
        &engine,
        Command::History(folkmoot_api::History {
            id: rota.id,
            ..folkmoot_api::History::default()
        }),
    )
    .unwrap();
    let readable: Vec<bool> = history.versions.iter().map(|v| v.readable).collect();
    assert_eq!(readable, [true, false, true]);
    engine.stop();
}

#[test]
fn what_was_taken_back_by_itself_stays_so_when_the_document_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let rota = write(&engine, "Monday: Ana");
    let code = edit(&engine, &rota.id, "the doorcode is 4711");
    act(&engine, ActKind::Retract, &code.version).unwrap();
    act(&engine, ActKind::Retract, &rota.id).unwrap();
    let back = restore(&engine, &rota.id).unwrap();
    let text = show(&engine, &back.id).text;
    assert_eq!(text.as_deref(), Some("Monday: Ana"));
    assert_eq!(
        (finds(&engine, "monday"), finds(&engine, "doorcode")),
        (1, 0)
    );
    // A version that is named is meant: of a document that is gone it makes a new one.
    let back = restore(&engine, &code.version).unwrap();
    assert!(back.anew && back.id != rota.id);
    assert_eq!(finds(&engine, "doorcode"), 1);
    engine.stop();
}

#[test]
fn nothing_is_taken_back_by_a_title_that_several_have() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let [one, other] = [write(&engine, "Rota"), write(&engine, "Rota")];
    for what in [ActKind::Retract, ActKind::Hide, ActKind::Purge] {
        let refused = act(&engine, what, "rota").unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage, "{refused:?}");
    }
    act(&engine, ActKind::Retract, &one.id).unwrap();
    act(&engine, ActKind::Retract, "rota").unwrap();
    assert!(
        show(&engine, &other.id).fate.is_some(),
        "it was the last one"
    );
    engine.stop();
}

#[test]
fn very_much_on_one_day_waits_for_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for n in 0..51 {
        let note = write(&engine, &format!("note {n}"));
        act(&engine, ActKind::Retract, &note.id).unwrap();
    }
    let items = trash(&engine, false).items;
    // Midnight may fall between: then no day has more than fifty.
    let days: std::collections::BTreeSet<_> = items.iter().map(|item| item.until).collect();
    assert_eq!(items.len(), 51);
    assert!(items.iter().all(|item| item.waits == (days.len() == 1)));
    assert_eq!(trash(&engine, true).deleted, 51);
    engine.stop();
}

#[test]
fn undoing_goes_back_one_act_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    assert_eq!(undo(&engine, false).unwrap_err().code, ErrorCode::NotFound);
    let rota = write(&engine, "Monday: Ana");
    edit(&engine, &rota.id, "Monday: Ben");
    let tools = write(&engine, "Tools: shed");
    act(&engine, ActKind::Retract, &tools.id).unwrap();

    let told = undo(&engine, true).unwrap();
    assert!(told.what.starts_with("taking back") && told.record.is_none());
    assert_eq!(finds(&engine, "tools"), 0, "only told");
    undo(&engine, false).unwrap();
    assert_eq!(finds(&engine, "tools"), 1, "it is back");
    engine.stop();
    // What was undone is remembered: undoing goes on before it.
    let engine = open(&home);
    let undone = undo(&engine, false).unwrap();
    assert!(undone.what.contains("Tools"), "{}", undone.what);
    assert_eq!(
        finds(&engine, "tools"),
        0,
        "as it was before it was written"
    );
    let undone = undo(&engine, false).unwrap();
    assert!(undone.what.starts_with("the edit of"), "{}", undone.what);
    assert_eq!(show(&engine, &rota.id).text.as_deref(), Some("Monday: Ana"));
    let undone = undo(&engine, false).unwrap();
    assert_eq!(undone.id, rota.id);
    let _still: ShowView = show(&engine, &rota.id);
    assert_eq!(undo(&engine, false).unwrap_err().code, ErrorCode::NotFound);
    // A new act is the last one again.
    let seeds = write(&engine, "Seeds: basil");
    assert_eq!(undo(&engine, false).unwrap().id, seeds.id);
    assert_eq!(finds(&engine, "basil"), 0);
    engine.stop();
}

fn commons(hub: &Hub, role: &str) -> (Home, Home) {
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite(role).key.unwrap());
    (ana, ben)
}

#[test]
fn what_its_author_took_back_no_member_shows_and_no_newcomer_gets() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "writer");
    let saved = ana.note("the quincetree code", &[]).unwrap();
    until("the note comes", || ben.finds("quincetree") == 1);
    let refused = act(&ben.engine, ActKind::Retract, &saved.id).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Denied);
    assert!(refused.message.contains("ana wrote this"), "{refused:?}");
    act(&ana.engine, ActKind::Retract, &saved.id).unwrap();
    until("it goes", || ben.finds("quincetree") == 0);
    assert_eq!(show(&ben.engine, &saved.id).text, None);
    let trash = trash(&ben.engine, false).items;
    assert_eq!(
        (trash.len(), &trash[0].title),
        (1, &None),
        "not their words"
    );
    let refused = restore(&ben.engine, &saved.id).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Denied);
    // A newcomer gets that there was something, and by whom it was taken back.
    let cleo = hub.person("cleo");
    cleo.join(&ana.invite("writer").key.unwrap());
    equal(&[&ana, &ben, &cleo]);
    assert_eq!(cleo.finds("quincetree"), 0);
    let shown = show(&cleo.engine, &saved.id);
    assert_eq!(shown.text, None);
    assert_eq!(shown.fate.unwrap().by, "ana");
    assert!(
        self::trash(&cleo.engine, false).items.is_empty(),
        "no body came"
    );
}

#[test]
fn who_has_the_right_hides_and_shows_again_and_purging_is_final() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "writer");
    let saved = ben.note("buy cheap quinces", &["garden"]).unwrap();
    until("the note comes", || ana.finds("quinces") == 1);
    for what in [ActKind::Hide, ActKind::Purge] {
        let refused = act(&ben.engine, what, &saved.id).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Denied, "a writer may not");
    }
    act(&ana.engine, ActKind::Hide, &saved.id).unwrap();
    assert!(
        act(&ana.engine, ActKind::Hide, &saved.id)
            .unwrap()
            .record
            .is_none()
    );
    until("it is hidden", || ben.finds("quinces") == 0);
    let shown = show(&ben.engine, &saved.id);
    assert_eq!(shown.fate.unwrap().what, ActKind::Hide);
    assert_eq!(shown.text.as_deref(), Some("buy cheap quinces"));
    // Its author may still edit it; it stays hidden.
    edit(&ben.engine, &saved.id, "buy cheaper quinces");
    equal(&[&ana, &ben]);
    assert_eq!((ana.finds("quinces"), ben.finds("quinces")), (0, 0));
    undo(&ana.engine, false).unwrap();
    until("it is shown again", || ben.finds("cheaper") == 1);
    assert_eq!(show(&ben.engine, &saved.id).fate, None);

    act(&ana.engine, ActKind::Purge, &saved.id).unwrap();
    until("it is purged", || ben.finds("quinces") == 0);
    assert_eq!(show(&ben.engine, &saved.id).text, None);
    for home in [&ana, &ben] {
        let fate = show(&home.engine, &saved.id).fate.unwrap();
        assert_eq!((fate.what, fate.by.as_str()), (ActKind::Purge, "ana"));
        assert!(restore(&home.engine, &saved.id).is_err(), "it is final");
    }
    assert_eq!(undo(&ana.engine, false).unwrap_err().code, ErrorCode::Usage);
    // It is known after a start too.
    let folder = hub.stop(ben);
    let ben = hub.start("ben", folder);
    assert_eq!((ben.finds("quinces"), ben.finds("cheaper")), (0, 0));
    assert_eq!(show(&ben.engine, &saved.id).text, None);
}

#[test]
fn what_a_leaver_hid_is_hidden_for_who_hears_of_the_leaving_first() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "moderator");
    let cy = hub.person("cy");
    cy.join(&ana.invite("writer").key.unwrap());
    let saved = ana.note("buy cheap quinces", &[]).unwrap();
    equal(&[&ana, &ben, &cy]);
    until("the note comes", || cy.finds("quinces") == 1);
    hub.part(&ana, &cy);
    hub.part(&ben, &cy);
    act(&ben.engine, ActKind::Hide, &saved.id).unwrap();
    until("it is hidden", || ana.finds("quinces") == 0);
    ben.ask(Command::CollectiveLeave(Leave {
        collective: "commons".to_owned(),
        withdraw: true,
        keep_copy: false,
        dry_run: false,
    }));
    until("ana heard of it", || ana.view().summary.members == 2);
    hub.join(&ana, &cy);
    equal(&[&ana, &cy]);
    until("it is hidden", || cy.finds("quinces") == 0);
    let fate = show(&cy.engine, &saved.id).fate.unwrap();
    assert_eq!(fate.what, ActKind::Hide);
}

#[test]
fn why_tells_who_keeps_a_record_from_being_read() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "writer");
    let why = |engine: &Engine, id: &str| -> folkmoot_api::WhyView {
        ask(engine, Command::Why { id: id.to_owned() }).unwrap()
    };
    let saved = ben.note("buy cheap quinces", &["garden"]).unwrap();
    until("the note comes", || ana.finds("quinces") == 1);
    assert_eq!(why(&ana.engine, &saved.id).standing, "admitted");
    act(&ana.engine, ActKind::Hide, &saved.id).unwrap();
    equal(&[&ana, &ben]);
    let told = why(&ben.engine, &saved.id);
    assert_eq!(told.standing, "hidden");
    assert!(told.verdict.contains("ana hid it on"), "{told:?}");
    assert!(told.steps[0].text.contains("because"), "{told:?}");
    assert!(told.next.unwrap().contains("moot unhide"));
    let told = why(&ana.engine, &saved.id);
    assert!(told.verdict.contains("you hid it on"), "{told:?}");
    act(&ben.engine, ActKind::Retract, &saved.id).unwrap();
    equal(&[&ana, &ben]);
    let told = why(&ben.engine, &saved.id);
    assert_eq!(told.standing, "taken-back");
    assert!(told.next.unwrap().contains("moot restore"));
    assert!(
        why(&ana.engine, &saved.id)
            .next
            .unwrap()
            .contains("ask ben")
    );
    let other = ben.note("a stolen list", &["garden"]).unwrap();
    until("the list comes", || ana.finds("stolen") == 1);
    act(&ana.engine, ActKind::Purge, &other.id).unwrap();
    assert_eq!(why(&ana.engine, &other.id).standing, "purged");
}

#[test]
fn what_cannot_be_undone_is_named_and_passed_over() {
    let hub = Hub::new();
    let (ana, ben) = commons(&hub, "writer");
    let kept = ana.note("The rota of May", &[]).unwrap();
    let spam = ben.note("buy cheap quinces", &["garden"]).unwrap();
    until("the note comes", || ana.finds("quinces") == 1);
    act(&ana.engine, ActKind::Purge, &spam.id).unwrap();
    let refused = undo(&ana.engine, false).unwrap_err();
    assert!(refused.message.starts_with("purging"), "{refused:?}");
    assert!(refused.hint.unwrap().contains("moot undo"));
    let undone = undo(&ana.engine, false).unwrap();
    assert_eq!(undone.id, kept.id);
}

#[test]
fn what_was_written_anew_is_not_written_twice_and_keeps_what_was_said_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let rota = write(&engine, "Monday: Ana");
    let comment = folkmoot_api::CommentNew {
        id: rota.id.clone(),
        text: "I can take Friday".to_owned(),
        device: None,
    };
    let _: Saved = ask(&engine, Command::Comment(comment)).unwrap();
    act(&engine, ActKind::Retract, &rota.id).unwrap();
    assert_eq!(trash(&engine, false).items.len(), 1);
    let back = restore(&engine, &rota.id).unwrap();
    assert!(trash(&engine, false).items.is_empty());
    assert_eq!(show(&engine, &back.id).comments.len(), 1);
    engine.stop();
    let engine = open(&home);
    let refused = restore(&engine, &rota.id).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    assert!(refused.message.contains("written anew"), "{refused:?}");
    assert_eq!(finds(&engine, "monday"), 1);
    // Taken back again, it is the new one that is in the trash.
    act(&engine, ActKind::Retract, &back.id).unwrap();
    let again = restore(&engine, &back.id).unwrap();
    assert_eq!(show(&engine, &again.id).comments.len(), 1);
    assert_eq!(finds(&engine, "monday"), 1);
    engine.stop();
}

/// An older version that was written anew leaves the newest text in the trash.
#[test]
fn a_version_written_anew_leaves_the_document_in_the_trash() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let rota = write(&engine, "Monday: Ana");
    let second = edit(&engine, &rota.id, "Monday: Ben");
    let third = edit(&engine, &rota.id, "Monday: Cleo");
    act(&engine, ActKind::Retract, &rota.id).unwrap();
    let back = restore(&engine, &second.version).unwrap();
    assert_eq!(show(&engine, &back.id).text.as_deref(), Some("Monday: Ben"));
    let left = trash(&engine, false).items;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].title.as_deref(), Some("Monday: Cleo"));
    assert_ne!(back.id, third.version);
    let whole = restore(&engine, &rota.id).unwrap();
    assert_eq!(
        show(&engine, &whole.id).text.as_deref(),
        Some("Monday: Cleo")
    );
    engine.stop();
}
