//! Dates as people write them.

use super::*;

#[test]
fn dates_in_words_and_digits() {
    const END: u64 = u64::MAX;
    let day = |date: &str| ms(&format!("{date}T00:00"));
    for (source, from, to) in [
        ("since:2026-03-01", day("2026-03-01"), END),
        ("until:2026-03-01", 0, day("2026-03-02")),
        ("before:2026-03-01", 0, day("2026-03-01")),
        ("after:2026-03-01", day("2026-03-02"), END),
        ("created:2026-03", day("2026-03-01"), day("2026-04-01")),
        ("created:2026", day("2026-01-01"), day("2027-01-01")),
        (
            "created:2026-01..2026-03",
            day("2026-01-01"),
            day("2026-04-01"),
        ),
        ("created:2026-01..", day("2026-01-01"), END),
        ("created:..yesterday", 0, day("2026-11-23")),
        ("created:>=2026-03", day("2026-03-01"), END),
        ("created:>2026-03", day("2026-04-01"), END),
        ("created:<2026-03", 0, day("2026-03-01")),
        ("created:<=2026-03", 0, day("2026-04-01")),
        (
            "created:2026-03-01T10:05",
            ms("2026-03-01T10:05"),
            ms("2026-03-01T10:06"),
        ),
        (
            "created:\"2026-03-01 10:05:07\"",
            ms("2026-03-01T10:05:07"),
            ms("2026-03-01T10:05:08"),
        ),
        ("since:2026-03-01T09:00:00Z", ms("2026-03-01T10:00"), END),
        ("since:today", day("2026-11-23"), END),
        ("created:yesterday", day("2026-11-22"), day("2026-11-23")),
        ("created:monday", day("2026-11-23"), day("2026-11-24")),
        ("created:sun", day("2026-11-22"), day("2026-11-23")),
        ("created:last monday", day("2026-11-16"), day("2026-11-17")),
        ("created:last-monday", day("2026-11-16"), day("2026-11-17")),
        (
            "created:\"last monday\"",
            day("2026-11-16"),
            day("2026-11-17"),
        ),
        ("created:this week", day("2026-11-23"), day("2026-11-30")),
        ("created:last_week", day("2026-11-16"), day("2026-11-23")),
        ("created:last month", day("2026-10-01"), day("2026-11-01")),
        ("created:last year", day("2025-01-01"), day("2026-01-01")),
        ("created:march", day("2026-03-01"), day("2026-04-01")),
        ("created:dec", day("2025-12-01"), day("2026-01-01")),
        ("created:november", day("2026-11-01"), day("2026-12-01")),
        (
            "created:last november",
            day("2025-11-01"),
            day("2025-12-01"),
        ),
        ("since:2w", ms("2026-11-09T10:30"), END),
        ("since:\"3 days ago\"", ms("2026-11-20T10:30"), END),
        ("since:3 days ago", ms("2026-11-20T10:30"), END),
        ("since:3 Days", ms("2026-11-20T10:30"), END),
        ("since:2w ago", ms("2026-11-09T10:30"), END),
        ("newer_than:2m ago", ms("2026-09-23T10:30"), END),
        ("newer_than:2 m", ms("2026-09-23T10:30"), END),
        ("newer_than:\"2 m\"", ms("2026-09-23T10:30"), END),
        ("since:2 m", ms("2026-11-23T10:28"), END),
        (
            "created:\"last week..yesterday\"",
            day("2026-11-16"),
            day("2026-11-23"),
        ),
        ("since:1h30m", ms("2026-11-23T09:00"), END),
        // Over a change of clocks a month is a month on the wall.
        ("since:1mo", ms("2026-10-23T10:30"), END),
        ("before:2w", 0, ms("2026-11-09T10:30")),
        ("newer_than:2m", ms("2026-09-23T10:30"), END),
        ("older_than:1y", 0, ms("2025-11-23T10:30")),
        ("date:1969", 0, 0),
    ] {
        if source == "date:1969" {
            // Before all time nothing is found, and nothing breaks.
            assert_eq!(
                parse(source),
                is(Test::Created(Interval { from: 0, to: 0 }))
            );
            continue;
        }
        assert_eq!(
            parse(source),
            is(Test::Created(Interval { from, to })),
            "{source}"
        );
    }
    // A year is a year, and a word that is no unit stays a word.
    assert_eq!(
        parse("since:2026 days"),
        Expr::And(vec![
            is(Test::Created(Interval {
                from: day("2026-01-01"),
                to: END
            })),
            text("days"),
        ])
    );
    assert_eq!(
        parse("since:last monday seeds"),
        Expr::And(vec![
            is(Test::Created(Interval {
                from: day("2026-11-16"),
                to: END
            })),
            text("seeds"),
        ])
    );
}
