//! Revocations and readmissions.

use folkmoot_record::{
    Header,
    control::{Actions, Readmit, Revoke, Target},
};

use super::{capped, require};
use crate::{
    bits::Bits, book::Book, eval::View, grants::Authority, revocations::Take, standing::VoidReason,
};

pub(super) fn revoke(
    book: &Book,
    view: &mut View,
    header: &Header,
    body: &Revoke,
) -> Result<(), VoidReason> {
    let named = match body.target {
        Target::Grant(gid) => book.grants.number(&gid),
        _ => None,
    };
    // Whoever may invite may also close what was invited under the same grant.
    let own_invite = named.is_some_and(|g| {
        let grant = book.grants.get(g);
        view.set().contains(grant.op)
            && grant
                .invite()
                .is_some_and(|i| Some(book.grants.get(i.cap).gid) == header.cap)
    });
    let bits: &[Actions] = if own_invite {
        &[Actions::REVOKE, Actions::INVITE]
    } else {
        &[Actions::REVOKE]
    };
    let cap = capped(book, view, header, bits)?;
    if let Some(g) = named.filter(|g| view.set().contains(book.grants.get(*g).op)) {
        require(book.grants.may(Authority::Grant(cap), g), VoidReason::May)?;
    }
    require(
        is_known(book, view.set(), body.target),
        VoidReason::TargetUnknown,
    )
}

/// Whether a target is named in a Past.
pub(super) fn is_known(book: &Book, past: &Bits, target: Target) -> bool {
    match target {
        Target::Grant(gid) => book
            .grants
            .number(&gid)
            .is_some_and(|g| past.contains(book.grants.get(g).op)),
        Target::Seat(seat) => Book::any_in(book.seats_named.get(&seat), past),
        Target::Device(dev) => Book::any_in(book.devices_named.get(&dev), past),
    }
}

pub(super) fn readmit(
    book: &Book,
    view: &mut View,
    header: &Header,
    body: &Readmit,
) -> Result<(), VoidReason> {
    let cap = capped(book, view, header, &[Actions::REVOKE])?;
    let known = book
        .revocations
        .number(&body.vid)
        .map(|v| book.revocations.get(v))
        .filter(|v| view.set().contains(v.op))
        .ok_or(VoidReason::TargetUnknown)?;
    // One person cannot soften what a decision took.
    let (Take::Record(_), Authority::Grant(theirs)) = (known.make, known.authority) else {
        return Err(VoidReason::May);
    };
    let same = book.graph.node(known.op).seat == header.seat && theirs == cap;
    require(
        same || book.grants.get(cap).rank() > book.grants.get(theirs).rank(),
        VoidReason::May,
    )
}
