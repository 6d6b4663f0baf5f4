use std::time::Duration;

use folkmoot_sync::{Input, Output, Protocol, StreamId};
use tokio::{sync::mpsc, time::timeout};

use super::node::{Node, TCP, TRANSPORTS, config, pair, stream};
use crate::{
    limits::{MAX_FRAME, MAX_QUEUED_BYTES, READ_WINDOW},
    start,
};

/// The number of bytes reported as written since the last call, once there are some.
async fn written(node: &mut Node, on: StreamId) -> usize {
    node.until(|input| match input {
        Input::Written { stream, bytes } if *stream == on => Some(*bytes),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn without_credit_a_flood_is_held_back() {
    const FRAMES: usize = 64;
    for transport in TRANSPORTS {
        let (mut a, mut b) = pair(transport).await;
        let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;
        // The sender keeps four frames in flight for as long as they are taken.
        let (mut sent, mut done) = (0, 0);
        while sent < 4 {
            a.send(at_a, vec![sent as u8; MAX_FRAME]).await;
            sent += 1;
        }
        for n in 0..READ_WINDOW {
            assert!(b.frame(at_b).await == vec![n as u8; MAX_FRAME]);
            done += written(&mut a, at_a).await;
            a.send(at_a, vec![sent as u8; MAX_FRAME]).await;
            sent += 1;
        }
        // Then nothing more comes out, though more was sent: proven by a second stream, which
        // is served all the while.
        let (other_a, other_b) = stream(&mut a, &mut b, Protocol::Hello).await;
        for n in 0..READ_WINDOW {
            a.send(other_a, [n as u8]).await;
            assert_eq!(b.frame(other_b).await, [n as u8]);
        }
        assert!(!b.has_seen(|i| matches!(i, Input::Frame { stream, .. } if *stream == at_b)));
        // With credit everything arrives in order, one by one.
        for n in READ_WINDOW..FRAMES {
            let frames = 1;
            b.act(Output::Read {
                stream: at_b,
                frames,
            })
            .await;
            assert!(b.frame(at_b).await == vec![n as u8; MAX_FRAME]);
            if sent < FRAMES {
                done += written(&mut a, at_a).await;
                a.send(at_a, vec![sent as u8; MAX_FRAME]).await;
                sent += 1;
            }
        }
        while done < FRAMES * MAX_FRAME {
            done += written(&mut a, at_a).await;
        }
        assert_eq!(done, FRAMES * MAX_FRAME);
    }
}

#[tokio::test]
async fn a_machine_that_ignores_its_window_loses_the_stream() {
    let (mut a, mut b) = pair(TCP).await;
    let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;
    let outputs = (0..=MAX_QUEUED_BYTES / MAX_FRAME).map(|_| Output::Send {
        stream: at_a,
        bytes: vec![0; MAX_FRAME],
    });
    assert!(a.handle.act_async(outputs.collect()).await);
    let error = a.closed(at_a).await.unwrap();
    assert!(error.contains("wait to be written"), "{error}");
    b.until(|i| match i {
        Input::StreamClosed { stream, .. } if *stream == at_b => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn an_engine_that_does_not_listen_can_still_speak() {
    let (sender, mut inputs) = mpsc::channel(1);
    let (deaf, started) = start(config(7, &[TCP]), sender).await.unwrap();
    let mut b = Node::start(2, &[]).await;
    b.act(Output::Dial {
        peer: Some(started.peer.clone()),
        addrs: started.listening,
    })
    .await;
    b.connected(&started.peer).await;
    b.ask(&started.peer, Protocol::Hello).await;
    let at_b = b.opened(Protocol::Hello).await;
    b.send(at_b, "one").await;
    b.send(at_b, "two").await;
    // Far more batches than any queue holds, while inputs wait.
    for _ in 0..2000 {
        let peer = b.peer.clone();
        let outputs = vec![Output::Gate { peer, open: true }];
        let taken = timeout(Duration::from_secs(60), deaf.act_async(outputs)).await;
        assert!(taken.unwrap());
    }
    // Nothing was lost, and the order holds.
    assert!(matches!(inputs.recv().await, Some(Input::Connected { .. })));
    assert!(matches!(
        inputs.recv().await,
        Some(Input::StreamAccepted { .. })
    ));
    for expected in ["one", "two"] {
        match inputs.recv().await {
            Some(Input::Frame { stream, bytes }) => {
                assert_eq!(bytes, expected.as_bytes());
                // A stranger's frames are read one at a time.
                let frames = 1;
                let outputs = vec![Output::Read { stream, frames }];
                assert!(deaf.act_async(outputs).await);
            }
            other => panic!("{other:?}"),
        }
    }
    // Even then it stops.
    deaf.stop().await;
    b.disconnected(&started.peer).await;
}
