//! The collectives that this node asks to join, or to be let into again.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::CollectiveId;
use folkmoot_seal::DoorSecret;

use crate::{
    JoinStep, Peer, StreamId,
    hello::{AskKey, Asked},
    hello_frame::Refusal,
    limits,
};

/// One join under way.
#[derive(Debug)]
struct Join {
    door: DoorSecret,
    key: AskKey,
    /// The member that is being asked, once the door opened.
    at: Option<(Peer, StreamId)>,
    /// When this door was last offered, to take turns with other joins.
    offered: u64,
    /// The join record, once it was made: a welcome that was lost is asked for with it.
    record: Option<Vec<u8>>,
}

/// All joins under way.
#[derive(Debug, Default)]
pub(crate) struct Joins(BTreeMap<CollectiveId, Join>);

impl Joins {
    /// Adds one; `false` where there are too many already.
    pub(crate) fn add(&mut self, cid: CollectiveId, door: DoorSecret, key: AskKey) -> bool {
        if self.0.len() >= limits::JOINS && !self.0.contains_key(&cid) {
            return false;
        }
        let join = Join {
            door,
            key,
            at: None,
            offered: 0,
            record: None,
        };
        self.0.insert(cid, join);
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains(&self, cid: &CollectiveId) -> bool {
        self.0.contains_key(cid)
    }

    pub(crate) fn remove(&mut self, cid: &CollectiveId) -> Option<(Peer, StreamId)> {
        self.0.remove(cid).and_then(|join| join.at)
    }

    /// Whether this is asked for at a recovery door.
    pub(crate) fn is_recovery(&self, cid: &CollectiveId) -> bool {
        self.0
            .get(cid)
            .is_some_and(|join| matches!(join.key, AskKey::Root(_)))
    }

    /// Whether a node that was asked so often has had its turn.
    fn is_spent(join: &Join, asked: u32) -> bool {
        let most = match join.key {
            AskKey::Invite(_) => 1,
            AskKey::Root(_) => limits::KNOCKS,
        };
        asked >= most
    }

    /// Whether a node that was asked so often for a collective is not worth another hello.
    pub(crate) fn is_hopeless(&self, cid: &CollectiveId, asked: u32) -> bool {
        self.0
            .get(cid)
            .is_none_or(|join| Self::is_spent(join, asked))
    }

    /// Whether anything is still to be asked of a node that was asked for these, so often each.
    pub(crate) fn any_for(&self, asked: &BTreeMap<CollectiveId, u32>) -> bool {
        self.0.iter().any(|(cid, join)| {
            join.at.is_none() && !Self::is_spent(join, asked.get(cid).copied().unwrap_or(0))
        })
    }

    /// The door to ask at in a hello that begins now: one that this node was asked for least
    /// often; of these one that `prefer` names, then the one offered least recently.
    pub(crate) fn ask(
        &mut self,
        now: u64,
        prefer: &BTreeSet<CollectiveId>,
        asked: &BTreeMap<CollectiveId, u32>,
    ) -> Option<Asked> {
        let (cid, join) = self
            .0
            .iter_mut()
            .filter(|(_, join)| join.at.is_none())
            .min_by_key(|(cid, join)| {
                let times = asked.get(cid).copied().unwrap_or(0);
                (times, !prefer.contains(cid), join.offered)
            })?;
        join.offered = now;
        Some(Asked {
            cid: *cid,
            door: join.door.clone(),
            key: join.key.clone(),
        })
    }

    /// A member opened the door. `false` where another one did before.
    pub(crate) fn open(&mut self, cid: &CollectiveId, peer: &Peer, stream: StreamId) -> bool {
        match self.0.get_mut(cid) {
            Some(join) if join.at.is_none() => {
                join.at = Some((peer.clone(), stream));
                true
            }
            _ => false,
        }
    }

    /// Where the join's record goes.
    pub(crate) fn at(&self, cid: &CollectiveId) -> Option<&(Peer, StreamId)> {
        self.0.get(cid).and_then(|join| join.at.as_ref())
    }

    /// Keeps the record that was sent.
    pub(crate) fn sent(&mut self, cid: &CollectiveId, record: &[u8]) {
        if let Some(join) = self.0.get_mut(cid) {
            join.record = Some(record.to_vec());
        }
    }

    /// The record that was sent before.
    pub(crate) fn record(&self, cid: &CollectiveId) -> Option<&Vec<u8>> {
        self.0.get(cid).and_then(|join| join.record.as_ref())
    }

    /// The stream of a door is gone; `true` if a join waits again for a member.
    pub(crate) fn lost(&mut self, cid: &CollectiveId, stream: StreamId) -> bool {
        match self.0.get_mut(cid) {
            Some(join) if join.at.as_ref().is_some_and(|(_, at)| *at == stream) => {
                join.at = None;
                true
            }
            _ => false,
        }
    }
}

/// A failure as a sentence with the next action.
pub(crate) fn failed(why: &str, retry: bool) -> JoinStep {
    JoinStep::Failed {
        why: why.to_owned(),
        retry,
    }
}

/// What a host's refusal means to the person who is let in again.
pub(crate) fn not_recovered(reason: Refusal) -> JoinStep {
    match reason {
        Refusal::BadJoin => failed(
            "the member's node refused the new device; check this machine's clock",
            true,
        ),
        _ => failed(
            "the member's node cannot let you in at this moment; it is tried again",
            true,
        ),
    }
}

/// What a host's refusal means to the person who joins.
pub(crate) fn refused(reason: Refusal) -> JoinStep {
    match reason {
        Refusal::Closed => failed(
            "this invitation was closed by the collective; ask a member for a new one",
            false,
        ),
        Refusal::UsedUp => failed(
            "all uses of this invitation are taken; ask a member for a new one",
            false,
        ),
        Refusal::Expired => failed(
            "this invitation has expired; ask a member for a new one",
            false,
        ),
        Refusal::NotYet => failed(
            "this invitation is not open yet; try again later, and check this machine's clock",
            true,
        ),
        Refusal::BadJoin => failed(
            "the member refused the join record; check this machine's clock and ask for a new invitation",
            false,
        ),
        Refusal::Later => failed(
            "the member cannot welcome anyone at this moment; try again in a few minutes",
            true,
        ),
    }
}
