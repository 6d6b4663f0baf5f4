//! Hellos and doors with one peer.

use std::collections::BTreeSet;

use folkmoot_seal::Role;

use crate::{
    Delivered, Event, Held, Item, JoinStep, Output, Standing, StreamId,
    ctx::Ctx,
    door::{Door, Host, Hosted, Joined, Joiner},
    fault::Fault,
    hello::{Asked, Hello, HelloStep, Proven},
    hello_frame::{HelloFrame, Refusal},
    joins, limits,
    share::Share,
    stream::{Kind, Stream, post},
};

use super::{PeerState, Purpose, streams::Fate, to_items};

impl PeerState {
    /// The hello under way, not counting doors that are open.
    pub(super) fn greeting(&self) -> Option<(StreamId, Role)> {
        self.streams.values().find_map(|stream| match &stream.kind {
            Kind::Hello { hello, door: None } if !hello.is_done() => {
                Some((stream.id, hello.role()))
            }
            _ => None,
        })
    }

    /// Whether a hello or a door keeps an unproven connection worthwhile.
    pub(super) fn is_greeting(&self) -> bool {
        self.hello_due.is_some()
            || self.opening.is_some()
            || !self.opens.is_empty()
            || self
                .streams
                .values()
                .any(|stream| matches!(stream.kind, Kind::Hello { .. }))
    }

    /// Whether a door is open, on either side.
    pub(super) fn has_door(&self) -> bool {
        let open = |stream: &Stream| matches!(stream.kind, Kind::Hello { door: Some(_), .. });
        self.streams.values().any(open)
    }

    fn new_hello(
        &mut self,
        role: Role,
        asked: Option<Asked>,
        ctx: &mut Ctx<'_>,
    ) -> (Hello, HelloStep) {
        self.hello_due = None;
        self.hello_last = Some(ctx.now.mono);
        let avoid: BTreeSet<u8> = self.shares.values().flat_map(Share::places).collect();
        let own = ctx.own.clone();
        let (held, dice) = (ctx.held, &mut *ctx.dice);
        Hello::new(role, own, self.id.clone(), asked, avoid, held, dice)
    }

    pub(super) fn hello_opened(&mut self, id: StreamId, ctx: &mut Ctx<'_>) {
        // Both sides opened one at the same time: that of the smaller peer id goes on.
        if let Some((other, _)) = self.greeting() {
            if *ctx.own > self.id {
                ctx.out.push(Output::Close { stream: id });
                return;
            }
            self.close(other, ctx);
        }
        let asked = ctx.joins.ask(ctx.now.mono, &self.joins, &self.asked);
        let (hello, step) = self.new_hello(Role::Initiator, asked, ctx);
        let kind = Kind::Hello {
            hello: Box::new(hello),
            door: None,
        };
        let mut stream = Stream::new(id, kind, Some(ctx.now.mono + limits::HELLO_MS));
        for frame in step.send {
            stream.send(frame.encode(), ctx);
        }
        self.streams.insert(id, stream);
    }

    pub(super) fn hello_accepted(&mut self, id: StreamId, ctx: &mut Ctx<'_>) -> bool {
        let minute = ctx.now.mono / 60_000;
        if self.hellos.0 != minute {
            self.hellos = (minute, 0);
        }
        self.hellos.1 += 1;
        if self.hellos.1 > limits::HELLOS_A_MINUTE {
            ctx.out.push(Output::Close { stream: id });
            self.charge(&Fault::Greedy("hellos"), ctx);
            return false;
        }
        match self.greeting() {
            Some((_, Role::Responder)) => {
                ctx.out.push(Output::Close { stream: id });
                return false;
            }
            Some((own, Role::Initiator)) => {
                if *ctx.own < self.id {
                    ctx.out.push(Output::Close { stream: id });
                    return false;
                }
                self.close(own, ctx);
            }
            None => self.opens.retain(|purpose| *purpose != Purpose::Hello),
        }
        let asked = ctx.joins.ask(ctx.now.mono, &self.joins, &self.asked);
        let (hello, _) = self.new_hello(Role::Responder, asked, ctx);
        let kind = Kind::Hello {
            hello: Box::new(hello),
            door: None,
        };
        let stream = Stream::new(id, kind, Some(ctx.now.mono + limits::HELLO_MS));
        self.streams.insert(id, stream);
        true
    }

    pub(super) fn hello_frame(
        &mut self,
        stream: &mut Stream,
        bytes: &[u8],
        ctx: &mut Ctx<'_>,
    ) -> Result<Fate, Fault> {
        let Kind::Hello { hello, door } = &mut stream.kind else {
            return Ok(Fate::Close);
        };
        let frame = match door {
            Some(_) => HelloFrame::decode(bytes)?,
            None => HelloFrame::decode_first(bytes)?,
        };
        // Other collectives of the same hello may still be proven while a door is open.
        let of_hello = matches!(
            frame,
            HelloFrame::Proof { .. } | HelloFrame::YouFirst { .. }
        );
        let at_door = door.is_some();
        if at_door && (hello.is_done() || !of_hello) {
            return self.door_frame(stream, frame, ctx);
        }
        if let (HelloFrame::Refused(reason), Some(cid)) = (&frame, hello.asked()) {
            // A join that was sent before may stand although its invite is dead by now.
            if let Some(record) = ctx.joins.record(&cid).cloned()
                && reason.is_dead()
                && !ctx.joins.is_recovery(&cid)
                && !std::mem::replace(&mut self.resuming, true)
            {
                let join = Held {
                    wire: record,
                    absent: None,
                };
                stream.send(HelloFrame::Served(vec![join]).encode(), ctx);
                return Ok(Fate::Digested);
            }
            let step = told(cid, *reason, ctx);
            if matches!(step, JoinStep::Failed { retry: false, .. }) {
                ctx.joins.remove(&cid);
                ctx.book.join_over(&cid);
            }
            ctx.joining(cid, step);
            self.refused_join = true;
            return Ok(Fate::Close);
        }
        let step = hello.frame(frame, ctx.held, ctx.dice)?;
        let done = step.done;
        // Shares first: the gate is open before the other side can know that it may come in.
        for proven in &step.proven {
            self.establish(proven, ctx);
        }
        if self.link.is_none() {
            return Ok(Fate::Close);
        }
        for frame in step.send {
            stream.send(frame.encode(), ctx);
        }
        if !step.refused.is_empty() {
            self.last_error = Some("its device is not, or no longer, a member's device".to_owned());
        }
        let mut open = None;
        if let Some((cid, asker)) = step.host {
            open = Some(Door::Host(Host::new(cid, asker, ctx.held)));
        }
        if let Some((cid, invite, proof, reason)) = step.dead {
            open = Some(Door::Host(Host::dead(cid, invite, proof, reason)));
        }
        if let Some(proven) = step.opened {
            let cid = proven.cid;
            if ctx.joins.open(&cid, &self.id, stream.id) {
                if !self.joins.contains(&cid) {
                    // Met otherwise than by the address in the link.
                    ctx.joining(cid, JoinStep::Reached);
                }
                ctx.joining(cid, JoinStep::DoorOpen);
                let resuming = std::mem::take(&mut self.resuming);
                open = Some(Door::Joiner(if resuming {
                    Joiner::resumed(proven)
                } else {
                    Joiner::new(proven)
                }));
            } else {
                // Another member opened before: what this one serves is not wanted. What else the
                // hello would have shown is found by the next one.
                if !done {
                    self.hello_by(ctx.now.mono);
                }
                return Ok(Fate::Close);
            }
        }
        if let (Some(open), Kind::Hello { door, .. }) = (open, &mut stream.kind) {
            *door = Some(Box::new(open));
            ctx.out.push(Output::Widen { stream: stream.id });
            stream.deadline = Some(ctx.now.mono + limits::DOOR_MS);
            return Ok(Fate::Digested);
        }
        Ok(if done && !at_door {
            Fate::Close
        } else {
            Fate::Digested
        })
    }

    fn door_frame(
        &mut self,
        stream: &mut Stream,
        frame: HelloFrame,
        ctx: &mut Ctx<'_>,
    ) -> Result<Fate, Fault> {
        stream.deadline = Some(ctx.now.mono + limits::DOOR_MS);
        let id = stream.id;
        let Some(door) = stream.kind.door() else {
            return Ok(Fate::Close);
        };
        let cid = door.cid();
        match (door, frame) {
            (Door::Joiner(joiner), HelloFrame::Served(items)) => {
                joiner.served()?;
                self.deliver(id, cid, to_items(items), ctx)?;
                Ok(Fate::Delivered)
            }
            (Door::Joiner(joiner), HelloFrame::YourTurn) => {
                let joined = joiner.your_turn()?;
                Ok(self.joined(stream, joined, ctx))
            }
            (Door::Joiner(joiner), HelloFrame::Welcome { heads, bundles }) => {
                let joined = joiner.welcome(heads, !bundles.is_empty())?;
                if !bundles.is_empty() {
                    let items = bundles.into_iter().map(Item::Bundle).collect();
                    self.deliver(id, cid, items, ctx)?;
                    return Ok(Fate::Delivered);
                }
                Ok(self.joined(stream, joined, ctx))
            }
            (Door::Joiner(joiner), HelloFrame::Refused(reason)) => {
                let shown = joiner.has_submitted();
                if shown && reason == Refusal::BadJoin && ctx.joins.is_recovery(&cid) {
                    ctx.joining(cid, JoinStep::NotTaken);
                }
                let step = told(cid, reason, ctx);
                if matches!(step, JoinStep::Failed { retry: false, .. }) {
                    ctx.joins.remove(&cid);
                    ctx.book.join_over(&cid);
                } else {
                    ctx.joins.lost(&cid, id);
                }
                ctx.joining(cid, step);
                Ok(Fate::Close)
            }
            (Door::Host(host), HelloFrame::Served(items)) => match host.join(items)? {
                Ok(joined) => {
                    if let Some((proof, reason)) = host.owed() {
                        if !host.holds_join(ctx.held) {
                            stream.send(HelloFrame::Refused(reason).encode(), ctx);
                            return Ok(Fate::Close);
                        }
                        post(id, &mut stream.window, proof.encode(), ctx);
                    }
                    self.deliver(id, cid, to_items(joined), ctx)?;
                    Ok(Fate::Delivered)
                }
                Err(reason) => {
                    stream.send(HelloFrame::Refused(reason).encode(), ctx);
                    Ok(Fate::Close)
                }
            },
            (_, frame) => Err(Fault::OutOfTurn(frame.name())),
        }
    }

    /// The engine judged a batch of a door. `false` if the door closes.
    pub(super) fn door_judged(
        &mut self,
        stream: &mut Stream,
        verdicts: &[Delivered],
        ctx: &mut Ctx<'_>,
    ) -> bool {
        stream.deadline = Some(ctx.now.mono + limits::DOOR_MS);
        let Some(door) = stream.kind.door() else {
            return true;
        };
        match door {
            Door::Joiner(joiner) => {
                let joined = joiner.judged(verdicts);
                !matches!(self.joined(stream, joined, ctx), Fate::Close)
            }
            Door::Host(host) => {
                // What the record rests on comes before it.
                let verdict = verdicts.last().copied().unwrap_or(Delivered::Delayed);
                match host.judged(verdict, ctx.now.wall, ctx.held) {
                    Hosted::Refused(reason) => {
                        stream.send(HelloFrame::Refused(reason).encode(), ctx);
                        false
                    }
                    Hosted::Welcomed(frame) => {
                        stream.send(frame.encode(), ctx);
                        self.await_hello(ctx);
                        // The joiner closes when it has taken everything in, and greets anew.
                        true
                    }
                }
            }
        }
    }

    /// The joiner's next step.
    fn joined(&mut self, stream: &mut Stream, joined: Joined, ctx: &mut Ctx<'_>) -> Fate {
        let Some(Door::Joiner(joiner)) = stream.kind.door() else {
            return Fate::Close;
        };
        let proven = joiner.proven.clone();
        let cid = proven.cid;
        match joined {
            Joined::Waiting => Fate::Digested,
            Joined::Served => {
                // The person may have to type a passphrase: the host's time counts, not ours.
                stream.deadline = None;
                ctx.joining(cid, JoinStep::Served);
                Fate::Digested
            }
            Joined::Foreign if ctx.joins.is_recovery(&cid) => {
                ctx.joins.lost(&cid, stream.id);
                let why = "what the node sent does not belong to this collective; another member's node is tried";
                ctx.joining(cid, joins::failed(why, true));
                Fate::Close
            }
            Joined::Foreign => {
                ctx.joins.remove(&cid);
                ctx.book.join_over(&cid);
                ctx.joining(
                    cid,
                    joins::failed(
                        "what the member sent does not belong to this invitation; check the key with the person who gave it",
                        false,
                    ),
                );
                Fate::Close
            }
            Joined::Welcomed(heads) => {
                ctx.joins.remove(&cid);
                ctx.book.join_over(&cid);
                self.welcomed.insert(cid, (proven.seat, proven.dev));
                self.await_hello(ctx);
                // The member waits for the hello that follows: no pause before it.
                self.offered.remove(&cid);
                self.hello_last = None;
                ctx.joining(cid, JoinStep::Welcomed { heads });
                Fate::Close
            }
        }
    }

    /// The person's join or device record goes to the host, and before it what it rests on.
    /// `false` where no door waits for it.
    pub(crate) fn submit(
        &mut self,
        id: StreamId,
        before: Vec<Vec<u8>>,
        record: Vec<u8>,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else {
            return false;
        };
        let frame = match stream.kind.door() {
            Some(Door::Joiner(joiner)) => {
                let mut records = before;
                records.truncate(limits::HANDED - 1);
                records.push(record);
                joiner.submit(records)
            }
            _ => None,
        };
        let Some(frame) = frame else { return false };
        stream.deadline = Some(ctx.now.mono + limits::DOOR_MS);
        stream.send(frame.encode(), ctx);
        true
    }

    /// What was served left for the line: the joiner's time begins anew. On a slow line the whole
    /// of it takes far longer than one step of a door.
    pub(super) fn door_written(stream: &mut Stream, ctx: &Ctx<'_>) {
        if let Some(Door::Host(host)) = stream.kind.door() {
            let patience = host.patience();
            stream.deadline = Some(ctx.now.mono + patience);
        }
    }

    /// Serves a joiner while the line is free.
    pub(super) fn door_pump(&mut self, stream: &mut Stream, ctx: &mut Ctx<'_>) {
        while stream.window.is_open() {
            let frame = match stream.kind.door() {
                Some(Door::Host(host)) => host.next(ctx.held),
                _ => None,
            };
            match frame {
                Some(frame) => stream.send(frame.encode(), ctx),
                None => break,
            }
        }
    }

    pub(super) fn hello_ended(
        &mut self,
        id: StreamId,
        hello: &Hello,
        door: Option<&Door>,
        ctx: &mut Ctx<'_>,
    ) {
        let refused = std::mem::take(&mut self.refused_join);
        self.resuming = false;
        let now = ctx.now.mono;
        if self.link.is_some() {
            for cid in hello.unanswered() {
                self.unserved(cid, ctx);
            }
        }
        if let Some(link) = &mut self.link {
            link.idle_until = link.idle_until.max(now + limits::LINGER_MS);
        }
        if hello.is_done() || refused {
            self.offered = hello.offered();
        }
        if let Some(door) = door {
            if let (Door::Joiner(_), cid) = (door, door.cid())
                && ctx.joins.lost(&cid, id)
            {
                let why = "the member went away before the welcome; trying again";
                ctx.joining(cid, joins::failed(why, true));
                self.hello_by(now);
            }
            self.ask_further(ctx);
            return;
        }
        if hello.is_done() || refused {
            if let Some(cid) = hello.asked() {
                let asked = self.asked.entry(cid).or_default();
                *asked += 1;
                let asked = *asked;
                if self.joins.contains(&cid)
                    && !refused
                    && ctx.joins.contains(&cid)
                    && ctx.joins.at(&cid).is_none()
                    && ctx.joins.is_hopeless(&cid, asked)
                {
                    let why = if ctx.joins.is_recovery(&cid) {
                        "the node that was reached does not answer for you there: it is no member's, or is set not to help; try another member's address"
                    } else {
                        "the node at the address in the link does not know this invitation; check the key, or ask a member for a new one"
                    };
                    ctx.joining(cid, joins::failed(why, true));
                }
            }
            if !self.ask_further(ctx) && !self.is_proven() {
                let why = "shares no collective with this node";
                self.last_error.get_or_insert_with(|| why.to_owned());
                ctx.book.useless(now, &self.id, why, ctx.dice);
            }
        } else if self.link.is_some() && !self.is_proven() && self.greeting().is_none() {
            // Cut short: it is tried again until the connection is given up as unproven.
            self.hello_due = Some(now + ctx.dice.around(limits::REOPEN_MS));
        }
    }

    /// A welcome was given or taken: the connection is worth keeping until the joiner has proven
    /// its device in a hello.
    fn await_hello(&mut self, ctx: &Ctx<'_>) {
        if let Some(link) = &mut self.link {
            let until = ctx.now.mono + 2 * limits::HELLO_MS;
            link.idle_until = link.idle_until.max(until);
            link.unproven_until = link.unproven_until.max(until);
        }
    }

    /// This device's proof was refused, as far as it can tell: the other side says nothing.
    pub(super) fn unserved(&mut self, cid: folkmoot_record::CollectiveId, ctx: &mut Ctx<'_>) {
        self.last_error = Some("it did not take this device as a member's".to_owned());
        ctx.emit(Event::Unserved {
            peer: self.id.clone(),
            cid,
        });
    }

    /// Another hello asks at the next door that this peer may answer. `false` where there is none.
    fn ask_further(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let more = self.link.is_some() && ctx.joins.any_for(&self.asked);
        if more {
            let at = ctx.now.mono + limits::ASK_AGAIN_MS;
            self.hello_due = Some(self.hello_due.map_or(at, |due| due.min(at)));
        }
        more
    }

    /// A collective is proven both ways.
    fn establish(&mut self, proven: &Proven, ctx: &mut Ctx<'_>) {
        let cid = proven.cid;
        if let Some(until) = ctx.devices.shunned(ctx.now.mono, &proven.dev) {
            // The same device under another peer id.
            self.score.shun(until);
            let why = "its device misbehaved and is shunned for a time";
            self.hang_up(why, ctx);
            ctx.book.useless(ctx.now.mono, &self.id, why, ctx.dice);
        }
        if self.link.is_none() {
            return;
        }
        // The hello gives no such device an answer; nothing else may let it in either.
        if proven.standing == Standing::Refused {
            return;
        }
        let host = self.welcomed.get(&cid) == Some(&(proven.seat, proven.dev));
        if host {
            self.welcomed.remove(&cid);
        }
        let new = match self.shares.get_mut(&cid) {
            Some(share) => {
                share.renew(proven);
                false
            }
            None => {
                self.shares.insert(cid, Share::new(proven));
                true
            }
        };
        let Some(share) = self.shares.get_mut(&cid) else {
            return;
        };
        share.host |= host;
        let served = share.is_served();
        self.set_gate(ctx);
        if served {
            ctx.book.useful(&self.id);
            self.promoted(&cid, proven.last, ctx);
        } else if new {
            self.open_push(&cid, proven.last, ctx);
        }
    }

    /// The peer is to be served from now on.
    pub(super) fn promoted(
        &mut self,
        cid: &folkmoot_record::CollectiveId,
        last: bool,
        ctx: &mut Ctx<'_>,
    ) {
        let now = ctx.now.mono;
        let dialled = self.link.as_ref().filter(|link| link.dialled);
        let addr = dialled.map(|link| link.addr.clone());
        let peer = self.id.clone();
        let Some(share) = self.shares.get_mut(cid) else {
            return;
        };
        let (seat, dev) = (share.seat, share.dev);
        if share.synced_at.is_none() {
            share.sync_by(if last {
                now
            } else {
                now + limits::SYNC_PATIENCE_MS
            });
        }
        ctx.emit(Event::Proven {
            peer,
            cid: *cid,
            seat,
            dev,
            addr,
        });
        self.open_push(cid, last, ctx);
        self.sync_if_due(ctx);
    }
}

/// What a host's refusal means to the person here.
fn told(cid: folkmoot_record::CollectiveId, reason: Refusal, ctx: &Ctx<'_>) -> JoinStep {
    if ctx.joins.is_recovery(&cid) {
        joins::not_recovered(reason)
    } else {
        joins::refused(reason)
    }
}
