use folkmoot_sync::{Output, Protocol};

use super::{
    node::{Node, TCP, TRANSPORTS, pair, stream},
    raw::Raw,
};

#[tokio::test]
async fn a_gate_opens_and_closes_while_connected() {
    for transport in TRANSPORTS {
        let (mut a, mut b) = pair(transport).await;
        for protocol in [Protocol::Sync, Protocol::Push] {
            a.ask(&b.peer, protocol).await;
            let error = a.open_failed(protocol).await;
            assert!(error.contains("does not offer"), "{error}");
        }
        // Only the gate of the side that accepts counts.
        a.gate(&b.peer, true).await;
        a.ask(&b.peer, Protocol::Sync).await;
        a.open_failed(Protocol::Sync).await;

        b.gate(&a.peer, true).await;
        let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Sync).await;
        a.send(at_a, "in").await;
        assert_eq!(b.frame(at_b).await, b"in");
        let (hello_a, hello_b) = stream(&mut a, &mut b, Protocol::Hello).await;

        // Closing it cuts what it had let in, and nothing else.
        b.gate(&a.peer, false).await;
        let error = b.closed(at_b).await.unwrap();
        assert!(error.contains("may not use it"), "{error}");
        a.closed(at_a).await;
        a.ask(&b.peer, Protocol::Push).await;
        a.open_failed(Protocol::Push).await;
        a.send(hello_a, "open to all").await;
        assert_eq!(b.frame(hello_b).await, b"open to all");
    }
}

#[tokio::test]
async fn an_opening_waits_a_little_for_the_other_sides_gate() {
    let (mut a, mut b) = pair(TCP).await;
    a.ask(&b.peer, Protocol::Sync).await;
    b.gate(&a.peer, true).await;
    a.opened(Protocol::Sync).await;
    b.accepted(Protocol::Sync).await;
}

#[tokio::test]
async fn a_gate_closes_with_the_last_connection() {
    let (mut a, mut b) = pair(TCP).await;
    b.gate(&a.peer, true).await;
    stream(&mut a, &mut b, Protocol::Sync).await;
    let peer = b.peer.clone();
    a.act(Output::Hangup { peer }).await;
    a.disconnected(&b.peer).await;
    b.disconnected(&a.peer).await;
    a.dial(&b).await;
    a.connected(&b.peer).await;
    a.ask(&b.peer, Protocol::Sync).await;
    a.open_failed(Protocol::Sync).await;
}

#[tokio::test]
async fn strangers_do_not_see_the_gated_protocols() {
    let mut node = Node::start(1, &[TCP]).await;
    let mut raw = Raw::connect(&node.addrs[0]).await;
    node.connected(&raw.peer).await;
    let has = |list: &[String], name: &str| list.iter().any(|p| p.contains(name));
    let list = raw.protocols(|_| true).await;
    assert!(has(&list, "/folkmoot/hello/1"));
    assert!(
        !has(&list, "/folkmoot/sync/1") && !has(&list, "/folkmoot/push/1"),
        "{list:?}"
    );

    // Identify tells the one peer whose gate moved.
    let mut other = Raw::connect(&node.addrs[0]).await;
    node.connected(&other.peer).await;
    node.gate(&raw.peer, true).await;
    let list = raw.protocols(|list| has(list, "/folkmoot/sync/1")).await;
    assert!(has(&list, "/folkmoot/push/1"));
    let list = other.protocols(|_| true).await;
    assert!(!has(&list, "/folkmoot/sync/1"), "{list:?}");
    node.gate(&raw.peer, false).await;
    raw.protocols(|list| !has(list, "/folkmoot/sync/1")).await;
}
