//! Opening, accepting, feeding and closing the streams of one peer.

use crate::{
    Output, Protocol, StreamId,
    ctx::Ctx,
    fault::Fault,
    frame::Frame,
    give::Giver,
    limits,
    reconcile::Server,
    stream::{Kind, Stream},
};

use super::{PeerState, Purpose};

/// Streams that a proven peer did not let open, before that is taken as its answer: a line may fail
/// once or twice.
const SHUT_GATES: u32 = 3;

impl PeerState {
    /// Wants a stream; opens it when no other open is under way (section 7.3).
    pub(super) fn want_open(&mut self, purpose: Purpose, ctx: &mut Ctx<'_>) {
        let under_way = self.opening.is_some_and(|(opening, _)| opening == purpose);
        if !under_way && !self.opens.contains(&purpose) {
            self.opens.push_back(purpose);
        }
        self.pump_opens(ctx);
    }

    fn pump_opens(&mut self, ctx: &mut Ctx<'_>) {
        if self.opening.is_some() || self.link.is_none() {
            return;
        }
        if let Some(purpose) = self.opens.pop_front() {
            self.opening = Some((purpose, ctx.now.mono + limits::OPEN_MS));
            ctx.out.push(Output::Open {
                peer: self.id.clone(),
                protocol: protocol(purpose),
            });
        }
    }

    /// An open of the own succeeded.
    pub(crate) fn opened(&mut self, protocol_opened: Protocol, id: StreamId, ctx: &mut Ctx<'_>) {
        let expected = self
            .opening
            .take_if(|(purpose, _)| protocol(*purpose) == protocol_opened);
        match expected.map(|(purpose, _)| purpose) {
            // It came after the time for it was over.
            None => ctx.out.push(Output::Close { stream: id }),
            Some(purpose) => {
                self.open_failures = 0;
                match purpose {
                    Purpose::Hello => self.hello_opened(id, ctx),
                    Purpose::Sync(cid) => self.sync_opened(id, cid, ctx),
                    Purpose::Push(cid) => self.push_opened(id, cid, ctx),
                }
            }
        }
        self.pump_opens(ctx);
    }

    /// An open of the own failed, or the driver said nothing about it.
    pub(crate) fn open_failed(&mut self, error: &str, ctx: &mut Ctx<'_>) {
        let Some((purpose, _)) = self.opening.take() else {
            return;
        };
        self.last_error = Some(format!("a stream could not be opened: {error}"));
        let pause = ctx
            .dice
            .around(limits::REOPEN_MS << self.open_failures.min(9));
        self.open_failures += 1;
        let at = ctx.now.mono + pause;
        match purpose {
            Purpose::Hello => self.hello_due = Some(at),
            Purpose::Sync(cid) => {
                let mut never = false;
                if let Some(share) = self.shares.get_mut(&cid) {
                    share.sync_by(at);
                    never = share.synced_at.is_none();
                }
                // It proved itself, and keeps its gate shut: to it this device is none of a member.
                if never && self.link.is_some() && self.open_failures >= SHUT_GATES {
                    self.unserved(cid, ctx);
                }
            }
            Purpose::Push(cid) => {
                if let Some(share) = self.shares.get_mut(&cid) {
                    share.push_due = Some(at);
                }
            }
        }
        self.pump_opens(ctx);
    }

    /// The peer opened a stream. `true` if it is kept.
    pub(crate) fn accepted(&mut self, protocol: Protocol, id: StreamId, ctx: &mut Ctx<'_>) -> bool {
        let allowed = self.link.is_some()
            && self.streams.len() < limits::STREAMS
            && (protocol == Protocol::Hello || self.is_proven());
        if !allowed {
            ctx.out.push(Output::Close { stream: id });
            return false;
        }
        let now = ctx.now.mono;
        match protocol {
            Protocol::Hello => return self.hello_accepted(id, ctx),
            Protocol::Sync => {
                let kind = Kind::Server {
                    at: None,
                    server: Server::new(true),
                };
                let stream = Stream::new(id, kind, Some(now + limits::PUSH_OPEN_MS));
                self.streams.insert(id, stream);
            }
            Protocol::Push => {
                let kind = Kind::Push {
                    cid: None,
                    giver: Giver::default(),
                };
                let stream = Stream::new(id, kind, Some(now + limits::PUSH_OPEN_MS));
                self.streams.insert(id, stream);
            }
        }
        true
    }

    /// A frame came on one of the streams.
    pub(crate) fn frame(&mut self, id: StreamId, bytes: &[u8], ctx: &mut Ctx<'_>) {
        let Some(mut stream) = self.streams.remove(&id) else {
            return;
        };
        let result = match stream.kind.protocol() {
            Protocol::Hello => self.hello_frame(&mut stream, bytes, ctx),
            Protocol::Sync => match Frame::decode(bytes) {
                Ok(frame) => self.sync_frame(&mut stream, frame, ctx),
                Err(fault) => Err(fault),
            },
            Protocol::Push => match Frame::decode(bytes) {
                Ok(frame) => self.push_frame(&mut stream, frame, ctx),
                Err(fault) => Err(fault),
            },
        };
        match result {
            Ok(Fate::Digested) => {
                stream.digested(ctx);
                self.go_on(stream, ctx);
            }
            Ok(Fate::Delivered) => self.go_on(stream, ctx),
            Ok(Fate::Close) => self.shut(stream, ctx),
            Err(fault) => {
                self.shut(stream, ctx);
                self.charge(&fault, ctx);
            }
        }
    }

    /// Bytes left for the socket.
    pub(crate) fn written(&mut self, id: StreamId, bytes: usize, ctx: &mut Ctx<'_>) {
        if let Some(mut stream) = self.streams.remove(&id) {
            stream.window.written(bytes);
            Self::door_written(&mut stream, ctx);
            self.go_on(stream, ctx);
        }
    }

    /// Sends what may be sent on a stream, and keeps it unless its work is over.
    pub(super) fn go_on(&mut self, mut stream: Stream, ctx: &mut Ctx<'_>) {
        let result = match stream.kind.protocol() {
            Protocol::Hello => {
                self.door_pump(&mut stream, ctx);
                Ok(true)
            }
            Protocol::Sync => self.sync_pump(&mut stream, ctx),
            Protocol::Push => {
                self.push_pump(&mut stream, ctx);
                Ok(true)
            }
        };
        match result {
            Ok(true) => {
                stream.release(ctx);
                self.streams.insert(stream.id, stream);
            }
            Ok(false) => self.shut(stream, ctx),
            Err(fault) => {
                self.shut(stream, ctx);
                self.charge(&fault, ctx);
            }
        }
    }

    /// Closes a stream of this peer from this side.
    pub(crate) fn close(&mut self, id: StreamId, ctx: &mut Ctx<'_>) {
        if let Some(stream) = self.streams.remove(&id) {
            self.shut(stream, ctx);
        }
    }

    /// Closes a stream that was taken out of the table.
    pub(super) fn shut(&mut self, stream: Stream, ctx: &mut Ctx<'_>) {
        ctx.out.push(Output::Close { stream: stream.id });
        self.ended(stream, None, ctx);
    }

    /// A stream ended, by the other side or by a fault of the line.
    pub(crate) fn closed(&mut self, id: StreamId, error: Option<&str>, ctx: &mut Ctx<'_>) {
        if let Some(stream) = self.streams.remove(&id) {
            if let Some(error) = error {
                self.last_error = Some(format!("a {} ended: {error}", stream.kind.name()));
            }
            self.ended(stream, error, ctx);
        }
    }

    fn ended(&mut self, stream: Stream, error: Option<&str>, ctx: &mut Ctx<'_>) {
        match stream.kind {
            Kind::Hello { hello, door } => {
                self.hello_ended(stream.id, &hello, door.as_deref(), ctx);
            }
            Kind::Client { cid, snapshot, .. } => {
                self.client_ended(stream.id, cid, snapshot, ctx);
            }
            Kind::Server { at, server } => {
                if let Some((cid, snapshot)) = at {
                    self.server_ended(stream.id, cid, snapshot, &server, error, ctx);
                }
            }
            Kind::Push { cid, .. } => {
                if let Some(cid) = cid {
                    self.push_ended(stream.id, cid, ctx);
                }
            }
        }
    }

    /// Looks for streams whose peer said nothing for too long, and for opens without an answer.
    pub(super) fn silent(&mut self, ctx: &mut Ctx<'_>) {
        let now = ctx.now.mono;
        if self.opening.is_some_and(|(_, until)| until <= now) {
            self.open_failed("no answer", ctx);
        }
        let silent: Vec<StreamId> = self
            .streams
            .values()
            .filter(|stream| stream.deadline.is_some_and(|until| until <= now))
            .map(|stream| stream.id)
            .collect();
        for id in silent {
            let Some(stream) = self.streams.remove(&id) else {
                continue;
            };
            let fault = Fault::Silent(stream.kind.name());
            self.shut(stream, ctx);
            self.charge(&fault, ctx);
        }
    }

    /// When [`PeerState::silent`] has something to do.
    pub(super) fn silence_deadline(&self) -> Option<u64> {
        self.streams
            .values()
            .filter_map(|stream| stream.deadline)
            .chain(self.opening.map(|(_, until)| until))
            .min()
    }
}

/// What becomes of a stream after a frame.
pub(super) enum Fate {
    /// The frame is dealt with.
    Digested,
    /// The frame is with the engine; its credit comes back with the verdicts.
    Delivered,
    /// The stream has served its purpose.
    Close,
}

const fn protocol(purpose: Purpose) -> Protocol {
    match purpose {
        Purpose::Hello => Protocol::Hello,
        Purpose::Sync(_) => Protocol::Sync,
        Purpose::Push(_) => Protocol::Push,
    }
}
