//! Properties of decisions: P16; and how many yes are told to be needed.

use std::collections::BTreeSet;

use folkmoot_accord::{Accord, Poll, Standing, VoidReason};
use folkmoot_record::{
    RecordId, SeatKey, Verified,
    control::{Choice, Control},
};
use proptest::prelude::*;

use super::{control, fresh, now};
use crate::{
    collective::{World, charter, history},
    dice::config,
};

/// Whether a record lies in the Past of another.
fn knows(world: &World, record: &Verified, of: &RecordId) -> bool {
    let mut queue = vec![record];
    let mut met = BTreeSet::new();
    while let Some(at) = queue.pop() {
        let header = at.header();
        for cited in header.auth.iter().chain(&header.prev) {
            if cited == of {
                return true;
            }
            if met.insert(*cited) {
                queue.extend(world.records.iter().filter(|r| r.id() == *cited));
            }
        }
    }
    false
}

/// Whether a certificate counts, by counting: the voters and the rule are those of a node that
/// holds the Past of the proposal and nothing else.
fn carries(world: &World, decision: &Verified) -> Option<bool> {
    let Some(Control::Decision(body)) = decision.control() else {
        return None;
    };
    let accord = &world.accord;
    let Some(Control::Proposal(proposal)) = accord.record(&body.proposal)?.control() else {
        return Some(false);
    };
    if !knows(world, decision, &body.proposal) {
        return Some(false);
    }
    let mut then: Accord = fresh(world);
    then.insert_all(accord.past(&body.proposal).into_iter().map(|r| (r, now())));
    let size = then.electorate(&body.proposal)?.len() as u64;
    // The charter as the proposal found it: without the proposal, which decides nothing yet.
    let charter = then.state().charter.clone()?;
    let rule = charter.rules.iter().find(|r| r.class == proposal.class)?;
    let mut voters = BTreeSet::new();
    for id in &body.ballots {
        let ballot = accord.record(id)?;
        let Some(Control::Ballot(vote)) = ballot.control() else {
            return Some(false);
        };
        let counts = vote.choice == Choice::Yes
            && ballot.header().auth == [body.proposal]
            && accord.standing(id)?.is_admitted()
            && voters.insert(ballot.header().seat);
        if !counts {
            return Some(false);
        }
    }
    let yes = voters.len() as u64;
    Some(yes * rule.y_den >= size * rule.y_num && yes >= rule.min_yes)
}

proptest! {
    #![proptest_config(config(160))]

    /// P16: a decision passes exactly where counting the votes says so.
    #[test]
    fn p16_a_decision_is_a_count((founders, acts) in history(110)) {
        let world = World::play(founders, &acts);
        for record in control(&world) {
            let Some(counted) = carries(&world, &record) else {
                continue;
            };
            match world.accord.standing(&record.id()) {
                Some(Standing::Admitted { .. }) => prop_assert!(counted, "{}", record.id()),
                Some(Standing::Void(VoidReason::Certificate)) => prop_assert!(!counted),
                // Another fault comes first in the list of reasons.
                _ => {}
            }
        }
    }
}

/// What is told to be needed carries, and one yes less does not (section 5.5).
#[test]
fn what_is_needed_is_the_least_that_carries() {
    let seats: BTreeSet<SeatKey> = (0..13).map(|n| SeatKey::from_bytes([n; 32])).collect();
    for voters in 0..=seats.len() {
        for share in [(1, 4), (1, 3), (1, 2), (2, 3), (3, 4), (1, 1)] {
            for min_yes in 0..3 {
                let mut rule = charter().rules[0].clone();
                (rule.y_num, rule.y_den) = share;
                rule.min_yes = min_yes;
                let electorate = seats.iter().take(voters).copied().collect();
                let poll = Poll { rule, electorate };
                let needed = poll.needed();
                assert!(poll.carried_by(needed), "{poll:?}: {needed}");
                let less = needed.checked_sub(1);
                assert!(
                    !less.is_some_and(|less| poll.carried_by(less)),
                    "{poll:?}: {needed}"
                );
            }
        }
    }
}
