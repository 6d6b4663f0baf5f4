//! The way to the home: through the running node, or by opening it here.

use std::{
    io::ErrorKind,
    os::unix::net::UnixStream,
    path::PathBuf,
    time::{Duration, Instant},
};

use folkmoot_client::{
    Client,
    api::{ApiError, Command, ErrorCode, Reply},
    find_socket,
};
use folkmoot_engine::{Engine, OpenError, Options};

use zeroize::Zeroizing;

use crate::{commands::Context, error::CliError, passphrase};

/// How long another command that holds the home, or a node that is just starting, is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The home, made where there is none; a running node is used, but not needed.
    Home,
    /// A home that is there: whoever only reads is told of a mistyped folder.
    ExistingHome,
    /// The network, and so a running node.
    Node,
}

/// A way to ask. What was opened here is closed when it goes away.
pub(crate) struct Access {
    way: Way,
}

enum Way {
    Node {
        client: Client,
        runtime: tokio::runtime::Runtime,
    },
    Here(Engine),
}

impl Access {
    /// Finds the way.
    ///
    /// # Errors
    /// Exit code 5 where a node is needed and none runs; else why the home did not open.
    pub(crate) fn open(cx: &Context<'_>, need: Need) -> Result<Self, CliError> {
        Self::open_with(cx, need, None)
    }

    /// The same with the passphrase, where it is known already.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_with(
        cx: &Context<'_>,
        need: Need,
        mut passphrase: Option<Zeroizing<String>>,
    ) -> Result<Self, CliError> {
        let begun = Instant::now();
        loop {
            if let Some(socket) = live_socket(cx)? {
                return Self::to_node(socket);
            }
            if need == Need::Node {
                return Err(CliError::new(
                    ErrorCode::NotRunning,
                    "this needs a running node, and none is running on this home",
                )
                .hint("start it in another terminal: moot up"));
            }
            if need == Need::ExistingHome && !cx.home.folder().join("keys").exists() {
                let folder = cx.home.folder().display();
                return Err(CliError::new(
                    ErrorCode::NotFound,
                    format!("there is no home in {folder}"),
                )
                .hint("moot up makes one; --home or MOOT_HOME names another folder"));
            }
            if passphrase.is_none() {
                passphrase = passphrase::from_file()?;
            }
            match Self::open_here(cx, passphrase.clone()) {
                Err(OpenError::Locked { .. }) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(OpenError::PassphraseNeeded) if passphrase.is_none() => {
                    passphrase = Some(passphrase::ask(cx.ui)?);
                }
                result => return Ok(result?),
            }
        }
    }

    fn to_node(socket: PathBuf) -> Result<Self, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| CliError::failed(format!("the system gives no event queue: {e}")))?;
        let client = Client::at(socket)?;
        Ok(Self {
            way: Way::Node { client, runtime },
        })
    }

    fn open_here(
        cx: &Context<'_>,
        passphrase: Option<Zeroizing<String>>,
    ) -> Result<Self, OpenError> {
        let options = Options {
            home: cx.home.folder().to_owned(),
            passphrase,
            version: env!("CARGO_PKG_VERSION"),
            serving: false,
            helps: false,
        };
        let (engine, opened) = Engine::open(&options, &mut |text| cx.ui.say(text))?;
        if opened.first_start {
            cx.ui.say(&format!(
                "made a new home in {}",
                cx.home.folder().display()
            ));
            cx.ui
                .say("write down its recovery phrase: moot id --phrase");
        }
        for notice in &opened.notices {
            cx.ui.warn(notice);
        }
        Ok(Self {
            way: Way::Here(engine),
        })
    }

    /// The running node, if there is one.
    ///
    /// # Errors
    /// Where its socket cannot be used.
    pub(crate) fn running(cx: &Context<'_>) -> Result<Option<Self>, CliError> {
        live_socket(cx)?.map(Self::to_node).transpose()
    }

    /// Asks, and takes the expected answer out.
    ///
    /// # Errors
    /// What the engine or the connection says.
    pub(crate) fn ask<T>(&self, command: Command) -> Result<T, CliError>
    where
        T: TryFrom<Reply, Error = ApiError>,
    {
        let reply = match &self.way {
            Way::Node { client, runtime } => runtime.block_on(client.call(&command))?,
            Way::Here(engine) => engine.call(command)?,
        };
        Ok(T::try_from(reply)?)
    }

    /// The client of the running node, if that is the way, with what drives it.
    pub(crate) fn node(&self) -> Option<(&Client, &tokio::runtime::Runtime)> {
        match &self.way {
            Way::Node { client, runtime } => Some((client, runtime)),
            Way::Here(_) => None,
        }
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        if let Way::Here(engine) = &self.way {
            engine.stop();
        }
    }
}

/// The socket of a node that listens. One left by a killed node refuses.
///
/// # Errors
/// Where the home or the socket cannot be used.
pub(crate) fn live_socket(cx: &Context<'_>) -> Result<Option<PathBuf>, CliError> {
    let found =
        find_socket(cx.home.folder()).map_err(|error| CliError::file(cx.home.folder(), &error))?;
    let Some(socket) = found else {
        return Ok(None);
    };
    match UnixStream::connect(&socket) {
        Ok(_) => Ok(Some(socket)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(CliError::file(&socket, &error)),
    }
}
