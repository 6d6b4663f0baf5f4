//! The 24 words and the records on the disk bring a home back whose keys are lost.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;

use std::{fs, path::PathBuf};

use folkmoot_api::{CollectiveNew, Command, Find, Note, Reply};
use folkmoot_engine::{Engine, OpenError, Options, Outcome, Recover, Recovered};

use one::open;

fn recover(home: PathBuf, card: &str) -> Result<Vec<Recovered>, OpenError> {
    folkmoot_engine::recover(&Recover {
        home,
        card,
        passphrase: None,
        keep_devices: false,
    })
}

fn note(engine: &Engine, text: &str, collective: Option<&str>) {
    let note = Note {
        text: Some(text.to_owned()),
        collective: collective.map(str::to_owned),
        ..Note::default()
    };
    let saved = engine.call(Command::Note(note));
    assert!(matches!(saved, Ok(Reply::Saved(_))), "{saved:?}");
}

fn count(engine: &Engine, query: &str) -> u64 {
    let find = Find {
        query: query.to_owned(),
        ..Find::default()
    };
    match engine.call(Command::Find(find)) {
        Ok(Reply::Found(found)) => found.total,
        other => panic!("{other:?}"),
    }
}

#[test]
fn lost_keys_are_made_anew_from_the_words() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    note(&engine, "before the loss", None);
    let founded = engine.call(Command::CollectiveNew(CollectiveNew {
        name: "garden".to_owned(),
        ..CollectiveNew::default()
    }));
    assert!(founded.is_ok(), "{founded:?}");
    note(&engine, "in the garden", Some("garden"));
    let Ok(Reply::Phrase(words)) = engine.call(Command::Phrase {}) else {
        panic!("no phrase")
    };
    engine.stop();

    // Keys that are there are never overwritten.
    let refused = recover(home.clone(), &words);
    assert!(
        matches!(refused, Err(OpenError::Failed { .. })),
        "{refused:?}"
    );

    fs::remove_dir_all(home.join("keys")).unwrap();
    let mut wrong: Vec<&str> = words.split_whitespace().collect();
    wrong.swap(0, 1);
    if wrong[0] != wrong[1] {
        assert!(recover(home.clone(), &wrong[..23].join(" ")).is_err());
    }
    let recovered = recover(home.clone(), &words).unwrap();
    assert_eq!(recovered.len(), 2);
    assert!(
        recovered.iter().all(|one| one.outcome == Outcome::Whole),
        "{recovered:?}"
    );

    let engine = open(&home);
    assert_eq!(count(&engine, "before"), 1);
    note(&engine, "after the loss", None);
    note(&engine, "again in the garden", Some("garden"));
    assert_eq!(count(&engine, "author:me loss"), 2);
    assert_eq!(count(&engine, "in:garden garden"), 2);
    let again = engine.call(Command::Phrase {});
    assert!(matches!(again, Ok(Reply::Phrase(same)) if same == words));
    engine.stop();
}

#[test]
fn the_words_of_another_person_open_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (folder.path().join("mine"), folder.path().join("other"));
    open(&mine).stop();
    let engine = open(&other);
    let Ok(Reply::Phrase(words)) = engine.call(Command::Phrase {}) else {
        panic!("no phrase")
    };
    engine.stop();
    fs::remove_dir_all(mine.join("keys")).unwrap();
    let refused = recover(mine, &words).unwrap_err().to_string();
    assert!(refused.contains("sealed for another person"), "{refused}");
}

/// A recovery that was killed behind the node key has no master yet: a start draws none beside records that
/// are sealed, and the right words still open them.
#[test]
fn no_new_person_is_begun_beside_records_while_a_recovery_is_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    note(&engine, "before the loss", None);
    let Ok(Reply::Phrase(words)) = engine.call(Command::Phrase {}) else {
        panic!("no phrase")
    };
    engine.stop();
    for entry in fs::read_dir(home.join("keys")).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("node.key") && !path.ends_with("transport") {
            fs::remove_file(path).unwrap();
        }
    }
    let options = Options {
        home: home.clone(),
        passphrase: None,
        version: "test",
        serving: true,
        helps: true,
    };
    let refused = Engine::open(&options, &mut |_| {}).unwrap_err().to_string();
    assert!(refused.contains("their keys are gone"), "{refused}");
    assert!(!home.join("keys/master").exists());
    recover(home.clone(), &words).unwrap();
    let engine = open(&home);
    assert_eq!(count(&engine, "before"), 1);
    engine.stop();
}

#[test]
fn keys_that_were_half_made_when_it_broke_off_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    note(&engine, "before the loss", None);
    let Ok(Reply::Phrase(words)) = engine.call(Command::Phrase {}) else {
        panic!("no phrase")
    };
    engine.stop();
    // The node key is written before the master.
    for entry in fs::read_dir(home.join("keys")).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("node.key") && !path.ends_with("transport") {
            fs::remove_file(path).unwrap();
        }
    }
    let recovered = recover(home.clone(), &words).unwrap();
    assert_eq!(recovered[0].outcome, Outcome::Whole);
    let engine = open(&home);
    let again = engine.call(Command::Phrase {});
    assert!(matches!(again, Ok(Reply::Phrase(same)) if same == words));
    engine.stop();
}
