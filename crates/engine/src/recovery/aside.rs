//! A join beside a membership, or a recovery, that may still stand.
//!
//! Whoever may have been removed while away joins again by a fresh device. Its keys lie in a second
//! file until a member takes the join: where nobody does, and after a stop, everything is as it was.

use folkmoot_api::ApiError;
use folkmoot_record::{CollectiveId, GrantId};
use folkmoot_sync::{Ask, Input};

use crate::{
    core::Core,
    errors::{failed, key_failed, store_failed},
    person::secrets::{Membership, Secrets},
};

/// Trouble that lasts so long ends a join beside a membership: meanwhile nothing can be written,
/// and no door is answered. In milliseconds.
const PATIENCE: u64 = 60_000;

impl Core {
    /// Takes fresh keys for a join and leaves the present ones where they lie.
    pub(crate) fn stand_aside(
        &mut self,
        cid: CollectiveId,
        invite: GrantId,
    ) -> Result<(), ApiError> {
        let kept = self.kept_join(&cid, true)?;
        // A device that signed a join by another invite must not sign a second one.
        let spent = |secrets: &Secrets| {
            kept.as_ref().is_some_and(|record| {
                record.header().dev == secrets.dev() && record.header().cap != Some(invite)
            })
        };
        let earlier = self.keyring.aside(&cid).map_err(key_failed)?;
        let present = &self.collective_mut(&cid)?.secrets.copy();
        let mut secrets = match earlier.filter(|secrets| !spent(secrets)) {
            Some(earlier) => earlier,
            None => self.new_secrets(cid, present)?,
        };
        secrets.aside = true;
        secrets.membership = Membership::Joining;
        self.keyring.save(&secrets).map_err(key_failed)?;
        self.swap(cid, secrets)
    }

    /// The join came to nothing: the keys of before count again.
    pub(crate) fn stand_back(&mut self, cid: CollectiveId) {
        let aside = self.collectives.get(&cid).is_some_and(|c| c.secrets.aside);
        if !aside {
            return;
        }
        let back = match self.keyring.one(&cid) {
            Ok(secrets) => self.swap(cid, secrets),
            Err(error) => Err(key_failed(error)),
        };
        if let Err(error) = back {
            self.warn(format!(
                "your keys of before the join could not be read again: {error}; they count from the next start on"
            ));
            return;
        }
        self.feed(Input::Changed { cid });
        self.ask_to_recover(cid);
    }

    fn swap(&mut self, cid: CollectiveId, secrets: Secrets) -> Result<(), ApiError> {
        let mut again = self.load_whole(secrets).map_err(store_failed)?;
        if let Some(old) = self.collectives.remove(&cid) {
            // Whose nodes did not take this person is known from what they did, not from the disk.
            again.unserved = old.unserved;
        }
        self.collectives.insert(cid, again);
        Ok(())
    }

    /// Ends joins beside a membership at which nobody could be asked.
    pub(crate) fn end_stalled_joins(&mut self) {
        let mono = self.clock.mono();
        let stalled: Vec<(CollectiveId, String)> = self
            .collectives
            .values()
            .filter(|collective| collective.secrets.aside)
            .filter_map(|collective| {
                let join = self.joins.get(&collective.cid())?;
                Some((collective.cid(), join.stalled(mono, PATIENCE)?))
            })
            .collect();
        for (cid, why) in stalled {
            let error = failed(why).hint(
                "you are what you were before; check the key and that a member's node is running, and join again",
            );
            // What asks at the door ends first: a recovery may ask anew.
            self.feed(Input::Ask(Ask::CancelJoin { cid }));
            self.fail_join(cid, error);
        }
    }

    /// Whether a connected node of a member reconciled to the same set: it takes this device as a
    /// member's, whatever others do.
    pub(crate) fn is_taken_by_somebody(&self, cid: &CollectiveId) -> bool {
        let peers = self.machine.as_ref().map(folkmoot_sync::Machine::peers);
        let equal = |shared: &folkmoot_sync::SharedView| {
            shared.cid == *cid && shared.served && shared.equal && shared.equal_at.is_some()
        };
        peers
            .unwrap_or_default()
            .iter()
            .any(|peer| peer.connected && peer.shared.iter().any(equal))
    }
}
