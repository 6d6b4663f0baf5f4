//! Leaving a collective: its sessions end here too, once the resignation is on its way.
//!
//! The other members end them when they take the resignation. One that does not, because it hangs
//! or does not want to, is not served for ever.

use folkmoot_record::CollectiveId;
use folkmoot_sync::{Ask, Input, Machine};

use crate::{core::Core, membership::collective::Collective, person::secrets::Membership};

/// The longest that sessions go on for the resignation to be sent, in milliseconds.
const PATIENCE: u64 = 10_000;
/// How long they go on once it left for the socket, in milliseconds: closing a stream may overtake
/// what was written last.
const GRACE: u64 = 2_000;

/// A collective that was left while its sessions were open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departure {
    /// Its sessions end then, monotonic milliseconds.
    at: u64,
    /// Nothing waits to be sent any more.
    sent: bool,
}

impl Core {
    /// This person left: what is to be sent is sent, and then the sessions end.
    pub(crate) fn depart(&mut self, cid: CollectiveId) {
        if self.machine.is_some() {
            let at = self.clock.mono().saturating_add(PATIENCE);
            self.departures.insert(cid, Departure { at, sent: false });
        }
    }

    /// A member's node that may not have heard of the resignation opened a session: it is given the
    /// time to take it.
    pub(crate) fn met_after_leaving(&mut self, cid: CollectiveId) {
        let left = |one: &Collective| one.secrets.membership == Membership::Left;
        if self.collectives.get(&cid).is_some_and(left) {
            let at = self.clock.mono().saturating_add(PATIENCE);
            self.departures.insert(cid, Departure { at, sent: true });
        }
    }

    /// Ends the sessions of collectives that were left.
    pub(crate) fn see_off(&mut self) {
        if self.departures.is_empty() {
            return;
        }
        let now = self.clock.mono();
        for (cid, departure) in &mut self.departures {
            let owes = |machine: &Machine| machine.owes(cid);
            if !departure.sent && !self.machine.as_ref().is_some_and(owes) {
                departure.sent = true;
                departure.at = departure.at.min(now.saturating_add(GRACE));
            }
        }
        let gone: Vec<CollectiveId> = self
            .departures
            .iter()
            .filter(|(_, departure)| departure.at <= now)
            .map(|(cid, _)| *cid)
            .collect();
        for cid in gone {
            self.departures.remove(&cid);
            self.feed(Input::Ask(Ask::Leave { cid }));
        }
    }

    /// When [`Core::see_off`] has something to do, monotonic milliseconds.
    pub(crate) fn departure_due(&self) -> Option<u64> {
        self.departures.values().map(|departure| departure.at).min()
    }
}
