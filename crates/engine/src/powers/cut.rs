//! Cuts: the last places of logs that stay honoured when something is taken away (section 4.5).
//!
//! A device's log is a chain, unless its keeper forked it; then it has several ends, and each one
//! is named. What lies below a named end stays. An end is named only where the chain below it is held
//! down to its first record: above a gap a place counts by its number alone, and whoever chose a great
//! number could write on below it for ever.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_api::ApiError;
use folkmoot_record::{DeviceKey, Header, RecordId, SeatKey, control::Cut};
use folkmoot_store::Vault;

use crate::{errors::store_failed, intake::receive::mark, membership::collective::Collective};

/// Bytes of one entry of a cut, at most: array, device, lane, place, id.
pub(crate) const ENTRY: usize = 1 + 34 + 1 + 5 + 34;
/// Bytes of one kept id.
pub(crate) const KEPT: usize = 34;
/// Bytes of a revocation or readmission besides cut, keep and reason: type, target, flags, keys and
/// lengths.
pub(crate) const FRAME: usize = 96;

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
    /// Honest records that no end keeps, since one below them in their log is not held.
    pub(crate) above_gap: usize,
}

/// An end of a content log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) cut: Cut,
    /// Records that it keeps and no longer branch does.
    pub(crate) keeps: usize,
    /// Those among them that are cut away now.
    pub(crate) shadowed: usize,
}

/// The ends of content logs.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    /// Those whose chain is held down to its first record.
    pub(crate) ends: Vec<End>,
    /// Honest records that lie above a gap.
    pub(crate) above_gap: usize,
}

impl Filled {
    /// What lies above gaps, for people; `None` where nothing does.
    pub(crate) fn above_gaps(&self) -> Option<String> {
        above_gaps(self.above_gap)
    }
}

/// Says that so many records lie above a gap.
pub(crate) fn above_gaps(records: usize) -> Option<String> {
    match records {
        0 => None,
        1 => Some("1 record lies above a gap in its log, and cannot be kept safely".to_owned()),
        more => Some(format!(
            "{more} records lie above a gap in their log, and cannot be kept safely"
        )),
    }
}

impl Collective {
    /// The content held of these seats, in order of time. Reads no other.
    pub(crate) fn lines(
        &self,
        store: &Vault,
        seats: &BTreeSet<SeatKey>,
    ) -> Result<Vec<Line>, ApiError> {
        let written = self.content_of(store, seats).map_err(store_failed)?;
        let mut lines = Vec::new();
        for id in written {
            let Some(record) = crate::exchange::holdings::read(store, &id) else {
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
    /// logs as far as `honest` says. `named` are places that a person wants kept, gap or not. What
    /// does not fit into `room` bytes is left out: first control, since what is held of it lies in the
    /// past of the new record anyway, then the ends that keep least.
    pub(crate) fn fill_cut(
        &self,
        devices: &BTreeSet<(SeatKey, DeviceKey)>,
        lines: &[Line],
        honest: impl Fn(&Line) -> bool,
        named: &[Cut],
        room: usize,
    ) -> Filled {
        let Ends { ends, above_gap } = content_ends(devices, lines, honest, named);
        let mut ends: Vec<(usize, Cut)> = ends.iter().map(|end| (end.keeps, end.cut)).collect();
        for cut in named {
            ends.push((usize::MAX, *cut));
        }
        Filled {
            above_gap,
            ..chosen(ends, self.control_ends(devices), room / ENTRY)
        }
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
    Filled {
        cut,
        left_out,
        above_gap: 0,
    }
}

/// Bytes that kept ids and a reason take.
pub(crate) fn bytes_beside(kept: usize, reason: Option<&str>) -> usize {
    kept * KEPT + reason.map_or(0, |reason| reason.len() + 6)
}

/// The ends of the content logs of these devices, as far as their records are `honest`. What lies
/// below a place that a person has `named` does not count as above a gap.
pub(crate) fn content_ends(
    devices: &BTreeSet<(SeatKey, DeviceKey)>,
    lines: &[Line],
    honest: impl Fn(&Line) -> bool,
    named: &[Cut],
) -> Ends {
    let logs = Logs(
        lines
            .iter()
            .filter(|line| devices.contains(&(line.header.seat, line.header.dev)))
            .map(|line| (line.id, line))
            .collect(),
    );
    // What is misfiled is shown nowhere, so there is nothing to keep; what is dated in the future
    // stays only where something later stands on it.
    let kept: Vec<&Line> = logs
        .0
        .values()
        .copied()
        .filter(|line| !matches!(line.mark, mark::MISFILED | mark::QUARANTINED) && honest(line))
        .collect();
    let below: BTreeSet<RecordId> = kept
        .iter()
        .filter_map(|line| logs.before(line))
        .map(|line| line.id)
        .collect();
    let grounded = logs.grounded(&kept);
    let mut spared: BTreeSet<RecordId> = BTreeSet::new();
    for cut in named {
        logs.walk(cut.id, |line| spared.insert(line.id));
    }
    let above_gap = kept
        .iter()
        .filter(|line| !grounded.contains(&line.id) && !spared.contains(&line.id))
        .count();
    let mut ends: Vec<&Line> = kept
        .into_iter()
        .filter(|line| grounded.contains(&line.id) && !below.contains(&line.id))
        .collect();
    // Longer logs first, so that what branches share counts for the longest.
    ends.sort_by_key(|line| (std::cmp::Reverse(line.header.seq), line.id));
    let mut counted: BTreeSet<RecordId> = BTreeSet::new();
    let ends = ends
        .into_iter()
        .map(|line| {
            let (mut keeps, mut shadowed) = (0, 0);
            logs.walk(line.id, |line| {
                let new = counted.insert(line.id);
                keeps += usize::from(new);
                shadowed += usize::from(new && line.mark == mark::SHADOWED);
                new
            });
            let cut = Cut {
                dev: line.header.dev,
                lane: 1,
                seq: line.header.seq,
                id: line.id,
            };
            End {
                cut,
                keeps,
                shadowed,
            }
        })
        .collect();
    Ends { ends, above_gap }
}

/// Content logs, by id.
struct Logs<'a>(BTreeMap<RecordId, &'a Line>);

impl<'a> Logs<'a> {
    /// The record before one in its log, where it is held and of the same device.
    fn before(&self, line: &Line) -> Option<&'a Line> {
        let before = *self.0.get(&line.header.prev?)?;
        let header = &before.header;
        ((header.seat, header.dev) == (line.header.seat, line.header.dev)).then_some(before)
    }

    /// From a record down, while `go_on` says so.
    fn walk(&self, from: RecordId, mut go_on: impl FnMut(&'a Line) -> bool) {
        let mut at = self.0.get(&from).copied();
        while let Some(line) = at {
            if !go_on(line) {
                return;
            }
            at = self.before(line);
        }
    }

    /// Those among these whose chain is held down to the first record of their log.
    fn grounded(&self, lines: &[&Line]) -> BTreeSet<RecordId> {
        let (mut grounded, mut loose) = (BTreeSet::new(), BTreeSet::new());
        for line in lines {
            let (mut way, mut reaches) = (Vec::new(), false);
            self.walk(line.id, |line| {
                let id = line.id;
                if grounded.contains(&id) || loose.contains(&id) {
                    reaches = grounded.contains(&id);
                    return false;
                }
                way.push(id);
                reaches = line.header.prev.is_none();
                true
            });
            if reaches {
                grounded.extend(way);
            } else {
                loose.extend(way);
            }
        }
        grounded
    }
}

#[cfg(test)]
mod tests {
    use folkmoot_record::{Hlc, Kind, limits};

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
        content_ends(&[(SEAT, DEV)].into(), lines, honest, &[])
            .ends
            .into_iter()
            .map(|end| (end.keeps, end.cut.id.to_bytes()[0]))
            .collect()
    }

    fn above_gap(lines: &[Line], named: &[Cut]) -> usize {
        content_ends(&[(SEAT, DEV)].into(), lines, |_| true, named).above_gap
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
        assert_eq!(ends(&lines, |_| true), [(4, 13), (1, 22)]);
        assert_eq!(above_gap(&lines, &[]), 1);
        assert_eq!(ends(&lines, |line| line.header.seq < 2), [(2, 11)]);
        assert_eq!(ends(&lines, |_| false), []);
    }

    /// Numbers above a gap are whatever their writer likes: an end there would keep everything below
    /// its number, also what is written later.
    #[test]
    fn no_end_is_named_above_a_gap() {
        // 10 - 11, and far above both 40 - 41 - 42, of which nobody holds what lies below.
        let far = 4_000_000_000;
        let mut lines = vec![
            line(10, 0, None, 0),
            line(11, 1, Some(10), 0),
            line(40, far, Some(99), 0),
            line(41, far + 1, Some(40), 0),
            line(42, far + 2, Some(41), 0),
        ];
        assert_eq!(ends(&lines, |_| true), [(2, 11)]);
        assert_eq!(above_gap(&lines, &[]), 3);
        // A person who names one knows what they do: what lies below it is kept as well.
        let named = Cut {
            dev: DEV,
            lane: 1,
            seq: far + 1,
            id: RecordId::from_bytes([41; 32]),
        };
        assert_eq!(above_gap(&lines, &[named]), 1);
        // The gap is filled.
        lines.push(line(99, 2, Some(11), 0));
        assert_eq!(ends(&lines, |_| true), [(6, 42)]);
        assert_eq!(above_gap(&lines, &[]), 0);
        // Only a record of the same device fills one.
        let mut other = line(99, 2, Some(11), 0);
        other.header.dev = DeviceKey::from_bytes([3; 32]);
        lines[5] = other;
        let both = [(SEAT, DEV), (SEAT, DeviceKey::from_bytes([3; 32]))].into();
        let Ends { ends, above_gap } = content_ends(&both, &lines, |_| true, &[]);
        let named: Vec<u8> = ends.iter().map(|end| end.cut.id.to_bytes()[0]).collect();
        assert_eq!((named, above_gap), (vec![11], 4));
    }

    /// Whoever has the device of somebody signs one record far ahead, with an old one before it.
    #[test]
    fn a_misfiled_tip_hides_no_honest_end() {
        let lines = [
            line(10, 0, None, 0),
            line(11, 1, Some(10), 0),
            line(12, 2, Some(11), 0),
            line(13, 3, Some(12), 0),
            line(50, 1_000_000, Some(11), mark::MISFILED),
        ];
        assert_eq!(ends(&lines, |_| true), [(4, 13)]);
        // What stands on the misfiled one keeps its own chain alone: that reaches the first record.
        let mut more = lines.to_vec();
        more.push(line(51, 1_000_001, Some(50), 0));
        assert_eq!(ends(&more, |_| true), [(4, 51), (2, 13)]);
    }

    #[test]
    fn what_an_end_would_bring_back_is_counted() {
        let lines = [
            line(10, 0, None, 0),
            line(11, 1, Some(10), mark::SHADOWED),
            line(12, 2, Some(11), mark::SHADOWED),
            line(22, 2, Some(11), 0),
        ];
        let found = content_ends(&[(SEAT, DEV)].into(), &lines, |_| true, &[]).ends;
        let counts: Vec<_> = found.iter().map(|end| (end.keeps, end.shadowed)).collect();
        assert_eq!(counts, [(3, 2), (1, 0)]);
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
