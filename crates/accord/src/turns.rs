//! What waits because of what it rests on, or because its author's records have cost enough for now
//! (section 4.11, *CPU*), and how it gets its turn.
//!
//! Only the moment of a judgement is a local matter, never its outcome: what waits is judged in the
//! end, by the same rules.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{
    DeviceKey, RecordId, SeatKey, Verified,
    control::{Control, Effect},
};

use crate::{
    accord::Way,
    budget::{Budget, STEPS_A_RECORD},
    graph::{Direct, direct},
    intake::Intake,
    standing::{ParkReason, Standing},
};

/// Who waits for a turn, and who for what is parked.
#[derive(Debug)]
pub(crate) struct Turns {
    pub(crate) budget: Budget,
    /// Not judged yet, by author: what others rest on first, then in order of arrival.
    queue: BTreeMap<SeatKey, BTreeSet<(bool, u64, RecordId)>>,
    /// Whose turn it was last.
    last: Option<SeatKey>,
    /// Who is parked because of a parked record.
    resting: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Parked records that something of another seat rests on.
    vouched: BTreeSet<RecordId>,
    /// What waits for a turn, and what rests on that: nobody knows whether it is valid.
    untried: BTreeSet<RecordId>,
    /// To be looked at again: what they rested on is not parked any more.
    freed: Vec<RecordId>,
    /// Whose record made everything be asked anew.
    shaken_by: Option<SeatKey>,
    /// Whose record made everything meet the fence anew.
    replay_for: Option<SeatKey>,
}

impl Turns {
    pub(crate) fn new(steps_a_minute: Option<u64>) -> Self {
        Self {
            budget: Budget::new(steps_a_minute),
            queue: BTreeMap::new(),
            last: None,
            resting: BTreeMap::new(),
            vouched: BTreeSet::new(),
            untried: BTreeSet::new(),
            freed: Vec::new(),
            shaken_by: None,
            replay_for: None,
        }
    }

    /// Notes that a record changes from one standing to another.
    pub(crate) fn moved(
        &mut self,
        record: &Verified,
        arrival: u64,
        before: &Standing,
        after: &Standing,
    ) {
        let (id, seat) = (record.id(), record.header().seat);
        let place = |vouched: bool| (!vouched, arrival, id);
        let vouched = self.vouched.contains(&id);
        if *before == Standing::Parked(ParkReason::Cpu)
            && let Some(waiting) = self.queue.get_mut(&seat)
        {
            waiting.remove(&place(vouched));
            if waiting.is_empty() {
                self.queue.remove(&seat);
            }
        }
        if *after == Standing::Parked(ParkReason::Cpu) {
            self.queue.entry(seat).or_default().insert(place(vouched));
            self.untried.insert(id);
        } else if *after != Standing::Parked(ParkReason::Past) {
            self.untried.remove(&id);
        }
        if matches!(before, Standing::Parked(_)) && before != after {
            // Also where it is parked for another reason: a flood rule lets in what is cited.
            self.freed
                .extend(self.resting.remove(&id).into_iter().flatten());
            if !matches!(after, Standing::Parked(_)) {
                self.vouched.remove(&id);
            }
        }
    }

    /// Whether a record waits for its turn, or rests on one that does.
    pub(crate) fn is_untried(&self, id: &RecordId) -> bool {
        self.untried.contains(id)
    }

    /// Something that is to be looked at again.
    pub(crate) fn next_freed(&mut self) -> Option<RecordId> {
        self.freed.pop()
    }

    /// The first of the next seat that may have something judged; seats take turns.
    fn next(&self) -> Option<(SeatKey, RecordId)> {
        let after = |seat: &SeatKey| self.last.is_none_or(|last| *seat > last);
        let (later, sooner): (Vec<_>, Vec<_>) = self
            .queue
            .iter()
            .filter(|(seat, _)| !self.budget.is_spent(seat))
            .partition(|(seat, _)| after(seat));
        let (seat, waiting) = later.into_iter().chain(sooner).next()?;
        waiting.first().map(|(_, _, id)| (*seat, *id))
    }
}

impl Intake {
    /// Whether a record that was not judged yet has to wait for its turn. What lay in the store,
    /// and what comes in the first full control sync, is judged at once.
    pub(crate) fn waits_its_turn(&self, seat: &SeatKey, way: Way) -> bool {
        way == Way::Ordinary && self.turns.budget.is_spent(seat)
    }

    /// Sets a record aside because of those that it rests on.
    pub(crate) fn rest_on(&mut self, id: &RecordId, parked: &[RecordId]) -> Standing {
        for on in parked {
            self.turns.resting.entry(*on).or_default().insert(*id);
        }
        if parked.iter().any(|on| self.turns.is_untried(on)) {
            self.turns.untried.insert(*id);
        } else if self.turns.untried.remove(id) {
            // It stays parked for another reason: what rests on it has to learn that too.
            let above = self.turns.resting.get(id).into_iter().flatten();
            self.turns.freed.extend(above);
        }
        let seat = self.held.get(id).map(|held| held.record.header().seat);
        let vouched = self.turns.vouched.contains(id);
        let of_another = |on: &&RecordId| {
            let other = self.held.get(on).map(|held| held.record.header().seat);
            vouched || other != seat
        };
        let wanted: Vec<RecordId> = parked.iter().filter(of_another).copied().collect();
        self.vouch(wanted);
        Standing::Parked(ParkReason::Past)
    }

    /// Moves records, and the parked ones that they rest on, before the others of their authors.
    fn vouch(&mut self, mut wanted: Vec<RecordId>) {
        while let Some(id) = wanted.pop() {
            let Some(held) = self.held.get(&id) else {
                continue;
            };
            if !matches!(held.standing, Standing::Parked(_)) || !self.turns.vouched.insert(id) {
                continue;
            }
            if held.standing == Standing::Parked(ParkReason::Cpu) {
                let seat = held.record.header().seat;
                let waiting = self.turns.queue.entry(seat).or_default();
                waiting.remove(&(true, held.arrival, id));
                waiting.insert((false, held.arrival, id));
            }
            let Direct { causes, ballots } = direct(&held.record);
            wanted.extend(causes.into_iter().chain(ballots));
        }
    }

    /// Whether a device is, or ever was, one of a seat: added by a record found valid here, or the
    /// root of a seat that has one. Anybody may claim a seat, so it answers for no other device; and
    /// anybody makes up seats, each with a root.
    pub(crate) fn had_device(&self, seat: &SeatKey, dev: &DeviceKey) -> bool {
        let devices = &self.book.devices;
        if *dev == DeviceKey::from(*seat) {
            return devices.of_seat(seat).next().is_some();
        }
        !devices.adds_of(seat, dev).is_empty()
    }

    /// Whether a record would be set aside unjudged if it came now: it asks for what is not known
    /// here, or something that it rests on directly is parked.
    pub(crate) fn would_park(&self, record: &Verified) -> bool {
        let Direct { causes, ballots } = direct(record);
        own_park_reason(record).is_some()
            || causes.iter().chain(&ballots).any(|on| self.is_parked(on))
    }

    /// Charges the author of a record, where that is known, and whoever else is to answer for it,
    /// with what the work since `before` took.
    pub(crate) fn charge(&mut self, author: Option<SeatKey>, way: Way, before: u64) {
        let bills = self.views.take_bills();
        if way != Way::Ordinary {
            return;
        }
        let mut own = self.views.steps().saturating_sub(before);
        for (other, steps) in bills {
            own = own.saturating_sub(steps);
            self.turns.budget.charge(other, steps);
        }
        if let Some(seat) = author
            && own > 0
        {
            self.turns.budget.charge(seat, own + STEPS_A_RECORD);
        }
    }

    /// Remembers whose record made everything be asked anew.
    pub(crate) fn note_shaken(&mut self, seat: SeatKey, way: Way) {
        if way == Way::Ordinary {
            self.turns.shaken_by = Some(seat);
        }
    }

    /// Charges whoever made everything be asked anew with what that took.
    pub(crate) fn charge_shaken(&mut self, before: u64) {
        if let Some(seat) = self.turns.shaken_by.take() {
            self.charge(Some(seat), Way::Ordinary, before);
        }
    }

    /// Remembers whose record made everything meet the fence anew.
    pub(crate) fn note_replay(&mut self, seat: SeatKey, way: Way) {
        if way == Way::Ordinary {
            self.turns.replay_for = Some(seat);
        }
    }

    /// Charges them with what that took since `before`, and with what is asked anew after it.
    pub(crate) fn charge_replay(&mut self, before: u64) {
        let seat = self.turns.replay_for.take();
        self.turns.shaken_by = seat;
        self.charge_shaken(before);
        self.turns.shaken_by = seat;
    }

    /// Judges what waits for its turn and may have it now. All turns of one moment together cost
    /// no more than one seat may in a minute, and the one record that passes that: so a crowd of
    /// authors does not hold up the node either. The others come at the next moment.
    pub(crate) fn give_turns(&mut self, now_ms: u64) {
        self.turns.budget.at(now_ms);
        let most = self.turns.budget.limit().unwrap_or(u64::MAX).max(1);
        let start = self.views.steps();
        while self.views.steps().saturating_sub(start) < most {
            let Some((seat, id)) = self.turns.next() else {
                return;
            };
            self.turns.last = Some(seat);
            self.work_off(vec![id], now_ms);
        }
    }
}

/// A kind, feature or fork that this build does not know (section 2.6).
pub(crate) fn own_park_reason(record: &Verified) -> Option<ParkReason> {
    match record.control()? {
        Control::Parked => Some(ParkReason::Kind),
        Control::Genesis(body) if body.inherits.is_some() => Some(ParkReason::Fork),
        Control::Genesis(body) if body.charter.features.is_some() => Some(ParkReason::Feature),
        Control::Join(body) if body.old_dev.is_some() => Some(ParkReason::Fork),
        Control::Proposal(body)
            if body.effects.iter().any(
                |effect| matches!(effect, Effect::Charter(delta) if delta.features.is_some()),
            ) =>
        {
            Some(ParkReason::Feature)
        }
        _ => None,
    }
}
