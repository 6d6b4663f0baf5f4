//! `vote`: a ballot on a proposal (section 5.4).

use folkmoot_accord::{NoVote, Standing, VoidReason};
use folkmoot_api::{ApiError, ErrorCode, Reply, Vote, VoteChoice};
use folkmoot_record::{
    CollectiveId, Draft, Hlc, Kind, Place, RecordId, Ref, Rel, SeatKey, Verified,
    control::{Ballot, Choice, Control, Effect, Target},
    limits,
};
use folkmoot_store::{Entry, Vault};

use super::{plan::STEWARDS, words};
use crate::{
    core::Core,
    errors::{failed, not_found, store_failed, usage},
    membership::{collective::Collective, invite::moment},
    powers::{charter::duration, reasons},
};

/// For so long this node must have seen no steward act before it offers a ballot on a succession,
/// in ms: a month without a word is no holiday any more (section 5.6).
const STEWARDS_SILENT_MS: u64 = 30 * 86_400_000;
/// Most ballots of this device on one proposal: others park what goes beyond 16 (section 4.11).
const MOST_BALLOTS: usize = 12;

impl Core {
    /// Signs a ballot, stores it, and writes the decision where that is now due.
    pub(crate) fn vote(&mut self, ask: &Vote) -> Result<Reply, ApiError> {
        let (cid, id) = self.proposal_named(&ask.proposal)?;
        let now_ms = self.clock.wall();
        if ask
            .reason
            .as_ref()
            .is_some_and(|reason| reason.len() > limits::TEXT || reason.contains('\0'))
        {
            return Err(usage(format!(
                "a reason has at most {} bytes",
                limits::TEXT
            )));
        }
        let body = Ballot {
            choice: choice(ask.choice),
            reason: ask.reason.clone().filter(|reason| !reason.is_empty()),
        };
        let class = {
            let collective = self.collective_mut(&cid)?;
            collective.must_be_in()?;
            collective.may_vote(&id, now_ms)?
        };
        let said = self.collective_mut(&cid)?.said_before(&id, &body)?;
        if !said {
            if class == 4 && !ask.despite_stewards {
                self.stewards_are_silent(&cid, &id, now_ms)?;
            }
            self.control(cid, |collective, now_ms| {
                let ballot = collective.sign_ballot(&id, body, now_ms)?;
                Ok((vec![Entry::Record(ballot, now_ms)], ()))
            })?;
        }
        self.duties(cid);
        self.proposal_view(&cid, &id)
            .map(|view| Reply::Proposal(Box::new(view)))
    }

    /// A proposal by id or unique prefix.
    fn proposal_named(&self, text: &str) -> Result<(CollectiveId, RecordId), ApiError> {
        let id = self.record_named(text)?;
        id.and_then(|id| {
            let mut places = self.collectives.values();
            places
                .find(|place| place.accord.state().proposals.contains_key(&id))
                .map(|place| (place.cid(), id))
        })
        .ok_or_else(|| {
            not_found(format!("there is no proposal {text} here"))
                .hint("`moot proposals` lists them; one that was just made may still be on its way")
        })
    }

    /// Refuses where a steward acted lately, as far as this node has seen, and none stands behind it.
    fn stewards_are_silent(
        &self,
        cid: &CollectiveId,
        id: &RecordId,
        now_ms: u64,
    ) -> Result<(), ApiError> {
        let collective = self
            .collectives
            .get(cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        if collective.has_stewards_word(id) {
            return Ok(());
        }
        let seen = collective.steward_seen(&self.store)?;
        match seen {
            Some((name, at_ms)) if at_ms.saturating_add(STEWARDS_SILENT_MS) > now_ms => {
                Err(ApiError::new(
                    ErrorCode::Denied,
                    format!(
                        "the stewards are not gone: {name} was last seen at {}; a succession is for when none acted for {}",
                        moment(at_ms),
                        duration(STEWARDS_SILENT_MS)
                    ),
                )
                .hint("a yes of a steward who stays answers this; if you know that they cannot act any more, add --despite-stewards"))
            }
            _ => Ok(()),
        }
    }
}

impl Collective {
    /// Whether this person may vote on it now; gives its class.
    fn may_vote(&mut self, id: &RecordId, now_ms: u64) -> Result<u8, ApiError> {
        let (seat, dev) = (self.secrets.seat, self.secrets.dev());
        let (class, closes_ms) = {
            let proposal = self.accord.state().proposals.get(id);
            let proposal =
                proposal.ok_or_else(|| failed("the proposal is not evaluated".to_owned()))?;
            (proposal.class, proposal.closes_ms)
        };
        if now_ms > closes_ms {
            return Err(ApiError::new(
                ErrorCode::Denied,
                format!("the vote ended at {}", moment(closes_ms)),
            )
            .hint("what is still wanted can be proposed again: `moot propose`"));
        }
        match self.accord.vote_of(id, &seat) {
            Some(Ok(())) => {}
            Some(Err(why)) => return Err(self.no_vote(why)),
            None => return Err(failed("the proposal is not evaluated".to_owned())),
        }
        if !self.accord.device_may_vote(id, &seat, &dev, now_ms) {
            return Err(ApiError::new(
                ErrorCode::Denied,
                "this device was not yours here when the proposal was made, or may not vote",
            )
            .hint("vote from a full device that you had then"));
        }
        if let Some(change) = self.accord.overlooked(id) {
            return Err(ApiError::new(
                ErrorCode::Denied,
                format!(
                    "the proposal does not know of a change of members that was known here a day before it: {}",
                    change.short()
                ),
            )
            .hint("its voters may not be the right ones: ask for it to be proposed again, after a sync"));
        }
        Ok(class)
    }

    fn no_vote(&self, why: NoVote) -> ApiError {
        ApiError::new(
            ErrorCode::Denied,
            format!("you have no vote on this: {}", words::no_vote(why)),
        )
        .hint(reasons::void(VoidReason::Electorate).next)
    }

    /// Whether the same was said before; refuses to take back a yes.
    fn said_before(&self, id: &RecordId, body: &Ballot) -> Result<bool, ApiError> {
        let own = self.own_ballots(id);
        let voted_yes = own.iter().any(|(_, ballot)| ballot.choice == Choice::Yes);
        if voted_yes && body.choice != Choice::Yes {
            return Err(ApiError::new(
                ErrorCode::Denied,
                "your yes cannot be taken back: whoever holds it may count it",
            )
            .hint("to undo what is decided, propose the opposite"));
        }
        if voted_yes {
            return Ok(true);
        }
        if own.last().is_some_and(|(_, last)| last == body) {
            return Ok(true);
        }
        if own.len() >= MOST_BALLOTS {
            return Err(usage("you changed your mind too often on this one"));
        }
        Ok(false)
    }

    /// The ballots of this person on a proposal, oldest first.
    pub(super) fn own_ballots(&self, id: &RecordId) -> Vec<(Hlc, Ballot)> {
        let mut own: Vec<(Hlc, Ballot)> = self
            .accord
            .ballots(id)
            .into_iter()
            .filter(|ballot| ballot.header().seat == self.secrets.seat)
            .filter_map(|ballot| match ballot.control() {
                Some(Control::Ballot(body)) => Some((ballot.header().hlc, body.clone())),
                _ => None,
            })
            .collect();
        own.sort_by_key(|(hlc, _)| *hlc);
        own
    }

    fn sign_ballot(
        &mut self,
        id: &RecordId,
        body: Ballot,
        now_ms: u64,
    ) -> Result<Verified, ApiError> {
        let before = self.own_ballots(id).last().map(|(hlc, _)| *hlc);
        let proposal = self
            .accord
            .record(id)
            .ok_or_else(|| failed("the proposal is not held".to_owned()))?;
        let opened = proposal.header().hlc;
        // Later than the proposal by the millisecond, not by the counter alone (section 5.4).
        let at_ms = now_ms.max(opened.ms() + 1);
        let record = Draft {
            cid: Some(self.cid()),
            seat: self.secrets.seat,
            place: Place { seq: 0, prev: None },
            hlc: Hlc::next(at_ms, before.into_iter().chain([opened])),
            kind: Kind::BALLOT,
            cap: None,
            auth: vec![*id],
            refs: vec![Ref {
                rel: Rel::ABOUT,
                id: *id,
            }],
            tags: Vec::new(),
            body: Control::Ballot(body).encode(),
        }
        .sign(&self.secrets.device)
        .map_err(|reason| {
            failed(format!(
                "the ballot would be refused by everyone ({reason})"
            ))
        })?;
        self.take_own(&record, now_ms)?;
        Ok(record)
    }

    /// Whether a steward who would stay one put this, said yes to it, or is the one who is asked: then
    /// it is no succession behind the stewards' back.
    fn has_stewards_word(&self, id: &RecordId) -> bool {
        let state = self.accord.state();
        let effects = self.effects_of(id);
        let replaced = |seat: &SeatKey| {
            effects.iter().any(|effect| {
                let Effect::Revoke(revoke) = effect else {
                    return false;
                };
                match revoke.target {
                    Target::Seat(target) => target == *seat,
                    Target::Grant(gid) => state
                        .grants
                        .get(&gid)
                        .is_some_and(|grant| grant.to == *seat),
                    Target::Device(_) => false,
                }
            })
        };
        let proposer = state.proposals.get(id).map(|proposal| proposal.by);
        let said = self.said(id);
        let yes = said.iter().filter(|(_, said)| said.0 == Choice::Yes);
        yes.map(|(seat, _)| *seat)
            .chain(proposer)
            .chain([self.secrets.seat])
            .any(|seat| {
                let steward = state.seats.get(&seat);
                steward.is_some_and(|member| member.live && member.rank >= STEWARDS)
                    && !replaced(&seat)
            })
    }

    /// The steward whom this node saw act last, and when, by its own clock.
    fn steward_seen(&self, store: &Vault) -> Result<Option<(String, u64)>, ApiError> {
        let state = self.accord.state();
        let stewards: Vec<_> = state
            .seats
            .iter()
            .filter(|(_, member)| member.live && member.rank >= STEWARDS)
            .collect();
        let mut last = None;
        for record in self.accord.records() {
            let seat = record.header().seat;
            let acts = stewards.iter().any(|(steward, _)| **steward == seat)
                && matches!(
                    self.accord.standing(&record.id()),
                    Some(Standing::Admitted { .. })
                );
            if acts {
                last = last.max(self.accord.first_seen(&record.id()).map(|ms| (ms, seat)));
            }
        }
        for (seat, member) in stewards {
            for dev in member.devices.keys() {
                if let Some(tip) = store.tip(&self.cid(), dev).map_err(store_failed)?
                    && let Some(stored) = store.get(&tip.id).map_err(store_failed)?
                {
                    last = last.max(Some((stored.received_ms, *seat)));
                }
            }
        }
        Ok(last.map(|(ms, seat)| (self.member_name(&seat), ms)))
    }
}

const fn choice(choice: VoteChoice) -> Choice {
    match choice {
        VoteChoice::Yes => Choice::Yes,
        VoteChoice::No => Choice::No,
        VoteChoice::Abstain => Choice::Abstain,
    }
}
