//! What is said of people, rights, votes and keys is so: names that several had, rights that are
//! over, what a vote costs, who renews keys, and which vote is open.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "support/hub.rs"]
mod hub;
#[allow(dead_code, reason = "other suites use the rest")]
#[path = "support/rights.rs"]
mod rights;

use std::{
    thread,
    time::{Duration, Instant},
};

use folkmoot_api::{
    CharterShow, CharterView, CollectiveNew, CollectiveRef, Command, ErrorCode, KeysChange, Leave,
    MemberView, ProposalState, ProposalView, Propose, Proposed, ReadmitArgs, SetName, StatusView,
    Vote, VoteChoice, WhyView,
};
use hub::{Home, Hub, equal, until};
use jiff::Timestamp;
use rights::{ahead, give, grant, limits, revoke, seat, take, three};

/// The longest that another node leaves the renewal of keys to others, and time for the rest.
const OTHERS_RENEW: Duration = Duration::from_secs(150);
/// The circle, where nobody has to wait, and where a moderator removes but renews no keys.
fn charter() -> String {
    include_str!("../charters/circle.toml")
        .replace("member_for = \"7d\"", "member_for = \"none\"")
        .replace("member_for = \"30d\"", "member_for = \"none\"")
        .replace(
            "\"grant\", \"revoke\", \"propose\", \"vote\", \"rekey\"]\nmay_grant = 21",
            "\"grant\", \"revoke\", \"propose\", \"vote\"]\nmay_grant = 21",
        )
}

/// Ana founds by that charter; Ben and Cy come in, and her node has seen them.
fn governed(hub: &Hub, ben: &str, cy: &str) -> (Home, Home, Home) {
    let [a, b, c] = ["ana", "ben", "cy"].map(|name| hub.person(name));
    a.ask(Command::CollectiveNew(CollectiveNew {
        name: "commons".to_owned(),
        charter: Some(charter()),
        like: None,
    }));
    b.join(&a.invite(ben).key.unwrap());
    c.join(&a.invite(cy).key.unwrap());
    hub.join(&b, &c);
    equal(&[&a, &b, &c]);
    (a, b, c)
}

fn members(home: &Home) -> Vec<MemberView> {
    home.ask(Command::CollectiveMembers(CollectiveRef {
        collective: "commons".to_owned(),
    }))
    .try_into()
    .unwrap()
}

fn member(home: &Home, of: &Home) -> MemberView {
    let key = of.view().seat;
    let found = members(home).into_iter().find(|one| one.seat == key);
    found.unwrap()
}

fn why(home: &Home, id: &str) -> WhyView {
    home.ask(Command::Why { id: id.to_owned() })
        .try_into()
        .unwrap()
}

fn put(what: Proposed, dry_run: bool) -> Command {
    Command::Propose(Propose {
        collective: None,
        title: matches!(what, Proposed::Resolution {}).then(|| "Saturdays?".to_owned()),
        what,
        text: None,
        closes_in_ms: None,
        dry_run,
    })
}

fn role(member: &str, role: &str) -> Proposed {
    Proposed::Role {
        member: member.to_owned(),
        role: role.to_owned(),
    }
}

fn vote(home: &Home, id: &str, choice: VoteChoice) -> ProposalView {
    home.ask(Command::Vote(Vote {
        proposal: id.to_owned(),
        choice,
        reason: None,
        despite_stewards: false,
    }))
    .try_into()
    .unwrap()
}

fn status(home: &Home) -> StatusView {
    home.ask(Command::Status {}).try_into().unwrap()
}

#[test]
fn a_name_that_somebody_had_before_means_nobody_in_particular() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "moderator", "writer");
    let (old, new) = (seat(&ben), seat(&cy));
    revoke(&ana, take("@ben"));
    cy.ask(Command::SetName(SetName {
        name: "Ben".to_owned(),
    }));
    until("the name has arrived", || member(&ana, &cy).name == "Ben");
    let readmit = Command::Readmit(ReadmitArgs {
        what: "@Ben".to_owned(),
        ..ReadmitArgs::default()
    });
    for command in [
        give("@Ben", "moderator", limits(&[], &[], None)),
        Command::Revoke(take("@ben")),
        readmit,
        put(role("Ben", "moderator"), true),
    ] {
        let error = ana.refused(command);
        assert_eq!(error.code, ErrorCode::Usage, "{error:?}");
        let hint = error.hint.unwrap();
        for part in [&old, &new, "no member any more", "a member"] {
            assert!(hint.contains(part), "{hint}");
        }
    }
    // By digits it is clear, and the sentence carries them.
    let given = grant(&ana, &new, "host", limits(&[], &[], None));
    assert!(
        given.sentence.starts_with(&format!("Ben ({new}) may ")),
        "{}",
        given.sentence
    );
}

#[test]
fn a_right_whose_time_is_over_is_nobodys_role() {
    let hub = Hub::new();
    let (ana, ben, cy) = three(&hub, "writer", "moderator");
    let end = ahead(10);
    // Cy promotes Ben, whom Ana let in.
    let given = grant(&cy, "@ben", "host", limits(&[], &[], Some(end)));
    equal(&[&ana, &ben, &cy]);
    let before = member(&ana, &ben);
    assert_eq!((before.role.as_str(), before.rank), ("host", 21));
    assert_eq!(before.admitted_by, Some(ana.view().seat));
    while Timestamp::now() < end {
        thread::sleep(Duration::from_millis(20));
    }
    let after = member(&ana, &ben);
    assert_eq!((after.role.as_str(), after.rank), ("writer", 20));
    assert!(!after.rights.iter().any(|right| right == "invite"));
    assert_eq!((after.since, after.live), (before.since, true));
    let told = why(&ana, "ben");
    assert!(told.verdict.contains(" as writer"), "{}", told.verdict);
    let over = told.steps.iter().find(|step| step.text.contains("host"));
    assert!(over.unwrap().text.contains("its time is over"), "{told:?}");
    assert_eq!(why(&ana, &given.id).standing, "ended");
    let view: CharterView = ana
        .ask(Command::CharterShow(CharterShow::default()))
        .try_into()
        .unwrap();
    let counted = |name: &str| {
        let role = view.roles.iter().find(|role| role.name == name);
        role.unwrap().members
    };
    assert_eq!((counted("host"), counted("writer")), (0, 1));
    let error = ana.refused(put(role("ben", "writer"), true));
    assert!(error.message.contains("writer already"), "{error:?}");
    // It can be given again, and a right for one tag is not the role either.
    for limited in [None, Some(limits(&["garden"], &[], None))] {
        if let Some(limits) = limited {
            grant(&ana, "@ben", "host", limits);
        }
        let draft = ana.ask(put(role("ben", "host"), true));
        let draft: ProposalView = draft.try_into().unwrap();
        assert_eq!(draft.state, ProposalState::Draft);
    }
}

#[test]
fn keys_are_renewed_by_others_where_the_remover_may_not_and_the_remover_says_so() {
    let hub = Hub::new();
    let (ana, ben, cy) = governed(&hub, "writer", "moderator");
    let dan = hub.person("dan");
    dan.join(&ana.invite("writer").key.unwrap());
    // Whichever of them makes the keys gives them to the others it is connected with at once.
    hub.join(&dan, &cy);
    equal(&[&ana, &ben, &cy, &dan]);
    until("each is connected with the makers", || {
        let connected = |home: &Home| home.view().summary.peers;
        connected(&cy) == 3 && connected(&dan) == 2
    });
    assert_eq!(ana.view().epoch, 1);
    let done = revoke(&cy, take("@ben"));
    assert_eq!(done.keys, KeysChange::Due);
    let told = done.cautions.iter().filter(|one| one.contains("new keys"));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "{:?}", done.cautions);
    assert!(told[0].contains("within a minute"), "{told:?}");
    let renewed = |home: &Home, generation| {
        let begun = Instant::now();
        while home.view().epoch < generation {
            assert!(begun.elapsed() < OTHERS_RENEW, "the keys are not renewed");
            thread::sleep(Duration::from_millis(50));
        }
    };
    renewed(&ana, 2);
    renewed(&cy, 2);
    // Who leaves renews nothing: the others do.
    let before = ana.view().epoch;
    dan.ask(Command::CollectiveLeave(Leave {
        collective: "commons".to_owned(),
        withdraw: false,
        keep_copy: false,
        dry_run: false,
    }));
    renewed(&ana, before + 1);
}

#[test]
fn votes_are_announced_counted_alike_and_not_refused_to_their_own_voters() {
    let hub = Hub::new();
    let (ana, ben, cy) = governed(&hub, "writer", "writer");
    // A lesser role costs what is written meanwhile, and it is said before and after.
    grant(&ana, "@cy", "host", limits(&[], &[], None));
    equal(&[&ana, &ben, &cy]);
    until("her node has seen them come in", || {
        let draft = ben.engine.call(put(role("cy", "writer"), true));
        draft.is_ok_and(|reply| {
            let view: ProposalView = reply.try_into().unwrap();
            view.electorate == 3
        })
    });
    let lower: ProposalView = ben
        .ask(put(role("cy", "writer"), false))
        .try_into()
        .unwrap();
    let effects = lower.effects.join(" ");
    for part in ["cut away", "invites", "moot propose restore", &seat(&cy)] {
        assert!(effects.contains(part), "{effects}");
    }
    until("it is announced", || {
        let votes = status(&ana).votes;
        votes.iter().any(|one| one.id == lower.id && one.mine)
    });
    vote(&ben, &lower.id, VoteChoice::No);
    assert!(status(&ben).votes.iter().all(|one| !one.mine));
    let told = why(&ben, &lower.id);
    assert!(told.verdict.contains("0 yes, 1 no"), "{}", told.verdict);
    assert!(told.next.unwrap().contains("you said no"));
    // Who says no, then yes, said yes: everywhere.
    vote(&ben, &lower.id, VoteChoice::Yes);
    let told = why(&ben, &lower.id);
    assert!(told.verdict.contains("1 yes, 0 no"), "{}", told.verdict);

    // The only steward proposes a second one: all may say yes to that.
    let second = Proposed::Steward {
        member: "ben".to_owned(),
        replacing: None,
    };
    let view: ProposalView = ana.ask(put(second, false)).try_into().unwrap();
    assert_eq!((view.class, view.electorate, view.needed), (4, 3, 3));
    equal(&[&ana, &ben, &cy]);
    for home in [&ana, &ben, &cy] {
        vote(home, &view.id, VoteChoice::Yes);
    }
    until("it is decided", || member(&ana, &ben).role == "steward");
    until("cy heard of it", || status(&cy).votes.len() == 1);
}
