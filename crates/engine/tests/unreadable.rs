//! Facts of the own store that cannot be read are not taken for facts that are not there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;
#[path = "support/vault.rs"]
mod vault;

use std::path::Path;

use folkmoot_api::{Command, Note, Reply, StatusView};
use folkmoot_engine::Engine;
use folkmoot_record::fc::Encoder;
use folkmoot_store::Entry;

use one::open;
use vault::vault;

/// Bytes that are neither text nor a list.
const GARBAGE: &[u8] = &[0xff, 0xfe, 0x00];

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

/// Writes garbage into every local fact whose key begins so; how many there were.
fn spoil(home: &Path, prefix: &[u8]) -> usize {
    let mut vault = vault(home);
    let facts = vault.scan_local(prefix).unwrap();
    let entries: Vec<Entry> = facts
        .iter()
        .map(|(key, _)| Entry::Local {
            key: key.clone(),
            value: Some(GARBAGE.to_vec()),
        })
        .collect();
    vault.commit(&entries).unwrap();
    vault.close().unwrap();
    facts.len()
}

#[test]
fn a_name_that_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let set = Command::SetName(folkmoot_api::SetName {
        name: "ana".to_owned(),
    });
    engine.call(set).unwrap();
    engine.stop();
    assert_eq!(spoil(&home, b"name"), 1);
    let engine = open(&home);
    let error = engine.call(Command::Id {}).unwrap_err();
    assert!(error.message.contains("the name that you show"), "{error}");
    assert!(error.hint.is_some());
    // The rest of the status is there, and warns.
    let view = status(&engine);
    assert_eq!(view.id.name, None);
    let warned = |view: &StatusView| view.warnings.iter().any(|w| w.contains("name"));
    assert!(warned(&view), "{:?}", view.warnings);
    engine.stop();
}

#[test]
fn an_own_place_that_cannot_be_read_is_never_used_twice() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    note(&engine).unwrap();
    engine.stop();
    assert!(spoil(&home, b"o/") > 0);
    let engine = open(&home);
    let error = note(&engine).unwrap_err();
    assert!(
        error.message.contains("last place in the own log"),
        "{error}"
    );
    engine.stop();
}

#[test]
fn damage_is_told_until_it_is_repaired_or_put_away() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let Ok(Reply::Saved(saved)) = note(&engine) else {
        panic!("the note is saved")
    };
    engine.stop();
    let mut vault = vault(&home);
    let held: folkmoot_record::RecordId = saved.id.parse().unwrap();
    let lost = folkmoot_record::RecordId::from_bytes([7; 32]);
    let mut value = Encoder::new();
    value.array(2);
    for (text, id) in [("gone and back", held), ("gone for good", lost)] {
        value.array(3).uint(1_700_000_000_000_u64).text(text);
        value.array(1).bytes(id);
    }
    vault
        .commit(&[Entry::Local {
            key: b"damage".to_vec(),
            value: Some(value.finish()),
        }])
        .unwrap();
    vault.close().unwrap();
    // Whoever opens, and however often: it stays.
    for _ in 0..2 {
        let engine = open(&home);
        let warnings = status(&engine).warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("gone for good") && warnings[0].contains("2023-11-14"));
        engine.stop();
    }
    let engine = open(&home);
    engine.call(Command::Seen {}).unwrap();
    assert!(status(&engine).warnings.is_empty());
    engine.stop();
    let engine = open(&home);
    assert!(status(&engine).warnings.is_empty());
    engine.stop();
}
