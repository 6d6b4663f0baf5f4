//! The main job from end to end, with real processes and sockets: a collective, an import, two
//! joins, one of them welcomed by a member while the inviter is away, everyone writing, everyone
//! killed once, and equal sets in the end.

use std::{fs, time::Duration};

use folkmoot_tests::{
    home::{Home, text, until},
    sayings::{ndjson, sayings},
};

/// Real texts that are imported: more than a charter lets one device add in a day, since a first sync
/// is exempt and must leave room for what is written afterwards.
const SAYINGS: usize = 2_300;
/// The longest that homes may take to become equal on a slow machine.
const EQUAL: Duration = Duration::from_secs(120);

fn equal(homes: &[&Home], collective: &str) {
    until(EQUAL, "all hold the same set", || {
        let first = homes[0].fingerprint(collective);
        homes[1..]
            .iter()
            .all(|home| home.fingerprint(collective) == first)
    });
}

fn invite(home: &Home, collective: &str) -> String {
    text(&home.ok(&["invite", collective, "--uses", "1", "--expires", "7d"])["key"])
}

fn join(home: &Home, key: &str) {
    let said = home.run(&["join", key, "--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
}

fn knows(home: &Home, peer: &Home) {
    for address in peer.addresses() {
        let said = home.run(&["peers", "add", &address]);
        assert_eq!(said.code, 0, "{}", said.err);
    }
}

#[test]
fn three_homes_become_one_collective() {
    let (mut a, mut b, mut c) = (Home::new("ana"), Home::new("ben"), Home::new("cy"));

    // Ana founds a collective and brings real texts.
    a.up();
    a.ok(&["id", "--name", "Ana"]);
    a.ok(&["collective", "new", "commons"]);
    let texts = sayings(SAYINGS);
    let file = a.folder().join("sayings.ndjson");
    fs::write(&file, ndjson(&texts)).unwrap();
    let report = a.ok(&["import", file.to_str().unwrap(), "--in", "commons"]);
    assert_eq!(report["added"], texts.len(), "{report}");
    let again = a.ok(&["import", file.to_str().unwrap(), "--in", "commons"]);
    assert_eq!(
        (&again["added"], &again["skipped"]),
        (&0.into(), &texts.len().into())
    );

    // Ben joins by her invite; Cy's is made now and used when she is away.
    let (for_ben, for_cy) = (invite(&a, "commons"), invite(&a, "commons"));
    b.up();
    b.ok(&["id", "--name", "Ben"]);
    join(&b, &for_ben);
    equal(&[&a, &b], "commons");
    assert_eq!(b.count("tag:saying"), texts.len() as u64);

    // Live: what one writes the other finds.
    let live = a.note("commons", "the kettlewhistle is on");
    until(Duration::from_secs(10), "a live note arrives", || {
        b.count("kettlewhistle") == 1
    });
    assert_eq!(text(&b.ok(&["show", &live])["item"]["author"]), "Ana");

    // Ana is away: Ben welcomes Cy, whose key does not carry his address.
    assert_eq!(a.stop(), 0);
    c.up();
    c.ok(&["id", "--name", "Cy"]);
    let address = b.addresses().first().cloned().unwrap();
    let said = c.run(&["join", &for_cy, "--peer", &address, "--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    equal(&[&b, &c], "commons");

    // All write, Ana without a node.
    a.note("commons", "written offline by ana zebracrossing");
    b.note("commons", "written by ben zebracrossing");
    c.note("commons", "written by cy zebracrossing");
    until(EQUAL, "ben and cy hear each other", || {
        b.count("zebracrossing") == 2 && c.count("zebracrossing") == 2
    });

    // Everyone is killed once in the middle and comes back complete.
    b.kill();
    c.note("commons", "while ben is dead zebracrossing");
    c.kill();
    a.up();
    b.up();
    c.up();
    knows(&b, &a);
    knows(&c, &b);
    knows(&a, &c);
    until(EQUAL, "all notes are everywhere", || {
        [&a, &b, &c]
            .iter()
            .all(|home| home.count("zebracrossing") == 4)
    });
    a.kill();
    b.note("commons", "while ana is dead zebracrossing");
    a.up();
    knows(&b, &a);
    equal(&[&a, &b, &c], "commons");

    // The same questions have the same answers.
    for query in [
        "tag:saying",
        "zebracrossing",
        "author:@ana zebracrossing",
        "author:@cy in:commons zebracrossing",
        "\"by ben\"",
        "kettle",
        "love OR war",
    ] {
        let counts = [a.count(query), b.count(query), c.count(query)];
        assert!(
            counts[0] > 0 && counts[0] == counts[1] && counts[1] == counts[2],
            "{query}: {counts:?}"
        );
    }

    // Leaving and coming back is harmless.
    let said = c.run(&["collective", "leave", "commons", "--no-input", "--yes"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(c.count("tag:saying"), texts.len() as u64);
    let denied = c.run(&["note", "I am gone", "--in", "commons"]);
    assert_eq!(denied.code, 4, "{}", denied.err);
    until(EQUAL, "the others see the leave", || {
        let members = a.all(&["collective", "members", "commons"]);
        members
            .iter()
            .filter(|member| member["live"] == true)
            .count()
            == 2
    });
    let back = invite(&a, "commons");
    join(&c, &back);
    c.note("commons", "back again zebracrossing");
    until(EQUAL, "the return is heard", || {
        [&a, &b]
            .iter()
            .all(|home| home.count("\"back again\"") == 1)
    });
    equal(&[&a, &b, &c], "commons");
}
