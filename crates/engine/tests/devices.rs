//! The devices of one person in their own home, and leaving, without a network.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    ApiError, CollectiveNew, Command, DeviceAdd, DeviceDrop, DeviceList, ErrorCode, Leave, Left,
    Note, OwnDevice, Reply, Saved, WhyView,
};
use folkmoot_engine::Engine;

use one::open;

fn found(engine: &Engine, name: &str) {
    let new = CollectiveNew {
        name: name.to_owned(),
        charter: None,
        like: None,
    };
    engine.call(Command::CollectiveNew(new)).unwrap();
}

fn write(
    engine: &Engine,
    place: Option<&str>,
    tag: &str,
    device: Option<&str>,
) -> Result<Saved, ApiError> {
    let note = Note {
        collective: place.map(str::to_owned),
        text: Some(format!("a note with {tag}")),
        tags: vec![tag.to_owned()],
        device: device.map(str::to_owned),
        ..Note::default()
    };
    Saved::try_from(engine.call(Command::Note(note))?)
}

fn add(engine: &Engine, name: &str, tags: &[&str]) -> Result<OwnDevice, ApiError> {
    let ask = DeviceAdd {
        name: name.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..DeviceAdd::default()
    };
    OwnDevice::try_from(engine.call(Command::DeviceAdd(ask))?)
}

fn list(engine: &Engine, all: bool) -> Vec<OwnDevice> {
    let ask = DeviceList {
        collective: None,
        all,
    };
    match engine.call(Command::DeviceList(ask)) {
        Ok(Reply::Devices(devices)) => devices,
        other => panic!("{other:?}"),
    }
}

fn why(engine: &Engine, id: &str) -> WhyView {
    engine
        .call(Command::Why { id: id.to_owned() })
        .unwrap()
        .try_into()
        .unwrap()
}

#[test]
fn a_limited_device_survives_a_restart_and_goes_on_with_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let engine = open(&home);
    let robin = add(&engine, "robin", &["garden"]).unwrap();
    assert!(robin.signs_here && !robin.this);
    let first = write(&engine, None, "garden", Some("robin")).unwrap();
    assert_eq!(
        add(&engine, "Robin", &[]).unwrap_err().code,
        ErrorCode::Usage
    );
    engine.stop();

    let engine = open(&home);
    let second = write(&engine, None, "garden", Some(&robin.key[..8])).unwrap();
    for (id, number) in [(&first.id, "number 0"), (&second.id, "number 1")] {
        let why = why(&engine, id);
        assert!(
            why.steps.iter().any(|step| step.text.contains(number)),
            "{why:?}"
        );
    }
    let refused = write(&engine, None, "house", Some("robin")).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Denied);
    assert!(refused.message.contains("#house"), "{refused:?}");
    // This home's own device is not bound by that.
    write(&engine, None, "house", None).unwrap();
    engine.stop();
}

#[test]
fn sixteen_limited_devices_are_allowed_and_a_dropped_one_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    for n in 0..16 {
        add(&engine, &format!("agent {n}"), &["a"]).unwrap();
    }
    let refused = add(&engine, "one more", &["a"]).unwrap_err();
    assert!(refused.message.contains("16"), "{refused:?}");
    let drop = DeviceDrop {
        id: "agent 3".to_owned(),
        collective: None,
    };
    let gone = engine.call(Command::DeviceDrop(drop.clone())).unwrap();
    assert_eq!(OwnDevice::try_from(gone).unwrap().standing, "dropped");
    assert_eq!(
        engine.call(Command::DeviceDrop(drop)).unwrap_err().code,
        ErrorCode::NotFound
    );
    assert_eq!(
        (list(&engine, false).len(), list(&engine, true).len()),
        (16, 17)
    );
    add(&engine, "agent 3", &["b"]).unwrap();
    assert_eq!(why(&engine, "agent 3").standing, "live");
    let this = list(&engine, false)
        .into_iter()
        .find(|one| one.this)
        .unwrap();
    let drop = DeviceDrop {
        id: this.key,
        collective: None,
    };
    assert_eq!(
        engine.call(Command::DeviceDrop(drop)).unwrap_err().code,
        ErrorCode::Usage
    );
    engine.stop();
}

#[test]
fn leaving_says_first_what_it_would_do_and_withdraws_only_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    found(&engine, "commons");
    let note = write(&engine, Some("commons"), "garden", None).unwrap();
    let leave = |withdraw, dry_run| {
        let ask = Leave {
            collective: "commons".to_owned(),
            withdraw,
            keep_copy: withdraw,
            dry_run,
        };
        Left::try_from(engine.call(Command::CollectiveLeave(ask)).unwrap()).unwrap()
    };
    let would = leave(true, true);
    assert!(!would.done && would.last_of_rank);
    assert_eq!((would.records, would.others), (1, 0));
    assert_eq!(why(&engine, &note.id).standing, "admitted");
    let left = leave(true, false);
    assert!(left.done);
    assert_eq!(left.copied, 1);
    let withdrawn = why(&engine, &note.id);
    assert_eq!(withdrawn.standing, "withdrawn");
    assert_eq!(why(&engine, "commons").standing, "left");
    engine.stop();
    // It stays so.
    let engine = open(&folder.path().join("home"));
    assert_eq!(why(&engine, &note.id), withdrawn);
    engine.stop();
}
