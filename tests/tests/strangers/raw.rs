//! A stranger who speaks the transport properly and then sends whatever bytes it likes.

use std::{future::poll_fn, io, task::Poll};

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::{
    Multiaddr, Transport,
    core::{
        Endpoint,
        muxing::{StreamMuxerBox, StreamMuxerExt, SubstreamBox},
        transport::{DialOpts, PortUse},
        upgrade::Version,
    },
    identity::Keypair,
    noise, tcp, yamux,
};
use tokio::sync::{mpsc, oneshot};

type Answer = oneshot::Sender<SubstreamBox>;

/// An encrypted, multiplexed connection under a fresh peer id.
pub(crate) struct Stranger {
    asks: mpsc::UnboundedSender<Answer>,
}

impl Stranger {
    /// Connects over TCP.
    pub(crate) async fn dial(address: &str) -> io::Result<Self> {
        Self::dial_as(&Keypair::generate_ed25519(), address).await
    }

    /// Connects over TCP as the owner of these keys.
    pub(crate) async fn dial_as(keys: &Keypair, address: &str) -> io::Result<Self> {
        let mut transport = tcp::tokio::Transport::new(tcp::Config::default())
            .upgrade(Version::V1)
            .authenticate(noise::Config::new(keys).unwrap())
            .multiplex(yamux::Config::default())
            .boxed();
        let (address, _) = address.split_once("/p2p/").unwrap_or((address, ""));
        let address: Multiaddr = address.parse().unwrap();
        let dial = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let (_, muxer) = transport.dial(address, dial).unwrap().await?;
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(drive(muxer, asked));
        Ok(Self { asks })
    }

    /// Opens a stream and asks for a protocol: `None` where it was refused.
    pub(crate) async fn open(&self, protocol: &str) -> io::Result<Option<SubstreamBox>> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(answer).map_err(io::Error::other)?;
        let mut stream = answered.await.map_err(io::Error::other)?;
        for line in ["/multistream/1.0.0", protocol] {
            let line = format!("{line}\n");
            stream
                .write_all(&[u8::try_from(line.len()).unwrap()])
                .await?;
            stream.write_all(line.as_bytes()).await?;
        }
        stream.flush().await?;
        assert_eq!(said(&mut stream).await?, "/multistream/1.0.0\n");
        Ok((said(&mut stream).await? != "na\n").then_some(stream))
    }

    /// A stream of the hello, the other side's ready byte read.
    pub(crate) async fn hello(&self) -> io::Result<SubstreamBox> {
        self.ready("/folkmoot/hello/1").await
    }

    /// A stream of a protocol, the other side's ready byte read.
    pub(crate) async fn ready(&self, protocol: &str) -> io::Result<SubstreamBox> {
        let mut stream = self
            .open(protocol)
            .await?
            .ok_or_else(|| io::Error::other("refused"))?;
        let mut ready = [0];
        stream.read_exact(&mut ready).await?;
        assert_eq!(ready, [1]);
        Ok(stream)
    }
}

/// One line of the negotiation.
async fn said(stream: &mut SubstreamBox) -> io::Result<String> {
    let mut length = [0];
    stream.read_exact(&mut length).await?;
    let mut line = vec![0; usize::from(length[0])];
    stream.read_exact(&mut line).await?;
    String::from_utf8(line).map_err(io::Error::other)
}

/// Keeps the connection going. Streams that the other side opens are held and never answered.
async fn drive(mut muxer: StreamMuxerBox, mut asked: mpsc::UnboundedReceiver<Answer>) {
    let mut held = Vec::new();
    let mut waiting: Option<Answer> = None;
    poll_fn(move |cx| {
        loop {
            let mut more = false;
            match muxer.poll_inbound_unpin(cx) {
                Poll::Ready(Ok(stream)) => {
                    held.push(stream);
                    more = true;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            match muxer.poll_unpin(cx) {
                Poll::Ready(Ok(_)) => more = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            if waiting.is_none() {
                match asked.poll_recv(cx) {
                    Poll::Ready(Some(answer)) => waiting = Some(answer),
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => {}
                }
            }
            if waiting.is_some() {
                match muxer.poll_outbound_unpin(cx) {
                    Poll::Ready(Ok(stream)) => {
                        if let Some(answer) = waiting.take() {
                            drop(answer.send(stream));
                        }
                        more = true;
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => {}
                }
            }
            if !more {
                return Poll::Pending;
            }
        }
    })
    .await;
}
