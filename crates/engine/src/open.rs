//! Opening a home: keys, store, collectives, index, in this order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use folkmoot_record::{EpochId, RecordId};
use folkmoot_store::{
    Damage, Held, Lies, OpenReport, Options as StoreOptions, Progress, StoreError, StoreLock,
};

use crate::{
    OpenError, Opened, Options,
    clock::Clock,
    copies::marker,
    core::Core,
    finding::{index::Library, lexicon::Words},
    intake::{
        checkers::{Batch, Checked, Checkers},
        marks::unjudged_key,
    },
    membership::{collective::Collective, join::first_sync_key, profiles},
    person::{
        home::Home,
        keyring::Keyring,
        secrets::{Membership, Secrets},
    },
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
        if marker::is_there(&home) {
            return Err(marker::half_back());
        }
        // The store's lock comes first: two processes must not both make keys.
        let lock = StoreLock::take(&home.store())?;
        // A new person beside records whose keys are gone would hide the loss. A node key alone is no key: making
        // or recovering a home may have broken off behind it.
        if Keyring::holds_nothing(&home)? && lock.lies()? != Lies::Empty {
            return Err(OpenError::Failed {
                message: "there are records here, but their keys are gone".to_owned(),
                hint: Some(
                    "restore the key folder from a copy, or use your 24 words: `moot recover`"
                        .to_owned(),
                ),
            });
        }
        // Keys that lie open are sealed by the node's start alone: a command that happens to know
        // a passphrase, perhaps that of another home, must not lock this one.
        let passphrase = match !options.serving && Keyring::lies_open(&home)? {
            true => None,
            false => options.passphrase.as_ref().map(|text| text.as_str()),
        };
        let (keyring, _) = Keyring::open(&home, passphrase)?;
        let key = Some(keyring.store_key());
        let sealed = StoreOptions {
            key: key.clone(),
            ..StoreOptions::default()
        };
        let (store, report) = lock.open(sealed, &mut |step| {
            progress(&sentence(&step));
        })?;
        // What was torn off was never acknowledged, so the index never had it.
        let lost = !report.damaged.is_empty();
        let library =
            Library::open(&home.index(), key, &store, lost).map_err(|error| OpenError::Failed {
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
            words: Words::default(),
            collectives: BTreeMap::new(),
            checkers,
            machine: None,
            network: None,
            joins: BTreeMap::new(),
            recovering: BTreeMap::new(),
            retiring: BTreeMap::new(),
            helps: options.helps,
            waiting: Vec::new(),
            departures: BTreeMap::new(),
            warnings: VecDeque::new(),
            damage: Vec::new(),
            upkeep_at: crate::core::UPKEEP,
            bin: crate::keeping::trash::Bin::default(),
            imported: BTreeMap::new(),
            scrubbing: None,
            scrub_next_ms: since_ms,
            unmended: Vec::new(),
        };
        core.recovering = crate::recovery::recovering::load(&core.store)?;
        core.retiring = crate::recovery::retire::load(&core.store)?;
        core.load_collectives()?;
        core.judge_what_is_left();
        if lost {
            core.mend_facts();
        }
        let mut notices = notices(&report);
        // An index in the open does not open where the log is sealed just now.
        let rebuilt = core.library.take_why_rebuilt();
        if let Some(why) = rebuilt.filter(|_| !report.sealed) {
            notices.push(format!("the search index is being built again ({why})"));
        }
        core.load_damage();
        for damage in &report.damaged {
            core.keep_damage(&damaged(damage), &damage.ids);
        }
        for notice in &notices {
            core.warn(notice.clone());
        }
        let first_start = core.home_collective().is_none() && !core.home_may_come();
        if first_start && core.wants_fresh_home() {
            core.fresh_home().map_err(|error| OpenError::Failed {
                message: error.message,
                hint: error.hint,
            })?;
        } else if first_start {
            // Also where all that is missing is the one file of the only collective.
            if !core.collectives.is_empty() || !core.store.collectives().is_empty() {
                return Err(OpenError::Failed {
                    message: "the keys of the personal home are missing".to_owned(),
                    hint: Some(
                        "restore the key folder from a copy, or move it away and use your 24 words: `moot recover`".to_owned(),
                    ),
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
        for secrets in self.keyring.load()? {
            let cid = secrets.cid;
            let held = self.store.counts(&cid);
            let empty = held.control == 0 && held.content == 0;
            if secrets.founder_salt.is_some() && empty && !self.recovering.contains_key(&cid) {
                // The founding broke off between its keys and its records: there is nothing to lose.
                self.keyring.forget(&cid)?;
                continue;
            }
            let mut collective = self.load_whole(secrets)?;
            self.learn_from_bundles(&mut collective);
            self.collectives.insert(cid, collective);
        }
        Ok(())
    }

    /// Everything of one collective as the store has it: at a start, and after a failed commit.
    pub(crate) fn load_whole(&self, secrets: Secrets) -> Result<Collective, StoreError> {
        let cid = secrets.cid;
        let mut collective = Collective::new(secrets);
        let first_sync_end = self
            .store
            .local(&first_sync_key(&cid))?
            .and_then(|value| value.try_into().ok())
            .map(u64::from_be_bytes);
        collective.load(&self.store, self.clock.wall(), first_sync_end)?;
        let came_in = collective.secrets.founder_salt.is_none() || self.is_recovering(&cid);
        collective.first_sync = came_in
            && collective.secrets.membership != Membership::Left
            && first_sync_end.is_none();
        collective.profiles = profiles::load(&self.store, &cid)?;
        collective.recall_refusals(&self.store)?;
        collective.unjudged = self.store.local(&unjudged_key(&cid))?.is_some();
        for (id, mark) in self.store.marked()? {
            if let Some(record) = crate::exchange::holdings::read(&self.store, &id)
                && record.header().cid == Some(cid)
            {
                collective.remember_mark(&record, mark);
            }
        }
        collective.load_purges(&self.store)?;
        if !collective.accord.state().revocations.is_empty() {
            for stamp in collective.content_stamps(&self.store)? {
                let id = RecordId::from_bytes(stamp.id);
                if self.store.held(&id)? == Held::Header {
                    collective.bodiless.insert(id);
                }
            }
        }
        Ok(collective)
    }

    /// Opens bundles whose secret a crash kept from being written to the key folder.
    fn learn_from_bundles(&mut self, collective: &mut Collective) {
        let (cid, dev) = (collective.cid(), collective.secrets.dev());
        let epochs = collective.accord.state().epochs.values();
        let unknown: BTreeSet<EpochId> = epochs
            .map(|epoch| epoch.key_id)
            .filter(|key_id| collective.secrets.epoch(key_id).is_none())
            .collect();
        let mut bundles = Vec::new();
        for key_id in unknown {
            let hashes = self.store.bundle_hashes(&cid, &key_id);
            let held = hashes.and_then(|hashes| {
                let held = hashes.iter().map(|hash| self.store.bundle(hash));
                held.collect::<Result<Vec<_>, _>>()
            });
            match held {
                Ok(held) => bundles.extend(held.into_iter().flatten()),
                Err(error) => self.warn(format!("sealed keys could not be read: {error}")),
            }
        }
        let mut learnt = false;
        for stored in bundles {
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
        Progress::Sealing { done, total } => {
            format!("sealing the record log: {} %", percent(done, total))
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
    if report.sealed {
        notices.push(
            "the record log lay in the open and is sealed now; backups made before hold it in the open still"
                .to_owned(),
        );
    }
    if let Some(why) = &report.left_open {
        notices.push(format!(
            "the record log lies in the open still ({why}); the next start tries again to seal it"
        ));
    }
    if let Some(why) = report
        .rebuilt_projection
        .as_ref()
        .filter(|_| !report.sealed)
    {
        notices.push(format!(
            "the store's projection was built again from the log ({why}); nothing is lost"
        ));
    }
    if let Some(torn) = &report.torn_tail_cut {
        // What lay in the open is not kept where the rest is sealed.
        let done = if report.sealed {
            "left out"
        } else {
            "set aside"
        };
        notices.push(format!(
            "the end of the record log was torn by a crash: {} bytes, never acknowledged, were {done}",
            torn.bytes
        ));
    }
    for damage in &report.damaged {
        notices.push(damaged(damage));
    }
    notices
}

fn damaged(damage: &Damage) -> String {
    format!(
        "the record log is damaged ({damage}); the rest is intact, and what is lost is fetched from peers"
    )
}
