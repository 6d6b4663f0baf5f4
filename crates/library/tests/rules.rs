//! When something comes again: the grammar, days worked out by hand, and another way to the same days.
#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::collections::BTreeSet;

use folkmoot_library::{Date, End, Frequency, Nth, Rule};
use jiff::ToSpan;
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// The first days of a rule.
fn days(rule: &str, start: &str, most: usize) -> Vec<String> {
    let rule = Rule::parse(rule).unwrap();
    let days = rule.occurrences(date(start)).take(most);
    days.map(|day| day.to_string()).collect()
}

#[test]
fn days_worked_out_by_hand() {
    for (rule, start, wanted) in [
        // 31st: months without one are passed over.
        (
            "FREQ=MONTHLY",
            "2026-01-31",
            "2026-01-31 2026-03-31 2026-05-31 2026-07-31 2026-08-31",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=30,31",
            "2026-01-30",
            "2026-01-30 2026-01-31 2026-03-30 2026-03-31 2026-04-30",
        ),
        // 29 February: leap years alone; 2100 is none.
        (
            "FREQ=YEARLY",
            "2024-02-29",
            "2024-02-29 2028-02-29 2032-02-29",
        ),
        ("FREQ=YEARLY", "2096-02-29", "2096-02-29 2104-02-29"),
        (
            "FREQ=YEARLY;INTERVAL=3",
            "2024-02-29",
            "2024-02-29 2036-02-29 2048-02-29",
        ),
        // The last Friday of the month.
        (
            "FREQ=MONTHLY;BYDAY=-1FR",
            "2026-01-30",
            "2026-01-30 2026-02-27 2026-03-27 2026-04-24 2026-05-29",
        ),
        (
            "FREQ=MONTHLY;BYDAY=5MO",
            "2026-03-30",
            "2026-03-30 2026-06-29 2026-08-31 2026-11-30",
        ),
        ("FREQ=MONTHLY;BYDAY=1TU,-1TU;INTERVAL=2", "", ""),
        (
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=1TU,-1TU",
            "2026-01-06",
            "2026-01-06 2026-01-27 2026-03-03 2026-03-31",
        ),
        // Friday the thirteenth.
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "2026-02-13",
            "2026-02-13 2026-03-13 2026-11-13 2027-08-13",
        ),
        // Weeks begin on Monday: a Sunday and the Monday after it are in two of them.
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
            "2026-04-26",
            "2026-04-26 2026-05-04 2026-05-10 2026-05-18",
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO,TH",
            "2026-04-29",
            "2026-04-29 2026-04-30 2026-05-04 2026-05-07",
        ),
        (
            "FREQ=DAILY;INTERVAL=10;COUNT=3",
            "2026-02-20",
            "2026-02-20 2026-03-02 2026-03-12",
        ),
        (
            "FREQ=DAILY;BYDAY=SA,SU;COUNT=3",
            "2026-05-02",
            "2026-05-02 2026-05-03 2026-05-09",
        ),
        (
            "FREQ=DAILY;UNTIL=20260503",
            "2026-05-01",
            "2026-05-01 2026-05-02 2026-05-03",
        ),
        ("FREQ=DAILY;COUNT=1", "2026-05-01", "2026-05-01"),
        // It never comes again.
        (
            "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
            "2026-02-01",
            "2026-02-01",
        ),
        (
            "FREQ=YEARLY;BYDAY=MO;BYMONTHDAY=1",
            "2026-06-01",
            "2026-06-01 2027-02-01 2027-03-01 2027-11-01",
        ),
    ] {
        if start.is_empty() {
            assert_eq!(Rule::parse(rule), None, "{rule}: out of order");
            continue;
        }
        let wanted: Vec<&str> = wanted.split(' ').collect();
        let ended = rule.contains("COUNT") || rule.contains("UNTIL") || wanted.len() == 1;
        let most = wanted.len() + usize::from(ended);
        assert_eq!(days(rule, start, most), wanted, "{rule} from {start}");
    }
}

#[test]
fn what_is_no_rule_is_refused() {
    for text in [
        "",
        "FREQ=HOURLY",
        "FREQ=DAILY;",
        ";FREQ=DAILY",
        "freq=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=01",
        "FREQ=DAILY;INTERVAL=1000000",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1;UNTIL=20260101",
        "FREQ=DAILY;UNTIL=2026-01-01",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=MO,MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=YEARLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=+1MO",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=DAILY;COUNT=2;INTERVAL=2",
        "FREQ=DAILY;INTERVAL=2;INTERVAL=2",
        "FREQ=DAILY; COUNT=2",
        "FREQ=MONTHLY;BYDAY=é",
        "FREQ=DAILY;WKST=SU",
        "RRULE:FREQ=DAILY",
    ] {
        assert_eq!(Rule::parse(text), None, "{text}");
    }
}

#[test]
fn the_next_day_comes_after_what_was_missed_and_the_count_goes_down() {
    let next = |rule: &str, last: &str, after: &str| {
        let next = Rule::parse(rule).unwrap().next(date(last), date(after));
        next.map(|(day, rule)| (day.to_string(), rule.to_string()))
    };
    let told = |day: &str, rule: &str| Some((day.to_owned(), rule.to_owned()));
    assert_eq!(
        next("FREQ=DAILY", "2026-05-01", "2026-05-01"),
        told("2026-05-02", "FREQ=DAILY")
    );
    assert_eq!(
        next("FREQ=DAILY;COUNT=9", "2026-05-01", "2026-05-04"),
        told("2026-05-05", "FREQ=DAILY;COUNT=5")
    );
    assert_eq!(
        next("FREQ=DAILY;COUNT=5", "2026-05-01", "2026-05-04"),
        told("2026-05-05", "FREQ=DAILY;COUNT=1")
    );
    assert_eq!(next("FREQ=DAILY;COUNT=4", "2026-05-01", "2026-05-04"), None);
    assert_eq!(next("FREQ=DAILY;COUNT=1", "2026-05-01", "2026-04-01"), None);
    // Done before it was due: the next one after that.
    assert_eq!(
        next("FREQ=WEEKLY", "2026-05-08", "2026-05-02"),
        told("2026-05-15", "FREQ=WEEKLY")
    );
    assert_eq!(
        next("FREQ=WEEKLY;UNTIL=20260514", "2026-05-08", "2026-05-02"),
        None
    );
}

#[test]
fn the_first_day_is_one_that_the_rule_names() {
    let first = |rule: &str| {
        Rule::parse(rule)
            .unwrap()
            .first(date("2026-04-29"))
            .to_string()
    };
    assert_eq!(first("FREQ=MONTHLY"), "2026-04-29");
    assert_eq!(first("FREQ=WEEKLY;BYDAY=WE,FR"), "2026-04-29");
    assert_eq!(first("FREQ=WEEKLY;BYDAY=MO"), "2026-05-04");
    assert_eq!(first("FREQ=MONTHLY;BYMONTHDAY=31"), "2026-05-31");
}

fn rules() -> impl Strategy<Value = Rule> {
    let frequency = prop::sample::select(vec![
        Frequency::Daily,
        Frequency::Weekly,
        Frequency::Monthly,
        Frequency::Yearly,
    ]);
    let nth = (0u8..7, prop_oneof![3 => Just(0i8), 1 => -5i8..6]);
    let end = prop_oneof![
        Just(End::Never),
        (1u32..40).prop_map(End::Count),
        (0i64..3_000)
            .prop_map(|days| End::Until(date("2025-06-01").checked_add(days.days()).unwrap())),
    ];
    (
        frequency,
        1u32..15,
        prop::collection::btree_set(nth, 0..4),
        prop::collection::btree_set(1u8..32, 0..4),
        end,
    )
        .prop_map(|(frequency, interval, days, month_days, end)| Rule {
            frequency,
            interval,
            days: days
                .into_iter()
                .map(|(weekday, nth)| Nth {
                    weekday,
                    nth: if frequency == Frequency::Monthly {
                        nth
                    } else {
                        0
                    },
                })
                .collect(),
            month_days: if frequency == Frequency::Weekly {
                BTreeSet::new()
            } else {
                month_days
            },
            end,
        })
}

/// Another way to the same days: period by period, the days of each put together from the parts.
fn by_periods(rule: &Rule, start: Date, last: Date) -> Vec<Date> {
    let monday = start
        .checked_sub(i64::from(start.weekday().to_monday_zero_offset()).days())
        .unwrap();
    let mut all = BTreeSet::from([start]);
    for n in (0i64..).map(|n| n * i64::from(rule.interval)) {
        let (first, end) = match rule.frequency {
            Frequency::Daily => (
                start.checked_add(n.days()),
                start.checked_add((n + 1).days()),
            ),
            Frequency::Weekly => (
                monday.checked_add(n.weeks()),
                monday.checked_add((n + 1).weeks()),
            ),
            Frequency::Monthly => {
                let first = start.first_of_month();
                (
                    first.checked_add(n.months()),
                    first.checked_add((n + 1).months()),
                )
            }
            Frequency::Yearly => {
                let first = start.first_of_year();
                (
                    first.checked_add(n.years()),
                    first.checked_add((n + 1).years()),
                )
            }
        };
        let (first, end) = (first.unwrap(), end.unwrap());
        if first > last {
            break;
        }
        let period: Vec<Date> = first.series(1.day()).take_while(|day| *day < end).collect();
        let mut picked: BTreeSet<Date> = period.iter().copied().collect();
        if !rule.days.is_empty() {
            let mut by_week = BTreeSet::new();
            for Nth { weekday, nth } in &rule.days {
                let mut month = None;
                let mut same: Vec<Date> = Vec::new();
                let mut take = |same: &mut Vec<Date>| {
                    let at = match nth {
                        0 => return by_week.extend(same.drain(..)),
                        nth if *nth > 0 => usize::try_from(*nth - 1).ok(),
                        nth => same.len().checked_sub(usize::from(nth.unsigned_abs())),
                    };
                    by_week.extend(at.and_then(|at| same.get(at)).copied());
                    same.clear();
                };
                for day in &period {
                    if month != Some(day.month()) {
                        take(&mut same);
                        month = Some(day.month());
                    }
                    if day.weekday().to_monday_zero_offset().unsigned_abs() == *weekday {
                        same.push(*day);
                    }
                }
                take(&mut same);
            }
            picked = picked.intersection(&by_week).copied().collect();
        }
        if !rule.month_days.is_empty() {
            picked.retain(|day| rule.month_days.contains(&day.day().unsigned_abs()));
        }
        if rule.days.is_empty() && rule.month_days.is_empty() {
            picked.retain(|day| match rule.frequency {
                Frequency::Daily => true,
                Frequency::Weekly => day.weekday() == start.weekday(),
                Frequency::Monthly => day.day() == start.day(),
                Frequency::Yearly => day.month() == start.month() && day.day() == start.day(),
            });
        }
        all.extend(
            picked
                .into_iter()
                .filter(|day| *day > start && *day <= last),
        );
    }
    let mut all: Vec<Date> = all.into_iter().collect();
    match rule.end {
        End::Never => {}
        End::Count(count) => all.truncate(count as usize),
        End::Until(day) => all.retain(|one| *one <= day || *one == start),
    }
    all
}

proptest! {
    /// What is written is read as the same.
    #[test]
    fn a_rule_is_read_as_it_is_written(rule in rules()) {
        prop_assert_eq!(Rule::parse(&rule.to_string()), Some(rule));
    }

    /// Whatever is given, reading it does no harm, and what is read is written as one text.
    #[test]
    fn any_text_is_read_or_refused(text in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]{4,10}=[A-Z0-9,-]{0,8}){0,4})|.{0,40}") {
        if let Some(rule) = Rule::parse(&text) {
            prop_assert_eq!(Rule::parse(&rule.to_string()), Some(rule));
        }
    }

    /// Two ways to the same days.
    #[test]
    fn days_are_those_of_the_periods(rule in rules(), ahead in 0i64..1_500) {
        let start = date("2025-01-15").checked_add(ahead.days()).unwrap();
        let last = start.checked_add(4.years()).unwrap();
        let found: Vec<Date> = rule.occurrences(start).take_while(|day| *day <= last).collect();
        prop_assert_eq!(&found, &by_periods(&rule, start, last), "{} from {}", rule, start);
    }

    /// Going from one to the next passes through all of them, and ends where they end.
    #[test]
    fn one_after_the_other_are_all(rule in rules(), ahead in 0i64..1_500) {
        let start = date("2025-01-15").checked_add(ahead.days()).unwrap();
        let all: Vec<Date> = rule.occurrences(start).take(12).collect();
        // Two weeks, say, are counted from the day that was; so they are from the next one.
        let (mut day, mut left, mut seen) = (start, rule, vec![start]);
        while seen.len() < all.len() {
            let (next, rest) = left.next(day, day).unwrap();
            (day, left) = (next, rest);
            seen.push(day);
        }
        if all.len() < 12 {
            prop_assert_eq!(left.next(day, day), None);
        }
        prop_assert_eq!(seen, all);
    }
}
