//! The handle to the engine's thread, and the thread's loop.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use folkmoot_api::{ApiError, Command, ErrorCode, Reply};
use folkmoot_sync::{Addr, Input};

use crate::{
    Network, OpenError, Opened, Options,
    core::{Core, ReplyTo},
    intake::checkers::{Batch, Checked},
};

/// Messages that may wait for the engine. A sender of network input waits while it is full; a
/// command is refused.
const INBOX: usize = 1_024;
/// Messages handled before time is looked at again: keeps upkeep and waits punctual under load.
const ROUND: usize = 64;

enum Message {
    Command(Command, ReplyTo),
    Input(Input),
    Checked(Batch<Checked>),
    Attach(Network),
    Listening(Vec<Addr>),
    Stop,
}

/// A handle to the engine's thread; cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    inbox: SyncSender<Message>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    ending: Arc<Mutex<Ending>>,
}

/// Whether the thread has ended, and who is told when it does.
#[derive(Default)]
struct Ending {
    over: bool,
    tell: Vec<Box<dyn FnOnce() + Send>>,
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ending")
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

/// Lives as long as the thread; dropped by a panic too.
struct Alive(Arc<Mutex<Ending>>);

impl Drop for Alive {
    fn drop(&mut self) {
        let told = {
            let mut ending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            ending.over = true;
            std::mem::take(&mut ending.tell)
        };
        for tell in told {
            tell();
        }
    }
}

impl Engine {
    /// Opens the home and starts the thread. `progress` hears sentences on long work.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        options: &Options,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(Self, Opened), OpenError> {
        let (inbox, messages) = mpsc::sync_channel(INBOX);
        let back = inbox.clone();
        let (core, opened) = Core::open(options, progress, move |batch| {
            // After the engine stopped nobody needs the result.
            drop(back.send(Message::Checked(batch)));
        })?;
        let ending = Arc::new(Mutex::new(Ending::default()));
        let alive = Alive(Arc::clone(&ending));
        let thread = thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                let _alive = alive;
                run(core, &messages);
            })
            .map_err(|error| OpenError::Failed {
                message: format!("the engine's thread could not be started: {error}"),
                hint: None,
            })?;
        let engine = Self {
            inbox,
            thread: Arc::new(Mutex::new(Some(thread))),
            ending,
        };
        Ok((engine, opened))
    }

    /// Asks and waits for the answer; for callers without an async runtime.
    ///
    /// # Errors
    /// As the command says.
    pub fn call(&self, command: Command) -> Result<Reply, ApiError> {
        let (sender, answer) = mpsc::sync_channel(1);
        self.submit(command, move |reply| {
            // The asker may have given up.
            drop(sender.try_send(reply));
        });
        answer.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Asks; `reply` is called on the engine's thread and must be quick.
    pub fn submit(
        &self,
        command: Command,
        reply: impl FnOnce(Result<Reply, ApiError>) + Send + 'static,
    ) {
        match self
            .inbox
            .try_send(Message::Command(command, Box::new(reply)))
        {
            Ok(()) => {}
            Err(TrySendError::Full(message)) => answer(message, busy()),
            Err(TrySendError::Disconnected(message)) => answer(message, stopped()),
        }
    }

    /// Attaches the network; joining, peers and sync work from now on.
    pub fn attach(&self, network: Network) {
        drop(self.inbox.send(Message::Attach(network)));
    }

    /// New set of addresses listened on.
    pub fn listening(&self, addresses: Vec<Addr>) {
        drop(self.inbox.send(Message::Listening(addresses)));
    }

    /// Hands over what happened on the network; blocks while the engine is behind (bounded queue).
    /// False once the engine has stopped.
    pub fn input(&self, input: Input) -> bool {
        self.inbox.send(Message::Input(input)).is_ok()
    }

    /// Calls `tell` when the thread has ended, for whatever reason; at once if it has already. It is
    /// called on that thread and must be quick.
    pub fn when_ended(&self, tell: impl FnOnce() + Send + 'static) {
        let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        if ending.over {
            drop(ending);
            tell();
        } else {
            ending.tell.push(Box::new(tell));
        }
    }

    /// Flushes, closes the store and ends the thread; waits for it.
    pub fn stop(&self) {
        drop(self.inbox.send(Message::Stop));
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the engine's thread panicked");
        }
    }
}

fn run(mut core: Core, messages: &Receiver<Message>) {
    loop {
        let wait = core.deadline().saturating_sub(core.clock.mono());
        let first = match messages.recv_timeout(Duration::from_millis(wait)) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let further = messages.try_iter().take(ROUND);
        for message in first.into_iter().chain(further) {
            match message {
                Message::Command(command, reply) => core.command(command, reply),
                Message::Input(input) => core.feed(input),
                Message::Checked(batch) => core.checked(batch),
                Message::Attach(network) => core.attach(network),
                Message::Listening(addresses) => core.relocate(addresses),
                Message::Stop => return core.close(),
            }
        }
        core.tick();
    }
    core.close();
}

fn answer(message: Message, error: ApiError) {
    if let Message::Command(_, reply) = message {
        reply(Err(error));
    }
}

fn busy() -> ApiError {
    ApiError::new(ErrorCode::Unavailable, "the node is busy").hint("try again in a moment")
}

fn stopped() -> ApiError {
    ApiError::new(ErrorCode::Unavailable, "the node is stopping")
        .hint("start it again with `moot up`")
}
