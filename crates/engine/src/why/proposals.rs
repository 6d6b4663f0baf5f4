//! Proposals and what became of them.

use folkmoot_record::{
    Kind, RecordId,
    control::{Choice, Control, Effect},
};

use super::Story;
use crate::{collective::Collective, parting::when};

impl Collective {
    /// Whether a proposal is decided, by how many votes, and who could vote.
    pub(super) fn tell_proposal(&mut self, story: &mut Story, id: &RecordId, now_ms: u64) {
        story.what("proposal");
        let voters = self.accord.electorate(id).map_or(0, |voters| voters.len());
        let Some(proposal) = self.accord.state().proposals.get(id).cloned() else {
            return;
        };
        let (mut yes, mut no) = (0_usize, 0_usize);
        let mut counted = std::collections::BTreeSet::new();
        for record in self.accord.records() {
            let header = record.header();
            if header.kind == Kind::BALLOT
                && header.auth.first() == Some(id)
                && counted.insert(header.seat)
                && let Some(Control::Ballot(ballot)) = record.control()
            {
                match ballot.choice {
                    Choice::Yes => yes += 1,
                    Choice::No => no += 1,
                    Choice::Abstain => {}
                }
            }
        }
        let title = &proposal.title;
        let votes = format!("{yes} yes, {no} no, of {voters} who may vote");
        if let Some((_, listed)) = proposal.decisions.iter().max_by_key(|(_, n)| *n) {
            story.verdict(
                "decided",
                format!("The proposal \"{title}\" is decided: {listed} votes carry it."),
            );
        } else if now_ms <= proposal.closes_ms {
            story.verdict(
                "open",
                format!(
                    "The proposal \"{title}\" is open until {}: {votes}.",
                    when(proposal.closes_ms)
                ),
            );
            story.next(format!("vote with `moot vote {}`", id.short()));
        } else {
            story.verdict(
                "closed",
                format!(
                    "The proposal \"{title}\" was open until {}, and is not decided: {votes}.",
                    when(proposal.closes_ms)
                ),
            );
            story.next("put it anew with `moot propose`");
        }
        story.step(
            Some(*id),
            "5.2",
            format!(
                "{} put it as class {}.",
                self.member_name(&proposal.by),
                proposal.class
            ),
        );
        story.step(
            None,
            "5.3",
            format!("By what its author knew, {voters} may vote; so far {votes}."),
        );
        for (decision, listed) in &proposal.decisions {
            let text = format!("A decision lists {listed} yes votes, which is enough.");
            story.step(Some(*decision), "5.5", text);
        }
        if let Some(Control::Proposal(body)) = self.accord.record(id).and_then(|r| r.control()) {
            let effects: Vec<String> = body.effects.iter().map(|e| self.effect(e)).collect();
            for effect in effects {
                story.step(None, "5.2", effect);
            }
        }
    }

    fn effect(&self, effect: &Effect) -> String {
        match effect {
            Effect::Grant(grant) => format!(
                "It would make {} {}.",
                self.member_name(&grant.to),
                self.role_name(grant.limits.role)
            ),
            Effect::Revoke(revoke) => match revoke.target {
                folkmoot_record::control::Target::Seat(seat) => {
                    format!("It would remove {}.", self.member_name(&seat))
                }
                folkmoot_record::control::Target::Grant(gid) => {
                    format!("It would take away {}.", self.right_words(&gid))
                }
                folkmoot_record::control::Target::Device(dev) => {
                    format!("It would take away {}.", self.device_words(&dev))
                }
            },
            Effect::Charter(_) => "It would change the charter.".to_owned(),
            Effect::Fork(cid) => format!("It names the fork {}.", cid.short()),
            Effect::Readmit(_) => "It would let back in what a removal had cut away.".to_owned(),
        }
    }
}
