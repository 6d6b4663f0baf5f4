//! Sessions of reconciliation with one peer.

use folkmoot_record::CollectiveId;

use crate::{
    Event, Output, Scope, StreamId,
    ctx::Ctx,
    fault::Fault,
    frame::Frame,
    limits,
    reconcile::{Client, Outcome, Server},
    share::Share,
    snapshot::Snapshot,
    stream::{Kind, Stream, post},
};

use super::{PeerState, Purpose, streams::Fate};

impl PeerState {
    /// Opens every session that is due.
    pub(super) fn sync_if_due(&mut self, ctx: &mut Ctx<'_>) {
        let now = ctx.now.mono;
        let due: Vec<CollectiveId> = self
            .shares
            .iter_mut()
            .filter(|(_, share)| {
                share.syncing.is_none() && share.sync_due.is_some_and(|d| d <= now)
            })
            .filter_map(|(cid, share)| {
                share.sync_due = None;
                share.is_served().then_some(*cid)
            })
            .collect();
        for cid in due {
            self.want_open(Purpose::Sync(cid), ctx);
        }
    }

    /// Somebody asked for a session.
    pub(crate) fn sync_now(&mut self, cid: Option<&CollectiveId>, ctx: &mut Ctx<'_>) {
        for (of, share) in &mut self.shares {
            if cid.is_none_or(|cid| cid == of) {
                share.sync_by(ctx.now.mono);
            }
        }
        self.sync_if_due(ctx);
    }

    pub(super) fn sync_opened(&mut self, id: StreamId, cid: CollectiveId, ctx: &mut Ctx<'_>) {
        let other = self.shares.get(&cid).and_then(|share| share.syncing);
        let served = self.shares.get(&cid).is_some_and(Share::is_served);
        // Both sides opened one at the same time: that of the smaller peer id goes on.
        if !served || (other.is_some() && *ctx.own > self.id) {
            ctx.out.push(Output::Close { stream: id });
            return;
        }
        if let Some(other) = other {
            self.yield_session(other, &cid, ctx);
        }
        let Some(share) = self.shares.get_mut(&cid) else {
            return;
        };
        let recent = share
            .equal_at
            .is_none()
            .then(|| ctx.now.wall.saturating_sub(limits::RECENT_MS));
        let kind = Kind::Client {
            cid,
            client: Client::new(share.theirs, recent),
            snapshot: share.take_snapshot(&share.salt.clone()),
        };
        share.sync_begins(id);
        let stream = Stream::new(id, kind, Some(ctx.now.mono + limits::SYNC_SILENCE_MS));
        self.go_on(stream, ctx);
    }

    /// Ends a session in favour of the other one.
    fn yield_session(&mut self, id: StreamId, cid: &CollectiveId, ctx: &mut Ctx<'_>) {
        if let Some(share) = self.shares.get_mut(cid) {
            share.syncing = None;
        }
        self.close(id, ctx);
    }

    pub(super) fn sync_frame(
        &mut self,
        stream: &mut Stream,
        frame: Frame,
        ctx: &mut Ctx<'_>,
    ) -> Result<Fate, Fault> {
        let id = stream.id;
        let Stream { kind, window, .. } = stream;
        match (kind, frame) {
            (Kind::Server { at, server }, Frame::Open { index, run }) => {
                let Some(cid) = self.serve(id, index, at, server, ctx)? else {
                    return Ok(Fate::Close);
                };
                let Some(share) = self.shares.get(&cid) else {
                    return Ok(Fate::Close);
                };
                // Not served yet, or not this: the peer tries again when it is known.
                if !share.may_open(run.scope) {
                    return Ok(Fate::Close);
                }
                server.open(run)?;
                if let Some((_, snapshot)) = at
                    && share.is_served()
                {
                    snapshot.refresh(&cid, run.scope, ctx.held);
                }
                Ok(Fate::Digested)
            }
            (
                Kind::Server {
                    at: Some((_, snapshot)),
                    server,
                },
                Frame::Reconcile(message),
            ) => {
                let frame = server.reconcile(&message, snapshot)?;
                post(id, window, frame.encode(), ctx);
                Ok(Fate::Digested)
            }
            (
                Kind::Server {
                    at: Some((_, snapshot)),
                    server,
                },
                Frame::Want(ids),
            ) => {
                server.want(&ids, snapshot)?;
                Ok(Fate::Digested)
            }
            (
                Kind::Server {
                    at: Some((cid, _)),
                    server,
                },
                Frame::Items(items),
            ) => {
                server.delivering()?;
                let cid = *cid;
                self.deliver_shared(id, cid, items, ctx)?;
                Ok(Fate::Delivered)
            }
            (
                Kind::Server {
                    at: Some(_),
                    server,
                },
                Frame::Done,
            ) => {
                server.done()?;
                Ok(Fate::Digested)
            }
            (
                Kind::Client {
                    client, snapshot, ..
                },
                Frame::Reconcile(message),
            ) => {
                for frame in client.reconcile(&message, snapshot)? {
                    post(id, window, frame.encode(), ctx);
                }
                Ok(Fate::Digested)
            }
            (Kind::Client { cid, client, .. }, Frame::Items(items)) => {
                client.delivering()?;
                let cid = *cid;
                self.deliver_shared(id, cid, items, ctx)?;
                Ok(Fate::Delivered)
            }
            (Kind::Client { client, .. }, Frame::Done) => {
                client.done()?;
                Ok(Fate::Digested)
            }
            (_, frame) => Err(Fault::OutOfTurn(frame.name())),
        }
    }

    /// The peer opens a run: which collective it means. `None` where it gets no answer.
    fn serve(
        &mut self,
        id: StreamId,
        index: u8,
        at: &mut Option<(CollectiveId, Box<Snapshot>)>,
        server: &mut Server,
        ctx: &mut Ctx<'_>,
    ) -> Result<Option<CollectiveId>, Fault> {
        if let Some((cid, _)) = at {
            let cid = *cid;
            let mut others = self.shares.iter().filter(|(of, _)| **of != cid);
            let other = others.any(|(_, share)| share.salt_of(index).is_some());
            let Some(share) = self.shares.get_mut(&cid) else {
                return Ok(None);
            };
            if share.salt_of(index).is_none() {
                if other {
                    return Err(Fault::Malformed("two collectives on one stream"));
                }
                // Its place is of a hello long ago: the peer begins anew under the present one.
                return Ok(None);
            }
            if !share.count_run(ctx.now.mono) {
                return Err(Fault::Greedy("reconciliations"));
            }
            return Ok(Some(cid));
        }
        let found = self
            .shares
            .iter_mut()
            .find_map(|(cid, share)| share.salt_of(index).cloned().map(|salt| (*cid, salt)));
        let Some((cid, salt)) = found else {
            // A hello that only one side thinks complete; the peer greets anew.
            return Ok(None);
        };
        let other = self.shares.get(&cid).and_then(|share| share.syncing);
        if let Some(other) = other {
            let own = matches!(
                self.streams.get(&other).map(|stream| &stream.kind),
                Some(Kind::Client { .. })
            );
            if own && *ctx.own < self.id {
                return Ok(None);
            }
            self.yield_session(other, &cid, ctx);
        }
        let Some(share) = self.shares.get_mut(&cid) else {
            return Ok(None);
        };
        if !share.count_run(ctx.now.mono) {
            return Err(Fault::Greedy("reconciliations"));
        }
        *server = Server::new(!share.is_served());
        *at = Some((cid, share.take_snapshot(&salt)));
        share.sync_begins(id);
        Ok(Some(cid))
    }

    /// Does what can be done on a session. `false` when it is over.
    pub(super) fn sync_pump(
        &mut self,
        stream: &mut Stream,
        ctx: &mut Ctx<'_>,
    ) -> Result<bool, Fault> {
        let id = stream.id;
        let mut over = None;
        let Stream {
            kind,
            window,
            deadline,
            ..
        } = stream;
        let waits = match kind {
            Kind::Client {
                cid,
                client,
                snapshot,
            } => {
                loop {
                    while window.is_open() {
                        let Some(items) = client.giver.next_items(cid, ctx.held) else {
                            break;
                        };
                        post(id, window, Frame::Items(items).encode(), ctx);
                    }
                    if let Some(frame) = client.finish_giving() {
                        post(id, window, frame.encode(), ctx);
                    }
                    if let Some(outcome) = client.settle() {
                        over = Some((*cid, outcome));
                        break;
                    }
                    let Some(scope) = client.due() else { break };
                    snapshot.refresh(cid, scope, ctx.held);
                    for frame in client.begin(snapshot)? {
                        post(id, window, frame.encode(), ctx);
                    }
                }
                client.waits()
            }
            Kind::Server {
                at: Some((cid, snapshot)),
                server,
            } => {
                while window.is_open() {
                    let Some(items) = server.giver.next_items(cid, ctx.held) else {
                        break;
                    };
                    post(id, window, Frame::Items(items).encode(), ctx);
                }
                let scope = server.scope();
                if let Some(frame) = server.settle() {
                    post(id, window, frame.encode(), ctx);
                    // Content comes next: both sides get it ready at the same time.
                    if scope == Some(Scope::Bundles) {
                        snapshot.refresh(cid, Scope::Content, ctx.held);
                    }
                }
                server.waits()
            }
            // Not opened yet: the deadline of its acceptance stands.
            _ => return Ok(true),
        };
        *deadline = waits.then_some(ctx.now.mono + limits::SYNC_SILENCE_MS);
        if let Some((cid, outcome)) = over {
            self.session_over(&cid, outcome, true, ctx);
            return Ok(false);
        }
        Ok(true)
    }

    pub(super) fn client_ended(
        &mut self,
        id: StreamId,
        cid: CollectiveId,
        snapshot: Box<Snapshot>,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(share) = self.shares.get_mut(&cid) else {
            return;
        };
        share.keep_snapshot(snapshot, ctx.now.mono);
        if share.syncing == Some(id) {
            // Cut short: what came is kept, the rest is found by the next one.
            share.syncing = None;
            let pause = limits::MISMATCH_MS << share.failures.min(6);
            share.failures += 1;
            share.sync_by(ctx.now.mono + ctx.dice.around(pause));
        }
    }

    pub(super) fn server_ended(
        &mut self,
        id: StreamId,
        cid: CollectiveId,
        snapshot: Box<Snapshot>,
        server: &Server,
        error: Option<&str>,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(share) = self.shares.get_mut(&cid) else {
            return;
        };
        share.keep_snapshot(snapshot, ctx.now.mono);
        if share.syncing != Some(id) {
            return;
        }
        if server.is_between_runs() && error.is_none() {
            self.session_over(&cid, server.outcome(), false, ctx);
        } else {
            share.syncing = None;
            share.sync_by(ctx.now.mono + limits::SYNC_PATIENCE_MS);
        }
    }

    fn session_over(
        &mut self,
        cid: &CollectiveId,
        outcome: Outcome,
        opener: bool,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(share) = self.shares.get_mut(cid) else {
            return;
        };
        share.syncing = None;
        share.synced_at = Some(ctx.now.wall);
        share.equal = outcome.equal;
        share.failures = 0;
        // Whoever opened this session opens the next one, too, as a rule.
        let patience = if opener { 0 } else { limits::SYNC_PATIENCE_MS };
        let pause = if outcome.equal {
            share.equal_at = Some(ctx.now.wall);
            share.mismatches = 0;
            ctx.config.beat_ms
        } else {
            let pause = limits::MISMATCH_MS << share.mismatches.min(16);
            share.mismatches += 1;
            pause.min(ctx.config.beat_ms)
        };
        share.sync_by(ctx.now.mono + ctx.dice.around(pause) + patience);
        ctx.emit(Event::Synced {
            peer: self.id.clone(),
            cid: *cid,
            equal: outcome.equal,
            received: outcome.received,
            sent: outcome.sent,
        });
        self.ask_wanted(cid, ctx);
    }
}
