//! Retiring the lost devices of a person who came back.

use ed25519_dalek::SigningKey;
use folkmoot_api::ApiError;
use folkmoot_record::{
    CollectiveId, Kind,
    control::{Control, DeviceBody, DeviceDrop},
};
use folkmoot_store::{Entry, Vault};

use crate::{
    author::Signer,
    collective::Collective,
    collectives::own_cut,
    core::Core,
    errors::{failed, key_failed},
};

/// Devices dropped by one record (section 3.2).
const MOST_DROPS: usize = 16;

impl Core {
    /// Drops every other device of the own seat by its root, with a cut that keeps everything
    /// that was received of it, and begins a new epoch where this person may. Gives how many.
    pub(crate) fn retire_others(&mut self, cid: CollectiveId) -> Result<u64, ApiError> {
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let root = self.keyring.root(&collective.secrets);
        let built = collective.drop_others(store, &root, now_ms);
        if collective.stale {
            self.reload(cid);
        }
        let (entries, dropped) = built?;
        if dropped == 0 {
            return Ok(0);
        }
        // Keys first: an epoch whose secret is lost serves nobody.
        self.keyring
            .save(&self.collectives[&cid].secrets)
            .map_err(key_failed)?;
        self.publish(cid, entries)?;
        Ok(dropped)
    }
}

impl Collective {
    fn drop_others(
        &mut self,
        store: &Vault,
        root: &SigningKey,
        now_ms: u64,
    ) -> Result<(Vec<Entry>, u64), ApiError> {
        let (seat, own) = (self.secrets.seat, self.secrets.dev());
        let cut = own_cut(self, store)?;
        let lost: Vec<_> = self
            .accord
            .state()
            .seats
            .get(&seat)
            .map(|member| &member.devices)
            .into_iter()
            .flatten()
            .filter(|(dev, device)| device.is_certified() && **dev != own)
            .map(|(dev, _)| *dev)
            .collect();
        let mut entries = Vec::new();
        for some in lost.chunks(MOST_DROPS) {
            let drop = |dev| DeviceDrop {
                dev,
                cut: cut.iter().filter(|cut| cut.dev == dev).copied().collect(),
            };
            let body = Control::Device(DeviceBody {
                adds: Vec::new(),
                drops: some.iter().copied().map(drop).collect(),
            });
            let (more, _) =
                self.sign_control(now_ms, None, Signer::Root(root), Kind::DEVICE, &body)?;
            entries.extend(more);
        }
        // Without the right to renew keys another member does it.
        if !lost.is_empty()
            && let Ok(epoch) = self.begin_epoch(now_ms)
        {
            entries.extend(epoch);
        }
        Ok((entries, lost.len() as u64))
    }
}
