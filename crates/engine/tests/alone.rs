//! One person without a network: everything that a home does by itself.
#![expect(clippy::panic, reason = "tests end so")]

use folkmoot_api::{
    CollectiveNew, Command, ErrorCode, Find, Found, ImportItem, InviteNew, List, Note, Reply,
    Saved, SetName, Show,
};
use folkmoot_engine::{Engine, OpenError, Opened, Options};

fn open(home: &std::path::Path, passphrase: Option<&str>) -> Result<(Engine, Opened), OpenError> {
    Engine::open(
        &Options {
            home: home.to_owned(),
            passphrase: passphrase.map(|text| text.to_owned().into()),
            version: "test",
            serving: false,
            helps: true,
        },
        &mut |_| {},
    )
}

fn note(engine: &Engine, text: &str, tags: &[&str]) -> Saved {
    let note = Note {
        text: Some(text.to_owned()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Note::default()
    };
    match engine.call(Command::Note(note)) {
        Ok(Reply::Saved(saved)) => saved,
        other => panic!("{other:?}"),
    }
}

fn find(engine: &Engine, query: &str) -> Found {
    let find = Find {
        query: query.to_owned(),
        ..Find::default()
    };
    match engine.call(Command::Find(find)) {
        Ok(Reply::Found(found)) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_is_found_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (engine, opened) = open(&home, None).unwrap();
    assert!(opened.first_start);
    let saved = note(&engine, "Sow the beans in May", &["garden", "garden/beans"]);
    note(&engine, "Buy a new spade", &["tools"]);
    assert_eq!(saved.collective, "home");
    assert_eq!(find(&engine, "beans").total, 1);
    assert_eq!(find(&engine, "tag:garden").total, 1);
    assert_eq!(find(&engine, "author:me").total, 2);
    assert_eq!(find(&engine, "in:home spade").total, 1);
    assert_eq!(find(&engine, "nothing").total, 0);
    assert!(saved.id.starts_with(&saved.short) && saved.short.len() >= 4);
    engine.stop();

    let (engine, opened) = open(&home, None).unwrap();
    assert!(!opened.first_start);
    assert!(opened.notices.is_empty(), "{:?}", opened.notices);
    assert_eq!(find(&engine, "beans").items[0].id, saved.id);
    let shown = engine.call(Command::Show(Show { id: saved.short }));
    let Ok(Reply::Show(shown)) = shown else {
        panic!("{shown:?}")
    };
    assert_eq!(shown.text.as_deref(), Some("Sow the beans in May"));
    assert_eq!(shown.standing, "admitted");
    let listed = engine.call(Command::List(List {
        limit: 1,
        ..List::default()
    }));
    let Ok(Reply::Found(listed)) = listed else {
        panic!("{listed:?}")
    };
    assert_eq!(listed.items[0].title, "Buy a new spade");
    assert!(listed.next.is_some());
    engine.stop();
}

#[test]
fn an_import_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (engine, _) = open(&home, None).unwrap();
    let items: Vec<ImportItem> = (0..300)
        .map(|n| ImportItem {
            source: n.to_string(),
            note: Note {
                title: Some(format!("Saying {n}")),
                text: Some(format!("number {n} of many")),
                tags: vec!["sayings".to_owned()],
                ..Note::default()
            },
            ..ImportItem::default()
        })
        .chain([ImportItem {
            source: "bad".to_owned(),
            note: Note {
                text: Some("x".repeat(40_000)),
                ..Note::default()
            },
            ..ImportItem::default()
        }])
        .collect();
    let import = |engine: &Engine, dry_run| match engine.call(Command::Import {
        vault: None,
        collective: None,
        items: items.clone(),
        device: None,
        dry_run,
    }) {
        Ok(Reply::Imported(report)) => (report.added, report.skipped, report.refused.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(import(&engine, true), (300, 0, 1));
    assert_eq!(find(&engine, "tag:sayings").total, 0);
    assert_eq!(import(&engine, false), (300, 0, 1));
    assert_eq!(import(&engine, false), (0, 300, 1));
    engine.stop();
    let (engine, _) = open(&home, None).unwrap();
    assert_eq!(import(&engine, false), (0, 300, 1));
    assert_eq!(find(&engine, "tag:sayings").total, 300);
    engine.stop();
}

#[test]
fn a_collective_is_founded_and_invites() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, _) = open(&folder.path().join("home"), None).unwrap();
    let set = engine.call(Command::SetName(SetName {
        name: "Ana".to_owned(),
    }));
    assert!(set.is_ok(), "{set:?}");
    let founded = engine.call(Command::CollectiveNew(CollectiveNew {
        name: "commons".to_owned(),
        ..CollectiveNew::default()
    }));
    let Ok(Reply::Collective(view)) = founded else {
        panic!("{founded:?}")
    };
    assert_eq!(view.summary.members, 1);
    assert_eq!(view.summary.role, "steward");
    assert_eq!(view.epoch, 1);
    let again = engine.call(Command::CollectiveNew(CollectiveNew {
        name: "Commons".to_owned(),
        ..CollectiveNew::default()
    }));
    assert_eq!(again.unwrap_err().code, ErrorCode::Usage);
    let invite = engine.call(Command::Invite(InviteNew {
        collective: "commons".to_owned(),
        role: String::new(),
        uses: 2,
        expires_ms: Some(1_000_000),
        label: None,
        limits: folkmoot_api::LimitArgs::default(),
    }));
    let Ok(Reply::Invite(invite)) = invite else {
        panic!("{invite:?}")
    };
    assert_eq!((invite.role.as_str(), invite.uses_left), ("writer", 2));
    assert!(invite.key.unwrap().starts_with("folkmoot:1:"));
    let home = engine.call(Command::Invite(InviteNew {
        collective: "home".to_owned(),
        role: String::new(),
        uses: 1,
        expires_ms: None,
        label: None,
        limits: folkmoot_api::LimitArgs::default(),
    }));
    assert_eq!(home.unwrap_err().code, ErrorCode::Usage);
    note(&engine, "names are known", &[]);
    assert_eq!(find(&engine, "author:@ana").total, 1);
    engine.stop();
}

#[test]
fn a_sealed_home_needs_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (engine, _) = open(&home, Some("eight words")).unwrap();
    engine.stop();
    assert!(matches!(
        open(&home, None),
        Err(OpenError::PassphraseNeeded)
    ));
    assert!(matches!(
        open(&home, Some("wrong")),
        Err(OpenError::PassphraseWrong)
    ));
    let (engine, _) = open(&home, Some("eight words")).unwrap();
    engine.stop();
}

#[test]
fn one_process_owns_a_home() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (engine, _) = open(&home, None).unwrap();
    match open(&home, None) {
        Err(OpenError::Locked { pid }) => assert_eq!(pid, std::process::id()),
        other => panic!("{other:?}"),
    }
    engine.stop();
}
