//! What has changed once records were taken: standings, the state, and which content is to be judged
//! anew.

use std::collections::BTreeMap;

use folkmoot_record::RecordId;

use crate::{
    accord::{Accord, Rejudge},
    book::Book,
    refresh::{Dirty, refresh},
    standing::Standing,
};

impl Accord {
    /// Works out what the records taken say, and tells whose standing is new.
    pub(crate) fn settle(&mut self) -> (Vec<(RecordId, Standing)>, Rejudge) {
        let before = self.intake.views.steps();
        let settled = self.settle_taken();
        self.intake.charge_shaken(before);
        settled
    }

    fn settle_taken(&mut self) -> (Vec<(RecordId, Standing)>, Rejudge) {
        let intake = &mut self.intake;
        let dirty = std::mem::take(&mut intake.dirty);
        let mut touched = std::mem::take(&mut intake.touched);
        if touched.is_empty() {
            return (Vec::new(), Rejudge::Nothing);
        }
        let (book, running) = (&intake.book, &mut intake.views.running);
        // What happens to the grants of a seat bears on its records without cap.
        let mut uncapped = Vec::new();
        for seat in &dirty.seats {
            for ix in book.by_seat.get(seat).into_iter().flatten() {
                let node = book.graph.node(*ix);
                if node.cap.is_none()
                    && Book::judged_without_cap(node.kind)
                    && running.set().contains(*ix)
                {
                    running.forget_uncapped(*ix);
                    uncapped.push(node.id);
                }
            }
        }
        let ids: Vec<RecordId> = if dirty.everything {
            let set = running.set().clone();
            set.iter().map(|ix| book.graph.node(ix).id).collect()
        } else {
            touched.keys().copied().chain(uncapped).collect()
        };
        for id in ids {
            let Some(held) = intake.held.get_mut(&id) else {
                continue;
            };
            if let (Some(ix), true) = (held.ix, held.standing.is_admitted()) {
                let standing = Standing::Admitted {
                    honoured: running.honoured(book, ix),
                };
                if standing != held.standing {
                    let before = std::mem::replace(&mut held.standing, standing);
                    touched.entry(id).or_insert(Some(before));
                }
            }
        }
        let rejudge = rejudge(&dirty);
        self.memo.set_changed();
        refresh(book, running, &mut self.state, dirty);
        (self.changes(touched), rejudge)
    }

    fn changes(&self, touched: BTreeMap<RecordId, Option<Standing>>) -> Vec<(RecordId, Standing)> {
        touched
            .into_iter()
            .filter_map(|(id, before)| {
                let now = self.noted(&id)?;
                (before.as_ref() != Some(now)).then(|| (id, now.clone()))
            })
            .collect()
    }
}

fn rejudge(dirty: &Dirty) -> Rejudge {
    if dirty.all_content {
        Rejudge::Everything
    } else if dirty.content.is_empty() {
        Rejudge::Nothing
    } else {
        Rejudge::Seats(dirty.content.clone())
    }
}
