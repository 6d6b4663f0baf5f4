//! Members and their devices, with real nodes: limited devices and what they cannot do, forged records
//! and how they are explained, leaving with and without what one wrote, being removed.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#[path = "members/many.rs"]
mod many;
#[allow(dead_code, reason = "this suite uses a part of it")]
#[path = "member/traitor.rs"]
mod traitor;

use std::time::Duration;

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    DeviceKey, Draft, GrantId, Hlc, Kind, Place, RecordId, SeatKey, Tag, Verified,
    content::Content,
    control::{Control, Revoke, Target},
    fc::Value,
    grant_id_of_founder,
};
use folkmoot_sync::Scope;
use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite, join, pair, refused, talk},
    vault::vault,
};
use traitor::{Keys, Offer, attack};

/// How long a hostile node may take to hand its records over.
const ATTACK: Duration = Duration::from_secs(15);

fn cid(home: &Home, name: &str) -> String {
    let listed = home.all(&["collective", "list"]);
    text(&listed.iter().find(|one| one["name"] == name).unwrap()["id"])
}

fn seat(home: &Home, member: &str) -> String {
    let members = home.all(&["members", "commons", "--all"]);
    text(&members.iter().find(|one| one["name"] == member).unwrap()["seat"])
}

/// All sentences of an explanation as one text.
fn told(why: &serde_json::Value) -> String {
    let mut told = text(&why["verdict"]);
    for step in why["steps"].as_array().unwrap() {
        told.push('\n');
        told.push_str(step["text"].as_str().unwrap());
    }
    told
}

/// A note that a device signs, whatever it may do.
#[allow(clippy::too_many_arguments, reason = "a record has that many parts")]
fn note(
    keys: &Keys,
    device: &SigningKey,
    cap: GrantId,
    auth: RecordId,
    hlc: Hlc,
    place: Place,
    tag: &str,
    words: &str,
) -> Verified {
    Draft {
        cid: Some(keys.cid),
        seat: keys.seat,
        place,
        hlc,
        kind: Kind::NOTE,
        cap: Some(cap),
        auth: vec![auth],
        refs: Vec::new(),
        tags: vec![Tag::new(tag).unwrap()],
        body: Content::new([7; 16])
            .with(0, Value::Text(words.to_owned()))
            .encode(),
    }
    .sign(device)
    .unwrap()
}

fn offer(record: &Verified, scope: Scope) -> Offer {
    Offer {
        id: record.id(),
        hlc: record.header().hlc,
        scope,
        wire: record.wire().to_vec().into(),
    }
}

/// Hands records over to a node as a member's own, faulty one would.
fn hand_over(keys: &Keys, records: &[(&Verified, Scope)], to: &Home) {
    let offers: Vec<Offer> = records
        .iter()
        .map(|(record, scope)| offer(record, *scope))
        .collect();
    let address = to.addresses().first().cloned().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime.block_on(attack(keys, keys.transport, &offers, &address, ATTACK));
    assert!(outcome.proven && outcome.given > 0, "{outcome:?}");
}

/// The founder's own grant, and the newest control record.
fn ends(keys: &Keys) -> (GrantId, RecordId, Hlc) {
    let newest = keys.control.iter().max_by_key(|r| r.header().hlc).unwrap();
    (
        grant_id_of_founder(keys.cid, 0),
        newest.id(),
        newest.header().hlc,
    )
}

/// Whoever sent what is void is shunned for a while; a new start forgets that.
fn forgive(home: &mut Home) {
    let address = home.addresses().first().cloned().unwrap();
    assert_eq!(home.stop(), 0);
    home.up_with(&["--listen", address.split("/p2p/").next().unwrap()]);
}

#[test]
fn a_limited_device_writes_within_its_limits_and_no_further() {
    let (mut ana, mut ben) = pair(["ana", "ben"], "commons");
    ana.ok(&["id", "--name", "Ana"]);
    let robin = ana.ok(&[
        "device", "add", "robin", "--in", "commons", "--tag", "garden", "--kind", "note",
    ]);
    assert_eq!(robin["standing"], "limited");
    assert_eq!(robin["tags"][0], "garden");
    let robin = text(&robin["key"]);

    // Within its limits it writes, and everybody takes it.
    let inside = ana.ok(&[
        "note",
        "watered the beans",
        "-t",
        "garden/beans",
        "--in",
        "commons",
        "--as",
        "robin",
    ]);
    let inside = text(&inside["id"]);
    until(EQUAL, "the robin's note arrives", || {
        ben.count("watered") == 1
    });
    let why = ben.ok(&["why", &inside]);
    assert_eq!(why["standing"], "admitted");
    assert!(told(&why).contains("limited device of Ana"), "{why}");

    // Outside it is refused before anything is signed, with a sentence that names the limit.
    for (args, word) in [
        (
            &[
                "note", "painted", "-t", "house", "--in", "commons", "--as", "robin",
            ] as &[&str],
            "#house",
        ),
        (
            &["note", "painted", "--in", "commons", "--as", "robin"],
            "#garden",
        ),
        (
            &[
                "link",
                "https://example.org",
                "-t",
                "garden",
                "--in",
                "commons",
                "--as",
                "robin",
            ],
            "only write note",
        ),
    ] {
        refused(&ana.run(args), 4, &["robin", word, "next:"]);
    }
    refused(
        &ana.run(&["note", "x", "--in", "home", "--as", "robin"]),
        3,
        &["robin"],
    );
    let lines = "{\"text\": \"hoed\", \"tags\": [\"garden\"]}\n{\"text\": \"painted\", \"tags\": [\"house\"]}\n";
    let said = ana.feed(
        &["import", "-", "--in", "commons", "--as", "robin", "--json"],
        lines,
    );
    assert_eq!(said.code, 1, "{}", said.err);
    let report = &said.json()[0];
    assert_eq!(
        (
            &report["added"],
            report["refused"].as_array().unwrap().len()
        ),
        (&1.into(), 1)
    );
    assert!(text(&report["refused"][0]["why"]).contains("#house"));
    refused(
        &ana.run(&["device", "add", "voter", "--in", "commons", "--can", "vote"]),
        2,
        &["vote"],
    );
    refused(
        &ana.run(&[
            "device",
            "add",
            "old",
            "--in",
            "commons",
            "--until",
            "2100-01-01",
        ]),
        2,
        &["400 days"],
    );
    equal(&[&ana, &ben], "commons");

    // A record beyond the limits, made with the key itself: void on the node that gets it.
    let commons = cid(&ana, "commons");
    assert_eq!(ana.stop(), 0);
    let keys = Keys::of(ana.folder(), &commons);
    let device = &keys.agents[0];
    let (cap, head, hlc) = ends(&keys);
    let later = Hlc::next(hlc.ms() + 1, [hlc]);
    let beyond = note(
        &keys,
        device,
        cap,
        head,
        later,
        Place {
            seq: 9,
            prev: Some(head),
        },
        "house",
        "forged beyond",
    );
    let print = ben.fingerprint("commons");
    hand_over(&keys, &[(&beyond, Scope::Content)], &ben);
    assert_eq!(ben.fingerprint("commons"), print);
    assert_eq!(ben.count("forged"), 0);
    let why = ben.ok(&["why", &beyond.id().to_string()]);
    assert_eq!(
        (text(&why["standing"]), text(&why["reason"])),
        ("void".into(), "device-limit".into())
    );
    assert!(told(&why).contains("limited device"), "{why}");
    assert!(text(&why["next"]).contains("device list"), "{why}");

    // Dropped: what it wrote stays, what it writes from now on does not count, whatever date it bears.
    forgive(&mut ben);
    ana.up();
    ana.ok(&["peers", "add", ben.addresses().first().unwrap()]);
    let gone = ana.ok(&["device", "drop", "robin", "--yes"]);
    assert_eq!(gone["standing"], "dropped");
    refused(
        &ana.run(&[
            "note", "x", "-t", "garden", "--in", "commons", "--as", "robin",
        ]),
        3,
        &["robin"],
    );
    refused(
        &ana.run(&["device", "drop", &robin, "--yes"]),
        2,
        &["dropped already"],
    );
    equal(&[&ana, &ben], "commons");
    assert_eq!((ana.count("watered"), ben.count("watered")), (1, 1));
    assert_eq!(ana.stop(), 0);
    let backdated = note(
        &keys,
        device,
        cap,
        head,
        later,
        Place {
            seq: 2,
            prev: Some(head),
        },
        "garden",
        "forged afterwards",
    );
    hand_over(&keys, &[(&backdated, Scope::Content)], &ben);
    assert_eq!(ben.count("forged"), 0);
    assert_eq!(ben.count("watered"), 1);
    let why = ben.ok(&["why", &backdated.id().to_string()]);
    assert_eq!(why["standing"], "shadowed");
    let words = told(&why);
    assert!(words.contains("dropped that device"), "{words}");
    assert!(
        words.contains("up to number 1; this is number 2"),
        "{words}"
    );
    let why = ben.ok(&["why", &robin]);
    assert_eq!(
        (text(&why["what"]), text(&why["standing"])),
        ("device".into(), "ended".into())
    );
    assert!(
        told(&why).contains("by the device that had added it"),
        "{why}"
    );
}

#[test]
fn who_leaves_may_take_back_what_they_wrote_and_keep_a_copy() {
    let (ana, ben) = pair(["ana", "ben"], "commons");
    ben.ok(&["id", "--name", "Ben"]);
    let his = text(&ben.ok(&["note", "of ben: plumtree", "-t", "fruit", "--in", "commons"])["id"]);
    ana.note("commons", "of ana: quincetree");
    equal(&[&ana, &ben], "commons");
    assert_eq!(ana.count("plumtree"), 1);

    refused(&ben.run(&["leave", "commons"]), 2, &["confirmed", "--yes"]);
    assert_eq!(
        ben.run(&["leave", "commons", "--keep-copy", "--yes"]).code,
        2
    );
    let left = ben.ok(&["leave", "commons", "--withdraw", "--keep-copy", "--yes"]);
    assert_eq!(
        (&left["records"], &left["copied"], &left["done"]),
        (&1.into(), &1.into(), &true.into())
    );

    // Both stop showing it; the copy is Ben's own.
    until(EQUAL, "ana hears of it", || ana.count("plumtree") == 0);
    assert_eq!(ana.count("quincetree"), 1);
    assert_eq!(ben.count("plumtree in:home tag:fruit"), 1);
    assert_eq!(ben.count("plumtree in:commons"), 0);
    for home in [&ana, &ben] {
        let why = home.ok(&["why", &his]);
        assert_eq!(why["standing"], "withdrawn");
        let shown = home.ok(&["show", &his]);
        assert!(!shown.to_string().contains("plumtree"), "{shown}");
    }
    let why = ana.ok(&["why", "Ben"]);
    assert_eq!(
        (text(&why["what"]), text(&why["standing"])),
        ("member".into(), "left".into())
    );
    let ben_there = ana.all(&["members", "commons", "--all"]);
    let ben_there = ben_there.iter().find(|one| one["name"] == "Ben").unwrap();
    assert_eq!(ben_there["parted"]["how"], "left");
    assert_eq!(ana.all(&["members", "commons"]).len(), 1);
    refused(
        &ben.run(&["note", "late", "--in", "commons"]),
        4,
        &["not a member", "next:"],
    );

    // Whoever comes later gets the header and no body.
    let mut cy = Home::new("cy");
    cy.up();
    join(&cy, &invite(&ana, "commons"));
    equal(&[&ana, &cy], "commons");
    assert_eq!(cy.count("quincetree"), 1);
    let shown = cy.ok(&["show", &his]);
    assert!(!shown.to_string().contains("plumtree"), "{shown}");
    // The old spelling stays.
    let left = cy.ok(&["collective", "leave", "commons", "--yes"]);
    assert_eq!(left["done"], true);
}

#[test]
fn whoever_was_removed_is_told_by_whom_and_why() {
    let (mut ana, ben) = pair(["ana", "ben"], "commons");
    ana.ok(&["id", "--name", "Ana"]);
    ben.ok(&["id", "--name", "Ben"]);
    let early = ben.note("commons", "of ben: early plumtree");
    equal(&[&ana, &ben], "commons");
    until(EQUAL, "ben knows her name", || {
        !ben.all(&["members", "commons"])
            .iter()
            .all(|m| m["name"] != "Ana")
    });
    let target: SeatKey = seat(&ben, "Ben").parse().unwrap();
    let commons = cid(&ana, "commons");
    assert_eq!(ana.stop(), 0);
    // What Ben writes while she is away she cannot know of.
    let late = ben.note("commons", "of ben: late plumtree");
    let keys = Keys::of(ana.folder(), &commons);
    let (cap, _, hlc) = ends(&keys);
    let place = keys
        .control
        .iter()
        .filter(|r| r.header().dev == DeviceKey::from_bytes(keys.device.verifying_key().to_bytes()))
        .max_by_key(|r| r.header().seq)
        .map(|r| Place {
            seq: r.header().seq + 1,
            prev: Some(r.id()),
        })
        .unwrap();
    let heads: Vec<RecordId> = {
        let cited: Vec<RecordId> = keys
            .control
            .iter()
            .flat_map(|r| {
                r.header()
                    .auth
                    .iter()
                    .chain(&r.header().prev)
                    .copied()
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut heads: Vec<_> = keys
            .control
            .iter()
            .map(Verified::id)
            .filter(|id| !cited.contains(id))
            .collect();
        heads.sort();
        heads
    };
    let early_id: RecordId = early.parse().unwrap();
    let vault = vault(ana.folder());
    let kept = vault.get(&early_id).unwrap().unwrap().verified().unwrap();
    vault.close().unwrap();
    let removal = Draft {
        cid: Some(keys.cid),
        seat: keys.seat,
        place,
        hlc: Hlc::next(hlc.ms() + 1, [hlc]),
        kind: Kind::REVOKE,
        cap: Some(cap),
        auth: heads,
        refs: Vec::new(),
        tags: Vec::new(),
        body: Control::Revoke(Revoke {
            target: Target::Seat(target),
            subtree: false,
            back: false,
            cut: vec![folkmoot_record::control::Cut {
                dev: kept.header().dev,
                lane: 1,
                seq: kept.header().seq,
                id: early_id,
            }],
            keep: Vec::new(),
            reason: Some("three warnings".to_owned()),
        })
        .encode(),
    }
    .sign(&keys.device)
    .unwrap();
    hand_over(&keys, &[(&removal, Scope::Control)], &ben);

    let status = ben.ok(&["status"]);
    let commons = status["collectives"].as_array().unwrap();
    let commons = commons.iter().find(|one| one["name"] == "commons").unwrap();
    assert_eq!(commons["state"], "removed");
    let note = text(&commons["note"]);
    assert!(
        note.contains("removed from commons by Ana on 20") && note.contains("three warnings"),
        "{note}"
    );
    refused(
        &ben.run(&["note", "still here", "--in", "commons"]),
        4,
        &[
            "you were removed from commons by Ana",
            "three warnings",
            "next:",
        ],
    );
    let why = ben.ok(&["why", "commons"]);
    assert_eq!(
        (text(&why["what"]), text(&why["standing"])),
        ("member".into(), "removed".into())
    );
    assert!(text(&why["next"]).contains("stays with you"), "{why}");
    // What she had of him stays; what she had not does not count.
    assert_eq!((ben.count("early"), ben.count("late")), (1, 0));
    assert_eq!(ben.ok(&["why", &early])["standing"], "admitted");
    let why = ben.ok(&["why", &late]);
    assert_eq!(why["standing"], "shadowed");
    let words = told(&why);
    assert!(
        words.contains("Ana removed Ben") && words.contains("three warnings"),
        "{words}"
    );
    assert!(words.contains("rank 100"), "{words}");
    let why = ben.ok(&["why", &removal.id().to_string()]);
    assert_eq!(
        (text(&why["what"]), text(&why["standing"])),
        ("revocation".into(), "admitted".into())
    );
    assert!(told(&why).contains("It removes Ben"), "{why}");
}

#[test]
fn everything_has_a_why() {
    let (ana, ben) = pair(["ana", "ben"], "commons");
    ana.ok(&["id", "--name", "Ana"]);
    ben.ok(&["id", "--name", "Ben"]);
    talk(&ana, &ben, "commons", "heard");
    until(EQUAL, "ana knows his name", || {
        ana.all(&["members", "commons"])
            .iter()
            .any(|m| m["name"] == "Ben")
    });
    let members = ana.all(&["members", "commons"]);
    let of = |name: &str| members.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of("Ana")["admitted_via"], "founding");
    assert_eq!(
        (&of("Ben")["admitted_by"], &of("Ben")["admitted_via"]),
        (&of("Ana")["seat"], &"invite".into())
    );
    assert_eq!(of("Ben")["heard_by"], "connection");
    let drawn = ana.run(&["members", "commons"]).out;
    assert!(
        drawn.lines().nth(1).unwrap().starts_with("└─ Ben"),
        "{drawn}"
    );

    let made = ana.ok(&["invite", "commons", "--label", "spring", "--uses", "3"]);
    let device = text(&of("Ben")["devices"][0]["key"]);
    let commons = cid(&ana, "commons");
    for (id, what, standing, words) in [
        (
            text(&of("Ben")["seat"]),
            "member",
            "live",
            "joined by it as writer",
        ),
        ("Ben".to_owned(), "member", "live", "Ana made an invite"),
        (device, "device", "live", "Ben joined with it"),
        (text(&made["id"]), "invite", "live", "3 of 3 uses left"),
        (
            commons.clone(),
            "record",
            "admitted",
            "the collective begins with it",
        ),
        (
            grant_id_of_founder(commons.parse().unwrap(), 0).to_string(),
            "right",
            "live",
            "Ana has this right as steward",
        ),
    ] {
        let why = ana.ok(&["why", &id]);
        assert_eq!(
            (text(&why["what"]), text(&why["standing"])),
            (what.to_owned(), standing.to_owned()),
            "{why}"
        );
        assert!(told(&why).contains(words), "{words}: {why}");
        assert_eq!(why["collective"], "commons");
        for step in why["steps"].as_array().unwrap() {
            assert!(text(&step["section"]).contains('.'), "{step}");
        }
        // For people the sections stand in parentheses.
        assert!(ana.run(&["why", &id]).out.contains("(§"));
    }
    refused(&ana.run(&["why", "nobody"]), 3, &["nobody", "next:"]);
}
