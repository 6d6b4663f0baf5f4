//! When something comes again: the grammar of section 8.5 of the protocol, and its days.

use std::{collections::BTreeSet, fmt};

use jiff::civil::{Date, Weekday};

/// Most of `INTERVAL` and `COUNT`: six digits are more than anybody lives through.
const MOST_NUMBER: u32 = 999_999;
/// Days looked at for the next one: what does not come within a century does not come any more.
const LOOKED_AT: usize = 36_525;
/// Weekdays as they are written, from Monday.
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// A day.
    Daily,
    /// A week, from Monday.
    Weekly,
    /// A month.
    Monthly,
    /// A year.
    Yearly,
}

const FREQUENCIES: [(&str, Frequency); 4] = [
    ("DAILY", Frequency::Daily),
    ("WEEKLY", Frequency::Weekly),
    ("MONTHLY", Frequency::Monthly),
    ("YEARLY", Frequency::Yearly),
];

/// A day of the week; in a month, perhaps only one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nth {
    /// From 0, Monday.
    pub weekday: u8,
    /// 1 to 5 from the beginning of the month, -1 to -5 from its end, 0 for each of them.
    pub nth: i8,
}

/// When it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Never.
    Never,
    /// After so many, the first included.
    Count(u32),
    /// With this day.
    Until(Date),
}

/// How something comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The period.
    pub frequency: Frequency,
    /// Every how many periods, from 1.
    pub interval: u32,
    /// On which days of the week; where none is named, see [`Rule::occurrences`].
    pub days: BTreeSet<Nth>,
    /// On which days of the month, from 1.
    pub month_days: BTreeSet<u8>,
    /// When it ends.
    pub end: End,
}

impl Rule {
    /// Every so many periods, without an end.
    pub const fn every(interval: u32, frequency: Frequency) -> Self {
        Self {
            frequency,
            interval,
            days: BTreeSet::new(),
            month_days: BTreeSet::new(),
            end: End::Never,
        }
    }

    /// Reads the grammar, strictly: parts in their order, each once, no blanks, no other case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').peekable();
        let word = parts.next()?.strip_prefix("FREQ=")?;
        let (_, frequency) = FREQUENCIES.iter().find(|(name, _)| *name == word)?;
        let mut rule = Self::every(1, *frequency);
        let mut value = |name: &str| {
            let part = parts.next_if(|part| {
                part.starts_with(name) && part.as_bytes().get(name.len()) == Some(&b'=')
            });
            part.map(|part| &part[name.len() + 1..])
        };
        if let Some(text) = value("INTERVAL") {
            rule.interval = number(text)?;
        }
        if let Some(text) = value("BYDAY") {
            rule.days = set(text, |day| nth(day, *frequency))?;
        }
        if let Some(text) = value("BYMONTHDAY") {
            let day = |text: &str| number(text).filter(|n| *n <= 31)?.try_into().ok();
            rule.month_days = set(text, day)?;
        }
        if let Some(text) = value("COUNT") {
            rule.end = End::Count(number(text)?);
        } else if let Some(text) = value("UNTIL") {
            rule.end = End::Until(until(text)?);
        }
        // A week has no days of the month (RFC 5545).
        let fits = *frequency != Frequency::Weekly || rule.month_days.is_empty();
        (fits && parts.next().is_none()).then_some(rule)
    }

    /// The days from `start` on, which is always the first of them, in order. Days that do not
    /// exist are passed over.
    ///
    /// Where neither days of the week nor of the month are named, the day of `start` is meant: that
    /// day of the week, of the month, of the year. Where both are named, both must hold.
    pub fn occurrences(&self, start: Date) -> impl Iterator<Item = Date> + '_ {
        let (most, last) = match self.end {
            End::Never => (usize::MAX, Date::MAX),
            End::Count(count) => (count as usize, Date::MAX),
            End::Until(day) => (usize::MAX, day),
        };
        let mut gap = 0;
        let later = start
            .series(jiff::ToSpan::days(1))
            .zip(0u32..)
            .skip(1)
            .take_while(move |(day, _)| *day <= last)
            .map(move |(day, at)| (day, self.falls_on(day, at, start)))
            .take_while(move |(_, falls)| {
                gap = if *falls { 0 } else { gap + 1 };
                gap <= LOOKED_AT
            })
            .filter(|(_, falls)| *falls)
            .map(|(day, _)| day)
            .take(most.saturating_sub(1));
        std::iter::once(start).chain(later)
    }

    /// The first of its days after `last`, itself one of them, that comes after `after` too; with
    /// the rule from then on. `None` where it has ended.
    pub fn next(&self, last: Date, after: Date) -> Option<(Date, Self)> {
        let mut passed = 0;
        let next = self.occurrences(last).skip(1).find(|day| {
            passed += 1;
            *day > after
        })?;
        let mut rule = self.clone();
        if let End::Count(count) = self.end {
            rule.end = End::Count(count.checked_sub(passed).filter(|left| *left > 0)?);
        }
        Some((next, rule))
    }

    /// The first day from `today` on that it names.
    pub fn first(&self, today: Date) -> Date {
        if self.days.is_empty() && self.month_days.is_empty() {
            return today;
        }
        // The period that holds today counts as the first.
        let mut days = today.series(jiff::ToSpan::days(1)).take(LOOKED_AT);
        days.find(|day| self.is_named(*day)).unwrap_or(today)
    }

    /// Whether a day, so many after the start, is one of them.
    fn falls_on(&self, day: Date, at: u32, start: Date) -> bool {
        let months = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month());
        let offset = u32::from(start.weekday().to_monday_zero_offset().unsigned_abs());
        let period = match self.frequency {
            Frequency::Daily => at,
            Frequency::Weekly => (at + offset) / 7,
            Frequency::Monthly => (months(day) - months(start)).unsigned_abs(),
            Frequency::Yearly => u32::from(day.year().abs_diff(start.year())),
        };
        if !period.is_multiple_of(self.interval) {
            return false;
        }
        if !self.days.is_empty() || !self.month_days.is_empty() {
            return self.is_named(day);
        }
        match self.frequency {
            Frequency::Daily => true,
            Frequency::Weekly => day.weekday() == start.weekday(),
            Frequency::Monthly => day.day() == start.day(),
            Frequency::Yearly => (day.month(), day.day()) == (start.month(), start.day()),
        }
    }

    /// Whether a day is among the days that are named.
    fn is_named(&self, day: Date) -> bool {
        let weekday = day.weekday().to_monday_zero_offset().unsigned_abs();
        let from_start = (day.day() - 1) / 7 + 1;
        let from_end = -((day.days_in_month() - day.day()) / 7 + 1);
        let week = self.days.is_empty()
            || [0, from_start, from_end]
                .into_iter()
                .any(|nth| self.days.contains(&Nth { weekday, nth }));
        let number = day.day().unsigned_abs();
        week && (self.month_days.is_empty() || self.month_days.contains(&number))
    }

    /// In words, for people: `every 2 weeks on Mon and Thu, until 2026-12-31`.
    pub fn in_words(&self) -> String {
        let (one, many) = match self.frequency {
            Frequency::Daily => ("day", "days"),
            Frequency::Weekly => ("week", "weeks"),
            Frequency::Monthly => ("month", "months"),
            Frequency::Yearly => ("year", "years"),
        };
        let mut words = match self.interval {
            1 => format!("every {one}"),
            n => format!("every {n} {many}"),
        };
        let mut on: Vec<String> = Vec::new();
        if !self.days.is_empty() {
            on.push(listed(self.days.iter().map(|day| day.in_words())));
        }
        if !self.month_days.is_empty() {
            let days = self.month_days.iter().map(|day| ordinal(u32::from(*day)));
            on.push(format!("the {}", listed(days)));
        }
        if !on.is_empty() {
            words.push_str(" on ");
            words.push_str(&on.join(" if it is "));
        }
        match self.end {
            End::Never => {}
            End::Count(1) => words.push_str(", for the last time"),
            End::Count(count) => words.push_str(&format!(", {count} times")),
            End::Until(day) => words.push_str(&format!(", until {day}")),
        }
        words
    }
}

impl Nth {
    /// Each such day of the week.
    pub fn each(weekday: Weekday) -> Self {
        Self {
            weekday: weekday.to_monday_zero_offset().unsigned_abs(),
            nth: 0,
        }
    }

    fn in_words(self) -> String {
        const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let name = NAMES[usize::from(self.weekday) % 7];
        match self.nth {
            0 => name.to_owned(),
            -1 => format!("the last {name}"),
            nth if nth < 0 => format!("the {} last {name}", ordinal(nth.unsigned_abs().into())),
            nth => format!("the {} {name}", ordinal(nth.unsigned_abs().into())),
        }
    }
}

fn ordinal(number: u32) -> String {
    let end = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

fn listed(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => words.concat(),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FREQUENCIES
            .iter()
            .find(|(_, frequency)| *frequency == self.frequency);
        write!(f, "FREQ={}", name.map_or("", |(name, _)| *name))?;
        if self.interval > 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        let mut before = ";BYDAY=";
        for day in &self.days {
            f.write_str(before)?;
            if day.nth != 0 {
                write!(f, "{}", day.nth)?;
            }
            f.write_str(DAYS[usize::from(day.weekday) % 7])?;
            before = ",";
        }
        before = ";BYMONTHDAY=";
        for day in &self.month_days {
            write!(f, "{before}{day}")?;
            before = ",";
        }
        match self.end {
            End::Never => Ok(()),
            End::Count(count) => write!(f, ";COUNT={count}"),
            End::Until(day) => write!(f, ";UNTIL={}", day.strftime("%Y%m%d")),
        }
    }
}

/// A number from 1 without zeros before it.
fn number(text: &str) -> Option<u32> {
    let fits = (1..=6).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok().filter(|n| *n <= MOST_NUMBER))?
}

/// A list in which nothing stands twice.
fn set<T: Ord>(text: &str, one: impl Fn(&str) -> Option<T>) -> Option<BTreeSet<T>> {
    let mut set = BTreeSet::new();
    for part in text.split(',') {
        if !set.insert(one(part)?) {
            return None;
        }
    }
    Some(set)
}

/// `MO`; in a month also `2MO` and `-1FR`.
fn nth(text: &str, frequency: Frequency) -> Option<Nth> {
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = (0u8..).zip(DAYS).find(|(_, day)| *day == name)?.0;
    let nth = match number.as_bytes() {
        [] => 0,
        [digit @ b'1'..=b'5'] => i8::try_from(digit - b'0').ok()?,
        [b'-', digit @ b'1'..=b'5'] => -i8::try_from(digit - b'0').ok()?,
        _ => return None,
    };
    (nth == 0 || frequency == Frequency::Monthly).then_some(Nth { weekday, nth })
}

fn until(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, month, day) = (&text[..4], &text[4..6], &text[6..]);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
