//! Members and their devices.

use folkmoot_accord::state::{DeviceState, Origin};
use folkmoot_api::WhyView;
use folkmoot_record::{DeviceKey, GrantId, Kind, RecordId, SeatKey};

use super::Story;
use crate::{
    membership::{
        collective::Collective,
        parting::{Parting, STAYS, when},
    },
    powers::{contracts::in_force, scope::device_limits},
};

/// Rights of one member that are told, the strongest live ones first: more than people ever get.
const MOST_RIGHTS: usize = 16;

impl Collective {
    /// Whether somebody is a member, since when, by whom, and how that ended.
    pub(super) fn why_member(&mut self, seat: &SeatKey, now_ms: u64) -> WhyView {
        let mut story = Story::about("member", seat, self);
        let me = *seat == self.secrets.seat;
        let name = self.name();
        let who = self.member_name(seat);
        let parting = self.parting(seat, now_ms);
        let state = self.accord.state();
        let Some(member) = state.seats.get(seat) else {
            story.verdict("unknown", format!("{who} was never a member of {name}."));
            return story.done();
        };
        let mut grants: Vec<(bool, bool, u8, GrantId)> = member
            .grants
            .iter()
            .filter_map(|gid| {
                let grant = state.grants.get(gid)?;
                let over = !in_force(grant, now_ms);
                Some((over, !grant.live, 255 - grant.limits.rank, *gid))
            })
            .collect();
        grants.sort();
        let devices = member.devices.values().filter(|d| d.is_certified()).count();
        let more = grants.len().saturating_sub(MOST_RIGHTS);
        let grants: Vec<GrantId> = grants
            .into_iter()
            .take(MOST_RIGHTS)
            .map(|(.., gid)| gid)
            .collect();
        match &parting {
            None => {
                let role = grants
                    .first()
                    .and_then(|gid| state.grants.get(gid))
                    .map_or_else(String::new, |grant| self.role_name(grant.limits.role));
                let since = self
                    .since(&member.grants)
                    .map_or_else(String::new, |ms| format!(", since {}", when(ms)));
                story.verdict(
                    "live",
                    format!("{who} is a member of {name} as {role}{since}."),
                );
            }
            Some(parting) if me => {
                let mut words = self.own_parting_words(parting);
                words.replace_range(..1, "Y");
                story.verdict(parting.word(), format!("{words}."));
                story.next(STAYS);
            }
            Some(parting) => {
                story.verdict(parting.word(), self.parting_sentence(seat, parting));
                if matches!(parting, Parting::Expired { .. }) {
                    story.next(format!(
                        "whoever may grant in {name} can give them a new right"
                    ));
                }
            }
        }
        let mut told: Vec<RecordId> = Vec::new();
        for gid in grants {
            self.chain(&mut story, &gid, now_ms);
            let ended = self.accord.ended_by(&gid);
            // One act may end many rights: it is told once.
            let new: Vec<_> = ended
                .into_iter()
                .filter(|shadow| match shadow {
                    folkmoot_accord::Shadow::TakenAway(taking) => {
                        let known = told.contains(&taking.record);
                        told.push(taking.record);
                        !known
                    }
                    _ => true,
                })
                .collect();
            self.shadows(&mut story, None, &new);
        }
        if more > 0 {
            story.step(None, "4.2", format!("There are {more} more rights."));
        }
        let devices = match devices {
            0 => "No device of theirs is certified now.".to_owned(),
            1 => "One device signs for them now.".to_owned(),
            n => format!("{n} devices sign for them now."),
        };
        story.step(None, "4.6", devices);
        if me && !self.unserved.is_empty() {
            story.step(None, "7.4", self.unserved_words());
        }
        story.done()
    }

    /// Claimed time of the first of these rights, in ms.
    pub(crate) fn since(&self, grants: &[GrantId]) -> Option<u64> {
        grants.iter().map(|gid| self.given_ms(gid)).min()
    }

    /// Claimed time of what gave a right, in ms: its record, the vote, or the founding.
    pub(crate) fn given_ms(&self, gid: &GrantId) -> u64 {
        let grant = self.accord.state().grants.get(gid);
        let by = match grant.map(|grant| grant.origin) {
            Some(Origin::Decision(proposal)) => proposal,
            Some(Origin::Founder) => RecordId::from(self.cid()),
            Some(Origin::Grant | Origin::Join(_)) | None => RecordId::from(*gid),
        };
        self.accord
            .record(&by)
            .map_or(0, |record| record.header().ms())
    }

    /// What a device is, by whom it was vouched for, and what undid that.
    pub(super) fn why_device(
        &mut self,
        seat: &SeatKey,
        dev: &DeviceKey,
        connected: bool,
        now_ms: u64,
    ) -> WhyView {
        let mut story = Story::about("device", dev, self);
        let who = self.member_name(seat);
        let label = self
            .secrets
            .agents
            .iter()
            .find(|agent| agent.dev == *dev)
            .map_or_else(String::new, |agent| format!(", called {} here", agent.name));
        let state = self.accord.state();
        let device = state
            .seats
            .get(seat)
            .and_then(|member| member.devices.get(dev))
            .cloned();
        match &device {
            Some(DeviceState::Full { .. }) => story.verdict(
                "live",
                format!("It is a full device of {who}: it may do what {who} may."),
            ),
            Some(DeviceState::Limited { limits, .. }) => {
                let open = limits.iter().any(|one| now_ms < one.exp);
                let words: Vec<String> = limits.iter().map(device_limits).collect();
                story.verdict(
                    if open { "live" } else { "ended" },
                    format!(
                        "It is a limited device of {who}{label}: {}{}.",
                        words.join(", or "),
                        if open { "" } else { "; its time is over" }
                    ),
                );
            }
            Some(DeviceState::Dropped) => {
                story.verdict(
                    "ended",
                    format!("It is no device of {who} any more{label}."),
                );
                story.next("a dropped key never returns after a drop by the recovery key; `moot device add` makes a new one");
            }
            None => story.verdict("unknown", "It is no device of a member."),
        }
        for add in self.accord.additions(seat, dev) {
            let kind = self
                .accord
                .record(&add.record)
                .map(|record| record.header().kind);
            let by = match (kind, add.by) {
                (Some(Kind::GENESIS), _) => "The founding record names it".to_owned(),
                (Some(Kind::JOIN), _) => format!("{who} joined with it"),
                (_, Some(by)) => format!("{who} added it with the device {}", by.short()),
                (_, None) => format!("{who} added it with the recovery key"),
            };
            let what = match &add.limits {
                None => "as a full device".to_owned(),
                Some(limits) => format!("with these limits: {}", device_limits(limits)),
            };
            let text = format!("{by} on {}, {what}.", when(add.ms));
            story.step(Some(add.record), "4.6", text);
            for taking in &add.undone {
                story.step(Some(taking.record), "4.6", self.taking(taking));
            }
        }
        if let Some(limited) = device.as_ref().filter(|d| !d.is_full() && d.is_certified()) {
            let reads = limited.kem().is_some();
            story.step(
                None,
                "4.6",
                if reads {
                    "It holds keys of its own to read with."
                } else {
                    "It has no keys to read with: it reads through the node of its person, within the same limits."
                },
            );
        }
        if connected {
            story.step(None, "7.4", "It is connected to this node now.");
        }
        story.done()
    }

    /// What members' nodes that do not answer this device mean.
    pub(crate) fn unserved_words(&self) -> String {
        let count = match self.unserved.len() {
            1 => "one member's node".to_owned(),
            n => format!("{n} members' nodes"),
        };
        format!(
            "{count} met in {} did not take this device as a member's: you, or this device, may have been removed, which this node has not been told",
            self.name()
        )
    }
}
