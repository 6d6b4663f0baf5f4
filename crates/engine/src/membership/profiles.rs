//! Names that members show, kept as local facts so that a start need not read every profile.

use std::collections::BTreeMap;

use folkmoot_record::{
    CollectiveId, Hlc, Kind, RecordId, SeatKey,
    content::{Content, Value},
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_store::{Entry, StoreError, Vault};

use crate::{keeping::author::Writing, membership::collective::Profile};

/// Local facts under which profiles stand: `p/`, collective, seat.
const TABLE: &[u8] = b"p/";
/// Most bytes of a shown name (section 3.4, kind 0x120).
pub(crate) const MOST_NAME: usize = 64;

fn key(cid: &CollectiveId, seat: &SeatKey) -> Vec<u8> {
    [TABLE, cid.as_ref(), seat.as_ref()].concat()
}

/// The entry that keeps, or with `None` forgets, the newest profile of a seat.
pub(crate) fn profile_fact(cid: &CollectiveId, seat: &SeatKey, profile: Option<&Profile>) -> Entry {
    Entry::Local {
        key: key(cid, seat),
        value: profile.map(|profile| {
            let mut out = Encoder::new();
            out.array(3)
                .uint(profile.hlc.raw())
                .bytes(profile.id)
                .text(&profile.name);
            out.finish()
        }),
    }
}

/// Every profile of a collective.
pub(crate) fn load(
    store: &Vault,
    cid: &CollectiveId,
) -> Result<BTreeMap<SeatKey, Profile>, StoreError> {
    let prefix = [TABLE, cid.as_ref()].concat();
    let mut profiles = BTreeMap::new();
    for (key, value) in store.scan_local(&prefix)? {
        let seat = key[prefix.len()..].try_into().map(SeatKey::from_bytes);
        if let (Ok(seat), Ok(profile)) = (seat, decode(&value)) {
            profiles.insert(seat, profile);
        }
    }
    Ok(profiles)
}

fn decode(bytes: &[u8]) -> Result<Profile, FcError> {
    let mut d = Decoder::new(bytes)?;
    d.array_of(3)?;
    let hlc = Hlc::from_raw(d.uint64()?).ok_or(FcError::Range)?;
    let id = RecordId::from_bytes(d.bytes_of()?);
    let name = d.text(MOST_NAME)?.to_owned();
    d.end()?;
    Ok(Profile { hlc, id, name })
}

/// A profile record that shows `name`.
pub(crate) fn writing(name: &str, salt: [u8; 16]) -> Writing {
    Writing {
        kind: Kind::PROFILE,
        tags: Vec::new(),
        refs: Vec::new(),
        body: Content::new(salt)
            .with(2, Value::Text(name.to_owned()))
            .encode(),
    }
}
