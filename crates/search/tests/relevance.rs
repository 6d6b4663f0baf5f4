//! Pages of hits in the order of relevance are parts of one list, whatever their size, and the list
//! is that of the library's own ranking.
#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_library::{
    Expr, Flags, Item, ResolvedQuery, Searchable, Sort, Statistics, Test, Text, matches, score,
    with_recency,
};
use folkmoot_record::{CollectiveId, DeviceKey, Hlc, Kind, RecordId, SeatKey};
use folkmoot_search::{Index, Options, Page};
use proptest::prelude::*;

const DAY: u64 = 86_400_000;
/// The day on which is searched, beyond those of the items.
const NOW: u64 = 900 * DAY;

fn item(n: usize, text: String, day: u64) -> Item {
    let n = u32::try_from(n).unwrap();
    let mut id = [9; 32];
    // Ids in another order than that in which items come.
    id[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_be_bytes());
    Item {
        id: RecordId::from_bytes(id),
        document: RecordId::from_bytes(id),
        cid: CollectiveId::from_bytes([1; 32]),
        seat: SeatKey::from_bytes([1; 32]),
        dev: DeviceKey::from_bytes([1; 32]),
        kind: Kind::NOTE,
        hlc: Hlc::from_raw((day * DAY) << 16).unwrap(),
        tags: Vec::new(),
        flags: Flags::default(),
        title: String::new(),
        text,
        url: None,
        also: Vec::new(),
        links: Vec::new(),
        answers: None,
        due: None,
        assignees: Vec::new(),
    }
}

/// More than any bound on what is looked at: texts that fit as well as others and better ones, old
/// and new.
fn items() -> impl Strategy<Value = Vec<Item>> {
    let words = prop::collection::vec(prop::sample::select(&["seed", "bank", "hedge"][..]), 1..4);
    let one = (words, 1usize..4, 0u64..800);
    prop::collection::vec(one, 500..900).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(n, (words, times, day))| item(n, vec![words.join(" "); times].join(" "), day))
            .collect()
    })
}

fn query(words: &[&str], join: fn(Vec<Expr<Test>>) -> Expr<Test>) -> ResolvedQuery {
    let texts = words
        .iter()
        .map(|word| Expr::Is(Test::Text(Text::phrase(word).unwrap())));
    let mut texts: Vec<_> = texts.collect();
    ResolvedQuery {
        expr: match texts.len() {
            1 => texts.remove(0),
            _ => join(texts),
        },
        sort: Sort::Relevance,
        now_ms: NOW,
    }
}

/// What the library's own ranking gives each item that fits.
fn ranked(query: &ResolvedQuery, items: &[Item]) -> BTreeMap<RecordId, f32> {
    let all: Vec<Searchable> = items.iter().cloned().map(Searchable::new).collect();
    let length: f32 = all.iter().map(|item| item.words().count() as f32).sum();
    let mut known = Statistics {
        documents: all.len() as u64,
        average_length: length / all.len() as f32,
        ..Statistics::default()
    };
    for text in query.texts() {
        let has = |item: &&Item| {
            let mut one = query.clone();
            one.expr = Expr::Is(Test::Text(Text {
                words: vec![text.words[0].clone()],
                prefix: false,
                added: false,
            }));
            matches(&one, item)
        };
        let found = items.iter().filter(has).count() as u64;
        known.frequency.insert(text.words[0].clone(), found);
    }
    all.iter()
        .filter(|item| item.matches(query))
        .map(|item| {
            let score = score(query, item, &known);
            (
                item.item().id,
                with_recency(score, item.item().ms(), query.now_ms),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn pages_are_one_list(
        items in items(),
        committed in prop::sample::select(&[0, 300, 450, 10_000][..]),
        size in prop::sample::select(&[7, 50, 120][..]),
        gone in prop_oneof![Just(BTreeSet::new()), prop::collection::btree_set(0usize..500, 1..20)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut index, _) = Index::open(folder.path(), &Options::default()).unwrap();
        let committed = committed.min(items.len());
        let half = committed / 2;
        for part in [&items[..half], &items[half..committed]] {
            index.add(part.iter().cloned(), b"1").unwrap();
            index.commit().unwrap();
        }
        index.add(items[committed..].iter().cloned(), b"2").unwrap();
        index.remove(gone.iter().map(|n| items[*n].id), b"2").unwrap();
        let left: Vec<Item> = items.iter().enumerate().filter(|(n, _)| !gone.contains(n)).map(|(_, item)| item.clone()).collect();

        for query in [
            query(&["seed"], Expr::And),
            query(&["seed", "hedge"], Expr::And),
            query(&["seed", "bank", "hedge"], Expr::And),
            query(&["seed", "hedge"], Expr::Or),
            query(&["seed", "bank", "hedge"], Expr::Or),
            query(&["seed bank"], Expr::And),
        ] {
            let whole = index.search(&query, Page::first(10_000)).unwrap();
            let mut paged = Vec::new();
            for offset in (0..).step_by(size) {
                let page = index.search(&query, Page { limit: size, offset }).unwrap();
                prop_assert_eq!(page.total, whole.total);
                if page.hits.is_empty() {
                    break;
                }
                paged.extend(page.hits);
            }
            prop_assert_eq!(&paged, &whole.hits, "{:?}", &query);
            let ids: BTreeSet<RecordId> = paged.iter().map(|hit| hit.id).collect();
            let fits: BTreeSet<RecordId> =
                left.iter().filter(|item| matches(&query, item)).map(|item| item.id).collect();
            prop_assert_eq!(ids.len(), paged.len());
            prop_assert_eq!(&ids, &fits);

            // The index forgets what was removed from its statistics only when it merges.
            if gone.is_empty() && committed == items.len() && query.texts()[0].words.len() == 1 {
                let expected = ranked(&query, &left);
                let bare: Vec<f32> = paged.iter().map(|hit| expected[&hit.id]).collect();
                for pair in bare.windows(2) {
                    prop_assert!(pair[0] >= pair[1] * 0.9999, "{:?} {:?}", pair, &query);
                }
            }
        }
    }
}
