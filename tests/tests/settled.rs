//! The 45 days: what turns up late and would undo settled history is held back, named, explained, and
//! let in by the person of that node alone.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#[allow(dead_code, reason = "only the store of a home is read here")]
#[path = "member/traitor.rs"]
mod traitor;

use std::{fs, path::Path};

use folkmoot_store::{Direction, Entry};
use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite_as, join, refused},
    place,
    vault::vault,
};
use serde_json::Value as Json;

/// Longer than it takes until something is settled, in ms.
const LONG: u64 = 50 * 86_400_000;

/// Makes a home whose node does not run believe that it received all it holds long ago.
fn age(home: &Path) {
    let old = vault(home);
    let mut entries = Vec::new();
    for cid in old.collectives() {
        old.control(&cid, &mut |record, received_ms| {
            entries.push(Entry::Record(record, received_ms - LONG));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        let mut after = None;
        loop {
            let page = old
                .scan(&cid, 0, u64::MAX, Direction::Forward, after, 1_000)
                .unwrap();
            for (_, id) in &page {
                let stored = old.get(id).unwrap().unwrap();
                let received_ms = stored.received_ms - LONG;
                entries.push(Entry::Record(stored.verified().unwrap(), received_ms));
            }
            match page.last() {
                Some(last) => after = Some(*last),
                None => break,
            }
        }
    }
    for (key, value) in old.scan_local(b"").unwrap() {
        entries.push(Entry::Local {
            key,
            value: Some(value),
        });
    }
    old.close().unwrap();
    for part in ["store", "index"] {
        fs::remove_dir_all(home.join(part)).unwrap();
    }
    let mut new = vault(home);
    new.commit(&entries).unwrap();
    new.close().unwrap();
}

fn named(name: &'static str) -> Home {
    let mut home = Home::new(name);
    home.up();
    home.ok(&["id", "--name", name]);
    home
}

fn why(home: &Home, id: &str) -> Option<Json> {
    let said = home.run(&["why", id, "--json"]);
    (said.code == 0).then(|| said.json().remove(0))
}

fn stands(home: &Home, id: &str, standing: &str, reason: &str) -> Json {
    until(EQUAL, &format!("{id} is {standing}"), || {
        why(home, id).is_some_and(|view| view["standing"] == standing)
    });
    let view = why(home, id).unwrap();
    assert_eq!(view["reason"].as_str().unwrap_or(""), reason, "{view}");
    view
}

fn is_member(home: &Home, name: &str) -> bool {
    let members = home.all(&["collective", "members", "commons"]);
    members
        .iter()
        .any(|one| one["name"] == name && one["live"] == true)
}

#[test]
fn what_would_undo_settled_history_waits_for_the_person() {
    let [mut ana, ben, mut sue, mut tia, cy] = ["ana", "ben", "sue", "tia", "cy"].map(named);
    let circle = place::root().join("crates/engine/charters/circle.toml");
    let charter = fs::read_to_string(circle)
        .unwrap()
        .replace("share = \"1/2\"", "share = \"1/10\"")
        .replace("witness_rank = 100", "witness_rank = 0");
    let path = ana.folder().join("charter.toml");
    fs::write(&path, charter).unwrap();
    ana.ok(&[
        "collective",
        "new",
        "commons",
        "--charter",
        path.to_str().unwrap(),
    ]);
    for (home, role) in [
        (&ben, "moderator"),
        (&sue, "steward"),
        (&tia, "steward"),
        (&cy, "writer"),
    ] {
        join(home, &invite_as(&ana, "commons", &["--role", role]));
    }
    equal(&[&ana, &ben, &sue, &tia, &cy], "commons");
    until(EQUAL, "all know the names", || {
        [&sue, &tia]
            .iter()
            .all(|home| is_member(home, "ben") && is_member(home, "cy"))
    });

    // Two stewards go away; meanwhile Ana and Ben give Cy rights, and each builds upon the other's.
    for home in [&mut sue, &mut tia] {
        assert_eq!(home.stop(), 0);
    }
    ana.ok(&["grant", "@cy", "--role", "host", "--tag", "garden"]);
    equal(&[&ana, &ben, &cy], "commons");
    let given = text(&ben.ok(&["grant", "@cy", "--role", "host"])["id"]);
    equal(&[&ana, &ben, &cy], "commons");
    ana.ok(&["invite", "commons"]);
    equal(&[&ana, &ben, &cy], "commons");
    // Fifty days go by at Ana's.
    assert_eq!(ana.stop(), 0);
    age(ana.folder());
    ana.up();

    // One removes Ben as of long ago, the other decides something without knowing what happened.
    let plan = sue.ok(&["revoke", "@ben", "--yes"]);
    // The node that ran an hour ago at most had compared with Ana's.
    assert!(plan["compared"].as_u64().unwrap() >= 1, "{plan}");
    let removal = text(&plan["id"]);
    let put = tia.ok(&["propose", "role", "cy", "moderator"]);
    let decided = tia.ok(&["vote", &text(&put["id"]), "yes"]);
    assert_eq!(decided["state"], "decided", "{decided}");
    let decision = text(&decided["decision"]);
    for home in [&mut sue, &mut tia] {
        home.up();
        home.ok(&["peers", "add", &ana.addresses()[0]]);
    }
    stands(&ana, &decision, "parked", "fence-F1");
    let view = stands(&ana, &removal, "parked", "fence-F2");
    let steps = view["steps"].to_string();
    for part in [
        "It would undo the grant of ben",
        &given,
        "It would end the membership of ben",
    ] {
        assert!(steps.contains(part), "{part}: {steps}");
    }
    let next = format!("moot why {} --let-in", &removal[..8]);
    assert!(text(&view["next"]).contains(&next), "{view}");
    assert!(is_member(&ana, "ben"));
    let warnings = ana.ok(&["status"])["warnings"].to_string();
    for id in [&removal, &decision] {
        assert!(
            warnings.contains(&format!("`moot why {}`", &id[..8])),
            "{warnings}"
        );
    }

    // Nothing happens without a yes, and nothing else is let in so.
    refused(
        &ana.run(&["why", &removal, "--let-in"]),
        2,
        &["not confirmed", "--yes"],
    );
    assert_eq!(ana.run(&["why", &removal, "--let-in", "--json"]).code, 2);
    refused(
        &ana.run(&["why", &given, "--let-in", "--yes"]),
        2,
        &["not held back"],
    );
    refused(
        &ana.run(&["why", "00000000", "--let-in", "--yes"]),
        3,
        &["no record here"],
    );
    stands(&ana, &removal, "parked", "fence-F2");
    let done = ana.ok(&["why", &removal, "--let-in", "--yes"]);
    assert_eq!(done["standing"], "admitted", "{done}");
    let again = |ana: &mut Home| {
        assert_eq!(ana.stop(), 0);
        ana.up();
    };
    for restarted in [false, true] {
        assert!(!is_member(&ana, "ben"), "restarted: {restarted}");
        stands(&ana, &removal, "admitted", "");
        stands(&ana, &given, "ended", "");
        // What the decision ignored is not Ben's right alone: it waits on.
        stands(&ana, &decision, "parked", "fence-F1");
        if !restarted {
            again(&mut ana);
        }
    }
    ana.ok(&["why", &decision, "--let-in", "--yes"]);
    for restarted in [false, true] {
        stands(&ana, &decision, "admitted", "");
        let members = ana.all(&["collective", "members", "commons"]);
        let moderator = |one: &Json| one["name"] == "cy" && one["role"] == "moderator";
        assert!(members.iter().any(moderator), "restarted: {restarted}");
        if !restarted {
            again(&mut ana);
        }
    }
}
