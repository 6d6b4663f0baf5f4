//! Properties of section 10.5, each a test of its own, over random collectives of liars.

mod acts;
mod sets;
mod votes;

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::{Accord, Policy, Seen, Standing, State};
use folkmoot_record::{GrantId, Kind, Lane, RecordId, Verified};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::collective::{World, history};
use folkmoot_vectors::NO_CLOCK;

fn control(world: &World) -> Vec<Verified> {
    let lane_0 = |r: &&Verified| r.header().kind.lane() != Lane::Content;
    world.records.iter().filter(lane_0).cloned().collect()
}

fn fresh(world: &World) -> Accord {
    Accord::with_policy(world.cid, Policy::VECTORS)
}

fn now() -> Seen {
    Seen::now(NO_CLOCK)
}

fn standings(accord: &Accord, records: &[Verified]) -> BTreeMap<RecordId, Standing> {
    records
        .iter()
        .filter_map(|r| Some((r.id(), accord.standing(&r.id())?)))
        .collect()
}

fn honoured(accord: &Accord) -> BTreeSet<RecordId> {
    accord
        .records()
        .filter(|r| r.header().kind.lane() == Lane::Control)
        .map(Verified::id)
        .filter(|id| accord.standing(id).is_some_and(|s| s.is_honoured()))
        .collect()
}

/// The same picture, however the lists in it are ordered.
fn same(mut a: State, mut b: State) -> bool {
    for state in [&mut a, &mut b] {
        for seat in state.seats.values_mut() {
            seat.grants.sort_unstable();
        }
        for invite in state.invites.values_mut() {
            invite.selected.sort_unstable();
        }
        for proposal in state.proposals.values_mut() {
            proposal.decisions.sort_unstable();
        }
    }
    a == b
}

/// The rank of a grant or invite.
fn rank(state: &State, gid: &GrantId) -> Option<u8> {
    let own = state.grants.get(gid).map(|g| g.limits.rank);
    own.or_else(|| state.invites.get(gid).map(|i| i.limits.rank))
}

/// Whether each grant and invite lives.
fn live(state: &State) -> BTreeMap<GrantId, bool> {
    let grants = state.grants.iter().map(|(gid, g)| (*gid, g.live));
    let invites = state.invites.iter().map(|(gid, i)| (*gid, i.live));
    grants.chain(invites).collect()
}

/// The generator reaches what the properties are about: without this they could hold emptily.
#[test]
fn random_collectives_are_busy() {
    let mut kinds: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let mut void: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut shadowed, mut hits, mut forked, mut content) = (0, 0, 0, 0);
    let mut runner = TestRunner::deterministic();
    for _ in 0..120 {
        let (founders, acts) = history(90).new_tree(&mut runner).unwrap().current();
        let world = World::play(founders, &acts);
        for record in control(&world) {
            let standing = world.accord.standing(&record.id()).unwrap();
            let count = kinds.entry(record.header().kind).or_default();
            count.0 += 1;
            match standing {
                Standing::Void(reason) => *void.entry(reason.as_str()).or_default() += 1,
                Standing::Admitted { honoured: false } => shadowed += 1,
                _ => count.1 += 1,
            }
        }
        let revocations = world.accord.state().revocations.values();
        hits += revocations.filter(|v| v.active).count();
        content += world.records.len() - control(&world).len();
        let mut accord = fresh(&world);
        accord.insert_all(control(&world).into_iter().map(|r| (r, now())));
        let siblings = world.siblings().into_iter();
        forked += siblings
            .filter(|sibling| accord.insert(sibling.clone(), now()).standing.is_admitted())
            .count();
    }
    eprintln!(
        "made and honoured by kind: {kinds:?}; void {void:?}, shadowed {shadowed}, {hits}, forked {forked}, content {content}"
    );
    for kind in [
        Kind::INVITE,
        Kind::JOIN,
        Kind::DEVICE,
        Kind::GRANT,
        Kind::REVOKE,
        Kind::READMIT,
        Kind::RESIGN,
        Kind::PROPOSAL,
        Kind::BALLOT,
        Kind::DECISION,
        Kind::EPOCH,
        Kind::KEM,
        Kind::MERGE,
        Kind::FORKNOTE,
    ] {
        assert!(kinds.get(&kind).is_some_and(|(_, n)| *n >= 10), "{kind:?}");
    }
    assert!(void.len() >= 18, "few ways to be void: {void:?}");
    assert!(shadowed > 60 && hits > 100);
    assert!(forked > 400, "few forks that are admitted: {forked}");
    assert!(content > 150, "little content: {content}");
}
