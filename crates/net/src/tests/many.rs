use std::collections::BTreeSet;

use folkmoot_sync::{Output, Protocol, StreamId};

use super::node::{Node, TRANSPORTS, pair};
use crate::limits::MAX_INBOUND_GATED;

/// Asks for many streams in one batch.
async fn ask(from: &Node, to: &Node, count: usize) {
    let outputs = (0..count).map(|_| Output::Open {
        peer: to.peer.clone(),
        protocol: Protocol::Sync,
    });
    assert!(from.handle.act_async(outputs.collect()).await);
}

#[tokio::test]
async fn of_many_streams_opened_from_both_sides_none_is_lost() {
    const COUNT: usize = 64;
    const { assert!(COUNT <= MAX_INBOUND_GATED) };
    for transport in TRANSPORTS {
        let (mut a, mut b) = pair(transport).await;
        a.gate(&b.peer, true).await;
        b.gate(&a.peer, true).await;
        ask(&a, &b, COUNT).await;
        ask(&b, &a, COUNT).await;
        let (mut from_a, mut from_b) = (Vec::new(), Vec::new());
        let (mut at_a, mut at_b) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..COUNT {
            from_a.push(a.opened(Protocol::Sync).await);
            from_b.push(b.opened(Protocol::Sync).await);
            at_b.insert(b.accepted(Protocol::Sync).await);
            at_a.insert(a.accepted(Protocol::Sync).await);
        }
        assert_eq!((at_a.len(), at_b.len()), (COUNT, COUNT));
        everything_arrives(&a, &mut b, &from_a, at_b).await;
        everything_arrives(&b, &mut a, &from_b, at_a).await;
    }
}

/// Each stream carries its own frame, and each frame comes out of another stream.
async fn everything_arrives(
    from: &Node,
    to: &mut Node,
    streams: &[StreamId],
    mut waiting: BTreeSet<StreamId>,
) {
    for stream in streams {
        from.send(*stream, stream.0.to_be_bytes()).await;
    }
    let mut missing: BTreeSet<Vec<u8>> = streams
        .iter()
        .map(|stream| stream.0.to_be_bytes().to_vec())
        .collect();
    while let Some(stream) = waiting.pop_first() {
        assert!(missing.remove(&to.frame(stream).await));
    }
    assert!(missing.is_empty());
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_and_the_rest_works() {
    let (mut a, mut b) = pair(TRANSPORTS[0]).await;
    b.gate(&a.peer, true).await;
    ask(&a, &b, MAX_INBOUND_GATED + 1).await;
    let mut streams = Vec::new();
    for _ in 0..MAX_INBOUND_GATED {
        streams.push(a.opened(Protocol::Sync).await);
    }
    a.open_failed(Protocol::Sync).await;
    let first = b.accepted(Protocol::Sync).await;
    a.act(Output::Close { stream: streams[0] }).await;
    b.closed(first).await;
    ask(&a, &b, 1).await;
    a.opened(Protocol::Sync).await;
}
