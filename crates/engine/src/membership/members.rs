//! Who is in a collective, by whom, and since when nothing was heard of them.

use folkmoot_accord::state::{DeviceState, Origin, SeatState};
use folkmoot_api::{ApiError, DeviceView, MemberView, MembersArgs, PartedView};
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, RecordId, SeatKey};

use crate::{
    core::Core,
    errors::{failed, store_failed, store_unread, usage},
    membership::{
        collective::Collective,
        collectives::action_words,
        invite::{moment, timestamp},
        parting::Parting,
    },
    powers::{contracts::in_force, scope},
};

/// How a member came in.
struct Admission {
    by: Option<SeatKey>,
    via: &'static str,
    label: Option<String>,
}

/// What the logs held say of a seat.
#[derive(Default)]
struct Traces {
    written: u64,
    last_record: u64,
    last_connection: u64,
}

impl Core {
    /// The members of a collective; of the only shared one where none is named.
    pub(crate) fn members_of(&mut self, ask: &MembersArgs) -> Result<Vec<MemberView>, ApiError> {
        let cid = match &ask.collective {
            Some(name) => self.resolve(name)?,
            None => self.only_shared()?,
        };
        let mut members = self.members(&cid)?;
        if !ask.all {
            members.retain(|member| member.live);
        }
        Ok(members)
    }

    /// The one collective that this person shares with others.
    fn only_shared(&self) -> Result<CollectiveId, ApiError> {
        let shared: Vec<&Collective> = self.member_of().filter(|c| !c.is_home()).collect();
        match shared.as_slice() {
            [one] => Ok(one.cid()),
            [] => Err(usage("you are in no collective yet")
                .hint("found one: moot collective new NAME; or join one: moot join KEY")),
            several => {
                let names: Vec<String> = several.iter().map(|c| c.name()).collect();
                Err(usage("you are in several collectives")
                    .hint(format!("name one of them: {}", names.join(", "))))
            }
        }
    }

    /// Every member there ever was, by rank and time.
    pub(crate) fn members(&mut self, cid: &CollectiveId) -> Result<Vec<MemberView>, ApiError> {
        let now_ms = self.clock.wall();
        let connected = self.connected_devices(cid);
        let seats: Vec<(SeatKey, SeatState)> = self
            .collectives
            .get(cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?
            .accord
            .state()
            .seats
            .iter()
            .map(|(seat, member)| (*seat, member.clone()))
            .collect();
        let mut members = Vec::with_capacity(seats.len());
        for (seat, member) in seats {
            let traces = self.traces(cid, &seat, &member)?;
            let parting = self.collective_mut(cid)?.parting(&seat, now_ms);
            let collective = &self.collectives[cid];
            let (role, rights, grant) = collective.strongest(&member, now_ms);
            let rank = grant.filter(|_| !role.is_empty()).and_then(|gid| {
                let grant = collective.accord.state().grants.get(&gid)?;
                Some(grant.limits.rank)
            });
            let admission = collective.admission(collective.first_right(&member).as_ref());
            let here = member.devices.keys().any(|dev| connected.contains(dev));
            let by_connection = here || traces.last_connection >= traces.last_record;
            let heard_ms = if here {
                now_ms
            } else {
                traces.last_connection.max(traces.last_record)
            };
            let me = seat == collective.secrets.seat;
            members.push(MemberView {
                name: collective.member_name(&seat),
                seat: seat.to_string(),
                me,
                role,
                rank: rank.unwrap_or(member.rank),
                rights,
                live: member.live && parting.is_none(),
                admitted_by: admission.by.map(|seat| seat.to_string()),
                admitted_via: admission.via.to_owned(),
                invite_label: admission.label,
                since: moment(collective.since(&member.grants).unwrap_or(0)),
                devices: member
                    .devices
                    .iter()
                    .filter(|(_, device)| device.is_certified())
                    .map(|(key, device)| {
                        collective.device_view(key, device, connected.contains(key))
                    })
                    .collect(),
                records: traces.written,
                last_heard: (heard_ms > 0 && !me).then(|| timestamp(heard_ms)).flatten(),
                heard_by: (heard_ms > 0 && !me).then(|| {
                    if by_connection {
                        "connection"
                    } else {
                        "record"
                    }
                    .to_owned()
                }),
                parted: parting.map(|parting| collective.parted_view(&parting)),
            });
        }
        members.sort_by(|a, b| (b.rank, &a.since, &a.seat).cmp(&(a.rank, &b.since, &b.seat)));
        Ok(members)
    }

    /// How much of a seat is held, and when it was last heard. It reads one place of each log: a
    /// search for each of a thousand members would take seconds.
    fn traces(
        &self,
        cid: &CollectiveId,
        seat: &SeatKey,
        member: &SeatState,
    ) -> Result<Traces, ApiError> {
        let mut traces = Traces::default();
        let collective = &self.collectives[cid];
        let root = DeviceKey::from(*seat);
        for dev in member.devices.keys().chain([&root]) {
            if let Some(tip) = self.store.tip(cid, dev).map_err(store_failed)? {
                traces.written += u64::from(tip.seq) + 1;
                traces.last_record = traces.last_record.max(tip.hlc.ms());
            }
            let last = collective.accord.next_place(seat, dev).prev;
            if let Some(record) = last.and_then(|id| collective.accord.record(&id)) {
                traces.last_record = traces.last_record.max(record.header().ms());
            }
            let connection = self.last_heard(cid, dev).map_err(store_unread)?;
            traces.last_connection = traces.last_connection.max(connection.unwrap_or(0));
        }
        Ok(traces)
    }
}

impl Collective {
    /// The strongest right of a seat that is in force, or its last one: role, what that allows, which.
    pub(crate) fn strongest(
        &self,
        member: &SeatState,
        now_ms: u64,
    ) -> (String, Vec<String>, Option<GrantId>) {
        let state = self.accord.state();
        let best = member
            .grants
            .iter()
            .filter_map(|id| Some((id, state.grants.get(id)?)))
            .max_by_key(|(_, grant)| (in_force(grant, now_ms), grant.live, grant.limits.rank));
        let Some((id, grant)) = best else {
            return (String::new(), Vec::new(), None);
        };
        let role = state.charter.as_ref().and_then(|charter| {
            charter
                .roles
                .iter()
                .find(|role| role.id == grant.limits.role)
        });
        match role {
            Some(role) if in_force(grant, now_ms) => (
                role.name.clone(),
                action_words(role.actions.and(grant.limits.mask)),
                Some(*id),
            ),
            _ => (String::new(), Vec::new(), Some(*id)),
        }
    }

    /// The right by which a seat came in: the oldest one.
    fn first_right(&self, member: &SeatState) -> Option<GrantId> {
        let grants = member.grants.iter().copied();
        grants.min_by_key(|gid| (self.given_ms(gid), *gid))
    }

    fn admission(&self, grant: Option<&GrantId>) -> Admission {
        let unknown = Admission {
            by: None,
            via: "founding",
            label: None,
        };
        let state = self.accord.state();
        let Some((gid, grant)) = grant.and_then(|gid| Some((gid, state.grants.get(gid)?))) else {
            return unknown;
        };
        match grant.origin {
            Origin::Founder => unknown,
            Origin::Join(invite) => {
                let invite = self.accord.invite(&invite);
                Admission {
                    by: invite.map(|invite| invite.issuer),
                    via: "invite",
                    label: invite.and_then(|invite| invite.label.clone()),
                }
            }
            Origin::Grant => Admission {
                by: self
                    .accord
                    .record(&RecordId::from(*gid))
                    .map(|record| record.header().seat),
                via: "grant",
                label: None,
            },
            Origin::Decision(proposal) => Admission {
                by: state.proposals.get(&proposal).map(|proposal| proposal.by),
                via: "vote",
                label: None,
            },
        }
    }

    fn device_view(&self, key: &DeviceKey, device: &DeviceState, connected: bool) -> DeviceView {
        let limits = match device {
            DeviceState::Limited { limits, .. } => limits
                .iter()
                .max_by_key(|limits| limits.exp)
                .map(scope::device_limits),
            DeviceState::Full { .. } | DeviceState::Dropped => None,
        };
        DeviceView {
            key: key.to_string(),
            standing: if device.is_full() { "full" } else { "limited" }.to_owned(),
            connected,
            limits,
        }
    }

    fn parted_view(&self, parting: &Parting) -> PartedView {
        let (by, at_ms, reason) = match parting {
            Parting::Left { at_ms, .. } | Parting::Expired { at_ms } => (None, *at_ms, None),
            Parting::Removed {
                by, at_ms, reason, ..
            } => (Some(*by), *at_ms, reason.clone()),
            Parting::NoDevice | Parting::NeverIn => (None, 0, None),
        };
        PartedView {
            how: parting.word().to_owned(),
            by: by.map(|seat| seat.to_string()),
            by_name: by.map(|seat| self.member_name(&seat)),
            by_vote: matches!(parting, Parting::Removed { vote: true, .. }),
            at: (at_ms > 0).then(|| timestamp(at_ms)).flatten(),
            reason,
        }
    }
}
