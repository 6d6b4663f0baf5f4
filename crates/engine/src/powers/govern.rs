//! Governing by the charter: what it says, what is proposed, how it is decided (section 5).

mod amend;
mod duties;
mod plan;
mod proposal;
mod propose;
mod show;
mod vote;
mod words;

pub(crate) use duties::Duties;

use folkmoot_api::ApiError;
use folkmoot_record::CollectiveId;

use crate::{core::Core, errors::usage, membership::collective::Collective};

/// How long a decision is provisional, in ms: 45 days (sections 0.5 and 4.11).
pub(crate) const PROVISIONAL_MS: u64 = 45 * 86_400_000;

impl Core {
    /// The collective of that name; without a name the only one besides the home.
    pub(crate) fn governed(&self, name: Option<&str>) -> Result<CollectiveId, ApiError> {
        if let Some(name) = name {
            return self.resolve(name);
        }
        let shared: Vec<&Collective> = self
            .member_of()
            .filter(|collective| !collective.is_home())
            .collect();
        match shared.as_slice() {
            [one] => Ok(one.cid()),
            [] => Err(usage("you are in no collective besides your home")
                .hint("`moot collective new NAME` founds one")),
            several => {
                let names: Vec<String> = several.iter().map(|place| place.name()).collect();
                Err(usage("you are in several collectives")
                    .hint(format!("say which: {}", names.join(", "))))
            }
        }
    }
}
