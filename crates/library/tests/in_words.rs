//! A query told in words.
#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::collections::BTreeSet;

use folkmoot_library::{Names, Query, Text, Zoned, spelled};
use folkmoot_record::{CollectiveId, RecordId, SeatKey};

/// A Monday in winter time.
fn now() -> Zoned {
    "2026-11-23T10:30:00[Europe/Berlin]".parse().unwrap()
}

/// Ana has two seats; everything else that is named is there once.
struct Village;

impl Names for Village {
    fn seats(&self, _: &str) -> BTreeSet<SeatKey> {
        [1, 2].map(|n| SeatKey::from_bytes([n; 32])).into()
    }
    fn collectives(&self, _: &str) -> BTreeSet<CollectiveId> {
        [CollectiveId::from_bytes([3; 32])].into()
    }
    fn records(&self, _: &str) -> BTreeSet<RecordId> {
        [RecordId::from_bytes([4; 32])].into()
    }
    fn people(&self) -> Vec<String> {
        Vec::new()
    }
    fn places(&self) -> Vec<String> {
        Vec::new()
    }
}

fn in_words(source: &str) -> Vec<String> {
    let query = Query::parse(source, &now()).unwrap();
    let lines = query.in_words(&Village, now().time_zone()).unwrap();
    lines
        .iter()
        .map(|line| format!("{}{}", "  ".repeat(line.depth), line.text))
        .collect()
}

#[test]
fn a_query_is_told_in_words() {
    for (source, lines) in [
        ("", vec!["everything"]),
        ("Séed", vec!["the word `seed`"]),
        (
            "\"first frost\" OR worm*",
            vec![
                "one of these or more:",
                "  the words `first frost`, next to each other",
                "  a word that begins with `worm`",
            ],
        ),
        (
            "全文検索 -(a OR tag:soil)",
            vec![
                "all of these:",
                "  the text `全文検索`",
                "  not one of these or more:",
                "    the word `a`",
                "    the tag `soil` or one below it",
            ],
        ),
        (
            "author:@ana in:commons",
            vec![
                "all of these:",
                "  written by `ana` (2 seats)",
                "  in the collective `commons`",
            ],
        ),
        ("links:Rota", vec!["points at `Rota`"]),
        ("-to:0404", vec!["not answers `0404`"]),
        (
            "kind:task|0x9000",
            vec![
                "one of these or more:",
                "  of the kind `task`",
                "  of the kind 36864",
            ],
        ),
        ("tag:so*", vec!["a tag that begins with `so`"]),
        (
            "is:done has:url",
            vec![
                "all of these:",
                "  is a task done",
                "  has an address of its own",
            ],
        ),
        ("since:2w", vec!["written on or after 2026-11-09 10:30"]),
        ("until:yesterday", vec!["written before 2026-11-23"]),
        (
            "created:2026-03",
            vec!["written on or after 2026-03-01 and before 2026-04-01"],
        ),
        ("since:now", vec!["written on or after 2026-11-23 10:30"]),
    ] {
        assert_eq!(in_words(source), lines, "{source}");
    }
    let query = |source| Query::parse(source, &now()).unwrap();
    assert_eq!(query("a or b").doubts("a or b").len(), 1);
    assert_eq!(
        query("a OR \"or\"").doubts("a OR \"or\""),
        Vec::<String>::new()
    );
    assert_eq!(
        query("a").order_in_words(),
        "the best match first, newer ones favoured"
    );
    assert_eq!(query("a sort:oldest").order_in_words(), "the oldest first");
    assert!(query("tag:a").order_in_words().contains("no words"));
}

#[test]
fn words_are_spelled_as_they_stand() {
    for (text, shown) in [
        ("全文 search 検索", "全文 search 検索"),
        ("well-known", "well known"),
        ("น้ำ", "น\u{e49}\u{e4d}\u{e32}"),
    ] {
        assert_eq!(spelled(&Text::phrase(text).unwrap()), shown);
    }
}
