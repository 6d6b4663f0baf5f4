//! Panics that are caught are told to the log, not to the terminal.
//!
//! sled panics on some damaged files. The panic is caught and the projection rebuilt; the person
//! should read that one sentence and no trace. A panic hook belongs to the whole process, so it is
//! set once and passes on every panic of other threads and other moments.

use std::{cell::Cell, panic, sync::Once};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}
static HOOK: Once = Once::new();

/// While it lives, panics of this thread go to `tracing`.
pub(crate) struct Quiet(());

impl Quiet {
    pub(crate) fn new() -> Self {
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if DEPTH.with(Cell::get) > 0 {
                    tracing::warn!(%info, "the projection's engine panicked");
                } else {
                    before(info);
                }
            }));
        });
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self(())
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}
