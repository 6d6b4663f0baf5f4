//! What a group of entries changes in the index. The same steps run when a group is committed and
//! when it is replayed, so that a rebuilt index equals the one that was lost.

use std::collections::BTreeMap;

use folkmoot_record::{BundleHash, CollectiveId, EpochId, Header, Kind, RecordId, Verified};

use crate::{
    Author, Counts, StoreError, Tip,
    layout::{self, BodyPlace, Number, Place, Spot},
    payload::Item,
    projection::Changes,
    state::{Loss, State, read_value, trusted},
};

/// Changes of one group, on top of a [`State`].
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) changes: Changes,
    pub(crate) touched: BTreeMap<Number, (CollectiveId, Counts)>,
    new: BTreeMap<CollectiveId, Number>,
    /// Records of a group in the making, which are not on the disk yet. At replay they are.
    recent: Option<BTreeMap<RecordId, Verified>>,
    /// Records that came in the group.
    pub(crate) ids: Vec<RecordId>,
}

impl Stage {
    /// For a group in the making.
    pub(crate) fn live() -> Self {
        Self {
            recent: Some(BTreeMap::new()),
            ..Self::default()
        }
    }

    fn keep(&mut self, record: &Verified) {
        if let Some(recent) = &mut self.recent {
            recent.insert(record.id(), record.clone());
        }
    }

    fn get(&self, state: &State, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(value) => Ok(value.clone()),
            None => state.index.get(key),
        }
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert(key, Some(value));
    }

    fn remove(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    pub(crate) fn place(&self, state: &State, id: &RecordId) -> Result<Option<Place>, StoreError> {
        read_value(self.get(state, &layout::record(id))?, Place::read)
    }

    /// The record with its body, of this group or from the log.
    pub(crate) fn load(
        &self,
        state: &State,
        id: &RecordId,
        place: &Place,
    ) -> Result<Verified, Loss> {
        match self.recent.as_ref().and_then(|recent| recent.get(id)) {
            Some(record) => Ok(record.clone()),
            None => state.load(id, place).map(|loaded| loaded.0),
        }
    }

    pub(crate) fn has_bundle(&self, state: &State, hash: &BundleHash) -> Result<bool, StoreError> {
        Ok(self.get(state, &layout::bundle_hash(hash))?.is_some())
    }

    pub(crate) fn local_value(
        &self,
        state: &State,
        key: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.get(state, &layout::local(key))?;
        value
            .map(|value| state.cipher().open_local(key, &value))
            .transpose()
    }

    fn number(&mut self, state: &State, cid: CollectiveId) -> Number {
        let known = state
            .registry
            .number(&cid)
            .or_else(|| self.new.get(&cid).copied());
        let number = known.unwrap_or_else(|| {
            let number = state.registry.next() + Number::try_from(self.new.len()).unwrap_or(0);
            self.new.insert(cid, number);
            number
        });
        let counts = state.registry.counts(number).unwrap_or_default();
        self.touched.entry(number).or_insert((cid, counts));
        number
    }

    fn count(&mut self, number: Number, change: impl FnOnce(&mut Counts)) {
        if let Some((_, counts)) = self.touched.get_mut(&number) {
            change(counts);
        }
    }

    /// A record whose entry is at `spot`.
    pub(crate) fn record(
        &mut self,
        state: &State,
        record: &Verified,
        spot: Spot,
    ) -> Result<(), StoreError> {
        let id = record.id();
        let header = record.header();
        let number = self.number(state, collective_of(header, id));
        let before = self.place(state, &id)?;
        let body = match before {
            Some(Place {
                body: BodyPlace::Erased,
                ..
            }) => BodyPlace::Erased,
            _ if record.body().is_some() => BodyPlace::Inside,
            _ => BodyPlace::Absent,
        };
        self.put(layout::record(&id), Place { spot, body }.write());
        if header.kind.is_content() {
            let author = Author::of(&header.seat).0.to_vec();
            self.put(layout::content(number, header.hlc.raw(), &id), author);
            self.tip(state, number, header, id)?;
        } else {
            if let Some(before) = before {
                self.remove(layout::control(number, before.spot.at));
            }
            self.put(
                layout::control(number, spot.at),
                layout::write_control(spot.len, &id),
            );
        }
        // One entry a record, save where a damaged one was replaced: then it was counted already.
        if before.is_none() {
            let (bytes, content) = (record.wire().len() as u64, header.kind.is_content());
            self.count(number, |counts| {
                counts.bytes += bytes;
                *(if content {
                    &mut counts.content
                } else {
                    &mut counts.control
                }) += 1;
            });
        }
        self.keep(record);
        self.ids.push(id);
        Ok(())
    }

    fn tip(
        &mut self,
        state: &State,
        number: Number,
        header: &Header,
        id: RecordId,
    ) -> Result<(), StoreError> {
        let key = layout::tip(number, &header.dev);
        let before = read_value(self.get(state, &key)?, layout::read_tip)?;
        let tip = Tip {
            seq: header.seq,
            id,
            hlc: header.hlc,
        };
        let rank = |tip: &Tip| (tip.seq, tip.hlc, tip.id);
        if before.is_none_or(|before| rank(&before) < rank(&tip)) {
            self.put(key, layout::write_tip(&tip));
        }
        Ok(())
    }

    /// A body in an entry of its own; `whole` is its record with it.
    pub(crate) fn body(&mut self, state: &State, whole: &Verified, place: Place, spot: Spot) {
        let id = whole.id();
        let number = self.number(state, collective_of(whole.header(), id));
        let place = Place {
            body: BodyPlace::Apart(spot),
            ..place
        };
        self.put(layout::record(&id), place.write());
        let grown = whole
            .wire()
            .len()
            .saturating_sub(whole.without_body().wire().len());
        self.count(number, |counts| counts.bytes += grown as u64);
        self.keep(whole);
    }

    /// Erases the body of a content record.
    pub(crate) fn erase(&mut self, state: &State, record: &Verified, place: Place) {
        let id = record.id();
        let number = self.number(state, collective_of(record.header(), id));
        let header = record.without_body();
        let on_disk = match place.body {
            BodyPlace::Inside => Some(place.spot),
            BodyPlace::Apart(spot) => Some(spot),
            BodyPlace::Absent | BodyPlace::Erased => None,
        };
        if let Some(spot) = on_disk {
            self.put(layout::erasure(spot.at), id.as_bytes().to_vec());
            let shrunk = record.wire().len().saturating_sub(header.wire().len()) as u64;
            self.count(number, |counts| {
                counts.bytes = counts.bytes.saturating_sub(shrunk);
            });
        }
        let place = Place {
            body: BodyPlace::Erased,
            ..place
        };
        self.put(layout::record(&id), place.write());
        self.keep(&header);
    }

    pub(crate) fn mark(&mut self, id: &RecordId, mark: u8) {
        match mark {
            0 => self.remove(layout::mark(id)),
            mark => self.put(layout::mark(id), vec![mark]),
        }
    }

    pub(crate) fn local(
        &mut self,
        state: &State,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        match value {
            Some(value) => {
                let value = state.cipher().seal_local(key, value)?;
                self.put(layout::local(key), value);
            }
            None => self.remove(layout::local(key)),
        }
        Ok(())
    }

    pub(crate) fn bundle(
        &mut self,
        state: &State,
        cid: &CollectiveId,
        key_id: &EpochId,
        hash: &BundleHash,
        spot: Spot,
    ) {
        let number = self.number(state, *cid);
        self.put(layout::bundle(number, key_id, hash), spot.write());
        self.put(
            layout::bundle_hash(hash),
            [&number.to_be_bytes()[..], key_id.as_bytes()].concat(),
        );
    }

    /// Takes back what a bundle that can no longer be read had put into the index.
    pub(crate) fn drop_bundle(&mut self, number: Number, key_id: &EpochId, hash: &BundleHash) {
        self.remove(layout::bundle(number, key_id, hash));
        self.remove(layout::bundle_hash(hash));
    }

    /// The same of one that its keeper wants no more; false where it is not held.
    pub(crate) fn release_bundle(
        &mut self,
        state: &State,
        hash: &BundleHash,
    ) -> Result<bool, StoreError> {
        let value = self.get(state, &layout::bundle_hash(hash))?;
        let Some((number, key_id)) = read_value(value, layout::read_bundle_hash)? else {
            return Ok(false);
        };
        self.drop_bundle(number, &key_id, hash);
        Ok(true)
    }

    /// The record counts as not held.
    pub(crate) fn drop_place(&mut self, id: &RecordId) {
        self.remove(layout::record(id));
    }

    /// Takes back what a record that can no longer be read had put into the index. The mark and the
    /// tip stay: they are still true of the record, and an author must not use a place twice.
    pub(crate) fn forget(&mut self, state: &State, id: &RecordId, place: &Place, kept: Kept) {
        self.drop_place(id);
        let (number, content) = match kept {
            Kept::Content { number, hlc } => {
                self.remove(layout::content(number, hlc, id));
                (number, true)
            }
            Kept::Control { number } => {
                self.remove(layout::control(number, place.spot.at));
                (number, false)
            }
        };
        let Some(cid) = state.registry.ids().nth(number as usize) else {
            return;
        };
        self.number(state, cid);
        // The payload is the time of receipt and the wire bytes.
        let bytes = u64::from(place.spot.len).saturating_sub(8);
        self.count(number, |counts| {
            counts.bytes = counts.bytes.saturating_sub(bytes);
            let count = if content {
                &mut counts.content
            } else {
                &mut counts.control
            };
            *count = count.saturating_sub(1);
        });
    }

    /// Replays one item of the log.
    pub(crate) fn replay(
        &mut self,
        state: &State,
        item: Item<'_>,
        spot: Spot,
    ) -> Result<Replayed, StoreError> {
        match item {
            Item::Record { wire, .. } => match trusted(wire) {
                Some(record) => self.record(state, &record, spot)?,
                None => return Ok(Replayed::Unreadable),
            },
            Item::Body { id, bytes } => {
                if let Some((place, record)) = self.replayed_record(state, &id)?
                    && place.body == BodyPlace::Absent
                    && let Ok(whole) = record.with_body(bytes)
                {
                    self.body(state, &whole, place, spot);
                }
            }
            Item::Erase { id } => {
                if let Some((place, record)) = self.replayed_record(state, &id)? {
                    self.erase(state, &record, place);
                }
            }
            Item::Bundle { cid, key_id, bytes } => {
                let hash = bundle_hash_of(bytes);
                self.bundle(state, &cid, &key_id, &hash, spot);
            }
            Item::DropBundle { hash } => {
                self.release_bundle(state, &hash)?;
            }
            Item::Local { key, value } => self.local(state, key, value)?,
            Item::Mark { id, mark } => self.mark(&id, mark),
            Item::Nothing => {}
        }
        Ok(Replayed::Done)
    }

    /// The record that a later entry speaks of; `None` where damage took it.
    fn replayed_record(
        &self,
        state: &State,
        id: &RecordId,
    ) -> Result<Option<(Place, Verified)>, StoreError> {
        let Some(place) = self.place(state, id)? else {
            return Ok(None);
        };
        match self.load(state, id, &place) {
            Ok(record) => Ok(Some((place, record))),
            Err(Loss::At(_)) => Ok(None),
            Err(Loss::Store(error)) => Err(error),
        }
    }
}

/// How an item of the log was taken at replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replayed {
    Done,
    /// It passes its checksum and is still no record.
    Unreadable,
}

/// Where the index lists a record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept {
    Content { number: Number, hlc: u64 },
    Control { number: Number },
}

/// The collective of a record: a genesis makes its own.
pub(crate) fn collective_of(header: &Header, id: RecordId) -> CollectiveId {
    match header.cid {
        Some(cid) => cid,
        None => {
            debug_assert!(header.kind == Kind::GENESIS);
            id.into()
        }
    }
}

/// The hash that names a bundle (section 6.3).
pub(crate) fn bundle_hash_of(bytes: &[u8]) -> BundleHash {
    BundleHash::from_bytes(folkmoot_record::hash::plain(bytes))
}
