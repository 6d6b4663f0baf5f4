//! The rules of Eval, each as the text has it (sections 4.5 to 4.7). A rule that meets an open
//! question gives it back.

use std::collections::BTreeSet;

use folkmoot_record::{DeviceKey, Kind, SeatKey, control::Cut};

use super::{Asked, Open, View, note};
use crate::{
    book::Book,
    devices::{Ax, Signer},
    grants::{Authority, Gx, Make},
    graph::Ix,
    revocations::{Take, Vx},
};

impl View {
    /// H(o) of step 2 or 4, before the uses of an invite are counted.
    pub(super) fn passes(&self, book: &Book, o: Ix) -> Asked<bool> {
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

    pub(super) fn kept_by_hitters(&self, book: &Book, cap: Gx, o: Ix) -> Asked<bool> {
        for v in &book.grants.get(cap).hitters {
            self.count(1);
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
    pub(super) fn device_stands(
        &self,
        book: &Book,
        o: Ix,
        may: impl Fn(Authority) -> bool,
    ) -> Asked<bool> {
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
    pub(super) fn undoers(
        &self,
        book: &Book,
        seat: &SeatKey,
        dev: &DeviceKey,
        a: Ax,
        may: impl Fn(Authority) -> bool,
    ) -> Asked<Vec<Vx>> {
        let add = book.devices.get(a);
        let mut undoers = Vec::new();
        self.count(1);
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
            self.count(1);
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
                self.count(1);
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

    pub(super) fn ask_issued(&self, book: &Book, g: Gx) -> Asked<bool> {
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

    pub(super) fn ask_hitters(&self, book: &Book, g: Gx) -> Asked<Vec<Vx>> {
        let mut hitters = Vec::new();
        for v in &book.grants.get(g).hitters {
            self.count(1);
            if self.in_force(book, *v) && self.ask_active(book, *v)? {
                hitters.push(*v);
            }
        }
        Ok(hitters)
    }

    pub(super) fn ask_live(&self, book: &Book, g: Gx) -> Asked<bool> {
        Ok(self.ask_issued(book, g)? && self.ask_hitters(book, g)?.is_empty())
    }

    /// v ∈ R(T).
    pub(super) fn in_force(&self, book: &Book, v: Vx) -> bool {
        let revocation = book.revocations.get(v);
        match revocation.make {
            Take::Effect(_) => self.decided(book, revocation.op),
            _ => self.set.contains(revocation.op),
        }
    }

    /// active(v) of a revocation in R(T).
    pub(super) fn ask_active(&self, book: &Book, v: Vx) -> Asked<bool> {
        let revocation = book.revocations.get(v);
        match revocation.make {
            Take::Record(_) => self.known(Open::Honoured(revocation.op)),
            _ => Ok(true),
        }
    }

    pub(super) fn ask_counts(&self, book: &Book, v: Vx, m: usize) -> Asked<bool> {
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
    pub(super) fn kept(&self, book: &Book, v: Vx, o: Ix) -> Asked<bool> {
        let revocation = book.revocations.get(v);
        let id = book.graph.node(o).id;
        self.count(1);
        if (!revocation.back && book.graph.follows(revocation.op, o))
            || revocation.keep.binary_search(&id).is_ok()
            || self.below(book, &revocation.cut, o)
        {
            return Ok(true);
        }
        for (m, readmission) in revocation.readmissions.iter().enumerate() {
            self.count(1);
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
    pub(super) fn below(&self, book: &Book, cut: &[Cut], o: Ix) -> bool {
        let node = book.graph.node(o);
        self.scan(cut.len());
        cut.iter()
            .filter(|entry| entry.lane == 0 && entry.dev == node.dev)
            .any(|entry| {
                let mut at = book.graph.number(&entry.id);
                while let Some(ix) = at {
                    self.count(1);
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
    pub(super) fn select(&mut self, book: &Book, join: Ix, invite: Gx) -> Asked<()> {
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
        self.count(order.len() as u64);
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
    pub(super) fn witnessed(&self, book: &Book, join: Ix, strength: (u8, u8)) -> Asked<bool> {
        self.scan(book.graph.len() - join as usize);
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
