//! Proposals, ballots and decisions (sections 5.2, 5.4, 5.5).

use std::collections::BTreeSet;

use folkmoot_record::{
    Header, SeatKey, Verified,
    control::{Actions, Choice, Decision, Effect, Proposal},
};

use super::{Scene, capped, chain, require, revocations::is_known};
use crate::{
    bits::Bits, book::Book, charter, eval::View, grants::Authority, graph::Ix, revocations::Take,
    standing::VoidReason, warrant,
};

/// The longest vote, in ms: shorter than the fence (section 9).
const LONGEST_VOTE_MS: u64 = 30 * 86_400_000;

/// The least rank that class 1 may not give.
const STEWARD_RANK: u8 = 100;

pub(super) fn proposal(
    book: &Book,
    view: &mut View,
    header: &Header,
    body: &Proposal,
) -> Result<(), VoidReason> {
    capped(book, view, header, &[Actions::PROPOSE])?;
    let Some(at) = view.charter(book) else {
        return Err(VoidReason::Class);
    };
    let mut faults = BTreeSet::new();
    let rule = at.charter.rules.iter().find(|r| r.class == body.class);
    if rule.is_none() || body.closes_ms > header.ms().saturating_add(LONGEST_VOTE_MS) {
        faults.insert(VoidReason::Class);
    }
    for effect in &body.effects {
        let fits_class = match effect {
            Effect::Grant(_) | Effect::Revoke(_) | Effect::Readmit(_) => {
                matches!(body.class, 1 | 2 | 4)
            }
            Effect::Charter(_) | Effect::Fork(_) => body.class == 3,
        };
        if !fits_class {
            faults.insert(VoidReason::Class);
        }
        match effect {
            Effect::Grant(grant) => {
                let role = charter::role(&at.charter, grant.limits.role);
                if role.is_none_or(|role| role.rank != grant.limits.rank) {
                    faults.insert(VoidReason::Rank);
                }
                if body.class == 1 && grant.limits.rank >= STEWARD_RANK {
                    faults.insert(VoidReason::Class);
                }
            }
            Effect::Revoke(revoke) => {
                if !is_known(book, view.set(), revoke.target) {
                    faults.insert(VoidReason::TargetUnknown);
                }
            }
            Effect::Readmit(readmit) => {
                let known = book
                    .revocations
                    .number(&readmit.vid)
                    .map(|v| book.revocations.get(v))
                    .filter(|v| view.set().contains(v.op));
                match known.map(|v| (v.make, v.authority)) {
                    None => {
                        faults.insert(VoidReason::TargetUnknown);
                    }
                    Some((Take::Effect(_), Authority::Decision(class))) if class > body.class => {
                        faults.insert(VoidReason::May);
                    }
                    Some(_) => {}
                }
            }
            Effect::Charter(delta) => {
                let moved = delta.roles.iter().flatten().any(|role| {
                    charter::role(&at.charter, role.id).is_some_and(|old| old.rank != role.rank)
                });
                if moved {
                    faults.insert(VoidReason::Class);
                }
            }
            Effect::Fork(_) => {}
        }
    }
    if rule.is_some_and(|rule| rule.flags & 1 == 1) && many_targets(book, view.set(), body) {
        faults.insert(VoidReason::Class);
    }
    faults.first().map_or(Ok(()), |reason| Err(*reason))
}

/// Whether the revoke effects name more than one seat, or one that is nobody's.
fn many_targets(book: &Book, past: &Bits, body: &Proposal) -> bool {
    let mut seats: BTreeSet<SeatKey> = BTreeSet::new();
    let mut any = false;
    for effect in &body.effects {
        if let Effect::Revoke(revoke) = effect
            && is_known(book, past, revoke.target)
        {
            any = true;
            seats.extend(book.seats_of(revoke.target, past));
        }
    }
    any && seats.len() != 1
}

/// Judges a ballot whose proposal is in the graph.
pub(crate) fn ballot(
    scene: &mut Scene<'_>,
    record: &Verified,
    proposal: Ix,
) -> Result<(), VoidReason> {
    chain(scene.book, record)?;
    let header = record.header();
    let book = scene.book;
    let Some(body) = book.proposal(proposal) else {
        return Err(VoidReason::Electorate);
    };
    let view = scene.views.at(&book.graph.node(proposal).past);
    let device = warrant::device(book, view, &header.seat, &header.dev);
    let t = header.ms();
    require(warrant::may_vote(&device, t), VoidReason::Device)?;
    let opened = book.graph.node(proposal).ms();
    let poll = scene.polls.of(book, scene.views, proposal);
    require(
        poll.is_some_and(|poll| poll.electorate.contains(&header.seat))
            && opened < t
            && t <= body.closes_ms,
        VoidReason::Electorate,
    )
}

/// Whether the listed ballots carry the proposal (section 5.5).
pub(crate) fn certificate(
    scene: &mut Scene<'_>,
    past: &Bits,
    body: &Decision,
) -> Result<(), VoidReason> {
    let book = scene.book;
    let proposal = book
        .graph
        .number(&body.proposal)
        .filter(|p| past.contains(*p) && book.proposal(*p).is_some())
        .ok_or(VoidReason::Certificate)?;
    let mut voters = BTreeSet::new();
    for id in &body.ballots {
        let counts = book.ballots.get(id).is_some_and(|ballot| {
            ballot.proposal == proposal
                && ballot.choice == Choice::Yes
                && voters.insert(ballot.record.header().seat)
        });
        require(counts, VoidReason::Certificate)?;
    }
    let poll = scene
        .polls
        .of(book, scene.views, proposal)
        .ok_or(VoidReason::Certificate)?;
    require(
        poll.carried_by(body.ballots.len() as u64),
        VoidReason::Certificate,
    )
}
