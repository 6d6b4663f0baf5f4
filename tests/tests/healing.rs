//! Two halves of a collective that do not hear each other, and in each of them members remove
//! members; five homes that agree on every verdict once they meet. The verdicts are printed as one
//! table: `cargo test --workspace --test healing -- --nocapture`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#[allow(dead_code, reason = "one of its records is enough here")]
#[path = "member/forge.rs"]
mod forge;
#[allow(dead_code, reason = "not every suite attacks in every way")]
#[path = "member/traitor.rs"]
mod traitor;

use std::{fs, time::Duration};

use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite_as, join, refused},
    place,
};
use serde_json::Value;

/// The longest that a node waits before it writes a decision for another one, and then some.
const DECISION: Duration = Duration::from_secs(150);

/// The circle of friends, where nobody has to have been there for a month.
fn charter(home: &Home) -> String {
    let circle = place::root().join("crates/engine/charters/circle.toml");
    let quick = fs::read_to_string(circle)
        .unwrap()
        .replace("member_for = \"30d\"", "member_for = \"none\"")
        .replace("least_yes = 3", "least_yes = 2");
    let path = home.folder().join("quick.toml");
    fs::write(&path, quick).unwrap();
    path.to_str().unwrap().to_owned()
}

fn named(name: &'static str) -> Home {
    let mut home = Home::new(name);
    home.up();
    home.ok(&["id", "--name", name]);
    home
}

fn meets(a: &Home, b: &Home) {
    a.ok(&["peers", "add", &b.addresses()[0]]);
}

fn id_of(view: &Value) -> String {
    text(&view["id"])
}

fn seat(home: &Home) -> String {
    text(&home.ok(&["collective", "show", "garden"])["seat"])
}

/// Who lives in the collective, by name.
fn live(home: &Home) -> Vec<String> {
    let mut names: Vec<String> = home
        .all(&["collective", "members", "garden"])
        .iter()
        .filter(|member| member["live"] == true)
        .map(|member| text(&member["name"]))
        .collect();
    names.sort();
    names
}

/// Standing and reason of something, as one home judges it.
fn verdict(home: &Home, id: &str) -> String {
    let said = home.run(&["why", id, "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let why = &said.json()[0];
    let reason = why["reason"].as_str().map(|reason| format!(" ({reason})"));
    format!("{}{}", text(&why["standing"]), reason.unwrap_or_default())
}

#[test]
fn two_halves_remove_each_other_and_agree_once_they_meet() {
    // Ana founds; Ben and Cy keep order, Dan, Eve and Fay write. An agent of Dan's writes of beans.
    let mut ana = named("ana");
    let charter = charter(&ana);
    ana.ok(&["collective", "new", "garden", "--charter", &charter]);
    let [mut ben, mut cy, mut dan, mut eve, mut fay] =
        ["ben", "cy", "dan", "eve", "fay"].map(named);
    for (home, role) in [
        (&ben, "moderator"),
        (&cy, "moderator"),
        (&dan, "writer"),
        (&eve, "writer"),
        (&fay, "writer"),
    ] {
        join(home, &invite_as(&ana, "garden", &["--role", role]));
    }
    let leaked = invite_as(&ana, "garden", &["--role", "writer", "--uses", "1"]);
    dan.ok(&[
        "device", "add", "robin", "--in", "garden", "--tag", "beans", "--kind", "note",
    ]);
    let beans = id_of(&dan.ok(&[
        "note",
        "runnerbeans",
        "-t",
        "beans",
        "--in",
        "garden",
        "--as",
        "robin",
    ]));
    refused(
        &dan.run(&[
            "note", "x", "-t", "roses", "--in", "garden", "--as", "robin",
        ]),
        4,
        &["robin", "#beans", "next:"],
    );
    let early = cy.note("garden", "early of cy");
    equal(&[&ana, &ben, &cy, &dan, &eve, &fay], "garden");
    until(EQUAL, "a steward has seen everybody come in", || {
        let draft = fay.run(&[
            "propose",
            "steward",
            "ben",
            "--replacing",
            "ana",
            "--dry-run",
            "--json",
        ]);
        draft.code == 0 && draft.json()[0]["electorate"] == 6
    });
    equal(&[&ana, &ben, &cy, &dan, &eve, &fay], "garden");
    let cid = text(&ana.ok(&["collective", "show", "garden"])["summary"]["id"]);
    let seats = [&ana, &ben, &cy, &dan, &eve, &fay].map(seat);

    // The halves part: Ana, Ben and Dan here, Cy, Eve and Fay there.
    for home in [&mut cy, &mut eve, &mut fay] {
        assert_eq!(home.stop(), 0);
    }
    // Here Ana removes Cy, and Ben removes Eve. The leaked key lets Gil in.
    let cut_cy = id_of(&ana.ok(&["revoke", "@cy", "--yes", "--reason", "quarrels"]));
    let cut_eve = id_of(&ben.ok(&["revoke", "@eve", "--yes", "--reason", "sides with cy"]));
    let gil = named("gil");
    let said = gil.run(&["join", &leaked, "--peer", &ben.addresses()[0], "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    gil.note("garden", "of gil");
    equal(&[&ana, &ben, &dan, &gil], "garden");
    // Her disk dies, and her key with it.
    ana.kill();
    drop(ana);
    assert_eq!((ben.stop(), dan.stop()), (0, 0));

    // There Cy, who knows nothing of it, removes Dan and writes on; and once with a clock set back.
    let cut_dan = id_of(&cy.ok(&["revoke", "@dan", "--yes", "--reason", "sides with ana"]));
    let late = cy.note("garden", "late of cy");
    let backdated = forge::backdated(&cy, &cid, &early).id().to_string();
    for home in [&mut cy, &mut eve, &mut fay] {
        home.up();
    }
    meets(&cy, &fay);
    meets(&eve, &fay);
    let of_eve = eve.note("garden", "late of eve");
    let of_fay = fay.note("garden", "of fay");
    // The leaked key works there too: nobody there knows that it was used.
    let hal = named("hal");
    let said = hal.run(&["join", &leaked, "--peer", &fay.addresses()[0], "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let of_hal = hal.note("garden", "of hal");
    equal(&[&cy, &eve, &fay, &hal], "garden");
    assert!(!live(&fay).contains(&"dan".to_owned()));
    for home in [&mut cy, &mut eve] {
        assert_eq!(home.stop(), 0);
    }

    // They meet through Fay, whom nobody removed.
    for home in [&mut ben, &mut dan] {
        home.up();
    }
    meets(&fay, &ben);
    meets(&dan, &ben);
    meets(&gil, &ben);
    equal(&[&ben, &dan, &fay], "garden");
    let held = live(&ben);
    assert_eq!(
        held.iter()
            .filter(|n| ["gil", "hal"].contains(&n.as_str()))
            .count(),
        1,
        "{held:?}"
    );
    for name in ["ben", "dan", "fay"] {
        assert!(held.contains(&name.to_owned()), "{held:?}");
    }
    for name in ["cy", "eve"] {
        assert!(!held.contains(&name.to_owned()), "{held:?}");
    }

    // The members fill the founder's place by vote.
    let succession = id_of(&ben.ok(&["propose", "steward", "ben", "--replacing", "ana"]));
    equal(&[&ben, &dan, &fay], "garden");
    for home in [&ben, &dan, &fay] {
        home.ok(&["vote", &succession, "yes", "--despite-stewards"]);
    }
    until(DECISION, "it is decided", || {
        [&ben, &dan, &fay].iter().all(|home| {
            let all = home.all(&["proposals", "--all"]);
            all.iter()
                .any(|p| p["id"] == succession && p["state"] == "decided")
        })
    });

    // Cy and Eve come back, to read; now all five hold the same.
    for home in [&mut cy, &mut eve] {
        home.up();
        meets(home, &ben);
        until(
            EQUAL,
            "they are told that they are not taken as members",
            || home.ok(&["collective", "show", "garden"])["summary"]["note"].is_string(),
        );
        let key = invite_as(&ben, "garden", &["--role", "reader"]);
        let said = home.run(&["join", &key, "--peer", &ben.addresses()[0], "--json"]);
        assert_eq!(said.code, 0, "{}", said.err);
    }
    let five = [&ben, &cy, &dan, &eve, &fay];
    equal(&five, "garden");

    // One table of verdicts, the same on all five.
    let mut rows: Vec<(&str, &str)> = vec![
        ("Ana removes Cy", &cut_cy),
        ("Ben removes Eve", &cut_eve),
        ("Cy, removed, removes Dan", &cut_dan),
        ("Cy's early note", &early),
        ("Cy's note after her removal", &late),
        ("Cy's backdated note", &backdated),
        ("Eve's note after her removal", &of_eve),
        ("Fay's note", &of_fay),
        ("the robin's note on beans", &beans),
        ("Hal's note, by the leaked key", &of_hal),
        ("the members' vote", &succession),
    ];
    let names = [
        "seat of Ana",
        "seat of Ben",
        "seat of Cy",
        "seat of Dan",
        "seat of Eve",
        "seat of Fay",
    ];
    rows.extend(names.into_iter().zip(seats.iter().map(String::as_str)));
    let mut table = format!(
        "{:<30}{:<20}{:<20}{:<20}{:<20}{:<20}\n",
        "", "ben", "cy", "dan", "eve", "fay"
    );
    let mut differ = Vec::new();
    let mut said = std::collections::BTreeMap::new();
    for (what, id) in rows {
        let verdicts = five.map(|home| verdict(home, id));
        table.push_str(&format!("{what:<30}"));
        for verdict in &verdicts {
            table.push_str(&format!("{verdict:<20}"));
        }
        table.push('\n');
        if verdicts.iter().any(|verdict| *verdict != verdicts[0]) {
            differ.push(what);
        }
        said.insert(what, verdicts[0].clone());
    }
    println!("{table}");
    assert!(differ.is_empty(), "they differ on {differ:?}:\n{table}");
    for (what, expected) in [
        ("Ana removes Cy", "admitted"),
        ("Ben removes Eve", "admitted"),
        ("Cy, removed, removes Dan", "shadowed"),
        ("Cy's early note", "admitted"),
        ("Cy's note after her removal", "shadowed"),
        ("Cy's backdated note", "shadowed"),
        ("Eve's note after her removal", "shadowed"),
        ("Fay's note", "admitted"),
        ("the robin's note on beans", "admitted"),
    ] {
        assert_eq!(said[what], expected, "{what}:\n{table}");
    }
    for home in five {
        assert_eq!(live(home), live(&ben));
        let members = home.all(&["collective", "members", "garden"]);
        let role = |name: &str| {
            let of = members
                .iter()
                .find(|m| m["name"] == name && m["live"] == true);
            of.map(|m| text(&m["role"]))
        };
        assert_eq!(role("ben").as_deref(), Some("steward"));
        assert_eq!(role("cy").as_deref(), Some("reader"));
        assert_eq!(role("dan").as_deref(), Some("writer"));
        assert_eq!(role("ana"), None);
        assert_eq!(home.count("late"), 0);
    }
}
