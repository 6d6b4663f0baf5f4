//! Content that waits in memory for control records, in fair shares: whoever brings many loses the
//! own ones first (section 4.11).

use std::collections::BTreeMap;

use folkmoot_record::{DeviceKey, RecordId, Verified};
use folkmoot_sync::Peer;

/// Most orphans of one device (section 4.11).
const MOST_OF_ONE: usize = 4_096;
/// Most bytes of them.
const MOST_BYTES_OF_ONE: usize = 16 << 20;
/// Most orphans of one collective, whoever brought them: two devices may fill their shares.
const MOST: usize = 2 * MOST_OF_ONE;
/// Most bytes of them.
const MOST_BYTES: usize = 2 * MOST_BYTES_OF_ONE;

/// A content record that cites control records not held yet.
#[derive(Debug, Clone)]
pub(crate) struct Orphan {
    pub(crate) record: Verified,
    pub(crate) from: Option<Peer>,
    /// The device that brought it: peer ids are free.
    pub(crate) by: Option<DeviceKey>,
    /// When it came, in ms of the own clock.
    pub(crate) at_ms: u64,
}

/// What one device brought.
#[derive(Debug, Default)]
struct Share {
    /// By arrival.
    order: BTreeMap<u64, RecordId>,
    bytes: usize,
}

impl Share {
    /// How full it is, in bytes: a record counts as its part of the bound at least.
    fn weight(&self) -> usize {
        self.bytes.max(self.order.len() * (MOST_BYTES / MOST))
    }
}

/// The orphans of one collective.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    held: BTreeMap<RecordId, (u64, Orphan)>,
    shares: BTreeMap<Option<DeviceKey>, Share>,
    bytes: usize,
    next: u64,
}

impl Orphans {
    pub(crate) fn contains_key(&self, id: &RecordId) -> bool {
        self.held.contains_key(id)
    }

    pub(crate) fn get(&self, id: &RecordId) -> Option<&Orphan> {
        self.iter()
            .find(|(known, _)| *known == id)
            .map(|(_, orphan)| orphan)
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&RecordId, &Orphan)> {
        self.held.iter().map(|(id, (_, orphan))| (id, orphan))
    }

    /// Keeps one. Where a device has more than its share its oldest go; where all together have too
    /// many, the oldest of the device that has most.
    pub(crate) fn insert(&mut self, orphan: Orphan) {
        let id = orphan.record.id();
        if self.held.contains_key(&id) {
            return;
        }
        let (by, length) = (orphan.by, orphan.record.wire().len());
        let share = self.shares.entry(by).or_default();
        share.order.insert(self.next, id);
        share.bytes += length;
        self.bytes += length;
        self.held.insert(id, (self.next, orphan));
        self.next += 1;
        while self
            .shares
            .get(&by)
            .is_some_and(|share| share.order.len() > MOST_OF_ONE || share.bytes > MOST_BYTES_OF_ONE)
        {
            self.drop_oldest(by);
        }
        while self.held.len() > MOST || self.bytes > MOST_BYTES {
            let fullest = self.shares.iter().max_by_key(|(_, share)| share.weight());
            let Some(by) = fullest.map(|(by, _)| *by) else {
                break;
            };
            self.drop_oldest(by);
        }
    }

    pub(crate) fn remove(&mut self, id: &RecordId) -> Option<Orphan> {
        let (arrival, orphan) = self.held.remove(id)?;
        let length = orphan.record.wire().len();
        self.bytes -= length;
        if let Some(share) = self.shares.get_mut(&orphan.by) {
            share.order.remove(&arrival);
            share.bytes -= length;
            if share.order.is_empty() {
                self.shares.remove(&orphan.by);
            }
        }
        Some(orphan)
    }

    fn drop_oldest(&mut self, by: Option<DeviceKey>) {
        let share = self.shares.get(&by);
        let oldest = share.and_then(|share| share.order.first_key_value());
        match oldest.map(|(_, id)| *id) {
            Some(id) => drop(self.remove(&id)),
            None => drop(self.shares.remove(&by)),
        }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use folkmoot_record::{
        CollectiveId, Draft, GrantId, Hlc, Kind, Place, SeatKey, content::Content,
    };

    use super::*;

    fn device(n: u8) -> DeviceKey {
        DeviceKey::from_bytes([n; 32])
    }

    fn orphan(n: u64, by: u8, bytes: usize) -> Orphan {
        let key = SigningKey::from_bytes(&[9; 32]);
        let text = folkmoot_record::content::Value::Text("x".repeat(bytes));
        let record = Draft {
            cid: Some(CollectiveId::from_bytes([1; 32])),
            seat: SeatKey::from_bytes([2; 32]),
            place: Place { seq: 0, prev: None },
            hlc: Hlc::next(1_700_000_000_000 + n, []),
            kind: Kind::NOTE,
            cap: Some(GrantId::from_bytes([4; 32])),
            auth: vec![RecordId::from_bytes([3; 32])],
            refs: Vec::new(),
            tags: Vec::new(),
            body: Content::new([0; 16]).with(0, text).encode(),
        }
        .sign(&key)
        .unwrap();
        Orphan {
            record,
            from: None,
            by: Some(device(by)),
            at_ms: n,
        }
    }

    #[test]
    fn a_flood_of_one_device_pushes_out_its_own_alone() {
        let mut orphans = Orphans::default();
        let honest: Vec<Orphan> = (0..20).map(|n| orphan(n, 1, 10)).collect();
        for one in &honest {
            orphans.insert(one.clone());
        }
        let mut made = 100;
        for by in [2, 3, 4] {
            for _ in 0..MOST_OF_ONE + 200 {
                orphans.insert(orphan(made, by, 10));
                made += 1;
            }
            assert!(orphans.shares[&Some(device(by))].order.len() <= MOST_OF_ONE);
        }
        assert_eq!(orphans.len(), MOST);
        for one in &honest {
            assert!(orphans.contains_key(&one.record.id()));
        }
        // What is taken out is counted out.
        let ids: Vec<RecordId> = orphans.iter().map(|(id, _)| *id).collect();
        for id in ids {
            assert!(orphans.remove(&id).is_some());
        }
        assert!(orphans.is_empty() && orphans.shares.is_empty());
        assert_eq!(orphans.bytes, 0);
    }

    #[test]
    fn large_ones_count_by_their_bytes() {
        let mut orphans = Orphans::default();
        orphans.insert(orphan(0, 1, 10));
        for n in 1..=1_200 {
            orphans.insert(orphan(n, 2 + (n % 3) as u8, 30_000));
        }
        assert!(orphans.bytes <= MOST_BYTES);
        assert!(orphans.len() < 1_200 && orphans.len() > 900);
        assert!(orphans.shares.contains_key(&Some(device(1))));
    }
}
