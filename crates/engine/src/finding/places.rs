//! Places in lists by time, as they are handed out and taken back.

use folkmoot_record::RecordId;
use folkmoot_search::{Behind, Hit};

use crate::{core::Core, exchange::holdings::read};

impl Core {
    /// The place behind the last of these hits; `None` if none of them can be read any more.
    pub(crate) fn behind_last(&self, hits: &[Hit]) -> Option<String> {
        let place = |id: &RecordId| {
            let hlc = read(&self.store, id)?.header().hlc;
            Some(Behind::of(hlc, id))
        };
        let place = hits.iter().rev().find_map(|hit| place(&hit.id))?;
        Some(format!("{:016x}-{:016x}", place.hlc, place.id))
    }
}

/// The place that a text names; `None` if it names none.
pub(crate) fn read_place(text: &str) -> Option<Behind> {
    let (hlc, id) = text.split_once('-')?;
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    Some(Behind {
        hlc: number(hlc)?,
        id: number(id)?,
    })
}
