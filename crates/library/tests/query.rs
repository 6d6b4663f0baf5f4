//! The query language: what is understood, and what is refused with which words.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test prepares may fail it"
)]

use std::collections::BTreeSet;

use folkmoot_library::{
    Due, Expr, Flag, Interval, Leaf, Link, Names, NoNames, Problem, Query, QueryError, Sort, Test,
    Text, Zoned, limits,
};
use folkmoot_record::{CollectiveId, Kind, RecordId, SeatKey};
use jiff::ToSpan;
use proptest::prelude::*;

#[path = "query/dates.rs"]
mod dates;

/// A Monday in winter time.
fn now() -> Zoned {
    "2026-11-23T10:30:00[Europe/Berlin]".parse().unwrap()
}

/// The tree, with words and phrases alike: that words outside quotes can be widened has its own test.
fn parse(source: &str) -> Expr<Leaf> {
    let query = Query::parse(source, &now());
    alike(query.unwrap_or_else(|error| panic!("{}", error.render(source))))
}

fn alike(query: Query) -> Expr<Leaf> {
    fn each(expr: Expr<Leaf>) -> Expr<Leaf> {
        let all = |parts: Vec<_>| parts.into_iter().map(each).collect();
        match expr {
            Expr::And(parts) => Expr::And(all(parts)),
            Expr::Or(parts) => Expr::Or(all(parts)),
            Expr::Not(part) => Expr::Not(Box::new(each(*part))),
            Expr::Is(Leaf::Word(text)) => Expr::Is(Leaf::Test(Test::Text(text))),
            other => other,
        }
    }
    each(query.expr)
}

#[test]
fn only_words_outside_quotes_may_be_widened() {
    let leaf = |source: &str| match Query::parse(source, &now()).unwrap().expr {
        Expr::Is(leaf) => leaf,
        other => panic!("{other:?}"),
    };
    assert!(matches!(leaf("seed"), Leaf::Word(_)));
    assert!(matches!(leaf("seed-bank"), Leaf::Word(_)));
    assert!(matches!(leaf("\"seed\""), Leaf::Test(Test::Text(_))));
    assert!(matches!(leaf("see*"), Leaf::Test(Test::Text(_))));
}

fn error(source: &str) -> QueryError {
    match Query::parse(source, &now()) {
        Err(error) => error,
        Ok(query) => panic!("{source} is understood as {query:?}"),
    }
}

fn is(test: Test) -> Expr<Leaf> {
    Expr::Is(Leaf::Test(test))
}

fn text(words: &str) -> Expr<Leaf> {
    is(Test::Text(Text::phrase(words).unwrap()))
}

fn stem(word: &str) -> Expr<Leaf> {
    is(Test::Text(Text {
        words: vec![word.into()],
        prefix: true,
        added: false,
    }))
}

fn tag(tag: &str) -> Expr<Leaf> {
    is(Test::Tag(tag.into()))
}

fn not(expr: Expr<Leaf>) -> Expr<Leaf> {
    Expr::Not(Box::new(expr))
}

#[test]
fn words_phrases_and_operators() {
    let (a, b, c) = (|| text("a"), || text("b"), || text("c"));
    for (source, expected) in [
        ("", Expr::All),
        ("  ", Expr::All),
        ("a", a()),
        ("A", a()),
        ("a b", Expr::And(vec![a(), b()])),
        ("a AND b", Expr::And(vec![a(), b()])),
        ("a or b", Expr::And(vec![a(), text("or"), b()])),
        ("a OR b", Expr::Or(vec![a(), b()])),
        ("a b OR c", Expr::Or(vec![Expr::And(vec![a(), b()]), c()])),
        ("a (b OR c)", Expr::And(vec![a(), Expr::Or(vec![b(), c()])])),
        ("(a)", a()),
        ("( a OR(b)OR c )", Expr::Or(vec![a(), b(), c()])),
        ("-a", not(a())),
        ("a -b", Expr::And(vec![a(), not(b())])),
        ("a NOT b", Expr::And(vec![a(), not(b())])),
        ("-(a OR b)", not(Expr::Or(vec![a(), b()]))),
        ("--a", not(not(a()))),
        ("a - b", Expr::And(vec![a(), b()])),
        ("a & b …", Expr::And(vec![a(), b()])),
        ("ORa", text("ora")),
        ("\"a b\"", text("a b")),
        ("“a b”", text("a b")),
        (r#""a \" b""#, text("a b")),
        ("well-known", text("well known")),
        ("検索", text("検索")),
        ("Straße", text("strasse")),
        ("seed*", stem("seed")),
        ("Säe*", stem("sae")),
        ("well-kn*", Expr::And(vec![text("well"), stem("kn")])),
        ("12:30", text("12 30")),
        ("https://example.org/a?b", text("https example org a b")),
        // As keyboards of other languages have the signs.
        ("„a b“", text("a b")),
        ("«a b»", text("a b")),
        ("「検索」", text("検索")),
        (
            "（a　OR　b）c",
            Expr::And(vec![Expr::Or(vec![a(), b()]), c()]),
        ),
        ("\u{2212}a", not(a())),
        ("\u{2013}a", not(a())),
        // A backslash is one, save before a quote or another.
        (r#""C:\Users\me""#, text("c users me")),
        (r#""a\\b""#, text("a b")),
        // Signs with a colon that are no keys.
        ("std::vec", text("std vec")),
        ("db8::1", text("db8 1")),
        ("mailto:a@b", text("mailto a b")),
        ("Note:", text("note")),
        ("Note: a", Expr::And(vec![text("note"), a()])),
        (r"C:\Users", text("c users")),
        ("a!", a()),
        ("a & !", a()),
        ("\u{FF0D}tag:a", not(tag("a"))),
        ("tag：種", tag("種")),
        // A character that is a word by itself has no beginning.
        ("検索*", text("検索")),
        ("ยา*", text("ยา")),
        ("検索en*", Expr::And(vec![text("検索"), stem("en")])),
    ] {
        assert_eq!(parse(source), expected, "{source}");
    }
}

#[test]
fn keys_and_values() {
    for (source, expected) in [
        ("tag:Garden", tag("garden")),
        ("TAG:#garden/Seeds/", tag("garden/seeds")),
        ("tag:\"two words\"", tag("two words")),
        ("tag:a|b", Expr::Or(vec![tag("a"), tag("b")])),
        ("tag:\"a b\"|c", Expr::Or(vec![tag("a b"), tag("c")])),
        ("tag:a|\"b c\"", Expr::Or(vec![tag("a"), tag("b c")])),
        ("-tag:a", not(tag("a"))),
        ("tag:gar*", is(Test::TagPrefix("gar".into()))),
        ("kind:note", is(Test::Kind(Kind::NOTE))),
        (
            "kind:Task|link",
            Expr::Or(vec![is(Test::Kind(Kind::TASK)), is(Test::Kind(Kind::LINK))]),
        ),
        ("kind:0x1234", is(Test::Kind(Kind(0x1234)))),
        ("has:files", is(Test::Flag(Flag::Attachment))),
        ("is:done", is(Test::Flag(Flag::Done))),
    ] {
        assert_eq!(parse(source), expected, "{source}");
    }
    let named = |source: &str| match parse(source) {
        Expr::Is(Leaf::Author(name) | Leaf::In(name) | Leaf::Links(name) | Leaf::To(name)) => {
            (name.text, name.span)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(named("author:@ana"), ("ana".into(), 7..11));
    assert_eq!(named("in:commons"), ("commons".into(), 3..10));
    assert_eq!(named("to:4f1c"), ("4f1c".into(), 3..7));
    assert_eq!(named("links:\"Seed Bank\""), ("Seed Bank".into(), 6..17));
}

fn named(source: &str) -> (String, std::ops::Range<usize>) {
    match Query::parse(source, &now()).unwrap().expr {
        Expr::Is(Leaf::In(name)) => (name.text, name.span),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_order() {
    let sort = |source: &str| Query::parse(source, &now()).unwrap().sort;
    assert_eq!(sort("a"), Sort::Relevance);
    assert_eq!(sort("tag:a"), Sort::Newest);
    assert_eq!(sort("tag:a -b"), Sort::Newest);
    assert_eq!(sort(""), Sort::Newest);
    assert_eq!(sort("a sort:newest"), Sort::Newest);
    assert_eq!(sort("sort:oldest tag:a"), Sort::Oldest);
    assert_eq!(parse("sort:oldest"), Expr::All);
    assert_eq!(named("in:commons sort:oldest").0, "commons");
}

/// Milliseconds of a local time.
fn ms(local: &str) -> u64 {
    let zoned: Zoned = format!("{local}[Europe/Berlin]").parse().unwrap();
    u64::try_from(zoned.timestamp().as_millisecond()).unwrap()
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (source, under, suggestion) in [
        ("tagg:a", "tagg", Some("tag")),
        ("a autor:x", "autor", Some("author")),
        ("re:zero", "re", None),
        ("kind:nott", "nott", Some("note")),
        (
            "since:2026-11-23 10:00",
            "2026-11-23 10:00",
            Some("\"2026-11-23 10:00\""),
        ),
        ("a created:march 2025 b", "march 2025", Some("2025-03")),
        ("created:2025 March", "2025 March", Some("2025-03")),
        (
            "created:1st March 2025",
            "1st March 2025",
            Some("2025-03-01"),
        ),
        (
            "created:2026-11-20 .. 2026-11-23",
            "2026-11-20 .. 2026-11-23",
            Some("2026-11-20..2026-11-23"),
        ),
        (
            "created:last week .. yesterday",
            "last week .. yesterday",
            Some("\"last week..yesterday\""),
        ),
        ("since:1h 30m", "1h 30m", Some("\"1h 30m\"")),
        ("since:monday 7", "monday 7", Some("monday \"7\"")),
        (
            "since:last monday 7",
            "last monday 7",
            Some("\"last monday\" \"7\""),
        ),
        (
            "created:\"last week\"..\"yesterday\"",
            "\"last week\"..\"yesterday\"",
            Some("\"last week..yesterday\""),
        ),
        ("tag:\"a b\"c", "\"a b\"c", Some("\"a bc\"")),
        ("!hot", "!hot", Some("-hot")),
        ("a !\"hot seed\"", "!", Some("-")),
        ("a | b", "|", Some("OR")),
        ("a || b", "||", Some("OR")),
        ("\"a b\"*", "\"a b\"*", Some("\"a b\"")),
        ("x *\"a b\"", "*\"a b\"", Some("\"a b\"")),
        ("x tag:*", "tag:*", Some("has:tag")),
        ("tag:a*b", "a*b", None),
        ("due:febuary", "febuary", Some("february")),
        ("since:next-week", "next-week", None),
        ("has:attachmnt", "attachmnt", Some("attachment")),
        ("is:don", "don", Some("done")),
        ("sort:newst", "newst", Some("newest")),
        ("since:yesterdy", "yesterdy", Some("yesterday")),
        ("since:last mondy", "last mondy", Some("last-monday")),
        ("since:2026-13-01", "2026-13-01", None),
        ("since:2026-02-30", "2026-02-30", None),
        ("since:7", "7", None),
        ("since:1000000y", "1000000y", None),
        ("since:marți-trecută", "marți-trecută", None),
        ("x created:2w", "created:2w", Some("since:2w")),
        ("created:2026-03..2026-01", "2026-03..2026-01", None),
        ("created:..", "..", None),
        ("(a OR b", "(", None),
        ("a OR b)", ")", None),
        ("()", "()", None),
        ("a (", "(", None),
        ("\"a b", "\"", None),
        ("tag:\"a b", "\"", None),
        ("a OR", "OR", None),
        ("OR a", "OR", None),
        ("a OR OR b", "OR", None),
        ("a AND", "AND", None),
        ("(AND a)", "AND", None),
        ("a NOT", "NOT", None),
        ("tag:", "tag:", None),
        ("tag: a", "tag:", None),
        ("tag:|a", "", None),
        ("tag:(a OR b)", "", None),
        ("tag:a|", "", None),
        ("owner:today", "owner", None),
        ("is:task", "is:task", Some("kind:task")),
        ("a OR is:tsak", "tsak", None),
        ("to:@", "@", None),
        ("tag:「a", "「", None),
        ("a（b）", "a（", None),
        ("（a", "（", None),
        ("a）", "）", None),
        ("（ ）", "（ ）", None),
        ("author:@", "@", None),
        ("replies(x)", "replies(", None),
        ("s*d", "s*d", None),
        ("…", "…", None),
        ("-&", "&", None),
        ("sort:newest sort:oldest", "sort:oldest", None),
        ("-sort:newest", "sort:newest", None),
    ] {
        let error = error(source);
        let problem = &error.problem;
        assert_eq!(&source[error.span.clone()], under, "{source}: {problem:?}");
        assert_eq!(
            error.suggestion.as_deref(),
            suggestion,
            "{source}: {problem:?}"
        );
    }
}

#[test]
fn a_mistake_is_printed_with_carets() {
    assert_eq!(
        error("検索 tagg:garden").render("検索 tagg:garden"),
        "  検索 tagg:garden\n       ^^^^\nthere is no key `tagg:`; put the text in quotes to search for it as it stands; did you mean `tag`?"
    );
}

#[test]
fn an_unknown_key_names_the_keys_that_there_are() {
    let help = |source| error(source).help();
    assert_eq!(help("tagg:a").as_deref(), Some("did you mean `tag`?"));
    let keys = help("urgency:high").unwrap();
    for key in ["tag", "since", "created", "links", "to", "sort"] {
        assert!(keys.contains(key), "{keys}");
    }
    assert!(!keys.contains("label"), "only names, no second spellings");
    assert_eq!(help("(a"), None);
}

#[test]
fn days_on_which_tasks_are_due_look_ahead() {
    let due = |source: &str| match parse(source) {
        Expr::Is(Leaf::Test(Test::Due(span))) => {
            let told = |due: Option<Due>| due.map(|due| due.to_string()).unwrap_or_default();
            format!("{}..{}", told(span.from), told(span.to))
        }
        other => panic!("{source} is understood as {other:?}"),
    };
    let at = |days: i64| format!("{}T00:00", now().date().checked_add(days.days()).unwrap());
    assert_eq!(due("due:today"), format!("{}..{}", at(0), at(1)));
    assert_eq!(due("due:3d"), format!("{}..{}", at(3), at(4)));
    assert_eq!(due("due:3 days ago"), format!("{}..{}", at(-3), at(-2)));
    assert_eq!(due("due:..2 weeks"), format!("..{}", at(15)));
    assert_eq!(due("due:>=tomorrow"), format!("{}..", at(1)));
    assert_eq!(due("due:<today"), format!("..{}", at(0)));
    assert_eq!(
        due("due:2026-03..2026-04"),
        "2026-03-01T00:00..2026-05-01T00:00"
    );
    assert_eq!(due("due:next month"), due("due:next-month"));
    // The month that is, or the next of that name.
    assert_eq!(due("due:february"), "2027-02-01T00:00..2027-03-01T00:00");
    assert_eq!(due("due:Nov"), "2026-11-01T00:00..2026-12-01T00:00");
    assert_eq!(due("due:last march"), "2026-03-01T00:00..2026-04-01T00:00");
    assert_eq!(
        due("due:this-week..next week"),
        due("due:\"this week..next-week\"")
    );
    assert!(matches!(
        error("due:2027..2026").problem,
        Problem::EmptyRange
    ));
    assert!(matches!(error("due:now").problem, Problem::BadDate(_)));
    assert_eq!(parse("is:open"), is(Test::Flag(Flag::Open)));
    assert!(matches!(
        parse("is:overdue"),
        Expr::Is(Leaf::Test(Test::Overdue(_)))
    ));
}

#[test]
fn words_and_tags_are_remembered_with_their_places() {
    let source = "séed -weed (tag:soil OR \"first frost\") author:ana wor* tag:a|b";
    let query = Query::parse(source, &now()).unwrap();
    let written: Vec<_> = query
        .written
        .iter()
        .map(|w| &source[w.span.clone()])
        .collect();
    assert_eq!(written, ["séed", "soil", "\"first frost\"", "a", "b"]);
    assert_eq!(query.asked, None);
}

#[test]
fn a_condition_is_added_from_outside() {
    let query = |source| Query::parse(source, &now()).unwrap();
    let word = |word| Expr::Is(Leaf::Word(Text::phrase(word).unwrap()));
    let added = query("a OR b").within(Leaf::Test(Test::Tag("t".into())));
    assert_eq!(
        added.expr,
        Expr::And(vec![Expr::Or(vec![word("a"), word("b")]), tag("t")])
    );
    assert_eq!(
        query("").within(Leaf::Test(Test::Tag("t".into()))).expr,
        tag("t")
    );
}

#[test]
fn queries_are_bounded() {
    let long = "a".repeat(limits::BYTES + 1);
    assert_eq!(error(&long).problem, Problem::TooLong);
    let many = "a ".repeat(limits::LEAVES + 1);
    assert_eq!(error(&many).problem, Problem::TooMany);
    assert_eq!(
        error(&format!("tag:{}", "a|".repeat(limits::LEAVES + 1))).problem,
        Problem::NoValue("tag")
    );
    for deep in ["(", "-"] {
        let close = if deep == "(" { ")" } else { "" };
        let nest = |n: usize| format!("{}a{}", deep.repeat(n), close.repeat(n));
        assert_eq!(error(&nest(limits::DEPTH)).problem, Problem::TooDeep);
        parse(&nest(limits::DEPTH - 1));
    }
}

struct Village;

impl Names for Village {
    fn seats(&self, name: &str) -> BTreeSet<SeatKey> {
        match name {
            "ana" => [1, 2].map(|n| SeatKey::from_bytes([n; 32])).into(),
            _ => BTreeSet::new(),
        }
    }
    fn collectives(&self, name: &str) -> BTreeSet<CollectiveId> {
        match name {
            "commons" => [CollectiveId::from_bytes([3; 32])].into(),
            _ => BTreeSet::new(),
        }
    }
    fn records(&self, name: &str) -> BTreeSet<RecordId> {
        match name {
            "Seed Bank" | "0404" => [RecordId::from_bytes([4; 32])].into(),
            _ => BTreeSet::new(),
        }
    }
    fn people(&self) -> Vec<String> {
        vec!["ana".into(), "bertha".into()]
    }
    fn places(&self) -> Vec<String> {
        vec!["commons".into(), "home".into()]
    }
}

#[test]
fn names_are_resolved_after_parsing() {
    let resolve = |source: &str| Query::parse(source, &now()).unwrap().resolve(&Village);
    let expr = |source: &str| resolve(source).unwrap().expr;
    let seats =
        |keys: &[u8]| Test::Seats(keys.iter().map(|n| SeatKey::from_bytes([*n; 32])).collect());
    assert_eq!(expr("author:@ana"), Expr::Is(seats(&[1, 2])));
    assert_eq!(
        expr(&format!("author:{}", "07".repeat(32))),
        Expr::Is(seats(&[7]))
    );
    assert_eq!(
        expr("-in:commons"),
        Expr::Not(Box::new(Expr::Is(Test::Places(
            [CollectiveId::from_bytes([3; 32])].into()
        ))))
    );
    assert_eq!(
        expr("links:\"Seed Bank\""),
        Expr::Is(Test::Links(
            [
                Link::Title("seed bank".into()),
                Link::Symbol("seed bank".into()),
                Link::Record(RecordId::from_bytes([4; 32]))
            ]
            .into()
        ))
    );
    assert_eq!(
        expr("links:https://example.org/"),
        Expr::Is(Test::Links(
            [Link::Url("https://example.org".into())].into()
        ))
    );

    assert_eq!(
        expr("to:\"Seed Bank\""),
        Expr::Is(Test::Answers([RecordId::from_bytes([4; 32])].into()))
    );
    assert_eq!(
        expr(&format!("to:{}", "09".repeat(32))),
        Expr::Is(Test::Answers([RecordId::from_bytes([9; 32])].into()))
    );
    let error = resolve("a to:9999").unwrap_err();
    assert_eq!(error.problem, Problem::UnknownRecord("9999".into()));
    assert_eq!(error.span, 5..9);

    let error = resolve("a author:@gundula").unwrap_err();
    assert_eq!(error.problem, Problem::UnknownPerson("gundula".into()));
    assert_eq!(
        (error.span.clone(), error.suggestion.as_deref()),
        (9..17, None)
    );
    let error = resolve("author:an").unwrap_err();
    assert_eq!(error.suggestion.as_deref(), Some("ana"));
    let error = resolve("in:comons").unwrap_err();
    assert_eq!(error.problem, Problem::UnknownPlace("comons".into()));
    assert_eq!(error.suggestion.as_deref(), Some("commons"));
    let error = Query::parse("in:x", &now())
        .unwrap()
        .resolve(&NoNames)
        .unwrap_err();
    assert_eq!(error.suggestion, None);
}

proptest! {
    /// Nothing that can be typed breaks the parser; mistakes lie inside the query and can be
    /// printed.
    #[test]
    fn any_text_is_read_or_refused(source in prop_oneof![
        any::<String>(),
        r#"([-("*)a-z :.|>（）：「」«„]|OR |NOT |tag:|since:|created:|last |"|\\|検|é|sort:|to:|3 days|ago|2026-0|[0-9]){0,30}"#,
    ]) {
        match Query::parse(&source, &now()) {
            Ok(query) => {
                let resolved = query.resolve(&Village);
                prop_assert!(resolved.is_ok() || source.contains(':'));
            }
            Err(error) => {
                prop_assert!(source.get(error.span.clone()).is_some(), "{:?}", error);
                prop_assert!(error.render(&source).contains('^'));
            }
        }
    }
}
