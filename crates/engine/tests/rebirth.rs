//! Coming back among several members: what a stale or hostile node serves first must cost nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;

use std::{fs, sync::Arc};

use folkmoot_api::{CardView, Command, DeviceList, ErrorCode, OwnDevice, RecoveryView, StatusView};
use folkmoot_engine::{Outcome, Recover};
use hub::{Home, Hub, equal, until};

fn card(home: &Home) -> String {
    let card: CardView = home.ask(Command::Card {}).try_into().unwrap();
    card.card
}

/// The same person on an empty machine, under another name on the network.
fn reborn(hub: &Hub, name: &str, card: &str) -> Home {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let recovered = folkmoot_engine::recover(&Recover {
        home: folder.path().join("home"),
        card,
        passphrase: None,
        keep_devices: false,
    })
    .unwrap();
    assert!(
        recovered.iter().any(|one| one.outcome == Outcome::Asking),
        "{recovered:?}"
    );
    hub.start(name, folder)
}

fn recoveries(home: &Home) -> Vec<RecoveryView> {
    home.ask(Command::Recoveries {}).try_into().unwrap()
}

/// How the collective of several people stands.
fn of_commons(home: &Home) -> RecoveryView {
    let mut views = recoveries(home);
    views.retain(|view| !view.home);
    views.remove(0)
}

fn is_back(home: &Home) -> bool {
    of_commons(home).finished
}

fn devices(home: &Home) -> usize {
    let list: Vec<OwnDevice> = home
        .ask(Command::DeviceList(DeviceList {
            collective: Some("commons".to_owned()),
            all: false,
        }))
        .try_into()
        .unwrap();
    list.len()
}

fn warnings(home: &Home) -> String {
    let status: StatusView = home.ask(Command::Status {}).try_into().unwrap();
    status.warnings.join("\n")
}

/// Ana founded, Ben and Cy joined; what Ben wrote last only Ana has, and Ben's machine is gone.
/// Gives Ana, Cy and Ben's card.
fn lost(hub: &Hub) -> (Home, Home, String) {
    let [ana, ben, cy] = ["ana", "ben", "cy"].map(|name| hub.person(name));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    cy.join(&ana.invite("writer").key.unwrap());
    hub.join(&ben, &cy);
    ben.note("all have this: early", &[]).unwrap();
    equal(&[&ana, &ben, &cy]);
    until("cy is known to ben by its address", || {
        let card: CardView = ben.ask(Command::Card {}).try_into().unwrap();
        card.collectives.iter().any(|one| {
            let has = |name: &str| one.addresses.iter().any(|at| at == name);
            has("/ana") && has("/cy")
        })
    });
    hub.part(&cy, &ana);
    hub.part(&cy, &ben);
    ben.note("ana alone has this: latework", &[]).unwrap();
    equal(&[&ana, &ben]);
    let card = card(&ben);
    // Cy's node may still name his address: a machine that ran would give the new one all.
    hub.stop(ben);
    // The new machine reaches the stale node alone at first.
    hub.apart("ana", "reborn");
    (ana, cy, card)
}

#[test]
fn a_stale_node_alone_retires_nothing() {
    let hub = Hub::new();
    let (ana, cy, card) = lost(&hub);
    let new = reborn(&hub, "reborn", &card);
    until("it is back from the stale node", || is_back(&new));
    assert_eq!(new.finds("latework"), 0);
    assert_eq!(devices(&new), 2, "the old one counts still");
    let told = of_commons(&new).retiring.unwrap();
    assert_eq!((told.devices, told.missing), (1, 1), "{told:?}");
    let said = warnings(&new);
    for words in ["still counts as yours", "one more", "--retire-now"] {
        let words = words.replace("one more", "1 more");
        assert!(said.contains(&words), "{said}");
    }
    hub.join(&new, &ana);
    until("the old device is retired", || devices(&new) == 1);
    assert_eq!(new.finds("latework"), 1);
    hub.join(&new, &cy);
    hub.join(&ana, &cy);
    equal(&[&ana, &new, &cy]);
    assert_eq!(cy.finds("latework"), 1, "nothing of it was cut away");
    assert!(!warnings(&new).contains("counts as yours"));
    assert!(of_commons(&new).retiring.is_none());
}

#[test]
fn what_waits_survives_a_stop_and_the_person_may_say_now() {
    let hub = Hub::new();
    let (ana, cy, card) = lost(&hub);
    let new = reborn(&hub, "reborn", &card);
    until("it is back from the stale node", || is_back(&new));
    let folder = hub.stop(new);
    let new = hub.start("reborn", folder);
    assert!(warnings(&new).contains("still counts as yours"));
    assert_eq!(devices(&new), 2);
    let views: Vec<RecoveryView> = new
        .ask(Command::RetireNow { collective: None })
        .try_into()
        .unwrap();
    assert!(
        views.iter().all(|view| view.retiring.is_none()),
        "{views:?}"
    );
    assert_eq!(devices(&new), 1);
    let again = new.refused(Command::RetireNow { collective: None });
    assert_eq!(again.code, ErrorCode::Usage);
    // What comes after that does not count, and the person is told so.
    hub.join(&new, &ana);
    equal(&[&ana, &new]);
    let said = warnings(&new);
    assert!(said.contains("came in after it was retired"), "{said}");
    assert_eq!(new.finds("latework"), 0);
    assert_eq!(new.finds("early"), 1);
    drop(cy);
}

#[test]
fn keys_that_cannot_be_written_leave_memory_as_the_disk_is() {
    let hub = Hub::new();
    let (ana, cy, card) = lost(&hub);
    let new = reborn(&hub, "reborn", &card);
    until("it is back from the stale node", || is_back(&new));
    // A folder in the way of the file that is written before it takes the old one's place.
    let cid = of_commons(&new).collective;
    let keys = new.folder().join("keys");
    let way = keys.join(format!("{cid}.collective.new"));
    fs::create_dir(&way).unwrap();
    new.ask(Command::RetireNow { collective: None });
    assert_eq!(devices(&new), 1);
    assert!(warnings(&new).contains("could not be written"));
    let print = new.view().fingerprint;
    fs::remove_dir(&way).unwrap();
    let folder = hub.stop(new);
    let new = hub.start("reborn", folder);
    assert_eq!(new.view().fingerprint, print);
    new.note("under the keys that the bundle gave: afterwards", &[])
        .unwrap();
    hub.join(&new, &ana);
    equal(&[&ana, &new]);
    assert_eq!(ana.finds("afterwards"), 1);
    drop(cy);
}
