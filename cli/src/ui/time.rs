//! Times as people say them.

use jiff::{SignedDuration, SpanRelativeTo, Timestamp, Unit, civil, tz::TimeZone};

use crate::error::CliError;

/// How long ago, in the largest fitting unit; a date after two months.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    if seconds < -60 {
        return format!("{} (ahead of this clock)", date(then));
    }
    match spoken(seconds) {
        Some(text) => text,
        None => date(then),
    }
}

/// How far ahead.
pub(crate) fn ahead(then: Timestamp, now: Timestamp) -> String {
    let seconds = then.as_second().saturating_sub(now.as_second());
    spoken(seconds.max(0)).unwrap_or_else(|| date(then))
}

/// How long something lasts: for a while, or until a day.
pub(crate) fn lasting(until: Timestamp, now: Timestamp) -> String {
    let seconds = until.as_second().saturating_sub(now.as_second());
    match spoken(seconds.max(0)) {
        Some(time) => format!("for {time}"),
        None => format!("until {}", date(until)),
    }
}

fn spoken(seconds: i64) -> Option<String> {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    Some(match seconds {
        s if s < 5 => "now".to_owned(),
        s if s < MINUTE => format!("{s} s"),
        s if s < HOUR => format!("{} min", s / MINUTE),
        s if s < 2 * DAY => format!("{} h", s / HOUR),
        s if s < 14 * DAY => format!("{} d", s / DAY),
        s if s < 60 * DAY => format!("{} w", s / (7 * DAY)),
        _ => return None,
    })
}

fn date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).date().to_string()
}

/// Reads a duration such as `7d`, `2 weeks` or `90min`, in milliseconds; `never` is none.
///
/// # Errors
/// Where it is no duration, or none that lies ahead.
pub(crate) fn duration_ms(text: &str) -> Result<Option<u64>, CliError> {
    if text == "never" {
        return Ok(None);
    }
    let refuse = || {
        CliError::usage(format!("`{text}` is no duration"))
            .hint("write it like 12h, 7d, 2w or never")
    };
    let span: jiff::Span = text.parse().map_err(|_| refuse())?;
    let ms = span
        .total((Unit::Millisecond, SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| refuse())?;
    if ms < 1.0 {
        return Err(refuse());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive span of at most some ten thousand years"
    )]
    Ok(Some(ms as u64))
}

/// Reads a moment that lies ahead: a day (its beginning, in the zone of this machine), a day with a
/// time, a full time stamp, or how far ahead (`90d`).
///
/// # Errors
/// Where it is none of these.
pub(crate) fn moment_ahead(text: &str) -> Result<Timestamp, CliError> {
    moment(text, true)
}

/// The same of a moment that lies back: `2w` is two weeks ago.
///
/// # Errors
/// Where it is none of these.
pub(crate) fn moment_ago(text: &str) -> Result<Timestamp, CliError> {
    moment(text, false)
}

fn moment(text: &str, ahead: bool) -> Result<Timestamp, CliError> {
    let refuse = || {
        CliError::usage(format!("`{text}` is no date"))
            .hint("write it like 2027-01-01, 2027-01-01T18:00 or 90d")
    };
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Ok(stamp);
    }
    // A date alone is its midnight.
    if let Ok(day) = text.parse::<civil::DateTime>() {
        return day
            .to_zoned(TimeZone::system())
            .map(|zoned| zoned.timestamp())
            .map_err(|_| refuse());
    }
    let ms = duration_ms(text)
        .ok()
        .flatten()
        .and_then(|ms| i64::try_from(ms).ok())
        .ok_or_else(refuse)?;
    let span = SignedDuration::from_millis(if ahead { ms } else { -ms });
    Timestamp::now().checked_add(span).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let ago = |s: i64| age(Timestamp::from_second(1_700_000_000 - s).unwrap(), now);
        assert_eq!(ago(2), "now");
        assert_eq!(ago(59), "59 s");
        assert_eq!(ago(3600), "1 h");
        assert_eq!(ago(3 * 86_400), "3 d");
        assert_eq!(ago(20 * 86_400), "2 w");
        assert!(ago(200 * 86_400).starts_with("2023-0"));
        assert!(ago(-3600).contains("ahead"));
    }

    #[test]
    fn moments() {
        assert_eq!(
            moment_ahead("2027-01-01T00:00:00Z").unwrap().to_string(),
            "2027-01-01T00:00:00Z"
        );
        let day = moment_ahead("2027-01-01").unwrap();
        let noon = moment_ahead("2027-01-01T12:00").unwrap();
        assert_eq!(noon.duration_since(day).as_hours(), 12);
        let now = Timestamp::now();
        assert!(moment_ahead("2d").unwrap() > now && moment_ago("2d").unwrap() < now);
        for bad in ["", "soon", "2027-13-01", "never", "-2d"] {
            assert!(moment_ahead(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration_ms("7d").unwrap(), Some(7 * 86_400_000));
        assert_eq!(duration_ms("2w").unwrap(), Some(14 * 86_400_000));
        assert_eq!(duration_ms("90min").unwrap(), Some(5_400_000));
        assert_eq!(duration_ms("never").unwrap(), None);
        for bad in ["", "soon", "-1d", "0s"] {
            assert!(duration_ms(bad).is_err(), "{bad}");
        }
    }
}
