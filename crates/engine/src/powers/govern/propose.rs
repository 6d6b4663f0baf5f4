//! `propose`: putting something to the vote.

use folkmoot_accord::Need;
use folkmoot_api::{ApiError, ErrorCode, Propose, Proposed, Reply};
use folkmoot_record::{
    Kind,
    control::{Actions, Control, Proposal},
    limits,
};

use super::{plan::Plan, words};
use crate::{
    core::Core,
    errors::{denied, failed, usage},
    keeping::author::Signer,
    membership::collective::Collective,
    powers::charter::class_name,
};

/// How long a vote is open if nothing is said, in ms: time for people who look once a week.
const CLOSES_IN_MS: u64 = 7 * 86_400_000;
/// The longest that a vote may be open, in ms (section 9).
const MOST_OPEN_MS: u64 = 30 * 86_400_000;

impl Core {
    /// Signs a proposal, or says what it would be.
    pub(crate) fn propose(&mut self, ask: &Propose) -> Result<Reply, ApiError> {
        let cid = self.governed(ask.collective.as_deref())?;
        let now_ms = self.clock.wall();
        let collective = self.collective_mut(&cid)?;
        if collective.is_home() {
            return Err(usage("your home is for you alone: there is nobody to ask"));
        }
        collective.must_be_in()?;
        collective.may_propose(now_ms)?;
        let plan = self.plan(&cid, &ask.what, now_ms)?;
        let cautions = plan.cautions.clone();
        let body = proposal(ask, plan, now_ms)?;
        let collective = self.collective_mut(&cid)?;
        collective.can_be_carried(&body, now_ms)?;
        if ask.dry_run {
            let mut view = collective.draft_view(&body, now_ms);
            view.cautions = cautions;
            return Ok(Reply::Proposal(Box::new(view)));
        }
        let control = Control::Proposal(body);
        let record = self.control(cid, |collective, now_ms| {
            collective.sign_control(
                now_ms,
                Some(Actions::PROPOSE),
                Signer::Device,
                Kind::PROPOSAL,
                &control,
            )
        })?;
        let mut view = self.proposal_view(&cid, &record.id())?;
        view.cautions = cautions;
        Ok(Reply::Proposal(Box::new(view)))
    }
}

impl Collective {
    /// Refuses who may not propose, before anything is worked out.
    fn may_propose(&self, now_ms: u64) -> Result<(), ApiError> {
        let need = Need {
            action: Actions::PROPOSE,
            kind: Kind::PROPOSAL,
            tags: &[],
            at_ms: now_ms,
        };
        self.accord
            .grant_for(&self.secrets.seat, &self.secrets.dev(), &need)
            .map(drop)
            .map_err(|refusal| denied(&self.name(), refusal))
    }

    /// Refuses what nobody could ever decide: the voters are fixed by the proposal itself.
    fn can_be_carried(&mut self, body: &Proposal, now_ms: u64) -> Result<(), ApiError> {
        let name = self.name();
        let class = class_name(body.class);
        let Some(poll) = self.accord.poll_if(body.class, &body.effects, now_ms) else {
            return Err(ApiError::new(
                ErrorCode::Denied,
                format!("the charter of {name} has no rule for {class}: nobody can decide it"),
            )
            .hint(format!(
                "`moot charter show {name}` lists what can be decided"
            )));
        };
        let voters = poll.electorate.len() as u64;
        if poll.needed() <= voters {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::Denied,
            format!(
                "nobody could carry this: {} may vote on {class} today, and {} yes are needed",
                words::people(voters),
                poll.needed()
            ),
        )
        .hint(format!(
            "`moot charter show {name}` tells who votes; newcomers do once a steward's node has seen them come in, and they have been here for long enough"
        )))
    }
}

/// Checks what the person gave and makes the body.
fn proposal(ask: &Propose, plan: Plan, now_ms: u64) -> Result<Proposal, ApiError> {
    let title = ask.title.as_deref().map_or(plan.title.as_str(), str::trim);
    if title.is_empty() || title.len() > limits::TITLE || title.contains('\0') {
        return Err(usage(format!(
            "a proposal has a title of 1 to {} bytes",
            limits::TITLE
        )));
    }
    let text = ask.text.as_deref().map(str::trim).filter(|t| !t.is_empty());
    if text.is_some_and(|text| text.len() > limits::TEXT || text.contains('\0')) {
        return Err(usage(format!(
            "the text of a proposal has at most {} bytes",
            limits::TEXT
        )));
    }
    let open_ms = ask.closes_in_ms.unwrap_or(CLOSES_IN_MS);
    if !(1..=MOST_OPEN_MS).contains(&open_ms) {
        return Err(
            usage("a vote is open for at most 30 days").hint("say less, such as --closes 2w")
        );
    }
    if matches!(ask.what, Proposed::Resolution {}) && ask.title.is_none() {
        return Err(usage("an opinion needs a title: the question itself"));
    }
    let body = Proposal {
        class: plan.class,
        title: title.to_owned(),
        effects: plan.effects,
        closes_ms: now_ms.saturating_add(open_ms),
        text: text.map(str::to_owned),
    };
    if Control::Proposal(body.clone()).encode().len() > limits::LONG_BODY {
        return Err(failed(
            "the proposal is too large: it would have to name too many logs".to_owned(),
        ));
    }
    Ok(body)
}
