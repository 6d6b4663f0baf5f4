//! The projection in sled 0.34.7: one tree, values far below 4 KiB.

use std::{
    fs::File,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{Direction, quiet};

use super::{Changes, Projection, ProjectionError, Visit, memory::check};

/// See the module. No type of sled leaves this file.
pub(crate) struct SledTree {
    db: sled::Db,
    dir: PathBuf,
}

impl SledTree {
    /// Opens or makes the tree in `dir`. Damage makes sled fail or panic; both come back as an error.
    pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<Self, ProjectionError> {
        let open = || {
            guarded(|| {
                sled::Config::new()
                    .path(dir)
                    .cache_capacity(cache_bytes)
                    .mode(sled::Mode::LowSpace)
                    // Its own thread would wake for nothing: we flush when there is something to.
                    .flush_every_ms(None)
                    .open()
            })
        };
        let mut db = open();
        let start = Instant::now();
        while is_locked(&db) && start.elapsed() < LOCK_PATIENCE {
            sleep(LOCK_LOOK);
            db = open();
        }
        Ok(Self {
            db: db?,
            dir: dir.to_owned(),
        })
    }
}

/// sled's lock on its file outlives a close for a moment: its threads end later, and a process
/// forked meanwhile holds it until it runs its own program. The store's own lock says that nobody
/// else is here, so this is waited for, not taken for damage.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
/// How often the lock is tried.
const LOCK_LOOK: Duration = Duration::from_millis(10);

fn is_locked(opened: &Result<sled::Db, ProjectionError>) -> bool {
    matches!(opened, Err(error) if error.0.contains("could not acquire lock"))
}

impl Projection for SledTree {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProjectionError> {
        guarded(|| self.db.get(key)).map(|value| value.map(|value| value.to_vec()))
    }

    fn put_batch(&self, changes: &Changes) -> Result<(), ProjectionError> {
        check(changes)?;
        guarded(|| {
            let mut batch = sled::Batch::default();
            for (key, value) in changes {
                match value {
                    Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                    None => batch.remove(key.as_slice()),
                }
            }
            self.db.apply_batch(batch)
        })
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        visit: Visit<'_>,
    ) -> Result<(), ProjectionError> {
        if from >= to {
            return Ok(());
        }
        guarded(|| {
            let mut range = self.db.range(from..to);
            let mut next = || match direction {
                Direction::Forward => range.next(),
                Direction::Backward => range.next_back(),
            };
            while let Some(item) = next() {
                let (key, value) = item?;
                if visit(&key, &value) == ControlFlow::Break(()) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// sled's own flush ends in `sync_file_range`, which does not survive a power cut, so its file is
    /// synced behind it.
    fn flush(&self) -> Result<(), ProjectionError> {
        guarded(|| self.db.flush())?;
        let sync = |path: &Path| File::open(path).and_then(|file| file.sync_data());
        sync(&self.dir.join("db")).map_err(|error| ProjectionError(error.to_string()))
    }

    fn size(&self) -> Result<u64, ProjectionError> {
        guarded(|| self.db.size_on_disk())
    }
}

/// Runs a step of sled; its errors and its panics become one error.
fn guarded<T>(step: impl FnOnce() -> sled::Result<T>) -> Result<T, ProjectionError> {
    let _quiet = quiet::Quiet::new();
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result.map_err(|error| ProjectionError(error.to_string())),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Err(ProjectionError(format!(
                "panic: {}",
                text.unwrap_or("without a message")
            )))
        }
    }
}
