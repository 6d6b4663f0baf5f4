//! A node under test and the inputs it gave.

use std::{collections::VecDeque, time::Duration};

use folkmoot_sync::{Addr, Input, Output, Peer, Protocol, StreamId};
use tokio::{sync::mpsc, time::timeout};

use crate::{Config, Handle, Started, start};

pub(super) const TCP: &str = "/ip4/127.0.0.1/tcp/0";
pub(super) const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

/// Ends a test that waits for what does not come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn config(seed: u8, listen: &[&str]) -> Config {
    Config {
        transport_key: [seed; 32],
        listen: listen.iter().map(|a| a.parse().unwrap()).collect(),
        lan: false,
        max_memory: None,
    }
}

pub(super) struct Node {
    pub(super) handle: Handle,
    pub(super) peer: Peer,
    pub(super) addrs: Vec<Addr>,
    inputs: mpsc::Receiver<Input>,
    seen: VecDeque<Input>,
}

impl Node {
    pub(super) async fn start(seed: u8, listen: &[&str]) -> Self {
        let (sender, inputs) = mpsc::channel(32);
        let (
            handle,
            Started {
                peer, listening, ..
            },
        ) = start(config(seed, listen), sender).await.unwrap();
        assert_eq!(listening.len(), listen.len());
        Self {
            handle,
            peer,
            addrs: listening,
            inputs,
            seen: VecDeque::new(),
        }
    }

    pub(super) async fn act(&self, output: Output) {
        assert!(self.handle.act_async(vec![output]).await);
    }

    /// The first input, seen or to come, that the function takes; it is used up.
    pub(super) async fn until<T>(&mut self, mut take: impl FnMut(&Input) -> Option<T>) -> T {
        for at in 0..self.seen.len() {
            if let Some(found) = take(&self.seen[at]) {
                self.seen.remove(at);
                return found;
            }
        }
        loop {
            let input = timeout(PATIENCE, self.inputs.recv()).await;
            let input = match input {
                Ok(Some(input)) => input,
                Ok(None) => panic!("the node stopped; seen: {:?}", self.seen),
                Err(_) => panic!("nothing came; seen: {:?}", self.seen),
            };
            match take(&input) {
                Some(found) => return found,
                None => self.seen.push_back(input),
            }
        }
    }

    /// Whether such an input has been seen so far.
    pub(super) fn has_seen(&self, which: impl FnMut(&Input) -> bool) -> bool {
        self.seen.iter().any(which)
    }

    pub(super) async fn connected(&mut self, to: &Peer) -> Input {
        let mut found = None;
        self.until(|input| match input {
            Input::Connected {
                peer,
                addr,
                path,
                dialled,
            } if peer == to => {
                found = Some(Input::Connected {
                    peer: peer.clone(),
                    addr: addr.clone(),
                    path: *path,
                    dialled: *dialled,
                });
                Some(())
            }
            _ => None,
        })
        .await;
        found.unwrap()
    }

    pub(super) async fn opened(&mut self, which: Protocol) -> StreamId {
        self.until(|input| match input {
            Input::StreamOpened {
                stream, protocol, ..
            } if *protocol == which => Some(*stream),
            Input::OpenFailed {
                error, protocol, ..
            } if *protocol == which => {
                panic!("not opened: {error}")
            }
            _ => None,
        })
        .await
    }

    pub(super) async fn open_failed(&mut self, which: Protocol) -> String {
        self.until(|input| match input {
            Input::OpenFailed {
                error, protocol, ..
            } if *protocol == which => Some(error.clone()),
            Input::StreamOpened { protocol, .. } if *protocol == which => {
                panic!("the stream was opened")
            }
            _ => None,
        })
        .await
    }

    pub(super) async fn accepted(&mut self, which: Protocol) -> StreamId {
        self.until(|input| match input {
            Input::StreamAccepted {
                stream, protocol, ..
            } if *protocol == which => Some(*stream),
            _ => None,
        })
        .await
    }

    pub(super) async fn frame(&mut self, on: StreamId) -> Vec<u8> {
        self.until(|input| match input {
            Input::Frame { stream, bytes } if *stream == on => Some(bytes.clone()),
            Input::StreamClosed { stream, error } if *stream == on => {
                panic!("the stream closed: {error:?}")
            }
            _ => None,
        })
        .await
    }

    /// Why the stream closed.
    pub(super) async fn closed(&mut self, which: StreamId) -> Option<String> {
        self.until(|input| match input {
            Input::StreamClosed { stream, error } if *stream == which => Some(error.clone()),
            _ => None,
        })
        .await
    }

    pub(super) async fn disconnected(&mut self, from: &Peer) {
        self.until(|input| match input {
            Input::Disconnected { peer } if peer == from => Some(()),
            _ => None,
        })
        .await;
    }

    pub(super) async fn dial_failed(&mut self) -> (Option<Peer>, Vec<Addr>, String) {
        self.until(|input| match input {
            Input::DialFailed { peer, addrs, error } => {
                Some((peer.clone(), addrs.clone(), error.clone()))
            }
            _ => None,
        })
        .await
    }

    pub(super) async fn send(&self, stream: StreamId, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.act(Output::Send { stream, bytes }).await;
    }

    pub(super) async fn gate(&self, peer: &Peer, open: bool) {
        let peer = peer.clone();
        self.act(Output::Gate { peer, open }).await;
    }

    pub(super) async fn ask(&self, peer: &Peer, protocol: Protocol) {
        let peer = peer.clone();
        self.act(Output::Open { peer, protocol }).await;
    }

    pub(super) async fn dial(&self, other: &Node) {
        self.act(Output::Dial {
            peer: Some(other.peer.clone()),
            addrs: other.addrs.clone(),
        })
        .await;
    }
}

/// Two nodes, the first of which dialled the second.
pub(super) async fn pair(listen: &str) -> (Node, Node) {
    let mut a = Node::start(1, &[]).await;
    let mut b = Node::start(2, &[listen]).await;
    a.dial(&b).await;
    a.connected(&b.peer).await;
    b.connected(&a.peer).await;
    (a, b)
}

/// A stream between them: its number at each.
pub(super) async fn stream(a: &mut Node, b: &mut Node, protocol: Protocol) -> (StreamId, StreamId) {
    let (at_a, at_b) = narrow(a, b, protocol).await;
    for (node, stream) in [(a, at_a), (b, at_b)] {
        node.act(Output::Widen { stream }).await;
    }
    (at_a, at_b)
}

/// A stream as it is when it opens.
pub(super) async fn narrow(a: &mut Node, b: &mut Node, protocol: Protocol) -> (StreamId, StreamId) {
    a.ask(&b.peer, protocol).await;
    (a.opened(protocol).await, b.accepted(protocol).await)
}

/// Runs the test for each transport.
pub(super) const TRANSPORTS: [&str; 2] = [TCP, QUIC];
