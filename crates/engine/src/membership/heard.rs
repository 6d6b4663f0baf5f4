//! When a member was last heard: the last connection of each device, and the last comparison with a
//! node of theirs, kept across starts.

use std::collections::BTreeSet;

use folkmoot_record::{CollectiveId, DeviceKey, SeatKey};
use folkmoot_store::{Entry, StoreError};

use crate::core::Core;

/// Local facts: when a device was last connected, `h/`, collective, device.
const TABLE: &[u8] = b"h/";
/// Local facts: when a node of a member was last reconciled with this one, `compared/`, collective, seat.
const COMPARED: &[u8] = b"compared/";
/// How much later a connection has to be than what is kept, in ms: writing costs a sync of the disk.
const WORTH_KEEPING: u64 = 600_000;

fn key(cid: &CollectiveId, dev: &DeviceKey) -> Vec<u8> {
    [TABLE, cid.as_ref() as &[u8], dev.as_ref()].concat()
}

fn compared(cid: &CollectiveId, seat: &SeatKey) -> Vec<u8> {
    [COMPARED, cid.as_ref() as &[u8], seat.as_ref()].concat()
}

impl Core {
    /// Notes that a device is connected now.
    pub(crate) fn heard(&mut self, cid: CollectiveId, dev: DeviceKey) {
        self.note_time(key(&cid, &dev));
    }

    /// Notes that a node of a member was reconciled with this one.
    pub(crate) fn note_compared(&mut self, cid: CollectiveId, seat: SeatKey) {
        self.note_time(compared(&cid, &seat));
    }

    /// Members besides these whose nodes were compared with this one since then, to ten minutes: also
    /// by the node that ran before.
    ///
    /// # Errors
    /// Where what was noted cannot be read: nobody knows then.
    pub(crate) fn compared_since(
        &self,
        cid: &CollectiveId,
        besides: &BTreeSet<SeatKey>,
        since_ms: u64,
    ) -> Result<u64, StoreError> {
        let Some(collective) = self.collectives.get(cid) else {
            return Ok(0);
        };
        let members = collective.accord.state().seats.iter();
        let others = members.filter(|(seat, member)| member.live && !besides.contains(*seat));
        let mut lately = 0;
        for (seat, _) in others {
            let at_ms = self.noted(&compared(cid, seat))?;
            lately += u64::from(at_ms.is_some_and(|at_ms| at_ms >= since_ms));
        }
        Ok(lately)
    }

    /// Keeps that something happened now, if what is kept is much older.
    fn note_time(&mut self, key: Vec<u8>) {
        let now_ms = self.clock.wall();
        let before = self.noted(&key).unwrap_or_else(|error| {
            // Written anew it can be read again.
            tracing::warn!(%error, "when a connection was noted last cannot be read");
            None
        });
        if now_ms < before.unwrap_or(0).saturating_add(WORTH_KEEPING) {
            return;
        }
        let entry = Entry::Local {
            key,
            value: Some(now_ms.to_be_bytes().to_vec()),
        };
        if let Err(error) = self.store.commit(&[entry]) {
            tracing::warn!(%error, "a connection could not be noted");
        }
    }

    fn noted(&self, key: &[u8]) -> Result<Option<u64>, StoreError> {
        let value = self.store.local(key)?;
        Ok(value.and_then(|value| value.try_into().ok().map(u64::from_be_bytes)))
    }

    /// Notes every device that is connected now.
    pub(crate) fn hear_all(&mut self) {
        let cids: Vec<CollectiveId> = self.collectives.keys().copied().collect();
        for cid in cids {
            for dev in self.connected_devices(&cid) {
                self.heard(cid, dev);
            }
        }
    }

    /// When a device was last seen connected, to ten minutes, in ms; `None` where it never was.
    ///
    /// # Errors
    /// Where what was noted cannot be read.
    pub(crate) fn last_heard(
        &self,
        cid: &CollectiveId,
        dev: &DeviceKey,
    ) -> Result<Option<u64>, StoreError> {
        self.noted(&key(cid, dev))
    }

    /// The devices of members of a collective that are connected now.
    pub(crate) fn connected_devices(&self, cid: &CollectiveId) -> BTreeSet<DeviceKey> {
        self.machine
            .as_ref()
            .map(folkmoot_sync::Machine::peers)
            .unwrap_or_default()
            .into_iter()
            .filter(|peer| peer.connected)
            .flat_map(|peer| peer.shared)
            .filter(|shared| shared.cid == *cid)
            .map(|shared| shared.dev)
            .collect()
    }
}
