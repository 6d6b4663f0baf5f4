//! Members who govern themselves, with real nodes: a removal voted on while some are away, an
//! amendment, and a founder whose key is gone and whose place the members fill.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{fs, path::PathBuf, time::Duration};

use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite, invite_as, join, refused},
    place,
};
use serde_json::Value;

/// The longest that a node waits before it writes a decision for another one, and then some.
const DECISION: Duration = Duration::from_secs(150);

/// The circle of friends, where nobody has to have been there for long.
fn quick_charter(home: &Home) -> PathBuf {
    let circle = place::root().join("crates/engine/charters/circle.toml");
    let quick = fs::read_to_string(circle)
        .unwrap()
        .replace("member_for = \"7d\"", "member_for = \"none\"")
        .replace("member_for = \"30d\"", "member_for = \"none\"")
        .replace("least_yes = 3", "least_yes = 2");
    let path = home.folder().join("quick.toml");
    fs::write(&path, quick).unwrap();
    path
}

/// A collective of running nodes under that charter, all of which know each other's addresses, and
/// of which a steward has seen everybody come in.
fn circle<const N: usize>(names: [&'static str; N]) -> [Home; N] {
    let mut homes = names.map(Home::new);
    for home in &mut homes {
        home.up();
        let name = home
            .folder()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        home.ok(&["id", "--name", &name]);
    }
    let charter = quick_charter(&homes[0]);
    homes[0].ok(&[
        "collective",
        "new",
        "garden",
        "--charter",
        charter.to_str().unwrap(),
    ]);
    for home in &homes[1..] {
        join(home, &invite(&homes[0], "garden"));
    }
    for a in &homes {
        for b in &homes {
            if a.folder() != b.folder() {
                a.ok(&["peers", "add", &b.addresses()[0]]);
            }
        }
    }
    equal(&homes.each_ref()[..], "garden");
    for home in &homes {
        until(EQUAL, "everybody is witnessed and named", || {
            let asked = home.run(&[
                "propose",
                "charter",
                charter.to_str().unwrap(),
                "--dry-run",
                "--json",
            ]);
            // The file says what the charter says: the question is only put where it is understood.
            assert_eq!(asked.code, 2, "{}", asked.err);
            let draft = home.run(&["propose", "remove", names[N - 1], "--dry-run", "--json"]);
            draft.code == 0
                && draft.json()[0]["electorate"] == N
                && home.all(&["collective", "members", "garden"]).len() == N
        });
    }
    equal(&homes.each_ref()[..], "garden");
    homes
}

fn id(view: &Value) -> String {
    text(&view["id"])
}

/// The proposal as that home sees it.
fn seen(home: &Home, id: &str) -> Value {
    let all = home.all(&["proposals", "--all"]);
    all.into_iter()
        .find(|view| view["id"] == id)
        .unwrap_or(Value::Null)
}

fn arrives(home: &Home, id: &str) {
    until(EQUAL, "the proposal arrives", || !seen(home, id).is_null());
}

fn decided(homes: &[&Home], id: &str) {
    until(DECISION, "it is decided everywhere", || {
        homes
            .iter()
            .all(|home| seen(home, id)["state"] == "decided")
    });
}

/// Who is a live member, with which role, by name.
fn members(home: &Home) -> Vec<(String, String, bool)> {
    let mut members: Vec<_> = home
        .all(&["collective", "members", "garden"])
        .iter()
        .map(|m| {
            let live = m["live"] == true;
            let role = if live {
                text(&m["role"])
            } else {
                String::new()
            };
            (text(&m["name"]), role, live)
        })
        .collect();
    members.sort();
    members
}

fn agree(homes: &[&Home]) {
    until(EQUAL, "all agree on members and charter", || {
        homes.windows(2).all(|pair| {
            members(pair[0]) == members(pair[1])
                && pair[0].ok(&["charter", "show", "garden"])["hash"]
                    == pair[1].ok(&["charter", "show", "garden"])["hash"]
        })
    });
}

#[test]
fn a_member_is_removed_by_votes_cast_while_away() {
    let [ana, mut ben, mut cy, dan] = circle(["ana", "ben", "cy", "dan"]);
    dan.note("garden", "an early note of dan: quincetree");
    until(EQUAL, "the note arrives", || {
        [&ana, &ben, &cy]
            .iter()
            .all(|home| home.count("quincetree") == 1)
    });
    let view = ben.ok(&[
        "propose",
        "remove",
        "dan",
        "--closes",
        "1d",
        "--text",
        "He knows why.",
    ]);
    assert_eq!(view["class"], 1);
    assert_eq!(
        (&view["electorate"], &view["needed"]),
        (&4.into(), &2.into())
    );
    let removal = id(&view);
    for home in [&ana, &cy, &dan] {
        arrives(home, &removal);
    }
    // Two vote without a network, each without knowing of the other.
    assert_eq!(ben.stop(), 0);
    assert_eq!(cy.stop(), 0);
    let by_ben = ben.ok(&["vote", &removal, "yes"]);
    assert_eq!(
        (&by_ben["yes"], &by_ben["state"]),
        (&1.into(), &"open".into())
    );
    let by_cy = cy.ok(&["vote", &removal, "yes", "--reason", "It is enough."]);
    assert_eq!(
        (&by_cy["yes"], &by_cy["state"]),
        (&1.into(), &"open".into())
    );
    let by_dan = dan.ok(&["vote", &removal, "no"]);
    assert_eq!(by_dan["no"], 1);

    // Somebody who comes later has no vote on it.
    let mut eve = Home::new("eve");
    eve.up();
    join(&eve, &invite(&ana, "garden"));
    arrives(&eve, &removal);
    refused(
        &eve.run(&["vote", &removal, "yes"]),
        4,
        &["you have no vote on this", "not a member when"],
    );

    ben.up();
    cy.up();
    decided(&[&ana, &ben, &cy, &dan, &eve], &removal);
    agree(&[&ana, &ben, &cy, &eve]);
    let view = seen(&ana, &removal);
    assert_eq!((&view["yes"], &view["no"]), (&2.into(), &1.into()));
    assert_eq!(view["provisional"], true);
    let live = |home: &Home| members(home).iter().filter(|(_, _, live)| *live).count();
    assert_eq!(live(&ana), 4);

    // What he wrote before stays, what he writes now does not come to be.
    refused(&dan.run(&["note", "a late note", "--in", "garden"]), 4, &[]);
    assert_eq!(ana.count("quincetree"), 1);
    let shown = ana.run(&["show", &removal]);
    assert!(shown.out.contains("decided (provisional)"), "{}", shown.out);
    assert!(shown.out.contains("It is enough."), "{}", shown.out);

    // He comes back by vote.
    let back = ana.ok(&["propose", "restore", "dan"]);
    for home in [&ben, &cy] {
        arrives(home, &id(&back));
    }
    ana.ok(&["vote", &id(&back), "yes"]);
    ben.ok(&["vote", &id(&back), "yes"]);
    decided(&[&ana, &ben, &cy], &id(&back));
    until(EQUAL, "dan is a member again", || {
        [&ana, &ben, &cy].iter().all(|home| live(home) == 5)
    });
}

#[test]
fn the_charter_is_changed_and_late_ballots_do_not_count() {
    let [ana, ben, cy] = circle(["ana", "ben", "cy"]);
    let shown = ben.run(&["charter", "show", "garden", "--toml"]);
    let file = ben.folder().join("amended.toml");
    let amended = shown.out.replacen("share = \"1/2\"", "share = \"2/3\"", 1);
    assert_ne!(amended, shown.out);
    fs::write(&file, &amended).unwrap();
    let path = file.to_str().unwrap();
    let view = ben.ok(&["propose", "charter", path, "--in", "garden"]);
    assert_eq!(view["class"], 3);
    let change = id(&view);
    for home in [&ana, &cy] {
        arrives(home, &change);
    }
    ana.ok(&["vote", &change, "yes"]);
    cy.ok(&["vote", &change, "yes"]);
    decided(&[&ana, &ben, &cy], &change);
    agree(&[&ana, &ben, &cy]);
    let charter = cy.ok(&["charter", "show"]);
    assert_eq!(charter["amended_by"][0], change);
    assert!(text(&charter["rules"][1]["sentence"]).contains("two thirds"));
    refused(
        &ben.run(&["propose", "charter", path]),
        2,
        &["what the charter says already", "next:"],
    );
    fs::write(&file, amended.replace("rank = 60", "rank = 61")).unwrap();
    refused(
        &ben.run(&["propose", "charter", path]),
        2,
        &["never changes"],
    );
    fs::write(&file, amended.replace("\"write\"", "\"wirte\"")).unwrap();
    refused(
        &ben.run(&["propose", "charter", path]),
        2,
        &["line ", "`wirte` is no action", "the actions are"],
    );

    // Too late: nothing is signed, and nothing is counted.
    let short = id(&ana.ok(&["propose", "opinion", "Now or never?", "--closes", "1s"]));
    arrives(&ben, &short);
    until(EQUAL, "the vote is over", || {
        seen(&ben, &short)["state"] == "failed"
    });
    refused(&ben.run(&["vote", &short, "yes"]), 4, &["the vote ended"]);
    assert_eq!(seen(&ana, &short)["yes"], 0);

    // Who only reads neither proposes nor votes.
    let mut rea = Home::new("rea");
    rea.up();
    join(&rea, &invite_as(&ana, "garden", &["--role", "reader"]));
    refused(
        &rea.run(&["propose", "opinion", "May I?", "--in", "garden"]),
        4,
        &["next:"],
    );
}

#[test]
fn the_members_fill_the_place_of_a_founder_whose_key_is_gone() {
    let [mut ana, mut ben, cy, dan] = circle(["ana", "ben", "cy", "dan"]);
    ana.kill();
    let view = ben.ok(&["propose", "steward", "ben", "--replacing", "ana"]);
    // Nobody is left to decide as a steward: the members do.
    assert_eq!(
        (&view["class"], &view["class_name"]),
        (&4.into(), &"succession".into())
    );
    assert_eq!(
        (&view["electorate"], &view["needed"]),
        (&4.into(), &2.into())
    );
    let succession = id(&view);
    for home in [&cy, &dan] {
        arrives(home, &succession);
    }
    refused(
        &ben.run(&["vote", &succession, "yes"]),
        4,
        &["the stewards are not gone", "--despite-stewards"],
    );
    ben.ok(&["vote", &succession, "yes", "--despite-stewards"]);
    until(EQUAL, "the ballot arrives", || {
        seen(&cy, &succession)["yes"] == 1
    });
    // The proposer goes away: another node has to write the decision.
    assert_eq!(ben.stop(), 0);
    cy.ok(&["vote", &succession, "yes", "--despite-stewards"]);
    decided(&[&cy, &dan], &succession);
    ben.up();
    decided(&[&ben, &cy, &dan], &succession);
    agree(&[&ben, &cy, &dan]);
    equal(&[&ben, &cy, &dan], "garden");
    let expected = [
        ("ana", ""),
        ("ben", "steward"),
        ("cy", "writer"),
        ("dan", "writer"),
    ];
    let found = members(&dan);
    let found: Vec<_> = found
        .iter()
        .map(|(n, r, _)| (n.as_str(), r.as_str()))
        .collect();
    assert_eq!(found, expected);

    // The new steward does what stewards do, and somebody new comes in by it.
    let mut eve = Home::new("eve");
    eve.up();
    join(&eve, &invite(&ben, "garden"));
    agree(&[&ben, &cy, &dan, &eve]);
}
