use std::time::Duration;

use folkmoot_sync::{Output, Protocol};
use futures::io::{AsyncReadExt, BufReader, Cursor};

use super::node::{TRANSPORTS, narrow, pair, stream};
use crate::{
    frames::{FrameError, read_frame, write_frame},
    limits::{MAX_FRAME, MAX_HELLO_FRAME},
};

fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

fn most() -> std::sync::atomic::AtomicUsize {
    MAX_FRAME.into()
}

#[tokio::test]
async fn a_hello_is_read_in_small_frames_until_a_door_opens() {
    for transport in TRANSPORTS {
        let (mut a, mut b) = pair(transport).await;
        let (at_a, at_b) = narrow(&mut a, &mut b, Protocol::Hello).await;
        a.send(at_a, sample(MAX_HELLO_FRAME)).await;
        assert_eq!(b.frame(at_b).await.len(), MAX_HELLO_FRAME);
        // A second frame waits until the first one is digested, and may be larger then.
        a.send(at_a, sample(MAX_FRAME)).await;
        b.act(Output::Widen { stream: at_b }).await;
        assert_eq!(b.frame(at_b).await.len(), MAX_FRAME);
        // One byte more than a hello may have ends its stream.
        let (at_a, at_b) = narrow(&mut a, &mut b, Protocol::Hello).await;
        a.send(at_a, sample(MAX_HELLO_FRAME + 1)).await;
        let reason = b.closed(at_b).await;
        assert!(reason.unwrap().contains("at most 8192"));
    }
}

#[tokio::test]
async fn frames_of_all_sizes_arrive_whole() {
    for transport in TRANSPORTS {
        let (mut a, mut b) = pair(transport).await;
        let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;
        let (other_a, other_b) = stream(&mut b, &mut a, Protocol::Hello).await;
        for length in [0, 1, 65_535, 65_536, 65_537, MAX_FRAME] {
            let frame = sample(length);
            a.send(at_a, frame.clone()).await;
            assert!(b.frame(at_b).await == frame, "{length}");
            b.act(Output::Read {
                stream: at_b,
                frames: 1,
            })
            .await;
            b.send(at_b, frame.clone()).await;
            assert!(a.frame(at_a).await == frame, "{length}");
            a.act(Output::Read {
                stream: at_a,
                frames: 1,
            })
            .await;
        }
        // One byte more: that stream ends, and no other.
        a.send(at_a, sample(MAX_FRAME + 1)).await;
        let error = a.closed(at_a).await.unwrap();
        assert!(error.contains("1048577"), "{error}");
        b.closed(at_b).await;
        b.send(other_a, "lives on").await;
        assert_eq!(a.frame(other_b).await, b"lives on");
    }
}

#[tokio::test]
async fn small_frames_are_written_together_and_reported_in_full() {
    let (mut a, mut b) = pair(super::node::TCP).await;
    let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;
    let outputs = (0..500_u32).map(|n| Output::Send {
        stream: at_a,
        bytes: n.to_be_bytes().to_vec(),
    });
    assert!(a.handle.act_async(outputs.collect()).await);
    b.act(Output::Read {
        stream: at_b,
        frames: 500,
    })
    .await;
    for n in 0..500_u32 {
        assert_eq!(b.frame(at_b).await, n.to_be_bytes());
    }
    let mut written = 0;
    while written < 2000 {
        written += a
            .until(|input| match input {
                folkmoot_sync::Input::Written { stream, bytes } if *stream == at_a => Some(*bytes),
                _ => None,
            })
            .await;
    }
    assert_eq!(written, 2000);
}

#[tokio::test]
async fn what_was_written_is_read() {
    let frames: Vec<Vec<u8>> = [0, 1, 7, 4096, 200_000, MAX_FRAME].map(sample).into();
    let mut wire = Vec::new();
    for frame in &frames {
        write_frame(&mut wire, frame).await.unwrap();
    }
    for capacity in [1, 3, 1024, 1 << 21] {
        let mut reader = BufReader::with_capacity(capacity, Cursor::new(&wire));
        for frame in &frames {
            let read = read_frame(&mut reader, Duration::from_secs(60), &most()).await;
            assert!(read.unwrap().as_ref() == Some(frame));
        }
        let end = read_frame(&mut reader, Duration::from_secs(60), &most()).await;
        assert!(end.unwrap().is_none());
    }
}

#[tokio::test]
async fn bad_frames_are_told_apart() {
    let limit = Duration::from_secs(60);
    let mut long = Cursor::new([0x00, 0x10, 0x00, 0x01, 7]);
    let error = read_frame(&mut long, limit, &most()).await.unwrap_err();
    assert!(matches!(
        error,
        FrameError::TooLong {
            length: 1_048_577,
            ..
        }
    ));
    for cut in [&[0][..], &[0, 0, 0], &[0, 0, 0, 2], &[0, 0, 0, 2, 9]] {
        let error = read_frame(&mut Cursor::new(cut), limit, &most())
            .await
            .unwrap_err();
        assert!(matches!(error, FrameError::Cut), "{cut:?}");
    }
    let error = write_frame(&mut Vec::new(), &sample(MAX_FRAME + 1)).await;
    assert!(matches!(
        error,
        Err(FrameError::TooLong {
            length: 1_048_577,
            ..
        })
    ));
}

/// A stream whose end never comes.
struct Silence;

impl futures::AsyncRead for Silence {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut [u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn only_a_frame_that_was_begun_is_hurried() {
    let limit = Duration::from_millis(5);
    let mut begun = BufReader::new(Cursor::new([0, 0, 0, 9, 1]).chain(Silence));
    let error = read_frame(&mut begun, limit, &most()).await.unwrap_err();
    assert!(matches!(error, FrameError::Slow(_)));
    let mut silent = BufReader::new(Silence);
    let waiting = tokio::time::timeout(limit * 20, read_frame(&mut silent, limit, &most())).await;
    assert!(waiting.is_err());
}
