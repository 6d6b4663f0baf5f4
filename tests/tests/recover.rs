//! A person whose machine is gone comes back from the card's text alone: by members' doors, in the
//! old seats, with everything, and the lost devices cannot write on.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use folkmoot_tests::{
    home::{Home, Said, text, until},
    meet::{EQUAL, equal, invite, join, pair, refused, talk},
};

/// The options with which a recovery listens on the loopback address alone.
const QUIET: [&str; 2] = ["--listen", "/ip4/127.0.0.1/tcp/0"];

/// The card of a home, as text.
fn card(home: &Home) -> String {
    text(&home.ok(&["id", "--card"])["card"])
}

/// Recovers on an empty machine from this text.
fn recover(home: &Home, card: &str, more: &[&str]) -> Said {
    let mut args = vec!["recover", "-"];
    args.extend(QUIET);
    args.extend(more);
    home.feed(&args, card)
}

/// What a recovery says of a collective.
fn outcome(said: &Said, name: &str) -> serde_json::Value {
    let lines = said.json();
    let of = |line: &&serde_json::Value| line["name"] == name;
    lines
        .iter()
        .find(of)
        .unwrap_or_else(|| panic!("{name} is not told: {}\n{}", said.out, said.err))
        .clone()
}

/// Devices of the member called so, as another member sees them.
fn devices(home: &Home, collective: &str, name: &str) -> Vec<String> {
    home.all(&["collective", "members", collective])
        .iter()
        .filter(|member| member["name"] == name)
        .flat_map(|member| member["devices"].as_array().unwrap().clone())
        .map(|device| text(&device["key"]))
        .collect()
}

/// Another home of the same person, and the old one, stopped, as a thief has it.
fn lose(mut old: Home, name: &'static str) -> (Home, Home) {
    old.kill();
    (Home::new(name), old)
}

#[test]
fn everything_comes_back_from_the_text_of_the_card() {
    let (a, b) = pair(["host", "loser"], "commons");
    b.ok(&["id", "--name", "Ben"]);
    b.note("home", "only at home: medlar");
    b.note("commons", "from ben before the loss: quincetree");
    talk(&a, &b, "commons", "herons");
    until(EQUAL, "the note of ben arrives", || {
        a.count("quincetree") == 1
    });
    equal(&[&a, &b], "commons");
    until(EQUAL, "ben is known by name", || {
        devices(&a, "commons", "Ben").len() == 1
    });
    let lost = devices(&a, "commons", "Ben");
    let card = card(&b);
    let (mut new, mut thief) = lose(b, "again");

    let said = recover(&new, &card, &["--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    let back = outcome(&said, "commons");
    assert_eq!(back["outcome"], "back", "{back}");
    assert_eq!(back["retired"], 1, "{back}");
    assert_eq!(outcome(&said, "home")["outcome"], "fresh");
    assert_eq!(new.count("quincetree"), 1);
    assert_eq!(new.count("herons"), 1);
    assert_eq!(new.count("author:me quincetree"), 1);
    assert_eq!(
        new.ok(&["id"])["name"],
        "Ben",
        "the name that was shown before"
    );
    assert_eq!(
        new.count("medlar"),
        0,
        "the home was on the lost disk alone"
    );
    // The home works, and its list names the collective again: the next card is complete.
    new.note("home", "a fresh home: rowan");
    let next = text(&new.ok(&["id", "--card"])["card"]);
    assert!(next.contains("collective: # commons"), "{next}");

    // The new device writes and the friend finds it.
    new.up();
    new.note("commons", "from ben after the loss: whitebeam");
    until(EQUAL, "the note of the new device arrives", || {
        a.count("whitebeam") == 1
    });
    equal(&[&a, &new], "commons");
    let now = devices(&a, "commons", "Ben");
    assert_eq!(now.len(), 1, "{now:?}");
    assert_ne!(now, lost, "the lost device is retired");
    assert_eq!(a.count("quincetree"), 1, "what it wrote before stays");

    // The thief's node writes on, and nobody takes it: not even a member that it can reach.
    thief.up();
    thief.note("commons", "from the thief: buckthorn");
    let address = a.addresses().remove(0);
    let said = thief.run(&["peers", "add", &address]);
    assert_eq!(said.code, 0, "{}", said.err);
    talk(&a, &new, "commons", "later");
    equal(&[&a, &new], "commons");
    assert_eq!(a.count("buckthorn"), 0);
    assert_eq!(new.count("buckthorn"), 0);
}

#[test]
fn a_founder_comes_back_by_a_members_door() {
    let (a, b) = pair(["founder", "member"], "orchard");
    a.note("orchard", "the founder wrote: greengage");
    until(EQUAL, "it arrives", || b.count("greengage") == 1);
    equal(&[&a, &b], "orchard");
    // The founder never dialled anybody: the member's address is given by hand.
    let card = card(&a);
    let address = b.addresses().remove(0);
    let (mut new, _old) = lose(a, "founder-again");
    let said = recover(&new, &card, &["--peer", &address, "--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert_eq!(outcome(&said, "orchard")["outcome"], "back");
    new.up();
    let shown = new.ok(&["collective", "show", "orchard"]);
    assert_eq!(shown["summary"]["role"], "steward", "{shown}");
    // A steward again: somebody joins by an invite of the new device.
    let mut c = Home::new("newcomer");
    c.up();
    join(&c, &invite(&new, "orchard"));
    equal(&[&b, &new, &c], "orchard");
    assert_eq!(c.count("greengage"), 1);
}

#[test]
fn nobody_answers_at_first_and_the_node_goes_on_trying() {
    let (mut a, b) = pair(["sleeper", "early"], "meadow");
    b.note("meadow", "written by both: sorrel");
    until(EQUAL, "it arrives", || a.count("sorrel") == 1);
    let card = card(&b);
    let ports = a.addresses();
    assert_eq!(a.stop(), 0);
    let (mut new, _old) = lose(b, "early-again");
    let said = recover(&new, &card, &["--wait", "3"]);
    refused(&said, 1, &["1 collective did not come back yet", "moot up"]);
    assert!(said.out.contains("not back yet: "), "{}", said.out);
    assert!(said.out.contains("nobody could be reached"), "{}", said.out);
    assert_eq!(new.count("sorrel"), 0);
    assert_eq!(
        new.ok(&["collective", "list"])["name"],
        "home",
        "a home is there all the same"
    );
    // Once more, with the words alone: it goes on with what it knows.
    let said = new.feed(
        &["recover", "-", "--wait", "1", QUIET[0], QUIET[1]],
        &text(&new.ok(&["id", "--phrase"])["phrase"]),
    );
    refused(&said, 1, &["did not come back yet"]);
    // The friend comes back to the same address, and the running node finds it.
    let port = ports[0].split('/').nth(4).unwrap();
    let listen = format!("/ip4/127.0.0.1/tcp/{port}");
    a.up_on(&listen);
    new.up();
    until(EQUAL, "the collective comes back", || {
        new.count("sorrel") == 1
    });
    new.note("meadow", "back at last: yarrow");
    until(EQUAL, "it is accepted", || a.count("yarrow") == 1);
}

#[test]
fn a_node_set_not_to_help_answers_nobody() {
    let mut a = Home::new("reserved");
    let said = a.run(&["config", "set", "recovery", "off"]);
    assert_eq!(said.code, 0, "{}", said.err);
    a.up();
    a.ok(&["collective", "new", "heath"]);
    let mut b = Home::new("asker");
    b.up();
    join(&b, &invite(&a, "heath"));
    equal(&[&a, &b], "heath");
    let card = card(&b);
    let (new, _old) = lose(b, "asker-again");
    let said = recover(&new, &card, &["--wait", "60"]);
    refused(&said, 1, &["did not come back yet"]);
    assert!(said.out.contains("set not to help"), "{}", said.out);
}

#[test]
fn a_bad_card_costs_a_sentence_and_nothing_else() {
    let home = Home::new("careful");
    let mut b = Home::new("whole");
    b.ok(&["collective", "new", "dell"]);
    let card = card(&b);
    let words = text(&b.ok(&["id", "--phrase"])["phrase"]);
    let wrong = words.replacen(words.split(' ').next().unwrap(), "zebra", 1);
    let at = card.rfind("folkmoot:c1:").unwrap() + 30;
    let letter = if &card[at..=at] == "a" { "b" } else { "a" };
    let mistyped = format!("{}{letter}{}", &card[..at], &card[at + 1..]);
    let cases: [(&str, &[&str]); 6] = [
        ("", &["24 words; this one has 0"]),
        ("my dog has no nose", &["24 words; this one has 5"]),
        (&wrong, &["next: type the 24 words in their order"]),
        (
            &card.replace("end:", ""),
            &["cut short", "next: copy it whole"],
        ),
        (
            &mistyped,
            &["collective 2", "cannot be read", "letter by letter"],
        ),
        (
            &words,
            &[
                "they alone name no collective",
                "next: give the recovery card",
            ],
        ),
    ];
    for (text, sentences) in cases {
        refused(&recover(&home, text, &[]), 1, sentences);
    }
    // Nothing was made: the right card still works, alone, with nobody to ask.
    let said = recover(&home, &card, &["--json", "--wait", "1"]);
    assert_eq!(outcome(&said, "home")["outcome"], "fresh");
    // Other words never touch what is there, and the same ones have nothing left to do.
    let mut c = Home::new("other");
    let other = text(&c.ok(&["id", "--card"])["card"]);
    refused(&recover(&home, &other, &[]), 1, &["there are keys"]);
    b.up();
    c.up();
    refused(&recover(&b, &card, &[]), 2, &["it is not lost"]);
}

#[test]
fn a_card_is_a_private_file_and_words_are_confirmed_once() {
    let home = Home::new("paper");
    home.note("home", "first");
    let before = home.run(&["status"]);
    assert!(before.out.contains("never confirmed"), "{}", before.out);
    let path = home.folder().with_file_name("card.txt");
    let file = path.to_str().unwrap();
    let said = home.run(&["id", "--card", "-o", file]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = home.run(&["id", "--card", "-o", file]);
    assert_ne!(again.code, 0, "a card is never written over another file");
    let shown = home.run(&["id", "--card", "--qr"]);
    assert!(shown.out.contains("folkmoot recovery card 1") && shown.out.contains('█'));

    let words = text(&home.ok(&["id", "--phrase"])["phrase"]);
    let wrong: Vec<&str> = words.split(' ').rev().collect();
    refused(
        &home.feed(&["id", "--confirm"], &wrong.join(" ")),
        2,
        &["is another one"],
    );
    refused(
        &home.feed(&["id", "--confirm"], "abandon"),
        2,
        &["24 words"],
    );
    assert_eq!(home.ok(&["status"])["words_confirmed"], false);
    let said = home.feed(&["id", "--confirm"], &words);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(home.ok(&["status"])["words_confirmed"], true);
    assert!(!home.run(&["status"]).out.contains("never confirmed"));
}

/// The words with the old disk: the records are there, the keys are gone.
#[test]
fn the_old_disk_and_the_words_bring_back_what_members_hold_too() {
    let (a, mut b) = pair(["friend", "keyless"], "glade");
    b.note("home", "kept on the disk: hawthorn");
    b.note("glade", "seen by both: elder");
    until(EQUAL, "it arrives", || a.count("elder") == 1);
    equal(&[&a, &b], "glade");
    let words = text(&b.ok(&["id", "--phrase"])["phrase"]);
    b.kill();
    // Written while nobody could be reached: only this disk has it.
    b.note("glade", "only on the disk: spindle");
    fs::remove_dir_all(b.folder().join("keys")).unwrap();
    let said = recover(&b, &words, &["--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert_eq!(outcome(&said, "home")["outcome"], "whole");
    assert_eq!(outcome(&said, "glade")["outcome"], "back");
    assert_eq!(b.count("hawthorn"), 1);
    assert_eq!(b.count("spindle"), 1);
    until(EQUAL, "what only the disk held arrives", || {
        a.count("spindle") == 1
    });
    b.up();
    b.note("glade", "by the new device: dogwood");
    until(EQUAL, "it is accepted", || a.count("dogwood") == 1);
}

/// Killed in the middle, a recovery goes on where it was.
#[test]
fn a_recovery_that_is_killed_goes_on() {
    let (a, b) = pair(["steady", "broken"], "marsh");
    for n in 0..40 {
        a.note("marsh", &format!("reed {n}"));
    }
    equal(&[&a, &b], "marsh");
    let card = card(&b);
    let file: PathBuf = b.folder().with_file_name("card.txt");
    fs::write(&file, &card).unwrap();
    let (mut new, _old) = lose(b, "broken-again");
    for pause in [50, 150, 400, 800] {
        let mut child = begin(&new, &file);
        std::thread::sleep(Duration::from_millis(pause));
        drop(child.kill());
        child.wait().unwrap();
    }
    new.up();
    until(EQUAL, "everything comes back", || new.count("reed") == 40);
    equal(&[&a, &new], "marsh");
    new.note("marsh", "back: bulrush");
    until(EQUAL, "it is accepted", || a.count("bulrush") == 1);
}

fn begin(home: &Home, card: &Path) -> Child {
    home.command(&["recover", card.to_str().unwrap(), QUIET[0], QUIET[1]])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
