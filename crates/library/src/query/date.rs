//! Dates as people write them.

use jiff::{Span, ToSpan, civil};

use super::{Interval, error::nearest};
use crate::{Timestamp, Zoned};

/// A date: a day, a month, any period; or a moment, which is a period of one millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) span: Interval,
    pub(super) is_moment: bool,
}

const WEEKDAYS: [(&str, civil::Weekday); 7] = [
    ("monday", civil::Weekday::Monday),
    ("tuesday", civil::Weekday::Tuesday),
    ("wednesday", civil::Weekday::Wednesday),
    ("thursday", civil::Weekday::Thursday),
    ("friday", civil::Weekday::Friday),
    ("saturday", civil::Weekday::Saturday),
    ("sunday", civil::Weekday::Sunday),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const PLAIN: [&str; 4] = ["now", "today", "yesterday", "tomorrow"];

/// Words that take a second one: `last monday`, `this week`.
pub(super) fn takes_another(word: &str) -> bool {
    ["last", "this", "next"]
        .iter()
        .any(|one| word.eq_ignore_ascii_case(one))
}

/// A number that is no year: `3 days`.
pub(super) fn is_count(word: &str) -> bool {
    word.len() != 4 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// A unit of time as a word of its own.
pub(super) fn is_unit(word: &str) -> bool {
    const UNITS: [&str; 18] = [
        "second", "sec", "s", "minute", "min", "m", "hour", "hr", "h", "day", "d", "week", "wk",
        "w", "month", "mo", "year", "y",
    ];
    let word = word.to_ascii_lowercase();
    let single = word.strip_suffix('s').unwrap_or(&word);
    UNITS.contains(&word.as_str()) || UNITS.contains(&single)
}

/// A word that goes with a date before it: a number, a time, the dots of a range, a month, a day of the
/// week, `ago`.
pub(super) fn is_part(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let word = word.trim_end_matches(',');
    let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = digits.len() < word.len();
    word.starts_with("..")
        || (number && (digits.is_empty() || is_unit(digits) || digits.starts_with(':')))
        || (number && ["st", "nd", "rd", "th"].contains(&digits))
        || weekday(word).is_some()
        || month(word).is_some()
}

/// `march 2025`, `1 march 2025`, `march 1 2025` as digits.
pub(super) fn in_digits(words: &[&str]) -> Option<String> {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.trim_end_matches(',').to_ascii_lowercase())
        .collect();
    let year = |word: &str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    let day = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        digits
            .parse::<u8>()
            .ok()
            .filter(|day| (1..=31).contains(day))
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [name, number] | [number, name] if year(number) => {
            Some(format!("{number}-{:02}", month(name)?))
        }
        [a, b, number] if year(number) => {
            let (name, day) = match month(a) {
                Some(name) => (name, day(b)?),
                None => (month(b)?, day(a)?),
            };
            Some(format!("{number}-{name:02}-{day:02}"))
        }
        _ => None,
    }
}

/// A length of time as `2w` or `3 days`, after which `ago` may stand.
pub(super) fn is_length(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_alphabetic())
}

/// Reads a date; `None` if it is none. `mail` reads `2m` as two months.
pub(super) fn period(text: &str, now: &Zoned, mail: bool) -> Option<Period> {
    let text = text.trim().to_ascii_lowercase();
    written(&text, now)
        .or_else(|| named(&text, now))
        .or_else(|| before_now(&text, now, mail))
}

/// A date in words that the text may be meant to be.
pub(super) fn suggest(text: &str) -> Option<String> {
    let words = PLAIN
        .iter()
        .copied()
        .chain(WEEKDAYS.iter().map(|(name, _)| *name))
        .chain(MONTHS);
    match text.split_once([' ', '-', '_']) {
        Some((first, second)) if takes_another(first) => {
            nearest(second, words.chain(["week", "month", "year"]))
                .map(|second| format!("{first}-{second}"))
        }
        _ => nearest(text, words),
    }
}

/// `2026`, `2026-03`, `2026-03-01`, `2026-03-01T10:00`, with seconds, with a zone.
fn written(text: &str, now: &Zoned) -> Option<Period> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if text.len() == 4 && digits(text) {
        let first = civil::Date::new(text.parse().ok()?, 1, 1).ok()?;
        return days(first, 1.year(), now);
    }
    if let Some((year, month)) = text.split_once('-')
        && year.len() == 4
        && month.len() == 2
        && digits(year)
        && digits(month)
    {
        let first = civil::Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
        return days(first, 1.month(), now);
    }
    if text.len() == 10
        && let Ok(date) = text.parse()
    {
        return days(date, 1.day(), now);
    }
    // A shorter time than `t1` is none; nor is a date without a year.
    let (date, time) = text
        .split_at_checked(10)
        .filter(|(_, time)| time.len() >= 2)?;
    if !date.get(..4).is_some_and(digits) {
        return None;
    }
    let text = format!("{date}t{}", time.trim_start_matches(['t', ' ', '_']));
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment_at(ms(moment)));
    }
    let start = text.parse::<civil::DateTime>().ok()?;
    let length = if time.bytes().filter(|b| *b == b':').count() >= 2 {
        1.second()
    } else {
        1.minute()
    };
    let start = start.to_zoned(now.time_zone().clone()).ok()?;
    between(&start, &start.checked_add(length).ok()?)
}

/// `yesterday`, `monday`, `last monday`, `this week`, `last year`, `march`.
fn named(text: &str, now: &Zoned) -> Option<Period> {
    let today = now.date();
    match text {
        "now" => return Some(moment_at(ms(now.timestamp()))),
        "today" => return days(today, 1.day(), now),
        "yesterday" => return days(today.checked_sub(1.day()).ok()?, 1.day(), now),
        "tomorrow" => return days(today.checked_add(1.day()).ok()?, 1.day(), now),
        _ => {}
    }
    let (which, unit) = match text.split_once([' ', '-', '_']) {
        Some((which, unit)) => (which, unit.trim()),
        None => ("", text),
    };
    let last = match which {
        "last" => true,
        "this" | "" => false,
        _ => return None,
    };
    if let Some(weekday) = weekday(unit) {
        // The most recent one; "last" never means today.
        let back = i64::from(today.weekday().since(weekday));
        let back = if last && back == 0 { 7 } else { back };
        return days(today.checked_sub(back.days()).ok()?, 1.day(), now);
    }
    if let Some(month) = month(unit) {
        let this = today.first_of_month();
        let back = (12 + i64::from(this.month()) - month) % 12;
        let back = if last && back == 0 { 12 } else { back };
        return days(this.checked_sub(back.months()).ok()?, 1.month(), now);
    }
    let (start, length) = match unit {
        "day" if !which.is_empty() => (today, 1.day()),
        "week" if !which.is_empty() => {
            let back = i64::from(today.weekday().since(civil::Weekday::Monday));
            (today.checked_sub(back.days()).ok()?, 1.week())
        }
        "month" if !which.is_empty() => (today.first_of_month(), 1.month()),
        "year" if !which.is_empty() => (today.first_of_year(), 1.year()),
        _ => return None,
    };
    let start = if last {
        start.checked_sub(length).ok()?
    } else {
        start
    };
    days(start, length, now)
}

/// `2w`, `3 days ago`, `1h30m`: that long before now.
fn before_now(text: &str, now: &Zoned, mail: bool) -> Option<Period> {
    // How long before: `ago` says no more.
    let text = text.strip_suffix("ago").unwrap_or(text).trim_end();
    let months = text
        .strip_suffix('m')
        .map(str::trim_end)
        .filter(|count| mail && !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()));
    let span = match months {
        Some(count) => Span::new().try_months(count.parse::<i64>().ok()?).ok()?,
        // ISO 8601 durations (`p2w`) are not asked for; a bare number says no unit.
        None if !text.starts_with(|c: char| c.is_ascii_digit()) => return None,
        None => text.parse::<Span>().ok()?.abs(),
    };
    let then = now.checked_sub(span).ok()?;
    Some(moment_at(ms(then.timestamp())))
}

fn weekday(word: &str) -> Option<civil::Weekday> {
    WEEKDAYS
        .iter()
        .find(|(name, _)| *name == word || (word.len() == 3 && name.starts_with(word)))
        .map(|(_, weekday)| *weekday)
}

/// The number of a month, whole or by its first three letters.
pub(crate) fn month(word: &str) -> Option<i64> {
    (1..)
        .zip(MONTHS)
        .find(|(_, name)| *name == word || (word.len() == 3 && name.starts_with(word)))
        .map(|(number, _)| number)
}

fn days(first: civil::Date, length: Span, now: &Zoned) -> Option<Period> {
    let zone = now.time_zone();
    let end = first.checked_add(length).ok()?;
    between(
        &first.to_zoned(zone.clone()).ok()?,
        &end.to_zoned(zone.clone()).ok()?,
    )
}

fn between(start: &Zoned, end: &Zoned) -> Option<Period> {
    let span = Interval {
        from: ms(start.timestamp()),
        to: ms(end.timestamp()),
    };
    Some(Period {
        span,
        is_moment: false,
    })
}

fn moment_at(ms: u64) -> Period {
    Period {
        span: Interval {
            from: ms,
            to: ms.saturating_add(1),
        },
        is_moment: true,
    }
}

/// Milliseconds since 1970; nothing was written before.
pub(super) fn ms(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millisecond()).unwrap_or(0)
}
