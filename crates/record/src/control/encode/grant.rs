//! Limits, grants, invites, joins, devices.

use super::{count, revoke};
use crate::Tag;
use crate::control::{DeviceBody, DeviceLimits, Grant, Invite, Join, KindRange, Limits};
use crate::fc::Encoder;

pub(super) fn grant(body: &Grant, out: &mut Encoder) {
    out.map(1 + keys_of(&body.limits)).key(0).bytes(body.to);
    limits(&body.limits, out);
}

pub(super) fn invite(body: &Invite, out: &mut Encoder) {
    let optional = [
        body.label.is_some(),
        body.open_from.is_some(),
        body.open_until.is_some(),
    ];
    out.map(2 + keys_of(&body.limits) + count(&optional));
    out.key(0).bytes(body.key);
    limits(&body.limits, out);
    out.key(9).uint(body.max_uses);
    if let Some(label) = &body.label {
        out.key(10).text(label);
    }
    number(11, body.open_from, out);
    number(12, body.open_until, out);
}

fn keys_of(limits: &Limits) -> usize {
    4 + count(&[
        limits.kinds.is_some(),
        limits.tags.is_some(),
        limits.nbf.is_some(),
        limits.exp.is_some(),
    ])
}

fn limits(limits: &Limits, out: &mut Encoder) {
    out.key(1).uint(limits.role).key(2).uint(limits.rank);
    out.key(3).uint(limits.mask.0);
    kinds(4, limits.kinds.as_deref(), out);
    tags(5, limits.tags.as_deref(), out);
    number(6, limits.nbf, out);
    number(7, limits.exp, out);
    out.key(8).uint(limits.depth_left);
}

fn number(key: u8, number: Option<u64>, out: &mut Encoder) {
    if let Some(number) = number {
        out.key(key).uint(number);
    }
}

fn kinds(key: u8, kinds: Option<&[KindRange]>, out: &mut Encoder) {
    if let Some(kinds) = kinds {
        out.key(key).array(kinds.len());
        for range in kinds {
            out.array(2).uint(range.lo.0).uint(range.hi.0);
        }
    }
}

fn tags(key: u8, tags: Option<&[Tag]>, out: &mut Encoder) {
    if let Some(tags) = tags {
        out.key(key).array(tags.len());
        for tag in tags {
            out.text(tag.as_str());
        }
    }
}

pub(super) fn join(body: &Join, out: &mut Encoder) {
    out.map(5 + count(&[body.old_dev.is_some()]));
    out.key(0).bytes(body.seat);
    out.key(1).bytes(body.dev);
    out.key(2).bytes(body.kem);
    out.key(3).bytes(body.redeem_sig);
    out.key(4).bytes(body.seat_sig);
    if let Some(old) = body.old_dev {
        out.key(5).bytes(old);
    }
}

pub(super) fn device(body: &DeviceBody, out: &mut Encoder) {
    out.map(count(&[!body.adds.is_empty(), !body.drops.is_empty()]));
    if !body.adds.is_empty() {
        out.key(0).array(body.adds.len());
        for add in &body.adds {
            out.array(3).bytes(add.dev).bytes_or_null(add.kem);
            match &add.limits {
                None => {
                    out.null();
                }
                Some(limits) => device_limits(limits, out),
            }
        }
    }
    if !body.drops.is_empty() {
        out.key(1).array(body.drops.len());
        for drop in &body.drops {
            revoke::cuts(&drop.cut, out.array(2).bytes(drop.dev));
        }
    }
}

fn device_limits(limits: &DeviceLimits, out: &mut Encoder) {
    out.map(
        2 + count(&[
            limits.kinds.is_some(),
            limits.tags.is_some(),
            limits.nbf.is_some(),
            limits.agent.is_some(),
        ]),
    );
    out.key(0).uint(limits.mask.0);
    kinds(1, limits.kinds.as_deref(), out);
    tags(2, limits.tags.as_deref(), out);
    number(3, limits.nbf, out);
    out.key(4).uint(limits.exp);
    if let Some(agent) = limits.agent {
        out.key(5).bytes(agent);
    }
}
