//! Who reads, to whom an epoch is sealed, and when one is fit for new boxes (section 6.3).

use folkmoot_record::{
    DeviceKey, KemKey, SeatKey,
    control::{Actions, Control, Effect, RoleId},
};

use crate::{
    accord::Reader, book::Book, charter, covers::in_window, eval::View, graph::Ix, views::Views,
    warrant,
};

/// The live readers of a set at a time, in ms.
pub(crate) fn live_readers(book: &Book, view: &mut View, t: u64) -> Vec<Reader> {
    let seats: std::collections::BTreeSet<SeatKey> = book
        .grants
        .numbers()
        .map(|g| book.grants.get(g))
        .filter(|grant| !grant.is_invite() && view.set().contains(grant.op))
        .map(|grant| grant.to)
        .collect();
    let mut readers = Vec::new();
    for seat in seats {
        if !seat_reads(book, view, &seat, t) {
            continue;
        }
        let devices: Vec<DeviceKey> = book.devices.of_seat(&seat).map(|(dev, _)| dev).collect();
        for dev in devices {
            if let Some(kem) = current_kem(book, view, &seat, &dev) {
                readers.push((seat, dev, kem));
            }
        }
    }
    readers
}

/// A grant in force that gives read without limits on kinds or tags.
fn seat_reads(book: &Book, view: &mut View, seat: &SeatKey, t: u64) -> bool {
    view.live_grants(book, seat).into_iter().any(|g| {
        let limits = book.grants.get(g).limits.clone();
        limits.kinds.is_none()
            && limits.tags.is_none()
            && in_window(limits.nbf, limits.exp, t)
            && warrant::actions(book, view, g).contains(Actions::READ)
    })
}

/// The KEM key of a device: its newest honoured kem record, else that of its newest standing
/// addition with one (section 6.2). `None` for a device that is not certified or has no key.
pub(crate) fn current_kem(
    book: &Book,
    view: &mut View,
    seat: &SeatKey,
    dev: &DeviceKey,
) -> Option<KemKey> {
    let added = view
        .standing(book, seat, dev)
        .iter()
        .map(|a| book.devices.get(*a))
        .filter_map(|add| add.kem.map(|kem| (order(book, add.record), kem)))
        .max()
        .map(|(_, kem)| kem)?;
    let renewed = book.kems.get(&(*seat, *dev)).into_iter().flatten();
    renewed
        .copied()
        .filter(|ix| view.set().contains(*ix))
        .collect::<Vec<_>>()
        .into_iter()
        .filter(|ix| view.honoured(book, *ix))
        .filter_map(|ix| match book.graph.node(ix).record.control() {
            Some(Control::Kem(body)) => Some((order(book, ix), body.kem)),
            _ => None,
        })
        .max()
        .map(|(_, kem)| kem)
        .or(Some(added))
}

fn order(book: &Book, ix: Ix) -> (folkmoot_record::Hlc, folkmoot_record::RecordId) {
    let node = book.graph.node(ix);
    (node.record.header().hlc, node.id)
}

/// Whether new boxes may be made under an epoch of the running set at `t`: every device that could
/// once read and cannot now was already without the right in the epoch's own past.
pub(crate) fn usable(book: &Book, views: &mut Views, epoch: Ix, t: u64) -> bool {
    let now: std::collections::BTreeSet<(SeatKey, DeviceKey)> =
        live_readers(book, &mut views.running, t)
            .into_iter()
            .map(|(seat, dev, _)| (seat, dev))
            .collect();
    let once = once_readers(book, &views.running);
    let past = book.graph.node(epoch).past.clone();
    let ms = book.graph.node(epoch).ms();
    let mut sealed_to = None;
    once.into_iter().all(|(seat, dev)| {
        if now.contains(&(seat, dev)) {
            return true;
        }
        let added = book.devices.adds_of(&seat, &dev).iter().any(|a| {
            let add = book.devices.get(*a);
            add.kem.is_some() && past.contains(add.record)
        });
        if !added {
            return false;
        }
        let recipients = sealed_to.get_or_insert_with(|| {
            live_readers(book, views.at(&past), ms)
                .into_iter()
                .map(|(seat, dev, _)| (seat, dev))
                .collect::<std::collections::BTreeSet<_>>()
        });
        !recipients.contains(&(seat, dev))
    })
}

/// Every device with a KEM key of a seat to which some grant ever gave such read.
fn once_readers(book: &Book, view: &View) -> Vec<(SeatKey, DeviceKey)> {
    let mut seats: Vec<SeatKey> = book
        .grants
        .numbers()
        .map(|g| book.grants.get(g))
        .filter(|grant| {
            !grant.is_invite()
                && view.set().contains(grant.op)
                && (book.proposal(grant.op).is_none() || view.decided(book, grant.op))
                && grant.limits.kinds.is_none()
                && grant.limits.tags.is_none()
                && grant.limits.mask.contains(Actions::READ)
                && role_ever_read(book, view, grant.limits.role)
        })
        .map(|grant| grant.to)
        .collect();
    seats.sort_unstable();
    seats.dedup();
    seats
        .into_iter()
        .flat_map(|seat| {
            book.devices
                .of_seat(&seat)
                .filter(|(_, adds)| {
                    adds.iter().any(|a| {
                        let add = book.devices.get(*a);
                        add.kem.is_some() && view.set().contains(add.record)
                    })
                })
                .map(|(dev, _)| (seat, dev))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Some version of the role has the bit: that of the genesis or of a decided amendment.
fn role_ever_read(book: &Book, view: &View, id: RoleId) -> bool {
    let reads = |role: &folkmoot_record::control::Role| role.actions.contains(Actions::READ);
    let at_first = book
        .genesis
        .as_ref()
        .and_then(|(_, charter)| charter::role(charter, id))
        .is_some_and(reads);
    at_first
        || book.amendments.iter().any(|p| {
            view.decided(book, *p)
                && book.proposal(*p).is_some_and(|body| {
                    body.effects.iter().any(|effect| match effect {
                        Effect::Charter(delta) => {
                            delta.roles.iter().flatten().any(|r| r.id == id && reads(r))
                        }
                        _ => false,
                    })
                })
        })
}
