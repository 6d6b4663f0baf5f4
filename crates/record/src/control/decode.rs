//! Reading control bodies with every rule of section 3.2.
//!
//! Any error of a reader here means `body-schema`.

mod charter;
mod device;
mod grant;
mod revoke;
mod vote;

use super::{Control, Epoch, EpochLink, ForkNote, Founder, Genesis, Inheritance, Kem};
use crate::fc::{Decoder, FcError, UINT_MAX};
use crate::{BundleHash, CollectiveId, DeviceKey, EpochId, Header, KemKey, Kind, Reason, RecordId};
use crate::{SeatKey, fc, limits};

pub(crate) use grant::{kinds, tags};

/// Only suite of version 1.
const SUITE: u64 = 1;
/// Most founders of a genesis.
const FOUNDERS: u64 = 32;
/// Most heads of the old collective in an inheritance.
const OLD_HEADS: u64 = 16;
/// Highest rank.
const RANK: u8 = 250;
/// Most back-links of an epoch.
const LINKS: u64 = 16;

impl Control {
    /// Parses the body of a control record or ballot.
    ///
    /// # Errors
    /// `body-fc`, `body-schema` or `kind-unknown`; the last for content kinds as well.
    pub fn decode(kind: Kind, body: &[u8]) -> Result<Self, Reason> {
        fc::check(body).map_err(|_| Reason::BodyFc)?;
        let mut decoder = Decoder::scanned(body);
        if !kind.is_known_control() {
            let _keys = decoder.map().map_err(|_| Reason::BodySchema)?;
            return if kind.is_parked() {
                Ok(Self::Parked)
            } else {
                Err(Reason::KindUnknown)
            };
        }
        read(kind, &mut decoder).map_err(|_| Reason::BodySchema)
    }

    /// Parses the body that belongs to `header` and holds one against the other.
    pub(crate) fn decode_for(header: &Header, body: &[u8]) -> Result<Self, Reason> {
        let control = Self::decode(header.kind, body)?;
        let fits = match &control {
            Self::Genesis(genesis) => genesis
                .founders
                .iter()
                .any(|founder| founder.seat == header.seat && founder.dev == header.dev),
            Self::Join(join) => {
                let inherits = header.auth.first().map(RecordId::as_bytes)
                    == header.cid.as_ref().map(CollectiveId::as_bytes);
                join.seat == header.seat
                    && join.dev == header.dev
                    && join.old_dev.is_some() == inherits
            }
            _ => true,
        };
        if fits {
            Ok(control)
        } else {
            Err(Reason::BodySchema)
        }
    }
}

fn read(kind: Kind, d: &mut Decoder<'_>) -> Result<Control, FcError> {
    Ok(match kind {
        Kind::GENESIS => Control::Genesis(genesis(d)?),
        Kind::INVITE => Control::Invite(grant::invite(d)?),
        Kind::JOIN => Control::Join(grant::join(d)?),
        Kind::DEVICE => Control::Device(device::device(d)?),
        Kind::GRANT => Control::Grant(grant::grant(d)?),
        Kind::REVOKE => Control::Revoke(revoke::revoke(d, false)?),
        Kind::READMIT => Control::Readmit(revoke::readmit(d)?),
        Kind::RESIGN => Control::Resign(revoke::resign(d)?),
        Kind::PROPOSAL => Control::Proposal(vote::proposal(d)?),
        Kind::BALLOT => Control::Ballot(vote::ballot(d)?),
        Kind::DECISION => Control::Decision(vote::decision(d)?),
        Kind::EPOCH => Control::Epoch(epoch(d)?),
        Kind::KEM => Control::Kem(Kem {
            kem: KemKey::from_bytes(only_id(d)?),
        }),
        Kind::FORKNOTE => Control::ForkNote(ForkNote {
            new_cid: CollectiveId::from_bytes(only_id(d)?),
        }),
        Kind::MERGE => {
            d.map()?.end()?;
            Control::Merge
        }
        // `decode` asks for known kinds only.
        _ => return Err(FcError::Range),
    })
}

/// A body with one id at key 0.
fn only_id(d: &mut Decoder<'_>) -> Result<[u8; 32], FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let id = d.bytes_of()?;
    keys.end()?;
    Ok(id)
}

/// A text at an optional key.
fn text(d: &mut Decoder<'_>, max: usize) -> Result<String, FcError> {
    d.text(max).map(str::to_owned)
}

fn record_id(d: &mut Decoder<'_>) -> Result<RecordId, FcError> {
    d.bytes_of().map(RecordId::from_bytes)
}

fn genesis(d: &mut Decoder<'_>) -> Result<Genesis, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let salt = d.bytes_of()?;
    keys.need(d, 1)?;
    let name = text(d, limits::NAME)?;
    keys.need(d, 2)?;
    let charter = charter::charter(d)?;
    keys.need(d, 3)?;
    let founders = d.list(1..=FOUNDERS, founder)?;
    let inherits = keys.optional(d, 4, inheritance)?;
    keys.need(d, 5)?;
    d.uint_within(SUITE..=SUITE)?;
    keys.need(d, 6)?;
    let founder_sig = d.bytes_of()?;
    keys.end()?;
    let has_role = |founder: &Founder| charter.roles.iter().any(|role| role.id == founder.role);
    if !founders.is_sorted_by(|a, b| a.seat < b.seat) || !founders.iter().all(has_role) {
        return Err(FcError::Range);
    }
    Ok(Genesis {
        salt,
        name,
        charter,
        founders,
        inherits,
        founder_sig,
    })
}

fn founder(d: &mut Decoder<'_>) -> Result<Founder, FcError> {
    d.array_of(4)?;
    Ok(Founder {
        seat: d.bytes_of().map(SeatKey::from_bytes)?,
        role: d.narrow(1..=u16::MAX)?,
        dev: d.bytes_of().map(DeviceKey::from_bytes)?,
        kem: d.bytes_of().map(KemKey::from_bytes)?,
    })
}

fn inheritance(d: &mut Decoder<'_>) -> Result<Inheritance, FcError> {
    d.array_of(3)?;
    Ok(Inheritance {
        old_cid: d.bytes_of().map(CollectiveId::from_bytes)?,
        heads: d.ascending(1..=OLD_HEADS, record_id)?,
        rank: d.narrow(0..=RANK)?,
    })
}

fn epoch(d: &mut Decoder<'_>) -> Result<Epoch, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let generation = d.uint_within(1..=UINT_MAX)?;
    keys.need(d, 1)?;
    let key_id = d.bytes_of().map(EpochId::from_bytes)?;
    keys.need(d, 2)?;
    let bundle_hash = d.bytes_of().map(BundleHash::from_bytes)?;
    keys.need(d, 3)?;
    let links = d.list(0..=LINKS, epoch_link)?;
    keys.end()?;
    if !links.is_sorted_by(|a, b| (a.key_id, a.class) < (b.key_id, b.class)) {
        return Err(FcError::Range);
    }
    Ok(Epoch {
        generation,
        key_id,
        bundle_hash,
        links,
    })
}

fn epoch_link(d: &mut Decoder<'_>) -> Result<EpochLink, FcError> {
    d.array_of(3)?;
    Ok(EpochLink {
        key_id: d.bytes_of().map(EpochId::from_bytes)?,
        class: d.narrow(0..=1)?,
        wrap: d.bytes_of()?,
    })
}
