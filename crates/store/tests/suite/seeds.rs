//! The fuzz targets over seeds and fixed mutations of them, so that they do not rot.

use crate::{hammer::hammer, targets};

#[test]
fn payload_target_holds() {
    let id = [5_u8; 32];
    let wire = [6_u8; 50];
    let ms = 1_800_000_000_000_u64.to_le_bytes();
    let seeds = vec![
        [&[1][..], &ms, &wire].concat(),
        [&[2][..], &id, &wire].concat(),
        [&[3][..], &id, &id, &wire].concat(),
        [&[4][..], &[2, 0, 1, 1], &[0]].concat(),
        [&[4][..], &[2, 0, 1, 1], &[1, 8, 8]].concat(),
        [&[5][..], &id].concat(),
        [&[6][..], &id, &[9]].concat(),
        [&[7][..], &ms, &[50, 0, 0, 0], &wire, &[0; 20]].concat(),
        [&[8][..], &id, &[0; 20]].concat(),
    ];
    hammer(&seeds, targets::payload);
}

#[test]
fn segment_target_holds() {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().unwrap();
    }
    let three = [
        &[3, 20, 0x01][..],
        &[1; 20],
        &[0, 0x82],
        &[40, 0x83],
        &[2; 40],
    ]
    .concat();
    let seeds = vec![
        vec![],
        three.clone(),
        [&three[..], &[90, 0, 0xff]].concat(),
        [&three[..], &[70, 0, 1, 66, 0, 4]].concat(),
        [&three[..], &[120, 0x80, 0]].concat(),
        [&three[..], &[0, 0x84, 0]].concat(),
        [&three[..], &[0, 0, 1]].concat(),
    ];
    hammer(&seeds, |input| {
        FOLDER.with(|folder| targets::segment(folder.path(), input));
    });
}
