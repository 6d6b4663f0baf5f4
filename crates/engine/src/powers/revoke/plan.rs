//! What a revocation would do, for people.

use std::collections::BTreeSet;

use folkmoot_accord::State;
use folkmoot_api::{ContractView, KeysChange, PersonView, RevocationView, TouchedRecord};
use folkmoot_record::{CollectiveId, GrantId, RecordId, SeatKey, control::Target};

use super::{Plan, title_of};
use crate::{
    core::Core, exchange::rekey::fit, membership::collective::Collective, powers::limits::words,
};

/// Records of which the titles are told; the rest is a number.
pub(crate) const MOST_TOLD: usize = 20;
/// A node that compared within this time knows about all there is, in ms (section 4.11).
const LATELY: u64 = 3_600_000;
/// Nodes that should have compared before somebody is removed (section 4.11).
const WITNESSES: u64 = 2;

impl Core {
    pub(super) fn revocation_view(
        &mut self,
        cid: CollectiveId,
        plan: &mut Plan,
        now_ms: u64,
    ) -> RevocationView {
        let mut view = self.bare_revocation(&cid, plan, now_ms);
        self.count_content(&cid, plan, now_ms, &mut view);
        let was_fit = self
            .collectives
            .get_mut(&cid)
            .is_none_or(|collective| fit(&mut collective.accord, now_ms));
        if was_fit && !fit(&mut plan.trial.accord, now_ms) {
            let may = self
                .collectives
                .get(&cid)
                .is_some_and(|collective| collective.may_renew_keys(now_ms));
            view.keys = if may {
                KeysChange::Renewed
            } else {
                KeysChange::Due
            };
        }
        let told = cautions(&view);
        view.cautions.extend(told);
        view.cautions.extend(plan.filled.above_gaps().map(|told| {
            format!(
                "{told}: `moot sync {}` may fill the gap, and after it `moot readmit` brings them back; `--keep ID` keeps one of them now, and whatever else the gap may hold",
                view.collective
            )
        }));
        view
    }

    fn bare_revocation(&self, cid: &CollectiveId, plan: &Plan, now_ms: u64) -> RevocationView {
        let mut view = RevocationView {
            id: None,
            collective: String::new(),
            collective_id: cid.to_string(),
            what: String::new(),
            target: String::new(),
            ends: Vec::new(),
            leaves: Vec::new(),
            stays: Vec::new(),
            kept: 0,
            lost: 0,
            lost_control: 0,
            lost_records: Vec::new(),
            cut: plan.filled.cut.len() as u64,
            left_out: plan.filled.left_out as u64,
            keys: KeysChange::Unchanged,
            others: 0,
            compared: 0,
            open_invites: Vec::new(),
            cautions: Vec::new(),
        };
        let Some(collective) = self.collectives.get(cid) else {
            return view;
        };
        let (before, after) = (collective.accord.state(), plan.trial.accord.state());
        let ended = ended(before, after);
        view.collective = collective.name();
        (view.what, view.target) = collective.target_words(plan.target);
        view.ends = collective.contract_views(&ended, now_ms);
        for contract in &mut view.ends {
            contract.short = self.shown_id(&contract.id);
        }
        view.leaves = gone(before, after)
            .iter()
            .map(|seat| collective.person_view(seat))
            .collect();
        view.stays = collective.stay_below(&ended, after, &plan.seats);
        let me = collective.secrets.seat;
        let mut besides = plan.seats.clone();
        besides.insert(me);
        view.others = before
            .seats
            .iter()
            .filter(|(seat, member)| member.live && !besides.contains(*seat))
            .count() as u64;
        match self.compared_since(cid, &besides, now_ms.saturating_sub(LATELY)) {
            Ok(compared) => view.compared = compared.min(view.others),
            Err(error) => view.cautions.push(format!(
                "with whom your node was compared lately cannot be read: {error}"
            )),
        }
        if !view.leaves.is_empty() {
            view.open_invites = after
                .invites
                .iter()
                .filter(|(_, invite)| invite.welcomes(now_ms))
                .map(|(gid, _)| self.shown_id(&gid.to_string()))
                .collect();
        }
        view
    }

    fn count_content(
        &self,
        cid: &CollectiveId,
        plan: &mut Plan,
        now_ms: u64,
        view: &mut RevocationView,
    ) {
        let mut lost: Vec<(RecordId, SeatKey)> = Vec::new();
        for line in &plan.lines {
            match plan.trial.judge(&self.store, line, now_ms) {
                (true, false) => {
                    view.lost += 1;
                    lost.push((line.id, line.header.seat));
                }
                (_, true) => view.kept += 1,
                (false, false) => {}
            }
        }
        let cut_control: Vec<RecordId> = plan
            .trial
            .control
            .iter()
            .filter(|(_, honoured)| !honoured)
            .map(|(id, _)| *id)
            .collect();
        view.lost_control = cut_control.len() as u64;
        let Some(collective) = self.collectives.get(cid) else {
            return;
        };
        // The newest are what is thought of first.
        let newest = lost.iter().rev().take(MOST_TOLD);
        view.lost_records = newest
            .map(|(id, seat)| self.touched(collective, id, seat))
            .collect();
    }

    /// A record in a list.
    pub(crate) fn touched(
        &self,
        collective: &Collective,
        id: &RecordId,
        seat: &SeatKey,
    ) -> TouchedRecord {
        TouchedRecord {
            id: id.to_string(),
            short: self.short_id(id),
            author: collective.member_name(seat),
            title: title_of(&self.store, id).unwrap_or_default(),
        }
    }
}

impl Collective {
    fn target_words(&self, target: Target) -> (String, String) {
        let state = self.accord.state();
        match target {
            Target::Seat(seat) => {
                let (name, short) = (self.member_name(&seat), seat.short());
                let text = if name == short {
                    format!("the member {short}")
                } else {
                    format!("{name} ({short})")
                };
                (text, seat.to_string())
            }
            Target::Device(dev) => {
                let owners = state
                    .seats
                    .iter()
                    .filter(|(_, member)| member.devices.contains_key(&dev))
                    .map(|(seat, _)| self.member_name(seat));
                (
                    format!("the device {} of {}", dev.short(), words(owners)),
                    dev.to_string(),
                )
            }
            Target::Grant(gid) => {
                let text = match (state.grants.get(&gid), state.invites.get(&gid)) {
                    (Some(grant), _) => format!(
                        "the right of {} as {}",
                        self.member_name(&grant.to),
                        self.role_name(grant.limits.role)
                    ),
                    (None, Some(invite)) => format!(
                        "the invite {} for the role {}",
                        gid.short(),
                        self.role_name(invite.limits.role)
                    ),
                    (None, None) => "a right".to_owned(),
                };
                (text, gid.to_string())
            }
        }
    }

    fn contract_views(&self, ids: &[GrantId], now_ms: u64) -> Vec<ContractView> {
        let state = self.accord.state();
        let mut views: Vec<ContractView> = ids
            .iter()
            .filter_map(
                |gid| match (state.grants.get(gid), state.invites.get(gid)) {
                    (Some(grant), _) => Some(self.contract_view(gid, grant, now_ms)),
                    (None, Some(invite)) => Some(self.invite_contract(gid, invite, now_ms)),
                    (None, None) => None,
                },
            )
            .collect();
        views.sort_by(|a, b| (a.made, &a.id).cmp(&(b.made, &b.id)));
        views
    }

    /// People with a right that descends from what ends, and who stay.
    fn stay_below(
        &self,
        ended: &[GrantId],
        after: &State,
        concerned: &BTreeSet<SeatKey>,
    ) -> Vec<PersonView> {
        let below: BTreeSet<SeatKey> = after
            .grants
            .values()
            .filter(|grant| grant.live && !concerned.contains(&grant.to))
            .filter(|grant| grant.lineage.iter().any(|above| ended.contains(above)))
            .map(|grant| grant.to)
            .collect();
        below
            .iter()
            .filter(|seat| after.seats.get(*seat).is_some_and(|member| member.live))
            .map(|seat| self.person_view(seat))
            .collect()
    }
}

fn ended(before: &State, after: &State) -> Vec<GrantId> {
    let grants = before.grants.iter().filter(|(gid, grant)| {
        grant.live && after.grants.get(*gid).is_none_or(|after| !after.live)
    });
    let invites = before.invites.iter().filter(|(gid, invite)| {
        invite.live && after.invites.get(*gid).is_none_or(|after| !after.live)
    });
    grants
        .map(|(gid, _)| *gid)
        .chain(invites.map(|(gid, _)| *gid))
        .collect()
}

fn gone(before: &State, after: &State) -> Vec<SeatKey> {
    before
        .seats
        .iter()
        .filter(|(seat, member)| {
            member.live && after.seats.get(*seat).is_none_or(|after| !after.live)
        })
        .map(|(seat, _)| *seat)
        .collect()
}

/// What is said where the one who removes may not renew the keys.
pub(super) const KEYS_OF_OTHERS: &str = "new keys are due, and you may not make them: the running node of a member who may does it within a minute of hearing of this";

fn cautions(view: &RevocationView) -> Vec<String> {
    let mut cautions = Vec::new();
    let wanted = WITNESSES.min(view.others);
    if view.compared < wanted {
        cautions.push(format!(
            "this node compared with {} of {} other members in the last hour: what only they hold is cut away until it is readmitted; `moot sync {}` first is better",
            view.compared, view.others, view.collective
        ));
    }
    if view.left_out > 0 {
        cautions.push(format!(
            "{} places found no room in the record (524,288 bytes): the records that only they keep are among those cut away",
            view.left_out
        ));
    }
    if view.keys == KeysChange::Due {
        cautions.push(KEYS_OF_OTHERS.to_owned());
    }
    if !view.open_invites.is_empty() {
        cautions.push(format!(
            "these invites stay open, and the removed may know a key: {}; close one with `moot invite close ID`",
            view.open_invites.join(", ")
        ));
    }
    cautions
}
