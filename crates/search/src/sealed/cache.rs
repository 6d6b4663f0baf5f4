//! Blocks of sealed files that were opened and are likely to be asked for again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Most bytes that are kept open: the lists of common words of a million records. What is beyond is
/// opened each time, at about a gigabyte a second.
const BYTES_MOST: usize = 64 << 20;

/// A block of a file: the number of each.
pub(crate) type Place = (u64, usize);

/// Blocks by use, the one not asked for the longest goes first.
#[derive(Default)]
pub(crate) struct Cache {
    blocks: BTreeMap<Place, (Arc<[u8]>, u64)>,
    /// Uses in order; one that is not the last of its block is passed over.
    uses: VecDeque<(Place, u64)>,
    bytes: usize,
    clock: u64,
}

impl Cache {
    pub(crate) fn get(&mut self, place: Place) -> Option<Arc<[u8]>> {
        let (block, used) = self.blocks.get_mut(&place)?;
        self.clock += 1;
        *used = self.clock;
        let block = Arc::clone(block);
        self.uses.push_back((place, self.clock));
        self.tidy();
        Some(block)
    }

    pub(crate) fn put(&mut self, place: Place, block: &Arc<[u8]>) {
        self.clock += 1;
        let old = self.blocks.insert(place, (Arc::clone(block), self.clock));
        self.bytes += block.len();
        self.bytes -= old.map_or(0, |(block, _)| block.len());
        self.uses.push_back((place, self.clock));
        while self.bytes > BYTES_MOST {
            let Some((place, used)) = self.uses.pop_front() else {
                break;
            };
            let last = self.blocks.get(&place).map(|(_, last)| *last);
            if last == Some(used) {
                self.drop_block(place);
            }
        }
        self.tidy();
    }

    /// A file is read no more.
    pub(crate) fn forget(&mut self, file: u64) {
        let range = self.blocks.range((file, 0)..(file + 1, 0));
        let places: Vec<Place> = range.map(|(place, _)| *place).collect();
        for place in places {
            self.drop_block(place);
        }
    }

    fn drop_block(&mut self, place: Place) {
        if let Some((block, _)) = self.blocks.remove(&place) {
            self.bytes -= block.len();
        }
    }

    /// Passed-over uses do not gather.
    fn tidy(&mut self) {
        if self.uses.len() > 2 * self.blocks.len() + 64 {
            let blocks = &self.blocks;
            self.uses
                .retain(|(place, used)| blocks.get(place).is_some_and(|(_, last)| last == used));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_the_longest_goes_first() {
        let mut cache = Cache::default();
        let quarter: Arc<[u8]> = vec![7; BYTES_MOST / 4].into();
        for file in 0..4 {
            cache.put((file, 0), &quarter);
        }
        for _ in 0..1_000 {
            assert!(cache.get((0, 0)).is_some());
        }
        assert!(cache.uses.len() < 100);
        cache.put((4, 0), &quarter);
        assert!(cache.get((0, 0)).is_some());
        assert!(cache.get((1, 0)).is_none());
        assert_eq!(cache.bytes, 4 * quarter.len());
        cache.forget(0);
        assert!(cache.get((0, 0)).is_none());
        assert!(cache.get((4, 0)).is_some());
        assert_eq!(cache.bytes, 3 * quarter.len());
    }
}
