//! Eval: what a set of valid records says (section 4.7).
//!
//! A [`View`] is one set T, closed under Past, with what has been found out about it. Nothing is
//! computed before it is asked for. An answer often needs others first: those of records under
//! stronger grants (section 4.10). So a rule that meets an open question gives it back as [`Open`],
//! and [`View::settle`] answers that one first, on a stack of its own: a hostile history can make
//! the stack long, never the machine's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use folkmoot_record::{CharterHash, DeviceKey, Kind, SeatKey, control::Charter};

use crate::{
    bits::Bits,
    book::Book,
    charter,
    devices::{Ax, Signer},
    grants::{Authority, Gx, Make},
    graph::Ix,
    revocations::{Take, Vx},
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

    /// Whether a join of a contested invite is known to have a witness.
    pub(crate) fn has_witness(&self, join: Ix) -> bool {
        self.witnessed.contains(&join)
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

    // ---- the rules of section 4.7 ----

    /// H(o) of step 2 or 4, before the uses of an invite are counted.
    fn passes(&self, book: &Book, o: Ix) -> Asked<bool> {
        let node = book.graph.node(o);
        // Step 1: a proposal speaks through its certificate, whatever becomes of its author.
        if node.kind == Kind::PROPOSAL {
            return Ok(true);
        }
        if let Some(cap) = node.cap {
            return Ok(self.ask_issued(book, cap)?
                && self.kept_by_hitters(book, cap, o)?
                && self.device_stands(book, o, |authority| book.grants.may(authority, cap))?);
        }
        if !Book::judged_without_cap(node.kind) {
            return Ok(true);
        }
        let mut live = Vec::new();
        for g in book.grants.held_by(&node.seat) {
            if self.ask_live(book, g)? {
                live.push(g);
            }
        }
        if !self.device_stands(book, o, |authority| {
            live.iter().all(|g| book.grants.may(authority, *g))
        })? {
            return Ok(false);
        }
        for v in book.revocations.of_seat(&node.seat) {
            let revocation = book.revocations.get(*v);
            if matches!(revocation.make, Take::Resign(_))
                && self.set.contains(revocation.op)
                && !node.past.contains(revocation.op)
                && !self.kept(book, *v, o)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn kept_by_hitters(&self, book: &Book, cap: Gx, o: Ix) -> Asked<bool> {
        for v in &book.grants.get(cap).hitters {
            let itself = matches!(book.revocations.get(*v).make, Take::Record(_))
                && book.revocations.get(*v).op == o;
            if !itself
                && self.in_force(book, *v)
                && self.ask_active(book, *v)?
                && !self.kept(book, *v, o)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// There is an addition of the signing device that no active revocation undoes, save where it
    /// keeps the record.
    fn device_stands(&self, book: &Book, o: Ix, may: impl Fn(Authority) -> bool) -> Asked<bool> {
        let node = book.graph.node(o);
        for a in book.devices.adds_of(&node.seat, &node.dev) {
            if !self.set.contains(book.devices.get(*a).record) {
                continue;
            }
            let mut stands = true;
            for v in self.undoers(book, &node.seat, &node.dev, *a, &may)? {
                if !self.kept(book, v, o)? {
                    stands = false;
                    break;
                }
            }
            if stands {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The active revocations that undo an addition (section 4.6), where its authority is a root or
    /// passes `may`. That is tested first: only so is every look-up of a decided stratum.
    fn undoers(
        &self,
        book: &Book,
        seat: &SeatKey,
        dev: &DeviceKey,
        a: Ax,
        may: impl Fn(Authority) -> bool,
    ) -> Asked<Vec<Vx>> {
        let add = book.devices.get(a);
        let mut undoers = Vec::new();
        let of_type_2 = |key: &DeviceKey| {
            book.revocations
                .of_device(key)
                .iter()
                .copied()
                .filter(|v| may(book.revocations.get(*v).authority))
                .collect::<Vec<_>>()
        };
        // A drop by the root names the device; a drop by a device undoes what that one added.
        let mut found: Vec<Vx> = book
            .revocations
            .drops_of(seat, dev)
            .iter()
            .copied()
            .filter(|v| match book.revocations.get(*v).make {
                Take::Drop { by: None, .. } => true,
                Take::Drop { by: Some(by), .. } => add.signer == Signer::Device(by),
                _ => false,
            })
            .collect();
        found.extend(of_type_2(dev));
        for v in found {
            if self.in_force(book, v) && self.ask_active(book, v)? {
                undoers.push(v);
            }
        }
        // What names the signer undoes the addition too, unless it keeps the record of it.
        if let Signer::Device(signer) = add.signer {
            let mut found: Vec<Vx> = book
                .revocations
                .drops_of(seat, &signer)
                .iter()
                .copied()
                .filter(|v| matches!(book.revocations.get(*v).make, Take::Drop { by: None, .. }))
                .collect();
            found.extend(of_type_2(&signer));
            for v in found {
                if self.in_force(book, v)
                    && self.ask_active(book, v)?
                    && !self.kept(book, v, add.record)?
                {
                    undoers.push(v);
                }
            }
        }
        Ok(undoers)
    }

    fn ask_issued(&self, book: &Book, g: Gx) -> Asked<bool> {
        let grant = book.grants.get(g);
        if !self.set.contains(grant.op) {
            return Ok(false);
        }
        match grant.make {
            Make::Founder => Ok(true),
            Make::Effect => Ok(self.decided(book, grant.op)),
            _ => self.known(Open::Honoured(grant.op)),
        }
    }

    fn ask_hitters(&self, book: &Book, g: Gx) -> Asked<Vec<Vx>> {
        let mut hitters = Vec::new();
        for v in &book.grants.get(g).hitters {
            if self.in_force(book, *v) && self.ask_active(book, *v)? {
                hitters.push(*v);
            }
        }
        Ok(hitters)
    }

    fn ask_live(&self, book: &Book, g: Gx) -> Asked<bool> {
        Ok(self.ask_issued(book, g)? && self.ask_hitters(book, g)?.is_empty())
    }

    /// v ∈ R(T).
    fn in_force(&self, book: &Book, v: Vx) -> bool {
        let revocation = book.revocations.get(v);
        match revocation.make {
            Take::Effect(_) => self.decided(book, revocation.op),
            _ => self.set.contains(revocation.op),
        }
    }

    /// active(v) of a revocation in R(T).
    fn ask_active(&self, book: &Book, v: Vx) -> Asked<bool> {
        let revocation = book.revocations.get(v);
        match revocation.make {
            Take::Record(_) => self.known(Open::Honoured(revocation.op)),
            _ => Ok(true),
        }
    }

    fn ask_counts(&self, book: &Book, v: Vx, m: usize) -> Asked<bool> {
        let readmission = &book.revocations.get(v).readmissions[m];
        if readmission.effect {
            Ok(self.decided(book, readmission.op))
        } else if self.set.contains(readmission.op) {
            self.known(Open::Honoured(readmission.op))
        } else {
            Ok(false)
        }
    }

    /// `kept(v, o)` for a lane-0 record (section 4.5).
    fn kept(&self, book: &Book, v: Vx, o: Ix) -> Asked<bool> {
        let revocation = book.revocations.get(v);
        let id = book.graph.node(o).id;
        if (!revocation.back && book.graph.follows(revocation.op, o))
            || revocation.keep.binary_search(&id).is_ok()
            || self.below(book, &revocation.cut, o)
        {
            return Ok(true);
        }
        for (m, readmission) in revocation.readmissions.iter().enumerate() {
            if (readmission.keep.binary_search(&id).is_ok()
                || self.below(book, &readmission.cut, o))
                && self.ask_counts(book, v, m)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// At or below a lane-0 cut entry: the entry's record is in the set, and the record is met on
    /// the walk from it along prev.
    fn below(&self, book: &Book, cut: &[folkmoot_record::control::Cut], o: Ix) -> bool {
        let node = book.graph.node(o);
        cut.iter()
            .filter(|entry| entry.lane == 0 && entry.dev == node.dev)
            .any(|entry| {
                let mut at = book.graph.number(&entry.id);
                while let Some(ix) = at {
                    if ix == o {
                        return self.set.contains(ix);
                    }
                    let step = book.graph.node(ix);
                    let header = step.record.header();
                    // In lane 0 each step goes down by one: below the record it cannot be met.
                    if !self.set.contains(ix)
                        || step.seat != node.seat
                        || step.dev != node.dev
                        || header.seq <= node.record.header().seq
                    {
                        return false;
                    }
                    at = header.prev.and_then(|prev| book.graph.number(&prev));
                }
                false
            })
    }

    /// H of every join of an invite: the first `max_uses` candidates, each seat once, in the order
    /// (not witnessed, hlc, id).
    fn select(&mut self, book: &Book, join: Ix, invite: Gx) -> Asked<()> {
        let grant = book.grants.get(invite);
        let Some(facts) = grant.invite() else {
            note(&mut self.honoured, join, false);
            return Ok(());
        };
        if !facts.contested() {
            let answer = self.known(Open::Candidate(join))?;
            note(&mut self.honoured, join, answer);
            return Ok(());
        }
        let mut order = Vec::new();
        for j in facts
            .joins
            .iter()
            .copied()
            .filter(|j| self.set.contains(*j))
        {
            if self.known(Open::Candidate(j))? {
                let node = book.graph.node(j);
                let witnessed = self.witnessed(book, j, grant.strength())?;
                if witnessed {
                    self.witnessed.insert(j);
                }
                order.push((!witnessed, node.record.header().hlc, node.id, j));
            }
        }
        order.sort_unstable();
        let mut taken = BTreeSet::new();
        for j in facts
            .joins
            .iter()
            .copied()
            .filter(|j| self.set.contains(*j))
        {
            note(&mut self.honoured, j, false);
        }
        for (_, _, _, j) in order {
            if taken.len() as u64 >= facts.max_uses {
                break;
            }
            if taken.insert(book.graph.node(j).seat) {
                note(&mut self.honoured, j, true);
            }
        }
        Ok(())
    }

    /// Some honoured record under a stronger cap has the join in its Past.
    fn witnessed(&self, book: &Book, join: Ix, strength: (u8, u8)) -> Asked<bool> {
        for x in join + 1..book.graph.next() {
            let node = book.graph.node(x);
            if self.set.contains(x)
                && node
                    .cap
                    .is_some_and(|cap| book.grants.get(cap).strength() < strength)
                && node.past.contains(join)
                && self.known(Open::Honoured(x))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn note(list: &mut Vec<Option<bool>>, o: Ix, answer: bool) {
    let at = o as usize;
    if list.len() <= at {
        list.resize(at + 1, None);
    }
    list[at] = Some(answer);
}
