//! Content that waits in memory for control records, in fair shares: whoever brings many loses the
//! own ones first (section 4.11).

use std::collections::BTreeMap;

use folkmoot_record::{DeviceKey, RecordId, Verified};
use folkmoot_sync::Peer;

use crate::intake::shares::{Bounds, Shares};

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
    /// The member's device that brought it: peer ids are free. Of all others there is one share.
    pub(crate) by: Option<DeviceKey>,
    /// When it came, in ms of the own clock.
    pub(crate) at_ms: u64,
}

/// The orphans of one collective.
#[derive(Debug)]
pub(crate) struct Orphans {
    held: BTreeMap<RecordId, Orphan>,
    shares: Shares,
}

impl Default for Orphans {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            shares: Shares::new(Bounds {
                of_one: MOST_OF_ONE,
                bytes_of_one: MOST_BYTES_OF_ONE,
                all: MOST,
                bytes: MOST_BYTES,
            }),
        }
    }
}

impl Orphans {
    pub(crate) fn contains_key(&self, id: &RecordId) -> bool {
        self.held.contains_key(id)
    }

    pub(crate) fn get(&self, id: &RecordId) -> Option<&Orphan> {
        self.held.get(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&RecordId, &Orphan)> {
        self.held.iter()
    }

    /// Keeps one; false where there is no room for it.
    pub(crate) fn insert(&mut self, orphan: Orphan) -> bool {
        let id = orphan.record.id();
        let bytes = orphan.record.wire().len();
        let gone = self.shares.insert(id, orphan.by, bytes, orphan.at_ms);
        self.held.entry(id).or_insert(orphan);
        for id in &gone {
            self.held.remove(id);
        }
        !gone.contains(&id)
    }

    pub(crate) fn remove(&mut self, id: &RecordId) -> Option<Orphan> {
        self.shares.remove(id);
        self.held.remove(id)
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
            assert!(orphans.shares.of(Some(device(by))) <= MOST_OF_ONE);
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
        assert_eq!(orphans.shares.bytes(), 0);
    }

    #[test]
    fn large_ones_count_by_their_bytes() {
        let mut orphans = Orphans::default();
        orphans.insert(orphan(0, 1, 10));
        for n in 1..=1_200 {
            orphans.insert(orphan(n, 2 + (n % 3) as u8, 30_000));
        }
        assert!(orphans.shares.bytes() <= MOST_BYTES);
        assert!(orphans.len() < 1_200 && orphans.len() > 900);
        assert_eq!(orphans.shares.of(Some(device(1))), 1);
    }
}
