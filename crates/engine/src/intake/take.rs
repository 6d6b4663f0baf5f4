//! What one collective makes of one received record or bundle.

use std::collections::BTreeSet;

use folkmoot_accord::{
    ContentLog, ContentPlace, ContentStanding, ParkReason, Rejudge, Seen, Standing, Way,
};
use folkmoot_record::{DeviceKey, Kind, RecordId, Verified, content::Content, control::Control};
use folkmoot_store::{Entry, Held, Vault};
use folkmoot_sync::{Delivered, Peer};

use crate::{
    exchange::holdings::read,
    intake::{
        filing::misfiled,
        orphans::Orphan,
        receive::{Taken, mark},
        void::{Cause, Claim, Refusal},
    },
    membership::{
        collective::{Collective, Profile},
        profiles::profile_fact,
    },
    powers::misdeeds::Misdeed,
};

/// A day in milliseconds.
const DAY: u64 = 86_400_000;

/// The content held, as far as cuts ask for it.
pub(crate) struct HeldContent<'a>(pub(crate) &'a Vault);

impl ContentLog for HeldContent<'_> {
    fn place(&self, id: &RecordId) -> Option<ContentPlace> {
        let record = read(self.0, id)?;
        let header = record.header();
        Some(ContentPlace {
            seat: header.seat,
            dev: header.dev,
            seq: header.seq,
            prev: header.prev,
        })
    }
}

/// Records counted of one device on one day (section 4.11, quotas).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    day: u64,
    content: u64,
    control: u64,
}

impl Collective {
    /// Takes one checked record; what has to be stored and told is added to `taken`.
    pub(crate) fn take(
        &mut self,
        store: &Vault,
        record: Verified,
        from: Option<Peer>,
        now_ms: u64,
        taken: &mut Taken,
    ) -> Delivered {
        if record.header().kind.is_content() {
            return self.take_content(store, record, from, now_ms, taken);
        }
        let id = record.id();
        if self.accord.record(&id).is_some() {
            return Delivered::Known;
        }
        self.seen_ms = now_ms;
        let header = record.header();
        let (seat, claim) = (header.seat, Claim::of(header));
        let author_has_room = self.has_room(&record, now_ms);
        if !author_has_room {
            self.note_misdeed(seat, Misdeed::Flood, now_ms);
            return Delivered::Delayed;
        }
        let strange = !self.first_sync && !self.accord.had_device(&seat, &header.dev);
        if strange && self.has_no_room_unjudged(&record) {
            return Delivered::Delayed;
        }
        let seen = Seen {
            now_ms,
            first_ms: now_ms,
            way: if self.first_sync {
                Way::FirstSync
            } else {
                Way::Ordinary
            },
        };
        let inserted = self.accord.insert(record.clone(), seen);
        taken.changed = true;
        if inserted.rejudge != Rejudge::Nothing {
            taken.rejudge.push(inserted.rejudge);
        }
        for (other, standing) in inserted.changed {
            self.moved(store, other, &standing, now_ms, taken);
        }
        match inserted.standing {
            Standing::Void(reason) => {
                tracing::debug!(%id, %reason, "a record was void");
                self.remember_void(id, Some(claim), Cause::Void(reason), taken.by, now_ms);
                self.note_refused(claim, now_ms);
                Delivered::Refused
            }
            // A decision that waited for this ballot alone has just kept it.
            Standing::Orphan { .. } if taken.keeps(&id) => Delivered::Stored,
            Standing::Orphan { .. } => {
                // What it waits for may be parked, and it would be stored with that.
                if strange && self.strange.is_full() {
                    self.accord.forget_orphan(&id);
                    return Delivered::Delayed;
                }
                if !self.let_wait(&record, taken.by, now_ms) {
                    return Delivered::Delayed;
                }
                self.void.waits(id, claim);
                Delivered::Orphan
            }
            Standing::Ignored => Delivered::Refused,
            Standing::Admitted { .. } | Standing::Parked(_) | Standing::Quarantined { .. } => {
                if matches!(inserted.standing, Standing::Quarantined { .. }) {
                    self.note_misdeed(seat, Misdeed::Time, now_ms);
                }
                if inserted.standing == Standing::Parked(ParkReason::Cpu) {
                    self.note_misdeed(seat, Misdeed::Work, now_ms);
                }
                self.keep_control(store, &record, from, now_ms, taken);
                Delivered::Stored
            }
        }
    }

    /// Another record's standing changed by what came in: an orphan that is released is stored.
    pub(crate) fn moved(
        &mut self,
        store: &Vault,
        id: RecordId,
        standing: &Standing,
        now_ms: u64,
        taken: &mut Taken,
    ) {
        self.note_judged(id, standing, now_ms, taken);
        taken.released = true;
        match standing {
            Standing::Orphan { .. } => return,
            Standing::Ignored => {}
            Standing::Void(reason) => {
                let claim = self.void.waited(&id);
                if let Some(claim) = &claim {
                    self.note_refused(*claim, now_ms);
                }
                // Whoever brought what it waited for is not to blame.
                self.remember_void(id, claim, Cause::Void(*reason), None, now_ms);
            }
            Standing::Admitted { .. } | Standing::Parked(_) | Standing::Quarantined { .. } => {
                self.void.waited(&id);
                let new = matches!(store.held(&id), Ok(Held::No)) && !taken.keeps(&id);
                let of_note = |record: &&Verified| new || record.header().kind == Kind::DECISION;
                match self.accord.record(&id).filter(of_note).cloned() {
                    Some(record) if new => self.keep_control(store, &record, None, now_ms, taken),
                    Some(record) => self.keep_ballots(store, &record, now_ms, taken),
                    None => {}
                }
            }
        }
        self.waiting_control.remove(&id);
    }

    /// Stores a control record that stands.
    fn keep_control(
        &mut self,
        store: &Vault,
        record: &Verified,
        from: Option<Peer>,
        now_ms: u64,
        taken: &mut Taken,
    ) {
        self.count(record, now_ms);
        self.note_unproven(record, taken);
        taken.stored.push((record.id(), from, None));
        self.keep_ballots(store, record, now_ms, taken);
        taken.entries.push(Entry::Record(record.clone(), now_ms));
    }

    /// A ballot counts for the decision that lists it whatever it rests on itself (section 5.5): it
    /// is kept with that, and waits in nobody's share.
    fn keep_ballots(&mut self, store: &Vault, decision: &Verified, now_ms: u64, taken: &mut Taken) {
        let Some(Control::Decision(decision)) = decision.control() else {
            return;
        };
        for id in &decision.ballots {
            if !self.accord.waits(id) {
                continue;
            }
            self.waiting_control.remove(id);
            let new = matches!(store.held(id), Ok(Held::No)) && !taken.keeps(id);
            if new && let Some(ballot) = self.accord.record(id).cloned() {
                taken.stored.push((*id, None, None));
                taken.entries.push(Entry::Record(ballot, now_ms));
            }
        }
    }

    /// Looks again at content that waited for control records; once a batch.
    pub(crate) fn release_orphans(&mut self, store: &Vault, now_ms: u64, taken: &mut Taken) {
        if self.orphans.is_empty() {
            return;
        }
        let ready: Vec<RecordId> = self
            .orphans
            .iter()
            .filter(|(_, orphan)| {
                let mut rests_on = orphan.record.header().auth.iter();
                rests_on.all(|id| self.accord.is_settled(id) && !self.accord.awaits_turn(id))
            })
            .map(|(id, _)| *id)
            .collect();
        for id in ready {
            if let Some(orphan) = self.orphans.remove(&id) {
                let _verdict = self.take_content(store, orphan.record, orphan.from, now_ms, taken);
            }
        }
    }

    /// Whether content names a control record that waits for its turn to be judged.
    pub(crate) fn rests_on_untried(&self, record: &Verified) -> bool {
        let mut rests_on = record.header().auth.iter();
        rests_on.any(|id| self.accord.awaits_turn(id))
    }

    /// Whether a record by a device that its seat never had, for which nobody answers, is not to be
    /// stored unjudged: never where the seat's share is spent or its kind is not known here, and else
    /// not where the room of all of them is full.
    fn has_no_room_unjudged(&self, record: &Verified) -> bool {
        self.accord.minutes_to_wait(&record.header().seat) > 0
            || self.accord.is_beyond(record)
            || self.strange.is_full() && self.accord.would_park(record)
    }

    fn take_content(
        &mut self,
        store: &Vault,
        record: Verified,
        from: Option<Peer>,
        now_ms: u64,
        taken: &mut Taken,
    ) -> Delivered {
        let id = record.id();
        self.seen_ms = now_ms;
        match store.held(&id) {
            Ok(Held::Whole | Held::Erased) => return Delivered::Known,
            Ok(Held::Header) => return self.take_body(&record, taken),
            Ok(Held::No) => {}
            Err(_) => return Delivered::Delayed,
        }
        let standing = self
            .accord
            .judge(record.header(), id, now_ms, &HeldContent(store));
        // It may turn out void, and what is stored is handed out: so it waits in memory.
        let standing = match standing {
            ContentStanding::Parked(_) if self.rests_on_untried(&record) => {
                ContentStanding::Orphan(BTreeSet::new())
            }
            known => known,
        };
        let mark = match standing {
            ContentStanding::Void(reason) => {
                tracing::debug!(%id, %reason, "a record was void");
                let claim = Claim::of(record.header());
                self.remember_void(id, Some(claim), Cause::Void(reason), taken.by, now_ms);
                self.note_refused(claim, now_ms);
                return Delivered::Refused;
            }
            ContentStanding::Orphan(_) => {
                let orphan = Orphan {
                    record,
                    from,
                    by: self.share_of(taken.by),
                    at_ms: now_ms,
                };
                return match self.orphans.insert(orphan) {
                    true => Delivered::Orphan,
                    false => Delivered::Delayed,
                };
            }
            ContentStanding::Parked(_) => mark::PARKED,
            ContentStanding::Quarantined { .. } => mark::QUARANTINED,
            ContentStanding::Admitted { honoured: false } => mark::SHADOWED,
            ContentStanding::Admitted { honoured: true } => {
                if self.has_room(&record, now_ms) {
                    self.count(&record, now_ms);
                    match self.follow(store, &record, taken) {
                        true => self.display_mark(store, &record),
                        false => mark::MISFILED,
                    }
                } else {
                    mark::OVER_QUOTA
                }
            }
        };
        let written = (record.header().hlc, record.header().seat);
        if record.body().is_none() {
            self.bodiless.insert(id);
        }
        taken.entries.push(Entry::Record(record.clone(), now_ms));
        taken.stored.push((id, from, Some(written)));
        self.compare_later_ones(&record, taken);
        if mark == mark::NONE {
            self.note_profile(&record, taken);
            taken.shown.push(record);
        } else {
            taken.entries.push(Entry::Mark { id, mark });
            self.remember_mark(&record, mark);
            if self.acts(&id) {
                // It is not shown itself, but what it is aimed at may have changed.
                taken.unshown.push(id);
            }
        }
        Delivered::Stored
    }

    /// Remembers that a stored record is not shown, and why.
    pub(crate) fn remember_mark(&mut self, record: &Verified, mark: u8) {
        let header = record.header();
        let misdeed = match mark {
            mark::QUARANTINED => Some(Misdeed::Time),
            mark::OVER_QUOTA => Some(Misdeed::Flood),
            mark::MISFILED => Some(Misdeed::Fork),
            _ => None,
        };
        if let Some(misdeed) = misdeed {
            // What was marked in an earlier run is as old as it says, and never of the future.
            let at_ms = self.seen_ms.min(header.ms());
            self.note_misdeed(header.seat, misdeed, at_ms);
        }
        self.marked.insert(record.id(), mark);
        if mark == mark::PARKED {
            self.parked_on.insert(record.id(), header.auth.clone());
        } else {
            self.parked_on.remove(&record.id());
        }
        if mark == mark::SHADOWED && header.seat == self.secrets.seat {
            self.cut_own.insert(record.id(), header.dev);
        }
        if mark == mark::OVER_QUOTA {
            self.over_quota
                .entry(header.dev)
                .or_default()
                .insert((header.hlc, record.id()));
        }
    }

    /// A body came for a record that was held without one.
    fn take_body(&mut self, record: &Verified, taken: &mut Taken) -> Delivered {
        let Some(body) = record.body() else {
            return Delivered::Known;
        };
        self.bodiless.remove(&record.id());
        taken.entries.push(Entry::Body {
            id: record.id(),
            bytes: body.to_vec(),
        });
        if !self.marked.contains_key(&record.id()) {
            self.note_profile(record, taken);
            taken.shown.push(record.clone());
        }
        Delivered::Stored
    }

    /// The mark of an honoured record that concerns display alone (section 2.4).
    pub(crate) fn display_mark(&self, store: &Vault, record: &Verified) -> u8 {
        if self.accord.withdrawn(record.header()) {
            mark::WITHDRAWN
        } else if misfiled(store, record) {
            mark::MISFILED
        } else if record
            .body()
            .is_some_and(|body| Content::decode(record.header().kind, body).is_err())
        {
            mark::UNRENDERABLE
        } else {
            mark::NONE
        }
    }

    /// Learns the shown name of a member from a profile.
    pub(crate) fn note_profile(&mut self, record: &Verified, taken: &mut Taken) {
        let header = record.header();
        if header.kind != Kind::PROFILE {
            return;
        }
        let name = record
            .body()
            .and_then(|body| Content::decode(header.kind, body).ok())
            .and_then(|content| content.title().map(str::to_owned));
        if let Some(name) = name {
            let profile = Profile {
                hlc: header.hlc,
                id: record.id(),
                name,
            };
            if self.learn_profile(header.seat, profile.clone()) {
                taken
                    .entries
                    .push(profile_fact(&self.cid(), &header.seat, Some(&profile)));
            }
        }
    }

    /// Remembers that a record was refused, and why.
    pub(crate) fn remember_void(
        &mut self,
        id: RecordId,
        claim: Option<Claim>,
        cause: Cause,
        by: Option<DeviceKey>,
        now_ms: u64,
    ) {
        let refusal = Refusal {
            cause,
            claim,
            at_ms: now_ms,
            by,
        };
        self.void.remember(id, refusal);
    }

    /// Whether a device may add one more record today under the charter (section 4.11).
    pub(crate) fn has_room(&self, record: &Verified, now_ms: u64) -> bool {
        let header = record.header();
        if self.is_exempt(record) {
            return true;
        }
        let Some(charter) = &self.accord.state().charter else {
            return true;
        };
        let tally = self
            .tallies
            .get(&header.dev)
            .filter(|tally| tally.day == now_ms / DAY);
        let tally = tally.copied().unwrap_or_default();
        if header.kind.is_content() {
            tally.content < charter.content_per_day
        } else {
            tally.control < charter.control_per_day
        }
    }

    /// Own devices, the home and the first full sync do not count.
    fn is_exempt(&self, record: &Verified) -> bool {
        self.is_home() || self.first_sync || record.header().seat == self.secrets.seat
    }

    /// Counts a record that was taken in.
    pub(crate) fn count(&mut self, record: &Verified, now_ms: u64) {
        if self.is_exempt(record) {
            return;
        }
        let day = now_ms / DAY;
        let tally = self.tallies.entry(record.header().dev).or_default();
        if tally.day != day {
            *tally = Tally {
                day,
                ..Tally::default()
            };
        }
        if record.header().kind.is_content() {
            tally.content += 1;
        } else {
            tally.control += 1;
        }
    }
}
