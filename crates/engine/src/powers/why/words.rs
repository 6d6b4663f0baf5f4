//! Acts that take away, and the chain of rights, told in sentences.

use folkmoot_accord::{Means, Shadow, Taking, state::Origin};
use folkmoot_api::ContractState;
use folkmoot_record::{
    DeviceKey, GrantId, Header, Lane, RecordId, SeatKey,
    control::{Control, Cut, Effect, Target},
};

use super::Story;
use crate::{
    membership::{
        collective::Collective,
        parting::{because, when},
    },
    powers::contracts::in_time,
};

impl Collective {
    /// From the founding record down to a right or an invite.
    pub(super) fn chain(&self, story: &mut Story, cap: &GrantId, now_ms: u64) {
        let state = self.accord.state();
        let lineage = match (state.grants.get(cap), state.invites.get(cap)) {
            (Some(grant), _) => grant.lineage.clone(),
            (None, Some(invite)) => {
                let mut lineage = state
                    .grants
                    .get(&invite.cap)
                    .map(|grant| grant.lineage.clone())
                    .unwrap_or_default();
                lineage.push(invite.cap);
                lineage
            }
            (None, None) => Vec::new(),
        };
        for id in lineage.iter().chain([cap]) {
            self.link(story, id, now_ms);
        }
    }

    fn link(&self, story: &mut Story, id: &GrantId, now_ms: u64) {
        let state = self.accord.state();
        let record = RecordId::from(*id);
        if let Some(invite) = state.invites.get(id) {
            let text = format!(
                "{} made an invite for the role {}{}.",
                self.member_name(&invite.issuer),
                self.role_name(invite.limits.role),
                if invite.live { "" } else { ", closed since" }
            );
            return story.step(Some(record), "4.2", text);
        }
        let Some(grant) = state.grants.get(id) else {
            return story.step(Some(record), "4.2", "A right that is not known here.");
        };
        let who = self.member_name(&grant.to);
        let role = self.role_name(grant.limits.role);
        let ended = match (grant.live, in_time(&grant.limits, now_ms)) {
            (false, _) => "; it has ended",
            (true, ContractState::Expired) => "; its time is over",
            (true, ContractState::NotYet) => "; its time is yet to come",
            (true, _) => "",
        };
        let (record, text) = match grant.origin {
            Origin::Founder => (
                RecordId::from(self.cid()),
                format!("The founding record makes {who} {role}{ended}."),
            ),
            Origin::Join(_) => (record, format!("{who} joined by it as {role}{ended}.")),
            Origin::Grant => {
                let by = self
                    .accord
                    .record(&record)
                    .map_or_else(String::new, |r| self.member_name(&r.header().seat));
                (record, format!("{by} made {who} {role}{ended}."))
            }
            Origin::Decision(proposal) => (
                proposal,
                format!("The members made {who} {role} by vote{ended}."),
            ),
        };
        story.step(Some(record), "4.2", text);
    }

    /// Why something does not count: each cause, why it reaches so far, and what it kept.
    pub(super) fn shadows(&self, story: &mut Story, of: Option<&Header>, shadows: &[Shadow]) {
        for shadow in shadows {
            match shadow {
                Shadow::Ungiven { by } => {
                    let proposal = self.accord.state().proposals.contains_key(by);
                    let text = if proposal {
                        "The right it relies on comes from a proposal that the members have not decided."
                    } else {
                        "The right it relies on was never given: the record that would give it does not count itself."
                    };
                    story.step(Some(*by), "4.7", text);
                }
                Shadow::PassedOver => story.step(
                    None,
                    "4.7",
                    "The uses of its invite went to others, or its person had joined by it already.",
                ),
                Shadow::TakenAway(taking) => {
                    story.step(Some(taking.record), "4.5", self.taking(taking));
                    if let Some(text) = self.reach(taking) {
                        story.step(None, "4.3", text);
                    }
                    if let Some(header) = of {
                        story.step(None, "4.5", self.kept(taking, header));
                    }
                }
            }
        }
    }

    /// What an act of taking away did, as a sentence.
    pub(crate) fn taking(&self, taking: &Taking) -> String {
        let author = self.member_name(&taking.author);
        let (at, reason) = (when(taking.ms), because(taking.reason.as_deref()));
        let whole = if taking.subtree {
            ", with all that descends from it,"
        } else {
            ""
        };
        let aim = |person: &str, thing: &str| match taking.target {
            Target::Seat(seat) => format!("{person} {}", self.member_name(&seat)),
            Target::Grant(gid) => format!("{thing} {}{whole}", self.right_words(&gid)),
            Target::Device(dev) => format!("{thing} {}", self.device_words(&dev)),
        };
        match taking.means {
            Means::Revocation { .. } => {
                format!("{author} {} on {at}{reason}.", aim("removed", "took away"))
            }
            Means::Decision { .. } => format!(
                "The members decided by vote to {}, as {author} proposed on {at}{reason}.",
                aim("remove", "take away")
            ),
            Means::Drop { by_root } => {
                let by = if by_root {
                    "by the recovery key, for ever"
                } else {
                    "by the device that had added it"
                };
                format!("{author} dropped that device on {at}, {by}.")
            }
            Means::Resignation => format!("{author} left on {at}."),
        }
    }

    /// Why an act reaches what it is aimed at.
    fn reach(&self, taking: &Taking) -> Option<String> {
        let author = self.member_name(&taking.author);
        Some(match taking.means {
            Means::Revocation { rank } => format!(
                "It reaches so far because {author} acted with a right of rank {rank}, which stands above, and because whoever gave or wrote this did not know of it."
            ),
            Means::Decision { class } => format!(
                "It reaches so far because it was decided as class {class}{}.",
                if class == 1 {
                    ", which goes up to rank 99"
                } else {
                    ""
                }
            ),
            Means::Drop { .. } | Means::Resignation => return None,
        })
    }

    /// What the act kept of the log in which a record stands.
    fn kept(&self, taking: &Taking, header: &Header) -> String {
        let lane = u8::from(header.kind.lane() == Lane::Content);
        let kept = self
            .cuts(taking)
            .into_iter()
            .filter(|cut| cut.dev == header.dev && cut.lane == lane)
            .map(|cut| cut.seq)
            .max();
        let what = if lane == 0 {
            "control records"
        } else {
            "notes and other content"
        };
        match kept {
            Some(seq) => format!(
                "Of this device it kept the {what} up to number {seq}; this is number {}.",
                header.seq
            ),
            None => format!("It kept no {what} of this device."),
        }
    }

    fn cuts(&self, taking: &Taking) -> Vec<Cut> {
        match self.accord.record(&taking.record).and_then(|r| r.control()) {
            Some(Control::Revoke(body)) => body.cut.clone(),
            Some(Control::Resign(body)) => body.cut.clone(),
            Some(Control::Device(body)) => body
                .drops
                .iter()
                .flat_map(|drop| drop.cut.clone())
                .collect(),
            Some(Control::Proposal(body)) => body
                .effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Revoke(revoke) if revoke.target == taking.target => {
                        Some(revoke.cut.clone())
                    }
                    _ => None,
                })
                .flatten()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A right or an invite in a few words.
    pub(super) fn right_words(&self, gid: &GrantId) -> String {
        let state = self.accord.state();
        if let Some(invite) = state.invites.get(gid) {
            let role = self.role_name(invite.limits.role);
            return match &invite.label {
                Some(label) => format!("the invite \"{label}\" for the role {role}"),
                None => format!("the invite {} for the role {role}", gid.short()),
            };
        }
        match state.grants.get(gid) {
            Some(grant) => format!(
                "the right of {} as {}",
                self.member_name(&grant.to),
                self.role_name(grant.limits.role)
            ),
            None => format!("the right {}", gid.short()),
        }
    }

    /// A device in a few words.
    pub(crate) fn device_words(&self, dev: &DeviceKey) -> String {
        if let Some(agent) = self.secrets.agents.iter().find(|agent| agent.dev == *dev) {
            return format!("your device {} ({})", agent.name, dev.short());
        }
        match self.owner(dev) {
            Some(seat) => format!("a device ({}) of {}", dev.short(), self.member_name(&seat)),
            None => format!("the device {}", dev.short()),
        }
    }

    fn owner(&self, dev: &DeviceKey) -> Option<SeatKey> {
        let seats = &self.accord.state().seats;
        seats
            .iter()
            .find(|(_, member)| member.devices.contains_key(dev))
            .map(|(seat, _)| *seat)
    }
}
