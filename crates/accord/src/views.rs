//! The sets that are being asked about, kept while they are of use.

use folkmoot_record::SeatKey;

use crate::{bits::Bits, budget::STEPS_A_SET, eval::View};

/// How many sets are kept beside the running one: enough for the distinct head sets of a busy day.
/// Each costs a few bytes a record.
const KEPT: usize = 64;

/// The running set, and those asked about most recently.
#[derive(Debug, Default)]
pub(crate) struct Views {
    /// Eval(S) of the admitted set.
    pub(crate) running: View,
    /// With the moment of last use.
    kept: Vec<(u64, View)>,
    moment: u64,
    /// Steps taken in sets that are not kept any more.
    gone: u64,
    /// Steps that somebody else than the author of the record in hand has to answer for.
    bills: Vec<(SeatKey, u64)>,
}

impl Views {
    /// The view of a set. In a linear history that is the running one.
    pub(crate) fn at(&mut self, set: &Bits) -> &mut View {
        if self.running.set() == set {
            return &mut self.running;
        }
        self.moment += 1;
        let at = match self.kept.iter().position(|(_, view)| view.set() == set) {
            Some(at) => at,
            None => {
                if self.kept.len() >= KEPT {
                    let oldest = self.kept.iter().enumerate().min_by_key(|(_, (m, _))| *m);
                    if let Some((at, _)) = oldest {
                        let (_, view) = self.kept.swap_remove(at);
                        self.gone += view.steps();
                    }
                }
                let view = View::of(set.clone());
                view.count(STEPS_A_SET);
                self.kept.push((self.moment, view));
                self.kept.len() - 1
            }
        };
        self.kept[at].0 = self.moment;
        &mut self.kept[at].1
    }

    /// Starts the running set anew.
    pub(crate) fn restart(&mut self) {
        self.gone += self.running.steps();
        self.running = View::of(Bits::default());
    }

    /// Counts the steps of a view that was made of the running one, and is dropped.
    pub(crate) fn count_trial(&mut self, trial: &View) {
        self.gone += trial.steps().saturating_sub(self.running.steps());
    }

    /// Steps taken so far, in all sets.
    pub(crate) fn steps(&self) -> u64 {
        let kept = self.kept.iter().map(|(_, view)| view.steps());
        self.gone + self.running.steps() + kept.sum::<u64>()
    }

    /// Lays some of the steps at the door of a seat.
    pub(crate) fn bill(&mut self, seat: SeatKey, steps: u64) {
        self.bills.push((seat, steps));
    }

    pub(crate) fn take_bills(&mut self) -> Vec<(SeatKey, u64)> {
        std::mem::take(&mut self.bills)
    }
}
