//! The record log and its sled projection.
//!
//! The append-only log is the truth: what [`Vault::commit`] returned for is on the disk, by one
//! `fdatasync` for the whole group. The projection (sled) only says where things lie and in which
//! order. It may lag behind the log, be lost or broken; it is then caught up or rebuilt from the log.
//! One thread of one process owns a vault.
//!
//! Folder: `FORMAT` (format version and checksum key), `lock`, `log/` (segments), `quarantine/`
//! (bytes cut from a torn tail), `CURRENT` and the `sled-…` folder that it names.

mod cipher;
mod convert;
mod copy;
mod cursor;
mod engine;
mod entry;
mod error;
mod files;
mod format;
#[doc(hidden)]
pub mod fuzzing;
mod index;
mod layout;
mod lock;
mod log;
mod open;
mod payload;
mod projection;
mod quiet;
mod replay;
mod stage;
mod state;
mod vault;

pub use copy::{LogFile, log_files};
pub use cursor::LogCursor;
pub use entry::{Author, Bundle, Entry, Fact, Logged, Stored};
pub use error::StoreError;
pub use lock::{Lies, StoreLock};
pub use open::{Damage, DamageKind, Engine, OpenReport, Options, Progress, TornTail};
pub use vault::{Compacted, Counts, Direction, Held, Tip, Vault};
