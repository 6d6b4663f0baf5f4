//! The projection as readers see it: what is not yet applied to it lies over it in memory.
//!
//! Changes gather in `fresh`. When there are enough of them they become `frozen` and a thread applies
//! them to the engine, while `fresh` fills again. So the engine sees few, large, sorted batches, and a
//! commit waits for it only when it cannot keep up.

use std::{
    collections::btree_map,
    iter::Peekable,
    ops::{Bound, ControlFlow},
    sync::Arc,
    thread::{self, JoinHandle},
};

use crate::{
    Direction, StoreError,
    projection::{Changes, Projection, ProjectionError, Visit},
};

/// Keys that gather before they are applied: about 1,500 records. After a kill at most about twice
/// that is replayed. sled frees nothing while it applies a batch: larger ones cost memory (24,000 keys
/// took 100 MiB more), smaller ones disk.
const FRESH_MOST: usize = 3_000;
/// Keys that may gather while the disk is too full for the projection to grow.
const FULL_MOST: usize = 64 * FRESH_MOST;

struct Frozen {
    changes: Arc<Changes>,
    job: JoinHandle<Result<(), ProjectionError>>,
}

/// See the module.
pub(crate) struct Index {
    fresh: Changes,
    frozen: Option<Frozen>,
    engine: Arc<dyn Projection>,
    /// Why the engine can no longer be relied on. What it did not take is in the log.
    failed: Option<ProjectionError>,
}

impl From<ProjectionError> for StoreError {
    fn from(error: ProjectionError) -> Self {
        Self::Projection(error.0)
    }
}

impl Index {
    pub(crate) fn new(engine: Arc<dyn Projection>) -> Self {
        Self {
            fresh: Changes::new(),
            frozen: None,
            engine,
            failed: None,
        }
    }

    /// In the place of one whose engine is being opened again: it gives and takes nothing.
    pub(crate) fn closed() -> Self {
        let mut index = Self::new(Arc::new(Closed));
        index.failed = Some(Closed::error());
        index
    }

    /// As if the engine had failed.
    #[cfg(test)]
    pub(crate) fn fail(&mut self, error: ProjectionError) {
        self.failed = Some(error);
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let over = self.fresh.get(key).or_else(|| {
            let frozen = self.frozen.as_ref()?;
            frozen.changes.get(key)
        });
        match over {
            Some(value) => Ok(value.clone()),
            None => Ok(self.engine.get(key)?),
        }
    }

    /// Visits the keys from `from` to `to` exclusive in the given direction, until told to stop.
    pub(crate) fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        if from >= to {
            return Ok(());
        }
        let frozen = self.frozen.as_ref().map(|frozen| &*frozen.changes);
        let mut over = Over {
            fresh: Side::new(&self.fresh, from, to, direction).peekable(),
            frozen: frozen.map(|changes| Side::new(changes, from, to, direction).peekable()),
            direction,
        };
        let mut stopped = false;
        self.engine.scan(from, to, direction, &mut |key, value| {
            while let Some((newer, change)) = over.next_up_to(key) {
                let flow = match change {
                    Some(value) => visit(newer, value),
                    None => ControlFlow::Continue(()),
                };
                stopped = flow.is_break();
                if stopped || newer == key {
                    return flow;
                }
            }
            let flow = visit(key, value);
            stopped = flow.is_break();
            flow
        })?;
        while !stopped && let Some((key, change)) = over.next() {
            stopped = change.is_some_and(|value| visit(key, value).is_break());
        }
        Ok(())
    }

    /// Takes changes in. They are seen at once.
    pub(crate) fn add(&mut self, changes: Changes) {
        if self.fresh.is_empty() {
            self.fresh = changes;
        } else {
            self.fresh.extend(changes);
        }
    }

    /// Whether a batch is due.
    pub(crate) fn is_due(&self) -> bool {
        self.fresh.len() >= FRESH_MOST
    }

    /// Whether no more may gather.
    pub(crate) fn is_full(&self) -> bool {
        self.fresh.len() >= FULL_MOST
    }

    /// Begins to apply what has gathered. Waits if the batch before it is still being applied.
    pub(crate) fn freeze(&mut self) {
        self.join();
        if self.failed.is_some() || self.fresh.is_empty() {
            return;
        }
        let changes = Arc::new(std::mem::take(&mut self.fresh));
        let engine = Arc::clone(&self.engine);
        let theirs = Arc::clone(&changes);
        let work = move || {
            engine.put_batch(&theirs)?;
            engine.flush()
        };
        match thread::Builder::new()
            .name("projection".to_owned())
            .spawn(work)
        {
            Ok(job) => self.frozen = Some(Frozen { changes, job }),
            // No thread to be had: the changes gather on, and it is tried again.
            Err(error) => {
                tracing::warn!(%error, "no thread for the projection");
                self.fresh = Arc::unwrap_or_clone(changes);
            }
        }
    }

    /// Takes note of a batch that is done; does not wait.
    pub(crate) fn reap(&mut self) {
        if self
            .frozen
            .as_ref()
            .is_some_and(|frozen| frozen.job.is_finished())
        {
            self.join();
        }
    }

    /// Applies everything and makes it durable.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        self.freeze();
        self.join();
        self.failed
            .clone()
            .map_or(Ok(()), |error| Err(error.into()))
    }

    pub(crate) fn failed(&self) -> Option<&ProjectionError> {
        self.failed.as_ref()
    }

    pub(crate) fn size(&self) -> Result<u64, StoreError> {
        Ok(self.engine.size()?)
    }

    fn join(&mut self) {
        let Some(Frozen { changes, job }) = self.frozen.take() else {
            return;
        };
        let result = job
            .join()
            .unwrap_or_else(|_| Err(ProjectionError("its thread panicked".to_owned())));
        if let Err(error) = result {
            tracing::warn!(%error, "the projection failed; it will be mended from the log");
            // Readers must go on seeing them.
            let newer = std::mem::replace(&mut self.fresh, Arc::unwrap_or_clone(changes));
            self.fresh.extend(newer);
            self.failed = Some(error);
        }
    }
}

impl Drop for Index {
    /// The thread holds the engine, which must be closed before another one opens its folder.
    fn drop(&mut self) {
        self.join();
    }
}

/// No engine.
struct Closed;

impl Closed {
    fn error() -> ProjectionError {
        ProjectionError("it could not be opened again".to_owned())
    }
}

impl Projection for Closed {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, ProjectionError> {
        Err(Self::error())
    }

    fn put_batch(&self, _: &Changes) -> Result<(), ProjectionError> {
        Err(Self::error())
    }

    fn scan(&self, _: &[u8], _: &[u8], _: Direction, _: Visit<'_>) -> Result<(), ProjectionError> {
        Err(Self::error())
    }

    fn flush(&self) -> Result<(), ProjectionError> {
        Err(Self::error())
    }

    fn size(&self) -> Result<u64, ProjectionError> {
        Err(Self::error())
    }
}

/// One layer of changes in a range, in one direction.
struct Side<'a> {
    range: btree_map::Range<'a, Vec<u8>, Option<Vec<u8>>>,
    direction: Direction,
}

impl<'a> Side<'a> {
    fn new(changes: &'a Changes, from: &[u8], to: &[u8], direction: Direction) -> Self {
        let range = changes.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        Self { range, direction }
    }
}

impl<'a> Iterator for Side<'a> {
    type Item = (&'a [u8], Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = match self.direction {
            Direction::Forward => self.range.next(),
            Direction::Backward => self.range.next_back(),
        }?;
        Some((key, value.as_deref()))
    }
}

/// Both layers; where both have a key, the fresh one counts.
struct Over<'a> {
    fresh: Peekable<Side<'a>>,
    frozen: Option<Peekable<Side<'a>>>,
    direction: Direction,
}

impl<'a> Over<'a> {
    fn first(&mut self) -> Option<&'a [u8]> {
        let fresh = self.fresh.peek().map(|item| item.0);
        let frozen = self
            .frozen
            .as_mut()
            .and_then(|side| side.peek().map(|item| item.0));
        match (fresh, frozen) {
            (Some(a), Some(b)) => Some(if before(self.direction, b, a) { b } else { a }),
            (a, b) => a.or(b),
        }
    }

    fn next(&mut self) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        let key = self.first()?;
        let fresh = self.fresh.next_if(|item| item.0 == key);
        let frozen = self
            .frozen
            .as_mut()
            .and_then(|side| side.next_if(|item| item.0 == key));
        fresh.or(frozen)
    }

    /// The next one that does not come behind `key`.
    fn next_up_to(&mut self, key: &[u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        let first = self.first()?;
        if before(self.direction, key, first) {
            return None;
        }
        self.next()
    }
}

fn before(direction: Direction, a: &[u8], b: &[u8]) -> bool {
    match direction {
        Direction::Forward => a < b,
        Direction::Backward => a > b,
    }
}
