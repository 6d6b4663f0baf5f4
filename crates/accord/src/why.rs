//! Why an admitted record does not count.

use folkmoot_record::{RecordId, SeatKey};

use crate::{
    Accord, Standing,
    eval::View,
    grants::Make,
    revocations::{Take, Vx},
};

/// One cause for which an admitted record is shadowed.
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
    TakenAway {
        /// The revocation, the device record, the resignation or the proposal.
        by: RecordId,
        /// Who wrote that.
        author: SeatKey,
        /// Why, if said.
        reason: Option<String>,
    },
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
            takers.extend(hurdles.hitters);
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
        takers.sort_unstable();
        takers.dedup();
        for v in takers {
            if view.active(book, v) && !view.keeps(book, v, ix) {
                let revocation = book.revocations.get(v);
                let by = book.graph.node(revocation.op);
                found.push(Shadow::TakenAway {
                    by: by.id,
                    author: by.seat,
                    reason: revocation.reason.clone(),
                });
            }
        }
        let own = book.grants.number(&(*id).into());
        let join = own.is_some_and(|g| matches!(book.grants.get(g).make, Make::Join { .. }));
        if found.is_empty() && join {
            found.push(Shadow::PassedOver);
        }
        found
    }
}
