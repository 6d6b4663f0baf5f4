//! One thread that owns the state: commands in, replies and events out.
//!
//! The engine composes store, accord, seal, library, search and sync. It knows no sockets: the
//! network is attached as a function that carries out [`folkmoot_sync::Output`]s, and what
//! happens comes back by [`Engine::input`].

use std::path::PathBuf;

use folkmoot_api::{ApiError, Command, Reply};
use folkmoot_sync::{Addr, Input, Output, Peer};

/// How to open a home.
#[derive(Debug)]
pub struct Options {
    /// The home folder; made if missing.
    pub home: PathBuf,
    /// The passphrase, where the keys are sealed by one or shall be.
    pub passphrase: Option<String>,
    /// Version of the program, for `status`.
    pub version: &'static str,
    /// Whether this process serves a node (`moot up`) or opened the home for one command.
    pub serving: bool,
}

/// What opening found and did.
#[derive(Debug)]
pub struct Opened {
    /// The home was made now.
    pub first_start: bool,
    /// Seed of the transport key, for the network driver.
    pub transport_key: [u8; 32],
    /// Sentences for the person: damage, rebuilds, permissions.
    pub notices: Vec<String>,
}

/// Why a home could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process owns it.
    #[error("the home is in use by process {pid}")]
    Locked {
        /// Its process id.
        pid: u32,
    },
    /// Keys are sealed and no passphrase was given.
    #[error("the keys are sealed by a passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the keys.
    #[error("the passphrase is wrong")]
    PassphraseWrong,
    /// Anything else; message and next step.
    #[error("{message}")]
    Failed {
        /// What happened and why.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
}

/// The network as the engine sees it.
pub struct Network {
    /// Own peer id.
    pub peer: Peer,
    /// Addresses listened on, with the peer id.
    pub listening: Vec<Addr>,
    /// Carries out outputs meant for the driver; must not block for long.
    pub act: Box<dyn FnMut(Vec<Output>) + Send>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// A handle to the engine's thread; cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {}

impl Engine {
    /// Opens the home and starts the thread. `progress` hears sentences on long work.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        options: Options,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(Self, Opened), OpenError> {
        let _ = (options, progress);
        todo!()
    }

    /// Asks and waits for the answer; for callers without an async runtime.
    ///
    /// # Errors
    /// As the command says.
    pub fn call(&self, command: Command) -> Result<Reply, ApiError> {
        let _ = command;
        todo!()
    }

    /// Asks; `reply` is called on the engine's thread and must be quick.
    pub fn submit(
        &self,
        command: Command,
        reply: impl FnOnce(Result<Reply, ApiError>) + Send + 'static,
    ) {
        let _ = (command, reply);
        todo!()
    }

    /// Attaches the network; joining, peers and sync work from now on.
    pub fn attach(&self, network: Network) {
        let _ = network;
        todo!()
    }

    /// New set of addresses listened on.
    pub fn listening(&self, addresses: Vec<Addr>) {
        let _ = addresses;
        todo!()
    }

    /// Hands over what happened on the network; blocks while the engine is behind (bounded queue).
    /// False once the engine has stopped.
    pub fn input(&self, input: Input) -> bool {
        let _ = input;
        todo!()
    }

    /// Flushes, closes the store and ends the thread; waits for it.
    pub fn stop(&self) {
        todo!()
    }
}
