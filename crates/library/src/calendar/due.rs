//! When a task is due: a day, or a minute of it (section 3.4 of the protocol).

use std::fmt;

use jiff::civil::{Date, DateTime};

use super::day::span;

/// Minutes of a day, and one more place for the day as a whole.
const PLACES: u64 = 24 * 60 + 1;
/// The place of the day as a whole: what is due on a day is due by its end.
const WHOLE: u64 = PLACES - 1;

/// A day or a local minute, in order: a day as a whole comes after all minutes of it.
///
/// It holds whatever the protocol's `date` and `local` hold, days included that no calendar has
/// (31 February): others may write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due(u64);

impl Due {
    /// Reads `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM` and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        const SIGNS: &[u8; 16] = b"0000-00-00T00:00";
        let bytes = text.as_bytes();
        let fits = bytes.iter().zip(SIGNS).all(|(byte, sign)| match sign {
            b'0' => byte.is_ascii_digit(),
            sign => byte == sign,
        });
        if !fits || !matches!(bytes.len(), 10 | 16) {
            return None;
        }
        let number = |from: usize, to: usize| text[from..to].parse::<u64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let minute = match bytes.len() {
            10 => WHOLE,
            _ => {
                let (hour, minute) = (number(11, 13)?, number(14, 16)?);
                if hour > 23 || minute > 59 {
                    return None;
                }
                hour * 60 + minute
            }
        };
        ((1..=12).contains(&month) && (1..=31).contains(&day))
            .then(|| Self::new(year, month, day, minute))
    }

    const fn new(year: u64, month: u64, day: u64, place: u64) -> Self {
        Self((((year * 12) + month - 1) * 31 + day - 1) * PLACES + place)
    }

    const fn parts(self) -> (u64, u64, u64, u64) {
        let (days, place) = (self.0 / PLACES, self.0 % PLACES);
        let (months, day) = (days / 31, days % 31 + 1);
        (months / 12, months % 12 + 1, day, place)
    }

    fn of(date: Date, place: u64) -> Self {
        let number = |n: i8| u64::from(n.unsigned_abs());
        let year = u64::from(date.year().unsigned_abs());
        Self::new(year, number(date.month()), number(date.day()), place)
    }

    /// A day as a whole.
    pub fn on(date: Date) -> Self {
        Self::of(date, WHOLE)
    }

    /// A minute.
    pub fn at(time: DateTime) -> Self {
        let minute = i64::from(time.hour()) * 60 + i64::from(time.minute());
        Self::of(time.date(), minute.unsigned_abs())
    }

    /// The first minute of a day: less than all that is due on it.
    pub fn start(date: Date) -> Self {
        Self::of(date, 0)
    }

    /// The day; `None` if no calendar has it.
    pub fn date(self) -> Option<Date> {
        let (year, month, day, _) = self.parts();
        let small = |n: u64| i8::try_from(n).ok();
        Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
    }

    /// The minute of the day, if it has one.
    pub const fn minute(self) -> Option<u64> {
        match self.parts().3 {
            WHOLE => None,
            minute => Some(minute),
        }
    }

    /// The same time of another day.
    #[must_use]
    pub fn moved(self, date: Date) -> Self {
        Self::of(date, self.parts().3)
    }

    /// Its place in the order, as a number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, _) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        match self.minute() {
            Some(minute) => write!(f, "T{:02}:{:02}", minute / 60, minute % 60),
            None => Ok(()),
        }
    }
}

/// A span of days: `from` included, `to` excluded; `None` for no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueSpan {
    /// Its beginning.
    pub from: Option<Due>,
    /// What comes after its end.
    pub to: Option<Due>,
}

impl DueSpan {
    /// Whether it lies in the span.
    pub fn holds(&self, due: Due) -> bool {
        self.from.is_none_or(|from| from <= due) && self.to.is_none_or(|to| due < to)
    }
}

/// When a task is due, from words: a day (`2026-12-01`, `today`, `friday`, which is the next one,
/// `3d`, `2 weeks`, `1m` from today on), with or without a time after it (`friday 18:30`); `None`
/// where it is none.
pub fn due(text: &str, today: Date) -> Option<Due> {
    let text = text.trim().to_ascii_lowercase();
    let (day, minute) = match text.rsplit_once([' ', 't']) {
        Some((day, time)) if time.contains(':') => (day, Some(clock(time)?)),
        _ => (text.as_str(), None),
    };
    let (first, end) = span(day, today)?;
    if first.tomorrow().ok()? != end {
        return None;
    }
    Some(Due::of(first, minute.unwrap_or(WHOLE)))
}

/// `9:00`, `18:30`.
fn clock(text: &str) -> Option<u64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let fits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u64>().ok())?
    };
    let (hour, minute) = (number(hour)?, number(minute).filter(|_| minute.len() == 2)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn on(text: &str) -> Option<String> {
        // A Wednesday.
        due(text, Date::constant(2026, 4, 29)).map(|due| due.to_string())
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("today", "2026-04-29"),
            (" Tomorrow ", "2026-04-30"),
            ("yesterday", "2026-04-28"),
            ("Friday", "2026-05-01"),
            ("wed", "2026-05-06"),
            ("next wednesday", "2026-05-06"),
            ("last fri", "2026-04-24"),
            ("3d", "2026-05-02"),
            ("3 days", "2026-05-02"),
            ("2w", "2026-05-13"),
            ("2 weeks ago", "2026-04-15"),
            ("1m", "2026-05-29"),
            ("10 months", "2027-02-28"),
            ("2026-12-01", "2026-12-01"),
            ("2026-12-01 18:30", "2026-12-01T18:30"),
            ("2026-12-01T08:05", "2026-12-01T08:05"),
            ("sat 9:00", "2026-05-02T09:00"),
            ("tomorrow 00:00", "2026-04-30T00:00"),
        ] {
            assert_eq!(on(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "",
            "d",
            "-1d",
            "soon",
            "2026-02-30",
            "2026-1-1",
            "20261201",
            "2026-12-01T25:00",
            "36526d",
            "2026-12-01T08:05:00",
            "2026-12-01T08:05Z",
            "é",
            "2026-12",
            "next week",
            "fr",
            "18:00",
            "today 9:5",
            "in 3 days",
        ] {
            assert_eq!(on(text), None, "{text}");
        }
    }

    #[test]
    fn spans_of_days_are_read() {
        let today = Date::constant(2026, 4, 29);
        for (text, first, end) in [
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("this-week", "2026-04-27", "2026-05-04"),
            ("next week", "2026-05-04", "2026-05-11"),
            ("last month", "2026-03-01", "2026-04-01"),
            ("next_year", "2027-01-01", "2028-01-01"),
            ("1y", "2027-04-29", "2027-04-30"),
        ] {
            let (from, to) = span(text, today).unwrap();
            assert_eq!(
                (from.to_string(), to.to_string()),
                (first.into(), end.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_due_on_a_day_is_due_by_its_end() {
        let due = |text| Due::parse(text).unwrap();
        assert!(due("2026-05-01T23:59") < due("2026-05-01"));
        assert!(due("2026-05-01") < due("2026-05-02T00:00"));
        assert_eq!(Due::parse("2026-02-31").unwrap().date(), None);
        for text in [
            "2026-05-1",
            "2026-13-01",
            "2026-01-32",
            "2026-01-01T24:00",
            "2026-01-01T",
            "",
        ] {
            assert_eq!(Due::parse(text), None, "{text}");
        }
    }

    proptest! {
        /// Whatever is typed, what comes out can be typed again.
        #[test]
        fn what_is_read_is_read_again_as_the_same(text in "[0-9a-zé :T-]{0,18}|[0-9]{1,6}[dwm]") {
            if let Some(day) = on(&text) {
                prop_assert_eq!(on(&day), Some(day));
            }
        }

        /// What is written is read as the same, and the order is that of the calendar.
        #[test]
        fn the_order_is_that_of_the_calendar(a in moment(), b in moment()) {
            prop_assert_eq!(Due::parse(&a.to_string()), Some(a));
            // A day as a whole is spelled as its last minute would be, and one more.
            let spelled = |due: Due| match due.minute() {
                Some(_) => due.to_string(),
                None => format!("{due}T24:00"),
            };
            prop_assert_eq!(a.cmp(&b), spelled(a).cmp(&spelled(b)));
        }
    }

    fn moment() -> impl Strategy<Value = Due> {
        let parts = (2025u64..2028, 1u64..13, 1u64..32, 0..PLACES);
        parts.prop_map(|(year, month, day, place)| Due::new(year, month, day, place))
    }
}
