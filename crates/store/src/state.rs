//! What is derived from the log: the index, the collectives with their counts, and single reads.

use std::collections::BTreeMap;

use folkmoot_record::{CollectiveId, RecordId, Signed, Verified};

use crate::{
    Counts, Direction, LogCursor, StoreError,
    cipher::Cipher,
    index::Index,
    layout::{self, BodyPlace, Number, Place, Spot},
    log::{Fault, Reader},
    payload::Item,
    stage::Stage,
};

/// The collectives by number and by id.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    numbers: BTreeMap<CollectiveId, Number>,
    list: Vec<(CollectiveId, Counts)>,
}

impl Registry {
    pub(crate) fn number(&self, cid: &CollectiveId) -> Option<Number> {
        self.numbers.get(cid).copied()
    }

    pub(crate) fn counts(&self, number: Number) -> Option<Counts> {
        self.list.get(number as usize).map(|item| item.1)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = CollectiveId> + '_ {
        self.list.iter().map(|item| item.0)
    }

    /// The number that the next new collective gets.
    pub(crate) fn next(&self) -> Number {
        Number::try_from(self.list.len()).unwrap_or(Number::MAX)
    }

    pub(crate) fn set(&mut self, number: Number, cid: CollectiveId, counts: Counts) {
        match self.list.get_mut(number as usize) {
            Some(item) => *item = (cid, counts),
            None => self.list.push((cid, counts)),
        }
        self.numbers.insert(cid, number);
    }
}

/// See the module.
pub(crate) struct State {
    pub(crate) index: Index,
    pub(crate) registry: Registry,
    pub(crate) reader: Reader,
}

/// A record that the index names but the log cannot give any more.
#[derive(Debug)]
pub(crate) enum Loss {
    /// The bytes at this spot are damaged, or are not those of the record.
    At(Spot),
    /// Reading failed otherwise.
    Store(StoreError),
}

impl From<StoreError> for Loss {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl State {
    /// Reads the collectives out of the index.
    pub(crate) fn new(index: Index, reader: Reader) -> Result<Self, StoreError> {
        let mut registry = Registry::default();
        let (from, to) = layout::range(layout::COLLECTIVES, &[]);
        let mut bad = false;
        index.scan(&from, &to, Direction::Forward, &mut |key, value| {
            let number = key.get(1..).and_then(|key| key.try_into().ok());
            match (
                number.map(Number::from_be_bytes),
                layout::read_collective(value),
            ) {
                (Some(number), Some((cid, counts))) if number == registry.next() => {
                    registry.set(number, cid, counts);
                }
                _ => bad = true,
            }
            std::ops::ControlFlow::Continue(())
        })?;
        if bad {
            return Err(StoreError::Projection(
                "its list of collectives is broken".to_owned(),
            ));
        }
        Ok(Self {
            index,
            registry,
            reader,
        })
    }

    /// Takes a staged group in; the index reflects the log up to `cursor` then.
    pub(crate) fn accept(&mut self, stage: Stage, cursor: LogCursor) {
        let Stage {
            mut changes,
            touched,
            ..
        } = stage;
        for (number, (cid, counts)) in touched {
            changes.insert(
                layout::collective(number),
                Some(layout::write_collective(&cid, &counts)),
            );
            self.registry.set(number, cid, counts);
        }
        changes.insert(layout::CURSOR.to_vec(), Some(cursor.to_bytes().to_vec()));
        self.index.add(changes);
    }

    pub(crate) const fn cipher(&self) -> &Cipher {
        self.reader.cipher()
    }

    pub(crate) fn place(&self, id: &RecordId) -> Result<Option<Place>, StoreError> {
        read_value(self.index.get(&layout::record(id))?, Place::read)
    }

    /// The record whose entry is at `place`, with its body if that is held.
    pub(crate) fn load(&self, id: &RecordId, place: &Place) -> Result<(Verified, u64), Loss> {
        let (record, received_ms) = self.load_entry(place.spot)?;
        if record.id() != *id {
            return Err(Loss::At(place.spot));
        }
        let record = match place.body {
            BodyPlace::Absent | BodyPlace::Inside => record,
            BodyPlace::Erased => record.without_body(),
            BodyPlace::Apart(spot) => {
                let (kind, payload) = self.read(spot)?;
                match Item::read(kind, &payload) {
                    Some(Item::Body { bytes, .. }) => {
                        record.with_body(bytes).map_err(|_| Loss::At(spot))?
                    }
                    _ => return Err(Loss::At(spot)),
                }
            }
        };
        Ok((record, received_ms))
    }

    /// The record in the entry at `spot`, as it stands there.
    pub(crate) fn load_entry(&self, spot: Spot) -> Result<(Verified, u64), Loss> {
        let (kind, payload) = self.read(spot)?;
        match Item::read(kind, &payload) {
            Some(Item::Record { received_ms, wire }) => match trusted(wire) {
                Some(record) => Ok((record, received_ms)),
                None => Err(Loss::At(spot)),
            },
            _ => Err(Loss::At(spot)),
        }
    }

    pub(crate) fn read(&self, spot: Spot) -> Result<(u8, Vec<u8>), Loss> {
        self.reader
            .read(spot.at, spot.len)
            .map_err(|fault| match fault {
                Fault::Damaged => Loss::At(spot),
                Fault::Store(error) => Loss::Store(error),
            })
    }
}

/// A record from the log: checked before it was written, and under the log's checksum since.
pub(crate) fn trusted(wire: &[u8]) -> Option<Verified> {
    Signed::parse(wire).ok()?.trust_stored().ok()
}

/// Decodes a value of the index.
pub(crate) fn read_value<T>(
    value: Option<Vec<u8>>,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    match value {
        None => Ok(None),
        Some(value) => match read(&value) {
            Some(value) => Ok(Some(value)),
            None => Err(StoreError::Projection("a value is broken".to_owned())),
        },
    }
}
