//! What the fuzzers run, one function a decoder. Each panics where a promise is broken, and
//! holds for any input at all.

use folkmoot_sync::{fuzzing, limits};

/// A frame of a session or a push is what it was read from, compression apart.
pub(crate) fn frame(input: &[u8]) {
    if let Some(plain) = fuzzing::frame(input) {
        same(input, &plain, fuzzing::frame);
    }
}

/// A frame of a hello is what it was read from, compression apart.
pub(crate) fn hello_frame(input: &[u8]) {
    if let Some(plain) = fuzzing::hello_frame(input) {
        // A reason that a later version adds is read as one that this version has.
        if plain.starts_with(&[0x82, 0x0a]) {
            assert_eq!(plain.len(), 3);
        } else {
            same(input, &plain, fuzzing::hello_frame);
        }
    }
}

fn same(input: &[u8], plain: &[u8], read: fn(&[u8]) -> Option<Vec<u8>>) {
    assert!(input.len() <= limits::FRAME && plain.len() <= limits::UNSQUEEZED);
    if input.starts_with(&[0x82, 0x09]) {
        assert!(!plain.starts_with(&[0x82, 0x09]));
    } else {
        assert_eq!(plain, input);
    }
    let packed = fuzzing::squeeze(plain.to_vec());
    if packed.len() <= limits::FRAME {
        assert_eq!(read(&packed).as_deref(), Some(plain));
    }
}

/// A byte that says how many items this side holds, then a message of reconciliation, judged by
/// either side of a session: what is sent next stays within its bound, and a peer reads it.
pub(crate) fn reconcile(input: &[u8]) {
    let Some((count, message)) = input.split_first() else {
        return;
    };
    let items = items(*count);
    if let Some(answer) = fuzzing::answer(&items, message) {
        assert!(answer.len() as u64 <= limits::RECONCILE);
        let (next, have, _) = fuzzing::compare(&items, &answer).expect("an answer is readable");
        assert!(have <= items.len());
        assert!(next.is_none_or(|next| next.len() as u64 <= limits::RECONCILE));
    }
    if let Some((next, have, need)) = fuzzing::compare(&items, message) {
        assert!(have <= items.len() && need <= message.len() / 32);
        if let Some(next) = next {
            assert!(next.len() as u64 <= limits::RECONCILE);
            fuzzing::answer(&items, &next).expect("a question is readable");
        }
    }
}

/// So many items, or for large numbers many more, several at each time.
pub(crate) fn items(count: u8) -> Vec<(u64, [u8; 32])> {
    let count = match u64::from(count) {
        few @ 0..200 => few,
        many => (many - 199) * 40,
    };
    let id = |n: u64| {
        let mut id = [0x5a; 32];
        id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        id
    };
    let mut items: Vec<_> = (0..count).map(|n| (1_000 + n / 3, id(n))).collect();
    items.sort_unstable();
    items
}
