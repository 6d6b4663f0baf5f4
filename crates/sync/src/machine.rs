//! The facade: one object that the engine owns.

use std::collections::BTreeMap;

use folkmoot_record::{CollectiveId, DeviceKey, SeatKey};

use crate::{
    Addr, Holdings, Input, Output, Peer, PeerView, SharedView, StreamId,
    book::{Book, Contact},
    ctx::{Ctx, Tickets},
    devices::Devices,
    dice::Dice,
    joins::Joins,
    peer::PeerState,
    step::Step,
};

/// The time of one input. The machine never reads a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, milliseconds since 1970: for windows and for people.
    pub wall: u64,
    /// Monotonic milliseconds from any start: for deadlines.
    pub mono: u64,
}

/// What differs between nodes and tests.
#[derive(Debug, Clone)]
pub struct Config {
    /// Mean time between reconciliations with an idle peer, in milliseconds.
    pub beat_ms: u64,
    /// Whether new records are pushed at once; reconciliation finds them all the same.
    pub push: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            beat_ms: 5 * 60 * 1_000,
            push: true,
        }
    }
}

/// The peer protocol of one node (sections 7.3 to 7.7) as a function of its inputs.
#[derive(Debug)]
pub struct Machine {
    own: Peer,
    config: Config,
    dice: Dice,
    peers: BTreeMap<Peer, PeerState>,
    routes: BTreeMap<StreamId, Peer>,
    tickets: Tickets,
    book: Book,
    joins: Joins,
    devices: Devices,
    /// The monotonic time of the last input.
    last: u64,
}

impl Machine {
    /// A machine without peers. `seed` is 32 fresh random bytes: nonces, padding, shuffles and
    /// jitter come from it, so it must never be used twice.
    pub fn new(own: Peer, config: Config, seed: [u8; 32]) -> Self {
        Self {
            own,
            config,
            dice: Dice::new(&seed),
            peers: BTreeMap::new(),
            routes: BTreeMap::new(),
            tickets: Tickets::default(),
            book: Book::default(),
            joins: Joins::default(),
            devices: Devices::default(),
            last: 0,
        }
    }

    /// Takes one input and hands back what is to be done, in order, before the next input.
    pub fn handle(&mut self, now: Now, input: Input, held: &dyn Holdings) -> Vec<Output> {
        self.last = now.mono;
        let mut out = Vec::new();
        let mut step = Step {
            ctx: Ctx {
                now,
                held,
                out: &mut out,
                own: &self.own,
                config: &self.config,
                dice: &mut self.dice,
                tickets: &mut self.tickets,
                book: &mut self.book,
                joins: &mut self.joins,
                devices: &mut self.devices,
            },
            peers: &mut self.peers,
            routes: &mut self.routes,
        };
        step.input(input);
        step.due();
        out
    }

    /// When [`Input::Tick`] is due at the latest, monotonic milliseconds; `None` while nothing
    /// waits for time to pass.
    pub fn deadline(&self) -> Option<u64> {
        self.peers
            .values()
            .filter_map(PeerState::deadline)
            .chain(self.book.deadline())
            .min()
    }

    /// Whether records of a collective wait to be pushed to a connected peer, or are on their way
    /// to a socket.
    pub fn owes(&self, cid: &CollectiveId) -> bool {
        self.peers.values().any(|peer| peer.owes(cid))
    }

    /// The device that a connected peer proved for a collective.
    pub fn device(&self, peer: &Peer, cid: &CollectiveId) -> Option<DeviceKey> {
        let share = self.peers.get(peer)?.shares.get(cid)?;
        Some(share.dev)
    }

    /// The member for whom a connected peer proved a device of a collective.
    pub fn seat(&self, peer: &Peer, cid: &CollectiveId) -> Option<SeatKey> {
        let share = self.peers.get(peer)?.shares.get(cid)?;
        Some(share.seat)
    }

    /// How many collectives are asked for at doors.
    pub fn joins(&self) -> usize {
        self.joins.len()
    }

    /// Whether a collective is asked for at doors.
    pub fn is_joining(&self, cid: &CollectiveId) -> bool {
        self.joins.contains(cid)
    }

    /// Whether a member opened a door for it.
    pub fn is_at_door(&self, cid: &CollectiveId) -> bool {
        self.joins.at(cid).is_some()
    }

    /// Whether every address known was dialled since the start, or its peer is connected.
    pub fn all_tried(&self) -> bool {
        self.book.contacts().iter().all(Contact::was_tried)
    }

    /// All peers and addresses known, for people.
    pub fn peers(&self) -> Vec<PeerView> {
        let now = self.last;
        let mut views: Vec<PeerView> = self
            .peers
            .values()
            .filter(|peer| peer.link.is_some() || !peer.score.is_clean(now))
            .map(|peer| self.view(peer, now))
            .collect();
        for contact in self.book.contacts() {
            let seen = |view: &PeerView| view.peer.is_some() && view.peer == contact.peer;
            if !views.iter().any(seen) {
                views.push(PeerView {
                    peer: contact.peer.clone(),
                    addrs: contact.addrs.clone(),
                    connected: false,
                    path: None,
                    dialled: false,
                    shared: Vec::new(),
                    score: 0,
                    last_error: contact.last_error.clone(),
                    next_dial: contact.next_dial(),
                });
            }
        }
        views
    }

    fn view(&self, peer: &PeerState, now: u64) -> PeerView {
        let contact = self
            .book
            .contacts()
            .iter()
            .find(|contact| contact.peer.as_ref() == Some(&peer.id));
        let mut addrs: Vec<Addr> = peer.link.iter().map(|link| link.addr.clone()).collect();
        for addr in contact.iter().flat_map(|contact| &contact.addrs) {
            if !addrs.contains(addr) {
                addrs.push(addr.clone());
            }
        }
        PeerView {
            peer: Some(peer.id.clone()),
            addrs,
            connected: peer.link.is_some(),
            path: peer.link.as_ref().map(|link| link.path),
            dialled: peer.link.as_ref().is_some_and(|link| link.dialled),
            shared: peer
                .shares
                .iter()
                .map(|(cid, share)| SharedView {
                    cid: *cid,
                    seat: share.seat,
                    dev: share.dev,
                    standing: share.standing,
                    served: share.is_served(),
                    equal_at: share.equal_at,
                    synced_at: share.synced_at,
                    equal: share.equal,
                    in_progress: share.syncing.is_some(),
                })
                .collect(),
            score: peer.score.points(now),
            last_error: peer
                .last_error
                .clone()
                .or_else(|| contact.and_then(|contact| contact.last_error.clone())),
            next_dial: contact.and_then(Contact::next_dial),
        }
    }
}
