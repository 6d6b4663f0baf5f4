//! The node at a glance.

use folkmoot_api::{IdView, Listening, StatusView};

use crate::{core::Core, invite::moment};

impl Core {
    pub(crate) fn id_view(&self) -> IdView {
        let home = self.home_collective();
        IdView {
            name: self.own_name(),
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

    pub(crate) fn status(&self) -> StatusView {
        let on_disk = self.store.size_on_disk().unwrap_or(0);
        let log: u64 = self
            .collectives
            .keys()
            .map(|cid| self.store.counts(cid).bytes)
            .sum();
        StatusView {
            id: self.id_view(),
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
            index_bytes: self.library.size(),
            index_lag: self.library.uncommitted(),
            warnings: self.warnings.iter().cloned().collect(),
        }
    }
}
