//! The least body of each content kind, and the values it is made of.

use folkmoot_record::Kind;
use folkmoot_record::content::{Content, Value};

pub(super) fn text(len: usize) -> Value {
    Value::Text("x".repeat(len))
}

pub(super) fn word(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(super) fn num(number: u64) -> Value {
    Value::Uint(number)
}

pub(super) fn id() -> Value {
    Value::Bytes(vec![7; 32])
}

pub(super) fn list(items: &[Value]) -> Value {
    Value::Array(items.to_vec())
}

pub(super) fn file(media: &str, size: u64) -> Value {
    list(&[word("name"), word(media), num(size), id(), id()])
}

/// A body with the required keys of each kind and nothing else.
pub(super) fn least() -> Vec<(Kind, Content)> {
    let component = list(&[file("application/wasm", 1)]);
    let share = [
        (19, num(1)),
        (22, Value::Bool(true)),
        (23, Value::Bool(false)),
    ];
    let selection = Value::Map([].into());
    let rows: Vec<(Kind, Vec<(u8, Value)>)> = vec![
        (Kind::NOTE, vec![(0, text(1))]),
        (Kind::LINK, vec![(3, text(1))]),
        (Kind::FILES, vec![(9, list(&[file("a/b", 0)]))]),
        (Kind::COMMENT, vec![(0, text(1))]),
        (Kind::REACTION, vec![(0, text(1))]),
        (Kind::TASK, vec![(0, text(1)), (16, num(0))]),
        (Kind::DAILY, vec![(0, text(1)), (16, word("2026-11-30"))]),
        (Kind::SYMBOL, vec![(0, text(1)), (2, text(1))]),
        (
            Kind::RITUAL,
            vec![
                (0, text(1)),
                (2, text(1)),
                (16, word("2026-11-30T23:59")),
                (17, word("Europe/Berlin")),
            ],
        ),
        (
            Kind::GATHERING,
            vec![(16, word("2026-11-30T00:00")), (17, num(3))],
        ),
        (Kind::ATTENDANCE, vec![(16, num(2))]),
        (
            Kind::AGENT,
            vec![
                (0, text(1)),
                (2, text(1)),
                (9, component),
                (16, text(1)),
                (17, num(0xFFFF_FFFF)),
                (22, num(1)),
            ],
        ),
        (
            Kind::AGENT_RUN,
            vec![(16, num(3)), (17, num(1)), (18, num(1))],
        ),
        (Kind::ENDORSEMENT, vec![]),
        (Kind::REPORT, vec![(16, num(5))]),
        (Kind::RETRACT, vec![]),
        (Kind::HIDE, vec![]),
        (Kind::UNHIDE, vec![]),
        (Kind::PURGE, vec![]),
        (Kind::PROFILE, vec![(2, text(64))]),
        (Kind::COLLECTIVE, vec![(0, text(1)), (2, text(1))]),
        (
            Kind::SHARE_RULE,
            [
                vec![(16, Value::Bytes(vec![1; 16])), (17, id()), (18, selection)],
                share.into(),
            ]
            .concat(),
        ),
        (
            Kind::TREATY,
            vec![(16, id()), (17, text(1)), (18, text(1)), (19, num(1))],
        ),
        (
            Kind::SHELF,
            vec![
                (2, text(1)),
                (16, id()),
                (17, text(1)),
                (18, Value::Bool(true)),
            ],
        ),
        (Kind::MUTE_LIST, vec![(16, list(&[id()]))]),
    ];
    rows.into_iter()
        .map(|(kind, keys)| {
            let mut body = Content::new([3; 16]);
            body.map.extend(keys);
            (kind, body)
        })
        .collect()
}
