//! Rights, invites and revocations.

use folkmoot_api::WhyView;
use folkmoot_record::{GrantId, RecordId, control::Revoke};

use super::Story;
use crate::{
    exchange::holdings::door_status,
    membership::{
        collective::Collective,
        parting::{because, when},
    },
    powers::scope::right_limits,
};
use folkmoot_sync::DoorStatus;

impl Collective {
    /// A right or an invite: in force or not, what it allows, whence it comes, what ended it.
    pub(super) fn why_right(&mut self, gid: &GrantId, now_ms: u64) -> WhyView {
        let mut story = Story::about("right", gid, self);
        self.tell_right(&mut story, gid, now_ms);
        self.chain(&mut story, gid, now_ms);
        let ended = self.accord.ended_by(gid);
        self.shadows(&mut story, None, &ended);
        story.done()
    }

    /// The verdict on a right or an invite.
    pub(super) fn tell_right(&self, story: &mut Story, gid: &GrantId, now_ms: u64) {
        let state = self.accord.state();
        if let Some(invite) = state.invites.get(gid) {
            story.what("invite");
            let role = self.role_name(invite.limits.role);
            let status = door_status(invite, now_ms);
            let uses = format!("{} of {} uses left", invite.uses_left, invite.max_uses);
            let text = match status {
                DoorStatus::Live => format!("The invite for the role {role} is open: {uses}."),
                DoorStatus::UsedUp => format!("The invite for the role {role} is used up."),
                DoorStatus::Expired => format!(
                    "The invite for the role {role} was open until {}: {uses}.",
                    when(invite.open_until.unwrap_or(0))
                ),
                DoorStatus::NotYet => format!(
                    "The invite for the role {role} opens on {}.",
                    when(invite.open_from.unwrap_or(0))
                ),
                DoorStatus::Closed => format!("The invite for the role {role} was closed: {uses}."),
            };
            let open = status == DoorStatus::Live;
            story.verdict(if open { "live" } else { "ended" }, text);
            for join in &invite.selected {
                if let Some(record) = self.accord.record(join) {
                    let who = self.member_name(&record.header().seat);
                    let text = format!("{who} joined by it on {}.", when(record.header().ms()));
                    story.step(Some(*join), "4.7", text);
                }
            }
            if !open {
                story.next("a new one is made by `moot invite`");
            }
            return;
        }
        let Some(grant) = state.grants.get(gid) else {
            story.verdict("unknown", "It is a right that is not known here.");
            return;
        };
        story.what("right");
        let who = self.member_name(&grant.to);
        let role = self.role_name(grant.limits.role);
        let over = grant.limits.exp.is_some_and(|exp| exp <= now_ms);
        let limits = right_limits(&grant.limits);
        if grant.live && !over {
            story.verdict("live", format!("{who} has this right as {role}: {limits}."));
        } else {
            story.verdict(
                "ended",
                format!("{who} had this right as {role}; it has ended."),
            );
            story.next("whoever may grant can give a new one; a member who was removed joins by a new invite");
        }
    }

    /// What a revoke record does.
    pub(super) fn tell_revocation(&self, story: &mut Story, id: &RecordId, body: &Revoke) {
        story.what("revocation");
        let state = self.accord.state();
        let active = state
            .revocations
            .values()
            .any(|revocation| revocation.record == *id && revocation.active);
        let aim = match body.target {
            folkmoot_record::control::Target::Seat(seat) => {
                format!("It removes {}", self.member_name(&seat))
            }
            folkmoot_record::control::Target::Grant(gid) => {
                format!("It takes away {}", self.right_words(&gid))
            }
            folkmoot_record::control::Target::Device(dev) => {
                format!("It takes away {}", self.device_words(&dev))
            }
        };
        let subtree = if body.subtree {
            ", with all that descends from it"
        } else {
            ""
        };
        let effect = if active { "" } else { "; it has no effect" };
        let reason = because(body.reason.as_deref());
        story.step(None, "4.5", format!("{aim}{subtree}{reason}{effect}."));
        let logs = match body.cut.len() {
            0 => "It keeps nothing that its author had not known.".to_owned(),
            1 => "It keeps one log up to where its author held it.".to_owned(),
            n => format!("It keeps {n} logs up to where its author held them."),
        };
        story.step(None, "4.5", logs);
    }
}
