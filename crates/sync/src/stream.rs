//! One open stream: what it is for, how much is on its way, and until when it may stay silent.

use folkmoot_record::CollectiveId;

use crate::{
    Output, Protocol, StreamId,
    ctx::Ctx,
    door::Door,
    give::{Giver, Window},
    hello::Hello,
    limits,
    reconcile::{Client, Server},
    snapshot::Snapshot,
    squeeze::squeeze,
};

/// What a stream is for.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A hello, and a door after it.
    Hello {
        hello: Box<Hello>,
        door: Option<Box<Door>>,
    },
    /// A session of the own.
    Client {
        cid: CollectiveId,
        client: Client,
        snapshot: Box<Snapshot>,
    },
    /// A session of the peer; the collective and the snapshot are known from its first frame on.
    Server {
        at: Option<(CollectiveId, Box<Snapshot>)>,
        server: Server,
    },
    /// A push stream; the collective is known from its first frame on.
    Push {
        cid: Option<CollectiveId>,
        giver: Giver,
    },
}

impl Kind {
    pub(crate) const fn protocol(&self) -> Protocol {
        match self {
            Self::Hello { .. } => Protocol::Hello,
            Self::Client { .. } | Self::Server { .. } => Protocol::Sync,
            Self::Push { .. } => Protocol::Push,
        }
    }

    /// The collective this stream is about, for streams of one.
    pub(crate) fn cid(&self) -> Option<CollectiveId> {
        match self {
            Self::Hello { .. } => None,
            Self::Client { cid, .. } => Some(*cid),
            Self::Server { at, .. } => at.as_ref().map(|(cid, _)| *cid),
            Self::Push { cid, .. } => *cid,
        }
    }

    /// The door on this stream.
    pub(crate) fn door(&mut self) -> Option<&mut Door> {
        match self {
            Self::Hello { door, .. } => door.as_deref_mut(),
            _ => None,
        }
    }

    /// A word for people.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Hello { door: None, .. } => "hello",
            Self::Hello { .. } => "door",
            Self::Client { .. } | Self::Server { .. } => "session",
            Self::Push { .. } => "push",
        }
    }
}

/// An open stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: StreamId,
    pub(crate) kind: Kind,
    pub(crate) window: Window,
    /// Silence until then is a fault.
    pub(crate) deadline: Option<u64>,
    /// Read credit held back until what was asked for is sent.
    owed: u32,
}

impl Stream {
    pub(crate) fn new(id: StreamId, kind: Kind, deadline: Option<u64>) -> Self {
        Self {
            id,
            kind,
            window: Window::default(),
            deadline,
            owed: 0,
        }
    }

    /// Sends a frame, compressed where that helps and is allowed: from a door on.
    pub(crate) fn send(&mut self, frame: Vec<u8>, ctx: &mut Ctx<'_>) {
        if matches!(self.kind, Kind::Hello { door: None, .. }) {
            self.window.sent(frame.len());
            let (stream, bytes) = (self.id, frame);
            ctx.out.push(Output::Send { stream, bytes });
        } else {
            post(self.id, &mut self.window, frame, ctx);
        }
    }

    /// The last frame is digested: lets the driver read another one, unless so much is asked for
    /// already that the peer has to wait.
    pub(crate) fn digested(&mut self, ctx: &mut Ctx<'_>) {
        self.owed += 1;
        self.release(ctx);
    }

    /// Gives back read credit that was held back.
    pub(crate) fn release(&mut self, ctx: &mut Ctx<'_>) {
        let queued = match &self.kind {
            Kind::Hello { door, .. } => door.as_ref().map_or(0, |door| door.queued()),
            Kind::Client { client, .. } => client.giver.len(),
            Kind::Server { server, .. } => server.giver.len(),
            Kind::Push { giver, .. } => giver.len(),
        };
        if self.owed > 0 && queued < limits::GIVE_QUEUE {
            ctx.out.push(Output::Read {
                stream: self.id,
                frames: std::mem::take(&mut self.owed),
            });
        }
    }
}

/// Sends a frame on a stream whose parts are borrowed apart.
pub(crate) fn post(stream: StreamId, window: &mut Window, frame: Vec<u8>, ctx: &mut Ctx<'_>) {
    let bytes = squeeze(frame);
    window.sent(bytes.len());
    ctx.out.push(Output::Send { stream, bytes });
}
