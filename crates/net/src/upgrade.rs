//! Opening a stream: which protocols a peer may use, and the ready byte (section 7.3).

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use folkmoot_sync::Protocol;
use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, future::BoxFuture};
use libp2p::{InboundUpgrade, OutboundUpgrade, Stream, StreamProtocol, core::UpgradeInfo};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::limits::{MAX_INBOUND_GATED, MAX_INBOUND_HELLO, READY_TIMEOUT};

const HELLO: StreamProtocol = StreamProtocol::new("/folkmoot/hello/1");
const SYNC: StreamProtocol = StreamProtocol::new("/folkmoot/sync/1");
const PUSH: StreamProtocol = StreamProtocol::new("/folkmoot/push/1");
const READY: u8 = 0x01;

/// The protocol's name on the wire.
pub(crate) fn name_of(protocol: Protocol) -> StreamProtocol {
    match protocol {
        Protocol::Hello => HELLO,
        Protocol::Sync => SYNC,
        Protocol::Push => PUSH,
    }
}

fn protocol_of(name: &StreamProtocol) -> Option<Protocol> {
    [Protocol::Hello, Protocol::Sync, Protocol::Push]
        .into_iter()
        .find(|p| name_of(*p) == *name)
}

/// Whether only proven peers get the protocol.
pub(crate) fn is_gated(protocol: Protocol) -> bool {
    !matches!(protocol, Protocol::Hello)
}

/// What one peer may do here; shared by all its connections.
#[derive(Debug)]
pub(crate) struct Door {
    open: AtomicBool,
    hello: Arc<Semaphore>,
    gated: Arc<Semaphore>,
}

impl Door {
    /// A stranger's door: hello only.
    pub(crate) fn new() -> Self {
        Self {
            open: AtomicBool::new(false),
            hello: Arc::new(Semaphore::new(MAX_INBOUND_HELLO)),
            gated: Arc::new(Semaphore::new(MAX_INBOUND_GATED)),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Opens or closes the gate; says whether that changed it.
    pub(crate) fn set(&self, open: bool) -> bool {
        self.open.swap(open, Ordering::AcqRel) != open
    }

    /// A place for one more inbound stream, given back when dropped.
    fn admit(&self, protocol: Protocol) -> Result<OwnedSemaphorePermit, OpenError> {
        let places = if is_gated(protocol) {
            if !self.is_open() {
                return Err(OpenError::Closed);
            }
            &self.gated
        } else {
            &self.hello
        };
        Arc::clone(places)
            .try_acquire_owned()
            .map_err(|_| OpenError::Full)
    }
}

/// Why a negotiated stream came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The gate closed meanwhile.
    #[error("the gate is closed")]
    Closed,
    /// Too many streams already.
    #[error("the peer holds too many streams")]
    Full,
    /// No ready byte in time.
    #[error("the peer was not ready within {} s", READY_TIMEOUT.as_secs())]
    NotReady,
    /// Another byte than the ready byte.
    #[error("the peer began with {0:#04x} instead of the ready byte")]
    NotTheReadyByte(u8),
    /// The stream failed or was refused.
    #[error("the stream was refused: {0}")]
    Io(#[from] io::Error),
}

/// The inbound side: the protocols open to the peer at this moment.
#[derive(Debug, Clone)]
pub(crate) struct Accept(pub(crate) Arc<Door>);

/// An accepted stream, its ready byte sent, and its place.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) protocol: Protocol,
    pub(crate) stream: Stream,
    pub(crate) place: OwnedSemaphorePermit,
}

impl UpgradeInfo for Accept {
    type Info = StreamProtocol;
    type InfoIter = Vec<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        if self.0.is_open() {
            vec![HELLO, SYNC, PUSH]
        } else {
            vec![HELLO]
        }
    }
}

impl InboundUpgrade<Stream> for Accept {
    type Output = Accepted;
    type Error = OpenError;
    type Future = BoxFuture<'static, Result<Accepted, OpenError>>;

    fn upgrade_inbound(self, mut stream: Stream, info: StreamProtocol) -> Self::Future {
        async move {
            // Only names listed above are negotiated; anything else counts as closed.
            let protocol = protocol_of(&info).ok_or(OpenError::Closed)?;
            let place = self.0.admit(protocol)?;
            stream.write_all(&[READY]).await?;
            stream.flush().await?;
            Ok(Accepted {
                protocol,
                stream,
                place,
            })
        }
        .boxed()
    }
}

/// The outbound side: one protocol, and the wait for the ready byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open(pub(crate) Protocol);

impl UpgradeInfo for Open {
    type Info = StreamProtocol;
    type InfoIter = std::iter::Once<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        std::iter::once(name_of(self.0))
    }
}

impl OutboundUpgrade<Stream> for Open {
    type Output = Stream;
    type Error = OpenError;
    type Future = BoxFuture<'static, Result<Stream, OpenError>>;

    fn upgrade_outbound(self, mut stream: Stream, _: StreamProtocol) -> Self::Future {
        async move {
            let mut byte = [0];
            match timeout(READY_TIMEOUT, stream.read_exact(&mut byte)).await {
                Err(_) => Err(OpenError::NotReady),
                Ok(Err(error)) => Err(error.into()),
                Ok(Ok(())) if byte == [READY] => Ok(stream),
                Ok(Ok(())) => Err(OpenError::NotTheReadyByte(byte[0])),
            }
        }
        .boxed()
    }
}
