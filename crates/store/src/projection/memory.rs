//! The model: a sorted map in memory. It refuses what the disk could not hold well, so that whoever
//! passes it passes sled too.

use std::{
    ops::{Bound, ControlFlow},
    sync::{PoisonError, RwLock},
};

use crate::Direction;

use super::{Changes, Projection, ProjectionError, Visit};

/// Most bytes of a key: sled keeps keys in its inner nodes.
pub(crate) const KEY_MOST: usize = 300;
/// Most bytes of a value: above it sled may write files of their own that it never syncs.
pub(crate) const VALUE_MOST: usize = 4_096 + 64;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    map: RwLock<std::collections::BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Projection for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProjectionError> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        Ok(map.get(key).cloned())
    }

    fn put_batch(&self, changes: &Changes) -> Result<(), ProjectionError> {
        check(changes)?;
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in changes {
            match value {
                Some(value) => map.insert(key.clone(), value.clone()),
                None => map.remove(key),
            };
        }
        Ok(())
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
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let mut range = map.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        let mut next = || match direction {
            Direction::Forward => range.next(),
            Direction::Backward => range.next_back(),
        };
        while let Some((key, value)) = next() {
            if visit(key, value) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), ProjectionError> {
        Ok(())
    }

    fn size(&self) -> Result<u64, ProjectionError> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        Ok(map
            .iter()
            .map(|(key, value)| (key.len() + value.len()) as u64)
            .sum())
    }
}

/// Refuses keys and values beyond the bounds; both engines ask here.
pub(super) fn check(changes: &Changes) -> Result<(), ProjectionError> {
    for (key, value) in changes {
        let size = value.as_ref().map_or(0, Vec::len);
        if key.is_empty() || key.len() > KEY_MOST || size > VALUE_MOST {
            return Err(ProjectionError(format!(
                "a key of {} bytes with a value of {size} bytes",
                key.len()
            )));
        }
    }
    Ok(())
}
