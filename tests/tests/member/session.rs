//! A member's node that proves itself properly and then sends bytes of its own making on the streams
//! that are open to members.

use std::{
    io,
    time::{Duration, Instant},
};

use folkmoot_sync::{
    Addr, Ask, Config, Event, Input, Machine, Output, Path, Peer, Protocol, StreamId,
};
use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::{PeerId, core::muxing::SubstreamBox, identity::Keypair};
use tokio::time::{sleep, timeout};

use crate::{
    raw::Stranger,
    traitor::{Claims, Keys, now, seed},
};

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The only stream of the hello.
const HELLO: StreamId = StreamId(0);

/// A gigabyte of zeros in 32 KiB.
pub(crate) fn bomb() -> Vec<u8> {
    zstd::bulk::compress(&vec![0; 1 << 30], 3).unwrap()
}

/// Connects and proves membership; an error where the other side does not want to know.
async fn prove(keys: &Keys, transport: [u8; 32], address: &str) -> io::Result<Stranger> {
    let pair = Keypair::ed25519_from_bytes(transport).map_err(io::Error::other)?;
    let stranger = Stranger::dial_as(&pair, address).await?;
    let (_, other) = address.rsplit_once("/p2p/").unwrap();
    let peer = Peer(other.parse::<PeerId>().unwrap().to_bytes());
    let own = Peer(pair.public().to_peer_id().to_bytes());
    let claims = Claims::new(keys, &[]);
    let mut machine = Machine::new(own, Config::default(), seed());
    let begun = Instant::now();
    let connected = Input::Connected {
        peer: peer.clone(),
        addr: Addr(Vec::new()),
        path: Path::Loopback,
        dialled: true,
    };
    drop(machine.handle(now(begun), connected, &claims));
    let mut stream = stranger.hello().await?;
    let opened = Input::StreamOpened {
        peer,
        protocol: Protocol::Hello,
        stream: HELLO,
    };
    let mut outputs = machine.handle(now(begun), opened, &claims);
    loop {
        let mut proven = false;
        for output in outputs {
            match output {
                Output::Send {
                    stream: HELLO,
                    bytes,
                } => write(&mut stream, &bytes).await?,
                Output::Event(Event::Proven { .. }) => proven = true,
                _ => {}
            }
        }
        if proven {
            stream.close().await?;
            return Ok(stranger);
        }
        let bytes = read(&mut stream).await?;
        let frame = Input::Frame {
            stream: HELLO,
            bytes,
        };
        outputs = machine.handle(now(begun), frame, &claims);
        // Nothing else is due in so short a time.
        drop(machine.handle(now(begun), Input::Ask(Ask::SyncNow { cid: None }), &claims));
    }
}

async fn write(stream: &mut SubstreamBox, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    stream.write_all(&length).await?;
    stream.write_all(frame).await?;
    stream.flush().await
}

async fn read(stream: &mut SubstreamBox) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

/// A stream of a gated protocol; the gate opens a moment after the proof.
async fn gated(stranger: &Stranger, protocol: &str) -> io::Result<SubstreamBox> {
    let begun = Instant::now();
    loop {
        match stranger.ready(protocol).await {
            Ok(stream) => return Ok(stream),
            Err(error) if begun.elapsed() > Duration::from_secs(3) => return Err(error),
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Whether the other side ended the stream. What it says before is of no interest.
async fn ended(stream: &mut SubstreamBox) -> bool {
    timeout(PATIENCE, stream.read_to_end(&mut Vec::new()))
        .await
        .is_ok()
}

/// Sends the same bad bytes on one stream after the other, under ever new peer ids, until the other
/// side wants to know no more of it. How many streams that took.
pub(crate) async fn repeat(keys: &Keys, address: &str, protocol: &str, bytes: &[u8]) -> usize {
    let mut faults = 0;
    for face in 1..=20 {
        let Ok(Ok(stranger)) = timeout(PATIENCE, prove(keys, [face; 32], address)).await else {
            return faults;
        };
        let Ok(mut stream) = gated(&stranger, protocol).await else {
            return faults;
        };
        faults += 1;
        // It may be cut while it is written.
        drop(stream.write_all(bytes).await);
        drop(stream.flush().await);
        assert!(ended(&mut stream).await, "the stream stays open");
    }
    faults
}

/// Opens streams and says nothing on them, or half a frame: how many, and how many the other side
/// ended.
pub(crate) async fn hold(keys: &Keys, address: &str) -> (usize, usize) {
    let stranger = prove(keys, [1; 32], address).await.unwrap();
    let mut held = Vec::new();
    for n in 0..12 {
        let protocol = ["/folkmoot/sync/1", "/folkmoot/push/1"][n % 2];
        let Ok(mut stream) = gated(&stranger, protocol).await else {
            break;
        };
        let begun: &[u8] = [&[][..], &[0, 0][..], &[0, 0, 4, 0, 0x82][..]][n % 3];
        drop(stream.write_all(begun).await);
        drop(stream.flush().await);
        held.push(stream);
    }
    let opened = held.len();
    let mut over = 0;
    for mut stream in held {
        over += usize::from(ended(&mut stream).await);
    }
    (opened, over)
}
