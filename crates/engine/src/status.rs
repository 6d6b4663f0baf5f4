//! The node at a glance.

use folkmoot_api::{ApiError, IdView, Listening, StatusView};

use crate::{core::Core, membership::invite::moment};

impl Core {
    /// # Errors
    /// Where the shown name cannot be read.
    pub(crate) fn id_view(&self) -> Result<IdView, ApiError> {
        self.own_name().map(|name| self.id_of(name))
    }

    fn id_of(&self, name: Option<String>) -> IdView {
        let home = self.home_collective();
        IdView {
            name,
            home: home.map(|home| home.cid().to_string()).unwrap_or_default(),
            seat: home
                .map(|home| home.secrets.seat.to_string())
                .unwrap_or_default(),
            device: home
                .map(|home| home.secrets.dev().to_string())
                .unwrap_or_default(),
            peer_id: self
                .network
                .as_ref()
                .map(|network| self.print_peer(&network.peer))
                .unwrap_or_default(),
            folder: self.home.root().display().to_string(),
            sealed_by: if self.keyring.sealed() {
                "passphrase"
            } else {
                "key file"
            }
            .to_owned(),
        }
    }

    /// Everything at a glance. What cannot be read is a warning: the rest is the more needed then.
    pub(crate) fn status(&mut self) -> StatusView {
        let name = self.own_name().unwrap_or_else(|error| {
            self.warn(format!("the name that you show cannot be read: {error}"));
            None
        });
        let on_disk = self.store.size_on_disk().unwrap_or_else(|error| {
            self.warn(format!("the size of the store cannot be read: {error}"));
            0
        });
        let votes = self.open_votes();
        let mut damage = self.damage_notices();
        damage.extend(self.held_back());
        let others = self.warnings.iter().filter(|w| !self.is_known(w)).cloned();
        let retiring = self
            .home_notice()
            .into_iter()
            .chain(self.retirement_notices());
        let mut warnings: Vec<String> = damage.into_iter().chain(retiring).chain(others).collect();
        // Told as long as it is so, and not a moment longer.
        let mut unread = |what: &str, error: &dyn std::fmt::Display| {
            warnings.push(format!("{what} cannot be read: {error}"));
        };
        let index_bytes = self.library.size().unwrap_or_else(|error| {
            unread("the index", &error);
            0
        });
        let index_built = self.library.built(&self.store).unwrap_or_else(|error| {
            unread("how much of the record log the index has", &error);
            None
        });
        let copy = self.last_copy();
        if let Err(error) = &copy {
            unread("when a copy of this home was made last", error);
        }
        if let Some(wait) = self.library.waits(self.clock.mono()) {
            let seconds = wait.div_ceil(1_000);
            warnings.push(format!(
                "the search index failed again, so not all is found: it is built again in {seconds} seconds; look whether the disk is full or fails"
            ));
        }
        let log: u64 = self
            .collectives
            .keys()
            .map(|cid| self.store.counts(cid).bytes)
            .sum();
        StatusView {
            id: self.id_of(name),
            version: self.version.to_owned(),
            running: self.serving,
            pid: std::process::id(),
            since: moment(self.since_ms),
            listening: self
                .network
                .iter()
                .flat_map(|network| &network.listening)
                .map(|addr| Listening {
                    address: self.print_address(addr),
                })
                .collect(),
            collectives: self.summaries(),
            peers: self.peer_views(),
            log_bytes: log,
            projection_bytes: on_disk.saturating_sub(log),
            index_bytes,
            index_lag: self.library.uncommitted(),
            index_built,
            words_confirmed: self.words_confirmed(),
            warnings,
            copy_unread: copy.is_err(),
            copy: copy.unwrap_or_default(),
            eye: self.eye(),
            votes,
        }
    }
}
