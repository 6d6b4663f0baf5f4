//! The owner's side of the index: adding, removing, committing.

use std::path::Path;

use folkmoot_library::{Item, ResolvedQuery};
use folkmoot_record::RecordId;

use crate::{Facet, FacetBy, Hits, Page, SearchError, Snapshot};

/// How to open.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Throw away what is there.
    pub rebuild: bool,
}

/// How the index was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// There was none. Feed everything.
    Fresh,
    /// It holds everything up to this cursor. Feed what follows.
    Resumed {
        /// The cursor of the last commit.
        cursor: Vec<u8>,
    },
    /// It was damaged or of another version and was thrown away. Feed everything.
    Rebuilt {
        /// In words.
        why: String,
    },
}

/// The index, with its writer thread. One owner; others search by [`Snapshot`]s.
#[derive(Debug)]
pub struct Index {}

impl Index {
    /// Opens or makes the index in a folder.
    ///
    /// # Errors
    /// [`SearchError::InUse`], [`SearchError::Io`].
    pub fn open(dir: &Path, options: &Options) -> Result<(Self, Opened), SearchError> {
        let _ = (dir, options);
        Ok((Self {}, Opened::Fresh))
    }

    /// Adds items, found from now on. `cursor` says up to where the store has been fed with them.
    /// Each id once: to add one again, [`remove`](Self::remove) it first.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn add(
        &mut self,
        items: impl IntoIterator<Item = Item>,
        cursor: &[u8],
    ) -> Result<(), SearchError> {
        let _ = (items.into_iter().count(), cursor);
        Ok(())
    }

    /// Removes items, not found from now on.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn remove(
        &mut self,
        ids: impl IntoIterator<Item = RecordId>,
        cursor: &[u8],
    ) -> Result<(), SearchError> {
        let _ = (ids.into_iter().count(), cursor);
        Ok(())
    }

    /// Does what is due: commits once nothing was added for a while. Gives the time of the next
    /// call that is needed, `None` if nothing is left to do. Times in milliseconds of any clock
    /// that does not go back.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn maintain(&mut self, now_ms: u64) -> Result<Option<u64>, SearchError> {
        let _ = now_ms;
        Ok(None)
    }

    /// Commits and waits until it is done.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn commit(&mut self) -> Result<(), SearchError> {
        Ok(())
    }

    /// Commits and closes.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn close(mut self) -> Result<(), SearchError> {
        self.commit()
    }

    /// The cursor of the last commit; empty before the first.
    pub fn cursor(&self) -> Vec<u8> {
        Vec::new()
    }

    /// What is here now, for searching on this or another thread.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {}
    }

    /// What fits the query.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn search(&self, query: &ResolvedQuery, page: Page) -> Result<Hits, SearchError> {
        self.snapshot().search(query, page)
    }

    /// Counts what fits the query by tag, kind or month; at most `limit` values.
    ///
    /// # Errors
    /// [`SearchError::Damaged`].
    pub fn facets(
        &self,
        query: &ResolvedQuery,
        by: &FacetBy,
        limit: usize,
    ) -> Result<Vec<Facet>, SearchError> {
        self.snapshot().facets(query, by, limit)
    }

    /// Number of items that can be found.
    pub fn docs(&self) -> u64 {
        self.snapshot().docs()
    }

    /// Bytes on disk.
    ///
    /// # Errors
    /// [`SearchError::Io`].
    pub fn size(&self) -> Result<u64, SearchError> {
        Ok(0)
    }
}
