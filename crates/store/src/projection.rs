//! The projection: a sorted map on the disk that may lag behind the log and may be lost.

#[cfg(test)]
mod contract;
mod memory;
mod sled_tree;

use std::{collections::BTreeMap, ops::ControlFlow};

pub(crate) use memory::Memory;
pub(crate) use sled_tree::SledTree;

use crate::Direction;

/// Changes by key; `None` removes.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Called with each key and value of a scan.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// What the engine of the projection says went wrong.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ProjectionError(pub(crate) String);

/// What the store needs of an engine. The contract suite is the meaning of these methods.
pub(crate) trait Projection: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProjectionError>;

    /// Makes all changes or none, as readers see it and across a crash. A batch may be lost at a
    /// crash until [`Self::flush`] returned, but never while a later one is kept.
    fn put_batch(&self, changes: &Changes) -> Result<(), ProjectionError>;

    /// Visits the keys from `from` to `to` exclusive in the given direction, until told to stop.
    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        visit: Visit<'_>,
    ) -> Result<(), ProjectionError>;

    /// Makes everything durable.
    fn flush(&self) -> Result<(), ProjectionError>;

    /// Bytes on the disk, as far as the engine knows.
    fn size(&self) -> Result<u64, ProjectionError>;
}
