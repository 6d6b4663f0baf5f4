//! One connection's part of the stream behaviour.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll},
};

use folkmoot_sync::Protocol;
use libp2p::{
    Stream,
    swarm::{
        ConnectionHandler, ConnectionHandlerEvent, StreamUpgradeError, SubstreamProtocol,
        handler::{
            ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
            ListenUpgradeError,
        },
    },
};

use crate::{
    limits::OPEN_TIMEOUT,
    upgrade::{Accept, Accepted, Door, Open, OpenError},
};

/// To the handler.
#[derive(Debug)]
pub(crate) enum ToHandler {
    /// Open a stream.
    Open(Protocol),
    /// The gate moved: the list of protocols is looked at again, and identify tells the peer.
    GateMoved,
}

/// From the handler.
#[derive(Debug)]
pub(crate) enum FromHandler {
    /// The stream asked for; its ready byte came.
    Opened(Protocol, Stream),
    /// The stream asked for could not be opened.
    Failed(Failure),
    /// The peer opened a stream.
    Accepted(Accepted),
}

/// Why a stream could not be opened.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Whether the refusal was quick and may be over soon.
    pub(crate) again: bool,
    /// A sentence for people.
    pub(crate) reason: String,
}

/// Lists the protocols the gate allows at this moment and opens streams on demand.
#[derive(Debug)]
pub(crate) struct Handler {
    door: Arc<Door>,
    opens: VecDeque<Protocol>,
    events: VecDeque<FromHandler>,
}

impl Handler {
    pub(crate) fn new(door: Arc<Door>) -> Self {
        Self {
            door,
            opens: VecDeque::new(),
            events: VecDeque::new(),
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = ToHandler;
    type ToBehaviour = FromHandler;
    type InboundProtocol = Accept;
    type OutboundProtocol = Open;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Protocol;

    fn listen_protocol(&self) -> SubstreamProtocol<Accept> {
        SubstreamProtocol::new(Accept(Arc::clone(&self.door)), ()).with_timeout(OPEN_TIMEOUT)
    }

    // No waker is kept: the connection polls its handler after every event it hands in.
    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Open, Protocol, FromHandler>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
        }
        if let Some(protocol) = self.opens.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(Open(protocol), protocol)
                    .with_timeout(OPEN_TIMEOUT),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, event: ToHandler) {
        match event {
            ToHandler::Open(protocol) => self.opens.push_back(protocol),
            // Being polled is all it takes: the list comes from the door.
            ToHandler::GateMoved => {}
        }
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Accept, Open, (), Protocol>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol, ..
            }) => self.events.push_back(FromHandler::Accepted(protocol)),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: stream,
                info,
            }) => self.events.push_back(FromHandler::Opened(info, stream)),
            ConnectionEvent::DialUpgradeError(DialUpgradeError { error, .. }) => {
                self.events.push_back(FromHandler::Failed(failure(error)));
            }
            ConnectionEvent::ListenUpgradeError(ListenUpgradeError { error, .. }) => {
                tracing::debug!(%error, "an inbound stream was not accepted");
            }
            _ => {}
        }
    }
}

fn failure(error: StreamUpgradeError<OpenError>) -> Failure {
    let (again, reason) = match error {
        StreamUpgradeError::NegotiationFailed => (
            true,
            "the peer does not offer the protocol to us".to_owned(),
        ),
        StreamUpgradeError::Apply(error) => (matches!(error, OpenError::Io(_)), error.to_string()),
        StreamUpgradeError::Io(error) => (true, format!("the stream was refused: {error}")),
        StreamUpgradeError::Timeout => (
            false,
            format!(
                "the peer did not answer within {} s",
                OPEN_TIMEOUT.as_secs()
            ),
        ),
    };
    Failure { again, reason }
}
