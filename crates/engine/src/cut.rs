//! Cuts: the last places of logs that stay honoured when something is taken away (section 4.5).
//!
//! A device's log is a chain, unless its keeper forked it; then it has several ends, and each one
//! is named. What lies below a named end stays.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_api::ApiError;
use folkmoot_record::{DeviceKey, Header, RecordId, SeatKey, control::Cut, limits};
use folkmoot_store::Vault;

use crate::{collective::Collective, errors::store_failed, receive::mark};

/// Bytes of one entry of a cut, at most: array, device, lane, place, id.
const ENTRY: usize = 1 + 34 + 1 + 5 + 34;
/// Bytes of one kept id.
const KEPT: usize = 34;
/// Bytes of a revocation besides cut, keep and reason: type, target, flags, keys and lengths.
const FRAME: usize = 96;

/// A content record held, as far as cuts ask.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: RecordId,
    pub(crate) header: Header,
    pub(crate) mark: u8,
}

/// A filled cut.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    /// Ascending, unique.
    pub(crate) cut: Vec<Cut>,
    /// Ends of logs that found no room.
    pub(crate) left_out: usize,
}

impl Collective {
    /// The content held of these seats, in order of time.
    pub(crate) fn lines(
        &self,
        store: &Vault,
        seats: &BTreeSet<SeatKey>,
    ) -> Result<Vec<Line>, ApiError> {
        let stamps = self.content_stamps(store).map_err(store_failed)?;
        let mut lines = Vec::new();
        for stamp in stamps {
            let id = RecordId::from_bytes(stamp.id);
            let Some(record) = crate::holdings::read(store, &id) else {
                continue;
            };
            if seats.contains(&record.header().seat) {
                lines.push(Line {
                    id,
                    header: record.header().clone(),
                    mark: self.marked.get(&id).copied().unwrap_or(mark::NONE),
                });
            }
        }
        Ok(lines)
    }

    /// Fills a cut for devices of these seats: all ends of their control logs, and of their content
    /// logs as far as `honest` says, which is asked from the newest record down. `named` are places
    /// that a person wants kept. What does not fit beside `other_bytes` is left out: first control,
    /// since what is held of it lies in the past of the new record anyway, then the ends that keep
    /// least.
    pub(crate) fn fill_cut(
        &self,
        devices: &BTreeSet<(SeatKey, DeviceKey)>,
        lines: &[Line],
        honest: impl Fn(&Line) -> bool,
        named: &[Cut],
        other_bytes: usize,
    ) -> Filled {
        let mut ends = content_ends(devices, lines, honest);
        for cut in named {
            ends.push((usize::MAX, *cut));
        }
        let room = limits::LONG_BODY.saturating_sub(FRAME + other_bytes) / ENTRY;
        chosen(ends, self.control_ends(devices), room)
    }

    fn control_ends(&self, devices: &BTreeSet<(SeatKey, DeviceKey)>) -> Vec<Cut> {
        let mut held: BTreeMap<RecordId, Cut> = BTreeMap::new();
        let mut followed: BTreeSet<RecordId> = BTreeSet::new();
        for record in self.accord.records() {
            let header = record.header();
            if !devices.contains(&(header.seat, header.dev))
                || header.kind.lane() != folkmoot_record::Lane::Control
                || !self
                    .accord
                    .standing(&record.id())
                    .is_some_and(|standing| standing.is_admitted())
            {
                continue;
            }
            followed.extend(header.prev);
            held.insert(
                record.id(),
                Cut {
                    dev: header.dev,
                    lane: 0,
                    seq: header.seq,
                    id: record.id(),
                },
            );
        }
        held.into_iter()
            .filter(|(id, _)| !followed.contains(id))
            .map(|(_, cut)| cut)
            .collect()
    }
}

/// As many ends as find room: those of content that keep most first, control last.
fn chosen(mut ends: Vec<(usize, Cut)>, control: Vec<Cut>, room: usize) -> Filled {
    ends.sort_by_key(|(kept, cut)| (std::cmp::Reverse(*kept), *cut));
    let mut once = BTreeSet::new();
    let mut cut: Vec<Cut> = ends
        .into_iter()
        .map(|(_, cut)| cut)
        .chain(control)
        .filter(|cut| once.insert(*cut))
        .collect();
    let left_out = cut.len().saturating_sub(room);
    cut.truncate(room);
    cut.sort_unstable();
    Filled { cut, left_out }
}

/// Bytes that kept ids and a reason take.
pub(crate) fn bytes_beside(kept: usize, reason: Option<&str>) -> usize {
    kept * KEPT + reason.map_or(0, |reason| reason.len() + 6)
}

/// The ends of the content logs of these devices, with how many records each keeps.
fn content_ends(
    devices: &BTreeSet<(SeatKey, DeviceKey)>,
    lines: &[Line],
    honest: impl Fn(&Line) -> bool,
) -> Vec<(usize, Cut)> {
    let by_id: BTreeMap<RecordId, &Line> = lines
        .iter()
        .filter(|line| devices.contains(&(line.header.seat, line.header.dev)))
        .map(|line| (line.id, line))
        .collect();
    // What is misfiled is shown nowhere, so there is nothing to keep; what is dated in the future
    // stays only where something later stands on it.
    let kept: BTreeSet<RecordId> = by_id
        .values()
        .filter(|line| !matches!(line.mark, mark::MISFILED | mark::QUARANTINED) && honest(line))
        .map(|line| line.id)
        .collect();
    let below: BTreeSet<RecordId> = kept
        .iter()
        .filter_map(|id| by_id.get(id)?.header.prev)
        .collect();
    let mut counted: BTreeSet<RecordId> = BTreeSet::new();
    let mut ends: Vec<&Line> = kept
        .iter()
        .filter(|id| !below.contains(*id))
        .filter_map(|id| by_id.get(id).copied())
        .collect();
    // Longer logs first, so that what branches share counts for the longest.
    ends.sort_by_key(|line| (std::cmp::Reverse(line.header.seq), line.id));
    ends.into_iter()
        .map(|end| {
            let mut keeps = 0;
            let mut at = Some(end.id);
            while let Some(line) = at.and_then(|id| by_id.get(&id)) {
                if !counted.insert(line.id) {
                    break;
                }
                keeps += 1;
                at = line.header.prev;
            }
            let cut = Cut {
                dev: end.header.dev,
                lane: 1,
                seq: end.header.seq,
                id: end.id,
            };
            (keeps, cut)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use folkmoot_record::{Hlc, Kind};

    use super::*;

    const SEAT: SeatKey = SeatKey::from_bytes([1; 32]);
    const DEV: DeviceKey = DeviceKey::from_bytes([2; 32]);

    fn line(id: u8, seq: u32, prev: Option<u8>, mark: u8) -> Line {
        Line {
            id: RecordId::from_bytes([id; 32]),
            header: Header {
                cid: None,
                seat: SEAT,
                dev: DEV,
                seq,
                prev: prev.map(|id| RecordId::from_bytes([id; 32])),
                hlc: Hlc::default(),
                kind: Kind::NOTE,
                cap: None,
                auth: Vec::new(),
                refs: Vec::new(),
                tags: Vec::new(),
                blen: 0,
                bhash: folkmoot_record::BodyHash::from_bytes([0; 32]),
            },
            mark,
        }
    }

    fn ends(lines: &[Line], honest: impl Fn(&Line) -> bool) -> Vec<(usize, u8)> {
        content_ends(&[(SEAT, DEV)].into(), lines, honest)
            .into_iter()
            .map(|(kept, cut)| (kept, cut.id.to_bytes()[0]))
            .collect()
    }

    #[test]
    fn every_branch_of_a_log_has_its_end() {
        // 10 - 11 - 12 - 13, and 11 - 22 beside it; 33 lies above a gap.
        let lines = [
            line(10, 0, None, 0),
            line(11, 1, Some(10), 0),
            line(12, 2, Some(11), 0),
            line(13, 3, Some(12), 0),
            line(22, 2, Some(11), 0),
            line(33, 9, Some(99), 0),
        ];
        assert_eq!(ends(&lines, |_| true), [(1, 33), (4, 13), (1, 22)]);
        assert_eq!(ends(&lines, |line| line.header.seq < 2), [(2, 11)]);
        assert_eq!(ends(&lines, |_| false), []);
    }

    #[test]
    fn what_finds_no_room_is_what_keeps_least_and_control_first() {
        let cut = |id: u8, lane| Cut {
            dev: DEV,
            lane,
            seq: u32::from(id),
            id: RecordId::from_bytes([id; 32]),
        };
        let ends = || {
            vec![
                (1, cut(1, 1)),
                (9, cut(2, 1)),
                (9, cut(2, 1)),
                (3, cut(3, 1)),
            ]
        };
        let control = || vec![cut(4, 0)];
        let ids = |filled: &Filled| -> Vec<u8> {
            filled.cut.iter().map(|cut| cut.id.to_bytes()[0]).collect()
        };
        let all = chosen(ends(), control(), 4);
        assert_eq!((ids(&all), all.left_out), (vec![4, 1, 2, 3], 0));
        let some = chosen(ends(), control(), 2);
        assert_eq!((ids(&some), some.left_out), (vec![2, 3], 2));
    }

    /// The greatest body that a filled cut makes is one that is still taken (section 2.2).
    #[test]
    fn a_full_cut_fits_into_a_record() {
        use folkmoot_record::control::{Control, Revoke, Target};
        let reason = "r".repeat(limits::TEXT);
        let keep: Vec<RecordId> = (0..200_u8).map(|n| RecordId::from_bytes([n; 32])).collect();
        let room = limits::LONG_BODY - FRAME - bytes_beside(keep.len(), Some(&reason));
        let ends: Vec<(usize, Cut)> = (0..20_000_u32)
            .map(|n| {
                let cut = Cut {
                    dev: DEV,
                    lane: 1,
                    seq: u32::MAX - n,
                    id: RecordId::from_bytes([7; 32]),
                };
                (1, cut)
            })
            .collect();
        let filled = chosen(ends, Vec::new(), room / ENTRY);
        assert!(filled.left_out > 0);
        let body = Control::Revoke(Revoke {
            target: Target::Seat(SEAT),
            subtree: true,
            back: false,
            cut: filled.cut,
            keep,
            reason: Some(reason),
        })
        .encode();
        assert!(body.len() <= limits::LONG_BODY, "{}", body.len());
        assert!(body.len() + ENTRY + FRAME > limits::LONG_BODY);
    }

    #[test]
    fn what_is_not_shown_for_good_reasons_is_no_end() {
        let lines = [
            line(10, 0, None, 0),
            line(11, 1, Some(10), mark::MISFILED),
            line(12, 1, Some(10), mark::QUARANTINED),
            line(13, 1, Some(10), mark::OVER_QUOTA),
        ];
        assert_eq!(ends(&lines, |_| true), [(2, 13)]);
    }
}
