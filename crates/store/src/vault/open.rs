//! Opening: lock, format, log, projection, replay.

use std::{cell::RefCell, collections::BTreeSet, path::Path, sync::Arc};

use folkmoot_record::RecordId;
use folkmoot_seal::StoreKey;

use crate::{
    Damage, DamageKind, Engine, LogCursor, OpenReport, Options, Progress, StoreError, Vault,
    cipher::Cipher,
    convert,
    engine::{self, Opened},
    files::{free, make_dir, sync_dir},
    format::{self, Found},
    index::Index,
    lock::{Lock, StoreLock},
    log::{self, Layout, Reader, SEGMENT_HEAD, Seal, Writer},
    projection::Memory,
    replay::replay,
    state::State,
};

use super::heal::{ids_in, with_ids};

/// Segments may not be begun beyond this, so that offsets fit in 32 bits with room for a group.
const SEGMENT_MOST: u64 = 1 << 30;

impl Vault {
    /// Opens or makes the store in `dir`, and brings the projection up to the log.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::NewerFormat`], [`StoreError::NotAStore`], or the disk's.
    /// A torn tail, damage and a bad projection are no errors: they are mended and reported.
    pub fn open(
        dir: &Path,
        options: Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport), StoreError> {
        StoreLock::take(dir)?.open(options, progress)
    }

    pub(crate) fn open_locked(
        dir: &Path,
        lock: Lock,
        options: Options,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport), StoreError> {
        let options = Options {
            segment_bytes: options.segment_bytes.min(SEGMENT_MOST),
            ..options
        };
        let mut report = OpenReport::default();
        let mut layout = open_layout(dir, &options, &mut report)?;
        let (mut state, mut end) = open_state(dir, &options, &layout, &mut report, progress)?;
        if layout.cipher.key().is_none()
            && let Some(key) = &options.key
            && let Some(sealed) = seal_log(dir, key, &layout, &state, &mut report, progress)?
        {
            // Its projection is of the log in the open, and is closed before another is made.
            drop(state);
            layout = sealed;
            (state, end) = open_state(dir, &options, &layout, &mut report, progress)?;
        }
        let writer = Writer::open(layout.clone(), end, options.segment_bytes)?;
        let vault = Self {
            root: dir.to_owned(),
            options,
            layout,
            writer,
            state,
            lost: RefCell::default(),
            lost_bundles: RefCell::default(),
            damage: RefCell::default(),
            _lock: lock,
        };
        Ok((vault, report))
    }
}

/// Reads or makes `FORMAT` and the folder of the log. A log that lies in the open is given as that.
fn open_layout(
    root: &Path,
    options: &Options,
    report: &mut OpenReport,
) -> Result<Layout, StoreError> {
    let dir = root.join("log");
    let cipher = Cipher::new(options.key.clone());
    let check = options.key.as_ref().map(StoreKey::check);
    report.sealed = convert::go_on(root, &cipher)?;
    let has_segments = !log::list(&dir)?.is_empty();
    let layout = match format::read(root, has_segments)? {
        Found::Store(seal, stored) => match (stored, check) {
            (Some(_), None) => return Err(StoreError::Sealed),
            (Some(stored), Some(check)) if stored != check => {
                if log::holds_entries(&dir)? {
                    return Err(StoreError::WrongKey);
                }
                // Whoever began it wrote nothing.
                format::write(root, &seal, Some(&check))?;
                Layout::new(dir.clone(), seal, cipher)
            }
            (None, Some(_)) if has_segments => Layout::new(dir.clone(), seal, Cipher::default()),
            (None, Some(check)) => {
                format::write(root, &seal, Some(&check))?;
                Layout::new(dir.clone(), seal, cipher)
            }
            _ => Layout::new(dir.clone(), seal, cipher),
        },
        Found::Nothing => {
            let seal = new_seal(root)?;
            format::write(root, &seal, check.as_ref())?;
            Layout::new(dir.clone(), seal, cipher)
        }
        Found::Lost => {
            let layout = recover(&dir, cipher)?;
            let sealed = layout.cipher.key().map(StoreKey::check);
            format::write(root, &layout.seal, sealed.as_ref())?;
            tracing::warn!("the file FORMAT was lost and is written anew");
            layout
        }
    };
    make_dir(&dir)?;
    sync_dir(root)?;
    Ok(layout)
}

/// Seals a log that lies in the open and was opened so. `None` where it stays: what can be read stays readable,
/// whatever keeps it from being written anew.
fn seal_log(
    root: &Path,
    key: &StoreKey,
    plain: &Layout,
    state: &State,
    report: &mut OpenReport,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<Layout>, StoreError> {
    match try_to_seal(root, key, plain, progress) {
        Ok((sealed, damaged)) => {
            report.sealed = true;
            tell(damaged, state, report);
            Ok(Some(sealed))
        }
        Err(error) if convert::is_under_way(root) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "the log could not be sealed and lies in the open still");
            report.left_open = Some(error.to_string());
            Ok(None)
        }
    }
}

fn try_to_seal(
    root: &Path,
    key: &StoreKey,
    plain: &Layout,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Layout, Vec<Damage>), StoreError> {
    convert::clear(root)?;
    let room = convert::room(root, plain)?;
    if free(root).is_some_and(|free| free < room) {
        let megabytes = room.div_ceil(1_000_000);
        return Err(StoreError::NoRoom { megabytes });
    }
    let cipher = Cipher::new(Some(key.clone()));
    let sealed = Layout::new(root.join("log"), new_seal(root)?, cipher);
    let damaged = convert::seal(root, plain, &sealed, &mut |done, total| {
        progress(Progress::Sealing { done, total });
    })?;
    Ok((sealed, damaged))
}

/// Reports damage that sealing met, with the ids that the projection of the old log knows. What the opening
/// met is told already.
fn tell(damaged: Vec<Damage>, state: &State, report: &mut OpenReport) {
    let known = with_ids(state, &damaged).unwrap_or_else(|error| {
        tracing::warn!(%error, "what was lost to damage is not known");
        damaged
    });
    for damage in known {
        let same = |told: &&mut Damage| told.at == damage.at && told.kind == damage.kind;
        match report.damaged.iter_mut().find(same) {
            Some(told) => {
                let new = |id: &RecordId| !told.ids.contains(id);
                let ids: Vec<_> = damage.ids.into_iter().filter(new).collect();
                told.ids.extend(ids);
            }
            None => report.damaged.push(damage),
        }
    }
}

/// What a log without `FORMAT` says of itself by the heads of its segments.
fn recover(dir: &Path, cipher: Cipher) -> Result<Layout, StoreError> {
    let (found, key) = log::recover(dir)?.ok_or_else(|| StoreError::NotAStore {
        path: dir.to_owned(),
        what: "the file FORMAT is lost and no segment has a readable head",
    })?;
    let layout = Layout::new(dir.to_owned(), Seal::new(key), cipher);
    match found {
        found if found > format::SEALED => Err(format::newer(found)),
        format::SEALED if layout.cipher.key().is_none() => Err(StoreError::Sealed),
        format::SEALED if !convert::opens(&layout)? => Err(StoreError::WrongKey),
        format::OPEN if layout.cipher.key().is_some() => {
            Ok(Layout::new(dir.to_owned(), layout.seal, Cipher::default()))
        }
        _ => Ok(layout),
    }
}

fn new_seal(root: &Path) -> Result<Seal, StoreError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| StoreError::Io {
        action: "draw a key for",
        path: root.to_owned(),
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(Seal::new(key))
}

/// Opens the projection, or begins a new one, and replays the log into it.
pub(super) fn open_state(
    root: &Path,
    options: &Options,
    layout: &Layout,
    report: &mut OpenReport,
    progress: &mut dyn FnMut(Progress),
) -> Result<(State, LogCursor), StoreError> {
    let (opened, damaged) = open_engine(root, options, layout, report)?;
    report.damaged.extend(damaged);
    let rebuilding = opened.cursor == LogCursor::default();
    let mut state = State::new(Index::new(opened.engine), Reader::new(layout.clone()))?;
    let end = replay(
        root,
        layout,
        &mut state,
        opened.cursor,
        report,
        &mut |done, total| {
            progress(if rebuilding {
                Progress::Rebuilding { done, total }
            } else {
                Progress::Replaying { done, total }
            });
        },
    )?;
    Ok((state, end))
}

/// An engine whose cursor lies within the log, and segments without gaps.
fn open_engine(
    root: &Path,
    options: &Options,
    layout: &Layout,
    report: &mut OpenReport,
) -> Result<(Opened, Vec<Damage>), StoreError> {
    let present = layout.list()?;
    let mut damaged = Vec::new();
    let (why, beyond) = match engine::open(root, options, &layout.seal)? {
        Err(why) => (why, LogCursor::default()),
        Ok(opened) => {
            let end = log_end(layout, &present)?;
            if opened.cursor <= end {
                let last = present.last().copied().unwrap_or(0);
                damaged = fill_gaps(layout, &present, last, &*opened.engine)?;
                if damaged.is_empty() {
                    return Ok((opened, damaged));
                }
                // What it says about the missing segments is wrong now.
                ("segments of the log are missing".to_owned(), end)
            } else {
                let ids = ids_in(&*opened.engine, end, opened.cursor)?;
                damaged = fill_gaps(layout, &present, opened.cursor.segment, &*opened.engine)?;
                damaged.push(Damage {
                    at: end,
                    bytes: 0,
                    kind: DamageKind::Truncated,
                    ids,
                });
                // Places in the log are never used twice: cursors kept elsewhere stay good.
                layout.create(opened.cursor.segment + 1)?;
                ("the log is shorter than it was".to_owned(), opened.cursor)
            }
        }
    };
    let last = present.last().copied().unwrap_or(0).max(beyond.segment);
    let empty = Memory::default();
    damaged.extend(fill_gaps(layout, &present, last, &empty)?);
    let engine: Arc<_> = match options.engine {
        Engine::Sled => engine::make(root, options, &layout.seal)?,
        Engine::Memory => Arc::new(empty),
    };
    // A new store has no projection yet: nothing was lost.
    let is_new = present.is_empty() && beyond == LogCursor::default();
    if !is_new {
        tracing::warn!(%why, "the projection is built anew");
        report.rebuilt_projection = Some(why);
    }
    let cursor = LogCursor::default();
    Ok((Opened { engine, cursor }, damaged))
}

/// Puts an empty segment in the place of each missing one, so that it is reported once.
fn fill_gaps(
    layout: &Layout,
    present: &BTreeSet<u32>,
    last: u32,
    engine: &dyn crate::projection::Projection,
) -> Result<Vec<Damage>, StoreError> {
    let mut damaged = Vec::new();
    let here = layout.list()?;
    for segment in (0..=last).filter(|segment| !here.contains(segment)) {
        layout.create(segment)?;
        if present.is_empty() && segment == 0 {
            continue;
        }
        let at = LogCursor { segment, offset: 0 };
        let to = LogCursor {
            segment: segment + 1,
            offset: 0,
        };
        damaged.push(Damage {
            at,
            bytes: 0,
            kind: DamageKind::MissingSegment,
            ids: ids_in(engine, at, to)?,
        });
    }
    Ok(damaged)
}

/// Where the last segment ends.
fn log_end(layout: &Layout, present: &BTreeSet<u32>) -> Result<LogCursor, StoreError> {
    let Some(&segment) = present.last() else {
        return Ok(LogCursor::default());
    };
    let len = layout.len(segment)?.max(SEGMENT_HEAD as u64);
    let offset = u32::try_from(len).unwrap_or(u32::MAX);
    Ok(LogCursor { segment, offset })
}
