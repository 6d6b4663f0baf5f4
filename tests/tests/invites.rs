//! Invite keys that do not work: each is refused with a sentence and the right code, and neither
//! side is worse off for it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{thread, time::Duration};

use folkmoot_tests::{
    home::{Home, text, until},
    meet::{equal, invite, invite_as, join, pair, refused, talk},
};

/// The home is where it was: no collective of that name, its node and its notes live.
fn unharmed(home: &mut Home, kept: &str) {
    alive_with(home, kept);
    let listed = home.all(&["collective", "list"]);
    assert_eq!(listed.len(), 1, "{listed:?}");
}

/// The home lives and holds what it held.
fn alive_with(home: &mut Home, kept: &str) {
    assert!(home.alive());
    assert_eq!(home.count(kept), 1);
}

/// Another character of the alphabet of keys.
fn other(c: char) -> char {
    if c == 'q' { 'p' } else { 'q' }
}

#[test]
fn keys_that_are_none_are_refused_before_anyone_is_asked() {
    let mut ana = Home::new("ana");
    let mut cy = Home::new("cy");
    ana.up();
    ana.ok(&["collective", "new", "commons"]);
    let key = invite(&ana, "commons");
    cy.up();
    cy.ok(&["note", "kept by cy: quincetree"]);

    // One character changed, anywhere in the key.
    let start = key.rfind(':').unwrap() + 1;
    let length = key.len() - start;
    for at in [0, 1, length / 3, length / 2, length - 2, length - 1] {
        let at = start + at;
        let wrong: String = key
            .chars()
            .enumerate()
            .map(|(n, c)| if n == at { other(c) } else { c })
            .collect();
        assert_ne!(wrong, key);
        refused(&cy.run(&["join", &wrong]), 2, &["invite key", "next:"]);
    }
    // Cut at either end, doubled, in pieces, and things that are something else.
    let (half, _) = key.split_at(key.len() / 2);
    let doubled = format!("{key}{key}");
    let turned = key.replace("folkmoot:1:", "folkmoot:9:");
    let bad = [
        &key[..key.len() - 1],
        &key[..key.len() - 9],
        half,
        &key[1..],
        &doubled,
        &turned,
        "folkmoot:1:",
        "folkmoot:",
        "https://example.org/join?key=1",
        "nonsense",
        "\u{202e}folkmoot:1:\u{0}",
    ];
    for bad in bad.iter().filter(|bad| !bad.contains('\0')) {
        refused(&cy.run(&["join", bad]), 2, &["invite key", "next:"]);
    }
    for empty in ["", "   ", "\n"] {
        refused(&cy.run(&["join", empty]), 2, &["empty"]);
    }
    // By standard input: empty, endless, and bytes that are no text.
    refused(&cy.feed(&["join", "-"], ""), 2, &["empty"]);
    refused(
        &cy.feed(&["join", "-"], &"a".repeat(5 << 20)),
        2,
        &["invite key"],
    );
    unharmed(&mut cy, "quincetree");

    // Nothing of this used the key up.
    join(&cy, &key);
    equal(&[&ana, &cy], "commons");
    talk(&ana, &cy, "commons", "afterwards");
}

#[test]
fn keys_that_are_spent_or_too_late_say_so() {
    let (ana, ben) = pair(["ana", "ben"], "commons");
    let mut cy = Home::new("cy");
    cy.up();
    cy.ok(&["note", "kept by cy: quincetree"]);

    // Used up by somebody else.
    let once = invite(&ana, "commons");
    let mut dan = Home::new("dan");
    dan.up();
    join(&dan, &once);
    refused(
        &cy.run(&["join", &once]),
        1,
        &["all uses of this invitation are taken", "next:"],
    );
    unharmed(&mut cy, "quincetree");

    // The same key by the same person: nothing happens to the membership.
    refused(&dan.run(&["join", &once]), 2, &["already a member"]);
    dan.note("commons", "dan is still in: plumtree");
    until(Duration::from_secs(60), "dan's note arrives", || {
        ana.count("plumtree") == 1
    });

    // Expired: open for a moment, tried when that is over. Until then the clock alone counts.
    let short = invite_as(&ana, "commons", &["--expires", "1s"]);
    thread::sleep(Duration::from_millis(1_500));
    refused(
        &cy.run(&["join", &short]),
        1,
        &["this invitation has expired", "next:"],
    );
    unharmed(&mut cy, "quincetree");

    // A good one still works, also after all these.
    join(&cy, &invite(&ana, "commons"));
    equal(&[&ana, &ben, &cy, &dan], "commons");
    talk(&cy, &ben, "commons", "together");
}

#[test]
fn a_key_that_nobody_here_knows_and_a_member_that_is_away_say_so() {
    let (ana, mut ben) = pair(["ana", "ben"], "commons");
    // Another person's collective of the same name; their node is away.
    let mut eve = Home::new("eve");
    eve.up();
    eve.ok(&["collective", "new", "commons"]);
    let foreign = invite(&eve, "commons");
    assert_eq!(eve.stop(), 0);
    let mut cy = Home::new("cy");
    cy.up();
    cy.ok(&["note", "kept by cy: quincetree"]);

    // Nobody reached. The node goes on trying, which the list shows.
    let soon = cy.run(&["join", &foreign, "--wait", "0"]);
    refused(&soon, 1, &["still looking for a member", "moot up"]);
    let away = cy.run(&["join", &foreign, "--wait", "60"]);
    refused(
        &away,
        1,
        &["looking for a member", "nobody could be reached", "next:"],
    );
    alive_with(&mut cy, "quincetree");
    assert_eq!(cy.all(&["collective", "list"])[1]["state"], "joining");

    // Somebody reached who does not know the collective.
    let address = ana.addresses().first().cloned().unwrap();
    let lost = cy.run(&["join", &foreign, "--peer", &address, "--wait", "60"]);
    refused(&lost, 1, &["does not know this invitation", "next:"]);
    alive_with(&mut cy, "quincetree");

    // Without a node there is nobody to join with, and it is said before anything else.
    assert_eq!(cy.stop(), 0);
    refused(
        &cy.run(&["join", &foreign]),
        5,
        &["needs a running node", "moot up"],
    );
    // Of a join that led nowhere nothing is left.
    cy.up();
    unharmed(&mut cy, "quincetree");

    // A member that was asked in vain is not lost as a member: an honest key to the same
    // address works, and so does Eve's once she is back.
    join(&cy, &invite(&ana, "commons"));
    equal(&[&ana, &cy], "commons");
    talk(&ben, &cy, "commons", "honest");
    eve.up();
    let address = eve.addresses().first().cloned().unwrap();
    let said = cy.run(&["join", &foreign, "--peer", &address, "--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert_eq!(cy.all(&["collective", "list"]).len(), 3);
    assert!(ben.alive());
    let names = cy.all(&["collective", "list"]);
    assert!(
        names
            .iter()
            .filter(|one| text(&one["name"]).starts_with("commons ("))
            .count()
            == 2,
        "{names:?}"
    );
}
