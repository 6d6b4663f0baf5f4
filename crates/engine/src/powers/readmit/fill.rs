//! How places and kept ids share the bodies of readmissions.

use std::collections::BTreeSet;

use folkmoot_record::{RecordId, control::Cut, limits};

use crate::powers::cut::{ENTRY, End, FRAME, KEPT};

/// Bytes of one readmission for cut and keep: its body is an ordinary one (section 2.2).
const ROOM: usize = limits::BODY - FRAME;

/// What goes into one record: cut and keep, both ascending.
type Part = (Vec<Cut>, Vec<RecordId>);

/// Bodies of readmissions of one revocation.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    /// Ends and ids for which there is no record left.
    pub(super) left_out: usize,
}

/// Shares ids and ends among at most so many records: ids first, since acts for others rest on them,
/// then the ends in the order given.
pub(super) fn parts(ends: &[End], keep: &BTreeSet<RecordId>, most: usize) -> Parts {
    let mut filled = Parts::default();
    let (mut part, mut room) = (Part::default(), ROOM);
    let ids = keep.iter().map(|id| (KEPT, Err(*id)));
    for (bytes, what) in ids.chain(ends.iter().map(|end| (ENTRY, Ok(end.cut)))) {
        if bytes > room {
            filled.parts.push(std::mem::take(&mut part));
            room = ROOM;
        }
        room -= bytes;
        match what {
            Ok(cut) => part.0.push(cut),
            Err(id) => part.1.push(id),
        }
    }
    if part != Part::default() {
        filled.parts.push(part);
    }
    for (cut, keep) in filled.parts.drain(most.min(filled.parts.len())..) {
        filled.left_out += cut.len() + keep.len();
    }
    for (cut, _) in &mut filled.parts {
        cut.sort_unstable();
    }
    filled
}

#[cfg(test)]
mod tests {
    use folkmoot_record::{
        DeviceKey, RevocationId,
        control::{Control, Readmit},
    };

    use super::*;

    fn ends(many: u32) -> Vec<End> {
        (0..many)
            .map(|n| End {
                cut: Cut {
                    dev: DeviceKey::from_bytes([1; 32]),
                    lane: 1,
                    seq: u32::MAX - n,
                    id: RecordId::from_bytes([2; 32]),
                },
                keeps: 1,
                shadowed: 1,
            })
            .collect()
    }

    fn ids(many: u32) -> BTreeSet<RecordId> {
        (0..many)
            .map(|n| {
                let mut id = [3; 32];
                id[..4].copy_from_slice(&n.to_be_bytes());
                RecordId::from_bytes(id)
            })
            .collect()
    }

    #[test]
    fn everything_finds_room_in_bodies_that_are_taken() {
        let Parts { parts, left_out } = parts(&ends(3_000), &ids(3_000), 64);
        assert_eq!(left_out, 0);
        assert_eq!(parts.iter().map(|(cut, _)| cut.len()).sum::<usize>(), 3_000);
        assert_eq!(
            parts.iter().map(|(_, keep)| keep.len()).sum::<usize>(),
            3_000
        );
        assert!(parts.len() <= 6, "{}", parts.len());
        for (cut, keep) in parts {
            assert!(cut.is_sorted() && keep.is_sorted());
            let vid = RevocationId::from_bytes([4; 32]);
            let body = Control::Readmit(Readmit { vid, cut, keep }).encode();
            assert!(body.len() <= limits::BODY, "{}", body.len());
        }
    }

    #[test]
    fn what_finds_no_record_is_counted_and_is_what_came_last() {
        let all = ends(3_000);
        let Parts { parts, left_out } = parts(&all, &ids(10), 2);
        assert_eq!(parts.len(), 2);
        let given: usize = parts.iter().map(|(cut, keep)| cut.len() + keep.len()).sum();
        assert_eq!(given + left_out, 3_010);
        assert_eq!(parts[0].1.len(), 10);
        let least = parts
            .iter()
            .flat_map(|(cut, _)| cut)
            .map(|cut| cut.seq)
            .min();
        let first = u32::try_from(given - 10).unwrap() - 1;
        assert_eq!(least, Some(u32::MAX - first));
    }

    #[test]
    fn nothing_makes_no_record() {
        assert!(parts(&[], &BTreeSet::new(), 64).parts.is_empty());
    }
}
