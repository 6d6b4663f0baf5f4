//! The fence: settled history is not undone by latecomers without a person looking (section 4.11).
//!
//! Fences are local. They delay a record, and change neither validity nor Eval.

use std::collections::BTreeMap;

use folkmoot_record::{Hlc, Kind, RecordId, control::Effect};

use crate::{
    bits::Bits,
    book::Book,
    graph::Ix,
    running::{Growth, growth, proposal_of},
    standing::ParkReason,
    views::Views,
};

/// How long a record must have been known to count as settled, in ms: 45 days (section 9).
pub(crate) const FENCE_MS: u64 = 45 * 86_400_000;

/// In what order records meet the fence: (first seen, |Past|, hlc, id).
pub(crate) type FenceOrder = (u64, usize, Hlc, RecordId);

/// When a record came, as far as the fence asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) first_ms: u64,
    /// It came in the first full control sync: it counts as old, and no fence holds it.
    pub(crate) first_sync: bool,
    /// A person let it in.
    pub(crate) excused: bool,
}

/// What the fence remembers.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    pub(crate) known: BTreeMap<Ix, Known>,
    /// What was old when a proposal of class 1 or more was admitted.
    settled_at: BTreeMap<Ix, Bits>,
}

/// The kinds whose settled records are protected.
const fn protected(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::JOIN | Kind::GRANT | Kind::REVOKE | Kind::READMIT | Kind::RESIGN | Kind::DECISION
    )
}

/// The kinds that a fence may hold.
pub(crate) const fn held_back(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::JOIN | Kind::DEVICE | Kind::REVOKE | Kind::RESIGN | Kind::DECISION
    )
}

impl Fence {
    /// Forgets what depends on the order of admission.
    pub(crate) fn restart(&mut self) {
        self.settled_at.clear();
    }

    /// Whether anything at all can be old at that time.
    pub(crate) fn reaches(&self, at_ms: u64) -> bool {
        self.known.values().any(|known| is_old(known, at_ms))
    }

    /// Notes what is old when a proposal is first seen.
    pub(crate) fn open_proposal(&mut self, book: &Book, views: &mut Views, proposal: Ix) {
        let counts = book.proposal(proposal).is_some_and(|body| body.class >= 1);
        if let Some(known) = self.known.get(&proposal).filter(|_| counts) {
            let old = self.old(book, views, known.first_ms);
            self.settled_at.insert(proposal, old);
        }
    }

    /// Whether a fence holds a record that is about to be admitted at `at_ms`.
    pub(crate) fn holds(
        &self,
        book: &Book,
        views: &mut Views,
        ix: Ix,
        at_ms: u64,
    ) -> Option<ParkReason> {
        let kind = book.graph.node(ix).kind;
        let free = self
            .known
            .get(&ix)
            .is_none_or(|known| known.first_sync || known.excused);
        if free || !held_back(kind) {
            return None;
        }
        if kind == Kind::DECISION {
            let proposal = proposal_of(book, ix)?;
            let body = book.proposal(proposal)?;
            if body.class >= 1 && self.ignores_settled(book, proposal) {
                return Some(ParkReason::FenceF1);
            }
            let reaches_back = body
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::Revoke(revoke) if revoke.back));
            if reaches_back {
                return None;
            }
        }
        self.undoes_settled(book, views, ix, at_ms)
            .then_some(ParkReason::FenceF2)
    }

    /// F1: something old was unknown to the proposal.
    fn ignores_settled(&self, book: &Book, proposal: Ix) -> bool {
        self.settled_at.get(&proposal).is_some_and(|old| {
            let mut seen = book.graph.node(proposal).past.clone();
            seen.insert(proposal);
            !old.is_subset(&seen)
        })
    }

    /// F2: something old would not be honoured any more.
    fn undoes_settled(&self, book: &Book, views: &mut Views, ix: Ix, at_ms: u64) -> bool {
        if growth(book, &views.running, ix) == Growth::Nothing || !self.reaches(at_ms) {
            return false;
        }
        let old = self.old(book, views, at_ms);
        if old.is_empty() {
            return false;
        }
        let mut after = views.running.clone();
        after.grow(ix);
        after.forget();
        let undone = old.iter().any(|o| !after.honoured(book, o));
        views.count_trial(&after);
        undone
    }

    /// Records of the protected kinds that this node honours, that lie in the Past of an admitted
    /// record of another seat, and that it has known for long.
    fn old(&self, book: &Book, views: &mut Views, at_ms: u64) -> Bits {
        let running = &mut views.running;
        let set = running.set().clone();
        running.scan(self.known.len());
        self.known
            .iter()
            .filter(|(ix, known)| set.contains(**ix) && is_old(known, at_ms))
            .map(|(ix, _)| *ix)
            .filter(|ix| protected(book.graph.node(*ix).kind))
            .filter(|ix| {
                running.scan(book.graph.len() - *ix as usize);
                cited_by_another(book, &set, *ix)
            })
            .collect::<Vec<_>>()
            .into_iter()
            .filter(|ix| running.honoured(book, *ix))
            .collect()
    }
}

fn is_old(known: &Known, at_ms: u64) -> bool {
    known.first_sync || known.first_ms.saturating_add(FENCE_MS) < at_ms
}

fn cited_by_another(book: &Book, set: &Bits, ix: Ix) -> bool {
    let seat = book.graph.node(ix).seat;
    (ix + 1..book.graph.next()).any(|x| {
        let node = book.graph.node(x);
        node.seat != seat && node.past.contains(ix) && set.contains(x)
    })
}
