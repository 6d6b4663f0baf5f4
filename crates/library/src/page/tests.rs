use proptest::prelude::*;

use super::*;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0_u64..1 << 53).prop_map(Value::Uint),
        "(?s).{0,20}".prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map(any::<u8>(), inner, 0..5).prop_map(Value::Map),
        ]
    })
}

/// Texts with everything that breaks formats.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("---\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("  \n".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("moot: 1\n".to_owned()),
        Just("\"\\: [[x]] #tag {".to_owned()),
        Just("\u{1f33f}\u{200d}\u{2028}\u{85}".to_owned()),
        "(?s).{0,12}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn page() -> impl Strategy<Value = Page> {
    let optional = || prop::option::of(nasty());
    let kind = prop_oneof![Just("note"), Just("task"), Just("daily"), Just("link")];
    let first = (
        optional(),
        kind,
        optional(),
        prop::collection::vec(nasty(), 0..4),
    );
    let second = (optional(), optional(), optional(), optional());
    let third = (optional(), optional(), optional(), optional());
    let fields = prop::collection::btree_map(any::<u8>(), value(), 0..5);
    let last = (fields, prop::collection::vec(nasty(), 0..3), nasty());
    (first, second, third, last).prop_map(
        |(
            (id, kind, title, tags),
            (author, collective, created, updated),
            (url, media, language, version),
            (fields, refs, text),
        )| Page {
            id,
            version,
            kind: kind.to_owned(),
            title,
            tags,
            author,
            collective,
            created,
            updated,
            url,
            media,
            language,
            fields,
            refs,
            text,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_written_again_the_same(page in page()) {
        let file = write(&page);
        let again = read(&file).expect("it is ours");
        prop_assert_eq!(&again, &page);
        prop_assert_eq!(write(&again), file);
    }

    #[test]
    fn nothing_makes_the_reader_panic(text in nasty()) {
        drop(read(&text));
        drop(read(&format!("---\nmoot: {{v: 1{text}}}\n---\n\nx\n")));
        drop(from_json(&text));
    }
}

#[test]
fn a_page_looks_as_documented() {
    let page = Page {
        id: Some("7f3a".to_owned()),
        kind: "task".to_owned(),
        title: Some("Turn \"it\"".to_owned()),
        tags: vec!["garden".to_owned(), "soil/worms".to_owned()],
        fields: [
            (16, Value::Uint(2)),
            (17, Value::Text("2026-12-01".to_owned())),
            (64, Value::Text("planet: saturn\n".to_owned())),
            (81, Value::Bytes(vec![0, 255])),
        ]
        .into(),
        text: "a\r\n---\n".to_owned(),
        ..Page::default()
    };
    let file = "---\ntitle: \"Turn \\\"it\\\"\"\ntags: [\"garden\", \"soil/worms\"]\n\
                moot: {v: 1, id: \"7f3a\", kind: \"task\", state: \"done\", due: \"2026-12-01\", \
                fields: {\"81\": {\"hex\": \"00ff\"}}}\nplanet: saturn\n---\n\na\r\n---\n\n";
    assert_eq!(write(&page), file);
    assert_eq!(read(file), Some(page));
}

#[test]
fn what_somebody_rearranged_is_left_to_others() {
    let page = Page {
        kind: "note".to_owned(),
        text: "x".to_owned(),
        ..Page::default()
    };
    let file = write(&page);
    assert_eq!(file, "---\nmoot: {v: 1, kind: \"note\"}\n---\n\nx\n");
    for other in [
        "",
        "text",
        "---\ntitle: x\n---\n",
        "---\nmoot: {v: 2}\n---\n\nx\n",
        &file.replace('\n', "\r\n"),
        &file.replace("v: 1, ", "v: 1,  "),
        &file[..file.len() - 1],
        &format!("\u{feff}{file}"),
    ] {
        assert_eq!(read(other), None, "{other:?}");
    }
}
