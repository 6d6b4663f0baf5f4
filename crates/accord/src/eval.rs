//! Eval: what a set of valid records says (section 4.7).
//!
//! A [`View`] is one set T, closed under Past, with what has been found out about it. Nothing is
//! computed before it is asked for. An answer often needs others first: those of records under
//! stronger grants (section 4.10). So a rule that meets an open question gives it back as [`Open`],
//! and [`View::settle`] answers that one first, on a stack of its own: a hostile history can make
//! the stack long, never the machine's.

mod rules;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use folkmoot_record::{CharterHash, DeviceKey, Kind, SeatKey, control::Charter};

use crate::{
    bits::Bits, book::Book, budget::SCAN, charter, devices::Ax, grants::Gx, graph::Ix,
    revocations::Vx,
};

/// A question about a record that is not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    /// H(o).
    Honoured(Ix),
    /// H of a join, before its invite's uses are counted.
    Candidate(Ix),
}

type Asked<T> = Result<T, Open>;

/// The charter of a set, with its hash.
#[derive(Debug, Clone)]
pub(crate) struct CharterAt {
    pub(crate) charter: Arc<Charter>,
    pub(crate) hash: CharterHash,
}

/// One set of valid records and what is known about it so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct View {
    set: Bits,
    honoured: Vec<Option<bool>>,
    candidate: Vec<Option<bool>>,
    charter: Option<CharterAt>,
    live: BTreeMap<Gx, bool>,
    standing: BTreeMap<(SeatKey, DeviceKey), Arc<[Ax]>>,
    /// Joins of contested invites that are known to have a witness.
    witnessed: BTreeSet<Ix>,
    /// What was done to find all that out (see [`crate::budget`]).
    steps: Cell<u64>,
}

/// What a record must pass to be honoured under a cap from a device, in one set: the active
/// revocations that it must be kept by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hurdles {
    /// Whether the cap was issued at all.
    pub(crate) issued: bool,
    /// Every one of these must keep it.
    pub(crate) hitters: Vec<Vx>,
    /// For one addition of its device, every one of these must keep it.
    pub(crate) additions: Vec<Vec<Vx>>,
}

impl View {
    pub(crate) fn of(set: Bits) -> Self {
        Self {
            set,
            ..Self::default()
        }
    }

    pub(crate) fn set(&self) -> &Bits {
        &self.set
    }

    /// Steps taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Counts steps.
    pub(crate) fn count(&self, steps: u64) {
        self.steps.set(self.steps.get() + steps);
    }

    /// Counts a plain scan of that many.
    pub(crate) fn scan(&self, length: usize) {
        self.count((length / SCAN) as u64);
    }

    /// Adds a record that nothing in the set cites, and keeps what stays true (see
    /// [`crate::running`]).
    pub(crate) fn grow(&mut self, ix: Ix) {
        self.set.insert(ix);
    }

    /// Forgets what is known of live grants and devices.
    pub(crate) fn forget_live(&mut self) {
        self.live.clear();
        self.standing.clear();
    }

    /// Forgets what is known of one grant.
    pub(crate) fn forget_grant(&mut self, g: Gx) {
        self.live.remove(&g);
    }

    /// Forgets what is known of the devices of one seat.
    pub(crate) fn forget_seat(&mut self, seat: &SeatKey) {
        let first = DeviceKey::from_bytes([0; 32]);
        let last = DeviceKey::from_bytes([0xFF; 32]);
        let known: Vec<_> = self
            .standing
            .range((*seat, first)..=(*seat, last))
            .map(|(key, _)| *key)
            .collect();
        for key in known {
            self.standing.remove(&key);
        }
    }

    /// Forgets whether a record without cap is honoured. That hangs on the live grants of its seat
    /// (step 4), and nothing else hangs on it.
    pub(crate) fn forget_uncapped(&mut self, o: Ix) {
        if let Some(known) = self.honoured.get_mut(o as usize) {
            *known = None;
        }
    }

    /// Forgets all but the set.
    pub(crate) fn forget(&mut self) {
        self.honoured.clear();
        self.candidate.clear();
        self.charter = None;
        self.witnessed.clear();
        self.forget_live();
    }

    /// Forgets the charter.
    pub(crate) fn forget_charter(&mut self) {
        self.charter = None;
    }

    /// Whether a further witness of a join cannot matter: it has one, or is no candidate at all.
    pub(crate) fn needs_no_witness(&self, join: Ix) -> bool {
        self.witnessed.contains(&join) || self.known(Open::Candidate(join)) == Ok(false)
    }

    /// H(o) of a record of the set. Ballots have none.
    pub(crate) fn honoured(&mut self, book: &Book, o: Ix) -> bool {
        self.ask(book, |view| view.known(Open::Honoured(o)))
    }

    /// `live(g)`: false for a grant made outside the set.
    pub(crate) fn live(&mut self, book: &Book, g: Gx) -> bool {
        if let Some(live) = self.live.get(&g) {
            return *live;
        }
        self.count(1);
        let live = self.ask(book, |view| view.ask_live(book, g));
        self.live.insert(g, live);
        live
    }

    /// The live grants of a seat, invites apart.
    pub(crate) fn live_grants(&mut self, book: &Book, seat: &SeatKey) -> Vec<Gx> {
        book.grants
            .held_by(seat)
            .filter(|g| self.live(book, *g))
            .collect()
    }

    pub(crate) fn has_live_grant(&mut self, book: &Book, seat: &SeatKey) -> bool {
        book.grants.held_by(seat).any(|g| self.live(book, g))
    }

    /// A live grant and a certified full device.
    pub(crate) fn seat_live(&mut self, book: &Book, seat: &SeatKey) -> bool {
        self.has_live_grant(book, seat)
            && book
                .devices
                .of_seat(seat)
                .any(|(dev, _)| self.is_full(book, seat, &dev))
    }

    /// The standing additions of a device: none, and it is not certified (section 4.6).
    pub(crate) fn standing(&mut self, book: &Book, seat: &SeatKey, dev: &DeviceKey) -> Arc<[Ax]> {
        if let Some(known) = self.standing.get(&(*seat, *dev)) {
            return known.clone();
        }
        let live = self.live_grants(book, seat);
        let may = |authority| live.iter().all(|g| book.grants.may(authority, *g));
        let mut standing = Vec::new();
        self.count(1);
        for a in book.devices.adds_of(seat, dev) {
            if self.set.contains(book.devices.get(*a).record)
                && self.ask(book, |view| {
                    let undoers = view.undoers(book, seat, dev, *a, may)?;
                    Ok(undoers.is_empty())
                })
            {
                standing.push(*a);
            }
        }
        let standing: Arc<[Ax]> = standing.into();
        self.standing.insert((*seat, *dev), standing.clone());
        standing
    }

    /// The active revocations that undo an addition now: none, and it stands.
    pub(crate) fn undone_by(
        &mut self,
        book: &Book,
        seat: &SeatKey,
        dev: &DeviceKey,
        a: Ax,
    ) -> Vec<Vx> {
        let live = self.live_grants(book, seat);
        let may = |authority| live.iter().all(|g| book.grants.may(authority, *g));
        self.ask(book, |view| view.undoers(book, seat, dev, a, may))
    }

    /// Whether a grant was made and given, whatever became of it.
    pub(crate) fn issued(&mut self, book: &Book, g: Gx) -> bool {
        self.ask(book, |view| view.ask_issued(book, g))
    }

    /// The active revocations that hit a grant.
    pub(crate) fn hitters(&mut self, book: &Book, g: Gx) -> Vec<Vx> {
        self.ask(book, |view| view.ask_hitters(book, g))
    }

    pub(crate) fn is_full(&mut self, book: &Book, seat: &SeatKey, dev: &DeviceKey) -> bool {
        self.standing(book, seat, dev)
            .iter()
            .any(|a| book.devices.get(*a).limits.is_none())
    }

    /// P is decided: the set holds it and a decision for it.
    pub(crate) fn decided(&self, book: &Book, proposal: Ix) -> bool {
        self.set.contains(proposal) && Book::any_in(book.decisions.get(&proposal), &self.set)
    }

    /// The charter; `None` where the set has no genesis.
    pub(crate) fn charter(&mut self, book: &Book) -> Option<CharterAt> {
        if self.charter.is_none() {
            self.charter = charter::of(book, self);
        }
        self.charter.clone()
    }

    /// Whether a revocation of the set takes effect.
    pub(crate) fn active(&mut self, book: &Book, v: Vx) -> bool {
        self.in_force(book, v) && self.ask(book, |view| view.ask_active(book, v))
    }

    /// What a record under `cap` of a device has to pass; for content, which is judged later.
    pub(crate) fn hurdles(
        &mut self,
        book: &Book,
        cap: Gx,
        seat: &SeatKey,
        dev: &DeviceKey,
    ) -> Hurdles {
        self.ask(book, |view| {
            let issued = view.ask_issued(book, cap)?;
            let hitters = view.ask_hitters(book, cap)?;
            let mut additions = Vec::new();
            for a in book.devices.adds_of(seat, dev) {
                if view.set.contains(book.devices.get(*a).record) {
                    additions.push(view.undoers(book, seat, dev, *a, |authority| {
                        book.grants.may(authority, cap)
                    })?);
                }
            }
            Ok(Hurdles {
                issued,
                hitters,
                additions,
            })
        })
    }

    /// The readmissions of a revocation that count.
    pub(crate) fn counting_readmissions(&mut self, book: &Book, v: Vx) -> Vec<usize> {
        let count = book.revocations.get(v).readmissions.len();
        (0..count)
            .filter(|m| self.ask(book, |view| view.ask_counts(book, v, *m)))
            .collect()
    }

    /// Whether a revocation keeps a lane-0 record (section 4.5).
    pub(crate) fn keeps(&mut self, book: &Book, v: Vx, o: Ix) -> bool {
        self.ask(book, |view| view.kept(book, v, o))
    }

    /// The joins of an invite that count.
    pub(crate) fn selected(&mut self, book: &Book, invite: Gx) -> Vec<Ix> {
        let joins = book.grants.get(invite).invite().map(|i| i.joins.clone());
        joins
            .unwrap_or_default()
            .into_iter()
            .filter(|j| self.set.contains(*j) && self.honoured(book, *j))
            .collect()
    }

    // ---- questions and answers ----

    /// Answers a question, and before it every one that it raises.
    fn ask<T>(&mut self, book: &Book, rule: impl Fn(&Self) -> Asked<T>) -> T {
        loop {
            match rule(self) {
                Ok(answer) => return answer,
                Err(open) => self.settle(book, open),
            }
        }
    }

    /// Answers an open question on a stack of its own. It ends, since each question raises only
    /// questions about stronger grants or records earlier in the set (section 4.10).
    fn settle(&mut self, book: &Book, first: Open) {
        let mut stack = vec![first];
        while let Some(open) = stack.last().copied() {
            match self.answer(book, open) {
                Ok(()) => {
                    stack.pop();
                }
                Err(raised) => {
                    debug_assert!(!stack.contains(&raised), "{raised:?} asks for itself");
                    stack.push(raised);
                }
            }
        }
    }

    fn answer(&mut self, book: &Book, open: Open) -> Asked<()> {
        self.count(1);
        match open {
            Open::Candidate(o) => {
                let answer = self.passes(book, o)?;
                note(&mut self.candidate, o, answer);
            }
            Open::Honoured(o) => {
                let node = book.graph.node(o);
                match (node.kind, node.cap) {
                    (Kind::JOIN, Some(invite)) => return self.select(book, o, invite),
                    _ => {
                        let answer = self.passes(book, o)?;
                        note(&mut self.honoured, o, answer);
                    }
                }
            }
        }
        Ok(())
    }

    fn known(&self, open: Open) -> Asked<bool> {
        let (list, o) = match open {
            Open::Honoured(o) => (&self.honoured, o),
            Open::Candidate(o) => (&self.candidate, o),
        };
        list.get(o as usize).copied().flatten().ok_or(open)
    }
}

fn note(list: &mut Vec<Option<bool>>, o: Ix, answer: bool) {
    let at = o as usize;
    if list.len() <= at {
        list.resize(at + 1, None);
    }
    list[at] = Some(answer);
}
