//! Reading what may be damaged.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::SearchError;

thread_local! {
    /// Whether this thread reads what may be damaged: panics are told as errors then.
    static READS: Cell<bool> = const { Cell::new(false) };
}

/// Whether the index was found damaged: known to it and to all snapshots of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damage(Arc<AtomicBool>);

impl Damage {
    pub(crate) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs what reads the index. A damaged file can break any assumption of the code that reads
    /// it; that must cost the caller this one answer and nothing else.
    pub(crate) fn guarded<T>(
        &self,
        read: impl FnOnce() -> tantivy::Result<T>,
    ) -> Result<T, SearchError> {
        let result = match quietly(read) {
            Some(result) => result.map_err(|error| SearchError::Damaged(error.to_string())),
            None => Err(SearchError::Damaged("reading it failed badly".into())),
        };
        if result.is_err() {
            self.0.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// Runs it; `None` if it panicked, of which nothing is printed.
pub(crate) fn quietly<T>(read: impl FnOnce() -> T) -> Option<T> {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            // A thread that ends has no such place any more.
            if READS.try_with(Cell::get).unwrap_or(false) {
                tracing::debug!(%info, "the index is damaged");
            } else {
                before(info);
            }
        }));
    });
    let outer = READS.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    READS.set(outer);
    result.ok()
}
