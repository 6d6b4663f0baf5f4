//! A home that is asked for: the list of collectives that it keeps, and a fresh one in its place.

use folkmoot_api::{ApiError, Reply};
use folkmoot_record::CollectiveId;
use folkmoot_store::Entry;

use crate::{
    core::Core,
    errors::{key_failed, store_failed},
    membership::collective::Collective,
    person::card::Membered,
    recovery::recovering::{FOLLOW_LIST, FRESH_HOME, Pending},
};

impl Core {
    /// The home is back: what its list names and is not here is asked for too.
    pub(crate) fn list_recovered(&mut self, retire: bool) {
        let fact = Entry::Local {
            key: FOLLOW_LIST.to_vec(),
            value: Some(vec![u8::from(retire)]),
        };
        match self.store.commit(&[fact]) {
            Ok(()) => self.follow_list(),
            Err(error) => self.warn(format!("the list of collectives was not read: {error}")),
        }
    }

    pub(crate) fn follow_list(&mut self) {
        let Ok(Some(fact)) = self.store.local(FOLLOW_LIST) else {
            return;
        };
        if self.home_collective().is_none() {
            return;
        }
        let retire = fact.first() != Some(&0);
        if let Err(error) = self.follow(self.membership_list(), retire) {
            self.warn(format!("the list of collectives was not followed: {error}"));
            return;
        }
        let done = Entry::Local {
            key: FOLLOW_LIST.to_vec(),
            value: None,
        };
        if let Err(error) = self.store.commit(&[done]) {
            tracing::warn!(%error, "the list of collectives will be read again");
        }
    }

    /// Asks for everything on a list that is not here.
    pub(crate) fn follow(&mut self, list: Vec<Membered>, retire: bool) -> Result<(), ApiError> {
        for (cid, salt, addrs) in list {
            if self.collectives.contains_key(&cid) {
                continue;
            }
            let pending = Pending {
                retire,
                addrs,
                was_home: false,
            };
            self.begin_recovery(cid, salt, pending)?;
        }
        Ok(())
    }

    /// Makes a fresh home where the old one did not come back; the old one is asked for further,
    /// as a collective beside it.
    pub(crate) fn fresh_home(&mut self) -> Result<Reply, ApiError> {
        if self.home_collective().is_some() {
            return Ok(Reply::Done("your home is there".to_owned()));
        }
        let former: Vec<CollectiveId> = self
            .collectives
            .values()
            .filter(|collective| collective.is_home())
            .map(Collective::cid)
            .collect();
        for cid in former {
            if let Some(recovery) = self.recovering.get_mut(&cid) {
                recovery.pending.was_home = true;
                let fact = recovery.pending.fact(&cid);
                self.store.commit(&[fact]).map_err(store_failed)?;
            }
            self.collective_mut(&cid)?.secrets.home = false;
            self.keyring
                .save(&self.collectives[&cid].secrets)
                .map_err(key_failed)?;
        }
        self.found_home()?;
        let fact = Entry::Local {
            key: FRESH_HOME.to_vec(),
            value: None,
        };
        self.store.commit(&[fact]).map_err(store_failed)?;
        let members: Vec<CollectiveId> = self
            .member_of()
            .filter(|collective| !collective.is_home())
            .map(Collective::cid)
            .collect();
        for cid in members {
            let doors: Vec<Vec<u8>> = self.doors(&cid).into_iter().map(|addr| addr.0).collect();
            self.note_membership(cid, &doors);
        }
        Ok(Reply::Done("made a fresh home".to_owned()))
    }

    /// Whether a recovery found no home to bring back.
    pub(crate) fn wants_fresh_home(&self) -> bool {
        matches!(self.store.local(FRESH_HOME), Ok(Some(_)))
    }

    /// Whether the home is still asked for. A start alone does not give it up.
    pub(crate) fn home_may_come(&self) -> bool {
        let mut all = self.collectives.values();
        all.any(|collective| collective.is_home() && self.is_recovering(&collective.cid()))
    }

    /// A sentence for `status`, where there is no home yet.
    pub(crate) fn home_notice(&self) -> Option<String> {
        (self.home_collective().is_none() && self.home_may_come()).then(|| {
            "your home is not back yet: its other devices are asked while your node runs (moot up). Until then write into a collective by its name; if they are gone for good: moot recover --fresh-home".to_owned()
        })
    }
}
