//! Revocations, readmissions, resignations.

use super::count;
use crate::RecordId;
use crate::control::{Cut, Readmit, Resign, Revoke, Target};
use crate::fc::Encoder;

pub(super) fn revoke(body: &Revoke, out: &mut Encoder) {
    let (class, target) = match &body.target {
        Target::Grant(id) => (0_u8, id.as_bytes()),
        Target::Seat(key) => (1, key.as_bytes()),
        Target::Device(key) => (2, key.as_bytes()),
    };
    out.map(5 + count(&[body.reason.is_some()]));
    out.key(0).uint(class).key(1).bytes(target);
    out.key(2)
        .uint(u8::from(body.subtree) | u8::from(body.back) << 1);
    cuts(&body.cut, out.key(3));
    ids(&body.keep, out.key(4));
    if let Some(reason) = &body.reason {
        out.key(5).text(reason);
    }
}

pub(super) fn readmit(body: &Readmit, out: &mut Encoder) {
    out.map(3).key(0).bytes(body.vid);
    cuts(&body.cut, out.key(1));
    ids(&body.keep, out.key(2));
}

pub(super) fn resign(body: &Resign, out: &mut Encoder) {
    out.map(1 + count(&[body.withdraw]));
    cuts(&body.cut, out.key(0));
    if body.withdraw {
        out.key(1).bool(true);
    }
}

pub(super) fn cuts(cuts: &[Cut], out: &mut Encoder) {
    out.array(cuts.len());
    for cut in cuts {
        out.array(4).bytes(cut.dev).uint(cut.lane);
        out.uint(cut.seq).bytes(cut.id);
    }
}

pub(super) fn ids(ids: &[RecordId], out: &mut Encoder) {
    out.array(ids.len());
    for id in ids {
        out.bytes(id);
    }
}
