//! Admitting everything again in the order of the fence (sections 4.11 and 10.2).
//!
//! In a node records meet the fence as they come. Only where one is taken in that was seen before
//! others already admitted, and a fence reaches that far, its place in the order matters.

use std::collections::BTreeMap;

use folkmoot_record::{Hlc, RecordId};

use crate::{
    budget::STEPS_A_RECORD,
    fences::FenceOrder,
    graph::{Ix, direct},
    intake::Intake,
};

impl Intake {
    /// In the order of the fence a record comes no earlier than what it rests on.
    pub(crate) fn fence_order(&self, ix: Ix) -> FenceOrder {
        let node = self.book.graph.node(ix);
        let first = self.fence.known.get(&ix).map_or(0, |known| known.first_ms);
        if self.policy.exact_fence {
            (first, node.past.len(), node.record.header().hlc, node.id)
        } else {
            (first, 0, Hlc::default(), RecordId::from_bytes([0; 32]))
        }
    }

    /// Admits everything again in the order of the fence.
    pub(crate) fn replay(&mut self, now_ms: u64) {
        self.replay_due = false;
        self.last_fenced = None;
        self.views.restart();
        let again = STEPS_A_RECORD * self.book.graph.len() as u64;
        self.views.running.count(again);
        self.heads.clear();
        self.fence.restart();
        self.dirty.everything = true;
        let mut orders: Vec<FenceOrder> = Vec::with_capacity(self.book.graph.len());
        for ix in 0..self.book.graph.next() {
            let causes = direct(&self.book.graph.node(ix).record).causes;
            let latest = causes
                .iter()
                .filter_map(|id| self.book.graph.number(id))
                .map(|cause| orders[cause as usize])
                .max();
            let own = self.fence_order(ix);
            orders.push(latest.map_or(own, |latest| latest.max(own)));
        }
        let mut queue: Vec<(FenceOrder, Ix)> = orders.into_iter().zip(0..).collect();
        queue.sort_unstable();
        let mut ballots: BTreeMap<Ix, Vec<RecordId>> = BTreeMap::new();
        for (id, ballot) in &self.book.ballots {
            ballots.entry(ballot.proposal).or_default().push(*id);
        }
        for (_, ix) in queue {
            let ids = ballots.remove(&ix).unwrap_or_default();
            for id in std::iter::once(self.book.graph.node(ix).id).chain(ids) {
                let standing = self.assess(&id, now_ms);
                self.set(&id, standing);
            }
        }
        self.replay_due = false;
    }
}
