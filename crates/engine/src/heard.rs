//! When a device of a member was last heard: its last connection, kept across starts.

use folkmoot_record::{CollectiveId, DeviceKey};
use folkmoot_store::Entry;

use crate::core::Core;

/// Local facts: when a device was last connected, `h/`, collective, device.
const TABLE: &[u8] = b"h/";
/// How much later a connection has to be than what is kept, in ms: writing costs a sync of the disk.
const WORTH_KEEPING: u64 = 600_000;

fn key(cid: &CollectiveId, dev: &DeviceKey) -> Vec<u8> {
    [TABLE, cid.as_ref() as &[u8], dev.as_ref()].concat()
}

impl Core {
    /// Notes that a device is connected now.
    pub(crate) fn heard(&mut self, cid: CollectiveId, dev: DeviceKey) {
        let now_ms = self.clock.wall();
        if now_ms < self.last_heard(&cid, &dev).unwrap_or(0) + WORTH_KEEPING {
            return;
        }
        let entry = Entry::Local {
            key: key(&cid, &dev),
            value: Some(now_ms.to_be_bytes().to_vec()),
        };
        if let Err(error) = self.store.commit(&[entry]) {
            tracing::warn!(%error, "a connection could not be noted");
        }
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

    /// When a device was last seen connected, to ten minutes, in ms.
    pub(crate) fn last_heard(&self, cid: &CollectiveId, dev: &DeviceKey) -> Option<u64> {
        let value = self.store.local(&key(cid, dev)).ok().flatten()?;
        value.try_into().ok().map(u64::from_be_bytes)
    }

    /// The devices of members of a collective that are connected now.
    pub(crate) fn connected_devices(
        &self,
        cid: &CollectiveId,
    ) -> std::collections::BTreeSet<DeviceKey> {
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
