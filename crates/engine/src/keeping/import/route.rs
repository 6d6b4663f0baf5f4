//! Which collective an item goes to: a copy of a document that is here belongs to where that lies.

use std::collections::BTreeMap;

use folkmoot_api::{ApiError, Imported, Refused};
use folkmoot_record::{CollectiveId, RecordId, SeatKey};

use super::{
    Given, Ready,
    origins::Came,
    standing::{GONE, State},
};
use crate::{
    core::Core, errors::store_failed, exchange::holdings::read, keeping::anew::stands_as,
    membership::collective::Collective,
};

/// What becomes of an item.
enum Place {
    In(CollectiveId),
    /// It is there, or was.
    There,
    Refused(&'static str),
}

impl Core {
    /// Sorts items by the collective that they go to. Where the person names none, a copy of a
    /// document of theirs goes to that document, wherever it lies. What says no more than a document
    /// of somebody else that is here is there already.
    pub(super) fn routed(
        &mut self,
        to: CollectiveId,
        is_named: bool,
        given: Vec<Given>,
        report: &mut Imported,
    ) -> Result<BTreeMap<CollectiveId, Vec<Given>>, ApiError> {
        let mut routed: BTreeMap<CollectiveId, Vec<Given>> = BTreeMap::new();
        // Also where nothing is left: whether one may write there is asked all the same.
        routed.insert(to, Vec::new());
        for (name, mut ready) in given {
            let (place, again) = match &mut ready {
                Ok(ready) => (self.goes_to(to, is_named, ready)?, ready.again),
                Err(_) => (Place::In(to), false),
            };
            match place {
                Place::In(cid) => routed.entry(cid).or_default().push((name, ready)),
                Place::There => report.skipped += u64::from(!again),
                Place::Refused(_) if again => {}
                Place::Refused(why) => report.refused.push(Refused {
                    source: name,
                    why: why.to_owned(),
                }),
            }
        }
        Ok(routed)
    }

    /// Where an item goes: to the document that its id names, then to one that a page of this id was
    /// read into; where neither can be read any more, what is new goes where all goes.
    fn goes_to(
        &mut self,
        to: CollectiveId,
        is_named: bool,
        ready: &mut Ready,
    ) -> Result<Place, ApiError> {
        let Some(id) = ready.id else {
            return Ok(Place::In(to));
        };
        let mut is_gone = false;
        let document = stands_as(&self.store, &id)?;
        if let Some((cid, is_own)) = self.lies_in(&document)
            && (cid == to || !is_named)
        {
            if is_own && cid == to {
                return Ok(Place::In(to));
            }
            match self.state_of(cid, &document, ready)? {
                Some((State::Open, _)) if is_own => return Ok(Place::In(cid)),
                Some((State::Open, true) | (State::Said, _)) => return Ok(Place::There),
                Some((State::Gone, _)) => is_gone = true,
                Some((State::Open | State::Differs, _)) | None => {}
            }
        }
        let places = match is_named {
            true => Vec::new(),
            false => self.own_places(Some(to)),
        };
        for (cid, seat) in places {
            let Some(came) = Came::read(&self.store, &cid, &seat, &id)? else {
                continue;
            };
            let document = stands_as(&self.store, &came.document)?;
            match self.state_of(cid, &document, ready)? {
                Some((State::Open, _)) => return Ok(Place::In(cid)),
                Some((State::Said, _)) => return Ok(Place::There),
                _ if came.print == ready.prints.whole => return Ok(Place::There),
                Some((State::Gone, _)) => is_gone = true,
                Some((State::Differs, _)) | None => {}
            }
        }
        Ok(match is_gone {
            true => Place::Refused(GONE),
            false => Place::In(to),
        })
    }

    /// The collective of a document, and whether this person began it.
    fn lies_in(&self, id: &RecordId) -> Option<(CollectiveId, bool)> {
        let record = read(&self.store, id)?;
        let header = record.header();
        let cid = header.cid?;
        let collective = self.collectives.get(&cid)?;
        Some((cid, collective.secrets.seat == header.seat))
    }

    /// How a document stands to an item, and whether a version of it says the same.
    fn state_of(
        &mut self,
        cid: CollectiveId,
        id: &RecordId,
        ready: &mut Ready,
    ) -> Result<Option<(State, bool)>, ApiError> {
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return Ok(None);
        };
        let seat = collective.secrets.seat;
        ready.point(&self.store, (&cid, &seat), &BTreeMap::new())?;
        let document = collective.document(&self.store, id).map_err(store_failed)?;
        Ok(document.map(|document| {
            let mut versions = document.records.values();
            let is_said = versions.any(|record| ready.is_said_by(record));
            (State::of(&document, ready), is_said)
        }))
    }

    /// The collectives of this person and their seats there: this one first, then home.
    pub(crate) fn own_places(&self, first: Option<CollectiveId>) -> Vec<(CollectiveId, SeatKey)> {
        let home = self.home_collective().map(Collective::cid);
        let all = self.collectives.iter();
        let mut places: Vec<_> = all.map(|(cid, one)| (*cid, one.secrets.seat)).collect();
        places.sort_by_key(|(cid, _)| (Some(*cid) != first, Some(*cid) != home));
        places
    }
}
