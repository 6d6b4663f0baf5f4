//! What the caller decides, and the limits it cannot.

use std::net::{Ipv4Addr, Ipv6Addr};

use libp2p::{Multiaddr, multiaddr::Protocol};

/// How to run the network.
#[derive(Clone)]
pub struct Config {
    /// Seed of the node's Ed25519 transport key (section 7.2).
    pub transport_key: [u8; 32],
    /// Where to listen; [`default_listen`] gives the usual set. Empty: only dial.
    pub listen: Vec<Multiaddr>,
    /// Whether to look for peers, and be found, on the local network by mDNS.
    pub lan: bool,
    /// New connections are refused while the process holds more bytes than this.
    pub max_memory: Option<usize>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("lan", &self.lan)
            .field("max_memory", &self.max_memory)
            .finish_non_exhaustive()
    }
}

/// QUIC and TCP on all addresses of IPv4 and IPv6, with this port (0: any free one).
#[must_use]
pub fn default_listen(port: u16) -> Vec<Multiaddr> {
    let v4 = Multiaddr::from(Ipv4Addr::UNSPECIFIED);
    let v6 = Multiaddr::from(Ipv6Addr::UNSPECIFIED);
    let quic = |a: &Multiaddr| a.clone().with(Protocol::Udp(port)).with(Protocol::QuicV1);
    let tcp = |a: &Multiaddr| a.clone().with(Protocol::Tcp(port));
    vec![quic(&v4), tcp(&v4), quic(&v6), tcp(&v6)]
}

/// Every bound of the driver, with its reason.
pub mod limits {
    use std::time::Duration;

    /// Bytes of a frame without its prefix (section 7.3).
    pub const MAX_FRAME: usize = 1 << 20;
    /// Bytes of a frame on a hello stream before a door opens there: strangers send them.
    pub const MAX_HELLO_FRAME: usize = folkmoot_sync::limits::HELLO_FRAME;
    /// Frames a stream delivers before the machine must grant more by `Output::Read`: enough to
    /// keep a stream busy while one frame is digested, few enough to bound memory.
    pub const READ_WINDOW: usize = 4;
    /// Bytes waiting to be written on one stream. The machine keeps a window far below this; a
    /// stream that goes over it is cut, since something is wrong.
    pub const MAX_QUEUED_BYTES: usize = 8 << 20;
    /// Streams one peer may hold open to us for the gated protocols: a session and a push stream
    /// for each of some thirty shared collectives.
    pub const MAX_INBOUND_GATED: usize = 64;
    /// Hello streams one peer may hold open to us. A stranger needs one; each may hold one
    /// partly read frame in memory.
    pub const MAX_INBOUND_HELLO: usize = 4;
    /// Streams waiting to be opened to one peer: one is opened at a time (section 7.3).
    pub const MAX_QUEUED_OPENS: usize = 256;
    /// Streams of a connection in the multiplexer, our own and those of libp2p's protocols
    /// included.
    pub const MAX_MUXED_STREAMS: u32 = 256;
    /// Connections that are being set up, for each direction (section 7.9): a handshake is
    /// work before anything is known of the peer.
    pub const MAX_PENDING: u32 = 64;
    /// Connections in all (section 7.9): home routers suffer from more.
    pub const MAX_ESTABLISHED: u32 = 200;
    /// Connections that came in and have proven nothing: half of all, so that members always find a
    /// place beside them.
    pub const MAX_STRANGERS: usize = 100;
    /// Of these, those of one network (an IPv4 address, or 56 bits of IPv6): a house with several
    /// machines has room, and whoever has one network has no more than that.
    pub const MAX_STRANGERS_OF_ONE: usize = 32;
    /// Handshakes of one network at once: half of [`MAX_PENDING`].
    pub const MAX_PENDING_OF_ONE: usize = 32;
    /// Peers remembered that proved themselves since the start: as many as the machine knows.
    pub const MAX_KNOWN: usize = 1_024;
    /// Connections of one peer (section 7.9): both may dial at once, and a direct one may follow
    /// a relayed one.
    pub const MAX_PER_PEER: u32 = 3;
    /// Addresses tried in one dial; a link carries eight.
    pub const MAX_DIAL_ADDRS: usize = 16;
    /// Peers found by mDNS that are being dialled at once.
    pub const MAX_LAN_DIALS: usize = 16;
    /// Batches of outputs waiting for the driver.
    pub const OUTPUT_QUEUE: usize = 64;
    /// Inputs waiting for the engine before the swarm is no longer polled.
    pub const BACKLOG: usize = 256;

    /// Time for the protocol's negotiation and the ready byte together.
    pub const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
    /// Time for the other side's ready byte (section 7.3).
    pub const READY_TIMEOUT: Duration = Duration::from_secs(5);
    /// A refused opening is tried again after these delays: after a fresh proof the two sides
    /// open their gates at slightly different moments.
    pub const OPEN_RETRIES: [Duration; 5] = [
        Duration::from_millis(20),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(200),
        Duration::from_millis(400),
    ];
    /// Time for a stream's first frame, counted from its first byte. Strangers get no more.
    pub const FIRST_FRAME_TIMEOUT: Duration = Duration::from_secs(30);
    /// Time for every later frame, counted from its first byte. Silence between frames is the
    /// machine's business.
    pub const FRAME_TIMEOUT: Duration = Duration::from_secs(60);
    /// A peer that takes no byte for so long is not reading.
    pub const WRITE_STALL: Duration = Duration::from_secs(120);
    /// A connection without streams is closed after this time.
    pub const IDLE_TIMEOUT: Duration = Duration::from_secs(150);
    /// How long `start` waits for the listeners to name their addresses.
    pub const LISTEN_TIMEOUT: Duration = Duration::from_secs(3);
    /// How long a listener on all addresses may take from one of them to the next: they come in a
    /// burst.
    pub const LISTEN_SETTLE: Duration = Duration::from_millis(50);
    /// How long `stop` waits for peers to see the connections close.
    pub const STOP_TIMEOUT: Duration = Duration::from_secs(1);
}
