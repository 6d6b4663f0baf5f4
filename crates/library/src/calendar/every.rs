//! How often something comes, as people write it.

use jiff::civil::Weekday;

use super::{
    day::{count, weekday},
    rule::{Frequency, Nth, Rule},
};

const WORKDAYS: [Weekday; 5] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
];

/// Which of the days of a month.
const WHICH: [(&str, i8); 6] = [
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("last", -1),
];

/// `day`, `2 weeks`, `month`, `mon,thu`, `workday`, `15th`, `last friday`, or a rule as the protocol
/// writes it; with or without `every` before it. `None` where it is none of these.
pub fn every(text: &str) -> Option<Rule> {
    if text.starts_with("FREQ=") {
        return Rule::parse(text);
    }
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix("every ").unwrap_or(&text).trim();
    let text = text.strip_suffix(" of the month").unwrap_or(text).trim();
    period(text)
        .or_else(|| week(text))
        .or_else(|| in_month(text))
}

/// `day`, `weekly`, `2 weeks`, `3d`, `other month`.
fn period(text: &str) -> Option<Rule> {
    let (number, unit) = match text.strip_prefix("other ") {
        Some(unit) => (2, unit),
        None => count(text).unwrap_or((1, text)),
    };
    let frequency = match unit {
        "d" | "day" | "days" | "daily" => Frequency::Daily,
        "w" | "week" | "weeks" | "weekly" => Frequency::Weekly,
        "m" | "month" | "months" | "monthly" => Frequency::Monthly,
        "y" | "year" | "years" | "yearly" => Frequency::Yearly,
        _ => return None,
    };
    let number = u32::try_from(number).ok().filter(|number| *number > 0)?;
    Some(Rule::every(number, frequency))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' '])
        .filter(|word| !word.is_empty() && *word != "and")
}

/// `mon,thu`, `monday and thursday`, `workday`.
fn week(text: &str) -> Option<Rule> {
    let mut rule = Rule::every(1, Frequency::Weekly);
    if matches!(text, "workday" | "weekday" | "workdays" | "weekdays") {
        rule.days = WORKDAYS.into_iter().map(Nth::each).collect();
        return Some(rule);
    }
    for word in words(text) {
        rule.days.insert(Nth::each(weekday(word)?));
    }
    (!rule.days.is_empty()).then_some(rule)
}

/// `15th`, `1st,15th`, `last friday`, `2nd tue`.
fn in_month(text: &str) -> Option<Rule> {
    let mut rule = Rule::every(1, Frequency::Monthly);
    if let Some((which, day)) = text.split_once(' ')
        && let Some(day) = weekday(day.trim())
    {
        let named = WHICH.iter().find(|(name, _)| *name == which);
        let nth = named.map(|(_, nth)| *nth).or_else(|| {
            let number = numbered(which)?;
            i8::try_from(number).ok().filter(|n| *n <= 5)
        })?;
        rule.days.insert(Nth {
            nth,
            ..Nth::each(day)
        });
        return Some(rule);
    }
    for word in words(text) {
        rule.month_days.insert(numbered(word)?);
    }
    (!rule.month_days.is_empty()).then_some(rule)
}

/// `1st`, `15th`.
fn numbered(word: &str) -> Option<u8> {
    let (number, end) = count(word)?;
    let number = u8::try_from(number).ok().filter(|n| (1..=31).contains(n))?;
    matches!(end, "st" | "nd" | "rd" | "th").then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_people_write_them() {
        for (text, rule, words) in [
            ("day", "FREQ=DAILY", "every day"),
            ("Every Week", "FREQ=WEEKLY", "every week"),
            ("2 weeks", "FREQ=WEEKLY;INTERVAL=2", "every 2 weeks"),
            ("3d", "FREQ=DAILY;INTERVAL=3", "every 3 days"),
            ("other month", "FREQ=MONTHLY;INTERVAL=2", "every 2 months"),
            ("yearly", "FREQ=YEARLY", "every year"),
            (
                "thu, mon",
                "FREQ=WEEKLY;BYDAY=MO,TH",
                "every week on Mon and Thu",
            ),
            (
                "monday and thursday",
                "FREQ=WEEKLY;BYDAY=MO,TH",
                "every week on Mon and Thu",
            ),
            (
                "workday",
                "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
                "every week on Mon, Tue, Wed, Thu and Fri",
            ),
            (
                "15th",
                "FREQ=MONTHLY;BYMONTHDAY=15",
                "every month on the 15th",
            ),
            (
                "1st, 22nd and 13th",
                "FREQ=MONTHLY;BYMONTHDAY=1,13,22",
                "every month on the 1st, 13th and 22nd",
            ),
            (
                "last friday of the month",
                "FREQ=MONTHLY;BYDAY=-1FR",
                "every month on the last Fri",
            ),
            (
                "2nd tue",
                "FREQ=MONTHLY;BYDAY=2TU",
                "every month on the 2nd Tue",
            ),
            (
                "FREQ=MONTHLY;BYDAY=-2SU;COUNT=3",
                "FREQ=MONTHLY;BYDAY=-2SU;COUNT=3",
                "every month on the 2nd last Sun, 3 times",
            ),
            (
                "FREQ=DAILY;UNTIL=20261231",
                "FREQ=DAILY;UNTIL=20261231",
                "every day, until 2026-12-31",
            ),
            (
                "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
                "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
                "every month on Fri if it is the 13th",
            ),
        ] {
            let read = every(text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!(read.to_string(), rule, "{text}");
            assert_eq!(read.in_words(), words, "{text}");
        }
        for text in [
            "",
            "every",
            "0 days",
            "sometimes",
            "32nd",
            "6th fri",
            "mon,xyz",
            "15",
            "FREQ=HOURLY",
            "freq=daily",
        ] {
            assert_eq!(every(text), None, "{text}");
        }
    }
}
