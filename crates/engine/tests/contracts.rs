//! Rights given, seen, ended and softened, with several homes in one process.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/rights.rs"]
mod rights;

use std::{thread, time::Duration};

use folkmoot_api::{
    CollectiveRef, Command, ContractState, ContractsArgs, ErrorCode, InviteNew, InviteView,
    InvitesArgs, KeysChange, LimitArgs, MemberView, Note, ReadmitArgs, RevocationView, RevokeArgs,
};
use hub::{Home, Hub, equal, until};
use jiff::Timestamp;
use rights::{ahead, contracts, give, grant, limits, readmit, revoke, rule, seat, take, three};

#[test]
fn a_limited_right_is_used_within_its_limits_and_no_further() {
    let hub = Hub::new();
    let (ana, _ben, cy) = three(&hub, "writer", "reader");
    let refused = cy.note("not mine", &["garden"]).unwrap_err();
    assert_eq!(refused.reason.as_deref(), Some("action"));

    let until_day = ahead(3_600);
    let given = grant(
        &ana,
        &seat(&cy),
        "writer",
        limits(&["#garden"], &["note"], Some(until_day)),
    );
    assert_eq!(given.limits.tags, ["garden"]);
    assert!(given.sentence.contains(" may write"), "{}", given.sentence);
    assert!(given.sentence.contains("only what is tagged #garden"));
    assert!(given.end.as_deref().unwrap().starts_with("moot revoke "));
    equal(&[&ana, &cy]);

    cy.note("beans", &["garden", "garden/beans"]).unwrap();
    for tags in [&["tools"] as &[&str], &[], &["garden", "tools"]] {
        let error = cy.note("elsewhere", tags).unwrap_err();
        assert_eq!(error.reason.as_deref(), Some("kind-or-tag"), "{error:?}");
        assert_eq!(error.code, ErrorCode::Denied);
    }
    let link = Command::Note(Note {
        collective: Some("commons".to_owned()),
        kind: "link".to_owned(),
        url: Some("https://example.org".to_owned()),
        tags: vec!["garden".to_owned()],
        ..Note::default()
    });
    assert_eq!(rule(&cy, link), "kind-or-tag");
    until("ana reads it", || ana.finds("beans") == 1);

    // Both see it: Cy as held, Ana as given.
    let held = contracts(&cy, ContractsArgs::default());
    assert_eq!(held.len(), 2);
    let mine = held.iter().find(|one| one.id == given.id).unwrap();
    assert_eq!(mine.end.as_deref(), Some("moot collective leave commons"));
    assert_eq!(mine.giver.as_ref().unwrap().name, "ana");
    let by_ana = contracts(
        &ana,
        ContractsArgs {
            given: true,
            ..ContractsArgs::default()
        },
    );
    assert!(by_ana.iter().any(|one| one.id == given.id));
    assert!(by_ana.iter().all(|one| one.state == ContractState::InForce));

    // Its end is seen, and the records written before stay.
    let ended = revoke(&ana, take(&given.id[..8]));
    assert_eq!(
        (ended.kept, ended.lost, ended.keys),
        (1, 0, KeysChange::Unchanged)
    );
    assert!(ended.leaves.is_empty(), "{ended:?}");
    equal(&[&ana, &cy]);
    let error = cy.note("more beans", &["garden"]).unwrap_err();
    assert_eq!(error.reason.as_deref(), Some("action"));
    assert_eq!((ana.finds("beans"), cy.finds("beans")), (1, 1));
    let again = rule(&ana, Command::Revoke(take(&given.id[..8])));
    assert_eq!(again, "seat");
}

#[test]
fn nobody_gives_more_than_they_hold() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "writer", "reader");
    let end = ahead(7_200);
    assert_eq!(
        rule(&ben, give(&seat(&cy), "writer", limits(&[], &[], None))),
        "action"
    );
    grant(
        &ana,
        "@ben",
        "moderator",
        LimitArgs {
            depth: Some(2),
            ..limits(&["garden"], &["note", "link"], Some(end))
        },
    );
    equal(&[&ana, &ben, &cy]);

    let fits = || limits(&["garden/beans"], &["note"], Some(ahead(3_600)));
    let with_depth = |depth| LimitArgs {
        depth: Some(depth),
        ..fits()
    };
    for (limits, code, says) in [
        (limits(&[], &["note"], Some(end)), "covers", "#garden"),
        (
            limits(&["tools"], &["note"], Some(end)),
            "covers",
            "--tag garden",
        ),
        (
            limits(&["garden"], &[], Some(end)),
            "covers",
            "--kind note --kind link",
        ),
        (limits(&["garden"], &["task"], Some(end)), "covers", "note"),
        (limits(&["garden"], &["note"], None), "covers", "--until"),
        (
            limits(&["garden"], &["note"], Some(ahead(9_000))),
            "covers",
            "--until",
        ),
        (with_depth(2), "covers", "--depth 1"),
    ] {
        let error = ben.refused(give(&seat(&cy), "writer", limits.clone()));
        assert_eq!(error.reason.as_deref(), Some(code), "{limits:?} {error:?}");
        let told = format!("{} {}", error.message, error.hint.unwrap());
        assert!(told.contains(says), "{told}");
        // The same of an invite.
        let invite = Command::Invite(InviteNew {
            collective: "commons".to_owned(),
            role: "writer".to_owned(),
            uses: 1,
            expires_ms: Some(1_000),
            label: None,
            limits,
        });
        assert_eq!(rule(&ben, invite), code);
    }
    // An invite must not outlast the right under which it is made.
    let late = Command::Invite(InviteNew {
        collective: "commons".to_owned(),
        role: "writer".to_owned(),
        uses: 1,
        expires_ms: Some(90_000_000),
        label: None,
        limits: fits(),
    });
    let error = ben.refused(late);
    assert_eq!(error.reason.as_deref(), Some("covers"));
    assert!(error.hint.unwrap().contains("--expires"));
    let error = ben.refused(give(&seat(&cy), "moderator", fits()));
    assert_eq!(error.reason.as_deref(), Some("rank"));
    assert!(error.hint.unwrap().contains("host"));
    let error = ben.refused(give(&seat(&cy), "king", fits()));
    assert_eq!(error.code, ErrorCode::NotFound);

    // What fits is given, and can be handed on no further than said.
    let below = grant(&ben, &seat(&cy), "host", with_depth(0));
    assert_eq!(below.limits.depth, 0);
    equal(&[&ana, &ben, &cy]);
    cy.note("runner beans", &["garden/beans"]).unwrap();
    // What Ana does not hold when she ends the right is cut away, by the rules.
    equal(&[&ana, &ben, &cy]);
    assert_eq!(
        cy.note("roses", &["garden"]).unwrap_err().reason.as_deref(),
        Some("kind-or-tag")
    );
    let invite = Command::Invite(InviteNew {
        collective: "commons".to_owned(),
        role: "reader".to_owned(),
        uses: 1,
        expires_ms: Some(1_000),
        label: None,
        limits: fits(),
    });
    let error = cy.refused(invite);
    assert_eq!(error.reason.as_deref(), Some("covers"), "{error:?}");
    assert!(error.message.contains("may not be handed on"), "{error:?}");

    // Ending Ben's right leaves what he gave, unless its subtree is ended.
    let held = contracts(
        &ben,
        ContractsArgs {
            held: true,
            ..ContractsArgs::default()
        },
    );
    let ben_right = held.iter().find(|one| one.role == "moderator").unwrap();
    let dry = |subtree| {
        revoke(
            &ana,
            RevokeArgs {
                subtree,
                dry_run: true,
                ..take(&ben_right.id[..8])
            },
        )
    };
    let plan = dry(false);
    assert_eq!((plan.id, plan.ends.len(), plan.stays.len()), (None, 1, 1));
    assert_eq!(plan.stays[0].seat, cy.view().seat);
    let plan = dry(true);
    assert_eq!(
        (plan.ends.len(), plan.stays.len(), plan.kept > 0),
        (2, 0, true)
    );
    let ended = revoke(
        &ana,
        RevokeArgs {
            subtree: true,
            ..take(&ben_right.id[..8])
        },
    );
    assert_eq!((ended.lost, ended.lost_control), (0, 0));
    equal(&[&ana, &ben, &cy]);
    assert_eq!(
        cy.note("late", &["garden/beans"])
            .unwrap_err()
            .reason
            .as_deref(),
        Some("action")
    );
    assert_eq!(ana.finds("\"runner beans\""), 1);
}

#[test]
fn a_right_ends_by_itself_and_an_unborn_one_waits() {
    let hub = Hub::new();
    let (ana, _ben, cy) = three(&hub, "writer", "reader");
    for (from, until) in [(None, Some(ahead(-5))), (Some(ahead(60)), Some(ahead(30)))] {
        let limits = LimitArgs {
            from,
            until,
            ..LimitArgs::default()
        };
        assert_eq!(
            ana.refused(give(&seat(&cy), "writer", limits)).code,
            ErrorCode::Usage
        );
    }
    let end = ahead(2);
    let given = grant(&ana, &seat(&cy), "writer", limits(&[], &[], Some(end)));
    let later = LimitArgs {
        from: Some(ahead(3_600)),
        ..LimitArgs::default()
    };
    let unborn = grant(&ana, &seat(&cy), "host", later);
    assert_eq!(unborn.state, ContractState::NotYet);
    equal(&[&ana, &cy]);
    while Timestamp::now() < end {
        thread::sleep(Duration::from_millis(20));
    }
    let error = cy.note("too late", &[]).unwrap_err();
    assert_eq!(error.reason.as_deref(), Some("action"), "{error:?}");
    assert!(
        !contracts(&cy, ContractsArgs::default())
            .iter()
            .any(|one| one.id == given.id)
    );
    let all = contracts(
        &cy,
        ContractsArgs {
            ended: true,
            ..ContractsArgs::default()
        },
    );
    let over = all.iter().find(|one| one.id == given.id).unwrap();
    assert_eq!(over.state, ContractState::Expired);
    assert!(over.sentence.contains("Its time is over"));
}

#[test]
fn what_is_named_must_be_there_be_one_and_stand_below() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "moderator", "moderator");
    let code = |home: &Home, what: &str| home.refused(Command::Revoke(take(what))).code;
    assert_eq!(code(&ana, "@nobody"), ErrorCode::NotFound);
    assert_eq!(code(&ana, "@ana"), ErrorCode::Usage);
    let own = contracts(&ben, ContractsArgs::default());
    assert_eq!(code(&ben, &own[0].id[..8]), ErrorCode::Usage);
    // Neither the one above nor an equal.
    assert_eq!(rule(&ben, Command::Revoke(take("@ana"))), "may");
    assert_eq!(rule(&ben, Command::Revoke(take("@cy"))), "may");
    let subtree = RevokeArgs {
        subtree: true,
        ..take("@ben")
    };
    assert_eq!(ana.refused(Command::Revoke(subtree)).code, ErrorCode::Usage);
    // A writer may not take anything.
    let dan = hub.person("dan");
    dan.join(&ana.invite("writer").key.unwrap());
    equal(&[&ana, &dan]);
    assert_eq!(rule(&dan, Command::Revoke(take("@ben"))), "action");
    assert_eq!(
        dan.refused(Command::Readmit(ReadmitArgs {
            what: "@ben".to_owned(),
            ..ReadmitArgs::default()
        }))
        .code,
        ErrorCode::NotFound
    );
    // Two of one name have to be told apart.
    cy.ask(Command::SetName(folkmoot_api::SetName {
        name: "ben".to_owned(),
    }));
    equal(&[&ana, &ben, &cy, &dan]);
    let error = ana.refused(Command::Revoke(take("@ben")));
    assert_eq!(error.code, ErrorCode::Usage);
    let hint = error.hint.unwrap();
    assert_eq!(hint.matches("(ben, a member)").count(), 2, "{hint}");
}

#[test]
fn late_work_of_a_removed_member_is_cut_away_and_comes_back_when_readmitted() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "writer", "writer");
    ben.note("early applecart", &[]).unwrap();
    equal(&[&ana, &ben, &cy]);
    until("it is everywhere", || {
        ana.finds("applecart") == 1 && cy.finds("applecart") == 1
    });

    // Ana is away from both, and removes Ben; he does not know, and Cy does not.
    hub.part(&ana, &ben);
    hub.part(&ana, &cy);
    let plan = revoke(
        &ana,
        RevokeArgs {
            dry_run: true,
            ..take("@ben")
        },
    );
    assert_eq!(plan.leaves.len(), 1);
    assert_eq!((plan.lost, plan.keys), (0, KeysChange::Renewed));
    assert!(plan.kept >= 1 && plan.cut >= 2, "{plan:?}");
    assert_eq!((plan.others, plan.left_out), (1, 0));
    let done = revoke(
        &ana,
        RevokeArgs {
            reason: Some("moved away".to_owned()),
            ..take("@ben")
        },
    );
    assert_eq!(done.keys, KeysChange::Renewed);
    assert_eq!(ana.view().epoch, 2);
    assert_eq!(ana.finds("applecart"), 1);
    let late = ben.note("late applecart one", &[]).unwrap();
    ben.note("late applecart two", &[]).unwrap();
    equal(&[&ben, &cy]);
    until("cy has it", || cy.finds("applecart") == 3);

    // Cy learns of it: the two late notes count nowhere.
    hub.part(&ben, &cy);
    hub.join(&ana, &cy);
    equal(&[&ana, &cy]);
    until("both agree", || {
        cy.finds("applecart") == 1 && ana.finds("applecart") == 1
    });
    until("cy has the new keys", || cy.view().epoch == 2);
    let members = |home: &Home| home.view().summary.members;
    assert_eq!((members(&ana), members(&cy)), (2, 2));

    // Ben is told nothing any more, and gets no new keys.
    hub.join(&ben, &cy);
    hub.join(&ben, &ana);
    cy.note("without ben: plumtree", &[]).unwrap();
    until("ana has it", || ana.finds("plumtree") == 1);
    assert_eq!((ben.finds("plumtree"), ben.view().epoch), (0, 1));

    // One of the late notes was honest: it comes back, and nothing above it.
    assert_eq!(
        rule(
            &cy,
            Command::Readmit(ReadmitArgs {
                what: late.id.clone(),
                ..ReadmitArgs::default()
            })
        ),
        "action"
    );
    let plan = readmit(&ana, &late.id, true);
    assert_eq!((plan.restored, plan.still_cut, plan.ids.len()), (1, 1, 0));
    let done_one = readmit(&ana, &late.id, false);
    assert_eq!((done_one.restored, done_one.ids.len()), (1, 1));
    assert!(done_one.cautions[0].contains("ben comes back by a new invite"));
    equal(&[&ana, &cy]);
    until("both show it", || cy.finds("applecart") == 2);
    until("ana has its text", || ana.finds("applecart") == 2);

    // And then all of it, by the revocation.
    let rest = readmit(&ana, &done.id.unwrap(), false);
    assert_eq!((rest.restored, rest.still_cut), (1, 0));
    equal(&[&ana, &cy]);
    until("both show all", || {
        cy.finds("applecart") == 3 && ana.finds("applecart") == 3
    });
    let nothing = ana.refused(Command::Readmit(ReadmitArgs {
        what: "@ben".to_owned(),
        ..ReadmitArgs::default()
    }));
    assert_eq!(nothing.code, ErrorCode::NotFound);
}

/// Two took it away, each for themselves: who may soften one alone hears of the other.
#[test]
fn what_two_took_away_comes_back_by_whoever_may_soften_both() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "writer", "moderator");
    hub.part(&ana, &ben);
    hub.part(&ana, &cy);
    thread::sleep(Duration::from_millis(20));
    let since = Timestamp::now();
    thread::sleep(Duration::from_millis(20));
    let late = ben.note("late plumcake", &[]).unwrap();
    until("cy has it", || cy.finds("plumcake") == 1);
    hub.part(&ben, &cy);
    revoke(&ana, take("@ben"));
    let back = RevokeArgs {
        back: Some(since),
        ..take("@ben")
    };
    revoke(&cy, back);
    hub.join(&ana, &cy);
    equal(&[&ana, &cy]);
    until("both cut it", || cy.finds("plumcake") == 0);

    for what in ["@ben", &late.id] {
        let error = cy.refused(Command::Readmit(ReadmitArgs {
            what: what.to_owned(),
            ..ReadmitArgs::default()
        }));
        assert_eq!(error.code, ErrorCode::Denied, "{error:?}");
        assert!(error.message.contains("ana took it away"), "{error:?}");
    }
    let done = readmit(&ana, &late.id, false);
    assert_eq!((done.restored, done.ids.len()), (1, 2));
    assert_eq!(done.revocations.len(), 2);
    equal(&[&ana, &cy]);
    until("both show it", || {
        ana.finds("plumcake") == 1 && cy.finds("plumcake") == 1
    });
}

#[test]
fn cutting_back_takes_what_was_written_since() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "writer", "writer");
    let kept = ben.note("good cherrycake", &[]).unwrap();
    thread::sleep(Duration::from_millis(20));
    let since = Timestamp::now();
    thread::sleep(Duration::from_millis(20));
    ben.note("bad cherrycake", &[]).unwrap();
    equal(&[&ana, &ben, &cy]);
    until("ana has both", || ana.finds("cherrycake") == 2);
    let back = |dry_run, back, keep: &[&str]| RevokeArgs {
        back: Some(back),
        keep: keep.iter().map(|id| (*id).to_owned()).collect(),
        dry_run,
        ..take("@ben")
    };
    let plan = revoke(&ana, back(true, since, &[]));
    assert_eq!(plan.lost, 1);
    assert_eq!(plan.lost_records[0].title, "bad cherrycake");
    let all = revoke(&ana, back(true, Timestamp::UNIX_EPOCH, &[]));
    assert!(all.lost >= 2 && all.kept == 0, "{all:?}");
    let one = revoke(&ana, back(true, Timestamp::UNIX_EPOCH, &[&kept.id]));
    assert_eq!(one.lost, 1);
    let foreign = ana.note("of ana", &[]).unwrap();
    let odd = Command::Revoke(back(true, since, &[&foreign.id]));
    assert_eq!(ana.refused(odd).code, ErrorCode::Usage);
    assert_eq!(ana.finds("cherrycake"), 2, "a dry run does nothing");
    revoke(&ana, back(false, since, &[]));
    equal(&[&ana, &cy]);
    until("both cut it", || {
        ana.finds("cherrycake") == 1 && cy.finds("cherrycake") == 1
    });
}

#[test]
fn a_device_is_taken_and_its_person_stays() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "writer", "moderator");
    ben.note("good pearcake", &[]).unwrap();
    equal(&[&ana, &ben, &cy]);
    let members: Vec<MemberView> = ana
        .ask(Command::CollectiveMembers(CollectiveRef {
            collective: "commons".to_owned(),
        }))
        .try_into()
        .unwrap();
    let device = |name: &str| {
        let member = members.iter().find(|member| member.name == name).unwrap();
        member.devices[0].key.clone()
    };
    assert_eq!(
        ana.refused(Command::Revoke(take(&device("ana")))).code,
        ErrorCode::Usage
    );
    assert_eq!(rule(&cy, Command::Revoke(take(&device("ana")))), "may");
    let done = revoke(&cy, take(&device("ben")[..8]));
    assert!(done.what.contains("of ben"), "{}", done.what);
    assert_eq!((done.lost, done.keys), (0, KeysChange::Renewed));
    // It was his only one: his rights stay, and nobody acts by them.
    assert!(done.ends.is_empty());
    assert_eq!(done.leaves.len(), 1);
    equal(&[&ana, &cy]);
    assert_eq!((ana.finds("pearcake"), cy.finds("pearcake")), (1, 1));
    until("ana has the new keys", || ana.view().epoch == 2);
}

#[test]
fn invites_are_listed_and_closed() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "host", "writer");
    let open = ben.invite("writer");
    equal(&[&ana, &ben, &cy]);
    let list = |home: &Home, all| -> Vec<InviteView> {
        home.ask(Command::Invites(InvitesArgs {
            collective: Some("commons".to_owned()),
            all,
        }))
        .try_into()
        .unwrap()
    };
    let seen = list(&ana, false);
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].made_by.name.as_str(), seen[0].uses_left),
        ("ben", 1)
    );
    assert_eq!(list(&ana, true).len(), 3);
    assert!(list(&cy, false)[0].end.is_none());
    let close = |what: &str| {
        Command::Revoke(RevokeArgs {
            invite_only: true,
            ..take(what)
        })
    };
    assert_eq!(rule(&cy, close(&open.id[..8])), "action");
    assert_eq!(ben.refused(close("@cy")).code, ErrorCode::NotFound);
    // A host may not revoke, but close what is theirs.
    assert_eq!(rule(&ben, Command::Revoke(take("@cy"))), "action");
    assert_eq!(rule(&ben, close(&list(&ana, true)[2].id)), "action");
    let closed: RevocationView = ben.ask(close(&open.id[..8])).try_into().unwrap();
    assert_eq!((closed.ends.len(), closed.leaves.len()), (1, 0));
    assert_eq!(closed.keys, KeysChange::Unchanged);
    equal(&[&ana, &ben, &cy]);
    assert!(list(&ana, false).is_empty());
    let all = list(&ana, true);
    let state = |id: &str| all.iter().find(|one| one.id == id).unwrap().state;
    assert_eq!(state(&open.id), ContractState::Ended);
    // Whoever came in by a used-up one stays when it is closed.
    let used = all
        .iter()
        .find(|one| one.state == ContractState::UsedUp)
        .unwrap();
    ana.ask(close(&used.id));
    equal(&[&ana, &ben, &cy]);
    assert_eq!(ana.view().summary.members, 3);
}
