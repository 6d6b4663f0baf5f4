//! Honouring again what a revocation cut away: late honest work (sections 4.5 and 4.9).

mod fill;

use std::collections::BTreeSet;

use folkmoot_accord::{Denied, Shadow, Standing, VoidReason};
use folkmoot_api::{ApiError, ReadmissionView, ReadmitArgs, Reply};
use folkmoot_record::{
    CollectiveId, DeviceKey, GrantId, Kind, RecordId, RevocationId, SeatKey, Verified,
    control::{Control, Readmit, Revoke, Target},
};

use crate::{
    core::Core,
    errors::{denied, failed, not_found, refused, void},
    intake::take::HeldContent,
    membership::{collective::Collective, who::Named},
    powers::{
        cut::{Line, above_gaps, content_ends},
        revoke::MOST_TOLD,
        trial::Trial,
    },
};

/// Revocations softened by one command: of one person there are few.
const MOST_REVOCATIONS: usize = 16;
/// Records that one command signs: as many as a person waits for.
const MOST_RECORDS: usize = 64;

/// One readmission worked out.
struct Draft {
    vid: RevocationId,
    cap: GrantId,
    body: Control,
}

/// Everything that one command does.
struct Plan {
    drafts: Vec<Draft>,
    lines: Vec<Line>,
    control: Vec<(RecordId, SeatKey)>,
    /// Places that found no room in as many records as one command signs.
    left_out: usize,
    /// Honest records that cannot be named, since one below them is not held.
    above_gap: usize,
    /// Revocations that one command does not come to.
    beyond: usize,
    /// What this person may not soften, and why.
    refusals: Vec<(RevocationId, Denied)>,
    trial: Trial,
}

impl Core {
    /// Honours late work again, or says what that would bring back.
    pub(crate) fn readmit(&mut self, ask: &ReadmitArgs) -> Result<Reply, ApiError> {
        let content = match self.record_named(&ask.what) {
            Ok(found) => found.and_then(|id| crate::exchange::holdings::read(&self.store, &id)),
            Err(_) => None,
        };
        let (cid, named) = self.named(&ask.what, ask.collective.as_deref(), "nothing", |c| {
            c.readmittable(&ask.what, content.as_ref())
        })?;
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let mut plan = self.plan_readmission(cid, named, now_ms)?;
        let mut view = self.readmission_view(cid, &mut plan, now_ms);
        if view.restored + view.restored_control == 0 {
            return Err(nothing_back(&plan, &view));
        }
        if !ask.dry_run {
            for draft in plan.drafts {
                let record = self.control(cid, |collective, now_ms| {
                    collective.sign_under(now_ms, draft.cap, Kind::READMIT, &draft.body)
                })?;
                view.ids.push(record.id().to_string());
            }
        }
        Ok(Reply::Readmission(Box::new(view)))
    }

    fn plan_readmission(
        &mut self,
        cid: CollectiveId,
        named: Named,
        now_ms: u64,
    ) -> Result<Plan, ApiError> {
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        collective.must_be_shared()?;
        let name = collective.name();
        let only = match named {
            Named::Record(id) => Some(id),
            _ => None,
        };
        let (vids, seats) = collective.cut_by(store, named);
        if vids.is_empty() {
            return Err(
                not_found("no revocation in force took anything of this away")
                    .hint("`moot why ID` tells why a record does not count"),
            );
        }
        let lines = collective.lines(store, &seats)?;
        let devices: BTreeSet<(SeatKey, DeviceKey)> = lines
            .iter()
            .map(|line| (line.header.seat, line.header.dev))
            .collect();
        let control = collective.shadowed_control(&seats, only);
        let (me, dev) = (collective.secrets.seat, collective.secrets.dev());
        let at_ms = collective.control_ms(now_ms);
        let beyond = vids.len().saturating_sub(MOST_REVOCATIONS);
        let (mut refusals, mut caps) = (Vec::new(), Vec::new());
        for vid in vids.into_iter().take(MOST_REVOCATIONS) {
            match collective.accord.grant_to_readmit(&me, &dev, at_ms, &vid) {
                Ok(cap) => caps.push((vid, cap)),
                Err(denial) => refusals.push((vid, denial)),
            }
        }
        if caps.is_empty()
            && let Some((_, refusal)) = refusals.last()
        {
            if refusal.reason != VoidReason::May {
                return Err(denied(&name, *refusal));
            }
            let told = collective.refusal_words(&refusals).join("; ");
            return Err(refused(
                refusal.reason,
                format!("nothing comes back to {name}: {told}"),
            ));
        }
        // Readmissions add up: what counts already needs no place.
        let wanted = |line: &Line| only.is_none_or(|only| only == line.id);
        let found = content_ends(&devices, &lines, wanted, &[]);
        let mut ends = found.ends;
        ends.retain(|end| end.shadowed > 0);
        ends.sort_by_key(|end| (std::cmp::Reverse(end.shadowed), end.cut));
        let keep: BTreeSet<RecordId> = control.iter().map(|(id, _)| *id).collect();
        let most = MOST_RECORDS / caps.len().max(1);
        let fill::Parts { parts, left_out } = fill::parts(&ends, &keep, most);
        let mut drafts = Vec::new();
        for (vid, cap) in caps {
            drafts.extend(parts.iter().map(|(cut, keep)| Draft {
                vid,
                cap,
                body: Control::Readmit(Readmit {
                    vid,
                    cut: cut.clone(),
                    keep: keep.clone(),
                }),
            }));
        }
        let mut records: Vec<Verified> = Vec::new();
        for draft in &drafts {
            // Each is tried as if it were the next one of this device: a fork only on trial.
            records.push(collective.draft_under(now_ms, draft.cap, Kind::READMIT, &draft.body)?);
        }
        let trial = collective
            .trial(&records, now_ms)
            .map_err(|reason| void(&name, reason))?;
        Ok(Plan {
            drafts,
            lines,
            control,
            left_out,
            above_gap: found.above_gap,
            beyond,
            refusals,
            trial,
        })
    }

    fn readmission_view(&self, cid: CollectiveId, plan: &mut Plan, now_ms: u64) -> ReadmissionView {
        let (mut restored, mut still_cut) = (Vec::new(), 0);
        for line in &plan.lines {
            match plan.trial.judge(&self.store, line, now_ms) {
                (false, true) => restored.push((line.id, line.header.seat)),
                (false, false) => still_cut += 1,
                (true, _) => {}
            }
        }
        let trial = &plan.trial.accord;
        let (back, gone): (Vec<_>, Vec<_>) = plan.control.iter().partition(|(id, _)| {
            trial
                .standing(id)
                .is_some_and(|standing| standing.is_honoured())
        });
        still_cut += gone.len() as u64;
        let Some(collective) = self.collectives.get(&cid) else {
            return ReadmissionView {
                ids: Vec::new(),
                collective: String::new(),
                collective_id: cid.to_string(),
                revocations: Vec::new(),
                restored: 0,
                restored_control: 0,
                records: Vec::new(),
                still_cut,
                cautions: Vec::new(),
            };
        };
        let before = collective.accord.state();
        let away: Vec<String> = plan
            .lines
            .iter()
            .map(|line| line.header.seat)
            .chain(plan.control.iter().map(|(_, seat)| *seat))
            .collect::<BTreeSet<_>>()
            .iter()
            .filter(|seat| {
                !trial
                    .state()
                    .seats
                    .get(*seat)
                    .is_some_and(|member| member.live)
            })
            .filter(|seat| before.seats.contains_key(*seat))
            .map(|seat| collective.member_name(seat))
            .collect();
        let mut cautions = Vec::new();
        if !away.is_empty() {
            cautions.push(format!(
                "this brings records back, not membership: {} comes back by a new invite or grant",
                away.join(", ")
            ));
        }
        cautions.extend(collective.readmit_cautions(plan, still_cut));
        ReadmissionView {
            ids: Vec::new(),
            collective: collective.name(),
            collective_id: cid.to_string(),
            revocations: plan
                .drafts
                .iter()
                .map(|draft| draft.vid)
                .collect::<BTreeSet<_>>()
                .iter()
                .map(ToString::to_string)
                .collect(),
            restored: restored.len() as u64,
            restored_control: back.len() as u64,
            records: restored
                .iter()
                .rev()
                .chain(back.iter().copied())
                .take(MOST_TOLD)
                .map(|(id, seat)| self.touched(collective, id, seat))
                .collect(),
            still_cut,
            cautions,
        }
    }
}

impl Collective {
    /// What a readmission leaves away, and why.
    fn readmit_cautions(&self, plan: &Plan, still_cut: u64) -> Vec<String> {
        let mut cautions = Vec::new();
        if plan.left_out > 0 {
            cautions.push(format!(
                "{} places found no room in {MOST_RECORDS} records: do it again for the rest",
                plan.left_out
            ));
        }
        if still_cut == 0 {
            return cautions;
        }
        cautions.extend(
            above_gaps(plan.above_gap)
                .map(|told| format!("{told}: `moot sync {}` may fill the gap", self.name())),
        );
        if plan.beyond > 0 {
            cautions.push(format!(
                "{} more revocations bear on it: name each one by its id, which `moot why ID` tells",
                plan.beyond
            ));
        }
        cautions.extend(self.refusal_words(&plan.refusals));
        cautions
    }

    /// Whose revocations this person may not soften, a sentence each.
    fn refusal_words(&self, refusals: &[(RevocationId, Denied)]) -> Vec<String> {
        let state = self.accord.state();
        let told: BTreeSet<String> = refusals
            .iter()
            .filter_map(|(vid, _)| state.revocations.get(vid))
            .map(|revocation| {
                if state.proposals.contains_key(&revocation.record) {
                    "a vote took it away, and only a vote gives it back: `moot propose restore NAME`"
                        .to_owned()
                } else {
                    let who = self.member_name(&revocation.by);
                    format!(
                        "{who} took it away, and you may not soften that: ask {who}, or somebody who stands above"
                    )
                }
            })
            .collect();
        told.into_iter().collect()
    }

    /// What a text may name that could come back.
    fn readmittable(&self, text: &str, content: Option<&Verified>) -> Vec<Named> {
        let mut found: Vec<Named> = self
            .seats_called(text)
            .into_iter()
            .map(Named::Person)
            .collect();
        let revocations = self.revocations_called(text);
        let is_revocation = !revocations.is_empty();
        found.extend(revocations.into_iter().map(Named::Revocation));
        if let Some(record) = content.filter(|record| record.header().cid == Some(self.cid()))
            && !is_revocation
        {
            found.push(Named::Record(record.id()));
        }
        found
    }

    /// The revocations that cut away something of what was named, and whose records these are.
    fn cut_by(
        &mut self,
        store: &folkmoot_store::Vault,
        named: Named,
    ) -> (Vec<RevocationId>, BTreeSet<SeatKey>) {
        match named {
            Named::Person(seat) => (self.aimed_at(&seat), [seat].into()),
            Named::Revocation(vid) => {
                let active = self
                    .accord
                    .state()
                    .revocations
                    .get(&vid)
                    .is_some_and(|revocation| revocation.active);
                let seats = self.accord.state().seats.keys();
                let seats: BTreeSet<SeatKey> = seats
                    .filter(|seat| self.aims(&vid, seat))
                    .copied()
                    .collect();
                (if active { vec![vid] } else { Vec::new() }, seats)
            }
            Named::Record(id) => {
                let control = self.accord.record(&id).cloned();
                let Some(record) = control.or_else(|| crate::exchange::holdings::read(store, &id))
                else {
                    return (Vec::new(), BTreeSet::new());
                };
                let seat = record.header().seat;
                let shadows = if record.header().kind.is_content() {
                    self.accord
                        .content_shadows(record.header(), id, &HeldContent(store))
                } else {
                    self.accord.shadows(&id)
                };
                let takings: BTreeSet<(RecordId, Target)> = shadows
                    .into_iter()
                    .filter_map(|shadow| match shadow {
                        Shadow::TakenAway(taking) => Some((taking.record, taking.target)),
                        Shadow::Ungiven { .. } | Shadow::PassedOver => None,
                    })
                    .collect();
                // An effect of a vote has an id of its own besides that of the proposal.
                let known = self.accord.state().revocations.iter();
                let vids = known
                    .filter(|(_, one)| takings.contains(&(one.record, one.target)))
                    .map(|(vid, _)| *vid)
                    .collect();
                (vids, [seat].into())
            }
            Named::Device(_) | Named::Contract(_) | Named::Invite(_) => {
                (Vec::new(), BTreeSet::new())
            }
        }
    }

    /// Active revocations that bear on a person, the newest first.
    fn aimed_at(&self, seat: &SeatKey) -> Vec<RevocationId> {
        let revocations = &self.accord.state().revocations;
        let mut found: Vec<(u64, RevocationId)> = revocations
            .iter()
            .filter(|(vid, revocation)| revocation.active && self.aims(vid, seat))
            .map(|(vid, revocation)| {
                let record = self.accord.record(&revocation.record);
                (record.map_or(0, |record| record.header().ms()), *vid)
            })
            .collect();
        found.sort_unstable();
        found.into_iter().rev().map(|(_, vid)| vid).collect()
    }

    /// Whether a revocation bears on what a person wrote or holds.
    fn aims(&self, vid: &RevocationId, seat: &SeatKey) -> bool {
        let state = self.accord.state();
        let Some(revocation) = state.revocations.get(vid) else {
            return false;
        };
        let subtree = matches!(
            self.accord
                .record(&revocation.record)
                .and_then(|record| record.control()),
            Some(Control::Revoke(Revoke { subtree: true, .. }))
        );
        let member = state.seats.get(seat);
        match revocation.target {
            Target::Seat(target) => target == *seat,
            Target::Device(dev) => member.is_some_and(|m| m.devices.contains_key(&dev)),
            Target::Grant(gid) => member.into_iter().flat_map(|m| &m.grants).any(|own| {
                let lineage = state.grants.get(own).map(|grant| &grant.lineage);
                *own == gid
                    || lineage.is_some_and(|lineage| {
                        (subtree && lineage.contains(&gid)) || lineage.last() == Some(&gid)
                    })
            }),
        }
    }

    /// Control records of these people that are in the set and do not count.
    fn shadowed_control(
        &self,
        seats: &BTreeSet<SeatKey>,
        only: Option<RecordId>,
    ) -> Vec<(RecordId, SeatKey)> {
        self.accord
            .records()
            .filter(|record| only.is_none_or(|only| only == record.id()))
            .filter(|record| seats.contains(&record.header().seat))
            .filter(|record| {
                self.accord.standing(&record.id()) == Some(Standing::Admitted { honoured: false })
            })
            .map(|record| (record.id(), record.header().seat))
            .collect()
    }
}

/// Why a readmission would do nothing.
fn nothing_back(plan: &Plan, view: &ReadmissionView) -> ApiError {
    let name = &view.collective;
    match plan.refusals.first() {
        Some((_, denial)) if view.still_cut > 0 => refused(
            denial.reason,
            format!(
                "nothing would come back to {name}: {}",
                view.cautions.join("; ")
            ),
        ),
        _ => {
            let gap =
                above_gaps(plan.above_gap).map_or_else(String::new, |told| format!(": {told}"));
            not_found(format!("nothing held here would come back to {name}{gap}")).hint(format!(
                "`moot sync {name}` fetches what others hold; `moot why ID` tells why a record does not count"
            ))
        }
    }
}
