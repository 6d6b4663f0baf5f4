//! Limits, grants, invites, joins, devices.

use super::{bytes32, cuts, device, half, kem_key, record_id, seat, tag, text, uint};
use folkmoot_record::control::{
    Actions, DeviceAdd, DeviceBody, DeviceDrop, DeviceLimits, Grant, Invite, Join, KindRange,
    Limits,
};
use folkmoot_record::{InviteKey, Kind, Tag};
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;

/// Ascending, disjoint, not adjacent: the points of a set, taken in pairs.
fn kinds() -> impl Strategy<Value = Vec<KindRange>> {
    btree_set(0x80..0x8000_u16, 1..=16).prop_map(|halves| {
        // Even numbers are never adjacent.
        let points: Vec<u16> = halves.into_iter().map(|half| half * 2).collect();
        let range = |pair: &[u16]| KindRange {
            lo: Kind(pair[0]),
            hi: Kind(pair[pair.len() - 1]),
        };
        points.chunks(2).map(range).collect()
    })
}

/// Ascending, and none extends another.
fn tags() -> impl Strategy<Value = Vec<Tag>> {
    btree_set(tag(), 1..=16).prop_map(|set| {
        let mut kept: Vec<Tag> = Vec::new();
        for tag in set {
            if !kept.iter().any(|shorter| tag.extends(shorter)) {
                kept.push(tag);
            }
        }
        kept
    })
}

pub(crate) fn limits() -> impl Strategy<Value = Limits> {
    let window = (option::of(uint()), option::of(uint()));
    let scope = (option::of(kinds()), option::of(tags()));
    let rest = (any::<u32>(), 0..=31_u8);
    (1..=u16::MAX, 1..=250_u8, scope, window, rest).prop_map(
        |(role, rank, (kinds, tags), (nbf, exp), (mask, depth_left))| Limits {
            role,
            rank,
            mask: Actions(mask),
            kinds,
            tags,
            nbf,
            exp,
            depth_left,
        },
    )
}

pub(crate) fn grant() -> impl Strategy<Value = Grant> {
    (seat(), limits()).prop_map(|(to, limits)| Grant { to, limits })
}

pub(crate) fn invite() -> impl Strategy<Value = Invite> {
    let label = option::of(text(128));
    let open = (option::of(uint()), option::of(uint()));
    (bytes32(), limits(), 1..=10_000_u64, label, open).prop_map(
        |(key, limits, max_uses, label, (open_from, open_until))| Invite {
            key: InviteKey::from_bytes(key),
            limits,
            max_uses,
            label,
            open_from,
            open_until,
        },
    )
}

pub(crate) fn join() -> impl Strategy<Value = Join> {
    let signatures = (half::<64>(), half::<64>());
    (
        seat(),
        device(),
        kem_key(),
        signatures,
        option::of(device()),
    )
        .prop_map(|(seat, dev, kem, (redeem_sig, seat_sig), old_dev)| Join {
            seat,
            dev,
            kem,
            redeem_sig,
            seat_sig,
            old_dev,
        })
}

fn device_limits() -> impl Strategy<Value = DeviceLimits> {
    let scope = (option::of(kinds()), option::of(tags()));
    let window = (option::of(uint()), uint());
    (any::<u32>(), scope, window, option::of(record_id())).prop_map(
        |(mask, (kinds, tags), (nbf, exp), agent)| DeviceLimits {
            mask: Actions(mask),
            kinds,
            tags,
            nbf,
            exp,
            agent,
        },
    )
}

pub(crate) fn device_body() -> impl Strategy<Value = DeviceBody> {
    let adds = btree_map(
        device(),
        (option::of(kem_key()), option::of(device_limits())),
        0..=16,
    );
    let drops = btree_map(device(), cuts(), 0..=16);
    (adds, drops)
        .prop_filter("a device body says something", |(adds, drops)| {
            !adds.is_empty() || !drops.is_empty()
        })
        .prop_map(|(adds, drops)| DeviceBody {
            adds: adds
                .into_iter()
                .map(|(dev, (kem, limits))| DeviceAdd { dev, kem, limits })
                .collect(),
            drops: drops
                .into_iter()
                .map(|(dev, cut)| DeviceDrop { dev, cut })
                .collect(),
        })
}
