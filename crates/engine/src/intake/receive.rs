//! Taking in what peers send: parse, check, judge, store, index, tell.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::Rejudge;
use folkmoot_record::{Carried, CollectiveId, DeviceKey, Hlc, RecordId, SeatKey, Signed, Verified};
use folkmoot_store::{Entry, Held};
use folkmoot_sync::{Delivered, Input, Item, Peer, Ticket};

use crate::{
    core::Core,
    intake::{
        checkers::{Batch, Checked, Unchecked},
        void::Cause,
    },
    membership::collective::LogPlace,
};

/// Marks kept with a record that is stored but not shown.
pub(crate) mod mark {
    /// Shown.
    pub(crate) const NONE: u8 = 0;
    /// Valid, but cut away by a revocation.
    pub(crate) const SHADOWED: u8 = 1;
    /// Dated in the future.
    pub(crate) const QUARANTINED: u8 = 2;
    /// Waits for a newer version, a person, or room.
    pub(crate) const PARKED: u8 = 3;
    /// Its place in its log contradicts the record before it.
    pub(crate) const MISFILED: u8 = 4;
    /// Its body does not fit its kind.
    pub(crate) const UNRENDERABLE: u8 = 5;
    /// Its device wrote more on that day than the charter allows.
    pub(crate) const OVER_QUOTA: u8 = 6;
    /// Its author left and took back everything they wrote.
    pub(crate) const WITHDRAWN: u8 = 7;
    /// The last of them.
    #[cfg(test)]
    pub(crate) const LAST: u8 = WITHDRAWN;

    /// The word for people.
    pub(crate) fn word(mark: u8) -> &'static str {
        match mark {
            SHADOWED => "shadowed",
            QUARANTINED => "quarantined",
            PARKED => "parked",
            MISFILED => "misfiled",
            UNRENDERABLE => "unrenderable",
            OVER_QUOTA => "over quota",
            WITHDRAWN => "withdrawn",
            _ => "admitted",
        }
    }
}

/// Claimed time and author of content.
pub(crate) type Written = (Hlc, SeatKey);

/// What a batch leaves to be done once it is durable.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The device that brought the batch.
    pub(crate) by: Option<DeviceKey>,
    pub(crate) entries: Vec<Entry>,
    /// Places of the content that it brought, which the store does not have yet.
    pub(crate) places: BTreeMap<RecordId, LogPlace>,
    /// Records that become durable, with who brought them and, of content, claimed time and author.
    pub(crate) stored: Vec<(RecordId, Option<Peer>, Option<Written>)>,
    /// Content to be shown and indexed.
    pub(crate) shown: Vec<Verified>,
    /// Content not to be shown any more.
    pub(crate) unshown: Vec<RecordId>,
    /// Members, keys or doors changed.
    pub(crate) changed: bool,
    /// New epoch secrets were learnt.
    pub(crate) keys: bool,
    pub(crate) rejudge: Vec<Rejudge>,
    /// Control records that were held stand otherwise now, and with them content that was parked.
    pub(crate) released: bool,
}

impl Taken {
    /// Whether a control record is stored with this batch.
    pub(crate) fn keeps(&self, id: &RecordId) -> bool {
        // From the newest on: what is asked for was put in just before.
        self.stored.iter().rev().any(|(stored, ..)| stored == id)
    }
}

impl Core {
    /// A batch arrived: settle what needs no signature check, hand the rest to the workers.
    pub(crate) fn delivered(
        &mut self,
        ticket: Ticket,
        cid: CollectiveId,
        peer: Peer,
        items: Vec<Item>,
    ) {
        let entering = self.collectives.get(&cid).is_some_and(|collective| {
            collective.secrets.membership == crate::person::secrets::Membership::Joining
        });
        if entering && let Some(recovery) = self.recovering.get_mut(&cid) {
            for item in &items {
                if let Item::Record(wire) = item
                    && let Ok(signed) = Signed::parse(wire)
                {
                    recovery.came(signed.id());
                }
            }
        }
        let items = items
            .into_iter()
            .map(|item| match item {
                Item::Bundle(bytes) => Unchecked::Settled(Checked::Bundle(bytes)),
                Item::Record(wire) => match Signed::parse(&wire) {
                    Err(reason) => Unchecked::Settled(Checked::Refused(None, reason)),
                    Ok(signed) if self.has(&cid, &signed) => Unchecked::Settled(Checked::Known),
                    Ok(signed) => Unchecked::Record(signed),
                },
            })
            .collect();
        self.checkers.submit(Batch {
            ticket,
            cid,
            peer,
            items,
        });
    }

    fn has(&self, cid: &CollectiveId, signed: &Signed) -> bool {
        let id = signed.id();
        match self.store.held(&id) {
            Ok(Held::Whole | Held::Erased) => true,
            Ok(Held::Header) => signed.carried() != Carried::Matching,
            Ok(Held::No) | Err(_) => self.collectives.get(cid).is_some_and(|collective| {
                collective.accord.record(&id).is_some() || collective.orphans.contains_key(&id)
            }),
        }
    }

    /// A batch came back from the workers: judge, store as one group, answer the machine.
    pub(crate) fn checked(&mut self, batch: Batch<Checked>) {
        let Batch {
            ticket,
            cid,
            peer,
            items,
        } = batch;
        let now_ms = self.clock.wall();
        let machine = self.machine.as_ref();
        let mut taken = Taken {
            by: machine.and_then(|machine| machine.device(&peer, &cid)),
            ..Taken::default()
        };
        let mut verdicts = Vec::with_capacity(items.len());
        let mut seen = BTreeSet::new();
        for item in items {
            if let Checked::Record(record) = &item
                && !seen.insert(record.id())
            {
                verdicts.push(Delivered::Known);
                continue;
            }
            let verdict = match self.collectives.get_mut(&cid) {
                None => Delivered::Delayed,
                Some(collective) => match item {
                    Checked::Known => Delivered::Known,
                    Checked::Refused(id, reason) => {
                        tracing::debug!(?id, %reason, "a record was refused");
                        if let Some(id) = id {
                            collective.remember_void(
                                id,
                                None,
                                Cause::Malformed(reason),
                                taken.by,
                                now_ms,
                            );
                        }
                        Delivered::Refused
                    }
                    Checked::Bundle(bytes) => {
                        collective.take_bundle(&self.store, bytes, now_ms, &mut taken)
                    }
                    Checked::Record(record) => {
                        let id = record.id();
                        let from = Some(peer.clone());
                        let verdict =
                            collective.take(&self.store, record, from, now_ms, &mut taken);
                        if verdict != Delivered::Refused {
                            collective.void.forget(&id);
                        }
                        verdict
                    }
                },
            };
            verdicts.push(verdict);
        }
        if self.settle(cid, taken).is_err() {
            // Not durable, so not acknowledged: the peer offers it again later.
            verdicts.fill(Delivered::Delayed);
        }
        self.feed(Input::Judged { ticket, verdicts });
    }

    /// Makes a batch durable and then known: to the index, to peers, to whoever waits.
    pub(crate) fn settle(&mut self, cid: CollectiveId, mut taken: Taken) -> Result<(), ()> {
        if (taken.changed || taken.keys)
            && let Some(collective) = self.collectives.get_mut(&cid)
        {
            collective.release_orphans(&self.store, self.clock.wall(), &mut taken);
            collective.refresh_offers();
        }
        if let Some(rejudge) = united(std::mem::take(&mut taken.rejudge)) {
            self.rejudge(cid, &rejudge, &mut taken);
        }
        if taken.released
            && let Some(collective) = self.collectives.get_mut(&cid)
        {
            collective.judge_parked(&self.store, self.clock.wall(), &mut taken);
        }
        if let Some(collective) = self.collectives.get_mut(&cid) {
            taken.entries.extend(collective.void.unsaved(&cid));
        }
        if !taken.entries.is_empty()
            && let Err(error) = self.store_batch(cid, &taken.entries)
        {
            tracing::error!(%error, "what peers sent could not be stored");
            if let Some(collective) = self.collectives.get_mut(&cid) {
                collective.void.not_saved();
            }
            self.warn(format!("what peers send cannot be stored: {error}"));
            self.reload(cid);
            return Err(());
        }
        if taken.keys
            && let Some(collective) = self.collectives.get(&cid)
            && let Err(error) = self.keyring.save(&collective.secrets)
        {
            // The secret is in memory and its bundle is stored: it is opened again at the start.
            tracing::error!(%error, "new keys could not be written");
        }
        self.show(cid, &taken.shown, &taken.unshown);
        if let Some(collective) = self.collectives.get_mut(&cid) {
            for (id, _, written) in &taken.stored {
                if let Some((hlc, seat)) = written {
                    collective.stored_content(*hlc, *id, seat);
                }
            }
        }
        let (content, control): (Vec<_>, Vec<_>) = taken
            .stored
            .into_iter()
            .partition(|(_, _, written)| written.is_some());
        let place = |(id, from, _)| (id, from);
        let control: Vec<(RecordId, Option<Peer>)> = control.into_iter().map(place).collect();
        let mut content: Vec<(RecordId, Option<Peer>)> = content.into_iter().map(place).collect();
        again(&taken.shown, &mut content);
        // Whoever was removed hears of it, and gets nothing of what came with it.
        if !control.is_empty() {
            let records = control;
            self.feed(Input::Stored { cid, records });
        }
        if taken.changed || taken.keys {
            self.feed(Input::Changed { cid });
        }
        if !content.is_empty() {
            let records = content;
            self.feed(Input::Stored { cid, records });
        }
        if taken.changed || taken.keys {
            self.duties(cid);
        }
        Ok(())
    }
}

/// What is shown again is offered again: others may hold its header alone, since nobody passes on
/// the body of what is cut away (section 2.4).
pub(crate) fn again(shown: &[Verified], records: &mut Vec<(RecordId, Option<Peer>)>) {
    let new: BTreeSet<RecordId> = records.iter().map(|(id, _)| *id).collect();
    records.extend(
        shown
            .iter()
            .filter(|record| record.body().is_some() && !new.contains(&record.id()))
            .map(|record| (record.id(), None)),
    );
}

/// One pass over the content is enough, however many revocations a batch brought.
pub(crate) fn united(all: Vec<Rejudge>) -> Option<Rejudge> {
    let mut seats = BTreeSet::new();
    for rejudge in all {
        match rejudge {
            Rejudge::Nothing => {}
            Rejudge::Seats(more) => seats.extend(more),
            Rejudge::Everything => return Some(Rejudge::Everything),
        }
    }
    (!seats.is_empty()).then_some(Rejudge::Seats(seats))
}
