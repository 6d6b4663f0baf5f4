//! Storing groups of entries.

use folkmoot_record::{CollectiveId, EpochId, RecordId, Verified};

use crate::{
    Entry, StoreError, Vault,
    files::free,
    layout::{BodyPlace, Place, Spot},
    log::Group,
    payload::Item,
    stage::{Stage, bundle_hash_of},
    state::Loss,
};

/// Room that must be left on the disk for the projection to grow. sled does not take a full disk
/// well; while there is less, only the log is written.
const HEADROOM: u64 = 64 << 20;

/// A group in the making.
struct Draft {
    group: Group,
    stage: Stage,
}

impl Vault {
    /// Stores the entries in order, all or none. They are durable when it returns: one `fdatasync`
    /// for the group.
    ///
    /// # Errors
    /// Nothing of the group is stored then. [`StoreError::DiskFull`] passes when there is room.
    pub fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.mend()?;
        if self.state.index.is_full() && !self.has_room() {
            return Err(StoreError::DiskFull);
        }
        let mut draft = Draft {
            group: self.writer.begin()?,
            stage: Stage::live(),
        };
        for entry in entries {
            self.add(&mut draft, entry)?;
        }
        let Draft { group, stage } = draft;
        if group.is_empty() {
            return Ok(());
        }
        let end = group.end();
        self.writer.append(group)?;
        self.state.accept(stage, end);
        // From here on the group is stored; trouble with the projection is the next call's.
        if self.state.index.is_due() && self.has_room() {
            self.state.index.freeze();
        }
        Ok(())
    }

    pub(super) fn has_room(&self) -> bool {
        free(&self.root).is_none_or(|free| free >= HEADROOM)
    }

    fn add(&self, draft: &mut Draft, entry: &Entry) -> Result<(), StoreError> {
        match entry {
            Entry::Record(record, received_ms) => self.add_record(draft, record, *received_ms),
            Entry::Body { id, bytes } => {
                let place = self.held_place(draft, id)?;
                self.add_body(draft, id, place, bytes)
            }
            Entry::Bundle { cid, key_id, bytes } => self.add_bundle(draft, cid, key_id, bytes),
            Entry::DropBundle { hash } => {
                if draft.stage.release_bundle(&self.state, hash)? {
                    draft.push(&Item::DropBundle { hash: *hash })?;
                }
                Ok(())
            }
            Entry::Local { key, value } => self.add_local(draft, key, value.as_deref()),
            Entry::Erase { id } => self.add_erasure(draft, id),
            Entry::Mark { id, mark } => {
                self.held_place(draft, id)?;
                draft.push(&Item::Mark {
                    id: *id,
                    mark: *mark,
                })?;
                draft.stage.mark(id, *mark);
                Ok(())
            }
        }
    }

    fn add_record(
        &self,
        draft: &mut Draft,
        record: &Verified,
        received_ms: u64,
    ) -> Result<(), StoreError> {
        let id = record.id();
        match (draft.stage.place(&self.state, &id)?, record.body()) {
            (None, _) => {
                let wire = record.wire();
                let spot = draft.push(&Item::Record { received_ms, wire })?;
                draft.stage.record(&self.state, record, spot)
            }
            (Some(place), Some(body)) if place.body == BodyPlace::Absent => {
                self.add_body(draft, &id, place, body)
            }
            (Some(_), _) => Ok(()),
        }
    }

    fn add_body(
        &self,
        draft: &mut Draft,
        id: &RecordId,
        place: Place,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        if place.body != BodyPlace::Absent {
            return Ok(());
        }
        let record = self.load_staged(draft, id, &place)?;
        let whole = record
            .with_body(bytes)
            .map_err(|reason| StoreError::Refused { id: *id, reason })?;
        let spot = draft.push(&Item::Body { id: *id, bytes })?;
        draft.stage.body(&self.state, &whole, place, spot);
        Ok(())
    }

    fn add_bundle(
        &self,
        draft: &mut Draft,
        cid: &CollectiveId,
        key_id: &EpochId,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        within("a bundle", bytes.len(), Entry::BUNDLE)?;
        let hash = bundle_hash_of(bytes);
        if draft.stage.has_bundle(&self.state, &hash)? {
            return Ok(());
        }
        let (cid, key_id) = (*cid, *key_id);
        let spot = draft.push(&Item::Bundle { cid, key_id, bytes })?;
        draft.stage.bundle(&self.state, &cid, &key_id, &hash, spot);
        Ok(())
    }

    fn add_local(
        &self,
        draft: &mut Draft,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        within("a local key", key.len(), Entry::LOCAL_KEY)?;
        within(
            "a local value",
            value.unwrap_or_default().len(),
            Entry::LOCAL_VALUE,
        )?;
        // What changes nothing need not be written.
        if draft.stage.local_value(&self.state, key)?.as_deref() == value {
            return Ok(());
        }
        draft.push(&Item::Local { key, value })?;
        draft.stage.local(&self.state, key, value)
    }

    fn add_erasure(&self, draft: &mut Draft, id: &RecordId) -> Result<(), StoreError> {
        let place = self.held_place(draft, id)?;
        if place.body == BodyPlace::Erased {
            return Ok(());
        }
        let record = self.load_staged(draft, id, &place)?;
        if !record.header().kind.is_content() {
            return Err(StoreError::NotContent(*id));
        }
        draft.push(&Item::Erase { id: *id })?;
        draft.stage.erase(&self.state, &record, place);
        Ok(())
    }

    fn held_place(&self, draft: &Draft, id: &RecordId) -> Result<Place, StoreError> {
        let place = draft.stage.place(&self.state, id)?;
        place.ok_or(StoreError::UnknownRecord(*id))
    }

    fn load_staged(
        &self,
        draft: &Draft,
        id: &RecordId,
        place: &Place,
    ) -> Result<Verified, StoreError> {
        draft
            .stage
            .load(&self.state, id, place)
            .map_err(|loss| match loss {
                Loss::At(spot) => StoreError::Damaged(self.lose(id, spot)),
                Loss::Store(error) => error,
            })
    }
}

impl Draft {
    fn push(&mut self, item: &Item<'_>) -> Result<Spot, StoreError> {
        let (at, len) = self.group.push(item.kind(), |out| item.write(out))?;
        Ok(Spot { at, len })
    }
}

fn within(what: &'static str, size: usize, most: usize) -> Result<(), StoreError> {
    if size > most {
        return Err(StoreError::TooLarge { what, size, most });
    }
    Ok(())
}
