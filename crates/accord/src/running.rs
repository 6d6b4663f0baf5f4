//! Growing the admitted set by one record, and what that can change about the others.
//!
//! Most records change nothing about those already there: then only their own place is computed. A
//! record that may change others makes the running view forget, and everything is asked again. The
//! test below errs on that side.

use folkmoot_record::Kind;

use crate::{
    book::Book,
    eval::View,
    graph::Ix,
    revocations::{Take, Vx},
};

/// What a new record may change about records that are already in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// H of none of them.
    Nothing,
    /// H of some of them, perhaps.
    Perhaps,
}

/// What adding `ix` to the set of `view`, of which nothing cites it, may change.
pub(crate) fn growth(book: &Book, view: &View, ix: Ix) -> Growth {
    let node = book.graph.node(ix);
    let perhaps = match node.kind {
        Kind::REVOKE | Kind::RESIGN => book
            .revocations
            .numbers_of(ix)
            .iter()
            .any(|v| shakes(book, view, ix, *v)),
        Kind::DEVICE => {
            book.revocations
                .numbers_of(ix)
                .iter()
                .any(|v| shakes(book, view, ix, *v))
                || revives(book, view, ix)
        }
        Kind::READMIT => true,
        Kind::DECISION => decision_shakes(book, view, ix),
        Kind::JOIN => node
            .cap
            .and_then(|cap| book.grants.get(cap).invite())
            .is_some_and(|invite| {
                invite.contested() && invite.joins.iter().any(|j| view.set().contains(*j))
            }),
        _ => false,
    };
    if perhaps || tops_a_cut(book, ix) || may_witness(book, view, ix) {
        Growth::Perhaps
    } else {
        Growth::Nothing
    }
}

/// Whether a revocation reaches a record of the set that its author did not have.
fn shakes(book: &Book, view: &View, ix: Ix, v: Vx) -> bool {
    let past = &book.graph.node(ix).past;
    if view.set().is_subset(past) {
        return false;
    }
    let revocation = book.revocations.get(v);
    let make = revocation.make;
    view.scan(view.set().len() * (1 + revocation.hits.len()));
    view.set().iter().filter(|x| !past.contains(*x)).any(|x| {
        let node = book.graph.node(x);
        node.cap.is_some_and(|cap| revocation.hits.contains(&cap))
            || match make {
                Take::Drop { seat, .. } | Take::Resign(seat) => node.seat == seat,
                _ => false,
            }
            || match make.target() {
                folkmoot_record::control::Target::Device(dev) => book
                    .owners
                    .get(&dev)
                    .is_some_and(|owners| owners.iter().any(|(seat, _)| *seat == node.seat)),
                _ => false,
            }
    })
}

/// Whether a cut that came before it names the record: what lies below it in its log is kept from
/// now on.
fn tops_a_cut(book: &Book, ix: Ix) -> bool {
    let node = book.graph.node(ix);
    node.record.header().prev.is_some() && book.named.contains(&node.id)
}

/// Whether a device record adds a device that was added before: its records may count again.
fn revives(book: &Book, view: &View, ix: Ix) -> bool {
    let node = book.graph.node(ix);
    let Some(folkmoot_record::control::Control::Device(body)) = node.record.control() else {
        return false;
    };
    body.adds.iter().any(|add| {
        book.devices.adds_of(&node.seat, &add.dev).iter().any(|a| {
            let record = book.devices.get(*a).record;
            record != ix && view.set().contains(record)
        })
    })
}

/// Whether a decision is the first of a proposal that takes away or gives back.
fn decision_shakes(book: &Book, view: &View, ix: Ix) -> bool {
    let Some(proposal) = proposal_of(book, ix) else {
        return false;
    };
    !view.decided(book, proposal)
        && book.proposal(proposal).is_some_and(|body| {
            body.effects.iter().any(|effect| {
                matches!(
                    effect,
                    folkmoot_record::control::Effect::Revoke(_)
                        | folkmoot_record::control::Effect::Readmit(_)
                )
            })
        })
}

/// The proposal of a decision.
pub(crate) fn proposal_of(book: &Book, decision: Ix) -> Option<Ix> {
    match book.graph.node(decision).record.control() {
        Some(folkmoot_record::control::Control::Decision(body)) => {
            book.graph.number(&body.proposal)
        }
        _ => None,
    }
}

/// Whether the record may be the first witness of a join that competes with others for its invite.
fn may_witness(book: &Book, view: &View, ix: Ix) -> bool {
    let node = book.graph.node(ix);
    let Some(cap) = node.cap else { return false };
    let strength = book.grants.get(cap).strength();
    book.contested.iter().any(|i| {
        let invite = book.grants.get(*i);
        strength < invite.strength()
            && invite.invite().is_some_and(|facts| {
                view.scan(facts.joins.len());
                facts
                    .joins
                    .iter()
                    .any(|j| node.past.contains(*j) && !view.needs_no_witness(*j))
            })
    })
}

/// Makes the running view forget what a record changes about it, where no H changes.
pub(crate) fn forget_touched(book: &Book, running: &mut View, ix: Ix) {
    let node = book.graph.node(ix);
    let made = match book.proposals.get(&ix) {
        Some(facts) => facts.grants.clone(),
        None => book.grants.number(&node.id.into()).into_iter().collect(),
    };
    for g in made {
        running.forget_grant(g);
        // A new grant bears on who may take back a device of its seat.
        running.forget_seat(&book.grants.get(g).to);
    }
    match node.kind {
        Kind::GENESIS => running.forget(),
        Kind::REVOKE | Kind::RESIGN | Kind::DEVICE => running.forget_live(),
        Kind::DECISION => {
            running.forget_live();
            running.forget_charter();
        }
        _ => {}
    }
}
