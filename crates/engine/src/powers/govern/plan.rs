//! From what a person wants to a class and effects (section 5.2).

use folkmoot_api::{ApiError, ContractState, Proposed};
use folkmoot_record::{
    CollectiveId, SeatKey,
    control::{Actions, Cut, Effect, Grant, Limits, Readmit, Revoke, Role, Target},
    limits,
};
use folkmoot_store::Vault;

use super::{amend::delta, words};
use crate::{
    core::Core,
    errors::{failed, not_found, usage},
    membership::{collective::Collective, who::Named},
    powers::{
        charter,
        contracts::{in_force, in_time},
        cut::{FRAME, Filled},
    },
};

/// From this rank on, standing is a matter of stewardship (sections 4.3 and 5.2).
pub(super) const STEWARDS: u8 = 100;
/// Bytes that a proposal holds besides title, text and cuts: class, lengths, and the effects that give
/// something, at most.
const OTHER_BYTES: usize = 8 << 10;
/// How far a right given by vote may be handed on.
const DEPTH_LEFT: u8 = 30;
/// Most removals that one proposal takes back; a proposal has at most 32 effects.
const MOST_READMITTED: usize = 30;

/// What will be put to the vote.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) class: u8,
    pub(super) effects: Vec<Effect>,
    /// What it is called if the person says nothing.
    pub(super) title: String,
    /// What the person who proposes has to know besides.
    pub(super) cautions: Vec<String>,
}

impl Core {
    /// Works out class and effects.
    pub(super) fn plan(
        &mut self,
        cid: &CollectiveId,
        what: &Proposed,
        now_ms: u64,
    ) -> Result<Plan, ApiError> {
        let collective = self
            .collectives
            .get_mut(cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let store = &self.store;
        match what {
            Proposed::Resolution {} => Ok(Plan {
                class: 0,
                effects: Vec::new(),
                title: String::new(),
                cautions: Vec::new(),
            }),
            Proposed::Charter { toml } => {
                let new = charter::read(toml)?;
                let old =
                    collective.accord.state().charter.clone().ok_or_else(|| {
                        failed("the founding record has not arrived yet".to_owned())
                    })?;
                let change = delta(&old, &new)?;
                Ok(Plan {
                    class: 3,
                    title: words::amendment_title(&change),
                    effects: vec![Effect::Charter(change)],
                    cautions: Vec::new(),
                })
            }
            Proposed::Remove { member } => {
                let seat = collective.seat_called(member)?;
                collective.must_live(&seat)?;
                let kept = collective.all_of(store, &seat, 1)?;
                let effects = vec![removal(seat, kept.cut.clone())];
                let high = collective.rank_of(&seat) >= STEWARDS;
                Ok(Plan {
                    class: collective.class_for(high, 1, &effects, now_ms),
                    effects,
                    title: format!("Remove {}", collective.member_name(&seat)),
                    cautions: cautions(&kept),
                })
            }
            Proposed::Restore { member, role } => {
                let seat = collective.seat_called(member)?;
                let role = collective.role(role.as_deref().unwrap_or("writer"))?;
                collective.restoration(store, seat, &role, now_ms)
            }
            Proposed::Role { member, role } => {
                let seat = collective.seat_called(member)?;
                collective.must_live(&seat)?;
                let role = collective.role(role)?;
                collective.promotion(store, seat, &role, now_ms)
            }
            Proposed::Steward { member, replacing } => {
                let seat = collective.seat_called(member)?;
                collective.must_live(&seat)?;
                let other = replacing
                    .as_deref()
                    .map(|name| collective.seat_called(name))
                    .transpose()?;
                collective.succession(store, seat, other, now_ms)
            }
        }
    }
}

impl Collective {
    /// A member, past or present, by name or first digits of the seat.
    fn seat_called(&self, text: &str) -> Result<SeatKey, ApiError> {
        let found = self.seats_called(text);
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(
                not_found(format!("nobody is called {text} in {}", self.name())).hint(format!(
                    "`moot collective members {}` shows them",
                    self.name()
                )),
            ),
            several => {
                let seats: Vec<String> = several
                    .iter()
                    .map(|seat| Named::Person(*seat).text(self))
                    .collect();
                Err(usage(format!("{text} may be several people"))
                    .hint(format!("say which by digits: {}", seats.join(", "))))
            }
        }
    }

    fn must_live(&self, seat: &SeatKey) -> Result<(), ApiError> {
        let live = |member: &folkmoot_accord::state::SeatState| member.live;
        if self.accord.state().seats.get(seat).is_some_and(live) {
            return Ok(());
        }
        let name = self.member_name(seat);
        Err(
            usage(format!("{name} is no member of {} any more", self.name()))
                .hint(format!("moot propose restore {}", seat.short())),
        )
    }

    /// The greatest rank of the rights that hold now; [`Self::rank_of`] counts those that are over by
    /// their time too, as revocations must.
    fn rank_in_force(&self, seat: &SeatKey, now_ms: u64) -> u8 {
        let state = self.accord.state();
        let grants = state.seats.get(seat).into_iter();
        grants
            .flat_map(|member| &member.grants)
            .filter_map(|gid| state.grants.get(gid))
            .filter(|grant| in_force(grant, now_ms))
            .map(|grant| grant.limits.rank)
            .max()
            .unwrap_or(0)
    }

    fn rank_of(&self, seat: &SeatKey) -> u8 {
        self.accord
            .state()
            .seats
            .get(seat)
            .map_or(0, |member| member.rank)
    }

    /// The class that can do it: `low` where nobody of a steward's rank is concerned, else
    /// stewardship where the stewards can carry it, else succession.
    fn class_for(&mut self, high: bool, low: u8, effects: &[Effect], now_ms: u64) -> u8 {
        if !high {
            return low;
        }
        let possible = |poll: folkmoot_accord::Poll| poll.needed() <= poll.electorate.len() as u64;
        if self
            .accord
            .poll_if(2, effects, now_ms)
            .is_some_and(possible)
        {
            2
        } else {
            4
        }
    }

    fn promotion(
        &mut self,
        store: &Vault,
        seat: SeatKey,
        role: &Role,
        now_ms: u64,
    ) -> Result<Plan, ApiError> {
        let name = self.member_name(&seat);
        let state = self.accord.state();
        // What is over by its time is neither a role nor something to take away.
        let held: Vec<_> = state
            .seats
            .get(&seat)
            .into_iter()
            .flat_map(|member| &member.grants)
            .filter_map(|gid| Some((*gid, state.grants.get(gid)?)))
            .filter(|(_, grant)| {
                grant.live && in_time(&grant.limits, now_ms) != ContractState::Expired
            })
            .map(|(gid, grant)| (gid, grant.limits.rank, grant.limits.clone()))
            .collect();
        let above: Vec<_> = held
            .iter()
            .filter(|(_, rank, _)| *rank > role.rank)
            .collect();
        // A right for some tags, or for a time, is not the role.
        let whole = |limits: &Limits| {
            limits.role == role.id
                && limits.tags.is_none()
                && limits.kinds.is_none()
                && limits.exp.is_none()
                && limits.nbf.is_none_or(|from| from <= now_ms)
        };
        if above.is_empty() && held.iter().any(|(_, _, limits)| whole(limits)) {
            return Err(usage(format!("{name} is {} already", role.name)));
        }
        let mut effects = vec![grant(seat, role)];
        let kept = self.all_of(store, &seat, above.len())?;
        for (gid, _, _) in &above {
            effects.push(Effect::Revoke(Revoke {
                target: Target::Grant(*gid),
                subtree: false,
                back: false,
                cut: kept.cut.clone(),
                keep: Vec::new(),
                reason: None,
            }));
        }
        let high = role.rank >= STEWARDS || above.iter().any(|(_, rank, _)| *rank >= STEWARDS);
        Ok(Plan {
            class: self.class_for(high, 1, &effects, now_ms),
            effects,
            title: format!("Make {name} {}", role.name),
            cautions: if above.is_empty() {
                Vec::new()
            } else {
                cautions(&kept)
            },
        })
    }

    fn restoration(
        &mut self,
        store: &Vault,
        seat: SeatKey,
        role: &Role,
        now_ms: u64,
    ) -> Result<Plan, ApiError> {
        let name = self.member_name(&seat);
        let state = self.accord.state();
        let mut class = 1;
        let mut readmitted = Vec::new();
        let mut beyond = 0;
        for (vid, revocation) in &state.revocations {
            let concerns = match revocation.target {
                Target::Seat(target) => target == seat,
                Target::Grant(gid) => state.grants.get(&gid).is_some_and(|grant| grant.to == seat),
                Target::Device(_) => false,
            };
            if !revocation.active || !concerns {
                continue;
            }
            if readmitted.len() < MOST_READMITTED {
                readmitted.push(*vid);
                // No lower class than the one that removed them.
                if let Some(decided) = state.proposals.get(&revocation.record) {
                    class = class.max(decided.class);
                }
            } else {
                beyond += 1;
            }
        }
        if readmitted.is_empty() && state.seats.get(&seat).is_some_and(|member| member.live) {
            return Err(
                usage(format!("{name} is a member of {}", self.name())).hint(format!(
                    "moot propose role {} {}",
                    seat.short(),
                    role.name
                )),
            );
        }
        let kept = self.all_of(store, &seat, readmitted.len())?;
        let mut effects: Vec<Effect> = readmitted
            .into_iter()
            .map(|vid| {
                Effect::Readmit(Readmit {
                    vid,
                    cut: kept.cut.clone(),
                    keep: Vec::new(),
                })
            })
            .collect();
        effects.push(grant(seat, role));
        let high = class >= 2 || role.rank >= STEWARDS;
        let fitting = self.class_for(high, 1, &effects, now_ms);
        let mut cautions = cautions(&kept);
        if beyond > 0 {
            cautions.push(format!(
                "{beyond} more revocations bear on {name} than one vote takes back: propose it once more after this one"
            ));
        }
        Ok(Plan {
            class: class.max(fitting),
            effects,
            title: format!("Restore {name} as {}", role.name),
            cautions,
        })
    }

    fn succession(
        &mut self,
        store: &Vault,
        seat: SeatKey,
        replacing: Option<SeatKey>,
        now_ms: u64,
    ) -> Result<Plan, ApiError> {
        let name = self.member_name(&seat);
        let role = self
            .roles()
            .into_iter()
            .filter(|role| role.rank >= STEWARDS)
            .min_by_key(|role| (std::cmp::Reverse(role.rank), role.id))
            .ok_or_else(|| {
                usage(format!("{} has no role of a steward's rank", self.name())).hint(
                    "`moot charter show` lists the roles; a new one needs a change of the charter",
                )
            })?;
        let mut effects = vec![grant(seat, &role)];
        let mut title = format!("Make {name} {}", role.name);
        let mut told = Vec::new();
        match replacing {
            Some(other) if other == seat => {
                return Err(usage("nobody takes their own place"));
            }
            Some(other) => {
                self.must_live(&other)?;
                let kept = self.all_of(store, &other, 1)?;
                told = cautions(&kept);
                effects.push(removal(other, kept.cut));
                title.push_str(&format!(" in the place of {}", self.member_name(&other)));
            }
            None if self.rank_in_force(&seat, now_ms) >= role.rank => {
                return Err(usage(format!("{name} is {} already", role.name)));
            }
            None => {}
        }
        Ok(Plan {
            class: self.class_for(true, 2, &effects, now_ms),
            effects,
            title,
            cautions: told,
        })
    }

    /// A cut that keeps everything held of a seat, in both lanes (section 4.5), and of which so many
    /// fit into one proposal.
    fn all_of(&self, store: &Vault, seat: &SeatKey, times: usize) -> Result<Filled, ApiError> {
        let member = self.accord.state().seats.get(seat);
        let devices = member
            .into_iter()
            .flat_map(|member| member.devices.keys())
            .map(|dev| (*seat, *dev))
            .collect();
        let lines = self.lines(store, &[*seat].into())?;
        Ok(self.fill_cut(&devices, &lines, |_| true, &[], room_of_one(times)))
    }
}

/// Bytes that one of so many cuts may take in a proposal, whatever its title and text say.
fn room_of_one(times: usize) -> usize {
    let all = limits::LONG_BODY - limits::TITLE - limits::TEXT - OTHER_BYTES;
    (all / times.max(1)).saturating_sub(FRAME)
}

/// Ends all rights of a person, and keeps what is named.
fn removal(seat: SeatKey, cut: Vec<Cut>) -> Effect {
    Effect::Revoke(Revoke {
        target: Target::Seat(seat),
        subtree: false,
        back: false,
        cut,
        keep: Vec::new(),
        reason: None,
    })
}

/// What a cut could not keep, for whoever proposes it.
fn cautions(kept: &Filled) -> Vec<String> {
    let mut cautions: Vec<String> = kept.above_gaps().into_iter().collect();
    if kept.left_out > 0 {
        cautions.push(format!(
            "{} ends of logs find no room in the proposal: what only they keep is cut away",
            kept.left_out
        ));
    }
    cautions
}

/// The effect that gives a role, whole.
fn grant(to: SeatKey, role: &Role) -> Effect {
    Effect::Grant(Grant {
        to,
        limits: Limits {
            role: role.id,
            rank: role.rank,
            mask: Actions::ALL,
            kinds: None,
            tags: None,
            nbf: None,
            exp: None,
            depth_left: DEPTH_LEFT,
        },
    })
}

#[cfg(test)]
mod tests {
    use folkmoot_record::{
        DeviceKey, RecordId,
        control::{Control, Proposal},
    };

    use super::*;

    /// Whoever has more log ends than a proposal takes can still be voted out, by every effect.
    #[test]
    fn full_cuts_share_the_room_of_a_proposal() {
        for times in [1, 2, MOST_READMITTED] {
            let places = room_of_one(times) / crate::powers::cut::ENTRY;
            assert!(places >= 200, "{places}");
            let cut: Vec<Cut> = (0..places)
                .map(|n| Cut {
                    dev: DeviceKey::from_bytes([1; 32]),
                    lane: 1,
                    seq: u32::MAX - u32::try_from(places - n).unwrap(),
                    id: RecordId::from_bytes([2; 32]),
                })
                .collect();
            let body = Control::Proposal(Proposal {
                class: 1,
                title: "t".repeat(limits::TITLE),
                effects: vec![removal(SeatKey::from_bytes([3; 32]), cut); times],
                closes_ms: u64::MAX >> 11,
                text: Some("x".repeat(limits::TEXT)),
            });
            assert!(body.encode().len() <= limits::LONG_BODY, "{times}");
        }
    }
}
