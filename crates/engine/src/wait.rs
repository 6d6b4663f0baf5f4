//! Questions whose answers have to wait for the network, or for something to happen.

use folkmoot_api::{Events, Reply, SyncView};
use folkmoot_record::CollectiveId;
use folkmoot_store::LogCursor;
use folkmoot_sync::{Ask, Input};

use crate::core::{Core, ReplyTo};

/// The longest that a reconciliation is waited for, in milliseconds.
const MOST_WAIT: u32 = 60_000;
/// Most questions that wait at one time; further ones are answered at once.
const MOST_WAITING: usize = 256;

/// What is waited for.
#[derive(Debug)]
pub(crate) enum Awaited {
    /// News of a join.
    Join {
        /// Of which collective.
        cid: CollectiveId,
        /// Stages that the asker has seen.
        seen: u32,
    },
    /// The end of reconciliations that began at `since`, wall clock milliseconds.
    Sync {
        /// Of one collective or of all.
        cid: Option<CollectiveId>,
        /// When they were asked for.
        since: u64,
    },
    /// Something that the asker wants to hear of.
    Events {
        /// What is asked for.
        ask: Events,
        /// How far the log was read.
        from: LogCursor,
    },
}

/// A question that waits.
pub(crate) struct Waiting {
    pub(crate) what: Awaited,
    /// Monotonic milliseconds at which it is answered with what there is.
    pub(crate) until: u64,
    pub(crate) reply: ReplyTo,
}

impl Core {
    /// Answers what can be answered now.
    pub(crate) fn answer_waiting(&mut self) {
        let mono = self.clock.mono();
        let crowded = self.waiting.len() > MOST_WAITING;
        let mut still = Vec::new();
        for mut waiting in std::mem::take(&mut self.waiting) {
            let over = crowded || waiting.until <= mono;
            match &mut waiting.what {
                Awaited::Join { cid, seen } => {
                    if over
                        || self
                            .joins
                            .get(&*cid)
                            .is_none_or(|join| join.news(*seen, mono))
                    {
                        (waiting.reply)(Ok(Reply::Join(self.join_progress(cid))));
                    } else {
                        still.push(waiting);
                    }
                }
                Awaited::Sync { cid, since } => {
                    let complete = self.reconciled_since(*cid, *since);
                    if over || complete {
                        let view = self.sync_view(*cid, complete);
                        (waiting.reply)(Ok(Reply::Sync(view)));
                    } else {
                        still.push(waiting);
                    }
                }
                Awaited::Events { ask, from } => match self.events_since(ask, from, over) {
                    Some(answer) => (waiting.reply)(answer),
                    None => still.push(waiting),
                },
            }
        }
        self.waiting.append(&mut still);
    }

    /// Reconciles now and answers when every connected member was heard, or the wait is over.
    pub(crate) fn sync_now(&mut self, name: Option<&str>, wait_ms: u32, reply: ReplyTo) {
        let cid = match self
            .needs_network()
            .and_then(|()| name.map(|name| self.resolve(name)).transpose())
        {
            Ok(cid) => cid,
            Err(error) => return reply(Err(error)),
        };
        let since = self.clock.wall();
        let until = self.clock.mono() + u64::from(wait_ms.min(MOST_WAIT));
        self.feed(Input::Ask(Ask::SyncNow { cid }));
        self.waiting.push(Waiting {
            what: Awaited::Sync { cid, since },
            until,
            reply,
        });
        self.answer_waiting();
    }

    /// Whether every peer that is known to be a member's reconciled since then. With the others
    /// there is no session to wait for.
    fn reconciled_since(&self, cid: Option<CollectiveId>, since: u64) -> bool {
        let peers = self
            .machine
            .as_ref()
            .map(folkmoot_sync::Machine::peers)
            .unwrap_or_default();
        peers
            .iter()
            .filter(|peer| peer.connected)
            .flat_map(|peer| &peer.shared)
            .filter(|shared| shared.served && cid.is_none_or(|cid| shared.cid == cid))
            .all(|shared| !shared.in_progress && shared.synced_at.is_some_and(|at| at >= since))
    }

    fn sync_view(&self, cid: Option<CollectiveId>, complete: bool) -> SyncView {
        let mut peers = self.peer_views();
        if let Some(cid) = cid {
            let id = cid.to_string();
            for peer in &mut peers {
                peer.collectives.retain(|shared| shared.collective_id == id);
            }
            peers.retain(|peer| !peer.collectives.is_empty());
        }
        let alone = self
            .member_of()
            .filter(|collective| {
                !collective.is_home() && cid.is_none_or(|cid| cid == collective.cid())
            })
            .filter(|collective| self.connected_members(&collective.cid()) == 0)
            .map(crate::membership::collective::Collective::name)
            .collect();
        SyncView {
            peers,
            alone,
            complete,
        }
    }
}
