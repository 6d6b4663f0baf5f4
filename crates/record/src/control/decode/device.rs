//! Devices added and dropped, and the limits of a device.

use super::grant::{kinds, tags};
use super::{record_id, revoke::cuts};
use crate::control::{Actions, DeviceAdd, DeviceBody, DeviceDrop, DeviceLimits};
use crate::fc::{Decoder, FcError};
use crate::{DeviceKey, KemKey};

/// Most devices added, and most dropped, at once.
const ENTRIES: u64 = 16;

pub(super) fn device(d: &mut Decoder<'_>) -> Result<DeviceBody, FcError> {
    let mut keys = d.map()?;
    // A list that is there is not empty.
    let adds = keys.optional(d, 0, |d| d.list(1..=ENTRIES, add))?;
    let drops = keys.optional(d, 1, |d| d.list(1..=ENTRIES, drop))?;
    keys.end()?;
    if adds.is_none() && drops.is_none() {
        return Err(FcError::Range);
    }
    let (adds, drops) = (adds.unwrap_or_default(), drops.unwrap_or_default());
    if adds.is_sorted_by(|a, b| a.dev < b.dev) && drops.is_sorted_by(|a, b| a.dev < b.dev) {
        Ok(DeviceBody { adds, drops })
    } else {
        Err(FcError::Range)
    }
}

fn add(d: &mut Decoder<'_>) -> Result<DeviceAdd, FcError> {
    d.array_of(3)?;
    Ok(DeviceAdd {
        dev: d.bytes_of().map(DeviceKey::from_bytes)?,
        kem: d.bytes_or_null()?.map(KemKey::from_bytes),
        limits: if d.take_null() {
            None
        } else {
            Some(limits(d)?)
        },
    })
}

fn drop(d: &mut Decoder<'_>) -> Result<DeviceDrop, FcError> {
    d.array_of(2)?;
    Ok(DeviceDrop {
        dev: d.bytes_of().map(DeviceKey::from_bytes)?,
        cut: cuts(d)?,
    })
}

fn limits(d: &mut Decoder<'_>) -> Result<DeviceLimits, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let mask = Actions(d.narrow(0..=u32::MAX)?);
    let kinds = keys.optional(d, 1, kinds)?;
    let tags = keys.optional(d, 2, tags)?;
    let nbf = keys.optional(d, 3, Decoder::uint)?;
    keys.need(d, 4)?;
    let exp = d.uint()?;
    let agent = keys.optional(d, 5, record_id)?;
    keys.end()?;
    Ok(DeviceLimits {
        mask,
        kinds,
        tags,
        nbf,
        exp,
        agent,
    })
}
