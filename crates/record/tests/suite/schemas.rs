//! Rules of section 3.2 that the vectors leave out: one breach at a time, and the bound from
//! both sides.

use folkmoot_record::control::Control;
use folkmoot_record::fc::Value;
use folkmoot_record::{Kind, Reason};

fn id(byte: u8) -> Value {
    Value::Bytes(vec![byte; 32])
}

fn wide(number: u64) -> Value {
    let mut bytes = vec![0; 24];
    bytes.extend(number.to_be_bytes());
    Value::Bytes(bytes)
}

fn num(number: u64) -> Value {
    Value::Uint(number)
}

fn text(len: usize) -> Value {
    Value::Text("x".repeat(len))
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

fn map(pairs: impl IntoIterator<Item = (u8, Value)>) -> Value {
    Value::Map(pairs.into_iter().collect())
}

fn role(role: u64) -> Value {
    list([num(role), text(1), num(10), num(1), num(10)])
}

fn charter(roles: u64, features: Option<u64>) -> Value {
    let base = [
        (0, list((1..=roles).map(role))),
        (1, list([])),
        (2, list([num(2000), num(256)])),
        (3, num(1)),
    ];
    map(base
        .into_iter()
        .chain(features.map(|count| (5, list((0..count).map(num))))))
}

fn founder(at: u64, role: u64) -> Value {
    list([wide(at), num(role), id(2), id(3)])
}

fn genesis(charter: Value, founders: Value, extra: Option<(u8, Value)>) -> Value {
    let base = [
        (0, Value::Bytes(vec![1; 16])),
        (1, text(128)),
        (2, charter),
        (3, founders),
        (5, num(1)),
        (6, Value::Bytes(vec![5; 64])),
    ];
    map(base.into_iter().chain(extra))
}

fn grant(extra: impl IntoIterator<Item = (u8, Value)>) -> Value {
    let base = [
        (0, id(1)),
        (1, num(1)),
        (2, num(10)),
        (3, num(3)),
        (8, num(0)),
    ];
    map(base.into_iter().chain(extra))
}

fn proposal(effect: Value) -> Value {
    map([(0, num(1)), (1, text(1)), (2, list([effect])), (3, num(1))])
}

fn rule(y_num: u64, y_den: u64) -> Value {
    list([0, 0, 0, 0, 0, y_num, y_den, 1, 1].map(num))
}

fn revoke(flags: u64) -> Value {
    map([
        (0, num(2)),
        (1, id(1)),
        (2, num(flags)),
        (3, list([])),
        (4, list([])),
    ])
}

fn epoch(links: u64) -> Value {
    let link = |n| list([wide(n), num(n % 2), Value::Bytes(vec![1; 48])]);
    map([
        (0, num(1)),
        (1, id(1)),
        (2, id(2)),
        (3, list((0..links).map(link))),
    ])
}

fn decision(ballots: u64) -> Value {
    map([(0, id(1)), (1, list((0..ballots).map(wide)))])
}

fn device(adds: u64, limits: &Value) -> Value {
    map([(
        0,
        list((0..adds).map(|n| list([wide(n), Value::Null, limits.clone()]))),
    )])
}

fn dlim(extra: impl IntoIterator<Item = (u8, Value)>) -> Value {
    map([(0, num(3)), (4, num(9))].into_iter().chain(extra))
}

#[test]
fn each_bound_from_both_sides() {
    let tag = |len: usize| (5, list([text(len)]));
    let heads = |count| Some((4, list([id(9), list((0..count).map(wide)), num(250)])));
    let one = || list([founder(1, 1)]);
    let founders = |count| list((0..count).map(|n| founder(n, 1)));
    let delta = |pair| proposal(list([num(2), map([pair])]));
    let kinds = |lo: u64, hi: u64| (4, list([list([num(lo), num(hi)])]));
    let cases = [
        (
            Kind::GENESIS,
            genesis(charter(64, None), one(), None),
            genesis(charter(65, None), one(), None),
        ),
        (
            Kind::GENESIS,
            genesis(charter(1, Some(1024)), one(), None),
            genesis(charter(1, Some(1025)), one(), None),
        ),
        (
            Kind::GENESIS,
            genesis(charter(1, Some(1)), one(), None),
            genesis(charter(1, Some(0)), one(), None),
        ),
        (
            Kind::GENESIS,
            genesis(charter(1, None), founders(32), None),
            genesis(charter(1, None), founders(33), None),
        ),
        (
            Kind::GENESIS,
            genesis(charter(1, None), one(), None),
            genesis(charter(1, None), founders(0), None),
        ),
        (
            Kind::GENESIS,
            genesis(charter(2, None), one(), None),
            genesis(charter(0, None), one(), None),
        ),
        (
            Kind::GENESIS,
            genesis(charter(1, None), one(), heads(16)),
            genesis(charter(1, None), one(), heads(17)),
        ),
        (
            Kind::GENESIS,
            genesis(charter(1, None), one(), heads(1)),
            genesis(charter(1, None), one(), heads(0)),
        ),
        (
            Kind::GENESIS,
            genesis(charter(1, None), one(), None),
            genesis(charter(1, None), one(), Some((7, num(1)))),
        ),
        (Kind::GRANT, grant([tag(64)]), grant([tag(65)])),
        (Kind::GRANT, grant([tag(1)]), grant([tag(0)])),
        (
            Kind::GRANT,
            grant([kinds(0x100, 0x100)]),
            grant([kinds(0xFF, 0x100)]),
        ),
        (
            Kind::GRANT,
            grant([kinds(0x100, 0xFFFF)]),
            grant([kinds(0x100, 0x10000)]),
        ),
        (Kind::GRANT, grant([]), grant([(9, num(1))])),
        (
            Kind::PROPOSAL,
            delta((1, list([rule(1000, 1000)]))),
            delta((1, list([rule(1000, 1001)]))),
        ),
        (
            Kind::PROPOSAL,
            delta((1, list([rule(1, 1)]))),
            delta((1, list([rule(0, 1)]))),
        ),
        (
            Kind::PROPOSAL,
            delta((1, list([]))),
            delta((1, list([rule(1, 1), rule(1, 1)]))),
        ),
        (
            Kind::PROPOSAL,
            delta((0, list([role(1)]))),
            delta((0, list([]))),
        ),
        (Kind::PROPOSAL, delta((3, num(1))), delta((3, num(2)))),
        (Kind::PROPOSAL, delta((4, id(1))), delta((6, id(1)))),
        (
            Kind::PROPOSAL,
            proposal(list([num(1), revoke(3)])),
            proposal(list([num(1), revoke(4)])),
        ),
        (
            Kind::PROPOSAL,
            proposal(list([num(3), id(1)])),
            proposal(list([num(3), num(1)])),
        ),
        (Kind::REVOKE, revoke(1), revoke(2)),
        (Kind::EPOCH, epoch(16), epoch(17)),
        (Kind::DECISION, decision(15_000), decision(15_001)),
        (
            Kind::DEVICE,
            device(16, &Value::Null),
            device(17, &Value::Null),
        ),
        (
            Kind::DEVICE,
            device(1, &dlim([])),
            device(1, &map([(4, num(9))])),
        ),
        (
            Kind::DEVICE,
            device(1, &dlim([(5, id(1))])),
            device(1, &dlim([(6, id(1))])),
        ),
        (
            Kind::DEVICE,
            device(1, &dlim([(3, num(0))])),
            device(1, &dlim([(3, Value::Null)])),
        ),
        (Kind::MERGE, map([]), map([(0, Value::Null)])),
    ];
    for (at, (kind, good, bad)) in cases.into_iter().enumerate() {
        let read = Control::decode(kind, &good.encode());
        assert_eq!(
            read.map(|body| body.encode()),
            Ok(good.encode()),
            "{kind:?} case {at}"
        );
        let read = Control::decode(kind, &bad.encode());
        assert_eq!(read, Err(Reason::BodySchema), "{kind:?} case {at}");
    }
}

#[test]
fn kinds_without_a_schema() {
    let empty = map([]).encode();
    for kind in 0..=u16::MAX {
        let kind = Kind(kind);
        let read = Control::decode(kind, &empty);
        match kind.0 {
            0x40..=0xFF => assert_eq!(read, Ok(Control::Parked), "{kind:?}"),
            _ if kind.0 >= 0x100 || kind.name().is_none() => {
                assert_eq!(read, Err(Reason::KindUnknown), "{kind:?}");
            }
            0x31 => assert_eq!(read, Ok(Control::Merge)),
            _ => assert_eq!(read, Err(Reason::BodySchema), "{kind:?}"),
        }
    }
    assert_eq!(
        Control::decode(Kind(0x40), &[0x80]),
        Err(Reason::BodySchema)
    );
    assert_eq!(Control::decode(Kind(0x40), &[0xa0, 0]), Err(Reason::BodyFc));
    assert_eq!(Control::decode(Kind(0x07), &[0xa1]), Err(Reason::BodyFc));
}
