//! The fuzz targets over seeds and fixed mutations of them, so that they do not rot.

use crate::{hammer::hammer, targets};
use folkmoot_record::fc::Encoder;
use folkmoot_sync::fuzzing;

fn encoded(write: impl FnOnce(&mut Encoder) -> &mut Encoder) -> Vec<u8> {
    let mut e = Encoder::new();
    write(&mut e);
    e.finish()
}

fn ids(number: u8, count: usize) -> Vec<u8> {
    encoded(|e| {
        e.array(2).uint(number).array(count);
        (0..count).fold(e, |e, n| e.bytes([n as u8; 32]))
    })
}

fn items(number: u8, bytes: usize) -> Vec<u8> {
    encoded(|e| {
        e.array(2).uint(number).array(3);
        e.array(2).bytes(vec![1; bytes]).null();
        e.array(2).bytes(vec![2; bytes]).uint(0_u8);
        e.array(2).bytes(vec![3; bytes]).uint(1_u8)
    })
}

/// Each seed, and packed where that makes it smaller.
fn and_packed(mut seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let plain = seeds.len();
    for at in 0..plain {
        let packed = fuzzing::squeeze(seeds[at].clone());
        if packed != seeds[at] {
            seeds.push(packed);
        }
    }
    assert!(seeds.len() > plain);
    seeds
}

#[test]
fn frame_target_holds() {
    let whole = (1_u64 << 53) - 1;
    let seeds = and_packed(vec![
        encoded(|e| e.array(2).uint(0_u8).uint(7_u8)),
        encoded(|e| {
            e.array(5)
                .uint(1_u8)
                .uint(7_u8)
                .uint(0_u8)
                .uint(0_u8)
                .uint(whole)
        }),
        encoded(|e| {
            e.array(5)
                .uint(1_u8)
                .uint(7_u8)
                .uint(2_u8)
                .uint(5_u8)
                .uint(900_u16)
        }),
        encoded(|e| e.array(2).uint(2_u8).bytes([0x61, 0, 0, 2, 0])),
        ids(3, 40),
        items(4, 9),
        items(4, 600),
        encoded(|e| e.array(1).uint(5_u8)),
        ids(6, 3),
        ids(7, 3),
    ]);
    for seed in &seeds {
        assert!(fuzzing::frame(seed).is_some());
    }
    hammer(&seeds, targets::frame);
}

#[test]
fn hello_frame_target_holds() {
    let tags = encoded(|e| {
        e.array(2).uint(3_u8).array(8);
        (0..8_u8).fold(e, |e, n| e.bytes([n; 16]))
    });
    let welcome = encoded(|e| {
        e.array(3).uint(8_u8).array(1).bytes([1; 32]);
        e.array(2).bytes([2; 94]).bytes([3; 600])
    });
    let seeds = and_packed(vec![
        encoded(|e| e.array(2).uint(1_u8).bytes([1; 32])),
        encoded(|e| e.array(2).uint(2_u8).bytes([2; 32])),
        tags,
        encoded(|e| e.array(3).uint(4_u8).uint(1_u8).bytes([4; 154])),
        encoded(|e| e.array(2).uint(5_u8).uint(1_u8)),
        items(6, 90),
        items(6, 600),
        encoded(|e| e.array(1).uint(7_u8)),
        welcome,
        encoded(|e| e.array(2).uint(10_u8).uint(2_u8)),
        encoded(|e| e.array(2).uint(10_u8).uint(99_u8)),
    ]);
    for seed in &seeds {
        assert!(fuzzing::hello_frame(seed).is_some());
    }
    hammer(&seeds, targets::hello_frame);
}

#[test]
fn reconcile_target_holds() {
    let mut seeds = Vec::new();
    for (own, other) in [(0, 0), (0, 5), (5, 0), (90, 100), (140, 20), (201, 210)] {
        let question = fuzzing::initiate(&targets::items(other)).unwrap();
        let answer = fuzzing::answer(&targets::items(own), &question).unwrap();
        seeds.push([&[own][..], &question].concat());
        seeds.push([&[other][..], &answer].concat());
    }
    hammer(&seeds, targets::reconcile);
}
