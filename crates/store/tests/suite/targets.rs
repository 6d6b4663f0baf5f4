//! What the fuzzers run, one function a reader. Each panics where a promise is broken, and
//! holds for any input at all.

use std::path::Path;

use folkmoot_store::fuzzing::{self, Seen};

const KEY: [u8; 32] = [7; 32];
/// Bytes of a segment's head, and of an entry's.
const HEADS: (usize, usize) = (64, 16);

/// A byte of type, then a payload: it is what it was read from, unless a body was stripped off.
pub(crate) fn payload(input: &[u8]) {
    let Some((kind, bytes)) = input.split_first() else {
        return;
    };
    if let Some((again, written)) = fuzzing::payload(*kind, bytes) {
        assert_eq!(
            fuzzing::payload(again, &written),
            Some((again, written.clone()))
        );
        match *kind {
            7 | 8 => assert!(again != *kind || written.is_empty()),
            kind => assert_eq!((again, written.as_slice()), (kind, bytes)),
        }
    }
}

/// Type, mark of the last and payload of an entry.
type Written<'a> = (u8, bool, &'a [u8]);

/// What a segment holds, payloads of the lengths that the first bytes say, and then damage.
fn script(input: &[u8]) -> (Vec<Written<'_>>, &[u8]) {
    let Some((count, mut rest)) = input.split_first() else {
        return (Vec::new(), &[]);
    };
    let mut entries = Vec::new();
    for _ in 0..count % 8 {
        let Some(([len, kind], behind)) = rest.split_first_chunk::<2>() else {
            break;
        };
        let (payload, behind) = behind.split_at(behind.len().min((*len).into()));
        entries.push((kind & 0x7f, kind & 0x80 != 0, payload));
        rest = behind;
    }
    (entries, rest)
}

/// Makes a segment, damages it and walks through it. All steps together cover the file; what
/// passes for an entry was written there, and each entry that no damage touched is found.
pub(crate) fn segment(folder: &Path, input: &[u8]) {
    let (entries, damage) = script(input);
    let whole = fuzzing::segment(KEY, &entries);
    let mut bytes = whole.clone();
    for change in damage.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
        match at.checked_sub(0x8000) {
            // The upper half of places cuts, or lets the file grow by zeros and more.
            Some(len) => bytes.resize(len % 2_048, change[2]),
            None if bytes.is_empty() => {}
            None => {
                let at = at % bytes.len();
                bytes[at] ^= change[2];
            }
        }
    }
    let seen = fuzzing::walk(folder, KEY, &bytes).expect("the disk works");
    let mut at = HEADS.0 as u64;
    let mut found = Vec::new();
    for step in &seen {
        match step {
            Seen::Entry {
                at: from,
                kind,
                last,
                payload,
            } => {
                assert_eq!(u64::from(*from), at);
                at += (HEADS.1 + payload.len()).next_multiple_of(8) as u64;
                found.push((*from, *kind, *last, payload.as_slice()));
            }
            Seen::Damage { at: from, bytes } => {
                assert_eq!(u64::from(*from), at);
                assert!(*bytes > 0);
                at += bytes;
            }
            Seen::BadHead => assert_eq!(at, HEADS.0 as u64),
            Seen::End { at: from, rest } => {
                assert_eq!(u64::from(*from), at);
                assert_eq!(at + rest, bytes.len().max(HEADS.0) as u64);
            }
        }
    }
    assert!(matches!(seen.last(), Some(Seen::End { .. })));
    let good = bytes.get(..HEADS.0) == whole.get(..HEADS.0);
    assert_eq!(seen.contains(&Seen::BadHead), !good);
    let mut from = HEADS.0;
    let mut written = Vec::new();
    for (kind, last, payload) in entries {
        let entry = (from as u32, kind, last, payload);
        let end = from + HEADS.1 + payload.len();
        let slot = end.next_multiple_of(8);
        if bytes.len() >= slot && bytes[from..end] == whole[from..end] {
            assert!(found.contains(&entry), "{entry:?} of {seen:?}");
        }
        written.push(entry);
        from = slot;
    }
    assert!(
        found.iter().all(|entry| written.contains(entry)),
        "{seen:?}"
    );
}
