//! One peer: its connection, the collectives proven with it, its streams and its timers.

mod greet;
mod push;
mod streams;
mod sync;
mod timers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use folkmoot_record::{CollectiveId, DeviceKey, SeatKey};

use crate::{
    Addr, Delivered, Event, Held, Item, Output, Path, Peer, Standing, StreamId,
    ctx::{Ctx, Delivery},
    fault::Fault,
    limits,
    score::{Score, Verdict},
    share::Share,
    stream::{Kind, Stream},
};

/// A connection that is up.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) addr: Addr,
    pub(crate) path: Path,
    pub(crate) dialled: bool,
    gate: bool,
    /// Without a shared collective and with nothing under way the connection ends then.
    idle_until: u64,
    /// Without a shared collective it ends then, whatever is under way except a door.
    unproven_until: u64,
}

/// Why a stream is to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Hello,
    Sync(CollectiveId),
    Push(CollectiveId),
}

/// Everything about one peer.
#[derive(Debug)]
pub(crate) struct PeerState {
    pub(crate) id: Peer,
    pub(crate) link: Option<Link>,
    pub(crate) score: Score,
    pub(crate) last_error: Option<String>,
    pub(crate) shares: BTreeMap<CollectiveId, Share>,
    pub(crate) streams: BTreeMap<StreamId, Stream>,
    /// The one open that is under way, and until when the driver may take for it.
    opening: Option<(Purpose, u64)>,
    opens: VecDeque<Purpose>,
    open_failures: u32,
    hello_due: Option<u64>,
    hello_last: Option<u64>,
    /// Collectives that the last hello offered by an epoch.
    offered: BTreeSet<CollectiveId>,
    /// The joins whose link or card named this peer's address.
    joins: BTreeSet<CollectiveId>,
    /// Doors at which this peer was asked on this connection, and how often.
    asked: BTreeMap<CollectiveId, u32>,
    unjudged: usize,
    /// A host turned this node's join away in the hello that is about to end.
    refused_join: bool,
    /// This node showed a join again at the door of a dead invite.
    resuming: bool,
    /// Members at this peer that welcomed this node: each is served as soon as it proves itself
    /// in a hello, before its standing can be known.
    welcomed: BTreeMap<CollectiveId, (SeatKey, DeviceKey)>,
    /// The minute, and the hellos that the peer opened in it.
    hellos: (u64, u32),
}

impl PeerState {
    pub(crate) fn new(id: Peer) -> Self {
        Self {
            id,
            link: None,
            score: Score::default(),
            last_error: None,
            shares: BTreeMap::new(),
            streams: BTreeMap::new(),
            opening: None,
            opens: VecDeque::new(),
            open_failures: 0,
            hello_due: None,
            hello_last: None,
            offered: BTreeSet::new(),
            joins: BTreeSet::new(),
            asked: BTreeMap::new(),
            unjudged: 0,
            refused_join: false,
            resuming: false,
            welcomed: BTreeMap::new(),
            hellos: (0, 0),
        }
    }

    pub(crate) fn connected(
        &mut self,
        addr: Addr,
        path: Path,
        dialled: bool,
        joins: Vec<CollectiveId>,
        ctx: &mut Ctx<'_>,
    ) {
        let now = ctx.now.mono;
        if self.score.shunned(now).is_some() {
            ctx.out.push(Output::Hangup {
                peer: self.id.clone(),
            });
            return;
        }
        self.joins.extend(joins);
        if let Some(link) = &mut self.link {
            link.addr = addr;
            link.path = path;
            return;
        }
        self.link = Some(Link {
            addr,
            path,
            dialled,
            gate: false,
            idle_until: now + 2 * limits::HELLO_MS,
            unproven_until: now + limits::UNPROVEN_MS,
        });
        self.hello_due = Some(if dialled {
            now
        } else {
            now + limits::HELLO_PATIENCE_MS
        });
    }

    /// The connection is gone, and with it everything that was proven on it.
    pub(crate) fn disconnected(&mut self, ctx: &mut Ctx<'_>) {
        let streams: Vec<StreamId> = self.streams.keys().copied().collect();
        for stream in streams {
            self.closed(stream, Some("the connection was lost"), ctx);
        }
        self.link = None;
        self.shares.clear();
        self.opening = None;
        self.opens.clear();
        self.hello_due = None;
        self.hello_last = None;
        self.offered.clear();
        self.joins.clear();
        self.asked.clear();
        ctx.book.disconnected(ctx.now.mono, &self.id, ctx.dice);
    }

    /// Ends the connection.
    pub(crate) fn hang_up(&mut self, why: &str, ctx: &mut Ctx<'_>) {
        if self.link.is_none() {
            return;
        }
        self.last_error = Some(why.to_owned());
        ctx.out.push(Output::Hangup {
            peer: self.id.clone(),
        });
        self.disconnected(ctx);
    }

    /// Charges a breach of the protocol.
    pub(crate) fn charge(&mut self, fault: &Fault, ctx: &mut Ctx<'_>) {
        let what = format!("the peer {fault}");
        self.last_error = Some(what.clone());
        ctx.emit(Event::Misbehaved {
            peer: self.id.clone(),
            members: self
                .shares
                .iter()
                .map(|(cid, share)| (*cid, share.seat))
                .collect(),
            what: what.clone(),
        });
        let now = ctx.now.mono;
        let mut verdict = self.score.charge(now, fault);
        let devices: BTreeSet<DeviceKey> = self.shares.values().map(|share| share.dev).collect();
        for dev in devices {
            if ctx.devices.charge(now, dev, fault) == Verdict::Ban {
                verdict = Verdict::Ban;
            }
            if let Some(until) = ctx.devices.shunned(now, &dev) {
                self.score.shun(until);
            }
        }
        if verdict == Verdict::Ban {
            self.hang_up(&what, ctx);
            ctx.book.useless(ctx.now.mono, &self.id, &what, ctx.dice);
        }
    }

    /// Whether any collective is shared.
    pub(crate) fn is_proven(&self) -> bool {
        !self.shares.is_empty()
    }

    /// Opens or closes the gate where the shares ask for it.
    fn set_gate(&mut self, ctx: &mut Ctx<'_>) {
        let open = self.is_proven();
        if let Some(link) = &mut self.link {
            if link.gate != open {
                link.gate = open;
                ctx.out.push(Output::Gate {
                    peer: self.id.clone(),
                    open,
                });
            }
            if !open {
                link.idle_until = ctx.now.mono + limits::HELLO_MS;
                link.unproven_until = ctx.now.mono + limits::UNPROVEN_MS;
            }
        }
    }

    /// The standing of members may have changed: each share is judged anew.
    pub(crate) fn changed(&mut self, cid: &CollectiveId, ctx: &mut Ctx<'_>) {
        if self.link.is_none() {
            return;
        }
        if !self.offered.contains(cid) && !ctx.held.epochs(cid).is_empty() {
            self.hello_by(ctx.now.mono);
        }
        let Some(share) = self.shares.get_mut(cid) else {
            return;
        };
        let before = share.is_served();
        share.standing = ctx.held.standing(cid, &share.seat, &share.dev);
        if share.standing == Standing::Refused {
            if before && share.push.is_some() {
                self.let_go(cid, ctx);
            } else if share.ends_at.is_none() {
                self.drop_share(cid, ctx);
            }
            return;
        }
        share.ends_at = None;
        if !before && share.is_served() {
            // This side learned something new, so it speaks first.
            self.promoted(cid, true, ctx);
        }
    }

    /// Ends everything with a device that is served no more, but for the stream on which the record
    /// that says so was pushed: whoever is removed learns it, and by whom.
    fn let_go(&mut self, cid: &CollectiveId, ctx: &mut Ctx<'_>) {
        let mut push = None;
        if let Some(share) = self.shares.get_mut(cid) {
            share.ends_at = Some(ctx.now.mono + limits::LAST_WORD_MS);
            share.sync_due = None;
            push = share.push;
        }
        self.close_streams(cid, push, ctx);
        if let Some(stream) = push.and_then(|id| self.streams.remove(&id)) {
            self.go_on(stream, ctx);
        }
    }

    /// Closes the streams of a collective, but for one, and opens no more.
    fn close_streams(&mut self, cid: &CollectiveId, but: Option<StreamId>, ctx: &mut Ctx<'_>) {
        let streams: Vec<StreamId> = self
            .streams
            .values()
            .filter(|stream| stream.kind.cid() == Some(*cid) && Some(stream.id) != but)
            .map(|stream| stream.id)
            .collect();
        for stream in streams {
            self.close(stream, ctx);
        }
        self.opens.retain(
            |purpose| !matches!(purpose, Purpose::Sync(of) | Purpose::Push(of) if of == cid),
        );
    }

    /// Forgets a collective with this peer.
    pub(crate) fn drop_share(&mut self, cid: &CollectiveId, ctx: &mut Ctx<'_>) {
        self.close_streams(cid, None, ctx);
        self.welcomed.remove(cid);
        if self.shares.remove(cid).is_some() {
            self.set_gate(ctx);
        }
    }

    /// A hello is wanted: to offer what the last one did not.
    pub(crate) fn hello_by(&mut self, at: u64) {
        if self.link.is_none() {
            return;
        }
        let polite = self
            .hello_last
            .map_or(at, |last| at.max(last + limits::REHELLO_MS));
        self.hello_due = Some(self.hello_due.map_or(polite, |due| due.min(polite)));
    }

    /// A join begins or waits again: it asks at this peer too.
    pub(crate) fn ask_at_doors(&mut self, cid: CollectiveId, ctx: &Ctx<'_>) {
        self.asked.remove(&cid);
        if let Some(link) = &mut self.link {
            link.unproven_until = ctx.now.mono + limits::UNPROVEN_MS;
            self.hello_due = Some(ctx.now.mono);
        }
    }

    /// A link or a card for a collective names the address of this peer.
    pub(crate) fn named_by(&mut self, cid: CollectiveId) {
        self.joins.insert(cid);
    }

    /// Whether something of a collective waits to be sent to this peer.
    pub(crate) fn owes(&self, cid: &CollectiveId) -> bool {
        let Some(share) = self.shares.get(cid).filter(|share| share.is_served()) else {
            return false;
        };
        let unwritten =
            |stream: &Stream| stream.kind.cid() == Some(*cid) && stream.window.is_used();
        !share.push_queue.is_empty() || self.streams.values().any(unwritten)
    }

    /// Hands items of a session or a push stream to the engine.
    fn deliver_shared(
        &mut self,
        stream: StreamId,
        cid: CollectiveId,
        items: Vec<Held>,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Fault> {
        let items = to_items(items);
        // Bundles carry no signature: only who is known to be a member may bring one. Whoever is
        // unknown shows records that say who it is, and nothing else.
        let served = self.shares.get(&cid).is_some_and(Share::is_served);
        if !served && items.iter().any(|item| matches!(item, Item::Bundle(_))) {
            return Err(Fault::OutOfTurn("a bundle"));
        }
        self.deliver(stream, cid, items, ctx)
    }

    /// Hands received items to the engine.
    fn deliver(
        &mut self,
        stream: StreamId,
        cid: CollectiveId,
        items: Vec<Item>,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Fault> {
        let bytes = items.iter().map(item_len).sum();
        self.unjudged += bytes;
        if self.unjudged > limits::UNVERIFIED {
            return Err(Fault::Unbidden);
        }
        let delivery = Delivery {
            peer: self.id.clone(),
            cid,
            stream,
            bytes,
        };
        ctx.deliver(delivery, items);
        Ok(())
    }

    /// The engine judged a batch of this peer's.
    pub(crate) fn judged(
        &mut self,
        delivery: &Delivery,
        verdicts: &[Delivered],
        ctx: &mut Ctx<'_>,
    ) {
        self.unjudged = self.unjudged.saturating_sub(delivery.bytes);
        let count = |verdict| verdicts.iter().filter(|v| **v == verdict).count();
        let stored = count(Delivered::Stored) as u64;
        let refused = u32::try_from(count(Delivered::Refused)).unwrap_or(u32::MAX);
        // A peer that was unknown may have shown who it is.
        if self
            .shares
            .get(&delivery.cid)
            .is_some_and(|share| share.standing == Standing::Unknown)
        {
            self.changed(&delivery.cid, ctx);
        }
        if let Some(mut stream) = self.streams.remove(&delivery.stream) {
            let kept = match &mut stream.kind {
                Kind::Hello { door: Some(_), .. } => self.door_judged(&mut stream, verdicts, ctx),
                Kind::Client { client, .. } => {
                    client.judged(stored);
                    true
                }
                Kind::Server { server, .. } => {
                    server.judged(stored);
                    true
                }
                Kind::Hello { .. } | Kind::Push { .. } => true,
            };
            stream.digested(ctx);
            if kept {
                self.go_on(stream, ctx);
            } else {
                self.shut(stream, ctx);
            }
        }
        if count(Delivered::Orphan) > 0 {
            self.ask_wanted(&delivery.cid, ctx);
        }
        if refused > 0 {
            self.charge(&Fault::Void(refused), ctx);
        }
    }
}

/// Items as the engine wants them: a bundle starts with the number 1, a record with its header.
fn to_items(items: Vec<Held>) -> Vec<Item> {
    items
        .into_iter()
        .map(|item| match item.wire.get(1) {
            Some(1) => Item::Bundle(item.wire),
            _ => Item::Record(item.wire),
        })
        .collect()
}

fn item_len(item: &Item) -> usize {
    match item {
        Item::Record(bytes) | Item::Bundle(bytes) => bytes.len(),
    }
}
