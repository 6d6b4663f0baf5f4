//! Joins and recoveries beside a membership or a home that may still stand: what comes to nothing
//! costs nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;

use std::sync::Arc;

use folkmoot_api::{
    CardView, Command, DeviceList, JoinArgs, JoinProgress, Leave, Note, OwnDevice, RecoveryView,
    RevokeArgs, StatusView,
};
use folkmoot_engine::{Outcome, Recover};
use folkmoot_seal::Card;
use hub::{Home, Hub, equal, until};

/// The device that this home writes with.
fn devices(home: &Home) -> Vec<String> {
    let list: Vec<OwnDevice> = home
        .ask(Command::DeviceList(DeviceList {
            collective: Some("commons".to_owned()),
            all: false,
        }))
        .try_into()
        .unwrap();
    let here = list.into_iter().filter(|device| device.this);
    here.map(|device| device.key).collect()
}

fn revoke(home: &Home, what: &str, invite_only: bool) {
    home.ask(Command::Revoke(RevokeArgs {
        what: what.to_owned(),
        collective: Some("commons".to_owned()),
        invite_only,
        ..RevokeArgs::default()
    }));
}

fn join(home: &Home, key: &str) -> Option<JoinProgress> {
    let key = key.to_owned();
    let peers = Vec::new();
    let reply = home.engine.call(Command::Join(JoinArgs { key, peers }));
    reply.ok().map(|reply| reply.try_into().unwrap())
}

fn progress(home: &Home, collective: &str) -> JoinProgress {
    let progress = Command::JoinStatus {
        collective: collective.to_owned(),
        seen: 99,
        wait_ms: 0,
    };
    home.ask(progress).try_into().unwrap()
}

/// Begins to join, as soon as it is known that nobody takes this device any more.
fn join_again(home: &Home, key: &str) -> String {
    let mut begun = None;
    until("a join is begun", || {
        begun = join(home, key);
        begun.is_some()
    });
    begun.unwrap().collective
}

#[test]
fn a_join_that_comes_to_nothing_leaves_the_membership_as_it_was() {
    let hub = Hub::new();
    let [ana, ben] = ["ana", "ben"].map(|name| hub.person(name));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    ben.note("before: medlar", &[]).unwrap();
    equal(&[&ana, &ben]);
    let old = devices(&ben);
    // Removed while away, Ben hears of nothing: no node takes his device.
    hub.part(&ana, &ben);
    revoke(&ana, "@ben", false);
    let (closed, good) = (ana.invite("writer"), ana.invite("writer"));
    revoke(&ana, &closed.id, true);
    hub.join(&ben, &ana);

    // A key that was closed: the join fails, and the keys of before count again.
    let cid = join_again(&ben, &closed.key.unwrap());
    until("the join fails", || progress(&ben, &cid).failed.is_some());
    assert_eq!(devices(&ben), old);
    ben.note("a member as far as he knows: quince", &[])
        .unwrap();

    // A stop in the middle of a join that reaches nobody.
    let key = good.key.unwrap();
    hub.part(&ana, &ben);
    join_again(&ben, &key);
    let folder = hub.stop(ben);
    hub.apart("ana", "ben");
    let ben = hub.start("ben", folder);
    assert_eq!(devices(&ben), old);
    ben.note("after the stop: sorbus", &[]).unwrap();

    // The good key: a fresh device takes the place of the old one.
    hub.join(&ben, &ana);
    let cid = join_again(&ben, &key);
    until("ben is in again", || progress(&ben, &cid).finished);
    let new = devices(&ben);
    assert!(new.iter().all(|id| !old.contains(id)), "{old:?} {new:?}");
    ben.note("in again: rowan", &[]).unwrap();
    equal(&[&ana, &ben]);
    assert_eq!(ana.finds("rowan"), 1);
    assert_eq!(ana.finds("medlar"), 1);
    // It stays so.
    let folder = hub.stop(ben);
    let ben = hub.start("ben", folder);
    assert_eq!(devices(&ben), new);
}

fn card(home: &Home) -> String {
    let card: CardView = home.ask(Command::Card {}).try_into().unwrap();
    card.card
}

/// The card, made when the person had a second device that was met at this address.
fn card_with(home: &Home, address: &str) -> String {
    let mut card = Card::parse(&card(home)).unwrap();
    for link in card.collectives.iter_mut().filter(|link| link.home) {
        link.addresses.push(address.as_bytes().to_vec());
    }
    let names = vec!["a name"; card.collectives.len()];
    card.to_text(&[], &names).to_string()
}

fn reborn(hub: &Hub, card: &str, keep_devices: bool) -> Home {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let recovered = folkmoot_engine::recover(&Recover {
        home: folder.path().join("home"),
        card,
        passphrase: None,
        keep_devices,
    })
    .unwrap();
    let asked = |one: &folkmoot_engine::Recovered| one.outcome == Outcome::Asking;
    assert!(recovered.iter().all(asked), "{recovered:?}");
    hub.start("reborn", folder)
}

fn recoveries(home: &Home) -> Vec<RecoveryView> {
    home.ask(Command::Recoveries {}).try_into().unwrap()
}

/// Everything that is asked for is back, in so many collectives.
fn all_back(home: &Home, count: usize) -> bool {
    let views = recoveries(home);
    views.len() == count && views.iter().all(|view| view.finished)
}

fn warnings(home: &Home) -> String {
    let status: StatusView = home.ask(Command::Status {}).try_into().unwrap();
    status.warnings.join("\n")
}

fn at_home(home: &Home, text: &str) -> bool {
    let note = Note {
        text: Some(text.to_owned()),
        ..Note::default()
    };
    home.engine.call(Command::Note(note)).is_ok()
}

/// Ben lost his machine, and his new one, which reaches nobody yet, asks to be let in again.
fn lost(hub: &Hub) -> (Home, Home) {
    let [ana, ben] = ["ana", "ben"].map(|name| hub.person(name));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    ben.note("before: medlar", &[]).unwrap();
    equal(&[&ana, &ben]);
    let card = card_with(&ben, "/nobody");
    hub.stop(ben);
    hub.apart("ana", "reborn");
    (ana, reborn(hub, &card, false))
}

/// The recovery of the commons is over, and the lost device is retired.
fn is_retired(home: &Home) -> bool {
    let mut views = recoveries(home);
    views.retain(|view| !view.home);
    views.len() == 1 && views[0].finished && views[0].retired == 1
}

fn writes(new: &Home, ana: &Home) {
    assert_eq!(new.finds("medlar"), 1);
    new.note("back: rowan", &[]).unwrap();
    equal(&[ana, new]);
    assert_eq!(ana.finds("rowan"), 1);
}

#[test]
fn a_recovery_goes_on_where_a_join_beside_it_fails() {
    let hub = Hub::new();
    let (ana, new) = lost(&hub);
    let closed = ana.invite("writer");
    revoke(&ana, &closed.id, true);
    let begun = join(&new, &closed.key.unwrap()).unwrap();
    hub.join(&new, &ana);
    until("the join fails", || {
        progress(&new, &begun.collective).failed.is_some()
    });
    until("the recovery goes on", || is_retired(&new));
    writes(&new, &ana);
}

#[test]
fn a_join_beside_a_recovery_ends_it_and_lost_devices_are_retired() {
    let hub = Hub::new();
    let (ana, new) = lost(&hub);
    let begun = join(&new, &ana.invite("writer").key.unwrap()).unwrap();
    hub.join(&new, &ana);
    until("it is in", || progress(&new, &begun.collective).finished);
    until("the recovery is over", || is_retired(&new));
    writes(&new, &ana);
}

/// Ben, his card of before he joined the commons, and Ana: the new machine reaches neither yet.
fn far_from_home(hub: &Hub) -> (Home, String, Home) {
    let [ana, ben] = ["ana", "ben"].map(|name| hub.person(name));
    let card = card_with(&ben, "/ben");
    assert!(at_home(&ben, "only at home: hawthorn"));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    ana.note("of all: herons", &[]).unwrap();
    equal(&[&ana, &ben]);
    hub.apart("ben", "reborn");
    hub.apart("ana", "reborn");
    (ben, card, ana)
}

#[test]
fn a_start_does_not_give_up_a_home_that_may_come_back() {
    let hub = Hub::new();
    let (ben, card, ana) = far_from_home(&hub);
    let new = reborn(&hub, &card, true);
    let folder = hub.stop(new);
    let new = hub.start("reborn", folder);
    assert!(!at_home(&new, "there is no home yet"));
    assert!(warnings(&new).contains("your home is not back yet"));
    assert_eq!(recoveries(&new).len(), 1);
    hub.join(&new, &ben);
    // The list that it keeps names what was joined after the card was printed.
    until("home and commons are back", || all_back(&new, 2));
    assert_eq!(new.finds("hawthorn"), 1);
    assert_eq!(new.finds("herons"), 1);
    assert!(at_home(&new, "at home again"));
    assert!(!warnings(&new).contains("your home is not back yet"));
    drop(ana);
}

#[test]
fn a_home_that_comes_late_stands_beside_the_fresh_one() {
    let hub = Hub::new();
    let (ben, card, ana) = far_from_home(&hub);
    let new = reborn(&hub, &card, true);
    new.ask(Command::FreshHome {});
    assert!(at_home(&new, "in the fresh home: rowan"));
    let folder = hub.stop(new);
    let new = hub.start("reborn", folder);
    hub.join(&new, &ben);
    until("old home and commons are back", || all_back(&new, 2));
    assert!(warnings(&new).contains("your old home came back"));
    for word in ["hawthorn", "herons", "rowan"] {
        assert_eq!(new.finds(word), 1, "{word}");
    }
    drop(ana);
}

#[test]
fn what_was_left_is_not_asked_for() {
    let hub = Hub::new();
    let (ben, card, ana) = far_from_home(&hub);
    ben.ask(Command::CollectiveLeave(Leave {
        collective: "commons".to_owned(),
        withdraw: false,
        keep_copy: false,
        dry_run: false,
    }));
    let new = reborn(&hub, &card, true);
    hub.join(&new, &ben);
    until("the home is back", || recoveries(&new)[0].finished);
    assert!(all_back(&new, 1), "{:?}", recoveries(&new));
    drop(ana);
}
