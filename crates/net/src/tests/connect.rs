use folkmoot_sync::{Addr, Input, Output, Path, Peer, Protocol};

use super::node::{Node, TCP, TRANSPORTS, pair, stream};
use crate::{
    addr::{peer_id_of, with_peer, without_peer},
    addr_of, multiaddr_of, parse_addr,
};

#[tokio::test]
async fn two_nodes_meet_talk_and_part() {
    for transport in TRANSPORTS {
        let mut a = Node::start(1, &[]).await;
        let mut b = Node::start(2, &[transport]).await;
        a.dial(&b).await;
        let Input::Connected {
            addr,
            path,
            dialled,
            ..
        } = a.connected(&b.peer).await
        else {
            unreachable!()
        };
        assert!(dialled);
        assert_eq!(path, Path::Loopback);
        // What is remembered is what was dialled, without the peer.
        let listened = multiaddr_of(&b.addrs[0]).unwrap();
        assert_eq!(addr, addr_of(&without_peer(listened)));
        let Input::Connected { path, dialled, .. } = b.connected(&a.peer).await else {
            unreachable!()
        };
        assert!(!dialled);
        assert_eq!(path, Path::Loopback);

        let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;
        a.send(at_a, "from a").await;
        assert_eq!(b.frame(at_b).await, b"from a");
        b.send(at_b, "from b").await;
        assert_eq!(a.frame(at_a).await, b"from b");

        // A stream closes after what was sent, on both sides, without an error.
        a.send(at_a, "last").await;
        a.act(Output::Close { stream: at_a }).await;
        assert_eq!(b.frame(at_b).await, b"last");
        assert_eq!(b.closed(at_b).await, None);
        assert_eq!(a.closed(at_a).await, None);

        // Streams end before the peer is reported gone.
        let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;
        let peer = b.peer.clone();
        a.act(Output::Hangup { peer }).await;
        a.disconnected(&b.peer).await;
        b.disconnected(&a.peer).await;
        assert!(a.has_seen(|i| matches!(i, Input::StreamClosed { stream, .. } if *stream == at_a)));
        assert!(b.has_seen(|i| matches!(i, Input::StreamClosed { stream, .. } if *stream == at_b)));
        a.handle.stop().await;
        b.handle.stop().await;
    }
}

#[tokio::test]
async fn a_peer_can_be_dialled_without_being_known() {
    let mut a = Node::start(1, &[]).await;
    let mut b = Node::start(2, &[TCP]).await;
    let bare = without_peer(multiaddr_of(&b.addrs[0]).unwrap());
    a.act(Output::Dial {
        peer: None,
        addrs: vec![parse_addr("/ip4/127.0.0.1/tcp/1").unwrap(), addr_of(&bare)],
    })
    .await;
    a.connected(&b.peer).await;
    b.connected(&a.peer).await;
    // One of two addresses answered: no failure.
    stream(&mut a, &mut b, Protocol::Hello).await;
    assert!(!a.has_seen(|i| matches!(i, Input::DialFailed { .. })));
}

#[tokio::test]
async fn a_dial_that_fails_is_answered_once_and_says_why() {
    let mut a = Node::start(1, &[TCP]).await;
    let b = Node::start(2, &[TCP]).await;
    let closed = parse_addr("/ip4/127.0.0.1/tcp/1").unwrap();

    let addrs = vec![closed.clone(), parse_addr("/ip4/127.0.0.1/tcp/2").unwrap()];
    for peer in [None, Some(b.peer.clone())] {
        a.act(Output::Dial {
            peer: peer.clone(),
            addrs: addrs.clone(),
        })
        .await;
        let (who, tried, error) = a.dial_failed().await;
        assert_eq!((who, tried), (peer, addrs.clone()));
        assert!(error.contains("refused"), "{error}");
        assert!(!a.has_seen(|i| matches!(i, Input::DialFailed { .. })));
    }

    // Somebody else answers.
    let wrong = Node::start(3, &[]).await.peer;
    a.act(Output::Dial {
        peer: Some(wrong.clone()),
        addrs: vec![addr_of(&without_peer(multiaddr_of(&b.addrs[0]).unwrap()))],
    })
    .await;
    let (who, _, error) = a.dial_failed().await;
    assert_eq!(who, Some(wrong));
    assert!(error.contains("another node answered"), "{error}");

    // The node itself.
    let own = with_peer(
        multiaddr_of(&a.addrs[0]).unwrap(),
        peer_id_of(&a.peer).unwrap(),
    );
    a.act(Output::Dial {
        peer: None,
        addrs: vec![addr_of(&own)],
    })
    .await;
    let (_, _, error) = a.dial_failed().await;
    assert!(error.contains("own"), "{error}");

    // Bytes that are no address, bytes that are no peer, and nothing.
    let bad = [
        (None, vec![Addr(vec![0xff; 9])]),
        (Some(Peer(vec![1, 2, 3])), vec![closed]),
        (Some(b.peer.clone()), Vec::new()),
    ];
    for (peer, addrs) in bad {
        a.act(Output::Dial { peer, addrs }).await;
        let (_, _, error) = a.dial_failed().await;
        assert!(error.contains("no usable address"), "{error}");
    }
}

#[tokio::test]
async fn a_stream_to_nobody_fails_at_once() {
    let mut a = Node::start(1, &[]).await;
    let b = Node::start(2, &[]).await;
    a.ask(&b.peer, Protocol::Hello).await;
    assert!(
        a.open_failed(Protocol::Hello)
            .await
            .contains("not connected")
    );
    a.ask(&Peer(vec![9]), Protocol::Hello).await;
    assert!(
        a.open_failed(Protocol::Hello)
            .await
            .contains("not a peer id")
    );
}

#[tokio::test]
async fn a_second_dial_to_a_connected_peer_changes_nothing() {
    let (mut a, mut b) = pair(TCP).await;
    a.dial(&b).await;
    let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;
    a.send(at_a, "still here").await;
    assert_eq!(b.frame(at_b).await, b"still here");
    assert!(!a.has_seen(|i| matches!(i, Input::DialFailed { .. } | Input::Connected { .. })));
}
