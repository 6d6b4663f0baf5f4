//! Floods: local rules against too many joins of one invite and too many records for one place
//! (section 4.11). They delay a record, and change neither validity nor Eval.

use folkmoot_record::{Kind, RecordId};

use crate::{book::Book, graph::Ix, standing::ParkReason, views::Views};

/// How many records of one place in a log, or ballots of a device on one proposal, are let in:
/// forks cost the forger, not us (section 9).
const SIBLINGS: usize = 16;

/// How many joins beyond its uses an invite may carry unhonoured (section 9).
const SPARE_JOINS: u64 = 16;

/// Whether a flood rule holds a valid record that is about to be admitted.
pub(crate) fn holds(book: &Book, views: &mut Views, ix: Ix) -> Option<ParkReason> {
    views.running.scan(book.graph.len() - ix as usize);
    if needed(book, ix) {
        return None;
    }
    let node = book.graph.node(ix);
    let seq = node.record.header().seq;
    let siblings = book
        .places
        .get(&(node.seat, node.dev, seq))
        .into_iter()
        .flatten()
        .filter(|x| views.running.set().contains(**x))
        .take(SIBLINGS)
        .count();
    if siblings >= SIBLINGS {
        return Some(ParkReason::Sibling);
    }
    if node.kind == Kind::JOIN {
        return join_flood(book, views, ix);
    }
    None
}

fn join_flood(book: &Book, views: &mut Views, ix: Ix) -> Option<ParkReason> {
    let invite = book.graph.node(ix).cap?;
    let facts = book.grants.get(invite).invite()?;
    let running = &mut views.running;
    let admitted: Vec<Ix> = facts
        .joins
        .iter()
        .copied()
        .filter(|j| running.set().contains(*j))
        .collect();
    running.scan(facts.joins.len());
    let closed = !running.live(book, invite);
    if !closed && (admitted.len() as u64) < facts.max_uses {
        return None;
    }
    let unhonoured = admitted
        .into_iter()
        .filter(|j| !running.honoured(book, *j))
        .count() as u64;
    (closed || unhonoured >= facts.max_uses.saturating_add(SPARE_JOINS))
        .then_some(ParkReason::JoinFlood)
}

/// Cited by a valid record of another seat, or named in a cut or keep.
fn needed(book: &Book, ix: Ix) -> bool {
    let node = book.graph.node(ix);
    book.named.contains(&node.id)
        || (ix + 1..book.graph.next()).any(|x| {
            let citing = book.graph.node(x);
            citing.seat != node.seat && citing.past.contains(ix)
        })
}

/// Whether its device has already cast too many ballots on the same proposal. One that a decision
/// lists is let in: which of them came first differs from node to node, what is decided may not.
pub(crate) fn ballot_holds(book: &Book, id: &RecordId) -> bool {
    let Some(own) = book.ballots.get(id).filter(|_| !book.named.contains(id)) else {
        return false;
    };
    let header = own.record.header();
    let earlier = book
        .ballots_of
        .get(&(own.proposal, header.seat, header.dev));
    earlier.is_some_and(|ids| ids.iter().position(|other| other == id).unwrap_or(0) >= SIBLINGS)
}
