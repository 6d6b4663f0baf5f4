//! One stream of `/folkmoot/sync/1`: runs of set reconciliation (section 7.6).
//!
//! A stream carries any number of runs one after the other, each begun by `[1]` and ended by
//! `[5]` of both sides. The opener's `[5]` says that it wants and has nothing more; the other
//! side answers `[5]` when everything it received in the run was judged. So a next run sees all
//! that the one before moved, and a run without any difference shows that the sets are equal.

mod client;
mod server;

pub(crate) use client::{Client, Outcome};
pub(crate) use server::Server;

use negentropy::{Negentropy, NegentropyStorageBase};

use crate::{fault::Fault, limits};

const LIBRARY: &str = "a reconciliation message that cannot be read";

/// A negentropy over a part of a snapshot; it keeps no state between messages.
pub(crate) fn negentropy<T: NegentropyStorageBase>(view: &T) -> Result<Negentropy<'_, T>, Fault> {
    Negentropy::borrowed(view, limits::RECONCILE).map_err(|_| Fault::Malformed(LIBRARY))
}
