//! From signed records to items, and what is found in them.
#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use ed25519_dalek::SigningKey;
use folkmoot_library::{
    Flag, Item, Link, NoNames, Query, ResolvedQuery, Zoned, item, link_names, matches, snippet,
};
use folkmoot_record::{
    BlobRoot, CollectiveId, Draft, GrantId, Hlc, Kind, Place, RecordId, Ref, Rel, SeatKey, Tag,
    Verified,
    content::{Attachment, Content, Value},
};

fn signed(kind: Kind, body: Vec<u8>, refs: Vec<Ref>, tags: &[&str]) -> Verified {
    Draft {
        cid: Some(CollectiveId::from_bytes([1; 32])),
        seat: SeatKey::from_bytes(SigningKey::from_bytes(&[5; 32]).verifying_key().to_bytes()),
        place: Place {
            seq: 1,
            prev: Some(RecordId::from_bytes([9; 32])),
        },
        hlc: Hlc::from_raw(1_780_000_000_000 << 16).unwrap(),
        kind,
        cap: Some(GrantId::from_bytes([2; 32])),
        auth: vec![RecordId::from_bytes([3; 32])],
        refs,
        tags: tags.iter().map(|tag| Tag::new(*tag).unwrap()).collect(),
        body,
    }
    .sign(&SigningKey::from_bytes(&[6; 32]))
    .unwrap()
}

fn note(text: &str) -> Content {
    Content::new([7; 16]).with(0, Value::Text(text.into()))
}

fn of(kind: Kind, content: &Content, refs: Vec<Ref>) -> Item {
    item(&signed(kind, content.encode(), refs, &["garden/Seeds"])).unwrap()
}

fn query(source: &str) -> ResolvedQuery {
    let now: Zoned = "2026-11-23T04:00[UTC]".parse().unwrap();
    Query::parse(source, &now)
        .unwrap()
        .resolve(&NoNames)
        .unwrap()
}

#[test]
fn a_note_is_read() {
    let id = RecordId::from_bytes([4; 32]);
    let refs = vec![Ref {
        rel: Rel::REPLY_TO,
        id,
    }];
    let item = of(Kind::NOTE, &note("# Sowing\nsee [[Seed Bank]]"), refs);
    assert_eq!((item.title.as_str(), item.own_title()), ("Sowing", None));
    assert_eq!(item.document, item.id);
    assert_eq!(
        item.links,
        [Link::Title("seed bank".into()), Link::Record(id)]
    );
    let flags: Vec<Flag> = item.flags.iter().collect();
    assert_eq!(flags, [Flag::Link, Flag::Tag, Flag::Text, Flag::Reply]);
    assert_eq!(item.answers, Some(id));
    assert_eq!(item.ms(), 1_780_000_000_000);
}

#[test]
fn versions_name_their_document() {
    let (document, old) = (RecordId::from_bytes([4; 32]), RecordId::from_bytes([5; 32]));
    let refs = vec![
        Ref {
            rel: Rel::SUPERSEDES,
            id: old,
        },
        Ref {
            rel: Rel::DOCUMENT,
            id: document,
        },
    ];
    let item = of(
        Kind::NOTE,
        &note("new").with(2, Value::Text(" Title ".into())),
        refs,
    );
    assert_eq!((item.document, item.own_title()), (document, Some("Title")));
    assert!(item.flags.has(Flag::Edited) && item.links.is_empty());
}

#[test]
fn other_kinds() {
    let link = note("good").with(3, Value::Text("https://Example.org/path/".into()));
    let link = of(Kind::LINK, &link, vec![]);
    assert_eq!(link.links, [Link::Url("https://example.org/path".into())]);
    for (source, expected) in [
        ("example path", true),
        ("has:url has:link", true),
        ("links:HTTPS://EXAMPLE.org/path", true),
        ("links:https://example.org", false),
    ] {
        assert_eq!(matches(&query(source), &link), expected, "{source}");
    }

    let task = of(Kind::TASK, &note("water").with(16, Value::Uint(2)), vec![]);
    assert!(matches(&query("is:done kind:task"), &task));
    assert!(!matches(&query("is:todo"), &task));

    let aliases = Value::Array(vec![Value::Text("Allmende".into())]);
    let symbol = note("held together")
        .with(2, Value::Text("commons".into()))
        .with(16, aliases);
    assert!(matches(
        &query("allmende commons"),
        &of(Kind::SYMBOL, &symbol, vec![])
    ));

    let file = Attachment {
        name: "seed-list.ods".into(),
        media: "application/ods".into(),
        size: 9,
        root: BlobRoot::from_bytes([1; 32]),
        key: [2; 32],
    };
    let files = Content::new([7; 16]).with_attachment(&file);
    let files = of(Kind::FILES, &files, vec![]);
    assert!(matches(&query("has:attachment \"seed list\""), &files));
}

#[test]
fn a_link_means_a_title_and_no_attachment_or_comment() {
    let file = Attachment {
        name: "Rota".into(),
        media: "application/ods".into(),
        size: 9,
        root: BlobRoot::from_bytes([1; 32]),
        key: [2; 32],
    };
    let names = |kind, content: &Content| {
        link_names(&signed(kind, content.encode(), vec![], &[]))
            .into_iter()
            .collect::<Vec<_>>()
    };
    let page = note("Café\nfrom ten on").with_attachment(&file);
    assert!(
        item(&signed(Kind::NOTE, page.encode(), vec![], &[]))
            .is_some_and(|item| item.also == ["Rota"])
    );
    assert_eq!(names(Kind::NOTE, &page), ["cafe"]);
    let day = note("- 9:00 weeding")
        .with(16, Value::Text("2026-05-01".into()))
        .with(2, Value::Text("May".into()));
    assert_eq!(names(Kind::DAILY, &day), ["2026-05-01", "may"]);
    let about = Ref {
        rel: Rel::ABOUT,
        id: RecordId::from_bytes([4; 32]),
    };
    let said = Content::new([7; 16]).with(0, Value::Text("Rota".into()));
    let said = signed(Kind::COMMENT, said.encode(), vec![about], &[]);
    assert!(item(&said).is_some() && link_names(&said).is_empty());
}

#[test]
fn what_is_not_shown_is_no_item() {
    // A note without a text does not fit its kind; a record may lack its body; a reaction only
    // says something about another record.
    assert!(
        item(&signed(
            Kind::NOTE,
            Content::new([7; 16]).encode(),
            vec![],
            &[]
        ))
        .is_none()
    );
    assert!(item(&signed(Kind::NOTE, note("x").encode(), vec![], &[]).without_body()).is_none());
    let about = vec![Ref {
        rel: Rel::ABOUT,
        id: RecordId::from_bytes([4; 32]),
    }];
    assert!(item(&signed(Kind::REACTION, note("🌱").encode(), about, &[])).is_none());
}

#[test]
fn what_a_reader_expects_is_found() {
    let content = note("Die Straße führt zum Gärtner. 全文検索エンジン ภาษาไทย don't")
        .with(2, Value::Text("Naïve café".into()));
    let item = of(Kind::NOTE, &content, vec![]);
    for source in [
        "strasse",
        "STRASSE",
        "gartner",
        "Gärtner",
        "\"führt zum\"",
        "検索",
        "文検",
        "エンジン",
        "ไทย",
        "naive",
        "cafe",
        "caf*",
        "gär*",
        "don't",
        "tag:garden",
        "tag:GARDEN/seeds",
        "tag:gard*",
        "seeds",
        "kind:note",
        "since:2026-05-01 until:2026-06",
        "-basil",
        "basil OR cafe",
        "has:title",
        "検索 -kind:task",
    ] {
        assert!(matches(&query(source), &item), "{source}");
    }
    for source in [
        "stras",
        "\"zum führt\"",
        "索検",
        "ンエ",
        "tag:gard",
        "tag:garden/seed",
        "basil",
        "kind:task",
        "before:2026-05-01",
        "-cafe",
        "\"cafe die\"",
        "\"don t garden\"",
        "has:attachment",
        "cafe -naive",
    ] {
        assert!(!matches(&query(source), &item), "{source}");
    }
}

fn shown(text: &str, source: &str, width: usize) -> String {
    let snippet = snippet(text, &query(source), width);
    let mut marked = String::new();
    let mut last = 0;
    for hit in snippet.hits {
        marked.push_str(&snippet.text[last..hit.start]);
        marked.push('[');
        marked.push_str(&snippet.text[hit.clone()]);
        marked.push(']');
        last = hit.end;
    }
    marked + &snippet.text[last..]
}

#[test]
fn snippets_show_what_was_found() {
    assert_eq!(
        shown("Sow  the\n\nseeds in March", "seeds", 60),
        "Sow the [seeds] in March"
    );
    assert_eq!(shown("Die Straße", "strasse", 60), "Die [Straße]");
    assert_eq!(
        shown("a seedling, a seed", "seed*", 60),
        "a [seedling], a [seed]"
    );
    assert_eq!(shown("全文検索エンジン", "検索", 60), "全文[検索]エンジン");
    assert_eq!(
        shown("to be or not to be", "\"to be\"", 60),
        "[to be] or not [to be]"
    );
    assert_eq!(shown("one two three", "two -three", 60), "one [two] three");
    assert_eq!(shown("one two three", "tag:x", 7), "one two…");
    assert_eq!(shown("", "x", 7), "");
    let long = format!("{}needle {}", "hay ".repeat(100), "straw ".repeat(100));
    let piece = shown(&long, "needle", 40);
    assert!(
        piece.starts_with("…") && piece.contains("[needle]") && piece.ends_with('…'),
        "{piece}"
    );
    assert!(piece.chars().count() <= 40 + 4, "{piece}");
    // The piece with both words is better than the first one with one of them.
    let far = format!("alpha {} alpha beta {}", "x ".repeat(100), "y ".repeat(100));
    assert!(shown(&far, "alpha beta", 30).contains("[alpha] [beta]"));
}

proptest::proptest! {
    #[test]
    fn snippets_are_bounded_and_their_hits_lie_in_them(
        text in proptest::prelude::any::<String>(),
        extra in "[a-e 検索é\n]{0,200}",
        width in 0usize..80,
    ) {
        let text = text + &extra;
        let snippet = snippet(&text, &query("a* OR 検 OR \"b c\" OR e"), width);
        proptest::prop_assert!(snippet.text.chars().count() <= width.max(1) + 2);
        let mut last = 0;
        for hit in &snippet.hits {
            proptest::prop_assert!(hit.start >= last && hit.start < hit.end);
            proptest::prop_assert!(snippet.text.get(hit.clone()).is_some());
            last = hit.end;
        }
    }
}
