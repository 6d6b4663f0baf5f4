//! What needs the person's eye: members who cost others something, by name (section 4.11).

use std::collections::BTreeMap;

use folkmoot_api::Eye;
use folkmoot_record::{CollectiveId, DeviceKey, SeatKey};
use folkmoot_store::{StoreError, Vault};

use crate::{
    core::Core,
    intake::void::{Claim, Refusals},
    membership::{collective::Collective, invite::moment},
    person::secrets::Membership,
    powers::misdeeds::{Misdeed, Tally},
};

/// Entries shown: the rest is of the same kind.
const MOST: usize = 32;
/// A record whose ancestors are still missing after this was not just overtaken by them.
const PATIENCE: u64 = 10_000;

impl Core {
    /// A peer broke the protocol while it stood for these members.
    pub(crate) fn misbehaved(&mut self, members: &[(CollectiveId, SeatKey)]) {
        let now_ms = self.clock.wall();
        for (cid, seat) in members {
            if let Some(collective) = self.collectives.get_mut(cid) {
                collective.note_misdeed(*seat, Misdeed::Protocol, now_ms);
            }
        }
    }

    /// The list, the newest first.
    pub(crate) fn eye(&self) -> Vec<Eye> {
        let now_ms = self.clock.wall();
        let mut found: Vec<(u64, Eye)> = Vec::new();
        for collective in self.collectives.values() {
            if collective.is_home() || collective.secrets.membership != Membership::Member {
                continue;
            }
            for ((seat, what), tally) in collective.watched(now_ms) {
                found.push((tally.last_ms, entry(collective, &seat, what, tally)));
            }
        }
        found.sort_by_key(|(last_ms, _)| std::cmp::Reverse(*last_ms));
        found.truncate(MOST);
        found.into_iter().map(|(_, eye)| eye).collect()
    }
}

fn entry(collective: &Collective, seat: &SeatKey, what: Misdeed, tally: Tally) -> Eye {
    let (short, name) = (seat.short(), collective.name());
    Eye {
        collective: name.clone(),
        collective_id: collective.cid().to_string(),
        member: collective.member_name(seat),
        seat: seat.to_string(),
        what: what.word().to_owned(),
        text: what.what().to_owned(),
        count: tally.count,
        since: moment(tally.first_ms),
        last: moment(tally.last_ms),
        cost: what.cost().to_owned(),
        next: format!(
            "{}; who has the right to may remove them: `moot revoke {short} --in {name}`",
            what.perhaps()
        ),
    }
}

impl Collective {
    /// Counts what a member did. Of strangers nothing is kept: they have no place here to lose.
    pub(crate) fn note_misdeed(&mut self, seat: SeatKey, what: Misdeed, at_ms: u64) {
        let member = self.accord.state().seats.contains_key(&seat);
        if member && seat != self.secrets.seat {
            self.misdeeds.note(seat, what, at_ms);
        }
    }

    /// Counts a void record for the member whose device signed it: anybody may claim a seat.
    pub(crate) fn note_refused(&mut self, claim: Claim, at_ms: u64) {
        if self.accord.had_device(&claim.seat, &claim.dev) {
            self.note_misdeed(claim.seat, Misdeed::Refused, at_ms);
        }
    }

    /// Reads what was refused in earlier runs, and counts it again for who signed it.
    pub(crate) fn recall_refusals(&mut self, store: &Vault) -> Result<(), StoreError> {
        self.void = Refusals::load(store, &self.cid())?;
        let claims: Vec<(Claim, u64)> = self
            .void
            .iter()
            .filter_map(|refusal| Some((refusal.claim?, refusal.at_ms)))
            .collect();
        for (claim, at_ms) in claims {
            self.note_refused(claim, at_ms);
        }
        Ok(())
    }

    /// The member whose device this is.
    pub(crate) fn seat_of(&self, dev: &DeviceKey) -> Option<SeatKey> {
        let mut seats = self.accord.state().seats.iter();
        seats.find_map(|(seat, member)| member.devices.contains_key(dev).then_some(*seat))
    }

    /// Everything counted, with what can be read off the records at hand.
    fn watched(&self, now_ms: u64) -> BTreeMap<(SeatKey, Misdeed), Tally> {
        let mut all: BTreeMap<(SeatKey, Misdeed), Tally> = BTreeMap::new();
        let mut add = |seat, what, count: u64, first_ms: u64, last_ms: u64| {
            let tally = all.entry((seat, what)).or_insert(Tally {
                count: 0,
                first_ms,
                last_ms,
            });
            tally.count += count;
            tally.first_ms = tally.first_ms.min(first_ms);
            tally.last_ms = tally.last_ms.max(last_ms);
        };
        for (seat, what, tally) in self.misdeeds.all() {
            add(seat, what, tally.count, tally.first_ms, tally.last_ms);
        }
        for fork in self.accord.forks() {
            if fork.seat != self.secrets.seat {
                let times = fork.records.iter().filter_map(|id| self.accord.record(id));
                let ms = times.map(|record| record.header().ms()).max();
                let ms = ms.unwrap_or(now_ms).min(now_ms);
                add(fork.seat, Misdeed::Fork, 1, ms, ms);
            }
        }
        // Who brought them, not who is said to have written them: that cannot be known yet.
        let content = self.orphans.iter().map(|(_, orphan)| orphan);
        // What this node has yet to judge nobody hides.
        let content = content.filter(|orphan| !self.rests_on_untried(&orphan.record));
        let content = content.map(|orphan| (orphan.by, orphan.at_ms));
        let control = self.waiting_control.brought();
        let mut waiting = BTreeMap::new();
        for (by, at_ms) in content.chain(control) {
            if let Some(dev) = by.filter(|_| at_ms.saturating_add(PATIENCE) <= now_ms) {
                let entry = waiting.entry(dev).or_insert((0_u64, at_ms, at_ms));
                *entry = (entry.0 + 1, entry.1.min(at_ms), entry.2.max(at_ms));
            }
        }
        for (dev, (count, first_ms, last_ms)) in waiting {
            if let Some(seat) = self.seat_of(&dev).filter(|seat| *seat != self.secrets.seat) {
                add(seat, Misdeed::Hidden, count, first_ms, last_ms);
            }
        }
        all
    }
}
