//! Taking rights, devices and memberships away, and closing invites (section 4.5).
//!
//! What would happen is found by trying it out on a copy of the evaluation, so that what the person
//! is shown is what the rules say. Then the same record is signed for good.

mod plan;

pub(crate) use plan::MOST_TOLD;

use std::collections::BTreeSet;

use folkmoot_accord::VoidReason;
use folkmoot_api::{ApiError, ErrorCode, KeysChange, Reply, RevokeArgs};
use folkmoot_record::{
    DeviceKey, GrantId, Kind, RecordId, SeatKey, Verified,
    control::{Control, Cut, Revoke, Target},
    limits,
};
use folkmoot_store::Vault;

use crate::{
    core::Core,
    errors::{denied, failed, refused, store_failed, usage, void},
    membership::{collective::Collective, who::Named},
    powers::{
        cut::{FRAME, Filled, Line, bytes_beside},
        trial::Trial,
    },
};

/// A revocation worked out: what is written, and what it was worked out from.
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) cap: GrantId,
    pub(crate) body: Control,
    pub(crate) seats: BTreeSet<SeatKey>,
    pub(crate) lines: Vec<Line>,
    pub(crate) filled: Filled,
    pub(crate) trial: Trial,
}

impl Core {
    /// Takes something away, or says what that would do.
    pub(crate) fn revoke(&mut self, ask: &RevokeArgs) -> Result<Reply, ApiError> {
        let nothing = if ask.invite_only {
            "no invite"
        } else {
            "nothing"
        };
        let (cid, named) = self.named(&ask.what, ask.collective.as_deref(), nothing, |c| {
            c.revocable(&ask.what, ask.invite_only)
        })?;
        let kept = self.kept_ids(&ask.keep)?;
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective = self
            .collectives
            .get(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let mut plan = collective.plan_revocation(store, named, ask, &kept, now_ms)?;
        let mut view = self.revocation_view(cid, &mut plan, now_ms);
        if ask.dry_run {
            return Ok(Reply::Revocation(Box::new(view)));
        }
        let (cap, body) = (plan.cap, plan.body);
        let record = self.control(cid, |collective, now_ms| {
            collective.sign_under(now_ms, cap, Kind::REVOKE, &body)
        })?;
        view.id = Some(record.id().to_string());
        if view.keys != KeysChange::Unchanged {
            match self.renew_keys(cid) {
                Ok(keys) => view.keys = keys,
                Err(error) => {
                    // What was foretold did not come true: the person hears it, not the log alone.
                    view.keys = KeysChange::Due;
                    let told = if error.code == ErrorCode::Denied {
                        plan::KEYS_OF_OTHERS.to_owned()
                    } else {
                        format!(
                            "the right is taken away, and new keys are due: they could not be made here ({}); a running node tries again, and so do those of others who may",
                            error.message
                        )
                    };
                    if !view.cautions.contains(&told) {
                        view.cautions.push(told);
                    }
                }
            }
        }
        Ok(Reply::Revocation(Box::new(view)))
    }

    /// Records that a person wants kept.
    fn kept_ids(&self, texts: &[String]) -> Result<Vec<Verified>, ApiError> {
        texts
            .iter()
            .map(|text| {
                let missing = || {
                    crate::errors::not_found(format!("no record here has the id {text}"))
                        .hint("`moot find` and `moot list` show ids")
                };
                let id = self.record_named(text)?.ok_or_else(missing)?;
                let of_control = self
                    .collectives
                    .values()
                    .find_map(|collective| collective.accord.record(&id).cloned());
                of_control
                    .or_else(|| crate::exchange::holdings::read(&self.store, &id))
                    .ok_or_else(missing)
            })
            .collect()
    }
}

impl Collective {
    /// What a text may name that can be taken away.
    fn revocable(&self, text: &str, invite_only: bool) -> Vec<Named> {
        let mut found = self.contracts_called(text);
        if invite_only {
            found.retain(|named| matches!(named, Named::Invite(_)));
            return found;
        }
        found.extend(self.seats_called(text).into_iter().map(Named::Person));
        found.extend(self.devices_called(text).into_iter().map(Named::Device));
        found
    }

    /// Works a revocation out and tries it.
    fn plan_revocation(
        &self,
        store: &Vault,
        named: Named,
        ask: &RevokeArgs,
        kept: &[Verified],
        now_ms: u64,
    ) -> Result<Plan, ApiError> {
        self.must_be_shared()?;
        let name = self.name();
        if ask
            .reason
            .as_ref()
            .is_some_and(|reason| reason.len() > limits::TEXT)
        {
            return Err(usage(format!(
                "a reason has at most {} bytes",
                limits::TEXT
            )));
        }
        let target = match named {
            Named::Person(seat) => Target::Seat(seat),
            Named::Device(dev) => Target::Device(dev),
            Named::Contract(gid) | Named::Invite(gid) => Target::Grant(gid),
            Named::Revocation(_) | Named::Record(_) => {
                return Err(usage("a record is no right that could be taken away"));
            }
        };
        self.not_oneself(target)?;
        if ask.subtree && !matches!(target, Target::Grant(_)) {
            return Err(usage(
                "--subtree goes with a contract or an invite: it ends what descends from that",
            )
            .hint(format!(
                "`moot contracts --in {name}` and `moot invite list` show them"
            )));
        }
        let (seat, dev) = (self.secrets.seat, self.secrets.dev());
        let cap = self
            .accord
            .grant_to_revoke(&seat, &dev, self.control_ms(now_ms), target)
            .map_err(|refusal| match refusal.reason {
                VoidReason::Seat => refused(refusal.reason,
                    "there is nothing left to take away: it has ended already",
                ),
                VoidReason::May => refused(refusal.reason,
                    format!(
                        "you may not do this in {name}: what you would take away stands as high as your own right, and does not come from it"
                    ),
                ),
                _ => denied(&name, refusal),
            })?;
        let (seats, devices) = self.concerned(target, ask.subtree);
        let lines = self.lines(store, &seats)?;
        let (mut keep, cuts) = wanted(kept, &devices)?;
        if let Target::Grant(gid) = target
            && let Some(invite) = self.accord.invite(&gid)
        {
            // Those who came in by it stay, whatever order others get the records in.
            keep.extend(&invite.selected);
        }
        keep.sort_unstable();
        keep.dedup();
        let beside = bytes_beside(keep.len(), ask.reason.as_deref());
        let back = ask
            .back
            .map(|back| u64::try_from(back.as_millisecond()).unwrap_or(0));
        let filled = self.fill_cut(
            &devices,
            &lines,
            |line| back.is_none_or(|back| line.header.ms() < back),
            &cuts,
            limits::LONG_BODY.saturating_sub(FRAME + beside),
        );
        let body = Control::Revoke(Revoke {
            target,
            subtree: ask.subtree,
            back: false,
            cut: filled.cut.clone(),
            keep,
            reason: ask.reason.clone().filter(|reason| !reason.is_empty()),
        });
        let draft = self.draft_under(now_ms, cap, Kind::REVOKE, &body)?;
        let trial = self
            .trial(&[draft], now_ms)
            .map_err(|reason| void(&name, reason))?;
        Ok(Plan {
            target,
            cap,
            body,
            seats,
            lines,
            filled,
            trial,
        })
    }

    /// What is one's own is given up in other ways.
    fn not_oneself(&self, target: Target) -> Result<(), ApiError> {
        let state = self.accord.state();
        let (me, name) = (self.secrets.seat, self.name());
        match target {
            Target::Seat(seat) if seat == me => Err(usage("that is you").hint(format!(
                "`moot collective leave {name}` gives up your membership"
            ))),
            Target::Device(dev)
                if state
                    .seats
                    .get(&me)
                    .is_some_and(|member| member.devices.contains_key(&dev)) =>
            {
                Err(usage("that is a device of yours").hint("`moot device drop` takes it back"))
            }
            Target::Grant(gid) if state.grants.get(&gid).is_some_and(|grant| grant.to == me) => {
                Err(
                    usage("that is a right of your own: nobody ends their own rights one by one")
                        .hint(format!(
                            "`moot collective leave {name}` gives all of them up"
                        )),
                )
            }
            _ => Ok(()),
        }
    }

    /// The people and devices whose records a revocation bears on.
    fn concerned(
        &self,
        target: Target,
        subtree: bool,
    ) -> (BTreeSet<SeatKey>, BTreeSet<(SeatKey, DeviceKey)>) {
        let state = self.accord.state();
        let seats: BTreeSet<SeatKey> = match target {
            Target::Seat(seat) => [seat].into(),
            Target::Device(dev) => state
                .seats
                .iter()
                .filter(|(_, member)| member.devices.contains_key(&dev))
                .map(|(seat, _)| *seat)
                .collect(),
            Target::Grant(gid) => state
                .grants
                .iter()
                .filter(|(id, grant)| **id == gid || (subtree && grant.lineage.contains(&gid)))
                .map(|(_, grant)| grant.to)
                .collect(),
        };
        let devices = seats
            .iter()
            .flat_map(|seat| {
                let own = state.seats.get(seat).into_iter();
                own.flat_map(|member| member.devices.keys().copied())
                    // The log of the root is one, too.
                    .chain([DeviceKey::from(*seat)])
                    .filter(|key| !matches!(target, Target::Device(dev) if dev != *key))
                    .map(|key| (*seat, key))
            })
            .collect();
        (seats, devices)
    }
}

/// Records that a person wants kept: control by name, content as a place of its log.
fn wanted(
    kept: &[Verified],
    devices: &BTreeSet<(SeatKey, DeviceKey)>,
) -> Result<(Vec<RecordId>, Vec<Cut>), ApiError> {
    let (mut keep, mut cuts) = (Vec::new(), Vec::new());
    for record in kept {
        let header = record.header();
        if !devices.contains(&(header.seat, header.dev)) {
            return Err(usage(format!(
                "{} was not written by those concerned: it stays anyway",
                record.id().short()
            )));
        }
        if header.kind.is_content() {
            cuts.push(Cut {
                dev: header.dev,
                lane: 1,
                seq: header.seq,
                id: record.id(),
            });
        } else {
            keep.push(record.id());
        }
    }
    Ok((keep, cuts))
}

/// Titles need the store, not the evaluation.
pub(crate) fn title_of(store: &Vault, id: &RecordId) -> Result<String, ApiError> {
    let Some(stored) = store.get(id).map_err(store_failed)? else {
        return Ok(String::new());
    };
    let Ok(record) = stored.verified() else {
        return Ok(String::new());
    };
    let kind = record.header().kind;
    Ok(folkmoot_library::item(&record)
        .map(|item| item.title)
        .filter(|title| !title.is_empty())
        .or_else(|| kind.name().map(str::to_owned))
        .unwrap_or_else(|| "record".to_owned()))
}
