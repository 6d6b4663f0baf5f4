//! What waits to be sent on one stream, and how much may be on its way.

use std::collections::VecDeque;

use folkmoot_record::{BundleHash, CollectiveId, RecordId};

use crate::{Held, Holdings, limits};

const _: () = assert!(folkmoot_seal::bundle::MAX_BYTES <= limits::ITEM);

/// One thing to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gift {
    Record(RecordId),
    Bundle(BundleHash),
}

/// Bytes handed to the driver and not yet written to the socket.
#[derive(Debug, Default)]
pub(crate) struct Window {
    unwritten: usize,
}

impl Window {
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.unwritten = self.unwritten.saturating_add(bytes);
    }

    pub(crate) fn written(&mut self, bytes: usize) {
        self.unwritten = self.unwritten.saturating_sub(bytes);
    }

    /// Whether anything is on its way to the socket.
    pub(crate) const fn is_used(&self) -> bool {
        self.unwritten > 0
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.unwritten < limits::SEND_WINDOW
    }
}

/// A queue of ids whose records are read from the store only when the line is free.
#[derive(Debug, Default)]
pub(crate) struct Giver {
    queue: VecDeque<Gift>,
    given: u64,
}

impl Giver {
    pub(crate) fn extend(&mut self, gifts: impl IntoIterator<Item = Gift>) {
        self.queue.extend(gifts);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Items given so far.
    pub(crate) const fn given(&self) -> u64 {
        self.given
    }

    /// The next items, in order, of about [`limits::ITEM_FRAME`] bytes; `None` when nothing is
    /// left. What is not held any more is passed over.
    pub(crate) fn next_items(
        &mut self,
        cid: &CollectiveId,
        held: &dyn Holdings,
    ) -> Option<Vec<Held>> {
        let mut items = Vec::new();
        let mut bytes = 0;
        while bytes < limits::ITEM_FRAME && (items.len() as u64) < limits::ITEMS {
            let Some(gift) = self.queue.pop_front() else {
                break;
            };
            let item = match gift {
                Gift::Record(id) => held.record(cid, &id),
                Gift::Bundle(id) => held
                    .bundle(cid, &id)
                    .map(|wire| Held { wire, absent: None }),
            };
            let Some(item) = item else { continue };
            // Nothing that is taken is larger.
            if item.wire.len() > limits::ITEM {
                continue;
            }
            bytes += item.wire.len() + 8;
            items.push(item);
        }
        self.given += items.len() as u64;
        (!items.is_empty()).then_some(items)
    }
}
