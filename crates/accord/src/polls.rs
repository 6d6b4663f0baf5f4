//! Who votes on a proposal, and how many must say yes (sections 5.1, 5.3, 5.5).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use folkmoot_record::{
    SeatKey,
    control::{Actions, Effect, Rule},
};

use crate::{
    book::Book,
    covers::in_window,
    eval::View,
    grants::{Gx, Make},
    graph::Ix,
    views::Views,
    warrant,
};

/// What the past of a proposal fixes for ever.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) rule: Rule,
    pub(crate) electorate: BTreeSet<SeatKey>,
}

impl Poll {
    /// Whether that many yes carry it.
    pub(crate) fn carried_by(&self, yes: u64) -> bool {
        let voters = self.electorate.len() as u64;
        yes.saturating_mul(self.rule.y_den) >= voters.saturating_mul(self.rule.y_num)
            && yes >= self.rule.min_yes
    }
}

/// The polls computed so far.
#[derive(Debug, Default)]
pub(crate) struct Polls(BTreeMap<Ix, Arc<Poll>>);

impl Polls {
    /// The poll on a valid proposal.
    pub(crate) fn of(&mut self, book: &Book, views: &mut Views, proposal: Ix) -> Option<Arc<Poll>> {
        if let Some(poll) = self.0.get(&proposal) {
            return Some(poll.clone());
        }
        let body = book.proposal(proposal)?;
        let node = book.graph.node(proposal);
        let view = views.at(&node.past);
        let at = view.charter(book)?;
        let rule = at.charter.rules.iter().find(|r| r.class == body.class)?;
        let target: BTreeSet<SeatKey> = if rule.flags & 1 == 1 {
            body.effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Revoke(revoke) => Some(book.seats_of(revoke.target, &node.past)),
                    _ => None,
                })
                .flatten()
                .collect()
        } else {
            BTreeSet::new()
        };
        let poll = Arc::new(Poll {
            rule: rule.clone(),
            electorate: electorate(book, view, node.ms(), rule, &target),
        });
        self.0.insert(proposal, poll.clone());
        Some(poll)
    }
}

/// The live seats with a vote, judged in the view of Past(P) at t = ms(P).
fn electorate(
    book: &Book,
    view: &mut View,
    t: u64,
    rule: &Rule,
    target: &BTreeSet<SeatKey>,
) -> BTreeSet<SeatKey> {
    let seats: BTreeSet<SeatKey> = book
        .grants
        .numbers()
        .filter(|g| !book.grants.get(*g).is_invite())
        .filter(|g| view.set().contains(book.grants.get(*g).op))
        .map(|g| book.grants.get(g).to)
        .collect();
    let witnesses = Witnesses::find(book, view, rule.wit_rank);
    let mut voters = BTreeSet::new();
    for seat in seats {
        if target.contains(&seat)
            || !view.seat_live(book, &seat)
            || !has_vote(book, view, &seat, t, rule)
            || !was_active(book, view, &seat, t, rule.active_ms)
        {
            continue;
        }
        let since = view
            .live_grants(book, &seat)
            .into_iter()
            .filter_map(|g| witnesses.since(book, g))
            .min();
        if since.is_some_and(|since| since.saturating_add(rule.tenure_ms) <= t) {
            voters.insert(seat);
        }
    }
    voters
}

fn has_vote(book: &Book, view: &mut View, seat: &SeatKey, t: u64, rule: &Rule) -> bool {
    view.live_grants(book, seat).into_iter().any(|g| {
        let limits = book.grants.get(g).limits.clone();
        in_window(limits.nbf, limits.exp, t)
            && limits.rank >= rule.min_rank
            && warrant::actions(book, view, g).contains(Actions::VOTE)
    })
}

/// A lane-0 record of the seat, not too old.
fn was_active(book: &Book, view: &View, seat: &SeatKey, t: u64, active_ms: u64) -> bool {
    active_ms == 0
        || book.by_seat.get(seat).into_iter().flatten().any(|ix| {
            view.set().contains(*ix) && book.graph.node(*ix).ms().saturating_add(active_ms) >= t
        })
}

/// What can witness a membership: without it one host could admit a thousand backdated seats.
struct Witnesses {
    rank: u8,
    /// Honoured records under a cap of the witness rank, oldest first.
    records: Vec<(u64, Ix)>,
    /// Seats with a live grant of the witness rank.
    seats: BTreeSet<SeatKey>,
}

impl Witnesses {
    fn find(book: &Book, view: &mut View, rank: u8) -> Self {
        let mut found = Self {
            rank,
            records: Vec::new(),
            seats: BTreeSet::new(),
        };
        if rank == 0 {
            return found;
        }
        for ix in view.set().clone().iter() {
            let node = book.graph.node(ix);
            if node
                .cap
                .is_some_and(|cap| book.grants.get(cap).rank() >= rank)
                && view.honoured(book, ix)
            {
                found.records.push((node.ms(), ix));
            }
        }
        found.records.sort_unstable();
        for g in book.grants.numbers() {
            let grant = book.grants.get(g);
            if !grant.is_invite() && grant.rank() >= rank && view.live(book, g) {
                found.seats.insert(grant.to);
            }
        }
        found
    }

    /// `since(g)`; none where nobody witnessed it.
    fn since(&self, book: &Book, g: Gx) -> Option<u64> {
        let grant = book.grants.get(g);
        if self.rank == 0 || matches!(grant.make, Make::Founder | Make::Effect) {
            return Some(book.graph.node(grant.op).ms());
        }
        let lineage: BTreeSet<SeatKey> = grant
            .lineage
            .iter()
            .map(|a| book.grants.get(*a).to)
            .collect();
        let outsider = self
            .seats
            .iter()
            .any(|seat| !lineage.contains(seat) && *seat != grant.to);
        self.records
            .iter()
            .find(|(_, w)| {
                let node = book.graph.node(*w);
                book.graph.follows(*w, grant.op)
                    && node.seat != grant.to
                    && (!outsider || !lineage.contains(&node.seat))
            })
            .map(|(ms, _)| *ms)
    }
}
