//! Properties of decisions: P16.

use std::collections::BTreeSet;

use folkmoot_accord::{Accord, Standing, VoidReason};
use folkmoot_record::{
    RecordId, Verified,
    control::{Choice, Control},
};
use proptest::prelude::*;

use super::{control, fresh, now};
use crate::{
    collective::{World, history},
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
