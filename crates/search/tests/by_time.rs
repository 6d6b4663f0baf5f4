//! Lists by time over many items: the same as sorting them all, whatever their order of arrival.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test prepares may fail it"
)]

use folkmoot_library::{Flags, Item, NoNames, Query, ResolvedQuery, Zoned};
use folkmoot_record::{CollectiveId, DeviceKey, Hlc, Kind, RecordId, SeatKey, Tag};
use folkmoot_seal::StoreKey;
use folkmoot_search::{Behind, Index, Options, Page};
use proptest::prelude::*;

/// Items: several stretches of several segments.
const ITEMS: u64 = 6_000;
/// When the first was written: 28 May 2026, 20:26:40 UTC. The last follows 80 seconds later.
const BEGIN: u64 = 1_780_000_000_000;
/// Milliseconds to 20:27 and to 20:28.
const MINUTE_27: u64 = BEGIN + 20_000;
const MINUTE_28: u64 = BEGIN + 80_000;

/// Numbers that look like drawn ones.
fn mixed(number: u64) -> u64 {
    let number = (number ^ number >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (number ^ number >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ number >> 32
}

/// About in the order of time, `late` milliseconds early or late; some at the same moment.
fn item(n: u64, seed: u64, late: u64) -> Item {
    let mut id = [0; 32];
    for (place, part) in id.chunks_exact_mut(8).zip(1..) {
        place.copy_from_slice(&mixed(n * 4 + part).to_be_bytes());
    }
    let ms = BEGIN + n / 3 * 40 + mixed(n + seed) % late.max(1);
    let tags = ["most", "half", "rare"]
        .into_iter()
        .zip([10, 2, 500])
        .filter(|(tag, each)| match *tag {
            "most" => !n.is_multiple_of(*each),
            _ => n.is_multiple_of(*each),
        });
    Item {
        id: RecordId::from_bytes(id),
        document: RecordId::from_bytes(id),
        cid: CollectiveId::from_bytes([1; 32]),
        seat: SeatKey::from_bytes([2; 32]),
        dev: DeviceKey::from_bytes([3; 32]),
        kind: Kind::NOTE,
        hlc: Hlc::from_raw(ms << 16).unwrap(),
        tags: tags.map(|(tag, _)| Tag::new(tag).unwrap()).collect(),
        title: String::new(),
        text: if n.is_multiple_of(7) { "basil" } else { "mint" }.to_owned(),
        url: None,
        also: Vec::new(),
        links: Vec::new(),
        answers: None,
        due: None,
        assignees: Vec::new(),
        flags: Flags::default(),
    }
}

fn query(source: &str) -> ResolvedQuery {
    let now: Zoned = "2026-11-23T04:00[UTC]".parse().unwrap();
    let query = Query::parse(source, &now).unwrap();
    query.resolve(&NoNames).unwrap()
}

/// Whether the query finds the item of this number, written at this time.
fn fits(source: &str, n: u64, ms: u64) -> bool {
    let within = |from: u64, to: u64| (from..to).contains(&ms);
    source.split(' ').all(|part| match part {
        "tag:half" => n.is_multiple_of(2),
        "tag:rare" => n.is_multiple_of(500),
        "-tag:most" => n.is_multiple_of(10),
        "basil" => n.is_multiple_of(7),
        "created:2026-05-28T20:27" => within(MINUTE_27, MINUTE_28),
        "-created:2026-05-28T20:27" => !within(MINUTE_27, MINUTE_28),
        "created:2026-05-28T20:28.." => ms >= MINUTE_28,
        "created:..2026-05-28T20:26" => ms < MINUTE_27,
        "" | "sort:oldest" | "sort:newest" => true,
        other => panic!("{other} is not told"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn every_page_is_that_of_the_sorted_list(
        seed in any::<u32>(),
        late in prop_oneof![Just(0_u64), 1_u64..200, Just(1_000_000)],
        places in prop::collection::vec(0..ITEMS as usize, 4),
        limit in 1_usize..80,
        sealed in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut index, _) = Index::open(folder.path(), &Options {
            rebuild: false,
            key: sealed.then(|| StoreKey::from_bytes([7; 32])),
        }).unwrap();
        let items: Vec<(u64, Item)> = (0..ITEMS).map(|n| (n, item(n, seed.into(), late))).collect();
        for (at, chunk) in items.chunks(1_300).enumerate() {
            index.add(chunk.iter().map(|(_, item)| item.clone()), &[0]).unwrap();
            // The last waits in the tail.
            if at < 4 {
                index.commit().unwrap();
            }
        }
        let gone = |n: u64| n % 11 == 3;
        let removed = items.iter().filter(|(n, _)| gone(*n)).map(|(_, item)| item.id);
        index.remove(removed, &[1]).unwrap();
        if seed.is_multiple_of(2) {
            index.commit().unwrap();
        }
        for source in [
            "", "sort:oldest", "tag:half", "tag:half sort:oldest", "tag:rare", "-tag:most", "basil sort:newest",
            "created:2026-05-28T20:27", "created:..2026-05-28T20:26 sort:oldest",
            "-created:2026-05-28T20:27 tag:half", "tag:rare created:2026-05-28T20:27 sort:oldest",
            "created:2026-05-28T20:28.. -tag:most", "basil sort:newest created:2026-05-28T20:27",
        ] {
            let query = query(source);
            let mut wanted: Vec<(u64, RecordId)> = items
                .iter()
                .filter(|(n, item)| fits(source, *n, item.ms()) && !gone(*n))
                .map(|(_, item)| (item.hlc.raw(), item.id))
                .collect();
            wanted.sort_unstable();
            if !source.contains("oldest") {
                wanted.reverse();
            }
            // Few lists are empty, where all are late.
            for place in places.iter().filter(|_| !wanted.is_empty()) {
                let place = place % wanted.len();
                let page: Vec<RecordId> =
                    wanted.iter().skip(place + 1).take(limit).map(|(_, id)| *id).collect();
                let (clock, id) = wanted[place];
                let behind = Behind::of(Hlc::from_raw(clock).unwrap(), &id);
                let by_place = index.snapshot().behind(&query, behind, limit).unwrap();
                let by_number = index.search(&query, Page { limit, offset: place + 1 }).unwrap();
                for found in [by_place, by_number] {
                    prop_assert_eq!(found.total, wanted.len() as u64);
                    let ids: Vec<RecordId> = found.hits.iter().map(|hit| hit.id).collect();
                    prop_assert_eq!(&ids, &page, "{} behind {}", source, place);
                }
            }
        }
    }
}
