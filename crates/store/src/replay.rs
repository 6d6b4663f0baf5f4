//! Reading the log from the projection's cursor to its end: at opening, after the projection failed,
//! and for the whole of a rebuild.

use std::{collections::BTreeSet, fs::OpenOptions, os::unix::fs::FileExt, path::Path};

use folkmoot_record::{RecordId, Signed};

use crate::{
    Damage, DamageKind, LogCursor, OpenReport, StoreError, TornTail,
    files::{io_error, make_dir},
    layout::Spot,
    log::{Layout, SEGMENT_HEAD, Step, Walk},
    payload::Item,
    stage::{Replayed, Stage},
    state::State,
};

/// Copies of torn tails kept; the oldest goes first.
const TAILS_MOST: usize = 8;
/// Bytes of the log between two reports of progress.
const PROGRESS_STEP: u64 = 1 << 20;

/// Reads the log from `from` to its end into the index. Returns where the log ends; an unfinished
/// group at its end is cut off.
pub(crate) fn replay(
    root: &Path,
    layout: &Layout,
    state: &mut State,
    from: LogCursor,
    report: &mut OpenReport,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<LogCursor, StoreError> {
    let segments = layout.list()?;
    let last = segments.last().copied().unwrap_or(0);
    let total = bytes_from(layout, &segments, from)?;
    let mut done = 0;
    let mut next_report = 0;
    let mut stage = Stage::default();
    // Damage seen since the last whole group: it may turn out to be part of a torn tail.
    let mut damaged = Vec::new();
    let mut replayed = 0;
    let mut end = from;
    for &segment in segments.range(from.segment..) {
        let start = LogCursor {
            segment,
            offset: if segment == from.segment {
                from.offset
            } else {
                0
            },
        };
        let mut walk = Walk::new(layout, start)?;
        end = at_least_head(walk.at());
        loop {
            let mut ends_group = false;
            match walk.step()? {
                Step::Entry {
                    at,
                    kind,
                    last,
                    payload,
                } => {
                    let spot = Spot {
                        at,
                        len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
                    };
                    let item = Item::read(kind, payload);
                    let outcome = match item {
                        Some(item) => stage.replay(state, item, spot)?,
                        None => Replayed::Unreadable,
                    };
                    if outcome == Replayed::Unreadable {
                        damaged.push(Damage {
                            at,
                            bytes: payload.len() as u64,
                            kind: DamageKind::Content,
                            ids: Vec::new(),
                        });
                    }
                    replayed += 1;
                    ends_group = last;
                }
                Step::Damage {
                    at,
                    bytes,
                    last,
                    payload,
                } => {
                    damaged.push(Damage {
                        at,
                        bytes,
                        kind: DamageKind::Checksum,
                        ids: payload.and_then(readable_id).into_iter().collect(),
                    });
                    ends_group = last;
                }
                Step::BadHead => {
                    mend_head(layout, segment, report)?;
                    end = at_least_head(walk.at());
                }
                Step::End { at, rest } if segment == last => {
                    if at > end || rest > 0 {
                        report.torn_tail_cut = Some(cut(root, layout, end, stage.ids)?);
                    }
                    return Ok(end);
                }
                Step::End { at, rest } => {
                    // A later segment was begun, so this one was whole once.
                    if rest > 0 {
                        damaged.push(Damage {
                            at,
                            bytes: rest,
                            kind: DamageKind::Checksum,
                            ids: Vec::new(),
                        });
                    }
                    report.replayed += std::mem::take(&mut replayed);
                    report.damaged.append(&mut damaged);
                    end = at;
                    state.accept(std::mem::take(&mut stage), end);
                    break;
                }
            }
            if ends_group && segment == last && walk.is_at_end() {
                // The last group of all was never acknowledged if a power cut took a page of it.
                for damage in damaged.iter().filter(|damage| damage.at.segment == segment) {
                    let from = u64::from(damage.at.offset);
                    if walk.is_unwritten(end.offset.into(), from..from + damage.bytes)? {
                        report.torn_tail_cut = Some(cut(root, layout, end, stage.ids)?);
                        return Ok(end);
                    }
                }
            }
            if ends_group {
                end = walk.at();
                report.replayed += std::mem::take(&mut replayed);
                report.damaged.append(&mut damaged);
                state.accept(std::mem::take(&mut stage), end);
                if state.index.is_due() {
                    state.index.freeze();
                }
            }
            let now = done + u64::from(walk.at().offset.saturating_sub(start.offset));
            if now >= next_report {
                progress(now, total);
                next_report = now + PROGRESS_STEP;
            }
        }
        done += layout.len(segment)?.saturating_sub(start.offset.into());
    }
    Ok(end)
}

fn at_least_head(at: LogCursor) -> LogCursor {
    LogCursor {
        offset: at.offset.max(SEGMENT_HEAD as u32),
        ..at
    }
}

fn bytes_from(
    layout: &Layout,
    segments: &BTreeSet<u32>,
    from: LogCursor,
) -> Result<u64, StoreError> {
    let mut total = 0_u64;
    for &segment in segments.range(from.segment..) {
        total += layout.len(segment)?;
    }
    Ok(total.saturating_sub(from.offset.into()))
}

/// The id of the record in a damaged payload, as far as it can be read. A wrong one does no harm: no
/// peer has such a record.
pub(crate) fn readable_id(payload: &[u8]) -> Option<RecordId> {
    Signed::parse(payload.get(8..)?)
        .ok()
        .map(|record| record.id())
}

/// What stands in a segment's head is known, so it is written again.
fn mend_head(layout: &Layout, segment: u32, report: &mut OpenReport) -> Result<(), StoreError> {
    let path = layout.path(segment);
    let short = layout.len(segment)? < SEGMENT_HEAD as u64;
    OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|file| {
            file.write_all_at(&layout.head(segment), 0)?;
            file.sync_all()
        })
        .map_err(io_error("write", &path))?;
    // A segment whose making was interrupted held nothing yet.
    if !short {
        report.damaged.push(Damage {
            at: LogCursor { segment, offset: 0 },
            bytes: SEGMENT_HEAD as u64,
            kind: DamageKind::SegmentHead,
            ids: Vec::new(),
        });
    }
    Ok(())
}

/// Cuts the log at `end`. The bytes behind it go to `quarantine`: they were never acknowledged, but
/// whoever looks for something lost should find it.
fn cut(
    root: &Path,
    layout: &Layout,
    end: LogCursor,
    ids: Vec<RecordId>,
) -> Result<TornTail, StoreError> {
    let path = layout.path(end.segment);
    let bytes = layout.len(end.segment)?.saturating_sub(end.offset.into());
    if let Err(error) = keep_tail(root, &path, end, bytes) {
        tracing::warn!(%error, "the torn tail was cut without a copy");
    }
    OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|file| {
            file.set_len(end.offset.into())?;
            file.sync_all()
        })
        .map_err(io_error("cut", &path))?;
    Ok(TornTail {
        at: end,
        bytes,
        ids,
    })
}

fn keep_tail(root: &Path, path: &Path, end: LogCursor, bytes: u64) -> Result<(), StoreError> {
    let dir = root.join("quarantine");
    make_dir(&dir)?;
    let mut kept: Vec<_> = std::fs::read_dir(&dir)
        .map_err(io_error("list", &dir))?
        .filter_map(|item| item.ok().map(|item| item.path()))
        .collect();
    kept.sort();
    let surplus = (kept.len() + 1).saturating_sub(TAILS_MOST);
    for old in kept.iter().take(surplus) {
        std::fs::remove_file(old).map_err(io_error("remove", old))?;
    }
    let name = format!("tail-{:08}-{:010}", end.segment, end.offset);
    let target = dir.join(name);
    let copy = || {
        use std::io::{Read, Seek, SeekFrom};
        let mut from = std::fs::File::open(path)?;
        from.seek(SeekFrom::Start(end.offset.into()))?;
        let mut to = std::fs::File::create(&target)?;
        std::io::copy(&mut from.take(bytes), &mut to)?;
        to.sync_all()
    };
    copy().map_err(io_error("copy", &target))
}
