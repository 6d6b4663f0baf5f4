//! Whether content stands where its log says (section 2.4), also where the older record comes later.

use folkmoot_record::Verified;
use folkmoot_store::{Entry, Held, Vault};

use crate::{
    exchange::holdings::read,
    intake::receive::{Taken, mark},
    membership::collective::{Collective, LogPlace},
    powers::misdeeds::Misdeed,
};

/// Content that may wait to be compared with the record before it: about two megabytes. What is above
/// is compared only with what is there when it comes.
const MOST_DANGLING: usize = 16_384;

impl LogPlace {
    fn of(record: &Verified) -> Self {
        let header = record.header();
        Self {
            id: record.id(),
            seat: header.seat,
            dev: header.dev,
            seq: header.seq,
            hlc: header.hlc,
        }
    }

    /// Whether a record that names this one as the one before it may stand behind it.
    fn is_before(&self, next: &Self) -> bool {
        self.seat == next.seat
            && self.dev == next.dev
            && self.seq.checked_add(1) == Some(next.seq)
            && self.hlc < next.hlc
    }
}

impl Collective {
    /// Compares a new record with the one before it, if that is held or came in the same batch; else
    /// it is compared when that one comes. `false` where it contradicts it.
    pub(crate) fn follow(&mut self, store: &Vault, record: &Verified, taken: &mut Taken) -> bool {
        let header = record.header();
        let own = LogPlace::of(record);
        self.note_fork(store, record);
        let (Some(prev), Some(_)) = (header.prev, header.cid) else {
            return true;
        };
        if let Some(before) = taken.places.get(&prev) {
            return before.is_before(&own);
        }
        if matches!(store.held(&prev), Ok(Held::No)) {
            let room = self.dangling.len() < MOST_DANGLING;
            if let Some(waiting) = self.dangling.get_mut(&prev) {
                // Several behind one record are a fork: the first few are enough to say so.
                if waiting.len() < 16 {
                    waiting.push(own);
                }
            } else if room {
                self.dangling.insert(prev, vec![own]);
            }
            return true;
        }
        !misfiled(store, record)
    }

    /// A record came: those that came before it and name it as the one before them are compared now.
    pub(crate) fn compare_later_ones(&mut self, record: &Verified, taken: &mut Taken) {
        let own = LogPlace::of(record);
        taken.places.insert(own.id, own);
        let Some(later) = self.dangling.remove(&own.id) else {
            return;
        };
        let content = record.header().kind.is_content();
        for next in later {
            let shown = !self.marked.contains_key(&next.id);
            if (content && own.is_before(&next)) || !shown {
                continue;
            }
            taken.entries.push(Entry::Mark {
                id: next.id,
                mark: mark::MISFILED,
            });
            taken.shown.retain(|one| one.id() != next.id);
            taken.unshown.push(next.id);
            self.marked.insert(next.id, mark::MISFILED);
            self.note_misdeed(next.seat, Misdeed::Fork, self.seen_ms);
        }
    }

    /// Two records for the newest place of a log: its device signed both.
    fn note_fork(&mut self, store: &Vault, record: &Verified) {
        let header = record.header();
        let Some(cid) = header.cid else {
            return;
        };
        if let Ok(Some(tip)) = store.tip(&cid, &header.dev)
            && tip.seq == header.seq
            && tip.id != record.id()
        {
            self.note_misdeed(header.seat, Misdeed::Fork, self.seen_ms);
        }
    }
}

/// Whether a held `prev` contradicts the record (section 2.4). One not held is no fault.
pub(crate) fn misfiled(store: &Vault, record: &Verified) -> bool {
    let header = record.header();
    let (Some(prev), Some(cid)) = (header.prev, header.cid) else {
        return false;
    };
    // Records mostly follow the newest one of their log: that needs no reading.
    if let Ok(Some(tip)) = store.tip(&cid, &header.dev)
        && tip.id == prev
    {
        return tip.seq.checked_add(1) != Some(header.seq) || tip.hlc >= header.hlc;
    }
    if matches!(store.held(&prev), Ok(Held::No) | Err(_)) {
        return false;
    }
    read(store, &prev).is_some_and(|before| {
        before.header().cid != header.cid
            || !before.header().kind.is_content()
            || !LogPlace::of(&before).is_before(&LogPlace::of(record))
    })
}
