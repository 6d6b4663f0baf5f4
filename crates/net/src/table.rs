//! The streams that are open: their tasks and the driver's side of each.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use folkmoot_sync::{Input, Protocol, StreamId};
use libp2p::{PeerId, Stream};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    addr::peer_of,
    limits::{MAX_FRAME, MAX_HELLO_FRAME, MAX_QUEUED_BYTES, READ_WINDOW},
    task::{Command, Job, run},
    upgrade::is_gated,
};

#[derive(Debug)]
struct Entry {
    peer: PeerId,
    protocol: Protocol,
    commands: mpsc::UnboundedSender<Command>,
    queued: Arc<AtomicUsize>,
    credit: Arc<Semaphore>,
    most: Arc<AtomicUsize>,
    cut: oneshot::Sender<Option<String>>,
    ended: oneshot::Receiver<()>,
}

/// See the module. Dropping it ends all tasks.
#[derive(Debug)]
pub(crate) struct Table {
    entries: BTreeMap<StreamId, Entry>,
    tasks: JoinSet<StreamId>,
    next: u64,
    inputs: mpsc::Sender<Input>,
}

impl Table {
    pub(crate) fn new(inputs: mpsc::Sender<Input>) -> Self {
        Self {
            entries: BTreeMap::new(),
            tasks: JoinSet::new(),
            next: 0,
            inputs,
        }
    }

    /// Takes a stream in; its task waits for the signal returned.
    pub(crate) fn add(
        &mut self,
        peer: PeerId,
        protocol: Protocol,
        stream: Stream,
        place: Option<OwnedSemaphorePermit>,
    ) -> oneshot::Sender<()> {
        let id = StreamId(self.next);
        self.next += 1;
        let (start, started) = oneshot::channel();
        let (commands, received) = mpsc::unbounded_channel();
        let (cut, cuts) = oneshot::channel();
        let (done, ended) = oneshot::channel();
        let queued = Arc::new(AtomicUsize::new(0));
        // Anybody may open a hello: its frames are small, and read one at a time.
        let (window, most) = match protocol {
            Protocol::Hello => (1, MAX_HELLO_FRAME),
            Protocol::Sync | Protocol::Push => (READ_WINDOW, MAX_FRAME),
        };
        let credit = Arc::new(Semaphore::new(window));
        let most = Arc::new(AtomicUsize::new(most));
        self.tasks.spawn(run(Job {
            id,
            peer: peer_of(peer),
            protocol,
            stream,
            place,
            start: started,
            commands: received,
            queued: Arc::clone(&queued),
            credit: Arc::clone(&credit),
            most: Arc::clone(&most),
            cut: cuts,
            done,
            inputs: self.inputs.clone(),
        }));
        let entry = Entry {
            peer,
            protocol,
            commands,
            queued,
            credit,
            most,
            cut,
            ended,
        };
        self.entries.insert(id, entry);
        start
    }

    /// Queues a frame. Nothing happens for a stream that has ended: the machine hears of it.
    pub(crate) fn send(&mut self, stream: StreamId, bytes: Vec<u8>) {
        let Some(entry) = self.entries.get(&stream) else {
            return;
        };
        let waiting = entry.queued.fetch_add(bytes.len(), Ordering::AcqRel) + bytes.len();
        if waiting > MAX_QUEUED_BYTES {
            let reason = format!("{waiting} bytes wait to be written; at most {MAX_QUEUED_BYTES}");
            self.cut(stream, Some(reason));
        } else {
            // It fails where the task has just ended.
            let _ended = entry.commands.send(Command::Send(bytes));
        }
    }

    /// Whose stream it is.
    pub(crate) fn peer(&self, stream: StreamId) -> Option<PeerId> {
        self.entries.get(&stream).map(|entry| entry.peer)
    }

    /// Lets the stream read on.
    pub(crate) fn grant(&self, stream: StreamId, frames: u32) {
        if let Some(entry) = self.entries.get(&stream) {
            let room = Semaphore::MAX_PERMITS - entry.credit.available_permits();
            entry.credit.add_permits(room.min(frames as usize));
        }
    }

    /// Lets a hello stream, on which a door opened, read as any other.
    pub(crate) fn widen(&self, stream: StreamId) {
        if let Some(entry) = self.entries.get(&stream)
            && entry.most.swap(MAX_FRAME, Ordering::AcqRel) < MAX_FRAME
        {
            entry.credit.add_permits(READ_WINDOW - 1);
        }
    }

    /// Closes a stream after what was sent.
    pub(crate) fn close(&self, stream: StreamId) {
        if let Some(entry) = self.entries.get(&stream) {
            let _ended = entry.commands.send(Command::Close);
        }
    }

    fn cut(&mut self, stream: StreamId, reason: Option<String>) -> Option<oneshot::Receiver<()>> {
        let entry = self.entries.remove(&stream)?;
        let _ended = entry.cut.send(reason);
        Some(entry.ended)
    }

    /// Cuts the peer's gated streams: its gate was closed.
    pub(crate) fn shut(&mut self, peer: PeerId) {
        for id in self.of(peer, |entry| is_gated(entry.protocol)) {
            self.cut(id, Some("the peer may not use it any more".to_owned()));
        }
    }

    /// Cuts all streams of a peer; each receiver ends when a stream's task has.
    pub(crate) fn drop_peer(&mut self, peer: PeerId) -> Vec<oneshot::Receiver<()>> {
        let lost = self.of(peer, |_| true);
        lost.into_iter()
            .filter_map(|id| self.cut(id, Some("the connection closed".to_owned())))
            .collect()
    }

    fn of(&self, peer: PeerId, which: impl Fn(&Entry) -> bool) -> Vec<StreamId> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.peer == peer && which(entry))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Waits for tasks to end and forgets their streams; for ever while there are none.
    pub(crate) async fn reap(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(id)) => {
                self.entries.remove(&id);
            }
            Some(Err(error)) => tracing::error!(%error, "a stream's task failed"),
            None => std::future::pending().await,
        }
    }

    /// Ends all tasks and waits for them.
    pub(crate) async fn stop(&mut self) {
        self.entries.clear();
        self.tasks.shutdown().await;
    }
}
