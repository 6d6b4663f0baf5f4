//! Questions about what a member may do now, answered from the picture of Eval(S).

use folkmoot_record::{
    DeviceKey, GrantId, Kind, RevocationId, SeatKey, Verified,
    control::{Actions, Limits, Target},
};

use crate::{
    accord::{Accord, Denied, MemberDevice, Need, Reader},
    charter,
    covers::{NEVER, covers, in_window},
    standing::{ParkReason, VoidReason},
    state::{DeviceState, GrantState, State},
    turns::own_park_reason,
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
        best(self.state(), seat, dev, need, |_, _| Ok(()))
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
        best(state, seat, dev, need, |_, grant| {
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

    /// The grant under which something may be taken away at `at_ms`, so that the revocation hits
    /// it. Of a seat or a device all live grants have to stand below: else the member would stay
    /// what they are.
    ///
    /// # Errors
    /// [`Denied`]: `may` where the target stands too high, `target-unknown` where it is not known,
    /// `seat` where there is nothing left to take, else the rule that the own grant failed.
    pub fn grant_to_revoke(
        &self,
        seat: &SeatKey,
        dev: &DeviceKey,
        at_ms: u64,
        target: Target,
    ) -> Result<GrantId, Denied> {
        let state = self.state();
        let need = |action| Need {
            action,
            kind: Kind::REVOKE,
            tags: &[],
            at_ms,
        };
        if let Target::Grant(gid) = target
            && let Some(invite) = state.invites.get(&gid)
        {
            // Whoever may invite may also close what was invited under the same grant.
            let own = best(state, seat, dev, &need(Actions::INVITE), |own, _| {
                if *own == invite.cap {
                    Ok(())
                } else {
                    Err(VoidReason::May)
                }
            });
            if own.is_ok() {
                return own;
            }
        }
        let below = aimed_at(state, target);
        best(state, seat, dev, &need(Actions::REVOKE), |own, grant| {
            let below = below.as_ref().map_err(|reason| *reason)?;
            let stands_above = |(rank, lineage): &(u8, Vec<GrantId>)| {
                grant.limits.rank > *rank || (grant.limits.rank == *rank && lineage.contains(own))
            };
            if below.iter().all(stands_above) {
                Ok(())
            } else {
                Err(VoidReason::May)
            }
        })
    }

    /// The grant under which records may be readmitted that a revocation cut away: the one of that
    /// revocation by the same person, or one that ranks higher (section 4.9).
    ///
    /// # Errors
    /// [`Denied`]: `may` where the revocation stands too high or was decided by vote,
    /// `target-unknown` where it is not known, else the rule that the own grant failed.
    pub fn grant_to_readmit(
        &self,
        seat: &SeatKey,
        dev: &DeviceKey,
        at_ms: u64,
        vid: &RevocationId,
    ) -> Result<GrantId, Denied> {
        let state = self.state();
        let need = Need {
            action: Actions::REVOKE,
            kind: Kind::READMIT,
            tags: &[],
            at_ms,
        };
        let known = state.revocations.get(vid);
        best(state, seat, dev, &need, |own, grant| {
            let revocation = known.ok_or(VoidReason::TargetUnknown)?;
            let theirs = self
                .record(&revocation.record)
                .filter(|record| record.header().kind == Kind::REVOKE)
                .and_then(|record| record.header().cap)
                .ok_or(VoidReason::May)?;
            let above = state
                .grants
                .get(&theirs)
                .is_some_and(|theirs| grant.limits.rank > theirs.limits.rank);
            if above || (revocation.by == *seat && theirs == *own) {
                Ok(())
            } else {
                Err(VoidReason::May)
            }
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

    /// Whether a device is, or ever was, one of a seat: added by a record found valid here, or the
    /// root of a seat that has one. Anybody may claim a seat, so it answers for no other device; and
    /// anybody makes up seats, each with a root.
    pub fn had_device(&self, seat: &SeatKey, dev: &DeviceKey) -> bool {
        self.intake.had_device(seat, dev)
    }

    /// Whether a record would be set aside unjudged if it came now: it asks for what this build does
    /// not know, or something that it rests on directly is parked.
    pub fn would_park(&self, record: &Verified) -> bool {
        self.intake.would_park(record)
    }

    /// Whether a record is of a kind, or asks for a feature, that this build does not know (section
    /// 2.6): it is stored, and nobody judges it.
    pub fn is_beyond(&self, record: &Verified) -> bool {
        let reason = own_park_reason(record);
        matches!(reason, Some(ParkReason::Kind | ParkReason::Feature))
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

/// Rank and lineage of the live grants that a revocation would have to hit.
fn aimed_at(state: &State, target: Target) -> Result<Vec<(u8, Vec<GrantId>)>, VoidReason> {
    let of_grant = |grant: &GrantState| (grant.limits.rank, grant.lineage.clone());
    let of_seat = |seat: &SeatKey| -> Vec<_> {
        state
            .seats
            .get(seat)
            .into_iter()
            .flat_map(|member| &member.grants)
            .filter_map(|gid| state.grants.get(gid))
            .filter(|grant| grant.live)
            .map(of_grant)
            .collect()
    };
    let found = match target {
        Target::Grant(gid) => match (state.grants.get(&gid), state.invites.get(&gid)) {
            (Some(grant), _) if grant.live => vec![of_grant(grant)],
            (None, Some(invite)) if invite.live => {
                let above = state.grants.get(&invite.cap);
                let mut lineage = above.map(|cap| cap.lineage.clone()).unwrap_or_default();
                lineage.push(invite.cap);
                vec![(invite.limits.rank, lineage)]
            }
            (None, None) => return Err(VoidReason::TargetUnknown),
            _ => Vec::new(),
        },
        Target::Seat(seat) if !state.seats.contains_key(&seat) => {
            return Err(VoidReason::TargetUnknown);
        }
        Target::Seat(seat) => of_seat(&seat),
        Target::Device(dev) => {
            let mut known = false;
            let mut found = Vec::new();
            for (seat, member) in &state.seats {
                if let Some(device) = member.devices.get(&dev) {
                    known = true;
                    if device.is_certified() {
                        found.extend(of_seat(seat));
                    }
                }
            }
            if !known {
                return Err(VoidReason::TargetUnknown);
            }
            found
        }
    };
    if found.is_empty() {
        Err(VoidReason::Seat)
    } else {
        Ok(found)
    }
}

fn best(
    state: &State,
    seat: &SeatKey,
    dev: &DeviceKey,
    need: &Need<'_>,
    more: impl Fn(&GrantId, &GrantState) -> Result<(), VoidReason>,
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
        match warrant.test(&wanted).and_then(|()| more(gid, grant)) {
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
