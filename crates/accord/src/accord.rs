//! One collective's control plane: the facade.

use std::collections::BTreeSet;

use folkmoot_record::{
    CollectiveId, DeviceKey, GrantId, Header, InviteKey, KemKey, Kind, Place, RecordId, SeatKey,
    Tag, Verified,
    control::{Actions, Control},
};

use crate::{
    bits::Bits,
    content::{ContentLog, Memo},
    documents::Rights,
    epochs,
    eval::View,
    graph::direct,
    intake::{Intake, Policy},
    refresh::{Dirty, refresh},
    standing::{ContentStanding, ParkReason, Standing, VoidReason},
    state::{DeviceState, InviteState, State},
};

/// The control plane of one collective, as a function of the records inserted.
#[derive(Debug)]
pub struct Accord {
    pub(crate) intake: Intake,
    pub(crate) memo: Memo,
    pub(crate) state: State,
}

/// How and when this node came by a record. It bears on local admission only (section 4.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The own clock now, in ms.
    pub now_ms: u64,
    /// When this node first saw the record, in ms; at a restart the time kept with it.
    pub first_ms: u64,
    /// By what way it came.
    pub way: Way,
}

/// By what way a record came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From a peer, or from this node's own hand.
    Ordinary,
    /// In the first full control sync of a new node: it counts as old, and no fence holds it.
    FirstSync,
    /// From this node's own store, where it lay as valid: a join's redeem signature is not checked
    /// again.
    Stored,
    /// The same, of a record that came in the first full control sync.
    StoredFirstSync,
}

impl Seen {
    /// Seen for the first time, now.
    pub const fn now(now_ms: u64) -> Self {
        Self {
            now_ms,
            first_ms: now_ms,
            way: Way::Ordinary,
        }
    }
}

/// What an insertion brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// Where the record stands now.
    pub standing: Standing,
    /// Other records whose standing changed: orphans released, records shadowed or honoured again.
    pub changed: Vec<(RecordId, Standing)>,
    /// Whose content has to be judged anew.
    pub rejudge: Rejudge,
}

/// Whose content may stand otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Rejudge {
    /// Nobody's.
    #[default]
    Nothing,
    /// That of these seats.
    Seats(BTreeSet<SeatKey>),
    /// Everybody's.
    Everything,
}

/// What a draft is about to do.
#[derive(Debug, Clone, Copy)]
pub struct Need<'a> {
    /// The action bit wanted; empty: any action will do.
    pub action: Actions,
    /// The kind of the draft.
    pub kind: Kind,
    /// Its tags.
    pub tags: &'a [Tag],
    /// Its claimed time, in ms.
    pub at_ms: u64,
}

/// Why no live grant of a seat allows what is needed: how far the best one got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", reason.sentence())]
pub struct Denied {
    /// The rule that failed.
    pub reason: VoidReason,
    /// The grant that came nearest; `None` where the seat has none.
    pub grant: Option<GrantId>,
    /// The first moment at which that grant is not in force any more, where the window failed, in
    /// ms.
    pub expired_ms: Option<u64>,
}

/// What a device is, seen from this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberDevice {
    /// Never heard of.
    Unknown,
    /// A device that was taken back.
    Removed,
    /// A certified device.
    Certified {
        /// What it may do.
        device: DeviceState,
        /// Whether its seat is live.
        live: bool,
        /// Whether its seat has a live grant whose window holds at the time asked.
        in_force: bool,
    },
}

/// A device that can open the keys of an epoch.
pub type Reader = (SeatKey, DeviceKey, KemKey);

impl Accord {
    /// The control plane of that collective, with no record yet.
    pub fn new(cid: CollectiveId) -> Self {
        Self::with_policy(cid, Policy::NODE)
    }

    /// The same under other local rules.
    pub fn with_policy(cid: CollectiveId, policy: Policy) -> Self {
        Self {
            intake: Intake::new(cid, policy),
            memo: Memo::default(),
            state: State::default(),
        }
    }

    /// Takes a lane-0 record or a ballot of this collective, in any order. Inserting one twice
    /// changes nothing.
    pub fn insert(&mut self, record: Verified, seen: Seen) -> Inserted {
        let id = record.id();
        self.intake.take(record, seen);
        let (changed, rejudge) = self.settle();
        Inserted {
            standing: self.noted(&id).cloned().unwrap_or(Standing::Ignored),
            changed: changed
                .into_iter()
                .filter(|(other, _)| *other != id)
                .collect(),
            rejudge,
        }
    }

    /// Takes many records, and works out what they say together once at the end: for a start and
    /// for a first sync. Returns every record whose standing is new.
    pub fn insert_all(
        &mut self,
        records: impl IntoIterator<Item = (Verified, Seen)>,
    ) -> Vec<(RecordId, Standing)> {
        for (record, seen) in records {
            self.intake.take(record, seen);
        }
        self.settle().0
    }

    /// Spares the records of one seat the account of section 4.11 (*CPU*): those of the person whose
    /// node this is.
    pub fn spare(&mut self, seat: SeatKey) {
        self.intake.turns.budget.spare(seat);
    }

    /// Steps of evaluation taken so far (section 4.11, *CPU*), whoever asked.
    pub fn steps(&self) -> u64 {
        self.intake.views.steps()
    }

    /// How many minutes pass until something of a seat is judged that waits for its turn (section
    /// 4.11, *CPU*); 0: it does not wait.
    pub fn minutes_to_wait(&self, seat: &SeatKey) -> u64 {
        self.intake.turns.budget.minutes(seat)
    }

    /// Whether a record waits for its turn (section 4.11, *CPU*), or rests on one that does: it may
    /// turn out void, so nobody is given it.
    pub fn awaits_turn(&self, id: &RecordId) -> bool {
        self.intake.turns.is_untried(id)
    }

    /// Whether a record that is held was judged here: found valid, or admitted. What is parked
    /// because of others, or waits for its turn, was not.
    pub fn is_judged(&self, id: &RecordId) -> bool {
        let book = &self.intake.book;
        book.graph.number(id).is_some() || book.ballots.contains_key(id)
    }

    /// Lets in what was quarantined and is due, and judges what waits for its turn; returns every
    /// record whose standing changed, and whose content may stand otherwise by that. Content that names
    /// one of these records is to be judged anew too.
    pub fn tick(&mut self, now_ms: u64) -> (Vec<(RecordId, Standing)>, Rejudge) {
        self.intake.tick(now_ms);
        self.settle()
    }

    /// A person's own decision to let in what a fence holds back (section 4.11).
    pub fn excuse(&mut self, id: &RecordId, now_ms: u64) -> Vec<(RecordId, Standing)> {
        self.intake.excuse(id, now_ms);
        self.settle().0
    }

    /// Tells that a wanted id names a content record held elsewhere: what cites it as a control
    /// record is void (section 2.3).
    pub fn disclose_content(&mut self, id: RecordId, now_ms: u64) -> Vec<(RecordId, Standing)> {
        self.intake.disclose(id, now_ms);
        self.settle().0
    }

    /// Where a record stands; `None` if it was never inserted, or is void and forgotten.
    pub fn standing(&self, id: &RecordId) -> Option<Standing> {
        match self.noted(id)? {
            Standing::Orphan { .. } => Some(Standing::Orphan {
                missing: self.missing_below([*id]),
            }),
            standing => Some(standing.clone()),
        }
    }

    /// The same without what an orphan misses, which has to be looked for.
    pub fn standing_at(&self, id: &RecordId) -> Option<&Standing> {
        self.noted(id)
    }

    /// A record held in any state but void.
    pub fn record(&self, id: &RecordId) -> Option<&Verified> {
        self.intake.held.get(id).map(|held| &held.record)
    }

    /// Every lane-0 record and ballot held in any state but void, by id.
    pub fn records(&self) -> impl Iterator<Item = &Verified> {
        self.intake.held.values().map(|held| &held.record)
    }

    /// What is compared with peers (scope 0 of section 7.6), by id: everything held but orphans,
    /// which others are not asked to keep, save ballots that a decision among these lists; and but what
    /// awaits its turn, which may be void.
    pub fn reconciled(&self) -> impl Iterator<Item = &Verified> {
        let intake = &self.intake;
        let ready = || {
            let held = intake.held.iter();
            held.filter(|(id, held)| !held.standing.is_orphan() && !intake.turns.is_untried(id))
        };
        let listed: BTreeSet<&RecordId> = ready()
            .filter_map(|(_, held)| match held.record.control() {
                Some(Control::Decision(decision)) => Some(&decision.ballots),
                _ => None,
            })
            .flatten()
            .filter(|id| intake.is_orphan(id))
            .collect();
        intake
            .held
            .iter()
            .filter(move |(id, held)| !held.standing.is_orphan() || listed.contains(id))
            .filter(|(id, _)| !intake.turns.is_untried(id))
            .map(|(_, held)| &held.record)
    }

    /// Whether a record is held and waits for others. Cheaper than [`Self::standing`], which works
    /// out for what.
    pub fn waits(&self, id: &RecordId) -> bool {
        self.intake.is_orphan(id)
    }

    /// Whether it is known where a record stands, and it does not wait.
    pub fn is_settled(&self, id: &RecordId) -> bool {
        self.noted(id).is_some_and(|standing| !standing.is_orphan())
    }

    /// Forgets an orphan, as if it had never come; false where the record is none.
    pub fn forget_orphan(&mut self, id: &RecordId) -> bool {
        self.intake.drop_orphan(id)
    }

    /// The ids that orphans wait for.
    pub fn missing(&self) -> BTreeSet<RecordId> {
        self.intake
            .waiting
            .keys()
            .filter(|id| !self.intake.is_there(id))
            .copied()
            .collect()
    }

    /// The heads of the admitted set, for `auth`, ascending. More than 16: a merge is due first.
    pub fn heads(&self) -> Vec<RecordId> {
        let mut heads: Vec<RecordId> = self
            .intake
            .heads
            .iter()
            .map(|ix| self.intake.book.graph.node(*ix).id)
            .collect();
        heads.sort_unstable();
        heads
    }

    /// The next place in the lane-0 log of a device: after the valid record of greatest seq; of
    /// several in one place after the first that came.
    pub fn next_place(&self, seat: &SeatKey, dev: &DeviceKey) -> Place {
        let book = &self.intake.book;
        let last = book
            .places
            .range((*seat, *dev, 0)..=(*seat, *dev, u32::MAX))
            .next_back()
            .and_then(|((_, _, seq), there)| Some((*seq, *there.first()?)));
        match last {
            Some((seq, ix)) => Place {
                seq: seq.saturating_add(1),
                prev: Some(book.graph.node(ix).id),
            },
            None => Place { seq: 0, prev: None },
        }
    }

    /// Judges a content record. Its outcome never touches the control plane.
    pub fn judge(
        &mut self,
        header: &Header,
        id: RecordId,
        now_ms: u64,
        log: &dyn ContentLog,
    ) -> ContentStanding {
        let intake = &mut self.intake;
        let mut until_ms = header.ms().saturating_sub(crate::intake::QUARANTINE_MS);
        let (mut open, mut parked) = (false, false);
        let mut auth = Vec::with_capacity(header.auth.len());
        for cause in &header.auth {
            match intake.held.get(cause) {
                None if intake.void.contains_key(cause) => {
                    return ContentStanding::Void(VoidReason::PastVoid);
                }
                None => open = true,
                Some(held) => {
                    match held.standing {
                        Standing::Orphan { .. } => open = true,
                        Standing::Parked(_) => parked = true,
                        Standing::Quarantined { until_ms: until } => until_ms = until_ms.max(until),
                        _ => {}
                    }
                    auth.extend(held.ix);
                }
            }
        }
        if open {
            let causes = header.auth.iter().copied();
            return ContentStanding::Orphan(self.missing_below(causes));
        }
        if parked {
            return ContentStanding::Parked(ParkReason::Past);
        }
        if auth.len() != header.auth.len() {
            return ContentStanding::Void(VoidReason::Prev); // A ballot is no lane-0 record.
        }
        if let Err(reason) = self
            .memo
            .valid(&intake.book, &mut intake.views, header, &auth)
        {
            return ContentStanding::Void(reason);
        }
        if until_ms > now_ms {
            return ContentStanding::Quarantined { until_ms };
        }
        let running = &mut intake.views.running;
        ContentStanding::Admitted {
            honoured: self.memo.honoured(&intake.book, running, header, id, log),
        }
    }

    /// What the cap of an admitted content record allowed, for the display rules of section 8;
    /// `None` if its auth or cap is not known here.
    pub fn rights(&mut self, header: &Header) -> Option<Rights> {
        let intake = &mut self.intake;
        let auth: Option<Vec<_>> = header
            .auth
            .iter()
            .map(|id| intake.book.graph.number(id))
            .collect();
        self.memo
            .rights(&intake.book, &mut intake.views, header, &auth?)
    }

    /// Eval(S) of the admitted set.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The readers to whom the bundle of an epoch is sealed: the live readers in Eval(Past(e)) at
    /// ms(e) (section 6.3). Empty if the epoch is not valid here.
    pub fn recipients(&mut self, epoch: &RecordId) -> Vec<Reader> {
        let intake = &mut self.intake;
        let Some(ix) = intake.book.graph.number(epoch) else {
            return Vec::new();
        };
        let node = intake.book.graph.node(ix);
        epochs::live_readers(&intake.book, intake.views.at(&node.past), node.ms())
    }

    /// Whether new boxes may be made under an epoch at `at_ms` (section 6.3): it is honoured, and
    /// every honest sharing of its secret was with devices that may still read. Of two epochs with
    /// one key id both must pass.
    pub fn usable(&mut self, epoch: &RecordId, at_ms: u64) -> bool {
        let Some(own) = self.state.epochs.get(epoch).copied() else {
            return false;
        };
        let same: Vec<RecordId> = self
            .state
            .epochs
            .iter()
            .filter(|(_, other)| other.key_id == own.key_id)
            .map(|(id, _)| *id)
            .collect();
        let intake = &mut self.intake;
        own.honoured
            && same.into_iter().all(|id| {
                intake
                    .book
                    .graph
                    .number(&id)
                    .is_some_and(|ix| epochs::usable(&intake.book, &mut intake.views, ix, at_ms))
            })
    }

    /// The record and its Past, causes first, with the ballots of listed decisions: what a joiner
    /// is served. Empty if it was not found valid here.
    pub fn past(&self, id: &RecordId) -> Vec<Verified> {
        let book = &self.intake.book;
        let ballot = book.ballots.get(id);
        let Some(last) = ballot
            .map(|ballot| ballot.proposal)
            .or_else(|| book.graph.number(id))
        else {
            return Vec::new();
        };
        let mut set: Bits = book.graph.node(last).past.clone();
        set.insert(last);
        let mut served = Vec::with_capacity(set.len());
        let mut ballots = BTreeSet::new();
        for ix in set.iter() {
            let record = &book.graph.node(ix).record;
            if let Some(Control::Decision(body)) = record.control() {
                let listed = body.ballots.iter().filter(|id| ballots.insert(**id));
                served.extend(
                    listed
                        .filter_map(|id| book.ballots.get(id))
                        .map(|ballot| ballot.record.clone()),
                );
            }
            served.push(record.clone());
        }
        served.extend(ballot.map(|ballot| ballot.record.clone()));
        served
    }

    /// The invite of that id, as it stands now.
    pub fn invite(&self, id: &GrantId) -> Option<&InviteState> {
        self.state.invites.get(id)
    }

    /// The invite with that key, as it stands now. Of several a live one first, then the smallest
    /// id.
    pub fn invite_by_key(&self, key: &InviteKey) -> Option<(GrantId, &InviteState)> {
        self.state
            .invites
            .iter()
            .filter(|(_, invite)| invite.key == *key)
            .min_by_key(|(id, invite)| (!invite.live, **id))
            .map(|(id, invite)| (*id, invite))
    }

    /// The voters on a proposal (section 5.3), fixed by its own past.
    pub fn electorate(&mut self, proposal: &RecordId) -> Option<BTreeSet<SeatKey>> {
        let intake = &mut self.intake;
        let ix = intake.book.graph.number(proposal)?;
        let poll = intake.polls.of(&intake.book, &mut intake.views, ix)?;
        Some(poll.electorate.clone())
    }

    /// Eval(S) worked out from nothing, and the lane-0 records that it honours: what
    /// [`Accord::state`] must equal however the records came. For tests, and for a node that doubts
    /// itself; it costs a full evaluation.
    pub fn evaluate_afresh(&self) -> (State, BTreeSet<RecordId>) {
        let book = &self.intake.book;
        let mut view = View::of(self.intake.views.running.set().clone());
        let honoured = self.intake.views.running.set().iter();
        let honoured = honoured
            .filter(|ix| view.honoured(book, *ix))
            .map(|ix| book.graph.node(ix).id)
            .collect();
        let mut state = State::default();
        let dirty = Dirty {
            everything: true,
            ..Dirty::default()
        };
        refresh(book, &mut view, &mut state, dirty);
        (state, honoured)
    }

    pub(crate) fn noted(&self, id: &RecordId) -> Option<&Standing> {
        self.intake
            .held
            .get(id)
            .map(|held| &held.standing)
            .or_else(|| self.intake.void.get(id).map(|(_, standing)| standing))
    }

    /// Every id missing in the closure of these, listed ballots included.
    fn missing_below(&self, ids: impl IntoIterator<Item = RecordId>) -> BTreeSet<RecordId> {
        let mut missing = BTreeSet::new();
        let mut met = BTreeSet::new();
        let mut queue: Vec<RecordId> = ids.into_iter().collect();
        while let Some(id) = queue.pop() {
            if !met.insert(id) {
                continue;
            }
            match self.intake.held.get(&id) {
                None if !self.intake.is_there(&id) => {
                    missing.insert(id);
                }
                Some(held) if matches!(held.standing, Standing::Orphan { .. }) => {
                    let on = direct(&held.record);
                    queue.extend(on.causes);
                    // A ballot is asked for; what that one rests on is not (section 2.3).
                    let ballots = on.ballots.into_iter();
                    missing.extend(ballots.filter(|id| !self.intake.is_there(id)));
                }
                _ => {}
            }
        }
        missing
    }
}
