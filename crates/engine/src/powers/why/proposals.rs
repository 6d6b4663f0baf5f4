//! Proposals and what became of them.

use folkmoot_record::{
    RecordId,
    control::{Choice, Control, Effect},
};

use super::Story;
use crate::membership::{collective::Collective, parting::when};

impl Collective {
    /// Whether a proposal is decided, by how many votes, and who could vote.
    pub(super) fn tell_proposal(&mut self, story: &mut Story, id: &RecordId, now_ms: u64) {
        story.what("proposal");
        let electorate = self.accord.electorate(id).unwrap_or_default();
        let voters = electorate.len();
        let me = self.secrets.seat;
        let Some(proposal) = self.accord.state().proposals.get(id).cloned() else {
            return;
        };
        let said = self.said(id);
        let count = |choice| {
            let voters = electorate.iter().filter_map(|seat| said.get(seat));
            voters.filter(|said| said.0 == choice).count()
        };
        let (yes, no) = (count(Choice::Yes), count(Choice::No));
        let may_vote = self.accord.vote_of(id, &me) == Some(Ok(()));
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
            if !may_vote {
                story.next("who has a vote is fixed by what its author knew: wait for their votes");
            } else if let Some(said) = said.get(&me) {
                let (word, next) = match said.0 {
                    Choice::Yes => ("yes", "wait for the others"),
                    Choice::No => ("no", "you may still change it: `moot vote`"),
                    Choice::Abstain => ("neither", "you may still change it: `moot vote`"),
                };
                story.next(format!("you said {word}; {next}"));
            } else {
                story.next(format!(
                    "vote with `moot vote {0} yes` or `moot vote {0} no`",
                    id.short()
                ));
            }
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
