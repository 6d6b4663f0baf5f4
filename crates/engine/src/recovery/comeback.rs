//! The record by which a person comes back: it adds this device, by the root of the seat
//! (section 6.1).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_api::ApiError;
use folkmoot_record::{
    CollectiveId, Hlc, Kind, RecordId, Verified,
    control::{Control, DeviceAdd, DeviceBody},
};
use folkmoot_seal::KemSecret;
use folkmoot_store::Entry;
use folkmoot_sync::limits;

use crate::{
    core::Core,
    errors::{failed, key_failed, store_failed},
    membership::join::join_key,
};

/// Whether a record is dated so far ahead that a member's node lets nobody in by it.
fn is_ahead(record: &Verified, now_ms: u64) -> bool {
    record.header().ms() > now_ms.saturating_add(limits::AHEAD_MS)
}

impl Core {
    /// The record that adds this device by the seat's root, and what it rests on that the host does
    /// not have. It is the one of an earlier try, since its welcome may have been lost, unless it is
    /// of no use: dated ahead, not taken by a node, or resting on more than can be handed over. Then
    /// a fresh device takes its place, so that no two records add the same one.
    pub(crate) fn device_record(
        &mut self,
        cid: CollectiveId,
    ) -> Result<(Verified, Vec<Vec<u8>>), ApiError> {
        let now_ms = self.clock.wall();
        let kept = self.kept_join(&cid, false)?;
        let dev = self.collective_mut(&cid)?.secrets.dev();
        let adds = |record: &Verified| match record.control() {
            Some(Control::Device(body)) => body.adds.iter().any(|add| add.dev == dev),
            _ => false,
        };
        if let Some(record) = kept.filter(adds) {
            let not_taken = self
                .recovering
                .get(&cid)
                .is_some_and(|recovery| recovery.not_taken);
            let before = self.unserved_past(cid, &record);
            if !not_taken && !is_ahead(&record, now_ms) && before.len() < limits::HANDED {
                return Ok(self.shown(cid, record, before));
            }
            self.renew_lost_device(cid)?;
        }
        let none = BTreeSet::new();
        let served = self.recovering.get(&cid).map_or(&none, |one| &one.served);
        let collective = self
            .collectives
            .get(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let body = Control::Device(DeviceBody {
            adds: vec![DeviceAdd {
                dev: collective.secrets.dev(),
                kem: collective.secrets.kems.last().map(KemSecret::public),
                limits: None,
            }],
            drops: Vec::new(),
        });
        let root = self.keyring.root(&collective.secrets);
        // It rests on what the host has: the rest of an old disk goes to it by reconciliation.
        let record = collective.root_draft_on(now_ms, served, &root, Kind::DEVICE, &body)?;
        let kept = Entry::Local {
            key: join_key(&cid, false),
            value: Some(record.wire().to_vec()),
        };
        self.store.commit(&[kept]).map_err(store_failed)?;
        let before = self.unserved_past(cid, &record);
        if let Some(recovery) = self.recovering.get_mut(&cid) {
            recovery.renewals += u8::from(recovery.not_taken);
            recovery.not_taken = false;
        }
        Ok(self.shown(cid, record, before))
    }

    fn shown(
        &mut self,
        cid: CollectiveId,
        record: Verified,
        before: Vec<Vec<u8>>,
    ) -> (Verified, Vec<Vec<u8>>) {
        if let Some(recovery) = self.recovering.get_mut(&cid) {
            recovery.record = Some(record.clone());
        }
        (record, before)
    }

    /// Draws the keys of this device anew: nobody took the record that would have added it.
    fn renew_lost_device(&mut self, cid: CollectiveId) -> Result<(), ApiError> {
        let old = self.collective_mut(&cid)?.secrets.copy();
        let secrets = self.new_secrets(cid, &old)?;
        self.keyring.save(&secrets).map_err(key_failed)?;
        let again = self.load_whole(secrets).map_err(store_failed)?;
        self.collectives.insert(cid, again);
        Ok(())
    }

    /// What a record rests on and the host did not serve, causes first: records that only the
    /// old disk held, or another host.
    fn unserved_past(&self, cid: CollectiveId, record: &Verified) -> Vec<Vec<u8>> {
        let (Some(collective), Some(recovery)) =
            (self.collectives.get(&cid), self.recovering.get(&cid))
        else {
            return Vec::new();
        };
        let header = record.header();
        let mut past: BTreeMap<(Hlc, RecordId), Vec<u8>> = BTreeMap::new();
        for cause in header.auth.iter().chain(&header.prev) {
            if recovery.served.contains(cause) {
                // The host has all that this one rests on.
                continue;
            }
            for old in collective.accord.past(cause) {
                if !recovery.served.contains(&old.id()) {
                    past.insert((old.header().hlc, old.id()), old.wire().to_vec());
                }
            }
        }
        past.into_values().collect()
    }
}
