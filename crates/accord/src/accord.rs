//! One collective's control plane: the facade.

use std::collections::BTreeSet;

use folkmoot_record::{
    CollectiveId, DeviceKey, GrantId, Header, InviteKey, KemKey, Kind, Place, RecordId, SeatKey,
    Tag, Verified, control::Actions,
};

use crate::{
    content::ContentLog,
    standing::{ContentStanding, Standing, VoidReason},
    state::{DeviceState, InviteState, State},
};

/// The control plane of one collective, as a function of the records inserted.
#[derive(Debug)]
pub struct Accord;

/// How and when this node came by a record. It bears on local admission only (section 4.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The own clock now, in ms.
    pub now_ms: u64,
    /// When this node first saw the record, in ms; at a restart the time kept with it.
    pub first_ms: u64,
    /// By what way it came.
    pub way: Way,
}

/// By what way a record came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From a peer, or from this node's own hand.
    Ordinary,
    /// In the first full control sync of a new node: it counts as old, and no fence holds it.
    FirstSync,
    /// From this node's own store, where it lay as valid: a join's redeem signature is not checked
    /// again.
    Stored,
    /// The same, of a record that came in the first full control sync.
    StoredFirstSync,
}

impl Seen {
    /// Seen for the first time, now.
    pub const fn now(now_ms: u64) -> Self {
        Self {
            now_ms,
            first_ms: now_ms,
            way: Way::Ordinary,
        }
    }
}

/// What an insertion brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// Where the record stands now.
    pub standing: Standing,
    /// Other records whose standing changed: orphans released, records shadowed or honoured again.
    pub changed: Vec<(RecordId, Standing)>,
    /// Whose content has to be judged anew.
    pub rejudge: Rejudge,
}

/// Whose content may stand otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Rejudge {
    /// Nobody's.
    #[default]
    Nothing,
    /// That of these seats.
    Seats(BTreeSet<SeatKey>),
    /// Everybody's.
    Everything,
}

/// What a draft is about to do.
#[derive(Debug, Clone, Copy)]
pub struct Need<'a> {
    /// The action bit wanted; empty: any action will do.
    pub action: Actions,
    /// The kind of the draft.
    pub kind: Kind,
    /// Its tags.
    pub tags: &'a [Tag],
    /// Its claimed time, in ms.
    pub at_ms: u64,
}

/// Why no live grant of a seat allows what is needed: how far the best one got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", reason.sentence())]
pub struct Denied {
    /// The rule that failed.
    pub reason: VoidReason,
    /// The grant that came nearest; `None` where the seat has none.
    pub grant: Option<GrantId>,
    /// The first moment at which that grant is not in force any more, where the window failed, in
    /// ms.
    pub expired_ms: Option<u64>,
}

/// What a device is, seen from this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberDevice {
    /// Never heard of.
    Unknown,
    /// A device that was taken back.
    Removed,
    /// A certified device.
    Certified {
        /// What it may do.
        device: DeviceState,
        /// Whether its seat is live.
        live: bool,
        /// Whether its seat has a live grant whose window holds at the time asked.
        in_force: bool,
    },
}

/// A device that can open the keys of an epoch.
pub type Reader = (SeatKey, DeviceKey, KemKey);

impl Accord {
    /// The control plane of that collective, with no record yet.
    pub fn new(cid: CollectiveId) -> Self {
        let _ = cid;
        todo!()
    }

    /// Takes a lane-0 record or a ballot of this collective, in any order. Inserting one twice
    /// changes nothing.
    pub fn insert(&mut self, record: Verified, seen: Seen) -> Inserted {
        let _ = (record, seen);
        todo!()
    }

    /// Lets in what was quarantined and is due; returns every record whose standing changed.
    pub fn tick(&mut self, now_ms: u64) -> Vec<(RecordId, Standing)> {
        let _ = now_ms;
        todo!()
    }

    /// A person's own decision to let in what a fence holds back (section 4.11).
    pub fn excuse(&mut self, id: &RecordId, now_ms: u64) -> Vec<(RecordId, Standing)> {
        let _ = (id, now_ms);
        todo!()
    }

    /// Tells that a wanted id names a content record held elsewhere: what cites it as a control
    /// record is void (section 2.3).
    pub fn disclose_content(&mut self, id: RecordId, now_ms: u64) -> Vec<(RecordId, Standing)> {
        let _ = (id, now_ms);
        todo!()
    }

    /// Where a record stands; `None` if it was never inserted.
    pub fn standing(&self, id: &RecordId) -> Option<&Standing> {
        let _ = id;
        todo!()
    }

    /// A record held in any state but void.
    pub fn record(&self, id: &RecordId) -> Option<&Verified> {
        let _ = id;
        todo!()
    }

    /// Every lane-0 record and ballot held in any state but void (scope 0 of section 7.6).
    pub fn records(&self) -> impl Iterator<Item = &Verified> {
        std::iter::empty()
    }

    /// The ids that orphans wait for.
    pub fn missing(&self) -> BTreeSet<RecordId> {
        todo!()
    }

    /// The heads of the admitted set, for `auth`, ascending. More than 16: a merge is due first.
    pub fn heads(&self) -> Vec<RecordId> {
        todo!()
    }

    /// The next place in the lane-0 log of a device.
    pub fn next_place(&self, seat: &SeatKey, dev: &DeviceKey) -> Place {
        let _ = (seat, dev);
        todo!()
    }

    /// Judges a content record. Its outcome never touches the control plane.
    pub fn judge(
        &mut self,
        header: &Header,
        id: RecordId,
        now_ms: u64,
        log: &dyn ContentLog,
    ) -> ContentStanding {
        let _ = (header, id, now_ms, log);
        todo!()
    }

    /// Eval(S) of the admitted set.
    pub fn state(&self) -> &State {
        todo!()
    }

    /// The grant that a draft may name as its cap: the one of greatest rank that passes the common
    /// test of section 4.9 now.
    ///
    /// # Errors
    /// [`Denied`]: the rule that the best grant failed.
    pub fn grant_for(
        &self,
        seat: &SeatKey,
        dev: &DeviceKey,
        need: &Need<'_>,
    ) -> Result<GrantId, Denied> {
        let _ = (seat, dev, need);
        todo!()
    }

    /// What a device is now.
    pub fn member_device(&self, seat: &SeatKey, dev: &DeviceKey, at_ms: u64) -> MemberDevice {
        let _ = (seat, dev, at_ms);
        todo!()
    }

    /// The readers to whom the bundle of an epoch is sealed: the live readers in Eval(Past(e)) at
    /// ms(e) (section 6.3). Empty if the epoch is not admitted.
    pub fn recipients(&mut self, epoch: &RecordId) -> Vec<Reader> {
        let _ = epoch;
        todo!()
    }

    /// The live readers now (section 6.3).
    pub fn live_readers(&self, at_ms: u64) -> Vec<Reader> {
        let _ = at_ms;
        todo!()
    }

    /// Whether new boxes may be made under an epoch at `at_ms` (section 6.3).
    pub fn usable(&mut self, epoch: &RecordId, at_ms: u64) -> bool {
        let _ = (epoch, at_ms);
        todo!()
    }

    /// The record and its Past, causes first, with the ballots of listed decisions: what a joiner
    /// is served. Empty if it is not held or its Past is not complete.
    pub fn past(&self, id: &RecordId) -> Vec<Verified> {
        let _ = id;
        todo!()
    }

    /// The invite of that id, as it stands now.
    pub fn invite(&self, id: &GrantId) -> Option<&InviteState> {
        let _ = id;
        todo!()
    }

    /// The invite with that key, as it stands now. Of several the live one of smallest id.
    pub fn invite_by_key(&self, key: &InviteKey) -> Option<(GrantId, &InviteState)> {
        let _ = key;
        todo!()
    }

    /// The voters on a proposal (section 5.3), fixed by its own past.
    pub fn electorate(&mut self, proposal: &RecordId) -> Option<BTreeSet<SeatKey>> {
        let _ = proposal;
        todo!()
    }
}
