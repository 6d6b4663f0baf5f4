//! What a person may do before an export, by chance.

use folkmoot_api::{
    Act, ActKind, Command, DayWrite, Edit, ImportItem, Note, Restore, SymbolChange, SymbolDefine,
    TaskSet, TaskState,
};
use folkmoot_engine::Engine;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::names;

/// Something that a person does; where it cannot be done nothing is.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Write(Box<Note>),
    Bring(Box<ImportItem>),
    Day(u8, String),
    Word(u8, u8),
    Relate(u8, u8),
    Task(u8, u8),
    Edit(u8, String),
    Again(u8),
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("---\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("  \n".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("moot: {v: 1}\n".to_owned()),
        Just("\"\\: [[Rota]] #tag {".to_owned()),
        Just("\u{1f33f}\u{200d}\u{2028}\u{85}".to_owned()),
        "[^\\x00]{0,12}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn title() -> impl Strategy<Value = Option<String>> {
    let odd = prop::sample::select(vec![
        "Rota",
        "rota",
        "CON",
        "a/b",
        "..",
        "größe",
        "木曜日",
        "\"q\": {x}",
        " ",
        "line\nbreak",
    ]);
    prop::option::of(odd.prop_map(str::to_owned))
}

fn note() -> impl Strategy<Value = Note> {
    let tags = prop::collection::vec(
        prop::sample::select(vec!["garden", "soil/worms", "größe", "x y"]),
        0..3,
    );
    let due = prop::option::of(prop::sample::select(vec!["2026-12-01", "2027-01-31T08:30"]));
    let kind = prop::sample::select(vec!["note", "link", "task"]);
    let media = prop::option::of(Just("text/plain".to_owned()));
    (kind, title(), text(), tags, due, any::<bool>(), media).prop_map(
        |(kind, title, text, tags, due, again, media)| Note {
            kind: kind.to_owned(),
            title,
            text: Some(text),
            url: (kind == "link").then(|| "https://example.org/?a=b#c".to_owned()),
            media,
            due: due.filter(|_| kind == "task").map(str::to_owned),
            every: (kind == "task" && again && due.is_some())
                .then(|| "FREQ=WEEKLY;INTERVAL=2".to_owned()),
            tags: tags.into_iter().map(str::to_owned).collect(),
            ..Note::default()
        },
    )
}

fn brought() -> impl Strategy<Value = ImportItem> {
    let properties = prop::option::of(prop::sample::select(vec![
        "planet: saturn\n",
        "a: 1\r\nb: 2\n",
        "no end",
        "---\n",
        "x:\n  - y\n",
    ]));
    let aliases = prop::collection::vec("[^\\x00]{1,9}", 0..3);
    let written = prop::option::of(0..2_000_000_000_i64);
    (note(), properties, aliases, written).prop_map(|(note, properties, aliases, written)| {
        ImportItem {
            note,
            properties: properties.map(str::to_owned),
            aliases,
            written: written.map(|at| Timestamp::from_second(at).unwrap()),
            ..ImportItem::default()
        }
    })
}

pub(crate) fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => note().prop_map(|note| Deed::Write(Box::new(note))),
        2 => brought().prop_map(|item| Deed::Bring(Box::new(item))),
        1 => (0..5_u8, text()).prop_map(|(day, text)| Deed::Day(day, text)),
        2 => (0..6_u8, any::<u8>()).prop_map(|(word, to)| Deed::Word(word, to)),
        2 => (0..6_u8, 0..6_u8).prop_map(|(word, to)| Deed::Relate(word, to)),
        2 => (any::<u8>(), 0..4_u8).prop_map(|(which, state)| Deed::Task(which, state)),
        2 => (any::<u8>(), text()).prop_map(|(which, text)| Deed::Edit(which, text)),
        1 => any::<u8>().prop_map(Deed::Again),
    ]
}

fn pick(engine: &Engine, which: u8) -> String {
    let names = names(engine);
    let at = usize::from(which) % names.len().max(1);
    names
        .get(at)
        .map_or_else(|| "none".to_owned(), |name| name.record.clone())
}

/// What cannot be done is refused, and that is as good here.
pub(crate) fn act(engine: &Engine, deed: Deed, place: &str) {
    let word = |number: u8| format!("word{number}");
    let command = match deed {
        Deed::Write(note) => Command::Note(Note {
            collective: Some(place.to_owned()),
            ..*note
        }),
        Deed::Bring(item) => Command::Import {
            collective: Some(place.to_owned()),
            items: vec![*item],
            device: None,
            vault: None,
            dry_run: false,
        },
        Deed::Day(day, text) => Command::WriteDay(DayWrite {
            date: format!("2026-05-0{}", day + 1),
            collective: Some(place.to_owned()),
            text,
            ..DayWrite::default()
        }),
        Deed::Word(number, to) => Command::SymbolDefine(SymbolDefine {
            term: word(number),
            definition: "what it means".to_owned(),
            collective: Some(place.to_owned()),
            aliases: vec![format!("other{number}")],
            broader: match to % 3 {
                0 => vec![word(to % 6)],
                _ => Vec::new(),
            },
            ..SymbolDefine::default()
        }),
        Deed::Relate(number, to) => Command::SymbolChange(SymbolChange {
            symbol: word(number),
            collective: Some(place.to_owned()),
            related: vec![word(to)],
            ..SymbolChange::default()
        }),
        Deed::Task(which, state) => Command::SetTask(TaskSet {
            id: pick(engine, which),
            state: Some(match state {
                0 => TaskState::Todo,
                1 => TaskState::Doing,
                2 => TaskState::Done,
                _ => TaskState::Dropped,
            }),
            ..TaskSet::default()
        }),
        Deed::Edit(which, text) => Command::Edit(Edit {
            id: pick(engine, which),
            text: Some(text),
            ..Edit::default()
        }),
        Deed::Again(which) => {
            let id = pick(engine, which);
            drop(engine.call(Command::Act(Act {
                what: ActKind::Retract,
                id: id.clone(),
                reason: None,
                device: None,
            })));
            Command::Restore(Restore {
                id,
                ..Restore::default()
            })
        }
    };
    drop(engine.call(command));
}
