//! Devices, resignations, KEM keys, and the full device test.

use folkmoot_record::{
    DeviceKey, Header, SeatKey,
    control::{Actions, DeviceBody},
};

use super::require;
use crate::{
    book::Book,
    devices::{DEVICE_SIGNED_ADD_MS, FULL_DEVICES, LIMITED_DEVICES, Signer},
    eval::View,
    standing::VoidReason,
};

/// What a device may never let another one do: invite, grant, revoke, vote, rekey.
const NOT_BY_DEVICE: [Actions; 5] = [
    Actions::INVITE,
    Actions::GRANT,
    Actions::REVOKE,
    Actions::VOTE,
    Actions::REKEY,
];

/// Certified and full, of a live seat.
pub(super) fn full_device(book: &Book, view: &mut View, header: &Header) -> Result<(), VoidReason> {
    require(
        view.is_full(book, &header.seat, &header.dev),
        VoidReason::Device,
    )?;
    require(view.seat_live(book, &header.seat), VoidReason::Seat)
}

pub(super) fn has_live_grant(
    book: &Book,
    view: &mut View,
    seat: &SeatKey,
) -> Result<(), VoidReason> {
    require(view.has_live_grant(book, seat), VoidReason::Seat)
}

/// A device certified by a standing addition with a KEM key, of a live seat.
pub(super) fn kem(book: &Book, view: &mut View, header: &Header) -> Result<(), VoidReason> {
    let reads = view
        .standing(book, &header.seat, &header.dev)
        .iter()
        .any(|a| book.devices.get(*a).kem.is_some());
    require(reads, VoidReason::Device)?;
    require(view.seat_live(book, &header.seat), VoidReason::Seat)
}

pub(super) fn device(
    book: &Book,
    view: &mut View,
    header: &Header,
    body: &DeviceBody,
) -> Result<(), VoidReason> {
    let (seat, signer) = (header.seat, header.dev);
    let by_root = signer == DeviceKey::from(seat);
    require(
        by_root || view.is_full(book, &seat, &signer),
        VoidReason::Device,
    )?;
    has_live_grant(book, view, &seat)?;
    let (full, limited) = counts_after(book, view, &seat, &signer, by_root, body);
    require(
        full <= FULL_DEVICES && limited <= LIMITED_DEVICES,
        VoidReason::Root,
    )?;
    if by_root {
        return Ok(());
    }
    let latest = header.ms().saturating_add(DEVICE_SIGNED_ADD_MS);
    let adds_fit = body.adds.iter().all(|add| {
        add.limits.as_ref().is_some_and(|limits| {
            limits.exp <= latest && NOT_BY_DEVICE.iter().all(|bit| !limits.mask.contains(*bit))
        })
    });
    let drops_fit = body.drops.iter().all(|drop| {
        book.devices.adds_of(&seat, &drop.dev).iter().any(|a| {
            let add = book.devices.get(*a);
            add.signer == Signer::Device(signer) && view.set().contains(add.record)
        })
    });
    require(adds_fit && drops_fit, VoidReason::Root)
}

/// How many full and limited devices the seat has once the record is in.
fn counts_after(
    book: &Book,
    view: &mut View,
    seat: &SeatKey,
    signer: &DeviceKey,
    by_root: bool,
    body: &DeviceBody,
) -> (usize, usize) {
    let dropped = |dev: &DeviceKey, by: Signer| {
        body.drops
            .binary_search_by_key(dev, |drop| drop.dev)
            .is_ok()
            && (by_root || by == Signer::Device(*signer))
    };
    let own = if by_root {
        Signer::Root
    } else {
        Signer::Device(*signer)
    };
    let mut full = std::collections::BTreeMap::<DeviceKey, bool>::new();
    let known: Vec<DeviceKey> = book.devices.of_seat(seat).map(|(dev, _)| dev).collect();
    for dev in known {
        for a in view.standing(book, seat, &dev).iter() {
            let add = book.devices.get(*a);
            if !dropped(&dev, add.signer) {
                *full.entry(dev).or_default() |= add.limits.is_none();
            }
        }
    }
    for add in body.adds.iter().filter(|add| !dropped(&add.dev, own)) {
        *full.entry(add.dev).or_default() |= add.limits.is_none();
    }
    let count = full.values().filter(|is_full| **is_full).count();
    (count, full.len() - count)
}
