//! A bounded room in fair shares: whoever brings much loses the own oldest first (section 4.11).

use std::collections::BTreeMap;

use folkmoot_record::{DeviceKey, RecordId};

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Records that one device brought.
    pub(crate) of_one: usize,
    /// Bytes of them.
    pub(crate) bytes_of_one: usize,
    /// Records, whoever brought them.
    pub(crate) all: usize,
    /// Bytes of them.
    pub(crate) bytes: usize,
}

/// What one device brought.
#[derive(Debug, Default)]
struct Share {
    /// By arrival.
    order: BTreeMap<u64, RecordId>,
    bytes: usize,
}

/// One record that waits.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    arrival: u64,
    by: Option<DeviceKey>,
    bytes: usize,
    at_ms: u64,
}

/// Which records wait, and who brought them. The records themselves lie elsewhere.
#[derive(Debug)]
pub(crate) struct Shares {
    bounds: Bounds,
    held: BTreeMap<RecordId, Waiting>,
    /// By device; of all that no member's device brought, one together: devices are free to whoever
    /// holds an old secret.
    shares: BTreeMap<Option<DeviceKey>, Share>,
    bytes: usize,
    next: u64,
}

impl Shares {
    pub(crate) const fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            held: BTreeMap::new(),
            shares: BTreeMap::new(),
            bytes: 0,
            next: 0,
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(crate) fn of(&self, by: Option<DeviceKey>) -> usize {
        self.shares.get(&by).map_or(0, |share| share.order.len())
    }

    /// Who brought each, and when.
    pub(crate) fn brought(&self) -> impl Iterator<Item = (Option<DeviceKey>, u64)> {
        self.held.values().map(|one| (one.by, one.at_ms))
    }

    /// Counts one. Gives what has to go: where a device has more than its share its oldest, and
    /// where all together have too many the oldest of the device that has most. That may be the new
    /// one itself.
    pub(crate) fn insert(
        &mut self,
        id: RecordId,
        by: Option<DeviceKey>,
        bytes: usize,
        at_ms: u64,
    ) -> Vec<RecordId> {
        if self.held.contains_key(&id) {
            return Vec::new();
        }
        let arrival = self.next;
        self.next += 1;
        let share = self.shares.entry(by).or_default();
        share.order.insert(arrival, id);
        share.bytes += bytes;
        self.bytes += bytes;
        let waiting = Waiting {
            arrival,
            by,
            bytes,
            at_ms,
        };
        self.held.insert(id, waiting);
        let mut gone = Vec::new();
        let Bounds {
            of_one,
            bytes_of_one,
            all,
            bytes: most_bytes,
        } = self.bounds;
        while self
            .shares
            .get(&by)
            .is_some_and(|share| share.order.len() > of_one || share.bytes > bytes_of_one)
        {
            gone.extend(self.drop_oldest(by));
        }
        while self.held.len() > all || self.bytes > most_bytes {
            let fullest = self
                .shares
                .iter()
                .max_by_key(|(_, share)| self.weight(share));
            let Some(by) = fullest.map(|(by, _)| *by) else {
                break;
            };
            gone.extend(self.drop_oldest(by));
        }
        gone
    }

    /// How full a share is, in bytes: a record counts as its part of the bound at least.
    fn weight(&self, share: &Share) -> usize {
        let part = self.bounds.bytes / self.bounds.all.max(1);
        share.bytes.max(share.order.len() * part)
    }

    /// Counts one out that waits no more.
    pub(crate) fn remove(&mut self, id: &RecordId) -> bool {
        let Some(one) = self.held.remove(id) else {
            return false;
        };
        self.bytes -= one.bytes;
        if let Some(share) = self.shares.get_mut(&one.by) {
            share.order.remove(&one.arrival);
            share.bytes -= one.bytes;
            if share.order.is_empty() {
                self.shares.remove(&one.by);
            }
        }
        true
    }

    fn drop_oldest(&mut self, by: Option<DeviceKey>) -> Option<RecordId> {
        let share = self.shares.get(&by);
        let oldest = share.and_then(|share| share.order.first_key_value());
        match oldest.map(|(_, id)| *id) {
            Some(id) => {
                self.remove(&id);
                Some(id)
            }
            None => {
                self.shares.remove(&by);
                None
            }
        }
    }
}
