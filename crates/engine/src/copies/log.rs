//! Reading the record log against its checksums before a copy is made: a copy of a log whose damage
//! nobody has met would lack what its list of contents names.

use folkmoot_api::{ApiError, LogAsk, LogChecked, Reply};
use folkmoot_store::{Damage, LogCursor};

use crate::{
    core::Core,
    errors::{store_unread, usage},
    heal::{SCRUB_SLICE, notice},
};

/// Sentences of one answer: whoever reads ten knows that the disk is failing.
const MOST_TOLD: usize = 16;

impl Core {
    /// Reads one stretch. What is damaged counts as not held from then on, and is fetched again or
    /// written again as after the daily reading.
    pub(crate) fn check_log(&mut self, ask: &LogAsk) -> Result<Reply, ApiError> {
        let from = match ask.next.as_deref() {
            None => LogCursor::default(),
            Some(text) => place(text).ok_or_else(|| {
                usage("this is no place in the record log")
                    .hint("take the `next` of the answer before")
            })?,
        };
        let (next, mut found) = self.store.scrub(from, SCRUB_SLICE).map_err(store_unread)?;
        // The bytes stay in the log: where nothing is listed, what lay there was met before.
        found.retain(|damage| !damage.ids.is_empty() && !self.is_known(&notice(damage)));
        let total = self
            .store
            .bytes_until(self.store.cursor())
            .map_err(store_unread)?;
        let mut told: Vec<String> = found
            .iter()
            .take(MOST_TOLD)
            .map(|damage| self.sentence(damage))
            .collect();
        if found.len() > told.len() {
            told.push(format!(
                "{} more places are damaged",
                found.len() - told.len()
            ));
        }
        self.unmended.append(&mut found);
        if next.is_none() {
            self.meet_damage(self.clock.wall());
        }
        let bytes = match &next {
            Some(next) => self.store.bytes_until(*next).map_err(store_unread)?,
            None => total,
        };
        Ok(Reply::LogChecked(LogChecked {
            damage: told,
            next: next.map(|next| format!("{}-{}", next.segment, next.offset)),
            bytes,
            total,
        }))
    }

    fn sentence(&self, damage: &Damage) -> String {
        let in_memory = |id| {
            let mut all = self.collectives.values();
            all.any(|collective| collective.accord.record(id).is_some())
        };
        let lost = damage.ids.iter().filter(|id| !in_memory(id)).count();
        match lost {
            0 => format!("damage in the record log: {damage}; it is written again from memory"),
            1 => format!("damage in the record log: {damage}; 1 record is lost here"),
            n => format!("damage in the record log: {damage}; {n} records are lost here"),
        }
    }
}

fn place(text: &str) -> Option<LogCursor> {
    let (segment, offset) = text.split_once('-')?;
    Some(LogCursor {
        segment: segment.parse().ok()?,
        offset: offset.parse().ok()?,
    })
}
