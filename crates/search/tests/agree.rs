//! The two evaluators say the same: the index (committed, in the tail, half and half) and the
//! evaluator of the library find the same items for the same query.
#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::collections::BTreeSet;

use folkmoot_library::{
    Due, DueSpan, Expr, Flag, Flags, Interval, Item, Lexicon, Link, Names, Problem, Query,
    ResolvedQuery, Sort, Status, Symbol, Test, Text, Zoned, fold, matches,
};
use folkmoot_record::{CollectiveId, DeviceKey, Hlc, Kind, RecordId, SeatKey, Tag};
use folkmoot_seal::StoreKey;
use folkmoot_search::{Behind, Facet, FacetBy, Index, Options, Page};
use proptest::prelude::*;

/// Few words, so that queries find something: accents, ß, scripts without spaces, emoji.
const WORDS: [&str; 22] = [
    "garden",
    "Garden",
    "gärten",
    "seed",
    "seeds",
    "seedling",
    "Straße",
    "STRASSE",
    "naïve",
    "naive",
    "全文検索",
    "検索",
    "文",
    "カタカナ",
    "ｶﾀｶﾅ",
    "ไทย",
    "한글",
    "🌱",
    "don't",
    "a-b",
    "2026",
    "е\u{308}ж",
];
const TAGS: [&str; 7] = [
    "garden",
    "garden/seeds",
    "garden/seeds/old",
    "gardening",
    "Straße",
    "done",
    "種",
];
const TITLES: [&str; 3] = ["Seed Bank", "Straße", "全文"];
const DAY: u64 = 86_400_000;

fn text() -> impl Strategy<Value = String> {
    let joint = prop::sample::select(vec![" ", " ", ", ", "\n", "-", "", "…"]);
    prop::collection::vec((prop::sample::select(&WORDS[..]), joint), 0..8).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(word, joint)| [word, joint])
            .collect()
    })
}

fn link() -> impl Strategy<Value = Link> {
    prop_oneof![
        prop::sample::select(&TITLES[..]).prop_map(|title| Link::Title(fold(title))),
        (0u8..3).prop_map(|n| Link::Record(RecordId::from_bytes([n; 32]))),
        (0u8..3).prop_map(|n| Link::Url(format!("https://example.org/{n}"))),
        prop::sample::select(&TITLES[..]).prop_map(Link::symbol),
    ]
}

/// Days and minutes around the now of the queries, and one that no calendar has.
fn due() -> impl Strategy<Value = Due> {
    let texts = [
        "1970-02-08",
        "1970-02-09T23:59",
        "1970-02-10",
        "1970-02-10T00:00",
        "1970-02-10T12:30",
        "1970-02-13",
        "1970-02-31",
        "1970-03-01T08:00",
        "0000-01-01",
        "9999-12-31",
    ];
    prop::sample::select(texts.map(|text| Due::parse(text).unwrap()).to_vec())
}

/// Shared words of the three collectives, which point at each other in any way. Those of the first
/// hold everywhere.
fn lexicon() -> impl Strategy<Value = Lexicon> {
    let names = prop::collection::vec((prop::sample::select(&WORDS[..]), 1usize..3), 1..4);
    let ids = || prop::collection::vec(0u8..8, 0..3);
    let one = (names, 0u8..3, ids(), ids(), 0u8..4);
    prop::collection::vec(one, 0..8).prop_map(|all| {
        let symbols = all
            .into_iter()
            .zip(0u8..)
            .map(|((names, cid, broader, same, status), n)| {
                let mut names = names
                    .into_iter()
                    .map(|(word, times)| vec![word; times].join(" "));
                let id = |n: &u8| RecordId::from_bytes([*n + 200; 32]);
                Symbol {
                    id: id(&n),
                    document: id(&n),
                    cid: CollectiveId::from_bytes([cid; 32]),
                    term: names.next().unwrap_or_default(),
                    aliases: names.collect(),
                    status: match status {
                        0 => Status::Proposed,
                        _ => Status::Adopted,
                    },
                    broader: broader.iter().map(id).collect(),
                    related: Vec::new(),
                    same_as: same.iter().map(id).collect(),
                }
            });
        Lexicon::new(symbols, Some(CollectiveId::from_bytes([0; 32])))
    })
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let tags = prop::collection::btree_set(prop::sample::select(&TAGS[..]), 0..4);
    // Some are called by a word alone, so that they are found by it.
    let name = || {
        let word = prop::sample::select(&WORDS[..]).prop_map(str::to_owned);
        prop::option::of(prop_oneof![text(), word])
    };
    let one = (
        (text(), name(), tags),
        (0u8..3, 0u8..3, 0u16..4, 0u64..40),
        (
            prop::collection::btree_set(link(), 0..3),
            prop::option::of(0u8..3),
            prop::option::of(due()),
            prop::collection::btree_set(0u8..3, 0..3),
        ),
        (
            name(),
            prop::collection::btree_set(prop::sample::select(&Flag::ALL[..]), 0..4),
        ),
    );
    prop::collection::vec(one, 0..24).prop_map(|all| {
        all.into_iter()
            .zip(0u8..)
            .map(
                |(
                    (
                        (text, title, tags),
                        (seat, cid, kind, day),
                        (links, answers, due, assignees),
                        (also, flags),
                    ),
                    n,
                )| Item {
                    id: RecordId::from_bytes([n + 100; 32]),
                    document: RecordId::from_bytes([n + 100; 32]),
                    cid: CollectiveId::from_bytes([cid; 32]),
                    seat: SeatKey::from_bytes([seat; 32]),
                    dev: DeviceKey::from_bytes([seat; 32]),
                    kind: Kind(Kind::NOTE.0 + kind),
                    hlc: Hlc::from_raw(((day * DAY) << 16) | 7).unwrap(),
                    tags: tags.into_iter().map(|tag| Tag::new(tag).unwrap()).collect(),
                    flags: flags
                        .into_iter()
                        .filter(|flag| *flag != Flag::Title)
                        .fold(Flags::default(), Flags::with)
                        .with_if(Flag::Title, title.is_some()),
                    title: title.unwrap_or_default(),
                    text,
                    url: None,
                    also: also.into_iter().collect(),
                    links: links.into_iter().collect(),
                    answers: answers.map(|n| RecordId::from_bytes([n; 32])),
                    due,
                    assignees: assignees
                        .into_iter()
                        .map(|n| SeatKey::from_bytes([n; 32]))
                        .collect(),
                },
            )
            .collect()
    })
}

/// Few of those that occur; or more than the index looks up one by one.
fn numbers() -> impl Strategy<Value = BTreeSet<u8>> {
    prop_oneof![
        3 => prop::collection::btree_set(0u8..4, 0..3),
        1 => prop::collection::btree_set(0u8..40, 17..24),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let word = prop::sample::select(&WORDS[..]);
    prop_oneof![
        4 => (word.clone(), any::<bool>())
            .prop_map(|(word, added)| Test::Text(Text { added, ..Text::phrase(word).unwrap() })),
        3 => (word.clone(), word.clone(), any::<bool>())
            .prop_map(|(a, b, added)| Test::Text(Text { added, ..Text::phrase(&format!("{a} {b}")).unwrap() })),
        2 => (word, 1usize..4, any::<bool>()).prop_map(|(word, length, added)| {
            let stem: String = Text::phrase(word).unwrap().words[0].chars().take(length).collect();
            Test::Text(Text { words: vec![stem], prefix: true, added })
        }),
        2 => prop::sample::select(&TAGS[..]).prop_map(|tag| Test::Tag(fold(tag))),
        1 => (prop::sample::select(&TAGS[..]), 1usize..9)
            .prop_map(|(tag, length)| Test::TagPrefix(fold(tag).chars().take(length).collect())),
        1 => (0u16..5).prop_map(|kind| Test::Kind(Kind(Kind::NOTE.0 + kind))),
        1 => numbers()
            .prop_map(|seats| Test::Seats(seats.into_iter().map(|n| SeatKey::from_bytes([n; 32])).collect())),
        1 => prop::collection::btree_set(0u8..4, 1..3)
            .prop_map(|places| Test::Places(places.into_iter().map(|n| CollectiveId::from_bytes([n; 32])).collect())),
        2 => (0u64..41, prop_oneof![(0u64..41).prop_map(|day| day * DAY), Just(u64::MAX), Just(u64::MAX >> 16)])
            .prop_map(|(from, to)| Test::Created(Interval { from: from * DAY, to })),
        1 => prop::sample::select(&Flag::ALL[..]).prop_map(Test::Flag),
        1 => prop::collection::btree_set(link(), 0..3).prop_map(Test::Links),
        1 => numbers().prop_map(|ids| {
            Test::Answers(ids.into_iter().map(|n| RecordId::from_bytes([n; 32])).collect())
        }),
        2 => prop::sample::select(&WORDS[..]).prop_map(|name| Test::Called(fold(name))),
        2 => (prop::option::of(due()), prop::option::of(due()))
            .prop_map(|(from, to)| Test::Due(DueSpan { from, to })),
        1 => due().prop_map(Test::Overdue),
        1 => numbers()
            .prop_map(|seats| Test::Assigned(seats.into_iter().map(|n| SeatKey::from_bytes([n; 32])).collect())),
    ]
}

fn expr() -> impl Strategy<Value = Expr<Test>> {
    let leaf = prop_oneof![10 => test().prop_map(Expr::Is), 1 => Just(Expr::All)];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Or),
            inner.prop_map(|part| Expr::Not(Box::new(part))),
        ]
    })
}

/// Everybody here has a name, and one is no record's title.
struct Village;

impl Names for Village {
    fn seats(&self, name: &str) -> BTreeSet<SeatKey> {
        let number = name.strip_prefix("seat").and_then(|n| n.parse().ok());
        number
            .map(|n| SeatKey::from_bytes([n; 32]))
            .into_iter()
            .collect()
    }
    fn collectives(&self, name: &str) -> BTreeSet<CollectiveId> {
        let number = name.strip_prefix("place").and_then(|n| n.parse().ok());
        number
            .map(|n| CollectiveId::from_bytes([n; 32]))
            .into_iter()
            .collect()
    }
    fn records(&self, name: &str) -> BTreeSet<RecordId> {
        let number = name.strip_prefix("record").and_then(|n| n.parse().ok());
        number
            .map(|n| RecordId::from_bytes([n; 32]))
            .into_iter()
            .collect()
    }
    fn people(&self) -> Vec<String> {
        Vec::new()
    }
    fn places(&self) -> Vec<String> {
        Vec::new()
    }
}

/// One condition as a person writes it.
fn written() -> impl Strategy<Value = String> {
    let word = prop::sample::select(&WORDS[..]);
    let tag = prop::sample::select(&TAGS[..]);
    let date = prop::sample::select(
        &[
            "1970-01-05",
            "1970-01",
            "1970-01-20",
            "3w",
            "last friday",
            "9 days ago",
            "1970",
            "today",
        ][..],
    );
    let key = prop::sample::select(
        &[
            "since",
            "until",
            "before",
            "after",
            "newer_than",
            "older_than",
        ][..],
    );
    let plain = prop::sample::select(
        &[
            "created:1970-01-02..1970-01-20",
            "created:>1970-01-09",
            "created:..1970-02",
            "created:last week",
            "author:seat0|seat1",
            "author:@seat2",
            "in:place0",
            "in:place1|place2",
            "kind:note|task",
            "kind:link",
            "has:title",
            "has:link",
            "has:attachment",
            "is:done",
            "is:reply",
            "is:open",
            "is:overdue",
            "has:due",
            "due:today",
            "due:..fri",
            "due:>=3d",
            "due:1970-02|next year",
            "due:last week..",
            "for:seat1",
            "links:record1",
            "links:\"Seed Bank\"",
            "links::Straße:",
            "links:https://example.org/2/",
            "to:record0",
            "to:record1|record2",
            "sort:oldest",
            "sort:newest",
            "sort:relevance",
        ][..],
    );
    prop_oneof![
        6 => word.clone().prop_map(str::to_owned),
        2 => (word.clone(), word.clone()).prop_map(|(a, b)| format!("\"{a} {b}\"")),
        2 => (word, 1usize..4).prop_map(|(word, length)| {
            format!("{}*", word.chars().take(length).collect::<String>())
        }),
        3 => tag.clone().prop_map(|tag| format!("tag:{tag}")),
        1 => (tag.clone(), 1usize..9).prop_map(|(tag, length)| {
            format!("tag:{}*", tag.chars().take(length).collect::<String>())
        }),
        1 => (tag.clone(), tag).prop_map(|(a, b)| format!("tag:{a}|\"{b}\"")),
        2 => (key, date).prop_map(|(key, date)| format!("{key}:{date}")),
        5 => plain.prop_map(str::to_owned),
    ]
}

/// A query as a person writes it.
fn source() -> impl Strategy<Value = String> {
    written().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.join(" ")),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.clone().prop_map(|part| format!("-({part})")),
            inner.prop_map(|part| format!("NOT {part}")),
        ]
    })
}

fn sort() -> impl Strategy<Value = Sort> {
    prop::sample::select(vec![Sort::Relevance, Sort::Newest, Sort::Oldest])
}

fn found(index: &Index, query: &ResolvedQuery) -> (BTreeSet<RecordId>, Vec<RecordId>, u64) {
    let hits = index.search(query, Page::first(1_000)).unwrap();
    let order: Vec<RecordId> = hits.hits.iter().map(|hit| hit.id).collect();
    (order.iter().copied().collect(), order, hits.total)
}

/// The files of the index in the open, or sealed.
fn options(sealed: bool) -> Options {
    Options {
        rebuild: false,
        key: sealed.then(|| StoreKey::from_bytes([7; 32])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn index_and_memory_find_the_same(
        items in items(),
        queries in prop::collection::vec((expr(), sort()), 8),
        committed in 0usize..25,
        removed in prop::collection::btree_set(0usize..24, 0..4),
        removed_early in any::<bool>(),
        again in any::<bool>(),
        sealed in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut index, _) = Index::open(folder.path(), &options(sealed)).unwrap();
        let committed = committed.min(items.len());
        let gone: Vec<RecordId> = removed.iter().filter_map(|n| items.get(*n)).map(|item| item.id).collect();
        let mut left: Vec<&Item> = items.iter().filter(|item| !gone.contains(&item.id)).collect();

        index.add(items[..committed].iter().cloned(), b"1").unwrap();
        if removed_early {
            index.remove(gone.iter().copied(), b"1").unwrap();
        }
        index.commit().unwrap();
        let rest = items[committed..].iter().filter(|item| !removed_early || !gone.contains(&item.id));
        index.add(rest.cloned(), b"2").unwrap();
        if !removed_early {
            index.remove(gone.iter().copied(), b"2").unwrap();
        }
        if again {
            // What was removed can come back.
            index.add(items.iter().filter(|item| gone.contains(&item.id)).cloned(), b"3").unwrap();
            left = items.iter().collect();
        }

        for round in 0..2 {
            for (expr, sort) in &queries {
                let query = ResolvedQuery { expr: expr.clone(), sort: *sort, now_ms: 40 * DAY };
                let expected: BTreeSet<RecordId> =
                    left.iter().filter(|item| matches(&query, item)).map(|item| item.id).collect();
                let (ids, order, total) = found(&index, &query);
                prop_assert_eq!(&ids, &expected, "round {}, query {:?}", round, query);
                prop_assert_eq!(order.len(), ids.len());
                prop_assert_eq!(total, ids.len() as u64);
                let mut by_time: Vec<&&Item> = left.iter().filter(|item| ids.contains(&item.id)).collect();
                by_time.sort_by_key(|item| (item.hlc, item.id));
                if *sort == Sort::Newest {
                    by_time.reverse();
                }
                if *sort != Sort::Relevance {
                    prop_assert_eq!(&order, &by_time.iter().map(|item| item.id).collect::<Vec<_>>());
                }
                // What a hit is said to stand for is what it is ordered by.
                let by_id = |id: &RecordId| items.iter().find(|item| item.id == *id).cloned();
                let hits = index.search(&query, Page::first(1_000)).unwrap().hits;
                let shown: Vec<Item> = hits.iter().filter_map(|hit| by_id(&hit.id)).collect();
                let whys = index.snapshot().explain(&query, &shown).unwrap();
                if *sort == Sort::Relevance && !query.texts().is_empty() {
                    prop_assert_eq!(whys.len(), hits.len());
                }
                for (why, hit) in whys.iter().zip(&hits) {
                    let near = (why.score - hit.score).abs() <= 1e-4 * hit.score.max(1.0);
                    prop_assert!(near, "{:?} and {:?} of {:?}", why, hit, query);
                    prop_assert!(why.words.iter().all(|(_, points)| *points > 0.0), "{:?}", why);
                }
                // Pages are parts of the whole.
                let page = index.search(&query, Page { limit: 3, offset: 2 }).unwrap();
                let ids: Vec<RecordId> = page.hits.iter().map(|hit| hit.id).collect();
                prop_assert_eq!(&ids[..], order.get(2..order.len().min(5)).unwrap_or_default());

                // So are those behind a place, which is the last of the page before.
                if *sort != Sort::Relevance && let Some(first) = order.first() {
                    let mut listed = vec![*first];
                    while let Some(last) = listed.last().and_then(by_id) {
                        let page = index.snapshot().behind(&query, Behind::of(last.hlc, &last.id), 2).unwrap();
                        prop_assert_eq!(page.total, total);
                        if page.hits.is_empty() {
                            break;
                        }
                        listed.extend(page.hits.iter().map(|hit| hit.id));
                    }
                    prop_assert_eq!(&listed, &order);
                }
                for by in [FacetBy::Kind, FacetBy::Author, FacetBy::Collective] {
                    let counted = index.facets(&query, &by, 100).unwrap();
                    prop_assert_eq!(counted.iter().map(|facet| facet.count).sum::<u64>(), total);
                }
                let garden = index.facets(&query, &FacetBy::Tag, 100).unwrap();
                let garden = garden.into_iter().find(|Facet { value, .. }| value == "garden");
                let expected = left.iter().filter(|item| {
                    matches(&query, item) && item.tags.iter().any(|t| t.as_str().split('/').next() == Some("garden"))
                });
                prop_assert_eq!(garden.map_or(0, |facet| facet.count), expected.count() as u64);
            }
            let all: Vec<RecordId> = items.iter().map(|item| item.id).collect();
            let done: BTreeSet<RecordId> =
                left.iter().filter(|item| item.flags.has(Flag::Done)).map(|item| item.id).collect();
            prop_assert_eq!(index.snapshot().flagged(&all, Flag::Done).unwrap(), done);
            index.commit().unwrap();
            prop_assert_eq!(index.waiting(), 0);
        }
    }

    /// The same of queries as they are written: whatever is understood finds the same in both.
    #[test]
    fn what_is_written_finds_the_same(
        items in items(),
        sources in prop::collection::vec(source(), 12),
        lexicon in lexicon(),
        committed in 0usize..25,
        sealed in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut index, _) = Index::open(folder.path(), &options(sealed)).unwrap();
        let committed = committed.min(items.len());
        index.add(items[..committed].iter().cloned(), b"1").unwrap();
        index.commit().unwrap();
        index.add(items[committed..].iter().cloned(), b"2").unwrap();
        // The fortieth day of the items' time, a Tuesday.
        let now: Zoned = "1970-02-10T00:00[UTC]".parse().unwrap();
        for source in &sources {
            // Two orders, one under a negation, and a number behind a date are refused; everything
            // else is understood.
            let parsed = match Query::parse(source, &now) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let loose = matches!(error.problem, Problem::LooseDate);
                    prop_assert!(loose || source.contains("sort:"), "{}", error.render(source));
                    continue;
                }
            };
            let query = match parsed.resolve(&Village) {
                Ok(query) => query,
                Err(error) => return Err(TestCaseError::fail(error.render(source))),
            };
            let expected: BTreeSet<RecordId> =
                items.iter().filter(|item| matches(&query, item)).map(|item| item.id).collect();
            let (ids, _, total) = found(&index, &query);
            prop_assert_eq!(&ids, &expected, "{}", source);
            prop_assert_eq!(total, ids.len() as u64);

            // Widened by shared words both find the same too, and nothing is lost.
            let widened = parsed.widened(&lexicon);
            let query = widened.query.resolve(&Village).unwrap();
            let wider: BTreeSet<RecordId> =
                items.iter().filter(|item| matches(&query, item)).map(|item| item.id).collect();
            let (ids, _, total) = found(&index, &query);
            prop_assert_eq!(&ids, &wider, "{} {:?}", source, widened.by);
            prop_assert_eq!(total, ids.len() as u64);
            prop_assert!(wider.is_superset(&expected), "{}", source);
            prop_assert!(!widened.by.is_empty() || wider == expected);
        }
    }
}
