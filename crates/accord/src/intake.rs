//! Sorting records into their states (section 2.4), in the order of its table.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{CollectiveId, Kind, Lane, RecordId, Verified, control::Control};

use crate::{
    accord::{Seen, Way},
    book::Book,
    budget::STEPS_A_MINUTE,
    fences::{Fence, FenceOrder, Known, held_back},
    floods,
    graph::{Direct, Ix, direct, named},
    polls::Polls,
    refresh::Dirty,
    running::{Growth, forget_touched, growth},
    standing::{ParkReason, Standing, VoidReason},
    turns::{Turns, own_park_reason},
    validity::{self, Scene},
    views::Views,
};

/// How far a record may be dated ahead of the own clock, in ms: usual clock error (section 9).
pub(crate) const QUARANTINE_MS: u64 = 10 * 60_000;

/// Which local rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Join flood and fork siblings (section 4.11).
    pub floods: bool,
    /// Steps of evaluation that the records of a seat may cost in a minute (section 4.11, *CPU*);
    /// `None`: any number.
    pub steps_a_minute: Option<u64>,
    /// Order the fence exactly, also among records first seen in one millisecond. Costs a replay
    /// where they come in another order; test vectors ask for it.
    pub exact_fence: bool,
}

impl Policy {
    /// What a node does.
    pub const NODE: Self = Self {
        floods: true,
        steps_a_minute: Some(STEPS_A_MINUTE),
        exact_fence: false,
    };
    /// What test vectors ask for (section 12.3): no local delay but the fence and quarantine.
    pub const VECTORS: Self = Self {
        floods: false,
        steps_a_minute: None,
        exact_fence: true,
    };
}

/// A record that is held.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) record: Verified,
    pub(crate) seen: Seen,
    pub(crate) arrival: u64,
    pub(crate) standing: Standing,
    /// Its number once it was found valid; ballots have none.
    pub(crate) ix: Option<Ix>,
    pub(crate) excused: bool,
    /// Not assessed yet.
    fresh: bool,
}

/// Everything held of one collective, sorted.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) cid: CollectiveId,
    pub(crate) policy: Policy,
    pub(crate) held: BTreeMap<RecordId, Held>,
    pub(crate) void: BTreeMap<RecordId, (u64, Standing)>,
    /// Ids that turned out to be content.
    content: BTreeSet<RecordId>,
    /// Who waits for an id that is not held, or is an orphan itself.
    pub(crate) waiting: BTreeMap<RecordId, BTreeSet<RecordId>>,
    pub(crate) orphans: BTreeMap<u64, RecordId>,
    quarantined: BTreeSet<(u64, RecordId)>,
    /// Parked because of what they rest on, or by a local rule.
    shelved: BTreeSet<RecordId>,
    arrivals: u64,
    /// The heads of the admitted set.
    pub(crate) heads: BTreeSet<Ix>,
    pub(crate) book: Book,
    pub(crate) views: Views,
    pub(crate) polls: Polls,
    pub(crate) fence: Fence,
    pub(crate) last_fenced: Option<FenceOrder>,
    pub(crate) replay_due: bool,
    pub(crate) dirty: Dirty,
    /// Records whose standing was set since the last report, with what it was before.
    pub(crate) touched: BTreeMap<RecordId, Option<Standing>>,
    /// Whether something is parked by a flood rule.
    flooded: bool,
    pub(crate) turns: Turns,
}

impl Intake {
    pub(crate) fn new(cid: CollectiveId, policy: Policy) -> Self {
        Self {
            cid,
            policy,
            held: BTreeMap::new(),
            void: BTreeMap::new(),
            content: BTreeSet::new(),
            waiting: BTreeMap::new(),
            orphans: BTreeMap::new(),
            quarantined: BTreeSet::new(),
            shelved: BTreeSet::new(),
            arrivals: 0,
            heads: BTreeSet::new(),
            book: Book::default(),
            views: Views::default(),
            polls: Polls::default(),
            fence: Fence::default(),
            last_fenced: None,
            replay_due: false,
            dirty: Dirty::default(),
            touched: BTreeMap::new(),
            flooded: false,
            turns: Turns::new(policy.steps_a_minute),
        }
    }

    /// Takes a record and everything that waited for it.
    pub(crate) fn take(&mut self, record: Verified, seen: Seen) {
        let id = record.id();
        let header = record.header();
        let ours = header.cid.unwrap_or_else(|| id.into()) == self.cid;
        if !ours
            || header.kind.lane() == Lane::Content
            || self.held.contains_key(&id)
            || self.void.contains_key(&id)
        {
            return;
        }
        self.arrivals += 1;
        self.held.insert(
            id,
            Held {
                record,
                seen,
                arrival: self.arrivals,
                standing: Standing::Orphan {
                    missing: BTreeSet::new(),
                },
                ix: None,
                excused: false,
                fresh: true,
            },
        );
        self.let_due_in(seen.now_ms);
        self.work_off(vec![id], seen.now_ms);
        self.bound();
    }

    /// Takes what a wanted id turned out to be: no control record.
    pub(crate) fn disclose(&mut self, id: RecordId, now_ms: u64) {
        if self.waiting.contains_key(&id) && self.content.insert(id) {
            let queue = self.woken(&id);
            self.work_off(queue, now_ms);
        }
    }

    /// Assesses again what is quarantined and due, or waits for its turn.
    pub(crate) fn tick(&mut self, now_ms: u64) {
        self.let_due_in(now_ms);
        self.give_turns(now_ms);
    }

    /// Assesses again what is quarantined and due. Also before anything new is taken: what rests on
    /// a record that is due must not come before it.
    fn let_due_in(&mut self, now_ms: u64) {
        // In order of their numbers, so that causes come first.
        let due: BTreeSet<(Option<Ix>, RecordId)> = self
            .quarantined
            .iter()
            .take_while(|(until, _)| *until <= now_ms)
            .filter_map(|(_, id)| {
                self.held
                    .get(id)
                    .map(|held| (held.ix.or(Some(Ix::MAX)), *id))
            })
            .collect();
        for (_, id) in due {
            self.work_off(vec![id], now_ms);
        }
    }

    /// A person lets a fenced record in.
    pub(crate) fn excuse(&mut self, id: &RecordId, now_ms: u64) {
        let Some(held) = self.held.get_mut(id) else {
            return;
        };
        held.excused = true;
        if let Some(known) = held.ix.and_then(|ix| self.fence.known.get_mut(&ix)) {
            known.excused = true;
        }
        self.work_off(vec![*id], now_ms);
        self.reassess_shelved(now_ms);
    }

    /// Assesses again what rests on parked records, until nothing moves.
    pub(crate) fn reassess_shelved(&mut self, now_ms: u64) {
        loop {
            let before: Vec<RecordId> = self.shelved.iter().copied().collect();
            let mut moved = false;
            for id in before {
                self.work_off(vec![id], now_ms);
                moved |= !self.shelved.contains(&id);
            }
            if !moved {
                return;
            }
        }
    }

    pub(crate) fn work_off(&mut self, mut queue: Vec<RecordId>, now_ms: u64) {
        self.turns.budget.at(now_ms);
        loop {
            self.assess_queue(&mut queue, now_ms);
            if !self.replay_due {
                return;
            }
            let before = self.views.steps();
            self.replay(now_ms);
            self.charge_replay(before);
        }
    }

    fn assess_queue(&mut self, queue: &mut Vec<RecordId>, now_ms: u64) {
        while let Some(id) = queue.pop().or_else(|| self.turns.next_freed()) {
            let Some(held) = self.held.get(&id) else {
                continue;
            };
            let (header, way, steps) = (held.record.header(), held.seen.way, self.views.steps());
            let (seat, dev) = (header.seat, header.dev);
            let was_orphan = self.is_orphan(&id);
            let standing = self.assess(&id, now_ms);
            self.set(&id, standing);
            // Asked after the judgement: a valid join adds its own device.
            let author = self.had_device(&seat, &dev).then_some(seat);
            self.charge(author, way, steps);
            // A decision asks of a ballot that it is held, be it an orphan.
            if was_orphan && (!self.is_orphan(&id) || self.is_ballot(&id)) {
                queue.extend(self.woken(&id));
            }
            if self.flooded
                && let Some(held) = self.held.get(&id)
                && held.standing.is_admitted()
            {
                let named = named(&held.record);
                queue.extend(named.into_iter().filter(|id| self.shelved.contains(id)));
            }
        }
    }

    /// Who waited for an id; they wait no longer for it.
    fn woken(&mut self, id: &RecordId) -> Vec<RecordId> {
        self.waiting
            .remove(id)
            .map(|waiters| waiters.into_iter().rev().collect())
            .unwrap_or_default()
    }

    fn is_ballot(&self, id: &RecordId) -> bool {
        let held = self.held.get(id);
        held.is_some_and(|held| held.record.header().kind == Kind::BALLOT)
    }

    pub(crate) fn is_orphan(&self, id: &RecordId) -> bool {
        self.held
            .get(id)
            .is_some_and(|held| matches!(held.standing, Standing::Orphan { .. }))
    }

    /// Notes where a record stands now.
    pub(crate) fn set(&mut self, id: &RecordId, standing: Standing) {
        let Some(held) = self.held.get_mut(id) else {
            return;
        };
        if let Standing::Quarantined { until_ms } = held.standing {
            self.quarantined.remove(&(until_ms, *id));
        }
        self.orphans.remove(&held.arrival);
        self.shelved.remove(id);
        match &standing {
            Standing::Orphan { .. } => {
                self.orphans.insert(held.arrival, *id);
            }
            Standing::Parked(
                ParkReason::Kind | ParkReason::Feature | ParkReason::Fork | ParkReason::Cpu,
            ) => {}
            Standing::Parked(_) => {
                self.shelved.insert(*id);
            }
            Standing::Quarantined { until_ms } => {
                self.quarantined.insert((*until_ms, *id));
            }
            _ => {}
        }
        self.turns
            .moved(&held.record, held.arrival, &held.standing, &standing);
        let fresh = held.fresh;
        held.fresh = false;
        self.touched
            .entry(*id)
            .or_insert_with(|| (!fresh).then(|| held.standing.clone()));
        if let Standing::Void(_) = standing {
            self.arrivals += 1;
            self.void.insert(*id, (self.arrivals, standing));
            self.held.remove(id);
        } else {
            held.standing = standing;
        }
    }

    /// The tests of section 2.4, in order.
    pub(crate) fn assess(&mut self, id: &RecordId, now_ms: u64) -> Standing {
        let Some(held) = self.held.get(id) else {
            return Standing::Ignored;
        };
        let record = held.record.clone();
        let (seen, ix) = (held.seen, held.ix);
        let Direct { causes, ballots } = direct(&record);
        if causes.iter().any(|cause| self.void.contains_key(cause)) {
            return Standing::Void(VoidReason::PastVoid);
        }
        let missing: BTreeSet<RecordId> = causes
            .iter()
            .filter(|cause| self.is_open(cause))
            .chain(ballots.iter().filter(|id| self.is_open_ballot(&record, id)))
            .copied()
            .collect();
        if !missing.is_empty() {
            for dependency in &missing {
                self.waiting.entry(*dependency).or_default().insert(*id);
            }
            return Standing::Orphan { missing };
        }
        if let Some(reason) = own_park_reason(&record) {
            return Standing::Parked(reason);
        }
        let parked: Vec<RecordId> = causes
            .iter()
            .chain(&ballots)
            .filter(|on| self.is_parked(on))
            .copied()
            .collect();
        if !parked.is_empty() && (ix.is_some() || !self.all_by_flood(&parked)) {
            return self.rest_on(id, &parked);
        }
        let judged = ix.is_some() || self.book.ballots.contains_key(id);
        if !judged && self.waits_its_turn(&record.header().seat, seen.way) {
            return Standing::Parked(ParkReason::Cpu);
        }
        if !parked.is_empty() && !self.release(&record, &causes, &parked, seen, now_ms) {
            return self.rest_on(id, &parked);
        }
        let ix = self.held.get(id).and_then(|held| held.ix);
        let judged = match ix {
            Some(ix) => Some(ix),
            None => match self.find_valid(&record, &causes, seen) {
                Ok(ix) => ix,
                Err(reason) => return Standing::Void(reason),
            },
        };
        let until_ms = self.until(&record, &causes);
        if until_ms > now_ms {
            return Standing::Quarantined { until_ms };
        }
        match judged {
            Some(ix) => self.let_in(id, ix),
            None => self.let_in_ballot(id),
        }
    }

    /// Lets in what a flood rule had parked and a valid record of another seat cites, or a valid
    /// decision lists.
    fn release(
        &mut self,
        record: &Verified,
        causes: &BTreeSet<RecordId>,
        parked: &[RecordId],
        seen: Seen,
        now_ms: u64,
    ) -> bool {
        if self.find_valid(record, causes, seen).is_err() {
            return false;
        }
        for id in parked {
            let standing = self.assess(id, now_ms);
            self.set(id, standing);
        }
        !parked.iter().any(|id| self.is_parked(id))
    }

    /// Whether a flood rule holds all of these, and nothing else does.
    fn all_by_flood(&self, parked: &[RecordId]) -> bool {
        let by_flood = |held: &Held| {
            matches!(
                held.standing,
                Standing::Parked(ParkReason::JoinFlood | ParkReason::Sibling)
            ) && (held.ix.is_some() || held.record.header().kind == Kind::BALLOT)
        };
        let mut parked = parked.iter();
        parked.all(|id| self.held.get(id).is_some_and(by_flood))
    }

    /// Not held, or an orphan.
    fn is_open(&self, id: &RecordId) -> bool {
        !self.is_there(id) || self.is_orphan(id)
    }

    /// A listed ballot that is not held; or one for the very proposal, which is here, that is about
    /// to be sorted. Where the proposal is not here the decision cannot have known it: no ballot
    /// changes that, and one for another proposal counts for nothing, wherever it stands.
    fn is_open_ballot(&self, decision: &Verified, id: &RecordId) -> bool {
        let Some(Control::Decision(body)) = decision.control() else {
            return false;
        };
        !self.is_there(id)
            || self.held.get(id).is_some_and(|ballot| {
                self.is_orphan(id)
                    && ballot.record.header().auth.first() == Some(&body.proposal)
                    && !self.is_open(&body.proposal)
            })
    }

    pub(crate) fn is_there(&self, id: &RecordId) -> bool {
        self.held.contains_key(id) || self.void.contains_key(id) || self.content.contains(id)
    }

    pub(crate) fn is_parked(&self, id: &RecordId) -> bool {
        self.held
            .get(id)
            .is_some_and(|held| matches!(held.standing, Standing::Parked(_)))
    }

    /// The moment at which it, and all it rests on, is due.
    pub(crate) fn until(&self, record: &Verified, causes: &BTreeSet<RecordId>) -> u64 {
        causes
            .iter()
            .filter_map(|cause| match self.held.get(cause)?.standing {
                Standing::Quarantined { until_ms } => Some(until_ms),
                _ => None,
            })
            .max()
            .unwrap_or(0)
            .max(record.header().ms().saturating_sub(QUARANTINE_MS))
    }

    /// Judges validity; a valid record gets its number, a ballot its place in the book.
    fn find_valid(
        &mut self,
        record: &Verified,
        causes: &BTreeSet<RecordId>,
        seen: Seen,
    ) -> Result<Option<Ix>, VoidReason> {
        let numbers: Option<Vec<Ix>> = causes.iter().map(|id| self.book.graph.number(id)).collect();
        // Every id in auth must name a lane-0 record.
        let Some(numbers) = numbers else {
            return Err(VoidReason::Prev);
        };
        let past = self.book.graph.past_of(numbers.iter().copied());
        let mut scene = Scene {
            book: &self.book,
            views: &mut self.views,
            polls: &mut self.polls,
            trusted: matches!(seen.way, Way::Stored | Way::StoredFirstSync),
        };
        if record.header().kind == Kind::BALLOT {
            let Some(proposal) = numbers.first().copied() else {
                return Err(VoidReason::Electorate);
            };
            validity::ballot(&mut scene, record, proposal)?;
            if let Some(Control::Ballot(body)) = record.control() {
                self.book
                    .admit_ballot(record.clone(), proposal, body.choice);
            }
            return Ok(None);
        }
        validity::control(&mut scene, record, &past)?;
        let ix = self.book.admit(record, past);
        if let Some(held) = self.held.get_mut(&record.id()) {
            held.ix = Some(ix);
            self.fence.known.insert(
                ix,
                Known {
                    first_ms: seen.first_ms,
                    first_sync: matches!(seen.way, Way::FirstSync | Way::StoredFirstSync),
                    excused: held.excused,
                },
            );
        }
        Ok(Some(ix))
    }

    /// Local rules, then admission.
    fn let_in(&mut self, id: &RecordId, ix: Ix) -> Standing {
        if self.views.running.set().contains(ix) {
            return match self.held.get(id) {
                Some(held) => held.standing.clone(),
                None => Standing::Ignored,
            };
        }
        let order = self.fence_order(ix);
        if self
            .last_fenced
            .is_some_and(|last| order < last && self.fence.reaches(last.0))
        {
            self.replay_due = true;
            if let Some(held) = self.held.get(id) {
                self.note_replay(held.record.header().seat, held.seen.way);
            }
        }
        // What was old when a proposal came counts too.
        let kind = self.book.graph.node(ix).kind;
        let fenced = self.fence.known.get(&ix).is_some_and(|k| !k.first_sync);
        if fenced && (held_back(kind) || kind == Kind::PROPOSAL) {
            self.last_fenced = self.last_fenced.max(Some(order));
        }
        if let Some(reason) = self.fence.holds(&self.book, &mut self.views, ix, order.0) {
            return Standing::Parked(reason);
        }
        if self.policy.floods
            && let Some(reason) = floods::holds(&self.book, &mut self.views, ix)
        {
            self.flooded = true;
            return Standing::Parked(reason);
        }
        self.admit(ix);
        Standing::Admitted { honoured: true }
    }

    fn let_in_ballot(&mut self, id: &RecordId) -> Standing {
        if self.policy.floods && floods::ballot_holds(&self.book, id) {
            self.flooded = true;
            return Standing::Parked(ParkReason::Sibling);
        }
        if let Some(ballot) = self.book.ballots.get(id) {
            self.dirty.proposals.insert(ballot.proposal);
        }
        Standing::Admitted { honoured: true }
    }

    fn admit(&mut self, ix: Ix) {
        let growth = growth(&self.book, &self.views.running, ix);
        self.dirty.admitted(&self.book, ix, growth);
        for cause in direct(&self.book.graph.node(ix).record).causes {
            if let Some(cause) = self.book.graph.number(&cause) {
                self.heads.remove(&cause);
            }
        }
        self.heads.insert(ix);
        let running = &mut self.views.running;
        running.grow(ix);
        if growth == Growth::Perhaps {
            running.forget();
            let node = self.book.graph.node(ix);
            if let Some(held) = self.held.get(&node.id) {
                self.note_shaken(node.seat, held.seen.way);
            }
        } else {
            forget_touched(&self.book, running, ix);
        }
        if self.book.graph.node(ix).kind == Kind::PROPOSAL {
            self.fence.open_proposal(&self.book, &mut self.views, ix);
        }
    }
}
