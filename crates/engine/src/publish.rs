//! Own records: signed, stored as one group, and then told to the index and to peers.

use folkmoot_api::ApiError;
use folkmoot_record::CollectiveId;
use folkmoot_store::Entry;
use folkmoot_sync::{Ask, Input};

use crate::{
    core::Core,
    errors::store_failed,
    intake::receive::{Taken, again, united},
    keeping::{author::tip_fact, documents::is_first},
    membership::collective::Collective,
};

impl Core {
    /// Stores own records as one group and tells index and peers.
    pub(crate) fn publish(
        &mut self,
        cid: CollectiveId,
        mut entries: Vec<Entry>,
    ) -> Result<(), ApiError> {
        let last = entries.iter().rev().find_map(|entry| match entry {
            Entry::Record(record, _) if record.header().kind.is_content() => Some(record),
            _ => None,
        });
        entries.extend(
            last.map(|record| tip_fact(record, &cid))
                .into_iter()
                .collect::<Vec<_>>(),
        );
        // What an own revocation cuts away is marked in the same group as the revocation.
        let owed = self
            .collectives
            .get_mut(&cid)
            .map(|collective| std::mem::take(&mut collective.rejudge))
            .unwrap_or_default();
        let mut taken = Taken::default();
        if let Some(rejudge) = united(owed) {
            self.rejudge(cid, &rejudge, &mut taken);
            entries.append(&mut taken.entries);
        }
        if let Err(error) = self.store_batch(cid, &entries) {
            self.reload(cid);
            return Err(store_failed(error));
        }
        // What is honoured again was written long ago: others may bear on it.
        let old = !taken.shown.is_empty() || !taken.unshown.is_empty();
        let mut shown = taken.shown;
        let mut stored = Vec::new();
        let bundles = entries
            .iter()
            .any(|entry| matches!(entry, Entry::Bundle { .. }));
        let mut control = false;
        for entry in entries {
            if let Entry::Record(record, _) = entry {
                stored.push((record.id(), None));
                if record.header().kind.is_content() {
                    if let Some(collective) = self.collectives.get_mut(&cid) {
                        let header = record.header();
                        collective.stored_content(header.hlc, record.id(), &header.seat);
                    }
                    shown.push(record);
                } else {
                    control = true;
                }
            }
        }
        again(&shown, &mut stored);
        let fresh = !old && shown.iter().all(|record| is_first(record.header()));
        self.show_as(cid, &shown, &taken.unshown, fresh);
        if !stored.is_empty() {
            self.feed(Input::Stored {
                cid,
                records: stored,
            });
        }
        if control {
            self.feed(Input::Changed { cid });
        }
        if bundles {
            // Sealed keys are not pushed: others get them by comparing, now rather than minutes later.
            self.feed(Input::Ask(Ask::SyncNow { cid: Some(cid) }));
        }
        Ok(())
    }

    /// After a failed commit memory is ahead of the disk: it is read again.
    pub(crate) fn reload(&mut self, cid: CollectiveId) {
        let Some(collective) = self.collectives.remove(&cid) else {
            return;
        };
        let kept = collective.secrets.copy();
        match self.load_whole(kept) {
            Ok(again) => {
                self.collectives.insert(cid, again);
            }
            Err(error) => {
                tracing::error!(%error, "reading the store again failed");
                self.collectives.insert(cid, collective);
            }
        }
        self.imported.remove(&cid);
    }

    /// Joins heads until a record can cite them all, as a commit of its own.
    pub(crate) fn tidy_heads(&mut self, cid: CollectiveId) -> Result<(), ApiError> {
        let now_ms = self.clock.wall();
        let merged = self.collective_mut(&cid)?.merge_heads(now_ms);
        match merged {
            Ok(entries) if entries.is_empty() => Ok(()),
            Ok(entries) => self.publish(cid, entries),
            Err(error) => {
                self.reload(cid);
                Err(error)
            }
        }
    }

    /// Lets `write` sign a control record, and stores it. Where that fails nothing of it stays.
    pub(crate) fn control<T>(
        &mut self,
        cid: CollectiveId,
        write: impl FnOnce(&mut Collective, u64) -> Result<(Vec<Entry>, T), ApiError>,
    ) -> Result<T, ApiError> {
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let collective = self.collective_mut(&cid)?;
        match write(collective, now_ms) {
            Ok((entries, result)) => self.publish(cid, entries).map(|()| result),
            Err(error) => {
                if collective.stale {
                    self.reload(cid);
                }
                Err(error)
            }
        }
    }
}
