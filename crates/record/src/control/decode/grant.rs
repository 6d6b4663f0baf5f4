//! Limits, grants, invites, joins.

use super::text;
use crate::control::{Actions, Grant, Invite, Join, KindRange, Limits};
use crate::fc::{Decoder, FcError, MapKeys};
use crate::{DeviceKey, InviteKey, KemKey, Kind, SeatKey, Tag, limits};

/// Most ranges of kinds, and most tags, in limits.
const ENTRIES: u64 = 16;
/// Greatest `depth_left`.
const DEPTH_LEFT: u8 = 31;
/// Most uses of an invite.
const USES: u64 = 10_000;

pub(super) fn grant(d: &mut Decoder<'_>) -> Result<Grant, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let to = d.bytes_of().map(SeatKey::from_bytes)?;
    let limits = limits_of(d, &mut keys)?;
    keys.end()?;
    Ok(Grant { to, limits })
}

pub(super) fn invite(d: &mut Decoder<'_>) -> Result<Invite, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let key = d.bytes_of().map(InviteKey::from_bytes)?;
    let limits = limits_of(d, &mut keys)?;
    keys.need(d, 9)?;
    let max_uses = d.uint_within(1..=USES)?;
    let label = keys.optional(d, 10, |d| text(d, limits::NAME))?;
    let open_from = keys.optional(d, 11, Decoder::uint)?;
    let open_until = keys.optional(d, 12, Decoder::uint)?;
    keys.end()?;
    Ok(Invite {
        key,
        limits,
        max_uses,
        label,
        open_from,
        open_until,
    })
}

/// Keys 1 to 8 of the map around.
fn limits_of(d: &mut Decoder<'_>, keys: &mut MapKeys) -> Result<Limits, FcError> {
    keys.need(d, 1)?;
    let role = d.narrow(1..=u16::MAX)?;
    keys.need(d, 2)?;
    let rank = d.narrow(1..=super::RANK)?;
    keys.need(d, 3)?;
    let mask = Actions(d.narrow(0..=u32::MAX)?);
    let kinds = keys.optional(d, 4, kinds)?;
    let tags = keys.optional(d, 5, tags)?;
    let nbf = keys.optional(d, 6, Decoder::uint)?;
    let exp = keys.optional(d, 7, Decoder::uint)?;
    keys.need(d, 8)?;
    let depth_left = d.narrow(0..=DEPTH_LEFT)?;
    Ok(Limits {
        role,
        rank,
        mask,
        kinds,
        tags,
        nbf,
        exp,
        depth_left,
    })
}

/// Ascending, disjoint and not adjacent, so that one set of kinds has one form.
pub(crate) fn kinds(d: &mut Decoder<'_>) -> Result<Vec<KindRange>, FcError> {
    let ranges = d.list(1..=ENTRIES, |d| {
        d.array_of(2)?;
        let lo = d.narrow(0x100..=u16::MAX)?;
        let hi = d.narrow(lo..=u16::MAX)?;
        Ok(KindRange {
            lo: Kind(lo),
            hi: Kind(hi),
        })
    })?;
    // Strictly more than one apart; `lo` is at least 0x100, so that nothing underflows.
    if ranges.is_sorted_by(|a, b| a.hi.0 < b.lo.0 - 1) {
        Ok(ranges)
    } else {
        Err(FcError::Range)
    }
}

/// Ascending, and none says what a shorter one says already.
pub(crate) fn tags(d: &mut Decoder<'_>) -> Result<Vec<Tag>, FcError> {
    let tags = d.ascending(1..=ENTRIES, |d| {
        Tag::new(d.text(limits::TAG)?).ok_or(FcError::Range)
    })?;
    // What extends a tag sorts after it, though not always next to it.
    let repeated = tags
        .iter()
        .enumerate()
        .any(|(at, tag)| tags[..at].iter().any(|shorter| tag.extends(shorter)));
    if repeated {
        Err(FcError::Range)
    } else {
        Ok(tags)
    }
}

pub(super) fn join(d: &mut Decoder<'_>) -> Result<Join, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let seat = d.bytes_of().map(SeatKey::from_bytes)?;
    keys.need(d, 1)?;
    let dev = d.bytes_of().map(DeviceKey::from_bytes)?;
    keys.need(d, 2)?;
    let kem = d.bytes_of().map(KemKey::from_bytes)?;
    keys.need(d, 3)?;
    let redeem_sig = d.bytes_of()?;
    keys.need(d, 4)?;
    let seat_sig = d.bytes_of()?;
    let old_dev = keys.optional(d, 5, |d| d.bytes_of().map(DeviceKey::from_bytes))?;
    keys.end()?;
    Ok(Join {
        seat,
        dev,
        kem,
        redeem_sig,
        seat_sig,
        old_dev,
    })
}
