//! Taking back, hiding and purging (section 8.2): which records are not read any more, and why.
//!
//! What an act does follows from the records alone, in whatever order they came. It is looked up
//! where a record is shown or passed on, by the facts that each act leaves at what it is aimed at.

use std::collections::BTreeSet;

use folkmoot_library::{Part, part};
use folkmoot_record::{CollectiveId, Header, Kind, RecordId, Rel, SeatKey, Verified};
use folkmoot_store::{StoreError, Vault};

use crate::{
    exchange::holdings::read,
    finding::index::findable,
    intake::receive::mark,
    keeping::{
        documents::{Display, document_of},
        facts::facts_at,
    },
    membership::collective::Collective,
};

/// Facts about purges: `p/`, the collective, what is purged, the act.
const PURGES: &[u8] = b"p/";

/// How a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// As it stands.
    Open,
    /// Not shown, by this act; another act may show it again.
    Hidden(RecordId),
    /// Taken back or purged by this act, for good.
    Erased(RecordId),
}

/// Whether records of this kind say how others are read.
pub(crate) const fn is_act(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::RETRACT | Kind::HIDE | Kind::UNHIDE | Kind::PURGE
    )
}

/// The records at which an act is aimed; of any other record none.
pub(crate) fn targets(header: &Header) -> impl Iterator<Item = RecordId> + '_ {
    let of_act = is_act(header.kind);
    let about = header.refs.iter();
    about
        .filter(move |r| of_act && r.rel == Rel::ABOUT)
        .map(|r| r.id)
}

/// The keys of the facts by which a purge is found again at a start.
pub(crate) fn purge_facts(record: &Verified) -> Vec<Vec<u8>> {
    let header = record.header();
    let (Kind::PURGE, Some(cid)) = (header.kind, header.cid) else {
        return Vec::new();
    };
    targets(header)
        .map(|target| {
            [
                PURGES,
                cid.as_ref(),
                target.as_bytes(),
                record.id().as_bytes(),
            ]
            .concat()
        })
        .collect()
}

/// What the fact about an act's aim says of the act.
struct ActFact {
    act: RecordId,
    kind: Kind,
    seat: SeatKey,
}

/// The value of the fact that an act leaves at what it is aimed at: its kind and whose it is.
pub(crate) fn aim_value(header: &Header) -> Vec<u8> {
    [&header.kind.0.to_be_bytes() as &[u8], header.seat.as_ref()].concat()
}

/// The acts that are aimed at a record, by their facts alone.
fn act_facts(store: &Vault, target: &RecordId) -> Result<Vec<ActFact>, StoreError> {
    let read = |(act, value): (RecordId, Vec<u8>)| {
        let (kind, seat) = value.split_at_checked(2)?;
        Some(ActFact {
            act,
            kind: Kind(u16::from_be_bytes(kind.try_into().ok()?)),
            seat: SeatKey::from_bytes(seat.try_into().ok()?),
        })
    };
    let facts = facts_at(store, target, Rel::ABOUT)?;
    Ok(facts.into_iter().filter_map(read).collect())
}

/// At what an act has to be aimed to bear on a record: itself, or the document of which it is a
/// version.
fn aims(id: &RecordId, header: &Header) -> impl Iterator<Item = RecordId> {
    let document = match part(header) {
        Part::Version(document) => Some(document),
        Part::Alone | Part::First | Part::Stray => None,
    };
    std::iter::once(*id).chain(document)
}

/// Whether an act is held, and of the same collective.
fn is_of(store: &Vault, act: &RecordId, header: &Header) -> bool {
    read(store, act).is_some_and(|act| act.header().cid == header.cid)
}

/// The purges of a collective that the store knows of: target and act.
fn stored_purges(
    store: &Vault,
    cid: &CollectiveId,
) -> Result<Vec<(RecordId, RecordId)>, StoreError> {
    let prefix = [PURGES, cid.as_ref()].concat();
    let facts = store.scan_local(&prefix)?;
    let pairs = facts.iter().filter_map(|(key, _)| {
        let (target, act) = key.get(prefix.len()..)?.split_at_checked(32)?;
        let target: [u8; 32] = target.try_into().ok()?;
        let act: [u8; 32] = act.try_into().ok()?;
        Some((RecordId::from_bytes(target), RecordId::from_bytes(act)))
    });
    Ok(pairs.collect())
}

impl Collective {
    /// Learns at a start which purges reach what they are aimed at.
    pub(crate) fn load_purges(&mut self, store: &Vault) -> Result<(), StoreError> {
        for (target, act) in stored_purges(store, &self.cid())? {
            self.learn_purge(store, target, act);
        }
        Ok(())
    }

    /// Learns whether purges reach their targets, where either has just come. What a purge may do
    /// follows from what its author knew, so the answer never changes.
    pub(crate) fn learn_purges(&mut self, store: &Vault, shown: &[Verified]) {
        for record in shown {
            let id = record.id();
            if record.header().kind == Kind::PURGE {
                let aimed: Vec<RecordId> = targets(record.header()).collect();
                for target in aimed {
                    self.learn_purge(store, target, id);
                }
            }
            let least = RecordId::from_bytes([0; 32]);
            let waiting: Vec<RecordId> = self
                .purges
                .range((id, least)..)
                .take_while(|((target, _), _)| *target == id)
                .filter(|(_, reaches)| reaches.is_none())
                .map(|((_, act), _)| *act)
                .collect();
            for act in waiting {
                self.learn_purge(store, id, act);
            }
        }
    }

    /// The purges among records that are not shown themselves, but act.
    pub(crate) fn purges_among(&self, store: &Vault, unshown: &[RecordId]) -> Vec<Verified> {
        let acting = unshown.iter().filter(|id| self.acts(id));
        acting
            .filter_map(|id| read(store, id))
            .filter(|record| record.header().kind == Kind::PURGE)
            .collect()
    }

    fn learn_purge(&mut self, store: &Vault, target: RecordId, act: RecordId) {
        let reaches = read(store, &target)
            .zip(read(store, &act))
            .map(|(target, act)| self.reaches(act.header(), target.header()));
        self.purges.insert((target, act), reaches);
    }

    /// Whether the right of an act's author reaches a record.
    pub(crate) fn reaches(&mut self, act: &Header, target: &Header) -> bool {
        act.cid == target.cid
            && self
                .accord
                .rights(act)
                .is_some_and(|rights| rights.reach(target))
    }

    /// The act by which a record was taken back or purged, itself or its document.
    ///
    /// Members may aim any number of acts at anything: those that cannot count are passed over by
    /// what their facts say, and one that counts is enough.
    pub(crate) fn erased_by(
        &self,
        store: &Vault,
        id: &RecordId,
        header: &Header,
    ) -> Result<Option<RecordId>, StoreError> {
        for target in aims(id, header) {
            if let Some(act) = self.erased_at(store, &target, id, header)? {
                return Ok(Some(act));
            }
        }
        Ok(None)
    }

    /// The act aimed at `target`, the record itself or its document, that took a record back.
    pub(crate) fn erased_at(
        &self,
        store: &Vault,
        target: &RecordId,
        id: &RecordId,
        header: &Header,
    ) -> Result<Option<RecordId>, StoreError> {
        let mut author = None;
        for fact in act_facts(store, target)? {
            let counts = match fact.kind {
                Kind::RETRACT => {
                    let author = *author.get_or_insert_with(|| match target == id {
                        true => Some(header.seat),
                        false => read(store, target).map(|first| first.header().seat),
                    });
                    author == Some(fact.seat)
                }
                Kind::PURGE => self.purges.get(&(*target, fact.act)) == Some(&Some(true)),
                _ => false,
            };
            if counts && self.acts(&fact.act) && is_of(store, &fact.act, header) {
                return Ok(Some(fact.act));
            }
        }
        Ok(None)
    }

    /// The newest of the acts that hide a record or show it again, of each thing that it is aimed at.
    fn hidden_by(
        &mut self,
        store: &Vault,
        id: &RecordId,
        header: &Header,
    ) -> Result<Option<RecordId>, StoreError> {
        for target in aims(id, header) {
            let mut facts = act_facts(store, &target)?;
            facts.retain(|fact| matches!(fact.kind, Kind::HIDE | Kind::UNHIDE));
            let Some(of) = read(store, &target).filter(|_| !facts.is_empty()) else {
                continue;
            };
            let mut newest = None;
            for fact in facts {
                if self.acts(&fact.act)
                    && let Some(act) = read(store, &fact.act)
                    && self.reaches(act.header(), of.header())
                {
                    newest = newest.max(Some((act.header().hlc, fact.act, fact.kind)));
                }
            }
            if let Some((_, act, Kind::HIDE)) = newest {
                return Ok(Some(act));
            }
        }
        Ok(None)
    }

    /// Whether a body is not shown or passed on: taken back, purged, or withdrawn with its author.
    pub(crate) fn is_erased(
        &self,
        store: &Vault,
        id: &RecordId,
        header: &Header,
    ) -> Result<bool, StoreError> {
        // With a document that is withdrawn go the versions that others wrote of it.
        if aims(id, header).any(|aimed| self.marked.get(&aimed) == Some(&mark::WITHDRAWN)) {
            return Ok(true);
        }
        Ok(self.erased_by(store, id, header)?.is_some())
    }

    /// Whether a body is not shown to this person either: to the author of a version, whose document
    /// another took back, it still is, as long as it lies in the trash here.
    pub(crate) fn is_shown_to_nobody(
        &self,
        store: &Vault,
        id: &RecordId,
        header: &Header,
    ) -> Result<bool, StoreError> {
        Ok(self.is_erased(store, id, header)? && !self.is_own_of_theirs(store, id, header)?)
    }

    /// Whether this person wrote a version of a document that another took back, and the version is
    /// erased by that alone.
    fn is_own_of_theirs(
        &self,
        store: &Vault,
        id: &RecordId,
        header: &Header,
    ) -> Result<bool, StoreError> {
        let (own, Part::Version(document)) = (self.secrets.seat, part(header)) else {
            return Ok(false);
        };
        let marked = self.marked.contains_key(id) || self.marked.contains_key(&document);
        let Some(first) = read(store, &document).filter(|_| !marked && header.seat == own) else {
            return Ok(false);
        };
        let act = self.erased_at(store, &document, id, header)?;
        let act = act.and_then(|act| read(store, &act));
        let least = RecordId::from_bytes([0; 32]);
        let mut purges = self.purges.range((document, least)..);
        let purged = purges
            .by_ref()
            .take_while(|((target, _), _)| *target == document)
            .any(|(_, reaches)| *reaches == Some(true));
        Ok(first.header().seat != own
            && !purged
            && act.is_some_and(|act| act.header().kind == Kind::RETRACT)
            && self.erased_at(store, id, id, header)?.is_none())
    }

    /// How a record is read.
    pub(crate) fn fate(
        &mut self,
        store: &Vault,
        id: &RecordId,
        header: &Header,
    ) -> Result<Fate, StoreError> {
        if let Some(act) = self.erased_by(store, id, header)? {
            return Ok(Fate::Erased(act));
        }
        let hidden = self.hidden_by(store, id, header)?;
        Ok(hidden.map_or(Fate::Open, Fate::Hidden))
    }

    /// Adds to the display what an act bears on; `documents` are looked at as a whole.
    pub(crate) fn aim(
        &mut self,
        store: &Vault,
        header: &Header,
        documents: &mut BTreeSet<RecordId>,
        display: &mut Display,
    ) -> Result<(), StoreError> {
        let aimed: Vec<RecordId> = targets(header).collect();
        for target in aimed {
            let Some(record) = read(store, &target) else {
                continue;
            };
            match document_of(&target, record.header()) {
                Some(document) => drop(documents.insert(document)),
                None => {
                    display.remove.push(target);
                    if !self.marked.contains_key(&target) {
                        self.show_alone(store, &record, display)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds a record that has no versions to what is found, unless an act keeps it from being read.
    pub(crate) fn show_alone(
        &mut self,
        store: &Vault,
        record: &Verified,
        display: &mut Display,
    ) -> Result<(), StoreError> {
        if let Some(item) = findable(record)
            && self.fate(store, &record.id(), record.header())? == Fate::Open
        {
            display.add.push(item);
        }
        Ok(())
    }
}
