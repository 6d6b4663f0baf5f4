//! Trying out what a control record would do, before it is made: on a copy of the evaluation.

use folkmoot_accord::{Accord, ContentStanding, Policy, Seen, Standing, VoidReason, Way};
use folkmoot_record::{RecordId, Verified};
use folkmoot_store::Vault;

use crate::{
    intake::{receive::mark, take::HeldContent},
    membership::collective::Collective,
    powers::cut::Line,
};

/// What would be.
pub(crate) struct Trial {
    pub(crate) accord: Accord,
    /// Control records that would cease to count, or begin to.
    pub(crate) control: Vec<(RecordId, bool)>,
}

impl Collective {
    /// Evaluates what is admitted together with further records, which stay where they are.
    ///
    /// # Errors
    /// Why one of them would be void.
    pub(crate) fn trial(&self, records: &[Verified], now_ms: u64) -> Result<Trial, VoidReason> {
        // Only what is admitted goes in, so that no local rule has to be asked again.
        let policy = Policy {
            floods: false,
            steps_a_minute: None,
            ..Policy::NODE
        };
        let seen = Seen {
            now_ms,
            first_ms: now_ms,
            way: Way::Stored,
        };
        let mut accord = Accord::with_policy(self.cid(), policy);
        let admitted = self.accord.records().filter(|record| {
            self.accord
                .standing(&record.id())
                .is_some_and(|standing| standing.is_admitted())
        });
        accord.insert_all(admitted.map(|record| (record.clone(), seen)));
        let mut control = Vec::new();
        for record in records {
            let inserted = accord.insert(record.clone(), Seen::now(now_ms));
            if let Standing::Void(reason) = inserted.standing {
                return Err(reason);
            }
            for (id, standing) in inserted.changed {
                if let Standing::Admitted { honoured } = standing {
                    control.push((id, honoured));
                }
            }
        }
        Ok(Trial { accord, control })
    }
}

impl Trial {
    /// Whether a held content record would be honoured, and whether it is now.
    pub(crate) fn judge(&mut self, store: &Vault, line: &Line, now_ms: u64) -> (bool, bool) {
        let after = matches!(
            self.accord
                .judge(&line.header, line.id, now_ms, &HeldContent(store)),
            ContentStanding::Admitted { honoured: true }
        );
        (line.mark != mark::SHADOWED, after)
    }
}
