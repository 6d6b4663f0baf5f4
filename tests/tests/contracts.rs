//! Rights with real nodes: handed on within limits, ended with what came from them; a removed
//! member who goes on writing, also with an old clock, and whose honest late work is brought back.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#[path = "member/forge.rs"]
mod forge;
#[allow(dead_code, reason = "only the keys of a home are read here")]
#[path = "member/traitor.rs"]
mod traitor;

use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite, invite_as, join, pair, refused, talk},
};
use serde_json::Value as Json;

fn knows(home: &Home, peer: &Home) {
    for address in peer.addresses() {
        let said = home.run(&["peers", "add", &address]);
        assert_eq!(said.code, 0, "{}", said.err);
    }
}

fn named(name: &'static str) -> Home {
    let mut home = Home::new(name);
    home.up();
    home.ok(&["id", "--name", name]);
    home
}

fn seat(home: &Home) -> String {
    text(&home.ok(&["collective", "show", "commons"])["seat"])[..8].to_owned()
}

fn contracts(home: &Home, more: &[&str]) -> Vec<Json> {
    home.all(&[&["contracts", "--in", "commons"], more].concat())
}

#[test]
fn rights_are_handed_on_within_limits_and_end_with_what_came_from_them() {
    let (ana, ben) = (named("ana"), named("ben"));
    ana.ok(&["collective", "new", "commons"]);
    join(&ben, &invite(&ana, "commons"));
    let cy = named("cy");
    join(&cy, &invite_as(&ana, "commons", &["--role", "reader"]));
    knows(&cy, &ben);
    equal(&[&ana, &ben, &cy], "commons");
    let at = seat(&cy);
    refused(
        &ben.run(&["grant", &at, "--role", "writer"]),
        4,
        &["commons", "next:"],
    );

    // Ana gives Ben the garden for a time; he gives Cy the beans in it, and can give no more.
    let limits = ["--tag", "garden", "--kind", "note", "--until", "48h"];
    let right = ana.ok(&[&["grant", "@ben", "--role", "moderator"], &limits[..]].concat());
    assert_eq!(right["limits"]["tags"][0], "garden");
    equal(&[&ana, &ben, &cy], "commons");
    let give = |limits: &[&str]| ben.run(&[&["grant", &at, "--role", "writer"], limits].concat());
    for (limits, says) in [
        (&["--until", "24h"] as &[&str], "--tag garden"),
        (&["--tag", "tools", "--until", "24h"], "--tag garden"),
        (&["--tag", "garden", "--until", "24h"], "--kind note"),
        (&["--tag", "garden", "--kind", "note"], "--until"),
        (
            &["--tag", "garden", "--kind", "note", "--until", "90d"],
            "--until",
        ),
    ] {
        refused(&give(limits), 4, &["more than you have", says]);
    }
    let fits = ["--tag", "garden", "--kind", "note", "--until", "24h"];
    refused(
        &ben.run(&[&["grant", &at, "--role", "moderator"], &fits[..]].concat()),
        4,
        &["you may not make somebody moderator", "writer"],
    );
    let beans = ["--tag", "garden/beans", "--kind", "note", "--until", "24h"];
    let below = ben.ok(&[&["grant", &at, "--role", "writer"], &beans[..]].concat());
    assert_eq!(below["under"], right["id"]);
    equal(&[&ana, &ben, &cy], "commons");

    // Cy writes about beans, and about nothing else; both nodes hold it to that.
    cy.ok(&[
        "note",
        "runnerbeans",
        "-t",
        "garden/beans",
        "--in",
        "commons",
    ]);
    for tags in [&["-t", "garden"] as &[&str], &["-t", "tools"], &[]] {
        let said = cy.run(&[&["note", "elsewhere", "--in", "commons"], tags].concat());
        refused(&said, 4, &["commons", "next:"]);
    }
    until(EQUAL, "ana reads of beans", || {
        ana.count("runnerbeans") == 1
    });
    let held = contracts(&cy, &["--held"]);
    assert_eq!(held.len(), 2, "{held:?}");
    let sentence = text(&held.iter().find(|one| one["id"] == below["id"]).unwrap()["sentence"]);
    for part in [
        "You may write",
        "#garden/beans",
        "note",
        "until",
        "ben gave it",
    ] {
        assert!(sentence.contains(part), "{sentence}");
    }

    // What Ana ends, ends for all, with what came from it; what was written stays.
    let id = &text(&right["id"])[..8];
    let plan = ana.ok(&["revoke", id, "--subtree", "--dry-run"]);
    assert_eq!(
        (&plan["id"], plan["ends"].as_array().unwrap().len()),
        (&Json::Null, 2)
    );
    refused(&ana.run(&["revoke", id]), 2, &["not confirmed", "--yes"]);
    let done = ana.ok(&[
        "revoke",
        id,
        "--subtree",
        "--yes",
        "--reason",
        "the season is over",
    ]);
    assert_eq!(
        (&done["lost"], &done["keys"]),
        (&0.into(), &"unchanged".into())
    );
    equal(&[&ana, &ben, &cy], "commons");
    let said = cy.run(&["note", "late", "-t", "garden/beans", "--in", "commons"]);
    refused(&said, 4, &["next:"]);
    for home in [&ana, &ben, &cy] {
        assert_eq!(home.count("runnerbeans"), 1);
        let ended = contracts(home, &["--ended"]);
        let of = |id: &Json| ended.iter().find(|one| one["id"] == *id).cloned();
        for id in [&right["id"], &below["id"]] {
            assert!(
                of(id).is_none_or(|one| one["state"] == "ended"),
                "{ended:?}"
            );
        }
    }
    talk(&ben, &cy, "commons", "afterwards");
}

#[test]
fn a_removed_member_goes_on_writing_and_only_what_was_honest_comes_back() {
    let (mut ana, mut ben) = pair(["ana", "ben"], "commons");
    ben.ok(&["id", "--name", "ben"]);
    let mut cy = Home::new("cy");
    cy.up();
    join(&cy, &invite(&ana, "commons"));
    knows(&cy, &ben);
    let early = ben.note("commons", "applecart early");
    equal(&[&ana, &ben, &cy], "commons");
    let cid = text(&ana.ok(&["collective", "show", "commons"])["summary"]["id"]);

    // Ben and Cy are away when Ana removes Ben.
    assert_eq!((ben.stop(), cy.stop()), (0, 0));
    let done = ana.ok(&["revoke", "@ben", "--yes", "--reason", "moved away"]);
    assert_eq!(done["leaves"][0]["name"], "ben");
    assert_eq!(
        (&done["lost"], &done["keys"]),
        (&0.into(), &"renewed".into())
    );
    assert_eq!(ana.stop(), 0);

    // He writes on, not knowing; and once with a clock that is set back to before.
    let honest = ben.note("commons", "applecart late");
    let old = forge::backdated(&ben, &cid, &early);
    let old = old.id().to_string();
    ben.up();
    cy.up();
    knows(&cy, &ben);
    equal(&[&ben, &cy], "commons");
    until(EQUAL, "cy reads all of it", || cy.count("applecart") == 3);

    // Cy meets Ana: neither honours anything that she did not have when she removed him.
    assert_eq!(ben.stop(), 0);
    ana.up();
    knows(&cy, &ana);
    equal(&[&ana, &cy], "commons");
    until(EQUAL, "both agree", || {
        cy.count("applecart") == 1 && ana.count("applecart") == 1
    });
    for id in [&honest, &old] {
        assert_eq!(cy.ok(&["show", id])["standing"], "shadowed");
    }
    until(EQUAL, "cy has the new keys", || {
        [&ana, &cy]
            .iter()
            .all(|home| home.ok(&["collective", "show", "commons"])["epoch"] == 2)
    });
    // A writer may not bring anything back.
    refused(&cy.run(&["readmit", &honest, "--yes"]), 4, &["next:"]);

    // The late note was honest: it comes back on both, and the other one does not.
    let plan = ana.ok(&["readmit", &honest, "--dry-run"]);
    assert_eq!(
        (&plan["restored"], &plan["still_cut"]),
        (&1.into(), &1.into())
    );
    let back = ana.ok(&["readmit", &honest, "--yes"]);
    assert_eq!(back["ids"].as_array().unwrap().len(), 1);
    equal(&[&ana, &cy], "commons");
    until(EQUAL, "both show it", || {
        cy.count("applecart") == 2 && ana.count("applecart") == 2
    });
    for home in [&ana, &cy] {
        assert_eq!(home.ok(&["show", &honest])["standing"], "admitted");
        assert_eq!(home.ok(&["show", &old])["standing"], "shadowed");
    }
    // Ben's node is served nothing any more.
    ben.up();
    knows(&ben, &ana);
    ana.note("commons", "after ben: plumtree");
    until(EQUAL, "cy reads it", || cy.count("plumtree") == 1);
    assert_eq!(ben.count("plumtree"), 0);
}

/// Above a gap a place in a log counts by its number alone: named in a cut, it would keep everything
/// below that number, also what its writer signs after the removal.
#[test]
fn one_record_far_ahead_keeps_nothing_that_its_writer_signs_later() {
    let (mut ana, mut ben) = pair(["ana", "ben"], "commons");
    ben.ok(&["id", "--name", "ben"]);
    let mut cy = Home::new("cy");
    cy.up();
    join(&cy, &invite(&ana, "commons"));
    let early = ben.note("commons", "applecart early");
    equal(&[&ana, &ben, &cy], "commons");
    let cid = text(&ana.ok(&["collective", "show", "commons"])["summary"]["id"]);

    // Still a member, Ben writes a record with a great number, on one that nobody has.
    assert_eq!(ben.stop(), 0);
    let far = forge::far_ahead(&ben, &cid, &early).id().to_string();
    ben.up();
    knows(&ben, &ana);
    knows(&ben, &cy);
    equal(&[&ana, &ben, &cy], "commons");
    until(EQUAL, "all read it", || {
        [&ana, &cy].iter().all(|home| home.count("applecart") == 2)
    });

    // Ana removes him while both others are away, and is told what cannot be kept.
    assert_eq!((ben.stop(), cy.stop()), (0, 0));
    let done = ana.ok(&["revoke", "@ben", "--yes"]);
    assert_eq!(done["lost"], 1);
    let cautions = done["cautions"].as_array().unwrap();
    let told = |caution: &Json| text(caution).contains("above a gap");
    assert!(cautions.iter().any(told), "{done}");
    assert_eq!(ana.count("applecart"), 1);
    assert_eq!(ana.stop(), 0);

    // He signs one more, below that number, and Cy brings it in.
    let later = forge::backdated(&ben, &cid, &early).id().to_string();
    ben.up();
    cy.up();
    knows(&cy, &ben);
    equal(&[&ben, &cy], "commons");
    until(EQUAL, "cy reads it", || cy.count("applecart") == 3);
    assert_eq!(ben.stop(), 0);
    ana.up();
    knows(&cy, &ana);
    equal(&[&ana, &cy], "commons");
    until(EQUAL, "it counts nowhere", || {
        ana.count("applecart") == 1 && cy.count("applecart") == 1
    });
    for home in [&ana, &cy] {
        for id in [&far, &later] {
            assert_eq!(home.ok(&["show", id])["standing"], "shadowed");
        }
        assert_eq!(home.ok(&["show", &early])["standing"], "admitted");
    }
}

#[test]
fn a_closed_invite_lets_nobody_in() {
    let (ana, ben) = pair(["ana", "ben"], "commons");
    let key = invite_as(&ana, "commons", &["--uses", "5", "--label", "fair"]);
    let listed = ana.all(&["invite", "list", "--in", "commons"]);
    assert_eq!(listed.len(), 1, "{listed:?}");
    let id = text(&listed[0]["id"]);
    assert_eq!(
        (&listed[0]["uses_left"], &listed[0]["label"]),
        (&5.into(), &"fair".into())
    );
    assert_eq!(
        listed[0]["end"],
        format!("moot invite close {} --in commons", &id[..8])
    );
    equal(&[&ana, &ben], "commons");
    assert!(ben.all(&["invite", "list"])[0]["end"].is_null());
    refused(
        &ben.run(&["invite", "close", &id[..8], "--yes"]),
        4,
        &["next:"],
    );
    refused(
        &ana.run(&["invite", "close", "00000000", "--yes"]),
        3,
        &["no invite"],
    );
    ana.ok(&["invite", "close", &id[..8], "--yes"]);
    let mut cy = Home::new("cy");
    cy.up();
    refused(&cy.run(&["join", &key]), 1, &["invitation", "next:"]);
    assert_eq!(cy.stop(), 0);
    assert!(ana.all(&["invite", "list"]).is_empty());
    assert_eq!(ana.all(&["invite", "list", "--all"])[0]["state"], "ended");
    // A collective may be called like a command.
    ana.ok(&["collective", "new", "list"]);
    assert!(text(&ana.ok(&["invite", "new", "list"])["key"]).starts_with("folkmoot:1:"));
    talk(&ana, &ben, "commons", "afterwards");
}
