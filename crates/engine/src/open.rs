//! Opening a home: keys, store, collectives, index, in this order.

use std::collections::{BTreeMap, VecDeque};

use folkmoot_record::{CollectiveId, RecordId};
use folkmoot_store::{OpenReport, Options as StoreOptions, Progress, Vault};

use crate::{
    OpenError, Opened, Options,
    checkers::{Batch, Checked, Checkers},
    clock::Clock,
    collective::Collective,
    core::Core,
    home::Home,
    index::Library,
    join::first_sync_key,
    keyring::{Found, Keyring},
    names::HOME,
    profiles,
    secrets::Membership,
};

impl Core {
    /// Opens everything, and founds the home of a new person. `done` takes what the signature
    /// workers return.
    pub(crate) fn open(
        options: &Options,
        progress: &mut dyn FnMut(&str),
        done: impl Fn(Batch<Checked>) + Send + Sync + 'static,
    ) -> Result<(Self, Opened), OpenError> {
        let clock = Clock::start();
        let home = Home::new(options.home.clone());
        home.prepare()?;
        // The store's lock comes first: two processes must not both make keys.
        let (store, report) = Vault::open(&home.store(), StoreOptions::default(), &mut |step| {
            progress(&sentence(&step));
        })?;
        let (keyring, found) = Keyring::open(&home, options.passphrase.as_deref())?;
        let library = Library::open(&home.index(), &store).map_err(|error| OpenError::Failed {
            message: error.to_string(),
            hint: Some(format!(
                "remove {}; it is built again",
                home.index().display()
            )),
        })?;
        let checkers = Checkers::start(done).map_err(|error| OpenError::Failed {
            message: format!("threads could not be started: {error}"),
            hint: None,
        })?;
        let since_ms = clock.wall();
        let mut core = Self {
            clock,
            version: options.version,
            serving: options.serving,
            since_ms,
            home,
            keyring,
            store,
            library,
            collectives: BTreeMap::new(),
            checkers,
            machine: None,
            network: None,
            joins: BTreeMap::new(),
            waiting: Vec::new(),
            warnings: VecDeque::new(),
            upkeep_at: crate::core::UPKEEP,
            imported: BTreeMap::new(),
            scrubbing: None,
            scrub_next_ms: since_ms,
        };
        core.load_collectives()?;
        let mut notices = notices(&report);
        if let Some(why) = core.library.take_why_rebuilt() {
            notices.push(format!("the search index is being built again ({why})"));
        }
        for notice in &notices {
            core.warn(notice.clone());
        }
        let first_start = core.home_collective().is_none();
        if first_start {
            // A new home beside records whose keys are gone would hide the loss.
            let begun = !core.collectives.is_empty() || !core.store.collectives().is_empty();
            if found == Found::Opened && begun {
                return Err(OpenError::Failed {
                    message: "the keys of the personal home are missing".to_owned(),
                    hint: Some("restore the key folder from a copy".to_owned()),
                });
            }
            core.found_home().map_err(|error| OpenError::Failed {
                message: error.message,
                hint: error.hint,
            })?;
        }
        let transport_key = core.keyring.transport();
        Ok((
            core,
            Opened {
                first_start,
                transport_key,
                notices,
            },
        ))
    }

    fn load_collectives(&mut self) -> Result<(), OpenError> {
        let now_ms = self.clock.wall();
        let mut marked: BTreeMap<CollectiveId, BTreeMap<RecordId, u8>> = BTreeMap::new();
        for (id, mark) in self.store.marked()? {
            if let Some(record) = crate::holdings::read(&self.store, &id)
                && let Some(cid) = record.header().cid
            {
                marked.entry(cid).or_default().insert(id, mark);
            }
        }
        for secrets in self.keyring.load()? {
            let cid = secrets.cid;
            let mut collective = Collective::new(secrets);
            let first_sync_end = self
                .store
                .local(&first_sync_key(&cid))?
                .and_then(|value| value.try_into().ok())
                .map(u64::from_be_bytes);
            collective.load(&self.store, now_ms, first_sync_end)?;
            collective.first_sync = collective.secrets.founder_salt.is_none()
                && collective.secrets.membership != Membership::Left
                && first_sync_end.is_none();
            // A home is known by the node's own list, not by bytes (section 7.5).
            collective.home =
                collective.secrets.founder_salt.is_some() && collective.accord.state().name == HOME;
            collective.profiles = profiles::load(&self.store, &cid)?;
            collective.marked = marked.remove(&cid).unwrap_or_default();
            self.learn_from_bundles(&mut collective);
            self.collectives.insert(cid, collective);
        }
        Ok(())
    }

    /// Opens bundles whose secret a crash kept from being written to the key folder.
    fn learn_from_bundles(&mut self, collective: &mut Collective) {
        let (cid, dev) = (collective.cid(), collective.secrets.dev());
        let bundles = self.store.bundles(&cid).unwrap_or_default();
        let mut learnt = false;
        for stored in bundles {
            if collective.secrets.epoch(&stored.key_id).is_some() {
                continue;
            }
            let Ok(bundle) = folkmoot_seal::Bundle::decode(&stored.bytes) else {
                continue;
            };
            let secret = collective
                .secrets
                .kems
                .iter()
                .rev()
                .find_map(|kem| bundle.open(&cid, &dev, kem).ok());
            if let Some(secret) = secret {
                learnt |= collective.secrets.learn(secret);
            }
        }
        if learnt {
            collective.refresh_offers();
            if let Err(error) = self.keyring.save(&collective.secrets) {
                self.warn(format!("keys could not be written: {error}"));
            }
        }
    }

    /// Closes the index and the store.
    pub(crate) fn close(self) {
        if let Err(error) = self.library.close() {
            tracing::error!(%error, "closing the index failed; it goes on from its last commit");
        }
        if let Err(error) = self.store.close() {
            tracing::error!(%error, "closing the store failed; the next start replays its log");
        }
    }
}

fn sentence(step: &Progress) -> String {
    let percent = |done: &u64, total: &u64| done.saturating_mul(100) / (*total).max(1);
    match step {
        Progress::Replaying { done, total } => {
            format!(
                "reading the end of the record log: {} %",
                percent(done, total)
            )
        }
        Progress::Rebuilding { done, total } => {
            format!(
                "building the store's projection again: {} %",
                percent(done, total)
            )
        }
    }
}

fn notices(report: &OpenReport) -> Vec<String> {
    let mut notices = Vec::new();
    if let Some(why) = &report.rebuilt_projection {
        notices.push(format!(
            "the store's projection was built again from the log ({why}); nothing is lost"
        ));
    }
    if let Some(torn) = &report.torn_tail_cut {
        notices.push(format!(
            "the end of the record log was torn by a crash: {} bytes, never acknowledged, were set aside",
            torn.bytes
        ));
    }
    for damage in &report.damaged {
        notices.push(format!(
            "the record log is damaged ({damage}); the rest is intact, and what is lost is fetched from peers"
        ));
    }
    notices
}
