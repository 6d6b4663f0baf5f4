//! The decoders of frames for the fuzzers and their tests. No part of the API.

use folkmoot_record::Hlc;

use crate::{
    frame::Frame,
    hello_frame::HelloFrame,
    reconcile::negentropy,
    snapshot::{Entry, View},
};

/// Reads a frame of `/folkmoot/sync/1` or `/folkmoot/push/1` and writes it uncompressed.
pub fn frame(bytes: &[u8]) -> Option<Vec<u8>> {
    Frame::decode(bytes).ok().map(|frame| frame.encode())
}

/// Reads a frame of `/folkmoot/hello/1` and writes it uncompressed.
pub fn hello_frame(bytes: &[u8]) -> Option<Vec<u8>> {
    HelloFrame::decode(bytes).ok().map(|frame| frame.encode())
}

/// Packs a frame where that makes it smaller.
pub fn squeeze(frame: Vec<u8>) -> Vec<u8> {
    crate::squeeze::squeeze(frame)
}

/// What the opener of a run over these items (times and salted ids, strictly ascending) sends.
pub fn initiate(items: &[(u64, [u8; 32])]) -> Option<Vec<u8>> {
    let entries = entries(items);
    negentropy(&View(&entries)).ok()?.initiate().ok()
}

/// What the answering side of a run says to a message.
pub fn answer(items: &[(u64, [u8; 32])], message: &[u8]) -> Option<Vec<u8>> {
    let entries = entries(items);
    negentropy(&View(&entries)).ok()?.reconcile(message).ok()
}

/// What the opener of a run makes of an answer: its next message, and how many ids it has and
/// needs.
pub fn compare(
    items: &[(u64, [u8; 32])],
    message: &[u8],
) -> Option<(Option<Vec<u8>>, usize, usize)> {
    let entries = entries(items);
    let view = View(&entries);
    let mut negentropy = negentropy(&view).ok()?;
    negentropy.set_initiator();
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let next = negentropy
        .reconcile_with_ids(message, &mut have, &mut need)
        .ok()?;
    Some((next, have.len(), need.len()))
}

fn entries(items: &[(u64, [u8; 32])]) -> Vec<Entry> {
    items
        .iter()
        .map(|(ms, salted)| Entry {
            hlc: Hlc::next(*ms, []),
            salted: *salted,
            id: *salted,
        })
        .collect()
}
