//! Figures, printed and not asserted: `cargo test -p folkmoot-net speed -- --nocapture`.

use std::time::Instant;

use folkmoot_sync::{Input, Output, Protocol};

use super::node::{Node, TRANSPORTS, pair, stream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speed() {
    const FRAMES: usize = 200;
    const ROUNDS: u32 = 200;
    for transport in TRANSPORTS {
        let (mut a, mut b) = pair(transport).await;
        let (at_a, at_b) = stream(&mut a, &mut b, Protocol::Hello).await;

        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            a.send(at_a, [0; 100]).await;
            b.frame(at_b).await;
            b.act(Output::Read {
                stream: at_b,
                frames: 1,
            })
            .await;
            b.send(at_b, [0; 100]).await;
            a.frame(at_a).await;
            written(&mut a).await;
            rounds.push(begun.elapsed());
            a.act(Output::Read {
                stream: at_a,
                frames: 1,
            })
            .await;
        }
        rounds.sort_unstable();

        for size in [60_000, 1 << 20] {
            let begun = Instant::now();
            let count = FRAMES * (1 << 20) / size;
            let sender = async {
                let (mut sent, mut taken) = (0, 0);
                while sent < count {
                    if sent * size < taken + 4 * size.max(256 << 10) {
                        a.send(at_a, vec![0; size]).await;
                        sent += 1;
                    } else {
                        taken += written(&mut a).await;
                    }
                }
                while taken < count * size {
                    taken += written(&mut a).await;
                }
            };
            let receiver = async {
                for _ in 0..count {
                    b.frame(at_b).await;
                    b.act(Output::Read {
                        stream: at_b,
                        frames: 1,
                    })
                    .await;
                }
            };
            futures::join!(sender, receiver);
            let rate = (count * size) as f64 / begun.elapsed().as_secs_f64() / 1e6;
            println!("{transport}: frames of {size} bytes: {rate:.0} MB/s");
        }
        println!(
            "{transport}: round trip of 100 bytes: median {:?}, 99 % {:?}",
            rounds[rounds.len() / 2],
            rounds[rounds.len() * 99 / 100]
        );
    }
}

async fn written(node: &mut Node) -> usize {
    node.until(|input| match input {
        Input::Written { bytes, .. } => Some(*bytes),
        _ => None,
    })
    .await
}
