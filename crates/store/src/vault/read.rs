//! Reading.

use std::ops::ControlFlow;

use folkmoot_record::{BundleHash, CollectiveId, DeviceKey, EpochId, Hlc, RecordId, Verified};

use crate::{
    Author, Bundle, Counts, Direction, Held, LogCursor, Logged, StoreError, Stored, Tip, Vault,
    entry::Fact,
    layout::{self, BodyPlace, Number, Place, Spot},
    log::{Step, Walk},
    payload::Item,
    stage::bundle_hash_of,
    state::{Loss, read_value, trusted},
};

impl Vault {
    /// Whether the record's header is held.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn contains(&self, id: &RecordId) -> Result<bool, StoreError> {
        Ok(self.place(id)?.is_some())
    }

    /// What is held of the record.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn held(&self, id: &RecordId) -> Result<Held, StoreError> {
        Ok(match self.place(id)?.map(|place| place.body) {
            None => Held::No,
            Some(BodyPlace::Absent) => Held::Header,
            Some(BodyPlace::Inside | BodyPlace::Apart(_)) => Held::Whole,
            Some(BodyPlace::Erased) => Held::Erased,
        })
    }

    /// Reads a record; `None` where it is not held.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]: the record counts as not held from then on.
    pub fn get(&self, id: &RecordId) -> Result<Option<Stored>, StoreError> {
        let Some(place) = self.place(id)? else {
            return Ok(None);
        };
        match self.state.load(id, &place) {
            Ok((record, received_ms)) => Ok(Some(Stored {
                wire: record.wire().to_vec(),
                received_ms,
            })),
            Err(Loss::At(spot)) => Err(StoreError::Damaged(self.lose(id, spot))),
            Err(Loss::Store(error)) => Err(error),
        }
    }

    /// The caller's mark of a record; 0 where it has none.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn mark(&self, id: &RecordId) -> Result<u8, StoreError> {
        let value = self.state.index.get(&layout::mark(id))?;
        Ok(value.and_then(|value| value.first().copied()).unwrap_or(0))
    }

    /// All records with a mark other than 0, by id.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn marked(&self) -> Result<Vec<(RecordId, u8)>, StoreError> {
        let (from, to) = layout::range(layout::MARKS, &[]);
        let mut marked = Vec::new();
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                let id = key.get(1..).and_then(|id| id.try_into().ok());
                if let (Some(id), Some(mark)) = (id, value.first()) {
                    marked.push((RecordId::from_bytes(id), *mark));
                }
                ControlFlow::Continue(())
            })?;
        Ok(marked)
    }

    /// Content records of a collective by (hlc, id), with `from_ms <= ms < to_ms`, in the given
    /// direction, beginning behind `after`, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn scan(
        &self,
        cid: &CollectiveId,
        from_ms: u64,
        to_ms: u64,
        direction: Direction,
        after: Option<(Hlc, RecordId)>,
        limit: usize,
    ) -> Result<Vec<(Hlc, RecordId)>, StoreError> {
        let mut found = Vec::new();
        let Some(number) = self.state.registry.number(cid) else {
            return Ok(found);
        };
        if limit == 0 {
            return Ok(found);
        }
        let mut from = layout::content_from(number, first_hlc(from_ms));
        let mut to = layout::content_from(number, first_hlc(to_ms));
        if let Some((hlc, id)) = after {
            let mut key = layout::content(number, hlc.raw(), &id);
            match direction {
                Direction::Forward => {
                    // The least key behind it.
                    key.push(0);
                    from = from.max(key);
                }
                Direction::Backward => to = to.min(key),
            }
        }
        let lost = self.lost.borrow();
        self.state
            .index
            .scan(&from, &to, direction, &mut |key, _| {
                found.extend(layout::read_content(key).filter(|(_, id)| !lost.contains(id)));
                if found.len() >= limit {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })?;
        Ok(found)
    }

    /// Passes on place and author of every content record of a collective by (hlc, id). Reads no
    /// record.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn authors(
        &self,
        cid: &CollectiveId,
        f: &mut dyn FnMut(Hlc, RecordId, Author),
    ) -> Result<(), StoreError> {
        let Some(number) = self.state.registry.number(cid) else {
            return Ok(());
        };
        let (from, to) = layout::range(layout::CONTENT, &number.to_be_bytes());
        let lost = self.lost.borrow();
        let mut unreadable = false;
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                match (layout::read_content(key), layout::read_author(value)) {
                    (Some((hlc, id)), Some(author)) if !lost.contains(&id) => f(hlc, id, author),
                    (Some(_), Some(_)) => {}
                    _ => unreadable = true,
                }
                ControlFlow::Continue(())
            })?;
        if unreadable {
            return Err(StoreError::Projection(
                "an entry of the content table does not have its shape".to_owned(),
            ));
        }
        Ok(())
    }

    /// Passes on all control records and ballots of a collective in the order in which they came,
    /// with the time of receipt. A damaged one is passed over and remembered: [`Self::take_damage`].
    ///
    /// # Errors
    /// [`StoreError::Projection`], or the disk's.
    pub fn control(
        &self,
        cid: &CollectiveId,
        f: &mut dyn FnMut(Verified, u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let Some(number) = self.state.registry.number(cid) else {
            return Ok(());
        };
        for (spot, id) in self.control_spots(number)? {
            if self.lost.borrow().contains(&id) {
                continue;
            }
            match self.state.load_entry(spot) {
                Ok((record, received_ms)) => {
                    if f(record, received_ms).is_break() {
                        break;
                    }
                }
                Err(Loss::At(spot)) => {
                    self.lose(&id, spot);
                }
                Err(Loss::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn control_spots(&self, number: Number) -> Result<Vec<(Spot, RecordId)>, StoreError> {
        let (from, to) = layout::range(layout::CONTROL, &number.to_be_bytes());
        let mut spots = Vec::new();
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                spots.extend(layout::read_control(key, value));
                ControlFlow::Continue(())
            })?;
        Ok(spots)
    }

    /// Passes on every entry from a position of the log on, each with the cursor behind it, and
    /// returns the cursor behind the last one passed on, or the end of the log. Damaged entries are
    /// passed over; a record is given without its body if that was erased since.
    ///
    /// # Errors
    /// [`StoreError::Projection`], or the disk's.
    pub fn records_since(
        &self,
        cursor: LogCursor,
        f: &mut dyn FnMut(Logged, LogCursor) -> ControlFlow<()>,
    ) -> Result<LogCursor, StoreError> {
        let end = self.writer.end();
        for segment in cursor.segment..=end.segment {
            if !self.layout.path(segment).exists() {
                continue;
            }
            let offset = if segment == cursor.segment {
                cursor.offset
            } else {
                0
            };
            let mut walk = Walk::new(&self.layout, LogCursor { segment, offset })?.until(end);
            loop {
                let logged = match walk.step()? {
                    Step::Entry {
                        at, kind, payload, ..
                    } => self.logged(at, Item::read(kind, payload))?,
                    Step::Damage { .. } | Step::BadHead => continue,
                    Step::End { .. } => break,
                };
                if f(logged, walk.at()).is_break() {
                    return Ok(walk.at());
                }
            }
        }
        Ok(end)
    }

    fn logged(&self, at: LogCursor, item: Option<Item<'_>>) -> Result<Logged, StoreError> {
        Ok(match item {
            Some(Item::Record { received_ms, wire }) => {
                let Some(record) = trusted(wire) else {
                    return Ok(Logged::Other);
                };
                match self.place(&record.id())? {
                    Some(place) if place.spot.at != at => Logged::Other,
                    Some(Place {
                        body: BodyPlace::Erased,
                        ..
                    }) => Logged::Record(record.without_body(), received_ms),
                    Some(_) => Logged::Record(record, received_ms),
                    None => Logged::Other,
                }
            }
            Some(Item::Body { id, .. }) => match self.place(&id)? {
                Some(place) if matches!(place.body, BodyPlace::Apart(spot) if spot.at == at) => {
                    match self.state.load(&id, &place) {
                        Ok((record, _)) => Logged::Body(record),
                        Err(Loss::At(spot)) => {
                            self.lose(&id, spot);
                            Logged::Other
                        }
                        Err(Loss::Store(error)) => return Err(error),
                    }
                }
                _ => Logged::Other,
            },
            Some(Item::Erase { id }) => Logged::Erase(id),
            Some(Item::Mark { id, mark }) => Logged::Mark(id, mark),
            _ => Logged::Other,
        })
    }

    /// Last content record held of a device's lane-1 log.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn tip(&self, cid: &CollectiveId, dev: &DeviceKey) -> Result<Option<Tip>, StoreError> {
        let Some(number) = self.state.registry.number(cid) else {
            return Ok(None);
        };
        read_value(
            self.state.index.get(&layout::tip(number, dev))?,
            layout::read_tip,
        )
    }

    /// How much is held of a collective. Costs no disk access.
    pub fn counts(&self, cid: &CollectiveId) -> Counts {
        let registry = &self.state.registry;
        let counts = registry
            .number(cid)
            .and_then(|number| registry.counts(number));
        counts.unwrap_or_default()
    }

    /// The collectives of which records or bundles are held, in the order in which they came.
    pub fn collectives(&self) -> Vec<CollectiveId> {
        self.state.registry.ids().collect()
    }

    /// The bundle with this hash.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]: it counts as not held from then on. [`StoreError::Projection`], or
    /// the disk's.
    pub fn bundle(&self, hash: &BundleHash) -> Result<Option<Bundle>, StoreError> {
        if self.lost_bundles.borrow().contains(hash) {
            return Ok(None);
        }
        let Some(value) = self.state.index.get(&layout::bundle_hash(hash))? else {
            return Ok(None);
        };
        let Some((number, key_id)) = layout::read_bundle_hash(&value) else {
            return Ok(None);
        };
        let key = layout::bundle(number, &key_id, hash);
        let spot = read_value(self.state.index.get(&key)?, Spot::read)?;
        spot.map(|spot| self.load_bundle(hash, spot)).transpose()
    }

    /// All bundles of a collective, by epoch and hash. A damaged one is passed over and remembered:
    /// [`Self::take_damage`].
    ///
    /// # Errors
    /// [`StoreError::Projection`], or the disk's.
    pub fn bundles(&self, cid: &CollectiveId) -> Result<Vec<Bundle>, StoreError> {
        let Some(number) = self.state.registry.number(cid) else {
            return Ok(Vec::new());
        };
        let (from, to) = layout::range(layout::BUNDLES, &number.to_be_bytes());
        let mut spots = Vec::new();
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                spots.extend(layout::read_bundle(key, value));
                ControlFlow::Continue(())
            })?;
        let mut bundles = Vec::with_capacity(spots.len());
        for (hash, spot) in spots {
            if self.lost_bundles.borrow().contains(&hash) {
                continue;
            }
            match self.load_bundle(&hash, spot) {
                Ok(bundle) => bundles.push(bundle),
                Err(StoreError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bundles)
    }

    /// Hashes of the bundles held of one epoch, ascending. Reads no bundle.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn bundle_hashes(
        &self,
        cid: &CollectiveId,
        key_id: &EpochId,
    ) -> Result<Vec<BundleHash>, StoreError> {
        let Some(number) = self.state.registry.number(cid) else {
            return Ok(Vec::new());
        };
        let epoch = [&number.to_be_bytes() as &[u8], key_id.as_bytes()].concat();
        let (from, to) = layout::range(layout::BUNDLES, &epoch);
        let mut hashes = Vec::new();
        let lost = self.lost_bundles.borrow();
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                let bundle = layout::read_bundle(key, value).map(|(hash, _)| hash);
                hashes.extend(bundle.filter(|hash| !lost.contains(hash)));
                ControlFlow::Continue(())
            })?;
        Ok(hashes)
    }

    fn load_bundle(&self, hash: &BundleHash, spot: Spot) -> Result<Bundle, StoreError> {
        let loaded = self.state.read(spot);
        match loaded {
            Ok((kind, payload)) => match Item::read(kind, &payload) {
                Some(Item::Bundle { cid, key_id, bytes }) if bundle_hash_of(bytes) == *hash => {
                    Ok(Bundle {
                        cid,
                        key_id,
                        hash: *hash,
                        bytes: bytes.to_vec(),
                    })
                }
                _ => Err(StoreError::Damaged(self.lose_bundle(hash, spot))),
            },
            Err(Loss::At(spot)) => Err(StoreError::Damaged(self.lose_bundle(hash, spot))),
            Err(Loss::Store(error)) => Err(error),
        }
    }

    /// A local fact.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn local(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.state.index.get(&layout::local(key))?;
        value
            .map(|value| self.state.cipher().open_local(key, &value))
            .transpose()
    }

    /// All local facts whose key begins with `prefix`, by key.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn scan_local(&self, prefix: &[u8]) -> Result<Vec<Fact>, StoreError> {
        let (from, to) = layout::range(layout::LOCAL, prefix);
        let mut found = Vec::new();
        let mut failed = None;
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                let key = key.get(1..).unwrap_or_default();
                match self.state.cipher().open_local(key, value) {
                    Ok(value) => found.push((key.to_vec(), value)),
                    Err(error) => {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                }
                ControlFlow::Continue(())
            })?;
        failed.map_or(Ok(found), Err)
    }

    /// Where a record is, unless a reader found it damaged.
    fn place(&self, id: &RecordId) -> Result<Option<Place>, StoreError> {
        if self.lost.borrow().contains(id) {
            return Ok(None);
        }
        self.state.place(id)
    }
}

/// The least time of a millisecond; a window that ends beyond all times ends behind them.
fn first_hlc(ms: u64) -> u64 {
    if ms >= 1 << 47 { u64::MAX } else { ms << 16 }
}
