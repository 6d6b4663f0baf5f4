//! What evaluating a seat's records may cost (section 4.11, *CPU*): hostile heads cost a bounded
//! number of steps a minute, honest histories never wait, and whoever waited agrees in the end.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use folkmoot_accord::{Accord, ParkReason, Policy, Seen, Standing, State, VoidReason, Way};
use folkmoot_record::{
    CollectiveId, GrantId, Kind, Lane, RecordId, Verified,
    control::{Control, Target},
};
use folkmoot_vectors::NO_CLOCK;
use proptest::prelude::*;

use crate::{
    collective::{World, history},
    dice::{Dice, config, shuffled},
    measure::linear,
    ours::{DAY_MS, Person, Stage, invite, proposal, revoke, role},
};

const MINUTE_MS: u64 = 60_000;

/// A member, and the join.
type Member = (Person, GrantId, RecordId);

fn limited(steps: u64) -> Policy {
    Policy {
        steps_a_minute: Some(steps),
        ..Policy::NODE
    }
}

fn joined(stage: &mut Stage, rank: (u16, u8)) -> Member {
    let (person, cap) = stage.member(role(rank.0, rank.1));
    let join = stage.records.last().unwrap().id();
    (person, cap, join)
}

/// Somebody writes under their grant, and knows no more than these and what they wrote before.
fn write(
    stage: &mut Stage,
    (person, cap, join): &Member,
    kind: Kind,
    body: &Control,
    knows: &[RecordId],
) -> RecordId {
    stage.knows = knows.iter().copied().chain([*join]).collect();
    stage.knows.sort_unstable();
    stage.knows.dedup();
    let cap = Some(*cap);
    stage.put(person.seat(), &person.dev, kind, cap, body.encode(), &[])
}

/// Members each of whom wrote something that nobody else knows, and a moderator.
fn crowd(size: usize) -> (Stage, Vec<(Member, RecordId)>, Member) {
    let mut stage = Stage::new();
    let moderator = joined(&mut stage, (4, 60));
    let members: Vec<Member> = (0..size).map(|_| joined(&mut stage, (2, 20))).collect();
    let members = members
        .into_iter()
        .map(|member| {
            let id = write(&mut stage, &member, Kind::MERGE, &Control::Merge, &[]);
            (member, id)
        })
        .collect();
    (stage, members, moderator)
}

/// The crowd, and what the moderator does to their nodes: votes on what only a few know, each with
/// heads of its own, and removals that make everything be asked anew.
fn hostile(size: usize) -> (Stage, usize, Person) {
    let (mut stage, members, moderator) = crowd(size);
    let honest = stage.records.len();
    for n in 0..size {
        let some = (0..14).map(|k| members[(n * 5 + k * 17) % size].1);
        let some: Vec<RecordId> = some.collect();
        let closes = stage.ms + DAY_MS;
        let body = proposal(1, Vec::new(), closes);
        let vote = write(&mut stage, &moderator, Kind::PROPOSAL, &body, &some);
        stage.ballot(&moderator.0, &moderator.0.dev, vote);
        let (target, _, join) = &members[n].0;
        let body = Control::Revoke(revoke(Target::Seat(target.seat()), false));
        write(&mut stage, &moderator, Kind::REVOKE, &body, &[*join]);
    }
    (stage, honest, moderator.0)
}

fn standings(accord: &Accord, records: &[Verified]) -> BTreeMap<RecordId, Standing> {
    records
        .iter()
        .filter_map(|r| Some((r.id(), accord.standing(&r.id())?)))
        .collect()
}

fn count(accord: &Accord, records: &[Verified], wanted: &Standing) -> usize {
    let all = standings(accord, records);
    all.values().filter(|standing| *standing == wanted).count()
}

/// The lists of a state that stand in the order of arrival, in the order of their ids.
fn in_order(state: &State) -> State {
    let mut state = state.clone();
    for seat in state.seats.values_mut() {
        seat.grants.sort_unstable();
    }
    for invite in state.invites.values_mut() {
        invite.selected.sort_unstable();
    }
    for proposal in state.proposals.values_mut() {
        proposal.decisions.sort_unstable();
    }
    state
}

const WAITS: Standing = Standing::Parked(ParkReason::Cpu);

/// What is said of records in the end by one who never makes anybody wait; and what the dearest of
/// them costs.
fn at_once(cid: CollectiveId, records: &[Verified]) -> (Accord, State, u64) {
    let policy = Policy {
        steps_a_minute: None,
        ..Policy::NODE
    };
    let mut accord = Accord::with_policy(cid, policy);
    let mut dearest = 0;
    for record in records {
        let before = accord.steps();
        accord.insert(record.clone(), Seen::now(NO_CLOCK));
        dearest = dearest.max(accord.steps() - before);
    }
    let state = accord.state().clone();
    (accord, state, dearest)
}

#[test]
fn hostile_heads_cost_a_bounded_number_of_steps_a_minute() {
    let (stage, honest, _) = hostile(60);
    let (free, state, dearest) = at_once(stage.cid, &stage.records);
    let limit = free.steps() / 20;
    assert!(limit > 1_000, "they are not hostile enough: {limit}");
    let mut accord = Accord::with_policy(stage.cid, limited(limit));
    let mut now = NO_CLOCK;
    let (first, evil) = stage.records.split_at(honest);
    for record in first {
        let standing = accord.insert(record.clone(), Seen::now(now)).standing;
        assert!(standing.is_honoured(), "{standing:?}");
    }
    let mut minutes = 0;
    let mut before = accord.steps();
    for record in evil {
        accord.insert(record.clone(), Seen::now(now));
    }
    assert!(count(&accord, evil, &WAITS) > 0);
    loop {
        let steps = accord.steps() - before;
        // The record that passes the limit is judged to its end, and all is settled once.
        assert!(steps <= limit + 2 * dearest, "{steps} in minute {minutes}");
        if count(&accord, evil, &WAITS) == 0 {
            break;
        }
        minutes += 1;
        now += MINUTE_MS;
        before = accord.steps();
        for _ in 0..60 {
            accord.tick(now);
        }
        assert!(minutes < 10_000, "nobody waits for ever");
    }
    assert!(minutes > 5, "they waited {minutes} minutes");
    assert_eq!(in_order(accord.state()), in_order(&state));
    let all = &stage.records;
    assert_eq!(standings(&accord, all), standings(&free, all));
}

/// What had to wait meets the fence where it belongs, before what was seen after it. Where the fence
/// reaches that far all is admitted anew for that, and its author answers for it.
#[test]
fn meeting_the_fence_anew_is_charged() {
    let (mut stage, honest, _) = hostile(30);
    let all = stage.records.len();
    let (other, gone) = (joined(&mut stage, (4, 60)), joined(&mut stage, (2, 20)));
    let body = Control::Revoke(revoke(Target::Seat(gone.0.seat()), false));
    write(&mut stage, &other, Kind::REVOKE, &body, &[gone.2]);
    let limit = 2_000;
    let mut accord = Accord::with_policy(stage.cid, limited(limit));
    let (first, evil, last) = (
        &stage.records[..honest],
        &stage.records[honest..all],
        &stage.records[all..],
    );
    for record in first {
        accord.insert(record.clone(), Seen::now(NO_CLOCK));
    }
    // Seen one after the other, long after the others, and a removal by somebody else at the end.
    let mut now = NO_CLOCK + 50 * DAY_MS;
    for record in evil.iter().chain(last) {
        accord.insert(record.clone(), Seen::now(now));
        now += 10;
    }
    let removal = accord.standing(&last.last().unwrap().id());
    assert!(removal.unwrap().is_honoured());
    assert!(count(&accord, evil, &WAITS) > 0);
    let (before, mut dearest, mut minutes) = (accord.steps(), 0, 0);
    while count(&accord, evil, &WAITS) > 0 {
        minutes += 1;
        now += MINUTE_MS;
        for _ in 0..60 {
            let steps = accord.steps();
            accord.tick(now);
            dearest = dearest.max(accord.steps() - steps);
        }
        assert!(minutes < 100_000, "nobody waits for ever");
    }
    let steps = accord.steps() - before;
    assert!(
        steps <= limit * (minutes + 1) + 2 * dearest,
        "{steps} steps in {minutes} minutes, at most {dearest} at once"
    );
}

/// Whoever lives with the limit of a node takes an honest history of any length as it comes.
#[test]
fn ten_thousand_records_in_a_line_never_wait() {
    let (cid, records) = linear();
    assert!(records.len() > 10_000);
    let mut accord = Accord::new(cid);
    for record in &records {
        let standing = accord.insert(record.clone(), Seen::now(NO_CLOCK)).standing;
        assert!(standing.is_honoured(), "{standing:?}");
    }
    let steps = accord.steps();
    assert!(steps < 100 * records.len() as u64, "{steps} steps");
}

/// Many people who write at once, each knowing some of what the others wrote last; who vote, and of
/// whom some are removed meanwhile.
#[test]
fn large_circles_that_write_at_once_never_wait() {
    let (mut stage, members, moderator) = crowd(80);
    let mut dice = Dice::new(7);
    let mut last: Vec<RecordId> = members.iter().map(|(_, id)| *id).collect();
    for round in 0..12 {
        let mut next = Vec::new();
        for (member, _) in &members {
            let known: Vec<RecordId> = (0..8).map(|_| last[dice.below(last.len())]).collect();
            let id = match (round, next.len() % 10) {
                (3 | 7, 0) => {
                    let body = proposal(1, Vec::new(), stage.ms + DAY_MS);
                    let vote = write(&mut stage, member, Kind::PROPOSAL, &body, &known);
                    for (other, _) in &members {
                        stage.ballot(&other.0, &other.0.dev, vote);
                    }
                    vote
                }
                _ => write(&mut stage, member, Kind::MERGE, &Control::Merge, &known),
            };
            next.push(id);
        }
        if round >= 8 {
            for (target, _) in members.iter().skip(round).step_by(12).take(3) {
                let body = Control::Revoke(revoke(Target::Seat(target.0.seat()), false));
                write(&mut stage, &moderator, Kind::REVOKE, &body, &[target.2]);
            }
        }
        last = next;
    }
    assert!(stage.records.len() > 2_000);
    let backwards: Vec<Verified> = stage.records.iter().rev().cloned().collect();
    for (order, records) in [
        ("as written", stage.records.clone()),
        ("shuffled", shuffled(stage.records.clone(), 3)),
        ("backwards", backwards),
    ] {
        let mut accord = Accord::new(stage.cid);
        for record in &records {
            accord.insert(record.clone(), Seen::now(NO_CLOCK));
        }
        let waiting = count(&accord, &records, &WAITS);
        let (steps, len) = (accord.steps(), records.len());
        assert_eq!(waiting, 0, "{order}: {len} records, {steps} steps");
    }
}

/// A moderator who has cost enough for now; and several records of his for one place, each of them
/// judged alone.
fn spent(forks: usize) -> (Stage, Accord, Member, Vec<RecordId>) {
    let (mut stage, members, moderator) = crowd(20);
    let given = stage.records.len();
    let mut ids = Vec::new();
    for (_, known) in members.iter().take(forks) {
        let known = [*known];
        let id = write(&mut stage, &moderator, Kind::MERGE, &Control::Merge, &known);
        let dev = moderator.0.dev.clone();
        stage.back(&dev, id);
        ids.push(id);
    }
    let mut accord = Accord::with_policy(stage.cid, limited(1));
    for record in &stage.records[..given] {
        let seen = Seen {
            way: Way::Stored,
            ..Seen::now(NO_CLOCK)
        };
        accord.insert(record.clone(), seen);
    }
    for record in &stage.records[given..] {
        accord.insert(record.clone(), Seen::now(NO_CLOCK));
    }
    (stage, accord, moderator, ids)
}

fn insert_last(stage: &Stage, accord: &mut Accord, now: u64) -> Standing {
    let record = stage.records.last().unwrap().clone();
    accord.insert(record, Seen::now(now)).standing
}

/// Where records wait, for the reasons that are to be produced.
pub(crate) fn waiting() -> Vec<Standing> {
    let (_, accord, _, ids) = spent(3);
    ids.iter().filter_map(|id| accord.standing(id)).collect()
}

/// Who votes is worked out with the first ballot, and charged to whoever chose the past that it
/// follows from.
#[test]
fn a_poll_is_charged_to_the_proposer() {
    let (mut stage, members, moderator) = crowd(40);
    let all: Vec<RecordId> = members.iter().map(|(_, id)| *id).collect();
    let body = proposal(0, Vec::new(), stage.ms + DAY_MS);
    let vote = write(&mut stage, &moderator, Kind::PROPOSAL, &body, &all[..14]);
    let before = stage.records.len();
    let voter = &members[0].0.0;
    stage.ballot(voter, &voter.dev, vote);
    let (known, ballot) = (&stage.records[..before], &stage.records[before]);
    let told = |steps_a_minute: Option<u64>| {
        let policy = Policy {
            steps_a_minute,
            ..Policy::NODE
        };
        let mut accord = Accord::with_policy(stage.cid, policy);
        for record in known {
            let seen = Seen {
                way: Way::Stored,
                ..Seen::now(NO_CLOCK)
            };
            assert!(accord.insert(record.clone(), seen).standing.is_honoured());
        }
        let before = accord.steps();
        let standing = accord.insert(ballot.clone(), Seen::now(NO_CLOCK)).standing;
        assert!(standing.is_admitted(), "{standing:?}");
        let steps = accord.steps() - before;
        (accord, steps)
    };
    let (_, steps) = told(None);
    // Most of it is the poll: that alone is above the share, and the rest is below.
    let (accord, again) = told(Some(steps / 2));
    assert_eq!(again, steps);
    assert!(accord.minutes_to_wait(&moderator.0.seat()) > 0);
    assert_eq!(accord.minutes_to_wait(&voter.seat()), 0);
}

#[test]
fn what_others_rest_on_comes_first() {
    let (mut stage, mut accord, _, ids) = spent(6);
    assert!(accord.standing(&ids[0]).unwrap().is_honoured());
    assert!(ids[1..].iter().all(|id| accord.standing(id) == Some(WAITS)));
    let other = joined(&mut stage, (2, 20));
    let (door, join) = stage.records.split_at(stage.records.len() - 1);
    let mut now = NO_CLOCK;
    for record in [door.last().unwrap(), &join[0]] {
        let seen = Seen {
            way: Way::Stored,
            ..Seen::now(now)
        };
        accord.insert(record.clone(), seen);
    }
    let citing = write(&mut stage, &other, Kind::MERGE, &Control::Merge, &[ids[4]]);
    let standing = insert_last(&stage, &mut accord, now);
    assert_eq!(standing, Standing::Parked(ParkReason::Past));
    // Within the minute nothing moves.
    assert!(accord.tick(now).0.is_empty());
    now += 1_000 * MINUTE_MS;
    accord.tick(now);
    assert!(accord.standing(&ids[4]).unwrap().is_honoured());
    assert!(accord.standing(&citing).unwrap().is_honoured());
    for id in [1, 2, 3, 5] {
        assert_eq!(accord.standing(&ids[id]), Some(WAITS));
    }
    for _ in 0..4 {
        now += 1_000 * MINUTE_MS;
        accord.tick(now);
    }
    assert!(
        ids.iter()
            .all(|id| accord.standing(id).unwrap().is_honoured())
    );
}

/// Two local rules hold one record, one after the other: what cites it waits for both, and no longer.
#[test]
fn what_is_cited_passes_the_next_rule_too() {
    let (stage, _, moderator, ids) = spent(18);
    let mut stage = stage;
    let mut accord = Accord::with_policy(stage.cid, limited(1));
    let other = joined(&mut stage, (2, 20));
    let citing = write(&mut stage, &other, Kind::MERGE, &Control::Merge, &[ids[17]]);
    for record in &stage.records {
        let ordinary = ids[16..].contains(&record.id()) || record.id() == citing;
        let way = if ordinary { Way::Ordinary } else { Way::Stored };
        let now = Seen::now(NO_CLOCK);
        accord.insert(record.clone(), Seen { way, ..now });
    }
    assert!(accord.minutes_to_wait(&moderator.0.seat()) > 0);
    assert_eq!(accord.standing(&ids[17]), Some(WAITS));
    assert!(accord.awaits_turn(&ids[17]) && accord.awaits_turn(&citing));
    assert!(!accord.awaits_turn(&ids[16]));
    accord.tick(NO_CLOCK + 1_000 * MINUTE_MS);
    assert!(accord.standing(&ids[17]).unwrap().is_honoured());
    assert!(accord.standing(&citing).unwrap().is_honoured());
    assert!(!accord.awaits_turn(&ids[17]) && !accord.awaits_turn(&citing));
    let sibling = Standing::Parked(ParkReason::Sibling);
    assert_eq!(accord.standing(&ids[16]), Some(sibling));
}

/// What is parked for good, and rests on what had its turn, is not unjudged: neither is what rests on
/// it, however far above.
#[test]
fn who_rests_on_what_had_its_turn_awaits_none() {
    let (mut stage, mut accord, _, ids) = spent(2);
    assert_eq!(accord.standing(&ids[1]), Some(WAITS));
    let start = stage.records.len();
    let other = joined(&mut stage, (2, 20));
    for record in &stage.records[start..] {
        let (way, seen) = (Way::Stored, Seen::now(NO_CLOCK));
        accord.insert(record.clone(), Seen { way, ..seen });
    }
    stage.knows = vec![other.2];
    let (seat, dev, cap) = (other.0.seat(), &other.0.dev, Some(other.1));
    let unknown = stage.put(seat, dev, Kind(0x50), cap, vec![0xa0], &[]);
    let kind = Standing::Parked(ParkReason::Kind);
    assert_eq!(insert_last(&stage, &mut accord, NO_CLOCK), kind);
    let mut above = Vec::new();
    for knows in [vec![ids[1], unknown], vec![], vec![]] {
        let id = write(&mut stage, &other, Kind::MERGE, &Control::Merge, &knows);
        insert_last(&stage, &mut accord, NO_CLOCK);
        above.push(id);
    }
    let past = Some(Standing::Parked(ParkReason::Past));
    assert!(above.iter().all(|id| accord.awaits_turn(id)));
    accord.tick(NO_CLOCK + 1_000 * MINUTE_MS);
    assert!(accord.standing(&ids[1]).unwrap().is_honoured());
    assert!(above.iter().all(|id| accord.standing(id) == past));
    assert!(above.iter().all(|id| !accord.awaits_turn(id)));
}

/// A decision that may be void has no ballots kept for it.
#[test]
fn ballots_that_only_what_waits_lists_are_not_compared() {
    let (mut stage, mut accord, moderator, _) = spent(1);
    let body = proposal(1, Vec::new(), stage.ms + DAY_MS);
    let vote = write(&mut stage, &moderator, Kind::PROPOSAL, &body, &[]);
    assert_eq!(insert_last(&stage, &mut accord, NO_CLOCK), WAITS);
    // Nobody here has the proposal that this ballot is for.
    let unheard = write(&mut stage, &moderator, Kind::PROPOSAL, &body, &[]);
    let ballot = stage.ballot(&moderator.0, &moderator.0.dev, unheard);
    assert!(insert_last(&stage, &mut accord, NO_CLOCK).is_orphan());
    stage.knows = vec![vote];
    let decision = stage.decide(vote, vec![ballot]);
    let standing = insert_last(&stage, &mut accord, NO_CLOCK);
    assert_eq!(standing, Standing::Parked(ParkReason::Past));
    assert!(accord.awaits_turn(&decision));
    assert!(accord.reconciled().all(|record| record.id() != ballot));
}

/// Anybody may claim a seat: it pays for what its own devices signed.
#[test]
fn nobody_spends_the_share_of_another() {
    let (mut stage, members, moderator) = crowd(3);
    let mut accord = Accord::with_policy(stage.cid, limited(1));
    for record in &stage.records {
        let (way, seen) = (Way::Stored, Seen::now(NO_CLOCK));
        accord.insert(record.clone(), Seen { way, ..seen });
    }
    let known = [members[0].1, members[1].1];
    let mut forger = moderator.clone();
    forger.0.dev = Person::new(900).dev;
    write(&mut stage, &forger, Kind::MERGE, &Control::Merge, &known);
    let before = accord.steps();
    let standing = insert_last(&stage, &mut accord, NO_CLOCK);
    assert!(matches!(standing, Standing::Void(_)), "{standing:?}");
    assert!(accord.steps() > before);
    assert_eq!(accord.minutes_to_wait(&moderator.0.seat()), 0);
    write(&mut stage, &moderator, Kind::MERGE, &Control::Merge, &known);
    assert!(insert_last(&stage, &mut accord, NO_CLOCK).is_honoured());
    assert!(accord.minutes_to_wait(&moderator.0.seat()) > 0);
}

#[test]
fn own_stored_and_first_records_never_wait() {
    let (stage, _, moderator) = hostile(12);
    let feed = |accord: &mut Accord, way: Way| {
        for record in &stage.records {
            let seen = Seen {
                way,
                ..Seen::now(NO_CLOCK)
            };
            accord.insert(record.clone(), seen);
        }
        count(accord, &stage.records, &WAITS)
    };
    for (way, waits) in [
        (Way::Ordinary, true),
        (Way::Stored, false),
        (Way::FirstSync, false),
        (Way::StoredFirstSync, false),
    ] {
        let mut accord = Accord::with_policy(stage.cid, limited(300));
        assert_eq!(feed(&mut accord, way) > 0, waits, "{way:?}");
    }
    let mut accord = Accord::with_policy(stage.cid, limited(300));
    accord.spare(moderator.seat());
    assert_eq!(feed(&mut accord, Way::Ordinary), 0);
    assert_eq!(accord.minutes_to_wait(&moderator.seat()), 0);
}

/// To wait is no verdict: what is void is void when its turn comes, and so is what rests on it.
#[test]
fn what_waits_may_be_void() {
    let (mut stage, mut accord, moderator, _) = spent(1);
    let seat = moderator.0.seat();
    assert!(accord.minutes_to_wait(&seat) > 0);
    // The door was not made by this invite's key.
    let door = SigningKey::from_bytes(&[77; 32]);
    let body = Control::Invite(invite(&door, role(5, 100), 1));
    let bad = write(&mut stage, &moderator, Kind::INVITE, &body, &[]);
    assert_eq!(insert_last(&stage, &mut accord, NO_CLOCK), WAITS);
    assert!(!accord.is_judged(&bad));
    assert!(accord.awaits_turn(&bad));
    let after = write(&mut stage, &moderator, Kind::MERGE, &Control::Merge, &[bad]);
    let standing = insert_last(&stage, &mut accord, NO_CLOCK);
    assert_eq!(standing, Standing::Parked(ParkReason::Past));
    let (moved, _) = accord.tick(NO_CLOCK + 1_000 * MINUTE_MS);
    let moved: BTreeMap<RecordId, Standing> = moved.into_iter().collect();
    assert!(matches!(moved[&bad], Standing::Void(_)), "{moved:?}");
    assert_eq!(moved[&after], Standing::Void(VoidReason::PastVoid));
}

proptest! {
    #![proptest_config(config(48))]

    /// With any limit, in any order, at any pace: once all had their turn everything stands as if
    /// nobody had waited.
    #[test]
    fn who_waited_agrees_in_the_end(
        (founders, acts) in history(70),
        limit in 1..400_u64,
        seed in any::<u64>(),
    ) {
        let world = World::play(founders, &acts);
        let control: Vec<Verified> = world
            .records
            .iter()
            .filter(|r| r.header().kind.lane() != Lane::Content)
            .cloned()
            .collect();
        let mut dice = Dice::new(seed);
        let policy = Policy { steps_a_minute: Some(limit), ..Policy::VECTORS };
        let mut accord = Accord::with_policy(world.cid, policy);
        let mut now = NO_CLOCK;
        for record in shuffled(control.clone(), seed) {
            now += dice.next() % (MINUTE_MS / 2);
            accord.insert(record.clone(), Seen { first_ms: NO_CLOCK, ..Seen::now(now) });
            if dice.below(4) == 0 {
                accord.insert(record, Seen::now(now));
                accord.tick(now);
            }
        }
        for _ in 0..100_000 {
            if count(&accord, &control, &WAITS) == 0 {
                break;
            }
            now += MINUTE_MS;
            accord.tick(now);
        }
        prop_assert_eq!(standings(&accord, &control), standings(&world.accord, &control));
        prop_assert_eq!(in_order(accord.state()), in_order(world.accord.state()));
        let (afresh, _) = accord.evaluate_afresh();
        prop_assert_eq!(accord.state(), &afresh);
    }
}
