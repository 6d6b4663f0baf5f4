//! Every verdict that a record can meet: who can cause it by commands is refused with a sentence, a
//! code and a next step; what only a changed program can send is pushed over a socket with a real
//! member's keys, and `moot why` explains it, before and after a restart.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#[path = "reasons/forge.rs"]
mod forge;
#[path = "member/traitor.rs"]
mod traitor;

use std::time::{Duration, Instant};

use folkmoot_accord::{ParkReason, VoidReason};
use folkmoot_record::{Kind, RecordId, SeatKey, Verified};
use folkmoot_seal::{InviteLink, Link};
use folkmoot_store::Held;
use folkmoot_sync::Scope;
use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite_as, join, refused},
    place,
    vault::vault,
};
use forge::{Forge, Given};
use serde_json::Value as Json;
use traitor::{Keys, Offer, attack};

/// How long one session offers what it has.
const SESSION: Duration = Duration::from_secs(4);
/// Until everything was taken: whoever sends what is void is sent away, and comes again.
const TAKEN: Duration = Duration::from_secs(240);
/// Notes that a device may write in a day in this collective.
const QUOTA: usize = 40;

/// How a person causes it, and what they are told. `None`: the program never signs such a record, so
/// only a changed one can.
struct Refused {
    who: &'static str,
    args: &'static [&'static str],
    code: i32,
    says: &'static str,
}

const fn refusal(
    who: &'static str,
    args: &'static [&'static str],
    code: i32,
    says: &'static str,
) -> Option<Refused> {
    Some(Refused {
        who,
        args,
        code,
        says,
    })
}

/// The table. A new reason has to be put here before this compiles again.
const fn by_command(reason: VoidReason) -> Option<Refused> {
    match reason {
        VoidReason::CapNotLive => refusal(
            "dan",
            &["note", "removed", "--in", "commons"],
            4,
            "you were removed from commons by ana",
        ),
        VoidReason::CapWindow => refusal(
            "tom",
            &["note", "too early", "--in", "commons"],
            4,
            "your right is not in force at this time",
        ),
        VoidReason::DeviceLimit => refusal(
            "ben",
            &[
                "note", "house", "-t", "house", "--as", "robin", "--in", "commons",
            ],
            4,
            "the device robin may not write this in commons",
        ),
        VoidReason::Action => refusal(
            "rea",
            &["invite", "commons"],
            4,
            "your role does not allow this",
        ),
        VoidReason::KindOrTag => refusal(
            "rea",
            &["note", "elsewhere", "--in", "commons"],
            4,
            "your right does not reach to this kind or these tags",
        ),
        VoidReason::Covers => refusal(
            "ben",
            &["grant", "@rea", "--role", "writer", "--depth", "31"],
            4,
            "this gives more than you have in commons",
        ),
        VoidReason::Rank => refusal(
            "ben",
            &["grant", "@rea", "--role", "moderator"],
            4,
            "you may not make somebody moderator",
        ),
        VoidReason::May => refusal(
            "ben",
            &["revoke", "@ana", "--yes"],
            4,
            "stands as high as your own right",
        ),
        VoidReason::TargetUnknown => refusal(
            "ben",
            &["revoke", "00000000", "--yes"],
            3,
            "nothing is called 00000000",
        ),
        VoidReason::Seat => refusal(
            "eve",
            &["note", "gone", "--in", "commons"],
            4,
            "you are not a member of commons",
        ),
        VoidReason::BodySig => refusal("tom", &["join", "folkmoot:1:aaaa"], 2, "invite key"),
        VoidReason::Electorate => refusal(
            "tom",
            &["vote", "PROPOSAL", "yes"],
            4,
            "you have no vote on this",
        ),
        VoidReason::Root => refusal(
            "ben",
            &["device", "add", "owl", "--in", "commons", "--can", "vote"],
            2,
            "a device can never let another one vote",
        ),
        VoidReason::PastVoid
        | VoidReason::Prev
        | VoidReason::Hlc
        | VoidReason::CapWrongSeat
        | VoidReason::Device
        | VoidReason::InviteWindow
        | VoidReason::Certificate
        | VoidReason::Class
        | VoidReason::Gen => None,
    }
}

fn named(name: &'static str) -> Home {
    let mut home = Home::new(name);
    home.up();
    home.ok(&["id", "--name", name]);
    home
}

fn link(key: &str) -> InviteLink {
    match Link::parse(key).unwrap() {
        Link::Invite(link) => link,
        _ => unreachable!("it is an invite"),
    }
}

fn offer(record: &Verified) -> Offer {
    Offer {
        id: record.id(),
        hlc: record.header().hlc,
        scope: if record.header().kind.is_content() {
            Scope::Content
        } else {
            Scope::Control
        },
        wire: record.wire().into(),
    }
}

/// What `why` says, if it knows the id.
fn why(home: &Home, id: &RecordId) -> Option<Json> {
    let said = home.run(&["why", &id.to_string(), "--json"]);
    (said.code == 0).then(|| said.json().remove(0))
}

/// Pushes these until the node knows all of them; it may send the traitor away meanwhile.
fn push(home: &mut Home, keys: &Keys, records: &[Verified]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listen = home.addresses()[0].clone();
    let listen = listen.split("/p2p/").next().unwrap().to_owned();
    let begun = Instant::now();
    while begun.elapsed() < TAKEN {
        let open: Vec<Offer> = records
            .iter()
            .filter(|record| {
                why(home, &record.id()).is_none_or(|view| view["standing"] == "missing")
            })
            .map(offer)
            .collect();
        if open.is_empty() {
            return;
        }
        let address = home.addresses()[0].clone();
        let outcome = runtime.block_on(attack(keys, keys.transport, &open, &address, SESSION));
        if outcome.dropped || !outcome.proven {
            // Whoever sent what is void is shunned for a while; a new start forgets that.
            assert_eq!(home.stop(), 0);
            home.up_on(&listen);
        }
    }
    for record in records {
        let id = record.id();
        assert!(why(home, &id).is_some(), "{id} was never taken");
    }
}

/// Said to people as well as in `--json`: the sentence, why, and what to do.
fn explained(home: &Home, id: &RecordId, standing: &str, sentence: &str) -> Json {
    let view = why(home, id);
    assert!(view.is_some(), "{standing} {id} is not known");
    let view = view.unwrap();
    assert_eq!(view["standing"], standing, "{view}");
    assert!(text(&view["verdict"]).contains(sentence), "{view}");
    let next = text(&view["next"]);
    let said = home.run(&["why", &id.to_string()]);
    assert_eq!(said.code, 0);
    assert!(
        said.out.contains(sentence) && said.out.contains(&next),
        "{}",
        said.out
    );
    assert!(
        view["steps"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["section"].is_string())
    );
    view
}

fn keys_of(home: &mut Home) -> Keys {
    let cid = text(&home.ok(&["collective", "show", "commons"])["summary"]["id"]);
    assert_eq!(home.stop(), 0);
    Keys::of(home.folder(), &cid)
}

fn seat(home: &Home) -> String {
    text(&home.ok(&["collective", "show", "commons"])["seat"])
}

/// Ana founds; the others come in, each for a part of the table.
struct Stage {
    ana: Home,
    ben: Home,
    rea: Home,
    tom: Home,
    dan: Home,
    eve: Home,
    given: Given,
    /// A note of Dan's that a removal cut away, and one that Eve took back.
    cut: RecordId,
    withdrawn: RecordId,
}

impl Stage {
    fn new() -> Self {
        let [ana, ben, rea, tom, dan, eve] = ["ana", "ben", "rea", "tom", "dan", "eve"].map(named);
        let circle = place::root().join("crates/engine/charters/circle.toml");
        let charter = std::fs::read_to_string(circle).unwrap().replace(
            "content_per_day = 2000",
            &format!("content_per_day = {QUOTA}"),
        );
        let path = ana.folder().join("charter.toml");
        std::fs::write(&path, charter).unwrap();
        ana.ok(&[
            "collective",
            "new",
            "commons",
            "--charter",
            path.to_str().unwrap(),
        ]);
        join(&ben, &invite_as(&ana, "commons", &["--role", "moderator"]));
        join(&rea, &invite_as(&ana, "commons", &["--role", "reader"]));
        join(&dan, &invite_as(&ana, "commons", &["--role", "writer"]));
        join(&eve, &invite_as(&ana, "commons", &["--role", "writer"]));
        join(
            &tom,
            &invite_as(&ana, "commons", &["--role", "writer", "--from", "24h"]),
        );
        // Rea shows no name: who may not write has none.
        let (ben_seat, rea_seat) = (seat(&ben), seat(&rea));
        let give = |who: &str, more: &[&str]| -> folkmoot_record::GrantId {
            let args = [&["grant", &who[..8]] as &[&str], more].concat();
            text(&ana.ok(&args)["id"]).parse().unwrap()
        };
        let garden = ["--role", "writer", "--tag", "garden"];
        give(&rea_seat, &garden);
        let (reader, garden, later) = (
            give(&ben_seat, &["--role", "reader"]),
            give(&ben_seat, &garden),
            give(&ben_seat, &["--role", "writer", "--from", "24h"]),
        );
        let cut = dan.note("commons", "of dan");
        let withdrawn = eve.note("commons", "of eve");
        until(EQUAL, "both notes arrive", || ana.count("of") == 2);
        ana.ok(&["revoke", &seat(&dan)[..8], "--back", "--yes"]);
        eve.ok(&["leave", "commons", "--withdraw", "--yes"]);
        ben.ok(&[
            "device", "add", "robin", "--in", "commons", "--tag", "garden",
        ]);
        let open = invite_as(&ana, "commons", &["--expires", "7d"]);
        let closed = link(&invite_as(&ana, "commons", &["--expires", "7d"]));
        ana.ok(&["invite", "close", &closed.invite.to_string(), "--yes"]);
        let opinion = ana.ok(&["propose", "opinion", "Saturdays?", "--in", "commons"]);
        ana.ok(&["vote", &text(&opinion["id"]), "no"]);
        equal(&[&ana, &ben, &rea], "commons");
        let held = ana.all(&["contracts", "--in", "commons", "--held"]);
        let given = Given {
            reader,
            garden,
            later,
            of_rea: text(&rea.all(&["contracts", "--in", "commons", "--held"])[0]["id"])
                .parse()
                .unwrap(),
            rea: rea_seat.parse::<SeatKey>().unwrap(),
            founder: text(&held[0]["id"]).parse().unwrap(),
            open: link(&open),
            closed,
            proposal: text(&opinion["id"]).parse().unwrap(),
        };
        Self {
            ana,
            ben,
            rea,
            tom,
            dan,
            eve,
            given,
            cut: cut.parse().unwrap(),
            withdrawn: withdrawn.parse().unwrap(),
        }
    }

    fn home(&self, name: &str) -> &Home {
        [
            &self.ana, &self.ben, &self.rea, &self.tom, &self.dan, &self.eve,
        ]
        .into_iter()
        .find(|home| home.folder().ends_with(name))
        .unwrap()
    }

    /// What a person types and may not.
    fn commands(&self) {
        until(EQUAL, "dan has heard of it", || {
            let listed = self.dan.all(&["collective", "list"]);
            listed.iter().any(|one| one["state"] == "removed")
        });
        let mut caused = 0;
        for reason in VoidReason::ALL {
            let Some(row) = by_command(*reason) else {
                continue;
            };
            let args: Vec<String> = row
                .args
                .iter()
                .map(|arg| arg.replace("PROPOSAL", &self.given.proposal.to_string()))
                .map(|arg| arg.replace("@rea", &self.given.rea.to_string()))
                .collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let said = self.home(row.who).run(&args);
            refused(&said, row.code, &[row.says, "next:"]);
            caused += 1;
        }
        assert!(caused >= 13);
    }
}

#[test]
fn every_verdict_is_caused_and_explained() {
    let stage = Stage::new();
    stage.commands();
    let Stage {
        mut ana,
        mut ben,
        given,
        cut,
        withdrawn,
        ..
    } = stage;
    let ben_seat = seat(&ben);
    let keys = keys_of(&mut ben);
    assert_eq!(keys.agents.len(), 1);
    let mut forge = Forge::new(&keys, &given);

    // What is void: nothing of it is stored, and each is explained, also after a restart.
    let void: Vec<(VoidReason, Vec<Verified>)> = VoidReason::ALL
        .iter()
        .map(|reason| (*reason, forge.void(*reason)))
        .collect();
    let all: Vec<Verified> = void.iter().flat_map(|(_, all)| all.clone()).collect();
    push(&mut ana, &keys, &all);
    for restarted in [false, true] {
        for (reason, records) in &void {
            let record = records.last().unwrap();
            let view = explained(&ana, &record.id(), "void", reason.sentence());
            assert_eq!(view["reason"], reason.as_str(), "{view}");
            let steps = view["steps"].to_string();
            let kind = record.header().kind.name().unwrap();
            assert!(
                steps.contains(&format!("It is a {kind} signed by")),
                "{reason}: {steps}"
            );
        }
        let eye = ana.ok(&["status"])["eye"].clone();
        let refused = eye.as_array().unwrap().iter();
        let mut refused =
            refused.filter(|one| one["what"] == "refused" && one["seat"] == *ben_seat);
        assert!(refused.next().is_some(), "{restarted}: {eye}");
        if !restarted {
            assert_eq!(ana.stop(), 0);
            let store = vault(ana.folder());
            for record in &all {
                assert_eq!(store.held(&record.id()).unwrap(), Held::No);
            }
            store.close().unwrap();
            ana.up();
        }
    }

    // What is kept and does not count, or not yet.
    let mut parked: Vec<(ParkReason, RecordId)> = Vec::new();
    let mut kept: Vec<Verified> = Vec::new();
    for reason in ParkReason::ALL {
        if let Some(records) = forge.parked(*reason) {
            parked.push((*reason, records.last().unwrap().id()));
            kept.extend(records);
        }
    }
    let (orphan, missing) = forge.orphan();
    let (early, unreadable, misfiled) = (forge.early(), forge.unreadable(), forge.misfiled());
    kept.extend(misfiled.clone());
    kept.extend([orphan.clone(), early.clone(), unreadable.clone()]);
    push(&mut ana, &keys, &kept);
    for (reason, id) in &parked {
        if *reason == ParkReason::Sibling {
            // Which of the seventeen came last is not ours to say.
            let set_aside = kept.iter().filter(|record| {
                record.header().kind == Kind::MERGE
                    && why(&ana, &record.id()).unwrap()["reason"] == "sibling"
            });
            let set_aside: Vec<RecordId> = set_aside.map(Verified::id).collect();
            assert_eq!(set_aside.len(), 1);
            explained(&ana, &set_aside[0], "parked", reason.sentence());
            continue;
        }
        let view = explained(&ana, id, "parked", reason.sentence());
        assert_eq!(view["reason"], reason.as_str());
    }
    for (id, standing, sentence) in [
        (
            orphan.id(),
            "orphan",
            "It waits for records that it rests on.",
        ),
        (
            missing,
            "missing",
            "It is not here; records that are here rest on it.",
        ),
        (early.id(), "quarantined", "It is dated in the future"),
        (unreadable.id(), "unrenderable", "does not fit its kind"),
        (
            misfiled[1].id(),
            "misfiled",
            "It contradicts the record before it",
        ),
        (cut, "shadowed", "what it relies on was taken away"),
        (withdrawn, "withdrawn", "took back everything they wrote"),
    ] {
        explained(&ana, &id, standing, sentence);
    }
    let many = forge.many(QUOTA + 1);
    push(&mut ana, &keys, &many);
    let over = many
        .iter()
        .find(|record| why(&ana, &record.id()).unwrap()["standing"] == "over-quota");
    explained(
        &ana,
        &over.unwrap().id(),
        "over-quota",
        "wrote more in a day",
    );
    assert!(ana.alive() && forge.cid() == keys.cid);
}
