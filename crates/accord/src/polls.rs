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

/// Who decides on a proposal, and by how many: what its past fixes for ever (sections 5.1, 5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The charter's rule for its class.
    pub rule: Rule,
    /// The seats that vote.
    pub electorate: BTreeSet<SeatKey>,
}

impl Poll {
    /// Whether that many yes carry it (section 5.5).
    pub fn carried_by(&self, yes: u64) -> bool {
        let voters = self.electorate.len() as u64;
        yes.saturating_mul(self.rule.y_den) >= voters.saturating_mul(self.rule.y_num)
            && yes >= self.rule.min_yes
    }

    /// The least number of yes that carries it; more than the electorate where nothing can.
    pub fn needed(&self) -> u64 {
        let voters = self.electorate.len() as u64;
        let share = voters
            .saturating_mul(self.rule.y_num)
            .div_ceil(self.rule.y_den.max(1));
        share.max(self.rule.min_yes)
    }

    /// The poll on what is proposed, in the view of its past, at t = ms(P).
    pub(crate) fn judge(
        book: &Book,
        view: &mut View,
        class: u8,
        effects: &[Effect],
        t: u64,
    ) -> Option<Self> {
        let ballot_box = BallotBox::open(book, view, class, effects, t)?;
        view.scan(book.grants.numbers().count());
        let seats: BTreeSet<SeatKey> = book
            .grants
            .numbers()
            .filter(|g| !book.grants.get(*g).is_invite())
            .filter(|g| view.set().contains(book.grants.get(*g).op))
            .map(|g| book.grants.get(g).to)
            .collect();
        let electorate = seats
            .into_iter()
            .filter(|seat| ballot_box.vote_of(book, view, seat).is_ok())
            .collect();
        Some(Self {
            rule: ballot_box.rule,
            electorate,
        })
    }
}

/// Why a seat has no vote on a proposal (section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoVote {
    /// It was no live member in the proposal's past.
    NotMember,
    /// The proposal is about it, and the rule leaves the target out.
    Target,
    /// No grant in force allows it to vote.
    Right,
    /// Its rank is lower than the rule asks for.
    Rank {
        /// The least rank that votes.
        least: u8,
    },
    /// No lane-0 record of it was recent enough.
    Inactive {
        /// How recent one has to be, in ms.
        active_ms: u64,
    },
    /// Nobody of the rank that the rule asks for had witnessed its membership.
    Unwitnessed {
        /// The least rank of a witness.
        rank: u8,
    },
    /// It had not been a member for long enough.
    Tenure {
        /// Since when it counts as a member, in ms.
        since_ms: u64,
        /// How long is asked for, in ms.
        tenure_ms: u64,
    },
}

/// Steps (section 4.11, *CPU*) of asking whether one seat votes, beside the questions that it takes:
/// as `cargo xtask bench accord` has measured them.
const STEPS_A_VOTER: u64 = 10;

/// Steps of looking for a witness of one grant, beside the scan.
const STEPS_A_WITNESS: u64 = 32;

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
        let before = views.steps();
        let view = views.at(&node.past);
        let poll = Poll::judge(book, view, body.class, &body.effects, node.ms());
        // Whoever proposed it chose its past, not those who vote.
        let steps = views.steps().saturating_sub(before);
        views.bill(node.seat, steps);
        let poll = Arc::new(poll?);
        self.0.insert(proposal, poll.clone());
        Some(poll)
    }
}

/// What decides, in one view, whether a seat votes.
#[derive(Debug)]
pub(crate) struct BallotBox {
    rule: Rule,
    t: u64,
    target: BTreeSet<SeatKey>,
    witnesses: Witnesses,
}

impl BallotBox {
    /// `None` where the charter of the view has no rule for the class.
    pub(crate) fn open(
        book: &Book,
        view: &mut View,
        class: u8,
        effects: &[Effect],
        t: u64,
    ) -> Option<Self> {
        let at = view.charter(book)?;
        let rule = at.charter.rules.iter().find(|r| r.class == class)?.clone();
        let target = if rule.flags & 1 == 1 {
            effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Revoke(revoke) => Some(book.seats_of(revoke.target, view.set())),
                    _ => None,
                })
                .flatten()
                .collect()
        } else {
            BTreeSet::new()
        };
        let witnesses = Witnesses::find(book, view, rule.wit_rank);
        Some(Self {
            rule,
            t,
            target,
            witnesses,
        })
    }

    /// Whether the seat votes, and if not, why.
    pub(crate) fn vote_of(
        &self,
        book: &Book,
        view: &mut View,
        seat: &SeatKey,
    ) -> Result<(), NoVote> {
        let rule = &self.rule;
        view.count(STEPS_A_VOTER);
        if self.target.contains(seat) {
            return Err(NoVote::Target);
        }
        if !view.seat_live(book, seat) {
            return Err(NoVote::NotMember);
        }
        has_vote(book, view, seat, self.t, rule)?;
        if !was_active(book, view, seat, self.t, rule.active_ms) {
            return Err(NoVote::Inactive {
                active_ms: rule.active_ms,
            });
        }
        let since = view
            .live_grants(book, seat)
            .into_iter()
            .filter_map(|g| self.witnesses.since(book, view, g))
            .min();
        match since {
            None => Err(NoVote::Unwitnessed {
                rank: rule.wit_rank,
            }),
            Some(since) if since.saturating_add(rule.tenure_ms) <= self.t => Ok(()),
            Some(since_ms) => Err(NoVote::Tenure {
                since_ms,
                tenure_ms: rule.tenure_ms,
            }),
        }
    }
}

fn has_vote(
    book: &Book,
    view: &mut View,
    seat: &SeatKey,
    t: u64,
    rule: &Rule,
) -> Result<(), NoVote> {
    let mut refusal = NoVote::Right;
    for g in view.live_grants(book, seat) {
        let limits = book.grants.get(g).limits.clone();
        if in_window(limits.nbf, limits.exp, t)
            && warrant::actions(book, view, g).contains(Actions::VOTE)
        {
            if limits.rank >= rule.min_rank {
                return Ok(());
            }
            refusal = NoVote::Rank {
                least: rule.min_rank,
            };
        }
    }
    Err(refusal)
}

/// A lane-0 record of the seat, not too old.
fn was_active(book: &Book, view: &View, seat: &SeatKey, t: u64, active_ms: u64) -> bool {
    view.scan(book.by_seat.get(seat).map_or(0, Vec::len));
    active_ms == 0
        || book.by_seat.get(seat).into_iter().flatten().any(|ix| {
            view.set().contains(*ix) && book.graph.node(*ix).ms().saturating_add(active_ms) >= t
        })
}

/// What can witness a membership: without it one host could admit a thousand backdated seats.
#[derive(Debug)]
pub(crate) struct Witnesses {
    rank: u8,
    /// Honoured records under a cap of the witness rank, oldest first.
    records: Vec<(u64, Ix)>,
    /// Seats with a live grant of the witness rank.
    seats: BTreeSet<SeatKey>,
}

impl Witnesses {
    pub(crate) fn find(book: &Book, view: &mut View, rank: u8) -> Self {
        let mut found = Self {
            rank,
            records: Vec::new(),
            seats: BTreeSet::new(),
        };
        if rank == 0 {
            return found;
        }
        let set = view.set().clone();
        view.scan(set.len() + book.grants.numbers().count());
        for ix in set.iter() {
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
    pub(crate) fn since(&self, book: &Book, view: &View, g: Gx) -> Option<u64> {
        let grant = book.grants.get(g);
        if self.rank == 0 || matches!(grant.make, Make::Founder | Make::Effect) {
            return Some(book.graph.node(grant.op).ms());
        }
        view.count(STEPS_A_WITNESS);
        // What follows the grant is not dated before it.
        let given_ms = book.graph.node(grant.op).ms();
        let from = self.records.partition_point(|(ms, _)| *ms < given_ms);
        let excluded = self.excluded(book, g);
        let later = &self.records[from..];
        let found = later.iter().position(|(_, w)| {
            book.graph.follows(*w, grant.op) && !excluded.contains(&book.graph.node(*w).seat)
        });
        view.scan(found.unwrap_or(later.len()));
        found.map(|at| later[at].0)
    }

    /// Whether a record of that seat, of the rank asked for, would witness the grant: not one of
    /// those by whom it came, unless there is no one else.
    pub(crate) fn may_witness(&self, book: &Book, g: Gx, seat: &SeatKey) -> bool {
        !self.excluded(book, g).contains(seat)
    }

    /// The seats whose records do not witness a grant.
    fn excluded(&self, book: &Book, g: Gx) -> BTreeSet<SeatKey> {
        let grant = book.grants.get(g);
        let mut lineage: BTreeSet<SeatKey> = grant
            .lineage
            .iter()
            .map(|a| book.grants.get(*a).to)
            .collect();
        let outsider = self
            .seats
            .iter()
            .any(|other| !lineage.contains(other) && *other != grant.to);
        if !outsider {
            lineage.clear();
        }
        lineage.insert(grant.to);
        lineage
    }
}
