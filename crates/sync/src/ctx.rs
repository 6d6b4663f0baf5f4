//! What every part of the machine works with while one input is handled.

use std::collections::BTreeMap;

use folkmoot_record::CollectiveId;

use crate::{
    Config, Event, Holdings, Item, JoinStep, Now, Output, Peer, StreamId, Ticket, book::Book,
    devices::Devices, dice::Dice, joins::Joins,
};

/// A batch on its way through the engine.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) peer: Peer,
    pub(crate) cid: CollectiveId,
    pub(crate) stream: StreamId,
    pub(crate) bytes: usize,
}

/// Batches handed to the engine and not yet judged.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    next: u64,
    open: BTreeMap<Ticket, Delivery>,
}

impl Tickets {
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Delivery> {
        self.open.remove(&ticket)
    }
}

/// One input's surroundings: the time, the node's holdings, and where outputs go.
pub(crate) struct Ctx<'a> {
    pub(crate) now: Now,
    pub(crate) held: &'a dyn Holdings,
    pub(crate) out: &'a mut Vec<Output>,
    pub(crate) own: &'a Peer,
    pub(crate) config: &'a Config,
    pub(crate) dice: &'a mut Dice,
    pub(crate) tickets: &'a mut Tickets,
    pub(crate) book: &'a mut Book,
    pub(crate) joins: &'a mut Joins,
    pub(crate) devices: &'a mut Devices,
}

impl Ctx<'_> {
    pub(crate) fn emit(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    pub(crate) fn joining(&mut self, cid: CollectiveId, step: JoinStep) {
        self.emit(Event::Joining { cid, step });
    }

    /// Hands a batch to the engine.
    pub(crate) fn deliver(&mut self, delivery: Delivery, items: Vec<Item>) {
        let ticket = Ticket(self.tickets.next);
        self.tickets.next += 1;
        self.out.push(Output::Deliver {
            ticket,
            cid: delivery.cid,
            peer: delivery.peer.clone(),
            items,
        });
        self.tickets.open.insert(ticket, delivery);
    }
}
