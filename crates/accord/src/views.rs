//! The sets that are being asked about, kept while they are of use.

use crate::{bits::Bits, eval::View};

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
                        self.kept.swap_remove(at);
                    }
                }
                self.kept.push((self.moment, View::of(set.clone())));
                self.kept.len() - 1
            }
        };
        self.kept[at].0 = self.moment;
        &mut self.kept[at].1
    }
}
