//! Questions about proposals and votes, for clients (section 5).

use std::collections::BTreeSet;

use folkmoot_record::{
    DeviceKey, Kind, RecordId, SeatKey, Verified,
    control::{Actions, Control, Effect},
};

use crate::{
    accord::Accord,
    charter,
    polls::{BallotBox, NoVote, Poll, Witnesses},
    warrant,
};

/// A voter's client does not vote where the proposal's past lacks a membership change that it knew
/// so long before the proposal, in ms (section 5.4).
const OVERLOOKED_MS: u64 = 86_400_000;

impl Accord {
    /// Who decides on a valid proposal, fixed by its own past.
    pub fn poll(&mut self, proposal: &RecordId) -> Option<Poll> {
        let intake = &mut self.intake;
        let ix = intake.book.graph.number(proposal)?;
        let poll = intake.polls.of(&intake.book, &mut intake.views, ix)?;
        Some((*poll).clone())
    }

    /// The proposals from which the charter as it stands has a field (section 4.8); one that later
    /// ones override in all it changes is not among them.
    pub fn amendments(&self) -> BTreeSet<RecordId> {
        charter::amendments(&self.intake.book, &self.intake.views.running)
    }

    /// Who would decide on a proposal that is put now, at `at_ms`, with all that is held in its
    /// past; `None` where the charter has no rule for its class.
    pub fn poll_if(&mut self, class: u8, effects: &[Effect], at_ms: u64) -> Option<Poll> {
        let intake = &mut self.intake;
        Poll::judge(
            &intake.book,
            &mut intake.views.running,
            class,
            effects,
            at_ms,
        )
    }

    /// Whether a seat votes on a valid proposal, and if not, why; `None` where it is no valid
    /// proposal here.
    pub fn vote_of(&mut self, proposal: &RecordId, seat: &SeatKey) -> Option<Result<(), NoVote>> {
        let intake = &mut self.intake;
        let book = &intake.book;
        let ix = book.graph.number(proposal)?;
        let body = book.proposal(ix)?;
        let node = book.graph.node(ix);
        let view = intake.views.at(&node.past);
        let ballots = BallotBox::open(book, view, body.class, &body.effects, node.ms())?;
        Some(ballots.vote_of(book, view, seat))
    }

    /// Whether a device of a seat may sign a ballot on a proposal at `at_ms`: it was a device of it
    /// in the proposal's past, full or with the right to vote (section 4.9).
    pub fn device_may_vote(
        &mut self,
        proposal: &RecordId,
        seat: &SeatKey,
        dev: &DeviceKey,
        at_ms: u64,
    ) -> bool {
        let intake = &mut self.intake;
        let book = &intake.book;
        let Some(ix) = book.graph.number(proposal) else {
            return false;
        };
        let view = intake.views.at(&book.graph.node(ix).past);
        warrant::may_vote(&warrant::device(book, view, seat, dev), at_ms)
    }

    /// The admitted ballots on a proposal, by voter, device and order of arrival.
    pub fn ballots(&self, proposal: &RecordId) -> Vec<&Verified> {
        let book = &self.intake.book;
        let Some(ix) = book.graph.number(proposal) else {
            return Vec::new();
        };
        let first = (
            ix,
            SeatKey::from_bytes([0; 32]),
            DeviceKey::from_bytes([0; 32]),
        );
        book.ballots_of
            .range(first..)
            .take_while(|((of, _, _), _)| *of == ix)
            .flat_map(|(_, ids)| ids)
            .filter_map(|id| self.intake.held.get(id))
            .filter(|held| held.standing.is_admitted())
            .map(|held| &held.record)
            .collect()
    }

    /// When this node first saw a record that it holds, in ms.
    pub fn first_seen(&self, id: &RecordId) -> Option<u64> {
        Some(self.intake.held.get(id)?.seen.first_ms)
    }

    /// A membership change that this node knew a day before it first saw the proposal, and that the
    /// proposal's past lacks: its electorate would not be the true one (section 5.4).
    pub fn overlooked(&self, proposal: &RecordId) -> Option<RecordId> {
        let book = &self.intake.book;
        let past = &book.graph.node(book.graph.number(proposal)?).past;
        let first_ms = self.first_seen(proposal)?;
        self.intake
            .held
            .iter()
            .find(|(id, held)| {
                held.standing.is_honoured()
                    && held.seen.first_ms.saturating_add(OVERLOOKED_MS) < first_ms
                    && changes_membership(&held.record)
                    && book.graph.number(id).is_some_and(|ix| !past.contains(ix))
            })
            .map(|(id, _)| *id)
    }

    /// Whether a capped record of that seat would witness a membership that nobody witnessed yet,
    /// and that some rule of the charter wants witnessed (sections 4.11 and 5.3).
    pub fn wants_witness(&mut self, seat: &SeatKey) -> bool {
        let Some(charter) = self.state().charter.clone() else {
            return false;
        };
        let own_rank = self
            .state()
            .seats
            .get(seat)
            .map_or(0, |member| if member.live { member.rank } else { 0 });
        let mut ranks: Vec<u8> = charter.rules.iter().map(|rule| rule.wit_rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let intake = &mut self.intake;
        let (book, view) = (&intake.book, &mut intake.views.running);
        ranks
            .into_iter()
            .filter(|rank| *rank > 0 && *rank <= own_rank)
            .any(|rank| {
                let witnesses = Witnesses::find(book, view, rank);
                book.grants.numbers().any(|g| {
                    !book.grants.get(g).is_invite()
                        && witnesses.since(book, view, g).is_none()
                        && witnesses.may_witness(book, g, seat)
                        && view.live(book, g)
                        && warrant::actions(book, view, g).contains(Actions::VOTE)
                })
            })
    }
}

/// Whether a record changes who is a member.
fn changes_membership(record: &Verified) -> bool {
    match record.header().kind {
        Kind::JOIN | Kind::GRANT | Kind::REVOKE | Kind::READMIT | Kind::RESIGN => true,
        Kind::DECISION => matches!(record.control(), Some(Control::Decision(_))),
        _ => false,
    }
}
