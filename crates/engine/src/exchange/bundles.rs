//! Bundles of a collective: which are taken, kept and reconciled (sections 6.3 and 7.6).
//!
//! A bundle carries no signature. The one whose hash an epoch's record names is its maker's; any
//! member may have made any other, and a place must be left for the former whatever comes of those.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use folkmoot_record::{BundleHash, DeviceKey, EpochId, control::Control};
use folkmoot_seal::Bundle;
use folkmoot_store::{Entry, StoreError, Vault};
use folkmoot_sync::Delivered;

use crate::{
    intake::receive::Taken, membership::collective::Collective, person::secrets::Membership,
};

/// Bundles of this many newest honoured epochs are reconciled (section 7.6, scope 1).
const EPOCHS_RECONCILED: usize = 8;
/// Supplementary bundles reconciled of one epoch: those of the smallest hashes, so that all nodes
/// choose the same ones.
const MOST_SUPPLEMENTS: usize = 64;
/// Most bytes of a supplementary bundle: it seals to the devices of a seat or a few.
const SUPPLEMENT_BYTES: usize = 8 << 10;
/// Supplementary bundles of one giver that are stored on one day: twice what all epochs that are
/// reconciled have, 8 MiB. A smaller hash takes the place of a greater one, and the log keeps both, so
/// whoever sends them in descending order would fill the disk.
const MOST_GIVEN: usize = 2 * EPOCHS_RECONCILED * MOST_SUPPLEMENTS;
/// A day in milliseconds.
const DAY: u64 = 86_400_000;
/// Epoch secrets taken from a welcome before their records are known.
const MOST_WELCOMED: usize = 4;

/// How many supplementary bundles were stored on one day, by who brought them.
#[derive(Debug, Default)]
pub(crate) struct Given {
    day: u64,
    by: BTreeMap<Option<DeviceKey>, usize>,
}

impl Given {
    /// Counts one more; false where that would be too many. It comes again on another day.
    fn count(&mut self, by: Option<DeviceKey>, now_ms: u64) -> bool {
        if self.day != now_ms / DAY {
            self.day = now_ms / DAY;
            self.by.clear();
        }
        let given = self.by.entry(by).or_default();
        let fits = *given < MOST_GIVEN;
        *given += usize::from(fits);
        fits
    }
}

impl Collective {
    /// The newest honoured epochs, each with the hashes that its records name.
    fn epochs_reconciled(&self) -> BTreeMap<EpochId, BTreeSet<BundleHash>> {
        let state = self.accord.state();
        let honoured = || state.epochs.iter().filter(|(_, epoch)| epoch.honoured);
        let newest: BTreeSet<(u64, EpochId)> = honoured()
            .map(|(_, epoch)| (epoch.generation, epoch.key_id))
            .collect();
        let mut named: BTreeMap<EpochId, BTreeSet<BundleHash>> = newest
            .into_iter()
            .rev()
            .take(EPOCHS_RECONCILED)
            .map(|(_, key_id)| (key_id, BTreeSet::new()))
            .collect();
        for (id, epoch) in honoured() {
            let body = self.accord.record(id).and_then(|record| record.control());
            if let (Some(Control::Epoch(body)), Some(of)) = (body, named.get_mut(&epoch.key_id)) {
                of.insert(body.bundle_hash);
            }
        }
        named
    }

    /// Scope 1: the makers' bundles and the first supplementary ones of the newest epochs, as far
    /// as they are held, ascending. Reads keys alone.
    pub(crate) fn reconciled_bundles(
        &self,
        store: &Vault,
    ) -> Result<BTreeSet<BundleHash>, StoreError> {
        let cid = self.cid();
        let mut all = BTreeSet::new();
        for (key_id, named) in self.epochs_reconciled() {
            let held = store.bundle_hashes(&cid, &key_id)?;
            let (makers, others): (Vec<_>, Vec<_>) =
                held.into_iter().partition(|hash| named.contains(hash));
            all.extend(makers);
            all.extend(others.into_iter().take(MOST_SUPPLEMENTS));
        }
        Ok(all)
    }

    /// Takes an epoch bundle. One that opens for this device is learnt from; the maker's is kept
    /// for others, and of the rest as many as are reconciled.
    pub(crate) fn take_bundle(
        &mut self,
        store: &Vault,
        bytes: Vec<u8>,
        now_ms: u64,
        taken: &mut Taken,
    ) -> Delivered {
        let Ok(bundle) = Bundle::decode(&bytes) else {
            return Delivered::Refused;
        };
        let (hash, key_id) = (bundle.hash(), bundle.key_id());
        if matches!(store.bundle(&hash), Ok(Some(_))) {
            return Delivered::Known;
        }
        self.learn_from(&bundle, taken);
        // A welcome's bundle is for one device alone, which has it now.
        if self.secrets.membership == Membership::Joining {
            return Delivered::Delayed;
        }
        let reconciled = self.epochs_reconciled();
        let Some(named) = reconciled.get(&key_id) else {
            return Delivered::Delayed;
        };
        let (cid, by) = (self.cid(), self.share_of(taken.by));
        let held = match self.bundles.entry(key_id) {
            btree_map::Entry::Occupied(held) => held.into_mut(),
            btree_map::Entry::Vacant(place) => match store.bundle_hashes(&cid, &key_id) {
                Ok(held) => place.insert(held.into_iter().collect()),
                // What could not be read is not kept: the bundle is asked for again.
                Err(_) => return Delivered::Delayed,
            },
        };
        if !named.contains(&hash) {
            let others = held.iter().filter(|held| !named.contains(*held));
            let mut others: BTreeSet<BundleHash> = others.copied().collect();
            let last = others.iter().nth(MOST_SUPPLEMENTS - 1);
            if bytes.len() > SUPPLEMENT_BYTES
                || last.is_some_and(|last| hash >= *last)
                || !self.given.count(by, now_ms)
            {
                return Delivered::Delayed;
            }
            others.insert(hash);
            for displaced in others.into_iter().skip(MOST_SUPPLEMENTS) {
                held.remove(&displaced);
                taken.entries.push(Entry::DropBundle { hash: displaced });
            }
        }
        held.insert(hash);
        taken.entries.push(Entry::Bundle { cid, key_id, bytes });
        Delivered::Stored
    }

    /// Learns the secret of a bundle that opens for this device.
    fn learn_from(&mut self, bundle: &Bundle, taken: &mut Taken) {
        if self.secrets.epoch(&bundle.key_id()).is_some() {
            return;
        }
        let epochs = &self.accord.state().epochs;
        let known = |id| epochs.values().any(|epoch| epoch.key_id == id);
        if !known(bundle.key_id()) {
            // The welcome's bundle comes before its epoch's record. Others have to wait for theirs,
            // or a member could fill the key folder with made-up secrets.
            let early = self.secrets.epochs.iter();
            let early = early.filter(|secret| !known(secret.id())).count();
            let entering = self.first_sync || self.secrets.membership == Membership::Joining;
            if !entering || early >= MOST_WELCOMED {
                return;
            }
        }
        let (cid, dev) = (self.cid(), self.secrets.dev());
        let mut kems = self.secrets.kems.iter().rev();
        if let Some(secret) = kems.find_map(|kem| bundle.open(&cid, &dev, kem).ok()) {
            taken.keys |= self.secrets.learn(secret);
        }
    }
}

#[cfg(test)]
mod tests {
    use folkmoot_seal::{EpochSecret, KemSecret, Recipient};
    use folkmoot_store::Options;

    use super::*;
    use crate::{
        membership::found::{default_charter, found},
        person::{home::Home, keyring::Keyring},
    };

    const NOW: u64 = 1_800_000_000_000;

    struct Club {
        _folder: tempfile::TempDir,
        store: Vault,
        collective: Collective,
        /// The epoch of junk that is made.
        secret: EpochId,
    }

    /// A collective of one with one epoch.
    fn club() -> Club {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"));
        home.prepare().unwrap();
        let (keyring, _) = Keyring::open(&home, None).unwrap();
        let (collective, entries) =
            found(&keyring, "commons", default_charter(), false, NOW).unwrap();
        let path = folder.path().join("store");
        let (mut store, _) = Vault::open(&path, Options::default(), &mut |_| {}).unwrap();
        store.commit(&entries).unwrap();
        let secret = collective.secrets.epochs[0].id();
        Club {
            _folder: folder,
            store,
            collective,
            secret,
        }
    }

    impl Club {
        /// A bundle of the epoch, or of one that nobody knows, for so many devices that nobody has.
        fn junk(&self, seed: u32, devices: usize) -> Bundle {
            let recipient = Recipient {
                dev: DeviceKey::from_bytes([9; 32]),
                kem: KemSecret::from_bytes([8; 32]).public(),
            };
            let mut bytes = [7; 32];
            bytes[..4].copy_from_slice(&seed.to_be_bytes());
            let to: Vec<_> = (0..devices)
                .map(|n| Recipient {
                    dev: DeviceKey::from_bytes(folkmoot_record::hash::plain(&n.to_be_bytes())),
                    ..recipient
                })
                .collect();
            let known = self.collective.secrets.epoch(&self.secret);
            let unknown = EpochSecret::from_bytes([3; 32]);
            let secret = known.unwrap_or(&unknown);
            let sealing = Bundle::seal(secret, &self.collective.cid(), &to, &bytes);
            sealing.unwrap().bundle
        }

        fn take(&mut self, bundle: &Bundle) -> Delivered {
            let mut taken = Taken::default();
            let (store, bytes) = (&self.store, bundle.encode());
            let verdict = self.collective.take_bundle(store, bytes, NOW, &mut taken);
            self.store.commit(&taken.entries).unwrap();
            verdict
        }

        fn listed(&self) -> BTreeSet<BundleHash> {
            self.collective.reconciled_bundles(&self.store).unwrap()
        }
    }

    #[test]
    fn a_flood_of_bundles_ends_and_leaves_the_makers_its_place() {
        let mut one = club();
        let maker = one.listed();
        assert_eq!(maker.len(), 1, "the founder's own");
        // Each is smaller than all before it, so each one is taken, whatever was taken already.
        let mut junk: Vec<Bundle> = (0..200).map(|n| one.junk(n, 1)).collect();
        junk.sort_by_key(|bundle| std::cmp::Reverse(bundle.hash()));
        for bundle in &junk {
            assert_eq!(one.take(bundle), Delivered::Stored);
        }
        let listed = one.listed();
        assert_eq!(listed.len(), 1 + MOST_SUPPLEMENTS);
        assert!(listed.is_superset(&maker));
        // Whatever came first: those that another node chooses.
        let smallest: BTreeSet<BundleHash> = junk.iter().map(Bundle::hash).collect();
        let smallest: BTreeSet<BundleHash> = smallest.into_iter().take(MOST_SUPPLEMENTS).collect();
        assert!(listed.is_superset(&smallest));
        // What was displaced is not held, and not taken again.
        let cid = one.collective.cid();
        let held = one.store.bundle_hashes(&cid, &one.secret).unwrap();
        assert_eq!(held.into_iter().collect::<BTreeSet<_>>(), listed);
        assert!(one.store.bundle(&junk[0].hash()).unwrap().is_none());
        assert_eq!(one.take(&junk[0]), Delivered::Delayed);
        assert_eq!(one.listed(), listed);
    }

    #[test]
    fn who_brings_too_many_in_a_day_waits_for_the_next() {
        let mut given = Given::default();
        let one = Some(DeviceKey::from_bytes([1; 32]));
        assert!((0..MOST_GIVEN).all(|_| given.count(one, NOW)));
        assert!(!given.count(one, NOW));
        assert!(given.count(None, NOW));
        assert!(given.count(one, NOW + DAY));
    }

    #[test]
    fn the_makers_bundle_finds_its_place_behind_any_flood() {
        let mut one = club();
        let next = one.collective.begin_epoch(NOW + 100_000).unwrap();
        let is_bundle = |entry: &Entry| matches!(entry, Entry::Bundle { .. });
        let (late, records): (Vec<_>, Vec<_>) = next.into_iter().partition(is_bundle);
        one.store.commit(&records).unwrap();
        let key_id = one.collective.secrets.epochs.last().unwrap().id();
        one.secret = key_id;
        for n in 0..100 {
            one.take(&one.junk(n, 1));
        }
        assert_eq!(one.listed().len(), 1 + MOST_SUPPLEMENTS);
        let [Entry::Bundle { bytes, .. }] = &late[..] else {
            panic!("an epoch has one bundle")
        };
        let bundle = Bundle::decode(bytes).unwrap();
        assert_eq!(one.take(&bundle), Delivered::Stored);
        assert!(one.listed().contains(&bundle.hash()));
        assert_eq!(one.take(&bundle), Delivered::Known);
    }

    #[test]
    fn what_is_too_large_to_be_of_use_is_not_kept() {
        let mut one = club();
        let before = one.listed();
        assert_eq!(one.take(&one.junk(1, 100)), Delivered::Delayed);
        assert_eq!(one.take(&one.junk(1, 20)), Delivered::Stored);
        assert_eq!(one.listed().len(), before.len() + 1);
    }

    #[test]
    fn a_welcomes_bundle_is_learnt_from_and_nobody_elses() {
        let mut one = club();
        let mine = &one.collective.secrets;
        let to = Recipient {
            dev: mine.dev(),
            kem: mine.kems[0].public(),
        };
        let secret = EpochSecret::from_bytes([4; 32]);
        let sealing = Bundle::seal(&secret, &one.collective.cid(), &[to], &[1; 32]);
        let bundle = sealing.unwrap().bundle;
        // A member takes no secret of an epoch that nobody posted.
        assert_eq!(one.take(&bundle), Delivered::Delayed);
        assert!(one.collective.secrets.epoch(&secret.id()).is_none());
        one.collective.secrets.membership = Membership::Joining;
        assert_eq!(one.take(&bundle), Delivered::Delayed);
        assert!(one.collective.secrets.epoch(&secret.id()).is_some());
        assert_eq!(one.listed().len(), 1);
    }

    #[test]
    fn an_epoch_nobody_heard_of_leaves_nothing() {
        let mut one = club();
        one.secret = EpochSecret::from_bytes([3; 32]).id();
        assert_eq!(one.take(&one.junk(1, 1)), Delivered::Delayed);
        assert_eq!(one.listed().len(), 1);
    }
}
