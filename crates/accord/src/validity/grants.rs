//! Invites, grants, joins.

use folkmoot_record::{
    Header, Verified,
    control::{Actions, Grant, Invite, Join, Limits},
    signature,
};

use super::{capped, require};
use crate::{
    book::Book,
    charter,
    covers::{NEVER, covers},
    eval::View,
    grants::Gx,
    standing::VoidReason,
};

pub(super) fn invite(
    book: &Book,
    view: &mut View,
    header: &Header,
    body: &Invite,
) -> Result<(), VoidReason> {
    let cap = capped(book, view, header, &[Actions::INVITE])?;
    passes_on(book, view, cap, &body.limits, Some(body.open_until))
}

pub(super) fn grant(
    book: &Book,
    view: &mut View,
    header: &Header,
    body: &Grant,
) -> Result<(), VoidReason> {
    let cap = capped(book, view, header, &[Actions::GRANT])?;
    passes_on(book, view, cap, &body.limits, None)
}

fn passes_on(
    book: &Book,
    view: &mut View,
    cap: Gx,
    limits: &Limits,
    open_until: Option<Option<u64>>,
) -> Result<(), VoidReason> {
    let grant = book.grants.get(cap);
    require(
        covers(&grant.limits, grant.depth, limits, open_until),
        VoidReason::Covers,
    )?;
    let fits = view.charter(book).is_some_and(|at| {
        let own = charter::role(&at.charter, grant.limits.role);
        let given = charter::role(&at.charter, limits.role);
        given.is_some_and(|given| given.rank == limits.rank)
            && own.is_some_and(|own| limits.rank <= own.may_grant)
    });
    require(fits, VoidReason::Rank)
}

/// Uses, nbf and exp are not tested: uses are counted by Eval, and the window of the grant is not
/// the window of the invite.
pub(super) fn join(
    book: &Book,
    view: &mut View,
    record: &Verified,
    body: &Join,
    trusted: bool,
) -> Result<(), VoidReason> {
    let header = record.header();
    let cap = header
        .cap
        .and_then(|cap| book.grants.number(&cap))
        .ok_or(VoidReason::CapNotLive)?;
    let grant = book.grants.get(cap);
    let Some(invite) = grant.invite() else {
        return Err(VoidReason::CapNotLive);
    };
    require(view.live(book, cap), VoidReason::CapNotLive)?;
    let t = header.ms();
    require(
        invite.open_from.unwrap_or(0) <= t && t < invite.open_until.unwrap_or(NEVER),
        VoidReason::InviteWindow,
    )?;
    let cid = header
        .cid
        .map(folkmoot_record::CollectiveId::to_bytes)
        .unwrap_or_default();
    let signed = trusted
        || signature::verify(
            invite.key.as_bytes(),
            "folkmoot/1 redeem",
            &[
                &cid,
                grant.gid.as_bytes(),
                body.seat.as_bytes(),
                body.dev.as_bytes(),
                body.kem.as_bytes(),
            ],
            &body.redeem_sig,
        );
    require(signed, VoidReason::BodySig)
}
