//! Local admission (section 4.11): it delays, and once the delay is over all agree.

use std::collections::BTreeMap;

use folkmoot_accord::{Accord, ParkReason, Policy, Seen, Standing};
use folkmoot_record::{Kind, Lane, RecordId, Verified, control::Control};
use proptest::prelude::*;

use crate::{
    collective::{World, history},
    dice::{Dice, config},
    measure::{line, many_votes},
    ours::{Stage, grant, role},
    scenarios::read,
};
use folkmoot_vectors::{NO_CLOCK, Replica, Scenario};

fn standings(accord: &Accord, records: &[Verified]) -> BTreeMap<RecordId, Standing> {
    records
        .iter()
        .filter_map(|r| Some((r.id(), accord.standing(&r.id())?)))
        .collect()
}

proptest! {
    #![proptest_config(config(24))]

    /// P17: nodes whose clocks differ agree once everything is due.
    #[test]
    fn p17_clocks_only_delay((founders, acts) in history(70), seed in any::<u64>()) {
        let world = World::play(founders, &acts);
        let mut dice = Dice::new(seed);
        let control: Vec<Verified> = world
            .records
            .iter()
            .filter(|r| r.header().kind.lane() != Lane::Content)
            .cloned()
            .collect();
        let times: Vec<u64> = control.iter().map(|r| r.header().ms()).collect();
        let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
        let mut accord = Accord::with_policy(world.cid, Policy::VECTORS);
        let mut now = first;
        for record in &control {
            now += dice.next() % ((last - first) / 60 + 1);
            accord.insert(record.clone(), Seen::now(now));
            // Causes come first here, so what is valid waits for its time and for nothing else.
            let valid = world.accord.standing(&record.id()).is_some_and(|s| s.is_admitted());
            if valid && record.header().ms() > now + 10 * 60_000 {
                let standing = accord.standing(&record.id());
                let waits = matches!(standing, Some(Standing::Quarantined { .. }));
                prop_assert!(waits, "{}: {:?}", record.id(), standing);
            }
            if dice.below(4) == 0 {
                accord.tick(now);
                let (state, _) = accord.evaluate_afresh();
                prop_assert_eq!(state.seats.len(), accord.state().seats.len());
            }
        }
        accord.tick(NO_CLOCK);
        prop_assert_eq!(standings(&accord, &control), standings(&world.accord, &control));
    }
}

/// Nobody called `tick` between the two: what is due is let in before what rests on it all the same.
#[test]
fn what_is_due_comes_before_what_rests_on_it() {
    let mut stage = Stage::new();
    let (person, _) = stage.member(role(2, 20));
    let early = stage.records.len();
    stage.ms += 3_600_000;
    let given = stage.founder(Kind::GRANT, &grant(person.seat(), role(4, 60)));
    stage.knows = vec![given];
    let (cap, body) = (Some(given.into()), Control::Merge.encode());
    let rests = stage.put(person.seat(), &person.dev, Kind::MERGE, cap, body, &[]);
    let mut accord = Accord::with_policy(stage.cid, Policy::NODE);
    let (first, last) = (stage.ms - 3_600_000, stage.ms + 1);
    for record in &stage.records[..=early] {
        accord.insert(record.clone(), Seen::now(first));
    }
    let standing = accord.standing(&given).unwrap();
    assert!(
        matches!(standing, Standing::Quarantined { .. }),
        "{standing:?}"
    );
    accord.insert(stage.records[early + 1].clone(), Seen::now(last));
    for id in [given, rests] {
        assert!(accord.standing(&id).unwrap().is_honoured());
    }
    let (afresh, _) = accord.evaluate_afresh();
    assert_eq!(accord.state(), &afresh);
}

fn governance(name: &str) -> Scenario {
    let file = include_bytes!("../../../../tests/vectors/scenarios-governance.json.zst");
    read(file).into_iter().find(|s| s.name == name).unwrap()
}

/// A person lets a fenced record in: it and what rests on it are admitted.
#[test]
fn a_person_lifts_a_fence() {
    let scenario = governance("fence-F2-cited");
    let now = scenario.clock_ms.unwrap();
    let mut replica = Replica::new(scenario.cid, now, scenario.held_since.unwrap());
    replica.insert_all(&scenario.records);
    let parked: Vec<(RecordId, Standing)> = replica
        .standings()
        .into_iter()
        .filter(|(_, standing)| matches!(standing, Standing::Parked(_)))
        .collect();
    let fenced = parked
        .iter()
        .find(|(_, standing)| *standing == Standing::Parked(ParkReason::FenceF2))
        .unwrap();
    assert!(parked.len() > 1, "something rests on the fenced record");
    let changed = replica.accord.excuse(&fenced.0, now);
    for (id, _) in &parked {
        let standing = replica.accord.standing(id).unwrap();
        assert!(standing.is_admitted(), "{id}: {standing:?}");
        assert!(changed.iter().any(|(other, _)| other == id));
    }
    assert!(
        changed.len() > parked.len(),
        "something old is shadowed now"
    );
}

/// Of many records for one place sixteen are let in; all are held and passed on.
#[test]
fn forks_of_one_place_are_bounded() {
    let (cid, records) = line(40);
    let mut accord = Accord::new(cid);
    let mut parked = 0;
    for record in &records {
        match accord.insert(record.clone(), Seen::now(NO_CLOCK)).standing {
            Standing::Parked(ParkReason::Sibling) => parked += 1,
            Standing::Admitted { honoured: true } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(parked, 40 - 16);
    assert_eq!(accord.records().count(), records.len());
    // Under the plain rules none of them is held back.
    let mut plain = Accord::with_policy(cid, Policy::VECTORS);
    for record in records {
        let inserted = plain.insert(record, Seen::now(NO_CLOCK));
        assert!(inserted.standing.is_honoured());
    }
}

/// Of the ballots of one device on one proposal sixteen are let in, and any that a decision lists:
/// which came first differs from node to node, and what is decided may not.
#[test]
fn a_decision_lets_in_the_ballots_that_it_lists() {
    let (cid, records, ballots, decision) = many_votes(20);
    for listed in [0, 19] {
        let mut accord = Accord::new(cid);
        for record in records.iter().chain(&ballots) {
            accord.insert(record.clone(), Seen::now(NO_CLOCK));
        }
        let parked = |accord: &Accord| {
            let of = ballots.iter().map(|b| accord.standing(&b.id()).unwrap());
            of.filter(|s| *s == Standing::Parked(ParkReason::Sibling))
                .count()
        };
        assert_eq!(parked(&accord), 4);
        let decision = decision(&ballots[listed]);
        let inserted = accord.insert(decision, Seen::now(NO_CLOCK));
        assert!(inserted.standing.is_honoured(), "{:?}", inserted.standing);
        let one = accord.standing(&ballots[listed].id()).unwrap();
        assert!(one.is_admitted(), "{one:?}");
        // The other way round: the decision comes first.
        let mut early = Accord::new(cid);
        let rest = ballots.iter().filter(|b| b.id() != ballots[listed].id());
        let last = [ballots[listed].clone()];
        early.insert_all(records.iter().map(|r| (r.clone(), Seen::now(NO_CLOCK))));
        early.insert(decision_of(&accord), Seen::now(NO_CLOCK));
        for ballot in rest.chain(&last) {
            early.insert(ballot.clone(), Seen::now(NO_CLOCK));
        }
        let stands = early.standing(&decision_of(&accord).id()).unwrap();
        assert!(stands.is_honoured(), "{stands:?}");
    }
}

fn decision_of(accord: &Accord) -> Verified {
    let mut decisions = accord
        .records()
        .filter(|r| r.header().kind == Kind::DECISION);
    decisions.next().unwrap().clone()
}
