//! Inputs in their order, without ever making the driver wait.

use folkmoot_sync::{Input, Peer};
use tokio::sync::{mpsc, oneshot};

/// What is delivered, in the order of the driver.
#[derive(Debug)]
pub(crate) enum Item {
    /// Hand this to the engine.
    Input(Input),
    /// Let this stream's task begin; it hands over its own inputs.
    Start(oneshot::Sender<()>),
    /// Hand over `Disconnected` once these streams' tasks have ended.
    Gone {
        /// Who.
        peer: Peer,
        /// Each ends, with an error, when its task does.
        streams: Vec<oneshot::Receiver<()>>,
    },
}

/// Delivers until the driver or the engine is gone.
pub(crate) async fn deliver(mut items: mpsc::Receiver<Item>, inputs: mpsc::Sender<Input>) {
    while let Some(item) = items.recv().await {
        let input = match item {
            Item::Input(input) => input,
            Item::Start(start) => {
                // The task may have been cut before it began.
                let _ended = start.send(());
                continue;
            }
            Item::Gone { peer, streams } => {
                for ended in streams {
                    let _closed = ended.await;
                }
                Input::Disconnected { peer }
            }
        };
        if inputs.send(input).await.is_err() {
            return;
        }
    }
}
