//! From what a person writes as a query to what can be searched for.

use folkmoot_api::{ApiError, ErrorCode};
use folkmoot_library::{Leaf, Name, Query, QueryError, ResolvedQuery, TimeZone, Timestamp, Zoned};
use folkmoot_record::CollectiveId;

use crate::{core::Core, errors::usage};

impl Core {
    /// Parses a query, saved searches put in their places. Dates in words are of that time zone, UTC if none is named.
    pub(crate) fn parse(&self, source: &str, zone: Option<&str>) -> Result<Query, ApiError> {
        let now = self.now_in(zone)?;
        Query::parse(source, &now)
            .and_then(|query| query.expand(self, &now))
            .map_err(|error| bad_query(&error))
    }

    /// Puts keys in the place of names.
    pub(crate) fn resolved(&self, query: &Query) -> Result<ResolvedQuery, ApiError> {
        query.resolve(self).map_err(|error| bad_query(&error))
    }

    /// Both in one.
    pub(crate) fn understand(
        &self,
        source: &str,
        zone: Option<&str>,
    ) -> Result<ResolvedQuery, ApiError> {
        self.resolved(&self.parse(source, zone)?)
    }

    /// Now, in that time zone, UTC if none is named.
    pub(crate) fn now_in(&self, zone: Option<&str>) -> Result<Zoned, ApiError> {
        let zone = time_zone(zone)?;
        let now = Timestamp::from_millisecond(i64::try_from(self.clock.wall()).unwrap_or(0))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(Zoned::new(now, zone))
    }
}

/// The time zone of that name or POSIX rule, UTC if none is named.
pub(crate) fn time_zone(name: Option<&str>) -> Result<TimeZone, ApiError> {
    match name {
        None => Ok(TimeZone::UTC),
        // A machine without a name for its zone tells its rule: `JST-9`.
        Some(name) => TimeZone::get(name)
            .or_else(|_| TimeZone::posix(name))
            .map_err(|_| usage(format!("there is no time zone called {name}"))),
    }
}

/// The condition that a record stands in this collective.
pub(crate) fn place(cid: CollectiveId) -> Leaf {
    Leaf::In(Name {
        text: cid.to_string(),
        span: 0..0,
    })
}

pub(crate) fn bad_query(error: &QueryError) -> ApiError {
    let mut out = ApiError::new(ErrorCode::Usage, error.problem.to_string());
    out.span = Some((error.span.start, error.span.end));
    out.hint = error.help();
    out
}
