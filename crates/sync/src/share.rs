//! A collective that was proven with a peer, and how far the two are with each other.

use std::collections::{BTreeMap, VecDeque, btree_map::Entry};

use folkmoot_record::{DeviceKey, RecordId, SeatKey};
use folkmoot_seal::SyncSalt;

use crate::{Scope, Standing, StreamId, hello::Proven, limits, snapshot::Snapshot};

/// One collective with one peer.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) seat: SeatKey,
    pub(crate) dev: DeviceKey,
    pub(crate) standing: Standing,
    /// The member that welcomed this node: served before its standing can be known.
    pub(crate) host: bool,
    pub(crate) mine: u8,
    pub(crate) theirs: u8,
    pub(crate) salt: SyncSalt,
    pub(crate) current: bool,
    /// Places and salts of the hellos before the last one, newest first: a stream goes on under the
    /// place with which it began, while hellos that ask at doors follow each other.
    before: VecDeque<(u8, SyncSalt)>,
    pub(crate) snapshot: Option<Box<Snapshot>>,
    pub(crate) snapshot_until: Option<u64>,
    /// The stream on which records are pushed.
    pub(crate) push: Option<StreamId>,
    pub(crate) push_due: Option<u64>,
    pub(crate) push_queue: VecDeque<RecordId>,
    /// The device is served no more: what was pushed before still leaves, until then.
    pub(crate) ends_at: Option<u64>,
    pub(crate) credentials_sent: bool,
    /// The session under way, whoever opened it.
    pub(crate) syncing: Option<StreamId>,
    pub(crate) sync_due: Option<u64>,
    pub(crate) failures: u32,
    pub(crate) mismatches: u32,
    pub(crate) equal: bool,
    pub(crate) equal_at: Option<u64>,
    pub(crate) synced_at: Option<u64>,
    asked: BTreeMap<RecordId, u64>,
    minute: (u64, u32),
}

impl Share {
    pub(crate) fn new(proven: &Proven) -> Self {
        Self {
            seat: proven.seat,
            dev: proven.dev,
            standing: proven.standing,
            host: false,
            mine: proven.mine,
            theirs: proven.theirs,
            salt: proven.session.sync_salt(),
            current: proven.current,
            before: VecDeque::new(),
            snapshot: None,
            snapshot_until: None,
            push: None,
            push_due: None,
            push_queue: VecDeque::new(),
            ends_at: None,
            credentials_sent: false,
            syncing: None,
            sync_due: None,
            failures: 0,
            mismatches: 0,
            equal: false,
            equal_at: None,
            synced_at: None,
            asked: BTreeMap::new(),
            minute: (0, 0),
        }
    }

    /// A later hello proved the same collective again.
    pub(crate) fn renew(&mut self, proven: &Proven) {
        let old = std::mem::replace(&mut self.salt, proven.session.sync_salt());
        self.before.push_front((self.mine, old));
        self.before.truncate(limits::HELLOS_KEPT);
        self.mine = proven.mine;
        self.theirs = proven.theirs;
        if (self.seat, self.dev) != (proven.seat, proven.dev) {
            self.credentials_sent = false;
            self.host = false;
        }
        self.seat = proven.seat;
        self.dev = proven.dev;
        self.standing = proven.standing;
        self.ends_at = None;
        self.current = proven.current;
        self.snapshot = None;
        self.snapshot_until = None;
    }

    /// Places that name this collective on streams that may still be open.
    pub(crate) fn places(&self) -> impl Iterator<Item = u8> {
        let before = self.before.iter().map(|(mine, _)| *mine);
        std::iter::once(self.mine).chain(before)
    }

    /// The salt of the hello in which this index was given.
    pub(crate) fn salt_of(&self, index: u8) -> Option<&SyncSalt> {
        if self.mine == index {
            return Some(&self.salt);
        }
        self.before
            .iter()
            .find(|(mine, _)| *mine == index)
            .map(|(_, salt)| salt)
    }

    /// Whether the peer is given what this node holds.
    pub(crate) fn is_served(&self) -> bool {
        match self.standing {
            Standing::Member => true,
            Standing::Unknown => self.host,
            Standing::Refused => false,
        }
    }

    /// Whether the peer may open a run of this scope.
    pub(crate) fn may_open(&self, scope: Scope) -> bool {
        self.is_served() || (self.standing == Standing::Unknown && scope == Scope::Control)
    }

    /// Moves the next session to `at`, or further forward if one was due before.
    pub(crate) fn sync_by(&mut self, at: u64) {
        self.sync_due = Some(self.sync_due.map_or(at, |due| due.min(at)));
    }

    /// A session begins, whoever opened it.
    pub(crate) fn sync_begins(&mut self, stream: StreamId) {
        self.syncing = Some(stream);
        self.sync_due = None;
    }

    /// Counts a run that the peer opened; `false` where it opened too many in this minute.
    pub(crate) fn count_run(&mut self, now: u64) -> bool {
        let minute = now / 60_000;
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        self.minute.1 += 1;
        self.minute.1 <= limits::RUNS_A_MINUTE
    }

    /// Of the wanted ids those that this peer was not asked for of late.
    pub(crate) fn ask(&mut self, now: u64, wanted: Vec<RecordId>) -> Vec<RecordId> {
        self.asked.retain(|_, again| now < *again);
        let mut ask = Vec::new();
        for id in wanted {
            if self.asked.len() >= limits::WANTED {
                break;
            }
            if let Entry::Vacant(place) = self.asked.entry(id) {
                place.insert(now + limits::WANT_AGAIN_MS);
                ask.push(id);
            }
        }
        ask
    }

    /// Queues a new record for pushing; `false` where the queue is full and reconciliation has
    /// to find it.
    pub(crate) fn queue_push(&mut self, id: RecordId) -> bool {
        let room = self.push_queue.len() < limits::PUSH_QUEUE;
        if room {
            self.push_queue.push_back(id);
        }
        room
    }

    /// Takes a snapshot under a salt: the kept one, or a new one.
    pub(crate) fn take_snapshot(&mut self, salt: &SyncSalt) -> Box<Snapshot> {
        self.snapshot_until = None;
        match self.snapshot.take() {
            Some(snapshot) if snapshot.is_under(salt) => snapshot,
            _ => Box::new(Snapshot::new(salt.clone())),
        }
    }

    /// Keeps the snapshot of a session that ended, for one that follows soon.
    pub(crate) fn keep_snapshot(&mut self, snapshot: Box<Snapshot>, now: u64) {
        if snapshot.is_under(&self.salt) {
            self.snapshot = Some(snapshot);
            self.snapshot_until = Some(now + limits::SNAPSHOT_MS);
        }
    }

    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let sync = self.sync_due.filter(|_| self.syncing.is_none());
        [self.push_due, sync, self.snapshot_until, self.ends_at]
            .into_iter()
            .flatten()
            .min()
    }
}
