//! Strangers on the network: whatever they send or withhold, the node lives, keeps what it holds,
//! tells them nothing, and serves its members meanwhile.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#[path = "strangers/raw.rs"]
mod raw;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use folkmoot_tests::{
    home::{Home, until},
    meet::{EQUAL, equal, pair, talk},
};
use futures::{AsyncReadExt, AsyncWriteExt};
use raw::Stranger;
use tokio::time::timeout;

/// The longest that a stranger waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a flood lasts.
const FLOOD: Duration = Duration::from_secs(6);
/// A living node of two people needs far less than this, whatever strangers do to it, in KiB.
const MOST_MEMORY: u64 = 400 << 10;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// The TCP address of a home, as multiaddr and as `host:port`.
fn address(home: &Home) -> (String, String) {
    let address = home.addresses().first().cloned().unwrap();
    let parts: Vec<&str> = address.split('/').collect();
    let plain = format!("{}:{}", parts[2], parts[4]);
    (address, plain)
}

/// The node lives and is what it was.
fn unharmed(home: &mut Home, print: &str) {
    assert!(home.alive(), "{}", home.log());
    assert_eq!(home.fingerprint("commons"), print);
    assert!(!home.log().contains("panicked"), "{}", home.log());
    let used = home.memory();
    assert!(used < MOST_MEMORY, "{used} KiB");
}

/// Bytes that look like noise, different at each call.
fn noise(length: usize, seed: &mut u64) -> Vec<u8> {
    (0..length)
        .map(|_| {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            seed.to_le_bytes()[3]
        })
        .collect()
}

#[test]
fn bytes_that_are_no_handshake_cost_nothing() {
    let (mut ana, ben) = pair(["ana", "ben"], "commons");
    let (_, plain) = address(&ana);
    let mut seed = 7;
    let junk: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        &[0; 70_000],
        &[0xff; 70_000],
        b"\x13/multistream/1.0.0\n\x07/noise\n\xff\xff",
        &noise(70_000, &mut seed),
    ];
    for bytes in junk.iter().cycle().take(60) {
        let mut stream = TcpStream::connect(&plain).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        // The node may have closed already.
        drop(stream.write_all(bytes));
        let mut answer = [0; 256];
        drop(stream.read(&mut answer));
    }
    // More connections that say nothing than the node sets up at once; all stay open.
    let silent: Vec<TcpStream> = (0..300)
        .filter_map(|_| TcpStream::connect(&plain).ok())
        .collect();
    assert!(silent.len() > 100);
    talk(&ben, &ana, "commons", "meanwhile");
    drop(silent);
    talk(&ana, &ben, "commons", "afterwards");
    let print = ben.fingerprint("commons");
    unharmed(&mut ana, &print);
}

#[test]
fn hostile_frames_end_their_stream_and_gated_protocols_are_closed() {
    let (mut ana, ben) = pair(["ana", "ben"], "commons");
    ana.note("commons", "for members alone: secretword");
    equal(&[&ana, &ben], "commons");
    let print = ana.fingerprint("commons");
    let (address, _) = address(&ana);
    runtime().block_on(async {
        // Sync and push do not exist for strangers.
        let stranger = Stranger::dial(&address).await.unwrap();
        for protocol in [
            "/folkmoot/sync/1",
            "/folkmoot/push/1",
            "/folkmoot/hello/2",
            "/folkmoot/",
            "/x",
        ] {
            let opened = timeout(PATIENCE, stranger.open(protocol)).await.unwrap();
            assert!(opened.unwrap().is_none(), "{protocol}");
        }
        drop(stranger);

        // Frames: too long, not ended, empty, noise, and noise of the greatest length.
        let mut seed = 99;
        let whole = |body: Vec<u8>| {
            let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
            frame.extend(body);
            frame
        };
        let mut frames = vec![
            vec![0xff; 4],
            vec![0x00, 0x10, 0x00, 0x01],
            vec![0, 0, 0],
            [&[0, 0, 0, 200][..], &[0x80; 20]].concat(),
            whole(Vec::new()),
            whole(vec![0x80; 1 << 20]),
            whole(vec![0x9b; 64]),
            whole(noise(1 << 20, &mut seed)),
        ];
        for length in [1, 2, 3, 40, 300, 5_000] {
            frames.push(whole(noise(length, &mut seed)));
        }
        for frame in frames {
            // A fresh peer each time: the one before may be shunned already.
            let stranger = Stranger::dial(&address).await.unwrap();
            let mut stream = timeout(PATIENCE, stranger.hello()).await.unwrap().unwrap();
            let head = frame[..frame.len().min(8)].to_vec();
            // It may be cut while it is written.
            drop(stream.write_all(&frame).await);
            drop(stream.flush().await);
            drop(stream.close().await);
            // Whatever is answered holds no content, and the stream ends.
            let mut answer = Vec::new();
            let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
            assert!(ended.is_ok(), "{head:?}");
            let told = String::from_utf8_lossy(&answer);
            assert!(!told.contains("secretword") && !told.contains("commons"));
            assert!(answer.len() < 100_000, "{head:?}: {}", answer.len());
        }
    });
    unharmed(&mut ana, &print);
    talk(&ben, &ana, "commons", "afterwards");
}

#[test]
fn silent_streams_hold_up_nobody() {
    let (mut ana, ben) = pair(["ana", "ben"], "commons");
    let (address, _) = address(&ana);
    let runtime = runtime();
    let held = runtime.block_on(async {
        let mut held = Vec::new();
        for _ in 0..60 {
            let Ok(Ok(stranger)) = timeout(PATIENCE, Stranger::dial(&address)).await else {
                continue;
            };
            for begun in [&[][..], &[0][..], &[0, 0, 4, 0, 7][..]] {
                if let Ok(Ok(mut stream)) = timeout(PATIENCE, stranger.hello()).await {
                    drop(stream.write_all(begun).await);
                    drop(stream.flush().await);
                    held.push(stream);
                }
            }
            // The connection is held as well.
            std::mem::forget(stranger);
        }
        held
    });
    assert!(held.len() > 60, "{}", held.len());
    talk(&ana, &ben, "commons", "amongsilence");
    // A newcomer is welcomed meanwhile.
    let mut cy = Home::new("cy");
    cy.up();
    folkmoot_tests::meet::join(&cy, &folkmoot_tests::meet::invite(&ana, "commons"));
    equal(&[&ana, &ben, &cy], "commons");
    talk(&cy, &ana, "commons", "newcomer");
    drop(held);
    drop(runtime);
    let print = ben.fingerprint("commons");
    until(EQUAL, "ana is as ben", || {
        ana.fingerprint("commons") == print
    });
    unharmed(&mut ana, &print);
}

#[test]
fn a_flood_of_junk_frames_delays_nobody_for_long() {
    let (mut ana, ben) = pair(["ana", "ben"], "commons");
    let (address, _) = address(&ana);
    let runtime = runtime();
    let (over, frames) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    for n in 0..6_u64 {
        let (over, frames, address) = (over.clone(), frames.clone(), address.clone());
        runtime.spawn(async move {
            let mut seed = 1_000 + n;
            while !over.load(Ordering::Relaxed) {
                let Ok(stranger) = Stranger::dial(&address).await else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                while let Ok(mut stream) = stranger.hello().await {
                    // Many small frames in one write, of noise and of well-formed arrays.
                    let mut junk = Vec::new();
                    for length in 0..4_000_u32 {
                        let length = length % 24;
                        junk.extend((length + 1).to_be_bytes());
                        junk.push(0x80 | u8::try_from(length).unwrap());
                        junk.extend(noise(length as usize, &mut seed));
                    }
                    let sent = stream.write_all(&junk).await;
                    frames.fetch_add(4_000, Ordering::Relaxed);
                    if sent.is_err() || over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
        });
    }
    let begun = std::time::Instant::now();
    let mut notes = 0;
    while begun.elapsed() < FLOOD {
        talk(&ana, &ben, "commons", &format!("flooded{notes}"));
        talk(&ben, &ana, "commons", &format!("floodedback{notes}"));
        notes += 1;
    }
    over.store(true, Ordering::Relaxed);
    eprintln!(
        "{} junk frames sent while {notes} notes went each way",
        frames.load(Ordering::Relaxed)
    );
    assert!(notes > 0);
    drop(runtime);
    equal(&[&ana, &ben], "commons");
    let print = ben.fingerprint("commons");
    unharmed(&mut ana, &print);
}

#[test]
fn another_collective_of_the_same_name_learns_nothing() {
    let (mut ana, ben) = pair(["ana", "ben"], "commons");
    ana.note("commons", "for members alone: secretword");
    let (mut eve, fay) = pair(["eve", "fay"], "commons");
    eve.note("commons", "of others: foreignword");
    equal(&[&ana, &ben], "commons");
    equal(&[&eve, &fay], "commons");
    let prints = [ana.fingerprint("commons"), eve.fingerprint("commons")];
    for address in ana.addresses() {
        eve.ok(&["peers", "add", &address]);
        fay.ok(&["peers", "add", &address]);
    }
    // They meet, find that they share nothing, and say so.
    until(EQUAL, "they have met", || {
        let said = eve.run(&["peers", "--json"]);
        said.out.contains("shares no collective")
    });
    drop(eve.run(&["sync", "--json"]));
    assert_eq!([ana.count("foreignword"), eve.count("secretword")], [0, 0]);
    unharmed(&mut ana, &prints[0]);
    unharmed(&mut eve, &prints[1]);
    talk(&ana, &ben, "commons", "undisturbed");
    talk(&eve, &fay, "commons", "alsoundisturbed");
}
