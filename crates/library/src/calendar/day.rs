//! Days as people write them where they look ahead.

use jiff::{
    Span, ToSpan,
    civil::{Date, Weekday},
};

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// A day of the week, whole or by its first three letters or more.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    WEEKDAYS
        .iter()
        .find(|(name, _)| word.len() >= 3 && name.starts_with(word))
        .map(|(_, weekday)| *weekday)
}

/// The first day of a span of days and the day after its last, from words in small letters: `2026`,
/// `2026-12`, `2026-12-01`, `today`, `friday` (the next one), `next week`, `this-month`, `3d`,
/// `2 weeks`, `3 days ago`; `None` where it is none of these.
pub(crate) fn span(text: &str, today: Date) -> Option<(Date, Date)> {
    let text = text.trim();
    written(text)
        .or_else(|| named(text, today))
        .or_else(|| away(text, today))
}

fn lasting(first: Date, length: Span) -> Option<(Date, Date)> {
    Some((first, first.checked_add(length).ok()?))
}

fn written(text: &str) -> Option<(Date, Date)> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split('-');
    let year = parts.next().filter(|y| y.len() == 4 && digits(y))?;
    let year: i16 = year.parse().ok()?;
    let mut part = || match parts.next() {
        None => Some(None),
        Some(part) if part.len() == 2 && digits(part) => Some(part.parse::<i8>().ok()),
        Some(_) => None,
    };
    let (month, day) = (part()?, part()?);
    if parts.next().is_some() {
        return None;
    }
    let first = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let length = match (month, day) {
        (None, _) => 1.year(),
        (_, None) => 1.month(),
        _ => 1.day(),
    };
    lasting(first, length)
}

fn named(text: &str, today: Date) -> Option<(Date, Date)> {
    let (which, unit) = match text.split_once([' ', '-', '_']) {
        Some((which, unit)) => (which, unit.trim()),
        None => ("", text),
    };
    let first = match (which, unit) {
        ("", "today") => today,
        ("", "tomorrow") => today.tomorrow().ok()?,
        ("", "yesterday") => today.yesterday().ok()?,
        ("" | "next", word) if weekday(word).is_some() => {
            today.nth_weekday(1, weekday(word)?).ok()?
        }
        ("last", word) if weekday(word).is_some() => today.nth_weekday(-1, weekday(word)?).ok()?,
        _ => return whole(which, unit, today),
    };
    lasting(first, 1.day())
}

/// `this week`, `next month`, `last year`, `march`.
fn whole(which: &str, unit: &str, today: Date) -> Option<(Date, Date)> {
    if let Some(month) = crate::query::month(unit) {
        // The present one or the next.
        let this = today.first_of_month();
        let ahead = (12 + month - i64::from(this.month())) % 12;
        let ahead = match which {
            "" | "this" => ahead,
            "next" if ahead == 0 => 12,
            "next" => ahead,
            "last" => ahead - 12,
            _ => return None,
        };
        return lasting(this.checked_add(ahead.months()).ok()?, 1.month());
    }
    let (first, length) = match unit {
        "week" => {
            let back = i64::from(today.weekday().to_monday_zero_offset());
            (today.checked_sub(back.days()).ok()?, 1.week())
        }
        "month" => (today.first_of_month(), 1.month()),
        "year" => (today.first_of_year(), 1.year()),
        _ => return None,
    };
    let first = match which {
        "this" => first,
        "next" => first.checked_add(length).ok()?,
        "last" => first.checked_sub(length).ok()?,
        _ => return None,
    };
    lasting(first, length)
}

/// `3d`, `2 weeks`, `1m`: so long from today on; with `ago`, before it.
fn away(text: &str, today: Date) -> Option<(Date, Date)> {
    let (text, back) = match text.strip_suffix("ago") {
        Some(text) => (text.trim_end(), true),
        None => (text, false),
    };
    let (number, unit) = count(text)?;
    let number = if back { -number } else { number };
    let length = match unit {
        "d" | "day" | "days" => number.days(),
        "w" | "wk" | "week" | "weeks" => number.weeks(),
        "m" | "mo" | "month" | "months" => number.months(),
        "y" | "year" | "years" => number.years(),
        _ => return None,
    };
    lasting(today.checked_add(length).ok()?, 1.day())
}

/// A number and what follows it, with or without a blank.
pub(super) fn count(text: &str) -> Option<(i64, &str)> {
    /// More than a century of days is a slip of the hand.
    const MOST: i64 = 36_525;
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number = text[..end].parse().ok().filter(|number| *number <= MOST)?;
    Some((number, text[end..].trim_start()))
}
