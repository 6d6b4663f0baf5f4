use std::{
    net::{TcpListener, UdpSocket},
    time::{Duration, Instant},
};

use folkmoot_sync::{Output, Protocol};
use tokio::{runtime, sync::mpsc};

use super::node::{Node, QUIC, TCP, config, pair, stream};
use crate::{NetError, start};

async fn refused(listen: &str) -> NetError {
    let (sender, _inputs) = mpsc::channel(8);
    start(config(9, &[listen]), sender)
        .await
        .map(|_| ())
        .unwrap_err()
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let tcp = tcp.local_addr().unwrap().port();
    let udp = udp.local_addr().unwrap().port();
    // The listeners above live to the end of the test; a plain program holds the port.
    let _keep = ();
    for (used, listen) in [
        (tcp, format!("/ip4/127.0.0.1/tcp/{tcp}")),
        (udp, format!("/ip4/127.0.0.1/udp/{udp}/quic-v1")),
    ] {
        let error = refused(&listen).await;
        assert!(
            matches!(error, NetError::PortInUse { port, .. } if port == used),
            "{error}"
        );
        let text = error.to_string();
        assert!(
            text.contains(&used.to_string()) && text.contains("another port"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn two_nodes_do_not_share_a_port() {
    for (listen, udp) in [(TCP, false), (QUIC, true)] {
        let node = Node::start(1, &[listen]).await;
        let text = crate::show_addr(&node.addrs[0]);
        let port: u16 = text.split('/').nth(4).unwrap().parse().unwrap();
        let again = if udp {
            format!("/ip4/127.0.0.1/udp/{port}/quic-v1")
        } else {
            format!("/ip4/127.0.0.1/tcp/{port}")
        };
        let error = refused(&again).await;
        assert!(
            matches!(error, NetError::PortInUse { port: p, .. } if p == port),
            "{error}"
        );
        // The port is free again once the node has stopped.
        node.handle.stop().await;
        let (sender, _inputs) = mpsc::channel(8);
        start(config(1, &[&again]), sender).await.unwrap();
    }
}

#[tokio::test]
async fn one_address_that_does_not_work_is_a_notice() {
    // An address of documentation is nobody's.
    let foreign = "/ip4/192.0.2.1/tcp/0";
    assert!(matches!(refused(foreign).await, NetError::Listen { .. }));
    let (sender, _inputs) = mpsc::channel(8);
    let (_, started) = start(config(1, &[foreign, TCP]), sender).await.unwrap();
    assert_eq!(started.listening.len(), 1);
    assert!(
        started.notices[0].contains("192.0.2.1"),
        "{:?}",
        started.notices
    );
}

#[tokio::test]
async fn listening_addresses_carry_the_peer() {
    let node = Node::start(1, &[TCP, QUIC]).await;
    let listening = node.handle.listening().borrow().clone();
    assert_eq!(listening, node.addrs);
    for addr in &listening {
        assert!(crate::show_addr(addr).ends_with(&crate::show_peer(&node.peer)));
    }
}

#[tokio::test]
async fn a_stopped_node_says_so() {
    let (a, mut b) = pair(TCP).await;
    a.handle.stop().await;
    b.disconnected(&a.peer).await;
    let peer = b.peer.clone();
    assert!(!a.handle.act_async(vec![Output::Hangup { peer }]).await);
    assert!(!a.handle.act(Vec::new()));
    assert!(matches!(
        a.handle.set_lan(true).await,
        Err(NetError::Stopped)
    ));
    a.handle.stop().await;
}

#[test]
fn stopping_leaves_no_task_behind() {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for transport in [TCP, QUIC] {
        runtime.block_on(async {
            let (mut a, mut b) = pair(transport).await;
            let (at_a, _) = stream(&mut a, &mut b, Protocol::Hello).await;
            a.send(at_a, vec![0; 1 << 20]).await;
            assert!(runtime::Handle::current().metrics().num_alive_tasks() > 4);
            a.handle.stop().await;
            b.handle.stop().await;
        });
        // The tasks of libp2p end by themselves once the swarm is gone; QUIC waits until what
        // may still be on its way has passed.
        let patience = Instant::now() + Duration::from_secs(60);
        while runtime.metrics().num_alive_tasks() > 0 {
            assert!(Instant::now() < patience, "{transport}: tasks are left");
            std::thread::yield_now();
        }
    }
}
