//! The owner's side of the index: adding, removing, committing.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use folkmoot_library::{Item, ResolvedQuery, Searchable};
use folkmoot_record::RecordId;
use folkmoot_seal::StoreKey;

use crate::{
    Facet, FacetBy, Hits, Page, SearchError, Snapshot,
    guard::{Damage, quietly},
    open::{self, Lock, Parts},
    schema::{Maker, schema},
    tail::{Batch, Change, Tail},
    writer::{Order, Published, Report, Shelf, Writer},
};

/// A commit is asked for when so many items wait for it: few enough to be judged in memory with
/// each query in a few milliseconds, enough to make a segment worth its merging.
pub const COMMIT_ITEMS: usize = 8_000;
/// The same by size, for long texts.
pub const COMMIT_BYTES: usize = 16 << 20;
/// Most items that wait while a commit goes on; then additions wait for it.
pub const MOST_WAITING: usize = 3 * COMMIT_ITEMS;
/// The same by size: about the memory that the tail may take.
pub const MOST_WAITING_BYTES: usize = 3 * COMMIT_BYTES;
/// A commit is made when nothing was added for so long.
pub const IDLE_MS: u64 = 2_000;
/// A commit is made at the latest so long after an addition, however steadily more come.
pub const LATEST_MS: u64 = 30_000;

/// How to open.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Throw away what is there.
    pub rebuild: bool,
    /// Seals the files. An index that lies in the open, or is sealed by another key, is built anew.
    pub key: Option<StoreKey>,
}

/// How the index was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// There was none. Feed everything.
    Fresh,
    /// It holds everything up to this cursor. Feed what follows; everything if it is empty.
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
///
/// Dropping it stops the thread without a commit: what was not committed must be fed again, from
/// the cursor on. [`close`](Self::close) commits first.
#[derive(Debug)]
pub struct Index {
    tail: Tail,
    shelf: Arc<Shelf>,
    /// Number of the last batch, and the cursor that came with it.
    seq: u64,
    cursor: Vec<u8>,
    /// The last batch of which the writer was asked to commit; the same as `shelf`'s if done.
    asked: u64,
    quiet: Option<Quiet>,
    failed: Option<String>,
    orders: Option<mpsc::Sender<Order>>,
    reports: mpsc::Receiver<Report>,
    thread: Option<JoinHandle<()>>,
    lock: Lock,
    /// Once known, the next opening verifies everything.
    damage: Damage,
}

/// Since when what waits has waited.
#[derive(Debug, Clone, Copy)]
struct Quiet {
    seq: u64,
    since: u64,
    first: u64,
}

impl Index {
    /// Opens or makes the index in a folder.
    ///
    /// # Errors
    /// [`SearchError::InUse`], [`SearchError::Io`].
    pub fn open(folder: &Path, options: &Options) -> Result<(Self, Opened), SearchError> {
        match Self::begin(folder, options) {
            // Some damage shows only when the columns are read.
            Err(SearchError::Damaged(why)) if !options.rebuild => {
                let (index, _) = Self::begin(
                    folder,
                    &Options {
                        rebuild: true,
                        ..options.clone()
                    },
                )?;
                Ok((index, Opened::Rebuilt { why }))
            }
            other => other,
        }
    }

    fn begin(folder: &Path, options: &Options) -> Result<(Self, Opened), SearchError> {
        let (parts, opened) = open::open(folder, options)?;
        let failed = |error: String| SearchError::Io {
            folder: folder.to_owned(),
            source: io::Error::other(error),
        };
        let Parts {
            writer,
            reader,
            fields,
            cursor,
            lock,
        } = parts;
        let publish = || Published::open(0, cursor.clone(), reader.searcher(), fields, None);
        let published = match quietly(publish) {
            Some(Ok(published)) => published,
            Some(Err(error)) => return Err(SearchError::Damaged(error.to_string())),
            None => return Err(SearchError::Damaged("reading it failed badly".to_owned())),
        };
        let shelf = Arc::new(Shelf::new(published));
        let maker =
            Maker::new(&schema().0, fields).ok_or_else(|| failed("no such field".into()))?;
        let (orders, receiver) = mpsc::channel();
        let (sender, reports) = mpsc::channel();
        let writer = Writer {
            writer,
            reader,
            fields,
            maker,
            shelf: Arc::clone(&shelf),
        };
        let thread = writer
            .start(receiver, sender)
            .map_err(|source| SearchError::Io {
                folder: folder.to_owned(),
                source,
            })?;
        let index = Self {
            tail: Tail::default(),
            shelf,
            seq: 0,
            cursor,
            asked: 0,
            quiet: None,
            failed: None,
            orders: Some(orders),
            reports,
            thread: Some(thread),
            lock,
            damage: Damage::default(),
        };
        Ok((index, opened))
    }

    /// Removes, and then adds items: found, or not, from now on. `cursor` says up to where the
    /// store has been fed with both; it is opaque here, and no commit has it before it has both.
    /// Each item once: to add one again, remove it with the same call or an earlier one. Ids that
    /// are not here are no error. Quick, unless [`MOST_WAITING`] wait: then it waits for the commit.
    ///
    /// # Errors
    /// [`SearchError::Writer`]; the cursor stays where it was.
    pub fn change(
        &mut self,
        remove: impl IntoIterator<Item = RecordId>,
        add: impl IntoIterator<Item = Item>,
        cursor: &[u8],
    ) -> Result<(), SearchError> {
        self.make_room()?;
        self.hand_in(Change::Remove(remove.into_iter().collect()))?;
        let items = add.into_iter().map(Searchable::new).collect();
        self.hand_in(Change::Add(items))?;
        cursor.clone_into(&mut self.cursor);
        let much = self.tail.len >= COMMIT_ITEMS || self.tail.bytes >= COMMIT_BYTES;
        if much && !self.is_committing() {
            self.ask_commit()?;
        }
        Ok(())
    }

    /// [`change`](Self::change) that only adds.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn add(
        &mut self,
        items: impl IntoIterator<Item = Item>,
        cursor: &[u8],
    ) -> Result<(), SearchError> {
        self.change([], items, cursor)
    }

    /// [`change`](Self::change) that only removes.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn remove(
        &mut self,
        ids: impl IntoIterator<Item = RecordId>,
        cursor: &[u8],
    ) -> Result<(), SearchError> {
        self.change(ids, [], cursor)
    }

    /// Does what is due: commits once nothing was added for [`IDLE_MS`]. Gives the time of the
    /// next call that is needed, `None` if nothing is left to do. Times in milliseconds of any
    /// clock that does not go back.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn maintain(&mut self, now_ms: u64) -> Result<Option<u64>, SearchError> {
        self.listen();
        self.whole()?;
        if self.is_committing() {
            return Ok(Some(now_ms + IDLE_MS));
        }
        if self.tail.len == 0 {
            self.quiet = None;
            return Ok(None);
        }
        let quiet = match self.quiet {
            Some(quiet) if quiet.seq == self.seq => quiet,
            earlier => Quiet {
                seq: self.seq,
                since: now_ms,
                first: earlier.map_or(now_ms, |quiet| quiet.first),
            },
        };
        let due = (quiet.since + IDLE_MS).min(quiet.first + LATEST_MS);
        if now_ms < due {
            self.quiet = Some(quiet);
            return Ok(Some(due));
        }
        self.ask_commit()?;
        Ok(Some(now_ms + IDLE_MS))
    }

    /// Commits and waits until it is done.
    ///
    /// # Errors
    /// [`SearchError::Writer`].
    pub fn commit(&mut self) -> Result<(), SearchError> {
        while self.is_committing() {
            self.wait()?;
        }
        self.whole()?;
        if self.seq == self.asked && self.cursor == self.shelf.get().cursor {
            return Ok(());
        }
        self.ask_commit()?;
        while self.is_committing() {
            self.wait()?;
        }
        Ok(())
    }

    /// Commits and closes, so that the next opening is quick.
    ///
    /// # Errors
    /// [`SearchError::Writer`], [`SearchError::Io`].
    pub fn close(mut self) -> Result<(), SearchError> {
        self.commit()?;
        self.stop();
        if self.damage.is_known() {
            return Ok(());
        }
        self.lock.mark_clean().map_err(|source| SearchError::Io {
            folder: self.lock.folder().to_owned(),
            source,
        })
    }

    /// The cursor of the last commit; empty before the first.
    pub fn cursor(&self) -> Vec<u8> {
        self.shelf.get().cursor.clone()
    }

    /// Items and removals that wait for a commit.
    pub const fn waiting(&self) -> usize {
        self.tail.len
    }

    /// What is here now, for searching on this or another thread.
    pub fn snapshot(&self) -> Snapshot {
        let published = self.shelf.get();
        Snapshot::new(
            self.tail.since(published.seq),
            published,
            self.damage.clone(),
        )
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

    /// Whether something that read the index found it damaged: it is to be opened again with
    /// [`Options::rebuild`].
    pub fn is_damaged(&self) -> bool {
        self.damage.is_known()
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
        size(self.lock.folder()).map_err(|source| SearchError::Io {
            folder: self.lock.folder().to_owned(),
            source,
        })
    }

    /// Waits until the tail may grow. A commit that it asks for has the cursor so far.
    fn make_room(&mut self) -> Result<(), SearchError> {
        self.listen();
        while self.failed.is_none() && self.is_full() {
            if !self.is_committing() {
                self.ask_commit()?;
            }
            self.wait()?;
        }
        self.whole()
    }

    fn hand_in(&mut self, change: Change) -> Result<(), SearchError> {
        let batch = Arc::new(Batch::new(self.seq + 1, change));
        if batch.len() > 0 {
            self.seq += 1;
            self.order(Order::Batch(Arc::clone(&batch)))?;
            self.tail.push(batch);
        }
        Ok(())
    }

    const fn is_full(&self) -> bool {
        self.tail.len >= MOST_WAITING || self.tail.bytes >= MOST_WAITING_BYTES
    }

    /// Whether the writer was asked to commit and has not answered.
    fn is_committing(&self) -> bool {
        self.failed.is_none() && self.shelf.get().seq < self.asked
    }

    fn ask_commit(&mut self) -> Result<(), SearchError> {
        // A commit with no batch of its own, only a cursor, gets a number too.
        if self.seq == self.asked {
            self.seq += 1;
        }
        self.asked = self.seq;
        self.quiet = None;
        self.order(Order::Commit {
            seq: self.seq,
            cursor: self.cursor.clone(),
        })
    }

    fn order(&mut self, order: Order) -> Result<(), SearchError> {
        let sent = self
            .orders
            .as_ref()
            .is_some_and(|to| to.send(order).is_ok());
        if !sent {
            self.listen();
            self.failed
                .get_or_insert_with(|| "its thread has ended".into());
        }
        self.whole()
    }

    /// Takes in what the writer has told.
    fn listen(&mut self) {
        while let Ok(report) = self.reports.try_recv() {
            self.heard(report);
        }
        self.tail.drop_until(self.shelf.get().seq);
    }

    /// Waits for the writer to tell something.
    fn wait(&mut self) -> Result<(), SearchError> {
        match self.reports.recv() {
            Ok(report) => self.heard(report),
            Err(_) => {
                self.failed
                    .get_or_insert_with(|| "its thread has ended".into());
            }
        }
        self.tail.drop_until(self.shelf.get().seq);
        self.whole()
    }

    fn heard(&mut self, report: Report) {
        if let Err(why) = report {
            tracing::warn!(%why, "the index cannot be written");
            self.failed.get_or_insert(why);
        }
    }

    fn whole(&self) -> Result<(), SearchError> {
        match &self.failed {
            Some(why) => Err(SearchError::Writer(why.clone())),
            None => Ok(()),
        }
    }

    fn stop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread that writes the index had failed");
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Bytes of the files below a folder. Files that go while it counts are not counted.
fn size(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        sum += match entry.metadata() {
            Ok(data) if data.is_dir() => size(&entry.path())?,
            Ok(data) => data.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(sum)
}
