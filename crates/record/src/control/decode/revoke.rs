//! Revocations, readmissions, resignations.

use super::{record_id, text};
use crate::control::{Cut, Readmit, Resign, Revoke, Target};
use crate::fc::{Decoder, FcError};
use crate::{DeviceKey, GrantId, RecordId, RevocationId, SeatKey, limits};

const SUBTREE: u8 = 1;
const BACK: u8 = 2;
/// Lists of cuts and kept ids are bounded by the size of the body alone.
const ANY: u64 = u64::MAX;

/// `in_effect`: only there may the cut go below what the author had seen.
pub(super) fn revoke(d: &mut Decoder<'_>, in_effect: bool) -> Result<Revoke, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let class = d.narrow(0..=2_u8)?;
    keys.need(d, 1)?;
    let target = d.bytes_of()?;
    let target = match class {
        0 => Target::Grant(GrantId::from_bytes(target)),
        1 => Target::Seat(SeatKey::from_bytes(target)),
        _ => Target::Device(DeviceKey::from_bytes(target)),
    };
    keys.need(d, 2)?;
    let known = if in_effect { SUBTREE | BACK } else { SUBTREE };
    let flags = d.narrow(0..=known)?;
    keys.need(d, 3)?;
    let cut = cuts(d)?;
    keys.need(d, 4)?;
    let keep = kept(d)?;
    let reason = keys.optional(d, 5, |d| text(d, limits::TEXT))?;
    keys.end()?;
    Ok(Revoke {
        target,
        subtree: flags & SUBTREE != 0,
        back: flags & BACK != 0,
        cut,
        keep,
        reason,
    })
}

pub(super) fn readmit(d: &mut Decoder<'_>) -> Result<Readmit, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let vid = d.bytes_of().map(RevocationId::from_bytes)?;
    keys.need(d, 1)?;
    let cut = cuts(d)?;
    keys.need(d, 2)?;
    let keep = kept(d)?;
    keys.end()?;
    Ok(Readmit { vid, cut, keep })
}

pub(super) fn resign(d: &mut Decoder<'_>) -> Result<Resign, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let cut = cuts(d)?;
    let withdraw = match keys.optional(d, 1, Decoder::bool)? {
        // Absent says it already.
        Some(false) => return Err(FcError::Range),
        said => said.is_some(),
    };
    keys.end()?;
    Ok(Resign { cut, withdraw })
}

/// Ascending by (dev, lane, seq, id), unique.
pub(super) fn cuts(d: &mut Decoder<'_>) -> Result<Vec<Cut>, FcError> {
    d.ascending(0..=ANY, |d| {
        d.array_of(4)?;
        Ok(Cut {
            dev: d.bytes_of().map(DeviceKey::from_bytes)?,
            lane: d.narrow(0..=1)?,
            seq: d.narrow(0..=u32::MAX)?,
            id: record_id(d)?,
        })
    })
}

fn kept(d: &mut Decoder<'_>) -> Result<Vec<RecordId>, FcError> {
    d.ascending(0..=ANY, record_id)
}
