//! What crashes and damage did to a home is mended, and what cannot be is said.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests end so")]

#[path = "support/vault.rs"]
mod vault;

use std::{fs, ops::ControlFlow, os::unix::fs::FileExt, path::Path, sync::mpsc, time::Duration};

use folkmoot_api::{Command, Note, Reply, Show, ShowView, StatusView};
use folkmoot_engine::{Engine, Opened, Options};
use folkmoot_record::RecordId;
use folkmoot_store::{Entry, LogCursor, Logged};
use vault::vault;

fn open(home: &Path) -> Engine {
    start(home).0
}

fn start(home: &Path) -> (Engine, Opened) {
    let options = Options {
        home: home.to_owned(),
        passphrase: None,
        version: "test",
        serving: false,
        helps: true,
    };
    Engine::open(&options, &mut |_| {}).unwrap()
}

fn show(engine: &Engine, id: &str) -> Result<Box<ShowView>, folkmoot_api::ApiError> {
    let id = id.to_owned();
    match engine.call(Command::Show(Show { id }))? {
        Reply::Show(view) => Ok(view),
        other => panic!("{other:?}"),
    }
}

fn noted(engine: &Engine) -> String {
    match note(engine) {
        Ok(Reply::Saved(saved)) => saved.id,
        other => panic!("{other:?}"),
    }
}

fn note(engine: &Engine) -> Result<Reply, folkmoot_api::ApiError> {
    engine.call(Command::Note(Note {
        text: Some("quincetree".to_owned()),
        ..Note::default()
    }))
}

fn status(engine: &Engine) -> StatusView {
    match engine.call(Command::Status {}) {
        Ok(Reply::Status(view)) => *view,
        other => panic!("{other:?}"),
    }
}

/// What was torn off was never acknowledged, so the index never had it and is kept.
#[test]
fn a_torn_tail_costs_no_index() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let id = noted(&engine);
    engine.stop();
    let segment = home.join("store/log/00000000.seg");
    let mut bytes = fs::read(&segment).unwrap();
    bytes.extend([0x55; 48]);
    fs::write(&segment, bytes).unwrap();
    let (engine, opened) = start(&home);
    let told = opened.notices.join("; ");
    assert!(told.contains("torn by a crash"), "{told}");
    assert!(!told.contains("index"), "{told}");
    assert_eq!(show(&engine, &id).unwrap().standing, "admitted");
    engine.stop();
}

/// Writing many marks broke off: everything is judged again.
#[test]
fn marks_that_are_missing_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let id = noted(&engine);
    engine.stop();
    let mut store = vault(&home);
    let id: RecordId = id.parse().unwrap();
    let cid = store.collectives()[0];
    let key = [b"judge/" as &[u8], cid.as_bytes()].concat();
    let fact = Entry::Local {
        key: key.clone(),
        value: Some(vec![1]),
    };
    store.commit(&[Entry::Mark { id, mark: 1 }, fact]).unwrap();
    store.close().unwrap();
    let engine = open(&home);
    assert_eq!(show(&engine, &id.to_string()).unwrap().standing, "admitted");
    engine.stop();
    let store = vault(&home);
    assert_eq!(store.mark(&id).unwrap(), 0);
    assert_eq!(store.local(&key).unwrap(), None);
}

/// A title is looked for in all records, though the index is behind.
#[test]
fn a_title_is_found_while_the_index_is_behind() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let id = noted(&engine);
    engine.stop();
    fs::remove_dir_all(home.join("index")).unwrap();
    let engine = open(&home);
    assert_eq!(show(&engine, "quincetree").unwrap().item.id, id);
    engine.stop();
}

/// Without its genesis a home does not open: what damage takes of it is written again from memory.
#[test]
fn a_damaged_control_record_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    open(&home).stop();
    let store = vault(&home);
    let genesis = RecordId::from(store.collectives()[0]);
    let wire = store.get(&genesis).unwrap().unwrap().wire;
    let mut place = None;
    let looked = store.records_since(LogCursor::default(), &mut |logged, at| {
        if matches!(&logged, Logged::Record(record, _) if record.id() == genesis) {
            place = Some(at);
        }
        ControlFlow::Continue(())
    });
    looked.unwrap();
    drop(store);
    let engine = open(&home);
    let id = noted(&engine);
    let segment = home.join("store/log/00000000.seg");
    let bytes = fs::read(&segment).unwrap();
    let at = place.unwrap().offset as usize - wire.len() / 2;
    let file = fs::File::options().write(true).open(&segment).unwrap();
    file.write_all_at(&[bytes[at] ^ 1], at as u64).unwrap();
    let told = || status(&engine).warnings.join("; ").contains("damage");
    while !told() {
        std::thread::sleep(Duration::from_millis(200));
    }
    engine.stop();
    let engine = open(&home);
    assert_eq!(show(&engine, &id).unwrap().standing, "admitted");
    noted(&engine);
    engine.stop();
    assert_eq!(vault(&home).get(&genesis).unwrap().unwrap().wire, wire);
}

/// Whoever watches over the engine hears of its end, also where it ends by a panic.
#[test]
fn the_end_of_the_engine_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let (tell, told) = mpsc::channel();
    let first = tell.clone();
    engine.when_ended(move || first.send(1).unwrap());
    engine.submit(Command::Status {}, |_| panic!("as a test"));
    assert_eq!(told.recv(), Ok(1));
    engine.when_ended(move || tell.send(2).unwrap());
    assert_eq!(told.recv(), Ok(2));
    engine.stop();
}
