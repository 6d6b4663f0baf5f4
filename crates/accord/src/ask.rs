//! Questions about what a member may do now, answered from the picture of Eval(S).

use folkmoot_record::{
    DeviceKey, GrantId, SeatKey,
    control::{Actions, Limits},
};

use crate::{
    accord::{Accord, Denied, MemberDevice, Need, Reader},
    charter,
    covers::{NEVER, covers, in_window},
    standing::VoidReason,
    state::{DeviceState, GrantState, State},
    warrant::{DeviceAt, Wanted, Warrant},
};

impl Accord {
    /// The grant that a draft may name as its cap: of those that pass the common test of section
    /// 4.9 now the one of greatest rank, then the one that lasts longest.
    ///
    /// # Errors
    /// [`Denied`]: the rule that the grant that came farthest failed.
    pub fn grant_for(
        &self,
        seat: &SeatKey,
        dev: &DeviceKey,
        need: &Need<'_>,
    ) -> Result<GrantId, Denied> {
        best(self.state(), seat, dev, need, |_| Ok(()))
    }

    /// The grant under which limits may be passed on by an invite or a grant. `open_until` is the
    /// end of an invite's window, given for an invite only.
    ///
    /// # Errors
    /// [`Denied`]: the rule that the grant that came farthest failed; `covers` and `rank` tell that
    /// more would be given than the giver has.
    pub fn grant_to_give(
        &self,
        seat: &SeatKey,
        dev: &DeviceKey,
        need: &Need<'_>,
        limits: &Limits,
        open_until: Option<Option<u64>>,
    ) -> Result<GrantId, Denied> {
        let state = self.state();
        best(state, seat, dev, need, |grant| {
            if !covers(&grant.limits, grant.depth, limits, open_until) {
                return Err(VoidReason::Covers);
            }
            let role = |id| {
                state
                    .charter
                    .as_ref()
                    .and_then(|charter| charter::role(charter, id))
            };
            let fits = role(limits.role).is_some_and(|given| given.rank == limits.rank)
                && role(grant.limits.role).is_some_and(|own| limits.rank <= own.may_grant);
            if fits { Ok(()) } else { Err(VoidReason::Rank) }
        })
    }

    /// What a device is now.
    pub fn member_device(&self, seat: &SeatKey, dev: &DeviceKey, at_ms: u64) -> MemberDevice {
        let state = self.state();
        let Some(member) = state.seats.get(seat) else {
            return MemberDevice::Unknown;
        };
        match member.devices.get(dev) {
            None => MemberDevice::Unknown,
            Some(DeviceState::Dropped) => MemberDevice::Removed,
            Some(device) => MemberDevice::Certified {
                device: device.clone(),
                live: member.live,
                in_force: member.grants.iter().any(|gid| {
                    state.grants.get(gid).is_some_and(|grant| {
                        grant.live && in_window(grant.limits.nbf, grant.limits.exp, at_ms)
                    })
                }),
            },
        }
    }

    /// The live readers now (section 6.3).
    pub fn live_readers(&self, at_ms: u64) -> Vec<Reader> {
        let state = self.state();
        let reads = |gid: &GrantId| {
            state.grants.get(gid).is_some_and(|grant| {
                grant.live
                    && grant.limits.kinds.is_none()
                    && grant.limits.tags.is_none()
                    && in_window(grant.limits.nbf, grant.limits.exp, at_ms)
                    && actions(state, grant).contains(Actions::READ)
            })
        };
        state
            .seats
            .iter()
            .filter(|(_, member)| member.grants.iter().any(reads))
            .flat_map(|(seat, member)| {
                member
                    .devices
                    .iter()
                    .filter_map(|(dev, device)| device.kem().map(|kem| (*seat, *dev, kem)))
            })
            .collect()
    }
}

/// The actions of a grant's role, as far as its mask goes.
fn actions(state: &State, grant: &GrantState) -> Actions {
    state
        .charter
        .as_ref()
        .and_then(|charter| charter::role(charter, grant.limits.role))
        .map(|role| role.actions)
        .unwrap_or_default()
        .and(grant.limits.mask)
}

fn best(
    state: &State,
    seat: &SeatKey,
    dev: &DeviceKey,
    need: &Need<'_>,
    more: impl Fn(&GrantState) -> Result<(), VoidReason>,
) -> Result<GrantId, Denied> {
    let member = state.seats.get(seat);
    let device = match member.and_then(|member| member.devices.get(dev)) {
        Some(DeviceState::Full { .. }) => DeviceAt::Full,
        Some(DeviceState::Limited { limits, .. }) => DeviceAt::Limited(limits.clone()),
        Some(DeviceState::Dropped) | None => DeviceAt::Uncertified,
    };
    let bits: &[Actions] = if need.action.is_empty() {
        &[]
    } else {
        std::slice::from_ref(&need.action)
    };
    let wanted = Wanted {
        bits,
        t: need.at_ms,
        content: need.kind.is_content().then_some((need.kind, need.tags)),
    };
    let mut found: Option<((u8, u64), GrantId)> = None;
    let mut denied = Denied {
        reason: VoidReason::CapNotLive,
        grant: None,
        expired_ms: None,
    };
    for gid in member.into_iter().flat_map(|member| &member.grants) {
        let Some(grant) = state.grants.get(gid) else {
            continue;
        };
        let warrant = Warrant {
            live: grant.live,
            of_seat: true,
            limits: grant.limits.clone(),
            actions: actions(state, grant),
            device: device.clone(),
        };
        match warrant.test(&wanted).and_then(|()| more(grant)) {
            Ok(()) => {
                let worth = (grant.limits.rank, grant.limits.exp.unwrap_or(NEVER));
                if found.is_none_or(|(best, _)| best < worth) {
                    found = Some((worth, *gid));
                }
            }
            Err(reason) if denied.grant.is_none() || reason > denied.reason => {
                denied = Denied {
                    reason,
                    grant: Some(*gid),
                    expired_ms: grant.limits.exp.filter(|exp| *exp <= need.at_ms),
                };
            }
            Err(_) => {}
        }
    }
    found.map(|(_, gid)| gid).ok_or(denied)
}
