//! How proposals stand, for people.

use std::collections::BTreeMap;

use folkmoot_accord::Poll;
use folkmoot_api::{
    ApiError, OpenVote, ProposalState, ProposalView, Proposals, Reply, VoteChoice, VoterView,
};
use folkmoot_record::{
    CollectiveId, Hlc, RecordId, SeatKey,
    control::{Choice, Control, Proposal},
};

use super::{PROVISIONAL_MS, duties::FORGOTTEN_MS, words};
use crate::{
    core::Core,
    errors::failed,
    membership::{collective::Collective, invite::moment},
    powers::charter::{class_name, rule_sentence},
};

/// Most proposals told at one time, newest first.
const MOST_TOLD: usize = 500;

/// Open votes announced in `status`: more is for `moot proposals`.
const MOST_OPEN_TOLD: usize = 16;

/// What somebody said about a proposal.
pub(crate) type Said = (Choice, Hlc, Option<String>);

impl Core {
    /// The proposals of one collective or of all: open ones by their end, then others, newest first.
    pub(crate) fn proposals(&mut self, ask: &Proposals) -> Result<Reply, ApiError> {
        let cids: Vec<CollectiveId> = match &ask.collective {
            Some(name) => vec![self.resolve(name)?],
            None => self.collectives.keys().copied().collect(),
        };
        if !self.serving {
            self.all_duties();
        }
        let now_ms = self.clock.wall();
        let mut views = Vec::new();
        for cid in cids {
            let Some(collective) = self.collectives.get(&cid) else {
                continue;
            };
            let mut ids: Vec<(u64, RecordId)> = collective
                .accord
                .state()
                .proposals
                .iter()
                .filter(|(_, proposal)| {
                    ask.all || (proposal.closes_ms >= now_ms && proposal.decisions.is_empty())
                })
                .map(|(id, proposal)| (proposal.closes_ms, *id))
                .collect();
            ids.sort_unstable_by(|a, b| b.cmp(a));
            ids.truncate(MOST_TOLD);
            for (_, id) in ids {
                views.push(self.proposal_view(&cid, &id)?);
            }
        }
        views.sort_by_key(|view| {
            let open = matches!(view.state, ProposalState::Open | ProposalState::Carried);
            let at = view.closes.as_millisecond();
            (!open, if open { at } else { -at }, view.id.clone())
        });
        Ok(Reply::Proposals(views))
    }

    /// The votes that are open in all collectives, by their end.
    pub(crate) fn open_votes(&mut self) -> Vec<OpenVote> {
        let now_ms = self.clock.wall();
        let mut open: Vec<(u64, CollectiveId, RecordId)> = Vec::new();
        for collective in self.member_of().filter(|place| !place.is_home()) {
            let proposals = collective.accord.state().proposals.iter();
            open.extend(
                proposals
                    .filter(|(_, one)| one.closes_ms >= now_ms && one.decisions.is_empty())
                    .map(|(id, one)| (one.closes_ms, collective.cid(), *id)),
            );
        }
        open.sort_unstable();
        open.truncate(MOST_OPEN_TOLD);
        let mut votes = Vec::with_capacity(open.len());
        for (_, cid, id) in open {
            let view = match self.proposal_view(&cid, &id) {
                Ok(view) => view,
                Err(error) => {
                    self.warn(format!(
                        "the open proposal {} cannot be shown: {}",
                        id.short(),
                        error.message
                    ));
                    continue;
                }
            };
            votes.push(OpenVote {
                collective: view.collective,
                collective_id: view.collective_id,
                id: view.id,
                short: view.short,
                title: view.title,
                closes: view.closes,
                yes: view.yes,
                needed: view.needed,
                mine: view.no_vote.is_none() && view.my_vote.is_none(),
            });
        }
        votes
    }

    /// One proposal.
    pub(crate) fn proposal_view(
        &mut self,
        cid: &CollectiveId,
        id: &RecordId,
    ) -> Result<ProposalView, ApiError> {
        let short = self.short_id(id);
        let now_ms = self.clock.wall();
        let collective = self.collective_mut(cid)?;
        let record = collective.accord.record(id).cloned();
        let Some((record, Control::Proposal(body))) =
            record.and_then(|record| Some((record.clone(), record.control()?.clone())))
        else {
            return Err(failed("the proposal is not held".to_owned()));
        };
        let poll = collective.accord.poll(id);
        let no_vote = match collective.accord.vote_of(id, &collective.secrets.seat) {
            Some(Err(why)) => Some(words::no_vote(why)),
            Some(Ok(())) | None => None,
        };
        let mut view = collective.view_of(&body, poll, record.header().ms());
        view.id = id.to_string();
        view.short = short;
        view.by = collective.member_name(&record.header().seat);
        view.by_seat = record.header().seat.to_string();
        view.no_vote = no_vote;
        collective.tally(id, &mut view);
        view.decided = collective.decided_ms(id).map(moment);
        view.decision = collective
            .accord
            .state()
            .proposals
            .get(id)
            .and_then(|proposal| proposal.decisions.first())
            .map(|(decision, _)| decision.to_string());
        view.state = if view.decision.is_some() {
            ProposalState::Decided
        } else if view.yes >= view.needed && body.closes_ms.saturating_add(FORGOTTEN_MS) > now_ms {
            ProposalState::Carried
        } else if now_ms > body.closes_ms {
            ProposalState::Failed
        } else {
            ProposalState::Open
        };
        view.provisional = collective
            .decided_ms(id)
            .is_some_and(|ms| ms.saturating_add(PROVISIONAL_MS) > now_ms);
        Ok(view)
    }
}

impl Collective {
    /// What would be proposed now.
    pub(super) fn draft_view(&mut self, body: &Proposal, now_ms: u64) -> ProposalView {
        let poll = self.accord.poll_if(body.class, &body.effects, now_ms);
        let mut view = self.view_of(body, poll, now_ms);
        view.by = self.member_name(&self.secrets.seat);
        view.by_seat = self.secrets.seat.to_string();
        view
    }

    /// What the body and the electorate alone tell.
    fn view_of(&self, body: &Proposal, poll: Option<Poll>, opened_ms: u64) -> ProposalView {
        let state = self.accord.state();
        let rule = poll.as_ref().zip(state.charter.as_ref());
        ProposalView {
            id: String::new(),
            short: String::new(),
            collective: self.name(),
            collective_id: self.cid().to_string(),
            class: body.class,
            class_name: class_name(body.class).to_owned(),
            title: body.title.clone(),
            text: body.text.clone(),
            effects: body
                .effects
                .iter()
                .flat_map(|effect| words::effect(self, effect))
                .collect(),
            by: String::new(),
            by_seat: String::new(),
            opened: moment(opened_ms),
            closes: moment(body.closes_ms),
            state: ProposalState::Draft,
            provisional: false,
            rule: rule.map_or_else(String::new, |(poll, charter)| {
                rule_sentence(charter, &poll.rule)
            }),
            electorate: poll.as_ref().map_or(0, |poll| poll.electorate.len() as u64),
            needed: poll.as_ref().map_or(0, Poll::needed),
            yes: 0,
            no: 0,
            abstain: 0,
            my_vote: None,
            no_vote: None,
            voters: poll
                .into_iter()
                .flat_map(|poll| poll.electorate)
                .map(|seat| VoterView {
                    name: self.member_name(&seat),
                    seat: seat.to_string(),
                    me: seat == self.secrets.seat,
                    vote: None,
                    reason: None,
                })
                .collect(),
            decision: None,
            decided: None,
            cautions: Vec::new(),
        }
    }

    /// What everybody said. A yes stands whatever was said besides; else the last counts.
    pub(crate) fn said(&self, id: &RecordId) -> BTreeMap<SeatKey, Said> {
        let mut said: BTreeMap<SeatKey, Said> = BTreeMap::new();
        for ballot in self.accord.ballots(id) {
            let Some(Control::Ballot(body)) = ballot.control() else {
                continue;
            };
            let header = ballot.header();
            let now = (body.choice, header.hlc, body.reason.clone());
            let weight = |said: &Said| (said.0 == Choice::Yes, said.1);
            match said.get(&header.seat) {
                Some(before) if weight(before) >= weight(&now) => {}
                _ => {
                    said.insert(header.seat, now);
                }
            }
        }
        said
    }

    /// Puts the ballots into a view.
    fn tally(&self, id: &RecordId, view: &mut ProposalView) {
        let said = self.said(id);
        let seats: BTreeMap<String, Said> = said
            .into_iter()
            .map(|(seat, said)| (seat.to_string(), said))
            .collect();
        for voter in &mut view.voters {
            let Some((choice, _, reason)) = seats.get(&voter.seat) else {
                continue;
            };
            let (vote, counter) = match choice {
                Choice::Yes => (VoteChoice::Yes, &mut view.yes),
                Choice::No => (VoteChoice::No, &mut view.no),
                Choice::Abstain => (VoteChoice::Abstain, &mut view.abstain),
            };
            *counter += 1;
            voter.vote = Some(vote);
            voter.reason.clone_from(reason);
            if voter.me {
                view.my_vote = Some(vote);
            }
        }
        view.voters
            .sort_by(|a, b| (&a.name, &a.seat).cmp(&(&b.name, &b.seat)));
    }
}
