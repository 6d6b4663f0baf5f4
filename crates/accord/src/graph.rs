//! The valid records and their Pasts (section 2.3).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{
    DeviceKey, Kind, Lane, RecordId, SeatKey, Verified,
    control::{Control, Cut, Effect},
};

use crate::{bits::Bits, grants::Gx};

/// Number of a valid lane-0 record, in the order in which they were found valid: causes first.
pub(crate) type Ix = u32;

/// A valid lane-0 record with what never changes about it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) record: Verified,
    pub(crate) id: RecordId,
    pub(crate) kind: Kind,
    pub(crate) seat: SeatKey,
    pub(crate) dev: DeviceKey,
    pub(crate) past: Bits,
    /// The grant relied on; of a join the invite.
    pub(crate) cap: Option<Gx>,
}

impl Node {
    pub(crate) fn ms(&self) -> u64 {
        self.record.header().ms()
    }
}

/// Every valid lane-0 record.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    numbers: BTreeMap<RecordId, Ix>,
}

impl Graph {
    pub(crate) fn number(&self, id: &RecordId) -> Option<Ix> {
        self.numbers.get(id).copied()
    }

    /// The node of a number that this graph gave out.
    pub(crate) fn node(&self, ix: Ix) -> &Node {
        &self.nodes[ix as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The number that the next record will get.
    pub(crate) fn next(&self) -> Ix {
        Ix::try_from(self.nodes.len()).unwrap_or(Ix::MAX)
    }

    /// Whether `cause` is in Past(`ix`).
    pub(crate) fn follows(&self, ix: Ix, cause: Ix) -> bool {
        self.node(ix).past.contains(cause)
    }

    pub(crate) fn push(&mut self, node: Node) -> Ix {
        let ix = self.next();
        self.numbers.insert(node.id, ix);
        self.nodes.push(node);
        ix
    }

    /// Past of a record whose direct causes are all in the graph.
    pub(crate) fn past_of(&self, causes: impl IntoIterator<Item = Ix>) -> Bits {
        let mut past = Bits::default();
        // The newest cause first: in a nearly linear history it covers the others.
        let causes: BTreeSet<Ix> = causes.into_iter().collect();
        for cause in causes.into_iter().rev() {
            if !past.contains(cause) {
                past.unite(&self.node(cause).past);
                past.insert(cause);
            }
        }
        past
    }
}

/// The ids that a record rests on directly: auth, in lane 0 also prev, and the ballots that a
/// decision lists.
pub(crate) fn direct(record: &Verified) -> Direct {
    let header = record.header();
    let mut causes: BTreeSet<RecordId> = header.auth.iter().copied().collect();
    if header.kind.lane() == Lane::Control {
        causes.extend(header.prev);
    }
    let ballots = match record.control() {
        Some(Control::Decision(decision)) => decision.ballots.clone(),
        _ => Vec::new(),
    };
    Direct { causes, ballots }
}

/// The records that a record names in a cut or a keep, or as votes: no flood rule may hold them.
pub(crate) fn named(record: &Verified) -> Vec<RecordId> {
    fn of<'a>(cut: &'a [Cut], keep: &'a [RecordId]) -> impl Iterator<Item = RecordId> + 'a {
        cut.iter().map(|entry| entry.id).chain(keep.iter().copied())
    }
    match record.control() {
        Some(Control::Revoke(body)) => of(&body.cut, &body.keep).collect(),
        Some(Control::Readmit(body)) => of(&body.cut, &body.keep).collect(),
        Some(Control::Decision(body)) => body.ballots.clone(),
        Some(Control::Resign(body)) => of(&body.cut, &[]).collect(),
        Some(Control::Device(body)) => body.drops.iter().flat_map(|d| of(&d.cut, &[])).collect(),
        Some(Control::Proposal(body)) => body
            .effects
            .iter()
            .flat_map(|effect| match effect {
                Effect::Revoke(revoke) => of(&revoke.cut, &revoke.keep).collect(),
                Effect::Readmit(readmit) => of(&readmit.cut, &readmit.keep).collect(),
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What a record rests on directly.
#[derive(Debug)]
pub(crate) struct Direct {
    pub(crate) causes: BTreeSet<RecordId>,
    pub(crate) ballots: Vec<RecordId>,
}
