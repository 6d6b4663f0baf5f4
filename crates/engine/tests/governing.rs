//! Governing by the charter, as far as one person alone can: proposals, ballots, decisions,
//! amendments, and what is refused before anything is signed.
#![allow(clippy::unwrap_used, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;

use std::{thread, time::Duration};

use folkmoot_api::{
    ApiError, CharterShow, CharterView, CollectiveNew, CollectiveRef, CollectiveView, Command,
    ErrorCode, ProposalState, ProposalView, Proposals, Propose, Proposed, Vote, VoteChoice,
};
use folkmoot_engine::Engine;

use one::{ask, open};

const CIRCLE: &str = include_str!("../charters/circle.toml");

fn found(engine: &Engine, name: &str, charter: &str) {
    let view: CollectiveView = ask(
        engine,
        Command::CollectiveNew(CollectiveNew {
            name: name.to_owned(),
            charter: Some(charter.to_owned()),
            like: None,
        }),
    )
    .unwrap();
    assert_eq!(view.summary.role, "steward");
}

/// The circle, where nobody has to wait.
fn quick() -> String {
    CIRCLE
        .replace("member_for = \"7d\"", "member_for = \"none\"")
        .replace("member_for = \"30d\"", "member_for = \"none\"")
}

fn propose(engine: &Engine, what: Proposed, title: Option<&str>) -> Result<ProposalView, ApiError> {
    propose_for(engine, what, title, None, false)
}

fn propose_for(
    engine: &Engine,
    what: Proposed,
    title: Option<&str>,
    closes_in_ms: Option<u64>,
    dry_run: bool,
) -> Result<ProposalView, ApiError> {
    ask(
        engine,
        Command::Propose(Propose {
            collective: None,
            what,
            title: title.map(str::to_owned),
            text: None,
            closes_in_ms,
            dry_run,
        }),
    )
}

fn vote(engine: &Engine, id: &str, choice: VoteChoice) -> Result<ProposalView, ApiError> {
    ask(
        engine,
        Command::Vote(Vote {
            proposal: id.to_owned(),
            choice,
            reason: None,
            despite_stewards: false,
        }),
    )
}

fn charter(engine: &Engine) -> CharterView {
    ask(engine, Command::CharterShow(CharterShow::default())).unwrap()
}

fn list(engine: &Engine, all: bool) -> Vec<ProposalView> {
    ask(
        engine,
        Command::Proposals(Proposals {
            collective: None,
            all,
        }),
    )
    .unwrap()
}

#[test]
fn an_opinion_is_decided_by_its_proposers_node_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    found(&engine, "garden", &quick());
    let view = propose(&engine, Proposed::Resolution {}, Some("Saturdays?")).unwrap();
    assert_eq!((view.class, view.electorate, view.needed), (0, 1, 1));
    assert_eq!(view.state, ProposalState::Open);
    assert_eq!(list(&engine, false).len(), 1);

    // No, then neither, then yes; a yes stays.
    let said = vote(&engine, &view.short, VoteChoice::No).unwrap();
    assert_eq!((said.no, said.my_vote), (1, Some(VoteChoice::No)));
    let said = vote(&engine, &view.id, VoteChoice::Abstain).unwrap();
    assert_eq!((said.no, said.abstain), (0, 1));
    let said = vote(&engine, &view.id, VoteChoice::Yes).unwrap();
    assert_eq!((said.yes, said.abstain), (1, 0));
    assert_eq!(said.state, ProposalState::Decided);
    assert!(said.provisional);
    let back = vote(&engine, &view.id, VoteChoice::No).unwrap_err();
    assert_eq!(back.code, ErrorCode::Denied);
    assert!(back.message.contains("cannot be taken back"), "{back:?}");

    // The same again writes nothing.
    let control = |engine: &Engine| {
        let view: CollectiveView = ask(
            engine,
            Command::CollectiveShow(CollectiveRef {
                collective: "garden".to_owned(),
            }),
        )
        .unwrap();
        view.summary.control
    };
    let before = control(&engine);
    let again = vote(&engine, &view.id, VoteChoice::Yes).unwrap();
    assert_eq!(again.state, ProposalState::Decided);
    assert_eq!(control(&engine), before);
    assert!(list(&engine, false).is_empty());
    engine.stop();

    let engine = open(&folder.path().join("home"));
    let listed = list(&engine, true);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].state, ProposalState::Decided);
    assert_eq!(control(&engine), before);
    engine.stop();
}

#[test]
fn an_amendment_changes_what_differs_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    found(&engine, "garden", &quick());
    let before = charter(&engine);
    let amended = before
        .toml
        .replace("content_per_day = 2000", "content_per_day = 500")
        .replacen("share = \"1/2\"", "share = \"2/3\"", 1);
    let what = || Proposed::Charter {
        toml: amended.clone(),
    };
    let draft = propose_for(&engine, what(), None, None, true).unwrap();
    assert_eq!(draft.state, ProposalState::Draft);
    assert!(list(&engine, true).is_empty());
    let view = propose(&engine, what(), None).unwrap();
    assert_eq!(view.effects, draft.effects);
    assert_eq!(view.effects.len(), 2, "{:?}", view.effects);
    assert!(view.effects[0].contains("until now"), "{:?}", view.effects);
    assert_eq!(
        view.title,
        "Change the charter: rule for membership and quotas"
    );
    assert_eq!(charter(&engine).hash, before.hash);
    vote(&engine, &view.id, VoteChoice::Yes).unwrap();
    let after = charter(&engine);
    assert_eq!(after.content_per_day, 500);
    assert!(after.provisional);
    assert_eq!(after.amended_by, std::slice::from_ref(&view.id));
    assert!(after.rules[1].sentence.contains("two thirds"));
    assert_eq!(after.rules[0].sentence, before.rules[0].sentence);

    let same = propose(
        &engine,
        Proposed::Charter {
            toml: after.toml.clone(),
        },
        None,
    );
    assert!(same.unwrap_err().message.contains("already"));

    // Of several only those are named of which something is left.
    let amend = |from: &str, to: &str| {
        let toml = charter(&engine).toml;
        assert!(toml.contains(from), "{toml}");
        let toml = toml.replacen(from, to, 1);
        let next = propose(&engine, Proposed::Charter { toml }, None).unwrap();
        vote(&engine, &next.id, VoteChoice::Yes).unwrap();
        next.id
    };
    let by = || {
        let mut by = charter(&engine).amended_by;
        by.sort();
        by
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let quotas = amend("content_per_day = 500", "content_per_day = 600");
    assert_eq!(by(), sorted(vec![view.id, quotas.clone()]));
    let rule = amend("share = \"2/3\"", "share = \"1/2\"");
    assert_eq!(by(), sorted(vec![quotas, rule]));
    engine.stop();
}

#[test]
fn what_nobody_could_decide_is_refused_before_it_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let alone = propose(&engine, Proposed::Resolution {}, Some("Alone?")).unwrap_err();
    assert_eq!(alone.code, ErrorCode::Usage);
    found(&engine, "garden", CIRCLE);

    // Nobody has been here for a week.
    let toml = charter(&engine).toml.replace("2000", "1000");
    let early = propose(&engine, Proposed::Charter { toml }, None).unwrap_err();
    assert_eq!(early.code, ErrorCode::Denied);
    assert!(
        early.message.contains("nobody could carry this"),
        "{early:?}"
    );

    // One steward alone, and no members who could fill the place.
    let me = "me".to_owned();
    let gone = propose(&engine, Proposed::Remove { member: me }, None).unwrap_err();
    assert_eq!(gone.code, ErrorCode::Denied);
    let nobody = propose(
        &engine,
        Proposed::Remove {
            member: "Zoe".to_owned(),
        },
        None,
    );
    assert_eq!(nobody.unwrap_err().code, ErrorCode::NotFound);
    let unknown = propose(
        &engine,
        Proposed::Role {
            member: "me".to_owned(),
            role: "king".to_owned(),
        },
        None,
    );
    assert_eq!(unknown.unwrap_err().code, ErrorCode::NotFound);
    let untitled = propose(&engine, Proposed::Resolution {}, None).unwrap_err();
    assert_eq!(untitled.code, ErrorCode::Usage);
    let month = 31 * 86_400_000;
    let long = propose_for(
        &engine,
        Proposed::Resolution {},
        Some("?"),
        Some(month),
        false,
    );
    assert!(long.unwrap_err().message.contains("30 days"));
    assert!(list(&engine, true).is_empty());
    let missing = vote(&engine, "abcd", VoteChoice::Yes).unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound);

    // A charter without a rule for it.
    let (head, _) = CIRCLE.split_once("[rules.opinion]").unwrap();
    found(&engine, "silent", head);
    let ruleless = ask::<ProposalView>(
        &engine,
        Command::Propose(Propose {
            collective: Some("silent".to_owned()),
            what: Proposed::Resolution {},
            title: Some("?".to_owned()),
            text: None,
            closes_in_ms: None,
            dry_run: false,
        }),
    );
    assert!(
        ruleless
            .unwrap_err()
            .message
            .contains("no rule for opinion")
    );
    engine.stop();
}

#[test]
fn a_vote_that_is_over_takes_no_ballot() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    found(&engine, "garden", &quick());
    let what = Proposed::Resolution {};
    let view = propose_for(&engine, what, Some("Now?"), Some(50), false).unwrap();
    thread::sleep(Duration::from_millis(100));
    let late = vote(&engine, &view.id, VoteChoice::Yes).unwrap_err();
    assert_eq!(late.code, ErrorCode::Denied);
    assert!(late.message.contains("ended"), "{late:?}");
    assert!(list(&engine, false).is_empty());
    let all = list(&engine, true);
    assert_eq!((all[0].state, all[0].yes), (ProposalState::Failed, 0));
    engine.stop();
}
