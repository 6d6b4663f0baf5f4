//! Starting the network, and the caller's side of it.

use std::collections::{BTreeSet, VecDeque};

use folkmoot_sync::{Addr, Input, Output, Peer};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    Config, NetError,
    addr::peer_of,
    awaited::Awaited,
    delivery::deliver,
    dial::Dials,
    driver::{Command, Driver},
    limits::{BACKLOG, OUTPUT_QUEUE},
    listen::listen,
    swarm::build,
    table::Table,
};

/// What starting brought.
#[derive(Debug, Clone)]
pub struct Started {
    /// This node's peer id.
    pub peer: Peer,
    /// Addresses listened on, with the peer id; [`Handle::listening`] follows changes.
    pub listening: Vec<Addr>,
    /// Sentences for the person on what does not work, such as a missing IPv6.
    pub notices: Vec<String>,
    /// Sentences on listeners that were set up and did not name their addresses in time; they may
    /// still come.
    pub missing: Vec<String>,
}

/// The network's driver. Cheap to clone; when the last clone is gone the driver stops.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    listening: watch::Receiver<Vec<Addr>>,
}

/// Starts the network on the current tokio runtime and waits until every listener has named
/// its addresses (3 s at most; what is missing then is said).
///
/// `inputs` receives everything that happens, in order, until the network is stopped; then its
/// other end sees the channel close. Its capacity is the backpressure: each place may hold a
/// frame of 1 MiB, so a few dozen are enough. A plain thread reads it by `blocking_recv`.
///
/// # Errors
/// A port in use, no address to listen on, or transports that could not be set up. An mDNS that
/// could not be turned on is a notice.
pub async fn start(
    config: Config,
    inputs: mpsc::Sender<Input>,
) -> Result<(Handle, Started), NetError> {
    let mut swarm = build(&config)?;
    let listeners = listen(&mut swarm, &config.listen)?;
    let peer = peer_of(*swarm.local_peer_id());
    let (commands, received) = mpsc::channel(OUTPUT_QUEUE);
    let (listening, listened) = watch::channel(Vec::new());
    let (items, delivered) = mpsc::channel(BACKLOG);
    let (ready, is_ready) = oneshot::channel();
    let mut driver = Driver {
        swarm,
        commands: received,
        items,
        delivery: tokio::spawn(deliver(delivered, inputs.clone())),
        listening,
        table: Table::new(inputs),
        dials: Dials::default(),
        backlog: VecDeque::new(),
        awaited: Awaited::new(listeners.ids),
        ready: Some(ready),
        lan_dials: BTreeSet::new(),
    };
    let mut notices = listeners.notices;
    if config.lan
        && let Err(error) = driver.set_lan(true)
    {
        notices.push(error.to_string());
    }
    tokio::spawn(driver.run());
    let missing = is_ready.await.map_err(|_| NetError::Stopped)?;
    let started = Started {
        peer,
        listening: listened.borrow().clone(),
        notices,
        missing,
    };
    let handle = Handle {
        commands,
        listening: listened,
    };
    Ok((handle, started))
}

impl Handle {
    /// Carries out outputs, in order; those for the engine are skipped. For plain threads: it
    /// blocks while the driver has many batches waiting, which never takes long, since the driver
    /// waits for nobody. False once the network has stopped.
    ///
    /// # Panics
    /// Where it would block inside an async task; use [`Handle::act_async`] there.
    #[must_use]
    pub fn act(&self, outputs: Vec<Output>) -> bool {
        match drivers_part(outputs) {
            None => !self.commands.is_closed(),
            Some(command) => match self.commands.try_send(command) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(command)) => {
                    self.commands.blocking_send(command).is_ok()
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            },
        }
    }

    /// The same for async tasks.
    pub async fn act_async(&self, outputs: Vec<Output>) -> bool {
        match drivers_part(outputs) {
            None => !self.commands.is_closed(),
            Some(command) => self.commands.send(command).await.is_ok(),
        }
    }

    /// The addresses listened on, with the peer id, as they change.
    #[must_use]
    pub fn listening(&self) -> watch::Receiver<Vec<Addr>> {
        self.listening.clone()
    }

    /// Looks for peers on the local network by mDNS, or ceases to. Peers found are dialled; they
    /// show as connected like any other.
    ///
    /// # Errors
    /// [`NetError::Lan`] where the system does not allow it, [`NetError::Stopped`].
    pub async fn set_lan(&self, on: bool) -> Result<(), NetError> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Lan(on, answer);
        let sent = self.commands.send(command).await;
        sent.map_err(|_| NetError::Stopped)?;
        answered.await.map_err(|_| NetError::Stopped)?
    }

    /// Closes all connections, ends all tasks and waits for it (about a second at most). Inputs
    /// not yet received by then may be lost.
    pub async fn stop(&self) {
        let (answer, answered) = oneshot::channel();
        if self.commands.send(Command::Stop(answer)).await.is_ok() {
            let _stopped = answered.await;
        }
    }
}

fn drivers_part(mut outputs: Vec<Output>) -> Option<Command> {
    outputs.retain(|output| !matches!(output, Output::Deliver { .. } | Output::Event(_)));
    (!outputs.is_empty()).then_some(Command::Act(outputs))
}
