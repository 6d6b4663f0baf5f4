//! Live push with one peer, and asking for what is wanted.

use folkmoot_record::{CollectiveId, RecordId};

use crate::{
    Output, Presence, Standing, StreamId,
    ctx::Ctx,
    fault::Fault,
    frame::Frame,
    give::{Gift, Giver},
    limits,
    stream::{Kind, Stream, post},
};

use super::{PeerState, Purpose, streams::Fate};

impl PeerState {
    /// Opens a push stream now, or after a while if the peer does not.
    pub(super) fn open_push(&mut self, cid: &CollectiveId, last: bool, ctx: &mut Ctx<'_>) {
        let Some(share) = self.shares.get_mut(cid) else {
            return;
        };
        if let Some(id) = share.push {
            // Open already: a peer that is served from now on is asked and given at once.
            if let Some(stream) = self.streams.remove(&id) {
                self.push_ready(stream, *cid, ctx);
            }
        } else if last {
            self.want_open(Purpose::Push(*cid), ctx);
        } else {
            share.push_due = Some(ctx.now.mono + limits::HELLO_PATIENCE_MS);
        }
    }

    pub(super) fn push_opened(&mut self, id: StreamId, cid: CollectiveId, ctx: &mut Ctx<'_>) {
        let Some(share) = self
            .shares
            .get_mut(&cid)
            .filter(|share| share.push.is_none())
        else {
            ctx.out.push(Output::Close { stream: id });
            return;
        };
        share.push = Some(id);
        share.push_due = None;
        let index = share.theirs;
        let kind = Kind::Push {
            cid: Some(cid),
            giver: Giver::default(),
        };
        let mut stream = Stream::new(id, kind, None);
        stream.send(Frame::PushOpen { index }.encode(), ctx);
        self.push_ready(stream, cid, ctx);
    }

    /// A push stream is open: credentials for whom we are unknown to, wants, and what waited.
    fn push_ready(&mut self, mut stream: Stream, cid: CollectiveId, ctx: &mut Ctx<'_>) {
        let Stream {
            id, kind, window, ..
        } = &mut stream;
        if let (Some(share), Kind::Push { giver, .. }) = (self.shares.get_mut(&cid), kind) {
            let stranger = share.standing == Standing::Unknown && !share.host;
            // Only who holds the newest epoch is told who we are: an old secret is not enough.
            if stranger && share.current && !share.credentials_sent {
                share.credentials_sent = true;
                giver.extend(ctx.held.credentials(&cid).into_iter().map(Gift::Record));
            }
            for frame in wants(share, &cid, ctx) {
                post(*id, window, frame.encode(), ctx);
            }
        }
        self.go_on(stream, ctx);
    }

    pub(super) fn push_frame(
        &mut self,
        stream: &mut Stream,
        frame: Frame,
        ctx: &mut Ctx<'_>,
    ) -> Result<Fate, Fault> {
        let Stream {
            id,
            kind: Kind::Push { cid, giver },
            window,
            deadline,
            ..
        } = stream
        else {
            return Ok(Fate::Close);
        };
        let Some(of) = *cid else {
            let Frame::PushOpen { index } = frame else {
                return Err(Fault::OutOfTurn(frame.name()));
            };
            let found = self
                .shares
                .iter_mut()
                .find(|(_, share)| share.salt_of(index).is_some());
            let Some((found, share)) = found else {
                return Ok(Fate::Close);
            };
            let found = *found;
            *cid = Some(found);
            *deadline = None;
            if share.push.is_none() {
                share.push = Some(*id);
                share.push_due = None;
                self.opens
                    .retain(|purpose| *purpose != Purpose::Push(found));
                let fresh = Kind::Push {
                    cid: Some(found),
                    giver: Giver::default(),
                };
                let ready = std::mem::replace(stream, Stream::new(stream.id, fresh, None));
                self.push_ready(ready, found, ctx);
                // Taken back out of the table, where the step above left it.
                if let Some(ready) = self.streams.remove(&stream.id) {
                    *stream = ready;
                }
            }
            return Ok(Fate::Digested);
        };
        let Some(share) = self.shares.get_mut(&of) else {
            return Ok(Fate::Close);
        };
        match frame {
            Frame::Items(items) => {
                let id = *id;
                self.deliver_shared(id, of, items, ctx)?;
                Ok(Fate::Delivered)
            }
            Frame::WantRecords(ids) => {
                if share.is_served() {
                    giver.extend(ids.into_iter().map(Gift::Record));
                }
                Ok(Fate::Digested)
            }
            Frame::Have(ids) => {
                let new = ids
                    .into_iter()
                    .filter(|id| {
                        matches!(
                            ctx.held.presence(&of, id),
                            Presence::Absent | Presence::HeaderOnly
                        )
                    })
                    .collect();
                let ask = if share.is_served() {
                    share.ask(ctx.now.mono, new)
                } else {
                    Vec::new()
                };
                if !ask.is_empty() {
                    post(*id, window, Frame::WantRecords(ask).encode(), ctx);
                }
                Ok(Fate::Digested)
            }
            frame => Err(Fault::OutOfTurn(frame.name())),
        }
    }

    /// Sends what was asked for and what is new, while the line is free.
    pub(super) fn push_pump(&mut self, stream: &mut Stream, ctx: &mut Ctx<'_>) {
        let Stream {
            id, kind, window, ..
        } = stream;
        let Kind::Push {
            cid: Some(cid),
            giver,
        } = kind
        else {
            return;
        };
        let let_go = |share: &crate::share::Share| share.ends_at.is_some();
        while window.is_open() && !self.shares.get(cid).is_some_and(let_go) {
            let Some(items) = giver.next_items(cid, ctx.held) else {
                break;
            };
            post(*id, window, Frame::Items(items).encode(), ctx);
        }
        let Some(share) = self.shares.get_mut(cid) else {
            return;
        };
        // What was queued before the device was let go still leaves.
        if share.push != Some(*id) || !(share.is_served() || share.ends_at.is_some()) {
            return;
        }
        while window.is_open() && !share.push_queue.is_empty() {
            let (mut items, mut have, mut bytes) = (Vec::new(), Vec::new(), 0);
            while bytes < limits::ITEM_FRAME && (have.len() as u64) < limits::RECORD_IDS {
                let Some(record) = share.push_queue.pop_front() else {
                    break;
                };
                match ctx.held.record(cid, &record) {
                    Some(held) if held.wire.len() > limits::PUSH_BODY => have.push(record),
                    Some(held) => {
                        bytes += held.wire.len();
                        items.push(held);
                    }
                    None => {}
                }
            }
            if !items.is_empty() {
                post(*id, window, Frame::Items(items).encode(), ctx);
            }
            if !have.is_empty() {
                post(*id, window, Frame::Have(have).encode(), ctx);
            }
        }
    }

    /// Records became durable here: snapshots take them in at their next run.
    pub(crate) fn note_stored(&mut self, cid: &CollectiveId, ids: &[RecordId]) {
        for stream in self.streams.values_mut() {
            match &mut stream.kind {
                Kind::Client {
                    cid: of, snapshot, ..
                }
                | Kind::Server {
                    at: Some((of, snapshot)),
                    ..
                } if of == cid => ids.iter().for_each(|id| snapshot.stored(*id)),
                _ => {}
            }
        }
        let Some(share) = self.shares.get_mut(cid) else {
            return;
        };
        if let Some(snapshot) = &mut share.snapshot {
            ids.iter().for_each(|id| snapshot.stored(*id));
        }
    }

    /// Something that was held is not: snapshots are made anew, and a session asks for it.
    pub(crate) fn note_lost(&mut self, cid: &CollectiveId, now: u64) {
        for stream in self.streams.values_mut() {
            match &mut stream.kind {
                Kind::Client {
                    cid: of, snapshot, ..
                }
                | Kind::Server {
                    at: Some((of, snapshot)),
                    ..
                } if of == cid => snapshot.outdate(),
                _ => {}
            }
        }
        if let Some(share) = self.shares.get_mut(cid) {
            share.snapshot = None;
            share.snapshot_until = None;
            share.sync_by(now);
        }
    }

    /// Queues records for a peer that did not bring them.
    pub(crate) fn flood(&mut self, cid: &CollectiveId, ids: &[RecordId], ctx: &mut Ctx<'_>) {
        let Some(share) = self.shares.get_mut(cid).filter(|share| share.is_served()) else {
            return;
        };
        if !ctx.config.push || ids.is_empty() {
            return;
        }
        let mut fits = true;
        for id in ids {
            fits &= share.queue_push(*id);
        }
        if !fits {
            share.sync_by(ctx.now.mono + limits::OVERFLOW_MS);
        }
        if let Some(stream) = share.push.and_then(|id| self.streams.remove(&id)) {
            self.go_on(stream, ctx);
        }
    }

    /// Asks for what orphans wait for and for wanted bodies.
    pub(crate) fn ask_wanted(&mut self, cid: &CollectiveId, ctx: &mut Ctx<'_>) {
        let Some(share) = self.shares.get_mut(cid) else {
            return;
        };
        let Some(stream) = share.push.and_then(|id| self.streams.get_mut(&id)) else {
            return;
        };
        for frame in wants(share, cid, ctx) {
            stream.send(frame.encode(), ctx);
        }
    }

    pub(super) fn push_ended(&mut self, id: StreamId, cid: CollectiveId, ctx: &mut Ctx<'_>) {
        if let Some(share) = self.shares.get_mut(&cid)
            && share.push == Some(id)
        {
            share.push = None;
            share.push_due = Some(ctx.now.mono + ctx.dice.around(limits::HELLO_PATIENCE_MS));
        }
    }
}

/// What to ask of this peer now.
fn wants(share: &mut crate::share::Share, cid: &CollectiveId, ctx: &Ctx<'_>) -> Vec<Frame> {
    if !share.is_served() {
        return Vec::new();
    }
    let ask = share.ask(ctx.now.mono, ctx.held.wanted(cid));
    ask.chunks(limits::RECORD_IDS as usize)
        .map(|ids| Frame::WantRecords(ids.to_vec()))
        .collect()
}
