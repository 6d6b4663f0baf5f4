//! Keeping the plain picture of Eval(S) up to date without drawing all of it anew.

use std::{collections::BTreeSet, sync::Arc};

use folkmoot_record::{SeatKey, control::Control};

use crate::{
    bits::Bits,
    book::Book,
    charter,
    epochs::current_kem,
    eval::View,
    grants::Gx,
    graph::Ix,
    revocations::{Take, Vx},
    running::{Growth, proposal_of},
    state::{
        DeviceState, EpochState, GrantState, InviteState, ProposalState, RevocationState,
        SeatState, State,
    },
};

/// What of the picture is out of date.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) everything: bool,
    pub(crate) charter: bool,
    pub(crate) seats: BTreeSet<SeatKey>,
    pub(crate) grants: BTreeSet<Gx>,
    pub(crate) revocations: BTreeSet<Vx>,
    pub(crate) epochs: BTreeSet<Ix>,
    pub(crate) proposals: BTreeSet<Ix>,
    /// Seats whose content may stand otherwise.
    pub(crate) content: BTreeSet<SeatKey>,
    pub(crate) all_content: bool,
}

impl Dirty {
    /// Notes what the admission of a record touches.
    pub(crate) fn admitted(&mut self, book: &Book, ix: Ix, growth: Growth) {
        if growth == Growth::Perhaps {
            self.everything = true;
            self.all_content = true;
        }
        let node = book.graph.node(ix);
        match node.record.control() {
            Some(Control::Genesis(_)) => self.everything = true,
            Some(Control::Grant(_) | Control::Invite(_) | Control::Join(_)) => {
                if let Some(g) = book.grants.number(&node.id.into()) {
                    self.grant(book, g);
                }
                if let Some(Control::Join(_)) = node.record.control() {
                    self.grants.extend(node.cap);
                }
            }
            Some(Control::Device(body)) => {
                self.seats.insert(node.seat);
                if !body.drops.is_empty() {
                    self.content.insert(node.seat);
                }
            }
            Some(Control::Kem(_)) => {
                self.seats.insert(node.seat);
            }
            Some(Control::Resign(_)) => {
                self.seats.insert(node.seat);
                self.content.insert(node.seat);
            }
            Some(Control::Epoch(_)) => {
                self.epochs.insert(ix);
            }
            Some(Control::Proposal(_)) => {
                self.proposals.insert(ix);
                if let Some(facts) = book.proposals.get(&ix) {
                    for g in &facts.grants {
                        self.grant(book, *g);
                    }
                }
            }
            Some(Control::Decision(_)) => {
                self.charter = true;
                self.proposals.extend(proposal_of(book, ix));
                if let Some(facts) = proposal_of(book, ix).and_then(|p| book.proposals.get(&p)) {
                    for g in &facts.grants {
                        self.grant(book, *g);
                    }
                    for v in &facts.revocations {
                        self.revocation(book, *v);
                    }
                }
            }
            _ => {}
        }
        for v in book.revocations.numbers_of(ix) {
            if !matches!(book.revocations.get(*v).make, Take::Effect(_)) {
                self.revocation(book, *v);
            }
        }
    }

    fn grant(&mut self, book: &Book, g: Gx) {
        self.grants.insert(g);
        self.seats.insert(book.grants.get(g).to);
    }

    fn revocation(&mut self, book: &Book, v: Vx) {
        self.revocations.insert(v);
        let revocation = book.revocations.get(v);
        for g in &revocation.hits {
            self.grant(book, *g);
            self.content.insert(book.grants.get(*g).to);
        }
        if let folkmoot_record::control::Target::Device(dev) = revocation.make.target() {
            for (seat, _) in book.owners.get(&dev).into_iter().flatten() {
                self.seats.insert(*seat);
                self.content.insert(*seat);
            }
        }
    }
}

/// Brings the picture up to date.
pub(crate) fn refresh(book: &Book, view: &mut View, state: &mut State, mut dirty: Dirty) {
    let set = view.set().clone();
    if dirty.everything {
        *state = State::default();
        dirty.charter = true;
        dirty.grants = book.grants.numbers().collect();
        dirty.revocations = book.revocations.numbers().collect();
        dirty.epochs = book.epochs.iter().copied().collect();
        dirty.proposals = book.proposals.keys().copied().collect();
        dirty.seats = dirty
            .grants
            .iter()
            .map(|g| book.grants.get(*g).to)
            .collect();
    }
    if dirty.charter {
        let at = view.charter(book);
        state.charter_hash = at.as_ref().map(|at| at.hash);
        state.charter = at.map(|at| at.charter);
    }
    if state.name.is_empty()
        && let Some((ix, _)) = book.genesis
        && let Some(Control::Genesis(body)) = book.graph.node(ix).record.control()
    {
        state.name.clone_from(&body.name);
    }
    for g in dirty.grants {
        if set.contains(book.grants.get(g).op) {
            draw_grant(book, view, state, g);
        }
    }
    for v in dirty.revocations {
        draw_revocation(book, view, state, &set, v);
    }
    for ix in dirty.epochs {
        if let (true, Some(Control::Epoch(body))) =
            (set.contains(ix), book.graph.node(ix).record.control())
        {
            let node = book.graph.node(ix);
            state.epochs.insert(
                node.id,
                EpochState {
                    honoured: view.honoured(book, ix),
                    generation: body.generation,
                    key_id: body.key_id,
                    ms: node.ms(),
                },
            );
        }
    }
    for p in dirty.proposals {
        if let (true, Some(body)) = (set.contains(p), book.proposal(p)) {
            let node = book.graph.node(p);
            let decisions = book.decisions_of(p).iter().filter(|d| set.contains(**d));
            state.proposals.insert(
                node.id,
                ProposalState {
                    by: node.seat,
                    class: body.class,
                    title: body.title.clone(),
                    closes_ms: body.closes_ms,
                    decisions: decisions
                        .map(|d| (book.graph.node(*d).id, charter::ballots(book, *d)))
                        .collect(),
                },
            );
        }
    }
    for seat in dirty.seats {
        draw_seat(book, view, state, &set, &seat);
    }
}

fn draw_grant(book: &Book, view: &mut View, state: &mut State, g: Gx) {
    view.count(1);
    let live = view.live(book, g);
    let grant = book.grants.get(g);
    if let Some(invite) = grant.invite() {
        let selected = view.selected(book, g);
        state.invites.insert(
            grant.gid,
            InviteState {
                live,
                issuer: book.graph.node(grant.op).seat,
                cap: book.grants.get(invite.cap).gid,
                key: invite.key,
                label: invite.label.clone(),
                limits: grant.limits.clone(),
                max_uses: invite.max_uses,
                uses_left: invite.max_uses.saturating_sub(selected.len() as u64),
                open_from: invite.open_from,
                open_until: invite.open_until,
                selected: selected
                    .into_iter()
                    .map(|j| book.graph.node(j).id)
                    .collect(),
            },
        );
        return;
    }
    state.grants.insert(
        grant.gid,
        GrantState {
            live,
            to: grant.to,
            limits: Arc::clone(&grant.limits),
            depth: grant.depth,
            lineage: grant
                .lineage
                .iter()
                .map(|a| book.grants.get(*a).gid)
                .collect(),
            origin: book.grants.origin(g, book.graph.node(grant.op).id),
        },
    );
}

fn draw_revocation(book: &Book, view: &mut View, state: &mut State, set: &Bits, v: Vx) {
    let revocation = book.revocations.get(v);
    let (Some(vid), true) = (revocation.vid, set.contains(revocation.op)) else {
        return;
    };
    if matches!(revocation.make, Take::Effect(_)) && !view.decided(book, revocation.op) {
        return;
    }
    let active = view.active(book, v);
    let node = book.graph.node(revocation.op);
    state.revocations.insert(
        vid,
        RevocationState {
            active,
            target: revocation.make.target(),
            by: node.seat,
            record: node.id,
            reason: revocation.reason.clone(),
        },
    );
}

fn draw_seat(book: &Book, view: &mut View, state: &mut State, set: &Bits, seat: &SeatKey) {
    let grants: Vec<Gx> = book
        .grants
        .held_by(seat)
        .filter(|g| set.contains(book.grants.get(*g).op))
        .collect();
    if grants.is_empty() {
        return;
    }
    view.count(1);
    let mut drawn = SeatState {
        grants: grants.iter().map(|g| book.grants.get(*g).gid).collect(),
        withdrawn: book.revocations.of_seat(seat).iter().any(|v| {
            let revocation = book.revocations.get(*v);
            set.contains(revocation.op)
                && matches!(
                    book.graph.node(revocation.op).record.control(),
                    Some(Control::Resign(body)) if body.withdraw
                )
        }),
        ..SeatState::default()
    };
    let mut has_live = false;
    for g in grants {
        if view.live(book, g) {
            has_live = true;
            drawn.rank = drawn.rank.max(book.grants.get(g).rank());
        }
    }
    for (dev, adds) in book.devices.of_seat(seat) {
        if !adds
            .iter()
            .any(|a| set.contains(book.devices.get(*a).record))
        {
            continue;
        }
        view.count(1);
        let kem = current_kem(book, view, seat, &dev);
        let device = match crate::warrant::device(book, view, seat, &dev) {
            crate::warrant::DeviceAt::Uncertified => DeviceState::Dropped,
            crate::warrant::DeviceAt::Full => DeviceState::Full { kem },
            crate::warrant::DeviceAt::Limited(limits) => DeviceState::Limited { kem, limits },
        };
        drawn.live |= has_live && device.is_full();
        drawn.devices.insert(dev, device);
    }
    state.seats.insert(*seat, drawn);
}
