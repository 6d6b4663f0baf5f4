//! The search index as the engine feeds it: from the record log, in log order.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use folkmoot_api::{ApiError, Reply};
use folkmoot_library::{Flag, Item, ResolvedQuery, item};
use folkmoot_record::{CollectiveId, Kind, RecordId, Verified};
use folkmoot_seal::StoreKey;
use folkmoot_search::{
    Behind, Facet, FacetBy, Hits, Index, Opened, Options, Page, SearchError, Snapshot, Why,
};
use folkmoot_store::{LogCursor, Logged, StoreError, Vault};

use crate::{
    core::Core,
    finding::{brake::Brake, saved::SEARCH},
    keeping::{documents::Display, notes::MEMBERSHIP},
    membership::collective::Collective,
};

/// Log entries fed in one go while the index catches up: a few tens of milliseconds, so that
/// commands are answered in between. Tests see what lies between with fewer records.
const SLICE: usize = if cfg!(test) { 20 } else { 2_000 };

/// Fewer bytes of the log are read at once: nobody waits for that, and the newest records of a small
/// home wait for the next commit all the time.
const WORTH_BUILDING: u64 = 1 << 20;

/// Most pieces remembered that were shown while the index was behind: 32 bytes each.
const MOST_EARLY: usize = 100_000;

/// The index and how far it was fed.
#[derive(Debug)]
pub(crate) struct Library {
    dir: PathBuf,
    /// Seals its files.
    key: Option<StoreKey>,
    /// `None` between a fault and the next opening.
    index: Option<Index>,
    /// Where feeding goes on; `None` once the index has everything.
    behind: Option<LogCursor>,
    /// A writer that failed stays so: the index is opened again from its last commit.
    broken: bool,
    /// When it may be opened again after a fault.
    pub(crate) brake: Brake,
    /// What was shown while the log before it was still being read: it comes again in its turn.
    early: BTreeSet<RecordId>,
    /// The index may hold such pieces of an earlier sitting, or more than are remembered.
    resumed: bool,
    maintain_at: Option<u64>,
    why_rebuilt: Option<String>,
}

/// What can go wrong while feeding.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Library {
    /// Opens the index; one that cannot be read is thrown away and built again, and so is one of a
    /// log that `lost` records: it would still name them.
    pub(crate) fn open(
        dir: &Path,
        key: Option<StoreKey>,
        store: &Vault,
        lost: bool,
    ) -> Result<Self, SearchError> {
        let mut library = Self {
            dir: dir.to_owned(),
            key,
            index: None,
            behind: None,
            broken: false,
            brake: Brake::default(),
            early: BTreeSet::new(),
            resumed: false,
            maintain_at: None,
            why_rebuilt: None,
        };
        library.open_index(
            store,
            lost.then_some("it may name records that damage took"),
        )?;
        Ok(library)
    }

    /// `anew`: why what is there is thrown away.
    fn open_index(&mut self, store: &Vault, anew: Option<&str>) -> Result<(), SearchError> {
        // Only one may have the folder open.
        self.index = None;
        self.early.clear();
        self.resumed = false;
        let options = |rebuild| Options {
            rebuild,
            key: self.key.clone(),
        };
        let (index, opened) = match Index::open(&self.dir, &options(anew.is_some())) {
            Err(SearchError::Damaged(_)) => Index::open(&self.dir, &options(true))?,
            other => other?,
        };
        let from = match opened {
            Opened::Fresh => LogCursor::default(),
            Opened::Rebuilt { why } => {
                self.why_rebuilt = Some(anew.map_or(why, str::to_owned));
                LogCursor::default()
            }
            Opened::Resumed { cursor } => {
                self.resumed = true;
                cursor
                    .try_into()
                    .map_or_else(|_| LogCursor::default(), LogCursor::from_bytes)
            }
        };
        self.index = Some(index);
        self.behind = (from < store.cursor()).then_some(from);
        self.broken = false;
        Ok(())
    }

    fn index(&mut self) -> Result<&mut Index, SearchError> {
        self.index.as_mut().ok_or_else(closed)
    }

    /// Why the index is being built again, once.
    pub(crate) fn take_why_rebuilt(&mut self) -> Option<String> {
        self.why_rebuilt.take()
    }

    /// Whether it is between a fault and the next opening.
    pub(crate) const fn is_closed(&self) -> bool {
        self.broken
    }

    /// Whether results may be incomplete because the index is still being fed, or damaged.
    pub(crate) fn partial(&self) -> bool {
        self.behind.is_some() || self.is_faulty()
    }

    /// Whether it is to be opened again, or built again.
    pub(crate) fn is_faulty(&self) -> bool {
        self.broken || self.is_damaged()
    }

    /// While a fault that came back keeps it from being whole: how long until it is opened again, in
    /// milliseconds.
    pub(crate) fn waits(&self, mono: u64) -> Option<u64> {
        let wait = self.brake.until().saturating_sub(mono);
        (self.is_faulty() && wait > 0).then_some(wait)
    }

    /// Whether something that read the index found it damaged.
    pub(crate) fn is_damaged(&self) -> bool {
        self.index.as_ref().is_some_and(Index::is_damaged)
    }

    /// Opens the index again after a fault, and begins a new one where it is damaged, if it is time to;
    /// false where it is not yet.
    pub(crate) fn mend(&mut self, store: &Vault, mono: u64) -> Result<bool, SearchError> {
        if self.waits(mono).is_some() {
            return Ok(false);
        }
        let damaged = self.is_damaged();
        // Also where opening it fails.
        self.broken = true;
        if damaged {
            self.behind = Some(LogCursor::default());
        }
        let opened = self.open_index(store, damaged.then_some("it is damaged"));
        let anew = damaged || self.behind == Some(LogCursor::default());
        self.brake.tried(mono, anew);
        opened.map(|()| true)
    }

    /// Feeds one slice if it is time to; after a fault it is tried again later.
    pub(crate) fn catch_up_slice(
        &mut self,
        store: &Vault,
        collectives: &mut BTreeMap<CollectiveId, Collective>,
        mono: u64,
    ) -> Result<bool, FeedError> {
        if self.is_faulty() && !self.mend(store, mono)? {
            return Ok(false);
        }
        let fed = self.catch_up(store, collectives);
        self.broken |= fed.is_err();
        fed
    }

    /// Feeds one slice of the log; true while there is more.
    pub(crate) fn catch_up(
        &mut self,
        store: &Vault,
        collectives: &mut BTreeMap<CollectiveId, Collective>,
    ) -> Result<bool, FeedError> {
        let Some(from) = self.behind else {
            return Ok(false);
        };
        let mut slice = Slice::default();
        let mut seen = 0;
        let end = store.records_since(from, &mut |logged, _| {
            seen += 1;
            slice.add(store, logged);
            if seen < SLICE {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        let mut display = slice.display(store, collectives)?;
        // What is here already is taken out first, so that nothing is here twice.
        for item in &display.add {
            if self.resumed || self.early.contains(&item.id) {
                display.remove.push(item.id);
            }
        }
        self.index()?
            .change(display.remove, display.add, &end.to_bytes())?;
        let more = seen > 0 && end < store.cursor();
        self.behind = more.then_some(end);
        if !more {
            self.early.clear();
            self.resumed = false;
        }
        self.maintain_at = Some(0);
        Ok(more)
    }

    /// Content was stored and is to be shown, or is not to be shown any more. While the index is
    /// behind this holds at once, and it comes again in its turn.
    pub(crate) fn change(
        &mut self,
        display: Display,
        cursor: LogCursor,
    ) -> Result<(), SearchError> {
        if self.broken {
            return Ok(());
        }
        if self.behind.is_some() {
            self.early.extend(display.add.iter().map(|item| item.id));
            if self.early.len() > MOST_EARLY {
                self.early.clear();
                self.resumed = true;
            }
        }
        // The log before it has still to be read from there.
        let cursor = self.behind.unwrap_or(cursor);
        let changed = self.change_now(display, cursor);
        // What was missed comes again from the log, after the index was opened again.
        self.broken |= changed.is_err();
        changed
    }

    /// What is to be shown could not be read: it comes again from the log.
    pub(crate) fn missed(&mut self, error: &StoreError) -> SearchError {
        self.broken = true;
        SearchError::Writer(error.to_string())
    }

    fn change_now(&mut self, display: Display, cursor: LogCursor) -> Result<(), SearchError> {
        let shows = !display.add.is_empty();
        self.index()?
            .change(display.remove, display.add, &cursor.to_bytes())?;
        if shows {
            self.maintain_at = Some(0);
        }
        Ok(())
    }

    /// Commits when it is time to.
    pub(crate) fn maintain(&mut self, mono: u64) {
        if self.maintain_at.is_some_and(|at| at <= mono) {
            self.maintain_at = match self.index().and_then(|index| index.maintain(mono)) {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "the index could not be committed");
                    self.broken = true;
                    None
                }
            };
        }
    }

    /// When [`Library::maintain`] or [`Library::catch_up`] is due, monotonic milliseconds.
    pub(crate) fn deadline(&self) -> Option<u64> {
        if self.is_faulty() {
            Some(self.brake.until())
        } else if self.partial() {
            Some(0)
        } else {
            self.maintain_at
        }
    }

    pub(crate) fn search(&self, query: &ResolvedQuery, page: Page) -> Result<Hits, SearchError> {
        self.index.as_ref().ok_or_else(closed)?.search(query, page)
    }

    /// A page of a list behind a place.
    pub(crate) fn behind(
        &self,
        query: &ResolvedQuery,
        place: Behind,
        limit: usize,
    ) -> Result<Hits, SearchError> {
        let index = self.index.as_ref().ok_or_else(closed)?;
        index.snapshot().behind(query, place, limit)
    }

    /// Counts what fits the query.
    pub(crate) fn facets(
        &self,
        query: &ResolvedQuery,
        by: &FacetBy,
        limit: usize,
    ) -> Result<Vec<Facet>, SearchError> {
        let index = self.index.as_ref().ok_or_else(closed)?;
        index.facets(query, by, limit)
    }

    /// The words by which an item is told from others.
    pub(crate) fn telling(&self, item: &Item, most: usize) -> Result<Vec<String>, SearchError> {
        let index = self.index.as_ref().ok_or_else(closed)?;
        index.snapshot().telling(item, most)
    }

    /// Which of these have versions side by side.
    pub(crate) fn unmerged(&self, ids: &[RecordId]) -> BTreeSet<RecordId> {
        let index = self.index.as_ref().ok_or_else(closed);
        index
            .and_then(|index| index.snapshot().flagged(ids, Flag::Unmerged))
            .unwrap_or_default()
    }

    /// While it is being fed: how much of the log it has read, in percent.
    ///
    /// # Errors
    /// Where the sizes of the log's files cannot be read.
    pub(crate) fn built(&self, store: &Vault) -> Result<Option<u8>, StoreError> {
        if self.broken {
            return Ok(Some(0));
        }
        let Some(behind) = self.behind else {
            return Ok(None);
        };
        let read = store.bytes_until(behind)?;
        let whole = store.bytes_until(store.cursor())?;
        if whole.saturating_sub(read) < WORTH_BUILDING {
            return Ok(None);
        }
        // It is whole only when nothing is left.
        Ok(u8::try_from((read * 100 / whole.max(1)).min(99)).ok())
    }

    /// Why these hits stand where they do.
    pub(crate) fn explain(
        &self,
        query: &ResolvedQuery,
        hits: &[Item],
    ) -> Result<Vec<Why>, SearchError> {
        let index = self.index.as_ref().ok_or_else(closed)?;
        index.snapshot().explain(query, hits)
    }

    /// Words of the index like this one.
    pub(crate) fn similar_words(&self, word: &str, most: usize) -> Vec<String> {
        self.similar(|snapshot| snapshot.similar(word, most))
    }

    /// Tags of the index like this one.
    pub(crate) fn similar_tags(&self, tag: &str, most: usize) -> Vec<String> {
        self.similar(|snapshot| snapshot.similar_tags(tag, most))
    }

    /// Tags that begin so, folded.
    pub(crate) fn tags_beginning(&self, stem: &str, most: usize) -> Vec<String> {
        self.similar(|snapshot| snapshot.tags_beginning(stem, most))
    }

    fn similar(
        &self,
        look: impl FnOnce(&Snapshot) -> Result<Vec<String>, SearchError>,
    ) -> Vec<String> {
        let index = self.index.as_ref().ok_or_else(closed);
        index
            .and_then(|index| look(&index.snapshot()))
            .unwrap_or_default()
    }

    /// Bytes of its files.
    ///
    /// # Errors
    /// Where it is not open, or its folder cannot be read.
    pub(crate) fn size(&self) -> Result<u64, SearchError> {
        self.index.as_ref().ok_or_else(closed)?.size()
    }

    /// Records that the committed index does not have yet. They are found all the same.
    pub(crate) fn uncommitted(&self) -> u64 {
        self.index
            .as_ref()
            .map_or(0, |index| index.waiting() as u64)
    }

    /// Waits until all that it has lies on the disk.
    #[cfg(test)]
    pub(crate) fn commit(&mut self) -> Result<(), SearchError> {
        self.index()?.commit()
    }

    pub(crate) fn close(self) -> Result<(), SearchError> {
        self.index.map_or(Ok(()), Index::close)
    }
}

impl Core {
    /// Answers what asks the index; where it turns out damaged, once more with a new one. A node builds
    /// it while it serves, so its answer is of what there is so far.
    pub(crate) fn mending(
        &mut self,
        ask: impl Fn(&mut Self) -> Result<Reply, ApiError>,
    ) -> Result<Reply, ApiError> {
        let answer = ask(self);
        if !self.library.is_damaged() {
            return answer;
        }
        match self.library.mend(&self.store, self.clock.mono()) {
            // It was mended a moment ago: `status` tells when it is tried again.
            Ok(false) => answer,
            Ok(true) => {
                self.warn("the search index was damaged; it is being built again".to_owned());
                ask(self)
            }
            Err(error) => {
                self.warn(format!("the index cannot be opened: {error}"));
                answer
            }
        }
    }

    /// Puts content into the index, or takes it out.
    pub(crate) fn show(&mut self, cid: CollectiveId, shown: &[Verified], unshown: &[RecordId]) {
        self.show_as(cid, shown, unshown, false);
    }

    /// The same; `fresh` where nothing can bear on what is shown yet.
    pub(crate) fn show_as(
        &mut self,
        cid: CollectiveId,
        shown: &[Verified],
        unshown: &[RecordId],
        fresh: bool,
    ) {
        if let Some(collective) = self.collectives.get_mut(&cid) {
            collective.learn_purges(&self.store, shown);
            let unshown = collective.purges_among(&self.store, unshown);
            collective.learn_purges(&self.store, &unshown);
        }
        if self.library.is_closed() {
            // It comes to it in its turn.
            return;
        }
        let display = match self.collectives.get_mut(&cid) {
            Some(collective) => collective.display(&self.store, shown, unshown, fresh),
            None => Ok(Display::plain(shown, unshown)),
        };
        let changed = match display {
            Ok(display) => self.library.change(display, self.store.cursor()),
            Err(error) => Err(self.library.missed(&error)),
        };
        if let Err(error) = changed {
            tracing::error!(%cid, %error, "the index failed");
            self.warn(format!(
                "the index failed: {error}; it goes on from what it has"
            ));
        }
    }
}

fn closed() -> SearchError {
    SearchError::Writer("it is being opened again".to_owned())
}

/// What people look for: not the node's own list of memberships, nor saved searches, nor the
/// names that members show, which stand in lists of their own.
pub(crate) fn findable(record: &Verified) -> Option<Item> {
    let kind = record.header().kind;
    (!matches!(kind, MEMBERSHIP | SEARCH | Kind::PROFILE))
        .then(|| item(record))
        .flatten()
}

/// What a stretch of the log touches. What is to be shown of it is decided at its end, by what the
/// store has then: it may have changed again.
#[derive(Debug, Default)]
struct Slice {
    touched: BTreeMap<RecordId, Verified>,
    gone: Vec<RecordId>,
}

impl Slice {
    fn add(&mut self, store: &Vault, logged: Logged) {
        match logged {
            Logged::Record(record, _) | Logged::Body(record) => {
                if record.header().kind.is_content() {
                    self.touched.insert(record.id(), record);
                }
            }
            Logged::Erase(id) => {
                self.touched.remove(&id);
                self.gone.push(id);
            }
            Logged::Mark(id, _) => {
                self.gone.push(id);
                if let Some(record) = crate::exchange::holdings::read(store, &id) {
                    self.touched.insert(id, record);
                }
            }
            Logged::Other => {}
        }
    }

    fn display(
        self,
        store: &Vault,
        collectives: &mut BTreeMap<CollectiveId, Collective>,
    ) -> Result<Display, StoreError> {
        let mut shown: BTreeMap<Option<CollectiveId>, Vec<Verified>> = BTreeMap::new();
        for (id, record) in self.touched {
            if store.mark(&id)? == 0 {
                shown.entry(record.header().cid).or_default().push(record);
            }
        }
        let mut gone: BTreeMap<Option<CollectiveId>, Vec<RecordId>> = BTreeMap::new();
        for id in self.gone {
            let cid =
                crate::exchange::holdings::read(store, &id).and_then(|record| record.header().cid);
            gone.entry(cid).or_default().push(id);
            shown.entry(cid).or_default();
        }
        let mut display = Display::default();
        for (cid, shown) in shown {
            let unshown = gone.remove(&cid).unwrap_or_default();
            let collective = cid.and_then(|cid| collectives.get_mut(&cid));
            display.append(match collective {
                Some(collective) => collective.display(store, &shown, &unshown, false)?,
                None => Display::plain(&shown, &unshown),
            });
        }
        Ok(display)
    }
}
