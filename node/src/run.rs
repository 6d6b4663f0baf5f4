//! The life of a node.

use std::{
    io,
    path::PathBuf,
    pin::Pin,
    time::{Duration, Instant},
};

use folkmoot_api::{ApiError, Command, LOCKED, PeerAdd, Reply};
use folkmoot_client::{Client, ClientError};
use folkmoot_engine::{Engine, OpenError, Opened};
use folkmoot_net::NetError;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
use zeroize::Zeroizing;

use crate::{
    Home,
    config::{self, ConfigError, Settings},
    locked::{self, Lock},
    server::{App, Listeners, Socket, router},
    wire::Wire,
};

/// How long a command that holds the home for a moment is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// How long running requests may take to end when the node stops.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Exit code after a second signal: 128 and SIGINT, as shells count.
const IMPATIENT: i32 = 130;

/// How to run.
#[derive(Debug)]
pub struct Options {
    /// Which home.
    pub home: Home,
    /// Its settings.
    pub settings: Settings,
    /// Addresses to dial and remember.
    pub peers: Vec<String>,
    /// The passphrase of the keys, if they are sealed by one or shall be.
    pub passphrase: Option<Zeroizing<String>>,
    /// Version of the program.
    pub version: &'static str,
}

/// What a node tells while it runs, in this order.
#[derive(Debug)]
pub enum Told {
    /// Long work goes on: a sentence.
    Progress(String),
    /// Something the person should know: a sentence.
    Notice(String),
    /// The node is up.
    Ready(Ready),
    /// It forgot its keys, and waits for the passphrase.
    Locked,
    /// It was asked to stop, and does.
    Stopping,
}

/// The node is up.
#[derive(Debug)]
pub struct Ready {
    /// The home was made now.
    pub first_start: bool,
    /// Where it listens for peers: multiaddrs with the peer id.
    pub listening: Vec<String>,
    /// The socket of the local API.
    pub socket: PathBuf,
}

/// Why a node did not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A node serves this home already.
    #[error("a node is already running on this home (process {pid})")]
    AlreadyRunning {
        /// Its process id.
        pid: u32,
    },
    /// A node on this home is locked.
    #[error("a node is running on this home, and is locked")]
    Locked,
    /// The home did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The settings do not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The network did not start.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A peer's address was not taken.
    #[error("{address}: {error}")]
    Peer {
        /// Which.
        address: String,
        /// Why.
        error: ApiError,
    },
    /// The engine's thread ended by itself.
    #[error("the node stopped by a fault of its own; everything acknowledged is stored")]
    Broken,
    /// The local API's socket cannot be made.
    #[error("the socket of the local API cannot be made: {0}")]
    Socket(io::Error),
    /// The system refused something else.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Opens the home, connects it, and serves it until SIGINT, SIGTERM or SIGHUP.
///
/// # Errors
/// [`RunError`]; what was opened by then is closed again.
pub async fn run(
    options: Options,
    tell: impl FnMut(Told) + Send + 'static,
) -> Result<(), RunError> {
    run_until(options, std::future::pending(), tell).await
}

/// The same, until `end` is over too.
///
/// # Errors
/// As [`run`].
pub async fn run_until(
    mut options: Options,
    end: impl Future<Output = ()>,
    mut tell: impl FnMut(Told) + Send + 'static,
) -> Result<(), RunError> {
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("a provider for TLS was installed before");
    }
    refuse_second(&options.home).await?;
    let mut end = std::pin::pin!(end);
    // A locked node must not remember it.
    let passphrase = options.passphrase.take();
    let (mut engine, mut opened, mut tell) = open(&options, passphrase, {
        tell(Told::Progress("opening the home".into()));
        tell
    })
    .await?;
    // A node that was being locked gave the home up meanwhile, and answers still.
    if let Err(error) = refuse_second(&options.home).await {
        close(engine).await?;
        return Err(error);
    }
    let mut stop = Stop::listen()?;
    loop {
        let served = serve(
            &options,
            &engine,
            opened,
            &mut stop,
            end.as_mut(),
            &mut tell,
        )
        .await;
        let is_locked = matches!(served, Ok(Ended::Locked));
        // While the home is held still: a node that is started meanwhile finds this one.
        let bound = is_locked.then(|| Socket::bind(&options.home));
        close(engine).await?;
        served?;
        let Some(bound) = bound else {
            return Ok(());
        };
        let bound = bound.map_err(RunError::Socket)?;
        tell(Told::Locked);
        options.settings.follow(&options.home);
        match locked::wait(&options, bound, &mut stop, end.as_mut()).await? {
            Some(again) => (engine, opened) = again,
            None => return Ok(()),
        }
    }
}

async fn close(engine: Engine) -> Result<(), RunError> {
    tokio::task::spawn_blocking(move || engine.stop())
        .await
        .map_err(|error| io::Error::other(error).into())
}

/// How serving ended.
enum Ended {
    Stopped,
    Locked,
}

/// Asks whether a node answers on this home.
async fn refuse_second(home: &Home) -> Result<(), RunError> {
    let answer = match Client::for_home(home.folder()) {
        Ok(client) => client.status().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(status) => Err(RunError::AlreadyRunning { pid: status.pid }),
        // The lock of the home decides in the end.
        Err(ClientError::NotRunning) => Ok(()),
        Err(ClientError::Api(error)) if error.reason.as_deref() == Some(LOCKED) => {
            Err(RunError::Locked)
        }
        Err(error) => {
            tracing::debug!(%error, "whatever left a socket here does not answer");
            Ok(())
        }
    }
}

pub(crate) async fn open<T: FnMut(Told) + Send + 'static>(
    options: &Options,
    passphrase: Option<Zeroizing<String>>,
    mut tell: T,
) -> Result<(Engine, Opened, T), RunError> {
    options.home.make()?;
    let home = options.home.clone();
    let version = options.version;
    let helps = options.settings.recovery.value;
    tokio::task::spawn_blocking(move || {
        let (engine, opened) = open_patiently(LOCK_PATIENCE, || {
            let options = folkmoot_engine::Options {
                home: home.folder().to_owned(),
                passphrase: passphrase.clone(),
                version,
                serving: true,
                helps,
            };
            Engine::open(&options, &mut |text| tell(Told::Progress(text.to_owned())))
        })?;
        Ok((engine, opened, tell))
    })
    .await
    .map_err(io::Error::other)?
}

/// Opens; while another process holds the home, tries again until `patience` ends. Commands hold it
/// for a moment only.
///
/// # Errors
/// Those of `open`.
pub fn open_patiently<T>(
    patience: Duration,
    mut open: impl FnMut() -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    let begun = Instant::now();
    loop {
        match open() {
            Err(OpenError::Locked { .. }) if begun.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

async fn serve(
    options: &Options,
    engine: &Engine,
    opened: Opened,
    stop: &mut Stop,
    end: Pin<&mut impl Future<Output = ()>>,
    tell: &mut impl FnMut(Told),
) -> Result<Ended, RunError> {
    config::write_template(&options.home)?;
    for notice in opened.notices {
        tell(Told::Notice(notice));
    }
    let (socket, listener) = Socket::bind(&options.home).map_err(RunError::Socket)?;
    let wire = Wire::start(engine, opened.transport_key, &options.settings, tell).await?;
    let mut result = add_peers(engine, &options.peers)
        .await
        .map(|()| Ended::Stopped);
    if result.is_ok() {
        tell(Told::Ready(Ready {
            first_start: opened.first_start,
            listening: wire.listening(),
            socket: socket.path().to_owned(),
        }));
        let (drain, draining) = oneshot::channel::<()>();
        let (listeners, end_streams) = Listeners::new();
        let lock = Lock::new(options.home.folder().to_owned());
        let app = App {
            engine: engine.clone(),
            reload: wire.reload(&options.home, &options.settings),
            listeners,
            lock: lock.clone(),
        };
        let server = axum::serve(listener, router(app)).with_graceful_shutdown(async {
            // A sender that is gone says the same as one that has spoken.
            let (Ok(()) | Err(_)) = draining.await;
        });
        let server = tokio::spawn(server.into_future());
        let (ended, broken) = oneshot::channel::<()>();
        engine.when_ended(move || drop(ended));
        tokio::select! {
            () = stop.wait() => {}
            () = end => {}
            () = lock.asked() => result = Ok(Ended::Locked),
            // Without it nothing can be answered: whoever watches over the process starts it again.
            _ = broken => result = Err(RunError::Broken),
        }
        if !matches!(result, Ok(Ended::Locked)) {
            tell(Told::Stopping);
        }
        drop(end_streams);
        drop(drain);
        if tokio::time::timeout(DRAIN_TIME, server).await.is_err() {
            tracing::warn!("requests were still running when the node stopped");
        }
    }
    drop(socket);
    wire.stop().await;
    result
}

async fn add_peers(engine: &Engine, peers: &[String]) -> Result<(), RunError> {
    for address in peers {
        let (reply, answered) = oneshot::channel::<Result<Reply, ApiError>>();
        let command = Command::PeerAdd(PeerAdd {
            address: address.clone(),
        });
        engine.submit(command, move |result| drop(reply.send(result)));
        match answered.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                let address = address.clone();
                return Err(RunError::Peer { address, error });
            }
            Err(error) => return Err(io::Error::other(error).into()),
        }
    }
    Ok(())
}

/// The signals that end a node.
pub(crate) struct Stop(oneshot::Receiver<()>);

impl Stop {
    /// From now on the signals are taken.
    fn listen() -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let (asked, stop) = oneshot::channel();
        tokio::spawn(async move {
            let mut asked = Some(asked);
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                match asked.take() {
                    Some(asked) => drop(asked.send(())),
                    // The first one is being followed, and the person is out of patience. Nothing
                    // acknowledged is lost by this.
                    None => std::process::exit(IMPATIENT),
                }
            }
        });
        Ok(Self(stop))
    }

    pub(crate) async fn wait(&mut self) {
        let (Ok(()) | Err(_)) = (&mut self.0).await;
    }
}
