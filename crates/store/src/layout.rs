//! Keys and values of the projection: one tree, one byte for the table.
//!
//! | table | key | value |
//! |---|---|---|
//! | 0 | name | cursor, schema |
//! | 1 records | first 21 bytes of the id | [`Place`] |
//! | 2 content | collective u32, hlc u64, id | [`Author`] |
//! | 3 control | collective u32, position | length of the payload u32, id |
//! | 4 tips | collective u32, device | [`Tip`] |
//! | 5 collectives | number u32 | id, [`Counts`] |
//! | 6 bundles | collective u32, epoch, hash | position, length |
//! | 7 bundles by hash | hash | collective u32, epoch |
//! | 8 local | key | value |
//! | 9 marks | id | mark |
//! | 10 erasures | position | record id |
//!
//! sled keeps up to 22 bytes of a key or value in place and allocates for longer ones, so the first
//! table, which has a key for every record, uses 168 bits of the id. No two ids agree in them: to make
//! two that do takes 2^84 tries.
//!
//! Numbers are big-endian, so that keys sort as they should. Erasures are positions of entries whose
//! body is still on the disk though it was erased.

use folkmoot_record::{BundleHash, CollectiveId, DeviceKey, EpochId, Hlc, RecordId};

use crate::{Author, Counts, LogCursor, Tip};

/// Changes whenever this file does; another one on the disk means a rebuild from the log.
pub(crate) const SCHEMA: u32 = 2;

pub(crate) const CURSOR: &[u8] = b"\0cursor";
pub(crate) const SCHEMA_KEY: &[u8] = b"\0schema";

pub(crate) const RECORDS: u8 = 1;
pub(crate) const CONTENT: u8 = 2;
pub(crate) const CONTROL: u8 = 3;
const TIPS: u8 = 4;
pub(crate) const COLLECTIVES: u8 = 5;
pub(crate) const BUNDLES: u8 = 6;
const BUNDLE_HASHES: u8 = 7;
pub(crate) const LOCAL: u8 = 8;
pub(crate) const MARKS: u8 = 9;
pub(crate) const ERASURES: u8 = 10;

/// Number of a collective in this store: in the order in which they came.
pub(crate) type Number = u32;

fn key(table: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(table);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// As much of an id as the first table holds.
pub(crate) type Prefix = [u8; 21];

pub(crate) fn prefix(id: &RecordId) -> Prefix {
    let mut prefix = [0; 21];
    prefix.copy_from_slice(&id.as_bytes()[..21]);
    prefix
}

pub(crate) fn record(id: &RecordId) -> Vec<u8> {
    key(RECORDS, &[&prefix(id)])
}

pub(crate) fn read_place(key: &[u8], value: &[u8]) -> Option<(Prefix, Place)> {
    Some((key.get(1..)?.try_into().ok()?, Place::read(value)?))
}

pub(crate) fn content(number: Number, hlc: u64, id: &RecordId) -> Vec<u8> {
    key(
        CONTENT,
        &[&number.to_be_bytes(), &hlc.to_be_bytes(), id.as_bytes()],
    )
}

/// The least key of content at or after that time.
pub(crate) fn content_from(number: Number, hlc: u64) -> Vec<u8> {
    key(CONTENT, &[&number.to_be_bytes(), &hlc.to_be_bytes()])
}

pub(crate) fn read_content(key: &[u8]) -> Option<(Hlc, RecordId)> {
    let rest = key.get(5..)?;
    let (hlc, id) = rest.split_first_chunk::<8>()?;
    Some((
        Hlc::from_raw(u64::from_be_bytes(*hlc))?,
        RecordId::from_bytes(id.try_into().ok()?),
    ))
}

/// The value of a content key.
pub(crate) fn read_author(value: &[u8]) -> Option<Author> {
    Some(Author(value.try_into().ok()?))
}

pub(crate) fn control(number: Number, at: LogCursor) -> Vec<u8> {
    key(CONTROL, &[&number.to_be_bytes(), &at.to_bytes()])
}

pub(crate) fn write_control(len: u32, id: &RecordId) -> Vec<u8> {
    [&len.to_be_bytes()[..], id.as_bytes()].concat()
}

pub(crate) fn read_control(key: &[u8], value: &[u8]) -> Option<(Spot, RecordId)> {
    let at = LogCursor::from_bytes(key.get(5..)?.try_into().ok()?);
    let (len, id) = value.split_first_chunk::<4>()?;
    let len = u32::from_be_bytes(*len);
    Some((Spot { at, len }, RecordId::from_bytes(id.try_into().ok()?)))
}

/// The collective that a key of content or control belongs to.
pub(crate) fn read_number(key: &[u8]) -> Option<Number> {
    Some(Number::from_be_bytes(key.get(1..5)?.try_into().ok()?))
}

pub(crate) fn tip(number: Number, dev: &DeviceKey) -> Vec<u8> {
    key(TIPS, &[&number.to_be_bytes(), dev.as_bytes()])
}

pub(crate) fn write_tip(tip: &Tip) -> Vec<u8> {
    let mut out = tip.seq.to_be_bytes().to_vec();
    out.extend_from_slice(&tip.hlc.raw().to_be_bytes());
    out.extend_from_slice(tip.id.as_bytes());
    out
}

pub(crate) fn read_tip(bytes: &[u8]) -> Option<Tip> {
    let (seq, rest) = bytes.split_first_chunk::<4>()?;
    let (hlc, id) = rest.split_first_chunk::<8>()?;
    Some(Tip {
        seq: u32::from_be_bytes(*seq),
        hlc: Hlc::from_raw(u64::from_be_bytes(*hlc))?,
        id: RecordId::from_bytes(id.try_into().ok()?),
    })
}

pub(crate) fn collective(number: Number) -> Vec<u8> {
    key(COLLECTIVES, &[&number.to_be_bytes()])
}

pub(crate) fn write_collective(cid: &CollectiveId, counts: &Counts) -> Vec<u8> {
    let mut out = cid.as_bytes().to_vec();
    for count in [counts.control, counts.content, counts.bytes] {
        out.extend_from_slice(&count.to_be_bytes());
    }
    out
}

pub(crate) fn read_collective(bytes: &[u8]) -> Option<(CollectiveId, Counts)> {
    let (cid, rest) = bytes.split_first_chunk::<32>()?;
    let (control, rest) = rest.split_first_chunk::<8>()?;
    let (content, rest) = rest.split_first_chunk::<8>()?;
    let counts = Counts {
        control: u64::from_be_bytes(*control),
        content: u64::from_be_bytes(*content),
        bytes: u64::from_be_bytes(rest.try_into().ok()?),
    };
    Some((CollectiveId::from_bytes(*cid), counts))
}

pub(crate) fn bundle(number: Number, key_id: &EpochId, hash: &BundleHash) -> Vec<u8> {
    key(
        BUNDLES,
        &[&number.to_be_bytes(), key_id.as_bytes(), hash.as_bytes()],
    )
}

pub(crate) fn bundle_hash(hash: &BundleHash) -> Vec<u8> {
    key(BUNDLE_HASHES, &[hash.as_bytes()])
}

/// Hash and place of a bundle.
pub(crate) fn read_bundle(key: &[u8], value: &[u8]) -> Option<(BundleHash, Spot)> {
    let hash = key.get(37..)?.try_into().ok()?;
    Some((BundleHash::from_bytes(hash), Spot::read(value)?))
}

/// Collective and epoch of a bundle.
pub(crate) fn read_bundle_hash(value: &[u8]) -> Option<(Number, EpochId)> {
    let (number, key_id) = value.split_first_chunk::<4>()?;
    let key_id = EpochId::from_bytes(key_id.try_into().ok()?);
    Some((Number::from_be_bytes(*number), key_id))
}

pub(crate) fn local(name: &[u8]) -> Vec<u8> {
    key(LOCAL, &[name])
}

pub(crate) fn mark(id: &RecordId) -> Vec<u8> {
    key(MARKS, &[id.as_bytes()])
}

pub(crate) fn erasure(at: LogCursor) -> Vec<u8> {
    key(ERASURES, &[&at.to_bytes()])
}

/// All keys of a table that begin with `prefix`: from the first, to the second exclusive.
pub(crate) fn range(table: u8, prefix: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let from = key(table, &[prefix]);
    let mut to = from.clone();
    while let Some(last) = to.pop() {
        if last < u8::MAX {
            to.push(last + 1);
            break;
        }
    }
    // Tables are below 255, so something is left.
    (from, to)
}

/// A position and the length of the payload there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) at: LogCursor,
    pub(crate) len: u32,
}

impl Spot {
    pub(crate) fn write(self) -> Vec<u8> {
        let mut out = self.at.to_bytes().to_vec();
        out.extend_from_slice(&self.len.to_be_bytes());
        out
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (at, len) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            at: LogCursor::from_bytes(*at),
            len: u32::from_be_bytes(len.try_into().ok()?),
        })
    }
}

/// Where a record's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyPlace {
    /// Not held.
    Absent,
    /// In the record's own entry.
    Inside,
    /// In an entry of its own.
    Apart(Spot),
    /// Erased.
    Erased,
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) spot: Spot,
    pub(crate) body: BodyPlace,
}

impl Place {
    pub(crate) fn write(self) -> Vec<u8> {
        let mut out = self.spot.write();
        match self.body {
            BodyPlace::Absent => out.push(0),
            BodyPlace::Inside => out.push(1),
            BodyPlace::Apart(spot) => {
                out.push(2);
                out.extend_from_slice(&spot.write());
            }
            BodyPlace::Erased => out.push(3),
        }
        out
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (spot, rest) = bytes.split_first_chunk::<12>()?;
        let body = match rest.split_first()? {
            (0, []) => BodyPlace::Absent,
            (1, []) => BodyPlace::Inside,
            (2, spot) => BodyPlace::Apart(Spot::read(spot)?),
            (3, []) => BodyPlace::Erased,
            _ => return None,
        };
        Some(Self {
            spot: Spot::read(spot)?,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_prefix_and_nothing_else() {
        let (from, to) = range(LOCAL, b"a\xff");
        assert!(from <= local(b"a\xff") && local(b"a\xff\xff\xff") < to);
        assert!(to <= local(b"b"));
        let (from, to) = range(LOCAL, b"");
        assert!(
            from <= local(b"")
                && local(&[255; 9]) < to
                && to <= mark(&RecordId::from_bytes([0; 32]))
        );
    }

    #[test]
    fn values_are_read_as_written() {
        let spot = Spot {
            at: LogCursor {
                segment: 7,
                offset: 4_000_000_000,
            },
            len: 77,
        };
        for body in [
            BodyPlace::Absent,
            BodyPlace::Inside,
            BodyPlace::Apart(spot),
            BodyPlace::Erased,
        ] {
            let place = Place { spot, body };
            assert_eq!(Place::read(&place.write()), Some(place));
        }
        let id = RecordId::from_bytes([9; 32]);
        let hlc = Hlc::from_raw(5 << 16).unwrap();
        let tip = Tip { seq: 3, id, hlc };
        assert_eq!(read_tip(&write_tip(&tip)), Some(tip));
        assert_eq!(read_content(&content(1, hlc.raw(), &id)), Some((hlc, id)));
        let counts = Counts {
            control: 1,
            content: 2,
            bytes: 3,
        };
        let cid = CollectiveId::from_bytes([4; 32]);
        assert_eq!(
            read_collective(&write_collective(&cid, &counts)),
            Some((cid, counts))
        );
        assert_eq!(Place::read(b"short"), None);
    }
}
