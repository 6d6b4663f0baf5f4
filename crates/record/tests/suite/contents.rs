//! The schema of each content kind (section 3.4): what it needs, and its bounds from both sides.

mod least;

use folkmoot_record::Kind;
use folkmoot_record::content::{Content, Value};
use least::{file, id, least, list, num, text, word};

fn fits(kind: Kind, body: &Content) -> bool {
    Content::decode(kind, &body.encode()).is_ok()
}

#[test]
fn the_least_body_fits_and_each_of_its_keys_is_needed() {
    let rows = least();
    let named = (0x100..=u16::MAX).filter(|kind| Kind(*kind).name().is_some());
    assert_eq!(rows.len(), named.count());
    for (kind, body) in rows {
        assert!(fits(kind, &body), "{kind:?}");
        for key in body.map.keys() {
            let mut without = body.clone();
            without.map.remove(key);
            assert!(!fits(kind, &without), "{kind:?} without {key}");
            for wrong in [Value::Null, Value::Map([(0, Value::Null)].into())] {
                // An empty selection is a map as well.
                if (kind, *key) == (Kind::SHARE_RULE, 18) && wrong != Value::Null {
                    continue;
                }
                assert!(
                    !fits(kind, &body.clone().with(*key, wrong)),
                    "{kind:?} key {key}"
                );
            }
        }
    }
}

#[test]
fn bounds_hold_from_both_sides() {
    let rows = least();
    let files = |count: usize, size: u64| list(&vec![file("image/png", size); count]);
    let ranges = |lo: u64, hi: u64| list(&[list(&[num(lo), num(hi)])]);
    let cases: Vec<(Kind, u8, Value, Value)> = vec![
        (Kind::NOTE, 0, text(32_768), text(32_769)),
        (Kind::NOTE, 1, text(128), text(129)),
        (Kind::NOTE, 2, text(256), text(257)),
        (Kind::NOTE, 3, text(4_096), text(4_097)),
        (Kind::NOTE, 4, text(64), text(65)),
        (Kind::NOTE, 5, Value::Bytes(vec![]), text(1)),
        (Kind::NOTE, 9, files(32, 1 << 36), files(33, 1)),
        (Kind::NOTE, 9, list(&[]), files(1, (1 << 36) + 1)),
        (Kind::NOTE, 16, num((1 << 53) - 1), num(1 << 53)),
        (Kind::NOTE, 64, word("kept"), word("nul\0")),
        (Kind::LINK, 0, num(1), text(32_769)),
        (Kind::LINK, 3, text(4_096), text(4_097)),
        (Kind::FILES, 9, files(1, 1), list(&[])),
        (Kind::REACTION, 0, text(32), text(33)),
        (Kind::TASK, 16, num(3), num(4)),
        (Kind::TASK, 17, word("2026-12-31"), word("2026-13-31")),
        (
            Kind::TASK,
            17,
            word("2026-12-31T10:00"),
            word("2026-12-32T10:00"),
        ),
        (Kind::TASK, 18, list(&[id(), id()]), list(&[])),
        (Kind::TASK, 20, text(4_096), text(4_097)),
        (Kind::DAILY, 16, word("0000-01-01"), word("2026-00-01")),
        (Kind::DAILY, 16, word("2026-02-31"), word("2026-2-31")),
        (
            Kind::DAILY,
            16,
            word("9999-12-31"),
            word("2026-12-31T00:00"),
        ),
        (Kind::SYMBOL, 16, list(&[text(1)]), list(&[num(1)])),
        (Kind::SYMBOL, 17, num(2), num(3)),
        (
            Kind::RITUAL,
            16,
            word("2026-01-01T00:00"),
            word("2026-01-01"),
        ),
        (
            Kind::RITUAL,
            16,
            word("2026-01-01T23:59"),
            word("2026-01-01T24:00"),
        ),
        (
            Kind::RITUAL,
            16,
            word("2026-01-01T23:00"),
            word("2026-01-01T23:60"),
        ),
        (
            Kind::RITUAL,
            20,
            list(&vec![text(1); 32]),
            list(&vec![text(1); 33]),
        ),
        (
            Kind::RITUAL,
            21,
            list(&[word("2026-01-01T00:00")]),
            list(&[word("2026-01-01")]),
        ),
        (Kind::GATHERING, 17, num(3), num(4)),
        (
            Kind::GATHERING,
            18,
            list(&[list(&[num(0), text(1)])]),
            list(&[list(&[num(0)])]),
        ),
        (Kind::ATTENDANCE, 16, num(0), num(3)),
        (
            Kind::AGENT,
            9,
            list(&[file("application/wasm", 1)]),
            files(1, 1),
        ),
        (Kind::AGENT, 17, num(0xFFFF_FFFF), num(0x1_0000_0000)),
        (Kind::AGENT, 18, ranges(0x100, 0xFFFF), ranges(0xFF, 0x100)),
        (
            Kind::AGENT,
            19,
            list(&[word("a"), word("b")]),
            list(&[word("a"), word("a/b")]),
        ),
        (Kind::AGENT_RUN, 16, num(3), num(4)),
        (Kind::ENDORSEMENT, 16, id(), Value::Bytes(vec![1; 31])),
        (Kind::REPORT, 16, num(5), num(6)),
        (Kind::RETRACT, 0, text(32_768), num(1)),
        (Kind::PROFILE, 2, text(64), text(65)),
        (Kind::PROFILE, 9, files(1, 1), files(2, 1)),
        (
            Kind::PROFILE,
            17,
            list(&vec![text(1); 8]),
            list(&vec![text(1); 9]),
        ),
        (Kind::COLLECTIVE, 9, files(1, 1), files(2, 1)),
        (
            Kind::SHARE_RULE,
            16,
            Value::Bytes(vec![1; 16]),
            Value::Bytes(vec![1; 17]),
        ),
        (Kind::SHARE_RULE, 19, num(0), num(2)),
        (
            Kind::SHARE_RULE,
            20,
            list(&[list(&[text(1), text(1)])]),
            list(&[text(1)]),
        ),
        (
            Kind::SHARE_RULE,
            18,
            Value::Map(
                [
                    (0, ranges(0x100, 0x1FF)),
                    (1, list(&[word("a")])),
                    (2, list(&[id()])),
                ]
                .into(),
            ),
            Value::Map([(0, ranges(0x1FF, 0x100))].into()),
        ),
        (
            Kind::SHARE_RULE,
            18,
            Value::Map([(9, num(1))].into()),
            Value::Map([(2, list(&[num(1)]))].into()),
        ),
        (Kind::SHELF, 18, Value::Bool(false), num(1)),
        (Kind::MUTE_LIST, 16, list(&[id(), id()]), list(&[])),
        (Kind(0x7FFF), 0, list(&[num(1)]), text(32_769)),
    ];
    for (kind, key, good, bad) in cases {
        let base = rows.iter().find(|row| row.0 == kind);
        let base = base.map_or_else(|| Content::new([1; 16]), |row| row.1.clone());
        assert!(
            fits(kind, &base.clone().with(key, good)),
            "{kind:?} key {key}"
        );
        assert!(!fits(kind, &base.with(key, bad)), "{kind:?} key {key}");
    }
}

#[test]
fn a_body_is_sixteen_bytes_and_a_map() {
    let good = Content::new([1; 16]).with(0, text(3)).encode();
    assert!(Content::decode(Kind::NOTE, &good).is_ok());
    for end in 0..good.len() {
        assert!(
            Content::decode(Kind::NOTE, &good[..end]).is_err(),
            "to {end}"
        );
    }
    let longer = [&good[..], &[0]].concat();
    assert!(Content::decode(Kind::NOTE, &longer).is_err());
    for other in ["80", "00", "60", "f6"] {
        let body = [&[1; 16][..], &hex::decode(other).unwrap()].concat();
        assert!(Content::decode(Kind::RETRACT, &body).is_err(), "{other}");
    }
    let read = Content::decode(Kind::NOTE, &good).unwrap();
    assert_eq!((read.salt, read.text()), ([1; 16], Some("xxx")));
    assert_eq!(
        (read.title(), read.url(), read.uint_at(16)),
        (None, None, None)
    );
}
