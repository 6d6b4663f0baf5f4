//! How many records there are by tag, kind, month, author or collective.

use folkmoot_api::{ApiError, CountBy, CountView, Counts, CountsView, Reply};
use folkmoot_record::SeatKey;
use folkmoot_search::FacetBy;

use crate::{
    core::Core,
    finding::find::unsearched,
    finding::understand::{place, time_zone},
};

/// Values told where the asker does not say.
const VALUES: u32 = 1_000;
/// Most values told: more are no overview.
const MOST_VALUES: u32 = 10_000;

impl Core {
    pub(crate) fn counts(&mut self, ask: &Counts) -> Result<Reply, ApiError> {
        self.catch_up_alone();
        let zone = ask.time_zone.as_deref();
        let mut query = self.parse(&ask.query, zone)?;
        if let Some(name) = &ask.collective {
            query = query.within(place(self.resolve(name)?));
        }
        let mut told = (Vec::new(), false);
        if !ask.exact && !ask.query.trim().is_empty() {
            let (widened, words, cut) = self.widen(&query);
            told = (words, cut);
            query = widened;
        }
        let query = self.resolved(&query)?;
        let by = match ask.by {
            CountBy::Tag => FacetBy::Tag,
            CountBy::Kind => FacetBy::Kind,
            CountBy::Month => FacetBy::Month(time_zone(zone)?),
            CountBy::Author => FacetBy::Author,
            CountBy::Collective => FacetBy::Collective,
        };
        let limit = match ask.limit {
            0 => VALUES,
            asked => asked.min(MOST_VALUES),
        };
        let facets = self
            .library
            .facets(&query, &by, usize::MAX)
            .map_err(unsearched)?;
        let total = facets.len() as u64;
        let values = facets.into_iter().take(limit as usize).map(|facet| {
            let name = match ask.by {
                CountBy::Author => self.author_called(&facet.value),
                CountBy::Collective => facet.value.parse().ok().map(|cid| self.name_of(&cid)),
                CountBy::Tag | CountBy::Kind | CountBy::Month => None,
            };
            match name {
                Some(name) => CountView {
                    value: name,
                    key: Some(facet.value),
                    count: facet.count,
                },
                None => CountView {
                    value: facet.value,
                    key: None,
                    count: facet.count,
                },
            }
        });
        Ok(Reply::Counts(CountsView {
            values: values.collect(),
            total,
            widened: told.0,
            widened_cut: told.1,
            partial: self.library.partial(),
        }))
    }

    /// The name that a seat shows in whatever collective it is of.
    fn author_called(&self, seat: &str) -> Option<String> {
        let seat: SeatKey = seat.parse().ok()?;
        let known = self.collectives.values().find(|collective| {
            collective.profiles.contains_key(&seat) || collective.secrets.seat == seat
        });
        Some(known.map_or_else(|| seat.short(), |collective| collective.member_name(&seat)))
    }
}
