//! Which collective an item goes to: a copy of a document that is here belongs to where that lies.

use std::collections::BTreeMap;

use folkmoot_api::{ApiError, Imported};
use folkmoot_record::CollectiveId;

use super::{Given, Ready};
use crate::{core::Core, errors::store_failed, exchange::holdings::read};

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
        for (name, ready) in given {
            let mut place = to;
            if let Ok(ready) = &ready
                && let Some((cid, is_own)) = self.place_of_copy(ready)
                && (cid == to || !is_named)
            {
                if is_own {
                    place = cid;
                } else if self.is_said_there(cid, ready)? {
                    report.skipped += u64::from(!ready.again);
                    continue;
                }
            }
            routed.entry(place).or_default().push((name, ready));
        }
        Ok(routed)
    }

    /// The collective of the document that an item is a copy of, and whether this person began it.
    fn place_of_copy(&self, ready: &Ready) -> Option<(CollectiveId, bool)> {
        let record = read(&self.store, &ready.id?)?;
        let header = record.header();
        let cid = header.cid?;
        let collective = self.collectives.get(&cid)?;
        Some((cid, collective.secrets.seat == header.seat))
    }

    /// Whether a version of the document says exactly what a page says.
    fn is_said_there(&mut self, cid: CollectiveId, ready: &Ready) -> Result<bool, ApiError> {
        let (Some(id), Some(exact)) = (ready.id, &ready.exact) else {
            return Ok(false);
        };
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return Ok(false);
        };
        let document = collective
            .document(&self.store, &id)
            .map_err(store_failed)?;
        let prints = ready.as_written(exact);
        Ok(document.is_some_and(|document| {
            let mut versions = document.records.iter();
            versions.any(|(id, record)| document.content(id).is_some() && prints.is_said_by(record))
        }))
    }
}
