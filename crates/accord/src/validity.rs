//! Static validity, `sv(o)` (section 4.9): judged in Eval(Past(o)) alone, so it never changes.
//!
//! The tests of each kind are made in the order in which faults are reported; the first one that
//! fails is the reason.

mod devices;
mod grants;
mod revocations;
mod votes;

use folkmoot_record::{
    Kind, Verified,
    control::{Actions, Control},
};

use crate::{
    bits::Bits,
    book::Book,
    eval::View,
    grants::Gx,
    polls::Polls,
    standing::VoidReason,
    views::Views,
    warrant::{Wanted, Warrant},
};

pub(crate) use votes::{ballot, certificate};

/// What every test may look at.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) book: &'a Book,
    pub(crate) views: &'a mut Views,
    pub(crate) polls: &'a mut Polls,
    /// Whether the redeem signature of a join was checked before.
    pub(crate) trusted: bool,
}

/// Judges a lane-0 record whose Past is held, valid and given.
pub(crate) fn control(
    scene: &mut Scene<'_>,
    record: &Verified,
    past: &Bits,
) -> Result<(), VoidReason> {
    chain(scene.book, record)?;
    let (header, book) = (record.header(), scene.book);
    let Some(body) = record.control() else {
        return Err(VoidReason::Prev); // Content is judged elsewhere.
    };
    let view = scene.views.at(past);
    match body {
        Control::Genesis(_) | Control::Parked => Ok(()),
        Control::Invite(body) => grants::invite(book, view, header, body),
        Control::Grant(body) => grants::grant(book, view, header, body),
        Control::Join(body) => grants::join(book, view, record, body, scene.trusted),
        Control::Device(body) => devices::device(book, view, header, body),
        Control::Resign(_) => devices::has_live_grant(book, view, &header.seat),
        Control::Kem(_) => devices::kem(book, view, header),
        Control::Revoke(body) => revocations::revoke(book, view, header, body),
        Control::Readmit(body) => revocations::readmit(book, view, header, body),
        Control::Proposal(body) => votes::proposal(book, view, header, body),
        Control::Decision(body) => {
            devices::full_device(book, view, header)?;
            certificate(scene, past, body)
        }
        Control::Epoch(body) => {
            capped(book, view, header, &[Actions::REKEY])?;
            view.scan(book.epochs.len());
            let newest = newest_generation(book, past);
            require(body.generation == newest + 1, VoidReason::Gen)
        }
        Control::Merge if header.cap.is_some() => capped(book, view, header, &[]).map(drop),
        Control::Merge | Control::ForkNote(_) => devices::full_device(book, view, header),
        Control::Ballot(_) => Err(VoidReason::Electorate), // Judged by `ballot`.
    }
}

/// `prev` and `hlc`: the place in the log, and the time after all it cites.
fn chain(book: &Book, record: &Verified) -> Result<(), VoidReason> {
    let header = record.header();
    let prev = header.prev.and_then(|prev| book.graph.number(&prev));
    if header.kind != Kind::GENESIS {
        let follows = match (header.prev, prev) {
            (None, _) => true,
            (Some(_), Some(prev)) => {
                let node = book.graph.node(prev);
                node.seat == header.seat
                    && node.dev == header.dev
                    && node.record.header().seq.checked_add(1) == Some(header.seq)
            }
            (Some(_), None) => false,
        };
        require(follows, VoidReason::Prev)?;
    }
    let causes = header
        .auth
        .iter()
        .filter_map(|id| book.graph.number(id))
        .chain(prev);
    let newest = causes
        .map(|ix| book.graph.node(ix).record.header().hlc)
        .max();
    require(
        newest.is_none_or(|newest| header.hlc > newest),
        VoidReason::Hlc,
    )
}

/// The common test for a control record with a cap.
fn capped(
    book: &Book,
    view: &mut View,
    header: &folkmoot_record::Header,
    bits: &[Actions],
) -> Result<Gx, VoidReason> {
    let cap = header
        .cap
        .and_then(|cap| book.grants.number(&cap))
        .ok_or(VoidReason::CapNotLive)?;
    Warrant::of(book, view, cap, &header.seat, &header.dev).test(&Wanted {
        bits,
        t: header.ms(),
        content: None,
    })?;
    Ok(cap)
}

/// The greatest generation of an epoch in a Past, or 0.
pub(crate) fn newest_generation(book: &Book, past: &Bits) -> u64 {
    book.epochs
        .iter()
        .filter(|ix| past.contains(**ix))
        .filter_map(|ix| match book.graph.node(*ix).record.control() {
            Some(Control::Epoch(body)) => Some(body.generation),
            _ => None,
        })
        .max()
        .unwrap_or(0)
}

fn require(holds: bool, reason: VoidReason) -> Result<(), VoidReason> {
    if holds { Ok(()) } else { Err(reason) }
}

/// The action bit that a content kind wants; none: any action will do.
pub(crate) fn content_bits(kind: Kind) -> &'static [Actions] {
    match kind {
        Kind::RETRACT => &[],
        Kind::HIDE | Kind::UNHIDE => &[Actions::HIDE],
        Kind::PURGE => &[Actions::PURGE],
        _ => &[Actions::WRITE],
    }
}
