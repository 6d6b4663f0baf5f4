//! Why a record does not count, a right has ended, a device is none any more.

use folkmoot_record::{
    DeviceKey, GrantId, Header, RecordId, SeatKey,
    control::{Control, DeviceLimits, Target},
};

use crate::{
    Accord, ContentLog, Standing,
    book::Book,
    devices::Signer,
    eval::View,
    grants::{Authority, Make},
    revocations::{Take, Vx},
};

/// One cause for which something does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shadow {
    /// What it relies on was never given: that record is shadowed itself, or not decided.
    Ungiven {
        /// The record that would have given it.
        by: RecordId,
    },
    /// The uses of the invite went to others, or its person was a member by it already.
    PassedOver,
    /// Something took away the right or the device, and did not keep this record.
    TakenAway(Taking),
}

/// An act that took something away, and takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taking {
    /// The revocation, the device record, the resignation or the proposal.
    pub record: RecordId,
    /// Who wrote that.
    pub author: SeatKey,
    /// Its claimed time, in ms.
    pub ms: u64,
    /// What kind of act it is.
    pub means: Means,
    /// What it aims at; of a resignation its seat.
    pub target: Target,
    /// Whether all that descends from a right goes with it.
    pub subtree: bool,
    /// Why, if said.
    pub reason: Option<String>,
}

/// By what kind of act something was taken away (section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A revoke record under a grant, whose rank this is.
    Revocation {
        /// Rank of the grant.
        rank: u8,
    },
    /// A decided proposal.
    Decision {
        /// Its class.
        class: u8,
    },
    /// The person took back a device of their own.
    Drop {
        /// By the recovery key, for ever; else by the device that had added it.
        by_root: bool,
    },
    /// The person left.
    Resignation,
}

/// How a device came to a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The genesis, join or device record.
    pub record: RecordId,
    /// Its claimed time, in ms.
    pub ms: u64,
    /// The full device that vouched for it; `None`: genesis, join or the recovery key.
    pub by: Option<DeviceKey>,
    /// What it may do; `None`: everything its person may.
    pub limits: Option<DeviceLimits>,
    /// Whether it can open the keys of epochs by itself.
    pub reads: bool,
    /// What undid it; empty: it stands.
    pub undone: Vec<Taking>,
}

impl Accord {
    /// Why an admitted lane-0 record is shadowed; empty if it is honoured or not admitted.
    pub fn shadows(&mut self, id: &RecordId) -> Vec<Shadow> {
        let shadowed = self.standing(id) == Some(Standing::Admitted { honoured: false });
        let intake = &mut self.intake;
        let book = &intake.book;
        let (true, Some(ix)) = (shadowed, book.graph.number(id)) else {
            return Vec::new();
        };
        let view: &mut View = &mut intake.views.running;
        let node = book.graph.node(ix);
        let mut found = Vec::new();
        let mut takers: Vec<Vx> = Vec::new();
        if let Some(cap) = node.cap {
            let hurdles = view.hurdles(book, cap, &node.seat, &node.dev);
            if !hurdles.issued {
                let by = book.graph.node(book.grants.get(cap).op).id;
                found.push(Shadow::Ungiven { by });
            }
            // A revocation never cuts itself away.
            takers.extend(
                hurdles
                    .hitters
                    .iter()
                    .filter(|v| book.revocations.get(**v).op != ix),
            );
            if !hurdles.additions.iter().any(Vec::is_empty) {
                takers.extend(hurdles.additions.into_iter().flatten());
            }
        } else {
            let resigned = book.revocations.of_seat(&node.seat).iter().copied();
            takers.extend(
                resigned.filter(|v| matches!(book.revocations.get(*v).make, Take::Resign(_))),
            );
            takers.extend(book.revocations.drops_of(&node.seat, &node.dev));
            takers.extend(book.revocations.of_device(&node.dev));
        }
        takers.retain(|v| view.active(book, *v) && !view.keeps(book, *v, ix));
        found.extend(takings(book, takers).map(Shadow::TakenAway));
        let own = book.grants.number(&(*id).into());
        let join = own.is_some_and(|g| matches!(book.grants.get(g).make, Make::Join { .. }));
        if found.is_empty() && join {
            found.push(Shadow::PassedOver);
        }
        found
    }

    /// Why an admitted content record is shadowed; empty if it is honoured. It must have been
    /// judged as admitted before.
    pub fn content_shadows(
        &mut self,
        header: &Header,
        id: RecordId,
        log: &dyn ContentLog,
    ) -> Vec<Shadow> {
        let intake = &mut self.intake;
        let book = &intake.book;
        let Some(cap) = header.cap.and_then(|cap| book.grants.number(&cap)) else {
            return Vec::new();
        };
        let running = &mut intake.views.running;
        let (issued, takers) = self.memo.takers(book, running, header, id, log);
        let ungiven = (!issued).then(|| Shadow::Ungiven {
            by: book.graph.node(book.grants.get(cap).op).id,
        });
        ungiven
            .into_iter()
            .chain(takings(book, takers).map(Shadow::TakenAway))
            .collect()
    }

    /// Why a grant or an invite is not live; empty if it is, or is not known.
    pub fn ended_by(&mut self, gid: &GrantId) -> Vec<Shadow> {
        let intake = &mut self.intake;
        let (book, view) = (&intake.book, &mut intake.views.running);
        let Some(g) = book.grants.number(gid) else {
            return Vec::new();
        };
        let op = book.grants.get(g).op;
        let ungiven = (!view.issued(book, g)).then(|| Shadow::Ungiven {
            by: book.graph.node(op).id,
        });
        let takers = view.hitters(book, g);
        ungiven
            .into_iter()
            .chain(takings(book, takers).map(Shadow::TakenAway))
            .collect()
    }

    /// Whether the author of a content record took it back by leaving (section 8.2): content that
    /// does not know of a resignation that withdraws. What somebody writes who came back stands.
    pub fn withdrawn(&self, header: &Header) -> bool {
        let seats = &self.state().seats;
        if !seats.get(&header.seat).is_some_and(|seat| seat.withdrawn) {
            return false;
        }
        let book = &self.intake.book;
        let known = header
            .auth
            .iter()
            .filter_map(|id| book.graph.number(id))
            .collect::<Vec<_>>();
        let past = book.graph.past_of(known);
        let running = self.intake.views.running.set();
        book.revocations.of_seat(&header.seat).iter().any(|v| {
            let op = book.revocations.get(*v).op;
            let withdraws = matches!(
                book.graph.node(op).record.control(),
                Some(Control::Resign(body)) if body.withdraw
            );
            withdraws && running.contains(op) && !past.contains(op)
        })
    }

    /// How a device came to a seat, each time, and what undid it; in the order in which this node
    /// learnt of it.
    pub fn additions(&mut self, seat: &SeatKey, dev: &DeviceKey) -> Vec<Addition> {
        let intake = &mut self.intake;
        let (book, view) = (&intake.book, &mut intake.views.running);
        let mut additions = Vec::new();
        for a in book.devices.adds_of(seat, dev) {
            let add = book.devices.get(*a);
            if !view.set().contains(add.record) {
                continue;
            }
            let node = book.graph.node(add.record);
            let undone = view.undone_by(book, seat, dev, *a);
            additions.push(Addition {
                record: node.id,
                ms: node.ms(),
                by: match add.signer {
                    Signer::Root => None,
                    Signer::Device(by) => Some(by),
                },
                limits: add.limits.clone(),
                reads: add.kem.is_some(),
                undone: takings(book, undone).collect(),
            });
        }
        additions
    }
}

/// What revocations say of themselves, each once.
fn takings(book: &Book, mut takers: Vec<Vx>) -> impl Iterator<Item = Taking> {
    takers.sort_unstable();
    takers.dedup();
    takers.into_iter().map(|v| {
        let revocation = book.revocations.get(v);
        let node = book.graph.node(revocation.op);
        Taking {
            record: node.id,
            author: node.seat,
            ms: node.ms(),
            means: match (revocation.make, revocation.authority) {
                (Take::Resign(_), _) => Means::Resignation,
                (Take::Drop { by, .. }, _) => Means::Drop {
                    by_root: by.is_none(),
                },
                (_, Authority::Decision(class)) => Means::Decision { class },
                (_, Authority::Grant(g)) => Means::Revocation {
                    rank: book.grants.get(g).rank(),
                },
                (_, Authority::Root(_)) => Means::Resignation,
            },
            target: revocation.make.target(),
            subtree: revocation.subtree,
            reason: revocation.reason.clone(),
        }
    })
}
