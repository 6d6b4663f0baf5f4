//! Records: held, refused, awaited.

use std::collections::BTreeSet;

use folkmoot_accord::{ParkReason, Standing};
use folkmoot_api::{ApiError, WhyView};
use folkmoot_record::{GrantId, Kind, RecordId, SeatKey, Verified, control::Control};
use folkmoot_store::Vault;

use super::Story;
use crate::{
    core::Core,
    errors::failed,
    exchange::holdings::read,
    intake::{receive::mark, take::HeldContent, void::Cause},
    membership::{collective::Collective, parting::when},
    powers::reasons::{self, Told},
};

/// Records named of those that are missing; the rest is counted.
const MOST_NAMED: usize = 4;
/// How far a record may be dated ahead, in ms (section 9).
const QUARANTINE: u64 = 600_000;

impl Core {
    /// Explains a record that is held, or waits as an orphan.
    pub(crate) fn why_record(&mut self, id: &RecordId) -> Result<WhyView, ApiError> {
        let now_ms = self.clock.wall();
        let store = &self.store;
        for collective in self.collectives.values_mut() {
            let found = collective
                .accord
                .record(id)
                .cloned()
                .or_else(|| {
                    collective
                        .orphans
                        .get(id)
                        .map(|orphan| orphan.record.clone())
                })
                .or_else(|| {
                    let record = read(store, id)?;
                    (record.header().cid == Some(collective.cid())).then_some(record)
                });
            if let Some(record) = found {
                return Ok(collective.why_record(store, &record, now_ms));
            }
        }
        Err(failed(format!(
            "{} is held, but belongs to no collective of yours",
            id.short()
        )))
    }
}

impl Collective {
    fn why_record(&mut self, store: &Vault, record: &Verified, now_ms: u64) -> WhyView {
        let id = record.id();
        let header = record.header();
        let mut story = Story::about("record", &id, self);
        let standing = self.accord.standing(&id);
        if header.kind.is_content() {
            self.judge_content(&mut story, store, record, now_ms);
        } else if let Some(standing) = &standing {
            self.judge_control(&mut story, record, standing);
            if matches!(
                standing,
                Standing::Parked(ParkReason::FenceF1 | ParkReason::FenceF2)
            ) {
                story.next(format!(
                    "talk to the members about it; if it is right, let it in on this node: `moot why {} --let-in`",
                    id.short()
                ));
                let undone = self.would_undo(record, now_ms);
                let more = undone.len().saturating_sub(MOST_NAMED);
                for (other, text) in undone.into_iter().take(MOST_NAMED) {
                    story.step(Some(other), "4.11", text);
                }
                if more > 0 {
                    story.step(None, "4.11", format!("And {more} more acts."));
                }
            }
            if *standing == Standing::Parked(ParkReason::Cpu) {
                self.tell_turn(&mut story, &header.seat);
            }
        }
        story.step(None, "2.1", self.signed(record));
        match (header.cap, header.kind) {
            (Some(cap), _) => self.chain(&mut story, &cap, now_ms),
            (None, Kind::GENESIS) => story.step(
                Some(id),
                "3.3",
                "It is the founding record: the collective begins with it.",
            ),
            (None, Kind::BALLOT) => {
                story.step(
                    header.auth.first().copied(),
                    "5.4",
                    "It is a vote on that proposal.",
                );
            }
            (None, Kind::DEVICE | Kind::RESIGN) if header.dev == header.seat.into() => {
                story.step(
                    None,
                    "4.9",
                    "The member's recovery key signed it: it needs no right beside that.",
                );
            }
            (None, _) => story.step(
                None,
                "4.9",
                "It needs no right: the standing of its device is enough.",
            ),
        }
        let shadows = match &standing {
            Some(Standing::Admitted { honoured: false }) => self.accord.shadows(&id),
            None if self.marked.get(&id) == Some(&mark::SHADOWED) => {
                self.accord.content_shadows(header, id, &HeldContent(store))
            }
            _ => Vec::new(),
        };
        self.shadows(&mut story, Some(header), &shadows);
        if matches!(standing, Some(Standing::Admitted { .. })) {
            self.tell_effect(&mut story, record, now_ms);
        }
        story.done()
    }

    /// What an admitted control record brought about.
    fn tell_effect(&mut self, story: &mut Story, record: &Verified, now_ms: u64) {
        let id = record.id();
        match record.control() {
            Some(Control::Invite(_) | Control::Grant(_) | Control::Join(_)) => {
                let gid = GrantId::from(id);
                self.tell_right(story, &gid, now_ms);
                if let Some(Control::Grant(_) | Control::Join(_)) = record.control() {
                    self.chain_end(story, &gid);
                }
                let ended = self.accord.ended_by(&gid);
                self.shadows(story, None, &ended);
            }
            Some(Control::Revoke(body)) => self.tell_revocation(story, &id, body),
            Some(Control::Device(body)) => {
                for add in &body.adds {
                    let text = format!("It adds {}.", self.device_words(&add.dev));
                    story.step(None, "4.6", text);
                }
                for drop in &body.drops {
                    let text = format!("It drops {}.", self.device_words(&drop.dev));
                    story.step(None, "4.6", text);
                }
            }
            Some(Control::Proposal(_)) => self.tell_proposal(story, &id, now_ms),
            Some(Control::Decision(body)) => story.step(
                Some(body.proposal),
                "5.5",
                format!(
                    "It lists {} yes votes for that proposal.",
                    body.ballots.len()
                ),
            ),
            _ => {}
        }
    }

    /// The last link of a chain that ends in a right of its own.
    fn chain_end(&self, story: &mut Story, gid: &GrantId) {
        if let Some(grant) = self.accord.state().grants.get(gid) {
            let text = format!(
                "It makes {} {}.",
                self.member_name(&grant.to),
                self.role_name(grant.limits.role)
            );
            story.step(None, "4.2", text);
        }
    }

    fn judge_content(&mut self, story: &mut Story, store: &Vault, record: &Verified, now_ms: u64) {
        use folkmoot_accord::ContentStanding;
        let (id, header) = (record.id(), record.header());
        if self.orphans.contains_key(&id) {
            let judged = self.accord.judge(header, id, now_ms, &HeldContent(store));
            let missing = match judged {
                ContentStanding::Orphan(missing) => missing,
                _ => std::collections::BTreeSet::new(),
            };
            let standing = Standing::Orphan { missing };
            return self.judge_control(story, record, &standing);
        }
        let kept = self.marked.get(&id).copied().unwrap_or(mark::NONE);
        if kept == mark::NONE && self.tell_fate(story, store, record) {
            return;
        }
        let told = reasons::marked(kept);
        let word = match kept {
            mark::NONE => "admitted",
            mark::OVER_QUOTA => "over-quota",
            kept => mark::word(kept),
        };
        let verdict = if kept == mark::QUARANTINED {
            until(told, header.ms().saturating_sub(QUARANTINE))
        } else {
            told.what.to_owned()
        };
        story.verdict(word, verdict);
        if kept != mark::NONE {
            story.step(None, told.section, told.why);
            story.next(told.next);
        }
    }

    /// The verdict on a control record, and what it waits for.
    fn judge_control(&self, story: &mut Story, record: &Verified, standing: &Standing) {
        let told = reasons::standing(standing);
        let mut verdict = told.what.to_owned();
        match standing {
            Standing::Void(reason) => {
                story.reason(reason);
                verdict = format!("It is invalid ({reason}): {}", told.what);
            }
            Standing::Parked(reason) => {
                story.reason(reason);
                verdict = format!("It is set aside ({reason}): {}", told.what);
            }
            Standing::Quarantined { until_ms } => verdict = until(told, *until_ms),
            _ => {}
        }
        story.verdict(standing_word(standing), verdict);
        if standing.is_honoured() {
            return;
        }
        story.step(None, told.section, told.why);
        story.next(told.next);
        match standing {
            Standing::Orphan { missing } => {
                for id in missing.iter().take(MOST_NAMED) {
                    story.step(Some(*id), "2.3", "This record has not come yet.");
                }
                let more = missing.len().saturating_sub(MOST_NAMED);
                if more > 0 {
                    story.step(None, "2.3", format!("And {more} more."));
                }
            }
            Standing::Parked(_) => {
                let header = record.header();
                for id in header.auth.iter().chain(&header.prev) {
                    if let Some(Standing::Parked(reason)) = self.accord.standing(id) {
                        let text = format!("It rests on this one: {}", reason.sentence());
                        story.step(Some(*id), "2.4", text);
                    }
                }
            }
            _ => {}
        }
    }

    /// When something of an author is judged again.
    fn tell_turn(&self, story: &mut Story, seat: &SeatKey) {
        let minutes = self.accord.minutes_to_wait(seat).max(1);
        let plural = if minutes == 1 { "" } else { "s" };
        let text = format!(
            "Records of {} are judged again in about {minutes} minute{plural}, in their turn.",
            self.member_name(seat)
        );
        story.step(None, "4.11", text);
    }

    fn signed(&self, record: &Verified) -> String {
        let header = record.header();
        let who = self.member_name(&header.seat);
        let at = when(header.ms());
        if header.kind == Kind::BALLOT {
            return format!("It was signed by a device of {who} on {at}.");
        }
        let by = if header.dev == header.seat.into() {
            format!("the recovery key of {who}")
        } else if let Some(agent) = self.secrets.agents.iter().find(|a| a.dev == header.dev) {
            format!("your limited device {}", agent.name)
        } else {
            let seats = &self.accord.state().seats;
            let limited = seats
                .get(&header.seat)
                .and_then(|member| member.devices.get(&header.dev))
                .is_some_and(|device| device.is_certified() && !device.is_full());
            format!("a {}device of {who}", if limited { "limited " } else { "" })
        };
        format!(
            "It was signed by {by} as their record number {} in {}, on {at}.",
            header.seq,
            self.name()
        )
    }

    /// A record that was refused, as long as it is remembered.
    pub(super) fn why_refused(&self, id: &RecordId) -> WhyView {
        let mut story = Story::about("record", id, self);
        let known = self.void.get(id).copied();
        let cause = known
            .map(|refusal| refusal.cause)
            .or_else(|| match self.accord.standing(id) {
                Some(Standing::Void(reason)) => Some(Cause::Void(reason)),
                _ => None,
            });
        let (code, told) = match cause {
            Some(Cause::Void(reason)) => (reason.as_str().to_owned(), reasons::void(reason)),
            Some(Cause::Malformed(reason)) => (reason.to_string(), reasons::malformed(reason)),
            None => (String::new(), reasons::standing(&Standing::Ignored)),
        };
        story.verdict("void", format!("It is invalid ({code}): {}", told.what));
        story.reason(code);
        if let Some(refusal) = known {
            if let Some(claim) = refusal.claim {
                let kind = claim.kind.name().unwrap_or("record");
                let text = format!(
                    "It is a {kind} signed by {} in the name of {}, dated {}.",
                    self.device_words(&claim.dev),
                    self.member_name(&claim.seat),
                    when(claim.ms)
                );
                story.step(None, "2.1", text);
            }
            let text = format!(
                "It was refused here on {}: every node that judges it comes to the same.",
                when(refusal.at_ms)
            );
            story.step(None, "2.4", text);
        }
        story.step(None, told.section, told.why);
        story.next(told.next);
        story.done()
    }

    /// The control records that others rest on, control or content, and that are not here.
    pub(super) fn awaited(&self) -> BTreeSet<RecordId> {
        let mut awaited = self.accord.missing();
        let cited = self.orphans.iter().flat_map(|(_, orphan)| {
            let header = orphan.record.header();
            header.auth.iter().copied()
        });
        awaited.extend(cited.filter(|id| self.accord.standing_at(id).is_none()));
        awaited
    }

    /// A record that others rest on, and that is not here.
    pub(super) fn why_awaited(&self, id: &RecordId) -> WhyView {
        let mut story = Story::about("record", id, self);
        story.verdict(
            "missing",
            "It is not here; records that are here rest on it.",
        );
        story.step(
            None,
            "2.3",
            "What rests on it waits as an orphan until it comes: every peer is asked for it.",
        );
        story.next("wait, or look for a peer that has it: `moot sync`");
        story.done()
    }
}

fn until(told: Told, ms: u64) -> String {
    format!("{} That is on {}.", told.what, when(ms))
}

/// One word for a standing.
pub(crate) const fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Admitted { honoured: true } => "admitted",
        Standing::Admitted { honoured: false } => "shadowed",
        Standing::Void(_) => "void",
        Standing::Orphan { .. } => "orphan",
        Standing::Parked(_) => "parked",
        Standing::Quarantined { .. } => "quarantined",
        Standing::Ignored => "ignored",
    }
}
