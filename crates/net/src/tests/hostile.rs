use folkmoot_sync::Protocol;
use futures::{AsyncReadExt, AsyncWriteExt};

use super::{
    node::{Node, TCP},
    raw::Raw,
};
use crate::limits::MAX_INBOUND_HELLO;

async fn met() -> (Node, Raw) {
    let mut node = Node::start(1, &[TCP]).await;
    let mut raw = Raw::connect(&node.addrs[0]).await;
    raw.connected().await;
    node.connected(&raw.peer).await;
    (node, raw)
}

#[tokio::test]
async fn silent_streams_are_few_and_stop_nobody() {
    let (mut node, mut raw) = met().await;
    let mut held = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..MAX_INBOUND_HELLO {
        held.push(raw.open(&node.peer, Protocol::Hello).await.unwrap());
        ids.push(node.accepted(Protocol::Hello).await);
    }
    assert!(raw.open(&node.peer, Protocol::Hello).await.is_err());
    // Another peer is served meanwhile.
    let mut other = Raw::connect(&node.addrs[0]).await;
    other.connected().await;
    let mut stream = other.open(&node.peer, Protocol::Hello).await.unwrap();
    let served = node.accepted(Protocol::Hello).await;
    stream.write_all(&[0, 0, 0, 2, b'h', b'i']).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(node.frame(served).await, b"hi");
    // A place that is given back can be taken again.
    drop(held.pop());
    node.closed(ids.pop().unwrap()).await;
    held.push(raw.open(&node.peer, Protocol::Hello).await.unwrap());
}

#[tokio::test]
async fn half_frames_and_garbage_end_their_stream_only() {
    let (mut node, mut raw) = met().await;
    let mut good = raw.open(&node.peer, Protocol::Hello).await.unwrap();
    let kept = node.accepted(Protocol::Hello).await;

    let cases: [(&[u8], bool, &str); 4] = [
        (&[0, 0], true, "inside a frame"),
        (&[0, 0, 0, 9, 1, 2], true, "inside a frame"),
        (&[0xff, 0xff, 0xff, 0xff], false, "4294967295"),
        (b"GET / HTTP/1.1\r\n\r\n", false, "bytes; at most"),
    ];
    for (bytes, close, expected) in cases {
        let mut stream = raw.open(&node.peer, Protocol::Hello).await.unwrap();
        let id = node.accepted(Protocol::Hello).await;
        stream.write_all(bytes).await.unwrap();
        stream.flush().await.unwrap();
        if close {
            stream.close().await.unwrap();
        }
        let error = node.closed(id).await.unwrap();
        assert!(error.contains(expected), "{error}");
        // The node let go of the stream.
        let mut rest = Vec::new();
        let _reset = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    }

    good.write_all(&[0, 0, 0, 1, 7]).await.unwrap();
    good.flush().await.unwrap();
    assert_eq!(node.frame(kept).await, [7]);
}

#[tokio::test]
async fn a_peer_that_vanishes_takes_its_streams_along() {
    let (mut node, mut raw) = met().await;
    let mut stream = raw.open(&node.peer, Protocol::Hello).await.unwrap();
    let id = node.accepted(Protocol::Hello).await;
    stream.write_all(&[0, 0, 0, 9, 1]).await.unwrap();
    stream.flush().await.unwrap();
    let peer = raw.peer.clone();
    drop(raw);
    drop(stream);
    // With a reason where the stream was read on before the connection was known to be gone.
    let _why = node.closed(id).await;
    node.disconnected(&peer).await;
}
